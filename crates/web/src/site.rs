//! What every request shares: the application, the secrets of this process and the way to the store.

use std::sync::Arc;

use base::{DateTime, RegionCode};
use casework::{Actor, Bureau, Staff};
use guide::{Guide, Level};
use hmac::{Hmac, KeyInit, Mac};
use sm3::{Digest, Sm3};
use store::{Stop, Store};

use crate::App;
use crate::not::Not;
use crate::throttle::Throttle;

/// State of all handlers.
pub type Web = Arc<Site>;

pub struct Site {
    pub app: App,
    /// Proves that an uploaded file named in a form was uploaded with that form. Forms outlive no restart.
    secret: [u8; 32],
    pub throttle: Throttle,
    /// Address of the style sheet: its digest is in the name, so it may be cached for ever.
    pub style: String,
}

pub const STYLE: &str = include_str!("style.css");

impl Site {
    pub fn new(app: App) -> Self {
        let style = format!("/style-{}.css", &hex(&Sm3::digest(STYLE))[..12]);
        let mut secret = [0; 32];
        fill(&mut secret);
        Self { app, secret, throttle: Throttle::default(), style }
    }

    pub fn now(&self) -> DateTime {
        (self.app.clock)()
    }

    pub fn bureau(&self) -> &Arc<Bureau> {
        &self.app.bureau
    }

    /// The guide in force of a service.
    pub fn guide(&self, service: &str) -> Result<&Arc<Guide>, Not> {
        self.bureau().guides.service(service).ok_or_else(|| Not::found("没有这项服务"))
    }

    /// The guide that a case pins.
    pub fn guide_of(&self, state: &casework::State) -> Result<Arc<Guide>, Not> {
        let guide = self.bureau().guide(&state.service, &state.edition).cloned();
        guide.ok_or_else(|| Not::fault(format!("no guide {} edition {}", state.service, state.edition.0)))
    }

    pub fn level(&self, role: &str) -> Option<Level> {
        self.bureau().guides.roles.iter().find(|r| &*r.name == role).map(|r| r.level)
    }

    /// The name of a place without the county in front, as lists show it.
    pub fn place(&self, region: RegionCode) -> String {
        let regions = &self.bureau().regions;
        let names = regions.lineage(region).into_iter().filter(|r| r.level > base::Level::County);
        let short: String = names.map(|r| r.place().to_owned()).collect();
        if short.is_empty() { regions.name(region).unwrap_or("").to_owned() } else { short }
    }

    /// Runs blocking work of the store away from the request threads.
    pub async fn store<T, E>(&self, work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static) -> Result<T, Stop>
    where
        T: Send + 'static,
        E: Into<Stop> + Send + 'static,
    {
        let store = self.app.store.clone();
        let done = tokio::task::spawn_blocking(move || work(&store).map_err(Into::into)).await;
        // A panic inside is a fault like any other; its detail is in the log of the panic.
        done.unwrap_or_else(|panic| Err(Stop::Fault(store::Fault::Database(Box::new(panic)))))
    }

    /// Proof that this process said `text`.
    pub fn seal(&self, text: &str) -> String {
        let mut mac = self.mac();
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Whether `proof` is the seal of `text`, compared in constant time.
    pub fn sealed(&self, text: &str, proof: &str) -> bool {
        let mut mac = self.mac();
        mac.update(text.as_bytes());
        let bytes: Option<Vec<u8>> =
            (0..proof.len() / 2).map(|i| u8::from_str_radix(proof.get(i * 2..i * 2 + 2)?, 16).ok()).collect();
        bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
    }

    fn mac(&self) -> Hmac<Sm3> {
        Hmac::<Sm3>::new_from_slice(&self.secret).expect("a mac takes a key of any length")
    }
}

/// Everybody of the staff who may take part in a case of a place, beside `actor`.
pub fn companions(staff: &[Arc<Staff>], site: &Site, actor: &Actor, place: RegionCode) -> Vec<Actor> {
    let nearby = |s: &&Arc<Staff>| s.active && s.id != actor.id && s.region.contains(place);
    let official = |s: &&Arc<Staff>| site.level(&s.role).is_some_and(|l| l != Level::Person);
    staff.iter().filter(nearby).filter(official).map(|s| s.actor()).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// 128 bits that nobody can guess.
pub fn random() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    hex(&bytes)
}

fn fill(bytes: &mut [u8]) {
    // Without randomness no session can be safe: stopping the request is the only answer.
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

/// The word that every form of a visit carries; other sites cannot know it.
pub fn form_token(visit: &str) -> String {
    hex(&Sm3::digest(format!("form {visit}")))[..32].to_owned()
}
