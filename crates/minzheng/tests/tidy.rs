//! The shape of the project, kept by tests: who may depend on whom, how long things may be, what documents may claim.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Everything that people write by hand.
const WRITTEN: [&str; 7] = ["crates", "xtask", "guides", "docs", "reference", ".ci", ".cargo"];
const DOCUMENTS: [&str; 5] = ["ARCHITECTURE.md", "STYLE.md", "README.md", "README.zh.md", "docs"];

/// A text file of the project; `path` is relative to its root.
struct Source {
    path: String,
    text: String,
}

/// The root of the project.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Every text file below some folders (or the files themselves), in order of path. What is built or downloaded is left out.
fn below(folders: &[&str]) -> Vec<Source> {
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

fn fail_if_any(what: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{what}:\n  {}", problems.join("\n  "));
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("base", &[] as &[&str]),
        ("formula", &["base"]),
        ("ledger", &["base"]),
        ("linkage", &["base"]),
        ("exchange", &["base", "ledger"]),
        ("guide", &["base", "formula", "ledger"]),
        ("casework", &["base", "formula", "guide", "ledger"]),
        ("store", &["base", "formula", "guide", "casework", "ledger"]),
        ("bureau", &["base", "formula", "guide", "casework", "store", "ledger", "exchange", "linkage"]),
        ("web", &["base", "formula", "guide", "casework", "store", "bureau", "ledger", "exchange"]),
        ("demo", &["base", "formula", "guide", "casework", "store", "bureau", "ledger", "exchange"]),
        ("minzheng", &["base", "formula", "guide", "casework", "store", "bureau", "web", "demo", "ledger", "exchange"]),
    ]);
    let mut problems = Vec::new();
    let manifests = below(&["crates"]).into_iter().filter(|s| s.path.ends_with("Cargo.toml"));
    for manifest in manifests {
        let name = manifest.path.split('/').nth(1).unwrap_or_default();
        let Some(may) = allowed.get(name) else {
            problems.push(format!("{name} is not in the picture of ARCHITECTURE.md"));
            continue;
        };
        let strangers = dependencies(&manifest.text).into_iter().filter(|d| allowed.contains_key(&**d));
        problems.extend(strangers.filter(|d| !may.contains(&&**d)).map(|d| format!("{name} → {d}")));
    }
    fail_if_any("arrows that the design does not have", &problems);
}

/// Names under [dependencies] and [build-dependencies].
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = matches!(line.trim(), "[dependencies]" | "[build-dependencies]");
        } else if inside {
            let name: String =
                line.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
            names.extend((!name.is_empty()).then_some(name));
        }
    }
    names
}

#[test]
fn the_engine_knows_no_word_of_a_service() {
    let words = [
        "低保",
        "dibao",
        "tekun",
        "选民",
        "灾情",
        "年检",
        "社会组织",
        "veteran",
        "优抚",
        "婚姻",
        "离婚",
        "特困",
        "分类施保",
        "残疾",
        "救助",
        "抚恤",
        "殡葬",
    ];
    let mut problems = Vec::new();
    for source in below(&["crates"]) {
        let about_one = source.path.starts_with("crates/demo/") || source.path.contains("/tests/");
        if about_one || !source.path.contains("/src/") || !source.path.ends_with(".rs") {
            continue;
        }
        // Comments may give examples, and unit tests may borrow them.
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            let found = words.iter().filter(|w| line.contains(**w));
            problems.extend(found.map(|w| format!("{}:{}: {w}", source.path, number + 1)));
        }
    }
    fail_if_any("words of one service in the engine", &problems);
}

#[test]
fn nothing_names_a_machine() {
    // Written in pieces, so that this file does not find itself.
    let paths = ["/wo|rk/", "/ho|me/", "/ro|ot/", "/Us|ers/", "/tmp/br|ief", "registry.npm|js", "mirr|ors."];
    let paths: Vec<String> = paths.iter().map(|p| p.replace('|', "")).collect();
    let mut problems = Vec::new();
    let top = ["ARCHITECTURE.md", "STYLE.md", "README.md", "README.zh.md", "CHANGELOG.md", "Cargo.toml", "deny.toml"];
    for source in below(&WRITTEN).into_iter().chain(below(&top)) {
        for (number, line) in source.text.lines().enumerate() {
            let found = paths.iter().filter(|p| line.contains(&***p));
            problems.extend(found.map(|p| format!("{}:{}: {p}", source.path, number + 1)));
        }
    }
    fail_if_any("paths or hosts of one machine", &problems);
}

#[test]
fn files_and_functions_stay_short() {
    const FILE: usize = 600;
    const FUNCTION: usize = 80;
    let mut long = BTreeMap::new();
    for source in below(&["crates", "xtask"]).iter().filter(|s| s.path.ends_with(".rs")) {
        long.extend(Some((source.path.clone(), source.text.lines().count())).filter(|(_, lines)| *lines > FILE));
        long.extend(functions(source).into_iter().filter(|(_, lines)| *lines > FUNCTION));
    }
    let problems: Vec<String> =
        long.iter().map(|(name, lines)| format!("{name} has {lines} lines: shorten it")).collect();
    fail_if_any("files over 600 lines or functions over 80", &problems);
}

/// Each function of a formatted file with the lines from its signature to its closing brace.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (begin, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(name) = function_name(code).filter(|_| !code.ends_with(';')) else { continue };
        let close = format!("{}}}", &line[..line.len() - code.len()]);
        let Some(length) = lines[begin..].iter().position(|l| *l == close) else { continue };
        found.push((format!("{} {name}", source.path), length + 1));
    }
    found
}

fn function_name(code: &str) -> Option<&str> {
    let mut rest = code;
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    name.split(['(', '<']).next()
}

#[test]
fn documents_name_only_what_exists() {
    let sources = below(&["crates", "xtask"]);
    let code: Vec<&Source> = sources.iter().filter(|s| s.path.ends_with(".rs")).collect();
    let declared: BTreeSet<&str> = code.iter().flat_map(|s| declarations(&s.text)).collect();
    let mut problems = Vec::new();
    for document in below(&DOCUMENTS) {
        for (number, line) in prose(&document.text) {
            for quoted in line.split('`').skip(1).step_by(2) {
                if !exists(quoted, &document.path, &declared) {
                    problems.push(format!("{}:{number}: `{quoted}`", document.path));
                }
            }
        }
    }
    fail_if_any("paths, types or tests that do not exist", &problems);
}

/// Names behind struct, enum, trait, type, fn, mod and const, and everything that is exported again.
fn declarations(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines().filter(|l| !l.trim_start().starts_with("//")) {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
        let words: Vec<&str> = words.collect();
        if line.starts_with("pub use ") {
            found.extend(words);
            continue;
        }
        let declares = |word: &str| matches!(word, "struct" | "enum" | "trait" | "type" | "fn" | "mod" | "const");
        found.extend(words.windows(2).filter(|pair| declares(pair[0])).map(|pair| pair[1]));
    }
    found
}

/// Whether a quoted word that claims to be a path, a type or a test of this project is one. Other words claim nothing.
fn exists(quoted: &str, document: &str, declared: &BTreeSet<&str>) -> bool {
    let path_like = quoted.contains('/')
        && !quoted.contains([' ', '<', '{', '*', ':', '$', '…', '|', '('])
        && !quoted.starts_with(['/', '-', '.'])
        && quoted.is_ascii();
    if path_like {
        let beside = root().join(document).parent().map(|p| p.join(quoted)).is_some_and(|p| p.exists());
        let bare = quoted.trim_end_matches('/');
        let made = ["target/", "data/"].iter().any(|p| quoted.starts_with(p));
        let media = ["image/", "text/", "application/"].iter().any(|p| quoted.starts_with(p));
        let dependency = quoted.split('/').all(|w| !w.contains('.')) && !root().join("crates").join(bare).exists();
        return made || media || beside || root().join(bare).exists() || root().join("crates").join(bare).exists()
            // `owner/name` of other people's projects and `path/in/words` are not claims about files here.
            || (dependency && !["crates", "guides", "docs", "tests", "xtask", "reference"].iter().any(|d| bare.starts_with(d)));
    }
    let test = quoted.starts_with("invariant_");
    let own_type = quoted.contains("::")
        && quoted.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        && ["base::", "formula::", "guide::", "casework::", "store::", "bureau::", "web::"]
            .iter()
            .any(|c| quoted.starts_with(c));
    let name = quoted.rsplit("::").next().unwrap_or(quoted);
    !(test || own_type) || declared.contains(name)
}

/// Lines outside fences, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

#[test]
fn the_reference_page_is_that_of_the_language() {
    let page = std::fs::read_to_string(root().join("docs/reference/formulas.zh.md")).unwrap();
    assert!(page == formula::reference(), "write it anew: minzheng reference > docs/reference/formulas.zh.md");
}

#[test]
fn documents_put_one_sentence_on_a_line() {
    let mut problems = Vec::new();
    for document in below(&DOCUMENTS) {
        for (number, line) in prose(&document.text).filter(|(_, l)| !l.starts_with('|')) {
            // Lenient: short remarks of two sentences may share a line, three may not.
            let chars: Vec<char> = line.trim_end().chars().collect();
            let english = chars.windows(3).filter(|w| w[0].is_lowercase() && w[1] == '.' && w[2] == ' ').count();
            let chinese = chars.iter().rev().skip(1).filter(|c| **c == '。').count();
            if english > 2 || chinese > 2 {
                problems.push(format!("{}:{number}", document.path));
            }
        }
    }
    fail_if_any("several sentences on one line", &problems);
}

#[test]
fn the_changelog_is_well_formed() {
    let found = below(&["CHANGELOG.md"]);
    let text = &found.first().expect("CHANGELOG.md is missing").text;
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|l| l.starts_with("# ")), "CHANGELOG.md begins with a title");
    let releases: Vec<&str> = text.lines().filter(|l| l.starts_with("## ")).collect();
    assert!(!releases.is_empty(), "CHANGELOG.md has a section for the coming or first release");
    let stray = text.lines().filter(|l| l.starts_with("* ") || l.starts_with("+ ")).count();
    assert_eq!(stray, 0, "entries of CHANGELOG.md begin with “- ”");
}
