//! The ways to registries: a folder in which files lie, or a web address. Both carry the same tables; whatever fails is tried
//! again the next time, and nothing is sent or taken twice.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::DateTime;
use bureau::matching::{Entry, Matched, Matching};
use bureau::registries::{Outgoing, Received};
use bureau::{Bureau, Failure};
use casework::Actor;
use exchange::sealed;
use guide::model::Registry;
use serde::Deserialize;

/// The file in a bureau's folder that says how its registries are reached, by their 标识.
pub const FILE: &str = "registries.toml";

/// How long a registry may take to answer a call.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an answer may weigh.
const MOST: u64 = 256 << 20;

/// How one registry is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Way {
    #[serde(rename_all = "kebab-case")]
    Web {
        url: String,
        /// A file with the token that the registry has given.
        token_file: Option<PathBuf>,
    },
    #[serde(rename_all = "kebab-case")]
    Folder {
        out: PathBuf,
        r#in: PathBuf,
        /// A file with the password that both sides have agreed upon.
        password_file: PathBuf,
    },
}

/// What became of one round with one registry.
#[derive(Debug, Default)]
pub struct Round {
    pub sent: usize,
    pub received: Vec<Received>,
    /// What went wrong on the way; the next round tries again.
    pub troubles: Vec<String>,
}

/// The ways of a bureau; none where it has declared none.
///
/// # Errors
/// What is wrong with the file.
pub fn ways(data: &Path) -> Result<BTreeMap<String, Way>, String> {
    let path = data.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|error| format!("{}：{error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(format!("{}：{error}", path.display())),
    }
}

/// Sends what waits and takes what has come, registry by registry.
///
/// # Errors
/// Only faults of the store; what a registry does is told in its round.
pub fn exchange(
    bureau: &Bureau,
    ways: &BTreeMap<String, Way>,
    now: impl Fn() -> DateTime,
) -> Result<Vec<(String, Round)>, Failure> {
    let mut rounds = Vec::new();
    for (key, way) in ways {
        let mut round = Round::default();
        match bureau.registry(key) {
            None => round.troubles.push(format!("registries.md 里没有数据源“{key}”")),
            Some(registry) => match way {
                Way::Web { url, token_file } => web(bureau, registry, (url, token_file.as_deref()), &now, &mut round)?,
                Way::Folder { out, r#in, password_file } => {
                    folder(bureau, registry, (out, r#in, password_file), &now, &mut round)?;
                }
            },
        }
        rounds.push((key.clone(), round));
    }
    Ok(rounds)
}

/// A table as delimited text.
fn delimited(outgoing: &Outgoing) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&outgoing.heads)?;
    outgoing.rows.iter().try_for_each(|row| writer.write_record(row))?;
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Answers that were not ready are asked for; then what has not gone out is sent.
fn web(
    bureau: &Bureau,
    registry: &Registry,
    (url, token): (&str, Option<&Path>),
    now: &impl Fn() -> DateTime,
    round: &mut Round,
) -> Result<(), Failure> {
    let token = match token.map(fs::read_to_string).transpose() {
        Ok(token) => token.map(|token| format!("Bearer {}", token.trim())),
        Err(error) => {
            round.troubles.push(format!("读不到令牌：{error}"));
            return Ok(());
        }
    };
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
    let agent = ureq::Agent::new_with_config(config.build());
    let (system, scope) = (Actor::system(), bureau.scope(&Actor::system()));
    let mut waiting = bureau.store.batches(&registry.key, &scope)?;
    let fresh = bureau.send_requests(registry, (&system, &scope), now())?;
    round.sent = fresh.as_ref().map_or(0, |outgoing| outgoing.count);
    waiting.extend(fresh.map(|outgoing| (outgoing.batch, 0)));
    for (batch, _) in waiting {
        let url = format!("{}/{batch}", url.trim_end_matches('/'));
        let mut answer = call(agent.get(&url), token.as_deref());
        // A registry that does not know the batch has never got it.
        if matches!(answer, Ok((404, _)))
            && let Some(outgoing) = bureau.request_file(registry, &batch, (&system, &scope), now())?
        {
            let body = delimited(&outgoing).map_err(|error| error.to_string());
            let post = agent.post(&url).header("Content-Type", "text/csv; charset=utf-8");
            let post = token.iter().fold(post, |post, token| post.header("Authorization", token));
            answer = body.and_then(|body| read(post.send(&body[..])));
        }
        match answer {
            Ok((200, bytes)) => match bureau.receive_answers(registry, &bytes, (&system, now())) {
                Ok(received) => round.received.push(received),
                Err(Failure::Refused(refusals)) => {
                    round.troubles.extend(refusals.iter().map(|refusal| format!("{batch}：{}", refusal.text)));
                }
                Err(fault) => return Err(fault),
            },
            Ok((202, _)) => {}
            Ok((status, _)) => round.troubles.push(format!("{batch}：对方答复 {status}")),
            Err(why) => round.troubles.push(format!("{batch}：{why}")),
        }
    }
    Ok(())
}

type Answer = Result<(u16, Vec<u8>), String>;

fn call(get: ureq::RequestBuilder<ureq::typestate::WithoutBody>, token: Option<&str>) -> Answer {
    read(token.into_iter().fold(get, |get, token| get.header("Authorization", token)).call())
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.map_err(|error| format!("连不上：{error}"))?;
    let status = answer.status().as_u16();
    let bytes =
        answer.body_mut().with_config().limit(MOST).read_to_vec().map_err(|error| format!("没有读完：{error}"))?;
    Ok((status, bytes))
}

/// Files that have come are taken and put aside; questions that have not gone out become one locked file.
fn folder(
    bureau: &Bureau,
    registry: &Registry,
    (out, incoming, password): (&Path, &Path, &Path),
    now: &impl Fn() -> DateTime,
    round: &mut Round,
) -> Result<(), Failure> {
    let (system, scope) = (Actor::system(), bureau.scope(&Actor::system()));
    let files = fs::read_dir(incoming).and_then(|files| files.collect::<Result<Vec<_>, _>>());
    let (password, files) = match (fs::read_to_string(password), files) {
        (Ok(password), Ok(files)) if password.trim().chars().count() >= sealed::SHORTEST => (password, files),
        (Ok(_), Ok(_)) => {
            round.troubles.push(format!("密码不到 {} 个字", sealed::SHORTEST));
            return Ok(());
        }
        (password, files) => {
            let why = password.err().or(files.err()).map_or_else(String::new, |error| error.to_string());
            round.troubles.push(format!("读不到密码或者文件夹：{why}"));
            return Ok(());
        }
    };
    let mut paths: Vec<PathBuf> = files.iter().map(fs::DirEntry::path).filter(|path| path.is_file()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let taken = match fs::read(&path).map_err(|error| error.to_string()) {
            Ok(bytes) => sealed::unseal(&bytes, password.trim()).map_err(|exchange::Unreadable(why)| why.join("；")),
            Err(error) => Err(error),
        };
        let taken = match taken.map(|bytes| bureau.receive_answers(registry, &bytes, (&system, now()))) {
            Ok(Ok(received)) => Ok(received),
            Ok(Err(Failure::Refused(refusals))) => Err(refusals.first().map_or_else(String::new, ToString::to_string)),
            Ok(Err(fault)) => return Err(fault),
            Err(why) => Err(why),
        };
        let aside = incoming.join(if taken.is_ok() { "收过" } else { "不收" });
        if let Err(error) = fs::create_dir_all(&aside).and_then(|()| fs::rename(&path, aside.join(&name))) {
            round.troubles.push(format!("{name} 移不走：{error}"));
        }
        match taken {
            Ok(received) => round.received.push(received),
            Err(why) => round.troubles.push(format!("{name}：{why}")),
        }
    }
    let fresh = bureau.send_requests(registry, (&system, &scope), now())?;
    round.sent = fresh.as_ref().map_or(0, |outgoing| outgoing.count);
    // A batch whose file is not there any more was fetched; one that never came to lie there is written now.
    let waiting = bureau.store.batches(&registry.key, &scope)?;
    let unwritten = waiting.into_iter().filter(|(batch, _)| !out.join(format!("{batch}.sent")).exists());
    for (batch, _) in unwritten {
        let Some(outgoing) = bureau.request_file(registry, &batch, (&system, &scope), now())? else { continue };
        if let Err(why) = write(out, registry, &outgoing, password.trim()) {
            round.troubles.push(format!("{batch}：{why}"));
        }
    }
    Ok(())
}

/// The file appears whole or not at all; a mark beside it stays when it has been fetched.
fn write(out: &Path, registry: &Registry, outgoing: &Outgoing, password: &str) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let bytes = outgoing.locked(registry, password)?;
    let name = format!("{}-{}", registry.key, outgoing.batch);
    let half = out.join(format!("{name}.part"));
    fs::write(&half, bytes).map_err(told)?;
    fs::rename(&half, out.join(format!("{name}.zip"))).map_err(told)?;
    fs::write(out.join(format!("{}.sent", outgoing.batch)), "").map_err(told)
}

/// The folder of a bureau's data in which tables of registries are looked for.
pub const TABLES: &str = "tables";

/// When the newest table of a folder was written, in seconds since 1970; `None` where there is none.
pub fn newest_table(folder: &Path) -> Option<u64> {
    let files = fs::read_dir(folder).ok()?.flatten();
    let tables = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "csv"));
    let written = tables.filter_map(|file| file.metadata().ok()?.modified().ok());
    written.filter_map(|at| Some(at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs())).max()
}

/// Everybody in receipt against the tables of a folder; `tell` hears what was read.
///
/// # Errors
/// A table that cannot be read; faults of the store.
pub fn match_tables(
    bureau: &Bureau,
    folder: &Path,
    write: bool,
    now: DateTime,
    tell: &mut dyn FnMut(String),
) -> Result<Matched, String> {
    let mut matching = Matching::of(bureau, now).map_err(|failure| failure.to_string())?;
    tell(format!("在领的人 {}", matching.people()));
    let mut read = Vec::new();
    for registry in &bureau.library.registries {
        let path = folder.join(format!("{}.csv", registry.key));
        if !path.is_file() {
            continue;
        }
        let entries = entries(registry, &path)?;
        let mut broken = None;
        let entries = entries.map_while(|entry| entry.map_err(|why| broken = Some(why)).ok());
        let counts = matching.read(registry, entries);
        if let Some(why) = broken {
            return Err(why);
        }
        tell(format!("{}：{} 行，{} 行是在领的人", registry.name, counts.rows, counts.hits));
        if counts.without_number > 0 {
            tell(format!("  {} 行没有能用的号码", counts.without_number));
        }
        if counts.wrong > 0 {
            tell(format!("  {} 行读不懂，例如 {}", counts.wrong, counts.first_wrong));
        }
        read.push(&*registry.name);
    }
    let names = bureau.library.registries.iter().map(|registry| &*registry.name);
    let missing: Vec<&str> = names.filter(|name| !read.contains(name)).collect();
    if !missing.is_empty() {
        tell(format!("没有名单、没有比对：{}", missing.join("、")));
    }
    matching.finish(write).map_err(|failure| failure.to_string())
}

/// The rows of a registry's table: 姓名, 身份号码 and its columns by their names, in any order.
///
/// # Errors
/// No such columns; each row that cannot be read is an error of its own.
pub fn entries(registry: &Registry, path: &Path) -> Result<impl Iterator<Item = Result<Entry, String>>, String> {
    let shown = path.display().to_string();
    let told = move |error: csv::Error| format!("{shown}：{error}");
    let mut file = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(&told)?;
    let heads = file.headers().map_err(&told)?.clone();
    let find = |name: &str| heads.iter().position(|head| head.trim_start_matches('\u{feff}') == name);
    let missing = || format!("{}：没有列“姓名”“身份号码”", path.display());
    let (name, number) = find("姓名").zip(find("身份号码")).ok_or_else(missing)?;
    let columns: Vec<Option<usize>> = registry.columns.iter().map(|column| find(&column.name)).collect();
    let entry = move |row: csv::StringRecord| {
        let cell = |place: usize| row.get(place).unwrap_or_default().to_owned();
        let cells = columns.iter().map(|place| place.map(cell).unwrap_or_default()).collect();
        Entry { name: cell(name), number: cell(number), cells }
    };
    Ok(file.into_records().map(move |row| row.map(&entry).map_err(&told)))
}
