//! What was paid too much: how it ends, and where the money goes.

mod visitor;

use std::collections::{BTreeMap, BTreeSet};

use base::{Fen, Level, Month, RegionCode};
use bureau::Standing;
use ledger::{Act, Flow, Heading};
use visitor::Office;

fn county() -> Office {
    let office = Office::open("2026-11-27 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, office.site.now(), |_| ())).unwrap();
    office
}

fn stands(office: &Office, heading: Heading) -> i64 {
    let book = office.site.bureau.store.book().unwrap();
    book.accounts().filter(|(_, account, _)| account.heading == heading).map(|(.., balance)| balance.posted).sum()
}

/// Two people book money; what the second is told.
fn hand_over(office: &Office, programme: &str, amount: Fen) -> String {
    let mut accountant = office.staff("kuaiji");
    accountant.open("/services/funds/apply").send(&[
        ("direction", "上缴追回款"),
        ("programme", programme),
        ("year", "2026"),
        ("amount", &amount.plain()),
        ("document", "缴库〔2026〕2号"),
        ("arrived", "2026-11-27"),
    ]);
    let case = accountant.path.trim_start_matches("/case/").split('?').next().unwrap().to_owned();
    let mut other = office.staff("caiwu");
    other.open(&format!("/case/{case}/do/confirm")).send(&[("conclusion", "入账"), ("o-理由", "与凭证相符")]);
    other.text()
}

/// What an account's page lists comes to its balance; who has no part in payments sees none of it.
#[test]
fn every_balance_opens_down_to_its_entries() {
    let office = county();
    let (book, store) = (office.site.bureau.store.book().unwrap(), &office.site.bureau.store);
    let mut read = 0;
    for (number, account, balance) in book.accounts() {
        let entries = store.look(|read| read.postings_of(number, 0, usize::MAX)).unwrap();
        let counts = entries.iter().filter(|posting| matches!(posting.act, Act::Post | Act::Confirm));
        let moved = |flow: &Flow| match number {
            _ if flow.to == number => flow.amount,
            _ if flow.from == number => -flow.amount,
            _ => 0,
        };
        let sum: i64 = counts.flat_map(|posting| &posting.flows).map(moved).sum();
        assert_eq!(sum, balance.posted, "{account:?}");
        read += entries.len();
    }
    assert!(read > 500, "{read} entries");
    let (number, account, balance) = book.accounts().find(|(_, a, _)| a.heading == Heading::Appropriation).unwrap();
    let mut auditor = office.staff("shenji");
    auditor.open("/payments").sees("账簿");
    auditor.open(&format!("/books?year=2026&programme={}", account.programme)).sees("可用指标").sees("已对账");
    auditor.open(&format!("/books/{number}")).sees(&Fen(balance.posted).to_string()).sees("财政拨款").sees("应付");
    let mut stranger = office.visitor();
    stranger.open(&format!("/books/{number}"));
    assert_ne!((stranger.status, stranger.path.starts_with("/books")), (200, true));
    let mut registrar = office.staff("dengji");
    registrar.open("/books");
    assert_eq!(registrar.status, 403, "marriages have no part in payments");
}

/// Everything that rosters found has come to some end, what is owed is what the ledger says, and what was paid back can be
/// handed over to the treasury once.
#[test]
fn what_is_paid_back_goes_to_the_treasury_once() {
    let office = county();
    let debts = office.site.bureau.debts("").unwrap();
    assert!(debts.len() > 2, "{debts:?}");
    for debt in &debts {
        let left = debt.claimed.0 - debt.repaid.0 - debt.offset.0 - debt.written_off.0;
        assert_eq!(debt.owed.owing.0, left, "{debt:?}");
    }
    let sum = |part: fn(&bureau::reckoning::DebtState) -> Fen| -> i64 { debts.iter().map(|debt| part(debt).0).sum() };
    let (repaid, off, owing) = (sum(|debt| debt.repaid), sum(|debt| debt.written_off), sum(|debt| debt.owed.owing));
    assert!(repaid > 0 && off > 0 && owing > 0, "{debts:?}");
    let programme = "优抚对象抚恤补助";
    let handed = || -stands(&office, Heading::HandedOver);
    let some = Fen(100);
    let before = handed();
    assert!(hand_over(&office, programme, some).contains("已经入账"));
    let kept = Fen(repaid - before - some.0);
    assert_eq!((handed(), -stands(&office, Heading::Repaid)), (before + some.0, kept.0));
    office.staff("shenji").open("/debts").sees(&format!("还没有上缴 {kept} 元"));
    let refused = hand_over(&office, programme, Fen(kept.0 + 1));
    assert!(refused.contains("缴回") && !refused.contains("已经入账"), "{refused}");
    assert_eq!(handed(), before + some.0, "nothing was booked");
    assert!(hand_over(&office, programme, kept).contains("已经入账"));
    assert_eq!((handed(), stands(&office, Heading::Repaid)), (repaid, 0));
    let book = office.site.bureau.store.book().unwrap();
    assert!(book.trial_balance().values().all(|sum| *sum == 0));
}

/// A review finds that a claim was wrong: what is not paid back yet is owed no more, by three people.
#[test]
fn a_claim_that_was_wrong_is_withdrawn_by_three_people() {
    let office = county();
    let bureau = &office.site.bureau;
    let is_open = |debt: &bureau::reckoning::DebtState| debt.owed.owing.0 > 0 && debt.owed.reserved.0 == 0;
    let before = bureau.debts("").unwrap().into_iter().find(is_open).unwrap();
    let known = &before.owed.debt;
    let owing = before.owed.owing;
    let mut accountant = office.staff("kuaiji");
    let row = bureau::handle("claim", &known.key());
    accountant.open(&format!("/services/recovery/apply/withdraw?register=claim&row={row}"));
    accountant.sees("尚欠").sees(&owing.to_string());
    let fields = |sum: Fen| {
        let ground = [("withdraw_ground", "行政复议决定"), ("withdraw_document", "嵩政复〔2026〕8号")];
        let sum = [("withdrawn", sum.plain()), ("withdraw_note", "收入算错了".to_owned())];
        ground.map(|(name, value)| (name, value.to_owned())).into_iter().chain(sum).collect::<Vec<_>>()
    };
    let send = |visitor: &mut visitor::Visitor, sum: Fen| {
        let fields = fields(sum);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.send(&fields);
    };
    send(&mut accountant, Fen(owing.0 + 1));
    accountant.sees("不能超过尚欠的数");
    send(&mut accountant, owing);
    let case = accountant.path.trim_start_matches("/case/").split('?').next().unwrap().to_owned();
    for (account, step, conclusion) in [("caiwu", "check_withdraw", "同意"), ("shenpi", "approve_withdraw", "撤销")]
    {
        let mut other = office.staff(account);
        other.open(&format!("/case/{case}/do/{step}"));
        other.sees("尚欠");
        other.send(&[("conclusion", conclusion), ("o-理由", "复议决定书属实")]);
    }
    let after = bureau.debts(&known.owner).unwrap().into_iter().find(|debt| debt.owed.debt == *known).unwrap();
    assert_eq!((after.owed.owing, after.claimed), (Fen(0), Fen(before.claimed.0 - owing.0)));
    accountant.open(&format!("/registers/claim/row?row={row}")).sees("已撤销");
    assert!(bureau.store.book().unwrap().trial_balance().values().all(|sum| *sum == 0));
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
}

/// A household that is paid every month counts once for the year, and once for each month.
#[test]
fn a_household_is_counted_once_a_year() {
    let office = county();
    let bureau = &office.site.bureau;
    let (county, months) =
        (RegionCode::parse("410325").unwrap(), Month::new(2026, 1).unwrap()..=Month::new(2026, 12).unwrap());
    let of = bureau.beneficiaries(county, months).unwrap();
    let (mut all, mut towns, mut kinds) =
        (BTreeSet::new(), BTreeMap::<RegionCode, BTreeSet<String>>::new(), BTreeSet::new());
    for run in bureau.store.runs().unwrap() {
        let standings = [Standing::Paid, Standing::Held, Standing::Released, Standing::Payable, Standing::Sent];
        let lines =
            standings.map(|standing| bureau.store.look(|read| read.lines(&run.case, (1, u32::MAX), standing)).unwrap());
        let lines: Vec<_> = lines.concat();
        let own: BTreeSet<&str> = lines.iter().map(|line| line.root.as_str()).collect();
        assert_eq!(of.by_month.get(&run.month).copied().unwrap_or_default(), own.len() as i64);
        for line in &lines {
            all.insert(line.root.clone());
            towns.entry(line.region.at(Level::Township)).or_default().insert(line.root.clone());
            kinds.insert((line.service.clone(), line.entitlement.clone(), line.root.clone()));
        }
    }
    assert_eq!(of.all, all.len() as i64);
    assert_eq!(of.by_region, towns.into_iter().map(|(town, own)| (town, own.len() as i64)).collect());
    assert_eq!(of.by_entitlement.values().sum::<i64>(), kinds.len() as i64);
    assert!(of.by_month.values().sum::<i64>() > of.all, "somebody is paid more than once a year");
    office.staff("shenji").open("/payments/statistics?year=2026").sees(&format!("{} 户（人）", of.all));
}
