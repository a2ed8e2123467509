//! All families together, in the order in which things happen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use base::{CitizenNumber, Date, DateTime, Level, RegionCode};
use casework::office::Relative;
use casework::{Bureau, By, CaseId, Channel, StaffEvent, State};
use guide::Guide;
use store::{Batch, Fault, Order, Stop, Store, Target};

use super::album::Album;
use super::dice::Dice;
use super::families::{Family, Registry};
use super::fate::Way;
use super::life::{County, Deed, Life};
use super::moments::{days_earlier, days_later, office_hour, waking_hour};
use super::note::{Account, Note};
use super::office::{Colleague, Office, village_account};
use super::{PASSWORD, SERVICE};

/// What the county follows from.
pub struct Plan {
    pub households: u32,
    pub seed: u64,
    pub date: Date,
    /// Nothing happens after this moment; on the date itself.
    pub until: DateTime,
    /// The hash of the password that all accounts share.
    pub password_hash: String,
}

pub struct Report {
    pub cases: u32,
    pub commands: u32,
    /// Families whose way ended because of a refusal or because nobody could act: a fault of the demo.
    pub troubles: Vec<String>,
    pub note: Note,
}

/// How far back the time line goes.
const DAYS: u32 = 400;
/// The least that makes a county with every state.
const LEAST_DAYS: u32 = 60;
/// The township of the work plan, which reviews every application at both levels, and its two villages.
const TOWN: &str = "410325101";
const VILLAGES: [&str; 2] = ["410325101998", "410325101999"];

struct Simulation<'a> {
    county: County<'a>,
    plan: &'a Plan,
    lives: Vec<Life>,
    queue: BinaryHeap<Reverse<(DateTime, usize)>>,
    cases: u32,
    commands: u32,
    troubles: Vec<String>,
}

/// Fills an empty store.
pub fn build(store: &Store, bureau: &Bureau, plan: &Plan) -> Result<Report, String> {
    let guide = bureau.guides.service(SERVICE).ok_or_else(|| format!("指南里没有“{SERVICE}”，不能建立演示县"))?;
    let start = first_day(guide, plan)?;
    let mut registry = Registry::new(Dice::new(plan.seed, 1), plan.date, bureau.region);
    let office = Office::staff(&bureau.regions, bureau.region, &mut registry, &plan.password_hash);
    let mut lives = families(bureau, plan, &mut registry);
    let relatives = relatives(&mut lives, &office, start);
    let album = Album::put(store, &mut Dice::new(plan.seed, 2)).map_err(|e| e.to_string())?;
    let county = County { bureau, guide, office: &office, album: &album };
    let mut simulation =
        Simulation { county, plan, lives, queue: BinaryHeap::new(), cases: 0, commands: 0, troubles: Vec::new() };
    simulation.draw_applications(start);
    let receipt = store
        .batch(|batch| -> Result<Option<(String, String)>, Fault> {
            engage(batch, &office, &relatives, start)?;
            simulation.run(batch)?;
            Ok(simulation.receipt(batch))
        })
        .map_err(|e| e.to_string())?;
    let note = Note {
        date: plan.date,
        until: plan.until,
        seed: plan.seed,
        households: plan.households,
        password: PASSWORD.to_owned(),
        accounts: accounts(bureau, &office),
        receipt,
    };
    Ok(Report { cases: simulation.cases, commands: simulation.commands, troubles: simulation.troubles, note })
}

/// The time line begins when every parameter of the guide has a value in force.
fn first_day(guide: &Guide, plan: &Plan) -> Result<Date, String> {
    let mut starts: BTreeMap<&str, Date> = BTreeMap::new();
    for row in &guide.rates.rows {
        let start = starts.entry(&row.name).or_insert(row.from);
        *start = row.from.min(*start);
    }
    let known = starts.into_values().max().unwrap_or(plan.date);
    let start = days_earlier(plan.date, DAYS).max(known);
    let least = days_later(start, LEAST_DAYS);
    if plan.date < least {
        return Err(format!("指南的参数自{known}起才齐全，演示日期不能早于{least}"));
    }
    Ok(start)
}

/// A quarter of the families live in the township of the work plan, the others everywhere.
fn families(bureau: &Bureau, plan: &Plan, registry: &mut Registry) -> Vec<Life> {
    let mut dice = Dice::new(plan.seed, 3);
    let all: Vec<RegionCode> =
        bureau.regions.within(bureau.region).filter(|r| r.level == Level::Village).map(|r| r.code).collect();
    let town: Vec<RegionCode> = all.iter().copied().filter(|code| code.to_string().starts_with(TOWN)).collect();
    let villages: Vec<RegionCode> = VILLAGES.iter().filter_map(|code| RegionCode::parse(code).ok()).collect();
    let stocks = [(&villages, 8), (&town, 17), (&all, 75)];
    let mut lives = Vec::new();
    for number in 0..plan.households as usize {
        let stock = dice.weighted(&stocks);
        let village = dice.pick(if stock.is_empty() { &all } else { stock });
        let urban = bureau.regions.name(village).is_some_and(|name| name.contains("社区"));
        let family: Family = registry.family(village, urban);
        lives.push(Life::new(number, family, Dice::new(plan.seed, 1_000 + number as u64)));
    }
    lives
}

/// Makes some members of families relatives of those who would handle their cases: found in the register, or declared.
fn relatives(lives: &mut [Life], office: &Office, start: Date) -> BTreeMap<Arc<str>, Vec<Relative>> {
    let mut register: BTreeMap<Arc<str>, Vec<Relative>> = BTreeMap::new();
    for life in lives {
        let roles = ["乡镇经办", "村级协理员", "县级核对员", "县级科长"];
        let role = roles[life.number % roles.len()];
        let able = office.able(role, life.village(), None, &[]);
        let Some(staff) = able.first() else { continue };
        match life.fate.way {
            Way::Kin => {
                let member = &life.family.members[life.family.members.len() - 1];
                let relation = life.dice.pick(&["父母", "兄弟姐妹", "祖父母"]);
                register.entry(staff.id.clone()).or_default().push(Relative {
                    name: member.name.as_str().into(),
                    number: member.number,
                    relation: relation.into(),
                    declared_on: start,
                });
            }
            Way::DeclaresKin => life.kin = Some((staff.name.clone(), "兄弟姐妹")),
            _ => {}
        }
    }
    register
}

fn engage(
    batch: &mut Batch,
    office: &Office,
    relatives: &BTreeMap<Arc<str>, Vec<Relative>>,
    start: Date,
) -> Result<(), Fault> {
    let by = By { id: "demo".into(), name: "演示数据".into(), role: "系统".into() };
    for Colleague { actor, engaged } in &office.staff {
        let mut events = vec![engaged.clone()];
        if let Some(relatives) = relatives.get(&actor.id) {
            events.push(StaffEvent::RelativesDeclared { relatives: relatives.clone() });
        }
        batch.engage(&actor.id, &events, &by, start.at(0, 0, 0, 0))?;
    }
    Ok(())
}

impl Simulation<'_> {
    /// Most applied long ago, a quarter within the last six weeks, a few before the office opened today.
    fn draw_applications(&mut self, start: Date) {
        let date = self.plan.date;
        let calendar = &self.county.bureau.calendar;
        let span = (date - start).get_days() as u32;
        for (number, life) in self.lives.iter_mut().enumerate() {
            let ago = match life.dice.below(1_000) {
                0..10 => 0,
                10..260 => life.dice.between(1, 45),
                _ => life.dice.between(LEAST_DAYS.min(span), span),
            };
            let day = days_earlier(date, ago);
            let at = if ago == 0 || life.channel == Channel::Online {
                life.channel = Channel::Online;
                waking_hour(day, ago == 0, &mut life.dice)
            } else {
                office_hour(calendar.ending_on(day).at, &mut life.dice)
            };
            self.queue.push(Reverse((at, number)));
        }
    }

    fn run(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        while let Some(Reverse((now, number))) = self.queue.pop() {
            if now > self.plan.until {
                continue;
            }
            if let Err(trouble) = self.happen(batch, number, now)? {
                let case = self.lives[number].case.as_ref().map(|c| c.0.to_string()).unwrap_or_default();
                self.troubles.push(format!("{now} {case} {trouble}"));
            }
        }
        Ok(())
    }

    /// One thing happens to one family, and the next is put into the queue.
    fn happen(&mut self, batch: &mut Batch, number: usize, now: DateTime) -> Result<Result<(), String>, Fault> {
        let life = &mut self.lives[number];
        let county = &self.county;
        let deed = match life.case.as_ref().map(|case| batch.state(case)) {
            None => life.apply(county, now),
            Some(Some(state)) => life.deed(county, state, now),
            Some(None) => Err("批次里没有这个件".to_owned()),
        };
        let Deed { actor, command } = match deed {
            Ok(deed) => deed,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let target = match &life.case {
            Some(case) => Target::Case(case.clone()),
            None => Target::New { service: SERVICE.into() },
        };
        self.commands += 1;
        let order = Order { actor, target, expected: None, key: format!("demo-{}", self.commands), command };
        let receipt = match batch.execute(county.bureau, &order, now) {
            Ok(receipt) => receipt,
            Err(Stop::Refused(refusal)) => return Ok(Err(refusal.to_string())),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        if life.case.is_none() {
            self.cases += 1;
            life.case = Some(receipt.case.clone());
        }
        let Some(state) = batch.state(&receipt.case) else { return Ok(Ok(())) };
        let next = if state.closed.is_some() { life.again(state, now) } else { life.next(county, state) };
        if let Some(next) = next {
            self.queue.push(Reverse((next, number)));
        }
        Ok(Ok(()))
    }

    /// Something for the citizen's page: a case on its way whose applicant is known, if possible on the notice board.
    fn receipt(&self, batch: &Batch) -> Option<(String, String)> {
        let standing = |life: &&Life| {
            let state: Option<&State> = life.case.as_ref().and_then(|case: &CaseId| batch.state(case));
            state.and_then(|s| s.open.as_ref()).map(|open| open.step.clone())
        };
        let wanted = ["公示", "入户调查", "在保"];
        let life =
            wanted.iter().find_map(|step| self.lives.iter().find(|life| standing(life).as_deref() == Some(*step)));
        let life = life.or(self.lives.first())?;
        let number: &CitizenNumber = &life.family.members[0].number;
        Some((life.case.as_ref()?.0.to_string(), number.as_str()[12..].to_owned()))
    }
}

/// One account for each role, of the township of the work plan where the role is local.
fn accounts(bureau: &Bureau, office: &Office) -> Vec<Account> {
    let village = RegionCode::parse(VILLAGES[0]).map(village_account).unwrap_or_default();
    let mut accounts = Vec::new();
    for role in bureau.guides.roles.iter() {
        let holders = || office.staff.iter().map(|c| &c.actor).filter(|a| *a.role == *role.name);
        let found = holders()
            .find(|a| *a.id == *village)
            .or_else(|| holders().find(|a| a.region.to_string().starts_with(TOWN)))
            .or_else(|| holders().next());
        accounts.extend(found.map(|actor| Account {
            id: actor.id.to_string(),
            name: actor.name.to_string(),
            role: role.name.to_string(),
            place: bureau.regions.get(actor.region).map(|r| r.place().to_owned()).unwrap_or_default(),
        }));
    }
    accounts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use store::Software;

    use super::*;

    /// Second thoughts of officers and citizens, which a demo need not show.
    const RARE: [&str; 10] = [
        "核对告知：申请复核",
        "配合催告：已配合",
        "异议复查：重新调查",
        "确认：退回审查",
        "听取意见：重新复核",
        "复核确认：退回复核",
        "渐退：到期",
        "渐退：变化",
        "终止核实：情况不实",
        "终止确认：退回核实",
    ];

    fn county(households: u32, seed: u64, date: Date) -> (tempfile::TempDir, Store, Bureau, Report) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(folder.path(), Arc::new(Software::seeded(seed))).unwrap();
        let (bureau, _) = crate::bureau::load(None).unwrap();
        let until = date.at(8, 0, 0, 0);
        let plan = Plan { households, seed, date, until, password_hash: "none".to_owned() };
        let report = build(&store, &bureau, &plan).unwrap();
        (folder, store, bureau, report)
    }

    #[test]
    fn the_same_plan_gives_the_same_county() {
        let date = Date::constant(2026, 11, 24);
        let head = |seed| county(25, seed, date).1.verify().unwrap().head;
        assert_eq!(head(1), head(1));
        assert_ne!(head(1), head(2));
    }

    #[test]
    fn nobody_is_refused_whatever_the_day() {
        let days = [(2025, 10, 8), (2026, 1, 1), (2026, 7, 5), (2026, 12, 31), (2027, 10, 1)];
        for (seed, (year, month, day)) in days.into_iter().enumerate() {
            let (.., report) = county(60, seed as u64, Date::constant(year, month, day));
            assert!(report.troubles.is_empty(), "{:?}", report.troubles);
            assert!(report.cases >= 58, "{}", report.cases);
        }
    }

    #[test]
    fn every_state_is_to_be_seen() {
        let (_folder, store, bureau, report) = county(400, 7, Date::constant(2026, 11, 24));
        assert!(report.troubles.is_empty(), "{:?}", report.troubles);
        assert!(store.verify().unwrap().problems.is_empty());
        let guide = bureau.guides.service(SERVICE).unwrap();
        let mut seen: BTreeSet<(Arc<str>, Arc<str>)> = BTreeSet::new();
        for year in [2025, 2026] {
            let numbers = (1..).map(|number| CaseId(format!("DB{year}{number:05}").into()));
            for file in numbers.map_while(|case| store.case(&case).unwrap()) {
                seen.extend(file.state.done.iter().map(|d| (d.step.clone(), d.outcome.clone())));
                seen.extend(file.state.closed.iter().map(|(_, outcome)| ("".into(), outcome.clone())));
            }
        }
        let unseen: BTreeSet<String> = guide
            .steps
            .iter()
            .flat_map(|s| s.outcomes.iter().map(move |o| (s.name.clone(), o.name.clone())))
            .filter(|pair| !seen.contains(pair))
            .map(|(step, outcome)| format!("{step}：{outcome}"))
            .collect();
        let rare = BTreeSet::from(RARE.map(str::to_owned));
        assert!(unseen.is_subset(&rare), "{:?}", unseen.difference(&rare).collect::<Vec<_>>());
        assert!(seen.contains(&("".into(), "撤回".into())));
    }
}
