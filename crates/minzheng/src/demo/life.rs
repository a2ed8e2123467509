//! One family's way through the bureau: what happens next, when, and who does it.
//!
//! Outcomes are never invented: where the guide's formulas decide, the one that they leave open is chosen.

use std::sync::Arc;

use base::{Clock, DateTime, RegionCode};
use casework::assess::facts_of_case;
use casework::decide::outcome_open;
use casework::intake::{Entries, Reader};
use casework::{Actor, Bureau, CaseId, Channel, Command, Facts, File, State, limits};
use formula::{Evaluation, Inputs};
use guide::{Form, Guide, Overlay, RatesAt, Step, StepClock, StepKind};

use super::album::Album;
use super::application::{self, Occasion};
use super::dice::Dice;
use super::families::{Family, Means, Work};
use super::fate::{Fate, Later, Way};
use super::moments::{after_working_days, days_later, office_hour};
use super::office::Office;
use super::steps::{self, Scene};

/// What all families share.
pub struct County<'a> {
    pub bureau: &'a Bureau,
    pub guide: &'a Arc<Guide>,
    pub office: &'a Office,
    pub album: &'a Album,
}

pub struct Life {
    pub number: usize,
    pub family: Family,
    pub fate: Fate,
    pub dice: Dice,
    pub channel: Channel,
    pub case: Option<CaseId>,
    /// A closed case that the present one names.
    pub former: Option<CaseId>,
    /// A member of staff and the relation that the applicant declares.
    pub kin: Option<(Arc<str>, &'static str)>,
    found_work: bool,
    /// Reported that the benefit ends, in the guide's words.
    ending: Option<&'static str>,
}

/// A command and who gives it.
pub struct Deed {
    pub actor: Actor,
    pub command: Command,
}

impl Life {
    pub fn new(number: usize, family: Family, mut dice: Dice) -> Self {
        let fate = Fate::draw(&family, &mut dice);
        let channel = dice.weighted(&[(Channel::Window, 45), (Channel::Village, 30), (Channel::Online, 25)]);
        Self {
            number,
            family,
            fate,
            dice,
            channel,
            case: None,
            former: None,
            kin: None,
            found_work: false,
            ending: None,
        }
    }

    pub fn village(&self) -> RegionCode {
        self.family.village
    }

    /// The application.
    pub fn apply(&mut self, county: &County, now: DateTime) -> Result<Deed, String> {
        let occasion = Occasion {
            day: now.date(),
            line: county.line(self.village(), self.family.urban, now),
            unsigned: matches!(self.fate.way, Way::Supplements | Way::NeverSupplements) && self.former.is_none(),
            kin: self.kin.as_ref().map(|(name, relation)| (&**name, *relation)),
            former: self.former.as_ref().map(|c| &*c.0),
        };
        let entries = application::application(&self.family, &occasion, &mut self.dice);
        let facts = county.read(&county.guide.form, &entries, now, true)?;
        let role = match self.channel {
            Channel::Online => return Ok(Deed { actor: self.applicant(), command: self.application(facts) }),
            Channel::Window => "乡镇经办",
            Channel::Village => "村级协理员",
        };
        let actor = self.somebody(county, role, None, &[])?;
        Ok(Deed { actor, command: self.application(facts) })
    }

    fn application(&self, facts: Facts) -> Command {
        Command::Apply { channel: self.channel, facts, materials: Vec::new(), former: self.former.clone() }
    }

    fn applicant(&self) -> Actor {
        Actor::applicant(self.family.members[0].name.as_str(), self.village())
    }

    /// When something will happen next; `None` when the case is closed or will lie for good.
    pub fn next(&mut self, county: &County, state: &State) -> Option<DateTime> {
        let open = state.open.as_ref()?;
        let step = county.guide.step(&open.step)?;
        let calendar = &county.bureau.calendar;
        let latest = self.latest(state, open.since);
        if self.withdraws(state) {
            return Some(after_working_days(calendar, latest, 1, &mut self.dice));
        }
        if let Some(notice) = state.running_notice(&step.name) {
            let last = notice.last_day?;
            if self.objects(state) {
                let day = days_later(notice.posted_at.date(), self.dice.between(2, 5));
                return Some(office_hour(day, &mut self.dice));
            }
            let day = calendar.ending_on(days_later(last, 1)).at;
            let wait = self.lies().unwrap_or(0);
            return Some(office_hour(calendar.working_days_after(day, wait).at, &mut self.dice));
        }
        match step.kind {
            StepKind::Wait => {
                let due = open.due.as_ref().map(|due| days_later(due.at.date(), 1).at(0, 5, 0, 0));
                let news = self.news(&step.name).then(|| days_later(open.since.date(), self.dice.between(25, 150)));
                let news = news.map(|day| office_hour(calendar.ending_on(day).at, &mut self.dice));
                match (news, due) {
                    (Some(news), Some(due)) => Some(news.min(due)),
                    (news, due) => news.or(due),
                }
            }
            StepKind::Form if self.fate.way == Way::NeverSupplements => {
                let limit = open.due.as_ref().map_or(latest, |due| due.at);
                Some(after_working_days(calendar, limit, self.dice.between(3, 9), &mut self.dice))
            }
            _ => {
                let limit = days_of(step);
                let wait = self.lies().map_or_else(|| self.dice.below(limit), |beyond| limit + beyond);
                Some(after_working_days(calendar, latest, wait, &mut self.dice))
            }
        }
    }

    /// The last thing that happened to the open step, from which the next delay counts.
    fn latest(&self, state: &State, since: DateTime) -> DateTime {
        let known = state.facts.values().filter_map(|versions| versions.last()).map(|v| v.recorded_at);
        let answers = state.objections.iter().filter_map(|o| o.answer.as_ref()).map(|(at, ..)| *at);
        known.chain(answers).fold(since, DateTime::max)
    }

    /// The days beyond its limit that a step is left lying, if it is.
    fn lies(&mut self) -> Option<u32> {
        self.dice.chance(self.fate.idle).then(|| self.dice.between(2, 15))
    }

    fn withdraws(&self, state: &State) -> bool {
        self.fate.way == Way::Withdraws && state.decisions.is_empty() && state.done.len() == 2 + self.number % 5
    }

    fn objects(&self, state: &State) -> bool {
        matches!(self.fate.way, Way::Objection { .. }) && state.objections.is_empty() && state.round == 1
    }

    /// Whether the family will report something before the wait is over.
    fn news(&self, step: &str) -> bool {
        use Later::{BecomesDestitute, Dies, GivesUp, ReportsChange};
        step == "在保" && matches!(self.fate.later, ReportsChange | Dies | GivesUp | BecomesDestitute)
    }

    /// After a refusal or a stop some apply again some weeks later, poorer than before.
    pub fn again(&mut self, state: &State, now: DateTime) -> Option<DateTime> {
        let decided = state.done.iter().any(|d| matches!(&*d.outcome, "不予确认" | "停发" | "不予受理"));
        if !self.fate.again || !decided {
            return None;
        }
        self.former = self.case.take();
        self.fate = Fate { way: Way::Plain, again: false, ..self.fate };
        self.family.means = Means::Poor;
        Some(office_hour(days_later(now.date(), self.dice.between(30, 80)), &mut self.dice))
    }

    /// What happens now.
    pub fn deed(&mut self, county: &County, state: &State, now: DateTime) -> Result<Deed, String> {
        let open = state.open.as_ref().ok_or("已办结")?;
        let step = county.guide.step(&open.step).ok_or("指南里没有这一步")?;
        if self.withdraws(state) {
            let reason = "子女愿意多给生活费，暂不申请。".to_owned();
            return Ok(Deed { actor: self.applicant(), command: Command::Withdraw { reason } });
        }
        if step.kind == StepKind::Form && self.fate.way == Way::NeverSupplements {
            let actor = self.somebody(county, "乡镇经办", Some(state), &[])?;
            let reason = "逾期没有补正，经电话确认，申请人不再申请。".to_owned();
            return Ok(Deed { actor, command: Command::Withdraw { reason } });
        }
        if state.running_notice(&step.name).is_some() && self.objects(state) {
            return Ok(self.objection());
        }
        let overdue = open.due.as_ref().is_some_and(|due| now > due.at);
        if step.kind == StepKind::Wait && overdue {
            return Ok(Deed { actor: Actor::clock(county.bureau.region), command: Command::Wake });
        }
        let actor = self.actor(county, step, state)?;
        if let Some(command) = self.beforehand(county, step, state, now)? {
            return Ok(Deed { actor, command });
        }
        if step.kind == StepKind::Notice {
            let command = match state.running_notice(&step.name) {
                None => Command::Post { materials: county.album.materials(county.guide, &step.name, &mut self.dice) },
                Some(_) => complete(step, None, Facts::new(), "", Vec::new(), Vec::new()),
            };
            return Ok(Deed { actor, command });
        }
        self.complete(county, step, state, actor, now)
    }

    fn objection(&mut self) -> Deed {
        let signed = matches!(self.fate.way, Way::Objection { signed: true, .. });
        let text = self.dice.pick(&[
            "他家儿子在县城开店，收入没有算进去。",
            "听说他家去年卖了一批药材，应当查一查。",
            "他家有一辆小车，登记在亲戚名下。",
        ]);
        let name = signed.then(|| "村民代表王某（虚构）".to_owned());
        let contact = if signed { "10000000000" } else { "" };
        let command = Command::Object { name, contact: contact.to_owned(), text: (*text).to_owned() };
        Deed { actor: Actor::applicant("群众", self.village()), command }
    }

    /// What must be recorded before the step can end: answers, extensions, corrections.
    fn beforehand(
        &mut self,
        county: &County,
        step: &Step,
        state: &State,
        now: DateTime,
    ) -> Result<Option<Command>, String> {
        match &*step.name {
            "异议复查" => Ok(self.on_objection(county, state, now)),
            "受理" if self.fate.way == Way::Supplements && state.done.iter().any(|d| &*d.step == "补正") => {
                self.fate.way = Way::Plain;
                let rows = application::member_rows(&self.family, now.date(), false);
                self.correct(county, &rows, "家庭成员", "补正材料", now).map(Some)
            }
            "定期复核" if self.fate.later != Later::Steady => {
                let line = county.line(self.village(), self.family.urban, now);
                let rows = self.change_of_means(line, now);
                self.fate.later = Later::Steady;
                match rows {
                    Some(rows) => self.correct(county, &rows, "收入", "复核入户", now).map(Some),
                    None => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    fn on_objection(&mut self, county: &County, state: &State, now: DateTime) -> Option<Command> {
        if let Some(objection) = state.unanswered().next() {
            let text = "经核实，所反映的店铺和车辆都不属于该家庭；调查结果和票据可在乡镇查看。".to_owned();
            return Some(Command::Answer { number: objection.number, finding: "不成立".to_owned(), text });
        }
        let Way::Objection { extend: true, signed } = self.fate.way else { return None };
        self.fate.way = Way::Objection { extend: false, signed };
        let standings = limits::standings(county.guide, state, &county.bureau.calendar);
        let limit = standings.into_iter().find(|limit| &*limit.name == "审核确认" && now <= limit.due.at)?;
        Some(Command::Extend { limit: limit.name, reason: "公示有异议".to_owned() })
    }

    fn change_of_means(&mut self, line: u32, now: DateTime) -> Option<Entries> {
        let percent = match self.fate.later {
            Later::EarnsMore | Later::ReportsChange => self.dice.between(55, 96),
            Later::EarnsLess => self.dice.between(3, 20),
            Later::FindsWork => {
                let grown = |m: &&mut super::families::Member| {
                    (18..60).contains(&m.age(now.date())) && !m.severely_disabled() && !m.away
                };
                self.family.members.iter_mut().find(grown)?.work = Work::Wage;
                self.found_work = true;
                self.dice.between(115, 170)
            }
            Later::GrowsRich => self.dice.between(125, 220),
            _ => return None,
        };
        Some(application::income_rows(&self.family, line * percent / 100, &mut self.dice))
    }

    fn correct(
        &self,
        county: &County,
        rows: &Entries,
        what: &str,
        source: &str,
        now: DateTime,
    ) -> Result<Command, String> {
        let facts = county.read(&county.guide.form, rows, now, false)?;
        let reason = format!("按{source}核实的情况更正“{what}”");
        Ok(Command::Correct { facts, valid_from: now.date(), reason, source: source.to_owned() })
    }

    fn complete(
        &mut self,
        county: &County,
        step: &Step,
        state: &State,
        actor: Actor,
        now: DateTime,
    ) -> Result<Deed, String> {
        if step.kind == StepKind::Wait {
            self.ending = match self.fate.later {
                Later::Dies => Some("保障对象全部死亡"),
                Later::GivesUp => Some("家庭自愿放弃"),
                Later::BecomesDestitute => Some("转为特困供养"),
                _ => None,
            };
            if self.ending.is_some() {
                self.fate.later = Later::Steady;
            }
        }
        let scene = Scene {
            family: &self.family,
            now,
            answer: self.fate.registries,
            found_work: self.found_work,
            ending: self.ending,
            contested: !state.objections.is_empty() || !state.filed.is_empty(),
        };
        let entries = steps::entries(&step.name, &scene, &mut self.dice);
        let facts = county.read(&step.form, &entries, now, true)?;
        let outcome = match step.kind {
            StepKind::Meeting | StepKind::Form => None,
            _ => Some(self.outcome(county, step, state, &facts, now)?),
        };
        let reason = outcome.as_deref().map(|o| steps::reason(o, &mut self.dice)).unwrap_or_default();
        let with = self.company(county, step, state, &actor)?;
        let materials = county.album.materials(county.guide, &step.name, &mut self.dice);
        Ok(Deed { actor, command: complete(step, outcome, facts, reason, with, materials) })
    }

    /// Of the outcomes that suit the family's fate, the first that the guide's conditions leave open.
    fn outcome(
        &self,
        county: &County,
        step: &Step,
        state: &State,
        facts: &Facts,
        now: DateTime,
    ) -> Result<Arc<str>, String> {
        let wishes = self.wishes(&step.name, state);
        let mut wanted = step.outcomes.iter().filter(|o| wishes.is_empty() || wishes.contains(&&*o.name));
        let first = wanted.clone().next().ok_or_else(|| format!("“{}”没有结果{wishes:?}", step.name))?;
        if wanted.clone().count() == 1 {
            return Ok(first.name.clone());
        }
        let evaluation = county.evaluation(state, facts, now);
        let open = wanted.find(|o| outcome_open(&evaluation, step, o).is_ok());
        open.map(|o| o.name.clone()).ok_or_else(|| {
            let why = outcome_open(&evaluation, step, first).err().map(|r| r.to_string()).unwrap_or_default();
            format!("“{}”没有可选的结果：{why}", step.name)
        })
    }

    /// Outcomes by fate; empty where every outcome suits and the formulas choose.
    fn wishes(&self, step: &str, state: &State) -> &'static [&'static str] {
        let had = |outcome: &str| state.done.iter().any(|d| &*d.outcome == outcome);
        match (step, self.fate.way) {
            ("受理", Way::Supplements | Way::NeverSupplements) if !had("一次性告知") => &["一次性告知"],
            ("受理", Way::NotHere) => &["不予受理"],
            ("受理", _) => &["受理"],
            ("信息核对", _) => match self.fate.registries {
                steps::Registries::Differ => &["与申报不符"],
                steps::Registries::Silent => &["部分未答复"],
                steps::Registries::Agree => &["核对完成"],
            },
            ("核对告知", _) => &["无异议"],
            ("入户调查", Way::Uncooperative) => &["家庭不配合"],
            ("入户调查", _) => &["调查完成"],
            ("配合催告", _) => &["终止审核"],
            ("审核", Way::TownReturns) if !had("退回调查") => &["退回调查"],
            ("审核", _) => &["拟予确认", "拟不予确认"],
            ("异议复查", _) => &["组织评议"],
            ("县级审查", Way::CountyReturns) if !had("退回补查") => &["退回补查"],
            ("县级审查", _) => &["提请确认"],
            ("确认", _) => &["给予家庭低保", "给予单人低保", "认定低保边缘", "不予确认"],
            ("在保", _) if self.ending.is_some() => &["停止"],
            ("在保", _) => &["变化"],
            ("听取意见", _) => &["已听取"],
            ("终止核实", _) => &["情况属实"],
            ("终止确认", _) => &["终止"],
            _ => &[],
        }
    }

    fn actor(&mut self, county: &County, step: &Step, state: &State) -> Result<Actor, String> {
        if &*step.role == casework::APPLICANT && self.channel == Channel::Online {
            return Ok(self.applicant());
        }
        let role = if &*step.role == casework::APPLICANT { "乡镇经办" } else { &step.role };
        let barred = |done: &Arc<str>| step.kind == StepKind::Approve || step.not_with.contains(done);
        let avoid: Vec<Arc<str>> =
            state.handlers().filter(|(done, _)| barred(done)).map(|(_, by)| by.id.clone()).collect();
        self.somebody(county, role, Some(state), &avoid)
    }

    /// Village posts are taken by whoever is nearest; the others share the cases out between them.
    fn somebody(
        &self,
        county: &County,
        role: &str,
        state: Option<&State>,
        avoid: &[Arc<str>],
    ) -> Result<Actor, String> {
        let able = county.office.able(role, self.village(), state, avoid);
        let nearest = able.first().map(|a| a.region).ok_or_else(|| format!("没有可以承办的{role}"))?;
        let near: Vec<&&Actor> = able.iter().filter(|a| a.region == nearest).collect();
        Ok((**near[self.number % near.len()]).clone())
    }

    /// The second person of a visit: the village officer.
    fn company(&self, county: &County, step: &Step, state: &State, actor: &Actor) -> Result<Vec<Actor>, String> {
        if step.people < 2 {
            return Ok(Vec::new());
        }
        let avoid = [actor.id.clone()];
        Ok(vec![self.somebody(county, "村级协理员", Some(state), &avoid)?])
    }
}

fn complete(
    step: &Step,
    outcome: Option<Arc<str>>,
    facts: Facts,
    reason: &str,
    with: Vec<Actor>,
    materials: Vec<(Arc<str>, File)>,
) -> Command {
    Command::Complete { step: step.name.clone(), outcome, facts, reason: reason.to_owned(), with, materials }
}

/// The working days that a step usually takes at most.
fn days_of(step: &Step) -> u32 {
    match step.clock {
        StepClock::Fixed(Clock::WorkingDays(n)) => n,
        StepClock::Fixed(Clock::Days(n)) => n * 5 / 7,
        StepClock::Fixed(Clock::Immediate) => 1,
        _ => 2,
    }
}

impl County<'_> {
    /// Entries as typed become facts, by the same way as those of people.
    fn read(&self, form: &Form, entries: &Entries, now: DateTime, complete: bool) -> Result<Facts, String> {
        let reader = Reader { regions: &self.bureau.regions, region: self.bureau.region, today: now.date() };
        let facts = if complete { reader.read(form, entries) } else { reader.read_some(form, entries) };
        facts.map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(|e| format!("{}：{}", e.path, e.message)).collect();
            errors.join("；")
        })
    }

    /// The figures if the step's form were already stated.
    fn evaluation(&self, state: &State, facts: &Facts, now: DateTime) -> Evaluation {
        let mut known = facts_of_case(self.guide, state, now.date(), now);
        known.extend(facts.iter().cloned());
        let overlay = Overlay::default();
        let chain = self.bureau.chain(state.region);
        let rates = RatesAt { table: &self.guide.rates, regions: &chain, date: now.date(), overlay: &overlay };
        self.guide.program.evaluate(&Inputs { facts: &known, rates: &rates })
    }

    /// Yuan a month and head by which incomes are drawn; 500 where the guide has no value in force.
    fn line(&self, place: RegionCode, urban: bool, now: DateTime) -> u32 {
        let name = if urban { "城市低保标准" } else { "农村低保标准" };
        let row = self.guide.rates.lookup(name, &self.bureau.chain(place), now.date());
        row.ok().and_then(|row| row.value.trunc().try_into().ok()).unwrap_or(500)
    }
}
