//! Cases over an entitlement: what they take over, when they open by themselves, and that a chain has one at a time.

mod common;

use std::collections::BTreeMap;

use base::{Fen, Month};
use bureau::{Bureau, Done, Failure, Order};
use casework::event::{Datum, Over};
use casework::{Code, Command, Input, State};
use common::{CASE, act, at, citizen, code, granted, open, send, staff};

/// Opens a case over the grant of another, stating a new area.
fn swap(bureau: &Bureau, before: &str, area: &str, when: &str, key: &str) -> Result<Done, Failure> {
    let values = BTreeMap::from([("area".to_owned(), Datum::Text(area.into()))]);
    let over = Some(Box::new(Over::of(before)));
    let case = bureau.next_in_chain(CASE).unwrap();
    let input = Input { values, ..Input::default() };
    let command =
        Command::Submit { case, service: "plot".into(), start: "swap".into(), input, draw: None, over, subject: None };
    let people = ["甲", "癸", "寅"].map(|name| staff(name, "园丁")).to_vec();
    bureau.execute(&Order { key: key.into(), people, case: None, command, secret: None, now: at(when) })
}

fn act_on(bureau: &Bureau, case: &str, word: &str, when: &str) -> Result<Done, Failure> {
    let (people, command) = (vec![staff("戊", "园林官")], act("rerent", Some(word), &[]));
    let (key, case) = (format!("{case} {word} {when}"), Some(case.to_owned()));
    bureau.execute(&Order { key, people, case, command, secret: None, now: at(when) })
}

fn state(bureau: &Bureau, case: &str) -> State {
    bureau.store.state(case).unwrap().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

#[test]
fn a_case_over_a_grant_takes_over_what_was_known_and_changes_what_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    let next = swap(&bureau, CASE, "40", "2026-05-04 09:00", "s1").unwrap().case;
    assert_eq!(next, "MZ-1-2");
    let opened = state(&bureau, &next);
    assert_eq!((&*opened.root, opened.before.as_deref(), &*opened.applicant), (CASE, Some(CASE), "张三"));
    let inherited = |field: &str| opened.facts.iter().filter(|fact| fact.field == field && fact.inherited).count();
    assert_eq!((inherited("crops"), inherited("area"), inherited("mistaken")), (1, 1, 0));
    // One at a time, and only the difference decides.
    assert_eq!(code(swap(&bureau, CASE, "50", "2026-05-04 10:00", "s2")), Some(Code::R104));
    assert_eq!(code(act_on(&bureau, &next, "不改", "2026-05-05 09:00")), Some(Code::R110));
    act_on(&bureau, &next, "改", "2026-05-05 10:00").unwrap();
    let lines = bureau.explain(&next).unwrap().unwrap();
    assert!(lines.iter().any(|line| line.contains("面积 40")), "the new area counts, not the old: {lines:#?}");
    assert_eq!(lines.last().unwrap(), "按当时所知的事实和参数重算，结果相同");
    let state = state(&bureau, &next);
    let paid = |text: &str| state.granted("prize", month(text)).map(|grant| grant.total());
    assert_eq!(
        [paid("2026-03"), paid("2026-04"), paid("2026-05"), paid("2026-06")],
        [None, Some(Fen(4500)), Some(Fen(4500)), Some(Fen(6000))]
    );
    // As it was known before, June would have been paid as May: both can still be told.
    let before = &bureau.store.state(CASE).unwrap().unwrap();
    assert_eq!(before.granted("prize", month("2026-06")).unwrap().total(), Fen(4500));
    let roll = bureau.store.roll(&bureau.scope(&staff("戊", "园林官"))).unwrap();
    assert_eq!(
        roll.iter().map(|row| &*row.case).collect::<Vec<_>>(),
        ["MZ-1-2"],
        "the last of a chain stands on the roll"
    );
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
}

#[test]
fn a_recheck_opens_by_itself_once_and_only_while_something_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    assert_eq!(bureau.pass_time(at("2027-03-09 23:59")).unwrap(), 0);
    assert_eq!(bureau.pass_time(at("2027-03-10 00:00")).unwrap(), 1, "twelve months after the case was closed");
    assert_eq!(bureau.pass_time(at("2027-03-11 00:00")).unwrap(), 0, "once");
    let due = state(&bureau, "MZ-1-2");
    assert_eq!(due.start, "yearly");
    assert_eq!(due.live().map(|i| &*i.step).collect::<Vec<_>>(), ["measure"], "nobody has done the first step");
    let measure = BTreeMap::from([("area".to_owned(), Datum::Text("30".into()))]);
    let input = Input { values: measure, ..Input::default() };
    let command = Command::Do { step: "measure".into(), conclusion: None, input };
    let order = |key: &str, who, command| Order {
        key: key.into(),
        people: vec![who],
        case: Some("MZ-1-2".into()),
        command,
        secret: None,
        now: at("2027-03-12 09:00"),
    };
    bureau.execute(&order("m", staff("甲", "园丁"), command)).unwrap();
    // It takes three: the second signature is not the last.
    let is_open = |bureau: &Bureau| state(bureau, "MZ-1-2").live().any(|i| i.step == "measure");
    bureau.execute(&order("m2", staff("癸", "园丁"), Command::Sign { step: "measure".into() })).unwrap();
    assert!(is_open(&bureau), "two of three have signed");
    assert_eq!(
        code(bureau.execute(&order("m3", staff("甲", "园丁"), Command::Sign { step: "measure".into() }))),
        Some(Code::R102)
    );
    bureau.execute(&order("m4", staff("寅", "园丁"), Command::Sign { step: "measure".into() })).unwrap();
    assert!(!is_open(&bureau));
    act_on(&bureau, "MZ-1-2", "收回", "2027-03-15 09:00").unwrap();
    let stopped = state(&bureau, "MZ-1-2");
    assert_eq!(stopped.granted("prize", month("2027-03")).unwrap().total(), Fen(4500));
    assert_eq!(stopped.granted("prize", month("2027-04")).unwrap().total(), Fen(0));
    // Nothing is paid any more: nothing falls due, and nothing can be swapped.
    assert_eq!(bureau.pass_time(at("2029-01-01 00:00")).unwrap(), 0);
    assert_eq!(code(swap(&bureau, "MZ-1-2", "40", "2027-05-04 09:00", "s3")), Some(Code::R104));
}

#[test]
fn the_secret_of_the_application_opens_the_whole_chain() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path());
    granted(&bureau);
    let next = swap(&bureau, CASE, "40", "2026-05-04 09:00", "s1").unwrap().case;
    assert!(bureau.opened_by(&next, "秘密").unwrap().as_deref() == Some(CASE));
    assert!(bureau.opened_by(&next, "别的").unwrap().is_none());
    // A start that begins anew cannot be put on an old case, nor one over a grant begin without it.
    let command = |start: &str, over| Command::Submit {
        case: "MZ-9".into(),
        service: "plot".into(),
        start: start.into(),
        input: common::application("30", "沙土"),
        draw: None,
        over,
        subject: None,
    };
    assert_eq!(
        code(send(&bureau, &[staff("甲", "园丁")], command("swap", None), "2026-06-01 09:00", "x1")),
        Some(Code::R104)
    );
    act_on(&bureau, &next, "改", "2026-06-01 10:00").unwrap();
    let over = Some(Box::new(Over::of(CASE)));
    assert_eq!(
        code(send(&bureau, &[citizen("张三")], command("ask", over), "2026-06-02 09:00", "x2")),
        Some(Code::R104)
    );
}
