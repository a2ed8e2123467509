//! `minzheng exchange` with registries, and `minzheng simulate-registries` to try it out.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bureau::Bureau;
use bureau::registries::Received;
use casework::event::PersonRef;
use casework::{Actor, Datum};
use clap::Args;

use crate::registries::{exchange, match_tables, ways};
use crate::simulator::{Faults, Server, make, read, router};
use crate::{clock, content};

/// Lines of a file that are told.
const LISTED: usize = 20;

/// Registries of a bureau that are only played.
#[derive(Debug, Args)]
pub struct Simulate {
    /// 各数据源的表在哪个文件夹：数据源标识.csv，列是 姓名、身份号码和它能答的各列
    pub folder: PathBuf,
    /// 先为这个局的人编造各表
    #[arg(long)]
    pub make_for: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// 编造的时候，一个数据源里百分之几的成年人有记录
    #[arg(long, default_value_t = 3)]
    pub share: u32,
    /// 在这里应答；不写就只编造
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// 毛病，百分之几：down 关门、slow 慢、stale 旧、partial 漏、wrong 答别人、twice 重复、both 自相矛盾、changed 改格式
    #[arg(long, default_value = "")]
    pub faults: Faults,
}

/// One round with every registry of registries.toml.
pub fn run(data: &Path) -> Result<(), String> {
    drop(super::prove::store(data)?);
    let ways = ways(data)?;
    if ways.is_empty() {
        return Err(format!(
            "{} 里没有 {}，见 docs/operating/registries.zh.md",
            data.display(),
            crate::registries::FILE
        ));
    }
    let bureau = super::serve::open(data, None)?;
    for (key, round) in exchange(&bureau, &ways, clock::now).map_err(|failure| failure.to_string())? {
        let name = bureau.registry(&key).map_or(&*key, |registry| &registry.name);
        println!("{name}：发出 {} 条", round.sent);
        round.received.iter().for_each(tell);
        round.troubles.iter().for_each(|why| println!("  {why}"));
    }
    Ok(())
}

/// What became of a file.
pub fn tell(received: &Received) {
    let counts: Vec<String> = received.counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
    println!("  收到 {}：{}", received.batch, counts.join("、"));
    for told in received.told.iter().take(LISTED) {
        println!("  第 {} 行 {} {} {}", told.line, told.request, told.outcome, told.why);
    }
}

pub fn simulate(arguments: Simulate) -> Result<(), String> {
    let Simulate { folder, make_for, seed, share, listen, faults } = arguments;
    let registries = content::Content::load(None)?.library.registries;
    let today = clock::now().date();
    if let Some(data) = make_for {
        drop(super::prove::store(&data)?);
        let bureau = super::serve::open(&data, None)?;
        let people = people(&bureau).map_err(|fault| fault.to_string())?;
        let rows = make(&registries, &people, (seed, share), today, &folder)?;
        println!("{} 个人，{} 个数据源一共 {rows} 行", people.len(), registries.len());
    }
    let Some(listen) = listen else { return Ok(()) };
    let truth = read(&registries, &folder)?;
    let server = Server { registries, truth, faults, seed, today, batches: Mutex::new(HashMap::new()) };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| format!("{listen}：{error}"))?;
        println!("http://{}", listener.local_addr().map_err(|error| error.to_string())?);
        axum::serve(listener, router(Arc::new(server))).await.map_err(|error| error.to_string())
    })
}

/// Everybody in receipt against whole tables.
pub fn compare(data: &Path, folder: &Path, write: bool) -> Result<(), String> {
    drop(super::prove::store(data)?);
    let bureau = super::serve::open(data, None)?;
    let matched = match_tables(&bureau, folder, write, clock::now(), &mut |line| println!("{line}"))?;
    let word = if write { "已立案核查" } else { "（加 --write 立案核查）" };
    println!(
        "{} 件、{} 人；新的疑点 {} 个{word}，以前发现过 {} 个",
        matched.cases,
        matched.people,
        matched.fresh.len(),
        matched.known
    );
    for service in &matched.left_out {
        println!("没有比对的事项：{service}（指南没有写核对什么）");
    }
    for row in &matched.fresh {
        let says = |key: &str| row.columns.get(key).and_then(Datum::text).unwrap_or_default();
        println!(
            "  {} {} {}　查得 {}　{}",
            says("severity"),
            row.title(),
            says("quality"),
            says("found"),
            says("case")
        );
    }
    Ok(())
}

/// Everybody in the register of people, and whoever is asked about.
fn people(bureau: &Bureau) -> Result<Vec<PersonRef>, store::Fault> {
    let mut found: BTreeMap<String, PersonRef> = BTreeMap::new();
    let mut add = |person: &PersonRef| {
        let number = person.number.clone();
        number.into_iter().for_each(|number| _ = found.insert(number, person.clone()));
    };
    let (on, most) = (clock::now().date(), usize::MAX >> 1);
    for version in bureau.store.register_page("person", (on, bureau.home), (0, most))? {
        version.row.columns.values().flat_map(Datum::people).for_each(&mut add);
    }
    let scope = bureau.scope(&Actor::system());
    for registry in &bureau.library.registries {
        for awaited in bureau.store.awaited(&registry.key, "", &scope, u32::MAX)? {
            let state = bureau.store.state(&awaited.case)?.unwrap_or_default();
            state.requests.iter().for_each(|request| add(&request.question.person));
        }
    }
    Ok(found.into_values().collect())
}
