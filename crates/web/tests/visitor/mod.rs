//! A bureau with the toy service, and somebody who visits it with a browser's manners.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use argon2::password_hash::PasswordHasher;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base::{Calendar, DateTime, RegionCode, Regions};
use casework::{Bureau, By, StaffEvent};
use http_body_util::BodyExt;
use store::Store;
use tower::ServiceExt;

const PASSWORD: &str = "仅供测试";

pub struct Office {
    router: Router,
    clock: Arc<Mutex<DateTime>>,
    // Dropped last: the store's files are in it.
    _folder: tempfile::TempDir,
}

impl Office {
    pub fn open() -> Office {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let now = base::Date::constant(2026, 3, 2).at(9, 0, 0, 0);
        for (id, role, place) in [
            ("clerk", "社区干事", "410325101"),
            ("clerk2", "社区干事", "410325101"),
            ("head", "社区主任", "410325101"),
            ("auditor", "监事", "410325"),
        ] {
            let engaged = StaffEvent::Engaged {
                name: format!("{role}{id}").into(),
                role: role.into(),
                region: RegionCode::parse(place).expect("a place"),
                number: None,
                password: hash(),
            };
            let by = By { id: "test".into(), name: "测试".into(), role: "测试".into() };
            store.engage(id, &[engaged], &by, now).expect("engaged");
        }
        let clock = Arc::new(Mutex::new(now));
        let moving = clock.clone();
        let router = web::router(web::App {
            bureau: Arc::new(bureau()),
            store,
            clock: Arc::new(move || *moving.lock().expect("the clock")),
            secure: false,
            demo: None,
        });
        Office { router, clock, _folder: folder }
    }

    pub fn later(&self, minutes: u64) {
        let mut now = self.clock.lock().expect("the clock");
        *now = now.saturating_add(std::time::Duration::from_secs(60 * minutes));
    }
}

fn bureau() -> Bureau {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = BTreeMap::new();
    read_folder(&root.join("tests/toy"), "", &mut files);
    let text = |path: &str| std::fs::read_to_string(root.join(path)).expect("reference data");
    let divisions = ["henan.csv", "villages-410325-songxian.csv", "demo-villages.csv"];
    let divisions = divisions.map(|name| text(&format!("reference/divisions/{name}")));
    let regions = Regions::parse(&divisions.each_ref().map(String::as_str)).expect("divisions");
    let read = guide::read(&files, Some(&regions)).unwrap_or_else(|findings| panic!("{}", findings.render()));
    Bureau {
        name: "嵩县菜园社".to_owned(),
        region: RegionCode::parse("410325").expect("a county"),
        guides: read.guides,
        editions: BTreeMap::new(),
        calendar: Calendar::parse(&text("reference/calendar/holidays-2004-2026.csv")).expect("a calendar"),
        regions,
    }
}

fn read_folder(folder: &Path, within: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("the toy guides") {
        let path = entry.expect("an entry").path();
        let name = format!("{within}{}", path.file_name().and_then(|n| n.to_str()).expect("a name"));
        if path.is_dir() {
            read_folder(&path, &format!("{name}/"), files);
        } else if name.ends_with(".md") {
            files.insert(name, std::fs::read_to_string(&path).expect("a guide"));
        }
    }
}

/// Weak on purpose: how strong passwords are hashed is not what these tests are about.
fn hash() -> String {
    let params = argon2::Params::new(8, 1, 1, None).expect("parameters");
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon.hash_password_with_salt(PASSWORD.as_bytes(), b"salt of the tests").expect("a hash").to_string()
}

/// Keeps cookies and takes token and key from the form, as a browser would.
pub struct Visitor {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub origin: Option<String>,
}

pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub text: String,
    headers: HeaderMap,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        self.text.split(&mark).nth(1).and_then(|t| t.split('"').next()).unwrap_or_default().to_owned()
    }
}

impl Visitor {
    pub fn new(office: &Office) -> Self {
        Self { router: office.router.clone(), cookies: BTreeMap::new(), origin: None }
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut request = request.header("host", "bureau.test").header("cookie", cookies.join("; "));
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        let request = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        for line in response.headers().get_all("set-cookie") {
            let pair = line.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            location: parts.headers.get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            headers: parts.headers,
        }
    }

    pub async fn get(&mut self, address: &str) -> Answer {
        let address: String = address.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) }).collect();
        self.send(Request::get(address), Body::empty()).await
    }

    /// The key of a new form.
    pub async fn key(&mut self, address: &str) -> String {
        self.get(address).await.hidden("key")
    }

    /// Sends entries as they are, with the token of this visit.
    pub async fn post(&mut self, address: &str, entries: &[(&str, &str)]) -> Answer {
        let token = self.get("/sign-in").await.hidden("token");
        let mut body = form_urlencoded::Serializer::new(String::new());
        if !entries.iter().any(|(name, _)| *name == "token") {
            body.append_pair("token", &token);
        }
        for (name, text) in entries {
            body.append_pair(name, text);
        }
        let request = Request::post(address).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, Body::from(body.finish())).await
    }

    /// Opens the form, fills it in and sends it with its own key and revision.
    pub async fn submit(&mut self, address: &str, entries: &[(&str, &str)]) -> Answer {
        let form = self.get(address).await;
        let (key, revision) = (form.hidden("key"), form.hidden("revision"));
        let mut all = entries.to_vec();
        all.push(("key", &key));
        all.push(("revision", &revision));
        self.post(address, &all).await
    }

    pub async fn upload(&mut self, address: &str, entries: &[(&str, &str)], file: (&str, &str, &[u8])) -> Answer {
        let form = self.get(address).await;
        let (key, token) = (form.hidden("key"), form.hidden("token"));
        let mut body: Vec<u8> = Vec::new();
        for (name, text) in entries.iter().copied().chain([("key", key.as_str()), ("token", token.as_str())]) {
            let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
            body.extend(part.bytes());
        }
        let (name, file_name, bytes) = file;
        let head =
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n");
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n--edge--\r\n");
        let request = Request::post(address).header("content-type", "multipart/form-data; boundary=edge");
        self.send(request, Body::from(body)).await
    }

    pub async fn sign_in(&mut self, id: &str) {
        let page = self.submit("/sign-in", &[("id", id), ("password", PASSWORD)]).await;
        assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/desk"), "{}", page.text);
    }
}

fn escaped(c: char) -> String {
    c.to_string().bytes().map(|b| format!("%{b:02X}")).collect()
}
