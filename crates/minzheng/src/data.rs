//! Options that several commands share: where the data and the guides are.

use std::path::{Path, PathBuf};

use store::Store;

#[derive(clap::Args)]
pub struct Folder {
    /// 数据目录，默认 data
    #[arg(id = "data", long = "data", value_name = "目录", default_value = "data")]
    path: PathBuf,
}

#[derive(clap::Args)]
pub struct Guides {
    /// 指南目录；不写则用程序自带的指南
    #[arg(id = "guides", long = "guides", value_name = "目录")]
    path: Option<PathBuf>,
}

impl Folder {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a bureau keeps its data here already.
    pub fn is_used(&self) -> bool {
        self.path.join("minzheng.db").exists()
    }

    /// Opens data that are there; a wrong path must not make a new, empty bureau.
    pub fn open(&self) -> Result<Store, String> {
        if !self.is_used() {
            return Err(format!("{} 里没有数据；请用 --data 指出数据目录", self.path.display()));
        }
        Store::open(&self.path).map_err(|e| e.to_string())
    }
}

impl Guides {
    pub fn none() -> Self {
        Self { path: None }
    }

    pub fn folder(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}
