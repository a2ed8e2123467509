//! Formulas, decision tables and results: from the guide's fences and tables to one compiled program.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Diagnostic;
use formula::{Block, BlockSource, Column, Condition, Environment, Expression, HitPolicy, Program, TableSource, Type};

use crate::code::Code;
use crate::document::{Cell, Document, Section, Table};
use crate::findings::{Findings, instead};
use crate::model::{Field, FieldKind, Law, RateTable, ResultName, Section as Page};
use crate::read::form::Forms;
use crate::read::overview::{Unique, one_of};
use crate::read::table::{Columns, rows, runs, surplus};
use crate::read::words::{ENGINE_FACTS, HEADINGS};

/// The program, if it compiled, and the names that the rest of the guide uses of it.
pub(super) struct Compiled {
    pub program: Option<Program>,
    pub used: BTreeSet<Arc<str>>,
}

impl Compiled {
    /// The condition in a cell; empty is none.
    pub fn condition(&mut self, cell: &Cell, log: &mut Findings) -> Option<Condition> {
        let program = self.program.as_ref().filter(|_| !cell.is_empty())?;
        let found = program.check_condition(&cell.text, &cell.location.file, cell.location.span.start);
        let condition = taken(found, log)?;
        self.used.extend(condition.uses().iter().cloned());
        Some(condition)
    }

    /// An expression that yields a number.
    pub fn number(&mut self, cell: &Cell, log: &mut Findings) -> Option<Expression> {
        let program = self.program.as_ref()?;
        let found = program.check_expression(&cell.text, &cell.location.file, cell.location.span.start);
        let expression = taken(found, log)?;
        self.used.extend(expression.uses().iter().cloned());
        if *expression.ty() != Type::Number {
            let message = format!("“{}”是{}，不是数", cell.text, expression.ty());
            log.error(Code::WrongKind, &cell.location, message, "得数的公式，例如“复核月数”");
        }
        Some(expression)
    }

    pub fn defines(&self, name: &str) -> bool {
        self.program.as_ref().is_some_and(|p| p.definitions().iter().any(|d| &*d.name == name))
    }
}

fn taken<T>(found: Result<T, Vec<Diagnostic>>, log: &mut Findings) -> Option<T> {
    found.map_err(|errors| log.extend(errors)).ok()
}

/// The blocks of 计算; they have no legal reference of their own.
pub(super) fn computation(document: &Document, log: &mut Findings) -> Vec<Block> {
    let mut blocks = Vec::new();
    for section in document.root.walk().into_iter().filter(|s| s.level == 2 && s.title.text == "计算") {
        gather(section, None, &mut blocks, log);
    }
    blocks
}

/// One legal source with its clauses; every clause is implemented, or says why not.
pub(super) fn law(document: &Document, text: &str, blocks: &mut Vec<Block>, log: &mut Findings) -> Option<Law> {
    const FACTS: Columns = Columns { needed: &["项目", "内容"], optional: &[] };
    let title = document.title()?;
    let facts = rows(title, &FACTS, log);
    let facts = facts.iter().map(|row| (row.get("项目").text.clone(), row.get("内容").text.clone())).collect();
    let name = title.title.text.trim_matches(['《', '》']);
    let mut clauses = Unique::default();
    for clause in &title.children {
        clauses.add(&clause.title, log);
        let before = blocks.len();
        gather(clause, Some(format!("《{name}》{}", clause.title.text)), blocks, log);
        let sections = clause.walk();
        let mut lines = sections.iter().flat_map(|s| s.paragraphs()).flat_map(Cell::lines);
        let explained = lines.any(|l| l.text.starts_with("由步骤实现：") || l.text.starts_with("未自动化："));
        if blocks.len() == before && !explained {
            let message = format!("“{}”没有公式，也没有说明", clause.title.text);
            let help = "公式或判定表；或一行“由步骤实现：…”“未自动化：…”";
            log.error(Code::SilentClause, &clause.title.location, message, help);
        }
    }
    let sections = title.children.iter().map(|clause| Page {
        heading: clause.title.text.clone(),
        markdown: text[clause.body.start..clause.end()].trim().to_owned(),
    });
    Some(Law { title: title.title.text.clone(), facts, sections: sections.collect() })
}

fn gather(section: &Section, basis: Option<String>, blocks: &mut Vec<Block>, log: &mut Findings) {
    for part in section.walk() {
        runs(part, &["公式"], log);
        for fence in part.fences().filter(|f| f.tag.text == "公式") {
            blocks.push(Block {
                file: fence.content.location.file.clone(),
                offset: fence.content.location.span.start,
                text: fence.content.text.clone(),
                basis: basis.clone(),
                source: BlockSource::Formula,
            });
        }
        match part.titled("判定表") {
            Some(name) => blocks.extend(decision_table(part, &name, &basis, log)),
            None => not_a_decision_table(part, log),
        }
    }
}

/// A table with a result column, or a heading that begins like one, would silently not run.
fn not_a_decision_table(section: &Section, log: &mut Findings) {
    let results = section.tables().find(|t| t.header.iter().any(|c| c.text.starts_with('→')));
    let title = &section.title;
    if results.is_some() || title.text.starts_with("判定表") {
        let message = format!("“{}”下的判定表没有名称，不会运行", title.text);
        log.error(Code::Hit, &title.location, message, "三级标题“### 判定表：名称”");
    }
}

fn decision_table(section: &Section, name: &Cell, basis: &Option<String>, log: &mut Findings) -> Option<Block> {
    let hit = hit_policy(section, log);
    let mut tables = section.tables();
    let Some(table) = tables.next() else {
        let message = format!("判定表“{}”没有表格", name.text);
        log.error(Code::MissingTable, &name.location, message, "输入列在前、→ 结果列在后的一张表");
        return None;
    };
    for surplus in tables {
        log.error(Code::SurplusTable, &surplus.location, "一个标题下只能有一张判定表", "另起“### 判定表：名称”");
    }
    let (inputs, outputs) = heads(table, log)?;
    let mut rows = Vec::new();
    for row in &table.rows {
        surplus(row, table.header.len(), log);
        if row.cells.len() < table.header.len() {
            let message = format!("这一行有{}格，表头有{}列", row.cells.len(), table.header.len());
            log.error(Code::BrokenTable, &row.location, message, "与表头一样多的格子；不限的条件写“-”");
            continue;
        }
        for empty in row.cells.iter().take(table.header.len()).filter(|c| c.is_empty()) {
            log.error(Code::Empty, &empty.location, "判定表的格子不能空着", "“-”（不限）、条件或结果");
        }
        let cells = row.cells.iter().take(table.header.len());
        rows.push(cells.map(|c| formula::Cell { text: c.text.clone(), offset: c.location.span.start }).collect());
    }
    Some(Block {
        file: name.location.file.clone(),
        offset: name.location.span.start,
        text: name.text.clone(),
        basis: basis.clone(),
        source: BlockSource::Table(TableSource { name: name.text.clone(), hit: hit?, inputs, outputs, rows }),
    })
}

fn hit_policy(section: &Section, log: &mut Findings) -> Option<HitPolicy> {
    let letters: Vec<&str> = HitPolicy::ALL.iter().map(|(_, letter, _)| *letter).collect();
    let line = section.paragraphs().flat_map(Cell::lines).find(|line| line.text.starts_with("命中"));
    let Some(line) = line else {
        let message = format!("“{}”没有写命中方式", section.title.text);
        log.error(Code::Hit, &section.title.location, message, "表前一行“命中：U”");
        return None;
    };
    let word = line.text.trim_start_matches("命中").trim_start().trim_start_matches(['：', ':']);
    let found = HitPolicy::parse(word);
    if found.is_none() {
        let message = format!("命中方式“{}”不认识", word.trim());
        log.error(Code::Hit, &line.location, message, format!("“命中：U”；可写的有：{}", letters.join("、")));
    }
    found
}

fn heads(table: &Table, log: &mut Findings) -> Option<(Vec<Column>, Vec<Column>)> {
    let first = table.header.iter().position(|c| c.text.starts_with('→'));
    let Some(first) = first.filter(|first| table.header[*first..].iter().all(|c| c.text.starts_with('→'))) else {
        let message = "判定表的结果列要放在最后，表头以 → 开头";
        log.error(Code::Hit, &table.location, message, "例如“| 类别 | → 间隔 |”");
        return None;
    };
    let column = |cell: Cell| Column { text: cell.text, offset: cell.location.span.start };
    let inputs = table.header[..first].iter().map(|c| column(c.clone())).collect();
    let outputs = table.header[first..].iter().map(|c| column(c.part('→'.len_utf8()..c.text.len()))).collect();
    Some((inputs, outputs))
}

/// The results with the cells that name them.
pub(super) fn results(document: &Document, log: &mut Findings) -> Vec<(ResultName, Cell)> {
    const RESULTS: Columns = Columns { needed: &["名称", "类型"], optional: &["单位", "用途", "说明"] };
    const USES: [&str; 2] = ["自查", "决定"];
    let types = [
        ("数", &Type::Number),
        ("文", &Type::Text),
        ("是否", &Type::Bool),
        ("日期", &Type::Date),
        ("文列", &Type::List(Arc::new(Type::Text))),
        ("数列", &Type::List(Arc::new(Type::Number))),
    ];
    let Some(section) = document.root.walk().into_iter().find(|s| s.level == 2 && s.title.text == "计算结果")
    else {
        return Vec::new();
    };
    let mut names = Unique::default();
    let mut results = Vec::new();
    for row in rows(section, &RESULTS, log) {
        let Some(name) = row.need("名称", log) else { continue };
        let value_type = one_of(row.get("类型"), &types, log).cloned();
        let uses = row.get("用途").entries();
        for wrong in uses.iter().filter(|u| !USES.contains(&u.text.as_str())) {
            log.error(
                Code::BadValue,
                &wrong.location,
                format!("用途“{}”不认识", wrong.text),
                instead(&wrong.text, &USES),
            );
        }
        let (Some(value_type), true) = (value_type, names.add(name, log)) else { continue };
        let result = ResultName {
            name: name.name(),
            value_type,
            unit: row.get("单位").text.clone(),
            self_check: uses.iter().any(|u| u.text == "自查"),
            decision: uses.iter().any(|u| u.text == "决定"),
            help: row.get("说明").text.clone(),
        };
        results.push((result, name.clone()));
    }
    results
}

/// Compiles all blocks with the names that the guide and the engine supply, and checks the results against them.
/// No blocks are given when something before was wrong: a dropped field would be missed by every formula that names it.
pub(super) fn compile(
    blocks: Option<&[Block]>,
    forms: &Forms,
    rates: &RateTable,
    results: &[(ResultName, Cell)],
    log: &mut Findings,
) -> Compiled {
    let environment = environment(forms, rates, results);
    let program = blocks.and_then(|blocks| taken(formula::compile(blocks, &environment), log));
    let used = results.iter().map(|(result, _)| result.name.clone()).collect();
    let compiled = Compiled { program, used };
    let Some(program) = &compiled.program else { return compiled };
    for (result, cell) in results {
        let definition = program.definitions().iter().find(|d| d.name == result.name);
        match definition {
            None => {
                let names: Vec<&Arc<str>> = program.definitions().iter().map(|d| &d.name).collect();
                let message = format!("结果“{}”没有公式", result.name);
                log.error(Code::ResultUndefined, &cell.location, message, instead(&result.name, &names));
            }
            Some(definition) if definition.ty != result.value_type => {
                let message = format!("“{}”的公式得{}，这里写的是{}", result.name, definition.ty, result.value_type);
                log.error(Code::ResultType, &cell.location, message, "与公式相同的类型，或改公式");
            }
            Some(_) => {}
        }
    }
    compiled
}

fn environment(forms: &Forms, rates: &RateTable, results: &[(ResultName, Cell)]) -> Environment {
    let decided = results.iter().filter(|(r, _)| r.decision).map(|(r, _)| (r.name.clone(), r.value_type.clone()));
    let decided = Type::Record(Arc::new(formula::RecordType { fields: decided.collect() }));
    let engine = ENGINE_FACTS.iter().map(|(name, value_type)| {
        let value_type = if *name == "上次决定" { decided.clone() } else { value_type.clone() };
        (Arc::from(*name), value_type)
    });
    let fields = forms.fields().map(|field| (field.name.clone(), field.kind.value_type()));
    let names: BTreeSet<&Arc<str>> = rates.rows.iter().map(|row| &row.name).collect();
    let mut choices = Vec::new();
    for field in forms.fields() {
        offered("", field, &mut choices);
    }
    Environment { facts: engine.chain(fields).collect(), rates: names.into_iter().cloned().collect(), choices }
}

/// The texts that a field, or a column of a roster, offers.
fn offered(prefix: &str, field: &Field, choices: &mut Vec<(Arc<str>, Vec<Arc<str>>)>) {
    match &field.kind {
        FieldKind::Choice(options) | FieldKind::Choices(options) => {
            choices.push((format!("{prefix}{}", field.name).into(), options.clone()));
        }
        FieldKind::Roster(form) => {
            for column in &form.fields {
                offered(&format!("{}.", field.name), column, choices);
            }
        }
        _ => {}
    }
}

/// The prose of `guide.md` for the public page: what is shown in other ways or is no reading matter is left out.
pub(super) fn pages(document: &Document, text: &str) -> Vec<Page> {
    const HIDDEN: [&str; 5] = ["申请表", "步骤表单", "步骤结果", "计算结果", "文书"];
    let Some(title) = document.title() else { return Vec::new() };
    let shown = title.children.iter().filter(|s| !HIDDEN.contains(&s.title.text.as_str()));
    let shown = shown.filter(|s| HEADINGS.contains(&s.title.text.as_str()));
    shown.map(|section| Page { heading: section.title.text.clone(), markdown: prose(section, text) }).collect()
}

fn prose(section: &Section, text: &str) -> String {
    let sections = section.walk();
    let mut cuts: Vec<_> =
        sections.iter().flat_map(|s| s.fences()).filter(|f| f.tag.text == "公式").map(|f| f.span.clone()).collect();
    if section.title.text == "概要" {
        cuts.extend(section.tables().map(|t| t.span.clone()));
    }
    cuts.sort_by_key(|cut| cut.start);
    let mut kept = String::new();
    let mut at = section.body.start;
    for cut in cuts {
        kept += &text[at..cut.start];
        at = cut.end;
    }
    kept += &text[at..section.end()];
    kept.trim().to_owned()
}
