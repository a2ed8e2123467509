//! What is printed: letters and the records of a case, on one model for the screen, the printer and PDF.
//!
//! The look is that of official documents (GB/T 9704-2012): A4, margins of 37, 26, 35 and 28 mm, red head, body in 3号.

use maud::{Markup, html};

/// A paper.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// The organ in red above a letter; empty for a record.
    pub organ: String,
    /// Organ, kind, 〔year〕 and serial, without 号.
    pub number: Option<String>,
    pub title: String,
    pub paragraphs: Vec<String>,
    /// Label and value.
    pub rows: Vec<(String, String)>,
    /// Who signs by hand: one line each.
    pub signs: Vec<String>,
    /// Organ and day below a letter.
    pub closing: Vec<String>,
    /// What stands at the foot of every page: made-up people are said to be so.
    pub mark: String,
}

impl Paper {
    pub fn html(&self) -> Markup {
        let class = if self.organ.is_empty() { "sheet form" } else { "sheet" };
        html! {
            article class=(class) {
                @if !self.organ.is_empty() {
                    p.organ { (self.organ) }
                    p.number { @if let Some(number) = &self.number { (number) "号" } }
                }
                h1 { (self.title) }
                @if let Some(number) = self.number.as_ref().filter(|_| self.organ.is_empty()) { p.number { (number) } }
                @if !self.paragraphs.is_empty() { div.body { @for line in &self.paragraphs { p { (line) } } } }
                @if !self.rows.is_empty() {
                    table { tbody { @for (label, value) in &self.rows { tr { th scope="row" { (label) } td { (value) } } } } }
                }
                @if !self.signs.is_empty() { div.signs { @for sign in &self.signs { p { (sign) "：" } } } }
                @if !self.closing.is_empty() { div.sign { @for line in &self.closing { p { (line) } } } }
            }
        }
    }
}
