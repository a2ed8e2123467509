//! The types of the formula language and how messages name them.

use std::fmt;
use std::sync::Arc;

/// The type of a formula. There is no conversion between types: a text is never read as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Number,
    Text,
    Bool,
    Date,
    List(Arc<Type>),
    Record(Arc<RecordType>),
    /// What an empty list holds, and what a formula with an error already reported yields: it fits every type.
    /// No definition of a compiled program has it anywhere in its type.
    Any,
}

/// Fields in a fixed order; two record types are the same when names, order and types agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordType {
    pub fields: Vec<(Arc<str>, Type)>,
}

impl RecordType {
    /// The position and type of a field.
    pub fn field(&self, name: &str) -> Option<(usize, &Type)> {
        self.fields.iter().enumerate().find(|(_, (n, _))| &**n == name).map(|(i, (_, t))| (i, t))
    }
}

impl Type {
    pub fn list(item: Type) -> Type {
        Type::List(Arc::new(item))
    }

    /// The smallest type that both fit, or nothing when they differ; only `Any` gives way.
    pub(crate) fn join(&self, other: &Type) -> Option<Type> {
        match (self, other) {
            (Type::Any, t) | (t, Type::Any) => Some(t.clone()),
            (Type::List(a), Type::List(b)) => Some(Type::list(a.join(b)?)),
            (Type::Record(a), Type::Record(b)) => {
                if a.fields.len() != b.fields.len() {
                    return None;
                }
                let fields = a
                    .fields
                    .iter()
                    .zip(&b.fields)
                    .map(|((n, t), (m, u))| if n == m { Some((n.clone(), t.join(u)?)) } else { None });
                Some(Type::Record(Arc::new(RecordType { fields: fields.collect::<Option<_>>()? })))
            }
            (a, b) if a == b => Some(a.clone()),
            _ => None,
        }
    }

    /// How many parts the type has, through all records.
    pub(crate) fn size(&self) -> usize {
        match self {
            Type::List(item) => 1 + item.size(),
            Type::Record(record) => 1 + record.fields.iter().map(|(_, t)| t.size()).sum::<usize>(),
            Type::Number | Type::Text | Type::Bool | Type::Date | Type::Any => 1,
        }
    }

    /// Whether `Any` stands somewhere in the type.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Type::Any => true,
            Type::List(item) => item.is_open(),
            Type::Record(record) => record.fields.iter().any(|(_, t)| t.is_open()),
            Type::Number | Type::Text | Type::Bool | Type::Date => false,
        }
    }
}

impl fmt::Display for Type {
    /// The name of the type as messages show it: 数, 文字, 是否, 日期, 数的列表, 记录{姓名：文字}.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Number => f.write_str("数"),
            Type::Text => f.write_str("文字"),
            Type::Bool => f.write_str("是否"),
            Type::Date => f.write_str("日期"),
            Type::Any => f.write_str("未定"),
            Type::List(item) => write!(f, "{item}的列表"),
            Type::Record(record) => {
                f.write_str("记录{")?;
                for (i, (name, t)) in record.fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "，" };
                    if i == 6 {
                        f.write_str("，…")?;
                        break;
                    }
                    write!(f, "{comma}{name}：{t}")?;
                }
                f.write_str("}")
            }
        }
    }
}
