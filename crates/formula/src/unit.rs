//! Units of numbers: what may be added to what, and what a product is measured in.

use std::fmt;

/// What a number counts or measures: a product of powers, or things counted.
///
/// Things counted (人, 户, 间 …) mix with bare numbers and vanish in products; the other units do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Powers of `MEASURES`, in that order.
    powers: [i8; MEASURES.len()],
    counted: Option<Counted>,
}

/// Measures that keep their unit in products.
/// 万元 is what reports are made in; it is not converted.
const MEASURES: [&str; 10] = ["元", "个月", "年", "日", "小时", "岁", "公顷", "亩", "平方米", "万元"];

/// Things that are counted: whole and not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    Persons,
    Households,
    Rooms,
    Houses,
    Head,
    Votes,
    Pieces,
    Times,
    Items,
    Payments,
}

const COUNTED: [(&str, Counted); 10] = [
    ("人", Counted::Persons),
    ("户", Counted::Households),
    ("间", Counted::Rooms),
    ("套", Counted::Houses),
    ("头", Counted::Head),
    ("票", Counted::Votes),
    ("件", Counted::Pieces),
    ("次", Counted::Times),
    ("项", Counted::Items),
    ("笔", Counted::Payments),
];

/// Every unit that a literal or a type may name, the longest first, so that the first match is the right one.
pub(crate) const NAMES: [&str; 23] = [
    "平方米",
    "元/月",
    "元/年",
    "个月",
    "公顷",
    "小时",
    "万元",
    "元",
    "年",
    "日",
    "岁",
    "亩",
    "人",
    "户",
    "间",
    "套",
    "头",
    "票",
    "件",
    "笔",
    "次",
    "项",
    "%",
];

impl Unit {
    /// A bare number.
    pub const NONE: Self = Self { powers: [0; MEASURES.len()], counted: None };
    pub const YUAN: Self = Self::power_of(0);
    pub const MONTHS: Self = Self::power_of(1);
    pub const YEARS: Self = Self::power_of(2);
    pub const DAYS: Self = Self::power_of(3);
    pub const HOURS: Self = Self::power_of(4);
    pub const AGE: Self = Self::power_of(5);

    const fn power_of(index: usize) -> Self {
        let mut powers = [0; MEASURES.len()];
        powers[index] = 1;
        Self { powers, counted: None }
    }

    /// The unit of one of the names that types and literals use; `%` is a bare number.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some((_, counted)) = COUNTED.iter().find(|(text, _)| *text == name) {
            return Some(Self { counted: Some(*counted), ..Self::NONE });
        }
        match name {
            "%" => Some(Self::NONE),
            "元/月" => Some(Self::YUAN.over(Self::MONTHS)),
            "元/年" => Some(Self::YUAN.over(Self::YEARS)),
            _ => MEASURES.iter().position(|measure| *measure == name).map(Self::power_of),
        }
    }

    /// Counted things and bare numbers.
    pub fn is_plain(self) -> bool {
        self.powers == [0; MEASURES.len()]
    }

    pub fn is_counted(self) -> bool {
        self.counted.is_some()
    }

    /// 元, whatever the period: 元, 元/月, 元/年.
    pub fn is_money(self) -> bool {
        self.powers[0] == 1
    }

    pub fn times(self, other: Self) -> Self {
        self.combine(other, 1)
    }

    pub fn over(self, other: Self) -> Self {
        self.combine(other, -1)
    }

    const fn combine(self, other: Self, sign: i8) -> Self {
        let mut powers = self.powers;
        let mut i = 0;
        while i < powers.len() {
            powers[i] = powers[i].saturating_add(other.powers[i].saturating_mul(sign));
            i += 1;
        }
        Self { powers, counted: None }
    }

    /// The unit of a sum, if the two may be added: equal units, or a count with a bare number.
    pub fn sum(self, other: Self) -> Option<Self> {
        if self == other {
            return Some(self);
        }
        let mixes = self.is_plain() && other.is_plain() && (self.counted.is_none() || other.counted.is_none());
        mixes.then_some(Self { counted: self.counted.or(other.counted), ..self })
    }

    /// Whether the two may be compared: like sums, and one count with another.
    pub fn compares(self, other: Self) -> bool {
        self.powers == other.powers
    }
}

impl fmt::Display for Unit {
    /// `元/月`, `人`, `元·个月`; a bare number is `数`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(counted) = self.counted {
            let name = COUNTED.iter().find(|(_, c)| *c == counted).map_or("", |(name, _)| name);
            return f.write_str(name);
        }
        let side = |sign: i8| {
            let parts = MEASURES.iter().zip(self.powers).filter(|(_, power)| power.signum() == sign);
            let part = |(name, power): (&&str, i8)| match power.unsigned_abs() {
                1 => (*name).to_owned(),
                n => format!("{name}^{n}"),
            };
            parts.map(part).collect::<Vec<_>>().join("·")
        };
        match (side(1), side(-1)) {
            (above, below) if above.is_empty() && below.is_empty() => f.write_str("数"),
            (above, below) if below.is_empty() => f.write_str(&above),
            (above, below) => {
                let below = if below == "个月" { "月".to_owned() } else { below };
                write!(f, "{}/{below}", if above.is_empty() { "1" } else { &above })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in NAMES.iter().filter(|name| **name != "%") {
            assert_eq!(Unit::parse(name).unwrap().to_string(), *name);
        }
        assert!(NAMES.windows(2).all(|pair| pair[0].chars().count() >= pair[1].chars().count()));
    }

    #[test]
    fn products_and_sums() {
        let unit = |name| Unit::parse(name).unwrap();
        assert_eq!(unit("元/月").times(unit("个月")), unit("元"));
        assert_eq!(unit("元").over(unit("个月")), unit("元/月"));
        assert_eq!(unit("元/月").times(unit("人")), unit("元/月"));
        assert_eq!(unit("人").sum(Unit::NONE), Some(unit("人")));
        assert_eq!(unit("人").sum(unit("户")), None);
        assert!(unit("人").compares(unit("户")));
        assert_eq!(unit("元/年").sum(unit("元/月")), None);
    }
}
