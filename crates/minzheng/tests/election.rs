//! A village of 1,203 voters elects its committee.

mod visitor;

use base::{Level, RegionCode};
use bureau::import::{Import, Take};
use bureau::{Failure, Order};
use casework::event::Row;
use casework::people::Scope;
use casework::{Actor, Capacity, Command, Datum, Input, State};
use visitor::{Office, number};

const VILLAGE: &str = "410325101200";

struct Village {
    office: Office,
    case: String,
}

fn text(text: &str) -> Datum {
    Datum::Text(text.to_owned())
}

fn rows(heads: &[&str], rows: &[&[&str]]) -> Datum {
    let row = |(place, cells): (usize, &&[&str])| {
        let columns = heads.iter().zip(*cells).map(|(head, cell)| ((*head).to_owned(), text(cell)));
        Row { id: place as u32 + 1, columns: columns.collect() }
    };
    Datum::Rows(rows.iter().enumerate().map(row).collect())
}

impl Village {
    fn act(&self, at: &str, step: &str, values: &[(&str, Datum)], outputs: &[(&str, &str)]) -> Result<(), Failure> {
        let (level, post, region) = match step {
            "prepare" | "hand_over" => (Level::Township, "换届指导员", "410325101"),
            _ => (Level::Village, "选举主持人", VILLAGE),
        };
        let capacity = Capacity::Staff { level, posts: vec![post.into()], region: RegionCode::parse(region).unwrap() };
        let people = vec![Actor { id: post.into(), name: post.into(), capacity }];
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let outputs = outputs.iter().map(|(key, value)| ((*key).to_owned(), text(value))).collect();
        let input = Input { values, outputs, ..Input::default() };
        let command = Command::Do { step: step.to_owned(), conclusion: None, input };
        let (key, case, now) = (format!("{at} {step}"), Some(self.case.clone()), at.parse().unwrap());
        self.office.site.bureau.execute(&Order { key, people, case, command, secret: None, now }).map(drop)
    }

    fn pass(&self, until: &str) {
        self.office.site.bureau.pass_time(until.parse().unwrap()).unwrap();
    }

    fn state(&self) -> State {
        self.office.site.bureau.store.state(&self.case).unwrap().unwrap()
    }

    fn open(&self) -> Vec<String> {
        self.state().live().map(|instance| instance.step.clone()).collect()
    }
}

/// A village whose committee's term ends with the year, and its voters; begun by the calendar half a year before.
fn village(voters: u16) -> Village {
    let office = Office::open("2026-06-01 09:00");
    let bureau = &office.site.bureau;
    let (from, now) = ("2021-12-31".parse().unwrap(), office.site.now());
    let villages = format!("区划,名称,届满日,委员职数\n{VILLAGE},大石桥村,2026-12-31,3\n");
    let import = |register, text: &str, from| {
        bureau
            .import(Import { register, bytes: text.as_bytes(), map: &[], from, by: "管理员", now }, Take::Whole)
            .unwrap();
    };
    import("village", &villages, from);
    let mut list = "批次,村,人员,类别,状态\n".to_owned();
    for place in 0..voters {
        let birth = format!("19{}-0{}-1{}", 50 + place % 50, 1 + place % 9, place / 900);
        list += &format!("2026,{VILLAGE},选民{place} {},户在人在,在册\n", number(&birth, 1 + place % 900));
    }
    import("voter", &list, "2026-06-01".parse().unwrap());
    bureau.pass_time("2026-06-29T23:59:00".parse().unwrap()).unwrap();
    let scope = Scope::of(&Actor::system(), &bureau.library.guides);
    let begun = || bureau.store.cases(&scope, 10).unwrap();
    assert!(begun().is_empty(), "six months before, and not earlier");
    bureau.pass_time("2026-06-30T00:00:30".parse().unwrap()).unwrap();
    bureau.pass_time("2026-07-01T00:00:30".parse().unwrap()).unwrap();
    let cases = begun();
    assert_eq!(cases.len(), 1, "once");
    Village { case: cases[0].case.clone(), office }
}

const CANDIDATE: [&str; 5] = ["candidate_name", "candidate_sex", "post", "screened", "votes"];

#[test]
fn a_village_of_1203_voters_elects_its_committee() {
    let village = village(1203);
    until_the_list_hangs(&village);
    the_vote(&village);
}

fn until_the_list_hangs(village: &Village) {
    let prepared = [("round", text("2026")), ("audited_on", text("2026-11-01"))];
    village.act("2026-11-03T09:00:00", "prepare", &prepared, &[]).unwrap();
    let members: &[&[&str]] = &[&["周一", "主任"], &["吴二", "委员"], &["郑三", "委员"]];
    let members = [("committee", rows(&["committee_name", "committee_post"], members))];
    let counts = [("应到", "40"), ("实到", "30"), ("赞成", "28"), ("反对", "1"), ("弃权", "1")];
    village.act("2026-11-05T09:00:00", "committee", &members, &counts).unwrap();
    let day = [
        ("day", text("2026-12-20")),
        ("seats_chair", text("1")),
        ("seats_deputy", text("0")),
        ("seats_member", text("2")),
    ];
    village.act("2026-11-10T09:00:00", "set_day", &day, &[]).unwrap();
    assert_eq!(village.state().clocks["名单公布期限"].due.at.to_string(), "2026-11-29T23:59:59");
    village.act("2026-11-28T09:00:00", "register", &[("register_note", text("逐户登记"))], &[]).unwrap();
    village.act("2026-11-29T08:00:00", "publish", &[], &[]).unwrap();
    let shown = &village.state().notices[0].shown;
    assert!(shown.iter().any(|(name, value)| name == "登记数" && value.starts_with("1203")), "{shown:?}");
    village.pass("2026-12-05T00:01:00");
    assert_eq!(village.open(), ["nominate"]);
}

fn the_vote(village: &Village) {
    let nominated: &[&[&str]] = &[
        &["张三", "男", "主任", "通过", "0"],
        &["李四", "女", "主任", "通过", "0"],
        &["王五", "男", "委员", "通过", "0"],
        &["赵六", "女", "委员", "通过", "0"],
        &["孙七", "男", "委员", "通过", "0"],
    ];
    let nominated = [("candidates", rows(&CANDIDATE, nominated)), ("proxies", Datum::Rows(Vec::new()))];
    village.act("2026-12-06T09:00:00", "nominate", &nominated, &[]).unwrap();
    // 602 of 1,203 is more than half, 601 is not.
    let ballot = |returned: &str, valid: &str, votes: [&str; 5]| {
        let names = [
            ("张三", "男", "主任"),
            ("李四", "女", "主任"),
            ("王五", "男", "委员"),
            ("赵六", "女", "委员"),
            ("孙七", "男", "委员"),
        ];
        let counted: Vec<[&str; 5]> =
            names.iter().zip(votes).map(|((name, sex, post), votes)| [*name, *sex, *post, "通过", votes]).collect();
        let counted: Vec<&[&str]> = counted.iter().map(|row| &row[..]).collect();
        vec![
            ("candidates", rows(&CANDIDATE, &counted)),
            ("issued", text("1203")),
            ("returned", text(returned)),
            ("valid", text(valid)),
            ("invalid", text("2")),
        ]
    };
    let too_many = ballot("602", "600", ["601", "0", "0", "0", "0"]);
    village.act("2026-12-20T17:00:00", "ballot", &too_many, &[]).unwrap_err();
    // Of 602 it takes 302.
    village
        .act("2026-12-20T18:00:00", "ballot", &ballot("602", "600", ["302", "298", "302", "301", "200"]), &[])
        .unwrap();
    assert_eq!(village.open(), ["second"], "one seat is left");
    let second: &[&[&str]] = &[&["赵六", "女", "委员", "200"], &["孙七", "男", "委员", "199"]];
    let second = [
        ("runners", rows(&["runner_name", "runner_sex", "runner_post", "runner_votes"], second)),
        ("second_issued", text("1203")),
        ("second_returned", text("600")),
    ];
    village.act("2026-12-20T20:00:00", "second", &second, &[]).unwrap();
    village.act("2026-12-20T21:00:00", "announce", &[("result_note", text("当场公布"))], &[]).unwrap();
    let state = village.state();
    let letters: Vec<_> = state.letters.iter().map(|letter| (&*letter.to, letter.number.as_deref().unwrap())).collect();
    let wanted =
        [("赵六", "嵩县村另〔2026〕000001"), ("张三", "嵩县村选〔2026〕000001"), ("王五", "嵩县村选〔2026〕000002")];
    assert_eq!(letters, wanted, "a certificate for each who was elected");
    assert!(state.letters[1].text.starts_with("张三：") && state.letters[1].text.contains("2031年12月20日"));
    village.act("2026-12-28T09:00:00", "hand_over", &[("handover", text("印章两枚"))], &[]).unwrap();
    let store = &village.office.site.bureau.store;
    let members = store.register("committee_member", "2026-12-31".parse().unwrap(), RegionCode::NATION).unwrap();
    assert_eq!(members.len(), 3);
    let term = store.versions("village", "410325101200").unwrap();
    let term = term.last().unwrap().row.columns.clone();
    assert_eq!((term["term_ends"].clone(), term["name"].clone()), (text("2031-12-20"), text("大石桥村")));
    assert!(store.rebuild().unwrap().differing.is_empty());
}
