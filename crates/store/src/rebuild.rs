//! The proof of the projections: built anew from the journal alone and compared byte for byte.

use casework::{Bureau, Entry, State};
use rayon::prelude::*;

use crate::fault::Fault;
use crate::journal::{self, Opened};
use crate::project::{self, SealedBy};
use crate::schema::PROJECTIONS;
use crate::sql::{Cell, Sql, all, first};
use crate::{Inner, Store};

/// Cases read at a time.
const SLICE: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuildReport {
    pub cases: u64,
    /// Nothing differed.
    pub byte_equal: bool,
    pub differences: Vec<Difference>,
}

/// Rows of a table that were not what the journal says. They have been replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// Rows that should not have been there, or not so.
    pub wrong: u64,
    /// Rows that should have been there, or otherwise.
    pub missing: u64,
}

impl Store {
    /// Builds all projections anew and puts them in place; the bureau can read meanwhile but not write.
    pub fn rebuild(&self, bureau: &Bureau) -> Result<RebuildReport, Fault> {
        let inner = &*self.inner;
        inner.write(|sql| {
            for table in PROJECTIONS {
                sql.execute(&format!("CREATE TABLE old_{table} AS SELECT * FROM {table}"), &[])?;
                sql.execute(&format!("DELETE FROM {table}"), &[])?;
            }
            let streams = all(
                sql,
                "SELECT stream FROM journal WHERE stream > 'case:' AND stream < 'case;' AND revision = 1 ORDER BY seq",
                &[],
                |row| Ok(row[0].text()?.to_owned()),
            )?;
            for slice in streams.chunks(SLICE) {
                // The writing lock is held, so other connections see the same journal.
                let read = |stream: &String| inner.read(|sql| journal::read(sql, &*inner.crypto, &inner.keys, stream));
                let opened: Result<Vec<Option<Opened<Entry>>>, Fault> = slice.par_iter().map(read).collect();
                for case in opened?.into_iter().flatten() {
                    project_case(sql, inner, bureau, &case)?;
                }
            }
            let mut differences = Vec::new();
            for table in PROJECTIONS {
                differences.extend(compare(sql, table)?);
                sql.execute(&format!("DROP TABLE old_{table}"), &[])?;
            }
            Ok(RebuildReport { cases: streams.len() as u64, byte_equal: differences.is_empty(), differences })
        })
    }
}

fn project_case(sql: &mut dyn Sql, inner: &Inner, bureau: &Bureau, case: &Opened<Entry>) -> Result<(), Fault> {
    let state = State::fold(&case.entries).ok_or_else(|| Fault::damaged("有一件不以申请开始"))?;
    let guide = project::guide_of(bureau, &state)?;
    let key = inner.keys.key(&case.key_id)?.ok_or(Fault::Key("密钥刚刚被销毁"))?;
    let by = SealedBy { inner, key_id: &case.key_id, key: &key };
    project::keep(sql, &by, guide, &state, &case.entries, &[])?;
    Ok(())
}

/// Rows in one table and not in the other; texts and bytes compare byte by byte.
fn compare(sql: &mut dyn Sql, table: &'static str) -> Result<Option<Difference>, Fault> {
    let mut only = |one: &str, other: &str| -> Result<u64, Fault> {
        let text = format!("SELECT count(*) FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other}) AS only_here");
        Ok(first(sql, &text, &[], |row: &[Cell<'_>]| row[0].count())?.unwrap_or(0))
    };
    let old = format!("old_{table}");
    let (wrong, missing) = (only(&old, table)?, only(table, &old)?);
    Ok((wrong + missing > 0).then_some(Difference { table, wrong, missing }))
}
