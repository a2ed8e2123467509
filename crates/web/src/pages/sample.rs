//! 抽查: what was drawn of a batch to be checked, by which seed, and what was found.

use base::{Fen, mask_name};
use bureau::Run;
use casework::event::{Datum, RegisterRow};
use casework::payment::{DRAWN, VERIFIED};
use casework::{Query, State};
use guide::Guide;
use guide::model::{Job, StepKind};
use maud::{Markup, html};

use super::registers::row_address;
use crate::site::{Fault, Site};

/// What is told of a batch whose payments have been drawn; nothing of another.
pub fn drawn(site: &Site, run: &Run, state: &State, guide: &Guide) -> Result<Markup, Fault> {
    let step = guide.steps.iter().find(|step| step.kind == StepKind::Batch(Job::Sample));
    let outputs = step.and_then(|step| state.steps.iter().rfind(|known| *known.step == *step.key));
    let told = |name: &str| outputs.and_then(|instance| instance.outputs.get(name)).and_then(Datum::text);
    let (Some(of), Some(seed)) = (told("总体"), told("种子")) else { return Ok(html! {}) };
    let rows = |register: &str| {
        let (register, column) = (register.to_owned(), "run".to_owned());
        let query = Query { register, column, values: vec![run.case.clone()], on: site.now().date() };
        site.bureau.store.look(|read| read.registered(&query))
    };
    let (drawn, found) = (rows(DRAWN)?, rows(VERIFIED)?);
    let result = |row: &RegisterRow| found.iter().find(|found| found.key == row.key);
    let text =
        |row: &RegisterRow, column: &str| row.columns.get(column).and_then(Datum::text).unwrap_or_default().to_owned();
    let agreed = found.iter().filter(|row| text(row, "conclusion") == "相符").count();
    Ok(html! {
        h2 { "抽查" span.soft { "　从已付的 " (of) " 笔里抽 " (drawn.len()) " 笔" } }
        @if drawn.is_empty() { p.empty { "没有抽：没有装“发放核查”，或者没有定抽查比例。" } } @else {
            p { "查完 " b { (found.len()) } " 笔，相符 " b { (agreed) } " 笔，不符 " b { (found.len() - agreed) } " 笔。" }
            p { progress max=(drawn.len()) value=(found.len()) { (found.len()) } }
            details open[drawn.len() <= 20] { summary { "抽中的 " (drawn.len()) " 笔" }
                div.scroll { table.work {
                    thead { tr { th { "享受人" } th { "地方" } th { "项目" } th.num { "金额（元）" } th { "结论" } th { "问题" } th { "整改" } } }
                    tbody { @for row in &drawn { tr {
                        @let found = |column: &str| result(row).map(|found| text(found, column)).unwrap_or_default();
                        td { a href=(row_address(DRAWN, &row.key)) { (mask_name(&text(row, "name"))) } }
                        td data-label="地方" { (site.place(row.region)) }
                        td data-label="项目" { (text(row, "what")) }
                        td.num data-label="金额" { (Fen::parse(&text(row, "amount")).unwrap_or_default()) }
                        td data-label="结论" { @if result(row).is_some() { (found("conclusion")) } @else { span.soft { "还没有查完" } } }
                        td data-label="问题" { (found("problem")) }
                        td data-label="整改" { (found("remedy")) }
                    } } }
                } }
            }
            p.soft.small { "种子 " span.mono.seed { (seed) } "。每个乡镇按种子和笔号的杂凑值从小到大取，谁都可以照着再抽一遍。" }
        }
    })
}
