//! 科学测算: what a change of rates does to everybody, household by household, added up. Nothing is written.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base::{Calendar, Fen, Level};
use serde::{Deserialize, Serialize};

use formula::{Assessed, Column, Data, Population, Rational, UNKNOWN, Value, assess, outcome_of};

use crate::model::{Entitlement, Guide};
use crate::rates::RateBook;

/// `## 测算`: what it is worth knowing of households beside an entitlement a month.
#[derive(Clone, Debug)]
pub struct Yardstick {
    /// Key of the entitlement.
    pub entitlement: Arc<str>,
    pub measure: Option<Measure>,
    /// By which values households are told apart.
    pub groups: Vec<Arc<str>>,
}

/// By which values it is told how well a household lives.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Of the whole household in a month, without the entitlement.
    pub income: Arc<str>,
    pub people: Arc<str>,
    /// What each of them should have in a month.
    pub line: Arc<str>,
}

/// What is asked.
pub struct Question<'q> {
    pub guide: &'q Guide,
    /// The same guide where formulas are replaced.
    pub replaced: &'q Guide,
    pub entitlement: &'q Entitlement,
    pub before: &'q RateBook,
    pub after: &'q RateBook,
    pub calendar: &'q Calendar,
    /// Names of the guide by whose values the households are told apart: 选项, 是否, 地区 (by township), whole numbers.
    pub groups: &'q [String],
    pub threads: usize,
}

/// Households that get something, and what it is a period, in 分.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    pub recipients: u64,
    pub fen: i64,
}

/// What the change comes to. Households that cannot be told on both sides are counted and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub cases: u64,
    pub undecided: u64,
    pub before: Side,
    pub after: Side,
    /// Households that begin to get something, and that get nothing any more.
    pub begun: u64,
    pub ended: u64,
    /// Households that get more, those that begin with them, and how much more together.
    pub more: Side,
    /// Households that get less, those that end with them, and how much less together.
    pub less: Side,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub all: Effect,
    /// By name and value.
    pub groups: BTreeMap<String, BTreeMap<String, Effect>>,
    /// Households that were reckoned one by one, and why.
    pub aside: u64,
    pub reasons: Vec<String>,
    /// What households that cannot be told lack first, of those that were looked into.
    pub lacking: BTreeMap<String, u64>,
    /// How well they live, where the guide has a yardstick.
    pub lives: Option<Lives>,
}

/// How well people live before and after, both measured by the line of after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lives {
    pub people: u64,
    /// The line of all people together in a month, in 分.
    pub line: i64,
    pub before: Living,
    pub after: Living,
    /// Households by what each of their people has without the entitlement, in steps of `BAND`; the last has no end.
    pub bands: BTreeMap<i64, Band>,
}

/// How people live on what they have together with the entitlement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Living {
    /// People below the line.
    pub poor: u64,
    /// What they lack to the line together in a month, in 分.
    pub gap: i64,
    /// People by what each has in a month, in whole 分, while they are counted.
    #[serde(skip)]
    incomes: HashMap<i64, u64>,
    /// How unevenly people have what they have, in millionths: 0 where all have the same, towards 1,000,000 where one
    /// has everything. Nothing where nobody has anything. Of exact sums over what each has in whole 分.
    pub gini: Option<i64>,
    /// Households that would have less if they earned `STEP` more.
    pub cliffs: u64,
    /// The most that one of them would lose, in 分 a month.
    pub fall: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    pub cases: u64,
    /// Recipients before and after.
    pub before: u64,
    pub after: u64,
}

/// The width of a band of income: 50 元 a month for each person.
pub const BAND: Fen = Fen(5_000);

/// Bands from this one on are one: 3,000 元.
pub const LAST_BAND: i64 = 60;

/// What a household earns more a month where it is asked whether that pays: 100 元.
pub const STEP: Fen = Fen(10_000);

/// Households that cannot be told and are looked into: enough to see what a file lacks.
const LOOKED_INTO: u64 = 200;

impl Effect {
    fn count(&mut self, amounts: Option<(i64, i64)>) {
        self.cases += 1;
        let Some((before, after)) = amounts else {
            self.undecided += 1;
            return;
        };
        self.before.add(before);
        self.after.add(after);
        self.begun += u64::from(before == 0 && after > 0);
        self.ended += u64::from(before > 0 && after == 0);
        self.more.add((after - before).max(0));
        self.less.add((before - after).max(0));
    }
}

impl Effect {
    /// Two counts as one.
    fn join(&mut self, other: &Self) {
        self.cases += other.cases;
        self.undecided += other.undecided;
        self.begun += other.begun;
        self.ended += other.ended;
        for (side, more) in [
            (&mut self.before, other.before),
            (&mut self.after, other.after),
            (&mut self.more, other.more),
            (&mut self.less, other.less),
        ] {
            side.recipients += more.recipients;
            side.fen = side.fen.saturating_add(more.fen);
        }
    }
}

impl Side {
    fn add(&mut self, fen: i64) {
        self.recipients += u64::from(fen > 0);
        self.fen = self.fen.saturating_add(fen);
    }
}

impl Answer {
    /// Takes in households; how many there are altogether does not matter.
    ///
    /// # Errors
    /// A name that the guide does not have, or a population that is not in order.
    pub fn take(&mut self, question: &Question, population: &Population) -> Result<(), String> {
        let amounts: Vec<&str> = question.entitlement.components.iter().map(|component| &*component.amount).collect();
        let mut names = amounts.clone();
        names.extend(question.groups.iter().map(String::as_str));
        let measure = question.measure();
        names.extend(measure.iter().flat_map(|measure| [&*measure.income, &*measure.people]));
        let run = |names: &[&str], (guide, rates): (&Guide, &RateBook)| {
            assess(&guide.program, names, population, rates, question.calendar, question.threads)
        };
        let before = run(&names, question.before())?;
        let mut also = amounts.clone();
        also.extend(measure.map(|measure| &*measure.line));
        let after = run(&also, question.after())?;
        if let Some(measure) = measure {
            let places = (amounts.len(), amounts.len() + question.groups.len());
            self.measure(question, measure, population, (&before, &after), places)?;
        }
        // Groups of few values are counted by number, and called by name once.
        let mut few: Vec<Vec<Option<(String, Effect)>>> = vec![vec![None; UNKNOWN + 1]; question.groups.len()];
        for case in 0..population.cases {
            let both = total(&before, amounts.len(), case).zip(total(&after, amounts.len(), case));
            self.all.count(both);
            if both.is_none() && self.all.undecided <= LOOKED_INTO {
                let side =
                    if total(&before, amounts.len(), case).is_none() { question.before() } else { question.after() };
                let reason = lack(question, side, population, case);
                *self.lacking.entry(reason).or_default() += 1;
            }
            for (place, seen) in few.iter_mut().enumerate() {
                let formula = amounts.len() + place;
                match before.code(formula, case) {
                    Some(code) => {
                        seen[code]
                            .get_or_insert_with(|| (called(&before, formula, case), Effect::default()))
                            .1
                            .count(both);
                    }
                    None => {
                        let value = called(&before, formula, case);
                        self.group(&question.groups[place]).entry(value).or_default().count(both);
                    }
                }
            }
        }
        for (name, seen) in question.groups.iter().zip(few) {
            for (value, effect) in seen.into_iter().flatten() {
                self.group(name).entry(value).or_default().join(&effect);
            }
        }
        self.aside += before.aside.len().max(after.aside.len()) as u64;
        let reasons = before.reasons.into_iter().chain(after.reasons);
        reasons.for_each(|reason| {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        });
        Ok(())
    }
}

impl Answer {
    fn group(&mut self, name: &str) -> &mut BTreeMap<String, Effect> {
        self.groups.entry(name.to_owned()).or_default()
    }

    /// What can be told only when everybody has been taken in.
    pub fn finish(&mut self) {
        if let Some(lives) = &mut self.lives {
            lives.before.finish();
            lives.after.finish();
        }
    }

    /// Counts how households live. `places` are how many components there are, and where income and people stand.
    fn measure(
        &mut self,
        question: &Question,
        measure: &Measure,
        population: &Population,
        (before, after): (&Assessed, &Assessed),
        (components, own): (usize, usize),
    ) -> Result<(), String> {
        let incomes: Vec<Option<i64>> = (0..population.cases).map(|case| before.times(own, case, 100)).collect();
        let richer = population.with(&measure.income, earned(&incomes, STEP.0));
        let amounts: Vec<&str> = question.entitlement.components.iter().map(|component| &*component.amount).collect();
        let run = |(guide, rates): (&Guide, &RateBook)| {
            assess(&guide.program, &amounts, &richer, rates, question.calendar, question.threads)
        };
        let further = (run(question.before())?, run(question.after())?);
        let lives = self.lives.get_or_insert_default();
        for (case, income) in incomes.into_iter().enumerate() {
            let people = before.times(own + 1, case, 1).and_then(|people| u64::try_from(people).ok());
            let people = people.filter(|people| *people > 0);
            let both = total(before, components, case).zip(total(after, components, case));
            let (Some(income), Some(people), Some(both)) = (income, people, both) else { continue };
            let Some(line) = after.times(components, case, 100) else { continue };
            let known = Known { people, income, line };
            lives.people += people;
            lives.line += line * known.many();
            lives.before.count(&known, both.0, total(&further.0, components, case));
            lives.after.count(&known, both.1, total(&further.1, components, case));
            let band = (income / known.many() / BAND.0).clamp(0, LAST_BAND);
            let band = lives.bands.entry(band).or_default();
            band.cases += 1;
            band.before += u64::from(both.0 > 0);
            band.after += u64::from(both.1 > 0);
        }
        Ok(())
    }
}

/// What is known of a household, in 分 a month.
struct Known {
    people: u64,
    income: i64,
    /// For each person.
    line: i64,
}

impl Known {
    fn many(&self) -> i64 {
        i64::try_from(self.people).unwrap_or(i64::MAX)
    }
}

impl Living {
    /// A household with what it gets, and with what it would get if it earned a step more.
    fn count(&mut self, known: &Known, amount: i64, further: Option<i64>) {
        let (people, has) = (known.many(), known.income + amount);
        let lacks = (known.line * people - has).max(0);
        self.poor += if lacks > 0 { known.people } else { 0 };
        self.gap += lacks;
        *self.incomes.entry(has.div_euclid(people)).or_default() += known.people;
        // Income was rounded up where more was added to it, so that a 分 says nothing.
        let fall = further.map_or(0, |further| amount - further - STEP.0);
        if fall > 1 {
            self.cliffs += 1;
            self.fall = self.fall.max(fall);
        }
    }

    /// The Gini coefficient with four decimals; a dash where there is none.
    pub fn gini_text(&self) -> String {
        self.gini.map_or_else(|| "—".into(), |gini| format!("{}.{:04}", gini / 1_000_000, gini % 1_000_000 / 100))
    }

    fn finish(&mut self) {
        self.gini = self.reckon_gini();
        self.incomes = HashMap::new();
    }

    fn reckon_gini(&self) -> Option<i64> {
        let mut incomes: Vec<(i128, i128)> = self.incomes.iter().map(|(fen, n)| ((*fen).into(), (*n).into())).collect();
        incomes.sort_unstable();
        let (mut people, mut sum, mut apart) = (0_i128, 0_i128, 0_i128);
        // Each pair once: whoever has more is that far from all who have less.
        for (fen, many) in incomes {
            apart = apart.checked_add(many.checked_mul(fen.checked_mul(people)? - sum)?)?;
            people += many;
            sum = sum.checked_add(fen.checked_mul(many)?)?;
        }
        let whole = people.checked_mul(sum).filter(|whole| *whole > 0)?;
        i64::try_from((Rational::new(apart, whole) * Rational::from(1_000_000)).round().to_integer()).ok()
    }
}

/// Incomes of households with something more, where they are known.
fn earned(incomes: &[Option<i64>], more: i64) -> Column {
    let values = incomes.iter().map(|income| income.unwrap_or(0) + more).collect();
    let known = incomes.iter().map(|income| u8::from(income.is_some())).collect();
    Column::new(Data::Numbers { values, scale: 100 }).known_where(known)
}

impl Guide {
    /// The entitlements that a what-if is about: those that are paid by month, or where the guide has `## 测算`, those
    /// that it names there.
    pub fn tried(&self) -> impl Iterator<Item = &Entitlement> {
        let named = |e: &Entitlement| self.yardsticks.iter().any(|yardstick| yardstick.entitlement == e.key);
        self.entitlements.iter().filter(move |e| e.period == "月" && (self.yardsticks.is_empty() || named(e)))
    }
}

impl<'q> Question<'q> {
    fn measure(&self) -> Option<&'q Measure> {
        let own = self.guide.yardsticks.iter().find(|yardstick| yardstick.entitlement == self.entitlement.key);
        own?.measure.as_ref()
    }

    fn before(&self) -> (&'q Guide, &'q RateBook) {
        (self.guide, self.before)
    }

    fn after(&self) -> (&'q Guide, &'q RateBook) {
        (self.replaced, self.after)
    }
}

/// The first thing that a household lacks.
fn lack(question: &Question, (guide, rates): (&Guide, &RateBook), population: &Population, case: usize) -> String {
    let program = &guide.program;
    for component in &question.entitlement.components {
        let outcome = outcome_of(program, &component.amount, population, case, rates, question.calendar);
        if let Err(unknown) = outcome
            && let Some(reason) = unknown.reasons.first()
        {
            return reason.field.as_ref().map_or_else(|| reason.text.clone(), |field| format!("没有“{field}”"));
        }
    }
    "金额太大".to_owned()
}

/// All components of a household together, in 分, rounded up: a grant that was rounded does not leave anybody below the
/// line by half a 分; none where one of them is not known.
fn total(assessed: &Assessed, components: usize, case: usize) -> Option<i64> {
    let mut total = 0_i64;
    for component in 0..components {
        total = total.checked_add(assessed.times(component, case, 100)?)?;
    }
    Some(total)
}

/// What the value of a formula is called in a case.
fn called(assessed: &Assessed, formula: usize, case: usize) -> String {
    assessed.value(formula, case).map_or_else(|| "不知道".to_owned(), |value| group(&value))
}

/// What a value is called among its group: places by township, numbers as they are.
fn group(value: &Value) -> String {
    match value {
        Value::Region(code) => code.at(Level::Township).to_string(),
        other => other.to_string(),
    }
}
