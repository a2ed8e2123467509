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
