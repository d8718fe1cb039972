//! Parses and evaluates `$filter` as the guide describes it: no `in`, no arithmetic, no comparison of two properties.

use super::server::nulls_first;
use serde_json::{Map, Value};
use std::cmp::Ordering;

pub(super) type Row = Map<String, Value>;

#[derive(Debug)]
pub(super) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Compare(String, String, Literal),
    Search(String, String, String),
}

#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Text(String),
    Number(f64),
}

struct Parser<'a> {
    rest: &'a str,
    version: u8,
}

type Parsed<T> = Result<T, String>;

pub(super) fn parse(text: &str, version: u8) -> Parsed<Filter> {
    let mut parser = Parser { rest: text, version };
    let filter = parser.or()?;
    if parser.rest.trim().is_empty() { Ok(filter) } else { Err(format!("rest: {}", parser.rest)) }
}

impl<'a> Parser<'a> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Parsed<()> {
        if self.eat(token) { Ok(()) } else { Err(format!("{token:?} before {:?}", self.rest)) }
    }

    fn or(&mut self) -> Parsed<Filter> {
        let mut parts = vec![self.and()?];
        while self.eat(" or ") {
            parts.push(self.and()?);
        }
        Ok(Filter::Or(parts))
    }

    fn and(&mut self) -> Parsed<Filter> {
        let mut parts = vec![self.one()?];
        while self.eat(" and ") {
            parts.push(self.one()?);
        }
        Ok(Filter::And(parts))
    }

    fn one(&mut self) -> Parsed<Filter> {
        if self.eat("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = self.name()?;
        if self.eat("(") {
            let search = match (name, self.version) {
                ("substringof", 1) => {
                    let text = self.text()?;
                    self.expect(",")?;
                    (self.name()?.to_owned(), text)
                }
                ("contains", 2) | ("startswith", _) => {
                    let name = self.name()?.to_owned();
                    self.expect(",")?;
                    (name, self.text()?)
                }
                _ => return Err(format!("function {name}")),
            };
            self.expect(")")?;
            return Ok(Filter::Search(name.to_owned(), search.0, search.1));
        }
        self.expect(" ")?;
        let operator = self.name()?;
        if !["eq", "ne", "gt", "ge", "lt", "le"].contains(&operator) {
            return Err(format!("operator {operator}"));
        }
        self.expect(" ")?;
        let literal = if self.eat("null") {
            Literal::Null
        } else if self.rest.starts_with('\'') {
            Literal::Text(self.text()?)
        } else {
            let end = self.rest.find([' ', ')']).unwrap_or(self.rest.len());
            let (number, rest) = self.rest.split_at(end);
            self.rest = rest;
            Literal::Number(number.parse().map_err(|_| format!("literal {number}"))?)
        };
        Ok(Filter::Compare(name.to_owned(), operator.to_owned(), literal))
    }

    fn name(&mut self) -> Parsed<&'a str> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() { Err(format!("a name before {rest:?}")) } else { Ok(name) }
    }

    fn text(&mut self) -> Parsed<String> {
        self.expect("'")?;
        let mut text = String::new();
        loop {
            let end = self.rest.find('\'').ok_or("an open quote")?;
            text += &self.rest[..end];
            self.rest = &self.rest[end + 1..];
            if !self.eat("'") {
                return Ok(text);
            }
            text.push('\'');
        }
    }
}

impl Filter {
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::names).collect(),
            Self::Compare(name, ..) | Self::Search(_, name, _) => vec![name],
        }
    }

    pub(super) fn holds(&self, row: &Row, folded: bool) -> Parsed<bool> {
        let fold = |text: &str| if folded { text.to_uppercase() } else { text.to_owned() };
        Ok(match self {
            Self::And(parts) => {
                for part in parts {
                    if !part.holds(row, folded)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(parts) => {
                for part in parts {
                    if part.holds(row, folded)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Search(function, name, part) => row[name].as_str().is_some_and(|text| {
                if function == "startswith" {
                    fold(text).starts_with(&fold(part))
                } else {
                    fold(text).contains(&fold(part))
                }
            }),
            Self::Compare(name, operator, literal) => {
                let order = match (&row[name], literal) {
                    (value, Literal::Null) => return Ok(value.is_null() == (operator == "eq")),
                    (Value::Null, _) => return Ok(false),
                    (Value::String(value), Literal::Text(text)) if name.ends_with("Date") => {
                        value[..10].cmp(&text[..10])
                    }
                    (Value::String(value), Literal::Text(text)) => fold(value).cmp(&fold(text)),
                    (Value::Number(value), Literal::Number(number)) => {
                        value.as_f64().and_then(|v| v.partial_cmp(number)).ok_or("a number")?
                    }
                    (value, literal) => return Err(format!("{name}: {value} and {literal:?} are of different types")),
                };
                match operator.as_str() {
                    "eq" => order.is_eq(),
                    "ne" => order.is_ne(),
                    "gt" => order.is_gt(),
                    "ge" => order.is_ge(),
                    "lt" => order.is_lt(),
                    _ => order.is_le(),
                }
            }
        })
    }
}

pub(super) fn order(a: &Value, b: &Value, folded: bool) -> Ordering {
    nulls_first(a, b).unwrap_or_else(|| match (a, b) {
        (Value::String(a), Value::String(b)) if folded => a.to_uppercase().cmp(&b.to_uppercase()),
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        (a, b) => a.as_str().cmp(&b.as_str()),
    })
}
