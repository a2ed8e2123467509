//! What a bureau can prove: nothing changed, nothing done twice, every list and decision comes out the same.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use bureau::Bureau;
use casework::people::Scope;
use casework::{Code, Command};
use common::{CASE, act, citizen, code, granted, open, posted, send, staff, submit};
use rusqlite::Connection;

#[test]
fn the_toy_service_runs_from_its_guide_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    let state = bureau.store.state(CASE).unwrap().unwrap();
    assert_eq!(state.closed.as_ref().unwrap().0, "给地");
    assert_eq!(state.grants[0].components, [("奖励".to_owned(), base::Fen(4500))]);
    let letter = &state.letters[0];
    assert_eq!(letter.number.as_deref(), Some("嵩县园〔2026〕000001"));
    assert_eq!(letter.text, "张三：分给您30平方米，地租45.00元。");
    let lines = bureau.explain(CASE).unwrap().unwrap();
    assert!(
        lines.iter().any(|line| line.contains("最小面积 30 平方米，嵩县，沙土，自 2020-01-01（示例）")),
        "{lines:#?}"
    );
    assert_eq!(lines.last().unwrap(), "按当时所知的事实和参数重算，结果相同");
    assert!(lines.iter().all(|line| !line.contains("11010519491231002X")));
}

#[test]
fn invariant_01_replaying_the_journal_gives_byte_equal_lists() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
    let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
    sql.execute("UPDATE case_row SET applicant = '李四'", []).unwrap();
    assert_eq!(bureau.store.rebuild().unwrap().differing, ["case_row"]);
}

#[test]
fn invariant_02_verify_finds_what_was_changed_removed_reordered_or_cut() {
    type Harm = (&'static str, &'static str);
    let harms: [Harm; 5] = [
        (
            "UPDATE journal SET parts = CAST(replace(CAST(parts AS TEXT), '张三', '李四') AS BLOB) WHERE seq = 1",
            "被改过",
        ),
        ("UPDATE journal SET at = '2020-01-01T00:00:00' WHERE seq = 3", "被改过"),
        ("DELETE FROM journal WHERE seq = 4", "不见了"),
        ("DELETE FROM journal WHERE seq > 6", "被截断"),
        (
            "UPDATE journal SET seq = CASE seq WHEN 5 THEN 6 ELSE 5 END + 1000 WHERE seq IN (5, 6); UPDATE journal SET seq = seq - 1000 WHERE seq > 1000",
            "改过",
        ),
    ];
    for (harm, told) in harms {
        let folder = tempfile::tempdir().unwrap();
        let bureau = open(folder.path());
        granted(&bureau);
        assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
        let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
        sql.execute_batch("DROP TRIGGER journal_is_append_only; DROP TRIGGER journal_loses_nothing").unwrap();
        sql.execute_batch(harm).unwrap();
        let problems = bureau.store.verify().unwrap().problems.join("；");
        assert!(problems.contains(told), "{harm}: {problems}");
    }
}

#[test]
fn the_journal_refuses_to_be_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
    assert!(sql.execute("DELETE FROM journal", []).is_err());
    assert!(sql.execute("UPDATE journal SET at = ''", []).is_err());
}

#[test]
fn invariant_04_the_same_order_under_the_same_key_is_carried_out_once() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let who = [citizen("张三")];
    let first = send(&bureau, &who, submit("30", "沙土"), "2026-03-02 09:00", "k").unwrap();
    let again = send(&bureau, &who, submit("30", "沙土"), "2026-03-02 09:01", "k").unwrap();
    assert_eq!(
        (first.case.clone(), first.repeated, again.case, again.repeated),
        (CASE.into(), false, first.case, true)
    );
    // Other content, or another person, under the same key is refused and done by nobody.
    assert_eq!(code(send(&bureau, &who, submit("31", "沙土"), "2026-03-02 09:02", "k")), Some(Code::R113));
    assert_eq!(
        code(send(&bureau, &[citizen("李四")], submit("30", "沙土"), "2026-03-02 09:02", "k")),
        Some(Code::R113)
    );
    assert_eq!(bureau.store.records(CASE).unwrap().len(), bureau.store.verify().unwrap().entries as usize);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
    sql.execute_batch("PRAGMA user_version = 99").unwrap();
    let error = store::Store::open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("99"), "{error}");
}

#[test]
fn two_clerks_at_once_do_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    send(&bureau, &[citizen("张三")], submit("30", "沙土"), "2026-03-02 09:00", "k").unwrap();
    let results: Vec<_> = std::thread::scope(|scope| {
        let clerk = |name: &'static str| {
            let bureau = &bureau;
            scope.spawn(move || {
                send(bureau, &[staff(name, "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 10:00", name)
            })
        };
        let both = [clerk("甲"), clerk("子")];
        both.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.into_iter().filter_map(code).all(|code| code == Code::R113));
}

#[test]
fn an_entry_that_is_missing_or_changed_is_found_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    let entries = bureau.store.verify().unwrap().entries;
    assert!(entries > 20, "{entries}");
    let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
    sql.execute_batch("DROP TRIGGER journal_is_append_only; DROP TRIGGER journal_loses_nothing").unwrap();
    for number in 1..=entries {
        for harm in ["DELETE FROM journal", "UPDATE journal SET revision = revision + 100"] {
            sql.execute_batch(&format!("CREATE TEMP TABLE kept AS SELECT * FROM journal WHERE seq = {number}"))
                .unwrap();
            sql.execute_batch(&format!("{harm} WHERE seq = {number}")).unwrap();
            assert!(!bureau.store.verify().unwrap().problems.is_empty(), "{harm} of {number}");
            sql.execute_batch("INSERT OR REPLACE INTO journal SELECT * FROM kept; DROP TABLE kept").unwrap();
        }
    }
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
}

#[test]
fn what_was_decided_beside_others_is_decided_anew_where_they_came_first() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    posted(&bureau);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let bureau = &bureau;
            scope.spawn(move || {
                for turn in 0..5 {
                    let text = format!("{writer}-{turn}");
                    let step = "post".to_owned();
                    let command = Command::Object { step, by: None, contact: None, text: text.clone() };
                    send(bureau, &[citizen("邻居")], command, "2026-03-07 09:00", &text).unwrap();
                }
            });
        }
    });
    let state = bureau.store.state(CASE).unwrap().unwrap();
    let told: BTreeSet<&str> = state.objections.iter().map(|objection| &*objection.text).collect();
    assert_eq!((state.objections.len(), told.len()), (40, 40));
    assert!(bureau.store.verify().unwrap().problems.is_empty());
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
}

/// The bureau comes back with a guide whose text is another.
fn with_another_guide(folder: &Path) -> Bureau {
    let mut files = common::files();
    let text = files["plot/guide.md"].replace("20个工作日", "10个工作日");
    files.insert("plot/guide.md".into(), text);
    let Bureau { calendar, regions, .. } = open(folder);
    Bureau::open(folder, &files, calendar, regions).unwrap()
}

/// The old edition is read from the store after the ground was: with one processor there is one reader for both.
#[test]
fn a_grant_of_an_old_edition_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    let edition = bureau.store.state(CASE).unwrap().unwrap().edition;
    drop(bureau);
    let bureau = with_another_guide(folder.path());
    assert_eq!(bureau.pass_time(common::at("2027-03-10 00:00")).unwrap(), 1);
    let next = bureau.store.state("MZ-1-2").unwrap().unwrap();
    assert!(next.edition != edition && next.facts.iter().any(|fact| fact.inherited));
}

#[test]
fn an_old_edition_still_runs() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    send(&bureau, &[citizen("张三")], submit("30", "沙土"), "2026-03-02 09:00", "k").unwrap();
    let edition = bureau.store.state(CASE).unwrap().unwrap().edition;
    drop(bureau);
    let bureau = with_another_guide(folder.path());
    assert!(bureau.library.guides.iter().all(|guide| *guide.edition != *edition));
    send(&bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 10:00", "k2").unwrap();
    let state = bureau.store.state(CASE).unwrap().unwrap();
    assert_eq!(state.clocks["全程"].due.at.date().to_string(), "2026-03-30");
}

#[test]
fn everybody_sees_what_is_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    send(&bureau, &[citizen("张三")], submit("30", "沙土"), "2026-03-02 09:00", "k").unwrap();
    let guide = &bureau.library.guides[0];
    let tasks: Vec<String> = guide.steps.iter().map(|step| format!("{} {}", guide.key, step.key)).collect();
    let sees = |scope: &Scope| {
        let case = bureau.case(CASE, scope).unwrap().is_some();
        let listed = bureau.store.cases(scope, 9).unwrap().len();
        (case, listed, bureau.store.work(scope, &tasks, "somebody", 9).unwrap().len())
    };
    let mut elsewhere = staff("甲", "园丁");
    if let casework::Capacity::Staff { region, .. } = &mut elsewhere.capacity {
        *region = base::RegionCode::parse("410325102").unwrap();
    }
    // The clerk of the place and the county see the case in their lists; the next township, and any citizen, do not.
    assert_eq!(sees(&bureau.scope(&staff("甲", "园丁"))), (true, 1, 1));
    assert_eq!(sees(&bureau.scope(&staff("戊", "园林官"))), (true, 1, 1));
    assert_eq!(sees(&bureau.scope(&elsewhere)), (false, 0, 0));
    assert_eq!(sees(&bureau.scope(&citizen("张三"))), (false, 0, 0));
    // The receipt opens its own case and no list.
    assert_eq!(sees(&Scope::of_receipt(CASE)), (true, 0, 0));
    assert_eq!(sees(&Scope::of_receipt("MZ-2")), (false, 0, 0));
}

#[test]
fn a_database_of_an_older_version_gets_its_lists_anew() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    drop(bureau);
    let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
    sql.execute_batch(
        "DROP TABLE roll_row; DELETE FROM case_row; PRAGMA user_version = 1;
         DROP TABLE relative; DROP TABLE study; DROP TABLE setting; DROP TABLE appointment; ALTER TABLE account DROP COLUMN fresh;
         ALTER TABLE account ADD COLUMN post TEXT NOT NULL DEFAULT '';
         INSERT INTO account VALUES ('old', '老人', 'x', '\"county\"', '410325', '园林官');",
    )
    .unwrap();
    let bureau = open(folder.path());
    let known = bureau.store.account("old").unwrap().unwrap();
    assert_eq!((&*known.appointments[0].post, known.fresh), ("园林官", false));
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
    assert_eq!(bureau.store.roll(&bureau.scope(&staff("戊", "园林官"))).unwrap()[0].applicant, "张三");
}

#[test]
fn a_list_of_work_is_that_of_the_post_and_level() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let guide = &bureau.library.guides[0];
    let look = &guide.steps[guide.step("看地").unwrap()];
    let may = |level, post: &str| casework::people::may_perform(look, level, &[post.to_owned()]);
    assert!(may(base::Level::Township, "看地员"));
    assert!(!may(base::Level::County, "看地员") && !may(base::Level::Township, "园丁"));
}

#[test]
fn orders_that_share_a_commit_stand_or_fall_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let done = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..24_u32 {
            let (store, done) = (&bureau.store, &done);
            scope.spawn(move || {
                for turn in 0..20_u32 {
                    let key = format!("{worker}/{turn}");
                    let used = store::Remembered { actor: key.clone(), content: String::new(), case: String::new() };
                    let act = |write: &mut store::Write| {
                        write.remember(&key, &used)?;
                        write.next_number("series")?;
                        match (worker + turn) % 5 {
                            0 => Err(store::Fault::Damaged("of its own".into())),
                            1 => panic!("in the middle"),
                            _ => Ok(()),
                        }
                    };
                    let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| store.transact(act)));
                    done.fetch_add(usize::from(matches!(acted, Ok(Ok(())))), std::sync::atomic::Ordering::SeqCst);
                }
            });
        }
    });
    // What failed took no number and left no key; what was acknowledged is there, also for whoever opens it anew.
    let done = done.into_inner();
    assert_eq!(done, 24 * 20 * 3 / 5);
    let sql = Connection::open(folder.path().join("minzheng.db")).unwrap();
    let count = |text: &str| sql.query_row(text, [], |row| row.get::<_, i64>(0)).unwrap();
    let done = i64::try_from(done).unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM used_key"), done);
    assert_eq!(count("SELECT last FROM number_series WHERE series = 'series'"), done);
}
