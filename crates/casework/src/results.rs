//! What a step brings about: notices, assessments, grants, letters.

use std::collections::BTreeSet;

use base::{CitizenNumber, Fen, Month};
use formula::{Assessment, Expression, Facts, Rational, Type, Value};
use guide::model::{Action, Effect, Entitlement, Letter, LetterPart, StepKind};

use crate::decide::{Draft, Refused};
use crate::event::{ActorRef, Event};
use crate::people::Actor;
use crate::refusal::{Code, Refusal};
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
        self.emit(Event::ClockSet { clock, instance: Some(id), until: step, due: until, basis });
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
                if wanted && holds(effect) {
                    events.extend(self.effect(effect, &facts).map_err(|refusal| vec![refusal])?);
                }
            }
        }
        for event in events {
            self.emit(event);
        }
        Ok(())
    }

    fn effect(&self, effect: &Effect, facts: &Facts) -> Result<Vec<Event>, Refusal> {
        let guide = self.rules.guide;
        let assessment = self.assess(facts);
        match effect.action {
            Action::Letter => Ok(vec![self.letter(&guide.letters[effect.target], &assessment)?]),
            Action::Grant | Action::Stop => {
                let entitlement = &guide.entitlements[effect.target];
                let month =
                    |expression: &Option<Expression>| match expression.as_ref().map(|e| assessment.expression(e)) {
                        Some(Ok(Value::Month(month))) => Ok(Some(month)),
                        Some(Err(why)) => Err(unknown(&entitlement.name, &why.to_string())),
                        _ => Ok(None),
                    };
                let from = month(&effect.from)?.unwrap_or(Month::of(self.now.date()).next());
                let until = month(&effect.until)?;
                if effect.action == Action::Stop {
                    return Ok(vec![granted(entitlement, nothing(entitlement), from)]);
                }
                self.grant(entitlement, from, until, facts)
            }
        }
    }

    /// What is granted from a month on. With an end the amount is computed for each month (期次 is its place), and
    /// a change of it is one more event; after the end nothing is paid.
    fn grant(
        &self,
        entitlement: &Entitlement,
        from: Month,
        until: Option<Month>,
        facts: &Facts,
    ) -> Result<Vec<Event>, Refusal> {
        let (mut events, mut before) = (Vec::new(), None);
        let (mut month, mut place) = (from, 1);
        loop {
            let mut facts = facts.clone();
            facts.set("待遇月", Value::Month(month));
            facts.set("期次", Value::Number(Rational::from(place)));
            let amounts = amounts(entitlement, &self.assess(&facts))?;
            if before.as_ref() != Some(&amounts) {
                events.push(granted(entitlement, amounts.clone(), month));
                before = Some(amounts);
            }
            match until {
                None => {
                    events.extend(self.by_age(entitlement, from, &before.unwrap_or_default(), &facts));
                    return Ok(events);
                }
                Some(until) if month >= until || place >= MOST_MONTHS => {
                    events.push(granted(entitlement, nothing(entitlement), month.next()));
                    return Ok(events);
                }
                Some(_) => (month, place) = (month.next(), place + 1),
            }
        }
    }

    /// What changes by itself from the months after birthdays. Only parts that go with the age do, and only while
    /// the rest would stay as it was decided: anything more is for a new decision.
    fn by_age(&self, entitlement: &Entitlement, from: Month, decided: &Amounts, facts: &Facts) -> Vec<Event> {
        let mut events = Vec::new();
        if entitlement.components.iter().all(|component| !component.by_age) {
            return events;
        }
        let mut before = decided.clone();
        for month in self.after_birthdays(from) {
            let mut facts = facts.clone();
            facts.set("待遇月", Value::Month(month));
            facts.set("计算日", Value::Date(month.first_day()));
            let Ok(amounts) = amounts(entitlement, &self.assess(&facts)) else { break };
            let is_same = |index: usize| entitlement.components[index].by_age || amounts[index] == decided[index];
            if !(0..amounts.len()).all(is_same) {
                break;
            }
            if amounts != before {
                events.push(granted(entitlement, amounts.clone(), month));
                before = amounts;
            }
        }
        events
    }

    /// The months after birthdays of anybody in the case, for as long as a decision may stand.
    fn after_birthdays(&self, from: Month) -> BTreeSet<Month> {
        let people = self.state.facts.iter().flat_map(|fact| fact.value.people());
        let numbers = people.filter_map(|person| CitizenNumber::parse(person.number.as_deref()?).ok());
        let born: BTreeSet<i8> = numbers.map(|number| number.birth().month()).collect();
        let ahead = std::iter::successors(Some(from), |month| Some(month.next())).take(MONTHS_AHEAD).skip(1);
        ahead.filter(|month| born.contains(&month.plus(-1).month())).collect()
    }

    fn letter(&self, letter: &Letter, assessment: &Assessment) -> Result<Event, Refusal> {
        let mut text = String::new();
        for part in &letter.text {
            match part {
                LetterPart::Text(plain) => text += plain,
                LetterPart::Hole(expression) => {
                    let value = assessment.expression(expression).map_err(|why| {
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
            to: self.state.applicant.clone(),
            text: text.trim().to_owned(),
        })
    }

    /// The results that the conclusions and the amounts rest on, with their explanation down to facts and rates.
    fn assessed(&self, index: usize, instance: &Instance, assessment: &Assessment) -> Option<Event> {
        let guide = self.rules.guide;
        let conditions = guide.steps[index].arrows.iter().filter_map(|arrow| arrow.condition.as_ref());
        let mut roots: BTreeSet<usize> =
            conditions.flat_map(|condition| condition.uses.definitions.iter().copied()).collect();
        let of_effects = guide.effects.iter().filter(|e| e.step == index && e.action != Action::Letter);
        let amounts = of_effects.flat_map(|e| &guide.entitlements[e.target].components);
        roots.extend(amounts.filter_map(|component| guide.program.find(&component.amount)).map(|d| d.index));
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

/// Months that one grant with an end may have.
const MOST_MONTHS: i128 = 120;

/// For how many months a decision looks ahead: longer than any re-check is away.
const MONTHS_AHEAD: usize = 36;

type Amounts = Vec<(String, Fen)>;

fn unknown(what: &str, why: &str) -> Refusal {
    Refusal::new(Code::R111, format!("“{what}”还不能计算：{why}"), "请补上缺的事实")
}

fn granted(entitlement: &Entitlement, components: Amounts, from: Month) -> Event {
    Event::Granted { entitlement: entitlement.key.to_string(), components, from }
}

fn nothing(entitlement: &Entitlement) -> Amounts {
    entitlement.components.iter().map(|component| (component.name.to_string(), Fen(0))).collect()
}

fn amounts(entitlement: &Entitlement, assessment: &Assessment) -> Result<Amounts, Refusal> {
    let amount = |component: &guide::model::Component| {
        let value = assessment.value(&component.amount).unwrap_or(Ok(Value::Null));
        let value = value.map_err(|why| unknown(&component.name, &why.to_string()))?;
        let fen = value.number().and_then(fen).ok_or_else(|| unknown(&component.name, "不是分额"))?;
        Ok((component.name.to_string(), fen))
    };
    entitlement.components.iter().map(amount).collect()
}

/// A value as a letter writes it: dates in Chinese, money with two decimals.
fn written(value: &Value, ty: &Type) -> String {
    match value {
        Value::Date(date) => base::format_date(*date),
        Value::Month(month) => month.to_string(),
        value => value.show(ty),
    }
}

fn fen(yuan: Rational) -> Option<Fen> {
    let fen = yuan * Rational::from(100);
    if fen.is_integer() { i64::try_from(fen.to_integer()).ok().map(Fen) } else { None }
}
