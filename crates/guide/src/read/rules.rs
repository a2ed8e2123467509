//! 公示, 评议, 回避 and 期限: what the engine guarantees about steps.

use std::sync::Arc;

use base::typed::tidy;

use crate::code::Code;
use crate::document::{Cell, Document, Section};
use crate::findings::{Findings, instead};
use crate::model::{
    Field, Fraction, Limit, MeetingRule, NoticeRule, Privacy, RecusalRule, ResultName, Role, Step, StepKind,
};
use crate::read::formulas::Compiled;
use crate::read::graph::reaches;
use crate::read::overview::Unique;
use crate::read::steps::{fixed_clock, known_role, known_step};
use crate::read::table::{Columns, Row, rows};

fn optional_section<'d>(document: &'d Document, title: &str) -> Option<&'d Section> {
    document.root.walk().into_iter().find(|s| s.level == 2 && s.title.text == title)
}

/// Puts the rules of 公示 and 评议 on their steps; every such step has exactly one.
pub(super) fn notices_and_meetings(
    document: &Document,
    steps: &mut [Step],
    fields: &[Field],
    results: &[ResultName],
    compiled: &mut Compiled,
    log: &mut Findings,
) {
    const NOTICES: Columns = Columns { needed: &["步骤", "天数", "地点", "内容"], optional: &["依据"] };
    const MEETINGS: Columns = Columns { needed: &["步骤", "人数", "到会", "通过"], optional: &["依据"] };
    let notices = optional_section(document, "公示").map(|s| rows(s, &NOTICES, log)).unwrap_or_default();
    for row in &notices {
        let rule = notice(row, fields, results, compiled, log);
        if let Some(place) = place_of_rule(row, steps, StepKind::Notice, Code::NoticeRule, log) {
            steps[place].notice = rule;
        }
    }
    let meetings = optional_section(document, "评议").map(|s| rows(s, &MEETINGS, log)).unwrap_or_default();
    for row in &meetings {
        let rule = meeting(row, log);
        if let Some(place) = place_of_rule(row, steps, StepKind::Meeting, Code::MeetingRule, log) {
            steps[place].meeting = rule;
        }
    }
    for step in steps.iter() {
        let (word, code, ruled) = match step.kind {
            StepKind::Notice => ("公示", Code::NoticeRule, has_row(&notices, &step.name)),
            StepKind::Meeting => ("评议", Code::MeetingRule, has_row(&meetings, &step.name)),
            _ => continue,
        };
        if !ruled {
            let message = format!("{word}步骤“{}”在“{word}”表里没有一行", step.name);
            log.error(code, &step.location, message, format!("在“## {word}”的表里加一行“{}”", step.name));
        }
    }
}

fn has_row(rows: &[Row], step: &str) -> bool {
    rows.iter().any(|row| row.get("步骤").text == step)
}

fn place_of_rule(row: &Row, steps: &[Step], kind: StepKind, code: Code, log: &mut Findings) -> Option<usize> {
    let cell = row.need("步骤", log)?;
    let place = known_step(steps, cell, log)?;
    let step = &steps[place];
    let word = if kind == StepKind::Notice { "公示" } else { "评议" };
    if step.kind != kind {
        let message = format!("“{}”不是{word}步骤", cell.text);
        log.error(code, &cell.location, message, format!("方式为“{word}”的步骤"));
        return None;
    }
    if step.notice.is_some() || step.meeting.is_some() {
        log.error(code, &cell.location, format!("“{}”有两行{word}规则", cell.text), "只留一行");
    }
    Some(place)
}

fn notice(
    row: &Row,
    fields: &[Field],
    results: &[ResultName],
    compiled: &mut Compiled,
    log: &mut Findings,
) -> Option<NoticeRule> {
    let days = row.need("天数", log)?;
    let length = match days.text.as_str() {
        "长期" => Some(None),
        text => {
            let digits = text.strip_suffix('天').or(text.strip_suffix('日')).map(str::trim);
            digits.and_then(|d| d.parse().ok()).filter(|n| *n > 0).map(Some)
        }
    };
    if length.is_none() {
        log.error(Code::Clock, &days.location, format!("“{}”不是公示天数", days.text), "“7天”这样的天数，或“长期”");
    }
    let mut shows = Vec::new();
    for cell in row.need("内容", log)?.entries() {
        if shown(&cell, fields, results, log) {
            compiled.used.insert(cell.name());
            shows.push(cell.name());
        }
    }
    let place = row.need("地点", log)?.text.clone();
    Some(NoticeRule { days: length?, place, shows, basis: row.get("依据").text.clone() })
}

/// INVARIANT (design 5): only what the guide declares public may stand in a notice.
fn shown(cell: &Cell, fields: &[Field], results: &[ResultName], log: &mut Findings) -> bool {
    if results.iter().any(|r| *r.name == cell.text) {
        return true;
    }
    let Some(field) = fields.iter().find(|f| *f.name == cell.text) else {
        let public = fields.iter().filter(|f| f.privacy == Privacy::Public).map(|f| &f.name);
        let known: Vec<&Arc<str>> = public.chain(results.iter().map(|r| &r.name)).collect();
        let message = format!("公示的“{}”既不是项目也不是计算结果", cell.text);
        log.error(Code::UnknownName, &cell.location, message, instead(&cell.text, &known));
        return false;
    };
    if field.privacy != Privacy::Public {
        let message = format!("“{}”的隐私不是“公开”，不能公示", cell.text);
        let help = "删去这一项；确应公开的，先在申请表里把它的隐私改为“公开”";
        log.error(Code::PrivateNotice, &cell.location, message, help);
    }
    true
}

fn meeting(row: &Row, log: &mut Findings) -> Option<MeetingRule> {
    let size = row.need("人数", log)?;
    let (least, most) = size.text.split_once('至').unwrap_or((&size.text, &size.text));
    let number = |text: &str| text.trim().trim_end_matches('人').trim().parse::<u32>().ok();
    let members = number(least).zip(number(most)).filter(|(least, most)| 0 < *least && least <= most);
    if members.is_none() {
        log.error(Code::BadValue, &size.location, format!("“{}”不是人数", size.text), "“5至15”或“7”");
    }
    let quorum = fraction(row.need("到会", log)?, log);
    let majority = fraction(row.need("通过", log)?, log);
    let (members_min, members_max) = members?;
    let basis = row.get("依据").text.clone();
    Some(MeetingRule { members_min, members_max, quorum: quorum?, majority: majority?, basis })
}

/// 过半数, 半数以上, 三分之二以上, 超过三分之二, 全体.
fn fraction(cell: &Cell, log: &mut Findings) -> Option<Fraction> {
    let found = parse_fraction(&tidy(&cell.text));
    if found.is_none() {
        let help = "“过半数”“半数以上”“三分之二以上”“超过三分之二”“全体”这样的写法";
        log.error(Code::BadValue, &cell.location, format!("“{}”不是比例", cell.text), help);
    }
    found
}

fn parse_fraction(text: &str) -> Option<Fraction> {
    let part = |numerator, denominator, strict| Some(Fraction { numerator, denominator, strict });
    match text {
        "过半数" | "超过半数" => return part(1, 2, true),
        "半数以上" => return part(1, 2, false),
        "全体" => return part(1, 1, false),
        _ => {}
    }
    let (text, strict) = match (text.strip_suffix("以上"), text.strip_prefix("超过")) {
        (Some(text), None) => (text, false),
        (None, Some(text)) => (text, true),
        _ => return None,
    };
    let (denominator, numerator) = text.split_once("分之")?;
    let digit = |text: &str| match text.chars().collect::<Vec<_>>()[..] {
        [c] => "一二三四五六七八九十".chars().zip(1u32..).find(|(d, _)| *d == c).map(|(_, n)| n),
        _ => None,
    };
    let (denominator, numerator) = (digit(denominator)?, digit(numerator)?);
    (numerator < denominator).then_some(Fraction { numerator, denominator, strict })
}

/// The rule of 回避; one row.
pub(super) fn recusal(document: &Document, roles: &[Role], log: &mut Findings) -> Option<RecusalRule> {
    const RECUSAL: Columns = Columns { needed: &["关系", "角色"], optional: &["依据"] };
    let rows = rows(optional_section(document, "回避")?, &RECUSAL, log);
    for surplus in rows.iter().skip(1) {
        log.error(Code::Repeated, &surplus.line.location, "“回避”只有一行", "把关系和角色用顿号合并到第一行");
    }
    let row = rows.first()?;
    let relations = row.need("关系", log)?.entries().iter().map(Cell::name).collect();
    let named = row.need("角色", log)?.entries();
    let roles = named.iter().filter_map(|cell| known_role(roles, cell, log)).collect();
    Some(RecusalRule { relations, roles, basis: row.get("依据").text.clone() })
}

/// Limits over several steps.
/// Only where the steps are `sound` can it be said whether one leads to the other.
pub(super) fn limits(document: &Document, steps: &[Step], sound: bool, log: &mut Findings) -> Vec<Limit> {
    const LIMITS: Columns =
        Columns { needed: &["期限", "从", "到", "时限"], optional: &["可延长", "事由", "依据", "说明"] };
    let Some(section) = optional_section(document, "期限") else { return Vec::new() };
    let mut names = Unique::default();
    let mut limits = Vec::new();
    for row in rows(section, &LIMITS, log) {
        let limit = limit(&row, steps, sound, log);
        limits.extend(limit.filter(|_| names.add(row.get("期限"), log)));
    }
    limits
}

fn limit(row: &Row, steps: &[Step], sound: bool, log: &mut Findings) -> Option<Limit> {
    let name = row.need("期限", log)?;
    let mut end = |column: &str| {
        let cell = row.need(column, log)?;
        let found = steps.iter().position(|s| *s.name == cell.text);
        if found.is_none() && !steps.is_empty() {
            let known: Vec<&Arc<str>> = steps.iter().map(|s| &s.name).collect();
            let message = format!("期限“{}”的“{column}”是“{}”，没有这个步骤", name.text, cell.text);
            log.error(Code::ClockStart, &cell.location, message, instead(&cell.text, &known));
        }
        found
    };
    let (from, to) = (end("从"), end("到"));
    if let (true, Some(from), Some(to)) = (sound, from, to)
        && !reaches(steps, from, to)
    {
        let message = format!("从“{}”走不到“{}”，期限“{}”永远不会结束", steps[from].name, steps[to].name, name.text);
        log.error(Code::ClockStart, &row.get("到").location, message, "从“从”能走到的步骤");
    }
    let clock = fixed_clock(row.need("时限", log)?, log)?;
    let longer = Some(row.get("可延长")).filter(|cell| !cell.is_empty());
    let reasons = row.get("事由").entries();
    if longer.is_some() == reasons.is_empty() {
        let message = "“可延长”和“事由”只写了一个";
        log.error(Code::Extension, &row.get("可延长").location, message, "两格都写，或都空着");
    }
    let extension = longer.and_then(|cell| {
        let longer = fixed_clock(cell, log)?;
        if is_shorter(longer, clock) {
            log.error(Code::Extension, &cell.location, format!("“{}”不比原时限长", cell.text), "延长后的总时限");
        }
        Some((longer, reasons.iter().map(Cell::name).collect()))
    });
    let basis = row.get("依据").text.clone();
    Some(Limit {
        name: name.name(),
        from: steps[from?].name.clone(),
        to: steps[to?].name.clone(),
        clock,
        extension,
        basis,
    })
}

/// Only clocks of the same unit compare; others are left to the author.
fn is_shorter(longer: base::Clock, clock: base::Clock) -> bool {
    std::mem::discriminant(&longer) == std::mem::discriminant(&clock) && longer <= clock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fractions_as_the_law_writes_them() {
        let holds = |text: &str, part, whole| parse_fraction(text).unwrap().holds(part, whole);
        assert!(!holds("过半数", 5, 10) && holds("过半数", 6, 10));
        assert!(holds("半数以上", 5, 10));
        assert!(holds("三分之二以上", 6, 9) && !holds("超过三分之二", 6, 9));
        assert!(holds("全体", 3, 3) && !holds("全体", 2, 3));
        for text in ["", "多数", "三分之三以上", "三分之二", "超过三分之二以上", "十一分之二以上"]
        {
            assert_eq!(parse_fraction(text), None, "{text}");
        }
    }
}
