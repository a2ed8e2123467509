//! Nothing is half done, whenever the program dies.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use store::{Fault, Scope, Store, WorkFilter};

use crate::fixture::*;

const MARK: &str = "killed-by-the-test";
const READY: &str = "ready";
const ROUNDS: u64 = 6;

fn applied(store: &Store) -> u16 {
    store.work(&Scope::of(&county()), &WorkFilter::default(), 1).unwrap().total as u16
}

/// Applies for one person after the other until it is killed; run by the test below in a directory with the mark.
#[test]
#[ignore = "runs as the child of the next test"]
fn child() {
    if !Path::new(MARK).exists() {
        return;
    }
    let store = on_sqlite(Path::new("."));
    let first = applied(&store) + 1;
    std::fs::write(READY, "").unwrap();
    for n in first..=999 {
        apply(&store, n, VILLAGE);
    }
}

#[test]
fn a_killed_program_leaves_whole_orders() {
    let folder = tempfile::tempdir().unwrap();
    drop(on_sqlite(folder.path()));
    std::fs::write(folder.path().join(MARK), "").unwrap();
    let mut kept = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::child"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !folder.path().join(READY).exists() {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        // Odd steps, so that the kill falls at another point of an order each time.
        std::thread::sleep(Duration::from_micros(37_137 * (round + 1)));
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_file(folder.path().join(READY)).unwrap();
        let store = on_sqlite(folder.path());
        assert_eq!(store.verify().unwrap().problems, []);
        let report = store.rebuild(bureau()).unwrap();
        assert!(report.byte_equal, "{:?}", report.differences);
        let now = applied(&store);
        assert!(now >= kept, "{now} of {kept} orders are left");
        for n in kept + 1..=now {
            let again = apply_order(&format!("apply-{n}"), facts(&format!("春泥{n}"), &number(n), VILLAGE, &[]));
            assert!(done(&store, &again, monday()).replayed, "order {n} has lost its key");
        }
        kept = now;
    }
    assert!(kept > 0, "the child was never quick enough to be killed at work");
}

#[test]
fn a_batch_that_panics_is_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    apply(&store, 1, VILLAGE);
    let before = store.verify().unwrap();
    let panicking = store.clone();
    let died = std::thread::spawn(move || {
        let _: Result<(), Fault> = panicking.batch(|batch| {
            let order = apply_order("apply-2", facts("春泥2", &number(2), VILLAGE, &[]));
            batch.execute(bureau(), &order, monday()).unwrap();
            panic!("in the middle");
        });
    });
    assert!(died.join().is_err());
    assert_eq!(store.verify().unwrap(), before);
    assert_eq!(apply(&store, 2, VILLAGE).to_string(), "CD202600002");
    assert_eq!(store.verify().unwrap().problems, []);
}

#[test]
fn two_programs_share_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (on_sqlite(folder.path()), on_sqlite(folder.path()));
    engage(&one, "clerk", "李四", "社区干事");
    assert_eq!(two.staff().unwrap().len(), 1);
    std::thread::scope(|threads| {
        threads.spawn(|| (1..=20).for_each(|n| _ = apply(&one, n, VILLAGE)));
        threads.spawn(|| (21..=40).for_each(|n| _ = apply(&two, n, VILLAGE)));
    });
    assert_eq!(applied(&one), 40);
    let report = two.verify().unwrap();
    assert_eq!(report.problems, []);
    assert!(one.rebuild(bureau()).unwrap().byte_equal);
}
