//! The program as it is started: guides from a folder, what it says, what it refuses.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_minzheng"))
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_service_costs_a_guide_and_not_a_program() {
    let data = tempfile::tempdir().unwrap();
    let toy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bureau/tests/toy");
    let data = data.path().join("data");
    assert!(program().args(["init", "--data"]).arg(&data).output().unwrap().status.success());
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg("--guides").arg(&toy);
    let mut server = Server(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap();
    assert!(get(address, "/").contains("菜园地块"));
    let form = get(address, "/services/plot/apply");
    assert!(form.contains("name=\"area\"") && form.contains("沙土") && form.contains("第 1 步"));
    assert!(get(address, "/healthz").ends_with("ok"));
    assert!(get(address, "/nothing").starts_with("HTTP/1.1 404"));
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let run = |arguments: &[&str]| {
        let output = program().args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    let (ok, text) = run(&["eval", "舍入(1000元 / 3, 进到角)"]);
    assert!(ok && text.contains("333.40"), "{text}");
    let (ok, text) = run(&["eval", "70周岁 + 1"]);
    assert!(!ok && text.contains("式子:1:") && text.contains("G106"), "{text}");
    let (ok, text) = run(&["verify", "--data", "there-is-no-such-folder"]);
    assert!(!ok && text.contains("没有数据"), "{text}");
    let (ok, text) = run(&["serve", "--listen", "0.0.0.0:0", "--data", "target/never"]);
    assert!(!ok && text.contains("TLS"), "{text}");
}

#[test]
fn the_demo_is_the_same_for_the_same_seed() {
    let made = |seed: &str| {
        let data = tempfile::tempdir().unwrap();
        let mut demo = program();
        demo.args(["demo", "--households", "6", "--seed", seed, "--data"]).arg(data.path());
        assert!(demo.stderr(Stdio::null()).status().unwrap().success());
        let output = program().args(["rebuild", "--data"]).arg(data.path()).output().unwrap();
        assert!(output.status.success());
        std::fs::read_to_string(data.path().join("journal.head")).unwrap()
    };
    assert_eq!(made("5"), made("5"));
    assert_ne!(made("5"), made("6"));
}

/// A fault is opaque on the page and told in the log, and neither says anything about anybody.
#[test]
fn a_fault_tells_the_log_what_broke_and_nothing_of_anybody() {
    let data = tempfile::tempdir().unwrap();
    let mut demo = program();
    demo.args(["demo", "--households", "12", "--seed", "3", "--data"]).arg(data.path());
    assert!(demo.stderr(Stdio::null()).status().unwrap().success());
    let sql = rusqlite::Connection::open(data.path().join("minzheng.db")).unwrap();
    let column = |query: &str| -> Vec<String> {
        let mut statement = sql.prepare(query).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let names = column("SELECT DISTINCT applicant FROM case_row");
    let numbers = column("SELECT DISTINCT number FROM person_row");
    assert!(names.len() > 5 && numbers.len() > 12, "the demo has people");
    sql.execute_batch("ALTER TABLE notice_row RENAME TO gone").unwrap();
    let mut serve = program();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
    let mut server = Server(serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let page = get(line.trim().strip_prefix("http://").unwrap(), "/notices");
    assert!(
        page.starts_with("HTTP/1.1 500") && page.contains("系统出了故障") && !page.contains("notice_row"),
        "{page}"
    );
    server.0.kill().unwrap();
    let mut log = String::new();
    server.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("fault:") && log.contains("notice_row"), "{log}");
    assert!(
        !numbers.iter().any(|number| log.contains(number)) && !names.iter().any(|name| log.contains(name)),
        "{log}"
    );
}
