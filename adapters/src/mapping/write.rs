//! Writes records: unified values into the body that an ERP takes, by the same mapping that reads them.

use super::{FieldMapping, From, Path, SetMapping, Style, Take};
use crate::{
    error::{Error, ErrorKind, Result},
    model::{FieldDef, FieldId, Kind, Value},
};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A body under construction: numbers are kept as text, so that money never becomes a binary float.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
enum Node {
    Leaf(Box<RawValue>),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

/// The body that sets these fields of a record. What the set has no place for is refused, never dropped.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where a field has no place in the ERP or follows from others there; the message names it.
pub fn body(set: &SetMapping, values: &[(FieldId, Value)]) -> Result<Box<RawValue>> {
    if set.each.is_some() {
        return Err(Error::unsupported(format!("This ERP writes no {} by themselves.", set.entity.def().plural)));
    }
    let mut root = BTreeMap::new();
    for (field, value) in values {
        let def = set.entity.def().field(*field);
        put(&mut root, def, set.field(*field), value, set.style)?;
    }
    serde_json::value::to_raw_value(&Node::Object(root)).map_err(|e| Error::new(ErrorKind::Invalid, e.to_string()))
}

fn put(
    into: &mut BTreeMap<String, Node>,
    def: &FieldDef,
    mapping: Option<&FieldMapping>,
    value: &Value,
    style: Style,
) -> Result<()> {
    let refused = |why: &str| Error::unsupported(format!("{}: this ERP {why}", def.name));
    let mapping = mapping.ok_or_else(|| refused("has no such field"))?;
    match (&mapping.from, value) {
        (From::Paths(paths), value) => {
            let path = paths.first().ok_or_else(|| refused("has no such field"))?;
            set_at(into, path, leaf(def.kind, value, style).ok_or_else(|| refused("cannot take this value"))?);
        }
        (From::Ref { paths, number, .. }, Value::Ref(to)) => {
            let path = paths.first().ok_or_else(|| refused("has no such field"))?;
            let id = if *number { raw(to.id.to_string()) } else { text(&to.id) };
            set_at(into, path, id.ok_or_else(|| refused("cannot take this id"))?);
        }
        (From::Ref { paths, .. }, Value::Null) => {
            let path = paths.first().ok_or_else(|| refused("has no such field"))?;
            set_at(into, path, null(style));
        }
        (From::Cases(cases), value) => {
            let mut predicates = cases.iter().filter(|c| c.0 == *value).map(|c| c.1.as_slice());
            match (predicates.next(), predicates.next()) {
                (Some([one]), None) if one.op == super::SourceOp::Eq => {
                    let word = match &one.with {
                        super::With::Literals(words) => words.first().and_then(literal),
                        super::With::Path(_) | super::With::Known(_) => None,
                    };
                    set_at(into, &one.path, word.ok_or_else(|| refused("derives it from other fields"))?);
                }
                _ => return Err(refused("derives it from other fields")),
            }
        }
        (From::Const(constant), value) if constant == value => {}
        (From::Object(fields), Value::Object(values)) => {
            let Kind::Object(of) = def.kind else { return Err(refused("cannot take this value")) };
            put_all(into, of.fields, fields, values, style)?;
        }
        (From::Elements { path, take: Take::Object(fields), .. }, Value::List(elements)) => {
            let Kind::List(of) = def.kind else { return Err(refused("cannot take this value")) };
            let list = elements.iter().map(|element| {
                let Value::Object(values) = element else { return Err(refused("cannot take this value")) };
                let mut object = BTreeMap::new();
                put_all(&mut object, of.fields, fields, values, style)?;
                Ok(Node::Object(object))
            });
            let list = Node::List(list.collect::<Result<_>>()?);
            match path {
                Some(path) => set_at(into, path, list),
                None => {
                    into.insert(def.name.to_owned(), list);
                }
            }
        }
        _ => return Err(refused("derives it from other fields")),
    }
    Ok(())
}

/// The fields of a value object that have a value and a place; numbering and totals are the ERP's own business.
fn put_all(
    into: &mut BTreeMap<String, Node>,
    defs: &[FieldDef],
    fields: &[Option<FieldMapping>],
    values: &[Value],
    style: Style,
) -> Result<()> {
    for ((def, mapping), value) in defs.iter().zip(fields).zip(values) {
        let derived = matches!(mapping.as_ref().map(|m| &m.from), Some(From::Index | From::Sum(_) | From::Times(..)));
        if !value.is_null() && !derived {
            put(into, def, mapping.as_ref(), value, style)?;
        }
    }
    Ok(())
}

fn set_at(into: &mut BTreeMap<String, Node>, path: &Path, value: Node) {
    let mut segments: Vec<_> = path.segments().collect();
    let last = segments.pop().unwrap_or_default();
    let mut object = into;
    for segment in segments {
        let node = object.entry(segment.to_owned()).or_insert_with(|| Node::Object(BTreeMap::new()));
        if !matches!(node, Node::Object(_)) {
            *node = Node::Object(BTreeMap::new());
        }
        let Node::Object(inner) = node else { return };
        object = inner;
    }
    object.insert(last.to_owned(), value);
}

fn raw(text: String) -> Option<Node> {
    RawValue::from_string(text).ok().map(Node::Leaf)
}

fn text(text: &str) -> Option<Node> {
    serde_json::value::to_raw_value(text).ok().map(Node::Leaf)
}

fn null(style: Style) -> Node {
    Node::Leaf(
        if style.false_is_null {
            serde_json::value::to_raw_value(&false)
        } else {
            serde_json::value::to_raw_value(&())
        }
        .unwrap_or_default(),
    )
}

fn literal(literal: &super::Literal) -> Option<Node> {
    match literal {
        super::Literal::Text(t) => text(t),
        super::Literal::Number(n) => raw(n.to_string()),
        super::Literal::Bool(b) => raw(b.to_string()),
        super::Literal::Date(d) => text(&d.to_string()),
        super::Literal::DateTime(d) => text(&d.to_rfc3339()),
    }
}

fn leaf(kind: Kind, value: &Value, style: Style) -> Option<Node> {
    match value {
        Value::Null => Some(null(style)),
        Value::Int(i) => raw(i.to_string()),
        Value::Bool(b) => raw(b.to_string()),
        Value::Date(d) => text(&d.to_string()),
        Value::DateTime(d) if style.space_datetime => text(&d.format("%Y-%m-%d %H:%M:%S").to_string()),
        Value::DateTime(d) => text(&d.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        Value::Json(json) => raw(json.get().to_owned()),
        Value::Decimal(_) | Value::Money(_) => raw(value.as_decimal()?.to_string()),
        other if !matches!(kind, Kind::List(_) | Kind::Object(_)) => text(other.as_text()?),
        _ => None,
    }
}
