//! Names of one word, functions lexed whole, and literals as the profile writes them.

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
pub struct Names(pub Vec<(String, String)>);

impl Names {
    pub fn add(&mut self, name: &str) {
        if name.is_empty() || self.0.iter().any(|(known, _)| known == name) {
            return;
        }
        let word: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let mut word = if is_name(&word) { word } else { format!("n_{word}") };
        while self.0.iter().any(|(_, known)| *known == word) {
            word.push('_');
        }
        self.0.push((name.to_owned(), word));
        self.0.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    /// Another word for a name.
    pub fn put(&mut self, name: &str, word: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), word));
        self.0.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    pub fn word(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).map_or_else(|| name.to_owned(), |(_, word)| word.clone())
    }

    /// Only the names.
    pub fn replaced(&self, text: &str) -> String {
        rewritten(text, |before, rest| {
            let named = |(name, _): &&(String, String)| {
                rest.strip_prefix(&**name).is_some_and(|after| !after.starts_with(in_name))
            };
            let found = self.0.iter().find(named).filter(|_| !in_name(before) && before != '.');
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
                let own = self.0.iter().map(|(name, word)| (&**name, word.clone()));
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
    let (name, inside) = ["date and time", "duration", "date"]
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
        _ => temporal(content).filter(|_| name == "duration" || content.contains('T')),
    };
    Some((literal?, text.len() - after.len()))
}

/// A date, a local moment or a duration as the profile writes it: durations are numbers of 日 or of 个月.
fn temporal(text: &str) -> Option<String> {
    if is_date(text) {
        return Some(text.to_owned());
    }
    if let Ok(moment) = text.parse::<base::DateTime>()
        && text.contains('T')
        && moment.subsec_nanosecond() == 0
        && !text.contains(['Z', '@', '+'])
        && text.matches('-').count() == 2
    {
        return Some(text.replace('T', " "));
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
