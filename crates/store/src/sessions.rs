//! Sign-ins, and the guide editions that cases pin.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::DateTime;
use guide::{Edition, Guide};

use crate::crypto::hex;
use crate::fault::Fault;
use crate::sql::{Cell, all, first};
use crate::{Inner, Store};

/// Minutes without a request after which a sign-in ends.
const IDLE_MINUTES: i64 = 30;
/// Minutes after which it ends in any case.
const LONGEST_MINUTES: i64 = 12 * 60;
/// A request is noted at most this often, so that reading pages does not write to the disk each time.
const NOTE_MINUTES: i64 = 1;

/// The files of a guide as they stood when cases began under them.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptEdition {
    pub service: Arc<str>,
    pub edition: Edition,
    pub files: BTreeMap<String, String>,
}

impl Store {
    /// Begins a session; the token is returned once and kept only as a digest.
    pub fn create_session(&self, staff: &str, now: DateTime) -> Result<String, Fault> {
        let mut token = [0; 32];
        self.inner.crypto.random(&mut token)?;
        let token = hex(&token);
        let digest = self.inner.session_digest(&token);
        let at = now.to_string();
        let ended = earlier(now, LONGEST_MINUTES);
        self.inner.write(|sql| {
            sql.execute("DELETE FROM session WHERE created_at < ?1", &[Cell::Text(&ended)])?;
            let row = [Cell::Blob(&digest), Cell::Text(staff), Cell::Text(&at)];
            sql.execute("INSERT INTO session (digest, staff, created_at, seen_at) VALUES (?1, ?2, ?3, ?3)", &row)
        })?;
        Ok(token)
    }

    /// Whose session it is: an active member of staff who was seen within 30 minutes and signed in within 12 hours.
    pub fn find_session(&self, token: &str, now: DateTime) -> Result<Option<Arc<str>>, Fault> {
        let digest = self.inner.session_digest(token);
        let text = "SELECT staff, created_at, seen_at FROM session WHERE digest = ?1";
        let found = self.inner.read(|sql| {
            first(sql, text, &[Cell::Blob(&digest)], |row| {
                Ok((Arc::<str>::from(row[0].text()?), row[1].text()?.to_owned(), row[2].text()?.to_owned()))
            })
        })?;
        let Some((staff, created, seen)) = found else { return Ok(None) };
        if created < earlier(now, LONGEST_MINUTES) || seen < earlier(now, IDLE_MINUTES) {
            self.drop_session(token)?;
            return Ok(None);
        }
        if seen < earlier(now, NOTE_MINUTES) {
            let at = now.to_string();
            let row = [Cell::Blob(&digest), Cell::Text(&at)];
            self.inner.write(|sql| sql.execute("UPDATE session SET seen_at = ?2 WHERE digest = ?1", &row))?;
        }
        Ok(self.staff_by_id(&staff)?.filter(|s| s.active).map(|_| staff))
    }

    pub fn drop_session(&self, token: &str) -> Result<(), Fault> {
        let digest = self.inner.session_digest(token);
        self.inner.write(|sql| sql.execute("DELETE FROM session WHERE digest = ?1", &[Cell::Blob(&digest)]))?;
        Ok(())
    }

    /// Keeps the files of an edition, so that cases that pin it can always be read.
    pub fn keep_edition(&self, guide: &Guide) -> Result<(), Fault> {
        let files = serde_json::to_string(&*guide.files).map_err(|e| Fault::Database(Box::new(e)))?;
        let row = [Cell::Text(&guide.service), Cell::Text(&guide.edition.0), Cell::Text(&files)];
        let text = "INSERT INTO edition (service, edition, files) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.inner.write(|sql| sql.execute(text, &row))?;
        Ok(())
    }

    /// Every edition ever kept, by service.
    pub fn editions(&self) -> Result<Vec<KeptEdition>, Fault> {
        let text = "SELECT service, edition, files FROM edition ORDER BY service, edition";
        self.inner.read(|sql| {
            all(sql, text, &[], |row| {
                let files = serde_json::from_str(row[2].text()?).map_err(|_| Fault::damaged("保存的指南无法读懂"))?;
                Ok(KeptEdition { service: row[0].text()?.into(), edition: Edition(row[1].text()?.into()), files })
            })
        })
    }
}

impl Inner {
    fn session_digest(&self, token: &str) -> [u8; 16] {
        self.keys.token("session", token)
    }
}

fn earlier(now: DateTime, minutes: i64) -> String {
    let minute = std::time::Duration::from_secs(60 * minutes.unsigned_abs());
    now.saturating_sub(minute).to_string()
}
