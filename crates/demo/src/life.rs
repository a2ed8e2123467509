//! The life of a case: step by step through the bureau, until it ends or the present has come.

use base::DateTime;
use bureau::{Bureau, Failure, Order};
use casework::event::{Datum, Over};
use casework::{Actor, Command, Input, State, Status};
use jiff::SignedDuration;

use crate::dice::Dice;
use crate::household::Household;
use crate::registries;
use crate::staff;

/// Places of the posts in `STAFF`.
const ACCEPTS: usize = 0;
const ACCEPTS_TOO: usize = 13;
const VISITS: [usize; 2] = [1, 2];
const LOOKS_AGAIN: [usize; 2] = [3, 4];
const PRESIDES: usize = 5;
const OPINES: usize = 6;
const MATCHES: usize = 7;
const CONFIRMS: usize = 8;
const COUNTY_VISITS: [usize; 2] = [10, 11];
const PRESIDES_IN_VILLAGE: usize = 12;

struct Life<'l> {
    bureau: &'l Bureau,
    case: String,
    seed: &'l str,
    turn: u32,
    now: DateTime,
    /// The members as they stand after a change.
    members: Option<Datum>,
}

/// Applies for a household and works its case up to a moment before `present`. Gives the case of the application.
pub fn live(
    bureau: &Bureau,
    dice: &mut Dice,
    household: &Household,
    seed: &str,
    present: DateTime,
) -> Result<String, Failure> {
    let days = if dice.chance(75) { dice.between(0, 75) } else { dice.between(75, 200) };
    let begun = days_before(present, days);
    let case = receipt(seed);
    let mut life = Life { bureau, case: case.clone(), seed, turn: 0, now: begun, members: None };
    let input = Input { values: household.values.clone(), ..Input::default() };
    let citizen = Actor::citizen(&format!("demo:{case}"), &household.applicant.name);
    let draw = Some(dice.below(u32::MAX));
    if let (true, Some(number)) = (household.of_clerk, &household.applicant.number) {
        let relative = (&*household.applicant.name, &**number, "兄弟姐妹");
        bureau.declare_relative(&staff(ACCEPTS, household.village).id, relative, begun)?;
    }
    life.order(
        vec![citizen.clone()],
        Command::Submit {
            case: case.clone(),
            service: "dibao".into(),
            start: "apply".into(),
            input,
            draw,
            over: None,
            subject: None,
        },
    )?;
    for _ in 0..40 {
        life.now = working_hour(life.now, dice);
        if life.now >= present {
            break;
        }
        let Some(state) = bureau.store.state(&life.case)? else { break };
        let scene = Scene { household, citizen: &citizen, present };
        if state.closed.is_some() && !life.change(&scene, &state, dice)? {
            break;
        }
        if state.closed.is_some() {
            continue;
        }
        let done = life.begin(&scene, &state, dice)?
            || life.finish(&scene, &state, dice)?
            || life.recheck(&scene, &state, dice)?;
        if !done {
            bureau.pass_time(life.now)?;
        }
    }
    Ok(case)
}

/// Who and where a case is about.
struct Scene<'s> {
    household: &'s Household,
    citizen: &'s Actor,
    present: DateTime,
}

impl Scene<'_> {
    fn staff(&self, index: usize) -> Actor {
        staff(index, self.household.village)
    }

    /// The clerk, or the other one where the first is a relative.
    fn accepts(&self) -> Actor {
        self.staff(if self.household.of_clerk { ACCEPTS_TOO } else { ACCEPTS })
    }
}

fn is_open(state: &State, step: &str) -> bool {
    state.live().any(|i| i.step == step && matches!(i.status, Status::Open | Status::Awaiting))
}

/// What was stated before, as whoever states it again finds it.
fn stated(household: &Household, keys: &[&'static str]) -> Vec<(&'static str, Datum)> {
    keys.iter().map(|key| (*key, household.values[*key].clone())).collect()
}

const VISITED: [&str; 4] = ["members", "supporters", "costs", "houses"];
const MATCHED: [&str; 6] = ["urban_rural", "members", "supporters", "houses", "vehicles", "businesses"];

/// A result as the formulas have it now.
fn answer(bureau: &Bureau, state: &State, now: DateTime, name: &str) -> String {
    let Ok(guide) = bureau.guide(&state.edition) else { return String::new() };
    casework::result(bureau.rules(&guide), state, now, name)
}

impl Life<'_> {
    /// From acceptance to the review. Gives whether something was done.
    fn begin(&mut self, scene: &Scene, state: &State, dice: &mut Dice) -> Result<bool, Failure> {
        let open = |step: &str| is_open(state, step);
        if open("accept") {
            let separate = ("lives_elsewhere", Datum::Bool(dice.chance(8)));
            let (word, reason) =
                if dice.chance(4) { ("补正", "缺治疗票据") } else { ("受理", "材料齐备") };
            self.act(vec![scene.accepts()], "accept", Some(word), &[separate], &[("理由", reason)])?;
        } else if open("supplement") {
            let note = ("supplement_note", Datum::Text("已补治疗票据".into()));
            let mut all = stated(scene.household, &["members"]);
            all.push(note);
            self.act(vec![scene.citizen.clone()], "supplement", None, &all, &[])?;
        } else if open("visit") {
            let mut found = stated(scene.household, &VISITED);
            found.push(("living", Datum::Text("三间瓦房，家电简单，与申报相符".into())));
            let at = visited_at(self.now);
            let outputs = [("在场人", &*scene.household.applicant.name), ("地点", "家中"), ("时间", &*at)];
            if dice.chance(12) {
                // The second signs another day.
                self.act(vec![scene.staff(VISITS[0])], "visit", None, &found, &outputs)?;
                self.now = working_hour(self.now, dice);
                if self.now < scene.present {
                    self.order(vec![scene.staff(VISITS[1])], Command::Sign { step: "visit".into() })?;
                }
                return Ok(true);
            }
            self.act(VISITS.map(|index| scene.staff(index)).to_vec(), "visit", None, &found, &outputs)?;
        } else if open("match") {
            if !registries::answer(self.bureau, &self.case, self.now, scene.present)? {
                return Ok(false);
            }
            let all = stated(scene.household, &MATCHED);
            self.act(vec![scene.staff(MATCHES)], "match", None, &all, &[("结果", "相符")])?;
        } else if open("village_review") {
            self.meet(scene, "village", PRESIDES_IN_VILLAGE, 9, dice)?;
        } else if open("town_review") {
            self.meet(scene, "town", PRESIDES, 7, dice)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Some time after a grant a few households change: the township hears of it and opens a re-check.
    fn change(&mut self, scene: &Scene, state: &State, dice: &mut Dice) -> Result<bool, Failure> {
        let granted = state.grants.last().is_some_and(|grant| grant.total().0 > 0);
        if !granted || state.before.is_some() || !dice.chance(25) {
            return Ok(false);
        }
        let (kind, note) = dice.pick(&[
            ("收入变化", "新种了药材"),
            ("就业", "去县里工厂上班"),
            ("其他", "搬到镇上住"),
            ("死亡", "老伴上月去世"),
        ]);
        let mut values = stated(scene.household, &["members", "applicant"]);
        let couple = couple(&values[0].1);
        let kind = if kind == "死亡" && !couple { "收入变化" } else { kind };
        if kind == "死亡" {
            widowed(&mut values[0].1);
        } else if kind != "其他"
            && let Datum::Rows(rows) = &mut values[0].1
        {
            let first = rows.iter_mut().find_map(|row| match row.columns.get_mut("income") {
                Some(Datum::Rows(income)) => income.first_mut(),
                _ => None,
            });
            let yuan = if kind == "就业" { dice.between(20_000, 40_000) } else { dice.between(1_000, 9_000) };
            first.and_then(|income| income.columns.insert("amount".into(), Datum::Text(yuan.to_string())));
        }
        self.members = Some(values[0].1.clone());
        values.extend([
            ("change_kind", Datum::Text(kind.into())),
            ("change_date", Datum::Text(self.now.date().to_string())),
            ("change_note", Datum::Text(note.into())),
        ]);
        let over = Some(Box::new(Over::of(&self.case)));
        let case = self.bureau.next_in_chain(&state.root)?;
        let values = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let input = Input { values, ..Input::default() };
        let start = "report_change".to_owned();
        let command = Command::Submit {
            case: case.clone(),
            service: "dibao".into(),
            start,
            input,
            draw: None,
            over,
            subject: None,
        };
        self.order(vec![scene.accepts()], command)?;
        self.case = case;
        Ok(true)
    }

    /// From the change to the decision on it. Gives whether something was done.
    fn recheck(&mut self, scene: &Scene, state: &State, dice: &mut Dice) -> Result<bool, Failure> {
        let open = |step: &str| is_open(state, step);
        let members = self.members.clone().unwrap_or_else(|| scene.household.values["members"].clone());
        if open("recheck_visit") {
            let mut found = stated(scene.household, &["supporters", "costs", "houses"]);
            found.extend([
                ("members", members),
                ("recheck_finding", Datum::Text("与申报一致".into())),
                ("earned_more", Datum::Bool(dice.chance(50))),
            ]);
            let at = visited_at(self.now);
            let outputs = [("在场人", &*scene.household.applicant.name), ("地点", "家中"), ("时间", &*at)];
            self.act(VISITS.map(|i| scene.staff(i)).to_vec(), "recheck_visit", None, &found, &outputs)?;
        } else if open("recheck_match") {
            if !registries::answer(self.bureau, &self.case, self.now, scene.present)? {
                return Ok(false);
            }
            let mut found = stated(scene.household, &["houses", "vehicles", "businesses"]);
            found.push(("members", members));
            self.act(vec![scene.staff(MATCHES)], "recheck_match", None, &found, &[("结果", "相符")])?;
        } else if open("recheck_opinion") {
            let result = answer(self.bureau, state, self.now, "复核结论");
            self.act(vec![scene.staff(OPINES)], "recheck_opinion", Some(&result), &[], &[])?;
        } else if open("recheck_hearing") {
            let said = [("recheck_statement", Datum::Text("知道了，没有意见".into()))];
            self.act(vec![scene.accepts()], "recheck_hearing", None, &said, &[])?;
        } else if open("recheck_confirm") {
            self.act(vec![scene.staff(CONFIRMS)], "recheck_confirm", Some("同意"), &[], &[])?;
        } else if open("recheck_deliver") {
            let values = [
                ("recheck_delivered_how", Datum::Text("直接送达".into())),
                ("recheck_delivered_on", Datum::Text(self.now.date().to_string())),
            ];
            self.act(vec![scene.accepts()], "recheck_deliver", None, &values, &[])?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// A review: who comes, how they vote, the minutes.
    fn meet(&mut self, scene: &Scene, level: &str, chair: usize, present: u32, dice: &mut Dice) -> Result<(), Failure> {
        let against = dice.below(3);
        let (came, pro, contra) = (present.to_string(), (present - against).to_string(), against.to_string());
        let outputs = [("应到", "11"), ("实到", &*came), ("赞成", &*pro), ("反对", &*contra), ("弃权", "0")];
        let minutes = dice.pick(&["介绍情况后无记名投票，当场唱票", "有人问起外出务工，入户人员作了说明，无记名投票"]);
        let values = [
            (&*format!("{level}_applicant"), Datum::Bool(dice.chance(60))),
            (&*format!("{level}_minutes"), Datum::Text(minutes.into())),
        ];
        self.act(vec![scene.staff(chair)], &format!("{level}_review"), None, &values, &outputs)
    }

    /// From the opinion to the decision. Gives whether something was done.
    fn finish(&mut self, scene: &Scene, state: &State, dice: &mut Dice) -> Result<bool, Failure> {
        let open = |step: &str| is_open(state, step);
        let outcome = |life: &Self| answer(life.bureau, state, life.now, "低保结论");
        if open("opinion") {
            let word = if outcome(self).starts_with("不符合") { "拟不予" } else { "拟给予" };
            self.act(vec![scene.staff(OPINES)], "opinion", Some(word), &[], &[("理由", "按入户和核对的结果认定")])?;
        } else if open("publicity") {
            self.act(vec![scene.accepts()], "publicity", None, &[], &[])?;
            if dice.chance(10) {
                self.now = working_hour(self.now, dice);
                let (by, text) = (Some("村民".to_owned()), "听说他儿子在外打工挣钱".to_owned());
                let command = Command::Object { step: "publicity".into(), by, contact: None, text };
                if self.now < scene.present {
                    self.order(vec![Actor::citizen("demo:neighbour", "村民")], command)?;
                }
            }
        } else if open("objection") {
            let values = [
                ("objection_holds", Datum::Bool(false)),
                ("objection_finding", Datum::Text("走访邻里五户，情况不实".into())),
            ];
            let at = visited_at(self.now);
            let outputs = [("在场人", &*scene.household.applicant.name), ("地点", "村委会"), ("时间", &*at)];
            self.act(LOOKS_AGAIN.map(|index| scene.staff(index)).to_vec(), "objection", None, &values, &outputs)?;
        } else if open("hearing") {
            let values = [("told_how", Datum::Text("当面".into())), ("statement", Datum::Text("没有意见".into()))];
            self.act(vec![scene.accepts()], "hearing", None, &values, &[])?;
        } else if open("county_visit") {
            let found = [("county_finding", Datum::Text("与乡镇调查一致".into()))];
            let at = visited_at(self.now);
            let outputs = [("在场人", &*scene.household.applicant.name), ("地点", "家中"), ("时间", &*at)];
            self.act(COUNTY_VISITS.map(|i| scene.staff(i)).to_vec(), "county_visit", None, &found, &outputs)?;
        } else if open("deliver") {
            let values = [
                ("delivered_how", Datum::Text("直接送达".into())),
                ("delivered_on", Datum::Text(self.now.date().to_string())),
            ];
            self.act(vec![scene.accepts()], "deliver", None, &values, &[])?;
        } else if open("confirm") {
            let word = match &*outcome(self) {
                "家庭低保" | "单人低保" => "准予",
                "低保边缘" => "认定边缘",
                _ => "不予",
            };
            let reason =
                if word == "不予" { vec![("理由", "经核对，不符合规定的条件")] } else { Vec::new() };
            self.act(vec![scene.staff(CONFIRMS)], "confirm", Some(word), &[], &reason)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn order(&mut self, people: Vec<Actor>, command: Command) -> Result<(), Failure> {
        self.turn += 1;
        let key = format!("demo:{}:{}", self.seed, self.turn);
        let case = (!matches!(command, Command::Submit { .. })).then(|| self.case.clone());
        let secret = Some(bureau::hash(&["demo", &self.case])[..32].to_uppercase());
        self.bureau.execute(&Order { key, people, case, command, secret, now: self.now })?;
        Ok(())
    }

    fn act(
        &mut self,
        people: Vec<Actor>,
        step: &str,
        conclusion: Option<&str>,
        values: &[(&str, Datum)],
        outputs: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let outputs =
            outputs.iter().map(|(key, value)| ((*key).to_owned(), Datum::Text((*value).to_owned()))).collect();
        let input = Input { values, outputs, ..Input::default() };
        self.order(people, Command::Do { step: step.into(), conclusion: conclusion.map(str::to_owned), input })
    }
}

fn couple(members: &Datum) -> bool {
    let Datum::Rows(rows) = members else { return false };
    rows.get(1).is_some_and(|row| row.columns.get("relation").and_then(Datum::text) == Some("配偶"))
}

/// Of a couple one is left.
fn widowed(members: &mut Datum) {
    let Datum::Rows(rows) = members else { return };
    rows.remove(1);
    rows[0].columns.insert("marriage".into(), Datum::Text("丧偶".into()));
}

/// A receipt number of the demo: it follows from the seed, as nothing else's does.
pub(crate) fn receipt(seed: &str) -> String {
    let hash = bureau::hash(&["demo receipt", seed]).to_uppercase();
    format!("DEMO-{}-{}", &hash[..4], &hash[4..8])
}

pub(crate) fn days_before(now: DateTime, days: u32) -> DateTime {
    now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days) + 3))
}

/// Some hours later, on a weekday between nine and five.
pub(crate) fn working_hour(now: DateTime, dice: &mut Dice) -> DateTime {
    let mut day = now.date().tomorrow().unwrap_or(now.date());
    while matches!(day.weekday(), base::Weekday::Saturday | base::Weekday::Sunday) {
        day = day.tomorrow().unwrap_or(day);
    }
    day.at(9 + dice.below(8) as i8, dice.below(60) as i8, 0, 0)
}

/// An hour ago, as the form of a visit has it.
fn visited_at(now: DateTime) -> String {
    let at = now.saturating_sub(SignedDuration::from_hours(1));
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}
