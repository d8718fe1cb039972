//! Secrets at rest: sealed with XChaCha20-Poly1305 under a master key that is not in the store.
//!
//! A sealed value is a version byte, the id of its key, a random nonce and the ciphertext. It is bound to its place: moved to
//! another row, another column or another store's row of the same id it does not open.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;

const VERSION: u8 = 1;
const ID: usize = 8;
const NONCE: usize = 24;

/// The operating system's random numbers.
///
/// # Errors
/// Where it gives none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the operating system gives no random numbers")?;
    Ok(bytes)
}

/// The key that seals every secret of the store.
pub struct MasterKey {
    key: SecretBox<[u8; 32]>,
    id: KeyId,
}

/// Names a master key without telling anything of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; ID]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// Why something did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another key sealed it.
    #[error("sealed with the master key {sealed_with}, but the gateway was given {given}")]
    OtherKey {
        /// The key that sealed it.
        sealed_with: KeyId,
        /// The key that was tried.
        given: KeyId,
    },
    /// It was changed, or belongs to another place.
    #[error("the sealed value was changed after it was stored, or moved from another row")]
    Tampered,
}

/// The place of a sealed value.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The primary key of its row.
    pub row: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        // The names of tables and columns hold no NUL.
        [self.table, "\0", self.column, "\0", self.row].concat().into_bytes()
    }
}

impl MasterKey {
    /// A new key, from the operating system's random numbers.
    ///
    /// # Errors
    /// Where it gives none.
    pub fn generate() -> Result<Self, String> {
        random().map(Self::of_bytes)
    }

    fn of_bytes(key: [u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"erp-gateway master key id\0");
        hash.update(key);
        let mut id = [0; ID];
        id.copy_from_slice(&hash.finalize()[..ID]);
        Self { key: SecretBox::new(Box::new(key)), id: KeyId(id) }
    }

    /// A key as [`MasterKey::text`] writes it.
    ///
    /// # Errors
    /// Where it is none; the message does not repeat it.
    pub fn parse(text: &SecretString) -> Result<Self, String> {
        let bytes = BASE64.decode(text.expose_secret().trim()).ok();
        let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        key.map(Self::of_bytes).ok_or_else(|| {
            "the master key is not 32 bytes in base64: make one with `erp-gateway keys generate`".to_owned()
        })
    }

    /// As an operator keeps it: base64.
    pub fn text(&self) -> SecretString {
        BASE64.encode(self.key.expose_secret()).into()
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose_secret().into())
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// Where the operating system gives no random numbers.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, String> {
        let nonce: [u8; NONCE] = random()?;
        let payload = Payload { msg: value, aad: &place.bytes() };
        let text = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| "the value is too long to seal")?;
        let mut sealed = Vec::with_capacity(1 + ID + NONCE + text.len());
        sealed.push(VERSION);
        sealed.extend(self.id.0);
        sealed.extend(nonce);
        sealed.extend(text);
        Ok(sealed)
    }

    /// Opens a value that was sealed for a place.
    ///
    /// # Errors
    /// Where another key sealed it, or it was changed or moved.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretBox<[u8]>, OpenError> {
        let Some((&VERSION, rest)) = sealed.split_first() else { return Err(OpenError::Tampered) };
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or(OpenError::Tampered)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(OpenError::Tampered)?;
        if *id != self.id.0 {
            return Err(OpenError::OtherKey { sealed_with: KeyId(*id), given: self.id });
        }
        let payload = Payload { msg: text, aad: &place.bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| OpenError::Tampered)?;
        Ok(SecretBox::new(opened.into_boxed_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "erps", column: "sealed", row: "odoo" };

    #[test]
    fn what_was_sealed_opens_at_its_place_only() {
        let key = MasterKey::generate().expect("a key");
        let sealed = key.seal(PLACE, b"hunter2").expect("sealed");
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(key.open(PLACE, &sealed).expect("opened").expose_secret(), b"hunter2");
        assert_ne!(sealed, key.seal(PLACE, b"hunter2").expect("sealed"), "each has a nonce of its own");
        for place in [Place { row: "sap", ..PLACE }, Place { column: "x", ..PLACE }, Place { table: "x", ..PLACE }] {
            assert_eq!(key.open(place, &sealed).err(), Some(OpenError::Tampered), "{place:?}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(PLACE, &changed).is_err(), "byte {at}");
            assert!(key.open(PLACE, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_key_is_named_and_no_key_is_shown() {
        let (one, other) = (MasterKey::generate().expect("a key"), MasterKey::generate().expect("a key"));
        let sealed = one.seal(PLACE, b"x").expect("sealed");
        let error = other.open(PLACE, &sealed).expect_err("refused");
        assert_eq!(error, OpenError::OtherKey { sealed_with: one.id(), given: other.id() });
        assert!(!format!("{one:?} {error}").contains(one.text().expose_secret()));
        assert_eq!(MasterKey::parse(&one.text()).expect("a key").id(), one.id());
        for wrong in ["", "x", "c2hvcnQ="] {
            let message = MasterKey::parse(&SecretString::from(wrong)).expect_err("refused");
            assert!(message.contains("keys generate"), "{message}");
        }
    }
}
