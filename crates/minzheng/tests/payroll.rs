//! A year of payments of a small county, through guides, ledger and bank.

mod visitor;

use bureau::Standing;
use casework::payment::{Answer, Outcome};
use ledger::{Heading, Source};
use visitor::Office;

const NOW: &str = "2026-11-27T09:00:00";

fn county() -> Office {
    let office = Office::open("2026-11-27 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, NOW.parse().unwrap(), |_| ())).unwrap();
    office
}

#[test]
fn a_year_of_batches_is_paid_once_and_explained_to_the_fen() {
    let office = county();
    let bureau = &office.site.bureau;
    let runs = bureau.store.runs().unwrap();
    assert_eq!(runs.len(), 11);
    let (mut paid, mut held) = (0, 0);
    for run in &runs {
        let state = bureau.store.state(&run.case).unwrap().unwrap();
        assert_eq!(state.closed.as_ref().map(|(result, _)| &**result), Some("已结"), "{run:?}");
        for (standing, count, sum) in bureau.store.tally(&run.case).unwrap() {
            match standing {
                Standing::Paid => paid += sum,
                Standing::Held => held += count,
                other => panic!("{run:?}: {count} {other:?}"),
            }
        }
        let instructions = bureau.store.instructions(&run.case).unwrap();
        let confirmed = instructions.iter().filter(|sent| sent.standing == Standing::Paid);
        let total: i64 = confirmed.map(|sent| sent.instruction.amount.0).sum();
        let lines: i64 = bureau
            .store
            .tally(&run.case)
            .unwrap()
            .iter()
            .filter(|(s, ..)| *s == Standing::Paid)
            .map(|(.., sum)| sum)
            .sum();
        assert_eq!(total, lines, "what the bank confirmed is what the lines owe");
    }
    assert!(paid > 0 && held > 0, "{paid} {held}");
    let book = bureau.store.book().unwrap();
    assert!(book.trial_balance().values().all(|sum| *sum == 0));
    let of = |heading: Heading| -> i64 {
        book.accounts().filter(|(_, account, _)| account.heading == heading).map(|(.., balance)| balance.posted).sum()
    };
    assert_eq!((of(Heading::Reconciled), of(Heading::Payable), of(Heading::Paid)), (paid, 0, 0));
    let central = book.standing(Source::Central, "最低生活保障", 2026);
    assert!(central.paid > 0 && central.appropriated == 540_000_000, "{central:?}");
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
}

#[test]
fn what_a_bank_says_again_or_against_itself_changes_nothing() {
    let office = county();
    let bureau = &office.site.bureau;
    let run = bureau.store.runs().unwrap().pop().unwrap();
    let instructions = bureau.store.instructions(&run.case).unwrap();
    let paid = instructions.iter().find(|sent| sent.standing == Standing::Paid).unwrap();
    let before = bureau.store.book().unwrap().accounts().map(|(.., balance)| balance).collect::<Vec<_>>();
    let says = |id: &str, outcome| Answer { id: id.to_owned(), outcome, code: String::new() };
    let id = &paid.instruction.id;
    let answers = [says(id, Outcome::Paid), says("NOBODY-1", Outcome::Paid)];
    let taken = bureau.take_answers(&answers, "2026-11-27T10:00:00".parse().unwrap()).unwrap();
    assert_eq!((taken.taken, taken.repeated, &*taken.unknown), (0, 1, &["NOBODY-1".to_owned()][..]));
    let against = bureau.take_answers(&[says(id, Outcome::Failed)], "2026-11-27T10:01:00".parse().unwrap()).unwrap();
    assert_eq!((against.taken, against.contradicted.len()), (0, 1));
    assert_eq!(bureau.reissue(&run.case, "2026-11-27T10:02:00".parse().unwrap()).unwrap(), (0, 0));
    assert_eq!(bureau.work("2026-11-27T10:03:00".parse().unwrap(), &mut |_| ()).unwrap(), 0);
    let after = bureau.store.book().unwrap().accounts().map(|(.., balance)| balance).collect::<Vec<_>>();
    assert_eq!(before, after);
}
