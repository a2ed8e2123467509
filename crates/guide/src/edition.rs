//! Which text of a guide a case began under.

use std::collections::BTreeMap;

use sm3::{Digest, Sm3};

use crate::model::Edition;

/// First 16 hex digits of SM3 over the service's files and `roles.md` in order of name.
/// Each name and text goes in behind its length in eight bytes, so that no two sets of files look alike.
/// The list of services is left out: its status may change without changing what applies to a case.
pub(crate) fn edition(folder: &str, files: &BTreeMap<String, String>) -> Edition {
    let prefix = format!("{folder}/");
    let mut digest = Sm3::new();
    for (name, text) in files.iter().filter(|(name, _)| name.starts_with(&prefix) || *name == "roles.md") {
        for part in [name, text] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    let hex: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Edition(hex.into())
}
