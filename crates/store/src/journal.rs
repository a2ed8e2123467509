//! The journal: numbered, chained entries of sealed events.
//!
//! digest = SM3(header ‖ sealed body), chain = SM3(chain of the entry before ‖ digest); both run over ciphertext,
//! so anybody can check them without a key, and erasing (destroying a key) leaves them whole.

use base::DateTime;
use serde::de::DeserializeOwned;

use crate::crypto::{CryptoProvider, Digest, Key};
use crate::fault::Fault;
use crate::keys::Keyring;
use crate::sql::{Cell, Sql, first};

/// Version of the envelope: of the header's layout and of how the body is sealed.
const VERSION: u16 = 1;

/// What the first entry is chained to.
pub(crate) const GENESIS: Digest = [0; 32];

/// Where the journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub seq: u64,
    pub chain: Digest,
}

/// Everything of an entry that stands in the clear beside its sealed body.
pub(crate) struct Header<'a> {
    pub seq: u64,
    pub stream: &'a str,
    pub revision: u32,
    pub at: &'a str,
    pub version: u16,
    pub key_id: &'a str,
    pub kind: &'a str,
}

impl Header<'_> {
    /// Numbers in network order, texts behind their length: no two headers have the same bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let texts = [self.stream, self.at, self.key_id, self.kind];
        let mut bytes = Vec::with_capacity(14 + texts.iter().map(|t| t.len() + 4).sum::<usize>());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.revision.to_be_bytes());
        bytes.extend(self.version.to_be_bytes());
        for text in texts {
            bytes.extend((text.len() as u32).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }
}

/// The end as the database has it; every writing transaction begins with it.
pub(crate) fn head(sql: &mut dyn Sql) -> Result<Head, Fault> {
    let found = first(sql, "SELECT seq, chain FROM head", &[], |row| {
        Ok(Head { seq: row[0].count()?, chain: digest(row[1])? })
    })?;
    Ok(found.unwrap_or(Head { seq: 0, chain: GENESIS }))
}

pub(crate) fn keep_head(sql: &mut dyn Sql, head: &Head) -> Result<(), Fault> {
    let row = [Cell::Int(head.seq as i64), Cell::Blob(&head.chain)];
    sql.execute(
        "INSERT INTO head (id, seq, chain) VALUES (1, ?1, ?2) ON CONFLICT (id) DO UPDATE SET seq = ?1, chain = ?2",
        &row,
    )?;
    Ok(())
}

pub(crate) fn digest(cell: Cell<'_>) -> Result<Digest, Fault> {
    cell.blob()?.try_into().map_err(|_| Fault::damaged("摘要长度不对"))
}

/// Which stream is written, and under which key.
pub(crate) struct Stream<'a> {
    pub name: &'a str,
    pub key_id: &'a str,
    pub key: &'a Key,
}

/// An entry about to be written.
pub(crate) struct Fresh<'a> {
    pub revision: u32,
    pub at: DateTime,
    pub kind: &'a str,
    pub plain: &'a [u8],
}

/// Adds an entry behind `head` and moves `head`; `keep_head` must follow in the same transaction.
pub(crate) fn append(
    sql: &mut dyn Sql,
    crypto: &dyn CryptoProvider,
    head: &mut Head,
    stream: &Stream<'_>,
    fresh: &Fresh<'_>,
) -> Result<(), Fault> {
    let at = fresh.at.to_string();
    let header = Header {
        seq: head.seq + 1,
        stream: stream.name,
        revision: fresh.revision,
        at: &at,
        version: VERSION,
        key_id: stream.key_id,
        kind: fresh.kind,
    };
    let bytes = header.bytes();
    let body = crypto.seal(stream.key, &bytes, fresh.plain);
    let digest = crypto.sm3(&[&bytes, &body]);
    let chain = crypto.sm3(&[&head.chain, &digest]);
    sql.execute(
        "INSERT INTO journal (seq, stream, revision, at, version, key_id, kind, body, digest, chain)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            Cell::Int(header.seq as i64),
            Cell::Text(stream.name),
            Cell::Int(fresh.revision.into()),
            Cell::Text(&at),
            Cell::Int(VERSION.into()),
            Cell::Text(stream.key_id),
            Cell::Text(fresh.kind),
            Cell::Blob(&body),
            Cell::Blob(&digest),
            Cell::Blob(&chain),
        ],
    )?;
    *head = Head { seq: header.seq, chain };
    Ok(())
}

/// The entries of one stream, opened.
pub(crate) struct Opened<T> {
    pub key_id: String,
    pub entries: Vec<T>,
}

/// Reads a stream in order; None when it does not exist or its key was destroyed.
///
/// INVARIANT (gapless streams): the n-th entry read has revision n, or the stream is not believed.
pub(crate) fn read<T: DeserializeOwned>(
    sql: &mut dyn Sql,
    crypto: &dyn CryptoProvider,
    keys: &Keyring,
    stream: &str,
) -> Result<Option<Opened<T>>, Fault> {
    let mut opened: Option<(String, Key)> = None;
    let mut erased = false;
    let mut entries = Vec::new();
    let text = "SELECT seq, revision, at, version, key_id, kind, body FROM journal WHERE stream = ?1 ORDER BY revision";
    sql.query(text, &[Cell::Text(stream)], &mut |row| {
        if erased {
            return Ok(());
        }
        let header = Header {
            seq: row[0].count()?,
            stream,
            revision: row[1].count()?,
            at: row[2].text()?,
            version: row[3].count()?,
            key_id: row[4].text()?,
            kind: row[5].text()?,
        };
        if header.revision as usize != entries.len() + 1 {
            return Err(Fault::damaged(format!("{stream}缺少第{}次变更", entries.len() + 1)));
        }
        if header.version != VERSION {
            return Err(Fault::Newer { found: header.version.into(), known: VERSION.into() });
        }
        let key = match &opened {
            Some((id, key)) if id == header.key_id => *key,
            _ => match keys.key(header.key_id)? {
                Some(key) => {
                    opened = Some((header.key_id.to_owned(), key));
                    key
                }
                None => {
                    erased = true;
                    return Ok(());
                }
            },
        };
        let plain = crypto.open(&key, &header.bytes(), row[6].blob()?);
        let plain = plain.ok_or_else(|| Fault::damaged(format!("日志第{}条无法打开", header.seq)))?;
        let entry = serde_json::from_slice(&plain);
        entries.push(entry.map_err(|_| Fault::damaged(format!("日志第{}条无法读懂", header.seq)))?);
        Ok(())
    })?;
    Ok(match opened {
        Some((key_id, _)) if !erased => Some(Opened { key_id, entries }),
        _ => None,
    })
}
