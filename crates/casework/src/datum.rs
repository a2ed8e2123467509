//! How a value that was stated is read: by what it looks like, at once.
//!
//! Trying one form after the other, as serde would, makes the text of an error for each that does not fit; it was a sixth
//! of the time of a roster.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::event::{Datum, FileRef, PersonRef, Row};

impl<'de> Deserialize<'de> for Datum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Stated)
    }
}

struct Stated;

/// What stands in a list: a row, or a file.
#[derive(Deserialize)]
struct Item {
    id: Option<u32>,
    columns: Option<BTreeMap<String, Datum>>,
    digest: Option<String>,
    kind: Option<String>,
    size: Option<u64>,
    name: Option<String>,
    look: Option<String>,
}

impl Item {
    fn row(self) -> Option<Row> {
        Some(Row { id: self.id?, columns: self.columns? })
    }

    fn file(self) -> Option<FileRef> {
        let (digest, kind, size, name) = (self.digest?, self.kind?, self.size?, self.name?);
        Some(FileRef { digest, kind, size, name, look: self.look })
    }
}

impl<'de> Visitor<'de> for Stated {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value that was stated")
    }

    fn visit_bool<E: Error>(self, holds: bool) -> Result<Datum, E> {
        Ok(Datum::Bool(holds))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Datum, E> {
        Ok(Datum::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Datum, E> {
        Ok(Datum::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Datum, A::Error> {
        PersonRef::deserialize(MapAccessDeserializer::new(map)).map(Datum::Person)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Datum, A::Error> {
        let (mut rows, mut files) = (Vec::new(), Vec::new());
        let mixed = || A::Error::custom("a list has rows or files");
        while let Some(item) = items.next_element::<Item>()? {
            if item.digest.is_some() {
                files.push(item.file().ok_or_else(mixed)?);
            } else {
                rows.push(item.row().ok_or_else(mixed)?);
            }
        }
        match (rows.is_empty(), files.is_empty()) {
            (_, true) => Ok(Datum::Rows(rows)),
            (true, false) => Ok(Datum::Files(files)),
            (false, false) => Err(mixed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_comes_back_as_it_was_written() {
        let text = |text: &str| text.to_owned();
        let file = |look| FileRef { digest: text("ab"), kind: text("pdf"), size: 3, name: text("证明.pdf"), look };
        let person = |number: Option<&str>| Datum::Person(PersonRef { name: text("甲"), number: number.map(text) });
        let columns = [(text("income"), Datum::Rows(Vec::new())), (text("person"), person(None))];
        let row = Row { id: 1, columns: columns.into() };
        let all = [
            Datum::Bool(true),
            Datum::Text(text("12.50")),
            Datum::Text(text("转义\n\"引号\"")),
            person(Some("410325194809171292")),
            person(None),
            Datum::Rows(Vec::new()),
            Datum::Rows(vec![row.clone(), Row { id: 2, ..row }]),
            Datum::Files(vec![file(None), file(Some(text("ff")))]),
        ];
        for datum in all {
            let written = serde_json::to_string(&datum).unwrap();
            assert_eq!(serde_json::from_str::<Datum>(&written).unwrap(), datum, "{written}");
        }
        for wrong in ["3", "null", "{}", "[1]", r#"[{"id":1}]"#, r#"[{"digest":"a"}]"#] {
            assert!(serde_json::from_str::<Datum>(wrong).is_err(), "{wrong}");
        }
    }
}
