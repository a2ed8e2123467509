//! One person over all services, by whatever number; registers by place and by how long they are kept.

mod visitor;

use base::RegionCode;
use bureau::handle;
use casework::Registers;
use visitor::{Office, number};

const VILLAGE: &str = "410325101200";

#[test]
fn one_person_is_found_by_every_number() {
    let office = Office::open("2026-11-20 09:00");
    let (own, old) = (number("1950-03-02", 11), number("1950-03-02", 21));
    office.bring("person", &format!("人员,户籍地,死亡日期\n赵老根 {own},{VILLAGE},\n"), "2026-01-01").unwrap();
    let others = format!("号码,人员,依据\n台胞证0123456701,赵老根 {own},居住证换发\n{old},赵老根 {own},登记错了\n");
    office.bring("identifier", &others, "2026-01-01").unwrap();
    office.bring("custody", &format!("人员,起日,情形\n赵老根 {old},2026-03-04,服刑\n"), "2026-03-04").unwrap();
    let mut numbers = office.site.bureau.numbers("台湾01234567");
    numbers.sort();
    let mut all = vec![own.clone(), old.clone(), "台湾01234567".to_owned()];
    all.sort();
    assert_eq!(numbers, all);
    let mut clerk = office.staff("hedui");
    clerk.open("/desk").send(&[("q", "台湾01234567")]).sees("看这个人的全部").sees_not("台湾01234567");
    let row = format!("/registers/person/row?row={}", handle("person", &own));
    clerk.open(&row).sees("赵老根");
    clerk.open(&format!("/registers/person/person?row={}&column=person", handle("person", &own)));
    clerk.sees("也用过").sees("台湾居民来往大陆通行证").sees("羁押登记").sees("2026-03-04").sees("出生");
    for number in [&own, &old] {
        clerk.sees_not(number);
    }
    // Who has no part in the place finds neither row nor person.
    let mut elsewhere = office.staff("shouli");
    elsewhere.open(&row).sees("赵老根");
    office.bring("person", &format!("人员,户籍地\n赵老根 {own},410325100201\n"), "2026-02-01").unwrap();
    elsewhere.open(&row).sees_not("居住地");
}

#[test]
fn rows_are_counted_by_place_and_kept_as_long_as_they_must_be() {
    let office = Office::open("2026-11-20 09:00");
    let (long_dead, dead, alive) = (number("1900-03-02", 11), number("1930-03-02", 13), number("1950-01-02", 15));
    let rows = format!(
        "人员,户籍地,死亡日期\n甲 {long_dead},{VILLAGE},1990-01-01\n乙 {dead},{VILLAGE},2020-01-01\n丙 {alive},410325100201,\n"
    );
    office.bring("person", &rows, "2026-01-01").unwrap();
    let county = RegionCode::parse("410325").unwrap();
    let today = office.site.now().date();
    let parts = office.site.bureau.store.register_parts("person", today, county).unwrap();
    let parts: Vec<(String, u64)> = parts.into_iter().map(|(code, count)| (code.to_string(), count)).collect();
    assert_eq!(parts, [("410325100000".to_owned(), 1), ("410325101000".to_owned(), 2)]);
    let mut clerk = office.staff("hedui");
    clerk.open("/registers/person").sees("田湖镇").sees("保存：30 年，自死亡日期起");
    clerk.open("/registers/person?place=410325101000").sees("共 2 行").sees_not(" 丙 ");
    clerk.open("/registers/person?expired=1").sees("共 1 行").sees(" 甲 ").sees_not(" 乙 ");
    clerk.open(&format!("/registers/person/row?row={}", handle("person", &dead))).sees("到 2050-01-01 期满");
    // An account is shown masked, like a number.
    let account = format!("人员,账号,户名,开户银行,关系\n丙 {alive},6217489256926373,丙,农村商业银行,本人\n");
    office.bring("bank_account", &account, "2026-01-01").unwrap();
    clerk.open("/registers/bank_account").sees("6217********6373").sees_not("6217489256926373");
}

/// A workbook as a township keeps it: a title above, other names of columns, one number that the spreadsheet has ruined.
fn workbook(rows: &[(&str, &str)]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "田湖镇花名册").unwrap();
    for (column, name) in (0..).zip(["姓名", "身份证号", "户口所在地", "备注"]) {
        sheet.write(1, column, name).unwrap();
    }
    for (row, (name, number)) in (2..).zip(rows) {
        sheet.write(row, 0, *name).unwrap().write(row, 1, *number).unwrap();
        sheet.write(row, 2, "田湖镇田湖村").unwrap();
    }
    let ruined = u32::try_from(rows.len()).unwrap() + 2;
    sheet.write(ruined, 0, "丁").unwrap().write(ruined, 1, 410_325_195_003_020_115.0).unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn a_table_is_compared_by_one_and_approved_by_another() {
    let office = Office::open("2026-11-20 09:00");
    let people = [number("1950-01-02", 11), number("1951-02-03", 13), number("1952-03-04", 15)];
    office.bring("person", &format!("人员,户籍地\n甲 {},410325100201\n", people[0]), "2020-01-01").unwrap();
    let book = workbook(&[("甲", &people[0]), ("乙", &people[1]), ("丙", &people[2]), ("丙", "41032519500302001")]);
    let mut clerk = office.staff("hedui");
    clerk.open("/registers/person").sees("导入表格");
    clerk.open("/registers/person/template");
    assert_eq!(exchange::table::read_table(&clerk.bytes, &[]).unwrap().heads[..2], ["姓名", "身份号码"]);
    clerk.open("/registers/person/import").send(&[("_go", "look")]).sees("请选一个表格");
    clerk.attach("_table", "照片.png", b"\x89PNG\r\n\x1a\n\0\0").send(&[("_go", "look")]).sees("不是表格");
    clerk.attach("_table", "花名册.xlsx", &book).send(&[("_go", "look")]);
    clerk.sees("2 新增").sees("1 相同").sees("2 行有错").sees("表头在第 2 行").sees("没有读的列：户口所在地、备注");
    clerk.sees("第 6 行“人员”").sees("第 7 行“人员”：号码太长，被表格软件改成了数");
    // The column is called otherwise: once it is chosen, what the register says of the first differs.
    let chosen = [("map.户籍地", "户口所在地"), ("partly", "1")];
    clerk.send(&[("_go", "look"), chosen[0], chosen[1]]).sees("2 新增").sees("1 变更");
    clerk.send(&[("_go", "returned"), chosen[0], chosen[1]]);
    let back = exchange::table::read_table(&clerk.bytes, &["姓名", "身份证号"]).unwrap();
    assert_eq!((back.lines.len(), back.heads.last().unwrap().as_str()), (2, "问题"));
    clerk.open("/registers/person/import").attach("_table", "花名册.xlsx", &book);
    clerk.send(&[("_go", "look"), ("from", "2026-11-01")]);
    clerk.send(&[("_go", "look"), chosen[0], chosen[1]]);
    clerk.send(&[("_go", "submit"), ("title", ""), ("origin", "乡镇汇总")]).sees("请填写");
    clerk.send(&[("_go", "submit"), ("title", "2026年普查"), ("origin", "乡镇汇总")]).sees("核准导入");
    let case = clerk.path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(office.site.bureau.store.register_keys("person", office.site.now().date()).unwrap().len(), 1);
    let mut chief = office.staff("shenpi");
    chief.open(&format!("/case/{case}/table")).sees("2 新增").sees("1 变更").sees_not(&people[1]);
    chief.open(&format!("/case/{case}/do/confirm"));
    chief.send(&[("conclusion", "核准"), ("o-理由", "与普查表一致")]);
    office.site.bureau.work(office.site.now(), &mut |_| ()).unwrap();
    let state = office.site.bureau.store.state(&case).unwrap().unwrap();
    assert_eq!(state.closed.as_ref().map(|(result, _)| &**result), Some("已经写入"));
    let versions = office.site.bureau.store.versions("person", &people[0]).unwrap();
    assert_eq!((versions.len(), versions[1].case.split('.').next()), (2, Some(&*case)));
    assert_eq!(office.site.bureau.store.register_keys("person", office.site.now().date()).unwrap().len(), 3);
    chief.open(&format!("/registers/person/row?row={}", handle("person", &people[0]))).sees(&case);
    assert!(office.site.bureau.store.rebuild().unwrap().differing.is_empty(), "the lists follow from the journal");
}

#[test]
fn rows_that_are_named_must_be_there_and_what_is_unique_stands_once() {
    let office = Office::open("2026-11-20 09:00");
    let [own, other] = [number("1950-03-02", 11), number("1950-03-02", 13)];
    let member = |number: &str, household: &str| {
        format!("姓名,身份号码,户号,与户主关系,属地\n甲,{number},{household},户主,{VILLAGE}\n")
    };
    let wrong = office.bring("household_member", &member(&own, "101"), "2026-01-01").unwrap_err();
    assert!(wrong.contains("第 2 行“户号”：台账“家庭”没有“101”"), "{wrong}");
    let household = format!("户号,户主姓名,户主身份证号,属地\n101,甲,{own},田湖镇田湖村\n");
    office.bring("household", &household, "2026-01-01").unwrap();
    office.bring("household_member", &member(&own, "101"), "2026-01-01").unwrap();
    // One number of two people is told, with the line where the first stands.
    let two = format!("户号,户主姓名,户主身份证号,属地\n102,乙,{other},{VILLAGE}\n103,丙,{other},{VILLAGE}\n");
    let wrong = office.bring("household", &two, "2026-01-01").unwrap_err();
    assert!(wrong.contains("第 3 行“户主”：同一个号码在第 2 行是“乙”"), "{wrong}");
    // Dates as a spreadsheet counts them, unknown places, and names of one and of sixty characters.
    let long = "阿".repeat(60);
    let odd = format!("姓名,身份号码,户籍地,死亡日期\n{long},{own},没有村,45992\n甲,{other},{VILLAGE},2026年1月5日\n");
    let wrong = office.bring("person", &odd, "2026-01-01").unwrap_err();
    assert!(wrong.contains("没有“没有村”这个地方") && wrong.contains("“45992”是表格软件存日期的天数"), "{wrong}");
    assert_eq!(wrong.lines().count(), 2, "a name of sixty characters is a name: {wrong}");
}

/// Proposes a table for a register and approves it by another; gives the case.
fn brought(office: &Office, register: &str, table: &str) -> String {
    let mut clerk = office.staff("hedui");
    clerk.open(&format!("/registers/{register}/import")).attach("_table", "在册.csv", table.as_bytes());
    clerk.send(&[("_go", "look"), ("from", "2026-11-01"), ("partly", "1")]);
    clerk.send(&[("_go", "submit"), ("title", "移交"), ("origin", "旧系统导出")]).sees("核准导入");
    let case = clerk.path.rsplit('/').next().unwrap().to_owned();
    let mut chief = office.staff("shenpi");
    chief.open(&format!("/case/{case}/do/confirm")).send(&[("conclusion", "核准"), ("o-理由", "与旧系统一致")]);
    office.site.bureau.work(office.site.now(), &mut |_| ()).unwrap();
    case
}

#[test]
fn a_roll_is_taken_over_as_what_it_is() {
    let office = Office::open("2026-11-20 09:00");
    let bureau = &office.site.bureau;
    let [head, wife, veteran] = [number("1950-01-02", 11), number("1951-02-03", 12), number("1952-03-04", 15)];
    let heads =
        "姓名,身份号码,待遇,属地,月额,接续月份,原起始月份,原决定文号,原决定日期,上次复核日期,下次复核日期,其他享受人\n";
    let roll = format!(
        "{heads}张老大,{head},低保金,田湖镇田湖村,812.50,2026-12,2019-07,嵩民低〔2019〕31号,2019-06-28,2026-03-10,2027-03-10,李氏 {wife}\n\
         王老兵,{veteran},优抚金,田湖镇田湖村,900,2026-12,2015-01,嵩优〔2014〕7号,2014-12-20,,2026-12-20,\n\
         王老兵,{veteran},养老金,田湖镇田湖村,900,2026-12,,无,2014-12-20,,2026-12-20,\n\
         赵四,{wife},优抚金,田湖镇田湖村,0,2026-12,,无,2014-12-20,,2026-12-20,\n"
    );
    // Nobody brings a roll in alone, whatever the file.
    let alone = office.bring("received", &roll, "2026-11-01").unwrap_err();
    assert!(alone.contains("另一个人核准"), "{alone}");
    let mut clerk = office.staff("hedui");
    clerk.open("/registers/received/import").attach("_table", "在册.csv", roll.as_bytes()).send(&[("_go", "look")]);
    clerk.sees("2 新增").sees("没有待遇“养老金”").sees("月额应当大于零");
    let case = brought(&office, "received", &roll);
    let spells = bureau.store.look(|read| read.spells([&*head, &*wife, &*veteran])).unwrap();
    let held: Vec<(&str, String)> = spells.iter().map(|s| (&*s.entitlement, s.grants[0].total().to_string())).collect();
    assert_eq!(
        held,
        [("dibao_grant", "812.50".into()), ("dibao_grant", "812.50".into()), ("veteran_grant", "900.00".into())]
    );
    let state = bureau.store.state(&spells[0].case).unwrap().unwrap();
    assert_eq!(state.closed.as_ref().map(|(result, _)| &**result), Some("在册接收"));
    assert!(state.assessed.is_none() && state.letters.is_empty() && state.steps.is_empty(), "it is no decision");
    assert_eq!(
        state.origin.as_ref().map(|origin| (&*origin.brought, &*origin.document)),
        Some((&*case, "嵩民低〔2019〕31号"))
    );
    let due: Vec<String> = state.scheduled.iter().map(|(start, at)| format!("{start} {}", at.date())).collect();
    assert_eq!(due, ["recheck 2027-03-10"], "it is looked at again like any other");
    clerk.open(&format!("/case/{}", state.case)).sees("不是本系统的决定").sees("嵩民低〔2019〕31号").sees(&case);
    clerk.open("/roll?month=2026-12").sees("张老大").sees("812.50");
    // The same again changes nothing; another sum, or what excludes it, is not received.
    clerk.open("/registers/received/import").attach("_table", "在册.csv", roll.as_bytes()).send(&[("_go", "look")]);
    clerk.sees("0 新增").sees("2 相同");
    let other = format!(
        "{heads}张老大,{head},低保金,田湖镇田湖村,999,2026-12,2019-07,嵩民低〔2019〕31号,2019-06-28,2026-03-10,2027-03-10,李氏 {wife}\n\
         李氏,{wife},特困供养金,田湖镇田湖村,900,2026-12,,无,2014-12-20,,2026-12-20,\n"
    );
    clerk.open("/registers/received/import").attach("_table", "在册.csv", other.as_bytes()).send(&[("_go", "look")]);
    clerk.sees("已经接收过，写的不一样").sees("还在享受“低保金”").sees("没有要写入的行");
    // On its day the re-check opens, with what was received.
    bureau.pass_time("2027-03-10T08:00:00".parse().unwrap()).unwrap();
    let again = bureau.store.state(&format!("{}-2", state.case)).unwrap().expect("a re-check");
    assert_eq!((&*again.applicant, &*again.start, again.taken_over), ("张老大", "recheck", 1));
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
    assert!(bureau.store.rebuild().unwrap().differing.is_empty(), "the lists follow from the journal");
}

#[test]
fn whom_the_register_knows_is_recognised_in_spite_of_slips() {
    let office = Office::open("2026-11-20 09:00");
    let [own, other] = [number("1950-03-02", 11), number("1960-03-02", 13)];
    let people = format!("姓名,身份号码,户籍地\n张红梅,{own},{VILLAGE}\n李建国,{other},{VILLAGE}\n");
    office.bring("person", &people, "2026-01-01").unwrap();
    // One digit is another, and the name sounds the same.
    let one_digit = format!("{}9{}", &own[..3], &own[4..]);
    let table = format!(
        "姓名,身份号码,起日,情形\n张洪梅,{one_digit},2026-01-02,服刑\n李健国,{other},2026-01-02,服刑\n王五,{one_digit},2026-01-02,服刑\n"
    );
    let mut clerk = office.staff("hedui");
    clerk.open("/registers/custody/import").attach("_table", "名单.csv", table.as_bytes()).send(&[("_go", "look")]);
    clerk.sees("2 行有错").sees("有一位姓名相符的（410325********").sees("可能就是这个人").sees_not(&own);
    clerk.sees("有 1 处姓名与底册不同").sees("第 3 行“李健国”，底册是“李建国”");
    assert_eq!(clerk.text().matches("可能就是这个人").count(), 1, "only who is called alike");
}

#[test]
fn whoever_has_no_number_is_given_one_and_is_the_same_person_throughout() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    let own = number("1955-03-02", 11);
    let entries: Vec<(&str, String)> = visitor::household::application(&own)
        .into_iter()
        .map(|(name, value)| (name, if value == own { "临时".to_owned() } else { value }))
        .collect();
    visitor::household::send(&mut citizen, &entries);
    let case = visitor::between(&citizen.page, "<p class=\"receipt\">", "</p>").expect("a receipt").to_owned();
    let state = office.site.bureau.store.state(&case).unwrap().unwrap();
    let people: Vec<String> =
        state.facts.iter().flat_map(|fact| fact.value.people()).filter_map(|person| person.number.clone()).collect();
    let temporary: std::collections::BTreeSet<&String> = people.iter().filter(|n| n.starts_with("临时")).collect();
    assert_eq!(temporary.len(), 1, "{people:?}");
    let number = temporary.first().unwrap();
    assert_eq!(base::PersonNumber::parse(number).map(|number| number.kind()), Ok(base::NumberKind::Temporary));
}

#[test]
fn codes_are_written_as_people_write_them_and_hold_for_their_time() {
    let office = Office::open("2026-11-20 09:00");
    let own = number("1950-03-02", 11);
    let row = |ethnic: &str, place: &str| format!("姓名,身份号码,民族,婚姻状况,户籍地\n甲,{own},{ethnic},30,{place}\n");
    office.bring("person", &row("汉", VILLAGE), "2026-01-01").unwrap();
    let versions = office.site.bureau.store.versions("person", &own).unwrap();
    let says = |column: &str| versions[0].row.columns[column].text().unwrap().to_owned();
    assert_eq!((says("ethnic"), says("marital")), ("汉族".to_owned(), "丧偶".to_owned()));
    let old = office.bring("person", &row("毛难族", VILLAGE), "2026-01-01").unwrap_err();
    assert!(old.contains("已经不用，现在是“毛南族”"), "{old}");
    office.bring("person", &row("毛难族", VILLAGE), "1980-01-01").unwrap();
    let gone = office.bring("person", &row("回", "410381100200"), "2026-01-01").unwrap_err();
    assert!(gone.contains("“偃师市”到 2021-03-17 为止，现在是 410307"), "{gone}");
    assert!(office.bring("person", &row("火星", VILLAGE), "2026-01-01").unwrap_err().contains("代码表“民族”没有它"));
    let mut clerk = office.staff("hedui");
    clerk.open("/registers").sees("代码表");
    clerk.open("/codes").sees("GB/T 3304-1991").sees("毛难族").sees("偃师市").sees("偃师区");
    office.visitor().open("/codes").sees_not("GB/T");
}
