//! The narrow waist to a database: everything else in this crate is plain SQL text that SQLite and PostgreSQL both read.
//!
//! Parameters are written `?1`, `?2` …; a backend that numbers with `$1` replaces the mark, which occurs nowhere else.

use crate::fault::Fault;

/// A parameter or a column of a row, borrowed for the duration of the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// What a row is read with. The row is gone when it returns.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&[Cell<'_>]) -> Result<(), Fault>;

/// One connection.
pub(crate) trait Sql: Send {
    /// Runs a statement and says how many rows it changed.
    fn execute(&mut self, sql: &str, parameters: &[Cell<'_>]) -> Result<u64, Fault>;
    /// Runs a query of at most [`MAX_COLUMNS`] columns and shows every row.
    fn query(&mut self, sql: &str, parameters: &[Cell<'_>], each: Each<'_>) -> Result<(), Fault>;
    /// Takes the right to write at once, so that what is read from here on is what the writing will meet.
    fn begin(&mut self) -> Result<(), Fault>;
    fn commit(&mut self) -> Result<(), Fault>;
    /// Gives up the transaction, if there is one.
    fn rollback(&mut self);
}

/// A database that can be connected to any number of times.
pub(crate) trait Backend: Send + Sync {
    fn connect(&self) -> Result<Box<dyn Sql>, Fault>;
}

pub(crate) const MAX_COLUMNS: usize = 20;

impl<'a> Cell<'a> {
    pub fn int(self) -> Result<i64, Fault> {
        if let Cell::Int(n) = self { Ok(n) } else { Err(wrong_type("整数")) }
    }

    pub fn text(self) -> Result<&'a str, Fault> {
        if let Cell::Text(t) = self { Ok(t) } else { Err(wrong_type("文字")) }
    }

    pub fn blob(self) -> Result<&'a [u8], Fault> {
        if let Cell::Blob(b) = self { Ok(b) } else { Err(wrong_type("字节")) }
    }

    /// A number that only grows from zero: sequence, revision, count.
    pub fn count<T: TryFrom<i64>>(self) -> Result<T, Fault> {
        T::try_from(self.int()?).map_err(|_| wrong_type("正整数"))
    }
}

fn wrong_type(wanted: &str) -> Fault {
    Fault::damaged(format!("有一列不是{wanted}"))
}

/// The first row's columns as `read` makes them, or nothing when there is no row.
pub(crate) fn first<T>(
    sql: &mut dyn Sql,
    text: &str,
    parameters: &[Cell<'_>],
    mut read: impl FnMut(&[Cell<'_>]) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut found = None;
    sql.query(text, parameters, &mut |row| {
        if found.is_none() {
            found = Some(read(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Every row as `read` makes it.
pub(crate) fn all<T>(
    sql: &mut dyn Sql,
    text: &str,
    parameters: &[Cell<'_>],
    mut read: impl FnMut(&[Cell<'_>]) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::new();
    sql.query(text, parameters, &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}
