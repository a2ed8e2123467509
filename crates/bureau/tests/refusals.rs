//! What a bureau refuses, with which number and which words.

mod common;

use std::collections::BTreeMap;

use bureau::{Bureau, Failure};
use casework::event::Datum;
use casework::{Actor, Code, Command, Input};
use common::{act, citizen, code, look, open, send, staff, submit};

/// The one refusal of a command: its number and its text.
fn told(bureau: &Bureau, who: &[Actor], command: Command, when: &str) -> (Code, String) {
    match send(bureau, who, command, when, &format!("{when} {who:?}")) {
        Err(Failure::Refused(refusals)) => match refusals.as_slice() {
            [refusal] => (refusal.code, refusal.text.clone()),
            many => panic!("more than one refusal: {many:?}"),
        },
        other => panic!("not refused: {other:?}"),
    }
}

fn start(soil: &str) -> (tempfile::TempDir, Bureau) {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    send(&bureau, &[citizen("张三")], submit("30", soil), "2026-03-02 09:00", "s1").unwrap();
    (folder, bureau)
}

fn accept(bureau: &Bureau) {
    send(bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 10:00", "s2").unwrap();
}

fn files() -> Command {
    act("files", None, &[("结果", "相符")])
}

fn remark() -> Command {
    let values = BTreeMap::from([("remark".to_owned(), Datum::Text("还想种豆".into()))]);
    Command::Do { step: "remark".into(), conclusion: None, input: Input { values, ..Input::default() } }
}

#[test]
fn a_step_that_is_not_open_says_what_is_awaited_or_that_it_was_done() {
    let (_folder, bureau) = start("沙土");
    let officer = [staff("戊", "园林官")];
    let allot = || act("allot", Some("给地"), &[]);
    let (code, text) = told(&bureau, &officer, allot(), "2026-03-02 09:30");
    assert_eq!((code, &*text), (Code::R104, "“分配”现在不能办；正在等：受理"));
    accept(&bureau);
    // All that is open comes after it: it was done.
    let (code, text) = told(&bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 11:00");
    assert_eq!((code, &*text), (Code::R113, "“受理”已经办过了"));
    let archivist = [staff("丁", "档案员")];
    send(&bureau, &archivist, files(), "2026-03-03 09:00", "s3").unwrap();
    // Done, but what is open beside it does not come after it.
    let (code, text) = told(&bureau, &archivist, files(), "2026-03-03 09:30");
    assert_eq!((code, &*text), (Code::R104, "“查档”现在不能办；正在等：看地、评议"));
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    send(&bureau, &both, look("30"), "2026-03-03 10:00", "s4").unwrap();
    send(&bureau, &[staff("甲", "园丁")], act("post", None, &[]), "2026-03-04 09:00", "s5").unwrap();
    let (code, text) = told(&bureau, &officer, allot(), "2026-03-05 09:00");
    assert_eq!(
        (code, &*text),
        (Code::R104, "“分配”现在不能办；正在等：公布，公示到 2026-03-09 结束"),
        "three days from the posting end on a Saturday"
    );
    // Skipped is not done, though all that is open comes after it.
    let talk = act("talk", None, &[("应到", "5"), ("实到", "5")]);
    assert_eq!(told(&bureau, &[staff("庚", "园长")], talk, "2026-03-05 10:00").0, Code::R104);
    send(&bureau, &officer, act("allot", Some("退回"), &[]), "2026-03-10 09:00", "s6").unwrap();
    let rounds = |step: &str| -> Vec<u32> {
        let state = bureau.store.state(common::CASE).unwrap().unwrap();
        state.steps.iter().filter(|i| i.step == step).map(|i| i.round).collect()
    };
    assert_eq!((rounds("accept"), rounds("look")), (vec![1, 2], vec![1]));
    // The visit was done in the first round, but acceptance stands before it again.
    let (code, text) = told(&bureau, &both, look("30"), "2026-03-10 10:00");
    assert_eq!((code, &*text), (Code::R104, "“看地”现在不能办；正在等：受理"));
}

#[test]
fn a_side_step_is_open_only_between_its_steps() {
    let (_folder, bureau) = start("沙土");
    let grower = [citizen("张三")];
    assert_eq!(told(&bureau, &grower, remark(), "2026-03-02 09:30").0, Code::R104, "before 看地");
    accept(&bureau);
    send(&bureau, &grower, remark(), "2026-03-02 11:00", "s3").unwrap();
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    send(&bureau, &both, look("30"), "2026-03-03 10:00", "s4").unwrap();
    send(&bureau, &[staff("丁", "档案员")], files(), "2026-03-03 11:00", "s5").unwrap();
    send(&bureau, &grower, remark(), "2026-03-03 12:00", "s6").unwrap();
    send(&bureau, &[staff("甲", "园丁")], act("post", None, &[]), "2026-03-04 09:00", "s7").unwrap();
    send(&bureau, &grower, remark(), "2026-03-05 09:00", "s8").unwrap();
    assert_eq!(told(&bureau, &grower, remark(), "2026-03-10 09:00").0, Code::R104, "after 公布 ended");
    send(&bureau, &[staff("戊", "园林官")], act("allot", Some("退回"), &[]), "2026-03-10 10:00", "s9").unwrap();
    assert_eq!(told(&bureau, &grower, remark(), "2026-03-10 11:00").0, Code::R104, "before 看地 again");
    send(&bureau, &[staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-10 12:00", "s10").unwrap();
    send(&bureau, &grower, remark(), "2026-03-10 13:00", "s11").unwrap();
}

#[test]
fn a_required_field_is_required_behind_the_form_too() {
    let (_folder, bureau) = start("沙土");
    accept(&bureau);
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    let (code, text) = told(&bureau, &both, act("look", None, &[]), "2026-03-03 10:00");
    assert_eq!((code, &*text), (Code::R107, "没有填“面积”"));
}

#[test]
fn checks_block_ask_for_a_reason_or_only_remind() {
    let (_folder, bureau) = start("黏土");
    accept(&bureau);
    send(&bureau, &[staff("丁", "档案员")], files(), "2026-03-03 09:00", "s3").unwrap();
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    // 8 square metres are few, which is only a reminder, and not at this step.
    send(&bureau, &both, look("30"), "2026-03-03 10:00", "s4").unwrap();
    let chair = [staff("庚", "园长")];
    let few = act("talk", None, &[("应到", "5"), ("实到", "2")]);
    let (code, text) = told(&bureau, &chair, few, "2026-03-04 09:00");
    assert_eq!((code, &*text), (Code::R109, "到会过半：到会的人不够"));
    // What blocks and cannot be told blocks, and says what is missing.
    let (code, text) = told(&bureau, &chair, act("talk", None, &[]), "2026-03-04 10:00");
    assert!(code == Code::R109 && text.starts_with("到会过半：到会的人不够（"), "{text}");
    let enough = act("talk", None, &[("应到", "5"), ("实到", "3")]);
    send(&bureau, &chair, enough, "2026-03-04 11:00", "s5").unwrap();
}

/// A case with twenty-one plants, one more than go without a reason, up to its last decision.
fn with_many_plants() -> (tempfile::TempDir, Bureau) {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let Command::Submit { case, service, start, mut input, draw, over, .. } = submit("30", "沙土") else { panic!() };
    if let Some(Datum::Rows(rows)) = input.values.get_mut("crops") {
        rows[0].columns.insert("plants".into(), Datum::Text("21".into()));
    }
    send(
        &bureau,
        &[citizen("张三")],
        Command::Submit { case, service, start, input, draw, over, subject: None },
        "2026-03-02 09:00",
        "s1",
    )
    .unwrap();
    accept(&bureau);
    let steps = [
        (vec![staff("乙", "看地员"), staff("丙", "看地员")], look("30")),
        (vec![staff("丁", "档案员")], files()),
        (vec![staff("甲", "园丁")], act("post", None, &[])),
    ];
    for (i, (who, command)) in steps.into_iter().enumerate() {
        send(&bureau, &who, command, "2026-03-03 09:00", &format!("t{i}")).unwrap();
    }
    (folder, bureau)
}

#[test]
fn a_check_may_be_satisfied_by_a_reason() {
    let (_folder, bureau) = with_many_plants();
    let officer = [staff("戊", "园林官")];
    let (why, text) = told(&bureau, &officer, act("allot", Some("给地"), &[]), "2026-03-10 09:00");
    assert_eq!((why, &*text), (Code::R109, "株数不多：种得太多"));
    let give = act("allot", Some("给地"), &[("理由", "地够大，人手够")]);
    assert_eq!(code(send(&bureau, &officer, give, "2026-03-10 09:30", "t9")), None);
}

#[test]
fn a_check_of_one_conclusion_leaves_the_others_alone() {
    let (_folder, bureau) = with_many_plants();
    let back = act("allot", Some("退回"), &[]);
    assert_eq!(code(send(&bureau, &[staff("戊", "园林官")], back, "2026-03-10 09:30", "t8")), None);
}

#[test]
fn a_closed_case_says_when_and_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    common::granted(&bureau);
    let officer = [staff("戊", "园林官")];
    let (code, text) = told(&bureau, &officer, act("allot", Some("给地"), &[]), "2026-03-11 09:00");
    assert_eq!((code, &*text), (Code::R113, "这件已于 2026-03-10 办结：给地"));
}

#[test]
fn what_is_stated_holds_from_the_day_that_is_given() {
    let (_folder, bureau) = start("沙土");
    let input = Input { valid_from: Some(base::Date::constant(2026, 3, 2)), ..Input::default() };
    let today = Command::Do { step: "accept".into(), conclusion: Some("受理".into()), input };
    send(&bureau, &[staff("甲", "园丁")], today, "2026-03-02 10:00", "s2").unwrap();
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    let from = |day: i8| match look("31") {
        Command::Do { step, conclusion, input } => Command::Do {
            step,
            conclusion,
            input: Input { valid_from: Some(base::Date::constant(2026, 3, day)), ..input },
        },
        other => other,
    };
    let (code, text) = told(&bureau, &both, from(4), "2026-03-03 10:00");
    assert_eq!((code, &*text), (Code::R108, "“生效日”在今天以后"));
    send(&bureau, &both, from(1), "2026-03-03 11:00", "s3").unwrap();
    let state = bureau.store.state(common::CASE).unwrap().unwrap();
    let days = |step: &str| state.facts.iter().find(|f| f.step == step).map(|f| f.valid_from.to_string());
    assert_eq!((days("ask").as_deref(), days("look").as_deref()), (Some("2026-03-02"), Some("2026-03-01")));
}

#[test]
fn an_objection_is_in_time_to_the_last_second_and_says_something() {
    let (_folder, bureau) = with_many_plants();
    let until = bureau.store.state(common::CASE).unwrap().unwrap().notices[0].until.at;
    let object = |who: Actor, text: &str, now| {
        let key = format!("{now} {} {}", who.name, text.len());
        let command = Command::Object { step: "post".into(), by: None, contact: None, text: text.to_owned() };
        let case = Some(common::CASE.to_owned());
        match bureau.execute(&bureau::Order { key, people: vec![who], case, command, secret: None, now }) {
            Ok(_) => None,
            Err(Failure::Refused(refusals)) => Some((refusals[0].code, refusals[0].text.clone())),
            Err(Failure::Fault(fault)) => panic!("{fault}"),
        }
    };
    let neighbour = || citizen("邻居");
    let nothing = Some((Code::R107, "没有写异议的内容，或写得太长".to_owned()));
    assert_eq!(object(neighbour(), "  ", until), nothing);
    assert_eq!(object(neighbour(), &"长".repeat(5001), until), nothing);
    assert_eq!(object(Actor::system(), "不是他的", until), Some((Code::R112, "您不能对这件提出异议".into())));
    assert_eq!(object(neighbour(), &"长".repeat(5000), until), None, "the last second is in time");
    // While its round is open the notice hangs on, but it takes no more objections.
    let late = until.saturating_add(jiff::SignedDuration::from_secs(1));
    assert_eq!(object(neighbour(), "地不是他的", late), Some((Code::R112, "公示期已过".into())));
}

#[test]
fn only_a_start_opens_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    let Command::Submit { case, service, input, draw, over, .. } = submit("30", "沙土") else { panic!() };
    let borrow = Command::Submit { case, service, start: "borrow".into(), input, draw, over, subject: None };
    let (why, text) = told(&bureau, &[citizen("张三")], borrow, "2026-03-02 09:00");
    assert_eq!((why, &*text), (Code::R104, "没有这种申请"));
}

#[test]
fn a_skipped_notice_is_followed_as_if_its_time_were_over() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    send(&bureau, &[citizen("张三")], submit("5", "沙土"), "2026-03-02 09:00", "s1").unwrap();
    accept(&bureau);
    let both = [staff("乙", "看地员"), staff("丙", "看地员")];
    send(&bureau, &both, look("5"), "2026-03-03 10:00", "s4").unwrap();
    send(&bureau, &[staff("丁", "档案员")], files(), "2026-03-03 11:00", "s5").unwrap();
    let state = bureau.store.state(common::CASE).unwrap().unwrap();
    assert_eq!(state.live().map(|i| &*i.step).collect::<Vec<_>>(), ["allot"]);
    // A way back to it skips it again.
    send(&bureau, &[staff("戊", "园林官")], act("allot", Some("再公布"), &[]), "2026-03-04 09:00", "s6").unwrap();
    let state = bureau.store.state(common::CASE).unwrap().unwrap();
    let live: Vec<_> = state.live().map(|i| (&*i.step, i.round)).collect();
    assert_eq!(live, [("allot", 2)]);
}
