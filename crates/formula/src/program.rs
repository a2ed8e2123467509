//! Blocks of text into a program.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use base::Diagnostic;

use crate::check::{Body, Checker, Source, SourceBody, Symbol, Symbols, Typed};
use crate::environment::Environment;
use crate::finding::{Finding, nearest};
use crate::parse;
use crate::plan::{Node, TablePlan};
use crate::syntax::{Expr, Ident};
use crate::table::{Table, TableText};
use crate::template::Piece;
use crate::types::Type;

/// A fence `公式` or a decision table, where it stands.
#[derive(Clone, Debug)]
pub struct Block {
    pub file: Arc<str>,
    /// The article whose clause it implements, for explanations: `社会救助法 第十八条`; empty outside law files.
    pub basis: Arc<str>,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    /// Definitions, with the byte offset of the text in its file.
    Formulas(String, usize),
    Table(TableText),
}

/// Compiled formulas: every name resolved, every type known. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub env: Environment,
    pub sources: Vec<Source>,
    pub tables: Vec<Table>,
    pub symbols: Symbols,
    pub typed: Vec<Arc<Typed>>,
    pub plans: Vec<Option<TablePlan>>,
    /// How each definition reads, once it has been explained.
    pub templates: Vec<OnceLock<Vec<Piece>>>,
}

/// What a formula reads, itself and through the formulas that it uses directly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    /// Values of the environment.
    pub values: BTreeSet<usize>,
    /// Columns of lists; a list that is used as a whole has no column.
    pub columns: BTreeSet<(usize, Option<usize>)>,
    pub parameters: BTreeSet<usize>,
    /// Definitions.
    pub definitions: BTreeSet<usize>,
}

/// A definition as others see it.
#[derive(Clone, Debug)]
pub struct Definition<'p> {
    pub index: usize,
    pub name: &'p str,
    /// The list whose rows have it.
    pub row_of: Option<usize>,
    pub ty: Option<&'p Type>,
    pub basis: &'p str,
    pub file: &'p str,
    pub span: Range<usize>,
    pub uses: &'p Uses,
}

/// An expression that stands elsewhere in a guide, compiled against a program.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(crate) expr: Expr,
    pub(crate) node: Node,
    pub(crate) slots: usize,
    pub ty: Type,
    pub uses: Uses,
}

impl Expression {
    /// The expression as it is written, in its canonical form.
    pub fn text(&self) -> String {
        self.expr.to_string()
    }

    /// Where it stands in its file.
    pub fn span(&self) -> Range<usize> {
        self.expr.span.clone()
    }
}

impl Uses {
    pub(crate) fn note(&mut self, symbol: Symbol) {
        match symbol {
            Symbol::Value(i) => _ = self.values.insert(i),
            Symbol::List(i) => _ = self.columns.insert((i, None)),
            Symbol::Column(list, column) => _ = self.columns.insert((list, Some(column))),
            Symbol::Definition(i) => _ = self.definitions.insert(i),
            Symbol::Parameter(i) => _ = self.parameters.insert(i),
        }
    }

    /// Adds what another formula reads.
    pub fn extend(&mut self, other: &Self) {
        self.values.extend(&other.values);
        self.columns.extend(&other.columns);
        self.parameters.extend(&other.parameters);
        self.definitions.extend(&other.definitions);
    }
}

/// Compiles all blocks together; the order of definitions does not matter.
/// Always yields a program, in which what is wrong is undecidable, and all findings.
pub fn compile(blocks: &[Block], env: Environment) -> (Program, Vec<Diagnostic>) {
    let mut reader = Reader { symbols: names(&env), env: &env, sources: vec![], tables: vec![], findings: vec![] };
    for block in blocks {
        reader.block(block);
    }
    let Reader { symbols, sources, tables, mut findings, .. } = reader;
    let mut checker = Checker::new(&env, &sources, &tables, &symbols);
    for index in 0..sources.len() {
        checker.definition(index);
    }
    // A formula may stand in for a field that says so; then both must be of one type.
    for (index, source) in sources.iter().enumerate() {
        checker.agrees_with_field(index, source);
    }
    findings.append(&mut checker.findings);
    let typed = checker
        .typed
        .drain(..)
        .map(|typed| typed.unwrap_or_else(|| Arc::new(Typed { ty: None, body: Body::Broken, uses: Uses::default() })))
        .collect();
    let plans = checker.plans.drain(..).map(|plan| plan.map(|(plan, ..)| plan)).collect();
    let order = |file: &str| blocks.iter().position(|block| &*block.file == file);
    let mut diagnostics: Vec<Diagnostic> = findings.into_iter().map(|(file, finding)| finding.at(&file)).collect();
    diagnostics.sort_by_key(|d| (order(&d.location.file), d.location.span.start));
    diagnostics.dedup();
    let templates = sources.iter().map(|_| OnceLock::new()).collect();
    (Program { inner: Arc::new(Inner { env, sources, tables, symbols, typed, plans, templates }) }, diagnostics)
}

/// The names that the environment gives, but for values that a formula computes.
fn names(env: &Environment) -> Symbols {
    let mut symbols: Symbols = HashMap::new();
    for (i, value) in env.values.iter().enumerate().filter(|(_, value)| !value.computed) {
        symbols.insert((None, value.name.clone()), Symbol::Value(i));
    }
    for (i, list) in env.lists.iter().enumerate() {
        symbols.insert((list.parent, list.name.clone()), Symbol::List(i));
        for (c, column) in list.columns.iter().enumerate().filter(|(_, column)| !column.computed) {
            symbols.insert((Some(i), column.name.clone()), Symbol::Column(i, c));
        }
    }
    for (i, parameter) in env.parameters.iter().enumerate() {
        symbols.insert((None, parameter.name.clone()), Symbol::Parameter(i));
    }
    symbols
}

struct Reader<'a> {
    env: &'a Environment,
    symbols: Symbols,
    sources: Vec<Source>,
    tables: Vec<Table>,
    findings: Vec<(Arc<str>, Finding)>,
}

impl Reader<'_> {
    fn block(&mut self, block: &Block) {
        match &block.content {
            Content::Formulas(text, offset) => {
                let (lines, findings) = parse::lines(text, *offset);
                self.findings.extend(findings.into_iter().map(|f| (block.file.clone(), f)));
                for line in lines {
                    let body = line.body.map_or(SourceBody::Broken, SourceBody::Formula);
                    self.define(&line.path, body, block);
                }
            }
            Content::Table(text) => {
                let (names, table) = Table::read(text);
                match table {
                    Ok(table) => {
                        for (output, path) in names.iter().enumerate() {
                            self.define(path, SourceBody::Output(self.tables.len(), output), block);
                        }
                        self.tables.push(table);
                    }
                    Err(findings) => {
                        self.findings.extend(findings.into_iter().map(|f| (block.file.clone(), f)));
                        for path in &names {
                            self.define(path, SourceBody::Broken, block);
                        }
                    }
                }
            }
        }
    }

    fn define(&mut self, path: &[Ident], body: SourceBody, block: &Block) {
        let Some((name, of)) = path.split_last() else { return };
        let row_of = match self.list(of) {
            Ok(row_of) => row_of,
            Err(finding) => return self.findings.push((block.file.clone(), finding)),
        };
        let key = (row_of, name.text.clone());
        if let Some(symbol) = self.symbols.get(&key) {
            let what = match symbol {
                Symbol::Definition(_) => "另一个公式",
                Symbol::Parameter(_) => "一个参数",
                Symbol::List(_) => "一个列表",
                _ => "一个项目",
            };
            let message = format!("“{}”有两处定义：已经是{what}", name.text);
            let finding = Finding::error("G202", name.span.clone(), message, "请删去一处或改名");
            return self.findings.push((block.file.clone(), finding));
        }
        self.symbols.insert(key, Symbol::Definition(self.sources.len()));
        let (file, basis) = (block.file.clone(), block.basis.clone());
        self.sources.push(Source { name: name.clone(), row_of, file, basis, body });
    }

    /// The list that a path names, from the outermost inwards.
    fn list(&self, path: &[Ident]) -> Result<Option<usize>, Finding> {
        let mut parent = None;
        for part in path {
            let found = self.env.lists.iter().position(|list| list.parent == parent && list.name == part.text);
            if found.is_none() {
                let near = nearest(&part.text, self.env.lists.iter().map(|list| &*list.name));
                let help =
                    near.map_or_else(|| "列表在“## 项目”下声明".to_owned(), |near| format!("最接近的是“{near}”"));
                return Err(Finding::error("G201", part.span.clone(), format!("没有列表“{}”", part.text), help));
            }
            parent = found;
        }
        Ok(parent)
    }
}

impl Checker<'_> {
    fn agrees_with_field(&mut self, index: usize, source: &Source) {
        let fields = match source.row_of {
            Some(list) => &self.env.lists[list].columns,
            None => &self.env.values,
        };
        let field = fields.iter().find(|field| field.computed && field.name == source.name.text);
        let ty = self.typed[index].as_ref().and_then(|typed| typed.ty.clone());
        if let (Some(field), Some(ty)) = (field, ty)
            && !ty.fits(&field.ty)
        {
            let message = format!("“{}”的公式是{ty}，项目的类型是{}", field.name, field.ty);
            let finding = Finding::error("G311", source.name.span.clone(), message, "两处写成同一类型");
            self.findings.push((source.file.clone(), finding));
        }
    }
}

impl Program {
    pub fn environment(&self) -> &Environment {
        &self.inner.env
    }

    /// In source order.
    pub fn definitions(&self) -> impl Iterator<Item = Definition<'_>> {
        (0..self.inner.sources.len()).map(|index| self.at(index))
    }

    /// A definition by its number.
    pub fn at(&self, index: usize) -> Definition<'_> {
        let (source, typed) = (&self.inner.sources[index], &self.inner.typed[index]);
        Definition {
            index,
            name: &source.name.text,
            row_of: source.row_of,
            ty: typed.ty.as_ref(),
            basis: &source.basis,
            file: &source.file,
            span: source.name.span.clone(),
            uses: &typed.uses,
        }
    }

    /// A definition that is no row formula, by its name.
    pub fn find(&self, name: &str) -> Option<Definition<'_>> {
        match self.inner.symbols.get(&(None, name.into()))? {
            Symbol::Definition(index) => Some(self.at(*index)),
            _ => None,
        }
    }

    /// Whether a name without a list before it means something.
    pub fn knows(&self, name: &str) -> bool {
        self.inner.symbols.contains_key(&(None, name.into()))
    }

    /// All that a formula reads, also through other formulas.
    pub fn all_uses(&self, uses: &Uses) -> Uses {
        let mut all = uses.clone();
        let mut waiting: Vec<usize> = uses.definitions.iter().copied().collect();
        while let Some(index) = waiting.pop() {
            let before = all.definitions.clone();
            all.extend(&self.inner.typed[index].uses);
            waiting.extend(all.definitions.difference(&before));
        }
        all
    }

    /// Compiles an expression that stands elsewhere; `live` allows 今日 and 此刻, `row_of` makes the columns of a list names.
    pub fn expression(
        &self,
        text: &str,
        offset: usize,
        live: bool,
        row_of: Option<usize>,
    ) -> Result<Expression, Vec<Finding>> {
        let expr = parse::expression(text, offset)?;
        let inner = &self.inner;
        let mut checker = Checker::new(&inner.env, &inner.sources, &inner.tables, &inner.symbols);
        checker.typed = inner.typed.iter().cloned().map(Some).collect();
        checker.live = live;
        let found = checker.aside(&"".into(), row_of, |checker| {
            let part = checker.expr(&expr);
            part.map(|(node, ty)| (node, ty, checker.slots, std::mem::take(&mut checker.uses)))
        });
        match found {
            Some((node, ty, slots, uses)) => Ok(Expression { expr, node, slots, ty, uses }),
            // Silent where a formula that it uses is wrong: that has been reported.
            None => Err(checker.findings.into_iter().map(|(_, finding)| finding).collect()),
        }
    }
}
