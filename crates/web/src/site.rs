//! What every page needs: the bureau, the clock, chance, and how the bureau is called.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{DateTime, RegionCode};
use bureau::{Bureau, Failure};
use casework::event::FileRef;
use guide::Guide;

use crate::pdf::Fonts;
use crate::visit::Visit;

type Clock = Box<dyn Fn() -> DateTime + Send + Sync>;
type Chance = Box<dyn Fn() -> [u8; 16] + Send + Sync>;

/// A bureau on the web. Clock and chance are passed in.
pub struct Site {
    pub bureau: Bureau,
    pub name: String,
    /// The region that the bureau serves.
    pub region: RegionCode,
    /// Whether the people are made up and the pages say so.
    pub demo: bool,
    /// Whether cookies ask for TLS.
    pub secure: bool,
    clock: Clock,
    chance: Chance,
    /// Seals the words of forms; made anew at every start.
    secret: String,
    /// Read when the first PDF is asked for.
    fonts: OnceLock<Option<Fonts>>,
    /// Studies that are being reckoned.
    pub running: Mutex<HashMap<String, Arc<Running>>>,
}

/// A study that is being reckoned: how far it has come, and what went wrong with it.
#[derive(Debug, Default)]
pub struct Running {
    pub done: AtomicUsize,
    pub all: AtomicUsize,
    pub wrong: OnceLock<Vec<String>>,
}

impl Site {
    pub fn new(mut bureau: Bureau, name: &str, region: RegionCode, clock: Clock, chance: Chance) -> Self {
        bureau.home = region;
        let secret = hex(&chance());
        Self {
            bureau,
            name: name.to_owned(),
            region,
            demo: false,
            secure: false,
            clock,
            chance,
            secret,
            fonts: OnceLock::new(),
            running: Mutex::default(),
        }
    }

    /// The fonts of the machine for PDF; `None` where it has none.
    pub fn fonts(&self) -> Option<&Fonts> {
        self.fonts.get_or_init(Fonts::find).as_ref()
    }

    pub fn now(&self) -> DateTime {
        (self.clock)()
    }

    /// The number by which samples are drawn.
    pub fn draw(&self) -> u32 {
        let chance = (self.chance)();
        u32::from_le_bytes([chance[0], chance[1], chance[2], chance[3]])
    }

    /// A word that nobody can guess.
    pub fn random(&self) -> String {
        hex(&(self.chance)())
    }

    pub fn chance(&self) -> [u8; 16] {
        (self.chance)()
    }

    /// A receipt number: not derivable from anything, without letters that look alike.
    pub fn receipt(&self) -> String {
        self.letters(12)
    }

    /// The secret that is handed out with a receipt number: 79 bits, as people can copy it from paper.
    pub fn receipt_secret(&self) -> String {
        self.letters(16)
    }

    fn letters(&self, count: usize) -> String {
        let letters: Vec<char> = letters(&(self.chance)(), count).chars().collect();
        letters.chunks(4).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// The word that a form of a visit carries.
    pub fn form_token(&self, visit: &str) -> String {
        bureau::hash(&[&self.secret, visit])
    }

    /// A kept file as a form carries it: only the visit that sent it can bring it back.
    pub fn sealed(&self, visit: &Visit, file: &FileRef) -> String {
        let text = serde_json::to_string(file).unwrap_or_default();
        format!("{} {text}", bureau::hash(&[&self.secret, &visit.form_token, &text]))
    }

    pub fn unsealed(&self, visit: &Visit, sealed: &str) -> Option<FileRef> {
        let (seal, text) = sealed.split_once(' ')?;
        let own = bureau::hash(&[&self.secret, &visit.form_token, text]);
        if seal == own { serde_json::from_str(text).ok() } else { None }
    }

    /// The guide in force of a service.
    pub fn guide(&self, service: &str) -> Option<&Arc<Guide>> {
        self.bureau.library.guides.iter().find(|guide| *guide.key == *service)
    }

    /// The same by the code of a list's row.
    pub fn place_of(&self, code: &str) -> String {
        RegionCode::parse(code).map_or_else(|_| code.to_owned(), |code| self.place(code))
    }

    /// A region as people call it.
    pub fn place(&self, region: RegionCode) -> String {
        let path = self.bureau.regions.path(region);
        path.map_or_else(
            || region.to_string(),
            |path| match path.rsplit_once('市') {
                Some((_, below)) if !below.is_empty() => below.to_owned(),
                _ => path,
            },
        )
    }

    /// What an account keeps of a password.
    pub fn hash_of(&self, password: &str) -> String {
        password_hash(password, &(self.chance)())
    }

    /// Whether a password is that of a hash.
    pub fn password_fits(&self, password: &str, hash: &str) -> bool {
        argon2::PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

/// A password that is told once: without letters that look alike.
pub fn first_password(chance: &[u8; 16]) -> String {
    letters(chance, 10)
}

fn letters(chance: &[u8; 16], count: usize) -> String {
    const LETTERS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
    chance.iter().take(count).map(|b| LETTERS[usize::from(*b) % LETTERS.len()] as char).collect()
}

/// The hash that an account keeps of a password.
pub fn password_hash(password: &str, salt: &[u8; 16]) -> String {
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Something that a page cannot show. Opaque to the reader; complete in the log.
#[derive(Debug)]
pub enum Fault {
    NotFound,
    /// Somebody has to sign in first.
    SignIn,
    /// The password has to be changed first.
    ChangePassword,
    Forbidden,
    /// The form does not belong to this visit.
    Stale,
    /// More was sent than a form may hold.
    TooLarge,
    Broken(String),
}

impl From<bureau::Fault> for Fault {
    fn from(fault: bureau::Fault) -> Self {
        Self::Broken(fault.to_string())
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Broken(failure.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, text) = match &self {
            Self::NotFound => (StatusCode::NOT_FOUND, "没有这个页面，或者您不能看。"),
            Self::SignIn => return axum::response::Redirect::to("/sign-in").into_response(),
            Self::ChangePassword => return axum::response::Redirect::to("/password").into_response(),
            Self::Forbidden => (StatusCode::FORBIDDEN, "您不能这样做。"),
            Self::Stale => (StatusCode::FORBIDDEN, "这个页面放得太久了，请回到上一页刷新再提交；填的内容还在上一页。"),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "一次发来的太多，没有收下。请回到上一页，分几次上传；每个文件不超过 15 MB，一次不超过 60 MB。",
            ),
            Self::Broken(why) => {
                eprintln!("fault: {why}");
                (StatusCode::INTERNAL_SERVER_ERROR, "系统出了故障，已经记录。请稍后再试，或打窗口电话。")
            }
        };
        (status, crate::layout::bare(text)).into_response()
    }
}
