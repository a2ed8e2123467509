//! 多发追缴: what rosters found to have been paid too much, to its different ends.

use std::collections::BTreeMap;

use base::{DateTime, RegionCode};
use bureau::Failure;
use casework::event::{Datum, Subject};
use casework::payment::{CLAIM, Debt, OVERPAID};

use crate::payroll::row_of;
use crate::play::{CONCLUSION, Play, Stage, TODAY, say};

/// How a claim ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// The heirs pay all of it.
    Paid,
    /// They pay a part, month by month.
    InParts,
    /// There is nothing left to take it from.
    WrittenOff,
    /// The office's own mistake, and nobody can be asked to pay.
    NotClaimed,
    /// It is being looked into.
    Open,
}

const ENDS: [End; 5] = [End::Paid, End::InParts, End::WrittenOff, End::NotClaimed, End::Open];

/// Every case about what was paid too much is done, as far as it would have been done by now.
pub fn ends(stage: &mut Stage) -> Result<(), Failure> {
    for (place, case) in stage.bureau.store.at_task("recovery verify")?.into_iter().enumerate() {
        let Some(state) = stage.bureau.store.state(&case)? else { continue };
        let (Some(opened), Some(village)) = (state.opened_at, state.region) else { continue };
        let end = ENDS[place % ENDS.len()];
        let Some(row) = row_of(stage.bureau, OVERPAID, &state, opened.date())?.filter(|_| end != End::Open) else {
            continue;
        };
        let text = |column: &str| row.columns.get(column).and_then(Datum::text).unwrap_or_default().to_owned();
        let Some(Datum::Person(person)) = row.columns.get("person") else { continue };
        let (amount, programme) = (text("amount"), text("programme"));
        let half = base::Fen(base::Fen::parse(&amount).unwrap_or_default().0 / 2).plain();
        let heir = format!("{}长子", person.name);
        let (method, paid) =
            if end == End::InParts { ("分期缴回", &*half) } else { ("从遗产中缴回", &*amount) };
        let claimed = end != End::NotClaimed;
        let script = [
            ("cause", if claimed { "死亡后未停发" } else { "审核差错" }),
            ("due_back", if claimed { "是" } else { "否" }),
            ("debtor", &*heir),
            ("finding", "火化证明、发放明细和本人账户逐月核对，家里承认没有及时报告"),
            ("method", method),
            ("monthly", if end == End::InParts { "200" } else { "" }),
            ("plan_from", TODAY),
            ("status", "追缴中"),
            ("paid_in", paid),
            ("paid_on", TODAY),
            ("paid_how", "转账"),
            ("voucher", "示例缴款 0001"),
            ("off", &*amount),
            ("off_cause", "死亡且没有遗产"),
            ("off_note", "上门三次，没有遗产，没有继承人；局务会研究同意"),
        ];
        let said = script.into_iter().filter(|(_, text)| !text.is_empty());
        let mut script: BTreeMap<_, _> = said.map(|(key, text)| (key.to_owned(), say(text))).collect();
        script.insert(format!("{CONCLUSION}decide"), say(if claimed { "追缴" } else { "不追缴" }));
        let present = stage.present;
        let Some(mut play) = Play::take_up(stage.bureau, &state, village, script, opened) else { continue };
        play.until(present, &mut stage.dice)?;
        let start = match end {
            End::Paid | End::InParts => "repay",
            End::WrittenOff => "write_off",
            End::NotClaimed | End::Open => continue,
        };
        let closed = stage.bureau.store.state(&play.case)?.and_then(|state| state.closed);
        let Some((_, at)) = closed else { continue };
        let owner = person.number.clone().unwrap_or_default();
        let key = Debt { owner, programme: programme.clone(), year: at.date().year() }.key();
        let later: DateTime = at.saturating_add(jiff::SignedDuration::from_hours(24 * 9));
        if later < present {
            let subject = Subject { register: CLAIM.to_owned(), key };
            play.begin_for(start, &format!("{}-recovery-{place}", stage.seed), subject, later)?;
            play.until(present, &mut stage.dice)?;
            if end == End::Paid {
                hand_over(stage, (&programme, at.date().year(), &amount), village, play.now)?;
            }
        }
    }
    Ok(())
}

/// What was paid back goes to the treasury.
fn hand_over(
    stage: &mut Stage,
    (programme, year, amount): (&str, i16, &str),
    village: RegionCode,
    after: DateTime,
) -> Result<(), Failure> {
    let year = year.to_string();
    let script = [
        ("direction", "上缴追回款"),
        ("programme", programme),
        ("year", &year),
        ("amount", amount),
        ("document", "示例缴库〔2026〕1号"),
        ("arrived", TODAY),
    ];
    let script = script.map(|(key, text)| (key.to_owned(), say(text))).into();
    let begun = after.saturating_add(jiff::SignedDuration::from_hours(2));
    if begun < stage.present {
        let key = format!("{}-handed-{programme}-{amount}", stage.seed);
        stage.play(("funds", "receive"), (&key, village), ("县会计", script), begun)?;
    }
    Ok(())
}
