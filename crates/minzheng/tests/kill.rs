//! The plug is pulled, fifty times: whatever was acknowledged is there, whole, and nothing is there twice.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn serve(data: &std::path::Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minzheng"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("it says {line}")).to_owned();
    (child, address)
}

fn ask(address: &str, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let start = text.find(from)? + from.len();
    Some(&text[start..start + text[start..].find(to)?])
}

/// Objects to the notice of the case; gives whether that was acknowledged.
fn object(address: &str, path: &str, text: &str) -> Option<bool> {
    let page = ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))?;
    let visit = between(&page, "visit=", ";")?;
    let (token, key) =
        (between(&page, "name=\"_token\" value=\"", "\"")?, between(&page, "name=\"_key\" value=\"", "\"")?);
    let body = format!("_token={token}&_key={key}&text={text}");
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: visit={visit}\r\n");
    let request = format!(
        "{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = ask(address, &request)?;
    Some(answer.starts_with("HTTP/1.1 200") && answer.contains("异议已收到"))
}

#[test]
fn what_was_acknowledged_survives_fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = Command::new(env!("CARGO_BIN_EXE_minzheng"));
    let made = { made }.args(["demo", "--households", "40", "--data"]).arg(&data).stderr(Stdio::null()).status();
    assert!(made.unwrap().success());
    let store = store::Store::open(&data).unwrap();
    let open = store
        .notices(base::RegionCode::NATION, u32::MAX)
        .unwrap()
        .into_iter()
        .find(|n| n.open)
        .expect("a notice hangs in the demo");
    drop(store);
    let path = format!("/notices/{}/{}", open.case, open.step);
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..50 {
        let (mut child, address) = serve(&data);
        // Counted in acknowledgements, so that a busy machine is killed in the midst of work as well.
        let (seen, kill_now) = std::sync::mpsc::channel();
        let killer = std::thread::spawn(move || {
            for _ in 0..=round % 3 {
                if kill_now.recv().is_err() {
                    break;
                }
            }
            std::thread::sleep(std::time::Duration::from_micros((round * 1_700) % 12_000));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        for attempt in 0..40 {
            let text = format!("identity-{round}-{attempt}");
            match object(&address, &path, &text) {
                Some(true) => {
                    acknowledged.push(text);
                    let _ = seen.send(());
                }
                Some(false) => {}
                None => break,
            }
        }
        drop(seen);
        killer.join().unwrap();
    }
    let store = store::Store::open(&data).unwrap();
    let state = store.state(&open.case).unwrap().unwrap();
    let there: Vec<&str> = state.objections.iter().map(|objection| &*objection.text).collect();
    for text in &acknowledged {
        assert_eq!(there.iter().filter(|known| *known == text).count(), 1, "{text} was acknowledged");
    }
    assert!(acknowledged.len() >= 90, "only {} were acknowledged", acknowledged.len());
    assert!(store.verify().unwrap().problems.is_empty());
    assert!(store.rebuild().unwrap().differing.is_empty());
}
