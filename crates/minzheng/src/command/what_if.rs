//! `minzheng what-if`: what a change of rates would do, over the bureau's own households or a population from files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Date, Fen, RegionCode};
use bureau::Bureau;
use clap::Args;
use formula::{Column, Data, Value};
use guide::what_if::{Answer, BAND, Band, Effect, Lives, Living, Question, STEP};
use guide::{Guide, Overlay};
use serde_json::{Value as Json, json};

use crate::clock;
use crate::population::{Map, Stream};

#[derive(Args)]
pub struct WhatIf {
    #[arg(long)]
    data: PathBuf,
    /// 哪个地区的参数和家庭
    #[arg(long)]
    region: String,
    /// 按哪一天的参数算
    #[arg(long)]
    date: Date,
    /// 改哪个参数，写成 '参数(维度)=值'；可以写几次
    #[arg(long = "set", value_name = "参数=值", required = true)]
    changes: Vec<String>,
    /// 按哪些项目分组：选项、是否、地区、整数；可以写几次
    #[arg(long = "by", value_name = "项目")]
    groups: Vec<String>,
    /// 每件一行的文件（Parquet 或 CSV）；不写就用这个局自己的家庭
    #[arg(long, requires = "map")]
    population: Option<PathBuf>,
    /// 文件的哪一列是指南的哪一项
    #[arg(long, requires = "population")]
    map: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

/// Prints what each service that reads a changed rate would come to.
pub fn run(asked: &WhatIf) -> Result<(), String> {
    drop(super::prove::store(&asked.data)?);
    let bureau = super::serve::open(&asked.data, None)?;
    let region = RegionCode::parse(&asked.region).map_err(|error| error.to_string())?;
    let map = asked.map.as_deref().map(read_map).transpose()?;
    let guides: Vec<&Arc<Guide>> = match &map {
        Some(map) => {
            let known = bureau.library.guides.iter().find(|guide| *guide.key == *map.service);
            vec![known.ok_or_else(|| format!("没有服务“{}”", map.service))?]
        }
        None => bureau.library.guides.iter().collect(),
    };
    if let Some(name) = asked.groups.iter().find(|name| !guides.iter().any(|guide| has(guide, name))) {
        return Err(format!("没有服务有项目或公式“{name}”"));
    }
    let mut answers = Vec::new();
    for guide in guides {
        answers.extend(answer(&bureau, guide, region, asked, map.as_ref())?);
    }
    if answers.is_empty() {
        return Err("没有服务用到所改的参数来算每月的待遇".into());
    }
    if asked.json {
        let all: Vec<Json> = answers.iter().map(|one| one.json(asked)).collect();
        println!("{}", serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?);
    } else {
        answers.iter().for_each(|one| one.print(&bureau));
    }
    Ok(())
}

fn read_map(path: &Path) -> Result<Map, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}：{error}", path.display()))?;
    Map::read(&text).map_err(|error| format!("{}：{error}", path.display()))
}

/// Whether a guide has a value or formula of a name.
fn has(guide: &Guide, name: &str) -> bool {
    let program = &guide.program;
    program.find(name).is_some() || program.environment().values.iter().any(|value| &*value.name == name)
}

struct Told {
    service: String,
    entitlement: String,
    answer: Answer,
    /// What each source bears more, in 分 a month.
    sources: Result<Vec<(String, i64)>, String>,
}

/// The monthly entitlements of a service whose amounts read a changed rate.
fn answer(
    bureau: &Bureau,
    guide: &Guide,
    region: RegionCode,
    asked: &WhatIf,
    map: Option<&Map>,
) -> Result<Vec<Told>, String> {
    let parameters: Vec<_> = guide.parameters.iter().chain(&bureau.library.parameters).cloned().collect();
    let mut changes: Vec<Overlay> = Vec::new();
    for change in &asked.changes {
        let (name, value) = change.split_once('=').ok_or_else(|| format!("“{change}”应写成 参数=值"))?;
        let text = name.replace('（', "(").replace('）', ")");
        changes.push(casework::scenario::overlay(&parameters, text.trim(), value)?);
    }
    let reads = |amount: &str| {
        let uses = guide.program.find(amount).map(|definition| guide.program.all_uses(definition.uses));
        let names = &guide.program.environment().parameters;
        let changed = |name: &str| changes.iter().any(|change| change.parameter == name);
        uses.is_some_and(|uses| uses.parameters.iter().any(|index| changed(&names[*index].name)))
    };
    let after = bureau.rates.overlaid(changes.clone());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let groups: Vec<String> = asked.groups.iter().filter(|name| has(guide, name)).cloned().collect();
    let mut told = Vec::new();
    let monthly = guide.entitlements.iter().filter(|entitlement| entitlement.period == "月");
    for entitlement in monthly.filter(|e| e.components.iter().any(|component| reads(&component.amount))) {
        let question = Question {
            guide,
            entitlement,
            before: &bureau.rates,
            after: &after,
            calendar: &bureau.calendar,
            groups: &groups,
            threads,
        };
        let mut answer = Answer::default();
        match (map, &asked.population) {
            (Some(map), Some(main)) => {
                let same = same(region, asked.date);
                let mut stream = Stream::open(guide.program.environment(), map, main, same)?;
                while let Some(population) = stream.batch()? {
                    answer.take(&question, &population)?;
                }
            }
            _ => {
                let population = bureau.population(guide, region, asked.date, clock::now());
                answer.take(&question, &population.map_err(|error| error.to_string())?)?;
            }
        }
        let programme = entitlement.programme.as_deref().unwrap_or(&guide.title);
        let more = answer.all.after.fen - answer.all.before.fen;
        let sources = bureau.fund_weights(programme, region, asked.date).and_then(|weights| {
            let parts = ledger::share(more.abs(), &weights.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
            let parts = parts.ok_or_else(|| format!("{programme}的资金分担全是零"))?;
            let named = weights.iter().zip(parts).filter(|(_, part)| *part > 0);
            Ok(named.map(|((source, _), part)| (source.name().to_owned(), part * more.signum())).collect())
        });
        let (service, entitlement) = (guide.title.clone(), entitlement.name.to_string());
        told.push(Told { service, entitlement, answer, sources });
    }
    Ok(told)
}

fn same(region: RegionCode, on: Date) -> BTreeMap<Arc<str>, Column> {
    let values = [("计算日", Value::Date(on)), ("属地", Value::Region(region))];
    values.map(|(name, value)| (name.into(), Column::new(Data::Same(value)))).into()
}

fn yuan(fen: i64) -> String {
    Fen(fen).to_string()
}

impl Told {
    fn print(&self, bureau: &Bureau) {
        let Effect { cases, undecided, before, after, begun, ended, more, less } = self.answer.all;
        println!("{} {}", self.service, self.entitlement);
        println!("  {cases} 户，其中算不出来的 {undecided} 户");
        for (reason, count) in &self.answer.lacking {
            println!("    {reason}：{count} 户");
        }
        println!("  领取：{} 户 → {} 户（新增 {begun}，退出 {ended}）", before.recipients, after.recipients);
        println!("  每月：{} 元 → {} 元，相差 {} 元", yuan(before.fen), yuan(after.fen), yuan(after.fen - before.fen));
        println!("  每年：{} 元 → {} 元", yuan(before.fen * 12), yuan(after.fen * 12));
        println!(
            "  增加的 {} 户，共 {} 元；减少的 {} 户，共 {} 元",
            more.recipients,
            yuan(more.fen),
            less.recipients,
            yuan(less.fen)
        );
        if let Some(lives) = &self.answer.lives {
            print_lives(lives);
        }
        match &self.sources {
            Ok(parts) if parts.is_empty() => {}
            Ok(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|(source, fen)| format!("{source} {} 元", yuan(*fen))).collect();
                println!("  每月多出的由：{}", parts.join("，"));
            }
            Err(error) => println!("  资金分担：{error}"),
        }
        for (name, groups) in &self.answer.groups {
            for (value, effect) in groups {
                let place = RegionCode::parse(value).ok().and_then(|code| bureau.regions.name(code).map(str::to_owned));
                let value = place.unwrap_or_else(|| value.clone());
                println!(
                    "  {name} {value}：{} 户 → {} 户，每月 {} 元 → {} 元",
                    effect.before.recipients,
                    effect.after.recipients,
                    yuan(effect.before.fen),
                    yuan(effect.after.fen)
                );
            }
        }
        if self.answer.aside > 0 {
            println!("  逐户计算的 {} 户：{}", self.answer.aside, self.answer.reasons.join("、"));
        }
    }

    fn json(&self, asked: &WhatIf) -> Json {
        let groups = self.answer.groups.iter().map(|(name, groups)| {
            let each = groups.iter().map(|(value, effect)| (value.clone(), of_effect(effect)));
            (name.clone(), Json::Object(each.collect()))
        });
        let sources = match &self.sources {
            Ok(parts) => json!(parts.iter().cloned().collect::<BTreeMap<_, _>>()),
            Err(error) => json!(error),
        };
        json!({
            "service": self.service,
            "entitlement": self.entitlement,
            "region": asked.region,
            "date": asked.date.to_string(),
            "changes": asked.changes,
            "all": of_effect(&self.answer.all),
            "more_by_source_fen": sources,
            "groups": Json::Object(groups.collect()),
            "lives": self.answer.lives.as_ref().map(of_lives),
            "one_by_one": self.answer.aside,
            "reasons": self.answer.reasons,
            "lacking": self.answer.lacking,
        })
    }
}

fn print_lives(lives: &Lives) {
    let Lives { people, before, after, .. } = lives;
    println!("  按改后的线：{people} 人里低于线的 {} 人 → {} 人", before.poor, after.poor);
    println!("  到线还差：每月 {} 元 → {} 元", yuan(before.gap), yuan(after.gap));
    println!("  基尼系数：{} → {}", gini(before), gini(after));
    println!(
        "  每月多挣 {} 元反而少得的：{} 户 → {} 户，最多少 {} 元 → {} 元",
        yuan(STEP.0),
        before.cliffs,
        after.cliffs,
        yuan(before.fall),
        yuan(after.fall)
    );
}

/// Four decimals.
fn gini(living: &Living) -> String {
    living.gini().map_or_else(|| "—".into(), formula::shown)
}

fn of_lives(lives: &Lives) -> Json {
    let of = |living: &Living| {
        json!({
            "below_line": living.poor,
            "gap_fen_a_month": living.gap,
            "gini": gini(living),
            "cliffs": living.cliffs,
            "fall_fen": living.fall,
        })
    };
    let band = |(from, band): (&i64, &Band)| {
        json!({
            "from_fen": from * BAND.0,
            "households": band.cases,
            "recipients": { "before": band.before, "after": band.after },
        })
    };
    json!({
        "people": lives.people,
        "line_fen_a_month": lives.line,
        "before": of(&lives.before),
        "after": of(&lives.after),
        "bands": lives.bands.iter().map(band).collect::<Vec<_>>(),
    })
}

fn of_effect(effect: &Effect) -> Json {
    json!({
        "households": effect.cases,
        "undecided": effect.undecided,
        "before": { "recipients": effect.before.recipients, "fen_a_month": effect.before.fen },
        "after": { "recipients": effect.after.recipients, "fen_a_month": effect.after.fen },
        "begun": effect.begun,
        "ended": effect.ended,
        "more": { "households": effect.more.recipients, "fen_a_month": effect.more.fen },
        "less": { "households": effect.less.recipients, "fen_a_month": effect.less.fen },
    })
}
