//! What a step brings about: notices, assessments, grants, letters.

use std::collections::{BTreeMap, BTreeSet};

use base::Month;
use formula::{Assessment, Expression, Facts, Outcome, Type, Value};
use guide::model::{Action, Effect, Letter, LetterPart, StepKind};

use crate::decide::{Draft, Refused};
use crate::event::{ActorRef, Event};
use crate::grants::{granted, nothing, paused};
use crate::people::Actor;
use crate::refusal::{Code, Refusal};
use crate::registers::datum;
use crate::state::Instance;

impl Draft<'_> {
    /// Posts a notice: what it shows is computed once and frozen.
    pub(crate) fn post(&mut self, index: usize, instance: &Instance, people: &[Actor]) -> Result<(), Refused> {
        let guide = self.rules.guide;
        let publicity = guide.publicities.iter().find(|publicity| publicity.step == index);
        let length = self.length_of(index).map(|(due, clock)| (due, clock.name.to_string(), clock.basis.clone()));
        let (Some(publicity), Some((until, clock, basis))) = (publicity, length) else {
            return Err(vec![Refusal::new(Code::R110, "这个公示没有时限", "请联系管理员检查指南")]);
        };
        let facts = self.facts(0);
        let assessment = self.assess(&facts);
        let mut shown = Vec::new();
        for (name, expression) in &publicity.shown {
            let value = assessment.expression(expression).map_err(|unknown| {
                vec![Refusal::new(Code::R111, format!("公示的“{name}”还不能计算：{unknown}"), "请补上缺的事实")]
            })?;
            shown.push((name.clone(), value.show_with_unit(&expression.ty)));
        }
        let references: Vec<ActorRef> = people.iter().map(Actor::reference).collect();
        let places = publicity.places.clone();
        let id = instance.id;
        self.emit(Event::Posted { instance: id, people: references, places, shown, until: until.clone() });
        let step = guide.steps[index].key.to_string();
        self.emit(Event::ClockSet { clock, instance: Some(id), until: step, due: until, basis, expires: false });
        Ok(())
    }

    /// The effects of a step that has just been done. In a decision what was computed is kept with it.
    pub(crate) fn cause(&mut self, index: usize, conclusion: Option<&str>, instance: &Instance) -> Result<(), Refused> {
        let guide = self.rules.guide;
        let facts = self.facts(instance.thread);
        let mut events = Vec::new();
        {
            let assessment = self.assess(&facts);
            if guide.steps[index].kind == StepKind::Decide {
                events.extend(self.assessed(index, instance, &assessment));
            }
            for effect in guide.effects.iter().filter(|e| e.step == index) {
                let wanted = effect.conclusion.as_deref().is_none_or(|wanted| Some(wanted) == conclusion);
                let holds = |effect: &Effect| {
                    effect.condition.as_ref().is_none_or(|c| assessment.expression(c) == Ok(Value::Bool(true)))
                };
                if !wanted || !holds(effect) {
                    continue;
                }
                for row in self.rows_of(effect, (&assessment, &facts)).map_err(|refusal| vec![refusal])? {
                    events.extend(self.effect(effect, &facts, row).map_err(|refusal| vec![refusal])?);
                }
            }
        }
        self.agree(&events).map_err(|refusal| vec![refusal])?;
        for event in events {
            self.emit(event);
        }
        Ok(())
    }

    /// The rows for which an effect is, each with its place; one time without a row where it is for none.
    fn rows_of(&self, effect: &Effect, (assessment, facts): (&Assessment, &Facts)) -> Result<Vec<Option<At>>, Refusal> {
        let Some(each) = &effect.each else { return Ok(vec![None]) };
        // What nobody has stated has no rows; whether it must be stated is for 必填 to say.
        let env = self.rules.guide.program.environment();
        if effect.list().is_some_and(|list| facts.list(&env.lists[list].name).is_none()) {
            return Ok(Vec::new());
        }
        match assessment.expression(each) {
            Ok(Value::List(rows)) => {
                let place = |row: &Value| if let Value::Row(row) = row { Some(Some((row.list, row.at))) } else { None };
                Ok(rows.iter().filter_map(place).collect())
            }
            Ok(_) => Ok(Vec::new()),
            Err(why) => Err(unknown(&each.text(), &why.to_string())),
        }
    }

    fn effect(&self, effect: &Effect, facts: &Facts, row: Option<At>) -> Result<Vec<Event>, Refusal> {
        let guide = self.rules.guide;
        let assessment = self.assess(facts);
        let month_of = |name: &str, expression: &Option<Expression>| match expression
            .as_ref()
            .map(|expression| assessment.expression(expression))
        {
            Some(Ok(Value::Month(month))) => Ok(Some(month)),
            Some(Err(why)) => Err(unknown(name, &why.to_string())),
            _ => Ok(None),
        };
        match &effect.action {
            Action::Letter(letter) => Ok(vec![self.letter(&guide.letters[*letter], (&assessment, row))?]),
            Action::Register(register) => Ok(vec![self.register(effect, *register, (&assessment, row))?]),
            Action::Begin { service, start, .. } => Ok(vec![begun((service, start), effect, (&assessment, row))?]),
            Action::Book(from, to) => Ok(vec![self.book((*from, *to), effect, (&assessment, row))?]),
            Action::Grant(index) | Action::Stop(index) | Action::Pause(index) | Action::Resume(index) => {
                let entitlement = &guide.entitlements[*index];
                let from = month_of(&entitlement.name, &effect.from)?.unwrap_or(Month::of(self.now.date()).next());
                let until = month_of(&entitlement.name, &effect.until)?;
                match effect.action {
                    Action::Stop(_) => Ok(vec![granted(entitlement, nothing(entitlement), from)]),
                    Action::Pause(_) => Ok(vec![paused(entitlement, from)]),
                    Action::Resume(_) => Ok(self.resumed(entitlement, from)),
                    _ => self.grant(effect, entitlement, (from, until), facts),
                }
            }
        }
    }

    /// What a row is called: its first column.
    fn called(&self, assessment: &Assessment, (list, at): At) -> Option<String> {
        let column = self.rules.guide.program.environment().lists[list].columns.first()?;
        match assessment.row_value(list, at, &column.name)?.ok()? {
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        }
    }

    fn letter(&self, letter: &Letter, seen: (&Assessment, Option<At>)) -> Result<Event, Refusal> {
        let mut text = String::new();
        for part in &letter.text {
            match part {
                LetterPart::Text(plain) => text += plain,
                LetterPart::Hole(expression) => {
                    let value = read_in(seen, expression).map_err(|why| {
                        let what = format!("文书“{}”里的“{}”还没有值：{why}", letter.name, expression.text());
                        Refusal::new(Code::R111, what, "请补上缺的事实，或写明理由")
                    })?;
                    text += &written(&value, &expression.ty);
                }
            }
        }
        Ok(Event::LetterIssued {
            letter: letter.key.to_string(),
            title: letter.name.to_string(),
            number: None,
            to: seen.1.and_then(|at| self.called(seen.0, at)).unwrap_or_else(|| self.state.applicant.clone()),
            text: text.trim().to_owned(),
        })
    }

    /// The results that the conclusions and the amounts rest on, with their explanation down to facts and rates.
    fn assessed(&self, index: usize, instance: &Instance, assessment: &Assessment) -> Option<Event> {
        let guide = self.rules.guide;
        let conditions = guide.steps[index].arrows.iter().filter_map(|arrow| arrow.condition.as_ref());
        let mut roots: BTreeSet<usize> =
            conditions.flat_map(|condition| condition.uses.definitions.iter().copied()).collect();
        let of_effects = guide.effects.iter().filter(|e| e.step == index);
        let entitlements = of_effects.filter_map(|e| e.action.entitlement()).map(|index| &guide.entitlements[index]);
        let amounts = entitlements.flat_map(|entitlement| &entitlement.components);
        roots.extend(amounts.filter_map(|component| guide.program.find(&component.amount)).map(|d| d.index));
        roots.extend(guide.figures(index));
        if roots.is_empty() {
            return None;
        }
        let mut results = Vec::new();
        for definition in roots.iter().map(|root| guide.program.at(*root)) {
            let (Some(Ok(value)), Some(ty)) = (assessment.value(definition.name), definition.ty) else { continue };
            results.push((definition.name.to_owned(), value.show(ty)));
        }
        let explained = assessment.explain_each(results.iter().map(|(name, _)| &**name));
        let lines = explained.iter().flat_map(|explained| explained.lines());
        let explanation = lines.map(|(depth, line)| (depth, line.to_owned())).collect();
        let calc_date = match assessment.value("计算日") {
            Some(Ok(Value::Date(date))) => date,
            _ => self.now.date(),
        };
        Some(Event::Assessed { instance: instance.id, calc_date, results, explanation })
    }
}

/// A row: its list, and its places in it.
pub(crate) type At = (usize, [usize; 2]);

/// The value of an expression, in a row where there is one.
pub(crate) fn read_in((assessment, row): (&Assessment, Option<At>), expression: &Expression) -> Outcome {
    match row {
        Some((list, at)) => assessment.expression_of_row(expression, list, at),
        None => assessment.expression(expression),
    }
}

pub(crate) fn unknown(what: &str, why: &str) -> Refusal {
    Refusal::new(Code::R111, format!("“{what}”还不能计算：{why}"), "请补上缺的事实")
}

/// A value as a letter writes it: dates in Chinese, money with two decimals.
pub(crate) fn written(value: &Value, ty: &Type) -> String {
    match value {
        Value::Date(date) => base::format_date(*date),
        Value::Month(month) => month.to_string(),
        value => value.show(ty),
    }
}

/// 启动: what the case that begins is given.
fn begun((service, start): (&str, &str), effect: &Effect, seen: (&Assessment, Option<At>)) -> Result<Event, Refusal> {
    let (mut holder, mut values) = (None, BTreeMap::new());
    for (name, fill) in &effect.set {
        let Some(expression) = fill.expression() else { continue };
        let value = read_in(seen, expression).map_err(|why| unknown(name, &why.to_string()))?;
        let Some(datum) = datum(&value, &expression.ty) else { continue };
        if name == "享受人" {
            holder = datum.people().first().and_then(|person| person.number.clone());
        } else {
            values.insert(name.clone(), datum);
        }
    }
    Ok(Event::Begun { service: service.to_owned(), start: start.to_owned(), holder, values })
}
