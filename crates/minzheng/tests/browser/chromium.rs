//! A real Chromium, driven through chromedriver; on every page that it shows, axe-core looks for barriers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use axum::http::Method;
use fantoccini::elements::{Element, ElementRef};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

pub struct Chromium {
    runtime: tokio::runtime::Runtime,
    /// None only while it is being closed.
    client: Option<Client>,
    driver: Child,
    /// `http://127.0.0.1:port`
    pub base: String,
    axe: bool,
    /// Barriers found so far, each with the first page that has it.
    barriers: BTreeMap<String, String>,
    pub pages_checked: u32,
    _profile: tempfile::TempDir,
}

/// axe-core, which looks for barriers.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), Into::into);
    let path = target.join("axe/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(path).expect("axe-core; `cargo xtask test` fetches it")
});

/// What axe-core found on each page so far.
static SEEN: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
];

impl Chromium {
    /// Starts a browser with an empty profile; without scripts, pages must do without theirs.
    pub fn start(base: &str, scripts: bool, phone: bool) -> Chromium {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (driver, port) = start_driver();
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut args: Vec<String> = FLAGS.iter().map(|f| (*f).to_owned()).collect();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let mut options = json!({ "args": args });
        if phone {
            let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        if !scripts {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let mut wanted = Capabilities::new();
        wanted.insert("browserName".into(), json!("chrome"));
        wanted.insert("goog:chromeOptions".into(), options);
        let mut connector = ClientBuilder::new(HttpConnector::new());
        let client = runtime.block_on(async move {
            connector.capabilities(wanted).connect(&format!("http://127.0.0.1:{port}")).await.expect("a browser")
        });
        if scripts {
            let load = Devtools { cmd: "Page.addScriptToEvaluateOnNewDocument", params: json!({ "source": *AXE }) };
            runtime.block_on(client.issue_cmd(load)).expect("axe-core is in every page");
        }
        let (barriers, pages_checked) = (BTreeMap::new(), 0);
        let client = Some(client);
        let mut chromium = Chromium {
            runtime,
            client,
            driver,
            base: base.to_owned(),
            axe: scripts,
            barriers,
            pages_checked,
            _profile: profile,
        };
        if !phone {
            chromium.resize(1280, 900);
        }
        chromium
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("the browser is open")
    }

    pub fn resize(&mut self, width: u32, height: u32) {
        self.runtime.block_on(self.client().set_window_size(width, height)).expect("a window of that size");
    }

    /// A picture of the window as it stands.
    pub fn picture(&mut self, path: &Path) {
        let png = self.runtime.block_on(self.client().screenshot()).expect("a picture");
        std::fs::write(path, png).expect("a file");
    }

    /// Runs a script in the page, for what no page can be asked otherwise.
    pub fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.runtime.block_on(self.client().execute(script, arguments)).expect("a script of these tests")
    }

    /// Looks for barriers on the page that is shown; what a page that is the same to the letter had is remembered.
    fn look(&mut self) {
        if !self.axe {
            return;
        }
        let text = "return innerWidth + document.documentElement.outerHTML.replace(/value=\"[0-9a-f]{64}\"/g, '')";
        let page = self.script(text, Vec::new()).to_string();
        let known = SEEN.lock().expect("no walk fails while it looks").get(&page).cloned();
        let found = known.unwrap_or_else(|| {
            let found = self.runtime.block_on(async {
                let ask = "const done = arguments[arguments.length - 1];
                    axe.run(document, { resultTypes: ['violations'] }).then(
                        r => done(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html + ' ' + n.failureSummary).join('\\n')])),
                        e => done([['axe', String(e), '']]));";
                self.client().execute_async(ask, Vec::new()).await
            });
            let found = found.expect("axe answers");
            SEEN.lock().expect("no walk fails while it looks").insert(page, found.clone());
            found
        });
        self.pages_checked += 1;
        let page = self.path();
        for violation in found.as_array().into_iter().flatten() {
            let part = |i: usize| violation[i].as_str().unwrap_or_default().to_owned();
            let rule = format!("{}：{}", part(0), part(1));
            self.barriers.entry(rule).or_insert_with(|| format!("{page}\n    {}", part(2).replace('\n', "\n    ")));
        }
    }

    /// Fails if any page seen so far had a barrier.
    pub fn assert_no_barriers(&self) {
        let list: Vec<String> = self.barriers.iter().map(|(rule, page)| format!("{rule}\n  {page}")).collect();
        assert!(list.is_empty(), "barriers on the pages:\n{}", list.join("\n"));
    }

    /// What a selector finds and, where words are given, contains them; one question to the browser, since each takes its time.
    fn find(&self, css: &str, words: &str) -> Vec<Element> {
        let ask = "const plain = e => (e.innerText || '').replace(/\\s+/g, ' ');
            return [...document.querySelectorAll(arguments[0])].filter(e => plain(e).includes(arguments[1]));";
        let found = self.script(ask, vec![json!(css), json!(words)]);
        found.as_array().into_iter().flatten().filter_map(|found| self.element(found)).collect()
    }

    /// What a script of these tests names as an element of the page.
    fn element(&self, named: &Value) -> Option<Element> {
        let id = named.as_object()?.values().next()?.as_str()?;
        Some(Element::from_element_id(self.client().clone(), ElementRef::from(id.to_owned())))
    }

    /// Clicks something that leads to another page and waits until that is there.
    fn leave(&mut self, element: &Element) {
        let old = self.find("html", "").remove(0);
        self.runtime.block_on(element.click()).unwrap_or_else(|e| panic!("{}: {e}", self.base));
        for _ in 0..200 {
            if self.runtime.block_on(old.tag_name()).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    fn leave_by(&mut self, element: &Element) {
        self.leave(element);
        self.look();
    }

    fn enter(&self, element: &Element, value: &str) {
        let ask = "const e = arguments[0];
            const option = o => o.value === arguments[1] || (arguments[1] !== '' && o.label.includes(arguments[1]));
            return [e.tagName === 'SELECT' ? 'select' : e.type, e.value, !!e.checked, [...e.options || []].find(option)];";
        let arguments = || vec![serde_json::to_value(element).expect("an element"), json!(value)];
        let control = self.script(ask, arguments());
        let (kind, own) = (control[0].as_str().unwrap_or_default(), control[1].as_str().unwrap_or_default());
        let done = self.runtime.block_on(async {
            match kind {
                "select" => {
                    let option = self.element(&control[3]);
                    option.unwrap_or_else(|| panic!("the list does not offer “{value}”")).click().await
                }
                "radio" | "checkbox" => {
                    let wanted = value.split('、').any(|v| v == own);
                    let stands = control[2] == json!(true);
                    if wanted != stands && (wanted || kind == "checkbox") { element.click().await } else { Ok(()) }
                }
                // What a person types depends on the language of the browser; the value does not.
                "date" | "datetime-local" => {
                    self.client().execute("arguments[0].value = arguments[1]", arguments()).await.map(drop)
                }
                _ => {
                    if kind != "file" && !own.is_empty() {
                        element.clear().await?;
                    }
                    element.send_keys(value).await
                }
            }
        });
        done.unwrap_or_else(|e| panic!("entering “{value}”: {e}"));
    }
}

/// A command of the browser's own, past WebDriver.
#[derive(Debug)]
struct Devtools {
    cmd: &'static str,
    params: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.cmd, "params": self.params }).to_string()))
    }
}

impl Chromium {
    pub fn open(&mut self, path: &str) {
        let address = format!("{}{path}", self.base);
        self.runtime.block_on(self.client().goto(&address)).unwrap_or_else(|e| panic!("{address}: {e}"));
        self.look();
    }

    /// The address of the page, without host.
    pub fn path(&mut self) -> String {
        let url = self.runtime.block_on(self.client().current_url()).expect("an address");
        let text = url.as_str();
        text.strip_prefix(&self.base).unwrap_or(text).to_owned()
    }

    /// The words of the page as a reader sees them, every run of blanks made one.
    pub fn text(&mut self) -> String {
        let text = self.script("return document.body.innerText", Vec::new());
        text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn sees(&mut self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "“{words}” is not on {}:\n{text}", self.path());
    }

    /// Whether the page has a control of a name that can be seen.
    pub fn asks(&self, name: &str) -> bool {
        !self.find(&control(name), "").is_empty()
    }

    pub fn fill(&mut self, name: &str, value: &str) {
        let controls = self.find(&control(name), "");
        assert!(!controls.is_empty(), "{}: the page has no control “{name}”\n{}", self.path(), self.text());
        for control in &controls {
            self.enter(control, value);
        }
    }

    /// Presses the first submit button whose words contain `words`.
    pub fn press(&mut self, words: &str) {
        let found = self.find("main button[type=submit]:not(.unseen)", words).into_iter().next();
        let button = found.unwrap_or_else(|| panic!("{}: there is no button “{words}”\n{}", self.path(), self.text()));
        self.leave_by(&button);
    }

    /// Goes where the first link of the page leads whose words contain `words`.
    pub fn follow(&mut self, words: &str) {
        let found = self.find("main a", words).into_iter().next();
        let link = found.unwrap_or_else(|| panic!("{}: there is no link “{words}”\n{}", self.path(), self.text()));
        self.leave_by(&link);
    }

    /// Forgets who one is: a new visitor.
    pub fn forget(&mut self) {
        self.runtime.block_on(self.client().delete_all_cookies()).expect("cookies are forgotten");
    }

    /// How much wider the page is than the window, in pixels.
    pub fn overflow(&self) -> i64 {
        self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth", Vec::new())
            .as_i64()
            .unwrap_or(0)
    }
}

/// The controls of a name that can be seen.
fn control(name: &str) -> String {
    format!("[name=\"{name}\"]:not([type=hidden])")
}

impl Drop for Chromium {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(client.close());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Starts chromedriver. The port that it picks may be taken for its second protocol; then it ends, and is asked again.
fn start_driver() -> (Child, u16) {
    (0..5).find_map(|_| try_driver()).expect("chromedriver says its port")
}

/// Starts chromedriver on a free port, which it names in its first lines; `None` when it ended without naming one.
fn try_driver() -> Option<(Child, u16)> {
    let mut command = Command::new("chromedriver");
    let driver = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut driver = driver.unwrap_or_else(|e| panic!("chromedriver: {e}"));
    let out = driver.stdout.take().expect("its output");
    let mut lines = BufReader::new(out).lines();
    let port = lines.by_ref().find_map(|line| {
        let line = line.ok()?;
        let rest = line.split("started successfully on port ").nth(1)?;
        rest.trim_end_matches('.').parse().ok()
    });
    let Some(port) = port else {
        let _ = driver.kill();
        let _ = driver.wait();
        return None;
    };
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}
