//! A copy of a running bureau, and a bureau from a copy.
//!
//! The database is copied first, as one moment of it; files that its events name were kept before them and are never
//! removed, so they are there when they are copied afterwards.

use std::path::Path;

use rusqlite::Connection;

use crate::Store;
use crate::fault::Fault;
use crate::files::{files_below, put};
use crate::{head, journal};

/// What a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    pub entries: u64,
    /// Files that were not in the copy before.
    pub files: u64,
}

impl Store {
    /// Copies the bureau into a folder while it works; a copy that is there is brought up to date.
    /// The database of the copy is put in place as a whole, so that a copy that breaks off leaves the one before.
    pub fn back_up(&self, to: &Path) -> Result<Copied, Fault> {
        std::fs::create_dir_all(to).map_err(|error| Fault::file(to, &error))?;
        let (fresh, place) = (to.join("minzheng.db.new"), to.join("minzheng.db"));
        remove(&fresh)?;
        let text = fresh.to_str().ok_or_else(|| Fault::damaged("备份的文件夹名不能读"))?;
        self.read().execute("VACUUM INTO ?1", [text])?;
        let copy = Connection::open(&fresh)?;
        let end = journal::head(&copy)?;
        let mut statement = copy.prepare("SELECT DISTINCT digest FROM file_row")?;
        let digests = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        drop(statement);
        drop(copy);
        let mut files = 0;
        for digest in digests {
            for name in [digest.clone(), format!("{digest}.small")] {
                let inner = Path::new("files").join(&name[..2]).join(&name);
                files += u64::from(copy_file(&self.folder.join(&inner), &to.join(&inner))?);
            }
        }
        let sync = || std::fs::File::open(&fresh)?.sync_all().and_then(|()| std::fs::rename(&fresh, &place));
        sync().map_err(|error| Fault::file(&place, &error))?;
        head::keep(to, &end)?;
        // The mark of a bureau whose people are made up.
        copy_file(&self.folder.join("demo"), &to.join("demo"))?;
        Ok(Copied { entries: end.seq, files })
    }

    /// Makes a bureau from a copy in a folder that is not there yet.
    pub fn restore(from: &Path, to: &Path) -> Result<(), Fault> {
        for path in files_below(from)? {
            let inner = path.strip_prefix(from).unwrap_or(&path);
            copy_file(&path, &to.join(inner))?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), Fault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Fault::file(path, &error)),
        _ => Ok(()),
    }
}

/// Copies a file unless it is there; gives whether it was copied. One that is missing is told by `verify`, not here.
fn copy_file(from: &Path, to: &Path) -> Result<bool, Fault> {
    if to.is_file() || !from.is_file() {
        return Ok(false);
    }
    let bytes = std::fs::read(from).map_err(|error| Fault::file(from, &error))?;
    put(to, &bytes).map_err(|error| Fault::file(to, &error))?;
    Ok(true)
}
