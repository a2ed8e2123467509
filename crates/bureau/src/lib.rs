//! The whole bureau without a screen: what the web, the command line and the demo call just the same.
//!
//! The request path, once: an `Order` (people, command, idempotency key) → the ground that it stands on (the case, what it
//! takes over, declared relatives) → the case's pinned edition → what has fallen due happens, `casework::decide` answers
//! with events or refusals → one transaction in which the ground is found unchanged (or decided on anew), letters get
//! their numbers, the events are appended with the lists, and the key is remembered.

mod acquainted;
pub mod bank;
pub mod brought;
mod debts;
pub mod evidence;
mod explain;
pub mod files;
pub mod formats;
mod gathered;
pub mod import;
pub mod indicators;
pub mod levers;
mod looks;
pub mod mapping;
pub mod matching;
pub mod paid;
mod payees;
pub mod payroll;
mod rates;
mod receive;
pub mod reckoning;
pub mod registries;
mod roster;
mod sample;
pub mod staff;
mod starts;
mod unpaid;
pub mod what_if;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base::{Calendar, Date, DateTime, RegionCode, Regions};
use casework::event::{Datum, Over};
use casework::facts::inheritance;
use casework::people::Scope;
use casework::{Actor, Code, Command, Event, Input, Record, Refusal, Relative, Rules, Spell, State, decide};
use formula::{RateRequest, Rates, Value};
use guide::model::Register;
use guide::{Files, Guide, Library, RateBook, read_library};
use sm3::{Digest, Sm3};
use store::{Read, Remembered, Store, Write};

use crate::looks::{Looks, Place};

pub use starts::FOLLOWED;
pub use store::{
    CaseRow, Counts, Declared, Fault, FileUse, KinRow, Notable, NoticeRow, Outstanding, Posting, Rebuilt,
    RegisterVersion, RollRow, Run, Sent, Spelt, Standing, StudyRow, Verified, WorkRow, handle,
};

/// Somebody's command, to be carried out once however often it arrives.
#[derive(Clone, Debug)]
pub struct Order {
    /// Made with the form; the same key with the same content is the same order.
    pub key: String,
    pub people: Vec<Actor>,
    /// The case, but for a submission, which brings its own receipt number.
    pub case: Option<String>,
    pub command: Command,
    /// For a submission the secret that is handed out with the receipt number.
    pub secret: Option<String>,
    pub now: DateTime,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub case: String,
    /// The order had been carried out before; nothing was done now.
    pub repeated: bool,
}

/// What a decision stands on, but for guides and rates.
struct Ground {
    state: Arc<State>,
    /// The last case of the chain, for a start over an entitlement.
    before: Option<Arc<State>>,
    relatives: Vec<Relative>,
}

impl PartialEq for Ground {
    /// The journal only grows, so a case that has as many entries as before is the same.
    fn eq(&self, other: &Self) -> bool {
        let before = |ground: &Self| ground.before.as_ref().map(|before| (before.case.clone(), before.revision));
        self.state.revision == other.state.revision
            && before(self) == before(other)
            && self.relatives == other.relatives
    }
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("；"))]
    Refused(Vec<Refusal>),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A bureau: its store, its guides, its rates, the official calendar and the divisions.
pub struct Bureau {
    pub store: Store,
    /// The guides and rates as they are written.
    pub files: Files,
    pub library: Library,
    pub rates: RateBook,
    /// How often rates were written since this bureau was opened.
    rates_written: AtomicU64,
    pub calendar: Calendar,
    /// What is declared of banks; an error says what is wrong with `banks.md`.
    pub banks: Result<formats::Banks, Vec<String>>,
    pub regions: Arc<Regions>,
    /// The bureau's own region: where cases belong that do not depend on where somebody lives.
    pub home: RegionCode,
    /// Guides by edition; old ones are compiled when a case needs them.
    editions: RwLock<HashMap<String, Arc<Guide>>>,
    /// Until which minute time has passed, and for a journal of how many entries.
    passed: Mutex<Option<(DateTime, u64)>>,
}

impl Bureau {
    /// Opens the bureau in a folder with its guides; new editions are kept in the store.
    pub fn open(folder: &Path, files: &Files, calendar: Calendar, regions: Arc<Regions>) -> Result<Self, Fault> {
        let store = Store::open(folder)?;
        let library = read_library(files);
        let rates = RateBook::new(library.all_parameters(), library.rates.iter().cloned(), regions.clone());
        let mut editions = HashMap::new();
        for guide in &library.guides {
            store.keep_edition(&guide.edition, &guide.key, &edition_files(&guide.folder, files))?;
            editions.insert(guide.edition.to_string(), guide.clone());
        }
        let home = RegionCode::NATION;
        let bureau = Self {
            store,
            files: files.clone(),
            library,
            rates,
            rates_written: AtomicU64::new(0),
            calendar,
            banks: formats::read(files.get("banks.md").map_or("", |text| text)),
            regions,
            home,
            editions: RwLock::new(editions),
            passed: Mutex::new(None),
        };
        bureau.store.look(|read| bureau.take_up_rates(read))?;
        Ok(bureau)
    }

    /// The guide of an edition; an old one still compiles.
    pub fn guide(&self, edition: &str) -> Result<Arc<Guide>, Fault> {
        if let Some(guide) = self.editions.read().unwrap_or_else(PoisonError::into_inner).get(edition) {
            return Ok(guide.clone());
        }
        let damaged = || Fault::Damaged(format!("没有指南的版本 {edition}"));
        let files = self.store.edition(edition)?.ok_or_else(damaged)?;
        let files: Files = serde_json::from_str(&files).map_err(|_| damaged())?;
        let guide = read_library(&files).guides.first().cloned().ok_or_else(damaged)?;
        let mut editions = self.editions.write().unwrap_or_else(PoisonError::into_inner);
        editions.insert(edition.to_owned(), guide.clone());
        Ok(guide)
    }

    pub fn rules<'r>(&'r self, guide: &'r Guide) -> Rules<'r> {
        Rules { guide, rates: &self.rates, calendar: &self.calendar, relatives: &[], registers: self, home: self.home }
    }

    /// The guide under which an order runs: the case's own edition, or the one in force for a submission.
    fn guide_for(&self, state: &State, command: &Command) -> Result<Arc<Guide>, Failure> {
        if let Command::Submit { service, .. } = command {
            let found = self.library.guides.iter().find(|guide| *guide.key == **service).cloned();
            return found.ok_or_else(|| refused(Refusal::new(Code::R104, "没有这种申请", "请从服务页面重新开始")));
        }
        if state.opened_at.is_none() {
            return Err(refused(Refusal::new(Code::R104, "没有这件", "请核对受理号")));
        }
        Ok(self.guide(&state.edition)?)
    }

    /// Carries out an order in one transaction. It is decided before that, beside other orders; what has changed until it
    /// is this order's turn to write, or was refused, is decided anew.
    pub fn execute(&self, order: &Order) -> Result<Done, Failure> {
        self.with_rates(|| self.carry_out(order))?
    }

    fn carry_out(&self, order: &Order) -> Result<Done, Failure> {
        let used = Remembered { actor: order.actor(), content: order.content(), case: order.case_id() };
        let rates = self.rates_written.load(Ordering::SeqCst);
        let early = self.store.look(|read| Self::ground(read, order));
        let looks = Looks::new(self, Place::Now);
        let early = early.and_then(|ground| Ok((self.decide_on(&ground, order, &looks)?, ground))).ok();
        let asked = looks.asked.into_inner();
        self.store.transact(|write| {
            if let Some(before) = write.remembered(&order.key)? {
                return same(&before, &used);
            }
            let ground = Self::ground(write, order)?;
            let same_rates = self.rates_written.load(Ordering::SeqCst) == rates;
            if !same_rates {
                self.take_up_rates(write)?;
            }
            let stands = same_rates
                && early.as_ref().is_some_and(|(_, stood_on)| *stood_on == ground)
                && asked.stands(self, write)?;
            let records = match early.filter(|_| stands) {
                Some((records, _)) => records,
                None => self.decide_on(&ground, order, &Looks::new(self, Place::Within(write)))?,
            };
            let case = order.case_id();
            self.append(write, &ground.state, records, order.now)?;
            if let (Command::Submit { .. }, Some(secret)) = (&order.command, &order.secret) {
                write.keep_secret(&case, &hash(&[&case, secret]))?;
            }
            write.remember(&order.key, &used)?;
            Ok(Done { case, repeated: false })
        })
    }

    /// What an order would do, without doing it.
    pub fn preview(&self, order: &Order) -> Result<State, Failure> {
        let ground = self.store.look(|read| Self::ground(read, order))?;
        let looks = Looks::new(self, Place::Now);
        let records = self.decide_on(&ground, order, &looks)?;
        let mut after = State::clone(&ground.state);
        records.iter().for_each(|record| after.apply(record));
        Ok(after)
    }

    /// Reads nothing by the bureau itself, which may wait for the reader that is in use here.
    fn ground(read: &Read, order: &Order) -> Result<Ground, Failure> {
        let state = read.state(&order.case_id())?;
        let before = match &order.command {
            Command::Submit { over: Some(over), .. } => Some(last_of_chain(read, &over.case)?),
            _ => None,
        };
        let relatives = read.relatives(numbers([&state].into_iter().chain(&before), &order.command))?;
        Ok(Ground { state, before, relatives })
    }

    /// The receipt number of the next case of a chain: the first one's with the place in the chain.
    pub fn next_in_chain(&self, root: &str) -> Result<String, Fault> {
        Ok(next_in(root, &self.store.chain(root)?))
    }

    /// What has fallen due happens first, by the system; then the command.
    fn decide_on(&self, ground: &Ground, order: &Order, looks: &Looks) -> Result<Vec<Record>, Failure> {
        let guide = self.guide_for(&ground.state, &order.command)?;
        let rules = Rules { relatives: &ground.relatives, registers: looks, ..self.rules(&guide) };
        let mut now = ground.state.clone();
        let mut records = Vec::new();
        if now.opened_at.is_some() {
            records = decide(rules, &now, &Command::Tick, &[Actor::system()], order.now).map_err(Failure::Refused)?;
        }
        if !records.is_empty() {
            let now = Arc::make_mut(&mut now);
            records.iter().for_each(|record| now.apply(record));
        }
        let mut command = order.command.clone();
        if let (Command::Submit { over, .. }, Some(before)) = (&mut command, &ground.before) {
            *over = Some(Box::new(inheritance(&*self.guide(&before.edition)?, before)));
        }
        records.extend(decide(rules, &now, &command, &order.people, order.now).map_err(Failure::Refused)?);
        looks.fault()?;
        Ok(records)
    }

    /// Writes what was decided of a case, and begins the cases that it causes, in the same transaction.
    fn append(&self, write: &mut Write, before: &State, records: Vec<Record>, now: DateTime) -> Result<(), Failure> {
        let numbered = self.numbered(write, before, records)?;
        let mut after = before.clone();
        numbered.iter().for_each(|record| after.apply(record));
        self.write_down(write, &after.case, before, &numbered)?;
        for (place, record) in numbered.iter().enumerate() {
            if let Event::Begun { service, start, holder, values } = &record.event {
                let place = before.revision as usize + place;
                self.begin(write, (&after.case, place), (service, start), holder.as_deref(), values.clone(), now)?;
            }
        }
        Ok(())
    }

    /// Begins a case by an effect of another one. Where it is over an entitlement that nobody holds, nothing is to be done.
    fn begin(
        &self,
        write: &mut Write,
        (cause, place): (&str, usize),
        (service, start): (&str, &str),
        holder: Option<&str>,
        values: BTreeMap<String, Datum>,
        now: DateTime,
    ) -> Result<(), Failure> {
        let unknown = || Fault::Damaged(format!("没有启动 {service}/{start}"));
        let guide = self.library.guides.iter().find(|guide| *guide.key == *service).ok_or_else(unknown)?;
        let begun = guide.starts.iter().find(|known| *known.key == *start).ok_or_else(unknown)?;
        let (case, over) = match begun.over.map(|over| &guide.entitlements[over]) {
            None => (format!("{cause}.{place}"), None),
            Some(entitlement) => {
                let held = write.spells(holder)?.into_iter();
                let mut own = held.filter(|spell| spell.service == service && spell.entitlement == *entitlement.key);
                let Some(spell) = own.find(|spell| spell.is_open_after(now)) else { return Ok(()) };
                let case = next_in(&spell.root, &write.chain(&spell.root)?);
                (case, Some(Box::new(Over::of(&spell.case))))
            }
        };
        let input = Input { values, ..Input::default() };
        let (service, start) = (service.to_owned(), start.to_owned());
        let order = Order {
            key: String::new(),
            people: vec![Actor::system()],
            case: None,
            command: Command::Submit { case, service, start, input, draw: None, over, subject: None },
            secret: None,
            now,
        };
        let (before, records) = self.decide_within(write, &order)?;
        self.append(write, &before, records, now)
    }

    /// Decides an order inside the transaction in which it is written; gives the case before it, too.
    fn decide_within(&self, write: &Write, order: &Order) -> Result<(Arc<State>, Vec<Record>), Failure> {
        let ground = Self::ground(write, order)?;
        let records = self.decide_on(&ground, order, &Looks::new(self, Place::Within(write)))?;
        Ok((ground.state, records))
    }

    /// Spells with the names of their entitlements, which guides exclude each other by.
    pub(crate) fn named(&self, spells: Vec<Spell>) -> Vec<Spell> {
        let name = |spell: Spell| {
            let guide = self.library.guides.iter().find(|guide| *guide.key == *spell.service)?;
            Some(Spell { name: guide.entitlement(&spell.entitlement)?.name.to_string(), ..spell })
        };
        spells.into_iter().filter_map(name).collect()
    }

    /// Letters get their numbers: gap-free by organ, kind and year.
    fn numbered(&self, write: &mut Write, state: &State, records: Vec<Record>) -> Result<Vec<Record>, Failure> {
        let mut after = state.clone();
        let mut numbered = Vec::with_capacity(records.len());
        let mut given: Vec<(String, String)> = Vec::new();
        for mut record in records {
            after.apply(&record);
            if let Event::Registered(row) = &mut record.event {
                given.iter().for_each(|(letter, number)| row.fill_in(letter, number));
            }
            if let Event::LetterIssued { letter, number: number @ None, .. } = &mut record.event {
                let guide = self.guide(&after.edition)?;
                let county = after.region.map_or(RegionCode::NATION, county);
                let year = record.at.year();
                let series = format!("{county}/{letter}/{year}");
                let serial = write.next_number(&series)?;
                let form =
                    guide.letters.iter().find(|known| *known.key == **letter).map_or("{序号}", |l| &*l.numbering);
                let place = self.regions.name(county).unwrap_or_default();
                let text = form.replace("{区划}", place).replace("{年}", &format!("〔{year}〕"));
                let text = text.replace("{区划代码}", &county.to_string()[..6]).replace("{年份}", &year.to_string());
                *number = Some(text.replace("{序号6}", &format!("{serial:06}")).replace("{序号}", &serial.to_string()));
                given.extend(number.clone().map(|number| (letter.clone(), number)));
            }
            numbered.push(record);
        }
        Ok(numbered)
    }

    /// Lets time pass for every case that has something fallen due. Gives how many cases changed.
    /// Within a minute in which nothing was written, nothing falls due.
    pub fn pass_time(&self, now: DateTime) -> Result<usize, Failure> {
        let here = Some((now.date().at(now.hour(), now.minute(), 0, 0), self.store.committed()));
        let last = || self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        if *last() == here {
            return Ok(0);
        }
        let changed = self.with_rates(|| self.let_pass(now))??;
        *last() = here;
        Ok(changed)
    }

    fn let_pass(&self, now: DateTime) -> Result<usize, Failure> {
        let cases = self.store.fallen_due(now)?;
        let mut changed = self.follow_calendar(now)?;
        for case in cases {
            changed += usize::from(self.tick(&case, now)?);
        }
        for (before, start) in self.store.starts_due(now)? {
            let Some(state) = self.store.state(&before)? else { continue };
            let (case, service) = (self.next_in_chain(&state.root)?, state.service);
            let (over, input) = (Some(Box::new(Over::of(&before))), Input::default());
            let command =
                Command::Submit { case, service, start: start.clone(), input, draw: None, over, subject: None };
            let key = format!("due:{before}:{start}");
            let (people, secret) = (vec![Actor::system()], None);
            match self.execute(&Order { key, people, case: None, command, secret, now }) {
                Ok(_) => changed += 1,
                // Nothing is paid any more, or another case is open: nothing is due.
                Err(Failure::Refused(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(changed)
    }

    /// An official declares a relative: kept, and filed in every open case that names the person. Gives how many cases
    /// that were.
    pub fn declare_relative(
        &self,
        account: &str,
        relative: (&str, &str, &str),
        now: DateTime,
    ) -> Result<usize, Failure> {
        self.store.transact(|write| write.keep_relative(account, relative, now))?;
        let mut filed = 0;
        for case in self.store.open_cases_of(relative.1)? {
            filed += usize::from(self.tick(&case, now)?);
        }
        Ok(filed)
    }

    /// An official takes a declaration back, with the reason. Cases in which it was filed stay as they are: who once was
    /// a relative in a case never acts in it.
    pub fn withdraw_relative(&self, account: &str, number: &str, why: &str, now: DateTime) -> Result<(), Failure> {
        self.store.transact(|write| Ok(write.withdraw_relative(account, number, why, now)?))
    }

    fn tick(&self, case: &str, now: DateTime) -> Result<bool, Failure> {
        self.store.transact(|write| {
            let state = write.state(case)?;
            let guide = self.guide(&state.edition)?;
            let relatives = write.relatives(numbers([&state], &Command::Tick))?;
            let looks = Looks::new(self, Place::Within(write));
            let rules = Rules { relatives: &relatives, registers: &looks, ..self.rules(&guide) };
            let decided = decide(rules, &state, &Command::Tick, &[Actor::system()], now);
            looks.fault()?;
            drop(looks);
            let records = decided.map_err(Failure::Refused)?;
            if records.is_empty() {
                return Ok(false);
            }
            self.append(write, &state, records, now)?;
            Ok(true)
        })
    }

    /// What somebody may see.
    pub fn scope(&self, actor: &Actor) -> Scope {
        Scope::of(actor, &self.library.guides)
    }

    /// A case for somebody who may see it; `None` also where they may not, so that nothing is told by the difference.
    pub fn case(&self, case: &str, scope: &Scope) -> Result<Option<(State, Arc<Guide>)>, Fault> {
        let Some(state) = self.store.state(case)?.filter(|state| scope.sees(state)) else { return Ok(None) };
        let guide = self.guide(&state.edition)?;
        Ok(Some((state, guide)))
    }

    /// The first case of the chain that a receipt and its secret open; the secret of the application opens them all.
    pub fn opened_by(&self, case: &str, secret: &str) -> Result<Option<String>, Fault> {
        let root = self.store.state(case)?.map_or(case.to_owned(), |state| state.root);
        let known = self.store.secret_hash(&root)?;
        Ok((known.as_deref() == Some(&hash(&[&root, secret]))).then_some(root))
    }

    /// The register of a 标识, if some guide or registers.md declares it.
    pub fn register(&self, key: &str) -> Option<&Register> {
        let all = self.library.guides.iter().flat_map(|guide| &guide.registers).chain(&self.library.registers);
        all.into_iter().find(|register| *register.key == *key)
    }

    /// The value of a shared parameter, by its 标识, on a day.
    pub(crate) fn shared_rate(
        &self,
        key: &str,
        values: &[String],
        region: RegionCode,
        date: Date,
    ) -> Result<Value, String> {
        let known = self.library.parameters.iter().find(|known| *known.key == *key);
        let parameter = &known.ok_or_else(|| format!("没有参数“{key}”"))?.name;
        Ok(self.rates.rate(&RateRequest { parameter, key: values, region, date })?.value)
    }
}

/// What each source bears, in proportion.
pub type Weights = Vec<(ledger::Source, u64)>;

/// The county of a region.
fn county(region: RegionCode) -> RegionCode {
    RegionCode::parse(&region.county_digits()).unwrap_or(region)
}

/// The receipt number of the next case of a chain.
fn next_in(root: &str, chain: &[(String, String)]) -> String {
    format!("{root}-{}", chain.len() + 1)
}

/// The case of a chain that is open.
fn open_in(chain: &[(String, String)]) -> Option<&str> {
    chain.iter().find(|(_, result)| result.is_empty()).map(|(case, _)| case.as_str())
}

/// The last case of the chain of a case, while none of it is open.
fn last_of_chain(read: &Read, case: &str) -> Result<Arc<State>, Failure> {
    let chain = read.chain(&read.state(case)?.root)?;
    if let Some(open) = open_in(&chain) {
        let text = format!("这一户还有没有办完的件（{open}）");
        return Err(refused(Refusal::new(Code::R104, text, "先办完它")));
    }
    Ok(read.state(chain.last().map_or(case, |(last, _)| last))?)
}

/// Citizen numbers of the people whom cases and a command on them name.
fn numbers<'n>(states: impl IntoIterator<Item = &'n Arc<State>>, command: &'n Command) -> BTreeSet<&'n str> {
    let input = match command {
        Command::Submit { input, .. } | Command::Do { input, .. } => Some(input),
        _ => None,
    };
    let stated = input.into_iter().flat_map(|input| input.values.values());
    let known = states.into_iter().flat_map(|state| &state.facts).map(|fact| &fact.value);
    let people = known.chain(stated).flat_map(Datum::people);
    people.filter_map(|person| person.number.as_deref()).collect()
}

fn refused(refusal: Refusal) -> Failure {
    Failure::Refused(vec![refusal])
}

/// A key used again: the same order is done once; another order under the same key is refused.
fn same(before: &Remembered, used: &Remembered) -> Result<Done, Failure> {
    if before.actor == used.actor && before.content == used.content {
        return Ok(Done { case: before.case.clone(), repeated: true });
    }
    let text = "这个页面已经提交过别的内容";
    Err(refused(Refusal::new(Code::R113, text, "请重新打开页面再提交")))
}

/// The files that compile to an edition by themselves: its folder, a list of it alone, and the shared parameters.
fn edition_files(folder: &str, files: &Files) -> String {
    let own = |path: &str| {
        path.starts_with(&format!("{folder}/law/"))
            || path == format!("{folder}/guide.md")
            || ["parameters.md", "registers.md", "registries.md"].contains(&path)
    };
    let mut kept: Files = files.iter().filter(|(path, _)| own(path)).map(|(p, t)| (p.clone(), t.clone())).collect();
    let areas = format!("| 服务 | 文件夹 | 归口 | 状态 |\n|---|---|---|---|\n| {folder} | {folder} | — | 停用 |\n");
    kept.insert("areas.md".into(), areas);
    serde_json::to_string(&kept).unwrap_or_default()
}

/// SM3 of texts, in hexadecimal.
pub fn hash(texts: &[&str]) -> String {
    let mut hasher = Sm3::new();
    for text in texts {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Order {
    fn case_id(&self) -> String {
        match (&self.command, &self.case) {
            (Command::Submit { case, .. }, _) => case.clone(),
            (_, Some(case)) => case.clone(),
            (_, None) => String::new(),
        }
    }

    fn actor(&self) -> String {
        self.people.iter().map(|actor| &*actor.id).collect::<Vec<_>>().join("、")
    }

    /// The content without the receipt number, which is made anew for each attempt.
    fn content(&self) -> String {
        let command = match &self.command {
            Command::Submit { service, start, input, over, .. } => {
                format!("{service} {start} {input:?} {:?}", over.as_ref().map(|over| &over.case))
            }
            command => format!("{:?} {command:?}", self.case),
        };
        hash(&[&command])
    }
}
