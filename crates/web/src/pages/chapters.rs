//! One thing at a time: a citizen's form in chapters, and the answers to be looked over before they are sent.
//!
//! Nothing is kept between the chapters: what was typed in the others goes along, hidden in the form.

use casework::{Input, Refusal, intake};
use guide::Guide;
use guide::model::{Field, FieldType};
use maud::{Markup, html};

use super::apply::one_more;
use crate::field::{Drawer, form, takes_files};
use crate::layout::{key, page, refusals, token};
use crate::sent::Sent;
use crate::site::Site;
use crate::visit::Visit;

/// A citizen's form: the first step of a service, asked in chapters.
pub struct Asked<'a> {
    pub site: &'a Site,
    pub visit: &'a Visit,
    pub guide: &'a Guide,
    pub step: usize,
    /// For the self-check: what comes of it is shown, and nothing is sent.
    pub check: bool,
}

/// What came of a form: the next page, or all of it.
pub enum Turn {
    Page(Markup),
    Whole(Box<Input>),
}

impl Asked<'_> {
    /// The chapters: a table of the guide each, and a list by itself.
    fn chapters(&self) -> Vec<Vec<&Field>> {
        let mut chapters: Vec<Vec<&Field>> = Vec::new();
        let is_list = |field: &Field| matches!(field.ty, FieldType::List(_));
        for field in intake::fields_of(self.guide, self.step) {
            match chapters.last_mut() {
                Some(last) if !is_list(field) && last.iter().all(|f| f.page == field.page && !is_list(f)) => {
                    last.push(field);
                }
                _ => chapters.push(vec![field]),
            }
        }
        chapters
    }

    /// Where a form that was sent leads.
    pub fn turn(&self, sent: &mut Sent) -> Turn {
        let chapters = self.chapters();
        let here = sent.get("_page").parse::<usize>().ok().filter(|page| *page < chapters.len());
        if one_more(sent) {
            return Turn::Page(self.chapter(here.unwrap_or(0), sent, &[]));
        }
        let to = sent.get("_to");
        if let Ok(chapter) = to.parse::<usize>()
            && chapter < chapters.len()
        {
            return Turn::Page(self.chapter(chapter, sent, &[]));
        }
        let read = intake::read(self.guide, self.step, &form(self.guide, self.step, sent));
        if let (Some(here), true) = (here, to.is_empty()) {
            let wrong = of_chapter(&read, &chapters[here]);
            if !wrong.is_empty() {
                return Turn::Page(self.chapter(here, sent, &wrong));
            }
            let is_last = here + 1 == chapters.len();
            if !is_last && sent.get("_looked").is_empty() {
                return Turn::Page(self.chapter(here + 1, sent, &[]));
            }
            if !self.check {
                return Turn::Page(self.look_over(sent, &[]));
            }
        }
        match read {
            Ok(input) => Turn::Whole(Box::new(input)),
            Err(refused) => Turn::Page(self.refused(sent, &refused)),
        }
    }

    /// The form again with what refuses it: at the first chapter that is wrong, else over the answers.
    pub fn refused(&self, sent: &Sent, refused: &[Refusal]) -> Markup {
        let chapters = self.chapters();
        let wrong = |fields: &Vec<&Field>| refused.iter().any(|refusal| is_of(refusal, fields));
        match chapters.iter().position(wrong) {
            Some(chapter) => self.chapter(chapter, sent, refused),
            None if self.check => self.chapter(chapters.len() - 1, sent, refused),
            None => self.look_over(sent, refused),
        }
    }

    /// One chapter of the form.
    pub fn chapter(&self, chapter: usize, sent: &Sent, refused: &[Refusal]) -> Markup {
        let chapters = self.chapters();
        let fields = &chapters[chapter];
        let drawer = Drawer { site: self.site, guide: self.guide, sent, refusals: refused };
        let title = self.title(fields);
        let looked = !sent.get("_looked").is_empty();
        let button = match (self.check, looked, chapter + 1 == chapters.len()) {
            (true, _, true) => "看结果",
            (false, true, _) => "改好了",
            _ => "下一步",
        };
        let body = html! {
            (self.crumbs())
            p.soft { "第 " (chapter + 1) " 步，共 " (chapters.len()) " 步" }
            h1 { (title) }
            @if chapter == 0 && self.check {
                p.lead { "填一填就知道按现在的情况会是什么结果、为什么。这里填的内容不会保存。" }
            }
            (refusals(refused))
            form method="post" enctype=[takes_files(self.guide, self.step).then_some("multipart/form-data")] {
                button.unseen type="submit" tabindex="-1" aria-hidden="true" { (button) }
                (self.hidden(sent, fields))
                input type="hidden" name="_page" value=(chapter);
                (drawer.fields(fields, self.step))
                div.actions {
                    button.main type="submit" { (button) }
                    @if chapter > 0 && !looked { button type="submit" name="_to" value=(chapter - 1) { "上一步" } }
                }
            }
        };
        page(self.site, self.visit, &format!("{title}：{}", self.guide.title), body)
    }

    /// All answers, each chapter with the way back to it.
    fn look_over(&self, sent: &Sent, refused: &[Refusal]) -> Markup {
        let drawer = Drawer { site: self.site, guide: self.guide, sent, refusals: refused };
        let body = html! {
            (self.crumbs())
            h1 { "提交前再看一遍" }
            p.lead { "请核对下面的内容，有不对的点“改”。核对好了再提交。" }
            (refusals(refused))
            form method="post" enctype=[takes_files(self.guide, self.step).then_some("multipart/form-data")] {
                button.unseen type="submit" name="_to" value="send" tabindex="-1" aria-hidden="true" { "提交" }
                (self.hidden(sent, &[]))
                input type="hidden" name="_looked" value="1";
                @for (number, fields) in self.chapters().iter().enumerate() {
                    section.card.told {
                        div.told-head {
                            h2 { (self.title(fields)) }
                            button type="submit" name="_to" value=(number) {
                                "改" span.unseen { "：" (self.title(fields)) }
                            }
                        }
                        (drawer.told(fields))
                    }
                }
                div.actions { button.main type="submit" name="_to" value="send" { "提交" } }
            }
        };
        page(self.site, self.visit, &format!("提交前再看一遍：{}", self.guide.title), body)
    }

    fn crumbs(&self) -> Markup {
        let (guide, name) = (self.guide, if self.check { "先自查" } else { self.name() });
        html! {
            p.crumbs { a href="/" { "办事指南" } " › " a href=(format!("/services/{}", guide.key)) { (guide.title) } " › " (name) }
        }
    }

    fn name(&self) -> &str {
        self.guide.starts.first().map_or("", |start| &*start.name)
    }

    fn title(&self, fields: &[&Field]) -> String {
        match fields {
            [field] if matches!(field.ty, FieldType::List(_)) => field.name.to_string(),
            _ if self.check => "基本情况".to_owned(),
            _ => self.name().to_owned(),
        }
    }

    /// What proves and identifies the form, and what was typed elsewhere.
    fn hidden(&self, sent: &Sent, shown: &[&Field]) -> Markup {
        let is_shown = |name: &str| shown.iter().any(|field| is_below(name, &field.key));
        html! {
            (token(self.visit)) (key(self.site, sent.get("_key")))
            @if !shown.is_empty() && !sent.get("_looked").is_empty() { input type="hidden" name="_looked" value="1"; }
            @for (name, value) in sent.pairs().filter(|(name, _)| !name.starts_with('_') && !is_shown(name)) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }
}

/// Whether a control or a place of a refusal is that of a field: `members.0.income` is of `members`.
fn is_below(name: &str, field: &str) -> bool {
    name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_of(refusal: &Refusal, fields: &[&Field]) -> bool {
    refusal.field.as_deref().is_some_and(|place| fields.iter().any(|field| is_below(place, &field.key)))
}

fn of_chapter(read: &Result<Input, Vec<Refusal>>, fields: &[&Field]) -> Vec<Refusal> {
    let refused = read.as_ref().err().into_iter().flatten();
    refused.filter(|refusal| is_of(refusal, fields)).cloned().collect()
}
