//! Photos and scans, kept beside the database by what they contain: `files/ab/<digest>`.
//!
//! A file is kept before the event that speaks of it, so an event never names a file that is not there.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use casework::State;
use casework::people::Scope;
use rusqlite::{Connection, params};

use crate::Store;
use crate::fault::Fault;
use crate::journal::{hex, sm3};

/// Another place at which a file, or a picture that looks the same, was stated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileUse {
    /// The file that was asked about.
    pub digest: String,
    pub case: String,
    pub field: String,
    pub at: String,
    /// The same bytes; otherwise a picture saved again.
    pub same: bool,
}

/// Bits of two looks that may differ; a band of each look is equal then, for there is one band more.
const MOST_DIFFERING: u32 = 7;
const BANDS: usize = 8;

impl Store {
    fn file_path(&self, digest: &str, ending: &str) -> Result<PathBuf, Fault> {
        let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_digest {
            return Err(Fault::damaged("文件的摘要不像样"));
        }
        Ok(self.folder.join("files").join(&digest[..2]).join(format!("{digest}{ending}")))
    }

    /// Keeps bytes, and a small picture of them if there is one. Gives their digest; what is there already stays.
    pub fn keep_file(&self, bytes: &[u8], small: Option<&[u8]>) -> Result<String, Fault> {
        let digest = file_digest(bytes);
        for (ending, bytes) in [("", Some(bytes)), (".small", small)] {
            let path = self.file_path(&digest, ending)?;
            bytes.map_or(Ok(()), |bytes| put(&path, bytes)).map_err(|error| Fault::file(&path, &error))?;
        }
        Ok(digest)
    }

    /// The bytes of a digest, or of its small picture.
    pub fn file(&self, digest: &str, small: bool) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.file_path(digest, if small { ".small" } else { "" })?;
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::file(&path, &error)),
        }
    }

    /// Where else the files of a case were stated: in other fields of the case, or in cases of another household;
    /// not those of services that the reader may not see.
    pub fn other_uses(&self, state: &State, scope: &Scope) -> Result<Vec<FileUse>, Fault> {
        let connection = self.read();
        let hidden = crate::lists::hidden(scope);
        let mut found = BTreeSet::new();
        let mut same = connection.prepare_cached(
            "SELECT f.case_id, f.field, f.at FROM file_row f JOIN case_row c ON c.case_id = f.case_id
             WHERE f.digest = ?1 AND NOT (f.case_id = ?2 AND f.field = ?3)
             AND c.service NOT IN (SELECT value FROM json_each(?4))",
        )?;
        let mut alike = connection.prepare_cached(
            "SELECT f.case_id, f.field, f.at, f.digest, f.look FROM look_row l JOIN file_row f ON f.digest = l.digest
             JOIN case_row c ON c.case_id = f.case_id
             WHERE l.band = ?1 AND f.digest <> ?2 AND c.service NOT IN (SELECT value FROM json_each(?3))",
        )?;
        for (field, _, file) in stated(state) {
            let rows = same.query_map(params![file.digest, state.case, field, hidden], |row| {
                Ok(FileUse {
                    digest: file.digest.clone(),
                    case: row.get(0)?,
                    field: row.get(1)?,
                    at: row.get(2)?,
                    same: true,
                })
            })?;
            for row in rows {
                found.insert(row?);
            }
            let Some(look) = &file.look else { continue };
            for band in bands(look) {
                let rows = alike.query_map(params![band, file.digest, hidden], |row| {
                    let known = FileUse {
                        digest: file.digest.clone(),
                        case: row.get(0)?,
                        field: row.get(1)?,
                        at: row.get(2)?,
                        same: false,
                    };
                    Ok((known, row.get::<_, String>(4)?))
                })?;
                for row in rows {
                    let (known, other) = row?;
                    if differing(look, &other) <= MOST_DIFFERING {
                        found.insert(known);
                    }
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Every file that the journal speaks of, and what is wrong with it: not there, or not what it was.
    pub(crate) fn verify_files(&self, connection: &Connection) -> Result<Vec<String>, Fault> {
        let mut statement = connection.prepare("SELECT DISTINCT digest FROM file_row ORDER BY digest")?;
        let digests = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut problems = Vec::new();
        for digest in digests {
            match self.file(&digest, false)? {
                None => problems.push(format!("附件 {}… 不见了", &digest[..12])),
                Some(bytes) if file_digest(&bytes) != digest => {
                    problems.push(format!("附件 {}… 的内容被改过", &digest[..12]));
                }
                Some(_) => {}
            }
        }
        Ok(problems)
    }

    /// Removes files that no case speaks of and that were kept before a moment: forms that were never sent.
    pub fn sweep_files(&self, before: SystemTime) -> Result<usize, Fault> {
        let root = self.folder.join("files");
        let known: BTreeSet<String> = {
            let connection = self.read();
            let mut statement = connection.prepare("SELECT DISTINCT digest FROM file_row")?;
            statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<_, _>>()?
        };
        let mut removed = 0;
        for path in files_below(&root)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let digest = name.split('.').next().unwrap_or_default();
            let kept_at = std::fs::metadata(&path).and_then(|about| about.modified());
            if !known.contains(digest) && kept_at.is_ok_and(|at| at < before) {
                std::fs::remove_file(&path).map_err(|error| Fault::file(&path, &error))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// SM3 of the bytes of a file, in hexadecimal.
pub fn file_digest(bytes: &[u8]) -> String {
    hex(&sm3(&[bytes]))
}

/// Writes a file as a whole or not at all; what is there already is the same bytes.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    static TURN: AtomicU64 = AtomicU64::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let fresh = path.with_extension(format!("new-{}-{turn}", std::process::id()));
    let mut file = std::fs::File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    std::fs::File::open(folder)?.sync_all()
}

pub(crate) fn files_below(root: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Fault::file(&folder, &error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| Fault::file(&folder, &error))?.path();
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// Files that a case itself stated: field, moment, file.
pub(crate) fn stated(state: &State) -> impl Iterator<Item = (String, String, &casework::event::FileRef)> {
    state.facts.iter().filter(|fact| !fact.inherited).flat_map(|fact| {
        fact.value
            .files()
            .into_iter()
            .map(|file| (format!("{}/{}", fact.field, fact.sequence), fact.recorded_at.to_string(), file))
    })
}

/// The bands of a look, each with its place in it.
pub(crate) fn bands(look: &str) -> impl Iterator<Item = String> + '_ {
    let width = look.len() / BANDS;
    (0..if width == 0 { 0 } else { BANDS })
        .filter_map(move |i| Some(format!("{i}{}", look.get(i * width..(i + 1) * width)?)))
}

/// How many bits differ; all of them where one cannot be read.
fn differing(one: &str, other: &str) -> u32 {
    if one.len() != other.len() {
        return u32::MAX;
    }
    let digit = |c: char| c.to_digit(16).unwrap_or(0);
    one.chars().zip(other.chars()).map(|(a, b)| (digit(a) ^ digit(b)).count_ones()).sum()
}
