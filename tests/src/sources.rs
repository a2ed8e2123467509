//! The files of the project, for the tests that read them.

use std::path::{Path, PathBuf};

/// A text file of the project; `path` is relative to its root.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// The root of the project.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Every text file below some folders (or the files themselves), in order of path. What is built or downloaded is left out.
pub fn below(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(path: &Path, found: &mut Vec<Source>) {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if path.is_dir() {
        if matches!(name.as_str(), "target" | "data" | ".git" | "node_modules" | "pictures") {
            return;
        }
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), found);
        }
    } else if let Ok(text) = std::fs::read_to_string(path) {
        let path = path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned();
        found.push(Source { path, text });
    }
}
