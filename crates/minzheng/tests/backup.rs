//! The drill: a bureau is copied while it works, lost, and comes back whole.

mod visitor;

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use visitor::Office;
use visitor::household::{application, apply, grant, number, send};

fn minzheng(command: &str, one: (&str, &Path), other: (&str, &Path)) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_minzheng"));
    program.arg(command).arg(one.0).arg(one.1).arg(other.0).arg(other.1).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_bureau_comes_back_whole_from_a_copy_taken_while_it_worked() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = grant(&office);
    let folder = tempfile::tempdir().unwrap();
    let (copy, back) = (folder.path().join("copy"), folder.path().join("back"));
    let data = office.folder.path();
    // Applications with a scan come in all the time while copies are taken.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0_u32.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let mut citizen = office.visitor();
                citizen.open("/services/dibao/apply");
                citizen.attach("proofs", "票据.pdf", format!("%PDF-1.7 {turn} %%EOF").as_bytes());
                send(&mut citizen, &application(&number()));
                citizen.sees("已经提交");
            }
        });
        for round in 0..5 {
            let made = minzheng("backup", ("--data", data), ("--to", &copy));
            assert!(made.status.success(), "round {round}: {}{}", text(&made.stdout), text(&made.stderr));
            assert!(text(&made.stdout).contains("，0 处不符"));
        }
        stop.store(true, Ordering::SeqCst);
    });
    let last = minzheng("backup", ("--data", data), ("--to", &copy));
    assert!(last.status.success());
    // Nothing is put over what is there.
    assert!(!minzheng("restore", ("--from", &copy), ("--data", data)).status.success());
    let restored = minzheng("restore", ("--from", &copy), ("--data", &back));
    assert!(restored.status.success(), "{}{}", text(&restored.stdout), text(&restored.stderr));
    let (own, other) = (&office.site.bureau.store, store::Store::open(&back).unwrap());
    assert_eq!(own.verify().unwrap(), other.verify().unwrap());
    assert_eq!(own.records(&case).unwrap(), other.records(&case).unwrap());
    assert!(other.account("shouli").unwrap().is_some(), "who could sign in can do so again");
    // A copy that somebody changed is not restored.
    let lost = std::fs::read_dir(copy.join("files")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(lost).unwrap();
    let refused = minzheng("restore", ("--from", &copy), ("--data", &folder.path().join("other")));
    assert!(!refused.status.success() && text(&refused.stdout).contains("不见了"));
    assert!(!folder.path().join("other").exists());
    apply(&mut office.visitor());
}
