//! Code lists (代码表) of national standards, with the days between which a code held.
//!
//! They are embedded, so that a guide of any edition finds the words that it was written with: a list only grows, and
//! a word that holds no longer keeps its row.

use std::sync::{Arc, LazyLock};

use jiff::civil::Date;

use crate::reference::rows;
use crate::region::RegionCode;
use crate::typed::tidy;

/// A list by the name that guides call it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeList {
    pub name: &'static str,
    /// The standard from which it is taken.
    pub source: &'static str,
    /// What people leave out at the end of a name.
    pub suffix: &'static str,
    pub codes: Vec<Code>,
    /// All names, in the order of the list: what a choice of it may be.
    pub names: Arc<[Arc<str>]>,
}

/// A code and what it meant between two days; without a day it has always held, or still does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub code: String,
    pub name: Arc<str>,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Code {
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// What each list is called, the standard from which it is taken, and what may be left out at the end of a name.
const LIST_OF_LISTS: &str = include_str!("../../../reference/codes/lists.csv");

/// The lists by their keys.
const TABLES: [(&str, &str); 7] = [
    ("sex", include_str!("../../../reference/codes/sex.csv")),
    ("marital", include_str!("../../../reference/codes/marital.csv")),
    ("ethnic", include_str!("../../../reference/codes/ethnic.csv")),
    ("relation", include_str!("../../../reference/codes/relation.csv")),
    ("disability-kind", include_str!("../../../reference/codes/disability-kind.csv")),
    ("disability-grade", include_str!("../../../reference/codes/disability-grade.csv")),
    ("education", include_str!("../../../reference/codes/education.csv")),
];

static LISTS: LazyLock<Vec<CodeList>> = LazyLock::new(|| {
    let list = |row: crate::reference::Row<'static>| {
        let (_, text) = TABLES.iter().find(|(key, _)| *key == row.fields[0])?;
        let codes: Vec<Code> = read(text);
        let names = codes.iter().map(|code| code.name.clone()).collect();
        Some(CodeList { name: row.fields[1], source: row.fields[2], suffix: row.fields[3], codes, names })
    };
    let lists = rows(LIST_OF_LISTS, &["key", "name", "source", "suffix"]).unwrap_or_default();
    lists.into_iter().filter_map(list).collect()
});

/// A list that is embedded reads; that is shown by a test, and a line that did not would be left out.
fn read(text: &str) -> Vec<Code> {
    let date = |text: &str| text.parse().ok();
    let lines = rows(text, &["code", "name", "from", "to"]).unwrap_or_default();
    let code = |row: crate::reference::Row| Code {
        code: row.fields[0].to_owned(),
        name: row.fields[1].into(),
        from: date(row.fields[2]),
        to: date(row.fields[3]),
    };
    lines.into_iter().map(code).collect()
}

impl CodeList {
    pub fn all() -> &'static [CodeList] {
        &LISTS
    }

    pub fn named(name: &str) -> Option<&'static CodeList> {
        LISTS.iter().find(|list| list.name == name)
    }

    /// The list whose words a choice has.
    pub fn of_names(names: &[Arc<str>]) -> Option<&'static CodeList> {
        LISTS.iter().find(|list| *list.names == *names)
    }

    /// What is written as a name of the list: the name itself, its code, or the name without its suffix.
    pub fn find(&self, written: &str) -> Option<&Code> {
        let written = tidy(written);
        let is_short = |code: &&Code| code.name.strip_suffix(self.suffix) == Some(&*written);
        let short = |code: &&Code| !self.suffix.is_empty() && is_short(code);
        let last = |test: &dyn Fn(&&Code) -> bool| self.codes.iter().rev().find(|code| test(code));
        last(&|code| *code.name == *written).or_else(|| last(&|code| code.code == written)).or_else(|| last(&short))
    }

    /// The names that hold on a day.
    pub fn on(&self, day: Date) -> impl Iterator<Item = &Code> {
        self.codes.iter().filter(move |code| code.holds_on(day))
    }
}

/// A division that is no more: until when it was one, and which have taken its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerDivision {
    pub code: RegionCode,
    pub name: String,
    pub until: Date,
    pub successors: Vec<RegionCode>,
}

static FORMER: LazyLock<Vec<FormerDivision>> = LazyLock::new(|| {
    let lines =
        rows(include_str!("../../../reference/divisions/changes.csv"), &["code", "name", "until", "successors"]);
    let former = |row: crate::reference::Row| {
        let successors = row.fields[3].split_whitespace().filter_map(|code| RegionCode::parse(code).ok());
        Some(FormerDivision {
            code: RegionCode::parse(row.fields[0]).ok()?,
            name: row.fields[1].to_owned(),
            until: row.fields[2].parse().ok()?,
            successors: successors.collect(),
        })
    };
    lines.unwrap_or_default().into_iter().filter_map(former).collect()
});

/// The former division in which a code lies, if a day is after its end.
pub fn former_division(code: RegionCode, on: Date) -> Option<&'static FormerDivision> {
    FORMER.iter().find(|former| former.code.contains(code) && former.until < on)
}

pub fn former_divisions() -> &'static [FormerDivision] {
    &FORMER
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_list_reads_whole() {
        assert_eq!(CodeList::all().len(), TABLES.len());
        for ((name, text), list) in TABLES.iter().zip(CodeList::all()) {
            assert_eq!(list.codes.len(), text.lines().count() - 1, "{name}");
            assert_eq!(CodeList::of_names(&list.names), Some(list));
            for code in &list.codes {
                assert!(list.find(&code.code).is_some() && !code.name.is_empty(), "{name} {}", code.code);
                let dates =
                    text.lines().find(|line| line.starts_with(&format!("{},{},", code.code, code.name))).unwrap();
                let stated = dates.split(',').skip(2).filter(|date| !date.is_empty()).count();
                assert_eq!(usize::from(code.from.is_some()) + usize::from(code.to.is_some()), stated, "{dates}");
            }
        }
        // One code never means two things on one day.
        for list in CodeList::all() {
            for day in [date(1980, 1, 1), date(1986, 1, 1), date(2026, 7, 1)] {
                let mut codes: Vec<&str> = list.on(day).map(|code| &*code.code).collect();
                let all = codes.len();
                codes.dedup();
                assert_eq!(codes.len(), all, "{} {day}", list.name);
            }
        }
        assert_eq!(FORMER.len(), 3);
        assert!(FORMER.iter().all(|former| !former.successors.is_empty()));
    }

    #[test]
    fn a_name_is_found_by_what_people_write() {
        let ethnic = CodeList::named("民族").unwrap();
        let found = |written: &str| ethnic.find(written).map(|code| &*code.name);
        assert_eq!([found("汉族"), found("汉"), found("01"), found("０１")], [Some("汉族"); 4]);
        assert_eq!((found("36"), found("毛难族"), found("火星族")), (Some("毛南族"), Some("毛难族"), None));
        assert!(!ethnic.find("毛难族").unwrap().holds_on(date(2026, 1, 1)));
        assert!(ethnic.find("毛难族").unwrap().holds_on(date(1980, 1, 1)));
        let kinds = &CodeList::all()[4];
        assert_eq!(kinds.find("肢体").map(|code| &*code.code), Some("4"));
        assert!(CodeList::named("星座").is_none());
    }

    #[test]
    fn a_division_that_is_no_more_names_its_successor() {
        let village = RegionCode::parse("410381100200").unwrap();
        let former = former_division(village, date(2026, 1, 1)).unwrap();
        assert_eq!((&*former.name, former.successors[0].county_digits()), ("偃师市", "410307".to_owned()));
        assert_eq!(former_division(village, date(2021, 3, 17)), None);
        assert_eq!(former_division(RegionCode::parse("410325").unwrap(), date(2026, 1, 1)), None);
    }
}
