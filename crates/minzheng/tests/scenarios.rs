//! The scenarios of the shipped guides and of the toy service, in the same run as the other tests, so that a change of
//! a rule that only a scenario holds is seen there too.

use std::path::{Path, PathBuf};

use minzheng::command::scenarios;

#[test]
fn the_scenarios_of_the_shipped_guides_hold() {
    assert_eq!(scenarios::run(None, None, false), Ok(()));
}

#[test]
fn the_scenarios_of_the_toy_service_hold() {
    let toy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bureau/tests/toy");
    assert_eq!(scenarios::run(Some(&toy), None, false), Ok(()));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn update_writes_what_came_out() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../bureau/tests/toy"), folder.path());
    let path = folder.path().join("plot/scenarios/good/gets-the-plot.md");
    let right = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("| 地租 | 45.00 |", "| 地租 | 46.00 |"),
        ("| 拒 R110 |", "| 拒 R101 |"),
        ("2026-04 | 45.00", "2026-04 | 1.00"),
    ] {
        std::fs::write(&path, right.replace(from, to)).unwrap();
        assert!(scenarios::run(Some(folder.path()), None, false).is_err(), "{to}");
        let _ = scenarios::run(Some(folder.path()), None, true);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), right);
        assert_eq!(scenarios::run(Some(folder.path()), None, false), Ok(()));
    }
}
