//! 疑点: where answers and statements differ, and what a person makes of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, DateTime};
use formula::{Expression, Facts, Value};
use guide::model::{Doubt, Severity, StepKind};
use serde::{Deserialize, Serialize};

use crate::checking::{put, whom};
use crate::decide::{Draft, Refused, Rules};
use crate::event::{Datum, Event, PersonRef};
use crate::intake::Input;
use crate::people::Actor;
use crate::refusal::{Code, Refusal};
use crate::registers::{Query, row};
use crate::results::{At, read_in};
use crate::state::{Instance, State};

/// The register of who was cleared of what, and until when.
pub const CLEARED: &str = "cleared_doubt";

/// What is found where the guide says nothing of 查得.
pub const SOMETHING: &str = "有记录";

/// What a person can make of a doubt; everything but the first needs a reason.
pub const VERDICTS: [&str; 3] = [TRUE, FALSE, OPEN];
const TRUE: &str = "属实";
const FALSE: &str = "不属实";
const OPEN: &str = "待入户核实";

/// A doubt about somebody, with what was stated and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// 标识 of the doubt.
    pub doubt: String,
    pub name: String,
    pub person: PersonRef,
    /// How the person is told apart where forms may not show numbers: the name, with the last digits if two are called so.
    pub who: String,
    pub declared: Option<String>,
    pub found: Option<String>,
    /// 等级.
    pub severity: String,
    pub note: String,
}

/// What was made of a doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub found: Found,
    /// One of [`VERDICTS`].
    pub verdict: String,
    pub reason: String,
}

impl Found {
    /// By what a form names the doubt: its 标识 and whom it is about.
    pub fn place(&self) -> String {
        format!("{}.{}", self.doubt, self.who)
    }
}

/// What is doubtful in a case by the answers that are there. Whoever is not answered about is in no doubt, and not
/// cleared either: the standing of the answers says so.
pub fn doubts(rules: Rules, state: &State, now: DateTime) -> Vec<Found> {
    Draft::new(rules, state, Actor::system().reference(), now).doubts()
}

impl Draft<'_> {
    pub(crate) fn doubts(&self) -> Vec<Found> {
        let guide = self.rules.guide;
        if guide.doubts.is_empty() || self.state.requests.is_empty() {
            return Vec::new();
        }
        let facts = Arc::new(self.facts(0).as_ref().clone());
        let mut found = Vec::new();
        for doubt in &guide.doubts {
            for (row, person) in whom(guide, &facts, &doubt.of) {
                let mut own = Facts::over(facts.clone());
                for inquiry in &guide.inquiries {
                    let asked = self.state.asked(&inquiry.name);
                    let of_person = asked.into_iter().filter(|request| request.question.person.number == person.number);
                    put(inquiry, &of_person.collect::<Vec<_>>(), &mut own);
                }
                found.extend(self.doubt(doubt, &own, row, person));
            }
        }
        found.retain(|found| !self.is_cleared(found));
        found.sort_by_key(|found| Severity::WORDS.iter().position(|(word, _)| *word == found.severity));
        found
    }

    fn doubt(&self, doubt: &Doubt, facts: &Facts, row: Option<At>, person: PersonRef) -> Option<Found> {
        let assessment = self.assess(facts);
        if read_in((&assessment, row), &doubt.condition) != Ok(Value::Bool(true)) {
            return None;
        }
        let told = |expression: &Option<Expression>| {
            let expression = expression.as_ref()?;
            let value = read_in((&assessment, row), expression).ok()?;
            Some(value.show_with_unit(&expression.ty))
        };
        let others = self.state.requests.iter().map(|request| &request.question.person);
        let mut others = others.filter(|other| other.name == person.name && other.number != person.number);
        let last = person.number.as_deref().and_then(|number| number.get(number.len().saturating_sub(4)..));
        let who = match others.next() {
            Some(_) => format!("{}{}", person.name, last.unwrap_or_default()),
            None => person.name.clone(),
        };
        Some(Found {
            doubt: doubt.key.to_string(),
            name: doubt.name.to_string(),
            person,
            who,
            declared: told(&doubt.declared),
            found: told(&doubt.found),
            severity: doubt.severity.word().to_owned(),
            note: doubt.note.clone(),
        })
    }

    /// Whoever was cleared is not doubted again while the same is found, until that has run out.
    fn is_cleared(&self, found: &Found) -> bool {
        let Some(number) = &found.person.number else { return false };
        let (register, column) = (CLEARED.to_owned(), "person".to_owned());
        let values = self.rules.registers.numbers(number);
        let rows = self.rules.registers.find(&Query { register, column, values, on: self.now.date() });
        rows.iter().any(|row| {
            let says = |key: &str| row.columns.get(key).and_then(Datum::text);
            let told = found.found.as_deref().unwrap_or(SOMETHING);
            let until = says("until").and_then(|day| day.parse::<Date>().ok());
            says("doubt") == Some(&*found.name)
                && says("found") == Some(told)
                && until.is_some_and(|until| until >= self.now.date())
        })
    }

    /// Every doubt that stood before the step's statement is told with what was made of it: what the statement takes
    /// over is true, of the rest a person says something, and why.
    pub(crate) fn settle_doubts(
        &mut self,
        (index, instance): (usize, &Instance),
        before: Vec<Found>,
        input: &Input,
    ) -> Result<(), Refused> {
        if self.rules.guide.steps[index].kind != StepKind::Match || before.is_empty() {
            return Ok(());
        }
        let still = self.doubts();
        let (mut verdicts, mut refusals) = (Vec::new(), Vec::new());
        for found in before {
            let place = found.place();
            let (said, reason) = input.verdicts.get(&place).cloned().unwrap_or_default();
            let stands = still.iter().any(|other| other.place() == place);
            let said = if said.is_empty() && !stands { TRUE.to_owned() } else { said };
            let (name, person) = (&found.name, &found.person.name);
            if !VERDICTS.contains(&&*said) {
                let text = format!("{person}的疑点“{name}”还没有处理");
                let way_out = "改成查得的数，或者选 属实、不属实、待入户核实";
                refusals.push(Refusal::new(Code::R107, text, way_out).at(&format!("疑点.{place}")));
            } else if said != TRUE && reason.trim().is_empty() {
                let text = format!("{person}的疑点“{name}”没有写说明");
                refusals.push(Refusal::new(Code::R107, text, "写明凭什么").at(&format!("疑点说明.{place}")));
            }
            verdicts.push(Verdict { found, verdict: said, reason: reason.trim().to_owned() });
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let cleared: Vec<Event> = verdicts.iter().filter_map(|verdict| self.clear(verdict)).collect();
        self.emit(Event::Doubted { instance: instance.id, verdicts });
        cleared.into_iter().for_each(|event| self.emit(event));
        Ok(())
    }

    /// A row of who was cleared, where the guide says for how long.
    fn clear(&self, verdict: &Verdict) -> Option<Event> {
        let guide = self.rules.guide;
        let register = guide.writable.iter().find(|register| *register.key == *CLEARED)?;
        let found = &verdict.found;
        let doubt = guide.doubts.iter().find(|doubt| *doubt.key == *found.doubt)?;
        let length = doubt.cleared_for.filter(|_| verdict.verdict == FALSE)?;
        let until = length.due(self.now, self.rules.calendar).at.date();
        let told = found.found.as_deref().unwrap_or(SOMETHING);
        let columns = BTreeMap::from([
            ("found".to_owned(), Datum::Text(told.to_owned())),
            ("person".to_owned(), Datum::Person(found.person.clone())),
            ("doubt".to_owned(), Datum::Text(found.name.clone())),
            ("until".to_owned(), Datum::Text(until.to_string())),
            ("reason".to_owned(), Datum::Text(verdict.reason.clone())),
            ("case".to_owned(), Datum::Text(self.state.case.clone())),
        ]);
        Some(Event::Registered(row(register, self.now.date(), self.state.region?, columns)))
    }

    /// 结果 of a step of 核对 that has asked registries follows from the answers and the doubts; where it has asked none, a
    /// person says it.
    pub(crate) fn conclude_check(
        &self,
        (index, instance): (usize, &Instance),
        outputs: &mut BTreeMap<String, Datum>,
    ) -> Option<Refusal> {
        if self.rules.guide.steps[index].kind != StepKind::Match {
            return None;
        }
        let asked: Vec<_> = self.state.requests.iter().filter(|request| request.instance == instance.id).collect();
        if asked.is_empty() {
            let refusal = || Refusal::new(Code::R107, "没有填“结果”", "请填写").at("结果");
            return (!outputs.contains_key("结果")).then(refusal);
        }
        let newest = self.rules.guide.inquiries.iter().flat_map(|inquiry| self.state.asked(&inquiry.name));
        let settled = newest.into_iter().all(|request| request.standing().is_settled());
        let mut own = self.state.verdicts.iter().filter(|(of, _)| *of == instance.id);
        let word = match own.any(|(_, verdict)| verdict.verdict != FALSE) {
            true => "不符",
            false if settled => "相符",
            false => "未答复",
        };
        outputs.insert("结果".to_owned(), Datum::Text(word.to_owned()));
        None
    }
}
