//! `minzheng init` and `minzheng check --data`: a bureau begins, and what it still lacks.

use std::collections::BTreeMap;
use std::path::Path;

use base::{Level, RegionCode};
use bureau::Bureau;
use casework::people::ADMINISTRATOR;
use store::{Account, Appointment};
use web::password_hash;

use super::serve::{chance, open};
use crate::clock;

/// How a list of staff is written.
const HEADER: &str = "账号,姓名,地区,岗位,自,至";

/// Sets up an empty bureau in a folder: its region, its name, its staff with first passwords that have to be changed.
pub fn run(data: &Path, region: &str, name: Option<&str>, staff: Option<&Path>) -> Result<(), String> {
    if data.join("minzheng.db").is_file() {
        return Err(format!("{} 里已经有数据，没有动它", data.display()));
    }
    let region = RegionCode::parse(region).map_err(|error| error.to_string())?;
    let list = staff.map(|path| std::fs::read_to_string(path).map_err(|error| format!("{}：{error}", path.display())));
    let list = list.transpose()?;
    // Everything is read and checked before anything is made: a list with a slip leaves no half bureau behind.
    let scratch = data.with_extension("init");
    let made = begin(&scratch, region, name, list.as_deref());
    let done = made.and_then(|passwords| {
        std::fs::create_dir_all(data.parent().unwrap_or(data)).map_err(|error| error.to_string())?;
        std::fs::rename(&scratch, data).map_err(|error| format!("{}：{error}", data.display()))?;
        Ok(passwords)
    });
    if done.is_err() {
        let _ = std::fs::remove_dir_all(&scratch);
    }
    let passwords = done?;
    println!("已经建好：{}", data.display());
    println!("账号和第一次的密码（第一次登录要改，请分别交给本人，这里只显示一次）：");
    for (id, name, password) in &passwords {
        println!("  {id:<16} {password}  {name}");
    }
    println!("下一步：minzheng serve --data {}，用管理员账号登录，在“人员”里安排岗位。", data.display());
    vacancies(data)
}

type Passwords = Vec<(String, String, String)>;

fn begin(folder: &Path, region: RegionCode, name: Option<&str>, list: Option<&str>) -> Result<Passwords, String> {
    let bureau = open(folder, None)?;
    let place = bureau.regions.get(region).ok_or_else(|| format!("没有区划 {region}"))?;
    let name = name.map_or_else(|| format!("{}民政局", place.name), str::to_owned);
    let mut accounts = list.map_or(Ok(Vec::new()), |list| read(&bureau, list))?;
    let is_administrator = |account: &Account| account.appointments.iter().any(|a| a.post == ADMINISTRATOR);
    if !accounts.iter().any(is_administrator) {
        accounts.push(Account {
            id: "admin".into(),
            name: "管理员".into(),
            level: place.level,
            region,
            password_hash: String::new(),
            fresh: true,
            appointments: vec![Appointment { post: ADMINISTRATOR.into(), since: clock::now().date(), until: None }],
        });
    }
    let wrong: Vec<String> = accounts.iter().flat_map(|account| bureau.unfit_account(account, region)).collect();
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    let fault = |fault: bureau::Fault| fault.to_string();
    bureau.store.keep_setting("region", &region.to_string()).map_err(fault)?;
    bureau.store.keep_setting("name", &name).map_err(fault)?;
    let mut passwords = Vec::new();
    for mut account in accounts {
        let password = web::first_password(&chance());
        account.password_hash = password_hash(&password, &chance());
        bureau.store.keep_account(&account).map_err(fault)?;
        passwords.push((account.id, account.name, password));
    }
    Ok(passwords)
}

/// A list of staff: one line for each post that somebody holds. The error names each line and what to write.
fn read(bureau: &Bureau, list: &str) -> Result<Vec<Account>, String> {
    let mut lines = list.trim_start_matches('\u{feff}').lines().enumerate();
    if lines.next().map(|(_, line)| line.trim()) != Some(HEADER) {
        return Err(format!("人员名单的第一行要写：{HEADER}"));
    }
    let mut found: Vec<Account> = Vec::new();
    let mut wrong = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        match appointed(bureau, line) {
            Ok(account) => match found.iter_mut().find(|known| known.id == account.id) {
                Some(known) if known.region == account.region && known.name == account.name => {
                    known.appointments.extend(account.appointments);
                }
                Some(_) => {
                    wrong.push(format!("第 {} 行：账号 {} 在前面是另一个人或另一个地区", number + 1, account.id))
                }
                None => found.push(account),
            },
            Err(message) => wrong.push(format!("第 {} 行：{message}", number + 1)),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong.join("\n")) }
}

fn appointed(bureau: &Bureau, line: &str) -> Result<Account, String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [id, name, region, post, since, until] = cells[..] else {
        return Err(format!("要有 6 格（{HEADER}），现在是 {} 格", cells.len()));
    };
    let region = RegionCode::parse(region).map_err(|error| error.to_string())?;
    let level = bureau.regions.get(region).map_or(Level::County, |place| place.level);
    let date = |text: &str| base::parse_date(text).ok_or_else(|| format!("“{text}”应写日期，例如 2026-01-01"));
    let since = date(since)?;
    let until = if until.is_empty() { None } else { Some(date(until)?) };
    let appointments = vec![Appointment { post: post.to_owned(), since, until }];
    let (id, name) = (id.to_owned(), name.to_owned());
    Ok(Account { id, name, level, region, password_hash: String::new(), fresh: true, appointments })
}

/// Names the posts of a bureau that nobody, or too few people, hold today.
pub fn vacancies(data: &Path) -> Result<(), String> {
    if !data.join("minzheng.db").is_file() {
        return Err(format!("{} 里没有数据", data.display()));
    }
    let bureau = open(data, None)?;
    let region = super::serve::region(&bureau)?;
    let found = bureau.vacancies(region, clock::now().date()).map_err(|fault| fault.to_string())?;
    let mut offices: BTreeMap<RegionCode, Vec<String>> = BTreeMap::new();
    let mut villages: BTreeMap<&str, usize> = BTreeMap::new();
    for vacancy in &found {
        if vacancy.level == Level::Village {
            *villages.entry(&vacancy.post).or_default() += 1;
        } else {
            let text = format!("{}（要 {} 人，有 {} 人）", vacancy.post, vacancy.needed, vacancy.held);
            offices.entry(vacancy.region).or_default().push(text);
        }
    }
    for (region, posts) in &offices {
        println!("{}缺：{}", bureau.regions.name(*region).unwrap_or_default(), posts.join("、"));
    }
    for (post, count) in &villages {
        println!("{count} 个村（社区）缺：{post}");
    }
    if found.is_empty() {
        println!("每个岗位都有人");
    } else {
        println!("{} 处缺人：没有人的岗位，件走到那一步就停在那里", found.len());
    }
    Ok(())
}
