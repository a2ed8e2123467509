//! `cargo xtask new-service NAME`: a guide folder in the fixed shape, ready for `minzheng check`, and its line in `guides/areas.md`.

use std::path::Path;

use crate::shell;

const FILES: [(&str, &str); 5] = [
    ("guide.md", include_str!("new_service/guide.md")),
    ("law/依据.md", include_str!("new_service/law.md")),
    ("rates.md", include_str!("new_service/rates.md")),
    ("scenarios/good/办成.md", include_str!("new_service/good.md")),
    ("scenarios/bad/没有填写收入.md", include_str!("new_service/bad.md")),
];

pub fn run(name: &str) -> Result<(), String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
        return Err(format!(
            "“{name}” should be lower-case letters and hyphens: it stands in addresses and in the journal"
        ));
    }
    write(&shell::root().join("guides"), name)?;
    println!("guides/{name} is there. Edit it, then: cargo run -- check && cargo run -- scenarios --service {name}");
    Ok(())
}

/// Writes the folder and the line; refuses to touch a service that exists.
fn write(guides: &Path, name: &str) -> Result<(), String> {
    let folder = guides.join(name);
    if folder.exists() {
        return Err(format!("{} exists already", folder.display()));
    }
    let areas = guides.join("areas.md");
    let said = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let list = std::fs::read_to_string(&areas).map_err(|e| said(&areas, e))?;
    let prefix: String = name.chars().filter(char::is_ascii_lowercase).take(2).collect::<String>().to_uppercase();
    let line = format!("| 新服务 | {name} | {prefix} | 民政局 | 试行 |\n");
    for (file, text) in FILES {
        let path = folder.join(file);
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|e| said(&path, e))?;
        std::fs::write(&path, text).map_err(|e| said(&path, e))?;
    }
    std::fs::write(&areas, with_line(&list, &line)).map_err(|e| said(&areas, e))
}

/// The list with a further row at the end of its last table.
fn with_line(list: &str, line: &str) -> String {
    let last = list.split_inclusive('\n').enumerate().filter(|(_, l)| l.starts_with('|')).last().map(|(i, _)| i);
    let mut text = String::new();
    for (index, old) in list.split_inclusive('\n').enumerate() {
        text.push_str(old);
        if Some(index) == last {
            if !old.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::with_line;

    #[test]
    fn the_row_joins_the_table() {
        let list = "# 服务\n\n| 服务 | 目录 |\n|---|---|\n| 甲 | a |\n\n说明。\n";
        assert_eq!(
            with_line(list, "| 乙 | b |\n"),
            "# 服务\n\n| 服务 | 目录 |\n|---|---|\n| 甲 | a |\n| 乙 | b |\n\n说明。\n"
        );
    }
}
