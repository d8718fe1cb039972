//! Cursors: for each ERP and source set the place where the list goes on, sealed against tampering.
//!
//! A cursor is bound to its query: opened for another one it is refused. Equal places of equal queries make equal cursors.

use adapters::{
    adapter::{Order, Position},
    model::{EntityType, ErpId, FieldDef, Kind, SourceSet, Value},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use schema::{
    error::{Error, Result},
    ports::ListRequest,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where one source set of one ERP goes on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) erp: ErpId,
    pub(super) set: SourceSet,
    pub(super) at: At,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum At {
    /// Nothing of it was shown yet.
    Start,
    /// After this position.
    After(Position),
    /// All of it was shown.
    End,
}

/// The key that cursors are sealed with.
pub(crate) struct Seal {
    key: [u8; 32],
}

/// No longer cursor is ours: room for a hundred source sets with long names as sort values.
const MAX_LENGTH: usize = 64 * 1024;

impl Seal {
    /// Sealed with a key of one's own, so that cursors live as long as the key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.key.into())
    }

    /// A cursor for places of a query.
    pub(super) fn close(&self, query: &str, places: &[Place]) -> String {
        let wire: Vec<WirePlace<'_>> = places.iter().map(WirePlace::from).collect();
        let text = serde_json::to_vec(&wire).unwrap_or_default();
        // The nonce is a function of key, query and content: it repeats only where the whole cursor does.
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update((query.len() as u64).to_be_bytes());
        hash.update(query);
        hash.update(&text);
        let digest = hash.finalize();
        let mut sealed = digest[..24].to_vec();
        let nonce = XNonce::try_from(&sealed[..]).unwrap_or_default();
        let payload = Payload { msg: &text, aad: query.as_bytes() };
        sealed.extend(self.cipher().encrypt(&nonce, payload).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The places of a cursor.
    pub(super) fn open(&self, query: &str, request: &ListRequest, cursor: &str) -> Result<Vec<Place>> {
        let refused = || {
            Error::bad_input(
                "after: not a cursor of this list. A cursor goes on the list it comes from: with the same arguments but \
                 `first`, and only at the gateway that gave it.",
            )
        };
        if cursor.len() > MAX_LENGTH {
            return Err(refused());
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (nonce, text) = sealed.split_at_checked(24).ok_or_else(refused)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| refused())?;
        let payload = Payload { msg: text, aad: query.as_bytes() };
        let text = self.cipher().decrypt(&nonce, payload).map_err(|_| refused())?;
        let wire: Vec<WirePlace<'_>> = serde_json::from_slice(&text).map_err(|_| refused())?;
        wire.into_iter().map(|place| place.into_place(request.entity, &request.order).ok_or_else(refused)).collect()
    }
}

/// What a cursor is bound to: everything that decides which records the list holds, and in which order.
pub(super) fn query_of(request: &ListRequest) -> String {
    format!("{:?}", (request.entity, &request.filter, &request.order, &request.erps, &request.of))
}

#[derive(Serialize, Deserialize)]
struct WirePlace<'a> {
    #[serde(borrow)]
    e: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    s: std::borrow::Cow<'a, str>,
    #[serde(flatten)]
    at: WireAt,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireAt {
    Start,
    End,
    Skip(u64),
    After(Vec<Option<String>>, String),
}

impl<'a> From<&'a Place> for WirePlace<'a> {
    fn from(place: &'a Place) -> Self {
        let at = match &place.at {
            At::Start => WireAt::Start,
            At::End => WireAt::End,
            At::After(Position::Offset(n)) => WireAt::Skip(*n),
            At::After(Position::After { values, id }) => {
                WireAt::After(values.iter().map(to_text).collect(), id.to_string())
            }
        };
        Self { e: place.erp.as_str().into(), s: place.set.as_str().into(), at }
    }
}

impl WirePlace<'_> {
    fn into_place(self, entity: EntityType, order: &[Order]) -> Option<Place> {
        let at = match self.at {
            WireAt::Start => At::Start,
            WireAt::End => At::End,
            WireAt::Skip(n) => At::After(Position::Offset(n)),
            WireAt::After(values, id) => {
                if values.len() != order.len() {
                    return None;
                }
                let values = order.iter().zip(values).map(|(key, text)| match text {
                    None => Some(Value::Null),
                    Some(text) => from_text(entity.def().field(key.field), &text),
                });
                At::After(Position::After { values: values.collect::<Option<_>>()?, id: id.into() })
            }
        };
        Some(Place { erp: ErpId::from(&*self.e), set: SourceSet::from(&*self.s), at })
    }
}

/// A sort value as text; its type is the field's.
fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Date(d) => Some(d.to_string()),
        Value::DateTime(d) => Some(d.to_rfc3339()),
        Value::Decimal(_) | Value::Money(_) => value.as_decimal().map(|d| d.to_string()),
        other => other.as_text().map(str::to_owned),
    }
}

fn from_text(field: &FieldDef, text: &str) -> Option<Value> {
    Some(match field.kind {
        Kind::Int => Value::Int(text.parse().ok()?),
        Kind::Bool => Value::Bool(text.parse().ok()?),
        Kind::Date => Value::Date(text.parse().ok()?),
        Kind::DateTime => Value::DateTime(text.parse().ok()?),
        Kind::Decimal | Kind::Money(_) => Value::Decimal(text.parse().ok()?),
        Kind::Currency => Value::Currency(text.parse().ok()?),
        Kind::Enum(of) => Value::Enum(of.value(text)?),
        _ => Value::Text(text.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters::{
        filter::Filter,
        model::{Direction, FieldSet},
    };
    use schema::ports::ReadOptions;

    fn request(order: &str) -> ListRequest {
        let entity = EntityType::Invoice;
        let field = entity.def().id_of(order).expect("a field");
        ListRequest {
            entity,
            first: 1,
            after: None,
            filter: Filter::ALL,
            order: vec![Order { field, direction: Direction::Asc }],
            erps: None,
            fields: FieldSet::EMPTY,
            options: ReadOptions::default(),
            of: None,
        }
    }

    fn places(value: Value) -> Vec<Place> {
        let after = Position::After { values: vec![value], id: "7' or \"1\"".into() };
        [At::Start, At::End, At::After(Position::Offset(40)), At::After(after)]
            .map(|at| Place { erp: "erp".into(), set: "a.b".into(), at })
            .to_vec()
    }

    #[test]
    fn a_cursor_gives_back_its_places() {
        let seal = Seal::new([7; 32]);
        for (field, value) in [
            ("issueDate", Value::Date("2026-01-31".parse().expect("a date"))),
            ("issueDate", Value::Null),
            ("total", Value::Decimal("12.50".parse().expect("a number"))),
            ("number", Value::Text("Ä/'\"\\".into())),
            ("remoteUpdatedAt", Value::DateTime("2026-01-31T10:00:00.123456Z".parse().expect("a moment"))),
        ] {
            let request = request(field);
            let query = query_of(&request);
            let cursor = seal.close(&query, &places(value.clone()));
            assert_eq!(seal.open(&query, &request, &cursor).expect("our own cursor"), places(value));
        }
    }

    #[test]
    fn a_cursor_of_another_query_or_key_or_a_changed_one_is_refused() {
        let seal = Seal::new([7; 32]);
        let (dates, numbers) = (request("issueDate"), request("number"));
        let cursor = seal.close(&query_of(&dates), &places(Value::Null));
        assert!(seal.open(&query_of(&numbers), &numbers, &cursor).is_err());
        assert!(Seal::new([8; 32]).open(&query_of(&dates), &dates, &cursor).is_err());
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ascii");
            assert!(seal.open(&query_of(&dates), &dates, &changed).is_err(), "byte {at}");
        }
        for garbage in ["", "x", "====", "äöü", &"A".repeat(100_000)] {
            assert!(seal.open(&query_of(&dates), &dates, garbage).is_err());
        }
    }
}
