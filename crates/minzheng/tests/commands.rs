//! The commands as people type them: a small county from its making to its proofs, and the server with a clock of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use store::Store;

fn minzheng(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_minzheng")).args(arguments).output().unwrap()
}

/// Exit code, what was said, and the complaint.
fn said(arguments: &[&str]) -> (i32, String, String) {
    let output = minzheng(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn county(folder: &Path) -> String {
    let data = folder.join("data").display().to_string();
    let (code, out, err) = said(&["demo", "--data", &data, "--households", "12", "--date", "2026-11-24"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("演示县已建立：12户"), "{out}");
    data
}

#[test]
fn a_county_is_made_once_and_proves_itself() {
    let folder = tempfile::tempdir().unwrap();
    let data = county(folder.path());
    let (code, _, err) = said(&["demo", "--data", &data]);
    assert!(code == 2 && err.contains("不是空目录"), "{err}");
    let (code, out, _) = said(&["verify", "--data", &data]);
    assert!(code == 0 && out.ends_with("发现0处问题\n"), "{out}");
    let (code, out, _) = said(&["rebuild", "--data", &data]);
    assert!(code == 0 && out.contains("逐字节相同"), "{out}");
    let (code, out, _) = said(&["doctor", "--data", &data]);
    assert!(code == 0 && out.contains("链条完整") && out.contains("0处问题"), "{out}");
    let attachment = first_file(&Path::new(&data).join("files"));
    std::fs::write(attachment, b"changed").unwrap();
    let (code, out, _) = said(&["verify", "--data", &data]);
    assert!(code == 1 && out.ends_with("发现1处问题\n"), "{out}");
}

fn first_file(folder: &Path) -> std::path::PathBuf {
    let first = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).min().unwrap();
    if first.is_dir() { first_file(&first) } else { first }
}

#[test]
fn every_decision_is_explained_and_comes_out_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = county(folder.path());
    let store = Store::open(Path::new(&data)).unwrap();
    let mut decided = 0;
    for year in [2025, 2026] {
        for number in 1.. {
            let case = casework::CaseId(format!("DB{year}{number:05}").into());
            let Some(file) = store.case(&case).unwrap() else { break };
            let (code, out, err) = said(&["explain", &case.0, "--data", &data]);
            assert_eq!(code, 0, "{out}{err}");
            assert_eq!(out.matches("结果与当时一致").count(), file.state.decisions.len(), "{out}");
            decided += file.state.decisions.len();
            let name = file.state.facts["申请人"].last().unwrap().value.to_string();
            assert!(!out.contains(&name), "a name is shown unmasked");
        }
    }
    assert!(decided > 6, "{decided}");
    let (code, _, err) = said(&["explain", "DB202699999", "--data", &data]);
    assert!(code == 2 && err.contains("没有受理号"), "{err}");
}

#[test]
fn guides_are_checked_and_diagnosed() {
    let (code, out, _) = said(&["check"]);
    assert!(code == 0 && out.lines().last().unwrap().starts_with("共0处错误"), "{out}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("areas.md"), "# 服务清单\n\n## 服务\n\n| 服务 | 目录 |\n|---|---|\n").unwrap();
    let (code, out, _) = said(&["check", &folder.path().display().to_string()]);
    assert!(code == 1 && out.contains("areas.md:") && out.lines().last().unwrap().starts_with('共'), "{out}");
    let (code, _, err) = said(&["check", "no/such/folder"]);
    assert!(code == 2 && err.contains("不能读指南目录"), "{err}");
}

#[test]
fn nothing_is_served_where_it_must_not_be() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty").display().to_string();
    let (code, _, err) = said(&["serve", "--data", &empty, "--listen", "0.0.0.0:0"]);
    assert!(code == 2 && err.contains("--behind-proxy"), "{err}");
    let (code, _, err) = said(&["serve", "--data", &empty, "--clock-file", "clock"]);
    assert!(code == 2 && err.contains("只能用于演示数据"), "{err}");
    assert!(!Path::new(&empty).exists());
    let data = county(folder.path());
    let (code, _, err) = said(&["serve", "--data", &data, "--listen", "0.0.0.0:0", "--behind-proxy"]);
    assert!(code == 2 && err.contains("只能在本机使用"), "{err}");
}

/// A running server; it is ended with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_minzheng"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("服务已启动：http://")?.trim_end_matches('/').to_owned()));
        Self { child, address: address.unwrap() }
    }

    fn get(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, as the test wanted it to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_server_follows_its_clock_wakes_cases_and_ends_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = county(folder.path());
    let clock = folder.path().join("clock");
    std::fs::write(&clock, "2026-11-24T09:00").unwrap();
    let clock_file = clock.display().to_string();
    let mut server = Server::start(&["serve", "--data", &data, "--listen", "127.0.0.1:0", "--clock-file", &clock_file]);
    assert!(!server.address.ends_with(":0"));
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    let store = Store::open(Path::new(&data)).unwrap();
    let later: base::DateTime = "2027-12-24T09:00".parse().unwrap();
    assert!(!store.to_wake(later).unwrap().is_empty());
    std::fs::write(&clock, later.to_string()).unwrap();
    let mut waited = 0;
    while !store.to_wake(later).unwrap().is_empty() {
        assert!(waited < 100, "nothing woke");
        waited += 1;
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}
