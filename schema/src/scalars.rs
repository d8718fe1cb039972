//! The scalars of the API beyond GraphQL's own. Money never touches a binary float.

use adapters::model::CurrencyCode;
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, NaiveDate, SecondsFormat, Utc};

/// A scalar that is read from input with a message of its own.
pub(crate) trait FromInput: Sized {
    /// Reads the value, or says what it should have been.
    fn from_input(value: &Value) -> Result<Self, &'static str>;
}

fn parse<T: FromInput + async_graphql::InputType>(value: &Value) -> InputValueResult<T> {
    T::from_input(value).map_err(InputValueError::custom)
}

/// What is wrong with a value of the scalar of this name, if it is one of those here.
pub(crate) fn problem(name: &str, value: &Value) -> Option<&'static str> {
    match name {
        "Decimal" => Decimal::from_input(value).err(),
        "Date" => Date::from_input(value).err(),
        "DateTime" => DateTime::from_input(value).err(),
        "CurrencyCode" => Currency::from_input(value).err(),
        "Url" => Url::from_input(value).err(),
        _ => None,
    }
}

/// The scalar `Decimal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

impl FromInput for Decimal {
    fn from_input(value: &Value) -> Result<Self, &'static str> {
        const PROBLEM: &str = "not a decimal: write it as a string of digits like \"12.50\", or as an integer";
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if !number.is_f64() => number.to_string(),
            _ => return Err(PROBLEM),
        };
        // The parser of the crate accepts more: a leading point, underscores, a plus sign.
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(&text);
        let plain = match unsigned.split_once('.') {
            Some((whole, fraction)) => digits(whole) && digits(fraction),
            None => digits(unsigned),
        };
        if !plain {
            return Err(PROBLEM);
        }
        rust_decimal::Decimal::from_str_exact(&text).map(Self).map_err(|_| "too many digits for a decimal: at most 28")
    }
}

/// An exact decimal as a string with its scale kept: `"12.50"`. As input also an integer; never a floating-point number.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The scalar `Date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

impl FromInput for Date {
    fn from_input(value: &Value) -> Result<Self, &'static str> {
        match value {
            // The length and the digits keep out what the parser forgives: 2026-1-2, and a year with a sign or a blank.
            Value::String(text) if text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.year() >= 0);
                day.map(Self).ok_or("not a date: there is no such day")
            }
            _ => Err("not a date: write it like \"2026-01-31\""),
        }
    }
}

/// A calendar date as ISO 8601 writes it: `"2026-01-31"`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The scalar `DateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub chrono::DateTime<Utc>);

impl FromInput for DateTime {
    fn from_input(value: &Value) -> Result<Self, &'static str> {
        const PROBLEM: &str = "not a moment: write it with its zone, like \"2026-01-31T09:30:00Z\"";
        match value {
            Value::String(text) => {
                let moment = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| PROBLEM)?.to_utc();
                // In UTC it may lie in a year that RFC 3339 cannot write.
                if (0..=9999).contains(&moment.year()) { Ok(Self(moment)) } else { Err(PROBLEM) }
            }
            _ => Err(PROBLEM),
        }
    }
}

/// A moment as RFC 3339 writes it, in UTC: `"2026-01-31T09:30:00Z"`. As input any zone will do, but there must be one.
#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// The scalar `CurrencyCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency(pub CurrencyCode);

impl FromInput for Currency {
    fn from_input(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) => text.parse().ok().map(Self),
            _ => None,
        }
        .ok_or("not a currency: write its ISO 4217 code, like \"EUR\"")
    }
}

/// A currency by its ISO 4217 code: `"EUR"`.
#[Scalar(name = "CurrencyCode")]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.as_str().into())
    }
}

/// The scalar `JSON`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub Value);

impl Json {
    /// From text; null if it is not JSON.
    pub(crate) fn from_text(text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Any JSON value.
#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }
    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

/// The scalar `Url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

impl FromInput for Url {
    fn from_input(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) if url::Url::parse(text).is_ok() => Ok(Self(text.clone())),
            _ => Err("not an absolute URL: write it like \"https://example.com/\""),
        }
    }
}

/// An absolute URL.
#[Scalar(name = "Url")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{InputType, Number};

    fn decimal(value: Value) -> Option<String> {
        <Decimal as InputType>::parse(Some(value)).ok().map(|d| d.0.to_string())
    }

    #[test]
    fn decimals_are_exact_and_keep_their_scale() {
        for text in ["12.50", "0.10", "-3", "9007199254740993", "0", "1234567890123456789.123456789"] {
            assert_eq!(decimal(text.into()).as_deref(), Some(text));
        }
        assert_eq!(decimal(Value::Number(9_007_199_254_740_993_u64.into())).as_deref(), Some("9007199254740993"));
        assert_eq!(ScalarType::to_value(&Decimal("12.50".parse().expect("a decimal"))), Value::from("12.50"));
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in
            ["", "-", "+1", ".5", "1.", "1_000", "1e3", "1,5", "12.5.1", " 1", "NaN", "0.12345678901234567890123456789"]
        {
            assert_eq!(decimal(text.into()), None, "{text}");
        }
        assert_eq!(decimal(Value::Number(Number::from_f64(1.5).expect("finite"))), None);
        assert_eq!(decimal(Value::Null), None);
        assert_eq!(decimal(true.into()), None);
    }

    #[test]
    fn dates_are_strict() {
        assert!(Date::from_input(&"2026-02-28".into()).is_ok());
        for text in [
            "2026-02-29",
            "2026-2-28",
            "20260228",
            "2026-02-28T00:00:00Z",
            "",
            " 026-02-28",
            "+999-02-28",
            "-026-02-28",
            "+99999-1-1",
        ] {
            assert!(Date::from_input(&text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_need_a_zone_and_come_out_as_utc() {
        let moment = DateTime::from_input(&"2026-01-31T10:30:00.250+01:00".into()).expect("a moment");
        assert_eq!(ScalarType::to_value(&moment), Value::from("2026-01-31T09:30:00.250Z"));
        for text in ["2026-01-31T10:30:00", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59"] {
            assert!(DateTime::from_input(&text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn urls_and_currencies_are_checked() {
        assert!(Url::from_input(&"https://example.com/a?b".into()).is_ok());
        assert!(Url::from_input(&"example.com".into()).is_err());
        assert!(Currency::from_input(&"EUR".into()).is_ok());
        assert!(Currency::from_input(&"eur".into()).is_err());
    }
}
