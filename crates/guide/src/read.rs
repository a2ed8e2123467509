//! From the files of `guides/` to checked guides. Read [`read`] first, then [`service`]: they are the table of contents.

mod form;
mod formulas;
mod graph;
mod letters;
mod overview;
mod rates;
mod rules;
mod scenario;
mod steps;
mod table;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Location, Regions};

use crate::code::Code;
use crate::document::{Document, Section};
use crate::edition::edition;
use crate::findings::{Findings, instead};
use crate::model::{Field, Form, Guide, Guides, Law, RateTable, ResultName, Role, Scenario, Status, Step};
use formulas::Compiled;
use overview::Area;
use words::{HEADINGS, NEEDED_HEADINGS};

/// Guides that passed every check, with what was only remarked upon.
#[derive(Clone, Debug)]
pub struct Read {
    pub guides: Guides,
    pub warnings: Findings,
}

/// Reads all guides. Keys are paths relative to `guides/`: `areas.md`, `roles.md`, `<service>/guide.md` …
/// With `regions`, every region code must exist. One error anywhere refuses all.
pub fn read(files: &BTreeMap<String, String>, regions: Option<&Regions>) -> Result<Read, Findings> {
    let mut log = Findings::default();
    let areas = document("areas.md", files, &mut log).map(|d| overview::areas(&d, &mut log)).unwrap_or_default();
    let roles: Arc<[Role]> =
        document("roles.md", files, &mut log).map(|d| overview::roles(&d, &mut log)).unwrap_or_default().into();
    stray_files(files, &areas, &mut log);
    let mut services = Vec::new();
    for area in &areas {
        let source = Source { area, roles: &roles, files, regions };
        services.extend(service(&source, &mut log).map(Arc::new));
    }
    let log = log.finish(files);
    if log.has_errors() {
        return Err(log);
    }
    Ok(Read { guides: Guides { services, roles }, warnings: log })
}

/// Reads one service again from the files that its guide kept ([`Guide::files`]): the edition that a case pins.
pub fn read_service(files: &BTreeMap<String, String>) -> Result<Arc<Guide>, Findings> {
    let found = read(files, None)?;
    found.guides.services.into_iter().next().ok_or_else(|| {
        let mut log = Findings::default();
        log.error(Code::MissingTable, &Location::new("areas.md", 0..0), "服务清单里没有一项服务", "“服务”表里的一行");
        log.finish(files)
    })
}

struct Source<'a> {
    area: &'a Area,
    roles: &'a Arc<[Role]>,
    files: &'a BTreeMap<String, String>,
    regions: Option<&'a Regions>,
}

impl Source<'_> {
    fn folder(&self) -> &str {
        &self.area.folder.text
    }

    /// The files under a subfolder, in order of name.
    fn under(&self, folder: &str) -> Vec<&str> {
        let prefix = format!("{}/{folder}/", self.folder());
        let files = self.files.keys().map(String::as_str);
        files.filter(|name| name.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('/'))).collect()
    }
}

/// One service, read in stages: what an earlier stage got wrong is not reported again by the later ones that build on it.
/// `None` when something essential did not read.
fn service(source: &Source, log: &mut Findings) -> Option<Guide> {
    let name = format!("{}/guide.md", source.folder());
    let text = guide_text(source, &name, log)?;
    let start = log.errors();
    let document = document(&name, source.files, log)?;
    let summary = opening(&document, source.area, log);
    if !headings(&document, log) {
        return None;
    }

    let mut forms = form::forms(&document, log);
    let rates = rate_table(source, log);
    let results = formulas::results(&document, log);
    let mut blocks = formulas::computation(&document, log);
    let laws = laws(source, &mut blocks, log);
    let readable = log.errors() == start;
    let mut compiled = formulas::compile(readable.then_some(&*blocks), &forms, &rates, &results, log);
    let results: Vec<ResultName> = results.into_iter().map(|(result, _)| result).collect();
    let fields: Vec<Field> = forms.fields().cloned().collect();
    let form = forms.application.clone();

    let subject = overview::subject(&document, &form, log);
    let letters = letters::letters(&document, &forms, &mut compiled, log);
    let before = log.errors();
    let mut around =
        steps::Around { roles: source.roles, letters: &letters, forms: &mut forms, compiled: &mut compiled, log };
    let mut steps = steps::steps(&document, &mut around);
    let mut sound = around.log.errors() == before;
    let materials = steps::materials(&document, &steps, &mut around);
    rules::notices_and_meetings(&document, &mut steps, &fields, &results, &mut compiled, log);
    let recusal = rules::recusal(&document, source.roles, log);
    if sound {
        let before = log.errors();
        graph::check(&steps, log);
        letters::unused(&letters, &document, &steps, log);
        sound = log.errors() == before;
    }
    let limits = rules::limits(&document, &steps, sound, log);

    let sound = log.errors() == start;
    let scenarios = if sound { read_scenarios(source, &form, &steps, &rates, &mut compiled, log) } else { Vec::new() };
    if log.errors() == start {
        unused(&compiled, &rates, log);
    }
    Some(Guide {
        service: source.folder().into(),
        title: source.area.title.text.clone(),
        summary,
        prefix: source.area.prefix.clone(),
        owner: source.area.owner.clone(),
        status: source.area.status,
        edition: edition(source.folder(), source.files),
        files: Arc::new(kept_files(source)),
        pages: formulas::pages(&document, text),
        laws,
        subject: subject?,
        form,
        materials,
        program: compiled.program?,
        results,
        rates,
        steps,
        limits,
        recusal,
        letters,
        scenarios,
        roles: source.roles.clone(),
    })
}

fn guide_text<'a>(source: &Source<'a>, name: &str, log: &mut Findings) -> Option<&'a str> {
    let text = source.files.get(name);
    if text.is_none() {
        let at = &source.area.folder.location;
        log.error(Code::MissingFile, at, format!("没有文件 {name}"), "建立这个目录和其中的 guide.md，或改目录名");
    }
    text.map(String::as_str)
}

/// A file as a document with exactly one title.
fn document(name: &str, files: &BTreeMap<String, String>, log: &mut Findings) -> Option<Document> {
    let file: Arc<str> = name.into();
    let Some(text) = files.get(name) else {
        log.error(
            Code::MissingFile,
            &Location::new(file, 0..0),
            format!("没有文件 {name}"),
            format!("在 guides/ 里建立 {name}"),
        );
        return None;
    };
    let document = Document::read(&file, text);
    let sections = document.root.walk();
    let mut titles = sections.iter().filter(|s| s.level == 1);
    if titles.next().is_none_or(|s| s.title.is_empty()) {
        log.error(Code::Title, &document.root.title.location, "文件没有一级标题", "第一行“# 名称”");
    }
    for surplus in titles {
        let message = format!("第二个一级标题“{}”", surplus.title.text);
        log.error(Code::Title, &surplus.title.location, message, "二级标题“##”");
    }
    Some(document)
}

/// The sentence under the title, which is the name of the service.
fn opening(document: &Document, area: &Area, log: &mut Findings) -> String {
    let Some(title) = document.title() else { return String::new() };
    if title.title.text != area.title.text {
        let message = format!("标题“{}”与服务清单里的“{}”不同", title.title.text, area.title.text);
        log.error(Code::Title, &title.title.location, message, format!("“# {}”", area.title.text));
    }
    let mut paragraphs = title.paragraphs();
    let summary = paragraphs.next().map(|p| p.text.clone());
    if summary.is_none() {
        log.error(Code::Title, &title.title.location, "标题下没有一句话说明", "标题下空一行，写一句话说明");
    }
    for surplus in paragraphs.map(|p| &p.location).chain(title.tables().map(|t| &t.location)) {
        log.error(Code::Title, surplus, "标题下只有一句话说明，这里的内容不会显示", "移到某个二级标题下");
    }
    summary.unwrap_or_default()
}

/// Only fixed headings stand on the second level: a mistyped one would switch its tables off unseen.
/// Returns whether all that every guide must have are there.
fn headings(document: &Document, log: &mut Findings) -> bool {
    let sections = document.root.walk();
    let mut seen: Vec<&str> = Vec::new();
    for section in sections.iter().filter(|s| s.level == 2) {
        let title = section.title.text.as_str();
        if !HEADINGS.contains(&title) {
            let message = format!("不认识的标题“{title}”");
            log.error(Code::UnknownHeading, &section.title.location, message, instead(title, &HEADINGS));
        } else if seen.contains(&title) {
            log.error(Code::RepeatedHeading, &section.title.location, format!("标题“{title}”重复"), "合并到前一处");
        }
        seen.push(title);
    }
    for section in sections.iter().filter(|s| s.level > 2 && HEADINGS.contains(&s.title.text.as_str())) {
        if section.tables().next().is_some() {
            let message = format!("“{}”不是二级标题，不会运行", section.title.text);
            log.error(Code::UnknownHeading, &section.title.location, message, format!("“## {}”", section.title.text));
        }
    }
    for section in sections.iter().filter(|s| s.level == 2) {
        if ["谁可以申请", "怎样申请", "已知不足"].contains(&section.title.text.as_str()) {
            prose(section, log);
        }
    }
    let absent: Vec<&str> = NEEDED_HEADINGS.into_iter().filter(|needed| !seen.contains(needed)).collect();
    for title in &absent {
        let message = format!("没有标题“{title}”");
        log.error(Code::MissingHeading, &document.root.title.location, message, format!("加一节“## {title}”"));
    }
    absent.is_empty()
}

/// Prose may hold any table; a fence of formulas would silently not run there.
fn prose(section: &Section, log: &mut Findings) {
    for fence in section.walk().iter().flat_map(|s| s.fences()).filter(|f| !f.tag.is_empty()) {
        let message = format!("“{}”下的围栏不会运行", section.title.text);
        log.error(Code::Fence, &fence.tag.location, message, "移到“## 计算”或法律依据的条文下");
    }
}

fn rate_table(source: &Source, log: &mut Findings) -> RateTable {
    let name = format!("{}/rates.md", source.folder());
    if !source.files.contains_key(&name) {
        return RateTable::default();
    }
    document(&name, source.files, log).map(|d| rates::rates(&d, source.regions, log)).unwrap_or_default()
}

fn laws(source: &Source, blocks: &mut Vec<formula::Block>, log: &mut Findings) -> Vec<Law> {
    let mut laws = Vec::new();
    for name in source.under("law") {
        if let (Some(document), Some(text)) = (document(name, source.files, log), source.files.get(name)) {
            laws.extend(formulas::law(&document, text, blocks, log));
        }
    }
    laws
}

fn read_scenarios(
    source: &Source,
    form: &Form,
    steps: &[Step],
    rates: &RateTable,
    compiled: &mut Compiled,
    log: &mut Findings,
) -> Vec<Scenario> {
    let roles: Vec<Arc<str>> = source.roles.iter().map(|r| r.name.clone()).collect();
    let names: BTreeSet<Arc<str>> = rates.rows.iter().map(|r| r.name.clone()).collect();
    let names: Vec<Arc<str>> = names.into_iter().collect();
    let mut known =
        scenario::Known { regions: source.regions, form, steps, roles: &roles, rates: &names, compiled, log };
    let mut scenarios = Vec::new();
    for (folder, bad) in [("scenarios/good", false), ("scenarios/bad", true)] {
        for name in source.under(folder) {
            let document = document(name, source.files, known.log);
            scenarios.extend(document.and_then(|d| scenario::scenario(&d, bad, &mut known)));
        }
    }
    scenarios
}

/// Formulas and parameters that nothing reads are mistyped names more often than spare ones.
fn unused(compiled: &Compiled, rates: &RateTable, log: &mut Findings) {
    let Some(program) = &compiled.program else { return };
    for definition in program.definitions() {
        if !compiled.used.contains(&definition.name) && !program.uses_definition(&definition.name) {
            let message = format!("公式“{}”没有用到", definition.name);
            let help = "在计算结果、条件、文书、公示、算例或别的公式里用到它，或删去";
            log.error(Code::UnusedFormula, &definition.location, message, help);
        }
    }
    let mut seen: Vec<&Arc<str>> = Vec::new();
    for row in &rates.rows {
        let used = compiled.used.contains(&row.name) || program.uses_rate(&row.name);
        if !used && !seen.contains(&&row.name) {
            let message = format!("参数“{}”没有用到", row.name);
            log.error(Code::UnusedRate, &row.location, message, "在公式里用到它，或删去这一行");
        }
        seen.push(&row.name);
    }
}

/// Files that nothing reads: of no listed service, or not where guides keep files.
fn stray_files(files: &BTreeMap<String, String>, areas: &[Area], log: &mut Findings) {
    let mut unlisted = "";
    for name in files.keys().filter(|n| !["areas.md", "roles.md"].contains(&n.as_str())) {
        let at = Location::new(name.as_str(), 0..0);
        let Some((folder, rest)) = name.split_once('/') else {
            log.error(Code::StrayFile, &at, format!("不认识的文件 {name}"), "移到某项服务的目录里，或删去");
            continue;
        };
        let known = match rest.rsplit_once('/') {
            None => ["guide.md", "rates.md"].contains(&rest),
            Some((place, file)) => ["law", "scenarios/good", "scenarios/bad"].contains(&place) && file.ends_with(".md"),
        };
        let listed = areas.iter().any(|a| a.folder.text == folder);
        if !listed && unlisted != folder {
            unlisted = folder;
            log.error(
                Code::StrayFile,
                &at,
                format!("目录 {folder} 不在服务清单里"),
                "在 areas.md 里加一行，或删去目录",
            );
        }
        if listed && !known {
            let help = "guide.md、rates.md、law/*.md、scenarios/good/*.md、scenarios/bad/*.md 之一";
            log.error(Code::StrayFile, &at, format!("指南里没有 {rest} 这种文件"), help);
        }
    }
}

/// What is needed to read this edition again: the folder, the roles, and the service's own line of the list.
fn kept_files(source: &Source) -> BTreeMap<String, String> {
    let prefix = format!("{}/", source.folder());
    let own = source.files.iter().filter(|(name, _)| name.starts_with(&prefix) || *name == "roles.md");
    let mut kept: BTreeMap<String, String> = own.map(|(name, text)| (name.clone(), text.clone())).collect();
    let area = source.area;
    let status = match area.status {
        Status::Draft => "试行",
        Status::InForce => "施行",
        Status::Retired => "停用",
    };
    let (title, owner) = (area.title.text.replace('|', "\\|"), area.owner.replace('|', "\\|"));
    let list = format!(
        "# 服务清单\n\n## 服务\n\n| 服务 | 目录 | 编号 | 主管单位 | 状态 |\n|---|---|---|---|---|\n| {title} | {} | {} | {owner} | {status} |\n",
        source.folder(),
        area.prefix,
    );
    kept.insert("areas.md".to_owned(), list);
    kept
}
