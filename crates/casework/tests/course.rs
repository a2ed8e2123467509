//! Random courses of a toy case: whatever people try, in whatever order, the invariants of `decide` hold.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use base::{Calendar, DateTime, RegionCode, Regions};
use casework::command::{Actor, Command};
use casework::decide::{Circumstances, answer};
use casework::event::{CaseId, Channel, Entry, Event, Facts};
use casework::intake::{Entries, Reader};
use casework::{Bureau, Refusal, State};
use guide::{Guide, Overlay, StepKind};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const DIVISIONS: &str = "code,level,name,parent\n410000000000,province,河南省,\n410300000000,city,洛阳市,410000000000\n\
410325000000,county,嵩县,410300000000\n410325101000,township,田湖镇,410325000000\n410325101998,village,盛源村村民委员会,410325101000\n";
const VILLAGE: &str = "410325101998";

fn bureau() -> Bureau {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/toy");
    let mut files = BTreeMap::new();
    collect(&folder, &folder, &mut files);
    let regions = Regions::parse(&[DIVISIONS]).expect("the divisions are sound");
    let read = guide::read(&files, Some(&regions)).unwrap_or_else(|findings| panic!("{}", findings.render()));
    Bureau {
        name: "菜园".to_owned(),
        region: RegionCode::parse("410325000000").expect("a county"),
        guides: read.guides,
        editions: BTreeMap::new(),
        calendar: Calendar::parse("date,kind,name\n").expect("a calendar that knows weekends"),
        regions,
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for item in std::fs::read_dir(folder).expect("tests/toy is there") {
        let path = item.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|e| e == "md") {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

/// One attempt: who, what, and how much later.
#[derive(Clone, Debug)]
struct Attempt {
    actor: usize,
    action: u8,
    outcome: usize,
    hours: u16,
    votes: (u32, u32, u32),
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let votes = (0..8u32, 0..8u32, 0..3u32);
    (0..6usize, 0..10u8, 0..4usize, 0..200u16, votes).prop_map(|(actor, action, outcome, hours, votes)| Attempt {
        actor,
        action,
        outcome,
        hours,
        votes,
    })
}

struct Play<'a> {
    bureau: &'a Bureau,
    guide: &'a Guide,
    now: DateTime,
    entries: Vec<Entry>,
    state: Option<State>,
}

impl Play<'_> {
    fn actor(&self, index: usize) -> Actor {
        let region = |code: &str| RegionCode::parse(code).expect("a code");
        let staff = [
            ("社区干事", "甲", "410325101000"),
            ("社区干事", "乙", "410325101000"),
            ("园地管理员", "甲", VILLAGE),
            ("社区主任", "甲", "410325101000"),
            ("监事", "甲", "410325000000"),
        ];
        match staff.get(index) {
            None => Actor::applicant("申请人", self.bureau.region),
            Some((role, letter, code)) => Actor {
                id: format!("{role}{letter}").into(),
                name: format!("{role}{letter}").into(),
                role: (*role).into(),
                region: region(code),
                number: None,
            },
        }
    }

    /// Mostly somebody who holds the open step, so that courses come far; otherwise anybody.
    fn who(&self, attempt: &Attempt) -> usize {
        let open = self.state.as_ref().and_then(|s| s.open.as_ref()).and_then(|o| self.guide.step(&o.step));
        match open.map(|step| &*step.role) {
            Some("社区干事") if !attempt.hours.is_multiple_of(4) => attempt.actor % 2,
            Some("园地管理员") if !attempt.hours.is_multiple_of(4) => 2,
            Some("社区主任") if !attempt.hours.is_multiple_of(4) => 3,
            _ => attempt.actor,
        }
    }

    fn facts(&self, form: &guide::Form, entries: &[(&str, String)]) -> Facts {
        let typed: Entries = entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let reader = Reader { regions: &self.bureau.regions, region: self.bureau.region, today: self.now.date() };
        reader.read(form, &typed).unwrap_or_default()
    }

    fn command(&self, attempt: &Attempt) -> Command {
        let text = || "因为".to_owned();
        let Some(open) = self.state.as_ref().and_then(|s| s.open.as_ref()) else {
            let typed = [
                ("认领人", "春泥".to_owned()),
                ("认领人证件号", "410325197001010019".to_owned()),
                ("所在社区", VILLAGE.to_owned()),
                ("家庭人数", (attempt.outcome + 2).to_string()),
                ("用途", "种菜".to_owned()),
                (
                    "亲属申报.1.工作人员姓名",
                    if attempt.hours.is_multiple_of(5) { "社区主任甲".to_owned() } else { String::new() },
                ),
                ("亲属申报.1.关系", if attempt.hours.is_multiple_of(5) { "父母".to_owned() } else { String::new() }),
            ];
            let facts = self.facts(&self.guide.form, &typed);
            return Command::Apply { channel: Channel::Online, facts, materials: Vec::new(), former: None };
        };
        match attempt.action {
            0 => Command::Post { materials: Vec::new() },
            1 => Command::Object { name: None, contact: String::new(), text: text() },
            2 => Command::Answer { number: 1, finding: text(), text: text() },
            3 => Command::Wake,
            4 => Command::Extend { limit: "办结".into(), reason: "连续下雨".to_owned() },
            _ => {
                let step = self.guide.step(&open.step).expect("an open step is in the guide");
                let (yes, no, abstain) = attempt.votes;
                let typed = [
                    ("地块编号", "B1".to_owned()),
                    ("实测面积", "24".to_owned()),
                    ("撂荒", "否".to_owned()),
                    ("应到人数", "9".to_owned()),
                    ("实到人数", (yes + no + abstain).to_string()),
                    ("同意票", yes.to_string()),
                    ("不同意票", no.to_string()),
                    ("弃权票", abstain.to_string()),
                    ("会议记录", text()),
                ];
                let own: Vec<_> = typed.into_iter().filter(|(name, _)| step.form.field(name).is_some()).collect();
                let outcome = step.outcomes.get(attempt.outcome).map(|o| o.name.clone());
                let free = matches!(step.kind, StepKind::Meeting | StepKind::Notice);
                Command::Complete {
                    step: step.name.clone(),
                    outcome: if free { None } else { outcome },
                    facts: self.facts(&step.form, &own),
                    reason: text(),
                    with: if step.people > 1 { vec![self.actor((attempt.actor + 1) % 2)] } else { Vec::new() },
                    materials: Vec::new(),
                }
            }
        }
    }

    fn ask(&self, actor: &Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let kin = Vec::new();
        let around = Circumstances {
            bureau: self.bureau,
            now: self.now,
            case: CaseId("CD202600001".into()),
            kin: &kin,
            others: &[],
            overlay: &Overlay::default(),
            letter_number: &|_, _| 1,
        };
        answer(self.guide, self.state.as_ref(), actor, command, &around)
    }

    fn play(&mut self, attempt: &Attempt) -> Result<(), TestCaseError> {
        self.now = self.now.saturating_add(jiff::Span::new().hours(i64::from(attempt.hours)));
        let command = self.command(attempt);
        let actor =
            if command == Command::Wake { Actor::clock(self.bureau.region) } else { self.actor(self.who(attempt)) };
        let first = self.ask(&actor, &command);
        prop_assert_eq!(&first, &self.ask(&actor, &command), "decide is pure");
        let Ok(events) = first else { return Ok(()) };
        prop_assert!(!events.is_empty());
        let before = self.state.clone();
        for event in events {
            let entry = Entry { at: self.now, by: actor.by(), event };
            match &mut self.state {
                Some(state) => state.apply(&entry),
                None => self.state = State::begin(&entry),
            }
            self.entries.push(entry);
        }
        prop_assert_eq!(&State::fold(&self.entries), &self.state, "replaying gives the same state");
        self.check(before.as_ref(), &actor)
    }

    /// What no order of commands may bring about.
    fn check(&self, before: Option<&State>, actor: &Actor) -> Result<(), TestCaseError> {
        let (Some(before), Some(after)) = (before, &self.state) else { return Ok(()) };
        let decided = after.decisions.len() > before.decisions.len();
        let running = before.notices.iter().filter_map(|n| n.last_day).any(|last| self.now.date() <= last);
        let answered = after.done.last().is_some_and(|d| &*d.outcome == "有异议");
        if decided {
            prop_assert!(!running || answered || before.objections.len() == after.objections.len());
            prop_assert_eq!(before.unanswered().count(), 0, "a decision waits for every objection");
            let step = after.decisions.last().map(|d| d.step.clone()).unwrap_or_default();
            let kind = self.guide.step(&step).map(|s| s.kind);
            if kind == Some(StepKind::Approve) {
                prop_assert!(before.handlers().all(|(_, by)| by.id != actor.id), "the handler is not the approver");
            }
        }
        let ended = before.open.as_ref().and_then(|o| self.guide.step(&o.step)).filter(|s| s.kind == StepKind::Notice);
        if let Some(step) = ended
            && after.open.as_ref().map(|o| &o.step) != Some(&step.name)
            && after.done.last().is_some_and(|d| &*d.outcome == "无异议")
        {
            let last = before.running_notice(&step.name).and_then(|n| n.last_day);
            prop_assert!(last.is_some_and(|l| self.now.date() > l), "publicity runs its full time");
        }
        if after.done.len() > before.done.len() && !actor.is_clock() && !actor.is_applicant() {
            prop_assert!(before.filed.iter().all(|f| f.staff != actor.id), "a relative does nothing");
        }
        prop_assert!(
            &*actor.role != "监事"
                || after.done.len() == before.done.len()
                || after.objections.len() > before.objections.len(),
            "who only reads does nothing"
        );
        Ok(())
    }
}

#[test]
fn whatever_people_try_the_invariants_hold() {
    let bureau = bureau();
    let guide = bureau.guides.service("plot").expect("the toy service");
    let decided = Cell::new(0_u32);
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(attempt(), 1..120), |attempts| {
        let now = DateTime::constant(2026, 3, 2, 9, 0, 0, 0);
        let mut play = Play { bureau: &bureau, guide, now, entries: Vec::new(), state: None };
        attempts.iter().try_for_each(|attempt| play.play(attempt))?;
        decided.set(decided.get() + u32::from(play.state.is_some_and(|s| !s.decisions.is_empty())));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(decided.get() > 20, "only {} courses came as far as a decision", decided.get());
}
