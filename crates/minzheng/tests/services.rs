//! What one service has to do with another, in a county that came about by orders.

mod visitor;

use base::{Fen, Month};
use casework::Actor;
use casework::event::granted;
use visitor::Office;

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
