//! Everybody in receipt against whole tables of registries: what is found, once, and what comes of it.

mod visitor;

use std::collections::BTreeMap;

use bureau::matching::{Entry, Matched, Matching};
use bureau::{Bureau, Standing};
use casework::Datum;
use casework::checking::people_of;
use casework::event::{PersonRef, RegisterRow};
use minzheng::registries::entries;
use minzheng::simulator::{make, read};
use visitor::household::act;
use visitor::{Office, number};

fn county() -> Office {
    let office = Office::open("2026-11-27 09:00");
    let bureau = &office.site.bureau;
    let now = office.site.now();
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, now, |_| ())).unwrap();
    office
}

/// Whom the cases of dibao on the roll are about, by citizen number.
fn members(bureau: &Bureau, now: base::DateTime) -> BTreeMap<String, PersonRef> {
    let guide = bureau.library.find("dibao").unwrap();
    let inquiry = &guide.inquiries[0];
    let scope = bureau.scope(&casework::Actor::system());
    let open = |grants: &[casework::event::Granted]| {
        grants.iter().any(|grant| casework::event::is_open_after(grants, &grant.entitlement, now))
    };
    let roll = bureau.store.roll(&scope).unwrap().into_iter();
    let own = roll.filter(|roll| roll.service == "dibao" && open(&roll.grants));
    let people = own.flat_map(|roll| {
        let state = bureau.store.state(&roll.case).unwrap().unwrap();
        people_of(bureau.rules(guide), &state, inquiry, now)
    });
    people.filter_map(|person| Some((person.number.clone()?, person))).collect()
}

fn match_all(office: &Office, folder: &std::path::Path, more: &[(&str, Entry)]) -> Matched {
    let bureau = &office.site.bureau;
    let mut matching = Matching::of(bureau, office.site.now()).unwrap();
    for registry in &bureau.library.registries {
        let path = folder.join(format!("{}.csv", registry.key));
        let own = more.iter().filter(|(key, _)| *key == &*registry.key).map(|(_, entry)| entry.clone());
        let rows = entries(registry, &path).unwrap().map(Result::unwrap).chain(own);
        let counts = matching.read(registry, rows);
        assert_eq!(counts.wrong, 0, "{}: {}", registry.name, counts.first_wrong);
    }
    matching.finish(true).unwrap()
}

fn says<'r>(row: &'r RegisterRow, column: &str) -> &'r str {
    row.columns.get(column).and_then(Datum::text).unwrap_or_default()
}

fn about(row: &RegisterRow) -> &str {
    let Some(Datum::Person(person)) = row.columns.get("person") else { panic!("{row:?}") };
    person.number.as_deref().unwrap()
}

#[test]
fn every_death_and_fraud_is_found_once_and_looked_into_by_two() {
    let office = county();
    let bureau = &office.site.bureau;
    let (tables, today) = (tempfile::tempdir().unwrap(), office.site.now().date());
    let members = members(bureau, office.site.now());
    let people: Vec<PersonRef> = members.values().cloned().collect();
    make(&bureau.library.registries, &people, (3, 12), today, tables.path()).unwrap();
    let truth = read(&bureau.library.registries, tables.path()).unwrap();
    // Somebody whose number was mistyped at the crematorium, and somebody else whose number is nearly the same.
    let slipped = people.iter().find(|person| !truth["cremations"].contains_key(person.number.as_ref().unwrap()));
    let slipped = slipped.unwrap();
    let mut digits: Vec<char> = slipped.number.clone().unwrap().chars().collect();
    let place = (6..17).find(|place| digits[*place] != digits[place - 1]).unwrap();
    digits.swap(place - 1, place);
    let digits: String = digits.into_iter().collect();
    let cells = || vec!["2026-11-20".to_owned(), "示例殡仪馆".to_owned()];
    let stranger = number("1950-02-03", 77);
    let more = [
        ("cremations", Entry { name: slipped.name.clone(), number: digits.clone(), cells: cells() }),
        ("cremations", Entry { name: "另有其人".into(), number: digits, cells: cells() }),
        ("cremations", Entry { name: "外乡人".into(), number: stranger, cells: cells() }),
        ("cremations", Entry { name: "没有号码".into(), number: "不详".into(), cells: cells() }),
    ];
    let matched = match_all(&office, tables.path(), &more);
    assert!(matched.left_out.contains("veteran") && !matched.left_out.contains("dibao"), "{matched:?}");
    // What each registry knows of somebody in receipt is told, where it is always doubtful.
    for (registry, doubt) in [("deaths", "已经死亡"), ("cremations", "已经火化")] {
        let mut wanted: Vec<&String> = truth[registry].keys().collect();
        if registry == "cremations" {
            wanted.extend(&slipped.number);
        }
        wanted.sort();
        let mut found: Vec<&str> = matched.fresh.iter().filter(|row| says(row, "doubt") == doubt).map(about).collect();
        found.sort_unstable();
        assert!(!wanted.is_empty());
        assert_eq!(found, wanted, "{doubt}");
    }
    let of_slip =
        |row: &&RegisterRow| says(row, "doubt") == "已经火化" && Some(about(row)) == slipped.number.as_deref();
    assert_eq!(says(matched.fresh.iter().find(of_slip).unwrap(), "quality"), "D");
    // Cars, companies, houses and deposits beyond what was declared: nobody of the demo has declared any such car.
    for (registry, doubt) in [("businesses", "经营没有申报"), ("bank_balances", "存款不符")] {
        let found = matched.fresh.iter().filter(|row| says(row, "doubt") == doubt).count();
        assert!(found > 0 && found <= truth[registry].len(), "{doubt} {found}");
    }
    assert_eq!(match_all(&office, tables.path(), &more).fresh.len(), 0, "nothing is found twice");
    let scope = bureau.scope(&casework::Actor::system());
    let opened = |service: &str| {
        let cases = bureau.store.cases(&scope, 10_000).unwrap();
        cases.into_iter().filter(|row| row.service == service).collect::<Vec<_>>()
    };
    assert_eq!(opened("suspicion").len(), matched.fresh.len());
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
    // Two people look into a death; then the household is looked at again.
    let dead = matched.fresh.iter().find(|row| says(row, "doubt") == "已经死亡").unwrap();
    let of_dead = |state: &casework::State| state.subject.as_ref().is_some_and(|subject| subject.key == dead.key);
    let case = opened("suspicion").into_iter().map(|row| row.case);
    let case = case.into_iter().find(|case| of_dead(&bureau.store.state(case).unwrap().unwrap())).unwrap();
    let region = bureau.store.state(&case).unwrap().unwrap().region.unwrap();
    let own = |account: &str| {
        let accounts = bureau.store.accounts().unwrap();
        accounts.iter().any(|known| known.id == account && known.region.contains(region))
    };
    assert!(own("hedui"));
    if own("diaocha1") {
        let said = [("how", "入户"), ("opinion", "属实"), ("explained", "家属说已经去世，没有报告")];
        act(&office, "diaocha1", &case, "explain", &said);
        act(&office, "hedui", &case, "settle", &[("fed_back", "不用"), ("conclusion", "属实")]);
        let root = bureau.store.state(says(dead, "case")).unwrap().unwrap().root;
        let last = bureau.store.chain(&root).unwrap().pop().unwrap().0;
        let state = bureau.store.state(&last).unwrap().unwrap();
        assert!(state.start == "found" || state.start == "report_change", "{}", state.start);
    }
    // How far the year's matching has got is an indicator.
    let mut chief = office.staff("hedui");
    chief.open("/indicators").sees("比对覆盖率").sees("疑点没有审定");
}

/// CHK-E2: a hard suspicion holds the line of whoever it is about, until it is settled, and nobody else's.
#[test]
fn a_hard_suspicion_holds_one_line_of_the_next_batch() {
    let office = county();
    let bureau = &office.site.bureau;
    let (tables, now) = (tempfile::tempdir().unwrap(), office.site.now());
    let people: Vec<PersonRef> = members(bureau, now).into_values().collect();
    make(&bureau.library.registries, &people, (3, 12), now.date(), tables.path()).unwrap();
    let matched = match_all(&office, tables.path(), &[]);
    office.at("2026-12-05 09:00");
    bureau.pass_time(office.site.now()).unwrap();
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    let run = bureau.store.runs().unwrap().pop().unwrap().case;
    let held = bureau.store.look(|read| read.lines(&run, (1, u32::MAX), Standing::Held)).unwrap();
    let why = "硬性疑点没有查清";
    let held: Vec<String> = held.into_iter().filter(|line| line.held.contains(why)).map(|line| line.number).collect();
    let hard: Vec<&str> = matched
        .fresh
        .iter()
        .filter(|row| says(row, "severity") == "硬性" && says(row, "quality") != "D")
        .map(about)
        .collect();
    assert!(!held.is_empty() && held.iter().all(|number| hard.contains(&&**number)), "{held:?}");
}
