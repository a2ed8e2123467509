//! Random histories of commands: whatever comes, the rules hold, and every interesting state is reached.

mod common;

use std::collections::BTreeMap;

use bureau::Failure;
use casework::{Command, Event, Status};
use common::{CASE, act, at, citizen, look, open, relook, send, staff, submit};

/// A small generator with a fixed seed: histories must be the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[test]
fn random_histories_reach_everything_and_break_nothing() {
    let mut reached: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 1..=120_u64 {
        let folder = tempfile::tempdir().unwrap();
        let bureau = open(folder.path());
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let soil = ["沙土", "黏土"][chance.below(2) as usize];
        let area = ["30", "20", "5"][chance.below(3) as usize];
        send(&bureau, &[citizen("张三")], submit(area, soil), "2026-03-02 09:00", "first").unwrap();
        let mut now = at("2026-03-02 10:00");
        for turn in 0..60 {
            now = now.saturating_add(jiff::SignedDuration::from_hours(chance.below(40) as i64));
            let names = ["甲", "乙", "丙", "丁", "戊", "己"];
            let name = names[chance.below(6) as usize];
            let second = names[chance.below(6) as usize];
            let (who, command) = match chance.below(14) {
                0 => (
                    vec![staff(name, "园丁")],
                    act("accept", Some(["受理", "受理", "受理", "不予受理"][chance.below(4) as usize]), &[]),
                ),
                1 | 2 => (vec![staff(name, "看地员"), staff(second, "看地员")], look(area)),
                3 => (vec![staff(name, "看地员")], look(area)),
                4 => (vec![staff(second, "看地员")], Command::Sign { step: "look".into() }),
                5 => (vec![staff(name, "档案员")], act("files", None, &[("结果", "相符")])),
                6 => (vec![staff(name, "园长")], act("talk", None, &[("应到", "5"), ("实到", "5")])),
                7 | 8 => (vec![staff(name, "园丁")], act("post", None, &[])),
                9 => {
                    let text = "地不是他的".to_owned();
                    (vec![citizen("邻居")], Command::Object { step: "post".into(), by: None, contact: None, text })
                }
                10 => (vec![staff(name, "看地员")], relook(chance.below(2) == 0)),
                11 | 12 => {
                    let word = ["给地", "给地", "不给", "退回"][chance.below(4) as usize];
                    let post = if chance.below(9) == 0 { "园丁" } else { "园林官" };
                    (vec![staff(name, post)], act("allot", Some(word), &[]))
                }
                _ if chance.below(12) == 0 => (vec![citizen("张三")], act("drop", None, &[])),
                _ => (vec![casework::Actor::system()], Command::Tick),
            };
            let key = format!("{seed}-{turn}");
            let order = bureau::Order { key, people: who, case: Some(CASE.into()), command, secret: None, now };
            match bureau.execute(&order) {
                Ok(_) => *reached.entry("accepted").or_default() += 1,
                Err(Failure::Refused(refusals)) => {
                    *reached.entry("refused").or_default() += 1;
                    for refusal in refusals {
                        let code: &'static str = Box::leak(refusal.code.to_string().into_boxed_str());
                        *reached.entry(code).or_default() += 1;
                    }
                }
                Err(Failure::Fault(fault)) => panic!("{fault}"),
            }
        }
        look_at(&bureau, &mut reached);
    }
    for wanted in [
        "grant",
        "objection",
        "return",
        "signature",
        "closed",
        "skipped",
        "R101",
        "R102",
        "R103",
        "R104",
        "R110",
        "R112",
        "R113",
    ] {
        assert!(reached.get(wanted).is_some_and(|times| *times > 2), "{wanted} was hardly reached: {reached:?}");
    }
}

/// What must hold of every history, and what it reached.
fn look_at(bureau: &bureau::Bureau, reached: &mut BTreeMap<&str, u32>) {
    let records = bureau.store.records(CASE).unwrap();
    let state = bureau.store.state(CASE).unwrap().unwrap();
    let mut count = |what, times: usize| *reached.entry(what).or_default() += times as u32;
    count("grant", state.grants.len());
    count("objection", state.objections.len());
    count("return", state.steps.iter().filter(|i| i.step == "accept" && i.round > 1).count());
    count("signature", records.iter().filter(|r| matches!(r.event, Event::StepAwaited { .. })).count());
    count("skipped", state.steps.iter().filter(|i| i.status == Status::Skipped).count());
    count("closed", usize::from(state.closed.is_some()));
    assert!(bureau.store.verify().unwrap().problems.is_empty());
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
    let people = |step: &str| -> Vec<String> {
        let done = state.steps.iter().filter(|i| i.step == step && i.status == Status::Done);
        done.flat_map(|i| i.people.iter().map(|p| p.id.clone())).collect()
    };
    // Who handles does not approve; a visit takes two; a notice hangs its time; the end ends everything.
    for granter in state.grants.iter().flat_map(|_| people("allot")) {
        assert!(
            !people("accept").contains(&granter) && !people("look").contains(&granter),
            "{granter} approved what they handled"
        );
    }
    for visit in state.steps.iter().filter(|i| i.step == "look" && i.status == Status::Done) {
        assert!(visit.people.len() == 2 && visit.people[0].id != visit.people[1].id);
    }
    for notice in &state.notices {
        let instance = state.instance(notice.instance).unwrap();
        assert!(instance.done_at.is_none_or(|done| done >= notice.until.at), "a notice was cut short");
        let allotted = state.steps.iter().filter(|i| i.step == "allot" && i.id > instance.id).filter_map(|i| i.done_at);
        assert!(notice.void || allotted.into_iter().all(|done| done > notice.until.at));
    }
    if state.closed.is_some() {
        assert_eq!(state.live().count(), 0);
    } else {
        assert!(state.live().count() > 0, "a case got stuck: {:?}", state.steps);
    }
}
