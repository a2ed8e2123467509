//! Notices and objections: what is posted is frozen, runs its full time, and every objection is answered.

use std::sync::Arc;

use base::{RegionCode, format_date};
use formula::Value;
use guide::{Step, StepKind};

use super::{Course, Materials, needs_reason, not_here};
use crate::assess::display;
use crate::event::{Event, Notice};
use crate::refusal::{Code, Refusal};

impl Course<'_> {
    /// INVARIANT (publicity runs its time): it cannot be shortened, and what was posted is what counts.
    pub(super) fn notice_over(&self, step: &Step) -> Result<(), Refusal> {
        let basis = step.notice.as_ref().map(|n| n.basis.clone()).unwrap_or_default();
        let Some(notice) = self.state.running_notice(&step.name) else {
            return Err(Refusal::new(Code::NoticeNotPosted, "还没有登记张贴", basis, "请先张贴公示并上传照片。"));
        };
        match notice.last_day {
            Some(last) if self.around.now.date() <= last => {
                let reason = format!("公示要到{}届满，届满次日起才能结束", format_date(last));
                Err(Refusal::new(Code::NoticeRunning, reason, basis, "请在公示期满后办理，公示期不能缩短。"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn post(&mut self, materials: &Materials) -> Result<(), Refusal> {
        let open = self.state.open.clone();
        let found = open.as_ref().and_then(|o| self.guide.step(&o.step)).filter(|s| s.kind == StepKind::Notice);
        let (Some(step), Some(rule)) = (found, found.and_then(|s| s.notice.as_ref())) else {
            return Err(not_here("当前步骤不是公示"));
        };
        if self.state.running_notice(&step.name).is_some() {
            let remedy = "公示内容张贴后即冻结；确需更正的，重新公示并重新计算期限。";
            return Err(Refusal::new(Code::PostedAlready, "本次公示已经张贴", &rule.basis, remedy));
        }
        self.attach(&step.name, materials);
        self.materials_there(step)?;
        let now = self.around.now;
        let evaluation = self.evaluation();
        let row = |name: &Arc<str>| {
            let fact = || self.state.fact_on(name, now.date()).map(|v| v.value.clone());
            let value = evaluation.value(name).cloned().or_else(fact);
            let text = match value {
                None | Some(Value::Missing(_)) => "——".to_owned(),
                Some(Value::Text(code)) if *name == self.guide.subject.region => self.place(&code),
                Some(value) => display(self.guide, name, &value),
            };
            (name.to_string(), text)
        };
        let calendar = &self.around.bureau.calendar;
        let notice = Notice {
            step: step.name.clone(),
            place: rule.place.clone(),
            posted_at: now,
            last_day: rule.days.map(|days| calendar.calendar_days_after(now.date(), days).at),
            title: format!("{}{}", self.guide.title, step.name),
            rows: rule.shows.iter().map(row).collect(),
        };
        self.push(Event::Posted { notice });
        if rule.days.is_none()
            && let Some(outcome) = step.outcomes.first()
        {
            self.end(step, outcome);
        }
        Ok(())
    }

    fn place(&self, code: &str) -> String {
        let regions = &self.around.bureau.regions;
        let path = RegionCode::parse(code).ok().and_then(|code| regions.path(code));
        path.unwrap_or_else(|| code.to_owned())
    }

    /// An objection within the days of a notice diverts the case at once; later ones must still be answered (SA-21).
    pub(super) fn object(&mut self, name: Option<&str>, contact: &str, text: &str) -> Result<(), Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::new(Code::ReasonNeeded, "请写明异议的内容", "", "写明事实和理由后再提交。"));
        }
        if self.state.notices.is_empty() {
            return Err(not_here("该件没有公示过，不能提出异议"));
        }
        let number = u32::try_from(self.state.objections.len()).unwrap_or(u32::MAX).saturating_add(1);
        let name = name.map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned);
        let (contact, text) = (contact.trim().to_owned(), text.trim().to_owned());
        self.push(Event::Objected { number, name, contact, text });
        let open = self.state.open.as_ref().map(|o| o.step.clone());
        let step = open.and_then(|o| self.guide.step(&o)).filter(|s| s.kind == StepKind::Notice);
        if let Some(step) = step
            && self.state.running_notice(&step.name).is_some()
            && let Some(outcome) = step.outcome("有异议")
        {
            self.end(step, outcome);
        }
        Ok(())
    }

    pub(super) fn answer(&mut self, number: u32, finding: &str, text: &str) -> Result<(), Refusal> {
        if !self.state.unanswered().any(|o| o.number == number) {
            let reason = format!("没有待答复的第{number}号异议");
            return Err(Refusal::new(Code::NothingToAnswer, reason, "", "请刷新页面核对。"));
        }
        needs_reason(text, "答复异议")?;
        self.push(Event::Answered { number, finding: finding.to_owned(), text: text.trim().to_owned() });
        Ok(())
    }
}
