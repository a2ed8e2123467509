//! `cargo xtask bench web`: pages and commands of a bureau with many open cases, measured in process through the router.
//! A benchmark, not a test: it prints what it measured and judges nothing.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use base::DateTime;
use bureau::{Bureau, Order};
use casework::{Actor, Command};
use http_body_util::BodyExt;
use minzheng::content::Content;
use tower::ServiceExt;
use web::Site;

/// How long each part runs.
const LASTS: Duration = Duration::from_secs(10);

struct Bench {
    site: Arc<Site>,
    router: Router,
    /// Open cases of the clerk's township.
    cases: Vec<String>,
    cookie: String,
    /// Where the copy is.
    _folder: tempfile::TempDir,
}

/// A copy of the bureau in `target/bench-N`, which is made when it is not there: what one run writes is not measured by
/// the next.
fn open(households: u32, proof: bool) -> Bench {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/bench-{households}"));
    let content = Content::load(None).unwrap();
    let fresh = !folder.join("minzheng.db").is_file();
    let mut bureau = Bureau::open(&folder, &content.files, content.calendar, content.regions).unwrap();
    bureau.home = base::RegionCode::parse("410325").unwrap();
    let now: DateTime = "2026-11-25T09:00:00".parse().unwrap();
    if fresh {
        let begun = Instant::now();
        demo::make_accounts(&bureau, |password| web::password_hash(password, &[7; 16])).unwrap();
        bureau.store.in_bulk(|| demo::make_county(&bureau, households, 1, now, |_| ())).unwrap();
        println!("made {households} households in {:.1} s", begun.elapsed().as_secs_f64());
    }
    drop(bureau);
    let copy = tempfile::tempdir().unwrap();
    for file in ["minzheng.db", "journal.head"] {
        std::fs::copy(folder.join(file), copy.path().join(file)).unwrap();
    }
    let content = Content::load(None).unwrap();
    let bureau = Bureau::open(copy.path(), &content.files, content.calendar, content.regions).unwrap();
    if proof {
        let begun = Instant::now();
        let verified = bureau.store.verify().unwrap();
        let rate = verified.entries as f64 / begun.elapsed().as_secs_f64();
        println!("verify: {} entries, {rate:.0} a second", verified.entries);
        let begun = Instant::now();
        let rebuilt = bureau.store.rebuild().unwrap();
        println!("rebuild: {} cases in {:.2} s", rebuilt.cases, begun.elapsed().as_secs_f64());
    }
    let count = AtomicU64::new(0);
    let chance = move || {
        let hash = bureau::hash(&[&count.fetch_add(1, Ordering::SeqCst).to_string()]);
        std::array::from_fn(|i| u8::from_str_radix(&hash[i * 2..i * 2 + 2], 16).unwrap())
    };
    let region = base::RegionCode::parse("410325").unwrap();
    let site = Arc::new(Site::new(bureau, "嵩县民政局", region, Box::new(move || now), Box::new(chance)));
    let rows = site.bureau.store.cases(&scope(&site), u32::MAX).unwrap();
    println!(
        "{} cases of the township, {} of them open",
        rows.len(),
        rows.iter().filter(|row| row.result.is_empty()).count()
    );
    let near = rows.into_iter().filter(|row| row.result.is_empty() && row.region.starts_with("410325101"));
    let cases = near.map(|row| row.case).collect();
    Bench { router: web::router(site.clone()), site, cases, cookie: String::new(), _folder: copy }
}

/// What the clerk sees.
fn scope(site: &Site) -> casework::people::Scope {
    let clerk = site.bureau.store.account("shouli").unwrap().unwrap();
    site.bureau.scope(&clerk.actor(site.now().date()))
}

impl Bench {
    /// Status, page and new cookies.
    async fn ask(&self, method: &str, path: &str, cookie: &str, body: String) -> (u16, String, Vec<String>) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let cookies = parts.headers.get_all(header::SET_COOKIE).iter();
        let cookies = cookies.map(|c| c.to_str().unwrap().split(';').next().unwrap().to_owned()).collect();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), String::from_utf8_lossy(&bytes).into_owned(), cookies)
    }

    /// The cookies of somebody who has signed in.
    async fn sign_in(&self, account: &str) -> String {
        let (_, page, first) = self.ask("GET", "/sign-in", "", String::new()).await;
        let token = between(&page, "name=\"_token\" value=\"");
        let body = format!("_token={token}&account={account}&password={account}");
        let (_, _, second) = self.ask("POST", "/sign-in", &first.join("; "), body).await;
        [first, second].concat().join("; ")
    }
}

fn between(page: &str, from: &str) -> String {
    let start = page.find(from).map_or(0, |at| at + from.len());
    page[start..].split('"').next().unwrap_or_default().to_owned()
}

fn told(name: &str, mut times: Vec<Duration>, took: Duration, errors: u64) {
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).map_or(0.0, |t| t.as_secs_f64() * 1000.0);
    let rate = times.len() as f64 / took.as_secs_f64();
    let (median, p99) = (at(0.5), at(0.99));
    println!("{name:<30} {rate:>7.0}/s   median {median:>7.2} ms   p99 {p99:>7.2} ms   errors {errors}");
}

/// One request after another.
async fn alone(bench: &Bench, name: &str, path: impl Fn(usize) -> String) {
    let (mut times, begun, mut errors, mut turn) = (Vec::new(), Instant::now(), 0, 0);
    while begun.elapsed() < LASTS {
        let path = path(turn);
        turn += 1;
        let asked = Instant::now();
        let (status, _, _) = bench.ask("GET", &path, &bench.cookie, String::new()).await;
        times.push(asked.elapsed());
        errors += u64::from(status != 200);
    }
    told(name, times, begun.elapsed(), errors);
}

/// An objection to a notice that hangs: a command that anybody may send. Gives how long it took and whether it went well.
async fn object(bench: &Bench, notice: &str, turn: usize) -> (Duration, bool) {
    let (_, page, cookies) = bench.ask("GET", notice, "", String::new()).await;
    let (token, key) = (between(&page, "name=\"_token\" value=\""), between(&page, "name=\"_key\" value=\""));
    let asked = Instant::now();
    let body = format!("_token={token}&_key={key}&text=clue{turn}");
    let (status, _, _) = bench.ask("POST", notice, &cookies.join("; "), body).await;
    (asked.elapsed(), status == 200)
}

fn notices(bench: &Bench) -> Vec<(String, String)> {
    let all = bench.site.bureau.store.notices(base::RegionCode::NATION, u32::MAX).unwrap();
    all.into_iter().filter(|notice| notice.open).map(|notice| (notice.case, notice.step)).collect()
}

/// Thirty-two visitors at once; one request in ten is a command.
async fn mixed(bench: Arc<Bench>) {
    let open = Arc::new(notices(&bench));
    let (reads, writes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let errors = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let visit = |worker: usize| {
        let (bench, open, errors) = (bench.clone(), open.clone(), errors.clone());
        let (reads, writes) = (reads.clone(), writes.clone());
        async move {
            let mut turn = worker * 7919;
            while begun.elapsed() < LASTS {
                turn += 1;
                let fine = if turn.is_multiple_of(10) && !open.is_empty() {
                    let (case, step) = &open[turn / 10 % open.len()];
                    let (took, fine) = object(&bench, &format!("/notices/{case}/{step}"), turn).await;
                    writes.lock().unwrap().push(took);
                    fine
                } else {
                    let path = match turn % 4 {
                        0 => "/desk".to_owned(),
                        1 => "/services/dibao".to_owned(),
                        _ => format!("/case/{}", bench.cases[turn % bench.cases.len()]),
                    };
                    let asked = Instant::now();
                    let (status, _, _) = bench.ask("GET", &path, &bench.cookie, String::new()).await;
                    reads.lock().unwrap().push(asked.elapsed());
                    status == 200
                };
                errors.fetch_add(u64::from(!fine), Ordering::SeqCst);
            }
        }
    };
    let workers: Vec<_> = (0..32).map(|worker| tokio::spawn(visit(worker))).collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let took = begun.elapsed();
    told("mixed, pages", std::mem::take(&mut *reads.lock().unwrap()), took, errors.load(Ordering::SeqCst));
    told("mixed, commands", std::mem::take(&mut *writes.lock().unwrap()), took, 0);
}

/// Thirty-two writers straight at the bureau: applications, checked, journalled and on the disk.
fn writers(bench: &Bench) {
    let (times, begun) = (Mutex::new(Vec::new()), Instant::now());
    let state = bench.site.bureau.store.state(&bench.cases[0]).unwrap().unwrap();
    let stated = state.facts.iter().filter(|fact| fact.step == "apply" && fact.instance == 1);
    let values = stated.map(|fact| (fact.field.clone(), fact.value.clone())).collect();
    let input = casework::Input { values, ..casework::Input::default() };
    let write = |worker: usize| {
        let mut turn = 0;
        while begun.elapsed() < LASTS {
            turn += 1;
            let (case, start) = (format!("BENCH-{:?}-{worker}-{turn}", bench.site.random()), "apply".to_owned());
            let service = "dibao".to_owned();
            let command = Command::Submit {
                case: case.clone(),
                service,
                start,
                input: input.clone(),
                draw: Some(1),
                over: None,
                subject: None,
            };
            let people = vec![Actor::citizen("bench", &state.applicant)];
            let order = Order { key: case, people, case: None, command, secret: None, now: bench.site.now() };
            let asked = Instant::now();
            bench.site.bureau.execute(&order).unwrap();
            times.lock().unwrap().push(asked.elapsed());
        }
    };
    let write = &write;
    std::thread::scope(|scope| (0..32).for_each(|worker| drop(scope.spawn(move || write(worker)))));
    told("applications, 32 writers", times.into_inner().unwrap(), begun.elapsed(), 0);
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let households = words.iter().find_map(|word| word.parse().ok()).unwrap_or(2000);
    let parts: Vec<&String> = words.iter().filter(|word| word.parse::<u32>().is_err()).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|word| *word == part);
    let mut bench = open(households, wanted("proof"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        bench.cookie = bench.sign_in("shouli").await;
        if wanted("pages") {
            alone(&bench, "case page", |turn| format!("/case/{}", bench.cases[turn % bench.cases.len()])).await;
            alone(&bench, "work list of a clerk", |_| "/desk".to_owned()).await;
            alone(&bench, "guide of a service", |_| "/services/dibao".to_owned()).await;
        }
        let bench = Arc::new(bench);
        if wanted("mixed") {
            mixed(bench.clone()).await;
        }
        if wanted("writers") {
            writers(&bench);
            let rows = bench.site.bureau.store.cases(&scope(&bench.site), u32::MAX).unwrap();
            println!("then with {} open cases:", rows.iter().filter(|row| row.result.is_empty()).count());
            let case = |turn: usize| format!("/case/{}", rows[turn % rows.len()].case);
            alone(&bench, "case page", case).await;
            alone(&bench, "work list of a clerk", |_| "/desk".to_owned()).await;
        }
    });
}
