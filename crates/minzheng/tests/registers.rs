//! One person over all services, by whatever number; registers by place and by how long they are kept.

mod visitor;

use base::RegionCode;
use bureau::handle;
use bureau::import::{Import, Take};
use casework::Registers;
use visitor::{Office, number};

const VILLAGE: &str = "410325101200";

fn bring(office: &Office, register: &str, text: &str, from: &str) -> Result<(), String> {
    let import = Import {
        register,
        bytes: text.as_bytes(),
        map: &[],
        from: from.parse().unwrap(),
        by: "导入",
        now: office.site.now(),
    };
    office.site.bureau.import(import, Take::Whole).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn one_person_is_found_by_every_number() {
    let office = Office::open("2026-11-20 09:00");
    let (own, old) = (number("1950-03-02", 11), number("1950-03-02", 21));
    bring(&office, "person", &format!("人员,户籍地,死亡日期\n赵老根 {own},{VILLAGE},\n"), "2026-01-01").unwrap();
    let others = format!("号码,人员,依据\n台胞证0123456701,赵老根 {own},居住证换发\n{old},赵老根 {own},登记错了\n");
    bring(&office, "identifier", &others, "2026-01-01").unwrap();
    bring(&office, "custody", &format!("人员,起日,情形\n赵老根 {old},2026-03-04,服刑\n"), "2026-03-04").unwrap();
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
    bring(&office, "person", &format!("人员,户籍地\n赵老根 {own},410325100201\n"), "2026-02-01").unwrap();
    elsewhere.open(&row).sees_not("居住地");
}

#[test]
fn rows_are_counted_by_place_and_kept_as_long_as_they_must_be() {
    let office = Office::open("2026-11-20 09:00");
    let (long_dead, dead, alive) = (number("1900-03-02", 11), number("1930-03-02", 13), number("1950-01-02", 15));
    let rows = format!(
        "人员,户籍地,死亡日期\n甲 {long_dead},{VILLAGE},1990-01-01\n乙 {dead},{VILLAGE},2020-01-01\n丙 {alive},410325100201,\n"
    );
    bring(&office, "person", &rows, "2026-01-01").unwrap();
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
    bring(&office, "bank_account", &account, "2026-01-01").unwrap();
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
    bring(&office, "person", &format!("人员,户籍地\n甲 {},410325100201\n", people[0]), "2020-01-01").unwrap();
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
    let wrong = bring(&office, "household_member", &member(&own, "101"), "2026-01-01").unwrap_err();
    assert!(wrong.contains("第 2 行“户号”：台账“家庭”没有“101”"), "{wrong}");
    let household = format!("户号,户主姓名,户主身份证号,属地\n101,甲,{own},田湖镇田湖村\n");
    bring(&office, "household", &household, "2026-01-01").unwrap();
    bring(&office, "household_member", &member(&own, "101"), "2026-01-01").unwrap();
    // One number of two people is told, with the line where the first stands.
    let two = format!("户号,户主姓名,户主身份证号,属地\n102,乙,{other},{VILLAGE}\n103,丙,{other},{VILLAGE}\n");
    let wrong = bring(&office, "household", &two, "2026-01-01").unwrap_err();
    assert!(wrong.contains("第 3 行“户主”：同一个号码在第 2 行是“乙”"), "{wrong}");
    // Dates as a spreadsheet counts them, unknown places, and names of one and of sixty characters.
    let long = "阿".repeat(60);
    let odd = format!("姓名,身份号码,户籍地,死亡日期\n{long},{own},没有村,45992\n甲,{other},{VILLAGE},2026年1月5日\n");
    let wrong = bring(&office, "person", &odd, "2026-01-01").unwrap_err();
    assert!(wrong.contains("没有“没有村”这个地方") && wrong.contains("“45992”是表格软件存日期的天数"), "{wrong}");
    assert_eq!(wrong.lines().count(), 2, "a name of sixty characters is a name: {wrong}");
}
