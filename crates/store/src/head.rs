//! The head of the journal, kept apart in a file of its own: a cut-off tail of the journal does not cut it too.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Where the journal ends: the number of its last entry and the chain value there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub seq: u64,
    pub chain: String,
}

/// Writes the file anew and puts it in the place of the old one.
pub(crate) fn keep(folder: &Path, head: &Head) -> Result<(), Fault> {
    let (path, fresh) = (folder.join("journal.head"), folder.join("journal.head.new"));
    let text = serde_json::to_string(head).map_err(|error| Fault::damaged(error.to_string()))?;
    let write = || {
        let mut file = std::fs::File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)
    };
    write().map_err(|error| Fault::file(&path, &error))
}

/// The head as it was kept; `None` before the first entry.
pub(crate) fn kept(folder: &Path) -> Result<Option<Head>, Fault> {
    let path = folder.join("journal.head");
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|_| Fault::damaged("journal.head 不能读")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::file(&path, &error)),
    }
}
