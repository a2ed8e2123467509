//! Relatives whom officials have declared of themselves: who is found in a case is filed in it.

use base::DateTime;
use casework::Relative;
use casework::people::Scope;
use rusqlite::{Row, params};

use crate::fault::Fault;
use crate::lists::list;
use crate::{Read, Store, Write};

/// A declaration by somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub account: String,
    pub official: String,
    /// Region of the account.
    pub region: String,
    /// Name and citizen number of the relative, and what the official is to them.
    pub name: String,
    pub number: String,
    pub relation: String,
    pub declared_at: String,
    /// When and why the official took it back; `None` while it counts.
    pub withdrawn: Option<(String, String)>,
}

fn relative(row: &Row) -> rusqlite::Result<Relative> {
    Ok(Relative { official: row.get(0)?, relation: row.get(1)?, number: row.get(2)? })
}

fn declared(row: &Row) -> rusqlite::Result<Declared> {
    let withdrawn_at: String = row.get(7)?;
    let withdrawn = if withdrawn_at.is_empty() { None } else { Some((withdrawn_at, row.get(8)?)) };
    Ok(Declared {
        withdrawn,
        account: row.get(0)?,
        official: row.get(1)?,
        region: row.get(2)?,
        name: row.get(3)?,
        number: row.get(4)?,
        relation: row.get(5)?,
        declared_at: row.get(6)?,
    })
}

impl Read<'_> {
    /// What officials have declared of some people.
    pub fn relatives<'n>(&self, numbers: impl IntoIterator<Item = &'n str>) -> Result<Vec<Relative>, Fault> {
        let query = "SELECT a.name, r.relation, r.number FROM relative r JOIN account a ON a.id = r.account
                     WHERE r.number = ?1 AND r.withdrawn_at = ''";
        let mut found = Vec::new();
        for number in numbers {
            found.extend(list(self.sql, query, [number], relative)?);
        }
        Ok(found)
    }
}

impl Write<'_> {
    /// Keeps what an official declared; the same person again replaces what was said before.
    pub fn keep_relative(
        &mut self,
        account: &str,
        (name, number, relation): (&str, &str, &str),
        now: DateTime,
    ) -> Result<(), Fault> {
        self.sql.execute(
            "INSERT OR REPLACE INTO relative (account, number, name, relation, declared_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![account, number, name, relation, now.to_string()],
        )?;
        Ok(())
    }

    /// Takes a declaration back, with the reason: it counts no more for what comes, and stays to be seen.
    pub fn withdraw_relative(&mut self, account: &str, number: &str, why: &str, now: DateTime) -> Result<(), Fault> {
        let query = "UPDATE relative SET withdrawn_at = ?1, withdrawn_why = ?2
                     WHERE account = ?3 AND number = ?4 AND withdrawn_at = ''";
        self.sql.execute(query, params![now.to_string(), why, account, number])?;
        Ok(())
    }
}

impl Store {
    /// What the officials within a scope have declared, and what one account has.
    pub fn declared(&self, scope: &Scope, account: &str) -> Result<Vec<Declared>, Fault> {
        let (low, high) = scope.bounds();
        let query = "SELECT r.account, a.name, a.region, r.name, r.number, r.relation, r.declared_at,
                            r.withdrawn_at, r.withdrawn_why
                     FROM relative r JOIN account a ON a.id = r.account
                     WHERE r.account = ?3 OR a.region BETWEEN ?1 AND ?2
                     ORDER BY a.region, r.account, r.declared_at, r.number";
        list(&self.read(), query, [&low, &high, account], declared)
    }

    /// Open cases that name a person.
    pub fn open_cases_of(&self, number: &str) -> Result<Vec<String>, Fault> {
        let query = "SELECT p.case_id FROM person_row p JOIN case_row c ON c.case_id = p.case_id
                     WHERE p.number = ?1 AND c.result = '' ORDER BY p.case_id";
        list(&self.read(), query, [number], |row| row.get(0))
    }
}
