//! `minzheng what-if`: what a change of rates would do, over the bureau's own households or a population from files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Date, Fen, RegionCode};
use bureau::Bureau;
use bureau::what_if::{Asked, Told, Trial};
use clap::Args;
use formula::{Column, Data, Value};
use guide::what_if::{Effect, Lives, STEP};

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
    #[arg(long = "set", value_name = "参数=值", required_unless_present = "formulas")]
    changes: Vec<String>,
    /// 换哪个公式，写成 '公式=式子'；可以写几次
    #[arg(long = "formula", value_name = "公式=式子")]
    formulas: Vec<String>,
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
    if let Some(map) = &map
        && bureau.library.find(&map.service).is_none()
    {
        return Err(format!("没有服务“{}”", map.service));
    }
    let asked_for = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("“{text}”应写成 名=值"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    let question = Asked {
        region,
        date: asked.date,
        rates: asked.changes.iter().map(asked_for).collect::<Result<_, String>>()?,
        formulas: asked.formulas.iter().map(asked_for).collect::<Result<_, String>>()?,
        groups: asked.groups.clone(),
    };
    let told = match (&map, &asked.population) {
        (Some(map), Some(main)) => {
            let trial = Trial::new(&bureau.files, &bureau.library, &bureau.rates, &question);
            let trial = trial.map_err(|wrong| wrong.join("\n"))?;
            trial.run(&bureau, Some(&map.service), &mut |guide, take| {
                let mut stream = Stream::open(guide.program.environment(), map, main, same(region, asked.date))?;
                while let Some(population) = stream.batch()? {
                    take(&population)?;
                }
                Ok(())
            })?
        }
        _ => {
            let study = bureau.what_if(&question, clock::now(), &|_, _| ()).map_err(|error| error.to_string())?;
            study.map_err(|wrong| wrong.join("\n"))?.told
        }
    };
    if asked.json {
        println!("{}", serde_json::to_string_pretty(&told).map_err(|error| error.to_string())?);
    } else {
        told.iter().for_each(|one| print(&bureau, one));
    }
    Ok(())
}

fn read_map(path: &Path) -> Result<Map, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}：{error}", path.display()))?;
    Map::read(&text).map_err(|error| format!("{}：{error}", path.display()))
}

fn same(region: RegionCode, on: Date) -> BTreeMap<Arc<str>, Column> {
    let values = [("计算日", Value::Date(on)), ("属地", Value::Region(region))];
    values.map(|(name, value)| (name.into(), Column::new(Data::Same(value)))).into()
}

fn yuan(fen: i64) -> String {
    Fen(fen).to_string()
}

fn print(bureau: &Bureau, told: &Told) {
    let Effect { cases, undecided, before, after, begun, ended, more, less } = told.answer.all;
    println!("{} {}", told.title, told.entitlement);
    println!("  {cases} 户，其中算不出来的 {undecided} 户");
    for (reason, count) in &told.answer.lacking {
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
    if let Some(lives) = &told.answer.lives {
        print_lives(lives);
    }
    match &told.sources {
        Ok(parts) if parts.is_empty() => {}
        Ok(parts) => {
            let parts: Vec<String> = parts.iter().map(|(source, fen)| format!("{source} {} 元", yuan(*fen))).collect();
            println!("  每月相差的由：{}", parts.join("，"));
        }
        Err(error) => println!("  资金分担：{error}"),
    }
    for (name, groups) in &told.answer.groups {
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
    if told.answer.aside > 0 {
        println!("  逐户计算的 {} 户：{}", told.answer.aside, told.answer.reasons.join("、"));
    }
}

fn print_lives(lives: &Lives) {
    let Lives { people, before, after, .. } = lives;
    println!("  按改后的线：{people} 人里低于线的 {} 人 → {} 人", before.poor, after.poor);
    println!("  到线还差：每月 {} 元 → {} 元", yuan(before.gap), yuan(after.gap));
    println!("  基尼系数：{} → {}", before.gini_text(), after.gini_text());
    println!(
        "  每月多挣 {} 元反而少得的：{} 户 → {} 户，最多少 {} 元 → {} 元",
        yuan(STEP.0),
        before.cliffs,
        after.cliffs,
        yuan(before.fall),
        yuan(after.fall)
    );
}
