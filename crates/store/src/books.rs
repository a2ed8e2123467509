//! The ledger as it is kept: accounts with balances, and postings that are never changed.
//!
//! It follows from the journal: each entry that moves amounts is posted in the transaction that writes it, and in the
//! order of the journal when the lists are made anew.

use base::DateTime;
use ledger::{Account, Act, Balance, Book, Flow, Refused, Transfer};
use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Fault;
use crate::lists::list;
use crate::{Read, Store};

/// The tables of the ledger and of payments, in the order in which they are compared.
pub(crate) const TABLES: [&str; 8] = [
    "ledger_account",
    "ledger_posting",
    "pay_run",
    "pay_over",
    "pay_line",
    "pay_detail",
    "pay_instruction",
    "pay_statement",
];

pub(crate) const SCHEMA: &str = "
CREATE TABLE ledger_account (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    posted INTEGER NOT NULL, pending_in INTEGER NOT NULL, pending_out INTEGER NOT NULL
) STRICT;
CREATE INDEX account_by_owner ON ledger_account (owner) WHERE owner <> '';
CREATE TABLE ledger_posting (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, act TEXT NOT NULL, about INTEGER, party TEXT NOT NULL, document TEXT NOT NULL,
    flows BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX posting_resolved_once ON ledger_posting (about) WHERE act IN ('confirm', 'void');
CREATE INDEX posting_by_document ON ledger_posting (document);
CREATE INDEX posting_by_party ON ledger_posting (party) WHERE party <> '';
CREATE TRIGGER ledger_keeps_postings BEFORE UPDATE ON ledger_posting BEGIN SELECT RAISE(ABORT, 'append only'); END;
";

/// A posting as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    pub id: i64,
    pub at: String,
    pub act: Act,
    /// The posting that is confirmed, voided or corrected.
    pub about: Option<i64>,
    /// Whom it concerns; empty where the document is a line, an instruction or a statement, which say so themselves.
    pub party: String,
    /// What it was made by: a case, a batch, an instruction, an entry of a statement.
    pub document: String,
    pub flows: Vec<Flow>,
}

/// What is to be posted.
pub(crate) struct Entry<'e> {
    pub at: &'e str,
    pub act: Act,
    pub about: Option<i64>,
    pub party: &'e str,
    pub document: &'e str,
    pub flows: &'e [Flow],
}

/// The ledger while a transaction posts to it: the accounts that it names, with the balances that are still to be kept.
pub(crate) struct Books<'s> {
    sql: &'s Connection,
    book: Book,
    next_account: u32,
    next_posting: i64,
}

impl<'s> Books<'s> {
    pub(crate) fn open(sql: &'s Connection) -> Result<Self, Fault> {
        let one = |query: &str| sql.prepare_cached(query)?.query_row([], |row| row.get::<_, i64>(0));
        let next_account = one("SELECT COALESCE(MAX(number) + 1, 0) FROM ledger_account")?;
        let next_posting = one("SELECT COALESCE(MAX(id), 0) + 1 FROM ledger_posting")?;
        let next_account = u32::try_from(next_account).unwrap_or(u32::MAX);
        Ok(Self { sql, book: Book::default(), next_account, next_posting })
    }

    /// The number of an account; one that nobody has named before is opened.
    pub(crate) fn number(&mut self, account: &Account) -> Result<u32, Fault> {
        if let Some(number) = self.book.number(account) {
            return Ok(number);
        }
        let name = name(account)?;
        let query = "SELECT number, posted, pending_in, pending_out FROM ledger_account WHERE name = ?1";
        let kept = |row: &rusqlite::Row| Ok((row.get(0)?, balance(row, 1)?));
        let found = self.sql.prepare_cached(query)?.query_row([&name], kept).optional()?;
        let (number, balance) = match found {
            Some(known) => known,
            None => {
                let insert = "INSERT INTO ledger_account VALUES (?1, ?2, ?3, 0, 0, 0)";
                self.sql.prepare_cached(insert)?.execute(params![self.next_account, name, account.owner])?;
                self.next_account += 1;
                (self.next_account - 1, Balance::default())
            }
        };
        self.book.keep(number, account.clone(), balance);
        Ok(number)
    }

    pub(crate) fn flow(&mut self, transfer: &Transfer) -> Result<Flow, Fault> {
        let (from, to) = (self.number(&transfer.from)?, self.number(&transfer.to)?);
        Ok(Flow { from, to, amount: transfer.amount })
    }

    /// Takes in the accounts of flows that were posted earlier.
    fn recall(&mut self, flows: &[Flow]) -> Result<(), Fault> {
        for number in flows.iter().flat_map(|flow| [flow.from, flow.to]) {
            if self.book.account(number).is_none() {
                let query = "SELECT name, posted, pending_in, pending_out FROM ledger_account WHERE number = ?1";
                let kept = |row: &rusqlite::Row| Ok((row.get::<_, String>(0)?, balance(row, 1)?));
                let (name, balance) = self.sql.prepare_cached(query)?.query_row([number], kept)?;
                self.book.keep(number, account(&name)?, balance);
            }
        }
        Ok(())
    }

    /// Posts, and gives the number of the posting.
    pub(crate) fn post(&mut self, entry: &Entry) -> Result<i64, Fault> {
        self.recall(entry.flows)?;
        self.book.post(entry.act, entry.flows).map_err(Fault::Ledger)?;
        let flows = postcard::to_allocvec(entry.flows).map_err(|error| Fault::damaged(error.to_string()))?;
        let insert = "INSERT INTO ledger_posting VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let id = self.next_posting;
        let act = word(entry.act);
        let values = params![id, entry.at, act, entry.about, entry.party, entry.document, flows];
        self.sql.prepare_cached(insert)?.execute(values)?;
        self.next_posting += 1;
        Ok(id)
    }

    /// Confirms or voids what is pending, once: a second time is refused by the table itself.
    pub(crate) fn resolve(&mut self, pending: i64, act: Act, at: &str, document: &str) -> Result<i64, Fault> {
        let known = posting(self.sql, pending)?.ok_or_else(|| Fault::Ledger(Refused::NotPending))?;
        let entry = Entry { at, act, about: Some(pending), party: &known.party, document, flows: &known.flows };
        self.post(&entry)
    }

    /// Writes down the balances that have changed.
    pub(crate) fn close(mut self) -> Result<(), Fault> {
        let update = "UPDATE ledger_account SET posted = ?2, pending_in = ?3, pending_out = ?4 WHERE number = ?1";
        let mut update = self.sql.prepare_cached(update)?;
        for (number, balance) in self.book.take_changed() {
            update.execute(params![number, balance.posted, balance.pending_in, balance.pending_out])?;
        }
        Ok(())
    }
}

/// Posts what a step moves.
pub(crate) fn book(sql: &Connection, at: DateTime, case: &str, party: &str, all: &[Transfer]) -> Result<(), Fault> {
    let mut books = Books::open(sql)?;
    let flows = all.iter().map(|transfer| books.flow(transfer)).collect::<Result<Vec<_>, Fault>>()?;
    let at = at.to_string();
    books.post(&Entry { at: &at, act: Act::Post, about: None, party, document: case, flows: &flows })?;
    books.close()
}

/// How an account is called in the table: by all that tells it from others.
fn name(account: &Account) -> Result<String, Fault> {
    serde_json::to_string(account).map_err(|error| Fault::damaged(error.to_string()))
}

pub(crate) fn account(name: &str) -> Result<Account, Fault> {
    serde_json::from_str(name).map_err(|error| Fault::damaged(error.to_string()))
}

fn balance(row: &rusqlite::Row, at: usize) -> rusqlite::Result<Balance> {
    Ok(Balance { posted: row.get(at)?, pending_in: row.get(at + 1)?, pending_out: row.get(at + 2)? })
}

const ACTS: [(Act, &str); 4] =
    [(Act::Post, "post"), (Act::Pend, "pend"), (Act::Confirm, "confirm"), (Act::Void, "void")];

fn word(act: Act) -> &'static str {
    ACTS.iter().find(|(known, _)| *known == act).map_or("", |(_, word)| word)
}

const POSTING: &str = "SELECT id, at, act, about, party, document, flows FROM ledger_posting";

type Raw = (i64, String, String, Option<i64>, String, String, Vec<u8>);

fn raw(row: &rusqlite::Row) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn read((id, at, act, about, party, document, flows): Raw) -> Result<Posting, Fault> {
    let act = ACTS.iter().find(|(_, word)| *word == act).ok_or_else(|| Fault::damaged("账上的一笔不认识"))?.0;
    let flows = postcard::from_bytes(&flows).map_err(|error| Fault::damaged(error.to_string()))?;
    Ok(Posting { id, at, act, about, party, document, flows })
}

fn posting(sql: &Connection, id: i64) -> Result<Option<Posting>, Fault> {
    let mut statement = sql.prepare_cached(&format!("{POSTING} WHERE id = ?1"))?;
    statement.query_row([id], raw).optional()?.map(read).transpose()
}

impl Read<'_> {
    /// The whole ledger: every account with its balance.
    pub fn book(&self) -> Result<Book, Fault> {
        let query = "SELECT name, posted, pending_in, pending_out, number FROM ledger_account ORDER BY number";
        let rows: Vec<(String, Balance, u32)> =
            list(self.sql, query, [], |row| Ok((row.get(0)?, balance(row, 1)?, row.get(4)?)))?;
        let mut book = Book::default();
        for (name, balance, number) in rows {
            book.keep(number, account(&name)?, balance);
        }
        Ok(book)
    }

    /// The postings that name somebody, in their order: those of debts.
    pub fn postings_about(&self, party: &str) -> Result<Vec<Posting>, Fault> {
        let query = format!("{POSTING} WHERE party = ?1 AND party <> '' ORDER BY id");
        list(self.sql, &query, [party], raw)?.into_iter().map(read).collect()
    }

    /// The postings that move something into an account or out of it, so many after one of them. There is no index of this:
    /// it would be written with every posting, and is read when somebody looks into an account.
    pub fn postings_of(&self, account: u32, after: i64, most: usize) -> Result<Vec<Posting>, Fault> {
        let mut statement = self.sql.prepare_cached(&format!("{POSTING} WHERE id > ?1 ORDER BY id"))?;
        let mut rows = statement.query([after])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let posting = read(raw(row)?)?;
            if posting.flows.iter().any(|flow| flow.from == account || flow.to == account) {
                found.push(posting);
                if found.len() == most {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The postings that a document made, in their order.
    pub fn postings_by(&self, document: &str) -> Result<Vec<Posting>, Fault> {
        let query = format!("{POSTING} WHERE document = ?1 ORDER BY id");
        list(self.sql, &query, [document], raw)?.into_iter().map(read).collect()
    }
}

impl Store {
    /// The whole ledger as it is committed now.
    pub fn book(&self) -> Result<Book, Fault> {
        self.look(|read| read.book())
    }
}
