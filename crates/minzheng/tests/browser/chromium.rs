//! A real Chromium, driven through chromedriver; on every page that it shows, axe-core looks for barriers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::http::Method;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
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
            let target = std::env::var_os("CARGO_TARGET_DIR")
                .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), Into::into);
            let path = target.join("axe/node_modules/axe-core/axe.min.js");
            let source = std::fs::read_to_string(path).expect("axe-core; `cargo xtask test` fetches it");
            let load = Devtools { cmd: "Page.addScriptToEvaluateOnNewDocument", params: json!({ "source": source }) };
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

    /// Looks for barriers on the page that is shown.
    fn look(&mut self) {
        if !self.axe {
            return;
        }
        let client = self.client();
        let found = self.runtime.block_on(async {
            let ask = "const done = arguments[arguments.length - 1];
                axe.run(document, { resultTypes: ['violations'] }).then(
                    r => done(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html + ' ' + n.failureSummary).join('\\n')])),
                    e => done([['axe', String(e), '']]));";
            client.execute_async(ask, Vec::new()).await
        });
        self.pages_checked += 1;
        let page = self.path();
        for violation in found.expect("axe answers").as_array().into_iter().flatten() {
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

    fn all(&self, css: &str) -> Vec<Element> {
        self.runtime.block_on(self.client().find_all(Locator::Css(css))).expect("a selector of these tests")
    }

    fn attribute(&self, element: &Element, name: &str) -> String {
        self.runtime.block_on(element.attr(name)).expect("an attribute").unwrap_or_default()
    }

    fn words(&self, element: &Element) -> String {
        squeeze(&self.runtime.block_on(element.text()).expect("words"))
    }

    /// Clicks something that leads to another page and waits until that is there.
    fn leave(&mut self, element: &Element) {
        let old = self.all("html").remove(0);
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
        let kind = self.attribute(element, "type");
        let tag = self.runtime.block_on(element.tag_name()).expect("a tag");
        let done = self.runtime.block_on(async {
            match (tag.as_str(), kind.as_str()) {
                ("select", _) => {
                    for option in element.find_all(Locator::Css("option")).await? {
                        let label = option.text().await?;
                        let own = option.attr("value").await?.unwrap_or_default();
                        if own == value || (!value.is_empty() && label.contains(value)) {
                            return option.click().await;
                        }
                    }
                    panic!("the list does not offer “{value}”");
                }
                ("input", "radio" | "checkbox") => {
                    let own = element.attr("value").await?.unwrap_or_default();
                    let wanted = value.split('、').any(|v| v == own);
                    let stands = element.is_selected().await?;
                    if wanted != stands && (wanted || kind == "checkbox") { element.click().await } else { Ok(()) }
                }
                ("input", "file") => element.send_keys(value).await,
                ("input", "date" | "datetime-local") => {
                    // What a person types depends on the language of the browser; the value does not.
                    let arguments = vec![serde_json::to_value(element)?, json!(value)];
                    self.client().execute("arguments[0].value = arguments[1]", arguments).await.map(drop)
                }
                _ => {
                    element.clear().await?;
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

    /// The words of the page as a reader sees them.
    pub fn text(&mut self) -> String {
        self.all("body").first().map(|body| self.words(body)).unwrap_or_default()
    }

    pub fn sees(&mut self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "“{words}” is not on {}:\n{text}", self.path());
    }

    /// Whether the page has a control of a name that can be seen.
    pub fn asks(&self, name: &str) -> bool {
        !self.all(&format!("[name=\"{name}\"]:not([type=hidden])")).is_empty()
    }

    pub fn fill(&mut self, name: &str, value: &str) {
        let controls = self.all(&format!("[name=\"{name}\"]:not([type=hidden])"));
        assert!(!controls.is_empty(), "{}: the page has no control “{name}”\n{}", self.path(), self.text());
        for control in &controls {
            self.enter(control, value);
        }
    }

    /// Presses the first submit button whose words contain `words`.
    pub fn press(&mut self, words: &str) {
        let buttons = self.all("main button[type=submit]:not(.unseen)");
        let found = buttons.into_iter().find(|b| self.words(b).contains(words));
        let button = found.unwrap_or_else(|| panic!("{}: there is no button “{words}”\n{}", self.path(), self.text()));
        self.leave_by(&button);
    }

    /// Goes where the first link of the page leads whose words contain `words`.
    pub fn follow(&mut self, words: &str) {
        let found = self.all("main a").into_iter().find(|link| self.words(link).contains(words));
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

/// Makes every run of blanks one.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
