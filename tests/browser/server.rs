//! The built program serving a demo county of its own, with a clock that the test moves.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use base::DateTime;
use bureau_tests::office::{bureau, engage, guide_files, moment};
use bureau_tests::player::World;
use casework::{Bureau, CaseId, Staff};
use store::Store;

pub struct Server {
    pub bureau: Bureau,
    store: Store,
    running: Child,
    /// `127.0.0.1:port`
    pub address: String,
    folder: tempfile::TempDir,
}

/// When every demo county of these tests stands.
pub const START: &str = "2026-03-02 09:00";

impl Server {
    /// Makes a demo county and serves it. `staff` lists those beside the county's own who will sign in, with their villages.
    pub fn start(households: u32, staff: &[(&str, &str)]) -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let mut demo = Command::new(binary());
        demo.arg("demo").arg("--data").arg(&data).args(["--households", &households.to_string(), "--seed", "1"]);
        let made = demo.args(["--date", "2026-03-02"]).stdout(Stdio::null()).status();
        assert!(made.is_ok_and(|status| status.success()), "minzheng demo makes a county");
        let bureau = bureau(&guide_files("guides"));
        let store = Store::open(&data).expect("the demo's store");
        for (who, village) in staff {
            engage(&store, &bureau, who, village, moment(START));
        }
        let clock = folder.path().join("clock");
        write_clock(&clock, moment(START));
        let (running, address) = serve(&data, &clock);
        Server { bureau, store, running, address, folder }
    }

    /// What the demo says of itself: its sign-ins and a receipt.
    pub fn note(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.folder.path().join("data/demo.json")).expect("the demo's note");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// Starts the program on a free port.
fn serve(data: &Path, clock: &Path) -> (Child, String) {
    let mut command = Command::new(binary());
    command.arg("serve").arg("--data").arg(data).arg("--clock-file").arg(clock).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the built program");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let address = lines.by_ref().find_map(|line| {
        let line = line.ok()?;
        let rest = line.split("http://").nth(1)?;
        Some(rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect::<String>())
    });
    std::thread::spawn(move || lines.for_each(drop));
    (child, address.expect("the server says its address"))
}

/// Written beside and moved, so that the server never reads half a time.
fn write_clock(path: &Path, to: DateTime) {
    let new = path.with_extension("new");
    std::fs::write(&new, to.to_string()).and_then(|()| std::fs::rename(new, path)).expect("the clock");
}

impl World for Server {
    fn bureau(&self) -> &Bureau {
        &self.bureau
    }

    fn set(&self, to: DateTime) {
        write_clock(&self.folder.path().join("clock"), to);
    }

    /// With a clock file the program looks for what is due five times a second.
    fn tick(&self) {
        std::thread::sleep(std::time::Duration::from_millis(700));
    }

    fn staff(&self, who: &str, village: &str) -> Arc<Staff> {
        engage(&self.store, &self.bureau, who, village, moment(START))
    }

    fn state(&self, case: &CaseId) -> casework::State {
        self.store.case(case).expect("the store reads").expect("the case is there").state
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

/// The program stands beside the folder of this test's own binary.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("this test's own path");
    let built = here.ancestors().nth(2).map(|folder| folder.join("minzheng"));
    built.filter(|path| path.exists()).expect("cargo build --workspace makes minzheng; `cargo xtask test` does so")
}
