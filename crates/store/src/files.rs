//! Attachments: sealed files named by the SM3 digest of their content, and the private files of the data directory.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use casework::{Code, File, Refusal};

use crate::crypto::hex;
use crate::fault::{Fault, Stop};
use crate::{Inner, Store};

/// 10 MB: a photograph of a page, or a scan of several.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
const MAX_NAME: usize = 100;

impl Store {
    /// Keeps an attachment and returns what the command names it by. The same content is kept once.
    /// Refused are kinds other than JPEG, PNG and PDF (by content, whatever the name says) and files over 10 MB.
    pub fn put_file(&self, bytes: &[u8], name: &str) -> Result<File, Stop> {
        if bytes.len() > MAX_BYTES {
            let reason = format!("文件有{}MB，最大10MB", bytes.len().div_ceil(1024 * 1024));
            return Err(Refusal::new(Code::FileSize, reason, "", "请缩小照片尺寸，或分成几个文件上传。").into());
        }
        let Some(media) = media_of(bytes) else {
            let reason = "只接受 JPEG、PNG 照片和 PDF 文件，这个文件的内容不是其中任何一种";
            return Err(Refusal::new(Code::FileKind, reason, "", "请重新拍照或另存为 PDF 后上传。").into());
        };
        let digest = hex(&self.inner.crypto.sm3(&[bytes]));
        let path = self.inner.file_path(&digest);
        if !path.exists() {
            let (_, key) = self.inner.keys.key_for(&file_owner(&digest))?;
            self.inner.keys.keep()?;
            let sealed = self.inner.crypto.seal(&key, digest.as_bytes(), bytes);
            let draft = self.inner.drafts.fetch_add(1, Ordering::Relaxed);
            write_whole(&path, &sealed, draft).map_err(Fault::from)?;
        }
        Ok(File { digest: digest.into(), name: tidy_name(name), media: media.to_owned(), bytes: bytes.len() as u64 })
    }

    /// The content of an attachment with its media type; None when there is no such file.
    /// Whoever shows it takes the name from the case's own event and has checked that the case may be seen.
    pub fn file(&self, digest: &str) -> Result<Option<(String, Vec<u8>)>, Fault> {
        let plain = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !plain || !self.inner.file_path(digest).exists() {
            return Ok(None);
        }
        let bytes = self.inner.read_file(digest)?;
        let media = media_of(&bytes).ok_or_else(|| Fault::damaged("附件内容不符"))?;
        Ok(Some((media.to_owned(), bytes)))
    }
}

impl Inner {
    pub(crate) fn file_path(&self, digest: &str) -> PathBuf {
        self.dir.join("files").join(&digest[..2]).join(digest)
    }

    /// Opens an attachment and checks it against its digest.
    pub(crate) fn read_file(&self, digest: &str) -> Result<Vec<u8>, Fault> {
        let sealed = fs::read(self.file_path(digest))?;
        let key = self.keys.key_of(&file_owner(digest))?.ok_or(Fault::Key("keys.db 里缺少附件的密钥"))?;
        let bytes = self.crypto.open(&key, digest.as_bytes(), &sealed);
        let bytes = bytes.ok_or_else(|| Fault::damaged("附件被改动"))?;
        if hex(&self.crypto.sm3(&[&bytes])) == digest {
            Ok(bytes)
        } else {
            Err(Fault::damaged("附件与摘要不符"))
        }
    }
}

fn file_owner(digest: &str) -> String {
    format!("file|{digest}")
}

fn media_of(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 3] = [
        (&[0xff, 0xd8, 0xff], "image/jpeg"),
        (&[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'], "image/png"),
        (b"%PDF-", "application/pdf"),
    ];
    KINDS.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, media)| media)
}

/// The last part of a path, without what no screen or file system can show.
fn tidy_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if plain.is_empty() { "附件".to_owned() } else { plain }
}

/// A reader sees the whole file or none, also after a power cut.
/// `number` keeps drafts of the same content apart.
fn write_whole(path: &Path, bytes: &[u8], number: u64) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_private_folder(folder)?;
    let draft = path.with_extension(format!("{}-{number}.part", std::process::id()));
    write_private(&draft, bytes)?;
    fs::rename(&draft, path)?;
    fs::File::open(folder)?.sync_all()
}

pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// An empty file that only its owner may read, unless there is one already.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    private(OpenOptions::new().append(true).create(true)).open(path).map(|_| ())
}

pub(crate) fn create_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

fn private(options: &mut OpenOptions) -> &OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
