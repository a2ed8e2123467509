//! 标准调整: a standard that is raised reaches every household by itself, also when it is published late.

use std::collections::BTreeMap;
use std::path::Path;

use base::{DateTime, Fen, Month, RegionCode};
use bureau::Bureau;
use bureau::import::Take;
use casework::payment::Line;
use minzheng::content::Content;

fn moment(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// A bureau whose rates may say something else than is published with the program.
fn open(folder: &Path, changes: &[(&str, &str, &str)]) -> Bureau {
    let mut content = Content::load(None).unwrap();
    for (path, text) in &mut content.files {
        for (_, old, new) in changes.iter().filter(|(of, ..)| path == of) {
            assert!(text.contains(old), "{old}");
            *text = text.replace(old, new);
        }
    }
    let mut bureau = Bureau::open(folder, &content.files, content.calendar, content.regions).unwrap();
    bureau.home = RegionCode::parse("410325").unwrap();
    bureau
}

/// The lines of the last batch of one guide, by the first case of their chains.
fn lines(bureau: &Bureau) -> BTreeMap<String, Line> {
    let run = bureau.store.runs().unwrap().pop().unwrap().case;
    let standings = [bureau::Standing::Listed, bureau::Standing::Paid];
    let lines = standings.map(|of| bureau.store.look(|read| read.lines(&run, (1, u32::MAX), of)).unwrap()).concat();
    let own = lines.into_iter().filter(|line| line.entitlement == "dibao_grant");
    own.map(|line| (line.root.clone(), line)).collect()
}

/// By month what a line pays of the basic sum.
fn basic(line: &Line) -> BTreeMap<Month, Fen> {
    line.parts.iter().filter(|part| part.name == "基本金").map(|part| (part.month, part.fen)).collect()
}

fn raises(bureau: &Bureau) -> usize {
    let chains = bureau.store.look(|read| read.spelt("", moment("2027-02-01T00:00:00"), usize::MAX)).unwrap();
    let state = |root: &str| bureau.store.chain(root).unwrap().into_iter();
    let cases = chains.iter().flat_map(|spelt| state(&spelt.root));
    cases.filter(|(case, _)| bureau.store.state(case).unwrap().is_some_and(|state| state.start == "raise")).count()
}

/// STD-E1, STD-E6 and STD-04 for a whole county: 20 元 more a person from October on, published at the end of November.
#[test]
fn a_raise_that_is_published_late_reaches_everybody_with_the_next_batch() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path(), &[]);
    demo::make_accounts(&bureau, |account| account.to_owned()).unwrap();
    let now = moment("2026-11-27T09:00:00");
    bureau.store.in_bulk(|| demo::make_county(&bureau, 60, 1, now, |_| ())).unwrap();
    let before = lines(&bureau);
    // What was decided for December by then: a change that was reported may have lowered it.
    let due: BTreeMap<String, Fen> = before
        .keys()
        .filter_map(|root| {
            let (last, _) = bureau.store.chain(root).unwrap().into_iter().rfind(|(_, result)| !result.is_empty())?;
            let state = bureau.store.state(&last).unwrap().unwrap();
            let grant = state.granted("dibao_grant", Month::new(2026, 12).unwrap())?;
            Some((root.clone(), grant.components.first()?.1))
        })
        .collect();
    drop(bureau);
    let known = "| 410325 | 农村 | 2026-07-01 | 500 | 示例 |";
    let published = "| 410325 | 2026-07-01 | 2026-06-25 | 示例 |";
    let bureau = open(
        folder.path(),
        &[
            ("rates.md", known, &format!("{known}\n| 410325 | 农村 | 2026-10-01 | 520 | 示例 |")),
            ("dibao/rates.md", published, &format!("{published}\n| 410325 | 2026-10-01 | 2026-11-28 | 示例 |")),
        ],
    );
    bureau.pass_time(moment("2026-12-01T00:00:00")).unwrap();
    let raised = raises(&bureau);
    bureau.pass_time(moment("2026-12-05T09:00:00")).unwrap();
    bureau.work(moment("2026-12-05T09:00:00"), &mut |_| ()).unwrap();
    let after = lines(&bureau);
    let [october, november, december] = [10, 11, 12].map(|month| Month::new(2026, month).unwrap());
    let (mut by_twenty, mut arrears, mut beside) = (0, 0, 0);
    for (root, line) in &before {
        let (Some(old), Some(new)) = (basic(line).remove(&november), after.get(root)) else { continue };
        let new = basic(new);
        let more = Fen(2_000 * i64::from(line.people));
        let due = due[root];
        assert!(new[&december] >= due, "{root}: nobody gets less");
        let chain = bureau.store.chain(root).unwrap();
        if let Some((open, _)) = chain.iter().find(|(_, result)| result.is_empty()) {
            // What is open will decide about later months; the raise counts all the same, once that is closed.
            let state = bureau.store.state(open).unwrap().unwrap();
            let raised = state.granted("dibao_grant", november).unwrap();
            assert!(raised.components[0].1 > due && raised.decided_at == moment("2026-12-01T00:00:00"), "{root}");
            let told = |case: &str| bureau.store.state(case).unwrap().unwrap().letters;
            let letters = chain.iter().flat_map(|(case, _)| told(case));
            let told: Vec<String> =
                letters.filter(|letter| letter.letter == "notice_raised").map(|letter| letter.text).collect();
            let [text] = told.as_slice() else { panic!("{root}: {told:?}") };
            assert!(text.contains("提高到每人每月520.00元") && text.contains("补发"), "{text}");
            beside += usize::from(chain.iter().all(|(_, result)| result != "已按新标准提高"));
        }
        if new[&december].0 == old.0 + more.0 {
            by_twenty += 1;
            arrears += usize::from(new.get(&november) == Some(&more));
            let paid_then = before_october(&bureau, root);
            assert!(new.get(&october).is_none_or(|fen| *fen == more) || !paid_then, "{root}: {new:?}");
        }
    }
    assert!(by_twenty >= 8 && arrears >= 8 && beside >= 1, "{by_twenty}, {arrears}, {beside} of {}", before.len());
    assert!(raised >= by_twenty, "{raised} cases");
    // A month later nothing is raised again, and a roster is plain.
    bureau.pass_time(moment("2027-01-01T00:00:00")).unwrap();
    assert_eq!(raises(&bureau), raised);
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
}

/// Whether somebody was paid for October by the batch of October.
fn before_october(bureau: &Bureau, root: &str) -> bool {
    let lines = bureau.store.lines_of_chain(root).unwrap();
    lines.iter().any(|(line, _)| line.month == Month::new(2026, 10).unwrap())
}

/// STD-10: the index of October reaches the line; in November everybody who holds a grant gets the subsidy of October,
/// once, with the next batch.
#[test]
fn a_price_index_above_the_line_pays_a_subsidy_for_its_month_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = open(folder.path(), &[]);
    demo::make_accounts(&bureau, |account| account.to_owned()).unwrap();
    let now = moment("2026-11-20T09:00:00");
    bureau.store.in_bulk(|| demo::make_county(&bureau, 40, 1, now, |_| ())).unwrap();
    let held = lines(&bureau).len();
    let text = "月份,总指数,食品指数,公布日期\n2026-10,104.2,103,2026-11-09\n";
    let from = "2026-11-09".parse().unwrap();
    let import =
        bureau::import::Import { register: "price_index", bytes: text.as_bytes(), map: &[], from, by: "shenpi", now };
    bureau.import(import, Take::Whole).unwrap();
    bureau.pass_time(moment("2026-11-25T12:00:00")).unwrap();
    bureau.pass_time(moment("2026-12-05T09:00:00")).unwrap();
    bureau.work(moment("2026-12-05T09:00:00"), &mut |_| ()).unwrap();
    let run = bureau.store.runs().unwrap().pop().unwrap().case;
    let listed =
        bureau.store.look(|read| read.lines(&run, (1, u32::MAX), bureau::Standing::Listed)).unwrap().into_iter();
    let paid: Vec<Line> = listed.filter(|line| line.entitlement == "price_subsidy").collect();
    assert!(paid.len() >= 8 && paid.len() <= held + 8, "{} of {held}", paid.len());
    for line in &paid {
        let [part] = line.parts.as_slice() else { panic!("{:?}", line.parts) };
        let each = [2_100, 2_856].map(|fen| Fen(fen * i64::from(line.people)));
        assert!(part.month == Month::new(2026, 10).unwrap() && each.contains(&part.fen), "{line:?}");
    }
    // The index of November is not known on the 25th of December: nothing is begun.
    bureau.pass_time(moment("2026-12-26T09:00:00")).unwrap();
    let begun = |root: &str| bureau.store.chain(root).unwrap().len();
    let chains = bureau.store.look(|read| read.spelt("", moment("2026-12-26T09:00:00"), usize::MAX)).unwrap();
    let again = chains.iter().flat_map(|spelt| bureau.store.chain(&spelt.root).unwrap());
    let again = again.filter(|(case, _)| {
        let state = bureau.store.state(case).unwrap().unwrap();
        state.start == "price" && state.opened_at.is_some_and(|at| at > moment("2026-12-01T00:00:00"))
    });
    assert_eq!(again.count(), 0);
    assert!(chains.iter().any(|spelt| begun(&spelt.root) > 1));
}
