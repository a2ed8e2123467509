//! 科学测算: what a change of rates or formulas would do to everybody. Nothing is changed by it; a study that is kept can
//! be repeated to the same figure, since it keeps what it stood on.

use base::{Date, DateTime, Month, RegionCode};
use casework::event::RegisterRow;
use casework::facts::facts;
use casework::scenario::overlay;
use casework::{Actor, State};
use formula::{Facts, Population, RateRequest, Rates, Value};
use guide::model::{Entitlement, Parameter};
use guide::what_if::{Answer, Question};
use guide::{Files, Guide, Library, Overlay, RateBook, read_library};
use ledger::Source;
use num_rational::Ratio;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::rates::{set_rates, written};
use crate::{Bureau, Failure, Fault, Weights};

/// 资金分担 in parameters.md.
const SHARES: &str = "fund_share";

/// Households reckoned together: so few that their people's numbers are few enough for columns to hold.
const TOGETHER: usize = 80;

/// After how many households it is told how far it has come.
const TOLD_EVERY: usize = 50;

/// How long ago a refusal may lie whose household could come in by a change: 24 months.
const POOL_MONTHS: i32 = 24;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Whose rates and households.
    pub region: RegionCode,
    /// By the rates of which day.
    pub date: Date,
    /// Rates as they are written, `最小面积(沙土)`, each with its new value.
    pub rates: Vec<(String, String)>,
    /// Formulas by name, each with its new expression.
    pub formulas: Vec<(String, String)>,
    /// By which values households are told apart, beside those of the guide.
    pub groups: Vec<String>,
}

/// What a change comes to in an entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Key and title of the service.
    pub service: String,
    pub title: String,
    pub entitlement: String,
    pub answer: Answer,
    /// What each source bears more a month, in 分; or why that cannot be said.
    pub sources: Result<Vec<(String, i64)>, String>,
}

/// What a study came to, with what it stood on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Study {
    pub asked: Asked,
    /// What each changed rate was; `—` where there was none.
    pub was: Vec<String>,
    pub at: DateTime,
    /// Under which digest the guides and rates are kept.
    pub guides: String,
    /// Rates that cases had set.
    pub set: Vec<(DateTime, RegisterRow)>,
    pub cases: Vec<Household>,
    pub told: Vec<Told>,
}

/// A change laid over guides and rates.
pub struct Trial<'t> {
    library: &'t Library,
    before: &'t RateBook,
    after: RateBook,
    changes: Vec<Overlay>,
    /// The guides with the replaced formulas, where there are any.
    replaced: Option<Library>,
    asked: &'t Asked,
}

/// Brings the people of a guide, part by part.
pub type Feed<'f> = dyn FnMut(&Guide, &mut dyn FnMut(&Population) -> Result<(), String>) -> Result<(), String> + 'f;

impl<'t> Trial<'t> {
    /// # Errors
    /// Sentences about what is wrong with the change.
    pub fn new(
        files: &Files,
        library: &'t Library,
        before: &'t RateBook,
        asked: &'t Asked,
    ) -> Result<Self, Vec<String>> {
        let parameters: Vec<Parameter> = library.all_parameters().cloned().collect();
        let mut wrong = Vec::new();
        let mut changes = Vec::new();
        for (name, value) in &asked.rates {
            match overlay(&parameters, &plain(name), value.trim()) {
                Ok(change) => changes.push(change),
                Err(why) => wrong.push(format!("{name}：{why}")),
            }
        }
        let replaced = match asked.formulas.is_empty() {
            true => None,
            false => match replace(files, library, &asked.formulas) {
                Ok(replaced) => Some(replaced),
                Err(why) => {
                    wrong.extend(why);
                    None
                }
            },
        };
        if asked.rates.is_empty() && asked.formulas.is_empty() {
            wrong.push("还没有改任何参数或公式".into());
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self { library, before, after: before.overlaid(changes.clone()), changes, replaced, asked })
    }

    /// What the change comes to in every monthly entitlement that it reaches.
    ///
    /// # Errors
    /// A group that no guide has, people that are not in order, or a change that reaches nothing.
    pub fn run(&self, bureau: &Bureau, only: Option<&str>, feed: &mut Feed) -> Result<Vec<Told>, String> {
        let guides = || self.library.guides.iter().filter(|guide| only.is_none_or(|only| *guide.key == *only));
        if let Some(name) = self.asked.groups.iter().find(|name| !guides().any(|guide| has(guide, name))) {
            return Err(format!("没有服务有项目或公式“{name}”"));
        }
        let mut told = Vec::new();
        for guide in guides() {
            let replaced = self.replaced.as_ref().and_then(|library| library.find(&guide.key)).unwrap_or(guide);
            for entitlement in guide.tried() {
                if entitlement.components.iter().any(|component| self.reaches(guide, &component.amount)) {
                    told.push(self.answer(bureau, (guide, replaced), entitlement, feed)?);
                }
            }
        }
        if told.is_empty() {
            Err("没有服务用到所改的参数或公式来算每月的待遇".into())
        } else {
            Ok(told)
        }
    }

    fn reaches(&self, guide: &Guide, amount: &str) -> bool {
        let Some(definition) = guide.program.find(amount) else { return false };
        let uses = guide.program.all_uses(definition.uses);
        let names = &guide.program.environment().parameters;
        let changed = |name: &str| self.changes.iter().any(|change| change.parameter == name);
        let formula = |index: usize| {
            let name = path(guide, index);
            self.asked.formulas.iter().any(|(replaced, _)| *replaced == name)
        };
        uses.parameters.iter().any(|index| changed(&names[*index].name))
            || uses.definitions.iter().any(|index| formula(*index))
            || formula(definition.index)
    }

    fn answer(
        &self,
        bureau: &Bureau,
        (guide, replaced): (&Guide, &Guide),
        entitlement: &Entitlement,
        feed: &mut Feed,
    ) -> Result<Told, String> {
        let own = guide.yardsticks.iter().filter(|yardstick| yardstick.entitlement == entitlement.key);
        let mut groups: Vec<String> = own.flat_map(|own| &own.groups).map(ToString::to_string).collect();
        for name in self.asked.groups.iter().filter(|name| has(guide, name)) {
            if !groups.contains(name) {
                groups.push(name.clone());
            }
        }
        let question = Question {
            guide,
            replaced,
            entitlement,
            before: self.before,
            after: &self.after,
            calendar: &bureau.calendar,
            groups: &groups,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let mut answer = Answer::default();
        feed(guide, &mut |population| answer.take(&question, population))?;
        answer.finish();
        let programme = entitlement.programme.as_deref().unwrap_or(&guide.title);
        let more = answer.all.after.fen - answer.all.before.fen;
        let weights = weights(&self.library.parameters, self.before, programme, self.asked.region, self.asked.date);
        let sources = weights.and_then(|weights| {
            let parts = ledger::share(more.abs(), &weights.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
            let parts = parts.ok_or_else(|| format!("{programme}的资金分担全是零"))?;
            let named = weights.iter().zip(parts).filter(|(_, part)| *part > 0);
            Ok(named.map(|((source, _), part)| (source.name().to_owned(), part * more.signum())).collect())
        });
        let (service, title, entitlement) = (guide.key.to_string(), guide.title.clone(), entitlement.name.to_string());
        Ok(Told { service, title, entitlement, answer, sources })
    }
}

/// The name of a formula with the list whose rows have it.
pub(crate) fn path(guide: &Guide, index: usize) -> String {
    let definition = guide.program.at(index);
    let lists = &guide.program.environment().lists;
    let mut path = definition.name.to_owned();
    let mut list = definition.row_of;
    while let Some(at) = list {
        path = format!("{}.{path}", lists[at].name);
        list = lists[at].parent;
    }
    path
}

/// Whether a guide has a value or formula of a name.
fn has(guide: &Guide, name: &str) -> bool {
    let program = &guide.program;
    program.find(name).is_some() || program.environment().values.iter().any(|value| &*value.name == name)
}

fn plain(text: &str) -> String {
    text.trim().replace('（', "(").replace('）', ")")
}

/// The guides with formulas written anew. What is wrong with them is told as of any guide.
fn replace(files: &Files, library: &Library, formulas: &[(String, String)]) -> Result<Library, Vec<String>> {
    let mut changed = files.clone();
    let mut wrong = Vec::new();
    for (name, expression) in formulas {
        let mut found = false;
        for guide in &library.guides {
            let definitions = guide.program.definitions().filter(|definition| path(guide, definition.index) == *name);
            for (file, start) in definitions.map(|definition| (definition.file, definition.span.start)) {
                found = true;
                let Some(text) = changed.get_mut(file) else { continue };
                match body(files.get(file).map_or("", |text| text), start) {
                    // A file that has changed before is looked through for what stood there.
                    Some(before) => *text = text.replacen(&before, &format!(" = {}\n", expression.trim()), 1),
                    None => wrong.push(format!("“{name}”是一张表，改表要改法规文件")),
                }
            }
        }
        if !found {
            wrong.push(format!("没有公式“{name}”"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let library = read_library(&changed);
    let errors = library.findings.iter().filter(|finding| finding.severity == base::Severity::Error);
    let errors: Vec<String> = errors.map(|error| format!("{}：{}", error.message, error.help)).collect();
    if errors.is_empty() { Ok(library) } else { Err(errors) }
}

/// What stands behind the name of a formula, up to the next one: a definition goes on in lines that are indented or
/// begin with a closing bracket.
pub(crate) fn body(text: &str, name: usize) -> Option<String> {
    let rest = text.get(name..)?;
    let equals = rest.find('=').filter(|at| !rest[..*at].contains('\n'))?;
    let from = rest[..equals].trim_end().len();
    let mut end = from;
    for (number, line) in rest[from..].split_inclusive('\n').enumerate() {
        if number > 0 && !line.starts_with([' ', '\t', ')', ']', '}']) {
            break;
        }
        end += line.len();
    }
    Some(rest[from..end].to_owned())
}

/// What each source bears of a programme in a county on a day, in proportion.
pub(crate) fn weights(
    parameters: &[Parameter],
    rates: &RateBook,
    programme: &str,
    county: RegionCode,
    on: Date,
) -> Result<Weights, String> {
    let known = parameters.iter().find(|known| *known.key == *SHARES);
    let parameter = &known.ok_or_else(|| format!("没有参数“{SHARES}”"))?.name;
    let mut found = Vec::new();
    for source in Source::ALL {
        let key = [programme.to_owned(), source.name().to_owned()];
        match rates.rate(&RateRequest { parameter, key: &key, region: county, date: on })?.value {
            Value::Number(number) => found.push((*source, number)),
            _ => return Err(format!("{programme}的资金分担不是数")),
        }
    }
    // Shares such as 0.3 become whole numbers in the same proportion.
    let scale = found.iter().map(|(_, number)| *number.denom()).fold(1, num_integer::lcm);
    let whole = |number: &Ratio<i128>| (number * Ratio::from(scale)).to_integer().to_u64();
    let weights = found.iter().map(|(source, number)| Some((*source, whole(number)?)));
    weights.collect::<Option<_>>().ok_or_else(|| format!("{programme}的资金分担不能是负数"))
}

/// A case that a study stood on, with how many entries it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    pub service: String,
    pub case: String,
    pub revision: u64,
}

impl Bureau {
    /// What each source bears of a programme in a county on a day, in proportion.
    pub fn fund_weights(&self, programme: &str, county: RegionCode, on: Date) -> Result<Weights, String> {
        weights(&self.library.parameters, &self.rates, programme, county, on)
    }

    /// The last closed case of every household in a region whose service pays by month: those that get something, and
    /// those that were refused not too long ago.
    pub fn snapshot(&self, region: RegionCode, on: Date) -> Result<Vec<Household>, Failure> {
        let since = Month::of(on).plus(-POOL_MONTHS).to_string();
        let mut cases = Vec::new();
        let monthly = |service: &str| {
            let guide = self.library.guides.iter().find(|guide| *guide.key == *service);
            guide.is_some_and(|guide| guide.tried().next().is_some())
        };
        let revisions = self.store.revisions()?;
        for row in self.store.roll(&self.scope(&Actor::system()))? {
            let within = RegionCode::parse(&row.region).is_ok_and(|code| region.contains(code));
            let lately = !row.grants.is_empty() || *row.closed_at >= *since;
            let revision = revisions.get(&row.case).copied().filter(|_| within && lately && monthly(&row.service));
            let (service, case) = (row.service, row.case);
            cases.extend(revision.map(|revision| Household { service, case, revision }));
        }
        Ok(cases)
    }

    /// The households of a service as a snapshot has them, reckoned on a day, in parts.
    pub fn population(
        &self,
        guide: &Guide,
        (snapshot, progress): (&[Household], &dyn Fn(usize, usize)),
        on: Date,
        now: DateTime,
    ) -> Result<Vec<Population>, Failure> {
        let mut cases: Vec<Facts> = Vec::new();
        let own = |(_, known): &(usize, &Household)| *known.service == *guide.key;
        for (place, Household { case, revision, .. }) in snapshot.iter().enumerate().filter(own) {
            if cases.len().is_multiple_of(TOLD_EVERY) {
                progress(place, snapshot.len());
            }
            let Some(mut state) = self.store.state(case)? else { continue };
            if state.revision != *revision {
                let records = self.store.records(case)?;
                let until = usize::try_from(*revision).unwrap_or(usize::MAX).min(records.len());
                state = State::fold(&records[..until]);
            }
            let own = self.guide(&state.edition)?;
            let mut known = facts(&own, &state, 0, now);
            known.set("计算日", Value::Date(on));
            cases.push(known);
        }
        Ok(cases.chunks(TOGETHER).map(|cases| Population::of(&guide.program, cases)).collect())
    }

    /// What a change comes to for the bureau's own households.
    ///
    /// # Errors
    /// Sentences about what is wrong with what is asked stand within.
    pub fn what_if(
        &self,
        asked: &Asked,
        now: DateTime,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Result<Study, Vec<String>>, Failure> {
        let cases = self.snapshot(asked.region, asked.date)?;
        let set = self.store.look(written)?;
        let told = self.try_out((&self.files, &self.library, &self.rates), asked, (&cases, progress), now)?;
        let content = serde_json::to_string(&self.files).map_err(|error| Fault::Damaged(error.to_string()))?;
        let digest = crate::hash(&[&content]);
        self.store.keep_edition(&digest, "", &content)?;
        let was = asked.rates.iter().map(|(name, _)| self.held(&plain(name), asked)).collect();
        Ok(told.map(|told| Study { asked: asked.clone(), was, at: now, guides: digest, set, cases, told }))
    }

    /// What a rate is where and when it is asked for.
    fn held(&self, name: &str, asked: &Asked) -> String {
        let levers = self.levers(asked.region, asked.date);
        let lever = levers.iter().flat_map(|board| &board.rates).find(|lever| lever.name == *name);
        lever.map_or_else(|| "—".into(), |lever| format!("{} {}", lever.value, lever.unit).trim().to_owned())
    }

    /// What is wrong with what is asked, as far as that is seen before anybody is reckoned.
    pub fn unfit(&self, asked: &Asked) -> Vec<String> {
        Trial::new(&self.files, &self.library, &self.rates, asked).err().unwrap_or_default()
    }

    /// The same study over the same households by the guides and rates of then.
    pub fn repeat(&self, study: &Study) -> Result<Result<Vec<Told>, Vec<String>>, Failure> {
        let damaged = || Fault::Damaged(format!("没有指南的版本 {}", study.guides));
        let files = self.store.edition(&study.guides)?.ok_or_else(damaged)?;
        let files: Files = serde_json::from_str(&files).map_err(|_| damaged())?;
        let library = read_library(&files);
        let rates = RateBook::new(library.all_parameters(), library.rates.iter().cloned(), self.regions.clone());
        rates.decide(set_rates(&library.all_parameters().cloned().collect::<Vec<_>>(), &study.set));
        self.try_out((&files, &library, &rates), &study.asked, (&study.cases, &|_, _| ()), study.at)
    }

    fn try_out(
        &self,
        (files, library, rates): (&Files, &Library, &RateBook),
        asked: &Asked,
        (snapshot, progress): (&[Household], &dyn Fn(usize, usize)),
        now: DateTime,
    ) -> Result<Result<Vec<Told>, Vec<String>>, Failure> {
        let trial = match Trial::new(files, library, rates, asked) {
            Ok(trial) => trial,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let (mut fault, mut last) = (None, None);
        let told = trial.run(self, None, &mut |guide, take| {
            // The entitlements of a guide ask for the same households, one after the other.
            if last.as_ref().is_none_or(|(key, _)| *key != guide.key) {
                match self.population(guide, (snapshot, progress), asked.date, now) {
                    Ok(population) => last = Some((guide.key.clone(), population)),
                    Err(failure) => {
                        let text = failure.to_string();
                        fault = Some(failure);
                        return Err(text);
                    }
                }
            }
            last.iter().flat_map(|(_, parts)| parts).try_for_each(&mut *take)
        });
        match fault {
            Some(fault) => Err(fault),
            None => Ok(told.map_err(|wrong| vec![wrong])),
        }
    }
}
