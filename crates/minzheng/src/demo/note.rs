//! `demo.json` in the data directory: the mark that its people are invented, and how to sign in.

use std::path::Path;

use base::{Date, DateTime};
use serde::{Deserialize, Serialize};

const FILE: &str = "demo.json";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note {
    pub date: Date,
    /// The last moment of the simulated time line.
    pub until: DateTime,
    pub seed: u64,
    pub households: u32,
    pub password: String,
    /// One per role, in the order of the roles.
    pub accounts: Vec<Account>,
    /// A receipt number with the last six characters of the applicant's citizen number.
    pub receipt: Option<(String, String)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub role: String,
    pub place: String,
}

impl Note {
    pub fn write(&self, data: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        std::fs::write(data.join(FILE), text + "\n").map_err(|e| format!("不能写 {FILE}：{e}"))
    }

    /// `None` where the data directory is no demonstration.
    pub fn read(data: &Path) -> Result<Option<Self>, String> {
        let text = match std::fs::read_to_string(data.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("不能读 {FILE}：{error}")),
        };
        serde_json::from_str(&text).map(Some).map_err(|e| format!("{FILE} 读不懂：{e}"))
    }

    /// What the pages show of it.
    pub fn for_pages(&self) -> web::DemoNote {
        let account = |a: &Account| web::DemoAccount {
            id: a.id.clone(),
            password: self.password.clone(),
            name: a.name.clone(),
            role: a.role.clone(),
            place: a.place.clone(),
        };
        web::DemoNote { accounts: self.accounts.iter().map(account).collect(), receipt: self.receipt.clone() }
    }
}
