//! The suite: each function is handed a fresh store.

use base::RegionCode;
use casework::office::Relative;
use casework::summary::Standing;
use casework::{Actor, CaseId, Command, Event, StaffEvent};
use store::{Fault, Order, Scope, Store, Target, WorkFilter};

use crate::fixture::*;

fn of(cases: &[&CaseId]) -> Vec<CaseId> {
    cases.iter().map(|case| (*case).clone()).collect()
}

pub fn staff_fold_from_their_events(store: &Store) {
    engage(store, "b", "李四", "社区干事");
    engage(store, "a", "张三", "社区主任");
    let relative =
        Relative { name: "张小".into(), number: number(9), relation: "子女".into(), declared_on: monday().date() };
    let declared = StaffEvent::RelativesDeclared { relatives: vec![relative.clone()] };
    store.engage("a", &[declared, StaffEvent::Left], &admin(), monday()).unwrap();
    let staff = store.staff().unwrap();
    assert_eq!(staff.iter().map(|s| &*s.id).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(staff[0].relatives, [relative]);
    assert!(!staff[0].active && staff[1].active);
    assert_eq!(store.verify().unwrap().events, 4);
    assert!(store.staff_by_id("c").unwrap().is_none());
}

pub fn an_order_is_kept_and_folds(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let case = apply(store, 1, VILLAGE);
    let before = store.case(&case).unwrap().unwrap();
    assert_eq!(before.state.revision as usize, before.entries.len());
    assert!(matches!(before.entries[0].event, Event::Applied { .. }));
    let receipt = done(store, &step_order("k", &clerk, &case, "登记", "齐全", ""), monday());
    let after = store.case(&case).unwrap().unwrap();
    assert_eq!(receipt.revision, after.state.revision);
    assert_eq!(after.entries[..before.entries.len()], before.entries);
    assert_eq!(&*after.state.open.unwrap().step, "看地");
    assert!(after.entries.iter().all(|e| e.at == monday()));
    assert!(store.case(&CaseId("CD202699999".into())).unwrap().is_none());
}

pub fn receipt_numbers_run_on_within_a_year(store: &Store) {
    assert_eq!(apply(store, 1, VILLAGE).to_string(), "CD202600001");
    assert_eq!(apply(store, 2, VILLAGE).to_string(), "CD202600002");
    let order = apply_order("later", facts("春泥", &number(3), VILLAGE, &[]));
    assert_eq!(done(store, &order, at("2027-01-01 00:00:00")).case.to_string(), "CD202700001");
    assert_eq!(apply(store, 4, VILLAGE).to_string(), "CD202600003");
}

pub fn the_same_key_is_carried_out_once(store: &Store) {
    let order = apply_order("one", facts("春泥", &number(1), VILLAGE, &[]));
    let first = done(store, &order, monday());
    let again = done(store, &order, at("2026-03-02 09:01:00"));
    assert!(!first.replayed && again.replayed);
    assert_eq!((&first.case, first.revision), (&again.case, again.revision));
    let other = apply_order("one", facts("秋实", &number(2), VILLAGE, &[]));
    assert_eq!(refused(store.execute(bureau(), &other, monday())).code.number(), "R302");
    let somebody = Order { actor: county(), ..order };
    assert_eq!(refused(store.execute(bureau(), &somebody, monday())).code.number(), "R302");
    assert_eq!(store.work(&Scope::of(&county()), &WorkFilter::default(), 1).unwrap().total, 1);
}

pub fn a_changed_case_is_refused_with_who_and_what(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let case = apply(store, 1, VILLAGE);
    let seen = store.case(&case).unwrap().unwrap().state.revision;
    done(store, &step_order("k1", &clerk, &case, "登记", "齐全", ""), monday());
    let late = Order { expected: Some(seen), ..step_order("k2", &clerk, &case, "登记", "齐全", "") };
    let refusal = refused(store.execute(bureau(), &late, monday()));
    assert_eq!(refusal.code.number(), "R301");
    assert_eq!(refusal.reason, "李四（社区干事）已于2026年3月2日 09:00办完“登记”（齐全）");
}

pub fn of_two_at_once_one_wins(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    for n in 1..=5 {
        let case = apply(store, n, VILLAGE);
        let seen = store.case(&case).unwrap().unwrap().state.revision;
        let give = |key: String| {
            let order = Order { expected: Some(seen), ..step_order(&key, &clerk, &case, "登记", "齐全", "") };
            store.execute(bureau(), &order, monday())
        };
        let (one, two) = std::thread::scope(|threads| {
            let one = threads.spawn(|| give(format!("one-{n}")));
            let two = threads.spawn(|| give(format!("two-{n}")));
            (one.join().unwrap(), two.join().unwrap())
        });
        let lost = if one.is_ok() { two } else { one.and(two) };
        assert_eq!(refused(lost).code.number(), "R301");
        assert_eq!(store.case(&case).unwrap().unwrap().state.done.len(), 2);
    }
}

pub fn a_refusal_leaves_no_trace(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let case = apply(store, 1, VILLAGE);
    let before = (store.verify().unwrap(), store.case(&case).unwrap());
    let wrong = step_order("k", &clerk, &case, "看地", "可以耕种", "");
    assert_eq!(refused(store.execute(bureau(), &wrong, monday())).code.number(), "R201");
    let unknown = step_order("k", &clerk, &CaseId("CD202600099".into()), "登记", "齐全", "");
    refused(store.execute(bureau(), &unknown, monday()));
    assert_eq!((store.verify().unwrap(), store.case(&case).unwrap()), before);
    // The key is still free.
    done(store, &step_order("k", &clerk, &case, "登记", "齐全", ""), monday());
}

pub fn an_applicant_has_one_open_case(store: &Store) {
    let case = apply(store, 1, VILLAGE);
    let again = apply_order("again", facts("春泥", &number(1), VILLAGE, &[]));
    let refusal = refused(store.execute(bureau(), &again, monday()));
    assert_eq!(refusal.code.number(), "R221");
    assert!(refusal.reason.contains(&*case.0), "{}", refusal.reason);
}

pub fn a_relative_among_the_staff_is_filed(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let relative =
        Relative { name: "李母".into(), number: number(8), relation: "父母".into(), declared_on: monday().date() };
    let declared = StaffEvent::RelativesDeclared { relatives: vec![relative] };
    store.engage("clerk", &[declared], &admin(), monday()).unwrap();
    let member = [("同住人.1.姓名", "李母"), ("同住人.1.身份证号", number(8).as_str())]
        .map(|(path, text)| (path, text.to_owned()));
    let member: Vec<(&str, &str)> = member.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let case = done(store, &apply_order("k", facts("春泥", &number(1), VILLAGE, &member)), monday()).case;
    let state = store.case(&case).unwrap().unwrap().state;
    assert_eq!(state.filed.len(), 1, "{:?}", state.filed);
    assert_eq!((&*state.filed[0].staff, &*state.filed[0].person), ("clerk", "李母"));
    let refusal = refused(store.execute(bureau(), &step_order("k2", &clerk, &case, "登记", "齐全", ""), monday()));
    assert_eq!(refusal.code.number(), "R103");
    let listed = store.work(&Scope::of(&county()), &WorkFilter::default(), 1).unwrap();
    assert!(listed.rows[0].filed);
}

pub fn letters_are_numbered_by_series(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let issued = |n: u16, now: &str| {
        let case = apply(store, n, VILLAGE);
        done(store, &step_order(&format!("k{n}"), &clerk, &case, "登记", "退回补填", "缺电话"), at(now));
        store.case(&case).unwrap().unwrap().state.letters[0].number.clone()
    };
    assert_eq!(issued(1, "2026-03-03 09:00:00"), "菜园补〔2026〕1号");
    assert_eq!(issued(2, "2026-03-03 09:00:00"), "菜园补〔2026〕2号");
    assert_eq!(issued(3, "2027-03-03 09:00:00"), "菜园补〔2027〕1号");
}

pub fn a_failed_batch_keeps_whole_slices(store: &Store) {
    let failed: Result<(), Fault> = store.batch(|batch| {
        for n in 1..=520 {
            let order = apply_order(&format!("k{n}"), facts("春泥", &number(n), VILLAGE, &[]));
            batch.execute(bureau(), &order, monday()).unwrap();
        }
        Err(Fault::Full)
    });
    assert!(matches!(failed, Err(Fault::Full)));
    assert_eq!(store.work(&Scope::of(&county()), &WorkFilter::default(), 1).unwrap().total, 500);
    assert_eq!(store.verify().unwrap().problems, []);
    let last = done(store, &apply_order("k501", facts("春泥", &number(501), VILLAGE, &[])), monday());
    assert_eq!((last.case.to_string().as_str(), last.replayed), ("CD202600501", false));
    let first = done(store, &apply_order("k1", facts("春泥", &number(1), VILLAGE, &[])), monday());
    assert!(first.replayed);
}

pub fn a_batch_equals_single_orders(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let single = on_sqlite(folder.path());
    let clerk = engage(store, "clerk", "李四", "社区干事");
    engage(&single, "clerk", "李四", "社区干事");
    let mut orders = Vec::new();
    for n in 1..=3 {
        let case = CaseId(format!("CD20260000{n}").into());
        orders.push(apply_order(&format!("a{n}"), facts("春泥", &number(n), VILLAGE, &[])));
        orders.push(step_order(&format!("s{n}"), &clerk, &case, "看地", "可以耕种", ""));
        orders.push(step_order(&format!("t{n}"), &clerk, &case, "登记", "退回补填", "缺电话"));
    }
    for order in &orders {
        _ = single.execute(bureau(), order, monday());
    }
    let done: Result<(), Fault> = store.batch(|batch| {
        for order in &orders {
            _ = batch.execute(bureau(), order, monday());
        }
        Ok(())
    });
    done.unwrap();
    for n in 1..=3 {
        let case = CaseId(format!("CD20260000{n}").into());
        assert_eq!(store.case(&case).unwrap(), single.case(&case).unwrap());
    }
    let scope = Scope::of(&county());
    let list = |store: &Store| store.work(&scope, &WorkFilter::default(), 1).unwrap();
    assert_eq!(list(store), list(&single));
}

pub fn search_finds_by_number_name_and_receipt(store: &Store) {
    let member = [("同住人.1.姓名", "欧阳·春泥")];
    let one = done(store, &apply_order("1", facts("王小明", &number(1), VILLAGE, &member)), monday()).case;
    let two = done(store, &apply_order("2", facts("王明", &number(2), VILLAGE, &[])), monday()).case;
    let scope = Scope::of(&county());
    let found = |text: &str| -> Vec<_> {
        store.search(&scope, text).unwrap().into_iter().map(|summary| summary.case).collect()
    };
    assert_eq!(found("王小明"), of(&[&one]));
    assert_eq!(found("王明"), of(&[&two]));
    assert_eq!(found("小明"), of(&[&one]));
    assert_eq!(found("王"), [two.clone(), one.clone()]);
    assert_eq!(found("欧阳春泥"), of(&[&one]));
    assert_eq!(found(" 欧阳·春"), of(&[&one]));
    assert_eq!(found(number(2).as_str()), of(&[&two]));
    assert_eq!(found("cd202600001"), of(&[&one]));
    for nothing in ["", "明王", "李", "CD202600009", number(7).as_str(), "·", "王%"] {
        assert_eq!(found(nothing), [], "{nothing}");
    }
    assert_eq!(store.cases_of(&scope, &number(2)).unwrap()[0].applicant, "王明");
}

pub fn lists_keep_to_the_scope(store: &Store) {
    let here = apply(store, 1, VILLAGE);
    let there = apply(store, 2, OTHER_VILLAGE);
    let seen_by = |code: &str| -> Vec<_> {
        let scope = Scope::of(&Actor { region: region(code), ..county() });
        let page = store.work(&scope, &WorkFilter::default(), 1).unwrap();
        assert_eq!(page.total as usize, page.rows.len());
        assert_eq!(store.search(&scope, "春泥").unwrap().len(), page.rows.len());
        assert_eq!(store.search(&scope, &there.0).unwrap().len(), page.rows.iter().filter(|r| r.case == there).count());
        assert_eq!(store.counts(&scope, monday()).unwrap().iter().map(|c| c.cases).sum::<u32>(), page.total);
        page.rows.into_iter().map(|row| row.case).collect()
    };
    assert_eq!(seen_by(COUNTY), [here.clone(), there.clone()]);
    assert_eq!(seen_by("410325101"), of(&[&here]));
    assert_eq!(seen_by(OTHER_VILLAGE), of(&[&there]));
    assert_eq!(seen_by("410326"), []);
    let applicant = Scope::of(&Actor::applicant("春泥1", RegionCode::NATION));
    assert_eq!(store.work(&applicant, &WorkFilter::default(), 1).unwrap().total, 0);
    assert_eq!(store.search(&applicant, &here.0).unwrap(), []);
}

pub fn work_is_sorted_by_time_left(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let first = apply(store, 1, VILLAGE);
    let later = apply_order("later", facts("秋实", &number(2), VILLAGE, &[]));
    let second = done(store, &later, at("2026-03-05 09:00:00")).case;
    done(store, &step_order("k", &clerk, &first, "登记", "齐全", ""), at("2026-03-04 09:00:00"));
    let third = apply(store, 3, VILLAGE);
    let scope = Scope::of(&clerk);
    let list = |filter: WorkFilter| -> Vec<_> {
        store.work(&scope, &filter, 1).unwrap().rows.into_iter().map(|row| row.case).collect()
    };
    assert_eq!(list(WorkFilter::default()), [third.clone(), first.clone(), second.clone()]);
    let step = |name: &str| WorkFilter { step: Some(arc(name)), ..WorkFilter::default() };
    assert_eq!(list(step("看地")), of(&[&first]));
    assert_eq!(list(step("登记")), [third.clone(), second.clone()]);
    assert_eq!(list(WorkFilter { role: Some(arc("社区主任")), ..WorkFilter::default() }), []);
    assert_eq!(
        list(WorkFilter { service: Some(arc(SERVICE)), role: Some(arc("社区干事")), ..step("看地") }),
        of(&[&first])
    );
    let overdue = WorkFilter { due_before: Some(at("2026-03-05 00:00:00")), ..WorkFilter::default() };
    assert_eq!(list(overdue), of(&[&third]));
    let counts = store.counts(&scope, at("2026-03-05 00:00:00")).unwrap();
    let register = counts.iter().find(|count| &*count.step == "登记").unwrap();
    assert_eq!((register.cases, register.overdue), (2, 1));
    let withdraw = Order {
        actor: clerk.clone(),
        command: Command::Withdraw { reason: "不种了".to_owned() },
        ..step_order("w", &clerk, &second, "", "", "")
    };
    done(store, &withdraw, monday());
    assert_eq!(list(WorkFilter { standing: Some(Standing::Closed), ..WorkFilter::default() }), of(&[&second]));
    assert_eq!(store.work(&scope, &WorkFilter::default(), 9).unwrap().rows, []);
}

/// Brings the first person's case to a running notice.
fn noticed(store: &Store) -> CaseId {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let second = engage(store, "second", "钱五", "社区干事");
    let keeper = engage(store, "keeper", "孙七", "园地管理员");
    let case = apply(store, 1, VILLAGE);
    done(store, &step_order("k1", &clerk, &case, "登记", "齐全", ""), at("2026-03-03 09:00:00"));
    let mut visit = step_order("k2", &clerk, &case, "看地", "可以耕种", "");
    let guide = bureau().guides.service(SERVICE).unwrap();
    let reader =
        casework::intake::Reader { regions: &bureau().regions, region: bureau().region, today: monday().date() };
    let entries = [("地块编号", "A7"), ("实测面积", "12.5")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let found = reader.read(&guide.step("看地").unwrap().form, &entries.into_iter().collect()).unwrap();
    if let Command::Complete { facts, with, .. } = &mut visit.command {
        *facts = found;
        with.push(second);
    }
    done(store, &visit, at("2026-03-03 15:00:00"));
    let post =
        Order { command: Command::Post { materials: Vec::new() }, ..step_order("k3", &keeper, &case, "", "", "") };
    done(store, &post, at("2026-03-04 09:00:00"));
    case
}

pub fn notices_stand_on_the_board(store: &Store) {
    let case = noticed(store);
    let state = store.case(&case).unwrap().unwrap().state;
    let last_day = state.notices[0].last_day.unwrap();
    let board = |code: Option<&str>, day| store.board(code.map(region), day, 1).unwrap().rows;
    let posted = board(None, last_day);
    assert_eq!(posted.len(), 1);
    assert_eq!((&posted[0].case, posted[0].number, &posted[0].notice), (&case, 1, &state.notices[0]));
    assert_eq!(board(Some("410325101"), last_day).len(), 1);
    assert_eq!(board(Some(OTHER_VILLAGE), last_day).len(), 0);
    assert_eq!(board(None, last_day.tomorrow().unwrap()).len(), 0);
    let keeper = store.staff_by_id("keeper").unwrap().unwrap().actor();
    let over = last_day.tomorrow().unwrap().at(9, 0, 0, 0);
    done(store, &step_order("n", &keeper, &case, "公示", "无异议", ""), over);
    assert_eq!(&*store.case(&case).unwrap().unwrap().state.open.unwrap().step, "批准");
    // A notice stays to its last day, but not beyond the end of the case.
    assert_eq!(board(None, last_day).len(), 1);
    let withdraw = Order {
        command: Command::Withdraw { reason: "不种了".to_owned() },
        ..step_order("w", &store.staff_by_id("clerk").unwrap().unwrap().actor(), &case, "", "", "")
    };
    done(store, &withdraw, over);
    assert_eq!(board(None, last_day).len(), 0);
}

pub fn waiting_cases_are_woken_when_due(store: &Store) {
    let case = noticed(store);
    let head = engage(store, "head", "周八", "社区主任");
    let actor = |id: &str| store.staff_by_id(id).unwrap().unwrap().actor();
    done(store, &step_order("n", &actor("keeper"), &case, "公示", "无异议", ""), at("2026-03-10 09:00:00"));
    done(store, &step_order("h", &head, &case, "批准", "批准", ""), at("2026-03-11 09:00:00"));
    done(store, &step_order("c", &actor("clerk"), &case, "发牌", "已发", ""), at("2026-03-12 09:00:00"));
    let scope = Scope::of(&county());
    let waiting = WorkFilter { standing: Some(Standing::Waiting), ..WorkFilter::default() };
    let due = store.work(&scope, &waiting, 1).unwrap().rows[0].due.unwrap();
    assert_eq!(store.to_wake(due).unwrap(), []);
    let over = due.saturating_add(std::time::Duration::from_secs(1));
    assert_eq!(store.to_wake(over).unwrap(), of(&[&case]));
    let wake = Order {
        actor: Actor::clock(bureau().region),
        target: Target::Case(case.clone()),
        expected: None,
        key: "wake".to_owned(),
        command: Command::Wake,
    };
    done(store, &wake, over);
    assert_eq!(store.to_wake(over).unwrap(), []);
    assert_eq!(&*store.case(&case).unwrap().unwrap().state.open.unwrap().step, "续认");
}

pub fn sessions_end(store: &Store) {
    engage(store, "clerk", "李四", "社区干事");
    let token = store.create_session("clerk", at("2026-03-02 08:00:00")).unwrap();
    let found = |token: &str, now: &str| store.find_session(token, at(now)).unwrap();
    for now in ["2026-03-02 08:25:00", "2026-03-02 08:50:00", "2026-03-02 09:20:00"] {
        assert_eq!(found(&token, now), Some(arc("clerk")), "{now}");
    }
    assert_eq!(found("another", "2026-03-02 09:20:00"), None);
    assert_eq!(found(&token, "2026-03-02 09:50:01"), None, "idle for half an hour");
    assert_eq!(found(&token, "2026-03-02 09:21:00"), None, "ended for good");
    let token = store.create_session("clerk", at("2026-03-02 08:00:00")).unwrap();
    for quarter in 1..=48 {
        let now = at("2026-03-02 08:00:00").saturating_add(std::time::Duration::from_secs(15 * 60 * quarter));
        assert!(store.find_session(&token, now).unwrap().is_some());
    }
    assert_eq!(found(&token, "2026-03-02 20:00:01"), None, "twelve hours are over");
    let token = store.create_session("clerk", monday()).unwrap();
    store.engage("clerk", &[StaffEvent::Left], &admin(), monday()).unwrap();
    assert_eq!(store.find_session(&token, monday()).unwrap(), None, "no longer here");
    store.drop_session(&token).unwrap();
}

pub fn editions_are_kept(store: &Store) {
    let guide = bureau().guides.service(SERVICE).unwrap();
    store.keep_edition(guide).unwrap();
    store.keep_edition(guide).unwrap();
    let kept = store.editions().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].edition, &kept[0].files), (&guide.edition, &*guide.files));
}

pub fn files_are_kept_by_content(store: &Store) {
    let photo = [&[0xff, 0xd8, 0xff, 0xe0][..], "身份证正面".as_bytes()].concat();
    let file = store.put_file(&photo, "C:\\照片\\身份证\u{7}.jpg").unwrap();
    assert_eq!((file.name.as_str(), file.media.as_str(), file.bytes), ("身份证.jpg", "image/jpeg", photo.len() as u64));
    assert_eq!(store.put_file(&photo, "另一个名字.pdf").unwrap().digest, file.digest);
    assert_eq!(store.file(&file.digest).unwrap(), Some(("image/jpeg".to_owned(), photo)));
    for digest in ["", "../keys.db", &"0".repeat(64), &file.digest.to_uppercase()] {
        assert_eq!(store.file(digest).unwrap(), None, "{digest}");
    }
    let code = |bytes: &[u8]| match store.put_file(bytes, "a.jpg") {
        Err(store::Stop::Refused(refusal)) => refusal.code.number(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(b"<script>alert(1)</script>"), "R402");
    assert_eq!(code(b""), "R402");
    let mut large = vec![0; store::MAX_BYTES + 1];
    large[..5].copy_from_slice(b"%PDF-");
    assert_eq!(code(&large), "R403");
    assert_eq!(store.put_file(&large[..store::MAX_BYTES], "大.pdf").unwrap().media, "application/pdf");
}

pub fn a_rebuild_is_byte_equal(store: &Store) {
    noticed(store);
    let clerk = store.staff_by_id("clerk").unwrap().unwrap().actor();
    let file = store.put_file(b"%PDF-1.7", "材料.pdf").unwrap();
    for n in 2..=4 {
        let case = apply(store, n, VILLAGE);
        let mut order = step_order(&format!("r{n}"), &clerk, &case, "登记", "退回补填", "缺电话");
        if let Command::Complete { materials, .. } = &mut order.command {
            materials.push(("居住证明".into(), file.clone()));
        }
        done(store, &order, monday());
    }
    let correct = Command::Correct {
        facts: vec![("认领人".into(), formula::Value::from("改名后"))],
        valid_from: monday().date(),
        reason: "姓名写错".to_owned(),
        source: "身份证".into(),
    };
    let case = CaseId("CD202600001".into());
    let keeper = store.staff_by_id("keeper").unwrap().unwrap().actor();
    done(store, &Order { command: correct, ..step_order("c", &keeper, &case, "", "", "") }, monday());
    let report = store.rebuild(bureau()).unwrap();
    assert!(report.byte_equal, "{:?}", report.differences);
    assert_eq!(report.cases, 4);
    let scope = Scope::of(&county());
    assert_eq!(store.search(&scope, "改名").unwrap().len(), 1);
    assert_eq!(store.search(&scope, "春泥1").unwrap(), []);
    // The counters run on from where they were.
    assert_eq!(apply(store, 5, VILLAGE).to_string(), "CD202600005");
}

pub fn the_outbox_holds_what_others_need(store: &Store) {
    let clerk = engage(store, "clerk", "李四", "社区干事");
    let case = apply(store, 1, VILLAGE);
    let withdraw = Order {
        command: Command::Withdraw { reason: "不种了".to_owned() },
        ..step_order("w", &clerk, &case, "", "", "")
    };
    done(store, &withdraw, monday());
    let outgoing = store.outgoing(10).unwrap();
    assert_eq!(outgoing.len(), 1);
    assert_eq!((&outgoing[0].case, outgoing[0].kind.as_str()), (&case, "closed"));
    store.delivered(outgoing[0].seq).unwrap();
    assert_eq!(store.outgoing(10).unwrap(), []);
}
