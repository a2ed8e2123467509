//! What rosters find to have been paid too much, and what they keep back for debts that were claimed.

use std::collections::BTreeSet;

use base::{Date, Fen, Month};
use casework::event::{Datum, PersonRef, RegisterRow};
use casework::payment::{CLAIM, Debt, OVERPAID, Overpaid, Part};
use casework::{Query, Registers};
use formula::Value;
use num_rational::Ratio;
use num_traits::ToPrimitive;
use store::{Over, Spelt};

use crate::Failure;
use crate::gathered::Gathered;
use crate::payees::derived_row;
use crate::roster::{Maker, Making};

/// What the register of claims says where a debt is kept back from later grants, and while it is being given back.
const BY_OFFSET: &str = "从以后的待遇抵扣";
const RUNNING: &str = "追缴中";

/// 标识 of the parameters that limit what is kept back: the largest share of a line, and what each person is left with.
const LARGEST_SHARE: &str = "offset_share";
const FLOOR: &str = "offset_floor";

/// What a roster found for an entitlement of a chain: by month, and the row that begins a case.
#[derive(Default)]
pub(crate) struct Found {
    pub overpaid: Vec<Overpaid>,
    pub row: Option<RegisterRow>,
}

/// Whose entitlement it is, and what it is booked under.
pub(crate) struct Whose<'w> {
    pub spelt: &'w Spelt,
    pub service: &'w str,
    pub entitlement: &'w guide::model::Entitlement,
    pub holder: &'w PersonRef,
    pub programme: &'w str,
}

impl Maker<'_> {
    /// What is found now, if it is something else than was found before.
    pub(crate) fn found(&self, whose: &Whose, known: &Over, now: &[(Month, Fen)]) -> Found {
        if now.iter().copied().eq(known.open.iter().map(|(month, fen)| (*month, *fen))) {
            return Found::default();
        }
        let root = whose.spelt.root.clone();
        let (service, entitlement) = (whose.service.to_owned(), whose.entitlement.key.to_string());
        let turn = known.claims + 1;
        let key = format!("{root} · {service}/{entitlement} · {turn}");
        let months: BTreeSet<Month> = now.iter().map(|(month, _)| *month).chain(known.open.keys().copied()).collect();
        let fen = |month: &Month| now.iter().find(|(own, _)| own == month).map_or(Fen(0), |(_, fen)| *fen);
        let (row, root) = (self.row(whose, turn, now), &root);
        let over = |month: Month| Overpaid {
            key: key.clone(),
            root: root.clone(),
            service: service.clone(),
            entitlement: entitlement.clone(),
            month,
            fen: fen(&month),
        };
        Found { overpaid: months.into_iter().map(over).collect(), row }
    }

    /// The row of the register, if some guide declares it.
    fn row(&self, whose: &Whose, turn: usize, now: &[(Month, Fen)]) -> Option<RegisterRow> {
        let register = self.bureau.register(OVERPAID)?;
        let month = |month: Option<&(Month, Fen)>| month.map(|(month, _)| String::from(*month)).unwrap_or_default();
        let detail = now.iter().map(|(month, fen)| format!("{month}{fen}元")).collect::<Vec<_>>();
        let text = Datum::Text;
        let columns = [
            ("root", text(whose.spelt.root.clone())),
            ("entitlement", text(format!("{}/{}", whose.service, whose.entitlement.key))),
            ("turn", text(turn.to_string())),
            ("name", text(whose.holder.name.clone())),
            ("what", text(whose.entitlement.name.to_string())),
            ("programme", text(whose.programme.to_owned())),
            ("first", text(month(now.first()))),
            ("last", text(month(now.last()))),
            ("months", text(now.len().to_string())),
            ("amount", text(Fen(now.iter().map(|(_, fen)| fen.0).sum()).plain())),
            ("detail", text(detail.join("；"))),
            ("person", Datum::Person(whose.holder.clone())),
        ];
        let region = base::RegionCode::parse(&whose.spelt.region).unwrap_or(base::RegionCode::NATION);
        Some(derived_row(register, self.frozen().date(), region, columns))
    }

    /// Keeps back from lines that are paid what their holders owe, as their plans say and within the limits (PAY-20).
    pub(crate) fn keep_back(&self, makings: &mut [Making]) -> Result<(), Failure> {
        let query = |numbers: Vec<String>| {
            let (register, column) = (CLAIM.to_owned(), "person".to_owned());
            Query { register, column, values: numbers, on: self.frozen().date() }
        };
        let mut gathered = Gathered::default();
        let paid = makings.iter().filter(|making| making.line.held.is_empty());
        gathered.ask(&query(paid.map(|making| making.line.number.clone()).collect()));
        gathered.find_all(&self.bureau.store)?;
        for making in makings.iter_mut().filter(|making| making.line.held.is_empty()) {
            for claim in gathered.find(&query(vec![making.line.number.clone()])) {
                if let Some((debt, wanted)) = self.wanted(making, &claim) {
                    self.keep(making, debt, wanted)?;
                }
            }
        }
        Ok(())
    }

    /// The debt and what its plan wants of a line of this month.
    fn wanted(&self, making: &Making, claim: &RegisterRow) -> Option<(Debt, i64)> {
        let text = |column: &str| claim.columns.get(column).and_then(Datum::text).unwrap_or_default();
        let from = Month::of(text("plan_from").parse::<Date>().ok()?);
        let own = text("programme") == making.line.programme
            && (text("method"), text("status")) == (BY_OFFSET, RUNNING)
            && from <= self.month;
        let debt =
            Debt { owner: making.line.number.clone(), programme: text("programme").to_owned(), year: year(claim)? };
        Some((debt, Fen::parse(text("monthly"))?.0)).filter(|_| own)
    }

    fn keep(&self, making: &mut Making, debt: Debt, wanted: i64) -> Result<(), Failure> {
        let line = &mut making.line;
        let limit = |parameter: &str| match self.rate(parameter, &[], line.region) {
            Ok(Value::Number(number)) => Some(number),
            // Where nobody has set a limit nothing is kept back.
            _ => None,
        };
        let (Some(share), Some(floor)) = (limit(LARGEST_SHARE), limit(FLOOR)) else { return Ok(()) };
        let fen = |number: Ratio<i128>| number.floor().to_integer().to_i64().unwrap_or(i64::MAX);
        let largest = fen(share * Ratio::from(i128::from(line.total.0)));
        let left = line.total.0 - fen(floor * Ratio::from(100)).saturating_mul(i64::from(line.people.max(1)));
        let mut known = self.known.owing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !known.contains_key(&debt) {
            let debts = self.bureau.store.look(|read| read.debts(&debt.owner))?;
            known.extend(debts.into_iter().map(|owed| (owed.debt, owed.owing.0 - owed.reserved.0)));
        }
        let owing = known.entry(debt.clone()).or_default();
        let kept = wanted.min(largest).min(left).min(*owing).min(line.total.0 - 1);
        if kept <= 0 {
            return Ok(());
        }
        *owing -= kept;
        drop(known);
        line.total.0 -= kept;
        line.parts.push(Part { name: "抵扣".to_owned(), month: self.month, fen: Fen(-kept), debt: Some(debt) });
        if let Ok(shares) = self.shares(&line.programme, line.region, line.total) {
            line.shares = shares;
        }
        Ok(())
    }
}

/// The year of a claim.
fn year(claim: &RegisterRow) -> Option<i16> {
    claim.columns.get("year").and_then(Datum::text)?.parse().ok()
}
