//! What somebody is owed for a month, by decisions as they were known at a moment.
//!
//! A roster is a pure function of decisions: nobody types an amount (PAY-01).

use std::collections::BTreeMap;

use base::{DateTime, Fen, Month};
use formula::Value;
use guide::model::{Entitlement, Register};

use crate::decide::{Draft, Rules};
use crate::event::{Granted, RegisterRow, granted};
use crate::payment::Part;
use crate::people::Actor;
use crate::registers::read_columns;
use crate::state::State;

/// What was paid before, by month and component.
pub type PaidBefore = BTreeMap<(Month, String), Fen>;

/// What a line is made of, and what was paid too much for earlier months.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    pub parts: Vec<Part>,
    pub overpaid: Vec<(Month, Fen)>,
}

/// What stands out in a line: the numbers of 异常 whose condition holds. What cannot be told does not stand out.
pub fn marks(rules: Rules, lines: &Register, line: &RegisterRow, now: DateTime) -> Vec<usize> {
    let draft = Draft::new(rules, &State::default(), Actor::system().reference(), now);
    let mut facts = read_columns(lines, line, now);
    draft.relate(&mut facts);
    let assessment = draft.assess(&facts);
    let marks = rules.guide.marks.iter().enumerate();
    let holding = marks.filter(|(_, mark)| assessment.expression(&mark.condition) == Ok(Value::Bool(true)));
    holding.map(|(place, _)| place).collect()
}

/// Decisions that were known at a moment, in their order.
pub fn known_at(grants: &[Granted], entitlement: &str, at: DateTime) -> Vec<Granted> {
    let known = grants.iter().filter(|grant| grant.entitlement == entitlement && grant.decided_at <= at);
    known.cloned().collect()
}

/// What an entitlement gives for a month, by component; nothing in a month in which it is not paid.
/// 季 is paid in the last month of the quarter, 年 in the month in which it began, 一次 in its own month only.
pub fn due(grants: &[Granted], entitlement: &Entitlement, month: Month) -> Vec<(String, Fen)> {
    let pays = match &*entitlement.period {
        "季" => month.month() % 3 == 0,
        "年" => grants.iter().map(|grant| grant.from).min().is_some_and(|first| first.month() == month.month()),
        "一次" => grants.iter().any(|grant| grant.from == month),
        _ => true,
    };
    let grant = granted(grants, &entitlement.key, month).filter(|grant| pays && !grant.suspended);
    grant.map(|grant| grant.components.clone()).unwrap_or_default()
}

/// What a line for a month is made of: the month itself, and for each month since payments began what is missing (补发).
/// What was paid too much is told apart: it is claimed by a decision, never hidden in the next line (ENT-04).
pub fn owed(grants: &[Granted], entitlement: &Entitlement, since: Month, month: Month, paid: &PaidBefore) -> Owed {
    let first = grants.iter().map(|grant| grant.from).min();
    let mut owed = Owed::default();
    let Some(first) = first.map(|first| first.max(since)) else { return owed };
    for month in std::iter::successors(Some(first), |known| Some(known.next())).take_while(|known| *known <= month) {
        let mut missing: BTreeMap<String, i64> = BTreeMap::new();
        for (name, fen) in due(grants, entitlement, month) {
            *missing.entry(name).or_default() += fen.0;
        }
        for ((of, name), fen) in paid.range((month, String::new())..).take_while(|((of, _), _)| *of == month) {
            debug_assert_eq!(*of, month);
            *missing.entry(name.clone()).or_default() -= fen.0;
        }
        match missing.values().sum::<i64>() {
            sum if sum < 0 => owed.overpaid.push((month, Fen(-sum))),
            0 => {}
            _ => {
                let parts = missing.into_iter().filter(|(_, fen)| *fen != 0);
                owed.parts.extend(parts.map(|(name, fen)| Part { name, month, fen: Fen(fen), debt: None }));
            }
        }
    }
    owed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn entitlement(period: &str) -> Entitlement {
        Entitlement {
            name: "补助".into(),
            key: "grant".into(),
            of_person: true,
            rows: None,
            period: period.into(),
            programme: None,
            payee: "申请人".into(),
            components: Vec::new(),
            exclusive_with: Vec::new(),
        }
    }

    fn grant(from: &str, fen: i64, decided: &str) -> Granted {
        Granted {
            entitlement: "grant".into(),
            components: vec![("基本".into(), Fen(fen))],
            from: month(from),
            decided_at: decided.parse().unwrap(),
            suspended: false,
            holders: Vec::new(),
        }
    }

    fn shown(owed: &Owed) -> Vec<(String, i64)> {
        owed.parts.iter().map(|part| (part.month.into(), part.fen.0)).collect()
    }

    /// PAY-E1: decided on 18 September for October; entered before or after the roster of October was frozen.
    #[test]
    fn what_is_decided_after_the_freeze_is_paid_with_the_next_batch() {
        let (since, none) = (month("2026-01"), PaidBefore::new());
        let grants = [grant("2026-10", 42_500, "2026-10-08T10:00:00")];
        let october = known_at(&grants, "grant", "2026-10-05T00:00:00".parse().unwrap());
        assert_eq!(owed(&october, &entitlement("月"), since, month("2026-10"), &none), Owed::default());
        let november = known_at(&grants, "grant", "2026-11-05T00:00:00".parse().unwrap());
        let line = owed(&november, &entitlement("月"), since, month("2026-11"), &none);
        assert_eq!(shown(&line), [("2026-10".to_owned(), 42_500), ("2026-11".to_owned(), 42_500)]);
    }

    #[test]
    fn what_was_paid_too_much_is_told_apart_and_arrears_keep_their_months() {
        let decided = "2026-01-01T00:00:00";
        let mut grants = vec![grant("2026-01", 50_000, decided), grant("2026-02", 68_000, "2026-04-20T00:00:00")];
        let paid: PaidBefore =
            ["2026-01", "2026-02", "2026-03", "2026-04"].map(|m| ((month(m), "基本".to_owned()), Fen(50_000))).into();
        let line = owed(&grants, &entitlement("月"), month("2026-01"), month("2026-05"), &paid);
        let arrears = ["2026-02", "2026-03", "2026-04"].map(|month| (month.to_owned(), 18_000));
        assert_eq!(shown(&line)[..3], arrears);
        assert_eq!(shown(&line)[3], ("2026-05".to_owned(), 68_000));
        // Dead since March: what was paid for April is too much.
        grants.push(grant("2026-04", 0, "2026-05-02T00:00:00"));
        let line = owed(&grants, &entitlement("月"), month("2026-01"), month("2026-05"), &paid);
        assert_eq!(line.overpaid, [(month("2026-04"), Fen(50_000))]);
        assert_eq!(shown(&line), arrears[..2]);
        // Nothing is owed for months before the bureau began to pay.
        assert_eq!(owed(&grants, &entitlement("月"), month("2026-05"), month("2026-05"), &paid), Owed::default());
    }

    #[test]
    fn periods_are_paid_in_their_months() {
        let grants = [grant("2026-02", 30_000, "2026-01-20T00:00:00")];
        let months = |period: &str| {
            let line = owed(&grants, &entitlement(period), month("2026-01"), month("2027-03"), &PaidBefore::new());
            line.parts.iter().map(|part| String::from(part.month)).collect::<Vec<_>>()
        };
        assert_eq!(months("月").len(), 14);
        assert_eq!(months("季"), ["2026-03", "2026-06", "2026-09", "2026-12", "2027-03"]);
        assert_eq!(months("年"), ["2026-02", "2027-02"]);
        assert_eq!(months("一次"), ["2026-02"]);
    }
}
