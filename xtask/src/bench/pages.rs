//! Figures of pages as a visitor meets them: over loopback, parsing and waiting included, so the server's own time is less.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::{CitizenNumber, Date, RegionCode};
use serde_json::Value;

use super::client::{Client, Reply};
use super::server::{Server, demo};
use super::{Figure, percentile};

/// From the start of the process with 2,000 households to the first page. The best of five, since the machine may be busy.
pub fn start() -> Result<Vec<Figure>, String> {
    let (data, made) = demo(2_000)?;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begun = Instant::now();
        let server = Server::start(&data)?;
        let reply = Client::new(&server.address).get("/")?;
        best = best.min(begun.elapsed().as_secs_f64());
        expect(&reply, 200, "/")?;
    }
    let mut figures =
        vec![Figure::new("cold start to the first page, 2000 households", best * 1e3, "ms").below(1_000.0)];
    figures.extend(made.map(|seconds| Figure::new("demo of 2000 households", seconds, "s")));
    Ok(figures)
}

/// Pages of a county clerk, applications, and a mixed load, on a county of many households.
pub fn http(households: u32) -> Result<Vec<Figure>, String> {
    let (data, _) = demo(households)?;
    let server = Server::start(&data)?;
    let mut clerk = sign_in(&server, &data, "县级经办")?;
    let list = "/desk?standing=waiting&whose=all";
    let first = clerk.get(list)?;
    expect(&first, 200, list)?;
    let cases = first.links("/case/");
    let mut figures = vec![Figure::new("open cases in the clerk's area", total(&first), "cases").at_least(10_000.0)];
    figures.extend(times("work list of all open cases", &mut clerk, &[list.to_owned()])?);
    figures.extend(times("work list of the clerk's own steps", &mut clerk, &["/desk".to_owned()])?);
    figures.extend(times("case page", &mut clerk, &cases)?);
    figures.extend(applications(&server)?);
    figures.extend(mixed(&server, &clerk, &cases)?);
    Ok(figures)
}

fn expect(reply: &Reply, status: u16, path: &str) -> Result<(), String> {
    if reply.status == status {
        return Ok(());
    }
    let begin: String = reply.body.chars().take(2_000).collect();
    Err(format!("{path} answered {} and not {status}:\n{begin}", reply.status))
}

/// Signs in with one of the demo's accounts.
fn sign_in(server: &Server, data: &Path, role: &str) -> Result<Client, String> {
    let text = std::fs::read_to_string(data.join("demo.json")).map_err(|e| e.to_string())?;
    let note: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let account = note["accounts"].as_array().into_iter().flatten().find(|a| a["role"] == role);
    let id = account.and_then(|a| a["id"].as_str()).ok_or_else(|| format!("the demo has no {role}"))?;
    let mut client = Client::new(&server.address);
    let mut fields = client.get("/sign-in")?.hidden("/sign-in");
    fields.retain(|(name, _)| name != "id" && name != "password");
    fields.push(("id".to_owned(), id.to_owned()));
    fields.push(("password".to_owned(), note["password"].as_str().unwrap_or_default().to_owned()));
    expect(&client.post("/sign-in", &fields)?, 303, "/sign-in")?;
    Ok(client)
}

/// The number that the head of the desk shows for waiting cases.
fn total(desk: &Reply) -> f64 {
    let behind = desk.body.split("等待中").nth(1).unwrap_or_default();
    let digits: String =
        behind.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit()).collect();
    digits.parse().unwrap_or(0.0)
}

/// Milliseconds of a page, over 400 requests on one connection after 40 to warm up.
fn times(what: &str, client: &mut Client, paths: &[String]) -> Result<[Figure; 2], String> {
    let mut samples = Vec::new();
    for (round, path) in paths.iter().cycle().take(440).enumerate() {
        let begun = Instant::now();
        let reply = client.get(path)?;
        if round >= 40 {
            samples.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        expect(&reply, 200, path)?;
    }
    Ok([
        Figure::new(format!("{what}, median"), percentile(&mut samples, 0.5), "ms").below(10.0),
        Figure::new(format!("{what}, p99"), percentile(&mut samples, 0.99), "ms").below(30.0),
    ])
}

/// The fields of an application that nobody has made yet.
fn application(number: u32, token: &[(String, String)]) -> Result<Vec<(String, String)>, String> {
    let day = Date::constant(1950, 1, 1).saturating_add(Duration::from_secs(86_400 * u64::from(number / 999)));
    // Another county's division, so that nobody of the demo is met.
    let division = RegionCode::parse("410327").map_err(|e| e.to_string())?;
    let sequence = u16::try_from(number % 999 + 1).map_err(|e| e.to_string())?;
    let id = CitizenNumber::compose(division, day, sequence).map_err(|e| e.to_string())?.as_str().to_owned();
    let own = [
        ("key", format!("{:016x}{number:016x}", std::process::id())),
        ("f.申请人", format!("压测{number}")),
        ("f.申请人身份证号", id.clone()),
        ("f.联系电话", "13800000000".to_owned()),
        ("f.所在村居", "410325101998".to_owned()),
        ("f.城乡类别", "农村".to_owned()),
        ("f.家庭成员.1.姓名", format!("压测{number}")),
        ("f.家庭成员.1.身份证号", id),
        ("f.家庭成员.1.与申请人关系", "本人".to_owned()),
        ("f.家庭成员.1.劳动能力", "部分".to_owned()),
        ("f.家庭成员.1.核对授权", "是".to_owned()),
        ("f.收入.1.所属成员", format!("压测{number}")),
        ("f.收入.1.类别", "转移性".to_owned()),
        ("f.收入.1.金额", "1200".to_owned()),
        ("f.收入.1.月数", "12".to_owned()),
    ];
    let token = token.iter().filter(|(name, _)| name == "token").cloned();
    Ok(token.chain(own.map(|(name, value)| (name.to_owned(), value))).collect())
}

const APPLY: &str = "/s/dibao/apply";

/// Milliseconds from sending an application to its receipt number: read, checked, journalled, on the disk.
fn applications(server: &Server) -> Result<[Figure; 2], String> {
    let mut visitor = Client::new(&server.address);
    let token = visitor.get(APPLY)?.hidden(APPLY);
    let mut samples = Vec::new();
    for number in 0..220 {
        let fields = application(number, &token)?;
        let begun = Instant::now();
        let reply = visitor.post(APPLY, &fields)?;
        if number >= 20 {
            samples.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        expect(&reply, 303, APPLY)?;
    }
    Ok([
        Figure::new("submitting an application, median", percentile(&mut samples, 0.5), "ms").below(15.0),
        Figure::new("submitting an application, p99", percentile(&mut samples, 0.99), "ms"),
    ])
}

const RATE: u32 = 1_000;
const SECONDS: u32 = 20;
const VISITORS: u32 = 32;

/// 1,000 requests a second at fixed moments for 20 seconds, one in twenty an application.
/// The time of a request counts from the moment at which it was due, so that waiting in a queue is not hidden.
fn mixed(server: &Server, clerk: &Client, cases: &[String]) -> Result<Vec<Figure>, String> {
    let next = AtomicU32::new(0);
    let errors = AtomicU64::new(0);
    let samples = Mutex::new(Vec::new());
    let first_error = Mutex::new(String::new());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| {
                let mut staff = clerk.again();
                let mut citizen = Client::new(&server.address);
                let token = citizen.get(APPLY).map(|r| r.hidden(APPLY)).unwrap_or_default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= RATE * SECONDS {
                        return;
                    }
                    let due = begun + Duration::from_secs(1) + Duration::from_secs(1) * number / RATE;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let (reply, wanted) = match number % 20 {
                        0 => (application(1_000 + number, &token).and_then(|fields| citizen.post(APPLY, &fields)), 303),
                        1 | 2 => (citizen.get("/"), 200),
                        3 => (citizen.get("/s/dibao"), 200),
                        4 | 5 => (citizen.get("/notices"), 200),
                        6..=9 => (staff.get("/desk"), 200),
                        _ => (staff.get(&cases[number as usize % cases.len()]), 200),
                    };
                    let took = due.elapsed().as_secs_f64() * 1e3;
                    samples.lock().map(|mut s| s.push(took)).unwrap_or_default();
                    if let Err(error) = reply.and_then(|r| expect(&r, wanted, "mixed load")) {
                        errors.fetch_add(1, Ordering::Relaxed);
                        first_error.lock().map(|mut e| *e = error).unwrap_or_default();
                    }
                }
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64() - 1.0;
    let mut samples = samples.into_inner().map_err(|e| e.to_string())?;
    let failed = errors.into_inner();
    if failed > 0 {
        eprintln!("{}", first_error.into_inner().map_err(|e| e.to_string())?);
    }
    Ok(vec![
        Figure::new("mixed load reached, 1 in 20 an application", samples.len() as f64 / seconds, "requests/s")
            .at_least(990.0),
        Figure::new("mixed load, errors", failed as f64, "requests").below(1.0),
        Figure::new("mixed load, median from the due moment", percentile(&mut samples, 0.5), "ms"),
        Figure::new("mixed load, p99 from the due moment", percentile(&mut samples, 0.99), "ms"),
    ])
}
