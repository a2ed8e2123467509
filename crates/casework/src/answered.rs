//! What registries answer in a scenario.

use std::collections::BTreeMap;

use formula::Cell;
use guide::Guide;
use guide::model::{Move, Scenario};

use crate::checking::{Answer, Standing};
use crate::decide::Command;
use crate::registers;
use crate::state::State;
use crate::walk::moment;

/// `系统 | 答复 名称`: what `## 给定 名称` says of the people asked about, by 身份号码; 结果 and 数据日期 may be written, of
/// whom nothing is written nothing is answered.
pub(crate) fn answers(
    guide: &Guide,
    scenario: &Scenario,
    inquiry: &str,
    state: &State,
    row: &Move,
) -> Result<Command, String> {
    let known = guide.inquiries.iter().find(|known| *known.name == *inquiry);
    let known = known.ok_or_else(|| format!("没有核对“{inquiry}”"))?;
    let path = if row.input.text.is_empty() { inquiry } else { &row.input.text };
    let table = scenario.rows.iter().find(|table| table.path == path);
    let table = table.ok_or_else(|| format!("写上“## 给定 {path}”：身份号码、结果和“{}”的列", known.registry.name))?;
    let today = moment(&row.at).ok_or("时间不对")?.date();
    let mut answers = Vec::new();
    for request in state.asked(inquiry) {
        let number = request.question.person.number.as_deref().unwrap_or_default();
        let place = |name: &str| table.header.iter().position(|header| header.text == name);
        let own = place("身份号码").ok_or("缺少列“身份号码”")?;
        let rows: Vec<&Vec<Cell>> = table.rows.iter().filter(|cells| cells[own].text == number).collect();
        let Some(first) = rows.first() else { continue };
        let cell = |name: &str| place(name).map(|at| &*first[at].text).filter(|text| !text.is_empty());
        let result = cell("结果").unwrap_or("有记录");
        let standing = Standing::of_result(result).ok_or_else(|| format!("结果没有“{result}”"))?;
        let as_of = cell("数据日期").map_or(Some(today), |day| day.parse().ok());
        let mut lines = Vec::new();
        for cells in rows.iter().filter(|_| standing == Standing::Answered) {
            let mut line = BTreeMap::new();
            for column in &known.registry.columns {
                let text = place(&column.name).map_or("", |at| &*cells[at].text);
                if !text.is_empty() {
                    line.insert(column.key.to_string(), registers::read_cell(&column.ty, text)?);
                }
            }
            lines.push(line);
        }
        let (quality, note, batch) = ('A', String::new(), "场景".to_owned());
        answers.push((request.question.number.clone(), Answer { standing, as_of, quality, lines, note, batch }));
    }
    Ok(Command::Answer { answers })
}
