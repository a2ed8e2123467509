//! 在册接收: rows of the register that a bureau fills from its old roll become cases that were received, one for each.

use base::{Date, Fen, Month, PersonNumber, name_and_number};
use casework::event::{PersonRef, RegisterRow};
use casework::received::{Held, Origin, RECEIVED, may_receive, receive};
use casework::{Actor, Datum, State};
use guide::Guide;
use guide::model::Entitlement;

use crate::payroll::{At, Progress};
use crate::{Bureau, Failure, Fault};

/// Cases of which one progress is told.
const TOGETHER: usize = 100;

impl Bureau {
    /// Why a row cannot be received, in Chinese; nothing where it can.
    pub(crate) fn cannot_receive(&self, row: &RegisterRow) -> Option<String> {
        let (guide, entitlement) = match self.entitlement_named(row) {
            Ok(found) => found,
            Err(why) => return Some(why),
        };
        let before = self.store.versions(RECEIVED, &row.key).ok().and_then(|mut versions| versions.pop());
        if before.is_some_and(|before| before.row.columns != row.columns) {
            return Some("已经接收过，写的不一样：待遇要改变的，办变更或者复核".into());
        }
        match held(row, "") {
            Ok(held) => {
                may_receive(self.rules(guide), &case_of(row), entitlement, &held).err().map(|no| no.to_string())
            }
            Err(why) => Some(why),
        }
    }

    fn entitlement_named(&self, row: &RegisterRow) -> Result<(&Guide, &Entitlement), String> {
        let name = text(row, "entitlement").unwrap_or_default();
        let guides = self.library.guides.iter();
        let mut named = guides.flat_map(|guide| guide.entitlements.iter().map(move |e| (&**guide, e)));
        named.find(|(_, entitlement)| *entitlement.name == *name).ok_or_else(|| {
            let all = self.library.guides.iter().flat_map(|guide| &guide.entitlements);
            let names: Vec<&str> = all.map(|entitlement| &*entitlement.name).collect();
            format!("没有待遇“{name}”，可以接收的是 {}", names.join("、"))
        })
    }

    /// A case for each row that the table of a case has brought and that has none yet. Whoever comes again after a crash
    /// goes on with the others.
    pub(crate) fn receive_rows(&self, at: &At, tell: &mut dyn FnMut(Progress)) -> Result<(), Failure> {
        let rows = self.store.register(RECEIVED, at.now.date(), base::RegionCode::NATION)?;
        let own = rows.into_iter().filter(|version| version.case.split('.').next() == Some(&at.state.case));
        let decided = at.state.steps.iter().rev().find_map(|step| step.people.last());
        let by = decided.cloned().unwrap_or_else(|| Actor::system().reference());
        for (place, version) in own.enumerate() {
            let (row, case) = (&version.row, case_of(&version.row));
            if self.store.state(&case)?.is_some() {
                continue;
            }
            let damaged = |why: String| Failure::from(Fault::Damaged(why));
            let (guide, entitlement) = self.entitlement_named(row).map_err(damaged)?;
            let held = held(row, &at.state.case).map_err(damaged)?;
            let records = receive(self.rules(guide), &case, entitlement, &held, (by.clone(), at.instance.opened_at));
            // Somebody was granted it here since it was approved: then that decision stands.
            let Ok(records) = records else { continue };
            self.store.transact(|write| self.write_down(write, &case, &State::default(), &records))?;
            if place % TOGETHER == 0 {
                tell(Progress { case: at.state.case.clone(), job: "接收", done: place });
            }
        }
        Ok(())
    }
}

/// The case of a row: the same however often it is brought.
pub fn case_of(row: &RegisterRow) -> String {
    format!("ZC-{}", crate::hash(&[&row.register, &row.key])[..12].to_uppercase())
}

fn text<'r>(row: &'r RegisterRow, column: &str) -> Option<&'r str> {
    row.columns.get(column)?.text()
}

fn held(row: &RegisterRow, brought: &str) -> Result<Held, String> {
    let Some(Datum::Person(person)) = row.columns.get("person") else { return Err("没有人员".into()) };
    let month = |column: &str| text(row, column).and_then(|month| month.parse::<Month>().ok());
    let date = |column: &str| text(row, column).and_then(|day| day.parse::<Date>().ok());
    let monthly = text(row, "monthly").and_then(Fen::parse).filter(|fen| fen.0 > 0);
    let others =
        text(row, "others").unwrap_or_default().split(['；', ';']).map(str::trim).filter(|word| !word.is_empty());
    let other = |word: &str| {
        let (name, number) = name_and_number(word);
        let number = PersonNumber::parse(number).map_err(|error| format!("其他享受人“{name}”：{error}"))?;
        Ok(PersonRef { name: name.to_owned(), number: Some(number.as_str().to_owned()) })
    };
    Ok(Held {
        person: person.clone(),
        others: others.map(other).collect::<Result<_, String>>()?,
        region: row.region,
        monthly: monthly.ok_or("月额应当大于零，写到分")?,
        from: month("from").ok_or("没有接续月份")?,
        reviewed_on: date("reviewed_on"),
        review_on: date("review_on").ok_or("没有下次复核日期")?,
        origin: Origin {
            brought: brought.to_owned(),
            document: text(row, "document").unwrap_or_default().to_owned(),
            decided_on: date("decided_on").ok_or("没有原决定日期")?,
            since: month("since"),
        },
    })
}
