//! What will become of a family's case: drawn once, so that every state of the guide is to be seen in the county.

use super::dice::Dice;
use super::families::{Family, Means, Shape};
use super::steps::Registries;

/// What happens on the way to the first decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Plain,
    /// An authorisation is missing; it is asked for once and brought.
    Supplements,
    /// It is asked for and never brought: some time after the limit the application counts as withdrawn.
    NeverSupplements,
    NotHere,
    Uncooperative,
    Objection {
        signed: bool,
        extend: bool,
    },
    TownReturns,
    CountyReturns,
    Withdraws,
    /// A member is registered as a relative of somebody who works on such cases.
    Kin,
    /// The applicant declares such a relative.
    DeclaresKin,
}

/// What happens while the family receives the benefit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    Steady,
    EarnsMore,
    EarnsLess,
    FindsWork,
    GrowsRich,
    ReportsChange,
    Dies,
    GivesUp,
    BecomesDestitute,
}

#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub way: Way,
    pub registries: Registries,
    pub later: Later,
    /// Applies again after a refusal or a stop.
    pub again: bool,
    /// Whoever has the case lets it lie, in per cent of steps.
    pub idle: u32,
}

const WAYS: [(Way, u32); 12] = [
    (Way::Plain, 660),
    (Way::Supplements, 80),
    (Way::NeverSupplements, 12),
    (Way::NotHere, 12),
    (Way::Uncooperative, 12),
    (Way::Objection { signed: true, extend: true }, 24),
    (Way::Objection { signed: false, extend: false }, 24),
    (Way::TownReturns, 24),
    (Way::CountyReturns, 24),
    (Way::Withdraws, 28),
    (Way::Kin, 30),
    (Way::DeclaresKin, 16),
];

const LATER: [(Later, u32); 9] = [
    (Later::Steady, 50),
    (Later::EarnsMore, 16),
    (Later::EarnsLess, 10),
    (Later::FindsWork, 7),
    (Later::GrowsRich, 6),
    (Later::ReportsChange, 6),
    (Later::Dies, 3),
    (Later::GivesUp, 1),
    (Later::BecomesDestitute, 1),
];

const ANSWERS: [(Registries, u32); 3] = [(Registries::Agree, 88), (Registries::Differ, 7), (Registries::Silent, 5)];

impl Fate {
    pub fn draw(family: &Family, dice: &mut Dice) -> Self {
        let later = match dice.weighted(&LATER) {
            Later::Dies if family.members.len() > 1 => Later::Steady,
            Later::BecomesDestitute if family.shape != Shape::ElderAlone => Later::Steady,
            later => later,
        };
        let refused = matches!(family.means, Means::Comfortable | Means::Propertied);
        Self {
            way: dice.weighted(&WAYS),
            registries: dice.weighted(&ANSWERS),
            later,
            again: dice.chance(if refused { 30 } else { 15 }),
            idle: dice.weighted(&[(1, 5), (6, 3), (16, 2)]),
        }
    }
}
