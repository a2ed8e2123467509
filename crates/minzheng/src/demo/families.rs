//! Synthetic families of a mountain county: who lives together, how they are, what they earn and own.

use std::collections::BTreeSet;

use base::{CitizenNumber, Date, RegionCode, Sex, age};

use super::dice::Dice;
use super::names::{self, Generation};

pub struct Family {
    pub village: RegionCode,
    pub urban: bool,
    pub shape: Shape,
    /// The applicant stands first.
    pub members: Vec<Member>,
    pub means: Means,
    pub phone: String,
    /// Children who live apart and owe support.
    pub children_apart: Vec<ChildApart>,
}

#[derive(Clone)]
pub struct Member {
    pub name: String,
    pub number: CitizenNumber,
    pub relation: Relation,
    pub health: Health,
    pub work: Work,
    /// Lives in the household but does not count, for example because of a prison sentence.
    pub away: bool,
}

pub struct ChildApart {
    pub name: String,
    pub household: u32,
    /// Yuan a month of the whole household.
    pub income: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    ElderAlone,
    ElderCouple,
    DisabledAlone,
    SingleParent,
    Couple,
    ThreeGenerations,
    GrandparentAndChild,
    DisabledAdultAndParents,
}

/// What the member is to the applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Applicant,
    Spouse,
    Child,
    Parent,
    Grandchild,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Sound,
    SeverelyIll,
    /// Grade 1 (gravest) to 4.
    Disabled {
        grade: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Wage,
    Casual,
    Farming,
    Unemployed,
    /// Too old, too young or too ill.
    Unable,
    Student,
}

/// How well off a family is; amounts follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    Poor,
    NearTheLine,
    Comfortable,
    /// Poor by income, but with property beyond the limits.
    Propertied,
}

impl Member {
    /// Full years on a day, 0 before birth.
    pub fn age(&self, on: Date) -> u16 {
        age(self.number.birth(), on).unwrap_or(0)
    }

    pub fn severely_disabled(&self) -> bool {
        matches!(self.health, Health::Disabled { grade: 1 | 2 })
    }
}

const SHAPES: [(Shape, u32); 8] = [
    (Shape::ElderAlone, 22),
    (Shape::ElderCouple, 18),
    (Shape::DisabledAlone, 9),
    (Shape::SingleParent, 11),
    (Shape::Couple, 14),
    (Shape::ThreeGenerations, 11),
    (Shape::GrandparentAndChild, 6),
    (Shape::DisabledAdultAndParents, 9),
];

const MEANS: [(Means, u32); 4] =
    [(Means::Poor, 74), (Means::NearTheLine, 14), (Means::Comfortable, 8), (Means::Propertied, 4)];

/// Makes families on a day; no citizen number is given twice.
pub struct Registry {
    dice: Dice,
    today: Date,
    county: RegionCode,
    taken: BTreeSet<CitizenNumber>,
}

impl Registry {
    pub fn new(dice: Dice, today: Date, county: RegionCode) -> Self {
        Self { dice, today, county, taken: BTreeSet::new() }
    }

    pub fn family(&mut self, village: RegionCode, urban: bool) -> Family {
        let shape = self.dice.weighted(&SHAPES);
        let means = self.dice.weighted(&MEANS);
        let mut members = self.members(shape);
        if self.dice.chance(4)
            && let Some(child) =
                members.iter_mut().skip(1).find(|m| m.relation == Relation::Child && m.age(self.today) >= 20)
        {
            child.away = true;
        }
        let children_apart = self.children_apart(shape, &members[0].name);
        Family { village, urban, shape, members, means, phone: self.phone(), children_apart }
    }

    /// A grown person with a name and a number, for staff and their relatives.
    pub fn grown(&mut self) -> (String, CitizenNumber) {
        let sex = self.sex();
        let surname = names::surname(&mut self.dice);
        let years = self.dice.between(24, 56);
        self.person(surname, sex, years)
    }

    fn members(&mut self, shape: Shape) -> Vec<Member> {
        let surname = names::surname(&mut self.dice);
        match shape {
            Shape::ElderAlone => vec![self.member(surname, None, (63, 89), Relation::Applicant)],
            Shape::ElderCouple => self.couple(surname, (62, 84)),
            Shape::DisabledAlone => {
                let mut one = self.member(surname, None, (36, 59), Relation::Applicant);
                self.disable(&mut one);
                vec![one]
            }
            Shape::SingleParent => {
                let mut members = vec![self.member(surname, None, (28, 48), Relation::Applicant)];
                self.add_children(&mut members, surname, 2, Relation::Child);
                members
            }
            Shape::Couple => {
                let mut members = self.couple(surname, (30, 52));
                let ill = self.dice.below(2) as usize;
                members[ill].health = Health::SeverelyIll;
                members[ill].work = Work::Unable;
                self.add_children(&mut members, surname, 2, Relation::Child);
                members
            }
            Shape::ThreeGenerations => {
                let mut members = self.couple(surname, (32, 48));
                self.add_children(&mut members, surname, 2, Relation::Child);
                members.push(self.member(surname, Some(Sex::Female), (66, 84), Relation::Parent));
                if self.dice.chance(60) {
                    let at = self.dice.below(2) as usize;
                    self.disable(&mut members[at]);
                }
                members
            }
            Shape::GrandparentAndChild => {
                let mut members = vec![self.member(surname, None, (62, 76), Relation::Applicant)];
                self.add_children(&mut members, surname, 1, Relation::Grandchild);
                members
            }
            Shape::DisabledAdultAndParents => {
                let mut members = self.couple(surname, (58, 72));
                let mut child = self.member(surname, None, (26, 38), Relation::Child);
                self.disable(&mut child);
                members.push(child);
                members
            }
        }
    }

    fn couple(&mut self, surname: &'static str, years: (u32, u32)) -> Vec<Member> {
        let husband = self.member(surname, Some(Sex::Male), years, Relation::Applicant);
        let near = u32::from(husband.age(self.today));
        let other = names::surname(&mut self.dice);
        let wife = self.member(other, Some(Sex::Female), (near.saturating_sub(5).max(24), near), Relation::Spouse);
        vec![husband, wife]
    }

    fn add_children(&mut self, members: &mut Vec<Member>, surname: &'static str, most: u32, relation: Relation) {
        let parents = members.iter().map(|m| u32::from(m.age(self.today))).min().unwrap_or(40);
        let gap = if relation == Relation::Grandchild { 48 } else { 22 };
        let oldest = parents.saturating_sub(gap).clamp(3, 22);
        for _ in 0..self.dice.between(1, most) {
            let child = self.member(surname, None, (oldest.saturating_sub(9).max(2), oldest), relation);
            members.push(child);
        }
    }

    fn member(&mut self, surname: &'static str, sex: Option<Sex>, years: (u32, u32), relation: Relation) -> Member {
        let sex = sex.unwrap_or_else(|| self.sex());
        let years = self.dice.between(years.0, years.1);
        let (name, number) = self.person(surname, sex, years);
        let work = match years {
            0..=17 => Work::Student,
            18..=22 if self.dice.chance(60) => Work::Student,
            18..=59 => {
                self.dice.weighted(&[(Work::Casual, 4), (Work::Farming, 4), (Work::Wage, 2), (Work::Unemployed, 2)])
            }
            60..=69 if self.dice.chance(55) => Work::Farming,
            _ => Work::Unable,
        };
        let ill = years >= 55 && self.dice.chance(12);
        let health = if ill { Health::SeverelyIll } else { Health::Sound };
        Member { name, number, relation, health, work: if ill { Work::Unable } else { work }, away: false }
    }

    fn disable(&mut self, member: &mut Member) {
        let grade = self.dice.weighted(&[(1, 3), (2, 4), (3, 2), (4, 1)]);
        member.health = Health::Disabled { grade };
        if grade <= 2 {
            member.work = Work::Unable;
        }
    }

    fn person(&mut self, surname: &str, sex: Sex, years: u32) -> (String, CitizenNumber) {
        let generation = match years {
            0..=22 => Generation::Young,
            23..=54 => Generation::Grown,
            _ => Generation::Old,
        };
        let name = format!("{surname}{}", names::given(&mut self.dice, sex, generation));
        loop {
            // The last birthday was within the year before today, so that the age comes out as drawn.
            let days = jiff::Span::new().days(self.dice.below(365)).years(years);
            let birth = self.today.saturating_sub(days);
            let sequence = self.dice.below(500) as u16 * 2 + u16::from(sex == Sex::Male);
            if let Ok(number) = CitizenNumber::compose(self.county, birth, sequence)
                && self.taken.insert(number)
            {
                return (name, number);
            }
        }
    }

    fn sex(&mut self) -> Sex {
        if self.dice.chance(51) { Sex::Male } else { Sex::Female }
    }

    /// Numbers that begin with 1000 are not given to anybody.
    fn phone(&mut self) -> String {
        format!("1000{:07}", self.dice.below(10_000_000))
    }

    fn children_apart(&mut self, shape: Shape, parent: &str) -> Vec<ChildApart> {
        if !matches!(shape, Shape::ElderAlone | Shape::ElderCouple) || self.dice.chance(35) {
            return Vec::new();
        }
        let surname: String = parent.chars().take(1).collect();
        let mut children = Vec::new();
        for _ in 0..self.dice.between(1, 2) {
            let given = names::given(&mut self.dice, Sex::Male, Generation::Grown);
            let household = self.dice.between(3, 5);
            let income = household * self.dice.between(500, 1_100);
            children.push(ChildApart { name: format!("{surname}{given}"), household, income });
        }
        children
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_plausible() {
        let today = Date::constant(2026, 11, 24);
        let county = RegionCode::parse("410325").unwrap();
        let mut registry = Registry::new(Dice::new(3, 1), today, county);
        let mut shapes = BTreeSet::new();
        for _ in 0..500 {
            let family = registry.family(county, false);
            shapes.insert(format!("{:?}", family.shape));
            assert_eq!(family.members[0].relation, Relation::Applicant);
            assert!(family.members.iter().all(|m| m.number.division() == "410325" && m.age(today) < 95));
            assert!(family.members[0].age(today) >= 18);
            let parent = family.members[0].age(today);
            let children = family.members.iter().filter(|m| m.relation == Relation::Child);
            assert!(children.clone().all(|c| c.age(today) + 16 < parent), "{:?}", family.shape);
        }
        assert_eq!(shapes.len(), SHAPES.len());
    }
}
