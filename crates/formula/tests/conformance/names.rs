//! Names of one word, functions lexed whole, and literals as the profile writes them.

use std::collections::BTreeMap;

use formula::is_name;

/// FEEL's functions of several words, the longest first.
const FUNCTIONS: [&str; 34] = [
    "years and months duration",
    "get or else",
    "month of year",
    "week of year",
    "day of week",
    "day of year",
    "round half down",
    "round half up",
    "insert before",
    "index of",
    "list contains",
    "list replace",
    "distinct values",
    "string length",
    "string join",
    "substring before",
    "substring after",
    "starts with",
    "ends with",
    "upper case",
    "lower case",
    "date and time",
    "round down",
    "round up",
    "get entries",
    "get value",
    "context put",
    "context merge",
    "met by",
    "overlapped before",
    "overlapped after",
    "started by",
    "finished by",
    "is defined",
];

/// Names as they are written, with the one word that stands for each; the longest first.
#[derive(Clone, Default)]
pub struct Names {
    pub words: Vec<(String, String)>,
    /// Types that the model names, as the profile says them.
    pub kinds: BTreeMap<String, String>,
}

impl Names {
    pub fn add(&mut self, name: &str) {
        if name.is_empty() || self.words.iter().any(|(known, _)| known == name) {
            return;
        }
        let word: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let mut word = if is_name(&word) { word } else { format!("n_{word}") };
        while self.words.iter().any(|(_, known)| *known == word) {
            word.push('_');
        }
        self.words.push((name.to_owned(), word));
        self.words.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    /// Another word for a name.
    pub fn put(&mut self, name: &str, word: String) {
        self.words.retain(|(known, _)| known != name);
        self.words.push((name.to_owned(), word));
        self.words.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    pub fn word(&self, name: &str) -> String {
        self.words.iter().find(|(known, _)| known == name).map_or_else(|| name.to_owned(), |(_, word)| word.clone())
    }

    /// Only the names.
    pub fn replaced(&self, text: &str) -> String {
        rewritten(text, |before, rest| {
            let named = |(name, _): &&(String, String)| {
                rest.strip_prefix(&**name).is_some_and(|after| !after.starts_with(in_name))
            };
            let found = self.words.iter().find(named).filter(|_| !in_name(before) && before != '.');
            found.map(|(name, word)| (word.clone(), name.len()))
        })
    }

    /// An expression with names and functions of one word, without comments, on one line.
    pub fn adapt(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            if c == '"' {
                let end = closing(rest);
                let literal = rest.get(1..end - 1).and_then(temporal).filter(|_| before == '@');
                match literal {
                    Some(literal) => {
                        out.pop();
                        out.push_str(&literal);
                    }
                    None => out.push_str(&rest[..end]),
                }
                (before, rest) = ('"', &rest[end..]);
                continue;
            }
            if let Some(after) = rest.strip_prefix("//") {
                rest = after.split_once('\n').map_or("", |(_, after)| after);
                continue;
            }
            if let Some(after) = rest.strip_prefix("/*") {
                rest = after.split_once("*/").map_or("", |(_, after)| after);
                continue;
            }
            if !in_name(before) {
                if let Some((literal, end)) = literal_call(rest) {
                    out.push_str(&literal);
                    (before, rest) = ('0', &rest[end..]);
                    continue;
                }
                if let Some(after) = rest.strip_prefix("instance of").filter(|_| before.is_whitespace()) {
                    let (kind, end) = self.kind(after);
                    out.push_str("instance_of ");
                    out.push_str(&kind);
                    (before, rest) = ('x', &after[end..]);
                    continue;
                }
                let own = self.words.iter().map(|(name, word)| (&**name, word.clone()));
                let functions = FUNCTIONS.iter().map(|name| match *name {
                    // Durations of months are numbers of 个月.
                    "years and months duration" => (*name, "相隔月".to_owned()),
                    name => (name, name.replace(' ', "_")),
                });
                let found = own
                    .chain(functions)
                    .find(|(name, _)| rest.strip_prefix(name).is_some_and(|after| !after.starts_with(in_name)));
                if let Some((name, word)) = found {
                    out.push_str(&word);
                    (before, rest) = ('x', &rest[name.len()..]);
                    continue;
                }
            }
            out.push(if c == '\n' || c == '\r' || c == '\t' { ' ' } else { c });
            before = c;
            rest = &rest[c.len_utf8()..];
        }
        out.trim().to_owned()
    }
}

impl Names {
    /// The type that a text begins with, as the profile says it, and where it ends.
    fn kind(&self, text: &str) -> (String, usize) {
        let start = text.len() - text.trim_start().len();
        let rest = &text[start..];
        for words in ["years and months duration", "days and time duration", "date and time"] {
            if rest.starts_with(words) {
                return (words.replace(' ', "_"), start + words.len());
            }
        }
        if rest.starts_with("function<") {
            let end = rest.find("->").map_or(rest.len(), |arrow| arrow + 2);
            let (_, result) = self.kind(&rest[end..]);
            return ("function".into(), start + end + result);
        }
        if let Some(inner) = rest.strip_prefix("context<") {
            let (mut at, mut fields) = (0, Vec::new());
            while let Some((name, after)) = inner[at..].trim_start_matches([',', ' ']).split_once(':') {
                let (kind, end) = self.kind(after);
                fields.push(format!("{}: {kind}", self.word(name.trim())));
                at = inner.len() - after.len() + end;
                if !inner[at..].trim_start().starts_with(',') {
                    break;
                }
            }
            return (format!("context<{}>", fields.join(", ")), start + 8 + at + 1);
        }
        if let Some(inner) = rest.strip_prefix("list<") {
            let (item, end) = self.kind(inner);
            return (format!("list<{item}>"), start + 5 + end + 1);
        }
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        (self.kinds.get(word).cloned().unwrap_or_else(|| word.to_owned()), start + end)
    }
}

/// A text in which something else stands in the place of what is found at a character, but for strings. `find` is told
/// what stood before, and says what is written and where it ends.
pub fn rewritten(text: &str, find: impl Fn(char, &str) -> Option<(String, usize)>) -> String {
    let (mut out, mut rest, mut before) = (String::new(), text, ' ');
    while let Some(c) = rest.chars().next() {
        let (written, end) = match c {
            '"' => (rest[..closing(rest)].to_owned(), closing(rest)),
            _ => find(before, rest).unwrap_or_else(|| (c.to_string(), c.len_utf8())),
        };
        before = written.chars().next_back().unwrap_or(before);
        out += &written;
        rest = &rest[end..];
    }
    out
}

pub fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<base::Date>().is_ok()
}

/// Behind the closing quotation mark of a string that a text begins with.
pub fn closing(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `date("2020-01-01")` and the like at the beginning, as the profile writes it, and where the call ends.
fn literal_call(text: &str) -> Option<(String, usize)> {
    let (name, inside) = ["date and time", "duration", "date", "time"]
        .into_iter()
        .find_map(|name| Some((name, text.strip_prefix(name)?.trim_start().strip_prefix('(')?.trim_start())))?;
    if !inside.starts_with('"') {
        return None;
    }
    let end = closing(inside);
    let (content, after) = (inside.get(1..end - 1)?, inside[end..].trim_start().strip_prefix(')')?);
    let literal = match name {
        "date" => Some(content.to_owned()).filter(|date| is_date(date)),
        "date and time" if is_date(content) => Some(format!("{content} 00:00")),
        "time" => time(content),
        _ => temporal(content).filter(|_| name == "duration" || content.contains('T')),
    };
    Some((literal?, text.len() - after.len()))
}

/// A time of day without a zone.
fn time(text: &str) -> Option<String> {
    let is_plain = text.len() >= 5 && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    (is_plain && text.parse::<base::Time>().is_ok()).then(|| text.to_owned())
}

/// A date, a local moment or a duration as the profile writes it: durations are numbers of 日 or of 个月.
fn temporal(text: &str) -> Option<String> {
    if is_date(text) {
        return Some(text.to_owned());
    }
    if let Some((day, clock)) = text.split_once('T').filter(|(day, _)| is_date(day)) {
        // The end of a day is the beginning of the next one.
        let next = || day.parse::<base::Date>().ok()?.tomorrow().ok();
        return match clock {
            "24:00:00" => next().map(|day| format!("{day} 00:00:00")),
            _ => time(clock).map(|clock| format!("{day} {clock}")),
        };
    }
    if let Some(time) = time(text) {
        return Some(time);
    }
    let (number, unit) = duration(text)?;
    let sign = if number < formula::Rational::from(0) { "-" } else { "" };
    let (top, below) = (number.numer().abs(), number.denom());
    Some(if *below == 1 { format!("({sign}{top}{unit})") } else { format!("({sign}{top}{unit} / {below})") })
}

/// `P1Y2M` as months, `P1DT2H` as days.
pub fn duration(text: &str) -> Option<(formula::Rational, &'static str)> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P').filter(|rest| !rest.is_empty() && !rest.ends_with('T'))?;
    let (mut months, mut seconds) = (None, None);
    let (mut digits, mut in_time) = (String::new(), false);
    for c in rest.chars() {
        match c {
            'T' if digits.is_empty() => in_time = true,
            '0'..='9' => digits.push(c),
            _ => {
                let n: i128 = std::mem::take(&mut digits).parse().ok()?;
                match (c, in_time) {
                    ('Y', false) => months = Some(months.unwrap_or(0) + n.checked_mul(12)?),
                    ('M', false) => months = Some(months.unwrap_or(0) + n),
                    ('D', false) => seconds = Some(seconds.unwrap_or(0) + n.checked_mul(86_400)?),
                    ('H', true) => seconds = Some(seconds.unwrap_or(0) + n.checked_mul(3_600)?),
                    ('M', true) => seconds = Some(seconds.unwrap_or(0) + n.checked_mul(60)?),
                    ('S', true) => seconds = Some(seconds.unwrap_or(0) + n),
                    _ => return None,
                }
            }
        }
    }
    if !digits.is_empty() {
        return None;
    }
    match (months, seconds) {
        (Some(months), None) => Some((formula::Rational::from(sign * months), "个月")),
        (None, Some(seconds)) => Some((formula::Rational::new(sign * seconds, 86_400), "日")),
        _ => None,
    }
}
