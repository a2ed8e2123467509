//! What the register of people says of those whom a file names: whose number was mistyped, and who is called otherwise.

use std::collections::HashMap;

use base::{Date, PersonNumber, RegionCode, name_and_number};
use casework::Datum;
use casework::event::RegisterRow;
use casework::registers::PERSON;
use exchange::table::Cell;
use exchange::workbook::Trouble;
use linkage::{Likeness, Name, repaired};

use crate::mapping::Source;
use crate::{Bureau, Fault};

/// Of how many people it is told how they are called.
const EXAMPLES: usize = 3;

/// A number that is none, and whose it was meant to be.
pub(crate) struct Mistyped {
    /// The place of the trouble that tells of it.
    pub trouble: usize,
    name: String,
    number: String,
}

impl Mistyped {
    /// What stands in the cells of a person whose number did not read.
    pub fn of(trouble: usize, source: &Source, cells: &[Cell]) -> Option<Self> {
        let text = |place: usize| cells.get(place).map_or("", Cell::as_text);
        let (name, number) = match source {
            Source::One(place) => name_and_number(text(*place)),
            Source::Person { name, number } => (text(*name), text(*number)),
        };
        let both = !name.is_empty() && !number.is_empty();
        both.then(|| Self { trouble, name: name.to_owned(), number: number.to_owned() })
    }
}

impl Bureau {
    /// Adds to what is wrong with a number whose it may have been, and gives notes on people who are called otherwise.
    pub(crate) fn acquaint(
        &self,
        (register, on): (&str, Date),
        rows: &[(u32, RegisterRow)],
        mistyped: &[Mistyped],
        troubles: &mut [Trouble],
    ) -> Result<Vec<String>, Fault> {
        // The register of people itself may say that somebody is called otherwise from now on.
        let names_count = register != PERSON && !rows.is_empty();
        if !names_count && mistyped.is_empty() || !self.store.look(|read| read.has_rows(PERSON))? {
            return Ok(Vec::new());
        }
        let mut known: HashMap<String, Name> = HashMap::new();
        for version in self.store.register(PERSON, on, RegionCode::NATION)? {
            if let Some(Datum::Person(person)) = version.row.columns.get(PERSON) {
                known.insert(version.row.key, Name::new(&person.name));
            }
        }
        for slip in mistyped {
            let name = Name::new(&slip.name);
            let is_of = |number: &str| known.get(number).is_some_and(|own| own.likeness(&name) <= Likeness::Look);
            let meant: Vec<String> = repaired(&slip.number)
                .into_iter()
                .map(|(number, _)| PersonNumber::from(number))
                .filter(|number| is_of(number.as_str()))
                .map(|number| number.masked())
                .collect();
            if let ([number], Some(trouble)) = (&*meant, troubles.get_mut(slip.trouble)) {
                trouble.text += &format!("。底册里有一位姓名相符的（{number}），可能就是这个人");
            }
        }
        let mut otherwise: Vec<String> = Vec::new();
        let mut many = 0_usize;
        let people = |row: &RegisterRow| {
            let named =
                row.columns.values().filter_map(|datum| if let Datum::Person(p) = datum { Some(p) } else { None });
            named.cloned().collect::<Vec<_>>()
        };
        for (line, row) in rows.iter().filter(|_| names_count) {
            for person in people(row) {
                let Some(own) = person.number.as_ref().and_then(|number| known.get(number)) else { continue };
                if own.likeness(&Name::new(&person.name)) > Likeness::Forms {
                    many += 1;
                    if otherwise.len() < EXAMPLES {
                        otherwise.push(format!("第 {line} 行“{}”，底册是“{}”", person.name, own.written()));
                    }
                }
            }
        }
        let note = format!("有 {many} 处姓名与底册不同，请核对号码是不是这个人的：{}", otherwise.join("；"));
        Ok(if many > 0 { vec![note] } else { Vec::new() })
    }
}
