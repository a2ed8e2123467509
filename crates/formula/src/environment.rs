//! What formulas may speak of: values, lists, registers, parameters, steps.

use std::sync::Arc;

use crate::types::Type;

/// The names that a guide declares outside its formulas.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub values: Vec<ValueName>,
    /// Parents before their children.
    pub lists: Vec<ListName>,
    pub registers: Vec<RegisterName>,
    pub parameters: Vec<ParameterName>,
    /// Steps, for 已有, 已开 and 次数; the facts hold them as `步骤.已有`, `步骤.已开`, `步骤.次数`.
    pub steps: Vec<Arc<str>>,
}

/// A single value: a field, a step's output (`公示.异议数`), or a built-in name.
#[derive(Clone, Debug)]
pub struct ValueName {
    pub name: Arc<str>,
    pub ty: Type,
    /// A formula of the same name speaks when no step did.
    pub computed: bool,
    /// 今日, 此刻: only for conditions of steps, never in a calculation.
    pub live: bool,
}

/// A list of rows (名册 or 明细).
#[derive(Clone, Debug)]
pub struct ListName {
    pub name: Arc<str>,
    /// The number of the enclosing list.
    pub parent: Option<usize>,
    pub columns: Vec<ValueName>,
    /// For a 名册 the register of its rows; the column of that name holds the register's row.
    pub register: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct RegisterName {
    pub name: Arc<str>,
    pub columns: Vec<(Arc<str>, Type)>,
}

/// A dated rate that a region sets.
#[derive(Clone, Debug)]
pub struct ParameterName {
    pub name: Arc<str>,
    pub ty: Type,
    /// Names and types of the key.
    pub dimensions: Vec<(Arc<str>, Type)>,
}

impl ValueName {
    pub fn new(name: impl Into<Arc<str>>, ty: Type) -> Self {
        Self { name: name.into(), ty, computed: false, live: false }
    }
}

impl Environment {
    /// The name with its enclosing list: `成员.收入`.
    pub fn list_path(&self, list: usize) -> String {
        let own = &self.lists[list];
        match own.parent {
            Some(parent) => format!("{}.{}", self.list_path(parent), own.name),
            None => own.name.to_string(),
        }
    }
}
