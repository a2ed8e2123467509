//! Whether two records are of one person: numbers as they are mistyped, names as they are misspelt.
//!
//! Architecture invariant: pure; knows no case and no word of any service.

mod name;
mod number;

pub use name::{Likeness, Name};
pub use number::{Slip, repaired};

use base::{CitizenNumber, Date};

/// How sure it is that an answer is of the person who was asked for (CHK-12): nobody is stopped by `D` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// The same eighteen digits and the same name.
    A,
    /// The same eighteen digits, another name.
    B,
    /// The same number, of which one side has the fifteen digits of old cards.
    C,
    /// The same name and the same day of birth, no number to compare.
    D,
}

/// What is known of somebody on one side.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// As it was written.
    pub number: &'s str,
    pub name: &'s Name,
    pub born: Option<Date>,
}

/// How far an answer is of whoever was asked for; `None` where it is of somebody else.
pub fn quality(asked: Side, answer: Side) -> Option<Quality> {
    let named = asked.name.likeness(answer.name) <= Likeness::Forms;
    let digits = |side: &Side| base::tidy(side.number).len();
    match (CitizenNumber::parse(asked.number), CitizenNumber::parse(answer.number)) {
        (Ok(own), Ok(other)) if own == other => Some(match named {
            _ if digits(&asked) != digits(&answer) => Quality::C,
            true => Quality::A,
            false => Quality::B,
        }),
        // Two numbers that differ are two people, whatever they are called.
        (Ok(_), Ok(_)) => None,
        (own, other) => {
            let born = |side: Side, number: Option<CitizenNumber>| side.born.or(number.map(|number| number.birth()));
            let (own, other) = (born(asked, own.ok()), born(answer, other.ok()));
            (named && own.is_some() && own == other).then_some(Quality::D)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_good_as_what_it_agrees_in() {
        let (li, li_old, zhang) = (Name::new("李建国"), Name::new("李建國"), Name::new("张三"));
        let day = Date::constant(1955, 3, 7);
        let side = |number, name, born| Side { number, name, born };
        let (full, old, other) = ("410325195503070039", "410325550307003", "41032519620518402X");
        let ask = |answer| quality(side(full, &li, None), answer);
        assert_eq!(ask(side(full, &li_old, None)), Some(Quality::A));
        assert_eq!(ask(side(full, &zhang, None)), Some(Quality::B));
        assert_eq!(ask(side(old, &li, None)), Some(Quality::C), "CHK-E5");
        assert_eq!(ask(side("", &li, Some(day))), Some(Quality::D));
        assert_eq!(ask(side("", &zhang, Some(day))), None);
        assert_eq!(ask(side("", &li, None)), None);
        assert_eq!(ask(side("410325195503070047", &li, Some(day))), None, "two numbers are two people");
        assert_eq!(ask(side(other, &li, Some(day))), Some(Quality::D), "a number that is none compares nothing");
    }
}
