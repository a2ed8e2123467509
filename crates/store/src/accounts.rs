//! Accounts of staff and their sign-ins. Passwords and tokens are kept as hashes only.

use base::{DateTime, Level, RegionCode};
use casework::{Actor, Capacity};
use rusqlite::{OptionalExtension, Row, params};

use crate::fault::Fault;
use crate::{Store, lock};

/// A member of staff with the hash of the password.
#[derive(Clone, Debug)]
pub struct Account {
    pub actor: Actor,
    pub password_hash: String,
}

fn account(row: &Row) -> rusqlite::Result<Account> {
    let (id, name, password_hash): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (level, post, region): (String, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let level = serde_json::from_str::<Level>(&level).unwrap_or(Level::Village);
    let region = RegionCode::parse(&region).unwrap_or(RegionCode::NATION);
    Ok(Account { actor: Actor { id, name, capacity: Capacity::Staff { level, post, region } }, password_hash })
}

const COLUMNS: &str = "id, name, password_hash, level, post, region";

impl Store {
    /// Adds or replaces an account of staff; other capacities have none.
    pub fn keep_account(&self, known: &Account) -> Result<(), Fault> {
        let Capacity::Staff { level, post, region } = &known.actor.capacity else { return Ok(()) };
        let level = serde_json::to_string(level).map_err(|error| Fault::damaged(error.to_string()))?;
        let sql = format!("INSERT OR REPLACE INTO account ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        let values = params![known.actor.id, known.actor.name, known.password_hash, level, post, region.to_string()];
        lock(&self.writer).execute(&sql, values)?;
        Ok(())
    }

    pub fn account(&self, id: &str) -> Result<Option<Account>, Fault> {
        let connection = self.read();
        let found = connection.query_row(&format!("SELECT {COLUMNS} FROM account WHERE id = ?1"), [id], account);
        Ok(found.optional()?)
    }

    pub fn accounts(&self) -> Result<Vec<Account>, Fault> {
        let connection = self.read();
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM account ORDER BY id"))?;
        let rows = statement.query_map([], account)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// Keeps a sign-in until a moment, and forgets those that are over.
    pub fn keep_session(&self, token_hash: &str, account: &str, now: DateTime, until: DateTime) -> Result<(), Fault> {
        let connection = lock(&self.writer);
        connection.execute("DELETE FROM session WHERE until < ?1", [now.to_string()])?;
        let sql = "INSERT INTO session (token_hash, account, until) VALUES (?1, ?2, ?3)";
        connection.execute(sql, params![token_hash, account, until.to_string()])?;
        Ok(())
    }

    /// Who is signed in by a token.
    pub fn session(&self, token_hash: &str, now: DateTime) -> Result<Option<Actor>, Fault> {
        let connection = self.read();
        let sql = "SELECT account FROM session WHERE token_hash = ?1 AND until >= ?2";
        let found: Option<String> =
            connection.query_row(sql, params![token_hash, now.to_string()], |row| row.get(0)).optional()?;
        drop(connection);
        Ok(match found {
            Some(id) => self.account(&id)?.map(|account| account.actor),
            None => None,
        })
    }

    pub fn end_session(&self, token_hash: &str) -> Result<(), Fault> {
        lock(&self.writer).execute("DELETE FROM session WHERE token_hash = ?1", [token_hash])?;
        Ok(())
    }
}
