//! Lists `guides/` and `reference/` so that the binary carries them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut listing = String::new();
    for (constant, folder) in [("GUIDES", "guides"), ("REFERENCE", "reference")] {
        let top = root.join(folder);
        println!("cargo::rerun-if-changed={}", top.display());
        let mut files = Vec::new();
        collect(&top, &mut files)?;
        files.sort();
        writeln!(listing, "pub const {constant}: &[(&str, &str)] = &[").map_err(io::Error::other)?;
        for file in files {
            let name = file.strip_prefix(&top).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
            let path = file.canonicalize()?;
            writeln!(listing, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
        }
        listing.push_str("];\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?);
    fs::write(out.join("embedded.rs"), listing)
}

/// Markdown and CSV files below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "md" || e == "csv") {
            files.push(path);
        }
    }
    Ok(())
}
