//! Indicators: what guides count, by region and period.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Month, RegionCode};
use casework::State;
use casework::people::Scope;
use casework::registers::row_facts;
use formula::{Assessment, Facts, Rational, Value};
use guide::Guide;
use guide::indicators::{Indicator, Over, Period};

use crate::paid::{Paid, is_of};
use crate::{Bureau, Fault, Standing};

/// Cases that one indicator looks at.
const MOST_CASES: u32 = 100_000;

/// A figure over regions and periods: what is written in each cell, and how much it is beside the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// The latest first.
    pub periods: Vec<String>,
    /// Regions with a cell for each period; the last row is the whole.
    pub rows: Vec<(RegionCode, Vec<Cell>)>,
}

/// What a figure is, and how it is written; nothing where no row is of that place and time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    pub text: String,
    pub number: Option<Rational>,
}

/// A row with its place and its day.
struct Counted {
    facts: Facts,
    region: RegionCode,
    day: Date,
}

impl Bureau {
    /// What an indicator comes to within a region, for the last periods up to a day. The figure of a region is reckoned
    /// over its own rows, never over figures.
    pub fn figures(
        &self,
        guide: &Guide,
        indicator: &Indicator,
        scope: &Scope,
        (within, today, periods): (RegionCode, Date, usize),
    ) -> Result<Figures, Fault> {
        let rows = match indicator.over {
            Over::Register(place) => {
                let register = &guide.writable[place];
                let versions = self.store.register(&register.key, today, within)?.into_iter();
                let counted = |row: casework::event::RegisterRow| Counted {
                    facts: row_facts(&register.columns, &row),
                    region: row.region,
                    day: row.from,
                };
                versions.map(|version| counted(version.row)).collect()
            }
            Over::Cases => self.cases_counted(guide, scope, today)?,
            Over::Payments => self.payments_counted(guide, indicator.period, (within, today, periods))?,
        };
        let rows = self.that_count(indicator, rows);
        let mut names: BTreeSet<String> = rows.iter().map(|row| named(indicator.period, row.day)).collect();
        names.insert(named(indicator.period, today));
        let periods: Vec<String> = names.into_iter().rev().take(periods).collect();
        let region = |row: &Counted| row.region.at(indicator.level).max(within);
        let regions: BTreeSet<RegionCode> = rows.iter().map(region).collect();
        let of = |wanted: Option<RegionCode>| {
            let cell = |period: &String| {
                let own = rows.iter().filter(|row| {
                    wanted.is_none_or(|wanted| region(row) == wanted) && named(indicator.period, row.day) == *period
                });
                self.reckoned(indicator, own.map(|row| row.facts.clone()).collect())
            };
            periods.iter().map(cell).collect::<Vec<_>>()
        };
        let mut table: Vec<_> = regions.into_iter().map(|region| (region, of(Some(region)))).collect();
        table.push((within, of(None)));
        Ok(Figures { periods, rows: table })
    }

    fn cases_counted(&self, guide: &Guide, scope: &Scope, today: Date) -> Result<Vec<Counted>, Fault> {
        let mut found = Vec::new();
        for row in self.store.cases(scope, MOST_CASES)?.into_iter().filter(|row| row.service == *guide.key) {
            let Some(state) = self.store.state(&row.case)? else { continue };
            let Some(region) = state.region else { continue };
            let day = state.closed.as_ref().map_or(today, |(_, at)| at.date());
            found.push(Counted { facts: case_facts(guide, &state), region, day });
        }
        Ok(found)
    }

    /// What batches pay and whose time has come.
    fn payments_counted(
        &self,
        guide: &Guide,
        period: Period,
        (within, today, periods): (RegionCode, Date, usize),
    ) -> Result<Vec<Counted>, Fault> {
        let (last, months) = (Month::of(today), period.months() * i32::try_from(periods).unwrap_or(1));
        let paid = self.paid(within, last.plus(1 - months)..=last, today)?;
        let due = paid.into_iter().filter(|paid| is_of(guide, paid) && paid.in_time.is_some());
        Ok(due
            .map(|paid| Counted { region: paid.region, day: paid.month.first_day(), facts: payment_facts(&paid) })
            .collect())
    }

    /// Those that 若 wants.
    fn that_count(&self, indicator: &Indicator, rows: Vec<Counted>) -> Vec<Counted> {
        let Some(filter) = &indicator.filter else { return rows };
        let list = indicator.program.environment().lists[0].name.clone();
        let mut facts = Facts::default();
        facts.lists.insert(list, rows.iter().map(|row| row.facts.clone()).collect());
        let assessment = Assessment::new(&indicator.program, &facts, &self.rates, &self.calendar);
        let holds = |place: usize| assessment.expression_of_row(filter, 0, [place, 0]) == Ok(Value::Bool(true));
        rows.into_iter().enumerate().filter(|(place, _)| holds(*place)).map(|(_, row)| row).collect()
    }

    fn reckoned(&self, indicator: &Indicator, rows: Vec<Facts>) -> Cell {
        if rows.is_empty() {
            return Cell::default();
        }
        let mut facts = Facts::default();
        facts.lists.insert(indicator.program.environment().lists[0].name.clone(), rows);
        let assessment = Assessment::new(&indicator.program, &facts, &self.rates, &self.calendar);
        match assessment.expression(&indicator.value) {
            Ok(value) => Cell { text: value.show_with_unit(&indicator.value.ty), number: value.number() },
            Err(unknown) => Cell { text: format!("还不能判断：{unknown}"), number: None },
        }
    }
}

fn payment_facts(paid: &Paid) -> Facts {
    let mut facts = Facts::default();
    let count = |n: i64| Value::Number(Rational::from(i128::from(n)));
    for (name, value) in [
        ("项目", Value::text(&paid.programme)),
        ("待遇", Value::text(&paid.entitlement)),
        ("到账", Value::Bool(paid.standing == Standing::Paid)),
        ("按时", Value::Bool(paid.in_time == Some(true))),
        ("入账户", Value::Bool(paid.to_account)),
        ("笔数", count(paid.payments)),
        ("人数", count(paid.people)),
        ("金额", Value::Number(Rational::new(i128::from(paid.fen.0), 100))),
    ] {
        facts.set(name, value);
    }
    facts
}

fn case_facts(guide: &Guide, state: &State) -> Facts {
    let mut facts = BTreeMap::new();
    let start = guide.starts.iter().find(|start| *start.key == *state.start);
    facts.extend(start.map(|start| ("缘由", Value::Text(start.name.clone()))));
    facts.insert("办结", Value::Bool(state.closed.is_some()));
    facts.extend(state.opened_at.map(|at| ("开始日期", Value::Date(at.date()))));
    if let Some((result, at)) = &state.closed {
        facts.insert("结果", Value::text(result));
        facts.insert("办结日期", Value::Date(at.date()));
        let minutes = state.opened_at.map_or(0, |opened| at.duration_since(opened).as_mins());
        facts.insert("用时", Value::Number(Rational::new(i128::from(minutes), 60)));
    }
    let mut known = Facts { label: Some(state.case.as_str().into()), ..Facts::default() };
    facts.into_iter().for_each(|(name, value)| known.set(name, value));
    known
}

fn named(period: Period, day: Date) -> String {
    match period {
        Period::Year => format!("{}年", day.year()),
        Period::Quarter => format!("{}年第{}季", day.year(), (day.month() - 1) / 3 + 1),
        Period::Month => format!("{}年{:02}月", day.year(), day.month()),
    }
}
