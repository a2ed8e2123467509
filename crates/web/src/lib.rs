//! The bureau on paper-white pages: routes, forms and pages, all rendered on the server, none needing a script.
//!
//! Read [`path`] first: the way of every command from the form to the page that answers it.
//! Then [`routes`] (the table of all addresses), [`sent`] (what arrives), [`session`] (who asks), [`forms`] and [`pages`].
//!
//! Architecture invariants: this is the only crate that knows HTTP; it decides nothing (that is `casework`) and stores nothing
//! (that is `store`); no page shows personal data that its reader may not see ([`sight`]).

mod acts;
mod commands;
mod forms;
mod layout;
mod markdown;
mod not;
mod pages;
mod path;
mod routes;
mod sent;
mod session;
mod sight;
mod site;
mod throttle;
mod words;

use std::sync::Arc;

use base::DateTime;
use casework::Bureau;
use store::Store;

/// What the pages stand on. The binary builds it once.
#[derive(Clone)]
pub struct App {
    pub bureau: Arc<Bureau>,
    pub store: Store,
    /// The present moment in Asia/Shanghai; only the binary reads the system clock, tests freeze it.
    pub clock: Arc<dyn Fn() -> DateTime + Send + Sync>,
    /// Cookies are sent over TLS only: true for everything but loopback.
    pub secure: bool,
    /// Set when the data is invented: a banner on every page and the sign-ins on the sign-in page.
    pub demo: Option<DemoNote>,
}

/// What a demonstration tells its visitors.
#[derive(Clone, Debug, Default)]
pub struct DemoNote {
    /// One account per role, in the order in which they are shown.
    pub accounts: Vec<DemoAccount>,
    /// A receipt number with the last six characters of the applicant's citizen number, for the progress page.
    pub receipt: Option<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct DemoAccount {
    pub id: String,
    pub password: String,
    pub name: String,
    pub role: String,
    /// Where the account works, for example 田湖镇.
    pub place: String,
}

/// All pages of the bureau.
pub fn router(app: App) -> axum::Router {
    routes::router(Arc::new(site::Site::new(app)))
}
