//! The global ids of the API. Clients treat them as opaque: they are stored and sent back, never taken apart.
//!
//! The id of a record is base64url without padding of a version byte and `ENTITY NUL erp NUL set NUL remote id`. The
//! version byte makes it begin with a capital letter. The ids of what the gateway itself keeps look alike, with another
//! version byte and `KIND NUL name`. The id of an ERP is its [`ErpId`] as it stands, which has no capital letters: no two
//! kinds can be confused.

use adapters::model::{EntityType, ErpId, RecordKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

const VERSION: u8 = 1;
/// What begins the ids of what the gateway itself keeps.
const OWN: u8 = 2;
const API_KEY: &str = "API_KEY";
const AUDIT_ENTRY: &str = "AUDIT_ENTRY";
const SEPARATOR: char = '\0';

/// Ids are shorter; what is longer is refused before it is looked at.
const MAX_LENGTH: usize = 2048;

/// What an id names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GlobalId {
    /// A record of an ERP.
    Record(RecordKey),
    /// An ERP.
    Erp(ErpId),
    /// An API key, by its own id.
    ApiKey(String),
    /// An entry of the audit log, by its number.
    AuditEntry(i64),
}

impl GlobalId {
    /// What an id names, if it can be an id at all.
    pub fn decode(id: &str) -> Option<Self> {
        decode(id).map(Self::Record).or_else(|| erp(id).map(Self::Erp)).or_else(|| own(id))
    }

    /// The id of it.
    pub fn encode(&self) -> String {
        match self {
            Self::Record(key) => encode(key),
            Self::Erp(id) => id.to_string(),
            Self::ApiKey(id) => encode_own(API_KEY, id),
            Self::AuditEntry(number) => encode_own(AUDIT_ENTRY, &number.to_string()),
        }
    }
}

fn encode_own(kind: &str, name: &str) -> String {
    URL_SAFE_NO_PAD.encode([&[OWN], kind.as_bytes(), &[SEPARATOR as u8], name.as_bytes()].concat())
}

/// What an id names of what the gateway itself keeps; none unless it is exactly what [`GlobalId::encode`] makes.
fn own(id: &str) -> Option<GlobalId> {
    if id.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (&OWN, text) = bytes.split_first()? else { return None };
    let found = match std::str::from_utf8(text).ok()?.split_once(SEPARATOR)? {
        (API_KEY, name) if !name.is_empty() && !name.contains(char::is_control) => GlobalId::ApiKey(name.into()),
        (AUDIT_ENTRY, number) => GlobalId::AuditEntry(number.parse().ok()?),
        _ => return None,
    };
    (found.encode() == id).then_some(found)
}

/// The id of a record.
pub fn encode(key: &RecordKey) -> String {
    let (entity, erp, set) = (key.entity.word(), key.erp.as_str(), key.set.as_str());
    let mut bytes = Vec::with_capacity(4 + entity.len() + erp.len() + set.len() + key.id.len());
    bytes.push(VERSION);
    for part in [entity, erp, set] {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(SEPARATOR as u8);
    }
    bytes.extend_from_slice(key.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The record that an id names; none unless it is exactly what [`encode`] makes.
pub fn decode(id: &str) -> Option<RecordKey> {
    if id.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (&VERSION, text) = bytes.split_first()? else { return None };
    let mut parts = std::str::from_utf8(text).ok()?.splitn(4, SEPARATOR);
    let word = parts.next()?;
    let entity = EntityType::ALL.iter().copied().find(|entity| entity.word() == word)?;
    let (erp, set, remote) = (parts.next()?, parts.next()?, parts.next()?);
    // No ERP has such ids, and what a client makes up shall not reach one.
    if [erp, set, remote].iter().any(|part| part.is_empty() || part.contains(char::is_control)) {
        return None;
    }
    let key = RecordKey { entity, erp: erp.into(), set: set.into(), id: remote.into() };
    (encode(&key) == id).then_some(key)
}

/// The ERP that an id names, if it can be the id of one.
pub fn erp(id: &str) -> Option<ErpId> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (!id.is_empty() && id.len() <= MAX_LENGTH && id.bytes().all(fits)).then(|| id.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(erp: &str, set: &str, id: &str) -> RecordKey {
        RecordKey { entity: EntityType::Invoice, erp: erp.into(), set: set.into(), id: id.into() }
    }

    /// A small generator: the same numbers in every run.
    fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        }
    }

    #[test]
    fn ids_come_back_as_they_went() {
        for entity in EntityType::ALL {
            let key = RecordKey { entity: *entity, ..key("odoo-1", "account.move", "12") };
            assert_eq!(GlobalId::decode(&encode(&key)), Some(GlobalId::Record(key)));
        }
        for id in ["1", "DocEntry=1,LineNum=2", "ü", "a b", "🧾", &"9".repeat(500)] {
            let key = key("b1", "CreditNotes", id);
            assert_eq!(decode(&encode(&key)), Some(key), "{id}");
        }
    }

    #[test]
    fn ids_of_records_and_erps_differ() {
        assert!(encode(&key("a", "s", "1")).starts_with(|c: char| c.is_ascii_uppercase()));
        assert_eq!(GlobalId::decode("odoo-1"), Some(GlobalId::Erp("odoo-1".into())));
        assert_eq!(GlobalId::decode("Odoo 1"), None);
        assert_eq!(GlobalId::decode(""), None);
    }

    #[test]
    fn whatever_is_not_an_id_is_refused() {
        let good = encode(&key("odoo-1", "account.move", "12"));
        for bad in
            [format!("{good}="), format!("{good}A"), good.to_lowercase(), format!(" {good}"), "A".repeat(100_000)]
        {
            assert_eq!(decode(&bad), None, "{bad:.40}");
        }
        for text in [
            "\u{1}NOTHING\0a\0s\0x",
            "\u{1}INVOICE\0a\0s",
            "\u{1}INVOICE\0\0s\0x",
            "\u{2}INVOICE\0a\0s\0x",
            "\u{1}INVOICE\0a\0s\0x\n",
            "",
        ] {
            assert_eq!(decode(&URL_SAFE_NO_PAD.encode(text)), None, "{text:?}");
        }
    }

    #[test]
    fn random_text_never_panics_and_decodes_only_to_itself() {
        let mut next = numbers(7);
        let good = encode(&key("odoo-1", "account.move", "12"));
        for round in 0..20_000 {
            let mut bytes = if round % 2 == 0 { good.clone().into_bytes() } else { vec![0; next(60)] };
            for _ in 0..1 + next(6) {
                if !bytes.is_empty() {
                    let at = next(bytes.len());
                    bytes[at] = next(256) as u8;
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            if let Some(key) = decode(&text) {
                assert_eq!(encode(&key), text);
            }
        }
    }
}
