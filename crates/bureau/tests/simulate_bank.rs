//! A bank that misbehaves in every way that banks do, a program that is killed anywhere, people who are in a hurry:
//! whatever happens, nobody is paid twice, nobody is forgotten, and every fen of the bank's statement is explained.
//!
//! `cargo xtask simulate bank --seeds N [--from SEED]` runs more of it. A seed tells the whole history.
#![allow(clippy::disallowed_methods, reason = "the number of seeds comes from the environment")]

mod bank;
#[path = "bank/judge.rs"]
mod judge;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bank::{Dice, Faults, TheBank};
use base::{Calendar, DateTime, Fen, Level, Month, RegionCode, Regions};
use bureau::import::{Import, Take};
use bureau::{Bureau, Failure, Order};
use casework::event::{PersonRef, Subject};
use casework::{Actor, Capacity, Command, Datum, Input};
use guide::Files;
use jiff::ToSpan;

/// Seeds that every run of the tests goes through.
const SEEDS: u64 = 200;

/// What happens until everything is brought to its end.
const TURNS: u32 = 80;

struct World {
    folder: tempfile::TempDir,
    shared: (Calendar, Arc<Regions>),
    bureau: Option<Bureau>,
    dice: Dice,
    faults: Faults,
    bank: TheBank,
    now: DateTime,
    people: Vec<PersonRef>,
    roots: BTreeMap<String, String>,
    keys: u32,
}

fn files() -> Files {
    let files = [
        ("areas.md", include_str!("bank/areas.md")),
        ("parameters.md", include_str!("bank/parameters.md")),
        ("rates.md", include_str!("bank/rates.md")),
        ("registers.md", include_str!("bank/registers.md")),
        ("banks.md", include_str!("bank/banks.md")),
        ("stipend/guide.md", include_str!("bank/stipend/guide.md")),
        ("payout/guide.md", include_str!("bank/payout/guide.md")),
        ("reclaim/guide.md", include_str!("bank/reclaim/guide.md")),
    ];
    files.into_iter().map(|(path, text)| (path.into(), text.into())).collect()
}

/// In memory where there is such a place: what is killed here is the program, not the machine.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

fn shared() -> (Calendar, Arc<Regions>) {
    let calendar = Calendar::parse(include_str!("../../../reference/calendar/holidays-2004-2026.csv")).unwrap();
    let regions = Regions::parse(&[include_str!("../../../reference/divisions/counties.csv")]);
    (calendar, Arc::new(regions.unwrap()))
}

/// A citizen number that nobody has, with its check digit.
fn number(serial: usize) -> String {
    let body = format!("41032519600101{serial:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum as usize % 11]))
}

impl World {
    fn new(seed: u64, shared: (Calendar, Arc<Regions>)) -> Self {
        let mut world = Self {
            folder: folder(),
            shared,
            bureau: None,
            dice: Dice::new(seed),
            faults: Faults::default(),
            bank: TheBank::default(),
            now: "2026-01-02T09:00:00".parse().unwrap(),
            people: Vec::new(),
            roots: BTreeMap::new(),
            keys: 0,
        };
        world.open();
        world.bureau().pass_time(world.now).unwrap();
        for _ in 0..world.dice.below(12) {
            world.decide();
        }
        world.fund(3_000);
        world.pass(1);
        world.accounts(false);
        world.pass(24);
        world
    }

    /// Starts the program on what is on the disk.
    fn open(&mut self) {
        self.bureau = None;
        let (calendar, regions) = self.shared.clone();
        let mut bureau = Bureau::open(self.folder.path(), &files(), calendar, regions).unwrap();
        assert!(!bureau.library.has_errors(), "{:?}", bureau.library.findings);
        bureau.home = RegionCode::parse("410325").unwrap();
        self.bureau = Some(bureau);
    }

    fn bureau(&self) -> &Bureau {
        self.bureau.as_ref().unwrap()
    }

    fn staff(name: &str, post: &str) -> Actor {
        let region = RegionCode::parse("410325").unwrap();
        let capacity = Capacity::Staff { level: Level::County, posts: vec![post.into()], region };
        Actor { id: name.into(), name: name.into(), capacity }
    }

    fn order(&mut self, case: Option<&str>, post: &str, command: Command) -> Result<(), Failure> {
        self.keys += 1;
        let key = format!("k{}", self.keys);
        let (people, case) = (vec![Self::staff("甲", post)], case.map(str::to_owned));
        let order = Order { key, people, case, command, secret: None, now: self.now };
        let first = self.bureau().execute(&order);
        if self.dice.chance(10) {
            self.faults.note("the same order twice");
            let again = self.bureau().execute(&order);
            assert_eq!(first.is_ok(), again.is_ok(), "{order:?}");
        }
        first.map(drop)
    }

    fn submit(&mut self, case: &str, start: (&str, &str), values: &[(&str, Datum)], over: Option<&str>) {
        self.submit_for(case, start, values, over, None);
    }

    fn submit_for(
        &mut self,
        case: &str,
        (service, start): (&str, &str),
        values: &[(&str, Datum)],
        over: Option<&str>,
        subject: Option<Subject>,
    ) {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let command = Command::Submit {
            case: case.to_owned(),
            service: service.to_owned(),
            start: start.to_owned(),
            input: Input { values, ..Input::default() },
            draw: None,
            over: over.map(|case| Box::new(casework::event::Over::of(case))),
            subject,
        };
        self.order(None, "园林员", command).unwrap_or_else(|failure| panic!("{case}: {failure}"));
    }

    fn act(&mut self, case: &str, step: &str, conclusion: &str) -> Result<(), Failure> {
        let input = Input { outputs: reason(), ..Input::default() };
        let command = Command::Do { step: step.to_owned(), conclusion: Some(conclusion.to_owned()), input };
        self.order(Some(case), "园林官", command)
    }

    /// Somebody begins, gets another amount or stops, from a month before or after this one.
    fn decide(&mut self) {
        let person = if self.people.len() < 9 && self.dice.chance(60) || self.people.is_empty() {
            let serial = self.people.len() + 1;
            let person = PersonRef { name: format!("园丁{serial}"), number: Some(number(serial)) };
            self.people.push(person.clone());
            person
        } else {
            let place = self.dice.below(self.people.len());
            self.people[place].clone()
        };
        let id = person.number.clone().unwrap();
        let month = Month::of(self.now.date()).plus(self.dice.below(4) as i32 - 2);
        let text = |text: String| Datum::Text(text);
        let amount = 10_000 + self.dice.below(40_000) as i64;
        let values = [
            ("gardener", Datum::Person(person)),
            ("place", text("410325".to_owned())),
            ("amount", text(Fen(amount).plain())),
            ("from_day", text(month.first_day().to_string())),
        ];
        let known = self.roots.get(&id).cloned();
        let is_paid = known.as_ref().is_some_and(|root| {
            let last = self.bureau().store.chain(root).unwrap().pop().unwrap().0;
            self.bureau().store.state(&last).unwrap().unwrap().is_paid("stipend", self.now)
        });
        let case = match &known {
            Some(root) if is_paid => {
                let last = self.bureau().store.chain(root).unwrap().pop().unwrap().0;
                let next = self.bureau().next_in_chain(root).unwrap();
                self.submit(&next, ("stipend", "change"), &values, Some(&last));
                next
            }
            // Whoever has stopped does not begin again: that would be another chain.
            Some(_) => return,
            None => {
                let case = format!("A-{}", self.roots.len() + 1);
                self.submit(&case, ("stipend", "ask"), &values, None);
                self.roots.insert(id, case.clone());
                case
            }
        };
        let conclusion = if is_paid && self.dice.chance(30) { "停" } else { "给" };
        self.act(&case, "decide", conclusion).unwrap();
    }

    /// Some people's accounts, new, changed, or one for two.
    fn accounts(&mut self, all: bool) {
        let mut rows = "人员,账号,户名,开户银行,关系\n".to_owned();
        for (place, person) in self.people.clone().into_iter().enumerate() {
            if all || self.dice.chance(40) {
                let serial = if !all && self.dice.chance(10) { 0 } else { self.dice.below(90_000) * 100 + place };
                let (name, number) = (&person.name, person.number.unwrap());
                rows += &format!("{name} {number},6217{serial:012},{name},园丁银行,本人\n");
            }
        }
        let (from, now) = (self.now.date(), self.now);
        self.bureau()
            .import(
                Import { register: "bank_account", bytes: rows.as_bytes(), map: &[], from, by: "导入", now },
                Take::Whole,
            )
            .unwrap();
    }

    fn fund(&mut self, yuan: u32) {
        for source in ["中央", "省级", "市级", "捐赠"] {
            for year in [2026, 2027] {
                self.keys += 1;
                let case = format!("F-{}", self.keys);
                let text = |text: String| Datum::Text(text);
                let values = [
                    ("fund", text(source.to_owned())),
                    ("amount", text(yuan.to_string())),
                    ("year", text(year.to_string())),
                ];
                self.submit(&case, ("payout", "fund"), &values, None);
                self.act(&case, "book", "拨来").unwrap();
            }
        }
    }

    /// The bureau does its part; somewhere in it the program may be killed, and is started again.
    fn work(&mut self) {
        let killed_after = if self.dice.chance(40) { Some(self.dice.below(4)) } else { None };
        let (now, mut heard) = (self.now, 0);
        let bureau = self.bureau.take().unwrap();
        let worked = catch_unwind(AssertUnwindSafe(|| {
            bureau.work(now, &mut |_| {
                heard += 1;
                assert!(killed_after.is_none_or(|after| heard <= after), "killed");
            })
        }));
        match worked {
            Ok(done) => {
                done.unwrap();
                self.bureau = Some(bureau);
            }
            Err(_) => {
                self.faults.note("killed while the bureau worked");
                drop(bureau);
                self.open();
            }
        }
    }

    fn runs_at(&self, step: &str) -> Vec<String> {
        self.bureau().store.at_task(&format!("payout {step}")).unwrap()
    }

    /// Two clerks may decide the same batch at the same moment; one of them does.
    fn approve(&mut self, kindly: bool) {
        for run in self.runs_at("approve") {
            if !kindly && self.dice.chance(15) {
                self.faults.note("roster made anew");
                self.act(&run, "approve", "重编").unwrap();
            } else if self.dice.chance(25) {
                self.faults.note("two clerks at once");
                let (bureau, now) = (self.bureau(), self.now);
                let order = |name: &str| {
                    let input = Input { outputs: reason(), ..Input::default() };
                    let (step, conclusion) = ("approve".to_owned(), Some("批准".to_owned()));
                    let command = Command::Do { step, conclusion, input };
                    let people = vec![Self::staff(name, "园林官")];
                    let key = format!("{run}-{name}-{now}");
                    bureau.execute(&Order { key, people, case: Some(run.clone()), command, secret: None, now }).is_ok()
                };
                let done = std::thread::scope(|scope| {
                    let other = scope.spawn(|| order("乙"));
                    [order("丙"), other.join().unwrap()]
                });
                assert_eq!(done.iter().filter(|done| **done).count(), 1, "two clerks approved {run}");
            } else {
                self.act(&run, "approve", "批准").unwrap();
            }
        }
    }

    /// What rosters found to be too much is claimed, to be kept back or given back, or forgiven.
    fn claim(&mut self, kindly: bool) {
        for case in self.bureau().store.at_task("reclaim establish").unwrap() {
            if kindly || self.dice.chance(60) {
                let how = ["扣回", "扣回", "自还", "免还"][self.dice.below(4)];
                // A later roster may have found that it was right after all: then there is nothing to claim.
                if self.act(&case, "establish", how).is_err() {
                    self.faults.note("what was too much is right after all");
                    self.act(&case, "establish", "免还").unwrap();
                }
            }
        }
    }

    /// Somebody pays back, or a claim is withdrawn; what is set aside by a roster in the meantime cannot be paid twice.
    fn repay(&mut self) {
        let debts = self.bureau().debts("").unwrap();
        let Some(debt) = debts.into_iter().find(|debt| debt.owed.owing.0 > 0) else { return };
        let key = debt.owed.debt.key();
        let known = self.bureau().store.versions("claim", &key).unwrap();
        if known.last().is_none_or(|version| version.row.from > self.now.date()) {
            return;
        }
        self.keys += 1;
        let case = format!("R-{}", self.keys);
        let fen = 1 + self.dice.below(debt.owed.owing.0 as usize) as i64;
        let (start, field, step, how) = if self.dice.chance(50) {
            self.faults.note("a claim is withdrawn");
            ("withdraw", "withdrawn", "grant_withdrawal", "撤销")
        } else {
            self.faults.note("somebody pays back");
            ("repay", "amount", "receive", "收下")
        };
        let values = [(field, Datum::Text(Fen(fen).plain()))];
        let subject = Subject { register: "claim".to_owned(), key };
        self.submit_for(&case, ("reclaim", start), &values, None, Some(subject));
        if self.act(&case, step, how).is_err() {
            self.faults.note("paid back what a roster keeps back");
        }
    }

    fn runs(&self) -> Vec<String> {
        self.bureau().store.runs().unwrap().into_iter().map(|run| run.case).collect()
    }

    /// Files go to the bank: sometimes again, sometimes cut off.
    fn send(&mut self, kindly: bool) {
        let format = self.bureau().banks().unwrap().formats[0].key.clone();
        for run in self.runs() {
            if !kindly && self.dice.chance(40) {
                continue;
            }
            let mut file = self.bureau().file_for_bank(&run, &format, 1, self.now).unwrap().bytes;
            if !kindly && self.dice.chance(10) {
                self.faults.note("half a file to the bank");
                file.truncate(file.len() / 2);
            }
            self.bank.take(&file);
            if self.dice.chance(20) {
                self.faults.note("the same file to the bank again");
                self.bank.take(&file);
            }
        }
    }

    fn hear(&mut self, kindly: bool) {
        let file = self.bank.answers(&mut self.dice, kindly, &mut self.faults);
        let format = self.bureau().banks().unwrap().formats[0].key.clone();
        let taken = self.bureau().take_file(&format, &file, self.now);
        assert!(!kindly || taken.is_ok(), "{taken:?}");
        if self.dice.chance(15) {
            self.faults.note("the same answers again");
            let again = self.bureau().take_file(&format, &file, self.now);
            if let Ok(bureau::files::TakenIn::Answers(again)) = again {
                assert_eq!(again.taken, 0, "the same file was taken in twice");
            }
        }
    }

    fn statement(&mut self, kindly: bool) {
        // A statement shows what the bank has told of before; otherwise it is a difference, and comes again.
        self.hear(true);
        let number = self.bank.statements.len();
        if let Some(text) = self.bank.statement(number) {
            self.bank.statements.push(text);
        }
        let told = self.bank.statements.clone();
        let again = if kindly { 0 } else { told.len().saturating_sub(1 + self.dice.below(3)) };
        if told.len() - again.min(told.len()) > 1 && !kindly {
            self.faults.note("statement again");
        }
        for text in &told[again.min(told.len())..] {
            self.bureau().take_file(bureau::files::ISO, text.as_bytes(), self.now).unwrap();
        }
    }

    fn reissue(&mut self) {
        for run in self.runs() {
            self.bureau().reissue(&run, self.now).unwrap();
        }
    }

    fn pass(&mut self, hours: i64) {
        self.now = self.now.checked_add(hours.hours()).unwrap();
        self.bureau().pass_time(self.now).unwrap();
    }

    fn turn(&mut self) {
        match self.dice.below(20) {
            0 | 1 => self.decide(),
            2 => self.bank.decide(&mut self.dice, false, &mut self.faults),
            3 => self.accounts(false),
            4 => {
                let yuan = 100 + self.dice.below(3000) as u32;
                self.fund(yuan);
            }
            5..=7 => self.work(),
            8 | 9 => self.approve(false),
            10 | 11 => self.send(false),
            12 => self.bank.decide(&mut self.dice, false, &mut self.faults),
            13 | 14 => self.hear(false),
            15 => self.statement(false),
            16 => self.reissue(),
            18 if self.dice.chance(50) => self.claim(false),
            19 if self.dice.chance(50) => self.repay(),
            17 if self.dice.chance(30) => {
                self.faults.note("the clock jumps over a month end");
                self.pass(24 * 32);
            }
            _ => {
                let hours = 1 + self.dice.below(120) as i64;
                self.pass(hours);
            }
        }
    }

    /// Everything that waits is done, as in a world where nothing goes wrong; and one batch more for what was held.
    fn bring_to_an_end(&mut self) {
        self.fund(2_000_000);
        for round in 0..12 {
            if round == 3 {
                self.pass(24 * 32);
            }
            // An account that was put right counts from the next day on; the last rounds begin no batch.
            self.pass(if round < 8 { 25 } else { 0 });
            if round < 3 {
                self.repay();
                self.decide();
            }
            if round < 3 || round % 4 == 0 {
                self.accounts(true);
            }
            self.pass(i64::from(round < 8));
            self.work();
            self.claim(true);
            self.approve(true);
            self.work();
            self.reissue();
            self.send(true);
            self.bank.decide(&mut self.dice, true, &mut self.faults);
            self.hear(true);
            self.statement(true);
            self.work();
        }
    }
}

/// The reason that a decision gives.
fn reason() -> BTreeMap<String, Datum> {
    [("理由".to_owned(), Datum::Text("按规定".to_owned()))].into()
}

/// What some histories came to.
#[derive(Default)]
struct Report {
    faults: BTreeMap<&'static str, u32>,
    payments: usize,
    double: usize,
    lost: usize,
    unexplained: i64,
    wrong: Vec<String>,
}

impl Report {
    fn live(&mut self, seed: u64, shared: (Calendar, Arc<Regions>)) {
        let mut world = World::new(seed, shared);
        for _ in 0..TURNS {
            world.turn();
        }
        world.bring_to_an_end();
        let found = world.find();
        let rebuilt = world.bureau().store.rebuild().unwrap();
        assert!(rebuilt.differing.is_empty(), "seed {seed}: {rebuilt:?}");
        self.payments += world.bank.received.len();
        self.double += found.double.len();
        self.lost += found.lost.len();
        self.unexplained += found.unexplained;
        if !found.double.is_empty() || !found.lost.is_empty() || found.unexplained != 0 {
            self.wrong.push(format!("seed {seed}: {:?} {:?} {}", found.double, found.lost, found.unexplained));
        }
        *self.faults.entry("a payment is left to a later batch").or_default() += found.left;
        *self.faults.entry("a second batch of a month pays").or_default() += found.supplements as u32;
        *self.faults.entry("somebody owes what was paid too much").or_default() += found.claims as u32;
        *self.faults.entry("a line keeps something back").or_default() += found.kept as u32;
        for (fault, times) in world.faults.times {
            *self.faults.entry(fault).or_default() += times;
        }
    }

    fn and(mut self, other: Self) -> Self {
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        self.payments += other.payments;
        self.double += other.double;
        self.lost += other.lost;
        self.unexplained += other.unexplained;
        self.wrong.extend(other.wrong);
        self
    }
}

#[test]
fn no_history_pays_twice_loses_a_payment_or_leaves_a_fen_unexplained() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (seeds, from) = (number("SIMULATE_SEEDS").unwrap_or(SEEDS), number("SIMULATE_FROM").unwrap_or(1));
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        if !text.contains("killed") {
            eprintln!("{text}");
        }
    }));
    let (shared, next) = (shared(), AtomicU64::new(from));
    let live = || {
        let mut report = Report::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= from + seeds {
                return report;
            }
            if (seed - from) % 500 == 499 {
                println!("  {} of {seeds} seeds", seed - from + 1);
            }
            report.live(seed, shared.clone());
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(live)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).fold(Report::default(), Report::and)
    });
    let Report { faults, payments, double, lost, unexplained, wrong } = report;
    println!("{seeds} seeds from {from}, {payments} instructions at the bank, {} faults", faults.values().sum::<u32>());
    faults.iter().for_each(|(fault, times)| println!("  {times:6} × {fault}"));
    println!("{double} double payments, {lost} lost payments, {unexplained} unexplained fen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
