//! What a form sent, checked to be of the visit it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use casework::event::FileRef;
use casework::{Code, Refusal};

use crate::site::{Fault, Site};
use crate::visit::Visit;

/// The most that a form without files may send, in bytes.
const MOST_TEXT: usize = 1024 * 1024;

/// The field of a table that is brought.
pub const TABLE: &str = "_table";

/// What a form sent: the words in their order of sending, checked to be of this visit.
#[derive(Default)]
pub struct Sent {
    pairs: Vec<(String, String)>,
    /// Kept files by the word that stands for them in the form.
    files: BTreeMap<String, FileRef>,
    /// Files that were not taken in, each at its field.
    pub refused: Vec<Refusal>,
}

impl FromRequest<Arc<Site>> for Sent {
    type Rejection = Fault;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Fault> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or(Fault::Stale)?;
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut sent = if kind.starts_with("multipart/form-data") {
            let parts = Multipart::from_request(request, site).await.map_err(|_| Fault::TooLarge)?;
            Self::receive(site, &visit, parts).await?
        } else {
            let body = to_bytes(request.into_body(), MOST_TEXT).await.map_err(|_| Fault::TooLarge)?;
            Self { pairs: form_urlencoded::parse(&body).into_owned().collect(), ..Self::empty() }
        };
        let words = sent.pairs.iter().map(|(_, value)| value).filter(|value| value.contains(" {"));
        sent.files = words.filter_map(|word| Some((word.clone(), site.unsealed(&visit, word)?))).collect();
        // While rows are being added the form stays as it looks.
        if sent.get("_add").is_empty() {
            sent.compact();
        }
        if sent.get("_token") == visit.form_token { Ok(sent) } else { Err(Fault::Stale) }
    }
}

/// The words of a form and the bytes of its one file, which is read and not kept.
pub async fn uploaded(visit: &Visit, mut parts: Multipart) -> Result<(BTreeMap<String, String>, Vec<u8>), Fault> {
    let (mut words, mut bytes) = (BTreeMap::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|_| Fault::TooLarge)? {
        let name = part.name().unwrap_or_default().to_owned();
        match &*name {
            "file" => bytes = part.bytes().await.map_err(|_| Fault::TooLarge)?.to_vec(),
            _ => _ = words.insert(name, part.text().await.map_err(|_| Fault::TooLarge)?),
        }
    }
    if words.get("_token") == Some(&visit.form_token) { Ok((words, bytes)) } else { Err(Fault::Stale) }
}

impl Sent {
    /// A form with files: each file is kept as it arrives, and stands in the form as what seals it.
    async fn receive(site: &Arc<Site>, visit: &Visit, mut parts: Multipart) -> Result<Self, Fault> {
        let mut sent = Self::empty();
        while let Some(part) = parts.next_field().await.map_err(|_| Fault::TooLarge)? {
            let field = part.name().unwrap_or_default().to_owned();
            let Some(name) = part.file_name().map(str::to_owned) else {
                let text = part.text().await.map_err(|_| Fault::TooLarge)?;
                sent.set(&field, &text);
                continue;
            };
            // The word of the form comes first, so nobody without it leaves files here.
            if sent.get("_token") != visit.form_token {
                return Err(Fault::Stale);
            }
            let bytes = part.bytes().await.map_err(|_| Fault::TooLarge)?;
            if name.is_empty() && bytes.is_empty() {
                continue;
            }
            let keeper = site.clone();
            let is_table = field == TABLE;
            let keep = move || match is_table {
                true => keeper.bureau.keep_table(&name, &bytes),
                false => keeper.bureau.keep_file(&name, &bytes),
            };
            let kept = tokio::task::spawn_blocking(keep).await;
            match kept.map_err(|error| Fault::Broken(error.to_string()))?? {
                Ok(file) => sent.set(&field, &site.sealed(visit, &file)),
                Err(unfit) => sent.refused.push(Refusal::new(Code::R108, unfit.text, unfit.way_out).at(&field)),
            }
        }
        Ok(sent)
    }

    /// The files of a field, each with the word that brings it back.
    pub fn files(&self, field: &str) -> Vec<(&str, &FileRef)> {
        let values = self.pairs.iter().filter(|(key, _)| key == field);
        values.filter_map(|(_, value)| self.files.get_key_value(value)).map(|(word, file)| (&**word, file)).collect()
    }

    /// All that was sent, in its order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    pub fn empty() -> Self {
        Self::default()
    }

    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// The numbers of the rows of a list, `members` or `members.0.income`.
    pub fn rows(&self, list: &str) -> Vec<usize> {
        let prefix = format!("{list}.");
        let numbers =
            self.pairs.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)?.split('.').next()?.parse().ok());
        let mut numbers: Vec<usize> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Numbers rows anew without those in which nothing was typed, so that the form, the intake and its refusals agree.
    fn compact(&mut self) {
        let mut lists: Vec<String> = Vec::new();
        for depth in [1, 3] {
            for (key, _) in &self.pairs {
                let parts: Vec<&str> = key.split('.').collect();
                let list = parts.get(..depth).map(|parts| parts.join("."));
                let numbered = parts.get(depth).is_some_and(|part| part.parse::<usize>().is_ok());
                lists.extend(list.filter(|list| numbered && !lists.contains(list)));
            }
        }
        // Inner lists first: their outer rows still have the old numbers.
        for list in lists.iter().rev() {
            let rows: Vec<usize> = self.rows(list);
            let kept: Vec<usize> =
                rows.iter().copied().filter(|row| !self.is_blank(&format!("{list}.{row}"))).collect();
            let renamed = std::mem::take(&mut self.pairs).into_iter().filter_map(|(key, value)| {
                let Some(rest) = key.strip_prefix(&format!("{list}.")) else { return Some((key, value)) };
                let (number, behind) = rest.split_once('.').unwrap_or((rest, ""));
                let Ok(number) = number.parse::<usize>() else { return Some((key, value)) };
                let place = kept.iter().position(|row| *row == number)?;
                Some((format!("{list}.{place}.{behind}"), value))
            });
            self.pairs = renamed.collect();
        }
    }

    /// Whether anything was typed below a row.
    pub fn is_blank(&self, row: &str) -> bool {
        let prefix = format!("{row}.");
        self.pairs.iter().filter(|(key, _)| key.starts_with(&prefix)).all(|(_, value)| value.trim().is_empty())
    }
}
