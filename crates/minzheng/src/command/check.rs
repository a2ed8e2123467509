//! `minzheng check`: every mistake of the guides, with its place and its repair.

use std::path::Path;

use base::Severity;

use crate::content::Content;

/// Prints the findings; the error ends the program.
pub fn run(folder: Option<&Path>) -> Result<(), String> {
    let content = Content::checked(folder)?;
    for finding in &content.library.findings {
        let text = content.files.get(&*finding.location.file).map_or("", String::as_str);
        println!("{}", finding.render(text));
    }
    let errors = content.library.findings.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = content.library.findings.len() - errors;
    let walked: Vec<String> = content.library.situations.iter().map(|(title, n)| format!("{title} {n}")).collect();
    println!("走遍的情形：{}", walked.join("，"));
    println!("{} 个服务，{errors} 个错误，{warnings} 个提醒", content.library.guides.len());
    if errors == 0 { Ok(()) } else { Err(String::new()) }
}
