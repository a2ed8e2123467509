//! Keys, apart from what they seal: one for each person, file or member of staff, in `keys.db`, wrapped by `master.key`.
//!
//! Destroying a key erases everything sealed under it, in every copy of the journal, without touching a byte of the chain.
//! That only holds while `keys.db` and `master.key` are backed up apart from the journal.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crypto::{CryptoProvider, Digest, Key, hex};
use crate::fault::Fault;
use crate::files::write_private;
use crate::sql::{Backend, Cell, Sql, first};
use crate::sqlite::Sqlite;

/// A blind index: the same text gives the same token, and only the holder of the master key can compute it.
pub(crate) type Token = [u8; 16];

/// Names a key in the clear; random, so that it says nothing of whose key it is.
pub(crate) type KeyId = Arc<str>;

/// Keys held in memory before the cache starts anew; about 150 bytes each.
const CACHED: usize = 200_000;

const CHECK: &str = "check";

pub(crate) struct Keyring {
    crypto: Arc<dyn CryptoProvider>,
    wrap: Key,
    index: Digest,
    ring: Mutex<Ring>,
}

struct Ring {
    sql: Box<dyn Sql>,
    /// New keys wait in an open transaction for [`Keyring::keep`].
    pending: bool,
    /// None for a key that was destroyed.
    keys: HashMap<KeyId, Option<Key>>,
    owners: HashMap<Token, KeyId>,
}

impl Keyring {
    /// Opens `master.key` and `keys.db` in the directory, making both on first use.
    pub fn open(dir: &Path, crypto: Arc<dyn CryptoProvider>) -> Result<Self, Fault> {
        let path = dir.join("keys.db");
        let used = path.exists();
        let master = master_key(&dir.join("master.key"), used, &*crypto)?;
        let mut sql = Sqlite::at(&path)?.connect()?;
        // What is deleted is overwritten, so that a destroyed key does not linger in free pages.
        sql.query("PRAGMA secure_delete = ON", &[], &mut |_| Ok(()))?;
        sql.execute(
            "CREATE TABLE IF NOT EXISTS sealing_key (id TEXT PRIMARY KEY, owner BLOB UNIQUE, wrapped BLOB)",
            &[],
        )?;
        let wrap = shorten(crypto.hmac(&master, &[b"wrap"]));
        let index = crypto.hmac(&master, &[b"index"]);
        let ring = Ring { sql, pending: false, keys: HashMap::new(), owners: HashMap::new() };
        let keyring = Self { crypto, wrap, index, ring: Mutex::new(ring) };
        keyring.check()?;
        Ok(keyring)
    }

    /// The master key must be the one that the ring was begun with.
    fn check(&self) -> Result<(), Fault> {
        let mut ring = self.lock();
        let found =
            first(&mut *ring.sql, "SELECT wrapped FROM sealing_key WHERE id = ?1", &[Cell::Text(CHECK)], |row| {
                Ok(row[0].blob()?.to_vec())
            })?;
        match found {
            Some(wrapped) if self.crypto.open(&self.wrap, CHECK.as_bytes(), &wrapped).is_some() => Ok(()),
            Some(_) => Err(Fault::Key("master.key 与 keys.db 不是一套")),
            None => {
                let wrapped = self.crypto.seal(&self.wrap, CHECK.as_bytes(), &[0; 16]);
                let row = [Cell::Text(CHECK), Cell::Blob(&wrapped)];
                ring.sql.execute("INSERT INTO sealing_key (id, wrapped) VALUES (?1, ?2)", &row)?;
                Ok(())
            }
        }
    }

    /// The blind index of a text; `purpose` keeps names, numbers and key owners apart.
    pub fn token(&self, purpose: &str, text: &str) -> Token {
        shorten(self.crypto.hmac(&self.index, &[purpose.as_bytes(), &[0], text.as_bytes()]))
    }

    /// The key of an owner (`person|…`, `case|…`, `staff|…`, `file|…`), made if there is none.
    /// A new key lasts only after [`Keyring::keep`], which must come before whatever it seals is kept.
    pub fn key_for(&self, owner: &str) -> Result<(KeyId, Key), Fault> {
        let owner = self.token("key", owner);
        let mut ring = self.lock();
        let (id, key) = match self.find(&mut ring, &owner)? {
            Some(found) => found,
            None => self.make(&mut ring, &owner)?,
        };
        ring.remember(&id, Some(key));
        ring.owners.insert(owner, id.clone());
        Ok((id, key))
    }

    /// The key of an owner who has one.
    pub fn key_of(&self, owner: &str) -> Result<Option<Key>, Fault> {
        let found = self.find(&mut self.lock(), &self.token("key", owner))?;
        Ok(found.map(|(_, key)| key))
    }

    fn find(&self, ring: &mut Ring, owner: &Token) -> Result<Option<(KeyId, Key)>, Fault> {
        if let Some(id) = ring.owners.get(owner)
            && let Some(Some(key)) = ring.keys.get(id)
        {
            return Ok(Some((id.clone(), *key)));
        }
        let text = "SELECT id, wrapped FROM sealing_key WHERE owner = ?1";
        let known = first(&mut *ring.sql, text, &[Cell::Blob(owner)], |row| {
            Ok((KeyId::from(row[0].text()?), row[1].blob()?.to_vec()))
        })?;
        let Some((id, wrapped)) = known else { return Ok(None) };
        let key = self.unwrap(&id, &wrapped)?;
        Ok(Some((id, key)))
    }

    fn make(&self, ring: &mut Ring, owner: &Token) -> Result<(KeyId, Key), Fault> {
        let (mut name, mut key) = ([0; 8], Key::default());
        self.crypto.random(&mut name)?;
        self.crypto.random(&mut key)?;
        let id = KeyId::from(hex(&name));
        let wrapped = self.crypto.seal(&self.wrap, id.as_bytes(), &key);
        if !ring.pending {
            ring.sql.begin()?;
            ring.pending = true;
        }
        let row = [Cell::Text(&id), Cell::Blob(owner), Cell::Blob(&wrapped)];
        ring.sql.execute("INSERT INTO sealing_key (id, owner, wrapped) VALUES (?1, ?2, ?3)", &row)?;
        Ok((id, key))
    }

    /// A key by its name; None when it was destroyed.
    pub fn key(&self, id: &str) -> Result<Option<Key>, Fault> {
        let mut ring = self.lock();
        if let Some(key) = ring.keys.get(id) {
            return Ok(*key);
        }
        let found = first(&mut *ring.sql, "SELECT wrapped FROM sealing_key WHERE id = ?1", &[Cell::Text(id)], |row| {
            Ok(if row[0] == Cell::Null { None } else { Some(row[0].blob()?.to_vec()) })
        })?;
        let key = match found {
            Some(Some(wrapped)) => Some(self.unwrap(id, &wrapped)?),
            Some(None) => None,
            None => return Err(Fault::Key("keys.db 里缺少日志用到的密钥")),
        };
        ring.remember(id, key);
        Ok(key)
    }

    fn unwrap(&self, id: &str, wrapped: &[u8]) -> Result<Key, Fault> {
        let plain = self.crypto.open(&self.wrap, id.as_bytes(), wrapped);
        plain.and_then(|key| key.try_into().ok()).ok_or(Fault::Key("keys.db 的内容被改动"))
    }

    /// Puts new keys on the disk.
    pub fn keep(&self) -> Result<(), Fault> {
        let mut ring = self.lock();
        if !ring.pending {
            return Ok(());
        }
        ring.pending = false;
        let kept = ring.sql.commit();
        if kept.is_err() {
            // Keys that exist in memory only must never seal anything.
            ring.sql.rollback();
            ring.keys.clear();
            ring.owners.clear();
        }
        kept
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn remember(&mut self, id: &str, key: Option<Key>) {
        if self.keys.len() >= CACHED {
            self.keys.clear();
            self.owners.clear();
        }
        self.keys.insert(id.into(), key);
    }
}

fn shorten(digest: Digest) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

fn master_key(path: &Path, used: bool, crypto: &dyn CryptoProvider) -> Result<Vec<u8>, Fault> {
    if path.exists() {
        let master = std::fs::read(path)?;
        return if master.len() == 32 { Ok(master) } else { Err(Fault::Key("master.key 应为32字节")) };
    }
    if used {
        return Err(Fault::KeyLost);
    }
    let mut master = vec![0; 32];
    crypto.random(&mut master)?;
    write_private(path, &master)?;
    Ok(master)
}
