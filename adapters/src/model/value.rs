//! The values of unified records: exact, small, and comparable in the order that lists promise.

use super::SourceSet;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::Arc,
};

/// An ISO 4217 currency code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CurrencyCode([u8; 3]);

impl CurrencyCode {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl CurrencyCode {
    /// How many decimal places amounts have in this currency: the minor unit of ISO 4217, list one (2024); two where it names
    /// none.
    pub fn digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for CurrencyCode {
    type Err = NotACurrency;
    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        match text.as_bytes() {
            &[a, b, c] if text.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self([a, b, c])),
            _ => Err(NotACurrency),
        }
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency code")]
pub struct NotACurrency;

/// An exact amount in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// The amount.
    pub amount: Decimal,
    /// Its currency.
    pub currency: CurrencyCode,
}

impl Money {
    /// An amount with the decimal places of its currency: 710.5 is `710.50` EUR, 710.0 is `710` JPY. Where it has more of its own,
    /// as prices of a unit may, they are kept.
    pub fn new(amount: Decimal, currency: CurrencyCode) -> Self {
        let mut amount = amount.normalize();
        if amount.scale() < currency.digits() {
            amount.rescale(currency.digits());
        }
        Self { amount, currency }
    }
}

/// Points to a record of the same ERP.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteRef {
    /// The source set it is in.
    pub set: SourceSet,
    /// The ERP's own id.
    pub id: Box<str>,
}

/// The value of a field.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// Text.
    Text(Box<str>),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// An exact decimal.
    Decimal(Decimal),
    /// A calendar date.
    Date(NaiveDate),
    /// A moment.
    DateTime(DateTime<Utc>),
    /// A currency.
    Currency(CurrencyCode),
    /// An amount in a currency.
    Money(Money),
    /// A word of an [`EnumDef`](super::EnumDef).
    Enum(&'static str),
    /// A record of the same ERP.
    Ref(RemoteRef),
    /// A value object: values in the order of its definition.
    Object(Box<[Value]>),
    /// A list.
    List(Box<[Value]>),
    /// JSON as the ERP sent it.
    Json(Arc<RawValue>),
}

impl Value {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            Self::Enum(e) => Some(e),
            Self::Currency(c) => Some(c.as_str()),
            _ => None,
        }
    }

    /// The number of a decimal or an amount.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Decimal(d) => Some(*d),
            Self::Money(m) => Some(m.amount),
            Self::Int(i) => Some(Decimal::from(*i)),
            _ => None,
        }
    }

    /// The date, where it is one.
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Date(d) => Some(*d),
            _ => None,
        }
    }

    /// About how many bytes it takes on the heap.
    pub fn heap_size(&self) -> usize {
        match self {
            Self::Text(t) => t.len(),
            Self::Ref(r) => r.id.len(),
            Self::Object(v) | Self::List(v) => v.iter().map(|v| size_of::<Value>() + v.heap_size()).sum(),
            Self::Json(j) => j.get().len(),
            _ => 0,
        }
    }

    /// Compares two values of one field, smallest first. An amount counts by its number; nulls are equal to nulls
    /// and after everything else; values that cannot be compared are equal.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Ref(a), Self::Ref(b)) => a.id.cmp(&b.id),
            (a, b) => match (a.as_decimal(), b.as_decimal()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => match (a.as_text(), b.as_text()) {
                    (Some(a), Some(b)) => compare_text(a, b),
                    _ => Ordering::Equal,
                },
            },
        }
    }
}

/// Text order of the gateway: without regard to case first, then by code point. ERPs sort by their own collations.
fn compare_text(a: &str, b: &str) -> Ordering {
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase)).then_with(|| a.cmp(b))
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::Currency(a), Self::Currency(b)) => a == b,
            (Self::Money(a), Self::Money(b)) => a == b,
            (Self::Enum(a), Self::Enum(b)) => a == b,
            (Self::Ref(a), Self::Ref(b)) => a == b,
            (Self::Object(a), Self::Object(b)) | (Self::List(a), Self::List(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a.get() == b.get(),
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Text(t) => t.hash(state),
            Self::Int(i) => i.hash(state),
            Self::Bool(b) => b.hash(state),
            Self::Decimal(d) => d.hash(state),
            Self::Date(d) => d.hash(state),
            Self::DateTime(d) => d.hash(state),
            Self::Currency(c) => c.hash(state),
            Self::Money(m) => m.hash(state),
            Self::Enum(e) => e.hash(state),
            Self::Ref(r) => r.hash(state),
            Self::Object(v) | Self::List(v) => v.hash(state),
            Self::Json(j) => j.get().hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimal_places_of_their_currency() {
        for (amount, currency, expected) in [
            ("710.5", "EUR", "710.50"),
            ("710.0", "JPY", "710"),
            ("-3", "USD", "-3.00"),
            ("0.0", "EUR", "0.00"),
            ("1.5", "KWD", "1.500"),
            ("12.345", "EUR", "12.345"),
            ("12.3400", "EUR", "12.34"),
            ("0.5", "JPY", "0.5"),
            ("-0.0", "EUR", "0.00"),
        ] {
            let amount = amount.parse().expect("a number");
            let money = Money::new(amount, currency.parse().expect("a code"));
            assert_eq!((money.amount, money.amount.to_string().as_str()), (amount, expected), "{currency}");
        }
    }
}
