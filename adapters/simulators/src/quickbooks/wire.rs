//! A tree of names and values that is written as Intuit's JSON or as Intuit's XML.

use std::fmt::Write;

use crate::decimal::{Cents, Dec};

/// A value of an answer.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Members in the order in which they are written.
    Object(Object),
    /// A list.
    Array(Vec<Node>),
    /// A text, an id, a date.
    Text(String),
    /// An amount: two decimals, except a bare 0, as the live service writes it (`"Amount":150.00,"Balance":0`).
    Money(Cents),
    /// A quantity, price or rate: no trailing zeros.
    Number(Dec),
    /// Yes or no.
    Bool(bool),
    /// JSON's null, which only the gateway in front of the service writes.
    Null,
}

/// The members of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(&'static str, Node)>);

impl Object {
    /// Adds a member.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Node>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a member that has a value: the service leaves the others out.
    pub(super) fn maybe(self, name: &'static str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds the members of another object.
    pub(super) fn extend(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The object as JSON.
    pub(super) fn to_json(&self) -> String {
        let mut json = String::with_capacity(1024);
        json_object(&mut json, self);
        json
    }

    /// The object as Intuit's XML: a lower-case name is an attribute, `value` the text of its element, all else elements.
    pub(super) fn to_xml(&self) -> String {
        let mut xml = String::from(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#);
        xml.push_str("<IntuitResponse xmlns=\"http://schema.intuit.com/finance/v3\"");
        xml_content(&mut xml, "IntuitResponse", self);
        xml
    }
}

macro_rules! node_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Node {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

node_from!(Object => Object, Vec<Node> => Array, String => Text, &str => Text, Dec => Number, bool => Bool);

impl From<usize> for Node {
    fn from(count: usize) -> Self {
        Self::Number(Dec::new(i64::try_from(count).unwrap_or(i64::MAX), 0))
    }
}

fn json(out: &mut String, node: &Node) {
    match node {
        Node::Object(object) => json_object(out, object),
        Node::Array(nodes) => {
            out.push('[');
            for (at, node) in nodes.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json(out, node);
            }
            out.push(']');
        }
        Node::Text(text) => out.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        Node::Null => out.push_str("null"),
        scalar => push_scalar(out, scalar),
    }
}

fn json_object(out: &mut String, object: &Object) {
    out.push('{');
    for (at, (name, node)) in object.0.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let _ = write!(out, "\"{name}\":");
        json(out, node);
    }
    out.push('}');
}

fn xml(out: &mut String, name: &str, node: &Node) {
    match node {
        Node::Object(object) => {
            let _ = write!(out, "<{name}");
            xml_content(out, name, object);
        }
        Node::Array(nodes) => nodes.iter().for_each(|node| xml(out, name, node)),
        Node::Null => {}
        scalar => {
            let _ = write!(out, "<{name}>");
            xml_text(out, scalar);
            let _ = write!(out, "</{name}>");
        }
    }
}

/// Attributes and content, from behind the name of the opening tag on.
fn xml_content(out: &mut String, name: &str, object: &Object) {
    let is_attribute = |name: &str| name != "value" && name.starts_with(|first: char| first.is_ascii_lowercase());
    for (attribute, node) in object.0.iter().filter(|(name, _)| is_attribute(name)) {
        let _ = write!(out, " {attribute}=\"");
        xml_text(out, node);
        out.push('"');
    }
    out.push('>');
    for (child, node) in object.0.iter().filter(|(name, _)| !is_attribute(name)) {
        if *child == "value" { xml_text(out, node) } else { xml(out, child, node) }
    }
    let _ = write!(out, "</{name}>");
}

fn xml_text(out: &mut String, node: &Node) {
    let Node::Text(text) = node else { return push_scalar(out, node) };
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

fn push_scalar(out: &mut String, node: &Node) {
    match node {
        Node::Money(0) => out.push('0'),
        Node::Money(cents) => {
            let _ = write!(out, "{}", Dec::cents(*cents));
        }
        Node::Number(number) => {
            let digits = number.to_string();
            out.push_str(if number.scale == 0 { &digits } else { digits.trim_end_matches('0').trim_end_matches('.') });
        }
        Node::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Node::Object(_) | Node::Array(_) | Node::Text(_) | Node::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Object {
        let line = Object::default().with("Amount", Node::Money(15_000)).with("Qty", Dec::new(1500, 3));
        let invoice = Object::default()
            .with("domain", "QBO")
            .with("Id", "7")
            .with("Line", vec![line.clone().into(), line.into()])
            .with("CustomerRef", Object::default().with("value", "1").with("name", "O'Brien & \"Co\""))
            .maybe("DocNumber", None::<String>)
            .with("Balance", Node::Money(0))
            .with("UnitPrice", Dec::new(1000, 2));
        Object::default().with("Invoice", invoice).with("time", "2026-01-01T00:00:00.000-08:00")
    }

    #[test]
    fn json_keeps_the_order_and_both_decimals_of_an_amount() {
        assert_eq!(
            sample().to_json(),
            r#"{"Invoice":{"domain":"QBO","Id":"7","Line":[{"Amount":150.00,"Qty":1.5},{"Amount":150.00,"Qty":1.5}],"CustomerRef":{"value":"1","name":"O'Brien & \"Co\""},"Balance":0,"UnitPrice":10},"time":"2026-01-01T00:00:00.000-08:00"}"#
        );
    }

    #[test]
    fn xml_has_attributes_repeated_elements_and_references() {
        assert_eq!(
            sample().to_xml(),
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2026-01-01T00:00:00.000-08:00"><Invoice domain="QBO"><Id>7</Id><Line><Amount>150.00</Amount><Qty>1.5</Qty></Line><Line><Amount>150.00</Amount><Qty>1.5</Qty></Line><CustomerRef name="O'Brien &amp; &quot;Co&quot;">1</CustomerRef><Balance>0</Balance><UnitPrice>10</UnitPrice></Invoice></IntuitResponse>"#
        );
    }
}
