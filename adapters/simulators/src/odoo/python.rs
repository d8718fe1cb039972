//! JSON and messages as Python prints them.

use std::io;

use serde::Serialize;
use serde_json::{
    Value,
    ser::{Formatter, Serializer},
};

/// `json.dumps(value, ensure_ascii=False)`: a blank after each comma and colon.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut bytes = Vec::with_capacity(256);
    match value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => "null".to_owned(),
    }
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// An object whose keys stay in the order in which they were put there, as those of a `dict` do.
#[derive(Default)]
pub(super) struct Dict(Vec<(String, Value)>);

impl Dict {
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.push((key.to_owned(), value.into()));
    }
}

impl Serialize for Dict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// `repr(value)`.
pub(super) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => repr_str(text),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let items: Vec<_> = map.iter().map(|(key, value)| format!("{}: {}", repr_str(key), repr(value))).collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// `repr(tuple(values))`.
pub(super) fn repr_tuple(values: &[Value]) -> String {
    let items: Vec<_> = values.iter().map(repr).collect();
    if items.len() == 1 { format!("({},)", items[0]) } else { format!("({})", items.join(", ")) }
}

/// `repr(text)`.
pub(super) fn repr_str(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            character if character == quote => {
                quoted.push('\\');
                quoted.push(character);
            }
            character if character.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            character => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

/// `type(value).__name__`.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// `bool(value)`.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// `'a', 'b' and 'c'`, as a `TypeError` lists missing arguments.
pub(super) fn listing(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [all @ .., last] => format!("{}, and {last}", all.join(", ")),
    }
}

/// A `TypeError` about positional arguments that a function needs and did not get.
pub(super) fn missing_arguments(function: &str, names: &[&str]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{function}() missing {} required positional argument{plural}: {}", names.len(), listing(names))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_reprs_look_like_pythons() {
        assert_eq!(super::json(&json!({ "a": [1, 2.0, "€"], "b": null })), r#"{"a": [1, 2.0, "€"], "b": null}"#);
        assert_eq!(repr(&json!(["|", ["id", "=", true], null])), "['|', ['id', '=', True], None]");
        assert_eq!(repr_str("O'Brien"), "\"O'Brien\"");
        assert_eq!(repr_str("a'b\"c\\"), r#"'a\'b"c\\'"#);
        assert_eq!(repr_tuple(&[json!("name"), json!("foo"), json!("x")]), "('name', 'foo', 'x')");
        assert_eq!(
            missing_arguments("DataSet.call_kw", &["model", "method", "args", "kwargs"]),
            "DataSet.call_kw() missing 4 required positional arguments: 'model', 'method', 'args', and 'kwargs'"
        );
    }
}
