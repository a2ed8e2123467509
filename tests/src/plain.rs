//! A browser without scripts, in process: requests go straight into the router.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::browser::Browser;
use crate::page::{Page, Sent};

pub struct Plain {
    router: Router,
    runtime: tokio::runtime::Runtime,
    cookies: BTreeMap<String, String>,
    pub page: Page,
}

const HOST: &str = "127.0.0.1:8080";
const BOUNDARY: &str = "----minzheng-tests";

/// An answer before it is read as a page.
pub struct Reply {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Plain {
    pub fn new(router: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        Self {
            router,
            runtime: runtime.expect("a runtime"),
            cookies: BTreeMap::new(),
            page: Page::new(0, String::new(), String::new()),
        }
    }

    /// Sends a request with the visitor's cookies and keeps those that come back.
    pub fn ask(&mut self, request: axum::http::request::Builder, body: impl Into<Body>) -> Reply {
        let cookies = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let request = request.header(header::HOST, HOST).header(header::COOKIE, cookies);
        let request = request.body(body.into()).expect("a request");
        let router = self.router.clone();
        let (parts, body) = self.runtime.block_on(async move {
            let response: Response<Body> = router.oneshot(request).await.expect("the router answers");
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.expect("a whole body").to_bytes())
        });
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Reply { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() }
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.ask(Request::get(path), Body::empty())
    }

    /// Shows an answer, going where it sends the visitor.
    fn show(&mut self, path: &str, mut reply: Reply) {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let Some(to) = reply.headers.get(header::LOCATION).filter(|_| (300..400).contains(&reply.status)) else {
                break;
            };
            path = to.to_str().expect("an address").to_owned();
            reply = self.get(&path);
        }
        let source = String::from_utf8_lossy(&reply.body).into_owned();
        self.page = Page::new(reply.status, path, source);
    }

    /// Sends a form as it stands, without showing the answer.
    pub fn post(&mut self, sent: &Sent) -> Reply {
        if sent.method == "get" {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&sent.fields).finish();
            return self.get(&format!("{}?{query}", sent.action));
        }
        let request = Request::post(&*sent.action).header(header::ORIGIN, format!("http://{HOST}"));
        if sent.multipart {
            let request = request.header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
            return self.ask(request, multipart(sent));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&sent.fields).finish();
        self.ask(request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), body)
    }

    /// What the first button with these words would send now.
    pub fn ready(&self, words: &str) -> Sent {
        let button = self.page.button(|text, _, _| text.contains(words));
        let said = || format!("{}: there is no button “{words}”\n{}", self.page.path, self.page.text());
        self.page.sent(button.unwrap_or_else(|| panic!("{}", said())))
    }

    /// What the page's command would send now.
    pub fn command(&self) -> Sent {
        let button = self.page.command_button();
        let said = || format!("{}: the page has no form with a key\n{}", self.page.path, self.page.text());
        self.page.sent(button.unwrap_or_else(|| panic!("{}", said())))
    }

    pub fn cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    fn send(&mut self, sent: &Sent) {
        let reply = self.post(sent);
        self.show(&sent.action.clone(), reply);
    }
}

fn multipart(sent: &Sent) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in &sent.fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(head.as_bytes());
    }
    for (name, path) in &sent.files {
        let content = if path.is_empty() { Vec::new() } else { std::fs::read(path).expect("a file to upload") };
        let file = path.rsplit('/').next().unwrap_or_default();
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl Browser for Plain {
    fn open(&mut self, path: &str) {
        let reply = self.get(path);
        self.show(path, reply);
    }

    fn path(&mut self) -> String {
        self.page.path.clone()
    }

    fn text(&mut self) -> String {
        self.page.text()
    }

    fn alert(&mut self) -> String {
        self.page.all("[role=alert]").join(" ")
    }

    fn names(&mut self) -> Vec<String> {
        self.page.attributes("input, select, textarea", "name")
    }

    fn may_choose(&mut self, name: &str, value: &str) -> bool {
        self.page.may_choose(name, value)
    }

    fn fill(&mut self, name: &str, value: &str) {
        self.page.enter(name, value);
    }

    fn submit(&mut self) {
        let sent = self.command();
        self.send(&sent);
    }

    fn press(&mut self, words: &str) {
        let sent = self.ready(words);
        self.send(&sent);
    }

    fn press_named(&mut self, name: &str, value: &str) {
        let button = self.page.button(|_, n, v| n == name && v == value);
        let said = || format!("{}: there is no button {name}={value}\n{}", self.page.path, self.page.text());
        let sent = self.page.sent(button.unwrap_or_else(|| panic!("{}", said())));
        self.send(&sent);
    }

    fn links(&mut self) -> Vec<String> {
        self.page.links()
    }

    fn forget(&mut self) {
        self.cookies.clear();
    }
}
