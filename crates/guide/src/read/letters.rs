//! 文书: letters with names in braces.

use crate::code::Code;
use crate::document::{Cell, Document, Section};
use crate::findings::{Findings, instead};
use crate::model::{Letter, LetterPart, Step};
use crate::read::form::Forms;
use crate::read::formulas::Compiled;
use crate::read::overview::Unique;
use crate::read::table::{Columns, rows, runs};
use crate::read::words::{ENGINE_FACTS, LETTER_WORDS};

/// Every letter with its heading.
pub(super) fn letters(document: &Document, forms: &Forms, compiled: &mut Compiled, log: &mut Findings) -> Vec<Letter> {
    let Some(section) = document.root.walk().into_iter().find(|s| s.level == 2 && s.title.text == "文书") else {
        return Vec::new();
    };
    runs(section, &[], log);
    let mut names = Unique::default();
    let mut letters = Vec::new();
    for section in &section.children {
        let letter = letter(section, forms, compiled, log);
        letters.extend(names.add(&section.title, log).then_some(letter));
    }
    letters
}

fn letter(section: &Section, forms: &Forms, compiled: &mut Compiled, log: &mut Findings) -> Letter {
    const LETTER: Columns = Columns { needed: &["项目", "内容"], optional: &[] };
    const ROWS: [&str; 2] = ["字号", "主送"];
    // The fence belongs here; `rows` would report it as out of place.
    let mut without_fence = section.clone();
    without_fence.blocks.retain(|b| !matches!(b, crate::document::Block::Fence(f) if f.tag.text == "文书" && f.closed));
    let rows = rows(&without_fence, &LETTER, log);
    for row in rows.iter().filter(|row| !ROWS.contains(&row.get("项目").text.as_str())) {
        let cell = row.get("项目");
        let message = format!("文书没有“{}”这一行", cell.text);
        log.error(Code::BadValue, &cell.location, message, instead(&cell.text, &ROWS));
    }
    let row = |word: &str| rows.iter().find(|r| r.get("项目").text == word);
    for word in ROWS.iter().filter(|word| row(word).is_none() && !rows.is_empty()) {
        let message = format!("文书“{}”缺少“{word}”一行", section.title.text);
        log.error(Code::Empty, &section.title.location, message, format!("| {word} | … |"));
    }
    let mut fences = section.fences().filter(|f| f.tag.text == "文书");
    let body = fences.next().map(|fence| parts(&fence.content, log));
    if body.is_none() {
        let message = format!("文书“{}”没有正文", section.title.text);
        log.error(Code::Fence, &section.title.location, message, "一个 ```文书 围栏");
    }
    for surplus in fences {
        log.error(Code::Fence, &surplus.tag.location, "一份文书只有一个正文", "合并到前一个围栏，或另起三级标题");
    }
    let body = body.unwrap_or_default();
    let mut text = |word: &str| row(word).and_then(|row| row.need("内容", log)).cloned();
    let (series, to) = (text("字号"), text("主送"));
    let addressee = to.as_ref().map(|to| parts(to, log)).unwrap_or_default();
    if let (Some(to), true) = (&to, addressee.len() > 1) {
        let message = format!("主送“{}”混有文字和名字", to.text);
        log.error(Code::BadValue, &to.location, message, "只写单位名称，或只写一个“{名称}”");
    }
    for (cell, _) in body.iter().chain(&addressee).filter(|(_, part)| matches!(part, LetterPart::Name(_))) {
        known_name(cell, forms, compiled, log);
    }
    Letter {
        name: section.title.name(),
        series: series.map(|cell| cell.text).unwrap_or_default(),
        to: to.map(|cell| cell.text).unwrap_or_default(),
        body: body.into_iter().map(|(_, part)| part).collect(),
    }
}

/// Splits a text at `{名称}`; each part with its place.
fn parts(cell: &Cell, log: &mut Findings) -> Vec<(Cell, LetterPart)> {
    let text = &cell.text;
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|i| at + i) {
        let close = text[open..].find(['}', '\n']).map(|i| open + i).filter(|i| text[*i..].starts_with('}'));
        let Some(close) = close else {
            let line = text[open..].lines().next().unwrap_or_default();
            let place = cell.part(open..open + line.len());
            log.error(Code::BadValue, &place.location, "“{”没有对应的“}”", "“{名称}”");
            break;
        };
        if open > at {
            parts.push((cell.part(at..open), LetterPart::Text(text[at..open].to_owned())));
        }
        let name = cell.part(open + 1..close);
        parts.push((name.clone(), LetterPart::Name(name.name())));
        at = close + 1;
    }
    if at < text.len() {
        parts.push((cell.part(at..text.len()), LetterPart::Text(text[at..].to_owned())));
    }
    parts
}

fn known_name(cell: &Cell, forms: &Forms, compiled: &mut Compiled, log: &mut Findings) {
    if compiled.program.is_none() {
        return;
    }
    let name = cell.text.as_str();
    let field = forms.fields().any(|f| &*f.name == name);
    let engine = LETTER_WORDS.contains(&name) || ENGINE_FACTS.iter().any(|(fact, _)| *fact == name);
    if field || engine {
        return;
    }
    if compiled.defines(name) {
        compiled.used.insert(cell.name());
        return;
    }
    let definitions = compiled.program.iter().flat_map(|p| p.definitions()).map(|d| d.name.to_string());
    let fields = forms.fields().map(|f| f.name.to_string());
    let words = LETTER_WORDS.iter().map(|w| (*w).to_owned());
    let known: Vec<String> = words.chain(fields).chain(definitions).collect();
    let message = format!("文书里的“{{{name}}}”没有这个名字");
    log.error(Code::UnknownName, &cell.location, message, instead(name, &known));
}

/// A letter that nothing issues is probably one that an outcome forgot.
pub(super) fn unused(letters: &[Letter], document: &Document, steps: &[Step], log: &mut Findings) {
    let issued = |name: &str| steps.iter().flat_map(|s| &s.outcomes).any(|o| o.letter.as_deref() == Some(name));
    let sections = document.root.walk();
    for letter in letters.iter().filter(|l| !issued(&l.name)) {
        let heading = sections.iter().find(|s| s.level == 3 && *s.title.text == *letter.name);
        if let Some(section) = heading {
            let message = format!("没有步骤结果发出“{}”", letter.name);
            log.warn(Code::UnusedLetter, &section.title.location, message, "在“步骤结果”的“文书”列写上它，或删去");
        }
    }
}
