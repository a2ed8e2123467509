//! Accounts of staff, the posts that they hold from day to day, and their sign-ins.
//! Passwords and tokens are kept as hashes only.

use base::{Date, DateTime, Level, RegionCode};
use casework::{Actor, Capacity};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::Store;
use crate::fault::Fault;

/// A member of staff of one office: a level and its region.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub level: Level,
    pub region: RegionCode,
    pub password_hash: String,
    /// The password was given by somebody else and has to be changed first.
    pub fresh: bool,
    pub appointments: Vec<Appointment>,
}

/// A post that somebody holds from a day to a day, both included; `None` is without end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    pub post: String,
    pub since: Date,
    pub until: Option<Date>,
}

impl Appointment {
    pub fn holds(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }
}

impl Account {
    /// Whoever acts under this account on a day, with the posts of that day.
    pub fn actor(&self, day: Date) -> Actor {
        let held = self.appointments.iter().filter(|appointment| appointment.holds(day));
        let posts = held.map(|appointment| appointment.post.clone()).collect();
        let capacity = Capacity::Staff { level: self.level, posts, region: self.region };
        Actor { id: self.id.clone(), name: self.name.clone(), capacity }
    }
}

fn account(row: &Row) -> rusqlite::Result<Account> {
    let (level, region): (String, String) = (row.get("level")?, row.get("region")?);
    Ok(Account {
        id: row.get("id")?,
        name: row.get("name")?,
        level: serde_json::from_str(&level).unwrap_or(Level::Village),
        region: RegionCode::parse(&region).unwrap_or(RegionCode::NATION),
        password_hash: row.get("password_hash")?,
        fresh: row.get("fresh")?,
        appointments: Vec::new(),
    })
}

fn appointments(sql: &Connection, account: &str) -> Result<Vec<Appointment>, Fault> {
    let mut statement =
        sql.prepare_cached("SELECT post, since, until FROM appointment WHERE account = ?1 ORDER BY since, post")?;
    let rows = statement.query_map([account], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    rows.map(|row| {
        let (post, since, until) = row?;
        let since = since.parse().map_err(|_| Fault::damaged("任职的日期不能读"))?;
        Ok(Appointment { post, since, until: until.parse().ok() })
    })
    .collect()
}

fn accounts(sql: &Connection, id: Option<&str>) -> Result<Vec<Account>, Fault> {
    let mut statement = sql.prepare_cached("SELECT * FROM account WHERE ?1 IS NULL OR id = ?1 ORDER BY region, id")?;
    let mut found = statement.query_map([id], account)?.collect::<Result<Vec<_>, _>>()?;
    for account in &mut found {
        account.appointments = appointments(sql, &account.id)?;
    }
    Ok(found)
}

impl Store {
    /// Adds or replaces an account with its appointments.
    pub fn keep_account(&self, known: &Account) -> Result<(), Fault> {
        let level = serde_json::to_string(&known.level).map_err(|error| Fault::damaged(error.to_string()))?;
        self.transact(|write| {
        write.sql.execute(
            "INSERT OR REPLACE INTO account (id, name, password_hash, level, region, fresh) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![known.id, known.name, known.password_hash, level, known.region.to_string(), known.fresh],
        )?;
        write.sql.execute("DELETE FROM appointment WHERE account = ?1", [&known.id])?;
        for appointment in &known.appointments {
            let until = appointment.until.map(|day| day.to_string()).unwrap_or_default();
            write.sql.execute(
                "INSERT INTO appointment (account, post, since, until) VALUES (?1, ?2, ?3, ?4)",
                params![known.id, appointment.post, appointment.since.to_string(), until],
            )?;
        }
        Ok(())
        })
    }

    pub fn account(&self, id: &str) -> Result<Option<Account>, Fault> {
        Ok(accounts(&self.read(), Some(id))?.pop())
    }

    pub fn accounts(&self) -> Result<Vec<Account>, Fault> {
        accounts(&self.read(), None)
    }

    /// Keeps a sign-in until a moment, and forgets those that are over.
    pub fn keep_session(&self, token_hash: &str, account: &str, now: DateTime, until: DateTime) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE until < ?1", [now.to_string()])?;
        let sql = "INSERT INTO session (token_hash, account, until) VALUES (?1, ?2, ?3)";
        self.change(sql, params![token_hash, account, until.to_string()])
    }

    /// Who is signed in by a token.
    pub fn session(&self, token_hash: &str, now: DateTime) -> Result<Option<Account>, Fault> {
        let connection = self.read();
        let sql = "SELECT account FROM session WHERE token_hash = ?1 AND until >= ?2";
        let found: Option<String> =
            connection.query_row(sql, params![token_hash, now.to_string()], |row| row.get(0)).optional()?;
        Ok(match found {
            Some(id) => accounts(&connection, Some(&id))?.pop(),
            None => None,
        })
    }

    /// Ends all sign-ins of an account: after its password or its posts have changed.
    pub fn end_sessions(&self, account: &str) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE account = ?1", [account])
    }

    /// What the bureau is set up with: `region`, `name`.
    pub fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        let connection = self.read();
        let found = connection.query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| row.get(0));
        Ok(found.optional()?)
    }

    pub fn keep_setting(&self, name: &str, value: &str) -> Result<(), Fault> {
        let sql = "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)";
        self.change(sql, params![name, value])
    }
}
