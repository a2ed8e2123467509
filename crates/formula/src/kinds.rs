//! Words for types where a formula asks for one, and the parts of days, times and lengths of time.

use std::fmt;
use std::sync::Arc;

use crate::number::Rational;
use crate::plan::Node;
use crate::syntax::Operator;
use crate::types::Type;
use crate::unit::Unit;
use crate::value::Value;
use crate::words::Builtin;

/// What stands behind `类型是`: a word, and for a list what its items are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub word: Arc<str>,
    pub item: Option<Box<Wanted>>,
    /// For a record its fields; it may have more.
    pub fields: Vec<(Arc<str>, Wanted)>,
}

/// FEEL's word, the Chinese word, meaning.
pub const KINDS: [(&str, &str, &str); 14] = [
    ("Any", "任何", "不是空的任何值"),
    ("number", "数", "有没有单位都是；只有 日 和 个月 是时段"),
    ("string", "文字", "选项也是"),
    ("boolean", "是否", ""),
    ("date", "日期", ""),
    ("", "月份", ""),
    ("time", "时间", "一天里的几时几分"),
    ("date_and_time", "时刻", "哪一天的几时几分"),
    ("days_and_time_duration", "日", "时段，可以不是整日"),
    ("years_and_months_duration", "个月", "时段"),
    ("list", "一列", "`一列<数>`：每项都是数"),
    ("context", "记录", "`记录<甲: 数, 乙: 文字>`：至少有这些"),
    ("", "地区", ""),
    ("function", "函数", "公式不是值，所以从不成立"),
];

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)?;
        let fields = self.fields.iter().map(|(name, wanted)| format!("{name}: {wanted}"));
        let inside: Vec<String> = self.item.iter().map(|item| item.to_string()).chain(fields).collect();
        if inside.is_empty() { Ok(()) } else { write!(f, "<{}>", inside.join(", ")) }
    }
}

/// The Chinese word of a type, by either word.
pub(crate) fn kind(word: &str) -> Option<&'static str> {
    KINDS.iter().find(|row| row.1 == word || (!row.0.is_empty() && row.0 == word)).map(|row| row.1)
}

/// Whether values of a type are of a kind; what is 空 is asked apart.
pub(crate) fn is_a(ty: &Type, wanted: &Wanted) -> bool {
    let is_duration = matches!(ty, Type::Number(unit) if *unit == Unit::DAYS || *unit == Unit::MONTHS);
    match (&*wanted.word, ty) {
        (_, Type::Null) => false,
        ("任何", _) => true,
        ("数", ty) => ty.unit().is_some() && !is_duration,
        ("文字", ty) => ty.is_text(),
        ("日", Type::Number(unit)) => *unit == Unit::DAYS,
        ("个月", Type::Number(unit)) => *unit == Unit::MONTHS,
        ("一列", Type::List(item)) => {
            **item == Type::Never || wanted.item.as_ref().is_none_or(|wanted| is_a(item, wanted))
        }
        ("记录", Type::Fields(fields)) => wanted
            .fields
            .iter()
            .all(|(name, wanted)| fields.get(name).is_some_and(|ty| *ty == Type::Null || is_a(ty, wanted))),
        (word, Type::Bool | Type::Date | Type::Month | Type::Time | Type::Moment | Type::Region) => {
            ty.to_string() == word
        }
        _ => false,
    }
}

/// Parts that have a name behind a point: FEEL's, the Chinese one, what yields it.
const PARTS: [(&str, &str, Builtin); 7] = [
    ("year", "年", Builtin::Year),
    ("month", "月", Builtin::MonthNumber),
    ("day", "日", Builtin::Day),
    ("weekday", "星期", Builtin::Weekday),
    ("hour", "时", Builtin::Hour),
    ("minute", "分", Builtin::Minute),
    ("second", "秒", Builtin::Second),
];

/// What `日期.年` calls.
pub(crate) fn part(name: &str) -> Option<Builtin> {
    PARTS.iter().find(|row| row.0 == name || row.1 == name).map(|row| row.2)
}

/// Parts of lengths of time: FEEL's name, the Chinese one, the unit, how many are in one of the unit, and how many make
/// one of the next greater part, which are not counted.
const LENGTHS: [(&str, &str, Unit, Rational, Option<i128>); 6] = [
    ("years", "整年", Unit::MONTHS, Rational::new_raw(1, 12), None),
    ("months", "余月", Unit::MONTHS, Rational::new_raw(1, 1), Some(12)),
    ("days", "整日", Unit::DAYS, Rational::new_raw(1, 1), None),
    ("hours", "余时", Unit::DAYS, Rational::new_raw(24, 1), Some(24)),
    ("minutes", "余分", Unit::DAYS, Rational::new_raw(1_440, 1), Some(60)),
    ("seconds", "余秒", Unit::DAYS, Rational::new_raw(86_400, 1), Some(60)),
];

/// `时段.余时` over a length of time: whole parts, without those that the next greater part counts.
pub(crate) fn length(node: Node, unit: Unit, name: &str) -> Option<Node> {
    let (.., many, above) = LENGTHS.iter().find(|row| row.2 == unit && (row.0 == name || row.1 == name))?;
    let number = |n: Rational| Node::Const(Value::Number(n));
    let all = Node::Binary(Operator::Multiply, Box::new(node), Box::new(number(*many)));
    let whole = Node::Call(Builtin::RoundDown, vec![all, number(Rational::from(0))]);
    Some(match above {
        None => whole,
        Some(above) => Node::Call(Builtin::Remainder, vec![whole, number(Rational::from(*above))]),
    })
}
