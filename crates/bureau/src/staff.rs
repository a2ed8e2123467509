//! Posts and who holds them: what the guides ask for, what the accounts give, and what is missing.

use std::collections::BTreeMap;

use base::{Date, Level, RegionCode};
use casework::people::{ADMINISTRATOR, AUDITOR};
use guide::model::ActorKind;
use store::Account;

use crate::{Bureau, Fault};

/// A post that some step needs and that too few people hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacancy {
    pub region: RegionCode,
    pub level: Level,
    pub post: String,
    pub needed: usize,
    pub held: usize,
}

impl Bureau {
    /// Posts of a level that can be given, each with the most people that one step asks for.
    pub fn posts(&self, level: Level) -> BTreeMap<String, usize> {
        let performers = self.library.guides.iter().flat_map(|guide| &guide.steps).flat_map(|step| &step.who);
        let mut found = BTreeMap::new();
        for (_, performer) in performers {
            if let ActorKind::Staff(of, post) = &performer.actor
                && *of == level
            {
                let most: &mut usize = found.entry(post.clone()).or_default();
                *most = (*most).max(performer.head_count);
            }
        }
        found
    }

    /// Why an account cannot be kept as it is: one Chinese sentence each.
    pub fn unfit_account(&self, account: &Account, region: RegionCode) -> Vec<String> {
        let mut found = Vec::new();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if account.id.is_empty() || account.id.len() > 40 || !account.id.chars().all(is_plain) {
            found.push(format!("账号“{}”只能用小写字母、数字、点和短横，最多 40 个", account.id));
        }
        if account.name.trim().is_empty() || account.name.chars().count() > 30 {
            found.push(format!("账号“{}”要写姓名，最多 30 个字", account.id));
        }
        if !region.contains(account.region) || self.regions.get(account.region).is_none() {
            found.push(format!("地区 {} 不在本局管辖的范围里", account.region));
        }
        let posts = self.posts(account.level);
        for appointment in &account.appointments {
            let post = &*appointment.post;
            if post != ADMINISTRATOR && post != AUDITOR && !posts.contains_key(post) {
                let known: Vec<&str> = posts.keys().map(String::as_str).collect();
                found.push(format!("{}没有岗位“{post}”，有：{}", account.level, known.join("、")));
            }
            if appointment.until.is_some_and(|until| until < appointment.since) {
                found.push(format!("“{post}”的止日在起日以前"));
            }
        }
        let administers = account.appointments.iter().any(|a| a.post == ADMINISTRATOR);
        if administers && account.appointments.iter().any(|a| a.post != ADMINISTRATOR) {
            found.push("管理员不能兼办业务的岗位：管账号的人不看也不改业务数据".to_owned());
        }
        found
    }

    /// Posts of a region that too few people hold on a day. Villages of a township stand together under it: the least
    /// of them counts.
    pub fn vacancies(&self, region: RegionCode, day: Date) -> Result<Vec<Vacancy>, Fault> {
        let mut held: BTreeMap<(RegionCode, String), usize> = BTreeMap::new();
        for account in self.store.accounts()? {
            for appointment in account.appointments.iter().filter(|appointment| appointment.holds(day)) {
                *held.entry((account.region, appointment.post.clone())).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        for level in [Level::County, Level::Township, Level::Village] {
            for (post, needed) in self.posts(level) {
                for office in self.regions.within(region).filter(|office| office.level == level) {
                    let held = held.get(&(office.code, post.clone())).copied().unwrap_or(0);
                    if held < needed {
                        found.push(Vacancy { region: office.code, level, post: post.clone(), needed, held });
                    }
                }
            }
        }
        Ok(found)
    }
}
