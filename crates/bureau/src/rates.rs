//! Rates that cases set: rows of the register `rate`, taken up as soon as they are written.

use std::sync::atomic::Ordering;

use base::{Date, DateTime, RegionCode};
use casework::event::RegisterRow;
use casework::payment::RATE;
use casework::scenario::overlay;
use casework::{Event, Record};
use guide::model::{Parameter, RateRow};
use store::{Fault, Read};

use crate::Bureau;

/// What ends a rate in rates.md.
const ENDS: &str = "停止";

/// A row of the register as a rate.
///
/// # Errors
/// Why it is none: no such parameter, a value of another kind, a region that does not set it.
fn rate(parameters: &[Parameter], row: &RegisterRow) -> Result<RateRow, String> {
    let text = |column: &str| row.columns.get(column).and_then(|datum| datum.text()).unwrap_or_default();
    let (name, value) = (text("parameter"), text("value"));
    let plain = name.split_once('(').map_or(name, |(plain, _)| plain);
    let known = parameters.iter().find(|parameter| *parameter.name == *plain);
    let known = known.ok_or_else(|| format!("没有参数“{plain}”"))?;
    let over = match value {
        // The name and its key are still looked at.
        ENDS => overlay(parameters, name, &row_word(known)),
        value => overlay(parameters, name, value),
    }?;
    let region = RegionCode::parse(text("region")).map_err(|error| error.to_string())?;
    if region.level() != known.level {
        return Err(format!("参数“{plain}”不由{region}这一级定"));
    }
    let from: Date = text("since").parse().map_err(|_| format!("“{}”不是日期", text("since")))?;
    let value = if value == ENDS { None } else { Some(over.value) };
    Ok(RateRow { parameter: known.name.clone(), region, key: over.key, from, value, document: text("document").into() })
}

/// Any value that a parameter can have.
fn row_word(parameter: &Parameter) -> String {
    match &parameter.ty {
        formula::Type::Choice(words) => words.first().map_or_else(String::new, ToString::to_string),
        formula::Type::Bool => "是".into(),
        formula::Type::Date => "2000-01-01".into(),
        _ => "0".into(),
    }
}

/// Rows of the register of rates, each with when it was written.
pub(crate) fn written(read: &Read) -> Result<Vec<(DateTime, RegisterRow)>, Fault> {
    let versions = read.all_versions(RATE)?.into_iter();
    Ok(versions.filter_map(|version| Some((version.at.parse().ok()?, version.row))).collect())
}

/// Those of them that are rates: what an older edition of a guide knew may be gone.
pub(crate) fn set_rates(parameters: &[Parameter], rows: &[(DateTime, RegisterRow)]) -> Vec<(DateTime, RateRow)> {
    rows.iter().filter_map(|(at, row)| Some((*at, rate(parameters, row).ok()?))).collect()
}

impl Bureau {
    fn known_parameters(&self) -> Vec<Parameter> {
        self.library.all_parameters().cloned().collect()
    }

    /// Takes up all rates that cases have set.
    pub(crate) fn take_up_rates(&self, read: &Read) -> Result<(), Fault> {
        self.rates.decide(set_rates(&self.known_parameters(), &written(read)?));
        Ok(())
    }

    /// Looks at rates among what is going to be written, and remembers that there are some.
    ///
    /// # Errors
    /// A sentence about a row that is no rate.
    pub(crate) fn sets_rates(&self, records: &[Record]) -> Result<(), String> {
        let mut rows = records.iter().filter_map(|record| match &record.event {
            Event::Registered(row) if row.register == RATE => Some(row),
            _ => None,
        });
        let Some(first) = rows.next() else { return Ok(()) };
        let parameters = self.known_parameters();
        for row in std::iter::once(first).chain(rows) {
            rate(&parameters, row)?;
        }
        self.rates_written.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Does something that may write rates, and takes them up when it has.
    pub(crate) fn with_rates<T>(&self, run: impl FnOnce() -> T) -> Result<T, Fault> {
        let before = self.rates_written.load(Ordering::SeqCst);
        let done = run();
        if self.rates_written.load(Ordering::SeqCst) != before {
            self.store.look(|read| self.take_up_rates(read))?;
        }
        Ok(done)
    }
}
