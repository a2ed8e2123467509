//! A visitor of the site in process: keeps cookies, fills the forms that a page really has, follows redirects.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod household;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use base::DateTime;
use bureau::Bureau;
use bureau::import::{Import, Take};
use http_body_util::BodyExt;
use minzheng::content::Content;
use tower::ServiceExt;
use web::Site;

/// A bureau with the shipped guides, a clock that the test moves, and the demo's sign-ins.
pub struct Office {
    pub router: Router,
    pub site: Arc<Site>,
    clock: Arc<Mutex<DateTime>>,
    pub folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Office {
    pub fn open(now: &str) -> Self {
        Self::with(now, |_, text| text)
    }

    /// The same where files of the guides, by path, say something else.
    pub fn with(now: &str, change: impl Fn(&str, String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut content = Content::load(None).unwrap();
        for (path, text) in &mut content.files {
            *text = change(path, std::mem::take(text));
        }
        let bureau = Bureau::open(folder.path(), &content.files, content.calendar, content.regions).unwrap();
        demo::make_accounts(&bureau, |password| web::password_hash(password, &[7; 16])).unwrap();
        let clock = Arc::new(Mutex::new(moment(now)));
        let (read, count) = (clock.clone(), AtomicU64::new(1));
        let chance = move || {
            let n = count.fetch_add(1, Ordering::SeqCst);
            let hash = bureau::hash(&[&n.to_string()]);
            std::array::from_fn(|i| u8::from_str_radix(&hash[i * 2..i * 2 + 2], 16).unwrap())
        };
        let mut site = Site::new(
            bureau,
            "嵩县民政局",
            base::RegionCode::parse("410325").unwrap(),
            Box::new(move || *read.lock().unwrap()),
            Box::new(chance),
        );
        site.demo = true;
        let site = Arc::new(site);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { router: web::router(site.clone()), site, clock, folder, runtime }
    }

    pub fn at(&self, now: &str) {
        *self.clock.lock().unwrap() = moment(now);
    }

    /// Brings a table of text into a register, valid from a day.
    pub fn bring(&self, register: &str, text: &str, from: &str) -> Result<(), String> {
        let (bytes, from, now) = (text.as_bytes(), from.parse().unwrap(), self.site.now());
        let import = Import { register, bytes, map: &[], from, by: "导入", now };
        self.site.bureau.import(import, Take::Whole).map(|_| ()).map_err(|error| error.to_string())
    }

    pub fn visitor(&self) -> Visitor<'_> {
        Visitor {
            office: self,
            cookies: BTreeMap::new(),
            path: String::new(),
            page: String::new(),
            bytes: Vec::new(),
            status: 0,
            files: Vec::new(),
        }
    }

    /// A visitor who has signed in.
    pub fn staff(&self, account: &str) -> Visitor<'_> {
        let mut visitor = self.visitor();
        visitor.open("/sign-in");
        visitor.send(&[("account", account), ("password", account)]);
        // An administrator, who sees no case, begins with the people.
        assert!(["/desk", "/staff"].contains(&&*visitor.path), "{account} could not sign in: {}", visitor.path);
        visitor
    }
}

fn moment(text: &str) -> DateTime {
    format!("{}:00", text.replace(' ', "T")).parse().unwrap()
}

pub struct Visitor<'o> {
    office: &'o Office,
    cookies: BTreeMap<String, String>,
    pub path: String,
    pub page: String,
    /// The page as it arrived, for what is not text.
    pub bytes: Vec<u8>,
    /// Field, name and content of files that the next form sends.
    files: Vec<(String, String, Vec<u8>)>,
    pub status: u16,
}

impl Visitor<'_> {
    pub fn open(&mut self, path: &str) -> &mut Self {
        self.request("GET", path, None);
        self
    }

    /// Sends the page's own form as a browser does: what it is filled with, and these entries, each of which it must have.
    pub fn send(&mut self, entries: &[(&str, &str)]) -> &mut Self {
        let own = |form: &&str| !form.starts_with(" action=\"/sign-out\"");
        let forms = self
            .page
            .split("<form ")
            .skip(1)
            .filter_map(|form| form.split_once("method=\"post\""))
            .map(|(_, form)| form);
        let forms = forms.filter(own);
        let forms: Vec<&str> = forms.filter_map(|form| form.split("</form>").next()).collect();
        let asks = |form: &&&str| entries.iter().all(|(name, _)| form.contains(&format!("name=\"{name}\"")));
        let form = forms.iter().find(asks).or(forms.first());
        let form = form.unwrap_or_else(|| panic!("no form on {}", self.path)).to_string();
        let mut pairs = filled(&form);
        for (name, value) in entries {
            assert!(
                form.contains(&format!("name=\"{name}\"")),
                "the form on {} has no entry {name}:\n{}",
                self.path,
                self.text()
            );
            pairs.retain(|(known, _)| known != name);
            pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
        if let Some(address) = between(form.split('>').next().unwrap_or_default(), "action=\"", "\"") {
            self.path = address.split('#').next().unwrap_or_default().to_owned();
        }
        self.post(&pairs)
    }

    /// A file that the next form sends in a field.
    pub fn attach(&mut self, field: &str, name: &str, bytes: &[u8]) -> &mut Self {
        self.files.push((field.to_owned(), name.to_owned(), bytes.to_owned()));
        self
    }

    /// Sends pairs as they are, to the page at hand; with files as browsers send files.
    pub fn post(&mut self, pairs: &[(String, String)]) -> &mut Self {
        let path = self.path.clone();
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            self.request("POST", &path, Some(("application/x-www-form-urlencoded", body.into_bytes())));
            return self;
        }
        let mut body = Vec::new();
        for (name, value) in pairs {
            let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for (field, name, bytes) in files {
            let head =
                format!("--edge\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        self.request("POST", &path, Some(("multipart/form-data; boundary=edge", body)));
        self
    }

    fn request(&mut self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) {
        let (kind, body) = body.unwrap_or(("text/plain", Vec::new()));
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap();
        let router = self.office.router.clone();
        let (parts, bytes) = self.office.runtime.block_on(async move {
            let response = router.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        });
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        self.path = path.to_owned();
        self.page = String::from_utf8_lossy(&bytes).into_owned();
        self.bytes = bytes.to_vec();
        self.status = parts.status.as_u16();
        if let Some(to) = parts.headers.get(header::LOCATION) {
            let to = to.to_str().unwrap().to_owned();
            self.request("GET", &to, None);
        }
    }

    /// The words of the page, without tags.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.page.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn sees(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "“{words}” is not on {}:\n{}", self.path, self.text());
        self
    }

    pub fn sees_not(&self, words: &str) -> &Self {
        assert!(!self.page.contains(words), "“{words}” is on {}", self.path);
        self
    }
}

/// What a form holds before anybody types: inputs with a value, boxes that are ticked, options that are chosen.
fn filled(form: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let value = between(tag, &format!(" {name}=\""), "\"")?;
        Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    let (mut found, mut select) = (Vec::new(), None);
    for part in form.split('<') {
        let (tag, content) = part.split_once('>').unwrap_or((part, ""));
        let kind = attribute(tag, "type").unwrap_or_default();
        let box_or_choice = kind == "checkbox" || kind == "radio";
        if tag.starts_with("input") && (!box_or_choice || tag.contains(" checked")) {
            let pair = attribute(tag, "name").zip(attribute(tag, "value"));
            found.extend(pair.filter(|(_, value)| !value.is_empty()));
        } else if tag.starts_with("textarea") {
            found.extend(attribute(tag, "name").map(|name| (name, content.trim().to_owned())));
        } else if tag.starts_with("select") {
            select = attribute(tag, "name");
        } else if tag.starts_with("option") && tag.contains(" selected") {
            found.extend(select.clone().zip(attribute(tag, "value")));
        }
    }
    found
}

/// A citizen number of nobody, with the right last character.
pub fn number(birth: &str, sequence: u16) -> String {
    let village = base::RegionCode::parse("410325101200").unwrap();
    base::CitizenNumber::compose(village, birth.parse().unwrap(), sequence).unwrap().as_str().to_owned()
}

pub fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let start = text.find(from)? + from.len();
    Some(&text[start..start + text[start..].find(to)?])
}
