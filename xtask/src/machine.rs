//! What the tests need on the machine.

use std::process::{Command, Stdio};

use crate::shell;

/// Pinned, so that a new rule of the checker is a change somebody makes.
const AXE: &str = "axe-core@4.14.1";

/// Programs that the browser tests call, with the packages that bring them.
const PROGRAMS: [(&str, &str); 4] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("npm", "npm"), ("pdftotext", "poppler-utils")];

/// Sees that the browser, its driver, Chinese fonts and npm are there.
/// Installs what is missing where it may (as root, with apt); otherwise says how and fails.
pub fn prepare_browser() -> Result<(), String> {
    let mut missing: Vec<&str> = PROGRAMS.iter().filter(|(program, _)| !answers(program)).map(|(_, p)| *p).collect();
    if !chinese_fonts() {
        missing.push("fonts-noto-cjk");
    }
    if !missing.is_empty() {
        install(&missing)?;
    }
    if !chinese_fonts() {
        return Err("no Chinese font was found: screenshots would show empty boxes. Install fonts-noto-cjk.".into());
    }
    fetch_axe()
}

/// Whether a program can be started; what it thinks of the question differs.
fn answers(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok()
}

fn chinese_fonts() -> bool {
    let list = Command::new("fc-list").args([":lang=zh-cn", "family"]).output();
    list.is_ok_and(|output| !output.stdout.is_empty())
}

fn install(packages: &[&str]) -> Result<(), String> {
    let list = packages.join(" ");
    let user = Command::new("id").arg("-u").output().map(|o| o.stdout).unwrap_or_default();
    if user.trim_ascii() != b"0" || !answers("apt-get") {
        return Err(format!(
            "The browser tests need: {list}\nInstall them, then run the tests again:\n  sudo apt-get update && sudo apt-get install -y {list}"
        ));
    }
    shell::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", "-qq", "--no-install-recommends"]);
    shell::run(apt.args(packages).stdout(Stdio::null()))
}

/// Brings the accessibility checker to `target/axe`.
fn fetch_axe() -> Result<(), String> {
    let folder = shell::target().join("axe");
    let package = folder.join("node_modules/axe-core/package.json");
    let version = AXE.rsplit('@').next().unwrap_or_default();
    let there =
        std::fs::read_to_string(package).is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")));
    if there {
        return Ok(());
    }
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut npm = shell::command("npm");
    npm.arg("install").arg("--prefix").arg(&folder);
    shell::run(npm.args(["--no-audit", "--no-fund", "--ignore-scripts", "--no-save", AXE]))
}
