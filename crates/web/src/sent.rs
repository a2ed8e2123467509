//! What a form sends: entries of the guide's form, words of the engine's, files, and the key made with the form.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header;
use casework::intake::Entries;
use casework::{FieldError, File, Refusal};
use maud::{Markup, html};
use store::Stop;

use crate::not::Not;
use crate::session::{Visit, same_origin};
use crate::site::{Site, random};

/// Text of a form, in all.
pub const FORM_LIMIT: usize = 1024 * 1024;
/// A form with its files.
pub const UPLOAD_LIMIT: usize = 12 * 1024 * 1024;

/// One sending of a form, or an empty one about to be shown.
#[derive(Default)]
pub struct Sent {
    /// Made by the server with the form: the same key and content is the same command, however often it is sent.
    pub key: String,
    /// Entries of the guide's form by path (`f.<path>`).
    pub entries: Entries,
    /// Everything else that was typed, by name.
    words: BTreeMap<String, Vec<String>>,
    /// Files already kept, by material (`m.<material>`, or `kept` from an earlier sending).
    pub files: Vec<(Arc<str>, File)>,
    /// What was wrong with files.
    pub file_errors: Vec<FieldError>,
    /// Nothing was sent yet.
    pub fresh: bool,
    uploads: Vec<(String, String, Vec<u8>)>,
}

impl Sent {
    /// An empty form with a new key.
    pub fn fresh() -> Self {
        Self { key: random(), fresh: true, ..Self::default() }
    }

    /// Reads a request, checks that it comes from a form of this visit, and keeps its files.
    pub async fn receive(site: &Site, visit: &Visit, request: Request) -> Result<Self, Not> {
        let mut sent = Self::receive_keyless(visit, request).await?;
        sent.key = sent.word("key").chars().filter(char::is_ascii_hexdigit).take(32).collect();
        if sent.key.len() != 32 {
            return Err(Not::Readable);
        }
        sent.keep_earlier_files(site);
        sent.keep_uploads(site).await?;
        Ok(sent)
    }

    /// The same for forms that command nothing.
    pub async fn receive_keyless(visit: &Visit, request: Request) -> Result<Self, Not> {
        if !same_origin(request.headers()) {
            return Err(Not::Stale);
        }
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let sent = if kind.starts_with("multipart/form-data") {
            read_multipart(request).await?
        } else {
            let body = to_bytes(request.into_body(), FORM_LIMIT).await.map_err(|_| Not::TooLarge)?;
            let mut sent = Self::default();
            form_urlencoded::parse(&body).for_each(|(name, text)| sent.put(&name, text.into_owned()));
            sent
        };
        if sent.word("token") == visit.form_token { Ok(sent) } else { Err(Not::Stale) }
    }

    fn put(&mut self, name: &str, text: String) {
        match name.strip_prefix("f.") {
            Some(path) => match self.entries.get_mut(path) {
                // Several ticked boxes arrive under one name.
                Some(earlier) if !earlier.is_empty() => *earlier = format!("{earlier}、{text}"),
                _ => {
                    self.entries.insert(path.to_owned(), text);
                }
            },
            None => self.words.entry(name.to_owned()).or_default().push(text),
        }
    }

    /// The first text under a name, trimmed; empty when absent.
    pub fn word(&self, name: &str) -> &str {
        self.words.get(name).and_then(|w| w.first()).map(|w| w.trim()).unwrap_or_default()
    }

    /// Fills an entry of a form that is about to be shown.
    pub fn say(&mut self, name: &str, text: String) {
        self.words.insert(name.to_owned(), vec![text]);
    }

    pub fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.words.get(name).into_iter().flatten().map(|w| w.trim()).filter(|w| !w.is_empty())
    }

    /// The button that was pressed, if it was not the one that submits.
    pub fn button(&self) -> &str {
        self.word("do")
    }

    /// The revision that the reader saw.
    pub fn revision(&self) -> Option<u32> {
        self.word("revision").parse().ok()
    }

    /// The seal binds a file to the key of its form: naming somebody else's digest gains nothing.
    fn keep_earlier_files(&mut self, site: &Site) {
        let kept: Vec<String> = self.words("kept").map(str::to_owned).collect();
        for line in kept {
            let mut parts = line.splitn(6, '|');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            let (proof, digest, bytes, media, material, name) = (part(), part(), part(), part(), part(), part());
            let file = File { digest: digest.into(), name, media, bytes: bytes.parse().unwrap_or(0) };
            let material: Arc<str> = material.into();
            if site.sealed(&sealed_text(&self.key, &material, &file), &proof) {
                self.files.push((material, file));
            }
        }
    }

    async fn keep_uploads(&mut self, site: &Site) -> Result<(), Not> {
        for (material, name, bytes) in std::mem::take(&mut self.uploads) {
            match site.store(move |store| store.put_file(&bytes, &name)).await {
                Ok(file) => {
                    let again = |(m, f): &(Arc<str>, File)| **m == *material && f.digest == file.digest;
                    if !self.files.iter().any(again) {
                        self.files.push((material.into(), file));
                    }
                }
                Err(Stop::Refused(refusal)) => {
                    let message = format!("{}（{}）。{}", refusal.reason, refusal.code.number(), refusal.remedy);
                    self.file_errors.push(FieldError { path: format!("材料.{material}"), message });
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    /// Hidden inputs that every form needs: token, key, revision and the files already kept.
    pub fn hidden(&self, site: &Site, visit: &Visit, revision: Option<u32>) -> Markup {
        html! {
            (crate::layout::token(visit))
            input type="hidden" name="key" value=(self.key);
            @if let Some(revision) = revision { input type="hidden" name="revision" value=(revision); }
            @for (material, file) in &self.files {
                @let proof = site.seal(&sealed_text(&self.key, material, file));
                input type="hidden" name="kept"
                    value=(format!("{proof}|{}|{}|{}|{material}|{}", file.digest, file.bytes, file.media, file.name));
            }
        }
    }

    /// Refuses a form whose files were not accepted, beside everything else that is wrong with it.
    pub fn with_file_errors(&self, mut errors: Vec<FieldError>) -> Result<(), Refusal> {
        errors.extend(self.file_errors.iter().cloned());
        if errors.is_empty() { Ok(()) } else { Err(Refusal::form(errors)) }
    }
}

fn sealed_text(key: &str, material: &str, file: &File) -> String {
    format!("{key}|{}|{}|{}|{material}|{}", file.digest, file.bytes, file.media, file.name)
}

async fn read_multipart(mut request: Request) -> Result<Sent, Not> {
    // The extractor reads its limit from the request; the layer would have to stand on every route.
    DefaultBodyLimit::max(UPLOAD_LIMIT).apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| Not::Readable)?;
    let mut sent = Sent::default();
    let mut text_bytes = 0;
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(unreadable)?;
        match (file, name.strip_prefix("m.")) {
            // An empty file input arrives as a file without name and content.
            (Some(_), Some(_)) if bytes.is_empty() => {}
            (Some(file), Some(material)) => sent.uploads.push((material.to_owned(), file, bytes.to_vec())),
            _ => {
                text_bytes += bytes.len();
                if text_bytes > FORM_LIMIT {
                    return Err(Not::TooLarge);
                }
                sent.put(&name, String::from_utf8(bytes.to_vec()).map_err(|_| Not::Readable)?);
            }
        }
    }
    Ok(sent)
}

fn unreadable(error: axum::extract::multipart::MultipartError) -> Not {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { Not::TooLarge } else { Not::Readable }
}
