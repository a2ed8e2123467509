//! What is wrong in a formula, before it is known in which file it stands.

use std::ops::Range;

use base::{Diagnostic, Location, Severity};

/// A finding with its place in the file and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Number of the diagnostic (format section 17).
    pub code: &'static str,
    pub severity: Severity,
    pub span: Range<usize>,
    pub message: String,
    pub help: String,
}

impl Finding {
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span, message: message.into(), help: help.into() }
    }

    pub fn warning(
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message, help) }
    }

    /// The finding in its file.
    pub fn at(self, file: &str) -> Diagnostic {
        let location = Location::new(file, self.span);
        Diagnostic { code: self.code, severity: self.severity, location, message: self.message, help: self.help }
    }
}

/// The known name that is most like a misspelt one: few changed characters, none where nothing is near.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted: Vec<char> = name.chars().collect();
    let scored = known.into_iter().map(|other| (distance(&wanted, &other.chars().collect::<Vec<_>>()), other));
    let (score, best) = scored.min_by_key(|(score, other)| (*score, other.len()))?;
    (score < wanted.len().max(2)).then_some(best)
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_slip_of_the_pen() {
        assert_eq!(nearest("家庭收人", ["家庭收入", "家庭人数", "成员"]), Some("家庭收入"));
        assert_eq!(nearest("存款", ["甲乙丙丁戊"]), None);
    }
}
