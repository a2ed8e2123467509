//! Clocks: they stop once when their step is done, run again on a way back, and never start later than they first did.

mod common;

use bureau::Bureau;
use casework::event::Datum;
use casework::{Command, Event, State};
use common::{CASE, act, citizen, granted, look, open, send, staff, submit};

fn state(bureau: &Bureau) -> State {
    bureau.store.state(CASE).unwrap().unwrap()
}

/// How often a clock was set and how often it was stopped.
fn told(bureau: &Bureau, name: &str) -> (usize, usize) {
    let records = bureau.store.records(CASE).unwrap();
    let set = records.iter().filter(|r| matches!(&r.event, Event::ClockSet { clock, .. } if clock == name)).count();
    let stopped = records.iter().filter(|r| matches!(&r.event, Event::ClockStopped { clock } if clock == name)).count();
    (set, stopped)
}

#[test]
fn a_clock_is_set_once_and_stopped_once() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    // A length that a region sets: twelve days from 2 March.
    assert_eq!(state(&bureau).clocks["看护期"].due.at.date().to_string(), "2026-03-16", "the 14th is a Saturday");
    assert_eq!([told(&bureau, "全程"), told(&bureau, "查档期"), told(&bureau, "公布期")], [(1, 1), (1, 1), (1, 1)]);
    let state = state(&bureau);
    // It stopped when its step was done, not when the case ended.
    assert_eq!(state.clocks["查档期"].stopped_at.unwrap().to_string(), "2026-03-03T10:00:00");
    assert_eq!(state.clocks["全程"].stopped_at, state.closed.map(|(_, at)| at));
    // A length ends with its notice, at the moment at which that fell due.
    assert_eq!(state.clocks["公布期"].stopped_at, Some(state.notices[0].until.at));
}

#[test]
fn a_way_back_never_lengthens_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let accept = |when: &str, key: &str| {
        send(&bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), when, key).unwrap();
    };
    send(&bureau, &[citizen("张三")], submit("30", "沙土"), "2026-03-02 09:00", "1").unwrap();
    assert!(state(&bureau).clocks.is_empty(), "nothing runs before acceptance");
    accept("2026-03-02 10:00", "2");
    let first = state(&bureau).clocks;
    assert_eq!(first["查档期"].due.at.date().to_string(), "2026-03-05");
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    send(&bureau, &both, look("30"), "2026-03-03 09:00", "3").unwrap();
    send(&bureau, &[staff("丁", "档案员")], act("files", None, &[("结果", "相符")]), "2026-03-03 10:00", "4").unwrap();
    assert!(state(&bureau).clocks["查档期"].stopped_at.is_some() && state(&bureau).clocks["全程"].stopped_at.is_none());
    send(&bureau, &[staff("甲", "园丁")], act("post", None, &[]), "2026-03-04 09:00", "5").unwrap();
    send(&bureau, &[staff("戊", "园林官")], act("allot", Some("退回"), &[]), "2026-03-10 10:00", "6").unwrap();
    accept("2026-03-11 10:00", "7");
    let again = state(&bureau).clocks;
    assert_eq!(again["全程"].due, first["全程"].due);
    assert_eq!((again["全程"].stopped_at, again["查档期"].stopped_at), (None, None), "both run again");
    assert_eq!(again["查档期"].due, first["查档期"].due);
}

#[test]
fn a_clock_begins_where_its_row_says() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let Command::Submit { case, service, start, mut input, draw, over, .. } = submit("30", "黏土") else { panic!() };
    input.values.insert("sowing".into(), Datum::Text("2026-04-01".into()));
    send(
        &bureau,
        &[citizen("张三")],
        Command::Submit { case, service, start, input, draw, over, subject: None },
        "2026-03-02 09:00",
        "1",
    )
    .unwrap();
    // A field of the case: thirty days after 1 April are 1 May, a holiday; work is taken up again on the 6th.
    assert_eq!(state(&bureau).clocks["播种期"].due.at.date().to_string(), "2026-05-06");
    send(&bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 10:00", "2").unwrap();
    send(&bureau, &[staff("丁", "档案员")], act("files", None, &[("结果", "相符")]), "2026-03-03 10:00", "3").unwrap();
    assert!(!state(&bureau).clocks.contains_key("评议期"), "what waits for others has not begun");
    assert_eq!(state(&bureau).clocks["评议前"].stopped_at, None, "nor has what must begin by then");
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    send(&bureau, &both, look("30"), "2026-03-05 09:00", "4").unwrap();
    assert_eq!(state(&bureau).clocks["评议期"].due.at.date().to_string(), "2026-03-10");
    assert_eq!(state(&bureau).clocks["评议前"].stopped_at.unwrap().to_string(), "2026-03-05T09:00:00");
    assert!(!state(&bureau).clocks.contains_key("看护期"), "half a day is no length");
}

#[test]
fn the_clock_of_a_step_that_is_skipped_never_begins() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    assert_eq!(told(&bureau, "评议期"), (0, 0));
}

#[test]
fn what_does_not_count_is_added_and_told() {
    let due = |soil: &str| {
        let folder = tempfile::tempdir().unwrap();
        let bureau = open(folder.path());
        send(&bureau, &[citizen("张三")], submit("30", soil), "2026-03-02 09:00", "1").unwrap();
        send(&bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 10:00", "2").unwrap();
        let first = state(&bureau).clocks;
        assert_eq!(first["办理期"].due.at.date().to_string(), "2026-03-30");
        assert_eq!(first["自然期"].due.at.date().to_string(), "2026-04-01");
        assert!(!first["办理期"].due.explained.contains("不计"));
        send(&bureau, &[staff("丁", "档案员")], act("files", None, &[("结果", "相符")]), "2026-03-03 10:00", "3")
            .unwrap();
        let both = [staff("乙", "看地员"), staff("丙", "看地员")];
        send(&bureau, &both, look("30"), "2026-03-04 09:00", "4").unwrap();
        if soil == "黏土" {
            let talk = act("talk", None, &[("应到", "5"), ("实到", "5")]);
            send(&bureau, &[staff("庚", "园长")], talk, "2026-03-04 09:00", "5").unwrap();
        }
        // Until it is posted the notice is somebody's work, and the time counts.
        send(&bureau, &[staff("甲", "园丁")], act("post", None, &[]), "2026-03-06 09:00", "6").unwrap();
        send(&bureau, &[casework::Actor::system()], Command::Tick, "2026-03-10 09:00", "7").unwrap();
        let clocks = state(&bureau).clocks;
        ["办理期", "自然期"].map(|name| (clocks[name].due.at.date().to_string(), clocks[name].due.explained.clone()))
    };
    // The visit stood open for two working days; the notice hung from Friday the 6th to Monday the 9th, one of them.
    let [working, natural] = due("沙土");
    assert_eq!(working.0, "2026-04-02");
    assert!(working.1.ends_with("，其中“看地”的2天不计，其中“公布”的1天不计"), "{}", working.1);
    assert_eq!(natural.0, "2026-04-07", "1 April and three days are a Saturday, then Qingming");
    assert!(natural.1.ends_with("，其中“公布”的3天不计"), "{}", natural.1);
    assert_eq!(due("黏土")[0].0, "2026-04-01", "only the visit is left out");
}
