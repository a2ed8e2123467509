//! `law/*.md`: one legal source per file; what implements a clause stands under it.

use std::sync::Arc;

use formula::{Block, TableText, Type};

use super::tables;
use super::{Reader, blocks};
use crate::document::Document;
use crate::model::{Article, Law, Parameter};

impl Reader {
    pub(crate) fn laws(
        &mut self,
        documents: &[Document],
        parameters: &mut Vec<Parameter>,
        dimensions: &[(Arc<str>, Type)],
    ) -> (Vec<Law>, Vec<Block>) {
        let (mut laws, mut all) = (Vec::new(), Vec::new());
        for document in documents {
            self.file = document.file.clone();
            let mut law = self.law(document);
            for section in document.sections.iter().filter(|section| section.level == 2) {
                let basis = format!("{} {}", law.short, section.title);
                for table in section.tables.iter().filter(|t| !TableText::is_decision(&t.text.header)) {
                    if table.text.header.first().is_some_and(|cell| cell.text == "参数") {
                        parameters.extend(self.parameters(table, &basis, dimensions));
                    } else {
                        let help = "条文下只写决策表、“参数”表、“公式”围栏或“不执行”围栏";
                        self.error("G103", &table.span, format!("“{}”下的表不认识", section.title), help);
                    }
                }
                let not_automated = section.fences.iter().find(|fence| fence.info == "不执行");
                for fence in section.fences.iter().filter(|f| !["公式", "不执行"].contains(&&*f.info)) {
                    self.error("G105", &fence.span, format!("围栏“{}”不认识", fence.info), "应写“公式”“不执行”之一");
                }
                if section.tables.is_empty() && section.fences.is_empty() {
                    let message = format!("{}下没有公式、表格或“不执行”", section.title);
                    self.error("G704", &section.span, message, "请写不自动执行的理由");
                }
                let text = section.prose.iter().map(|range| document.text[range.clone()].trim());
                law.articles.push(Article {
                    heading: section.title.clone(),
                    text: text.collect::<Vec<_>>().join("\n\n"),
                    not_automated: not_automated.map(|fence| fence.text.trim().to_owned()),
                });
                all.extend(blocks(document, &[section], &basis));
            }
            laws.push(law);
        }
        (laws, all)
    }

    /// The title and the table `法律 | 内容`.
    fn law(&mut self, document: &Document) -> Law {
        let stem = document.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".md");
        let mut law = Law {
            name: document.title().to_owned(),
            short: stem.to_owned(),
            file: document.file.to_string(),
            facts: Default::default(),
            articles: Vec::new(),
        };
        let mut findings = Vec::new();
        for table in document.sections.iter().filter(|section| section.level < 2).flat_map(|section| &section.tables) {
            for row in tables::rows(table, &["法律", "内容"], "法律", &mut findings).rows {
                law.facts.insert(row.text("法律"), row.text("内容"));
            }
        }
        self.all(findings);
        if let Some(short) = law.facts.get("简称") {
            law.short = short.clone();
        } else {
            self.error("G102", &(0..0), "没有写这部法律的简称", "在标题下写表：法律、内容，行：简称、文号、施行、来源");
        }
        law
    }
}

/// Every article, as 依据 names it.
pub(super) fn articles(laws: &[Law]) -> Vec<String> {
    laws.iter()
        .flat_map(|law| law.articles.iter().map(|article| format!("{} {}", law.short, article.heading)))
        .collect()
}
