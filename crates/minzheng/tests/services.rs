//! What one service has to do with another, in a county that came about by orders.

mod visitor;

use base::{Fen, Level, Month};
use bureau::import::{Import, Take};
use bureau::{Failure, Order};
use casework::event::{PersonRef, granted};
use casework::{Actor, Capacity, Command, Datum, Input};
use visitor::{Office, number};

fn months(from: &str, count: usize) -> Vec<Month> {
    std::iter::successors(from.parse().ok(), |month: &Month| Some(month.next())).take(count).collect()
}

#[test]
fn who_goes_from_one_benefit_to_another_misses_no_month_and_gets_none_twice() {
    let office = Office::open("2026-11-20 09:00");
    let (bureau, now) = (&office.site.bureau, office.site.now());
    demo::make_county(bureau, 40, 2, now, |_| {}).unwrap();
    let scope = bureau.scope(&Actor::system());
    let mut converted = 0;
    for row in bureau.store.cases(&scope, 1000).unwrap().into_iter().filter(|row| row.result == "转为特困") {
        let left = bureau.store.state(&row.case).unwrap().unwrap();
        let number = left.grants.iter().flat_map(|grant| &grant.holders).next().unwrap().clone();
        let spells = bureau.store.look(|read| read.spells([&*number])).unwrap();
        let total = |entitlement: &str, month| {
            let spell = spells.iter().find(|spell| spell.entitlement == entitlement).unwrap();
            granted(&spell.grants, entitlement, month).map_or(Fen(0), |grant| grant.total())
        };
        let both: Vec<(Fen, Fen)> =
            months("2026-01", 24).into_iter().map(|m| (total("dibao_grant", m), total("tekun_grant", m))).collect();
        assert!(both.iter().all(|(old, new)| old.0 == 0 || new.0 == 0), "a month twice: {both:?}");
        let first = both.iter().position(|(old, new)| old.0 > 0 || new.0 > 0).unwrap();
        assert!(both[first..].iter().all(|(old, new)| old.0 > 0 || new.0 > 0), "a month missed: {both:?}");
        assert!(both.last().unwrap().1.0 > 0);
        assert!(left.letters.iter().any(|letter| letter.title == "转为特困通知书" && letter.number.is_some()));
        converted += 1;
    }
    assert!(converted > 0, "somebody went from dibao to tekun");
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
    assert!(bureau.store.rebuild().unwrap().differing.is_empty(), "the lists follow from it");
}

const CENSUS: &str = "人员,属地,类别,义务兵月数,状态,普查批次\n";

/// A line of the census: name, number, months of service.
fn counted(name: &str, number: &str, months: &str) -> String {
    format!("{name} {number},410325101200,农村籍退役士兵,{months},普查登记,2026年普查\n")
}

#[test]
fn a_census_fills_a_register_and_is_compared_with_it() {
    let office = Office::open("2026-11-20 09:00");
    let bureau = &office.site.bureau;
    let people = [number("1950-01-01", 11), number("1951-02-02", 13), number("1952-03-03", 15)];
    let import = |text: &str, from: &str, write: bool| {
        let (now, from) = (office.site.now(), from.parse().unwrap());
        bureau.import(
            Import { register: "veterans", bytes: text.as_bytes(), map: &[], from, by: "普查员", now },
            if write { Take::Whole } else { Take::Nothing },
        )
    };
    let first = format!("{CENSUS}{}{}", counted("甲一", &people[0], "36"), counted("乙二", &people[1], "40"));
    let compared = import(&first, "2026-10-01", false).unwrap();
    assert_eq!((compared.new.len(), compared.same), (2, 0));
    assert_eq!(import(&first, "2026-10-01", true).unwrap(), compared, "looking changes nothing");
    let second = format!("{CENSUS}{}{}", counted("甲一", &people[0], "38"), counted("丙三", &people[2], "24"));
    let compared = import(&second, "2026-11-01", true).unwrap();
    assert_eq!((compared.new.len(), compared.changed.len(), compared.missing.len()), (1, 1, 1));
    assert_eq!(import(&second, "2026-11-01", false).unwrap().same, 2, "the same again changes nothing");
    let versions = bureau.store.versions("veterans", &people[0]).unwrap();
    assert_eq!(versions.len(), 2, "a row is never overwritten");
    // What is wrong is told line by line, and nothing is written.
    let wrong = format!(
        "{CENSUS}{}{}{}丁四,410325101200,士兵,三年,普查登记,2026年普查\n",
        counted("甲一", &people[0], "36"),
        counted("甲一", &people[0], "36"),
        counted("错号", "410325195001010000", "36"),
    );
    let told = import(&wrong, "2026-11-02", true).unwrap_err().to_string();
    for what in
        ["第 3 行：与第 2 行是同一个键", "第 4 行“人员”", "第 5 行：“人员”是键", "第 5 行“类别”", "第 5 行“义务兵月数”"]
    {
        assert!(told.contains(what), "{what} is not in\n{told}");
    }
    assert!(import("名字\n甲\n", "2026-11-02", true).unwrap_err().to_string().contains("缺少列“人员”"));
    assert_eq!(bureau.store.register("veterans", office.site.now().date(), base::RegionCode::NATION).unwrap().len(), 3);
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
    assert!(bureau.store.rebuild().unwrap().differing.is_empty(), "the lists follow from the journal");
}

#[test]
fn registers_are_read_by_those_who_have_a_part_in_them() {
    let office = Office::open("2026-11-20 09:00");
    demo::make_county(&office.site.bureau, 0, 5, office.site.now(), |_| {}).unwrap();
    let mut registrar = office.staff("dengji");
    registrar.open("/registers").sees("婚姻").sees_not("优抚对象");
    registrar.open("/registers/marriage?group=status&sort=married_on&back=1").sees("J410325-2026-000001").sees("有效");
    registrar.open("/registers/marriage?status=%E7%A6%BB%E5%A9%9A").sees("L410325-2026-").sees_not("有效</td>");
    registrar
        .open(&format!("/registers/marriage/row?row={}", bureau::handle("marriage", "J410325-2026-000001")))
        .sees("登记")
        .sees("DEMO-");
    let csv = registrar.open("/lists/register-marriage.csv").page.clone();
    assert!(csv.contains("结婚证号,男方,女方") && csv.contains("\"J410325-2026-000001\""), "{csv}");
    registrar.open("/registers/veterans").sees_not("类别");
    let mut township = office.staff("shouli");
    township.open("/registers/marriage").sees_not("J410325");
    township.open("/registers/veterans").sees("参战退役军人");
    let mut citizen = office.visitor();
    citizen.open("/registers/marriage").sees_not("J410325");
}

/// A register of organisations: one in six is a charity, one came too late for the year.
fn organisations(count: u32) -> String {
    let mut text = "统一社会信用代码,名称,类型,登记日期,业务主管单位,住所地,慈善组织,状态\n".to_owned();
    for number in 0..count {
        let code = base::CreditCode::compose("52", "410325", &format!("MJ{number:06}")).unwrap();
        let charity = if number % 6 == 5 { "是" } else { "否" };
        let on = if number == 0 { "2025-07-01" } else { "2025-06-30" };
        text += &format!("{code},第{number}单位（演示）,民办非企业单位,{on},,410325101,{charity},正常\n");
    }
    text
}

#[test]
fn the_calendar_opens_a_season_once() {
    let office = Office::open("2025-12-30 09:00");
    let bureau = &office.site.bureau;
    let at = |text: &str| text.parse::<base::DateTime>().unwrap();
    let text = organisations(360);
    office.bring("organisation", &text, "2025-06-30").unwrap();
    bureau.pass_time(at("2025-12-30T09:00:00")).unwrap();
    let scope = casework::people::Scope::of(&Actor::system(), &bureau.library.guides);
    let season = || bureau.store.cases(&scope, 1000).unwrap().into_iter().filter(|row| row.service == "inspection");
    assert_eq!(season().count(), 0, "nothing before the day");
    // The machine was off over the new year.
    bureau.pass_time(at("2026-01-03T08:00:00")).unwrap();
    // 360 less 60 charities, less the one that was registered a day too late.
    assert_eq!(season().count(), 299);
    let case = season().next().unwrap();
    let state = bureau.store.state(&case.case).unwrap().unwrap();
    assert_eq!(state.opened_at, Some(at("2026-01-01T00:00:00")), "the moment in which it fell due");
    assert_eq!(state.clocks["报送期限"].due.at, at("2026-05-31T23:59:59"), "a Sunday, and it stays");
    assert!(case.applicant.ends_with("单位（演示）"), "{}", case.applicant);
    bureau.pass_time(at("2026-01-03T08:01:00")).unwrap();
    // Somebody sets the clock of the machine back, and forward again.
    bureau.store.keep_setting("starts followed until", "2025-12-31T00:00:00").unwrap();
    bureau.pass_time(at("2026-01-03T08:02:00")).unwrap();
    assert_eq!(season().count(), 299, "each once");
    bureau.pass_time(at("2026-06-01T00:01:00")).unwrap();
    let state = bureau.store.state(&case.case).unwrap().unwrap();
    let open: Vec<&str> = state.live().map(|instance| &*instance.step).collect();
    assert_eq!(open, ["absent"]);
    bureau.pass_time(at("2027-01-01T00:01:00")).unwrap();
    assert_eq!(season().count(), 599, "the next year, with the one that was too late");
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
}

/// The real figure of a season: 869 inspected are 765 + 97 + 7, and 88.0 % of them passed.
#[test]
fn indicators_count_rows_by_region_and_period() {
    let office = Office::open("2026-09-01 09:00");
    let bureau = &office.site.bureau;
    let mut text = "社会组织,检查年度,名称,类型,结论,处理,审定日期\n".to_owned();
    for number in 0..869 {
        let code = base::CreditCode::compose("52", "410325", &format!("MJ{number:06}")).unwrap();
        let conclusion = if number < 765 {
            "合格"
        } else if number < 862 {
            "基本合格"
        } else {
            "不合格"
        };
        text += &format!("{code},2025,第{number}单位,民办非企业单位,{conclusion},无,2026-06-20\n");
    }
    let absent = base::CreditCode::compose("52", "410325", "MJ900000").unwrap();
    text += &format!("{absent},2025,没有来的单位,民办非企业单位,未参检,无,2026-06-20\n");
    office.bring("inspection_result", &text, "2026-06-20").unwrap();
    let guide = bureau.library.find("inspection").unwrap();
    let scope = casework::people::Scope::of(&Actor::system(), &bureau.library.guides);
    let asked = (base::RegionCode::NATION, office.site.now().date(), 3);
    let whole = |key: &str| {
        let indicator = guide.indicators.iter().find(|indicator| *indicator.key == *key).unwrap();
        let figures = bureau.figures(guide, indicator, &scope, asked).unwrap();
        assert_eq!(figures.periods, ["2026年"]);
        figures.rows.last().unwrap().1[0].text.clone()
    };
    assert_eq!([whole("inspected"), whole("passed"), whole("pass_share")], ["869", "765", "约 88.0322"]);
    office.staff("dengji").open("/indicators").sees("合格率").sees("88.0");
    // A township has no part in it.
    office.staff("shouli").open("/indicators").sees_not("合格率");
}

/// Carries out a command of somebody at the registry.
fn at_the_registry(office: &Office, post: &str, case: Option<&str>, command: Command) -> Result<(), Failure> {
    let region = base::RegionCode::parse("410325").unwrap();
    let capacity = Capacity::Staff { level: Level::County, posts: vec![post.to_owned()], region };
    let people = vec![Actor { id: post.to_owned(), name: post.to_owned(), capacity }];
    let key = bureau::hash(&[&format!("{case:?} {command:?}")]);
    let (case, secret, now) = (case.map(str::to_owned), None, office.site.now());
    office.site.bureau.execute(&Order { key, people, case, command, secret, now }).map(drop)
}

fn input(values: &[(&str, Datum)], outputs: &[(&str, &str)]) -> Input {
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let outputs = outputs.iter().map(|(key, text)| ((*key).to_owned(), Datum::Text((*text).to_owned()))).collect();
    Input { values, outputs, ..Input::default() }
}

/// Two registrars at two desks press the button in the same moment: what one of them writes into the register, the other
/// had looked for before it was there.
#[test]
fn nobody_is_married_twice_at_two_desks() {
    let office = Office::open("2026-11-20 09:00");
    let text = |text: &str| Datum::Text(text.to_owned());
    let person = |name: &str, number: String| Datum::Person(PersonRef { name: name.to_owned(), number: Some(number) });
    let there = [("到场", "男方、女方")];
    for round in 0..12_u16 {
        let man = person("张大伟", number("1990-05-20", 1 + 2 * round));
        let cases = [0, 1].map(|desk| format!("DESK-{round}-{desk}"));
        for (desk, case) in cases.iter().enumerate() {
            let woman = person("王小丽", number("1991-03-15", 2 + 4 * round + 2 * desk as u16));
            let values = [
                ("man", man.clone()),
                ("woman", woman),
                ("free_will", Datum::Bool(true)),
                ("related", Datum::Bool(false)),
                ("examination", text("已检查")),
            ];
            let (service, start) = ("marriage".to_owned(), "marry".to_owned());
            let input_there = input(&values, &there);
            let submit = Command::Submit {
                case: case.clone(),
                service,
                start,
                input: input_there,
                draw: None,
                over: None,
                subject: None,
            };
            at_the_registry(&office, "登记员", None, submit).unwrap();
            let found = [("man_status", text("没有登记过")), ("woman_status", text("没有登记过"))];
            let step = "review_marriage".to_owned();
            let review = Command::Do { step, conclusion: None, input: input(&found, &[("结果", "相符")]) };
            at_the_registry(&office, "复核员", Some(case), review).unwrap();
        }
        let marry = |case: &String| {
            let (step, conclusion) = ("register_marriage".to_owned(), Some("准予".to_owned()));
            let command = Command::Do { step, conclusion, input: input(&[], &there) };
            at_the_registry(&office, "登记员", Some(case), command).is_ok()
        };
        let married = std::thread::scope(|scope| {
            let desks: Vec<_> = cases.iter().map(|case| scope.spawn(|| marry(case))).collect();
            desks.into_iter().map(|desk| desk.join().unwrap()).filter(|married| *married).count()
        });
        assert_eq!(married, 1, "round {round}");
    }
    let rows =
        office.site.bureau.store.register("marriage", office.site.now().date(), base::RegionCode::NATION).unwrap();
    let numbers: Vec<&str> = rows.iter().map(|version| &*version.row.key).collect();
    let wanted: Vec<String> = (1..=12).map(|serial| format!("J410325-2026-{serial:06}")).collect();
    assert_eq!(numbers, wanted, "certificates are numbered without a gap");
}
