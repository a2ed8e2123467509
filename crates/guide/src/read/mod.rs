//! Files into guides: everything that is wrong is found here, with its place and what to write instead.

mod across;
mod course;
mod edition;
mod environment;
mod fields;
mod fixtures;
mod flow;
mod indicators;
mod lacks;
mod law;
mod payments;
mod rates;
mod registers;
mod registries;
mod results;
mod scenario;
mod sound;
mod tables;
mod what_if;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use base::{Diagnostic, Level, Severity};
use formula::{Block, Content, Environment, Expression, Finding, Program, TableText, Type, is_name, nearest};

use self::flow::Known;
use self::registers::RelationRow;
use self::registries::InquiryRow;
use crate::document::{Document, Section};
use crate::model::{Guide, Parameter, Passage, RateRow, Register, Registry, Service, Step, StepKind};

pub use environment::step_outputs;
pub use rates::plain_value;
pub use tables::{clauses, names, split};

/// Files by their path below `guides/`, as text.
pub type Files = BTreeMap<String, String>;

/// All guides of a bureau, with the rates that their files seed, and every finding.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// In the order of areas.md.
    pub guides: Vec<Arc<Guide>>,
    pub areas: Vec<Area>,
    pub parameters: Vec<Parameter>,
    /// Those of registers.md, which no single service owns.
    pub registers: Vec<Register>,
    /// Those of registries.md: whom a bureau asks about people.
    pub registries: Vec<Registry>,
    pub rates: Vec<RateRow>,
    pub findings: Vec<Diagnostic>,
    /// How many situations a case of each service can come into, once [`Library::walk_courses`] has walked them.
    pub situations: Vec<(String, usize)>,
}

/// What no single service owns.
#[derive(Clone, Copy)]
struct Shared<'s> {
    parameters: &'s [Parameter],
    registers: &'s [Register],
    registries: &'s [Registry],
}

/// A line of areas.md.
#[derive(Clone, Debug)]
pub struct Area {
    pub name: String,
    pub folder: String,
    pub owner: String,
    /// 草案 试行 施行 停用.
    pub status: String,
}

impl Library {
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Walks every situation of every service: G504, G509, G802 and dead ends. Slow beside reading, so whoever runs
    /// guides that were checked before leaves it out. Only where nothing else is wrong.
    pub fn walk_courses(&mut self) {
        if self.has_errors() {
            return;
        }
        for guide in &self.guides {
            let mut reader = Reader { file: format!("{}/guide.md", guide.folder).into(), findings: Vec::new() };
            self.situations.push((guide.title.clone(), reader.course(guide)));
            self.findings.append(&mut reader.findings);
        }
    }

    /// Every parameter: those of the guides in their order, then those of parameters.md.
    pub fn all_parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.guides.iter().flat_map(|guide| &guide.parameters).chain(&self.parameters)
    }

    /// Every register: those of registers.md and those of the guides, in their order.
    pub fn all_registers(&self) -> impl Iterator<Item = &Register> {
        self.registers.iter().chain(self.guides.iter().flat_map(|guide| &guide.registers))
    }

    /// A service by its folder, 标识 or title.
    pub fn find(&self, name: &str) -> Option<&Arc<Guide>> {
        self.guides.iter().find(|guide| guide.folder == name || &*guide.key == name || guide.title == name)
    }
}

/// Reads all guides, with every check but [`Library::walk_courses`]. No I/O: the files are given.
pub fn read_library(files: &Files) -> Library {
    let mut library = Library::default();
    let mut reader = Reader::default();
    if let Some(text) = files.get("areas.md") {
        library.areas = reader.areas(&Document::read("areas.md", text), files);
    } else {
        let finding = Finding::error("G102", 0..0, "没有 areas.md", "写一张表：服务、文件夹、归口、状态");
        library.findings.push(finding.at("areas.md"));
    }
    if let Some(text) = files.get("parameters.md") {
        let document = Document::read("parameters.md", text);
        reader.file = document.file.clone();
        for section in document.sections.iter().filter(|section| section.title == "参数") {
            for table in &section.tables {
                library.parameters.extend(reader.parameters(table, "", &[]));
            }
        }
    }
    if let Some(text) = files.get("registers.md") {
        let document = Document::read("registers.md", text);
        reader.file = document.file.clone();
        let sections: Vec<&Section> = document.sections.iter().collect();
        library.registers = reader.own_registers(&sections, &[]);
    }
    if let Some(text) = files.get("registries.md") {
        library.registries = reader.registries(&Document::read("registries.md", text));
    }
    for area in library.areas.clone() {
        let shared =
            Shared { parameters: &library.parameters, registers: &library.registers, registries: &library.registries };
        let guide = reader.guide(&area.folder, files, shared);
        library.guides.extend(guide.map(Arc::new));
    }
    let own = |folder: &str, path: &str| path == format!("{folder}/rates.md");
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with("rates.md")) {
        let guide = library.guides.iter().find(|guide| own(&guide.folder, path));
        let known: Vec<&Parameter> = guide.map_or(&library.parameters, |guide| &guide.parameters).iter().collect();
        let everybody: Vec<&Parameter> =
            library.guides.iter().flat_map(|g| &g.parameters).chain(&library.parameters).collect();
        let parameters = if path.starts_with("regions/") { everybody } else { known };
        library.rates.extend(reader.rates(&Document::read(path, text), &parameters));
    }
    reader.across(&library);
    reader.adjusted(&library);
    library.findings.append(&mut reader.findings);
    library
}

/// Collects findings while one file after another is read.
#[derive(Default)]
pub(crate) struct Reader {
    file: Arc<str>,
    findings: Vec<Diagnostic>,
}

impl Reader {
    fn report(&mut self, finding: Finding) {
        self.findings.push(finding.at(&self.file));
    }

    fn error(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.report(Finding::error(code, span.clone(), message, help));
    }

    fn all(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.report(finding);
        }
    }

    fn areas(&mut self, document: &Document, files: &Files) -> Vec<Area> {
        self.file = document.file.clone();
        let mut found = Vec::new();
        let mut findings = Vec::new();
        for table in document.sections.iter().flat_map(|section| &section.tables) {
            for row in tables::rows(table, &["服务", "文件夹", "归口", "状态"], "areas.md", &mut findings).rows
            {
                let (folder, status) = (row.text("文件夹"), row.get("状态"));
                if !files.contains_key(&format!("{folder}/guide.md")) {
                    let message = format!("文件夹“{folder}”里没有 guide.md");
                    self.error("G201", &row.get("文件夹").span, message, "写对文件夹，或新建 guide.md");
                    continue;
                }
                if !["草案", "试行", "施行", "停用"].contains(&&*status.text) {
                    self.error(
                        "G303",
                        &status.span,
                        format!("没有状态“{}”", status.text),
                        "应写 草案、试行、施行、停用 之一",
                    );
                }
                found.push(Area { name: row.text("服务"), folder, owner: row.text("归口"), status: status.text });
            }
        }
        self.all(findings);
        found
    }

    fn guide(&mut self, folder: &str, files: &Files, shared: Shared) -> Option<Guide> {
        let path = format!("{folder}/guide.md");
        let document = Document::read(&path, files.get(&path)?);
        self.file = document.file.clone();
        let (laws, begun, mut findings) = (law_documents(folder, files), self.findings.len(), Vec::new());
        let chapters = tables::chapters(&document, &mut findings);
        self.all(findings);
        self.required(&chapters);
        let steps = self.step_names(chapter(&chapters, "步骤"));
        let starts = self.start_names(chapter(&chapters, "启动"));
        let (mut fields, mut lists, registers) = self.fields(chapter(&chapters, "项目"), &steps);
        let dimensions = fields::choices(&fields);
        let own = chapter(&chapters, "参数").iter().flat_map(|section| &section.tables);
        let mut parameters = shared.parameters.to_vec();
        parameters.extend(own.flat_map(|table| self.parameters(table, "", &dimensions)));
        let mut blocks = blocks(&document, chapter(&chapters, "计算"), "");
        let (laws, law_blocks) = self.laws(&laws, &mut parameters, &dimensions);
        blocks.extend(law_blocks);
        let mut env = environment::environment(&steps, &starts, &fields, &lists, &registers, &parameters);
        let (own, writable, read, asked) = self.outside(&chapters, shared, &mut env);
        let (program, diagnostics) = formula::compile(&blocks, env);
        self.file = document.file.clone();
        self.required_if(&program, chapter(&chapters, "项目"), &mut fields, &mut lists);
        let sound_so_far = diagnostics.is_empty() && self.findings.len() == begun;
        self.findings.extend(diagnostics);
        let scenarios = self.scenarios(folder, files);
        let fixtures = self.fixtures(folder, files);
        self.file = document.file.clone();
        let before = self.findings.len();
        let service = chapter(&chapters, "服务").first().copied();
        let (key, service) = service.map(|s| self.service(s, &program)).unwrap_or_default();
        let articles = law::articles(&laws);
        let known = Known { program: &program, steps: &steps, fields: &fields, articles: &articles };
        let steps = self.steps(&known, chapter(&chapters, "步骤"));
        let clocks = self.clocks(&known, chapter(&chapters, "时限"));
        let entitlements = self.entitlements(&known, chapter(&chapters, "待遇"));
        let starts = self.starts(&known, chapter(&chapters, "启动"), &entitlements, &writable);
        let letters = self.letters(&known, chapter(&chapters, "文书"));
        let targets = (&entitlements[..], &letters[..], &writable[..]);
        let effects = self.effects(&known, chapter(&chapters, "效果"), targets);
        let guide = Guide {
            publicities: self.publicities(&known, chapter(&chapters, "公示")),
            checks: self.checks(&known, chapter(&chapters, "校验")),
            relations: self.relations(&known, read),
            marks: self.marks(&known, chapter(&chapters, "异常")),
            inquiries: self.inquiries(&known, asked),
            doubts: self.doubts(&known, chapter(&chapters, "疑点")),
            indicators: self.indicators(chapter(&chapters, "指标"), &starts, &writable),
            yardsticks: self.yardsticks(&known, chapter(&chapters, "测算"), &entitlements),
            key: key.as_str().into(),
            title: document.title().to_owned(),
            edition: edition::digest(folder, files).into(),
            folder: folder.to_owned(),
            service,
            starts,
            fields,
            lists,
            parameters,
            registers: own,
            writable,
            untouched: Arc::new(environment::untouched(&steps)),
            steps,
            clocks,
            entitlements,
            effects,
            letters,
            laws,
            scenarios,
            fixtures,
            prose: prose(&document),
            program,
        };
        if self.findings.len() == before && sound_so_far {
            self.sound(&guide);
        }
        Some(guide)
    }

    /// What formulas see of registers and registries: the registers that the guide owns and those that it may write,
    /// what is read of them, and whom it asks.
    fn outside(
        &mut self,
        chapters: &BTreeMap<String, Vec<&Section>>,
        shared: Shared,
        env: &mut Environment,
    ) -> (Vec<Register>, Vec<Register>, Vec<RelationRow>, Vec<InquiryRow>) {
        let own = self.own_registers(chapter(chapters, "台账"), shared.registers);
        let writable: Vec<Register> = own.iter().chain(shared.registers).cloned().collect();
        let read = self.relation_rows(chapter(chapters, "台账"), &writable);
        registers::names(&read, (chapter(chapters, "启动"), &writable), env);
        payments::names(chapter(chapters, "异常"), &writable, env);
        let asked = self.inquiry_rows(chapter(chapters, "核对"), shared.registries);
        registries::names(&asked, env);
        env.values.extend(environment::promised(chapters));
        (own, writable, read, asked)
    }

    /// The headings that every guide has.
    fn required(&mut self, chapters: &BTreeMap<String, Vec<&Section>>) {
        for required in ["服务", "启动", "项目", "步骤"].iter().filter(|h| !chapters.contains_key(**h)) {
            let columns = tables::columns(required).unwrap_or_default().join("、");
            self.error("G102", &(0..0), format!("没有“## {required}”"), format!("写上它和它的表，列是：{columns}"));
        }
    }

    /// 标识, 对象 and the formulas of 服务.
    fn service(&mut self, section: &Section, program: &Program) -> (String, Service) {
        let mut service = Service::default();
        let mut key = String::new();
        let mut findings = Vec::new();
        for table in &section.tables {
            for row in tables::rows(table, &["服务", "内容"], "服务", &mut findings).rows {
                let content = row.get("内容");
                match &*row.text("服务") {
                    "标识" => {
                        if !tables::is_key(&content.text) {
                            let help = "标识由小写字母、数字和 _ 组成，以字母开头";
                            self.error("G106", &content.span, format!("“{}”不能作标识", content.text), help);
                        }
                        key = content.text;
                    }
                    "对象" => service.object = content.text,
                    "凭" => service.found_by = content.text,
                    "属地" => service.region = self.expression(program, &content, false, Some(&Type::Region)),
                    "计算日" => service.calc_date = self.expression(program, &content, false, Some(&Type::Date)),
                    "可见" => {
                        let posts = tables::names(&content);
                        service.visible_to = posts.iter().filter_map(|post| self.visible_to(post)).collect();
                    }
                    other => {
                        let known = ["标识", "对象", "凭", "属地", "计算日", "可见"];
                        let near = nearest(other, known).unwrap_or("标识");
                        self.error("G201", &row.span, format!("服务没有“{other}”一行"), format!("最接近的是“{near}”"));
                    }
                }
            }
        }
        self.all(findings);
        (key, service)
    }

    /// A post to which cases are shown.
    fn visible_to(&mut self, cell: &formula::Cell) -> Option<(Level, String)> {
        let post = flow::post(&cell.text);
        if post.is_none() {
            let help = "写 级别 岗位（例如 县 监督员），几个用“、”隔开";
            self.error("G106", &cell.span, format!("可见“{}”不认识", cell.text), help);
        }
        post
    }

    /// Compiles an expression of a cell; reports if it is wrong or of another type than wanted.
    fn expression(
        &mut self,
        program: &Program,
        cell: &formula::Cell,
        live: bool,
        wanted: Option<&Type>,
    ) -> Option<Expression> {
        match program.expression(&cell.text, cell.span.start, live, None) {
            Ok(expression) => {
                if let Some(wanted) = wanted.filter(|wanted| !expression.ty.fits(wanted)) {
                    let message = format!("这里要{wanted}，却是{}", expression.ty);
                    self.error("G311", &cell.span, message, "改写成对的类型");
                    return None;
                }
                Some(expression)
            }
            Err(findings) => {
                self.all(findings);
                None
            }
        }
    }

    /// Compiles an expression in which the columns of a list are names.
    fn expression_in(&mut self, program: &Program, cell: &formula::Cell, list: Option<usize>) -> Option<Expression> {
        program.expression(&cell.text, cell.span.start, true, list).map_err(|findings| self.all(findings)).ok()
    }

    fn step_names(&mut self, sections: &[&Section]) -> Vec<StepName> {
        let mut found: Vec<StepName> = Vec::new();
        let mut findings = Vec::new();
        for table in sections.iter().flat_map(|section| &section.tables) {
            for row in tables::rows(table, tables::columns("步骤").unwrap_or_default(), "步骤", &mut findings).rows
            {
                let (name, key, kind) = (row.get("步骤"), row.get("标识"), row.get("方式"));
                self.name(&name, &key);
                let known = StepKind::WORDS.iter().find(|(word, _)| *word == kind.text);
                if known.is_none() {
                    let words: Vec<&str> = StepKind::WORDS.iter().map(|(word, _)| *word).collect();
                    self.error(
                        "G303",
                        &kind.span,
                        format!("没有方式“{}”", kind.text),
                        format!("应写 {}", words.join("、")),
                    );
                }
                if found.iter().any(|step| *step.name == *name.text) {
                    self.error("G202", &name.span, format!("步骤“{}”有两行", name.text), "请删去一行或改名");
                    continue;
                }
                let conclusions =
                    clauses(&row.get("然后")).iter().filter_map(|clause| conclusion(&clause.text)).collect();
                found.push(StepName {
                    name: name.text.as_str().into(),
                    key: key.text.as_str().into(),
                    kind: known.map_or(StepKind::Form, |(_, kind)| *kind),
                    conclusions,
                    span: row.span.clone(),
                });
            }
        }
        self.all(findings);
        found
    }

    fn start_names(&mut self, sections: &[&Section]) -> Vec<(Arc<str>, Arc<str>)> {
        let mut found = Vec::new();
        let mut findings = Vec::new();
        for table in sections.iter().flat_map(|section| &section.tables) {
            for row in tables::rows(table, tables::columns("启动").unwrap_or_default(), "启动", &mut findings).rows
            {
                self.name(&row.get("启动"), &row.get("标识"));
                found.push((row.text("启动").as_str().into(), row.text("标识").as_str().into()));
            }
        }
        self.all(findings);
        found
    }

    /// Checks the form of a name and of its 标识.
    fn name(&mut self, name: &formula::Cell, key: &formula::Cell) {
        if !is_name(&name.text) && !name.text.is_empty() {
            let help = "名称由汉字、字母、数字和 _ 组成，不以数字开头，不是关键词";
            self.error("G106", &name.span, format!("“{}”不能作名称", name.text), help);
        }
        if !tables::is_key(&key.text) {
            let help = "标识由小写字母、数字和 _ 组成，以字母开头";
            self.error("G106", &key.span, format!("“{}”不能作标识", key.text), help);
        }
    }
}

/// The files of `law/` in the order of their names.
fn law_documents(folder: &str, files: &Files) -> Vec<Document> {
    let law = format!("{folder}/law/");
    files.iter().filter(|(path, _)| path.starts_with(&law)).map(|(path, text)| Document::read(path, text)).collect()
}

/// What is known of a step before formulas are read.
#[derive(Clone, Debug)]
pub(crate) struct StepName {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub kind: StepKind,
    pub conclusions: Vec<Arc<str>>,
    pub span: Range<usize>,
}

impl StepName {
    fn plain(self) -> Step {
        let Self { name, key, kind, span, .. } = self;
        let (who, arrows, basis) = (Vec::new(), Vec::new(), String::new());
        Step { name, key, kind, who, join: false, condition: None, side: None, arrows, basis, span }
    }
}

/// The conclusion of a clause of 然后: the word before its arrow or its 若.
fn conclusion(clause: &str) -> Option<Arc<str>> {
    let (left, _) = clause.split_once('→').or_else(|| clause.split_once("->"))?;
    let word = left.split("若 ").next().unwrap_or(left).trim();
    (!word.is_empty() && word != "否则").then(|| word.into())
}

fn chapter<'c, 'd>(chapters: &'c BTreeMap<String, Vec<&'d Section>>, heading: &str) -> &'c [&'d Section] {
    chapters.get(heading).map_or(&[], |sections| sections)
}

/// What stands in a column of a heading's tables, each once.
fn column_of(sections: &[&Section], heading: &str, column: &str) -> std::collections::BTreeSet<String> {
    let columns = tables::columns(heading).unwrap_or_default();
    // What is wrong with the table is told when its rows are read.
    let mut silent = Vec::new();
    let mut found = std::collections::BTreeSet::new();
    for table in sections.iter().filter(|section| section.level == 2).flat_map(|section| &section.tables) {
        found.extend(tables::rows(table, columns, heading, &mut silent).rows.iter().map(|row| row.text(column)));
    }
    found
}

/// Fences `公式` and decision tables of sections, with the article that they implement.
fn blocks(document: &Document, sections: &[&Section], basis: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for section in sections {
        let block = |content: Content| Block { file: document.file.clone(), basis: basis.into(), content };
        for fence in section.fences.iter().filter(|fence| fence.info == "公式") {
            found.push(block(Content::Formulas(fence.text.clone(), fence.offset)));
        }
        for table in section.tables.iter().filter(|table| TableText::is_decision(&table.text.header)) {
            found.push(block(Content::Table(table.text.clone())));
        }
    }
    found
}

/// Headings and prose of guide.md, for the page that citizens read.
fn prose(document: &Document) -> Vec<Passage> {
    let passage = |section: &Section| Passage {
        level: section.level,
        heading: section.title.clone(),
        text: section.prose.iter().map(|range| document.text[range.clone()].trim()).collect::<Vec<_>>().join("\n\n"),
    };
    document.sections.iter().map(passage).filter(|passage| !passage.text.is_empty() || passage.level == 1).collect()
}
