//! What the binary carries: the guides in force and the reference data.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use base::{Calendar, ReferenceError, Regions};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Guide files by their path within `guides/`: those of a folder, or the embedded ones.
pub fn guide_files(folder: Option<&Path>) -> io::Result<BTreeMap<String, String>> {
    let Some(folder) = folder else {
        return Ok(GUIDES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    };
    let mut files = BTreeMap::new();
    read_folder(folder, "", &mut files)?;
    Ok(files)
}

fn read_folder(folder: &Path, within: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            read_folder(&path, &format!("{within}{name}/"), files)?;
        } else if name.ends_with(".md") {
            files.insert(format!("{within}{name}"), fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn reference(folder: &str) -> Vec<&'static str> {
    let tables = REFERENCE.iter().filter(|(name, _)| name.starts_with(folder) && name.ends_with(".csv"));
    tables.map(|(_, text)| *text).collect()
}

/// The working-day calendar. Its tables are one file; an empty one would know weekends only.
pub fn calendar() -> Result<Calendar, ReferenceError> {
    Calendar::parse(reference("calendar/").first().copied().unwrap_or("date,kind,name\n"))
}

pub fn regions() -> Result<Regions, ReferenceError> {
    Regions::parse(&reference("divisions/"))
}
