//! A plausible county made of commands; the only crate that may name a service.
//!
//! Everybody is synthetic. Every case came about by orders through `bureau::Bureau::execute`, as anybody's would.

mod dice;
pub mod disaster;
mod election;
mod household;
mod life;
mod marriage;
mod names;
mod organisations;
mod paper;
mod payroll;
mod people;
mod play;
mod recovery;
mod registries;
mod report;
mod tekun;
mod verification;
mod veteran;

use base::{Date, DateTime, Level, RegionCode};
use bureau::{Bureau, Failure};
use casework::{Actor, Capacity};
use store::{Account, Appointment};

use crate::dice::Dice;
use crate::play::Stage;

/// The township of the sign-ins, in which most of the demo happens: 田湖镇.
pub const TOWNSHIP: &str = "410325101";
/// The village of the sign-ins.
const VILLAGE: &str = "410325101200";
const COUNTY: &str = "410325";

/// A sign-in of the demo: account, name, level, posts. Two where a step needs two people.
pub const STAFF: [(&str, &str, Level, &str); 23] = [
    ("shouli", "郭受理", Level::Township, "受理员、服务站员、救灾员"),
    ("diaocha1", "马调查", Level::Township, "调查员"),
    ("diaocha2", "宋调查", Level::Township, "调查员"),
    ("hecha1", "程核查", Level::Township, "调查员"),
    ("hecha2", "朱核查", Level::Township, "调查员"),
    ("zhuchi", "高主持", Level::Township, "主持人、换届指导员"),
    ("fuze", "胡负责", Level::Township, "负责人、服务站站长、救灾负责人"),
    ("hedui", "石核对", Level::County, "核对员、台账员"),
    ("shenpi", "段审批", Level::County, "审批人、优抚审批人、救灾负责人"),
    ("shenji", "崔审计", Level::County, "审计员"),
    ("xiancha1", "魏入户", Level::County, "调查员、评估员、优抚员、检查员"),
    ("xiancha2", "葛入户", Level::County, "调查员、评估员、优抚员、检查员"),
    ("cunzhu", "任村主", Level::Village, "主持人、选举主持人"),
    ("shouli2", "梁受理", Level::Township, "受理员"),
    ("jiandu", "彭监督", Level::County, "监督员"),
    ("dengji", "邵登记", Level::County, "登记员、年检员"),
    ("fuhe", "汪复核", Level::County, "复核员、年检员、救灾员"),
    ("shifuhe", "翟复核", Level::City, "优抚复核人"),
    ("guanli", "曹管理", Level::County, "管理员"),
    ("fafang", "秦发放", Level::County, "发放员"),
    ("kuaiji", "尤会计", Level::County, "会计"),
    ("caiwu", "许财务", Level::County, "复核人"),
    ("juzhang", "罗局长", Level::County, "局领导"),
];

/// A member of staff who works for a village: of its own, of its township, or of the county.
pub(crate) fn staff(index: usize, village: RegionCode) -> Actor {
    let (id, name, level, posts) = STAFF[index];
    let (own, home) = (village.to_string(), VILLAGE);
    let digits = match level {
        Level::City => 4,
        Level::County => 6,
        Level::Village => 12,
        _ => 9,
    };
    let (own, home) = (&own[..digits], &home[..digits]);
    let region = RegionCode::parse(own).unwrap_or(village);
    let id = if own == home { id.to_owned() } else { format!("{id}-{own}") };
    Actor {
        id,
        name: name.into(),
        capacity: Capacity::Staff { level, posts: posts.split('、').map(str::to_owned).collect(), region },
    }
}

/// For how many days registries have been connected.
const CONNECTED_FOR: i64 = 45;

/// Makes the accounts of the sign-ins; `hash` turns the common password into what is kept.
pub fn make_accounts(bureau: &Bureau, hash: impl Fn(&str) -> String) -> Result<(), bureau::Fault> {
    let village = RegionCode::parse(VILLAGE).unwrap_or(RegionCode::NATION);
    for index in 0..STAFF.len() {
        let Actor { id, name, capacity: Capacity::Staff { level, posts, region } } = staff(index, village) else {
            continue;
        };
        let password_hash = hash(&id);
        let held = |post| Appointment { post, since: Date::constant(2020, 1, 1), until: None };
        let appointments = posts.into_iter().map(held).collect();
        bureau.store.keep_account(&Account { id, name, level, region, password_hash, fresh: false, appointments })?;
    }
    Ok(())
}

/// Makes a county of households that have applied, up to a moment; the same for the same seed and moment.
/// `progress` hears how many are done.
pub fn make_county(
    bureau: &Bureau,
    households: u32,
    seed: u64,
    now: DateTime,
    progress: impl Fn(u32),
) -> Result<(), Failure> {
    let mut dice = Dice::new(seed, 1);
    let county = RegionCode::parse(COUNTY).unwrap_or(RegionCode::NATION);
    let villages: Vec<RegionCode> =
        bureau.regions.within(county).filter(|r| r.level == Level::Village).map(|r| r.code).collect();
    let near: Vec<RegionCode> = villages.iter().copied().filter(|v| v.to_string().starts_with(TOWNSHIP)).collect();
    let mut made = household::Maker::new(Dice::new(seed, 2), now.date());
    // A year is played in the order in which it happened, so it goes before what is played case by case.
    organisations::year(bureau, seed, &near, now)?;
    let connected = now.date().saturating_sub(jiff::Span::new().days(CONNECTED_FOR));
    registries::connect(bureau, connected, now)?;
    let (mut alone, mut households_made) = (Vec::new(), Vec::new());
    for number in 0..households {
        let village = if dice.chance(80) { dice.pick(&near) } else { dice.pick(&villages) };
        let household = made.household(village);
        let case = life::live(bureau, &mut dice, &household, &format!("{seed}-{number}"), now)?;
        alone.extend(household.alone().map(|person| (case, person.clone(), village)));
        households_made.push(household);
        progress(number + 1);
    }
    people::take_over(bureau, &households_made, now)?;
    report::reports(bureau, &mut dice, seed, now)?;
    let dice = Dice::new(seed, 0);
    let mut stage = Stage { bureau, maker: &mut made, villages: &near, seed, present: now, dice };
    tekun::people(&mut stage)?;
    tekun::converted(&mut stage, &alone)?;
    veteran::people(&mut stage)?;
    veteran::reported_late(&mut stage)?;
    marriage::registry(&mut stage)?;
    // What has fallen due by then: notices end, re-checks open.
    bureau.pass_time(now)?;
    payroll::year(&stage)?;
    recovery::ends(&mut stage)?;
    verification::checks(&mut stage)
}
