//! Registries: questions go out, answers come back, and whatever a registry does has an outcome of its own.

mod visitor;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use casework::Actor;
use casework::checking::{Request, Standing};
use casework::event::PersonRef;
use exchange::sealed;
use exchange::table::read_table;
use minzheng::registries::{Way, exchange, ways};
use minzheng::simulator::{Faults, Server, make, read, router};
use visitor::household::{act, apply};
use visitor::{Office, between};

const PASSWORD: &str = "约定的密码一二三";

fn connect(office: &Office, names: &[&str]) {
    let rows: String = names.iter().map(|name| format!("{name},文件\n")).collect();
    office.bring("connection", &format!("数据源,方式\n{rows}"), "2026-01-01").unwrap();
}

/// An application that has been accepted, and so is checked.
fn accepted(office: &Office) -> String {
    office.at("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    office.at("2026-09-22 09:00");
    act(office, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    case
}

fn requests(office: &Office, case: &str) -> Vec<Request> {
    office.site.bureau.store.state(case).unwrap().unwrap().requests
}

/// The newest question about each person, and how it stands.
fn standings(office: &Office, case: &str, inquiry: &str) -> Vec<Standing> {
    let state = office.site.bureau.store.state(case).unwrap().unwrap();
    state.asked(inquiry).iter().map(|request| request.standing()).collect()
}

/// Uploads a file of answers and gives what the page says.
fn upload(office: &Office, registry: &str, text: &str) -> String {
    let mut clerk = office.staff("hedui");
    clerk.open(&format!("/checks/{registry}"));
    let token = between(&clerk.page, "name=\"_token\" value=\"", "\"").unwrap().to_owned();
    clerk.path = format!("/checks/{registry}/answers");
    clerk.attach("file", "答复.csv", text.as_bytes());
    clerk.post(&[("_token".to_owned(), token)]);
    clerk.text()
}

#[test]
fn questions_go_out_locked_and_their_answers_come_back() {
    let office = Office::open("2026-09-21 09:00");
    connect(&office, &["银行"]);
    let case = accepted(&office);
    let asked = requests(&office, &case);
    assert!(!asked.is_empty() && asked.iter().all(|request| request.standing() == Standing::Pending));
    assert_eq!(office.staff("shouli").open("/checks").status, 403);
    let mut clerk = office.staff("hedui");
    clerk.open(&format!("/case/{case}")).sees("待复");
    clerk.open("/checks").sees("银行").sees("文件");
    clerk.open("/checks/bank_balances").send(&[("password", "short"), ("batch", "")]).sees("密码至少 8 个字");
    clerk.open("/checks/bank_balances").send(&[("password", PASSWORD), ("batch", "")]);
    let locked = clerk.bytes.clone();
    assert!(sealed::is_sealed(&locked), "{}", clerk.text());
    let book = sealed::unseal(&locked, PASSWORD).unwrap();
    let table = read_table(&book, &["请求号", "身份号码"]).unwrap();
    assert_eq!(table.lines.len(), asked.len());
    let number = asked[0].question.person.number.clone().unwrap();
    assert!(table.lines.iter().any(|line| line.cells.iter().any(|cell| cell.as_text() == number)));
    // The same batch can be fetched once more; nothing is sent twice.
    clerk.open("/checks/bank_balances").sees("0 待发").sees_not(&number);
    let batch = between(&clerk.page, "<option value=\"HD", "\"").unwrap().to_owned();
    clerk.send(&[("password", PASSWORD), ("batch", &format!("HD{batch}"))]);
    assert!(sealed::is_sealed(&clerk.bytes));
    // Without answers the check cannot be finished, and "nothing" is not what it says.
    clerk.open(&format!("/case/{case}/do/match")).send(&[]).sees("等必查的答复").sees("待复");
    let heads = "请求号,姓名,身份号码,结果,数据日期,机构,种类,余额\n";
    let line = |request: &Request, rest: &str| {
        let person = &request.question.person;
        format!("{},{},{},{rest}\n", request.question.number, person.name, person.number.as_deref().unwrap())
    };
    let all: String = asked.iter().map(|request| line(request, "无记录,2026-09-21,,,")).collect();
    assert!(upload(&office, "bank_balances", &format!("{heads}{all}")).contains(&format!("无记录 {} 条", asked.len())));
    assert!(upload(&office, "bank_balances", &format!("{heads}{all}")).contains("以前收过"));
    let mut clerk = office.staff("hedui");
    clerk.open(&format!("/case/{case}/do/match")).send(&[]);
    assert_eq!(clerk.path, format!("/case/{case}"), "{}", clerk.text());
    clerk.sees("打印核对报告");
    clerk.open(&format!("/case/{case}/paper/check/0")).sees("没有答复的不等于没有").sees("银行");
}

#[test]
fn every_kind_of_bad_answer_has_an_outcome() {
    let office = Office::open("2026-09-21 09:00");
    connect(&office, &["车辆"]);
    let case = accepted(&office);
    let first = requests(&office, &case)[0].question.clone();
    let (number, name) = (&first.number, &first.person.name);
    let citizen = first.person.number.clone().unwrap();
    let old = format!("{}{}", &citizen[..6], &citizen[8..17]);
    let heads = "请求号,姓名,身份号码,结果,数据日期,号牌,车型\n";
    let tell = |text: &str| upload(&office, "vehicles", text);
    let standing = || standings(&office, &case, "车辆登记")[0];
    let car = "有记录,2026-09-21,豫C12345,轿车";
    // The form has changed: nothing is read of it.
    let said = tell(&format!("请求号,姓名,证件号,结果,数据日期,号牌,车型\n{number},{name},{citizen},{car}\n"));
    assert!(said.contains("格式变了") && said.contains("身份号码"), "{said}");
    assert_eq!(standing(), Standing::Pending);
    assert!(tell("不是表格").contains("格式变了") || tell("").contains("空"));
    for (line, outcome) in [
        (format!("别处的请求-1,{name},{citizen},{car}\n"), "没有这个请求"),
        (format!("{number},{name},11010519491231002X,{car}\n"), "答的是别人"),
        (format!("{number},别人,{citizen},查过了,2026-09-21,,\n"), "结果“查过了”不认识"),
        (format!("{number},{name},{citizen},有记录,2026-09-21,,\n"), "写了有记录，却没有内容"),
        (format!("{number},{name},{citizen},无记录,2026-09-21,豫C12345,轿车\n"), "写了无记录，却有内容"),
        (format!("{number},{name},{citizen},有记录,去年,豫C12345,轿车\n"), "不是日期"),
        (format!("{number},{name},{citizen},有记录,2026-09-21,豫C12345,飞机\n"), "车型"),
        (format!("{number},{name},{citizen},有记录,2026-09-21,,轿车\n"), "没有“号牌”"),
        (format!("{number},{name},{citizen},有记录,2026-10-30,豫C12345,轿车\n"), "在今天以后"),
        (format!("{number},{name},{citizen},无记录,2026-03-01,,\n"), "过期"),
        (format!("{number},{name},4.10325E+17,{car}\n"), "改坏了"),
        (format!("{number},{name},{citizen},{car}\n{number},{name},{citizen},无记录,2026-09-21,,\n"), "又说没有"),
        (format!("{number},{name},,{car}\n"), "答的是别人"),
        (format!("{number},{name},{citizen},查询失败,,,\n"), "对方答复：查询失败"),
    ] {
        let said = tell(&format!("{heads}{line}"));
        assert!(said.contains(outcome), "{line} should be “{outcome}”:\n{said}");
        assert!(!standing().is_settled(), "{line}");
    }
    // What is usable, with what has to be known of it.
    let said = tell(&format!("{heads}{number},{name},{old},{car}\n{number},{name},{old},{car}\n"));
    assert!(said.contains("完全相同"), "{said}");
    let answer = requests(&office, &case)[0].answer.clone().unwrap();
    assert_eq!((answer.lines.len(), answer.quality), (1, 'C'));
    // Another answer to the same question makes both useless; asked again, it is answered anew.
    assert!(tell(&format!("{heads}{number},{name},{citizen},无记录,2026-09-21,,\n")).contains("两次答复不同"));
    assert_eq!(standing(), Standing::Failed);
    let mut clerk = office.staff("hedui");
    clerk.open(&format!("/case/{case}/do/match")).sees("再问失败");
    let form = clerk.page.split("<form ").find(|form| form.contains("/ask/match")).unwrap().to_owned();
    let value = |name: &str| between(&form, &format!("name=\"{name}\" value=\""), "\"").unwrap().to_owned();
    let pairs = ["_token", "_key"].map(|name| (name.to_owned(), value(name)));
    clerk.path = format!("/case/{case}/ask/match");
    clerk.post(&pairs);
    assert_eq!(standing(), Standing::Pending);
    let again = requests(&office, &case).last().unwrap().question.number.clone();
    tell(&format!("{heads}{again},另外的名字,{citizen},{car}\n"));
    let answer = requests(&office, &case).last().unwrap().answer.clone().unwrap();
    assert_eq!((answer.standing, answer.quality), (Standing::Answered, 'B'));
    // A car that nobody has declared is a doubt, and the step asks what to make of it.
    let mut clerk = office.staff("hedui");
    clerk.open(&format!("/case/{case}/do/match")).sees("车辆没有申报");
    assert!(clerk.page.contains("name=\"o-疑点.vehicles."));
}

#[test]
fn whoever_has_withdrawn_is_not_asked_about() {
    let office = Office::open("2026-09-21 09:00");
    connect(&office, &["车辆"]);
    office.at("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    let state = office.site.bureau.store.state(&case).unwrap().unwrap();
    let people: Vec<PersonRef> = state.facts.iter().flat_map(|fact| fact.value.people()).cloned().collect();
    let one = people.iter().find(|person| person.number.is_some()).unwrap();
    let number = one.number.clone().unwrap();
    office.at("2026-09-22 09:00");
    act(&office, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    assert!(requests(&office, &case).iter().all(|request| request.question.not_permitted.is_none()));
    let text = format!("人员,范围,签署日期,撤回日期\n{} {number},全部,2026-09-22,2026-09-23\n", one.name);
    office.at("2026-09-23 09:00");
    let now = office.site.now();
    office.bring("authorisation", &text, "2026-09-23").unwrap();
    // The answers failed; nobody is asked again about whoever has withdrawn.
    let heads = "请求号,姓名,身份号码,结果,数据日期,号牌,车型\n";
    let failed: String = requests(&office, &case)
        .iter()
        .map(|request| {
            let person = &request.question.person;
            format!("{},{},{},查询失败,,,\n", request.question.number, person.name, person.number.as_deref().unwrap())
        })
        .collect();
    upload(&office, "vehicles", &format!("{heads}{failed}"));
    let command = casework::Command::Ask { step: "match".into() };
    let accounts = office.site.bureau.store.accounts().unwrap();
    let clerk = accounts.iter().find(|account| account.id == "hedui").unwrap();
    let people = vec![clerk.actor(now.date())];
    let order = bureau::Order { key: "again".into(), people, case: Some(case.clone()), command, secret: None, now };
    let done = office.site.bureau.execute(&order);
    let of = |request: &&Request| request.question.person.number.as_deref() == Some(&*number);
    let all = requests(&office, &case);
    let last = all.iter().rfind(of).unwrap();
    match done {
        Ok(_) => assert_eq!(last.question.not_permitted.as_deref(), Some("授权已经撤回")),
        Err(failure) => assert!(failure.to_string().contains("没有要再问的"), "{failure}"),
    }
}

/// Rounds with registries that are down, slow, stale, partial, and answer about others: in the end every question has
/// the answer that the registry has, or is told as not answered.
#[test]
fn bad_registries_never_make_nothing_of_something() {
    let office = Office::open("2026-09-21 09:00");
    let registries = office.site.bureau.library.registries.clone();
    let names: Vec<String> = registries.iter().map(|registry| registry.name.to_string()).collect();
    connect(&office, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let cases: Vec<String> = (0..4).map(|_| accepted(&office)).collect();
    let people: BTreeMap<String, PersonRef> = cases
        .iter()
        .flat_map(|case| requests(&office, case))
        .map(|request| (request.question.person.number.clone().unwrap(), request.question.person))
        .collect();
    let people: Vec<PersonRef> = people.into_values().collect();
    let (tables, today) = (tempfile::tempdir().unwrap(), office.site.now().date());
    make(&registries, &people, (7, 80), today, tables.path()).unwrap();
    let truth = read(&registries, tables.path()).unwrap();
    assert!(truth.values().any(|rows| !rows.is_empty()));
    let faults: Faults = "down=30,slow=40,stale=10,partial=15,wrong=10,twice=40,both=10,changed=15".parse().unwrap();
    let batches = Mutex::new(HashMap::new());
    let server = Server { registries: registries.clone(), truth: truth.clone(), faults, seed: 11, today, batches };
    let (address, listening) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, router(Arc::new(server))).await.unwrap();
        });
    });
    let address = listening.recv().unwrap();
    let way = |key: &str| Way::Web { url: format!("http://{address}/{key}"), token_file: None };
    let ways: BTreeMap<String, Way> =
        registries.iter().map(|registry| (registry.key.to_string(), way(&registry.key))).collect();
    let mut troubles = Vec::new();
    for round in 0..6 {
        office.at(&format!("2026-09-22 {:02}:00", 10 + round));
        for (_, round) in exchange(&office.site.bureau, &ways, || office.site.now()).unwrap() {
            troubles.extend(round.troubles);
        }
    }
    for fault in ["503", "格式变了"] {
        assert!(troubles.iter().any(|why| why.contains(fault)), "{fault}: {troubles:?}");
    }
    let (mut settled, mut open, mut notes) = (0, 0, String::new());
    for request in cases.iter().flat_map(|case| requests(&office, case)) {
        let (question, answer) = (&request.question, request.answer.as_ref());
        notes += answer.map_or("", |answer| &answer.note);
        if !request.standing().is_settled() {
            open += 1;
            continue;
        }
        settled += 1;
        let number = question.person.number.as_deref().unwrap();
        let has = truth.get(&question.registry).and_then(|rows| rows.get(number)).map_or(0, Vec::len);
        assert_eq!(answer.unwrap().lines.len(), has, "{question:?}");
    }
    assert!(settled > open && open > 0, "{settled} {open}");
    for note in ["答的是别人", "超过", "完全相同", "又说"] {
        assert!(notes.contains(note), "{note}");
    }
    // Nothing of an open question reads as nothing.
    let scope = office.site.bureau.scope(&Actor::system());
    let told = office.site.bureau.store.outstanding(&scope, office.site.now()).unwrap();
    let told: u32 = told.iter().map(|one| one.unsent + one.awaited + one.failed + one.stale).sum();
    assert_eq!(told, open);
}

#[test]
fn files_go_through_a_folder() {
    let office = Office::open("2026-09-21 09:00");
    connect(&office, &["银行"]);
    let case = accepted(&office);
    let desk = tempfile::tempdir().unwrap();
    let [out, incoming] = ["out", "in"].map(|name| desk.path().join(name));
    [&out, &incoming].into_iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
    std::fs::write(desk.path().join("password"), PASSWORD).unwrap();
    let text = format!(
        "[bank_balances]\nout = {out:?}\nin = {incoming:?}\npassword-file = {:?}\n",
        desk.path().join("password")
    );
    std::fs::write(office.folder.path().join("registries.toml"), text).unwrap();
    let ways = ways(office.folder.path()).unwrap();
    let round = || {
        let mut rounds = exchange(&office.site.bureau, &ways, || office.site.now()).unwrap();
        rounds.pop().unwrap().1
    };
    let asked = requests(&office, &case);
    assert_eq!(round().sent, asked.len());
    assert_eq!(round().sent, 0);
    let files = || std::fs::read_dir(&out).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    let file = files().into_iter().find(|path| path.extension().is_some_and(|ending| ending == "zip")).unwrap();
    let book = sealed::unseal(&std::fs::read(&file).unwrap(), PASSWORD).unwrap();
    assert_eq!(read_table(&book, &["请求号"]).unwrap().lines.len(), asked.len());
    let mut answers = "请求号,姓名,身份号码,结果,数据日期,机构,种类,余额\n".to_owned();
    for request in &asked {
        let person = &request.question.person;
        let number = person.number.as_deref().unwrap();
        answers += &format!("{},{},{number},无记录,2026-09-21,,,\n", request.question.number, person.name);
    }
    let locked = sealed::seal("答复.csv", answers.as_bytes(), PASSWORD).unwrap();
    std::fs::write(incoming.join("a.zip"), &locked[..locked.len() / 2]).unwrap();
    std::fs::write(incoming.join("b.zip"), &locked).unwrap();
    let last = round();
    assert_eq!((last.received.len(), last.troubles.len()), (1, 1), "{last:?}");
    assert!(requests(&office, &case).iter().all(|request| request.standing() == Standing::Empty));
    assert!(incoming.join("收过").join("b.zip").is_file() && incoming.join("不收").join("a.zip").is_file());
}
