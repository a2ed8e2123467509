//! 科学测算 over the bureau's own households. Nothing is written.

use base::{Date, DateTime, RegionCode};
use casework::Actor;
use casework::facts::facts;
use formula::{Facts, Population, Value};
use guide::Guide;
use ledger::Source;
use num_rational::Ratio;
use num_traits::ToPrimitive;

use crate::{Bureau, Failure, Weights};

/// 资金分担 in parameters.md.
const SHARES: &str = "fund_share";

impl Bureau {
    /// What the bureau knows of the households of a service in a region: those that get something and those that were
    /// refused, each by its last closed case, reckoned on a day.
    pub fn population(
        &self,
        guide: &Guide,
        region: RegionCode,
        on: Date,
        now: DateTime,
    ) -> Result<Population, Failure> {
        let mut cases: Vec<Facts> = Vec::new();
        for row in self.store.roll(&self.scope(&Actor::system()))? {
            let within = RegionCode::parse(&row.region).is_ok_and(|code| region.contains(code));
            if row.service != *guide.key || !within {
                continue;
            }
            let Some(state) = self.store.state(&row.case)? else { continue };
            let own = self.guide(&state.edition)?;
            let mut known = facts(&own, &state, 0, now);
            known.set("计算日", Value::Date(on));
            cases.push(known);
        }
        Ok(Population::of(&guide.program, &cases))
    }

    /// What each source bears of a programme in a county on a day, in proportion.
    pub fn fund_weights(&self, programme: &str, county: RegionCode, on: Date) -> Result<Weights, String> {
        let mut found = Vec::new();
        for source in Source::ALL {
            let key = [programme.to_owned(), source.name().to_owned()];
            match self.shared_rate(SHARES, &key, county, on)? {
                Value::Number(number) => found.push((*source, number)),
                _ => return Err(format!("{programme}的资金分担不是数")),
            }
        }
        // Shares such as 0.3 become whole numbers in the same proportion.
        let scale = found.iter().map(|(_, number)| *number.denom()).fold(1, num_integer::lcm);
        let whole = |number: &Ratio<i128>| (number * Ratio::from(scale)).to_integer().to_u64();
        let weights = found.iter().map(|(source, number)| Some((*source, whole(number)?)));
        weights.collect::<Option<_>>().ok_or_else(|| format!("{programme}的资金分担不能是负数"))
    }
}
