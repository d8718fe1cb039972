//! Bodies of answers: pages of a collection and errors, as versions 3 and 4 write them.

use crate::error::{Error, Result};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A page of a collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    /// The records, each as its JSON text.
    pub(crate) rows: Vec<Bytes>,
    /// Whether the service says that there is more.
    pub(crate) more: bool,
    /// How many records there are on all pages, where that was asked.
    pub(crate) count: Option<u64>,
}

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(borrow, default, rename = "@odata.nextLink", alias = "odata.nextLink")]
    next: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "@odata.count", alias = "odata.count")]
    count: Option<&'a RawValue>,
}

impl Page {
    /// Reads a page. The rows share the body's memory.
    ///
    /// # Errors
    /// [`BadResponse`](crate::ErrorKind::BadResponse) where the body is none.
    pub(crate) fn read(body: &Bytes) -> Result<Self> {
        let page: WirePage<'_> = serde_json::from_slice(body).map_err(|e| {
            let what = if e.is_eof() { "breaks off" } else { "is no list of records" };
            Error::bad_response(format!("the ERP's answer {what}")).with_detail(e.to_string())
        })?;
        // Version 3 writes the count as text.
        let count = page.count.and_then(|count| count.get().trim_matches('"').parse().ok());
        let rows = page.value.iter().map(|row| body.slice_ref(row.get().as_bytes())).collect();
        Ok(Self { rows, more: page.next.is_some_and(|next| !next.is_empty()), count })
    }
}

/// What an error body says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Fault {
    /// The service's code: a number in version 3, text in version 4, and now and then the other way round.
    pub(crate) code: String,
    /// The service's sentence.
    pub(crate) message: String,
}

#[derive(Deserialize)]
struct WireError<'a> {
    #[serde(borrow)]
    error: WireFault<'a>,
}

#[derive(Deserialize)]
struct WireFault<'a> {
    #[serde(borrow, default)]
    code: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar<'a> {
    Number(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message<'a> {
    Plain(#[serde(borrow)] Cow<'a, str>),
    Localised {
        #[serde(borrow, default)]
        value: Option<Cow<'a, str>>,
    },
}

impl Fault {
    /// Reads an error body; none where it is something else.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let WireError { error } = serde_json::from_slice(body).ok()?;
        let code = match error.code {
            Some(Scalar::Number(number)) => number.to_string(),
            Some(Scalar::Text(text)) => text.into_owned(),
            None => String::new(),
        };
        let message = match error.message {
            Some(Message::Plain(text) | Message::Localised { value: Some(text) }) => text.into_owned(),
            Some(Message::Localised { value: None }) | None => String::new(),
        };
        Some(Self { code, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &'static str) -> Page {
        Page::read(&Bytes::from_static(text.as_bytes())).expect("a page")
    }

    #[test]
    fn pages_of_both_versions_are_read() {
        let four = page(r#"{"@odata.count":17,"value":[{"a":1},{"a":2}],"@odata.nextLink":"Orders?$skip=2"}"#);
        assert_eq!((four.rows.len(), four.more, four.count), (2, true, Some(17)));
        assert_eq!(four.rows[1], r#"{"a":2}"#);
        let three =
            page(r#"{"odata.metadata":"x","odata.count":"5","value":[],"odata.nextLink":"/b1s/v1/Orders?$skip=20"}"#);
        assert_eq!((three.rows.len(), three.more, three.count), (0, true, Some(5)));
        assert_eq!(page(r#"{"value":[{"a":1}]}"#).count, None);
        for bad in ["", "{}", r#"{"value":[{"a":1}"#, "<html>", r#"{"value":{}}"#] {
            assert!(Page::read(&Bytes::from_static(bad.as_bytes())).is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_of_both_versions_are_read() {
        let read = |text: &str| Fault::read(text.as_bytes()).map(|f| (f.code, f.message));
        let fault = |code: &str, message: &str| Some((code.to_owned(), message.to_owned()));
        assert_eq!(
            read(r#"{"error":{"code":-10,"message":{"lang":"en-us","value":"a \"b\""}}}"#),
            fault("-10", "a \"b\"")
        );
        assert_eq!(
            read(r#"{"error":{"code":"-2039","message":"x","details":[{"code":"","message":""}]}}"#),
            fault("-2039", "x")
        );
        assert_eq!(read(r#"{"error":{"code":"-304","message":{"lang":"en-us","value":"y"}}}"#), fault("-304", "y"));
        assert_eq!(read(r#"{"error":{}}"#), fault("", ""));
        assert_eq!(read("<html>502 Proxy Error</html>"), None);
        assert_eq!(read(r#"{"value":[]}"#), None);
    }
}
