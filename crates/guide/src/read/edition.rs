//! The edition of a guide: the digest of its text, whatever its line ends and the padding of its tables.

use sm3::{Digest, Sm3};

use super::Files;

/// SM3 over guide.md and law/*.md in the order of their names.
pub fn digest(folder: &str, files: &Files) -> String {
    let (guide, law) = (format!("{folder}/guide.md"), format!("{folder}/law/"));
    let mut hasher = Sm3::new();
    for (path, text) in files.iter().filter(|(path, _)| **path == guide || path.starts_with(&law)) {
        let path = &path[folder.len()..];
        hasher.update(format!("{path}\n{}\n", normalised(text)));
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn normalised(text: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_end();
        if !line.starts_with('|') {
            return line.to_owned();
        }
        line.trim_matches('|').split('|').map(|cell| format!("|{}", cell.trim())).collect()
    };
    text.lines().map(line).collect::<Vec<String>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_and_line_ends_do_not_matter() {
        let files = |guide: &str| Files::from([("a/guide.md".to_owned(), guide.to_owned())]);
        let one = digest("a", &files("# 甲\n\n| a | b |\n|---|---|\n"));
        assert_eq!(one, digest("a", &files("# 甲  \r\n\r\n|a|  b  |\r\n|---|---|\r\n\r\n")));
        assert_ne!(one, digest("a", &files("# 乙\n\n| a | b |\n|---|---|\n")));
        assert_eq!(one.len(), 64);
    }
}
