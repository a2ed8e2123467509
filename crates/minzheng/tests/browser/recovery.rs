//! A death that is heard of two months late, in Chromium: stop, debt month by month, notice, decision, plan, repayment.

use bureau::Notable;
use bureau::import::{Import, Take};

use super::{act, picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::Office;

/// A page on a desk and on a phone.
fn look(phone: &mut Chromium, desk: &mut Chromium, who: &str, path: &str, name: &str) {
    sign_in(phone, who);
    phone.open(path);
    phone.picture(&picture(&format!("{name}-390")));
    assert_eq!(phone.overflow(), 0, "{name} is wider than a phone");
    for (width, height) in [(1920, 1080), (1280, 900)] {
        desk.resize(width, height);
        desk.picture(&picture(&format!("{name}-{width}")));
        assert_eq!(desk.overflow(), 0, "{name} is wider than {width}");
    }
}

/// The cases at a task that were begun since the demo was made.
fn begun_at(office: &Office, task: &str) -> Vec<String> {
    let bureau = &office.site.bureau;
    let since = |case: &String| {
        let opened = bureau.store.state(case).unwrap().and_then(|state| state.opened_at);
        opened > Some("2026-11-27T09:00:00".parse().unwrap())
    };
    bureau.store.at_task(task).unwrap().into_iter().filter(since).collect()
}

/// The only one of them.
fn at(office: &Office, task: &str) -> String {
    office.site.bureau.pass_time(office.site.now()).unwrap();
    let mut cases = begun_at(office, task);
    assert_eq!(cases.len(), 1, "{task}");
    cases.pop().unwrap()
}

/// A person whom November still paid, of the township whose clerk this is; and that the registry says he died.
fn somebody_dead(office: &Office) -> casework::payment::Line {
    let bureau = &office.site.bureau;
    let last = bureau.store.runs().unwrap().pop().unwrap().case;
    let lines = bureau.store.notable(&last, Notable::All, 1000).unwrap();
    // Who is paid for good, not once at the end.
    let own = |line: &casework::payment::Line| {
        (&*line.service, &*line.entitlement) == ("veteran", "veteran_grant")
            && line.parts.len() == 1
            && line.region.to_string().starts_with("410325101")
            && bureau
                .store
                .state(&line.case)
                .unwrap()
                .is_some_and(|state| state.is_paid("veteran_grant", office.site.now()))
    };
    let (line, _) = lines.into_iter().find(|(line, _)| own(line)).expect("a veteran of the township");
    let text = format!("人员,死亡日期,来源\n{} {},2026-09-20,公安\n", line.holder, line.number);
    let (from, now) = (office.site.now().date(), office.site.now());
    bureau
        .import(Import { register: "death", bytes: text.as_bytes(), map: &[], from, by: "测试", now }, Take::Whole)
        .unwrap();
    line
}

/// Time comes, and the bureau does its part of the batches.
fn work_at(office: &Office, moment: &str) {
    office.at(moment);
    office.site.bureau.pass_time(office.site.now()).unwrap();
    office.site.bureau.work(office.site.now(), &mut |_| ()).unwrap();
}

/// The township reports the death, the county stops the entitlement, and the roster is made anew.
fn stop(office: &Office, desk: &mut Chromium, line: &casework::payment::Line) {
    work_at(office, "2026-12-05 09:00");
    let run = office.site.bureau.store.runs().unwrap().pop().unwrap().case;
    sign_in(desk, "fafang");
    desk.open(&format!("/payments/{run}"));
    desk.sees("已经死亡");
    sign_in(desk, "shouli");
    desk.open(&format!("/case/{}/start/death", line.case));
    desk.fill("died_on", "2026-09-20");
    desk.fill("funeral_by", "家属");
    desk.press("提交");
    let stopped = desk.path().split(['/', '?']).nth(2).unwrap().to_owned();
    let heard = [("conclusion", "停发"), ("o-理由", "火化证明已核")];
    act(desk, "shenpi", &stopped, "confirm_death", &heard, "作出决定");
    let anew = [("roster_ready", "重新编制"), ("check_note", "一人去世，已停发")];
    act(desk, "fafang", &run, "check", &anew, "提交");
    work_at(office, "2026-12-05 10:00");
}

/// The heirs pay a part; two people book it.
fn repay(office: &Office, desk: &mut Chromium) {
    let bureau = &office.site.bureau;
    let rows = bureau.store.register("claim", office.site.now().date(), base::RegionCode::NATION);
    let newest = rows.unwrap().into_iter().max_by_key(|version| version.row.from).unwrap();
    let row = bureau::handle("claim", &newest.row.key);
    sign_in(desk, "kuaiji");
    desk.open(&format!("/services/recovery/apply/repay?register=claim&row={row}"));
    let paid = [("paid_in", "200.00"), ("paid_on", "2026-12-17"), ("paid_how", "从遗产中缴回"), ("voucher", "示例 1")];
    paid.iter().for_each(|(name, value)| desk.fill(name, value));
    desk.press("提交");
    let repaid = at(office, "recovery confirm_in");
    act(desk, "caiwu", &repaid, "confirm_in", &[("conclusion", "入账"), ("o-理由", "与进账单相符")], "作出决定");
}

#[test]
fn a_death_heard_of_two_months_late_is_stopped_claimed_and_paid_back_in_chromium() {
    let office = Office::open("2026-11-27 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, office.site.now(), |_| ())).unwrap();
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    let line = somebody_dead(&office);
    stop(&office, &mut desk, &line);
    // What was paid too much has begun a case by itself.
    let case = at(&office, "recovery verify");
    sign_in(&mut desk, "fafang");
    desk.open("/debts");
    desk.sees("2026-10 至 2026-11");
    look(&mut phone, &mut desk, "fafang", "/debts", "debts-found");
    desk.follow("逐月对账");
    desk.sees("现在应发");
    let path = desk.path();
    look(&mut phone, &mut desk, "fafang", &path, "debts-statement");
    let found = [
        ("cause", "死亡后未停发"),
        ("due_back", "是"),
        ("debtor", "周小明（长子）"),
        ("finding", "9 月 20 日去世，11 月 27 日才比对出来"),
    ];
    act(&mut desk, "fafang", &case, "verify", &found, "提交");
    desk.sees("追缴告知书");
    // Whoever found it does not decide it, and nobody decides before the family could speak.
    sign_in(&mut desk, "shenpi");
    desk.open(&format!("/case/{case}/do/decide"));
    desk.sees("不能办");
    office.at("2026-12-17 09:00");
    assert_eq!(at(&office, "recovery decide"), case);
    let decided = [("conclusion", "追缴"), ("o-理由", "死亡以后不再享受")];
    act(&mut desk, "shenpi", &case, "decide", &decided, "作出决定");
    let plan = [("method", "从遗产中缴回"), ("plan_from", "2026-12-31"), ("status", "追缴中")];
    act(&mut desk, "shouli", &case, "plan", &plan, "提交");
    act(&mut desk, "kuaiji", &case, "check_plan", &[("conclusion", "同意"), ("o-理由", "与继承人谈妥")], "作出决定");
    look(&mut phone, &mut desk, "kuaiji", &format!("/case/{case}"), "recovery-planned");
    let debt = || bureau.debts(&line.number).unwrap().pop().unwrap();
    let claimed = debt().claimed;
    assert!(claimed.0 > 0 && debt().owed.owing == claimed, "{:?}", debt());
    desk.open("/debts");
    desk.sees("从遗产中缴回");
    repay(&office, &mut desk);
    assert_eq!((debt().repaid.0, debt().owed.owing.0), (20_000, claimed.0 - 20_000));
    sign_in(&mut desk, "kuaiji");
    desk.open("/debts");
    desk.sees("200.00");
    look(&mut phone, &mut desk, "kuaiji", "/debts", "debts-running");
    // Nothing of it is found again.
    work_at(&office, "2027-01-05 09:00");
    assert_eq!(begun_at(&office, "recovery verify").len(), 0);
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}
