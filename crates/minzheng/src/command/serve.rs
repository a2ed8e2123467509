//! `minzheng serve` and `minzheng demo`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bureau::Bureau;
use web::{Site, password_hash};

use crate::content::{COUNTY, Content};
use crate::{clock, registries};

/// Where the demo lives when nothing is said.
const DEMO: &str = "data";

/// Serves a bureau; without a data folder the demo county, made if it is not there.
pub fn serve(data: Option<PathBuf>, listen: SocketAddr, guides: Option<&Path>) -> Result<(), String> {
    if !listen.ip().is_loopback() {
        return Err("对外服务需要 TLS；目前只能在本机监听，例如 127.0.0.1:8080".into());
    }
    let folder = data.clone().unwrap_or_else(|| DEMO.into());
    let fresh = !folder.join("minzheng.db").is_file();
    if data.is_some() && fresh {
        return Err(format!(
            "{} 里没有数据：先运行 minzheng init --data {0}，或者 minzheng demo --data {0}",
            folder.display()
        ));
    }
    let bureau = open(&folder, guides)?;
    let is_demo = folder.join("demo").is_file() || (data.is_none() && fresh);
    if data.is_none() && fresh {
        make(&bureau, &folder, 300, 1)?;
    }
    let name = bureau.store.setting("name").map_err(|fault| fault.to_string())?;
    let region = region(&bureau)?;
    let name = name.as_deref().unwrap_or("嵩县民政局");
    let ways = registries::ways(&folder)?;
    let mut site = Site::new(bureau, name, region, Box::new(clock::now), Box::new(chance));
    site.demo = is_demo;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let site = Arc::new(site);
    exchange_beside(&site, ways);
    match_beside(&site, folder.join(registries::TABLES));
    runtime.block_on(run(site, listen, is_demo))
}

/// Registries are asked every minute beside whatever people do.
fn exchange_beside(site: &Arc<Site>, ways: std::collections::BTreeMap<String, registries::Way>) {
    if ways.is_empty() {
        return;
    }
    let site = site.clone();
    std::thread::spawn(move || {
        loop {
            match registries::exchange(&site.bureau, &ways, || site.now()) {
                Ok(rounds) => rounds.iter().for_each(|(key, round)| {
                    round.troubles.iter().for_each(|why| eprintln!("registry {key}: {why}"));
                }),
                Err(failure) => eprintln!("fault: {failure}"),
            }
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
    });
}

/// The setting that says up to which table everybody was matched.
const MATCHED: &str = "matched up to table";

/// Whoever is in receipt is matched as soon as new tables of registries lie in the folder, and have lain for a minute.
fn match_beside(site: &Arc<Site>, tables: PathBuf) {
    let site = site.clone();
    std::thread::spawn(move || {
        let mut seen = None;
        loop {
            std::thread::sleep(std::time::Duration::from_secs(60));
            let newest = registries::newest_table(&tables);
            let known = site.bureau.store.setting(MATCHED).ok().flatten().and_then(|text| text.parse::<u64>().ok());
            let Some(newest) = newest.filter(|newest| seen.replace(*newest) == Some(*newest) && known < Some(*newest))
            else {
                continue;
            };
            match registries::match_tables(&site.bureau, &tables, true, site.now(), &mut |_| ()) {
                Ok(matched) => {
                    eprintln!("match: {} people, {} new suspicions", matched.people, matched.fresh.len());
                    if let Err(fault) = site.bureau.store.keep_setting(MATCHED, &newest.to_string()) {
                        eprintln!("fault: {fault}");
                    }
                }
                Err(why) => eprintln!("match: {why}"),
            }
        }
    });
}

async fn run(site: Arc<Site>, listen: SocketAddr, is_demo: bool) -> Result<(), String> {
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| format!("{listen}：{error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mut greeting = format!("http://{address}\n");
    if is_demo {
        greeting += "演示账号（密码与账号相同）：\n";
        for (id, name, level, post) in demo::STAFF {
            greeting += &format!("  {id:<10} {name} {level}{post}\n");
        }
    }
    // Whoever started the program may have stopped listening; it serves all the same.
    let mut out = std::io::stdout();
    let _ = out.write_all(greeting.as_bytes()).and_then(|()| out.flush());
    // What falls due by time happens also when nobody looks.
    let timer = site.clone();
    tokio::spawn(async move {
        for minute in 0_u64.. {
            if minute.is_multiple_of(60)
                && let Err(fault) = timer.bureau.store.sweep_files(clock::days_ago(2))
            {
                eprintln!("fault: {fault}");
            }
            if let Err(failure) = timer.bureau.pass_time(timer.now()) {
                eprintln!("fault: {failure}");
            }
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
    });
    // Batches of payments are worked on beside whatever people do, as soon as something has changed.
    let worker = site.clone();
    std::thread::spawn(move || {
        let mut seen = None;
        loop {
            let here = worker.bureau.store.committed();
            if seen != Some(here) {
                if let Err(failure) = worker.bureau.work(worker.now(), &mut |_| ()) {
                    eprintln!("fault: {failure}");
                }
                seen = Some(here);
            }
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
    });
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, web::router(site)).with_graceful_shutdown(stop).await.map_err(|error| error.to_string())
}

/// Makes a demo county in a folder.
pub fn make_demo(data: &Path, households: u32, seed: u64) -> Result<(), String> {
    if data.join("minzheng.db").is_file() {
        return Err(format!("{} 里已经有数据", data.display()));
    }
    let bureau = open(data, None)?;
    make(&bureau, data, households, seed)
}

pub(super) fn open(folder: &Path, guides: Option<&Path>) -> Result<Bureau, String> {
    let Content { files, library, calendar, regions, .. } =
        if guides.is_some() { Content::checked(guides)? } else { Content::load(None)? };
    if library.has_errors() {
        return Err("指南有错误，先运行 minzheng check".into());
    }
    let mut bureau = Bureau::open(folder, &files, calendar, regions).map_err(|fault| fault.to_string())?;
    bureau.home = region(&bureau)?;
    Ok(bureau)
}

fn make(bureau: &Bureau, folder: &Path, households: u32, seed: u64) -> Result<(), String> {
    std::fs::write(folder.join("demo"), "演示数据：人物均为虚构\n").map_err(|error| error.to_string())?;
    demo::make_accounts(bureau, |password| password_hash(password, &chance())).map_err(|fault| fault.to_string())?;
    let bar = |done: u32| {
        if done.is_multiple_of(5) || done == households {
            let full = (done * 40 / households.max(1)) as usize;
            eprint!("\r演示数据 [{}{}] {done}/{households} 户", "█".repeat(full), "·".repeat(40 - full));
        }
    };
    // The present of the demo is the start of the day, so that the same seed gives the same county all day.
    let present = clock::now().date().at(8, 0, 0, 0);
    let make = || demo::make_county(bureau, households, seed, present, bar);
    bureau.store.in_bulk(make).map_err(|failure| failure.to_string())?;
    eprintln!();
    Ok(())
}

/// The region that a bureau serves, as it was set up.
pub(super) fn region(bureau: &Bureau) -> Result<base::RegionCode, String> {
    let set = bureau.store.setting("region").map_err(|fault| fault.to_string())?;
    base::RegionCode::parse(set.as_deref().unwrap_or(COUNTY)).map_err(|error| error.to_string())
}

/// Sixteen bytes of chance from the system.
pub(super) fn chance() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        eprintln!("系统给不出随机数：{error}");
        std::process::exit(1);
    }
    bytes
}
