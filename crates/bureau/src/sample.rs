//! Payments drawn at random, to be checked with the people who should have got them (发放核查).
//!
//! The seed is the end of the journal at the moment of the draw, which nobody can foresee, and it is recorded before
//! anything follows from it: whoever doubts the choice draws again and finds the same payments.

use std::collections::{BTreeMap, BTreeSet};

use base::{Level, RegionCode};
use casework::event::{Datum, Event, PersonRef, RegisterRow};
use casework::payment::{Batch, DRAWN, Line};
use formula::Value;
use guide::model::Register;
use num_rational::Ratio;
use num_traits::ToPrimitive;
use store::Standing;

use crate::payees::{derived_row, last_digits};
use crate::payroll::{At, Progress};
use crate::starts::TOGETHER;
use crate::{Bureau, Failure, county, hash};

/// 标识 of the parameters: what share of the payments of each township is drawn, and how many at least.
const SHARE: &str = "sample_share";
const LEAST: &str = "sample_least";

/// What is drawn of a township.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    share: Ratio<i128>,
    least: usize,
}

/// Draws from each township its share of the payments, rounded up, and not fewer than the least: those whose hash with
/// the seed is smallest. Gives them in the order of their numbers.
fn draw(
    seed: &str,
    payments: &[(u32, RegionCode)],
    mut wanted: impl FnMut(RegionCode) -> Option<Wanted>,
) -> BTreeSet<u32> {
    let mut towns: BTreeMap<RegionCode, Vec<(String, u32)>> = BTreeMap::new();
    for (seq, region) in payments {
        towns.entry(region.at(Level::Township)).or_default().push((hash(&[seed, &seq.to_string()]), *seq));
    }
    let mut drawn = BTreeSet::new();
    for (town, mut lots) in towns {
        let Some(Wanted { share, least }) = wanted(town) else { continue };
        let by_share = (share * Ratio::from(lots.len() as i128)).ceil().to_integer().to_usize().unwrap_or(0);
        lots.sort();
        drawn.extend(lots.iter().take(by_share.max(least)).map(|(_, seq)| *seq));
    }
    drawn
}

impl Bureau {
    /// 抽查: draws from what a batch has paid, and writes a row of the register for each payment that was drawn.
    pub(crate) fn sample(
        &self,
        at: &At,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let run = &at.state.case;
        let stream = |slice: &str| format!("{run}.{}.{slice}", at.instance.id);
        let told = |seed: &str, of: u32, drawn: usize| {
            vec![("总体", of.to_string()), ("抽中", drawn.to_string()), ("种子", seed.to_owned())]
        };
        let Some(register) = self.register(DRAWN) else { return Ok(told("", 0, 0)) };
        let (seed, of, drawn) = match self.drawn(&stream("draw"))? {
            Some(known) => known,
            None => self.draw(at, &stream("draw"))?,
        };
        for (place, some) in drawn.chunks(TOGETHER).enumerate() {
            let mut rows = Vec::new();
            for seq in some {
                let line = self.store.line(run, *seq)?;
                rows.extend(line.map(|(line, _)| Event::Registered(row(register, run, &line, at.now.date()))));
            }
            self.write_events(&stream(&format!("drawn-{}", some[0])), rows, at.now)?;
            tell(Progress { case: run.clone(), job: "抽查", done: place * TOGETHER + some.len() });
        }
        Ok(told(&seed, of, drawn.len()))
    }

    /// What was drawn before, if it was.
    fn drawn(&self, stream: &str) -> Result<Option<(String, u32, Vec<u32>)>, Failure> {
        let records = self.store.records(stream)?;
        Ok(records.into_iter().find_map(|record| match record.event {
            Event::Batch(Batch::Drawn { seed, of, lines, .. }) => Some((seed, of, lines)),
            _ => None,
        }))
    }

    fn draw(&self, at: &At, stream: &str) -> Result<(String, u32, Vec<u32>), Failure> {
        let run = &at.state.case;
        let payments = self.store.look(|read| read.lines_at(run, Standing::Paid))?;
        let end = self.store.transact(|write| Ok::<_, Failure>(write.journal_end()?))?;
        let seed = hash(&["sample", run, &end]);
        let wanted = |town: RegionCode| {
            let number = |parameter: &str| {
                let value = self.shared_rate(parameter, &[], county(town), at.now.date());
                // Where nobody has said how many, none are drawn.
                value.ok().and_then(|value| if let Value::Number(number) = value { Some(number) } else { None })
            };
            let least = number(LEAST).and_then(|least| least.to_integer().to_usize()).unwrap_or(0);
            Some(Wanted { share: number(SHARE)?, least })
        };
        let lines: Vec<u32> = draw(&seed, &payments, wanted).into_iter().collect();
        let of = u32::try_from(payments.len()).unwrap_or(u32::MAX);
        let batch = Batch::Drawn { run: run.clone(), seed: seed.clone(), of, lines: lines.clone() };
        self.write_slice(stream, batch, at.now)?;
        Ok((seed, of, lines))
    }
}

/// The row of a payment that was drawn. Of the account only the last digits are told: the card is looked at.
fn row(register: &Register, run: &str, line: &Line, day: base::Date) -> RegisterRow {
    let person = |name: &str, number: &str| {
        Datum::Person(PersonRef { name: name.to_owned(), number: Some(number.to_owned()).filter(|n| !n.is_empty()) })
    };
    let text = |text: String| Datum::Text(text);
    let columns = [
        ("run", text(run.to_owned())),
        ("seq", text(line.seq.to_string())),
        ("name", text(line.holder.clone())),
        ("person", person(&line.holder, &line.number)),
        ("what", text(line.programme.clone())),
        ("month", text(line.month.into())),
        ("amount", text(line.total.plain())),
        ("payee", text(line.payee.clone())),
        ("reason", text(line.reason.clone())),
        ("account", text(last_digits(&line.account))),
    ];
    derived_row(register, day, line.region, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payments() -> Vec<(u32, RegionCode)> {
        let village = |town: u32| RegionCode::parse(&format!("410325{town:03}201")).unwrap();
        (1..=1_000).map(|seq| (seq, village(if seq <= 40 { 100 } else { 101 }))).collect()
    }

    fn some(share: (i128, i128), least: usize) -> impl Fn(RegionCode) -> Option<Wanted> {
        move |_| Some(Wanted { share: Ratio::new(share.0, share.1), least })
    }

    #[test]
    fn each_township_gives_its_share_rounded_up_and_not_fewer_than_the_least() {
        let count = |drawn: &BTreeSet<u32>| (drawn.range(..=40).count(), drawn.range(41..).count());
        assert_eq!(count(&draw("s", &payments(), some((1, 100), 0))), (1, 10));
        assert_eq!(count(&draw("s", &payments(), some((1, 100), 5))), (5, 10));
        assert_eq!(count(&draw("s", &payments(), some((1, 1), 5))), (40, 960));
        assert_eq!(count(&draw("s", &payments(), some((0, 1), 50))), (40, 50));
        assert_eq!(count(&draw("s", &payments(), |_| None)), (0, 0));
    }

    #[test]
    fn the_seed_alone_decides_and_another_seed_draws_others() {
        let wanted = some((1, 20), 0);
        let (one, other) = (draw("一", &payments(), &wanted), draw("二", &payments(), &wanted));
        assert_eq!(one, draw("一", &payments(), &wanted));
        assert!(one != other && one.len() == other.len());
        // Over many seeds everybody is drawn about equally often: 400 draws of one in twenty.
        let (few, mut times) = (&payments()[40..240], [0; 241]);
        for seed in 0..400 {
            draw(&seed.to_string(), few, &wanted).into_iter().for_each(|seq| times[seq as usize] += 1);
        }
        assert!(times[41..].iter().all(|times| (4..=45).contains(times)), "{times:?}");
    }
}
