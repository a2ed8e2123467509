//! What an actor may see in lists: a range of regions. Every list asks for one.

use base::RegionCode;
use casework::Actor;

use crate::sql::Cell;

/// The regions of an actor. It can only be made from an actor, so no list can be asked for without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    first: i64,
    last: i64,
}

impl Scope {
    /// Everything at or below the actor's region; nothing for an applicant, who has a case and no lists.
    pub fn of(actor: &Actor) -> Self {
        if actor.is_applicant() { Self { first: 1, last: 0 } } else { Self::within(actor.region) }
    }

    /// Everything at or below a region: for what is public anyway.
    pub(crate) fn within(region: RegionCode) -> Self {
        let first = number(region);
        // The same cut as `RegionCode::contains`, as a range that an index can search.
        let cuts: [i64; 5] = [1_000_000_000_000, 10_000_000_000, 100_000_000, 1_000_000, 1_000];
        let width = cuts.into_iter().find(|cut| first % cut == 0).unwrap_or(1);
        Self { first, last: first + width - 1 }
    }

    pub(crate) fn cells(self) -> [Cell<'static>; 2] {
        [Cell::Int(self.first), Cell::Int(self.last)]
    }
}

/// A region's code as the number that its 12 digits write.
pub(crate) fn number(region: RegionCode) -> i64 {
    region.to_string().bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_the_region_contains() {
        let codes = ["41", "4103", "410325", "410325101", "410325101200", "410326", "4419", "441900003", "42"];
        let codes: Vec<RegionCode> = codes.iter().map(|c| RegionCode::parse(c).unwrap()).collect();
        for outer in codes.iter().chain([&RegionCode::NATION]) {
            let scope = Scope::within(*outer);
            for inner in &codes {
                let held = (scope.first..=scope.last).contains(&number(*inner));
                assert_eq!(held, outer.contains(*inner), "{outer} {inner}");
            }
        }
    }

    #[test]
    fn an_applicant_sees_no_list() {
        let applicant = Actor::applicant("张三", RegionCode::NATION);
        let scope = Scope::of(&applicant);
        assert!((scope.first..=scope.last).is_empty());
    }
}
