//! `cargo xtask bench ledger [N]`: N payments (default 1,000,000) of four sources each through journal, ledger and lists,
//! beside the same transfers as plain inserts in SQLite and through a function of PostgreSQL.
//! A benchmark, not a test: it prints what it measured and judges nothing.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::Instant;

use base::{DateTime, Fen, Month, RegionCode};
use bureau::Bureau;
use bureau::bank::Entry;
use bureau::files::ISO;
use casework::State;
use casework::event::{ActorRef, Event, Record};
use casework::payment::{Answer, Batch, Instruction, Line, Outcome, Part};
use ledger::{Account, Heading, Period, Source, Transfer, Unit};
use minzheng::content::Content;

/// Lines of one entry of the journal.
const SLICE: usize = 5_000;

/// What each of the four sources bears of a payment, in 分.
const SHARES: [(Source, i64); 4] =
    [(Source::Central, 30_000), (Source::Province, 10_000), (Source::City, 5_000), (Source::County, 5_001)];

const TOTAL: i64 = 50_001;

struct Bench {
    bureau: Bureau,
    at: DateTime,
    streams: usize,
}

impl Bench {
    fn does(&mut self, event: Event) {
        self.streams += 1;
        let by = ActorRef { id: "system".into(), name: "系统".into(), for_applicant: false };
        let (stream, record) = (format!("BENCH-{}", self.streams), Record { at: self.at, by, event });
        self.bureau.store.transact(|write| write.append(&stream, &State::default(), &[record])).unwrap();
    }

    fn appropriate(&mut self, count: i64) {
        let of = |heading, source| Account {
            heading,
            source: Some(source),
            programme: "grant".into(),
            period: Period::Year(2026),
            owner: String::new(),
            unit: Unit::Fen,
        };
        let transfer = |(source, amount): (Source, i64)| Transfer {
            from: of(Heading::Treasury, source),
            to: of(Heading::Appropriation, source),
            amount: amount * count,
        };
        self.does(Event::Booked { party: String::new(), about: None, transfers: SHARES.map(transfer).to_vec() });
    }
}

fn line(seq: usize) -> Line {
    let month = Month::new(2026, 10).unwrap();
    let text = |text: &str| text.to_owned();
    let number = format!("41032519500101{seq:07}");
    Line {
        seq: seq as u32,
        root: format!("A{seq:07}"),
        case: format!("A{seq:07}"),
        service: text("grant"),
        entitlement: text("monthly"),
        programme: text("grant"),
        region: RegionCode::parse("410325001001").unwrap(),
        holder: text("示例人"),
        number: number.clone(),
        payee: text("示例人"),
        payee_number: number,
        reason: String::new(),
        bank: text("104"),
        account: format!("62170000{seq:011}"),
        month,
        parts: vec![Part { name: text("基本金"), month, fen: Fen(TOTAL), debt: None }],
        total: Fen(TOTAL),
        shares: SHARES.to_vec(),
        decisions: 1,
        people: 1,
        before: Some(Fen(TOTAL)),
        marks: Vec::new(),
        held: String::new(),
    }
}

fn instruction(seq: usize) -> Instruction {
    Instruction {
        id: format!("RUN-{seq:07}-1"),
        lines: vec![seq as u32],
        payee: "示例人".into(),
        bank: "农村商业银行".into(),
        account: format!("62170000{seq:011}"),
        amount: Fen(TOTAL),
        again: String::new(),
    }
}

/// Does something for slices of the payments, and says how fast it was.
fn phase(
    bench: &mut Bench,
    what: &str,
    count: usize,
    transfers: usize,
    mut slice: impl FnMut(&mut Bench, usize, usize),
) {
    let begun = Instant::now();
    for first in (1..=count).step_by(SLICE) {
        slice(bench, first, (first + SLICE - 1).min(count));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = (count * transfers) as f64 / seconds;
    println!("{what}: {seconds:.1} s, {:.0} payments a second, {rate:.0} transfers a second", count as f64 / seconds);
}

/// The most memory that the program had so far, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kb.unwrap_or_default() / 1000
}

fn own(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let content = Content::load(None).unwrap();
    let bureau = Bureau::open(folder.path(), &content.files, content.calendar, content.regions).unwrap();
    let mut bench = Bench { bureau, at: "2026-10-05T09:00:00".parse().unwrap(), streams: 0 };
    bench.appropriate(count as i64);
    let run = || "RUN".to_owned();
    phase(&mut bench, "roster", count, 0, |bench, first, last| {
        bench.does(Event::Batch(Batch::Rostered {
            run: run(),
            month: Month::new(2026, 10).unwrap(),
            frozen: bench.at,
            lines: (first..=last).map(line).collect(),
            overpaid: Vec::new(),
        }));
    });
    phase(&mut bench, "commit", count, 4, |bench, first, last| {
        bench.does(Event::Batch(Batch::Committed { run: run(), first: first as u32, last: last as u32 }));
    });
    phase(&mut bench, "instruct", count, 4, |bench, first, last| {
        let instructions = (first..=last).map(instruction).collect();
        bench.does(Event::Batch(Batch::Instructed { run: run(), instructions }));
    });
    let files = bench.bureau.files_of("RUN").unwrap();
    for format in ["rural", ISO] {
        let (begun, mut bytes) = (Instant::now(), 0);
        for part in 1..=files {
            bytes += bench.bureau.file_for_bank("RUN", format, part, bench.at).unwrap().bytes.len();
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!("{files} files, {format}: {seconds:.1} s, {} MB", bytes / 1_000_000);
    }
    // What went to the bank is answered file by file; one payment in twenty has failed.
    let failed = |seq: &usize| seq.is_multiple_of(20);
    let answer = |seq: usize| Answer {
        id: instruction(seq).id,
        outcome: if failed(&seq) { Outcome::Failed } else { Outcome::Paid },
        code: "closed".to_owned(),
    };
    let say = |what: &str, begun: Instant, count: usize| {
        let seconds = begun.elapsed().as_secs_f64();
        println!("{what}: {seconds:.1} s, {:.0} payments a second", count as f64 / seconds);
    };
    for (what, wanted) in [("returns, 5 percent", true), ("answers, 95 percent", false)] {
        let answers: Vec<Answer> = (1..=count).filter(|seq| failed(seq) == wanted).map(answer).collect();
        let begun = Instant::now();
        for answers in answers.chunks(10_000) {
            assert_eq!(bench.bureau.take_answers(answers, bench.at).unwrap().taken, answers.len());
        }
        say(what, begun, answers.len());
    }
    // The statement shows a sum for each file.
    let entry = |part: usize| {
        let own = (part * 10_000 + 1..=((part + 1) * 10_000).min(count)).filter(|seq| !failed(seq));
        let instructions: Vec<String> = own.map(|seq| instruction(seq).id).collect();
        let amount = Fen(TOTAL * instructions.len() as i64);
        Entry { reference: format!("S-{part}"), amount, instructions }
    };
    let entries: Vec<Entry> = (0..files as usize).map(entry).collect();
    let begun = Instant::now();
    assert_eq!(bench.bureau.reconcile(&entries, bench.at).unwrap().explained, entries.len());
    say("reconcile", begun, count - count / 20);
    let book = bench.bureau.store.book().unwrap();
    assert!(book.trial_balance().values().all(|sum| *sum == 0));
    let size = std::fs::metadata(folder.path().join("minzheng.db")).unwrap().len();
    println!("{} MB of database; trial balance zero; {} MB of memory at most", size / 1_000_000, peak());
}

/// The same transfers as bare rows with their balances, in transactions as large, on the disk after each.
fn plain(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut sql = rusqlite::Connection::open(folder.path().join("plain.db")).unwrap();
    let schema = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE account (number INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
        CREATE TABLE transfer (id INTEGER PRIMARY KEY, debit INTEGER NOT NULL, credit INTEGER NOT NULL,
            amount INTEGER NOT NULL, at TEXT NOT NULL, document TEXT NOT NULL) STRICT;
        INSERT INTO account VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0);";
    sql.execute_batch(schema).unwrap();
    let begun = Instant::now();
    for first in (1..=count).step_by(SLICE) {
        let open = sql.transaction().unwrap();
        let insert = "INSERT INTO transfer (debit, credit, amount, at, document) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = open.prepare(insert).unwrap();
        let mut moves = open.prepare("UPDATE account SET balance = balance + ?2 WHERE number = ?1").unwrap();
        for seq in first..=(first + SLICE - 1).min(count) {
            let document = format!("RUN/{seq}");
            for (place, (_, amount)) in (0_i64..).zip(SHARES) {
                insert.execute((place, place + 4, amount, "2026-10-05T09:00:00", &document)).unwrap();
                moves.execute((place, -amount)).unwrap();
                moves.execute((place + 4, amount)).unwrap();
            }
        }
        drop((insert, moves));
        open.commit().unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = (count * SHARES.len()) as f64 / seconds;
    println!(
        "plain inserts in SQLite, without journal, document index or lines: {seconds:.1} s, {rate:.0} transfers a second"
    );
}

/// A command as the user who may run PostgreSQL, which no administrator may.
fn postgres(words: &[&str]) -> std::process::Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let words: Vec<&str> = if is_root {
        ["runuser", "-u", "postgres", "--"].iter().chain(words).copied().collect()
    } else {
        words.to_vec()
    };
    let mut command = std::process::Command::new(words[0]);
    command.args(&words[1..]).stdout(std::process::Stdio::null()).current_dir("/");
    command
}

/// The same transfers through a function of a PostgreSQL of its own, in transactions as large; where it is not installed,
/// nothing is compared.
fn function(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let open: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let (home, data) = (folder.path().display().to_string(), folder.path().join("data").display().to_string());
    if !postgres(&["initdb", "--auth=trust", "--encoding=UTF8", "-D", &data]).status().is_ok_and(|done| done.success())
    {
        println!("PostgreSQL is not installed: not compared");
        return;
    }
    let options = format!("-k {home} -c listen_addresses=''");
    let log = format!("{home}/log");
    assert!(postgres(&["pg_ctl", "-D", &data, "-l", &log, "-o", &options, "-w", "start"]).status().unwrap().success());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/ledger_postgres.sql");
    let text = std::fs::read_to_string(script).unwrap();
    let ask =
        |sql: &str| postgres(&["psql", "-q", "-h", &home, "-d", "postgres", "-c", sql]).status().unwrap().success();
    let told = ask(&text);
    let begun = Instant::now();
    let done = told && ask(&format!("CALL post_all({count}, {SLICE})"));
    let seconds = begun.elapsed().as_secs_f64();
    postgres(&["pg_ctl", "-D", &data, "-m", "fast", "-w", "stop"]).status().unwrap();
    let rate = (count * SHARES.len()) as f64 / seconds;
    match done {
        true => {
            println!("function of PostgreSQL, without journal or lines: {seconds:.1} s, {rate:.0} transfers a second")
        }
        false => println!("PostgreSQL did not do it"),
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let count = words.first().and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    own(count);
    plain(count);
    function(count);
}
