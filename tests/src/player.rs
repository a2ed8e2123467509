//! Plays the courses of worked examples (`经过`) through the pages, as the people named in them would.
//!
//! What a scenario proves of the engine is thereby proved of forms, routes, sessions and permissions too.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use base::DateTime;
use casework::{Bureau, CaseId, Staff};
use guide::{CourseRow, Guide, Scenario};

use crate::browser::Browser;
use crate::office::{Office, PASSWORD, VILLAGE, place_of};

/// What stands behind the pages: a bureau whose clock can be moved and whose state can be looked at.
pub trait World {
    fn bureau(&self) -> &Bureau;
    fn set(&self, to: DateTime);
    /// Ends waits that have run their time.
    fn tick(&self);
    fn staff(&self, who: &str, village: &str) -> Arc<Staff>;
    fn state(&self, case: &CaseId) -> casework::State;
}

impl World for Office {
    fn bureau(&self) -> &Bureau {
        &self.bureau
    }

    fn set(&self, to: DateTime) {
        Office::set(self, to);
    }

    fn tick(&self) {
        Office::tick(self);
    }

    fn staff(&self, who: &str, village: &str) -> Arc<Staff> {
        Office::staff(self, who, village)
    }

    fn state(&self, case: &CaseId) -> casework::State {
        Office::state(self, case)
    }
}

pub struct Player<'a> {
    pub browser: &'a mut dyn Browser,
    pub world: &'a dyn World,
    pub guide: &'a Guide,
    pub village: String,
    pub case: Option<CaseId>,
    /// Who is signed in.
    who: String,
    folder: tempfile::TempDir,
}

/// The smallest picture that is one.
pub const PNG: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    2, 0, 0, 0, 0x90, 0x77, 0x53, 0xDE, 0, 0, 0, 0x0C, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0xF8, 0xCF, 0xC0, 0,
    0, 3, 1, 1, 0, 0xC9, 0xFE, 0x92, 0xEF, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];

impl<'a> Player<'a> {
    pub fn new(browser: &'a mut dyn Browser, world: &'a dyn World, guide: &'a Guide) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { browser, world, guide, village: VILLAGE.to_owned(), case: None, who: String::new(), folder }
    }

    /// Plays a whole course; every row must come to what it says. Staff whom the applicant names as relatives are there beforehand.
    pub fn play(&mut self, scenario: &Scenario) {
        self.village = place_of(self.world.bureau(), scenario);
        let staff: BTreeSet<&str> = scenario.course.iter().flat_map(|row| row.who.split('、')).collect();
        for who in staff.into_iter().filter(|who| *who != "申请人" && *who != "系统时钟") {
            self.world.staff(who, &self.village);
        }
        for row in &scenario.course {
            let found = self.row(scenario, row);
            let wanted = row.expect.split('，').next().unwrap_or_default();
            let said = format!("{}（{} {} {}）", scenario.title, row.at, row.who, row.what);
            assert_eq!(found, wanted, "{said}\n{}\n{}", self.browser.path(), self.browser.text());
        }
    }

    /// Plays one row and says what came of it: the step that waits, `结束`, or `拒绝 R103`.
    fn row(&mut self, scenario: &Scenario, row: &CourseRow) -> String {
        self.world.set(row.at);
        let before = self.case.as_ref().map(|case| self.world.state(case).revision);
        if row.who == "系统时钟" {
            self.world.tick();
            let unmoved = self.case.as_ref().map(|case| self.world.state(case).revision) == before;
            // The clock is told nothing when nothing is due; what was to be refused simply does not happen.
            return if unmoved && row.expect.starts_with("拒绝") { row.expect.clone() } else { self.position() };
        }
        let refused = match row.what.split_once('：') {
            Some((_, outcome)) => self.step(row, outcome),
            None => self.act(scenario, row),
        };
        let after = self.case.as_ref().map(|case| self.world.state(case).revision);
        match refused {
            Some(code) => {
                assert_eq!(before, after, "what is refused changes nothing");
                format!("拒绝 {code}")
            }
            None => self.position(),
        }
    }

    fn position(&self) -> String {
        let Some(case) = &self.case else { return "没有件".to_owned() };
        self.world.state(case).open.map_or_else(|| "结束".to_owned(), |o| o.step.to_string())
    }

    fn act(&mut self, scenario: &Scenario, row: &CourseRow) -> Option<String> {
        let form = match row.what.as_str() {
            "张贴" => "post".to_owned(),
            "答复异议" => format!("answer-{}", row.entries.get("序号").map_or("1", String::as_str)),
            "更正" => "correct".to_owned(),
            "延长" => "extend".to_owned(),
            "撤回" => "withdraw".to_owned(),
            _ => String::new(),
        };
        if !form.is_empty() {
            self.enter(row, &form);
            if let Some(code) = self.refusal().or_else(|| self.not_offered(row)) {
                return Some(code);
            }
        }
        let word = |name: &str| row.entries.get(name).map(String::as_str).unwrap_or_default();
        match row.what.as_str() {
            "申请" => return self.apply(scenario, row),
            "张贴" => self.attach(row),
            "提出异议" => {
                let case = self.case().clone();
                let number = self.world.state(&case).notices.len();
                self.become_public();
                self.browser.open(&format!("/notices/{case}/{number}"));
                self.fill_words(&[("name", word("姓名")), ("contact", word("联系方式")), ("text", word("内容"))]);
            }
            "答复异议" => {
                self.choose("finding", word("结论"), "异议不成立");
                self.fill_words(&[("text", word("答复"))]);
            }
            "更正" => self.correct(row),
            "延长" => {
                if !self.browser.may_choose("reason", word("理由")) {
                    // The page offers the lawful reasons only.
                    return Some("R215".to_owned());
                }
                self.fill_words(&[("reason", word("理由"))]);
            }
            "撤回" => self.fill_words(&[("reason", word("理由"))]),
            other => panic!("the player cannot “{other}”"),
        }
        self.send()
    }

    /// Opens the form of an act of the case as the person of the row; the page may refuse at once.
    fn enter(&mut self, row: &CourseRow, act: &str) {
        let case = self.case().clone();
        let who = row.who.split('、').next().unwrap_or_default();
        if who == "申请人" {
            self.become_applicant();
            self.browser.open(&format!("/progress/{case}/{act}"));
        } else {
            self.sign_in(who);
            let address = format!("/case/{case}/{act}");
            self.browser.open(&address);
            if self.browser.path().starts_with("/sign-in") {
                // Courses leap over hours and months, in which sessions end.
                self.who.clear();
                self.sign_in(who);
                self.browser.open(&address);
            }
        }
    }

    /// What cannot be done now has no form; which of the refusals that is, the course knows.
    fn not_offered(&mut self, row: &CourseRow) -> Option<String> {
        let offered = self.browser.names().iter().any(|n| n == "key");
        let code = row.expect.strip_prefix("拒绝 ").filter(|_| !offered);
        code.map(str::to_owned)
    }

    fn step(&mut self, row: &CourseRow, outcome: &str) -> Option<String> {
        self.enter(row, "step");
        if let Some(code) = self.refusal().or_else(|| self.not_offered(row)) {
            // Pages lead to the step that is open; whoever wants another is told whose turn it is.
            let another = row.expect == "拒绝 R201" && code == "R101";
            return Some(if another { "R201".to_owned() } else { code });
        }
        let chosen = self.browser.names().iter().any(|n| n == "outcome");
        if !chosen && row.expect == "拒绝 R214" {
            // Votes decide: the page offers nothing to choose.
            return Some("R214".to_owned());
        }
        if chosen && !outcome.is_empty() {
            if !self.browser.may_choose("outcome", outcome) {
                // The page shows why it cannot be chosen; the scenario knows which of the two refusals that is.
                let wanted = row.expect.strip_prefix("拒绝 ").filter(|c| matches!(*c, "R202" | "R203" | "R204"));
                return Some(wanted.unwrap_or("disabled").to_owned());
            }
            self.browser.fill("outcome", outcome);
        }
        let entries = row.entries.iter().filter(|(name, _)| !matches!(name.as_str(), "理由" | "材料"));
        let entries: Vec<(String, String)> = entries.map(|(n, v)| (n.clone(), v.clone())).collect();
        self.fill_form(&entries);
        if let Some(reason) = row.entries.get("理由") {
            self.browser.fill("reason", reason);
        }
        let others: Vec<String> =
            row.who.split('、').skip(1).map(|who| self.world.staff(who, &self.village).id.to_string()).collect();
        if others.iter().any(|id| !self.browser.may_choose("with", id)) && row.expect == "拒绝 R103" {
            // Relatives are not offered as companions.
            return Some("R103".to_owned());
        }
        if !others.is_empty() {
            self.browser.fill("with", &others.join("、"));
        }
        self.attach(row);
        self.send()
    }

    fn apply(&mut self, scenario: &Scenario, row: &CourseRow) -> Option<String> {
        if row.who == "申请人" {
            self.become_public();
        } else {
            self.sign_in(&row.who);
        }
        self.browser.open(&format!("/s/{}/apply", self.guide.service));
        let mut entries: Vec<(String, String)> = scenario.entries.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
        let region = self.guide.subject.region.to_string();
        if !scenario.entries.contains_key(&region) {
            entries.push((region, self.village.clone()));
        }
        self.fill_form(&entries);
        if let Some(former) = &self.case
            && self.browser.names().iter().any(|n| n == "former")
        {
            let former = former.to_string();
            self.browser.fill("former", &former);
        }
        self.attach(row);
        if let Some(code) = self.send() {
            return Some(code);
        }
        let text = self.browser.text();
        let number = receipt(&text, &self.guide.prefix).unwrap_or_else(|| panic!("no receipt number: {text}"));
        self.case = Some(CaseId(number.into()));
        None
    }

    /// Fills entries of a guide's form, adding rows to rosters as needed.
    fn fill_form(&mut self, entries: &[(String, String)]) {
        for (path, value) in entries {
            let name = format!("f.{path}");
            if let Some((roster, _)) = path.split_once('.') {
                // Rows are added one by one; a row more than were asked for would be a fault of the page.
                for _ in 0..20 {
                    if self.browser.names().contains(&name) {
                        break;
                    }
                    self.browser.press_named("do", &format!("add:{roster}"));
                }
            }
            self.browser.fill(&name, value);
        }
    }

    /// States rosters anew: rows that are not in the row's entries are deleted, cells that are not are emptied.
    fn correct(&mut self, row: &CourseRow) {
        let words = ["生效", "来源", "理由"];
        let entries = row.entries.iter().filter(|(name, _)| !words.contains(&name.as_str()));
        let entries: Vec<(String, String)> = entries.map(|(n, v)| (n.clone(), v.clone())).collect();
        let rosters: BTreeSet<&str> = entries.iter().filter_map(|(p, _)| Some(p.split_once('.')?.0)).collect();
        for roster in rosters {
            let within = format!("f.{roster}.");
            let row_of = |name: &str| name.strip_prefix(&within)?.split('.').next()?.parse::<u32>().ok();
            let most = entries.iter().filter_map(|(p, _)| row_of(&format!("f.{p}"))).max().unwrap_or(0);
            while self.browser.names().iter().any(|n| row_of(n).is_some_and(|r| r > most)) {
                self.browser.press_named("do", &format!("del:{roster}.{}", most + 1));
            }
            for name in self.browser.names().into_iter().filter(|n| row_of(n).is_some()) {
                if !entries.iter().any(|(p, _)| format!("f.{p}") == name) {
                    self.browser.fill(&name, "");
                }
            }
        }
        self.fill_form(&entries);
        let word = |name: &str| row.entries.get(name).map(String::as_str);
        let day = row.at.date().to_string();
        let from = word("生效").unwrap_or(&day);
        self.fill_words(&[("valid_from", from), ("reason", word("理由").unwrap_or_default())]);
        self.choose("source", word("来源").unwrap_or_default(), "当事人报告");
    }

    fn fill_words(&mut self, words: &[(&str, &str)]) {
        for (name, text) in words.iter().filter(|(_, text)| !text.is_empty()) {
            self.browser.fill(name, text);
        }
    }

    /// Chooses what the course says if the page offers it, else `usual`.
    fn choose(&mut self, name: &str, value: &str, usual: &str) {
        let offered = self.browser.may_choose(name, value);
        self.browser.fill(name, if offered { value } else { usual });
    }

    fn attach(&mut self, row: &CourseRow) {
        let materials = row.entries.get("材料").map(String::as_str).unwrap_or_default();
        for material in materials.split('、').filter(|m| !m.is_empty()) {
            let path: PathBuf = self.folder.path().join(format!("{material}.png"));
            std::fs::write(&path, PNG).expect("a picture");
            self.browser.fill(&format!("m.{material}"), &path.to_string_lossy());
        }
    }

    fn send(&mut self) -> Option<String> {
        self.browser.submit();
        self.refusal()
    }

    /// The number of the refusal that the page shows, if it shows one.
    pub fn refusal(&mut self) -> Option<String> {
        let text = self.browser.alert();
        let code = text.match_indices('R').find_map(|(at, _)| {
            let code = text.get(at..at + 4)?;
            let known = casework::Code::ALL.iter().any(|(_, number, _)| *number == code);
            known.then(|| code.to_owned())
        });
        code.or_else(|| text.contains("处需要改正").then(|| "R401".to_owned()))
    }

    fn case(&self) -> &CaseId {
        self.case.as_ref().expect("the course begins with an application")
    }

    pub fn become_public(&mut self) {
        self.browser.forget();
        self.who.clear();
    }

    /// Signs in through the page as somebody of the staff.
    pub fn sign_in(&mut self, who: &str) {
        if self.who == who {
            return;
        }
        self.become_public();
        let staff = self.world.staff(who, &self.village);
        self.browser.open("/sign-in");
        self.browser.fill("id", &staff.id);
        self.browser.fill("password", PASSWORD);
        self.browser.press("登录");
        assert!(self.browser.path().starts_with("/desk"), "{who} signs in: {}", self.browser.text());
        self.who = who.to_owned();
    }

    /// Opens the case as its applicant: receipt number and the last six characters of the citizen number.
    pub fn become_applicant(&mut self) {
        self.become_public();
        let case = self.case().clone();
        let state = self.world.state(&case);
        let number = casework::assess::applicant_number(self.guide, &state).expect("the applicant's number");
        self.browser.open("/progress");
        self.browser.fill("case", &case.0);
        self.browser.fill("last", &number[number.len() - 6..]);
        self.browser.press("查询");
    }
}

/// The first receipt number in a text: two letters and nine digits.
fn receipt(text: &str, prefix: &str) -> Option<String> {
    let number = |at: usize| {
        let number = text.get(at..at + 11)?;
        number[2..].bytes().all(|b| b.is_ascii_digit()).then(|| number.to_owned())
    };
    text.match_indices(prefix).find_map(|(at, _)| number(at))
}
