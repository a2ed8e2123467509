//! One test for each invariant of ARCHITECTURE.md. Those of the ledger and of submitted statistics come with these.

use std::collections::BTreeSet;

use bureau_tests::office::{Desk, Office, VILLAGE, moment, refused};
use casework::assess::evaluate_case;
use casework::{Actor, CaseId, Channel, Command, State};
use guide::Overlay;
use store::{Stop, Store, Target};

const PLOT: [(&str, &str); 5] = [
    ("认领人", "春泥"),
    ("认领人证件号", "410325197001010019"),
    ("所在社区", VILLAGE),
    ("家庭人数", "3"),
    ("用途", "种菜"),
];

/// A claim of the toy service, taken as far as the notice.
fn posted(office: &Office) -> Desk<'_> {
    let desk = Desk::apply(office, "plot", &PLOT).expect("the application");
    desk.step("社区干事甲", "登记：齐全", &[]).expect("registered");
    desk.step("社区干事甲、社区干事乙", "看地：可以耕种", &[("地块编号", "A7"), ("实测面积", "12.5")])
        .expect("measured");
    desk.give("园地管理员", Command::Post { materials: Vec::new() }).expect("posted");
    desk
}

/// The same taken to the decision.
fn decided(office: &Office) -> Desk<'_> {
    let desk = posted(office);
    office.at("2026-03-06 09:00");
    desk.step("园地管理员", "公示：无异议", &[]).expect("the notice has run");
    desk.step("社区主任", "批准：批准", &[]).expect("approved");
    desk
}

#[test]
fn invariant_01_replaying_the_journal_gives_byte_equal_lists() {
    let office = Office::open("tests/toy");
    let desk = decided(&office);
    let report = office.store.rebuild(&office.bureau).expect("a rebuild");
    assert!(report.byte_equal, "{:?}", report.differences);
    let file = office.store.case(&desk.case).expect("the store reads").expect("the case");
    assert_eq!(State::fold(&file.entries).as_ref(), Some(&file.state));
}

#[test]
fn invariant_02_verify_finds_what_was_changed_removed_or_reordered() {
    let tampered = |statement: &str| {
        let office = Office::open("tests/toy");
        decided(&office);
        assert_eq!(office.store.verify().expect("a report").problems, []);
        let direct = rusqlite::Connection::open(office.folder.path().join("minzheng.db")).expect("the database");
        direct.execute_batch(statement).expect("tampering");
        let report = office.store.verify().expect("a report");
        assert!(!report.problems.is_empty(), "not found: {statement}");
    };
    tampered("UPDATE journal SET body = zeroblob(length(body)) WHERE seq = 7");
    tampered("UPDATE journal SET at = '2020-01-01T00:00:00' WHERE seq = 7");
    tampered("DELETE FROM journal WHERE seq = 7");
    tampered("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)");
    tampered(
        "UPDATE journal SET seq = -7 WHERE seq = 7; UPDATE journal SET seq = 7 WHERE seq = 8; UPDATE journal SET seq = 8 WHERE seq = -7",
    );
}

#[test]
fn invariant_04_the_same_order_under_the_same_key_is_carried_out_once() {
    let office = Office::open("tests/toy");
    let desk = Desk::apply(&office, "plot", &PLOT).expect("the application");
    let complete = |outcome: &str, reason: &str| Command::Complete {
        step: "登记".into(),
        outcome: Some(outcome.into()),
        facts: Vec::new(),
        reason: reason.to_owned(),
        with: Vec::new(),
        materials: Vec::new(),
    };
    let target = || Target::Case(desk.case.clone());
    let first =
        office.order(office.actor("社区干事甲"), target(), "one key", complete("齐全", "")).expect("registered");
    let again = office.order(office.actor("社区干事甲"), target(), "one key", complete("齐全", "")).expect("as before");
    assert!(!first.replayed && again.replayed);
    assert_eq!((first.case, first.revision), (again.case, again.revision));
    let other = refused(office.order(office.actor("社区干事甲"), target(), "one key", complete("不收", "改主意")));
    assert_eq!(other.code.number(), "R302");
    assert_eq!(desk.state().revision, again.revision);
}

/// The application of a household of one with the least that the form asks for.
fn household(extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut entries = vec![
        ("申请人", "春泥"),
        ("申请人身份证号", "410325197001010019"),
        ("联系电话", "13800000000"),
        ("所在村居", VILLAGE),
        ("城乡类别", "农村"),
        ("家庭成员.1.姓名", "春泥"),
        ("家庭成员.1.身份证号", "410325197001010019"),
        ("家庭成员.1.与申请人关系", "本人"),
        ("家庭成员.1.劳动能力", "部分"),
        ("家庭成员.1.核对授权", "是"),
    ];
    entries.extend(extra);
    entries
}

fn accepted<'a>(office: &'a Office, entries: &[(&str, &str)]) -> Desk<'a> {
    let desk = Desk::apply(office, "dibao", entries).expect("the application");
    let file = office.store.put_file(bureau_tests::player::PNG, "授权书.png").expect("a picture is kept");
    let command = Command::Complete {
        step: "受理".into(),
        outcome: Some("受理".into()),
        facts: Vec::new(),
        reason: String::new(),
        with: Vec::new(),
        materials: vec![("核对授权书".into(), file)],
    };
    desk.give("乡镇经办甲", command).expect("accepted");
    desk
}

#[test]
fn invariant_06_no_answer_and_no_fact_are_never_nothing() {
    let office = Office::open("guides");
    let desk = accepted(&office, &household(&[]));
    let unanswered = [("核对结果.1.登记部门", "银行"), ("核对结果.1.答复情况", "未答复")];
    let refusal = refused(desk.step("县级核对员甲", "信息核对：核对完成", &unanswered));
    assert!(matches!(refusal.code.number(), "R202" | "R203"), "{refusal}");

    // A deposit of unknown value is not a deposit of nothing: no conclusion follows from it.
    let other = Office::open("guides");
    let deposit = [("财产.1.权利人", "春泥"), ("财产.1.财产类别", "存款")];
    let desk = accepted(&other, &household(&deposit));
    let guide = other.bureau.guides.service("dibao").expect("the service");
    let chain = other.bureau.chain(desk.state().region);
    let evaluation = casework::assess::assess(guide, &desk.state(), other.now().date(), other.now(), &chain);
    assert!(evaluation.value("结论").is_some_and(|v| v.is_missing()), "{:?}", evaluation.value("结论"));
}

#[test]
fn invariant_07_a_notice_runs_its_time_and_stays_as_it_was_posted() {
    let office = Office::open("tests/toy");
    let desk = posted(&office);
    let frozen = desk.state().notices;
    let early = refused(desk.step("园地管理员", "公示：无异议", &[]));
    assert_eq!(early.code.number(), "R208");
    let decision = refused(desk.step("社区主任", "批准：批准", &[]));
    assert_eq!(decision.code.number(), "R201", "a decision cannot come before the end of the notice");
    let again = refused(desk.give("园地管理员", Command::Post { materials: Vec::new() }));
    assert_eq!(again.code.number(), "R224");
    let correct = Command::Correct {
        facts: vec![("认领人".into(), formula::Value::Text("另一人".into()))],
        valid_from: office.now().date(),
        reason: "名字写错".to_owned(),
        source: "身份证".to_owned(),
    };
    desk.give("园地管理员", correct).expect("facts may be put right");
    assert_eq!(desk.state().notices, frozen, "what was posted stays as it was");
}

#[test]
fn invariant_08_who_handles_does_not_approve_and_no_relative_does_either() {
    let office = Office::open("tests/toy");
    let desk = posted(&office);
    office.at("2026-03-06 09:00");
    desk.step("园地管理员", "公示：无异议", &[]).expect("the notice has run");
    // The same person under a role that may approve: the round remembers who handled it.
    let handler = office.actor("社区干事甲");
    let head = Actor { role: "社区主任".into(), ..handler };
    let approve = Command::Complete {
        step: "批准".into(),
        outcome: Some("批准".into()),
        facts: Vec::new(),
        reason: String::new(),
        with: Vec::new(),
        materials: Vec::new(),
    };
    let target = Target::Case(desk.case.clone());
    let both = refused(office.order(head, target, "both", approve));
    assert!(matches!(both.code.number(), "R104" | "R105"), "{both}");

    let mut entries = PLOT.to_vec();
    entries[1].1 = "410325196506120032";
    entries.extend([("亲属申报.1.工作人员姓名", "社区干事丙"), ("亲属申报.1.关系", "子女")]);
    office.actor("社区干事丙");
    let kin = Desk::apply(&office, "plot", &entries).expect("the application");
    let relative = refused(kin.step("社区干事丙", "登记：齐全", &[]));
    assert_eq!(relative.code.number(), "R103");
    kin.step("社区干事甲", "登记：齐全", &[]).expect("a colleague may");
    let second =
        refused(kin.step("社区干事甲、社区干事丙", "看地：可以耕种", &[("地块编号", "A8"), ("实测面积", "12")]));
    assert_eq!(second.code.number(), "R103", "a relative does not take part either");

    let auditor = refused(kin.step("监事", "看地：可以耕种", &[("地块编号", "A8"), ("实测面积", "12")]));
    assert_eq!(auditor.code.number(), "R101", "who only looks changes nothing");
}

#[test]
fn invariant_09_a_decision_is_recomputed_to_the_same_figures() {
    let office = Office::open("tests/toy");
    let desk = decided(&office);
    // A later correction and a later rate change nothing of what was decided then.
    office.at("2026-08-03 09:00");
    let more = Command::Correct {
        facts: vec![("家庭人数".into(), formula::Value::Number(6.into()))],
        valid_from: moment("2026-03-02 00:00").date(),
        reason: "人口普查".to_owned(),
        source: "社区".to_owned(),
    };
    desk.give("社区干事甲", more).expect("corrected");
    let state = desk.state();
    let guide = office.bureau.guide(&state.service, &state.edition).expect("the pinned guide");
    let chain = office.bureau.chain(state.region);
    for decision in &state.decisions {
        let again = evaluate_case(guide, &state, decision.as_of, decision.at, &chain, &Overlay::default());
        for (name, value) in &decision.results {
            assert_eq!(again.value(name), Some(value), "{name}");
            let explained = again.explain(name).map(|e| e.formula).unwrap_or_default();
            assert!(!explained.is_empty(), "{name} is explained");
        }
        let used: BTreeSet<_> = again.rates_used().iter().map(|(name, _)| name.to_string()).collect();
        let kept: BTreeSet<_> = decision.rates.iter().map(|r| r.name.to_string()).collect();
        assert_eq!(used, kept);
    }
    let now = evaluate_case(guide, &state, office.now().date(), office.now(), &chain, &Overlay::default());
    assert_ne!(now.value("可认领面积"), state.decided("可认领面积"), "today's figures do differ");
}

#[test]
fn a_database_of_a_newer_program_is_refused_in_words() {
    let office = Office::open("tests/toy");
    let direct = rusqlite::Connection::open(office.folder.path().join("minzheng.db")).expect("the database");
    direct.execute_batch("INSERT INTO schema_version (version) VALUES (999)").expect("a newer version");
    let fault = Store::open(office.folder.path()).err().expect("a fault").to_string();
    assert!(fault.contains("更新的程序") && fault.contains("999"), "{fault}");
}

#[test]
fn two_clerks_at_once_do_not_undo_each_other() {
    let office = Office::open("tests/toy");
    let desk = Desk::apply(&office, "plot", &PLOT).expect("the application");
    let seen = desk.state().revision;
    let order = |who: &str, key: &str| store::Order {
        actor: office.actor(who),
        target: Target::Case(desk.case.clone()),
        expected: Some(seen),
        key: key.to_owned(),
        command: Command::Complete {
            step: "登记".into(),
            outcome: Some("齐全".into()),
            facts: Vec::new(),
            reason: String::new(),
            with: Vec::new(),
            materials: Vec::new(),
        },
    };
    office.actor("社区干事甲");
    let orders = [order("社区干事甲", "first"), order("社区干事乙", "second")];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let office = &office;
        let clerks = orders.iter().map(|o| scope.spawn(move || office.store.execute(&office.bureau, o, office.now())));
        clerks.collect::<Vec<_>>().into_iter().map(|c| c.join().expect("a clerk")).collect()
    });
    let done = answers.iter().filter(|a| a.is_ok()).count();
    assert_eq!(done, 1, "{answers:?}");
    let late = answers.into_iter().find_map(|a| if let Err(Stop::Refused(r)) = a { Some(r) } else { None });
    assert_eq!(late.map(|r| r.code.number()), Some("R301"));
}

#[test]
fn one_person_has_one_open_case_of_a_service() {
    let office = Office::open("tests/toy");
    let desk = Desk::apply(&office, "plot", &PLOT).expect("the application");
    let again = refused(Desk::apply(&office, "plot", &PLOT).map(|d| d.case));
    assert_eq!(again.code.number(), "R221");
    let withdraw = Command::Withdraw { reason: "不种了".to_owned() };
    desk.give("社区干事甲", withdraw).expect("withdrawn");
    let former: CaseId = desk.case.clone();
    let facts = desk.state().facts.iter().filter_map(|(n, v)| Some((n.clone(), v.last()?.value.clone()))).collect();
    let apply = Command::Apply { channel: Channel::Online, facts, materials: Vec::new(), former: Some(former.clone()) };
    let actor = Actor::applicant("春泥", office.bureau.region);
    let target = Target::New { service: "plot".into() };
    let receipt = office.order(actor, target, "again", apply).expect("a new application");
    assert_eq!(office.state(&receipt.case).former, Some(former));
}
