//! What was paid too much, and what is owed back for it.

use std::collections::BTreeMap;

use base::{Fen, Month, RegionCode};
use casework::Query;
use casework::event::{Datum, RegisterRow, Subject};
use casework::payment::{Debt, OVERPAID, Overpaid, RECEIVABLE};
use ledger::{Account, Act, Flow, Heading, Period, Transfer, Unit};
use rusqlite::{Connection, params};

use crate::Read;
use crate::books::{Books, Entry, account};
use crate::fault::Fault;
use crate::lists::list;

pub(crate) const SCHEMA: &str = "
CREATE TABLE pay_over (
    key TEXT NOT NULL, month TEXT NOT NULL, root TEXT NOT NULL, entitlement TEXT NOT NULL, fen INTEGER NOT NULL,
    run TEXT NOT NULL, claim TEXT NOT NULL, debt TEXT NOT NULL, PRIMARY KEY (key, month)
) STRICT, WITHOUT ROWID;
CREATE INDEX over_by_spell ON pay_over (root, entitlement);
CREATE INDEX over_by_debt ON pay_over (debt) WHERE debt <> '';
";

/// What was paid too much by the lines of a spell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Over {
    /// Claimed by a decision: as if it had not been paid. By month.
    pub claimed: BTreeMap<Month, Fen>,
    /// Found by a roster, and nobody has decided about it yet. By month.
    pub open: BTreeMap<Month, Fen>,
    /// How often something was claimed.
    pub claims: usize,
}

/// What somebody owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub debt: Debt,
    pub owing: Fen,
    /// To be kept back by rosters that are not approved yet; part of what is owed.
    pub reserved: Fen,
}

/// What a roster found: a month that is right again is found with nothing.
pub(crate) fn found(sql: &Connection, run: &str, overpaid: &[Overpaid]) -> Result<(), Fault> {
    for over in overpaid {
        let month = String::from(over.month);
        if over.fen.0 == 0 {
            let delete = "DELETE FROM pay_over WHERE key = ?1 AND month = ?2 AND claim = ''";
            sql.prepare_cached(delete)?.execute([&over.key, &month])?;
            continue;
        }
        let insert = "INSERT INTO pay_over VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', '')
                      ON CONFLICT (key, month) DO UPDATE SET fen = ?5, run = ?6 WHERE claim = ''";
        let entitlement = format!("{}/{}", over.service, over.entitlement);
        sql.prepare_cached(insert)?.execute(params![over.key, month, over.root, entitlement, over.fen.0, run])?;
    }
    Ok(())
}

/// What a case claims, and what it withdraws of claims.
pub(crate) fn claimed(
    sql: &Connection,
    case: &str,
    about: Option<&Subject>,
    transfers: &[Transfer],
) -> Result<(), Fault> {
    for transfer in transfers {
        match (transfer.from.heading, transfer.to.heading, about) {
            (Heading::Receivable, Heading::Claimed, Some(about)) if about.register == OVERPAID => {
                let update = "UPDATE pay_over SET claim = ?2, debt = ?3 WHERE key = ?1 AND claim = ''";
                sql.prepare_cached(update)?.execute([&about.key, case, &debt(&transfer.from).key()])?;
            }
            (Heading::Claimed, Heading::Receivable, _) => withdraw(sql, &debt(&transfer.to).key(), transfer.amount)?,
            _ => {}
        }
    }
    Ok(())
}

/// The debt that an account is for.
fn debt(account: &Account) -> Debt {
    Debt { owner: account.owner.clone(), programme: account.programme.clone(), year: account.period.year() }
}

/// What is withdrawn of a debt was claimed for its last months; what was given back stays claimed for the first, until
/// a decision gives them back and a roster pays them again.
fn withdraw(sql: &Connection, debt: &str, amount: i64) -> Result<(), Fault> {
    let query = "SELECT key, month, fen FROM pay_over WHERE debt = ?1 ORDER BY month DESC, key";
    let rows: Vec<(String, String, i64)> = list(sql, query, [debt], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut left = amount;
    for (key, month, fen) in rows {
        let taken = fen.min(left);
        left -= taken;
        let update = "UPDATE pay_over SET fen = fen - ?3 WHERE key = ?1 AND month = ?2";
        sql.prepare_cached(update)?.execute(params![key, month, taken])?;
    }
    Ok(())
}

/// The way of what is kept from a line for a debt.
pub(crate) fn kept(books: &mut Books, debt: &Debt, fen: Fen) -> Result<Flow, Fault> {
    let account = |heading: Heading| Account {
        heading,
        source: None,
        programme: debt.programme.clone(),
        period: Period::Year(debt.year),
        owner: if heading.is_owned() { debt.owner.clone() } else { String::new() },
        unit: Unit::Fen,
    };
    books.flow(&Transfer { from: account(Heading::Offset), to: account(Heading::Receivable), amount: fen.0 })
}

/// Whether what was set aside for a line of a roster is kept or given up.
pub(crate) fn settle(sql: &Connection, lines: &[i64], act: Act, at: &str, document: &str) -> Result<(), Fault> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut books = Books::open(sql)?;
    for posting in lines {
        books.resolve(*posting, act, at, document)?;
    }
    books.close()
}

/// Sets aside what a line keeps for debts; the number of the posting.
pub(crate) fn reserve(
    sql: &Connection,
    kept_for: &[(&Debt, Fen)],
    at: &str,
    document: &str,
) -> Result<Option<i64>, Fault> {
    let Some((first, _)) = kept_for.first() else { return Ok(None) };
    let mut books = Books::open(sql)?;
    let flows = kept_for.iter().map(|(debt, fen)| kept(&mut books, debt, *fen)).collect::<Result<Vec<_>, _>>()?;
    let entry = Entry { at, act: Act::Pend, about: None, party: &first.owner, document, flows: &flows };
    let posting = books.post(&entry)?;
    books.close()?;
    Ok(Some(posting))
}

/// A debt as a row of the register of debts, which nobody writes: it is what the ledger says.
fn row(owed: &Owed) -> RegisterRow {
    let Debt { owner, programme, year } = &owed.debt;
    let year = year.to_string();
    let columns = [
        ("owner", owner.clone()),
        ("programme", programme.clone()),
        ("year", year.clone()),
        ("owing", owed.owing.plain()),
    ];
    let found_by = [("owner", owner), ("programme", programme), ("year", &year)];
    RegisterRow {
        register: RECEIVABLE.to_owned(),
        key: owed.debt.key(),
        from: base::Date::ZERO,
        region: RegionCode::NATION,
        columns: columns.into_iter().map(|(key, text)| (key.to_owned(), Datum::Text(text))).collect(),
        found_by: found_by.into_iter().map(|(key, text)| (key.to_owned(), text.clone())).collect(),
    }
}

impl Read<'_> {
    /// What was paid too much by the lines of a spell.
    pub fn over(&self, root: &str, entitlement: &str) -> Result<Over, Fault> {
        let query = "SELECT month, fen, claim FROM pay_over WHERE root = ?1 AND entitlement = ?2 ORDER BY claim";
        let rows: Vec<(String, i64, String)> =
            list(self.sql, query, [root, entitlement], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut over = Over::default();
        let mut last = String::new();
        for (month, fen, claim) in rows {
            let month = month.parse().map_err(|_| Fault::damaged("月份不能读"))?;
            let sums = if claim.is_empty() { &mut over.open } else { &mut over.claimed };
            sums.entry(month).or_default().0 += fen;
            over.claims += usize::from(claim != last);
            last = claim;
        }
        Ok(over)
    }

    /// What somebody owes, by the number by which the ledger knows them; empty for everybody.
    pub fn debts(&self, owner: &str) -> Result<Vec<Owed>, Fault> {
        let query = "SELECT name, posted, pending_in FROM ledger_account
                     WHERE owner <> '' AND (?1 = '' OR owner = ?1) ORDER BY number";
        let rows: Vec<(String, i64, i64)> =
            list(self.sql, query, [owner], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut found = Vec::new();
        for (name, posted, pending) in rows {
            let account = account(&name)?;
            if account.heading == Heading::Receivable {
                found.push(Owed { debt: debt(&account), owing: Fen(-posted), reserved: Fen(pending) });
            }
        }
        Ok(found)
    }

    /// What has moved a debt, by the other side of it: claiming is negative, whatever makes it less positive.
    pub fn moved(&self, debt: &Debt) -> Result<Vec<(Heading, i64)>, Fault> {
        let mut found = Vec::new();
        let book = self.book_of(&debt.owner)?;
        let is_own = |account: &Account| {
            account.heading == Heading::Receivable
                && account.programme == debt.programme
                && account.period == Period::Year(debt.year)
        };
        let own = book.iter().find(|(_, account)| is_own(account)).map(|(number, _)| *number);
        let postings = self.postings_about(&debt.owner)?.into_iter();
        for posting in postings.filter(|posting| matches!(posting.act, Act::Post | Act::Confirm)) {
            for flow in &posting.flows {
                let (other, amount) = match own {
                    Some(own) if flow.from == own => (flow.to, -flow.amount),
                    Some(own) if flow.to == own => (flow.from, flow.amount),
                    _ => continue,
                };
                found.push((self.heading(other)?, amount));
            }
        }
        Ok(found)
    }

    /// The accounts that are somebody's own.
    fn book_of(&self, owner: &str) -> Result<Vec<(u32, Account)>, Fault> {
        let query = "SELECT number, name FROM ledger_account WHERE owner = ?1 AND owner <> ''";
        let rows: Vec<(u32, String)> = list(self.sql, query, [owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.into_iter().map(|(number, name)| Ok((number, account(&name)?))).collect()
    }

    fn heading(&self, number: u32) -> Result<Heading, Fault> {
        let query = "SELECT name FROM ledger_account WHERE number = ?1";
        let name: String = self.sql.prepare_cached(query)?.query_row([number], |row| row.get(0))?;
        Ok(account(&name)?.heading)
    }

    /// The rows of the register of debts of which a column has one of the values.
    pub(crate) fn debt_rows(&self, query: &Query) -> Result<Vec<RegisterRow>, Fault> {
        let mut rows = Vec::new();
        let owners = if query.column == "owner" { query.values.as_slice() } else { &[String::new()] };
        for owner in owners {
            rows.extend(self.debts(owner)?.iter().map(row));
        }
        let says = |row: &RegisterRow| row.found_by.iter().any(|(c, v)| *c == query.column && query.values.contains(v));
        Ok(rows.into_iter().filter(says).collect())
    }
}
