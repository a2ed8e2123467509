//! What the binary carries: guides and reference data; a folder of guides may take the place of the first.

use std::path::Path;
use std::sync::Arc;

use base::{Calendar, Regions};
use guide::{Files, Library, RateBook, read_library};
use include_dir::{Dir, include_dir};

static GUIDES: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../guides");

/// The county of the demo and of scenarios that name no region: 嵩县.
pub const COUNTY: &str = "410325";

/// Guides, rates, calendar and divisions, ready for use.
pub struct Content {
    pub files: Files,
    pub library: Library,
    pub rates: RateBook,
    pub calendar: Calendar,
    pub regions: Arc<Regions>,
}

impl Content {
    /// The same with every course walked: for guides that nobody has checked yet.
    pub fn checked(folder: Option<&Path>) -> Result<Self, String> {
        let mut content = Self::load(folder)?;
        content.library.walk_courses();
        Ok(content)
    }

    /// The guides of a folder, or those that are embedded. The error says what could not be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, String> {
        let files = match folder {
            Some(folder) => read_folder(folder)?,
            None => embedded(),
        };
        let regions = Arc::new(regions()?);
        let library = read_library(&files);
        let rates = RateBook::new(library.all_parameters(), library.rates.iter().cloned(), regions.clone());
        let calendar = Calendar::parse(include_str!("../../../reference/calendar/holidays-2004-2026.csv"));
        let calendar = calendar.map_err(|error| error.to_string())?;
        Ok(Self { files, library, rates, calendar, regions })
    }
}

fn regions() -> Result<Regions, String> {
    let tables = [
        include_str!("../../../reference/divisions/counties.csv"),
        include_str!("../../../reference/divisions/townships.csv"),
        include_str!("../../../reference/divisions/villages-410325-songxian.csv"),
        include_str!("../../../reference/divisions/villages-440304-futian.csv"),
        include_str!("../../../reference/divisions/demo-villages.csv"),
    ];
    Regions::parse(&tables).map_err(|error| error.to_string())
}

fn embedded() -> Files {
    let mut files = Files::new();
    let mut waiting = vec![&GUIDES];
    while let Some(folder) = waiting.pop() {
        waiting.extend(folder.dirs());
        let texts = folder.files().filter_map(|f| Some((f.path().to_str()?.to_owned(), f.contents_utf8()?.to_owned())));
        files.extend(texts);
    }
    files
}

fn read_folder(folder: &Path) -> Result<Files, String> {
    let mut files = Files::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(current) = waiting.pop() {
        let entries = std::fs::read_dir(&current).map_err(|error| format!("{}：{error}", current.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| format!("{}：{error}", current.display()))?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(&path).map_err(|error| format!("{}：{error}", path.display()))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                files.insert(name, text);
            }
        }
    }
    Ok(files)
}
