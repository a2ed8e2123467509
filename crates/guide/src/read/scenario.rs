//! `scenarios/{good,bad}/*.md`.

use super::tables;
use super::{Files, Reader};
use crate::document::Document;
use crate::model::{Given, GivenRate, GivenRows, Move, Scenario};

impl Reader {
    pub(crate) fn scenarios(&mut self, folder: &str, files: &Files) -> Vec<Scenario> {
        let mut found = Vec::new();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with(&format!("{folder}/scenarios/"))) {
            let document = Document::read(path, text);
            self.file = document.file.clone();
            found.push(self.scenario(&document, path.contains("/good/")));
        }
        found
    }

    fn scenario(&mut self, document: &Document, good: bool) -> Scenario {
        let mut scenario = Scenario {
            file: document.file.to_string(),
            title: document.title().to_owned(),
            good,
            given: Vec::new(),
            rows: Vec::new(),
            rates: Vec::new(),
            walk: Vec::new(),
            expected: Vec::new(),
            explanation: Vec::new(),
        };
        let mut findings = Vec::new();
        for section in &document.sections {
            let title = &*section.title;
            for fence in &section.fences {
                let mut offset = fence.offset;
                for line in fence.text.split_inclusive('\n') {
                    let span = offset..offset + line.trim_end().len();
                    scenario.explanation.extend((!line.trim().is_empty()).then(|| (line.trim().to_owned(), span)));
                    offset += line.len();
                }
            }
            for table in &section.tables {
                match title {
                    "给定" => {
                        for row in tables::rows(table, &["项目", "值", "[步骤]"], title, &mut findings).rows {
                            let step = Some(row.text("步骤")).filter(|step| !step.is_empty());
                            scenario.given.push(Given { name: row.get("项目"), value: row.get("值"), step });
                        }
                    }
                    "参数值" => {
                        for row in tables::rows(table, &["参数", "起", "值"], title, &mut findings).rows {
                            let (parameter, from, value) = (row.get("参数"), row.get("起"), row.get("值"));
                            scenario.rates.push(GivenRate { parameter, from, value });
                        }
                    }
                    "经过" => {
                        let columns = ["时间", "谁", "步骤", "填报", "应当"];
                        for row in tables::rows(table, &columns, title, &mut findings).rows {
                            let get = |column: &str| row.get(column);
                            let (at, who, step) = (get("时间"), get("谁"), get("步骤"));
                            scenario.walk.push(Move { at, who, step, input: get("填报"), expect: get("应当") });
                        }
                    }
                    "应得" => {
                        for row in tables::rows(table, &["项目", "值"], title, &mut findings).rows {
                            scenario.expected.push((row.get("项目"), row.get("值")));
                        }
                    }
                    _ => match title.strip_prefix("给定") {
                        Some(path) => scenario.rows.push(GivenRows {
                            path: path.trim().to_owned(),
                            span: section.span.clone(),
                            header: table.text.header.clone(),
                            rows: table.text.rows.clone(),
                        }),
                        None => {
                            let help = "应写 给定、给定 列表、参数值、经过、应得、说明";
                            self.error("G101", &section.span, format!("标题“## {title}”不认识"), help);
                        }
                    },
                }
            }
        }
        self.all(findings);
        scenario
    }
}
