//! Values of the formula language, their Chinese form and their JSON form.

use std::fmt;
use std::sync::Arc;

use base::{Date, Decimal};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a formula yields. `Missing` is a value of every type: unknown, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Missing(Arc<Missing>),
    Number(Decimal),
    Text(Arc<str>),
    Bool(bool),
    Date(Date),
    List(Arc<[Value]>),
    Record(Arc<Record>),
}

/// Why a value is unknown, in Chinese: 缺少“上年度收入”, 除数为零.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Missing {
    pub what: String,
}

/// Named values in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub fields: Vec<(Arc<str>, Value)>,
}

impl Record {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }
}

impl Missing {
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }

    /// A fact that nobody gave.
    pub fn fact(name: &str) -> Self {
        Self::new(format!("缺少“{name}”"))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Missing {}

impl From<Missing> for Value {
    fn from(missing: Missing) -> Self {
        Value::Missing(Arc::new(missing))
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.into())
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Value::Date(date)
    }
}

impl Value {
    pub fn missing(what: impl Into<String>) -> Self {
        Missing::new(what).into()
    }

    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Value::List(items.into_iter().collect())
    }

    pub fn record<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, Value)>) -> Self {
        Value::Record(Arc::new(Record { fields: fields.into_iter().map(|(n, v)| (n.into(), v)).collect() }))
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing(_))
    }

    pub fn number(&self) -> Option<Decimal> {
        if let Value::Number(n) = self { Some(*n) } else { None }
    }

    pub fn text(&self) -> Option<&str> {
        if let Value::Text(t) = self { Some(t) } else { None }
    }

    pub fn bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    pub fn date(&self) -> Option<Date> {
        if let Value::Date(d) = self { Some(*d) } else { None }
    }

    pub fn items(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    pub fn as_record(&self) -> Option<&Record> {
        if let Value::Record(record) = self { Some(record) } else { None }
    }
}

impl fmt::Display for Value {
    /// The value as a page or letter shows it: 是, 2026年3月1日, 1234.5, 甲、乙, 姓名：张三，年龄：70; a missing value shows its reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Missing(missing) => write!(f, "（{missing}）"),
            Value::Number(n) => write!(f, "{}", n.normalize()),
            Value::Text(t) => f.write_str(t),
            Value::Bool(b) => f.write_str(if *b { "是" } else { "否" }),
            Value::Date(d) => write!(f, "{}年{}月{}日", d.year(), d.month(), d.day()),
            Value::List(items) if items.is_empty() => f.write_str("无"),
            Value::List(items) => {
                let records = items.iter().any(|item| matches!(item, Value::Record(_)));
                let between = if records { "；" } else { "、" };
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { between })?;
                }
                Ok(())
            }
            Value::Record(record) => {
                for (i, (name, value)) in record.fields.iter().enumerate() {
                    write!(f, "{}{name}：{value}", if i == 0 { "" } else { "，" })?;
                }
                Ok(())
            }
        }
    }
}

/// number `{"n":"425.00"}`, text `"…"`, truth `true`, date `{"d":"2026-01-01"}`, list `[…]`, record `{"r":[["姓名",…],…]}`,
/// missing `{"missing":"…"}`. A number keeps its written decimals.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn tagged<S: Serializer, T: Serialize + ?Sized>(
            serializer: S,
            tag: &str,
            content: &T,
        ) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(tag, content)?;
            map.end()
        }
        match self {
            Value::Missing(missing) => tagged(serializer, "missing", &missing.what),
            Value::Number(n) => tagged(serializer, "n", &n.to_string()),
            Value::Text(t) => serializer.serialize_str(t),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Date(d) => tagged(serializer, "d", d),
            Value::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Record(record) => tagged(serializer, "r", &record.fields),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a formula value: text, truth, list, or one of {n}, {d}, {r}, {missing}")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let tag: String = map.next_key()?.ok_or_else(|| A::Error::custom("an empty object is no formula value"))?;
        let value = match tag.as_str() {
            "n" => {
                let digits: String = map.next_value()?;
                Value::Number(Decimal::from_str_exact(&digits).map_err(A::Error::custom)?)
            }
            "d" => Value::Date(map.next_value()?),
            "r" => Value::Record(Arc::new(Record { fields: map.next_value()? })),
            "missing" => Value::Missing(Arc::new(Missing { what: map.next_value()? })),
            other => return Err(A::Error::custom(format!("unknown kind of formula value: {other}"))),
        };
        match map.next_key::<String>()? {
            None => Ok(value),
            Some(more) => Err(A::Error::custom(format!("a formula value has one key, found also {more}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        Value::record([
            ("金额", Value::Number(Decimal::new(42500, 2))),
            ("名单", Value::list([Value::from("甲"), Value::from("乙")])),
            ("残疾", true.into()),
            ("起", base::Date::constant(2026, 1, 1).into()),
            ("收入", Missing::fact("收入").into()),
        ])
    }

    #[test]
    fn json_form_is_readable_and_returns() {
        let json = serde_json::to_string(&sample()).unwrap();
        assert_eq!(
            json,
            r#"{"r":[["金额",{"n":"425.00"}],["名单",["甲","乙"]],["残疾",true],["起",{"d":"2026-01-01"}],["收入",{"missing":"缺少“收入”"}]]}"#
        );
        let back: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back, sample());
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }

    #[test]
    fn json_refuses_what_is_no_value() {
        for wrong in ["{}", r#"{"n":"1","d":"2026-01-01"}"#, r#"{"x":1}"#, "1", "null", r#"{"n":"一"}"#] {
            assert!(serde_json::from_str::<Value>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shows_in_chinese() {
        assert_eq!(sample().to_string(), "金额：425，名单：甲、乙，残疾：是，起：2026年1月1日，收入：（缺少“收入”）");
    }
}
