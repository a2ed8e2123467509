//! What the checker found, with the texts that it is shown in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base::{Diagnostic, Location, Severity};

use crate::code::Code;

/// All findings over a set of files, in the order of files and places once reading is done.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    list: Vec<Diagnostic>,
    texts: BTreeMap<Arc<str>, String>,
}

impl Findings {
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// Every finding as people read it, with a line that counts them at the end; empty if there is none.
    pub fn render(&self) -> String {
        if self.list.is_empty() {
            return String::new();
        }
        let mut shown = String::new();
        for finding in &self.list {
            shown += &finding.render(self.texts.get(&finding.location.file).map_or("", String::as_str));
            shown.push('\n');
        }
        let errors = self.errors();
        shown += &format!("共{errors}处错误，{}处提醒。\n", self.list.len() - errors);
        shown
    }

    /// How many errors there are so far; checks that would only repeat an earlier error compare it.
    pub(crate) fn errors(&self) -> usize {
        self.list.iter().filter(|d| d.severity == Severity::Error).count()
    }

    pub(crate) fn error(&mut self, code: Code, at: &Location, message: impl Into<String>, help: impl Into<String>) {
        self.list.push(Diagnostic::error(code.number(), at.clone(), message, help));
    }

    pub(crate) fn warn(&mut self, code: Code, at: &Location, message: impl Into<String>, help: impl Into<String>) {
        let found = Diagnostic::error(code.number(), at.clone(), message, help);
        self.list.push(Diagnostic { severity: Severity::Warning, ..found });
    }

    pub(crate) fn extend(&mut self, found: Vec<Diagnostic>) {
        self.list.extend(found);
    }

    /// Sorts by file and place and takes in the texts of the files that are named.
    pub(crate) fn finish(mut self, files: &BTreeMap<String, String>) -> Self {
        let key = |d: &Diagnostic| (d.location.file.clone(), d.location.span.start, d.code);
        self.list.sort_by_key(key);
        self.list.dedup();
        for finding in &self.list {
            let file = &finding.location.file;
            if let (false, Some(text)) = (self.texts.contains_key(file), files.get(&**file)) {
                self.texts.insert(file.clone(), text.clone());
            }
        }
        self
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Findings {}

/// What to write instead of a wrong word: the nearest known one first, then all if they are few.
pub(crate) fn instead<S: AsRef<str>>(wrong: &str, known: &[S]) -> String {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let near = known.iter().map(|k| (distance(wrong, k), *k)).min_by_key(|(d, _)| *d);
    let near = near.filter(|(d, k)| *d <= k.chars().count().max(wrong.chars().count()) / 2).map(|(_, k)| k);
    let all = known.join("、");
    match (near, known.len()) {
        (_, 0) => "这里还没有可用的名称，先把它定义出来".to_owned(),
        (Some(near), n) if n > 14 => format!("“{near}”"),
        (Some(near), _) => format!("“{near}”；可写的有：{all}"),
        (None, n) if n > 14 => format!("已有的名称（共{n}个），或先把它定义出来"),
        (None, _) => format!("以下之一：{all}"),
    }
}

/// Edits (insert, delete, replace, by characters) that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_word() {
        assert_eq!(distance("办理步聚", "办理步骤"), 1);
        assert_eq!(distance("", "甲乙"), 2);
        assert_eq!(distance("abc", "bcd"), 2);
        assert_eq!(instead("承辨", &["步骤", "承办"]), "“承办”；可写的有：步骤、承办");
        assert_eq!(instead("某某", &["步骤", "承办"]), "以下之一：步骤、承办");
        assert_eq!(instead::<&str>("某某", &[]), "这里还没有可用的名称，先把它定义出来");
    }
}
