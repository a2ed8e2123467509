//! 发放核查: the payments that batches have drawn are checked, most of them long ago.

use std::collections::BTreeMap;

use bureau::Failure;
use casework::payment::DRAWN;

use crate::payroll::row_of;
use crate::play::{CONCLUSION, Play, Stage, say};

/// What is found; the first is what it should be.
const FOUND: [(&str, &str, &str); 4] = [
    ("本人", "没有", "看了存折，数和日期都对"),
    ("村干部", "没有", "钱收到了，存折由村文书拿着，没有协议"),
    ("共同生活的亲属", "去世", "家里说人已经去世，还没有报告"),
    ("本人", "家庭人口变化", "女儿上月出嫁，还没有报告"),
];

/// Every case that was begun for a payment is done, as far as it would have been done by now.
pub fn checks(stage: &mut Stage) -> Result<(), Failure> {
    for case in stage.bureau.store.at_task("verification visit")? {
        let Some(state) = stage.bureau.store.state(&case)? else { continue };
        let (Some(opened), Some(village)) = (state.opened_at, state.region) else { continue };
        let place = if stage.dice.chance(85) { 0 } else { stage.dice.below(4) as usize };
        let (card, changed, finding) = FOUND[place];
        let remedy = match (card, changed) {
            ("村干部", _) => ("卡还给本人", "存折已经交还，本人签收"),
            _ => ("停发或者调整", "已经按动态管理办理"),
        };
        let row = row_of(stage.bureau, DRAWN, &state, opened.date())?;
        let amount = row.as_ref().and_then(|row| row.columns.get("amount")?.text()).unwrap_or("0");
        let conclusion = if place == 0 { "相符" } else { "不符" };
        let script = [
            ("asked", "本人"),
            ("received", "收到了"),
            ("got", amount),
            ("card", card),
            ("changed", changed),
            ("finding", finding),
            ("在场人", "本人"),
            ("地点", "家里"),
            ("remedy", remedy.0),
            ("remedy_note", remedy.1),
        ];
        let mut script: BTreeMap<_, _> = script.map(|(key, text)| (key.to_owned(), say(text))).into();
        script.insert("agreement".to_owned(), say("否"));
        script.insert(format!("{CONCLUSION}decide"), say(conclusion));
        script.insert(format!("{CONCLUSION}accept"), say("到位"));
        let end = stage.present.saturating_sub(jiff::SignedDuration::from_hours(24 * 3));
        if let Some(mut play) = Play::take_up(stage.bureau, &state, village, script, opened) {
            play.until(end, &mut stage.dice)?;
        }
    }
    Ok(())
}
