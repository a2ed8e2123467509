//! One order, one transaction: step 7 of the request path, and everything before it that must be read under the same lock.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard};

use base::DateTime;
use casework::assess::{declared_kin, numbers, people, people_of};
use casework::summary::Person;
use casework::{Actor, Bureau, CaseId, Circumstances, Code, Command, Entry, Event, Facts, Kin, Refusal, State};
use guide::{Guide, Overlay};
use serde::Serialize;

use crate::crypto::{Digest, Key};
use crate::fault::{Fault, Stop};
use crate::journal::{self, Fresh, Head, Stream};
use crate::keys::KeyId;
use crate::office::Office;
use crate::project;
use crate::sql::{Cell, Sql, all, first};
use crate::{Inner, Store, case_stream, lock};

/// What somebody wants done, as the request path hands it over.
#[derive(Clone, Debug)]
pub struct Order {
    pub actor: Actor,
    pub target: Target,
    /// The revision that the actor saw; None where it does not matter (the clock, a new case).
    pub expected: Option<u32>,
    /// Made with the form: the same order under the same key is carried out once.
    pub key: String,
    pub command: Command,
}

#[derive(Clone, Debug)]
pub enum Target {
    New { service: Arc<str> },
    Case(CaseId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub case: CaseId,
    pub revision: u32,
    /// The order had been carried out before; this is what it gave then.
    pub replayed: bool,
}

/// An event that may concern other services, waiting to be taken along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub seq: u64,
    pub case: CaseId,
    /// `decided` or `closed`.
    pub kind: String,
}

/// Orders of a batch that go to the disk together.
const SLICE: usize = 500;

/// Many orders under one lock, kept in slices; see [`Store::batch`].
pub struct Batch<'s> {
    pub(crate) inner: &'s Inner,
    pub(crate) sql: MutexGuard<'s, Box<dyn Sql>>,
    pub(crate) office: Arc<Office>,
    head: Head,
    cases: HashMap<CaseId, Loaded>,
    waiting: usize,
    /// A write failed half-way, so the slice must not be kept.
    broken: bool,
}

/// A case in memory, as it stands in this transaction.
struct Loaded {
    state: State,
    key_id: KeyId,
    key: Key,
    people: Vec<Person>,
}

impl Store {
    /// Carries out one order in one transaction: either everything that follows from it is kept, or nothing.
    ///
    /// The same order under the same key gives the earlier receipt. Refused are another order under a used key (R302),
    /// a case that changed since `expected` (R301), and whatever `casework` refuses.
    pub fn execute(&self, bureau: &Bureau, order: &Order, now: DateTime) -> Result<Receipt, Stop> {
        self.batch(|batch| batch.execute(bureau, order, now))
    }

    /// Carries out many orders, each as [`Store::execute`] would, but writing to the disk once every 500 orders.
    ///
    /// A refused order leaves no trace and the batch may go on. When `work` itself fails, the last slice is given up and
    /// the slices before it stay: a batch that is repeated with the same keys resumes where it stopped.
    /// Inside `work` only the batch may write; the store's own writing methods would wait for it for ever.
    pub fn batch<T, E: From<Fault>>(&self, work: impl FnOnce(&mut Batch<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut batch = Batch {
            inner: &self.inner,
            sql: lock(&self.inner.writer),
            office: Arc::default(),
            head: Head { seq: 0, chain: journal::GENESIS },
            cases: HashMap::new(),
            waiting: 0,
            broken: false,
        };
        batch.begin()?;
        let done = work(&mut batch)?;
        batch.commit()?;
        Ok(done)
    }

    /// Events that wait to be taken to other services, oldest first.
    pub fn outgoing(&self, limit: u32) -> Result<Vec<Outgoing>, Fault> {
        let text = "SELECT seq, case_id, kind FROM outbox ORDER BY seq LIMIT ?1";
        self.inner.read(|sql| {
            all(sql, text, &[Cell::Int(limit.into())], |row| {
                let (case, kind) = (CaseId(row[1].text()?.into()), row[2].text()?.to_owned());
                Ok(Outgoing { seq: row[0].count()?, case, kind })
            })
        })
    }

    /// Takes an event off the outbox once it has arrived elsewhere.
    pub fn delivered(&self, seq: u64) -> Result<(), Fault> {
        self.inner.write(|sql| sql.execute("DELETE FROM outbox WHERE seq = ?1", &[Cell::Int(seq as i64)]))?;
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.sql.rollback();
    }
}

impl Batch<'_> {
    /// As [`Store::execute`], within the batch: orders see what the orders before them did.
    pub fn execute(&mut self, bureau: &Bureau, order: &Order, now: DateTime) -> Result<Receipt, Stop> {
        let digest = self.fingerprint(order);
        if let Some(receipt) = self.earlier(&order.key, &digest)? {
            return Ok(receipt);
        }
        let loaded = match &order.target {
            Target::New { .. } => None,
            Target::Case(case) => Some(self.load(bureau, case)?),
        };
        let planned = self.plan(bureau, order, loaded.as_ref(), now);
        let (guide, events) = match planned {
            Ok(planned) => planned,
            Err(stop) => {
                self.cases.extend(loaded.map(|l| (l.state.case.clone(), l)));
                return Err(stop);
            }
        };
        let receipt = self.writing(|batch| batch.keep(guide, order, &digest, loaded, events, now))?;
        self.waiting += 1;
        if self.waiting >= SLICE {
            self.commit()?;
            self.begin()?;
        }
        Ok(receipt)
    }

    /// A case as it stands in this batch, if an order of the batch concerned it.
    pub fn state(&self, case: &CaseId) -> Option<&State> {
        self.cases.get(case).map(|loaded| &loaded.state)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.sql.begin()?;
        let head = journal::head(&mut **self.sql)?;
        if head != self.head {
            // Another process wrote between the slices.
            self.cases.clear();
            self.head = head;
        }
        self.office = self.inner.office_at(&mut **self.sql, head.seq)?;
        Ok(())
    }

    /// Keys first: what is kept must never be sealed under a key that is not.
    fn commit(&mut self) -> Result<(), Fault> {
        self.writing(|batch| {
            batch.inner.keys.keep()?;
            journal::keep_head(&mut **batch.sql, &batch.head)?;
            batch.sql.commit()
        })?;
        self.inner.keep_office(self.head.seq, self.office.clone());
        self.waiting = 0;
        Ok(())
    }

    /// Runs what writes; once a write fails, nothing of this slice will be kept.
    pub(crate) fn writing<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.broken {
            return Err(Fault::HalfDone);
        }
        self.broken = true;
        let done = work(self)?;
        self.broken = false;
        Ok(done)
    }

    pub(crate) fn append(
        &mut self,
        stream: &Stream<'_>,
        revision: u32,
        at: DateTime,
        kind: &str,
        entry: &impl Serialize,
    ) -> Result<(), Fault> {
        let plain = serde_json::to_vec(entry).map_err(|e| Fault::Database(Box::new(e)))?;
        let fresh = Fresh { revision, at, kind, plain: &plain };
        journal::append(&mut **self.sql, &*self.inner.crypto, &mut self.head, stream, &fresh)
    }

    /// Tells orders under one key apart. Compared only with a repetition of the same form, minutes later,
    /// so it need not stay the same between versions of the program: a difference only refuses.
    fn fingerprint(&self, order: &Order) -> Digest {
        let text = format!("{}\n{:?}\n{:?}", order.actor.id, order.target, order.command);
        self.inner.crypto.hmac(&self.inner.keys.token("order", ""), &[text.as_bytes()])
    }

    fn earlier(&mut self, key: &str, digest: &Digest) -> Result<Option<Receipt>, Stop> {
        let text = "SELECT digest, case_id, revision FROM command_key WHERE key = ?1";
        let found = first(&mut **self.sql, text, &[Cell::Text(key)], |row| {
            Ok((journal::digest(row[0])?, CaseId(row[1].text()?.into()), row[2].count()?))
        })?;
        match found {
            None => Ok(None),
            Some((known, case, revision)) if known == *digest => Ok(Some(Receipt { case, revision, replayed: true })),
            Some((_, case, _)) => {
                let reason = format!("这次提交与此前已办成的一次（{case}）用了同一个提交号，但内容不同");
                Err(Refusal::new(Code::KeyReused, reason, "", "请重新打开表单，核对后再提交。").into())
            }
        }
    }

    /// Takes a case out of memory or folds it from the journal.
    fn load(&mut self, bureau: &Bureau, case: &CaseId) -> Result<Loaded, Stop> {
        if let Some(loaded) = self.cases.remove(case) {
            return Ok(loaded);
        }
        let inner = self.inner;
        let Some(opened) = journal::read::<Entry>(&mut **self.sql, &*inner.crypto, &inner.keys, &case_stream(case))?
        else {
            let reason = format!("没有受理号为{case}的件");
            return Err(Refusal::new(Code::NotPossibleHere, reason, "", "请核对受理号。").into());
        };
        let state = State::fold(&opened.entries).ok_or_else(|| Fault::damaged(format!("{case}不以申请开始")))?;
        let people = people(project::guide_of(bureau, &state)?, &state);
        let key = inner.keys.key(&opened.key_id)?.ok_or(Fault::Key("密钥刚刚被销毁"))?;
        Ok(Loaded { state, key_id: opened.key_id.into(), key, people })
    }

    /// Everything that only reads: the guide, the circumstances, the decision.
    fn plan<'b>(
        &mut self,
        bureau: &'b Bureau,
        order: &Order,
        loaded: Option<&Loaded>,
        now: DateTime,
    ) -> Result<(&'b Arc<Guide>, Vec<Event>), Stop> {
        let state = loaded.map(|l| &l.state);
        let guide = match (state, &order.target) {
            (Some(state), _) => project::guide_of(bureau, state)?,
            (None, Target::New { service }) => {
                bureau.guides.service(service).ok_or_else(|| unknown_service(service))?
            }
            (None, Target::Case(case)) => return Err(Fault::damaged(format!("{case}没有读出")).into()),
        };
        if let (Some(state), Some(expected)) = (state, order.expected)
            && state.revision != expected
        {
            return Err(self.changed(&state.case, expected)?.into());
        }
        let facts = facts_of(&order.command);
        let kin = self.kin(guide, loaded, facts);
        let others = if loaded.is_none() { self.others(guide, facts)? } else { Vec::new() };
        let case = match state {
            Some(state) => state.case.clone(),
            None => self.next_case(guide, now)?,
        };
        let issued = RefCell::new(self.letters(guide, now)?);
        let letter_number = |series: &str, year: i16| {
            let mut issued = issued.borrow_mut();
            let count = issued.entry(project::letter_counter(series, year)).or_default();
            *count += 1;
            *count
        };
        let around = Circumstances {
            bureau,
            now,
            case,
            kin: &kin,
            others: &others,
            overlay: &Overlay::default(),
            letter_number: &letter_number,
        };
        let events = casework::answer(guide, state, &order.actor, &order.command, &around)?;
        Ok((guide, events))
    }

    fn kin(&self, guide: &Guide, loaded: Option<&Loaded>, facts: Option<&Facts>) -> Vec<Kin> {
        let stated = facts.map(|f| people_of(guide, f)).unwrap_or_default();
        let known = loaded.map(|l| l.people.as_slice()).unwrap_or_default();
        let applicant = known.iter().chain(&stated).find(|p| p.applicant).map(|p| p.name.as_str()).unwrap_or_default();
        let declared = facts.map(|f| declared_kin(guide, f)).unwrap_or_default();
        let mut everybody = numbers(known);
        everybody.extend(numbers(&stated));
        self.office.kin(&everybody, &declared, applicant)
    }

    /// Open cases of the same applicant in this service; only a new application is held against them.
    fn others(&mut self, guide: &Guide, facts: Option<&Facts>) -> Result<Vec<CaseId>, Fault> {
        let stated = facts.map(|f| people_of(guide, f)).unwrap_or_default();
        let applicant: Vec<Person> = stated.into_iter().filter(|p| p.applicant).collect();
        let Some((number, _)) = numbers(&applicant).into_iter().next() else { return Ok(Vec::new()) };
        let token = self.inner.keys.token(project::NUMBER, number.as_str());
        let text = "SELECT r.case_id FROM person_index p JOIN case_row r ON r.case_id = p.case_id
                    WHERE p.token = ?1 AND p.applicant = 1 AND r.service = ?2 AND r.standing < 2 ORDER BY r.case_id";
        all(&mut **self.sql, text, &[Cell::Blob(&token), Cell::Text(&guide.service)], |row| {
            Ok(CaseId(row[0].text()?.into()))
        })
    }

    fn next_case(&mut self, guide: &Guide, now: DateTime) -> Result<CaseId, Fault> {
        let series = format!("{}{:04}", guide.prefix, now.year());
        let last = self.count(&series)?;
        Ok(CaseId(format!("{series}{:05}", last + 1).into()))
    }

    /// How many letters of each of the guide's series have been issued this year.
    fn letters(&mut self, guide: &Guide, now: DateTime) -> Result<HashMap<String, u32>, Fault> {
        let series: HashSet<&str> = guide.letters.iter().map(|l| l.series.as_str()).collect();
        let mut issued = HashMap::new();
        for series in series {
            let name = project::letter_counter(series, now.year());
            let count = self.count(&name)?;
            issued.insert(name, count);
        }
        Ok(issued)
    }

    fn count(&mut self, name: &str) -> Result<u32, Fault> {
        let text = "SELECT value FROM counter WHERE name = ?1";
        let found = first(&mut **self.sql, text, &[Cell::Text(name)], |row| row[0].count())?;
        Ok(found.unwrap_or(0))
    }

    /// R301, saying who changed what when.
    fn changed(&mut self, case: &CaseId, expected: u32) -> Result<Refusal, Fault> {
        let inner = self.inner;
        let opened = journal::read::<Entry>(&mut **self.sql, &*inner.crypto, &inner.keys, &case_stream(case))?;
        let entries = opened.map(|o| o.entries).unwrap_or_default();
        let later = entries.get(expected as usize..).unwrap_or_default();
        let told = later.iter().find_map(|e| describe(&e.event).map(|what| (e, what)));
        let reason = match told {
            Some((entry, what)) => {
                let at = base::format_datetime(entry.at);
                format!("{}（{}）已于{at}{what}", entry.by.name, entry.by.role)
            }
            None => "在您打开页面之后，该件有了新的进展".to_owned(),
        };
        Ok(Refusal::new(Code::Changed, reason, "", "请刷新页面，看过最新情况后再办理；已填写的内容没有保存。"))
    }

    /// Everything that writes: journal, projections, outbox, key.
    fn keep(
        &mut self,
        guide: &Guide,
        order: &Order,
        digest: &Digest,
        loaded: Option<Loaded>,
        events: Vec<Event>,
        now: DateTime,
    ) -> Result<Receipt, Fault> {
        let by = order.actor.by();
        let entries: Vec<Entry> = events.into_iter().map(|event| Entry { at: now, by: by.clone(), event }).collect();
        let (mut loaded, new) = match loaded {
            Some(loaded) => (loaded, entries.as_slice()),
            None => (self.found(guide, entries.first())?, entries.get(1..).unwrap_or_default()),
        };
        let first_revision = loaded.state.revision + 1 - (entries.len() - new.len()) as u32;
        for entry in new {
            loaded.state.apply(entry);
        }
        let case = loaded.state.case.clone();
        let name = case_stream(&case);
        let stream = Stream { name: &name, key_id: &loaded.key_id, key: &loaded.key };
        for (revision, entry) in (first_revision..).zip(&entries) {
            let kind = kind(&entry.event);
            self.append(&stream, revision, now, kind, entry)?;
            if matches!(entry.event, Event::Decided { .. } | Event::Closed { .. }) {
                let row = [Cell::Int(self.head.seq as i64), Cell::Text(&case.0), Cell::Text(kind)];
                self.sql.execute("INSERT INTO outbox (seq, case_id, kind) VALUES (?1, ?2, ?3)", &row)?;
            }
        }
        let sealed_by = project::SealedBy { inner: self.inner, key_id: &loaded.key_id, key: &loaded.key };
        loaded.people = project::keep(&mut **self.sql, &sealed_by, guide, &loaded.state, &entries, &loaded.people)?;
        let revision = loaded.state.revision;
        let row = [Cell::Text(&order.key), Cell::Blob(digest), Cell::Text(&case.0), Cell::Int(revision.into())];
        let text = "INSERT INTO command_key (key, digest, case_id, revision) VALUES (?1, ?2, ?3, ?4)";
        self.sql.execute(text, &row)?;
        self.cases.insert(case.clone(), loaded);
        Ok(Receipt { case, revision, replayed: false })
    }

    /// A new case after its first event, with the key of the applicant, or one of its own where there is no number.
    fn found(&self, guide: &Guide, entry: Option<&Entry>) -> Result<Loaded, Fault> {
        let state = entry.and_then(State::begin).ok_or_else(|| Fault::damaged("新件不以申请开始"))?;
        let applicant: Vec<Person> = people(guide, &state).into_iter().filter(|p| p.applicant).collect();
        let owner = match numbers(&applicant).first() {
            Some((number, _)) => format!("person|{}", number.as_str()),
            None => format!("case|{}", state.case),
        };
        let (key_id, key) = self.inner.keys.key_for(&owner)?;
        Ok(Loaded { state, key_id, key, people: Vec::new() })
    }
}

fn unknown_service(service: &str) -> Refusal {
    Refusal::new(Code::ServiceNotInForce, format!("没有“{service}”这项服务"), "", "请从服务目录中选择。")
}

fn facts_of(command: &Command) -> Option<&Facts> {
    match command {
        Command::Apply { facts, .. } | Command::Complete { facts, .. } | Command::Correct { facts, .. } => Some(facts),
        _ => None,
    }
}

/// The name of an event in the journal's clear part.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Applied { .. } => "applied",
        Event::Opened { .. } => "opened",
        Event::Skipped { .. } => "skipped",
        Event::Completed { .. } => "completed",
        Event::Attached { .. } => "attached",
        Event::Corrected { .. } => "corrected",
        Event::Filed { .. } => "filed",
        Event::Posted { .. } => "posted",
        Event::Objected { .. } => "objected",
        Event::Answered { .. } => "answered",
        Event::Decided { .. } => "decided",
        Event::Lettered { .. } => "lettered",
        Event::Extended { .. } => "extended",
        Event::Withdrawn { .. } => "withdrawn",
        Event::Closed { .. } => "closed",
        Event::RoundBegan => "round_began",
    }
}

/// What an event did, after “已于…”; None for what only follows from others.
fn describe(event: &Event) -> Option<String> {
    Some(match event {
        Event::Completed { step, outcome, .. } => format!("办完“{step}”（{outcome}）"),
        Event::Attached { material, .. } => format!("添加材料“{material}”"),
        Event::Corrected { .. } => "更正了事实".to_owned(),
        Event::Posted { .. } => "张贴了公示".to_owned(),
        Event::Objected { .. } => "提出了异议".to_owned(),
        Event::Answered { .. } => "答复了异议".to_owned(),
        Event::Extended { limit, .. } => format!("延长了“{limit}”"),
        Event::Withdrawn { .. } => "撤回了申请".to_owned(),
        _ => return None,
    })
}
