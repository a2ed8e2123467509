//! What shows only in SQLite's files: tampering, lost keys, other versions, and what a thief would read.

use std::path::Path;

use rusqlite::Connection;
use store::{Fault, Scope, Store, WorkFilter};

use crate::fixture::*;

fn raw(folder: &Path, sql: &str) {
    Connection::open(folder.join("minzheng.db")).unwrap().execute_batch(sql).unwrap();
}

/// Where `verify` sees a problem after ten entries were tampered with.
fn problems_after(tamper: &str) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    for n in 0..10 {
        engage(&store, &format!("s{n}"), "李四", "社区干事");
    }
    let sound = store.verify().unwrap();
    assert_eq!((sound.events, sound.problems), (10, vec![]));
    raw(folder.path(), tamper);
    let report = store.verify().unwrap();
    assert_eq!(report.events, 10);
    report.problems.iter().map(|problem| problem.seq).collect()
}

#[test]
fn verify_finds_a_changed_byte() {
    let flip = "substr(body, 1, 20) || x'00' || substr(body, 22)";
    assert_eq!(problems_after(&format!("UPDATE journal SET body = CAST({flip} AS BLOB) WHERE seq = 4")), [4]);
    assert_eq!(problems_after(&format!("UPDATE journal SET body = {flip} WHERE seq = 4")), [4], "now a broken text");
    assert_eq!(problems_after("UPDATE journal SET revision = 1.5 WHERE seq = 4"), [4]);
    assert_eq!(problems_after("UPDATE journal SET at = '2026-03-02T09:00:01' WHERE seq = 4"), [4]);
    assert_eq!(problems_after("UPDATE journal SET key_id = 'other' WHERE seq = 4"), [4]);
    assert_eq!(problems_after("UPDATE journal SET digest = zeroblob(32) WHERE seq = 4"), [4, 4]);
    assert_eq!(problems_after("UPDATE journal SET chain = zeroblob(32) WHERE seq = 4"), [4, 5]);
    assert_eq!(problems_after("UPDATE journal SET body = 'text' WHERE seq = 4"), [4]);
}

#[test]
fn verify_finds_a_missing_entry() {
    assert_eq!(problems_after("DELETE FROM journal WHERE seq = 4"), [4]);
    assert_eq!(problems_after("DELETE FROM journal WHERE seq <= 3"), [1]);
    // The gap closed by renumbering.
    let closed = "DELETE FROM journal WHERE seq = 4; UPDATE journal SET seq = seq - 1 WHERE seq > 4";
    assert_eq!(problems_after(closed), [4, 4, 5, 6, 7, 8, 9, 10]);
}

#[test]
fn verify_finds_swapped_entries() {
    let swap = "UPDATE journal SET seq = -4 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5;
                UPDATE journal SET seq = 5 WHERE seq = -4";
    let found = problems_after(swap);
    assert!(found.contains(&4) && found.contains(&5), "{found:?}");
}

#[test]
fn verify_finds_a_cut_and_a_grown_tail() {
    assert_eq!(problems_after("DELETE FROM journal WHERE seq > 7"), [8]);
    assert_eq!(problems_after("DELETE FROM journal"), [1]);
    let grown =
        "INSERT INTO journal SELECT seq + 1, 'staff:x', revision, at, version, key_id, kind, body, digest, chain
                 FROM journal WHERE seq = 10";
    assert_eq!(problems_after(grown), [11]);
    assert_eq!(problems_after("UPDATE head SET chain = zeroblob(32)"), [10]);
}

#[test]
fn a_lost_head_shows() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    assert_eq!(store.verify().unwrap().problems, []);
    engage(&store, "s", "李四", "社区干事");
    raw(folder.path(), "DELETE FROM head");
    assert_eq!(store.verify().unwrap().problems.len(), 1);
}

#[test]
fn a_stream_with_a_gap_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    let case = apply(&store, 1, VILLAGE);
    raw(folder.path(), "DELETE FROM journal WHERE revision = 2");
    assert!(matches!(store.case(&case), Err(Fault::Damaged(_))));
}

#[test]
fn a_newer_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(on_sqlite(folder.path()));
    raw(folder.path(), "INSERT INTO schema_version VALUES (7)");
    let Err(fault) = Store::open(folder.path()) else { panic!("opened a newer database") };
    assert!(fault.to_string().contains("请换用新版程序"), "{fault}");
}

#[test]
fn keys_belong_together() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop((on_sqlite(one.path()), on_sqlite(two.path())));
    std::fs::copy(two.path().join("master.key"), one.path().join("master.key")).unwrap();
    assert!(matches!(Store::open(one.path()), Err(Fault::Key(_))));
    std::fs::remove_file(one.path().join("master.key")).unwrap();
    assert!(matches!(Store::open(one.path()), Err(Fault::KeyLost)));
}

#[test]
fn a_destroyed_key_erases_without_breaking_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let case = apply(&on_sqlite(folder.path()), 1, VILLAGE);
    let keys = Connection::open(folder.path().join("keys.db")).unwrap();
    keys.execute_batch("UPDATE sealing_key SET owner = NULL, wrapped = NULL WHERE owner IS NOT NULL").unwrap();
    let store = on_sqlite(folder.path());
    assert_eq!(store.verify().unwrap().problems, []);
    assert!(store.case(&case).unwrap().is_none());
    let row = &store.work(&Scope::of(&county()), &WorkFilter::default(), 1).unwrap().rows[0];
    assert_eq!((row.applicant.as_str(), row.people.len()), ("（已依法删除）", 0));
}

#[test]
fn a_rebuild_repairs_what_was_changed_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    let case = apply(&store, 1, VILLAGE);
    raw(folder.path(), "UPDATE case_row SET step = '批准'; DELETE FROM person_index; DELETE FROM counter");
    let report = store.rebuild(bureau()).unwrap();
    let tables: Vec<_> = report.differences.iter().map(|d| (d.table, d.wrong > 0, d.missing > 0)).collect();
    assert_eq!(tables, [("case_row", true, true), ("person_index", false, true), ("counter", false, true)]);
    assert!(store.rebuild(bureau()).unwrap().byte_equal);
    let row = &store.search(&Scope::of(&county()), "春泥1").unwrap()[0];
    assert_eq!((&row.case, &*row.step), (&case, "登记"));
}

#[test]
fn a_thief_of_the_database_reads_no_name_and_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    engage(&store, "clerk", "李四四", "社区干事");
    let photo = [&[0xff, 0xd8, 0xff][..], "春泥1的照片".as_bytes()].concat();
    store.put_file(&photo, "春泥1.jpg").unwrap();
    apply(&store, 1, VILLAGE);
    drop(store);
    let mut looked = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            for secret in ["春泥1", number(1).as_str(), "李四四"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} stands in {}", path.display());
            }
            looked += 1;
        }
    }
    assert!(looked >= 4, "{looked} files");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let store = on_sqlite(&dir);
    let file = store.put_file(b"%PDF-1.7", "a.pdf").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let kept = dir.join("files").join(&file.digest[..2]).join(&*file.digest);
    for path in [dir.join("minzheng.db"), dir.join("keys.db"), dir.join("master.key"), kept] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn attachments_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_sqlite(folder.path());
    let clerk = engage(&store, "clerk", "李四", "社区干事");
    let case = apply(&store, 1, VILLAGE);
    let mut order = step_order("k", &clerk, &case, "登记", "齐全", "");
    let files: Vec<_> =
        [&b"%PDF-1"[..], b"%PDF-2", b"%PDF-3"].iter().map(|bytes| store.put_file(bytes, "a.pdf").unwrap()).collect();
    if let casework::Command::Complete { materials, .. } = &mut order.command {
        materials.extend(files.iter().map(|file| (arc("居住证明"), file.clone())));
    }
    done(&store, &order, monday());
    let report = store.verify_files().unwrap();
    assert_eq!((report.files, report.problems), (3, vec![]));
    let path = |place: usize| {
        let digest = &files[place].digest;
        folder.path().join("files").join(&digest[..2]).join(&**digest)
    };
    std::fs::remove_file(path(0)).unwrap();
    let mut bytes = std::fs::read(path(1)).unwrap();
    bytes[15] ^= 1;
    std::fs::write(path(1), bytes).unwrap();
    let found = store.verify_files().unwrap().problems;
    let mut expected = vec![files[0].digest.to_string(), files[1].digest.to_string()];
    expected.sort();
    assert_eq!(found.into_iter().map(|(digest, _)| digest).collect::<Vec<_>>(), expected);
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    let head = || {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(folder.path(), std::sync::Arc::new(store::Software::seeded(7))).unwrap();
        engage(&store, "clerk", "李四", "社区干事");
        apply(&store, 1, VILLAGE);
        store.verify().unwrap().head
    };
    assert_eq!(head(), head());
}
