//! Lines of a roster: what each chain of cases is owed, into whose account, what stands out, and who bears it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Date, DateTime, Fen, Month, RegionCode};
use casework::event::{Datum, Granted, PersonRef, RegisterRow, granted};
use casework::payment::{Debt, Line, Overpaid};
use casework::{Query, Rules, registers, roster};
use formula::Value;
use guide::Guide;
use guide::model::Register;
use ledger::Source;
use store::{Run, Spelt};

use crate::debts::{Found, Whose};
use crate::gathered::Gathered;
use crate::payroll::At;
use crate::{Bureau, Failure, Weights, county, payees};

/// 标识 of the register whose columns a line fills.
const LINES: &str = "pay_line";

/// Makes lines of a roster.
pub(crate) struct Maker<'m> {
    pub bureau: &'m Bureau,
    pub at: &'m At<'m>,
    pub month: Month,
    /// The month of the first batch ever: what was before is not this program's to pay.
    pub since: Month,
    /// The batch that this one is compared with.
    pub before: Option<&'m Run>,
    /// Another batch pays for the same month, such as a supplement.
    pub shared: bool,
    /// The roster was made before. Then what other batches have may have been reckoned with what is void now, and
    /// everything is reckoned from the beginning.
    pub anew: bool,
    pub known: Known,
}

/// What was looked up while a roster is made.
#[derive(Default)]
pub(crate) struct Known {
    /// By programme and county what each source bears.
    shares: Mutex<HashMap<(String, RegionCode), Result<Weights, String>>>,
    /// What is still owed of debts of which something is kept back.
    pub owing: Mutex<HashMap<Debt, i64>>,
}

/// Lines with what was paid too much, and rows about it.
#[derive(Default)]
pub(crate) struct Made {
    pub lines: Vec<Line>,
    pub overpaid: Vec<Overpaid>,
    pub rows: Vec<RegisterRow>,
}

/// A line with its person's and its payee's account, while it is made.
pub(crate) struct Making {
    pub line: Line,
    payee: PersonRef,
    arrears: Fen,
}

impl Maker<'_> {
    /// The moment as of which decisions are known.
    pub fn frozen(&self) -> DateTime {
        self.at.instance.opened_at
    }

    /// The lines of some chains, numbered after `last`, with what was paid too much. What only reads is shared among the
    /// processors; what is kept back for a debt depends on what the lines before kept.
    pub fn lines(&self, spelt: &[Spelt], last: u32) -> Result<Made, Failure> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let share = spelt.len().div_ceil(processors).max(1);
        let parts: Vec<Result<(Vec<Making>, Made), Failure>> = std::thread::scope(|scope| {
            let threads: Vec<_> = spelt.chunks(share).map(|part| scope.spawn(|| self.makings(part))).collect();
            let joined = |thread: std::thread::ScopedJoinHandle<_>| match thread.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            threads.into_iter().map(joined).collect()
        });
        let (mut makings, mut made) = (Vec::new(), Made::default());
        for part in parts {
            let (own, found) = part?;
            makings.extend(own);
            made.overpaid.extend(found.overpaid);
            made.rows.extend(found.rows);
        }
        self.keep_back(&mut makings)?;
        let numbered = makings.into_iter().map(|making| making.line).zip(last + 1..);
        made.lines = numbered.map(|(line, seq)| Line { seq, ..line }).collect();
        Ok(made)
    }

    fn makings(&self, spelt: &[Spelt]) -> Result<(Vec<Making>, Made), Failure> {
        let (mut makings, mut made) = (Vec::new(), Made::default());
        for spelt in spelt {
            let guide = self.bureau.library.guides.iter().find(|guide| *guide.key == *spelt.service);
            let Some(guide) = guide else { continue };
            for entitlement in &guide.entitlements {
                let (making, found) = self.making(guide, entitlement, spelt)?;
                makings.extend(making);
                made.overpaid.extend(found.overpaid);
                made.rows.extend(found.row);
            }
        }
        let frozen = self.frozen();
        let mut gathered = Gathered::new(&self.bureau.store)?;
        let people: Vec<String> = makings.iter().filter_map(|making| making.payee.number.clone()).collect();
        gathered.ask(&self.query("person", people));
        gathered.find_all(&self.bureau.store)?;
        let mut since = Vec::new();
        for making in &mut makings {
            since.push(self.find_account(making, &gathered));
        }
        let accounts = makings.iter().map(|making| making.line.account.clone()).filter(|account| !account.is_empty());
        gathered.ask(&self.query("account", accounts.collect()));
        gathered.find_all(&self.bureau.store)?;
        let guide = self.at.guide;
        let register = guide.writable.iter().find(|register| &*register.key == LINES);
        let rows: Vec<Option<RegisterRow>> = makings
            .iter()
            .zip(&since)
            .map(|(making, since)| {
                let sharing = self.query("account", vec![making.line.account.clone()]);
                let sharing = gathered.at(&sharing).count();
                register.map(|register| columns(register, making, *since, sharing, frozen.date()))
            })
            .collect();
        // What conditions ask of registers is gathered first, then found at once; what is found may ask for more, as other
        // numbers of a person do. Of whom there is no row of anything that was asked, the first answer stands: it took
        // every register for empty.
        let mark = |gathered: &Gathered, making: &mut Making, row: &RegisterRow| {
            let rules = Rules { registers: gathered, ..self.bureau.rules(guide) };
            let marks = register.map(|register| roster::marks(rules, register, row, frozen)).unwrap_or_default();
            making.line.marks = marks.iter().map(|place| guide.marks[*place].name.to_string()).collect();
            marks
        };
        let mut answers = Vec::new();
        for (making, row) in makings.iter_mut().zip(&rows) {
            let marks = row.as_ref().map(|row| mark(&gathered, making, row)).unwrap_or_default();
            answers.push((marks, gathered.missed()));
        }
        while answers.iter().any(|(_, missed)| !missed.is_empty()) {
            gathered.find_all(&self.bureau.store)?;
            for ((making, row), (marks, missed)) in makings.iter_mut().zip(&rows).zip(&mut answers) {
                let row = row.as_ref().filter(|_| gathered.has(missed));
                row.into_iter().for_each(|row| *marks = mark(&gathered, making, row));
                *missed = gathered.missed();
            }
        }
        for (making, (marks, _)) in makings.iter_mut().zip(answers) {
            let held = marks.iter().find(|place| guide.marks[**place].holds);
            if let Some(place) = held.filter(|_| making.line.held.is_empty()) {
                making.line.held = guide.marks[*place].name.to_string();
            }
        }
        Ok((makings, made))
    }

    fn query(&self, column: &str, values: Vec<String>) -> Query {
        payees::query(column, values, self.frozen().date())
    }

    /// What a chain is owed for an entitlement, with nobody's account yet; and what it was paid too much.
    fn making(
        &self,
        guide: &Arc<Guide>,
        entitlement: &guide::model::Entitlement,
        spelt: &Spelt,
    ) -> Result<(Option<Making>, Found), Failure> {
        let grants = roster::known_at(&spelt.grants, &entitlement.key, self.frozen());
        if grants.is_empty() {
            return Ok((None, Found::default()));
        }
        let name = format!("{}/{}", guide.key, entitlement.key);
        let (before, owed, over) = self.owed(entitlement, &spelt.root, &name, &grants)?;
        let person = |field: &str| guide.field(field).and_then(|field| spelt.people.get(&*field.key)).cloned();
        let first = grants.iter().rev().find_map(|grant| grant.holders.first());
        let nobody = || PersonRef { name: spelt.applicant.clone(), number: first.cloned() };
        let holder = person(&guide.service.found_by).unwrap_or_else(nobody);
        let programme = entitlement.programme.as_deref().unwrap_or(&guide.title).to_owned();
        let whose = Whose { spelt, service: &guide.key, entitlement, holder: &holder, programme: &programme };
        let found = over.map(|over| self.found(&whose, &over, &owed.overpaid)).unwrap_or_default();
        let total = Fen(owed.parts.iter().map(|part| part.fen.0).sum());
        if total.0 <= 0 {
            return Ok((None, found));
        }
        let beside = if self.shared {
            self.bureau.store.look(|read| read.beside(&self.at.state.case, &spelt.root, &name, self.month))?
        } else {
            0
        };
        let (root, service, key) = (spelt.root.clone(), guide.key.to_string(), entitlement.key.to_string());
        let payee = person(&entitlement.payee).unwrap_or_else(|| holder.clone());
        let region = RegionCode::parse(&spelt.region).unwrap_or(RegionCode::NATION);
        // What is paid once, or for earlier months, is for whom the last decision names.
        let named = |grant: &&Granted| *grant.entitlement == *entitlement.key && !grant.holders.is_empty();
        let grant = granted(&grants, &entitlement.key, self.month).filter(named).or_else(|| grants.iter().rfind(named));
        let people = grant.map_or(1, |grant| grant.holders.len().max(1));
        let (shares, held) = match self.shares(&programme, region, total) {
            Ok(shares) => (shares, String::new()),
            // Nobody has said who bears it: it is listed, and paid by nobody.
            Err(why) => (vec![(Source::County, total.0)], why),
        };
        let arrears = Fen(owed.parts.iter().filter(|part| part.month < self.month).map(|part| part.fen.0).sum());
        let line = Line {
            seq: 0,
            root,
            case: spelt.case.clone(),
            service,
            entitlement: key,
            programme,
            region,
            holder: holder.name.clone(),
            number: holder.number.clone().unwrap_or_default(),
            payee: payee.name.clone(),
            payee_number: payee.number.clone().unwrap_or_default(),
            reason: if payee == holder { String::new() } else { entitlement.payee.clone() },
            bank: String::new(),
            account: String::new(),
            month: self.month,
            parts: owed.parts,
            total,
            shares,
            decisions: grants.len().try_into().unwrap_or(u32::MAX),
            beside,
            people: u32::try_from(people).unwrap_or(u32::MAX),
            before,
            marks: Vec::new(),
            held,
        };
        Ok((Some(Making { line, payee, arrears }), found))
    }

    /// What the batch before paid a chain for an entitlement, what is owed now, and what it was paid too much.
    fn owed(
        &self,
        entitlement: &guide::model::Entitlement,
        root: &str,
        name: &str,
        grants: &[Granted],
    ) -> Result<(Option<Fen>, roster::Owed, Option<store::Over>), Failure> {
        let store = &self.bureau.store;
        let before = match self.before {
            Some(run) => store.look(|read| read.line_of(run, root, name))?,
            None => None,
        };
        let total = before.map(|(total, ..)| total);
        // Who was paid by the last batch and has had no decision since is owed this month alone. Decisions are counted:
        // one of the very moment of the freeze may or may not have been seen.
        let is_next = self.before.is_some_and(|run| run.month.next() == self.month);
        let is_seen = |(_, seen, held): (Fen, u32, bool)| seen as usize == grants.len() && !held;
        if is_next && !self.anew && !self.shared && before.is_some_and(is_seen) {
            return Ok((total, roster::owed(grants, entitlement, self.month, self.month, &BTreeMap::new()), None));
        }
        let over = store.look(|read| read.over(root, name))?;
        let paid = store.look(|read| read.paid_before(root, name, &over))?;
        Ok((total, roster::owed(grants, entitlement, self.since, self.month, &paid), Some(over)))
    }

    /// Puts the payee's account into a line; from which day it has been in use.
    fn find_account(&self, making: &mut Making, gathered: &Gathered) -> Option<Date> {
        let number = making.payee.number.clone().unwrap_or_default();
        let query = self.query("person", vec![number]);
        let line = &mut making.line;
        match gathered.at(&query).next().map(payees::account) {
            Some(own) => {
                (line.bank, line.account, line.payee) = (own.bank, own.account, own.holder);
                if !own.reason.is_empty() {
                    line.reason = own.reason;
                }
                Some(own.since)
            }
            None => {
                if line.held.is_empty() {
                    line.held = "没有银行账户".to_owned();
                }
                None
            }
        }
    }

    /// A total shared among the sources as the county's parameter of the month has it.
    pub fn shares(&self, programme: &str, region: RegionCode, total: Fen) -> Result<Vec<(Source, i64)>, String> {
        let place = (programme.to_owned(), county(region));
        let mut known = self.known.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let weights = known
            .entry(place)
            .or_insert_with(|| self.bureau.fund_weights(programme, county(region), self.month.first_day()))
            .clone()?;
        let parts = ledger::share(total.0, &weights.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
        let parts = parts.ok_or_else(|| format!("{programme}的资金分担全是零"))?;
        Ok(weights.iter().map(|(source, _)| *source).zip(parts).filter(|(_, part)| *part > 0).collect())
    }

    /// The value of a shared parameter, by its 标识, for the month that is paid.
    pub fn rate(&self, parameter: &str, key: &[String], region: RegionCode) -> Result<Value, String> {
        self.bureau.shared_rate(parameter, key, region, self.month.first_day())
    }
}

/// The columns of a line that the guide's register declares.
fn columns(register: &Register, making: &Making, since: Option<Date>, sharing: usize, day: Date) -> RegisterRow {
    let line = &making.line;
    let holder = PersonRef { name: line.holder.clone(), number: Some(line.number.clone()) };
    let text = |text: String| Datum::Text(text);
    let all = [
        ("holder", Some(Datum::Person(holder))),
        ("entitlement", Some(text(line.entitlement.clone()))),
        ("programme", Some(text(line.programme.clone()))),
        ("amount", Some(text(line.total.plain()))),
        ("before", line.before.map(|fen| text(fen.plain()))),
        ("arrears", Some(text(making.arrears.plain()))),
        ("payee", Some(Datum::Person(making.payee.clone()))),
        ("account_since", since.map(|day| text(day.to_string()))),
        ("sharing", Some(text(sharing.to_string()))),
    ];
    let declared = all.into_iter().filter(|(key, _)| register.columns.iter().any(|column| *column.key == **key));
    let columns = declared.filter_map(|(key, datum)| Some((key.to_owned(), datum?))).collect();
    registers::row(register, day, line.region, columns)
}
