//! Query options, written so that a value never leaves its option.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;

/// What is escaped in the value of an option. `&`, `#`, `+`, `%`, blanks and line ends are among it.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b',')
    .remove(b':')
    .remove(b'/');

/// A resource with its query options. Its text is relative to the service's root, and safe in a URL and in a request line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    resource: String,
    options: Vec<(&'static str, String)>,
}

impl Query {
    /// A resource: an entity set, or one of its own resources such as `Orders/$count`.
    pub(crate) fn new(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), options: Vec::new() }
    }

    /// The resource.
    pub(crate) fn resource(&self) -> &str {
        &self.resource
    }

    /// Adds an option with its plain value: `$top`, `$filter`.
    #[must_use]
    pub(crate) fn option(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.options.push((name, value.into()));
        self
    }

    /// Adds an option unless its value is empty.
    #[must_use]
    pub(crate) fn option_unless_empty(self, name: &'static str, value: String) -> Self {
        if value.is_empty() { self } else { self.option(name, value) }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", utf8_percent_encode(&self.resource, ESCAPED))?;
        for (at, (name, value)) in self.options.iter().enumerate() {
            write!(f, "{}{name}={}", if at == 0 { '?' } else { '&' }, utf8_percent_encode(value, ESCAPED))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_its_option() {
        let query = Query::new("Items").option("$filter", "Name eq 'a&$top=1#+%27 ü\r\nDELETE'").option("$top", "5");
        assert_eq!(
            query.to_string(),
            "Items?$filter=Name%20eq%20'a%26$top%3D1%23%2B%2527%20%C3%BC%0D%0ADELETE'&$top=5"
        );
        let url = url::Url::parse("https://b1.example:50000/b1s/v2/")
            .expect("a URL")
            .join(&query.to_string())
            .expect("a URL");
        let read: Vec<_> = url.query_pairs().collect();
        assert_eq!(read[0].1, "Name eq 'a&$top=1#+%27 ü\r\nDELETE'");
        assert_eq!(read[1], ("$top".into(), "5".into()));
    }

    #[test]
    fn a_resource_stays_below_the_root() {
        assert_eq!(Query::new("Orders/$count").to_string(), "Orders/$count");
        assert_eq!(Query::new("Orders?x=1#y").to_string(), "Orders%3Fx%3D1%23y");
    }
}
