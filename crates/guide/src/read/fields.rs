//! `## 项目`: the facts, their types, who may say them and whom we believe.

use std::sync::Arc;

use base::{CodeList, Level};
use formula::{Cell, Finding, Program, ROUNDINGS, RegisterName, Type, Unit, ValueName, half_width, nearest};

use super::tables::{self, Row};
use super::{Reader, StepName};
use crate::document::Section;
use crate::model::{Field, FieldType, List, Required};

/// Registers that belong to the engine (format section 6.4), with their columns.
pub fn registers() -> Vec<RegisterName> {
    let register = |name: &str, columns: &[(&str, Type)]| RegisterName {
        name: name.into(),
        columns: columns.iter().map(|(name, ty)| ((*name).into(), ty.clone())).collect(),
    };
    vec![
        register(
            "人员",
            &[
                ("姓名", Type::Text),
                ("身份号码", Type::Text),
                ("性别", Type::choice(["男", "女"])),
                ("出生日期", Type::Date),
                ("死亡日期", Type::Date),
                ("户籍地", Type::Region),
                ("居住地", Type::Region),
            ],
        ),
        register("家庭", &[("户主", Type::Record(0)), ("户籍地", Type::Region)]),
        register("组织", &[("名称", Type::Text), ("属地", Type::Region)]),
    ]
}

/// Choices that can be dimensions of parameters.
pub fn choices(fields: &[Field]) -> Vec<(Arc<str>, Type)> {
    let choice = |field: &Field| match &field.ty {
        FieldType::Plain(ty @ Type::Choice(_)) => Some((field.name.clone(), ty.clone())),
        _ => None,
    };
    fields.iter().filter_map(choice).collect()
}

/// The type that formulas see.
pub fn formula_type(field: &Field, lists: &[List]) -> Type {
    match &field.ty {
        FieldType::Plain(ty) => ty.clone(),
        FieldType::Register(register) => Type::Record(*register),
        FieldType::List(list) if *list < lists.len() => Type::list(Type::Row(*list)),
        _ => Type::Text,
    }
}

/// The columns of a list as formulas see them; a 名册 has one named as its register, which holds the register's row.
pub fn list_columns(list: &List, lists: &[List], registers: &[RegisterName]) -> Vec<ValueName> {
    let own = list.register.map(|register| ValueName::new(registers[register].name.clone(), Type::Record(register)));
    let columns = list.columns.iter().filter(|column| !matches!(column.ty, FieldType::List(_)));
    let columns =
        columns.map(|c| ValueName { computed: c.computed, ..ValueName::new(c.name.clone(), formula_type(c, lists)) });
    own.into_iter().chain(columns).collect()
}

impl Reader {
    pub(crate) fn fields(
        &mut self,
        sections: &[&Section],
        steps: &[StepName],
    ) -> (Vec<Field>, Vec<List>, Vec<RegisterName>) {
        let registers = registers();
        let mut maker = Maker { steps, registers: &registers, lists: Vec::new(), taken: Vec::new() };
        let mut fields = Vec::new();
        let mut page = 0;
        for section in sections.iter().filter(|section| section.level == 2) {
            for table in &section.tables {
                let mut findings = Vec::new();
                let rows = tables::rows(table, tables::columns("项目").unwrap_or_default(), "项目", &mut findings);
                self.all(findings);
                for row in &rows.rows {
                    fields.extend(self.field(&mut maker, row, None, page));
                }
                page += 1;
            }
        }
        // Lists may be nested: a heading `### 成员.收入` needs the column 收入 of 成员.
        let mut tables: Vec<&&Section> = sections.iter().filter(|section| section.level == 3).collect();
        tables.sort_by_key(|section| section.title.matches('.').count());
        for section in tables {
            self.list(&mut maker, section, &mut page);
        }
        let Maker { lists, .. } = maker;
        for list in lists.iter().filter(|list| list.columns.is_empty()) {
            let message = format!("列表“{}”没有自己的表", list.name);
            let span = fields.iter().find(|f| f.name == list.name).map_or(0..0, |f| f.span.clone());
            self.error("G102", &span, message, format!("写上“### {}”和它的列", list.name));
        }
        (fields, lists, registers)
    }

    /// The conditions of 必填: `若 条件`, in a list over its row.
    pub(crate) fn required_if(
        &mut self,
        program: &Program,
        sections: &[&Section],
        fields: &mut [Field],
        lists: &mut [List],
    ) {
        for (section, table) in sections.iter().flat_map(|s| s.tables.iter().map(move |table| (s, table))) {
            let env = program.environment();
            let list = (0..env.lists.len()).find(|list| section.level == 3 && env.list_path(*list) == section.title);
            // What is wrong with the table itself was told when it was read.
            let rows = tables::rows(table, tables::columns("项目").unwrap_or_default(), "项目", &mut Vec::new());
            for row in &rows.rows {
                let required = row.get("必填");
                if !required.text.starts_with("若 ") {
                    continue;
                }
                let (_, condition) = tables::cut(&required, 0, "若".len());
                let compiled = program.expression(&condition.text, condition.span.start, true, list);
                let columns = match list {
                    Some(list) => &mut lists[list].columns[..],
                    None => &mut *fields,
                };
                let field = columns.iter_mut().find(|field| *field.name == *row.text("项目"));
                match (compiled, field) {
                    (Ok(condition), Some(field)) if condition.ty.fits(&Type::Bool) => {
                        field.required = Required::If(Box::new(condition));
                    }
                    (Ok(condition), Some(_)) => {
                        let message = format!("这里要是否，却是{}", condition.ty);
                        self.error("G311", &required.span, message, "写一个条件");
                    }
                    (Err(findings), _) => self.all(findings),
                    (Ok(_), None) => {}
                }
            }
        }
    }

    fn list(&mut self, maker: &mut Maker, section: &Section, page: &mut usize) {
        let path: Vec<&str> = section.title.split('.').collect();
        let mut parent = None;
        let mut found = None;
        for part in &path {
            found = maker.lists.iter().position(|list| list.parent == parent && &*list.name == *part);
            parent = found;
        }
        let Some(index) = found else {
            let known: Vec<String> = maker.lists.iter().map(|list| list.name.to_string()).collect();
            let near = nearest(&section.title, known.iter().map(String::as_str));
            let help = near
                .map_or_else(|| "先写一个 类型 为 名册(…) 或 明细 的项目".to_owned(), |n| format!("最接近的是“{n}”"));
            self.error("G201", &section.span, format!("没有列表“{}”", section.title), help);
            return;
        };
        for table in &section.tables {
            let mut findings = Vec::new();
            let rows = tables::rows(table, tables::columns("项目").unwrap_or_default(), &section.title, &mut findings);
            self.all(findings);
            for row in &rows.rows {
                let field = self.field(maker, row, Some(index), *page);
                maker.lists[index].columns.extend(field);
            }
            *page += 1;
        }
    }

    fn field(&mut self, maker: &mut Maker, row: &Row, list: Option<usize>, page: usize) -> Option<Field> {
        let (name, key) = (row.get("项目"), row.get("标识"));
        self.name(&name, &key);
        if maker.taken.iter().any(|(place, _, known)| *place == list && *known == key.text) {
            self.error("G205", &key.span, format!("标识“{}”用了两次", key.text), "换一个标识");
        }
        if let Some(inner) = list.filter(|inner| maker.is_named_outside(*inner, &name.text)) {
            let message = format!("{}的列“{}”与上层项目同名", maker.lists[inner].name, name.text);
            let help = format!("请改名，例如“{}的{}”", maker.lists[inner].name, name.text);
            self.error("G204", &name.span, message, help);
        }
        maker.taken.push((list, name.text.clone(), key.text.clone()));
        let ty = self.field_type(maker, &row.get("类型"), &name.text, &key.text, list)?;
        let (sources, computed) = self.sources(maker, &row.get("来源"), list.is_some());
        let required = row.get("必填");
        let required = match &*required.text {
            "是" => Required::Always,
            "否" | "" => Required::Never,
            text if text.starts_with("在") => {
                let (_, rest) = tables::cut(&required, 0, "在".len());
                Required::At(tables::names(&rest).iter().filter_map(|step| self.step(maker.steps, step)).collect())
            }
            // Compiled when the names are known.
            text if text.starts_with("若 ") => Required::Never,
            text => {
                self.error("G303", &required.span, format!("必填没有“{text}”"), "应写 是、否、若 条件、在 步骤");
                Required::Never
            }
        };
        Some(Field {
            name: name.text.as_str().into(),
            key: key.text.as_str().into(),
            ty,
            level: self.level(&row.get("类型")),
            required,
            sources,
            computed,
            note: row.text("说明"),
            list,
            page,
            span: name.span,
        })
    }

    /// The level of `地区(乡)`.
    fn level(&mut self, cell: &Cell) -> Level {
        let text: String = cell.text.chars().map(half_width).collect();
        let Some(word) = text.strip_prefix("地区(").and_then(|rest| rest.strip_suffix(')')) else {
            return Level::Village;
        };
        let found =
            [("村", Level::Village), ("乡", Level::Township)].into_iter().find(|(known, _)| *known == word.trim());
        if found.is_none() {
            self.error("G306", &cell.span, format!("地区没有级别“{word}”"), "写 地区、地区(村)、地区(乡)");
        }
        found.map_or(Level::Village, |(_, level)| level)
    }

    fn field_type(
        &mut self,
        maker: &mut Maker,
        cell: &Cell,
        name: &str,
        key: &str,
        list: Option<usize>,
    ) -> Option<FieldType> {
        let text: String = cell.text.chars().map(half_width).collect();
        let (word, inside) = match text.split_once('(') {
            Some((word, rest)) => (word.trim(), rest.strip_suffix(')').map(str::trim)),
            None => (&*text, None),
        };
        match (word, inside) {
            ("名册", Some(register)) => {
                let found = maker.registers.iter().position(|r| &*r.name == register);
                if found.is_none() {
                    let near = nearest(register, maker.registers.iter().map(|r| &*r.name)).unwrap_or("人员");
                    self.error("G306", &cell.span, format!("没有台账“{register}”"), format!("最接近的是“{near}”"));
                }
                return maker.list(name, key, list, Some(found?), cell, self);
            }
            ("明细", None) => return maker.list(name, key, list, None, cell, self),
            _ => {}
        }
        if let (Some(register), None) = (maker.registers.iter().position(|r| &*r.name == word), inside) {
            return Some(FieldType::Register(register));
        }
        // What stands behind 地区 is its level.
        let inside = inside.filter(|_| word != "地区");
        match plain_type(word, inside) {
            Ok(ty) => Some(ty),
            Err(help) => {
                self.error("G306", &cell.span, format!("类型“{}”不认识", cell.text), help);
                None
            }
        }
    }

    /// `入户调查 > 信息核对(银行) > 申请、计算`.
    fn sources(&mut self, maker: &Maker, cell: &Cell, in_list: bool) -> (Vec<Vec<usize>>, bool) {
        let mut ranks = Vec::new();
        let mut computed = false;
        for rank in tables::split(cell, |c| half_width(c) == '>') {
            let mut steps = Vec::new();
            for source in tables::names(&rank) {
                let bare = source.text.split(['(', '（']).next().unwrap_or_default().trim().to_owned();
                if bare == "计算" {
                    computed = true;
                    continue;
                }
                let length = bare.len();
                let bare = Cell { text: bare, span: source.span.start..source.span.start + length };
                steps.extend(self.step(maker.steps, &bare));
            }
            if !steps.is_empty() {
                ranks.push(steps);
            }
        }
        if ranks.is_empty() && !computed && !in_list {
            self.error("G102", &cell.span, "没有写来源：谁来填这一项", "写上步骤的名称，例如 申请");
        }
        (ranks, computed)
    }

    /// A step by its name; reports if there is none.
    pub(crate) fn step(&mut self, steps: &[StepName], cell: &Cell) -> Option<usize> {
        let found = steps.iter().position(|step| *step.name == *cell.text);
        if found.is_none() {
            let near = nearest(&cell.text, steps.iter().map(|step| &*step.name));
            let help = near.map_or_else(|| "步骤在“## 步骤”下声明".to_owned(), |near| format!("最接近的是“{near}”"));
            self.error("G506", &cell.span, format!("没有步骤“{}”", cell.text), help);
        }
        found
    }
}

struct Maker<'a> {
    steps: &'a [StepName],
    registers: &'a [RegisterName],
    lists: Vec<List>,
    /// Names and 标识, with the list in which they stand.
    taken: Vec<(Option<usize>, String, String)>,
}

impl Maker<'_> {
    /// Whether a field that stands further out has this name, so that a formula could mean either.
    fn is_named_outside(&self, list: usize, name: &str) -> bool {
        let mut outer = Some(list);
        while let Some(inner) = outer {
            outer = self.lists[inner].parent;
            if self.taken.iter().any(|(place, known, _)| *place == outer && known == name) {
                return true;
            }
        }
        false
    }

    fn list(
        &mut self,
        name: &str,
        key: &str,
        parent: Option<usize>,
        register: Option<usize>,
        cell: &Cell,
        reader: &mut Reader,
    ) -> Option<FieldType> {
        if parent.is_some_and(|parent| self.lists[parent].parent.is_some()) {
            reader.report(Finding::error("G305", cell.span.clone(), "列表最多套两层", "把里层改成单独的列表"));
            return None;
        }
        self.lists.push(List { name: name.into(), key: key.into(), parent, register, columns: Vec::new() });
        Some(FieldType::List(self.lists.len() - 1))
    }
}

/// A type that needs no register, or what to write instead.
pub fn plain_type(word: &str, inside: Option<&str>) -> Result<FieldType, String> {
    let plain = |ty: Type| Ok(FieldType::Plain(ty));
    match (word, inside) {
        ("选项", Some(words)) => plain(Type::choice(words.split(['、', ',']).map(str::trim))),
        ("代码", Some(list)) => match CodeList::named(list.trim()) {
            Some(list) => plain(Type::Choice(list.names.clone())),
            None => {
                let names: Vec<&str> = CodeList::all().iter().map(|list| list.name).collect();
                Err(format!("没有代码表“{list}”，有 {}", names.join("、")))
            }
        },
        (_, Some(_)) => Err("只有 选项(…)、代码(…)、名册(…) 带括号".into()),
        ("文字", _) => plain(Type::Text),
        ("是否", _) => plain(Type::Bool),
        ("数" | "年度", _) => plain(Type::Number(Unit::NONE)),
        ("分额", _) => plain(Type::Fen(Unit::YUAN.over(Unit::MONTHS))),
        ("日期", _) => plain(Type::Date),
        ("月份", _) => plain(Type::Month),
        ("时刻", _) => plain(Type::Moment),
        ("舍入规则", _) => plain(Type::choice(ROUNDINGS)),
        ("地区", _) => plain(Type::Region),
        ("身份号码", _) => Ok(FieldType::PersonNumber),
        ("信用代码", _) => Ok(FieldType::CreditCode),
        ("账户", _) => Ok(FieldType::Account),
        ("附件", _) => Ok(FieldType::Attachment),
        ("签名", _) => Ok(FieldType::Signature),
        (unit, _) => match Unit::parse(unit) {
            Some(unit) => plain(Type::Number(unit)),
            None if ["金额", "钱", "人民币"].contains(&unit) => Err("钱请写单位“元”“元/月”".into()),
            None => {
                Err("可用：文字、是否、数、单位（元、人、岁 …）、日期、月份、选项(…)、身份号码、附件、名册(…)、明细 等"
                    .into())
            }
        },
    }
}
