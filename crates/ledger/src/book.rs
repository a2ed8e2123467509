//! Balances: what flows do to them, and what they must never be.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::{Account, Heading, Limit, Source, Unit};

/// An amount on its way from one account to another of the same unit; always more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// The numbers that `Book::open` gave.
    pub from: u32,
    pub to: u32,
    /// 分 or pieces.
    pub amount: i64,
}

/// A flow between accounts by their names, as whoever asks for it says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub from: Account,
    pub to: Account,
    pub amount: i64,
}

/// What a posting does with its flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Post,
    /// Sets the amounts aside until they are confirmed or voided.
    Pend,
    /// Posts what was pending.
    Confirm,
    /// Gives back what was pending.
    Void,
}

impl Act {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "记账",
            Self::Pend => "挂账",
            Self::Confirm => "确认",
            Self::Void => "撤销",
        }
    }
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// What came in less what went out.
    pub posted: i64,
    pub pending_in: i64,
    pub pending_out: i64,
}

/// Why a posting is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("一笔里没有金额，或者金额不大于零")]
    Nothing,
    #[error("没有这个账户")]
    NoAccount,
    #[error("从一种单位、一个来源或者一个项目记到了另一个")]
    Mixed,
    #[error("“{}”不能记到“{}”", .0.name(), .1.name())]
    NoWay(Heading, Heading),
    #[error("数目大得记不下")]
    Overflow,
    #[error("“{}”不够：还差 {short}", .heading.name())]
    Short { heading: Heading, fund: Option<Source>, short: i64 },
    #[error("没有挂着的这一笔")]
    NotPending,
}

/// How far the money of a source has come; each figure holds all that ever came so far and did not go back.
/// `INVARIANT (order of money): appropriated ≥ committed ≥ paid ≥ reconciled, and committed − paid ≥ in flight.`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub appropriated: i64,
    pub committed: i64,
    /// Sent and not answered: part of what is committed.
    pub in_flight: i64,
    pub paid: i64,
    /// Seen on the statement, less what the bank sent back and does not show yet.
    pub reconciled: i64,
}

/// Accounts with their balances: all of them, or those that what is to be posted names.
#[derive(Clone, Debug, Default)]
pub struct Book {
    accounts: BTreeMap<u32, (Account, Balance)>,
    numbers: BTreeMap<Account, u32>,
    changed: BTreeSet<u32>,
}

impl Book {
    /// Takes in an account as it was kept.
    pub fn keep(&mut self, number: u32, account: Account, balance: Balance) {
        self.numbers.insert(account.clone(), number);
        self.accounts.insert(number, (account, balance));
    }

    pub fn number(&self, account: &Account) -> Option<u32> {
        self.numbers.get(account).copied()
    }

    /// The number of an account; one that is not there is opened with the next number.
    pub fn open(&mut self, account: &Account) -> u32 {
        if let Some(number) = self.number(account) {
            return number;
        }
        let number = self.accounts.last_key_value().map_or(0, |(last, _)| last + 1);
        self.keep(number, account.clone(), Balance::default());
        number
    }

    pub fn accounts(&self) -> impl Iterator<Item = (u32, &Account, Balance)> {
        self.accounts.iter().map(|(number, (account, balance))| (*number, account, *balance))
    }

    pub fn account(&self, number: u32) -> Option<(&Account, Balance)> {
        self.accounts.get(&number).map(|(account, balance)| (account, *balance))
    }

    /// The accounts whose balances were changed since this was asked last.
    pub fn take_changed(&mut self) -> Vec<(u32, Balance)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().filter_map(|number| Some((number, self.account(number)?.1))).collect()
    }

    /// Carries flows out, all of them or none. Confirming or voiding takes the flows that were pending.
    ///
    /// # Errors
    /// An account that would be overdrawn, or flows that are none.
    pub fn post(&mut self, act: Act, flows: &[Flow]) -> Result<(), Refused> {
        if flows.is_empty() {
            return Err(Refused::Nothing);
        }
        let touched = flows.iter().flat_map(|flow| [flow.from, flow.to]);
        let before: Vec<(u32, Balance)> =
            touched.clone().filter_map(|number| Some((number, self.account(number)?.1))).collect();
        let carried = flows.iter().try_for_each(|flow| self.carry(act, *flow));
        let done = carried.and_then(|()| touched.clone().try_for_each(|number| self.within_limit(number)));
        if done.is_err() {
            before.into_iter().for_each(|(number, balance)| self.set(number, balance));
        } else {
            self.changed.extend(touched);
        }
        done
    }

    fn set(&mut self, number: u32, balance: Balance) {
        if let Some((_, known)) = self.accounts.get_mut(&number) {
            *known = balance;
        }
    }

    /// Changes both balances, or neither.
    fn carry(&mut self, act: Act, flow: Flow) -> Result<(), Refused> {
        if flow.amount <= 0 || flow.from == flow.to {
            return Err(Refused::Nothing);
        }
        let known = |number: u32| self.account(number).ok_or(Refused::NoAccount);
        let ((from, out), (to, into)) = (known(flow.from)?, known(flow.to)?);
        if (&from.unit, from.source, &from.programme) != (&to.unit, to.source, &to.programme) {
            return Err(Refused::Mixed);
        }
        if !from.heading.flows_to(to.heading) {
            return Err(Refused::NoWay(from.heading, to.heading));
        }
        let (out, into) = (changed(out, act, flow.amount, true)?, changed(into, act, flow.amount, false)?);
        self.set(flow.from, out);
        self.set(flow.to, into);
        Ok(())
    }

    /// `INVARIANT (limits): no posting leaves an account beyond its heading's limit.`
    fn within_limit(&self, number: u32) -> Result<(), Refused> {
        let Some((account, balance)) = self.account(number) else { return Err(Refused::NoAccount) };
        let left = match account.heading.limit() {
            Limit::None => return Ok(()),
            Limit::NotBelowZero => balance.posted - balance.pending_out,
            Limit::NotAboveZero => -(balance.posted + balance.pending_in),
        };
        if left < 0 {
            return Err(Refused::Short { heading: account.heading, fund: account.source, short: -left });
        }
        Ok(())
    }

    /// By unit, what all balances add up to: zero, or something was changed from outside.
    pub fn trial_balance(&self) -> BTreeMap<&Unit, i128> {
        let mut sums: BTreeMap<&Unit, i128> = BTreeMap::new();
        for (account, balance) in self.accounts.values() {
            *sums.entry(&account.unit).or_default() += i128::from(balance.posted);
        }
        sums
    }

    /// How far the money has come that a source gave for a programme in a year.
    pub fn standing(&self, source: Source, programme: &str, year: i16) -> Standing {
        let own = self.accounts.values().filter(|(account, _)| {
            account.source == Some(source) && account.programme == programme && account.period.year() == year
        });
        let mut of = BTreeMap::<Heading, Balance>::new();
        for (account, balance) in own {
            let sum = of.entry(account.heading).or_default();
            sum.posted += balance.posted;
            sum.pending_out += balance.pending_out;
        }
        let posted = |heading| of.get(&heading).map_or(0, |balance| balance.posted);
        // What comes back is owed by the bank until its statement shows it, and payable again at once.
        let reconciled = posted(Heading::Reconciled) + posted(Heading::Returning);
        let paid = reconciled + posted(Heading::Paid);
        let committed = paid + posted(Heading::Payable);
        let appropriated = committed + posted(Heading::Appropriation);
        let in_flight = of.get(&Heading::Payable).map_or(0, |balance| balance.pending_out);
        Standing { appropriated, committed, in_flight, paid, reconciled }
    }
}

fn changed(balance: Balance, act: Act, amount: i64, is_from: bool) -> Result<Balance, Refused> {
    let add = |a: i64, b: i64| a.checked_add(b).ok_or(Refused::Overflow);
    let mut after = balance;
    let pending = if is_from { &mut after.pending_out } else { &mut after.pending_in };
    match act {
        Act::Post => {}
        Act::Pend => *pending = add(*pending, amount)?,
        Act::Confirm | Act::Void if *pending < amount => return Err(Refused::NotPending),
        Act::Confirm | Act::Void => *pending -= amount,
    }
    if matches!(act, Act::Post | Act::Confirm) {
        after.posted = add(after.posted, if is_from { -amount } else { amount })?;
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::account::Period;

    fn account(heading: Heading, source: Source) -> Account {
        let (programme, owner) = ("grant".to_owned(), String::new());
        Account { heading, source: Some(source), programme, period: Period::Year(2026), owner, unit: Unit::Fen }
    }

    /// The way of money, for one source.
    fn way(book: &mut Book, source: Source) -> [u32; 6] {
        use Heading::{Appropriation, Paid, Payable, Reconciled, Returning, Treasury};
        [Treasury, Appropriation, Payable, Paid, Reconciled, Returning].map(|h| book.open(&account(h, source)))
    }

    fn flow(from: u32, to: u32, amount: i64) -> [Flow; 1] {
        [Flow { from, to, amount }]
    }

    #[test]
    fn money_goes_its_way_and_cannot_overtake() {
        let mut book = Book::default();
        let [treasury, appropriation, payable, paid, reconciled, returning] = way(&mut book, Source::Central);
        book.post(Act::Post, &flow(treasury, appropriation, 100)).unwrap();
        let short = Refused::Short { heading: Heading::Appropriation, fund: Some(Source::Central), short: 1 };
        assert_eq!(book.post(Act::Post, &flow(appropriation, payable, 101)), Err(short));
        book.post(Act::Post, &flow(appropriation, payable, 80)).unwrap();
        book.post(Act::Pend, &flow(payable, paid, 80)).unwrap();
        assert!(book.post(Act::Pend, &flow(payable, paid, 1)).is_err(), "what is in flight cannot be sent again");
        let standing = book.standing(Source::Central, "grant", 2026);
        assert_eq!((standing.committed, standing.in_flight, standing.paid), (80, 80, 0));
        book.post(Act::Confirm, &flow(payable, paid, 50)).unwrap();
        book.post(Act::Void, &flow(payable, paid, 30)).unwrap();
        assert_eq!(book.post(Act::Confirm, &flow(payable, paid, 30)), Err(Refused::NotPending));
        assert!(book.post(Act::Post, &flow(paid, reconciled, 51)).is_err(), "a statement explains what was paid");
        book.post(Act::Post, &flow(paid, reconciled, 50)).unwrap();
        // Weeks later the bank sends ten of it back.
        book.post(Act::Post, &flow(returning, payable, 10)).unwrap();
        let standing = book.standing(Source::Central, "grant", 2026);
        let expected = Standing { appropriated: 100, committed: 80, in_flight: 0, paid: 40, reconciled: 40 };
        assert_eq!(standing, expected);
        book.post(Act::Post, &flow(reconciled, returning, 10)).unwrap();
        assert!(book.post(Act::Post, &flow(reconciled, returning, 1)).is_err(), "no more than the bank owes");
        assert_eq!(book.standing(Source::Central, "grant", 2026).reconciled, 40);
    }

    #[test]
    fn goods_are_counted_like_money_and_never_mixed_with_it() {
        let mut book = Book::default();
        let unit = Unit::Goods { item: "棉被".into(), unit: "床".into() };
        let stock = |heading, owner: &str| Account {
            heading,
            source: None,
            programme: "relief".into(),
            period: Period::Year(2026),
            owner: owner.into(),
            unit: unit.clone(),
        };
        let supplier = book.open(&stock(Heading::Supplier, ""));
        let store = book.open(&stock(Heading::Stock, "县储备库"));
        let issued = book.open(&stock(Heading::Issued, "城关镇"));
        let money = book.open(&account(Heading::Treasury, Source::County));
        book.post(Act::Post, &flow(supplier, store, 500)).unwrap();
        assert!(book.post(Act::Post, &flow(store, issued, 501)).is_err());
        book.post(Act::Post, &flow(store, issued, 500)).unwrap();
        assert_eq!(book.post(Act::Post, &flow(supplier, money, 1)), Err(Refused::Mixed));
        assert_eq!(book.post(Act::Post, &flow(supplier, store, 0)), Err(Refused::Nothing));
        assert!(book.trial_balance().values().all(|sum| *sum == 0));
    }

    proptest! {
        /// Whatever is asked, in whatever order: balances add up to zero, limits hold, and what is refused changes nothing.
        #[test]
        fn nothing_unbalances_a_book(asked in prop::collection::vec((0..4u8, prop::collection::vec((0..6u32, 0..6u32, 0..2u32, 0..40u32, -2..40i64), 0..4)), 0..60)) {
            // Mostly within one source; now and then a flow that goes astray.
            let flow_of = |(from, to, source, astray, amount): (u32, u32, u32, u32, i64)| {
                Flow { from: from + source * 6, to: if astray == 0 { 12 } else { to + source * 6 }, amount }
            };
            let mut book = Book::default();
            let ways = [way(&mut book, Source::Central), way(&mut book, Source::County)];
            for way in ways {
                book.post(Act::Post, &flow(way[0], way[1], 100)).unwrap();
            }
            for (act, flows) in asked {
                let act = [Act::Post, Act::Pend, Act::Confirm, Act::Void][usize::from(act)];
                let flows: Vec<Flow> = flows.into_iter().map(flow_of).collect();
                let before: Vec<Balance> = book.accounts().map(|(_, _, balance)| balance).collect();
                if book.post(act, &flows).is_err() {
                    let after: Vec<Balance> = book.accounts().map(|(_, _, balance)| balance).collect();
                    prop_assert_eq!(&before, &after);
                }
                prop_assert!(book.trial_balance().values().all(|sum| *sum == 0));
                for (number, _, balance) in book.accounts() {
                    prop_assert_eq!(book.within_limit(number), Ok(()));
                    prop_assert!(balance.pending_in >= 0 && balance.pending_out >= 0);
                }
                for source in [Source::Central, Source::County] {
                    let s = book.standing(source, "grant", 2026);
                    prop_assert!(s.appropriated >= s.committed && s.committed >= s.paid && s.paid >= s.reconciled, "{s:?}");
                    prop_assert!(s.committed - s.paid >= s.in_flight, "{s:?}");
                }
            }
        }
    }
}
