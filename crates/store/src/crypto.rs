//! Cryptography behind one trait: SM3, HMAC-SM3 and SM4-GCM today, a hardware module later.

use std::sync::atomic::{AtomicU64, Ordering};

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Nonce, Payload};
use aes_gcm::{AesGcm, KeyInit};
use hmac::{Hmac, Mac};
use sm3::{Digest as _, Sm3};
use sm4::Sm4;

use crate::fault::Fault;

pub type Digest = [u8; 32];
pub type Key = [u8; 16];

const NONCE: usize = 12;

/// What the store asks of cryptography. Parts are hashed one after the other, without separators.
pub trait CryptoProvider: Send + Sync {
    fn sm3(&self, parts: &[&[u8]]) -> Digest;

    fn hmac(&self, key: &[u8], parts: &[&[u8]]) -> Digest;

    /// Encrypts and authenticates; `bound` is authenticated only.
    ///
    /// The nonce is a keyed digest of everything sealed, so it needs no randomness and repeats only together with the whole text.
    /// Equal text under equal key and binding gives equal bytes: projections rely on it to be rebuilt byte for byte.
    fn seal(&self, key: &Key, bound: &[u8], plain: &[u8]) -> Vec<u8>;

    /// None when the key is another or a byte was changed.
    fn open(&self, key: &Key, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;

    /// Fills with unpredictable bytes.
    fn random(&self, bytes: &mut [u8]) -> Result<(), Fault>;
}

/// Chinese commercial cryptography in software (RustCrypto).
#[derive(Default)]
pub struct Software {
    seed: Option<(u64, AtomicU64)>,
}

impl Software {
    /// Randomness comes from the operating system.
    pub fn new() -> Self {
        Self::default()
    }

    /// Randomness follows from a seed: for simulations that must repeat, never for real data.
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some((seed, AtomicU64::new(0))) }
    }
}

type Sm4Gcm = AesGcm<Sm4, U12>;

fn nonce(bytes: &[u8]) -> Option<&Nonce<Sm4Gcm>> {
    bytes.try_into().ok()
}

impl CryptoProvider for Software {
    fn sm3(&self, parts: &[&[u8]]) -> Digest {
        let mut hash = Sm3::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn hmac(&self, key: &[u8], parts: &[&[u8]]) -> Digest {
        let mut mac = <Hmac<Sm3> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn seal(&self, key: &Key, bound: &[u8], plain: &[u8]) -> Vec<u8> {
        let length = (bound.len() as u64).to_be_bytes();
        let mark = self.hmac(key, &[b"nonce", &length, bound, plain]);
        let mut sealed = mark[..NONCE].to_vec();
        let cipher = Sm4Gcm::new(key.into());
        let payload = Payload { msg: plain, aad: bound };
        let text = nonce(&mark[..NONCE]).and_then(|nonce| cipher.encrypt(nonce, payload).ok());
        sealed.extend(text.expect("texts are far shorter than the 64 GB that GCM can seal"));
        sealed
    }

    fn open(&self, key: &Key, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, text) = sealed.split_at_checked(NONCE)?;
        Sm4Gcm::new(key.into()).decrypt(nonce(head)?, Payload { msg: text, aad: bound }).ok()
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        let Some((seed, counter)) = &self.seed else {
            return getrandom::fill(bytes).map_err(|_| Fault::Key("系统没有给出随机数"));
        };
        for chunk in bytes.chunks_mut(32) {
            let count = counter.fetch_add(1, Ordering::Relaxed);
            let block = self.hmac(&seed.to_be_bytes(), &[b"random", &count.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10];

    /// GB/T 32905-2016, appendix A.
    #[test]
    fn sm3_of_the_standard() {
        let digest = Software::new().sm3(&[b"ab", b"c"]);
        assert_eq!(hex(&digest), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    }

    /// RFC 8998, appendix A.1: SM4-GCM.
    #[test]
    fn sm4_gcm_of_rfc_8998() {
        let nonce_bytes = [0, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0xab, 0xcd];
        let bound = hex_bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = hex_bytes(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        );
        let sealed = hex_bytes(
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec",
        );
        let all: Vec<u8> = nonce_bytes.iter().copied().chain(sealed).collect();
        assert_eq!(Software::new().open(&KEY, &bound, &all), Some(plain));
    }

    #[test]
    fn opens_only_what_was_sealed() {
        let crypto = Software::new();
        let sealed = crypto.seal(&KEY, b"row 1", "张三".as_bytes());
        assert_eq!(sealed, crypto.seal(&KEY, b"row 1", "张三".as_bytes()));
        assert_eq!(sealed.len(), NONCE + 6 + 16);
        assert_eq!(crypto.open(&KEY, b"row 1", &sealed).as_deref(), Some("张三".as_bytes()));
        assert_eq!(crypto.open(&KEY, b"row 2", &sealed), None);
        assert_eq!(crypto.open(&[0; 16], b"row 1", &sealed), None);
        assert_eq!(crypto.open(&KEY, b"row 1", b"short"), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(crypto.open(&KEY, b"row 1", &changed), None, "byte {place}");
        }
    }

    #[test]
    fn a_seed_repeats() {
        let draw = |crypto: &Software| {
            let mut bytes = [0; 40];
            crypto.random(&mut bytes).unwrap();
            bytes
        };
        let (one, two) = (Software::seeded(7), Software::seeded(7));
        let first = draw(&one);
        assert_eq!(first, draw(&two));
        assert_ne!(first, draw(&one));
        assert_ne!(draw(&Software::new()), draw(&Software::new()));
    }

    fn hex_bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }
}
