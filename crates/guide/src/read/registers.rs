//! `## 台账`: the registers that a guide owns, and what formulas read of registers.

use std::sync::Arc;

use formula::{Cell, Environment, Expression, ListName, Type, ValueName, half_width, nearest};

use super::Reader;
use super::fields::{plain_type, registers};
use super::flow::Known;
use super::tables::{self, Row};
use crate::document::{Section, Table};
use crate::model::{AsOf, FieldType, Fill, Register, RegisterColumn, Relation, Retention};

/// A relation before the formulas are compiled: its names are known, what it is joined by is not.
pub(super) struct RelationRow {
    relation: Relation,
    many: bool,
    join: Cell,
    as_of: Cell,
}

const COLUMNS: [&str; 5] = ["项目", "标识", "类型", "必填", "[说明]"];

const KEPT: [&str; 3] = ["保存", "起算", "[依据]"];

/// The names that formulas see: `名称.列` of one row, or a list of rows; and `台账.列` of the row for which a start opens the
/// case.
pub(super) fn names(read: &[RelationRow], (starts, registers): (&[&Section], &[Register]), env: &mut Environment) {
    for row in read {
        let columns = row.relation.columns.iter().map(|column| (column.name.clone(), column_type(column)));
        if row.many {
            let columns = columns.map(|(name, ty)| ValueName::new(name, ty)).collect();
            env.lists.push(ListName { name: row.relation.name.clone(), parent: None, register: None, columns });
        } else {
            env.values.extend(columns.map(|(name, ty)| ValueName::new(format!("{}.{name}", row.relation.name), ty)));
        }
    }
    let named = super::column_of(starts, "启动", "对每个");
    registers.iter().filter(|register| named.contains(&*register.name)).for_each(|known| names_of_row(known, env));
}

/// The columns of a register's row, as `台账.列`.
pub(super) fn names_of_row(register: &Register, env: &mut Environment) {
    let names = register.columns.iter().map(|column| (format!("{}.{}", register.name, column.name), column));
    let fresh: Vec<ValueName> = names
        .filter(|(name, _)| !env.values.iter().any(|known| *known.name == **name))
        .map(|(name, column)| ValueName::new(name, column_type(column)))
        .collect();
    env.values.extend(fresh);
}

pub(super) fn column_type(column: &RegisterColumn) -> Type {
    match &column.ty {
        FieldType::Plain(ty) => ty.clone(),
        FieldType::Register(register) => Type::Record(*register),
        _ => Type::Text,
    }
}

impl Reader {
    /// `### 名称 标识` with the columns, and how long rows are kept. A column may name a row of a register that stands
    /// beside it or is known to all.
    pub(super) fn own_registers(&mut self, sections: &[&Section], common: &[Register]) -> Vec<Register> {
        let mut found: Vec<Register> = Vec::new();
        let titles = sections.iter().filter(|section| section.level == 3).filter_map(|s| s.title.split_once(' '));
        let others = common.iter().map(|register| (&*register.name, &*register.key));
        let named: Vec<(&str, &str)> = titles.map(|(name, key)| (name, key.trim())).chain(others).collect();
        for section in sections.iter().filter(|section| section.level == 3) {
            let (name, key) = section.title.split_once(' ').unwrap_or((&section.title, ""));
            if !tables::is_key(key.trim()) {
                let help = "写成“### 名称 标识”，例如 ### 村 village";
                self.error("G106", &section.span, format!("台账“{}”没有标识", section.title), help);
                continue;
            }
            if found.iter().any(|known| *known.key == *key.trim()) {
                self.error("G205", &section.span, format!("标识“{}”用了两次", key.trim()), "换一个标识");
            }
            let mut columns: Vec<RegisterColumn> = Vec::new();
            let keeps = |table: &&Table| table.text.header.first().is_some_and(|cell| cell.text == KEPT[0]);
            for table in section.tables.iter().filter(|table| !keeps(table)) {
                let mut findings = Vec::new();
                let rows = tables::rows(table, &COLUMNS, name, &mut findings).rows;
                self.all(findings);
                columns.extend(rows.iter().filter_map(|row| self.register_column(row, &named)));
            }
            let kept = section.tables.iter().find(keeps);
            let retention = kept.and_then(|table| self.retention(table, name, &columns));
            if !columns.iter().any(|column| column.is_key) {
                let help = "把分得清每一行的列的“必填”写成 键";
                self.error("G102", &section.span, format!("台账“{name}”没有键"), help);
            }
            found.push(Register {
                name: name.into(),
                key: key.trim().into(),
                columns,
                retention,
                span: section.span.clone(),
            });
        }
        found
    }

    fn retention(&mut self, table: &Table, register: &str, columns: &[RegisterColumn]) -> Option<Retention> {
        let mut findings = Vec::new();
        let rows = tables::rows(table, &KEPT, register, &mut findings).rows;
        self.all(findings);
        let row = rows.first()?;
        let (kept, since) = (row.get("保存"), row.get("起算"));
        let years = kept.text.strip_suffix('年').and_then(|years| years.trim().parse().ok());
        if years.is_none() && kept.text != "永久" {
            self.error("G303", &kept.span, format!("保存“{}”不认识", kept.text), "写 永久 或者 10年");
        }
        let date = |column: &&RegisterColumn| column.ty == FieldType::Plain(Type::Date) && *column.name == *since.text;
        let column = columns.iter().find(date);
        if years.is_some() && column.is_none() {
            let message = format!("“{register}”没有日期列“{}”", since.text);
            self.error("G201", &since.span, message, "起算写一个日期列：从那一天起算保存的年限");
        }
        let since = column.map_or_else(|| "".into(), |column| column.key.clone());
        Some(Retention { years, since, basis: row.text("依据") })
    }

    pub(super) fn register_column(&mut self, row: &Row, named: &[(&str, &str)]) -> Option<RegisterColumn> {
        let (name, key, ty, required) = (row.get("项目"), row.get("标识"), row.get("类型"), row.get("必填"));
        self.name(&name, &key);
        let text: String = ty.text.chars().map(half_width).collect();
        let (word, inside) = match text.split_once('(') {
            Some((word, rest)) => (word.trim().to_owned(), rest.strip_suffix(')').map(str::trim)),
            None => (text.clone(), None),
        };
        let register = registers().iter().position(|register| *register.name == *word && inside.is_none());
        let ty = match register {
            // A register that is declared has rows with keys; the engine knows people without one.
            Some(register) if !named.iter().any(|(name, _)| *name == word) || word == "人员" => {
                FieldType::Register(register)
            }
            _ if named.iter().any(|(name, _)| *name == word) => {
                let key = named.iter().find(|(name, _)| *name == word).map_or("", |(_, key)| key);
                FieldType::Row(key.into())
            }
            _ => match plain_type(&word, inside) {
                Ok(ty) => ty,
                Err(help) => {
                    self.error("G306", &ty.span, format!("类型“{}”不认识", ty.text), help);
                    return None;
                }
            },
        };
        if !["是", "否", "键", "唯一", ""].contains(&&*required.text) {
            self.error("G303", &required.span, format!("必填没有“{}”", required.text), "应写 键、是、否、唯一");
        }
        let (is_key, note, unique) = (required.text == "键", row.text("说明"), required.text.clone());
        let required = is_key || required.text == "是";
        Some(RegisterColumn {
            name: name.text.as_str().into(),
            key: key.text.as_str().into(),
            ty,
            required,
            is_key,
            unique: unique == "唯一",
            note,
        })
    }

    /// The rows of `## 台账` with the registers that they read.
    pub(super) fn relation_rows(&mut self, sections: &[&Section], known: &[Register]) -> Vec<RelationRow> {
        let mut found = Vec::new();
        for table in sections.iter().filter(|section| section.level == 2).flat_map(|section| &section.tables) {
            let mut findings = Vec::new();
            let rows = tables::rows(table, tables::columns("台账").unwrap_or_default(), "台账", &mut findings).rows;
            self.all(findings);
            for row in rows {
                let (name, register, rows) = (row.get("名称"), row.get("台账"), row.get("几行"));
                let Some(own) = known.iter().find(|known| *known.name == *register.text) else {
                    let near = nearest(&register.text, known.iter().map(|known| &*known.name));
                    let help = near
                        .map_or("先用“### 名称 标识”声明".to_owned(), |near| format!("最接近的是“{near}”"));
                    self.error("G201", &register.span, format!("没有台账“{}”", register.text), help);
                    continue;
                };
                let each = rows.text.strip_prefix("每个 ").map(|list| Arc::from(list.trim()));
                if each.is_none() && !["一行", "多行"].contains(&&*rows.text) {
                    let help = "应写 一行、多行、每个 列表";
                    self.error("G303", &rows.span, format!("几行“{}”不认识", rows.text), help);
                }
                let relation = Relation {
                    name: name.text.as_str().into(),
                    register: own.key.clone(),
                    join: Vec::new(),
                    as_of: AsOf::Now,
                    list: None,
                    columns: own.columns.clone(),
                    each,
                };
                let many = rows.text == "多行" || relation.each.is_some();
                found.push(RelationRow { relation, many, join: row.get("凭"), as_of: row.get("时点") });
            }
        }
        found
    }

    pub(super) fn relations(&mut self, known: &Known, read: Vec<RelationRow>) -> Vec<Relation> {
        let mut found = Vec::new();
        for RelationRow { mut relation, many, join, as_of } in read {
            for clause in tables::clauses(&join) {
                let Some(at) = clause.text.find('=') else {
                    self.error("G106", &clause.span, format!("凭“{}”不认识", clause.text), "写成 台账列 = 式");
                    continue;
                };
                let (name, value) = tables::cut(&clause, at, 1);
                let Some(column) = relation.columns.iter().find(|column| *column.name == *name.text) else {
                    let near = nearest(&name.text, relation.columns.iter().map(|c| &*c.name)).unwrap_or("");
                    let message = format!("台账没有列“{}”", name.text);
                    self.error("G201", &name.span, message, format!("最接近的是“{near}”"));
                    continue;
                };
                let key = column.key.clone();
                let value = self.expression(known.program, &value, true, None);
                relation.join.extend(value.map(|value| (key, value)));
            }
            if let Some(each) = &relation.each {
                let is_list = |ty: &Type| matches!(ty, Type::List(_));
                if relation.join.iter().filter(|(_, value)| is_list(&value.ty)).count() != 1 {
                    let help = format!("在“凭”里恰好写一处 台账列 = {each}.列");
                    self.error(
                        "G106",
                        &join.span,
                        format!("看不出“{}”的每一行是“{each}”的哪一行", relation.name),
                        help,
                    );
                }
            }
            if relation.join.is_empty() {
                self.error("G102", &join.span, format!("“{}”没有写凭什么找", relation.name), "写成 台账列 = 式");
            }
            if !["此刻", ""].contains(&&*as_of.text) {
                let day = self.expression(known.program, &as_of, true, Some(&Type::Date));
                relation.as_of = day.map_or(AsOf::Now, |day| AsOf::On(Box::new(day)));
            }
            let env = known.program.environment();
            relation.list =
                env.lists.iter().position(|list| many && list.name == relation.name && list.parent.is_none());
            found.push(relation);
        }
        found
    }

    /// Columns that 内容 does not name are filled with what has the same name; the others must be known.
    pub(super) fn columns_filled(
        &mut self,
        known: &Known,
        (register, list): (&Register, Option<usize>),
        row: &Row,
        set: &mut Vec<(String, Fill)>,
    ) {
        for (name, _) in set.iter().filter(|(name, _)| !register.columns.iter().any(|c| *c.name == **name)) {
            let near = nearest(name, register.columns.iter().map(|column| &*column.name)).unwrap_or("");
            let message = format!("台账“{}”没有列“{name}”", register.name);
            self.error("G201", &row.get("内容").span, message, format!("最接近的是“{near}”"));
        }
        for column in &register.columns {
            if set.iter().any(|(name, _)| **name == *column.name) {
                continue;
            }
            // The case may also be about a row of that very register: then the row keeps what it says.
            let at = row.get("对象").span.start;
            let of_row = format!("{}.{}", register.name, column.name);
            let same = [&*column.name, &*of_row].map(|name| known.program.expression(name, at, true, list).ok());
            let same: Option<Expression> = same.into_iter().flatten().next();
            match same {
                Some(expression) => set.push((column.name.to_string(), Fill::Value(Box::new(expression)))),
                None if column.required => {
                    let message = format!("登记“{}”没有填“{}”", register.name, column.name);
                    let help = format!("在“内容”写 {} = …", column.name);
                    self.error("G102", &row.get("内容").span, message, help);
                }
                None => {}
            }
        }
        let key = |name: &str| register.columns.iter().find(|column| *column.name == *name).map(|c| c.key.clone());
        for (name, _) in set.iter_mut() {
            if let Some(key) = key(name) {
                *name = key.to_string();
            }
        }
    }
}
