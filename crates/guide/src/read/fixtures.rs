//! `fixtures.md`: how the columns of acceptance fixtures map to the guide's names.

use std::collections::BTreeMap;

use super::tables;
use super::{Files, Reader};
use crate::document::Document;
use crate::model::FixtureColumn;

/// What a column of a fixture does.
const ROLES: [&str; 7] = ["参数", "项目", "行数", "每行", "另加行", "设定", "应得"];

impl Reader {
    pub(crate) fn fixtures(&mut self, folder: &str, files: &Files) -> BTreeMap<String, Vec<FixtureColumn>> {
        let path = format!("{folder}/fixtures.md");
        let Some(text) = files.get(&path) else { return BTreeMap::new() };
        let document = Document::read(&path, text);
        self.file = document.file.clone();
        let mut found: BTreeMap<String, Vec<FixtureColumn>> = BTreeMap::new();
        let mut findings = Vec::new();
        for section in &document.sections {
            for table in &section.tables {
                for row in tables::rows(table, &["列", "作用", "名称", "[值]"], &section.title, &mut findings).rows
                {
                    let role = row.get("作用");
                    if !ROLES.contains(&&*role.text) {
                        self.error(
                            "G303",
                            &role.span,
                            format!("没有作用“{}”", role.text),
                            format!("应写 {}", ROLES.join("、")),
                        );
                    }
                    found.entry(section.title.clone()).or_default().push(FixtureColumn {
                        column: row.text("列"),
                        role: role.text,
                        name: row.text("名称"),
                        value: row.text("值"),
                    });
                }
            }
        }
        self.all(findings);
        found
    }
}
