//! `cargo xtask bench ledger [N]`: N payments (default 1,000,000) of four sources each through journal, ledger and
//! lists, beside the same transfers as plain inserts in SQLite and through a function of PostgreSQL.
//! A benchmark, not a test: it prints what it measured and judges nothing.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::path::Path;
use std::time::Instant;

use base::{DateTime, Fen};
use bureau::Bureau;
use bureau::bank::Entry;
use bureau::files::ISO;
use casework::event::{ActorRef, Event, Record};
use casework::payment::{Answer, Outcome};
use casework::{Command, Datum, Input, State};
use ledger::{Account, Heading, Period, Source, Transfer, Unit};
use minzheng::content::Content;

/// Transfers of one transaction of the peers.
const SLICE: usize = 5_000;

/// What each of the four sources bears of a payment in the peers, in 分.
const SHARES: [(Source, i64); 4] =
    [(Source::Central, 30_000), (Source::Province, 10_000), (Source::City, 5_000), (Source::County, 5_001)];

/// The most memory that the program had so far, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kb.unwrap_or_default() / 1000
}

fn open(folder: &Path) -> Bureau {
    let content = Content::load(None).unwrap();
    let mut bureau = Bureau::open(folder, &content.files, content.calendar, content.regions).unwrap();
    bureau.home = base::RegionCode::parse("410325").unwrap();
    bureau
}

/// A household of the demo many times over, each with a number and an account of its own, as if every one had been
/// decided: what a roster reads of them is copied in the lists, for deciding a million cases is measured elsewhere.
fn multiply(folder: &Path, count: usize) {
    let sql = rusqlite::Connection::open(folder.join("minzheng.db")).unwrap();
    let one = "SELECT root, json_extract(people, '$.applicant.number') FROM roll_row
               WHERE service = 'dibao' AND json_array_length(grants) = 1 AND root = case_id
               AND root NOT IN (SELECT root FROM roll_row GROUP BY root HAVING count(*) > 1)
               AND json_extract(people, '$.applicant.number')
                   IN (SELECT key FROM register_row WHERE register = 'bank_account')
               AND grants NOT LIKE '%suspended%' AND grants LIKE '%\"components\":[[%' LIMIT 1";
    let (root, number): (String, String) = sql.query_row(one, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let account = "SELECT json_extract(content, '$.columns.account') FROM register_row
                   WHERE register = 'bank_account' AND key = ?1 ORDER BY from_day DESC LIMIT 1";
    let account: String = sql.query_row(account, [&number], |row| row.get(0)).unwrap();
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let (new, money) = ("'4103251950' || printf('%08d', i)", "'6217999' || printf('%09d', i)");
    let own = format!(
        "json_set(replace(replace(content, '{number}', {new}), '{account}', {money}), '$.columns.bank', '农村商业银行')"
    );
    sql.execute_batch(&format!(
        "BEGIN;
        INSERT INTO roll_row {numbers}
            SELECT region, 'B' || printf('%08d', i), 'B' || printf('%08d', i), service, applicant, closed_at,
            replace(grants, '{number}', {new}), replace(people, '{number}', {new})
            FROM n, roll_row WHERE root = '{root}';
        INSERT INTO register_row {numbers} SELECT register, {new}, from_day, at, case_id, place, region, {own}
            FROM n, (SELECT * FROM register_row WHERE register = 'bank_account' AND key = '{number}'
                     ORDER BY from_day DESC LIMIT 1);
        INSERT INTO register_find {numbers} SELECT 'bank_account', 'person', {new}, {new}, 'BENCH' FROM n;
        INSERT INTO register_find {numbers} SELECT 'bank_account', 'account', {money}, {new}, 'BENCH' FROM n;
        COMMIT;"
    ))
    .unwrap();
}

/// More than is needed, of every source, for the programmes of the demo.
fn appropriate(bureau: &Bureau, at: DateTime) {
    let mut transfers = Vec::new();
    for programme in ["最低生活保障", "特困人员救助供养", "优抚对象抚恤补助"] {
        for year in [2026, 2027] {
            let (owner, unit, period) = (String::new(), Unit::Fen, Period::Year(year));
            for (source, _) in SHARES {
                let from = Account {
                    heading: Heading::Treasury,
                    source: Some(source),
                    programme: programme.to_owned(),
                    period,
                    owner: owner.clone(),
                    unit: unit.clone(),
                };
                let to = Account { heading: Heading::Appropriation, ..from.clone() };
                transfers.push(Transfer { from, to, amount: 1_000_000_000_000_000 });
            }
        }
    }
    let event = Event::Booked { party: String::new(), about: None, transfers };
    let by = ActorRef { id: "system".into(), name: "系统".into(), for_applicant: false };
    let record = Record { at, by, event };
    bureau.store.transact(|write| write.append("BENCH", &State::default(), &[record])).unwrap();
}

fn say(what: &str, begun: Instant, count: usize, transfers: usize) {
    let seconds = begun.elapsed().as_secs_f64();
    let rate = (count * transfers) as f64 / seconds;
    println!("{what}: {seconds:.1} s, {:.0} payments a second, {rate:.0} transfers a second", count as f64 / seconds);
}

/// What the bureau has to do is done; how long each of its jobs took.
fn work(bureau: &Bureau, at: DateTime, transfers: usize) {
    let (mut job, mut begun, mut last) = ("", Instant::now(), 0);
    let end = |job: &str, begun: Instant, last: usize| {
        if !job.is_empty() {
            say(job, begun, last, transfers);
        }
    };
    // What comes before the first slice of a job belongs to it.
    let mut before = Instant::now();
    bureau
        .work(at, &mut |progress| {
            if progress.job != job {
                end(job, begun, last);
                (job, begun) = (progress.job, before);
            }
            (last, before) = (progress.done, Instant::now());
        })
        .unwrap();
    end(job, begun, last);
}

fn does(bureau: &Bureau, run: &str, account: &str, step: &str, conclusion: Option<&str>, at: DateTime) {
    let people = vec![bureau.store.account(account).unwrap().unwrap().actor(at.date())];
    let mut input = Input::default();
    let text = |text: &str| Datum::Text(text.to_owned());
    if conclusion.is_none() {
        input
            .values
            .extend([("roster_ready".to_owned(), text("名册可以复核")), ("check_note".to_owned(), text("逐户核对"))]);
    } else {
        input.outputs.insert("理由".to_owned(), text("相符"));
    }
    let command = Command::Do { step: step.to_owned(), conclusion: conclusion.map(str::to_owned), input };
    let (key, case) = (format!("bench:{run}:{step}"), Some(run.to_owned()));
    bureau.execute(&bureau::Order { key, people, case, command, secret: None, now: at }).unwrap();
}

/// A batch up to its instructions; its case.
fn month(bureau: &Bureau, at: DateTime) -> String {
    // The households that were multiplied are in lists alone; what the first of a month begins is measured apart.
    let eve = at.date().yesterday().unwrap().at(23, 59, 59, 0);
    bureau.store.keep_setting(bureau::FOLLOWED, &eve.to_string()).unwrap();
    bureau.pass_time(at).unwrap();
    work(bureau, at, 0);
    let run = bureau.store.runs().unwrap().pop().unwrap().case;
    does(bureau, &run, "fafang", "check", None, at);
    does(bureau, &run, "caiwu", "review", Some("同意"), at);
    does(bureau, &run, "shenpi", "approve", Some("批准"), at);
    work(bureau, at, 4);
    run
}

/// A month of many households, from the roster to the statement, through the bureau's own ways in and out.
fn own(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    demo::make_accounts(&bureau, |account| account.to_owned()).unwrap();
    let then = "2026-11-27T09:00:00".parse().unwrap();
    bureau.store.in_bulk(|| demo::make_county(&bureau, 40, 1, then, |_| ())).unwrap();
    drop(bureau);
    multiply(folder.path(), count);
    let bureau = open(folder.path());
    let mut at: DateTime = "2026-12-05T09:00:00".parse().unwrap();
    appropriate(&bureau, at);
    println!("the first month, in which everybody is new and is owed for months before:");
    month(&bureau, at);
    at = "2027-01-05T09:00:00".parse().unwrap();
    println!("the second, in which nobody changed:");
    let run = month(&bureau, at);
    println!("{} MB of memory at most, everything instructed", peak());
    let files = bureau.files_of(&run).unwrap();
    for format in ["rural", ISO] {
        let (begun, mut bytes) = (Instant::now(), 0);
        for part in 1..=files {
            bytes += bureau.file_for_bank(&run, format, part, at).unwrap().bytes.len();
        }
        say(&format!("{files} files, {format}, {} MB", bytes / 1_000_000), begun, count, 0);
    }
    // What went to the bank is answered file by file, one payment in twenty has failed; then statements show a sum a
    // file.
    let plain: String = run.chars().filter(char::is_ascii_alphanumeric).collect();
    let part = |part: u32| {
        let (first, last) = ((part - 1) * 10_000 + 1, part * 10_000);
        let (first, last) = (format!("{plain}-{first:07}"), format!("{plain}-{last:07}-~"));
        bureau.store.look(|read| read.instructions_between(&first, &last)).unwrap()
    };
    let (mut answers, mut entries) = ([Vec::new(), Vec::new()], Vec::new());
    for number in 1..=files {
        let (mut paid, mut amount) = (Vec::new(), 0);
        for (place, sent) in part(number).into_iter().enumerate() {
            let (id, failed) = (sent.instruction.id, place.is_multiple_of(20));
            let (outcome, code) = if failed { (Outcome::Failed, "closed") } else { (Outcome::Paid, "") };
            answers[usize::from(failed)].push(Answer { id: id.clone(), outcome, code: code.to_owned() });
            if !failed {
                paid.push(id);
                amount += sent.instruction.amount.0;
            }
        }
        entries.push(Entry { reference: format!("S-{number}"), amount: Fen(amount), instructions: paid });
    }
    for (what, answers) in [("returns, 5 percent", &answers[1]), ("answers, 95 percent", &answers[0])] {
        let begun = Instant::now();
        for answers in answers.chunks(10_000) {
            assert_eq!(bureau.take_answers(answers, at).unwrap().taken, answers.len());
        }
        say(what, begun, answers.len(), 4);
    }
    let begun = Instant::now();
    assert_eq!(bureau.reconcile(&entries, at).unwrap().explained, entries.len());
    say("reconcile", begun, answers[0].len(), 4);
    let book = bureau.store.book().unwrap();
    assert!(book.trial_balance().values().all(|sum| *sum == 0));
    let size = std::fs::metadata(folder.path().join("minzheng.db")).unwrap().len();
    println!("{} MB of database; trial balance zero; {} MB of memory at most", size / 1_000_000, peak());
    let begun = Instant::now();
    bureau.work(at, &mut |_| ()).unwrap();
    say("cases about what came back", begun, answers[1].len(), 0);
}

/// What the first of a month does: every household that is paid is looked at, whether the standard was raised for it.
fn first_of_a_month(households: u32) {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    demo::make_accounts(&bureau, |account| account.to_owned()).unwrap();
    let then = "2026-11-27T09:00:00".parse().unwrap();
    bureau.store.in_bulk(|| demo::make_county(&bureau, households, 1, then, |_| ())).unwrap();
    let eve = "2026-11-30T23:59:59".parse().unwrap();
    bureau.pass_time(eve).unwrap();
    let spelt = bureau.store.look(|read| read.spelt("", eve, usize::MAX)).unwrap();
    let paid = spelt.iter().filter(|s| casework::event::is_open_after(&s.grants, "dibao_grant", eve)).count();
    let begun = Instant::now();
    bureau.pass_time("2026-12-01T00:00:00".parse().unwrap()).unwrap();
    say("the first of a month, nothing raised", begun, paid, 0);
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

/// The same transfers through a function of a PostgreSQL of its own, in transactions as large; where it is not
/// installed, nothing is compared.
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
    first_of_a_month(u32::try_from(count / 400).unwrap_or(2_500));
    plain(count);
    function(count);
}
