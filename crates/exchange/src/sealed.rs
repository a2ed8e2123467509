//! Files that go to registries and come from them, under a password that both sides have agreed upon: a ZIP with AES-256,
//! which any office can open.

use std::io::{Cursor, Read as _, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipArchive, ZipWriter};

use crate::Unreadable;

/// The shortest password that is taken, in characters.
pub const SHORTEST: usize = 8;

/// What a file unpacks to at most.
const MOST: u64 = 256 << 20;

/// One file under a password.
///
/// # Errors
/// Only what the writer cannot do.
pub fn seal(name: &str, bytes: &[u8], password: &str) -> Result<Vec<u8>, ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .with_aes_encryption(AesMode::Aes256, password);
    writer.start_file(name, options)?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into_inner())
}

/// Whether a file is locked: an archive whose first file needs a password.
pub fn is_sealed(bytes: &[u8]) -> bool {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return false };
    archive.by_index_raw(0).is_ok_and(|file| file.encrypted())
}

/// The file inside a locked archive; anything else as it is.
///
/// # Errors
/// A wrong password, more than one file, more than a machine should hold.
pub fn unseal(bytes: &[u8], password: &str) -> Result<Vec<u8>, Unreadable> {
    if !is_sealed(bytes) {
        return Ok(bytes.to_vec());
    }
    let broken = |_| Unreadable::one("压缩包打不开：可能没有传完，请重新取一份");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() != 1 {
        return Err(Unreadable::one("压缩包里应当只有一张表"));
    }
    let wrong = || Unreadable::one("密码不对：请用与对方约定的密码");
    let file = archive.by_index_decrypt(0, password.as_bytes()).map_err(|_| wrong())?;
    let mut inside = Vec::new();
    file.take(MOST + 1).read_to_end(&mut inside).map_err(|_| wrong())?;
    if inside.len() as u64 > MOST {
        return Err(Unreadable::one("压缩包解开以后太大"));
    }
    Ok(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_opens_with_its_password_alone() {
        let sealed = seal("请求.csv", "号码,姓名".as_bytes(), "约定的密码 2026").unwrap();
        assert!(is_sealed(&sealed) && !sealed.windows(6).any(|six| six == "号码".as_bytes()));
        assert_eq!(unseal(&sealed, "约定的密码 2026").unwrap(), "号码,姓名".as_bytes());
        assert!(unseal(&sealed, "别的密码").is_err() && unseal(&sealed, "").is_err());
        assert_eq!(unseal(b"plain", "").unwrap(), b"plain");
        for cut in 0..sealed.len() {
            let _ = unseal(&sealed[..cut], "约定的密码 2026");
        }
    }
}
