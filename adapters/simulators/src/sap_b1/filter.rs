//! Reads a `$filter`: what SAP's guide lists as supported, and nothing else.

use chrono::{NaiveDate, NaiveTime};

use super::{
    condition::{Comparison, Condition, Field},
    edm::Kind,
    local_time::seconds,
    refusal::Refusal,
};
use crate::{
    decimal::Dec,
    store::{Cell, Match},
};

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 100;

/// What properties a filter may name.
pub(super) trait Scope {
    /// The property of a name.
    fn field(&self, name: &str) -> Option<Field>;

    /// The position of a source by its path; the only one has no path, or the name of its set.
    fn source(&self, path: &str) -> Option<usize>;

    /// The type named when something is taken for a property that is none.
    fn type_name(&self) -> &'static str;

    /// Whether two properties may be compared with each other: documented for `$crossjoin` only.
    fn joins(&self) -> bool;
}

/// Reads a filter.
///
/// # Errors
/// What the Service Layer says about a filter that does not parse, names an unknown property, or uses an operator or
/// a function that is not supported: `in`, `any`, `all`, arithmetic, `tolower`, `length` and so on.
pub(super) fn parse(text: &str, scope: &dyn Scope) -> Result<Condition, Refusal> {
    let tokens = tokens(text).ok_or_else(Refusal::filter)?;
    let mut parser = Parser { tokens: &tokens, scope };
    let condition = parser.any_of(0)?;
    if parser.tokens.is_empty() { Ok(condition) } else { Err(Refusal::filter()) }
}

#[derive(Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Word(String),
    Text(String),
    /// `datetime'…'`.
    DateTime(String),
    Number(Cell),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            ' ' => rest = &rest[1..],
            '(' | ')' | ',' => {
                tokens.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                });
                rest = &rest[1..];
            }
            '\'' => {
                let (quoted, after) = quoted(rest)?;
                tokens.push(Token::Text(quoted));
                rest = after;
            }
            '-' | '0'..='9' => {
                let (number, after) = word(rest, |letter| letter.is_ascii_alphanumeric() || "-.".contains(letter));
                tokens.push(Token::Number(Dec::parse(number).map(number_cell)?));
                rest = after;
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                let (word, after) = word(rest, |letter| letter.is_ascii_alphanumeric() || "_/".contains(letter));
                rest = after;
                if word == "datetime" && rest.starts_with('\'') {
                    let (quoted, after) = quoted(rest)?;
                    tokens.push(Token::DateTime(quoted));
                    rest = after;
                } else {
                    tokens.push(Token::Word(word.to_owned()));
                }
            }
            _ => return None,
        }
    }
    Some(tokens)
}

/// Whole numbers are what keys are found by, however they are written.
fn number_cell(number: Dec) -> Cell {
    let power = 10_i64.pow(u32::from(number.scale));
    if number.units % power == 0 { Cell::Int(number.units / power) } else { number.into() }
}

fn word(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !belongs(letter)).unwrap_or(text.len()))
}

/// The text of a literal whose quotes are doubled inside, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (before, after) = rest.split_once('\'')?;
        inner.push_str(before);
        match after.strip_prefix('\'') {
            Some(after) => {
                inner.push('\'');
                rest = after;
            }
            None => return Some((inner, after)),
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    scope: &'a dyn Scope,
}

impl<'a> Parser<'a> {
    fn any_of(&mut self, depth: usize) -> Result<Condition, Refusal> {
        let first = self.all_of(depth)?;
        let mut alternatives = vec![first];
        while self.accept_word("or") {
            alternatives.push(self.all_of(depth)?);
        }
        Ok(single_or(alternatives, Condition::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Condition, Refusal> {
        let first = self.one(depth)?;
        let mut all = vec![first];
        while self.accept_word("and") {
            all.push(self.one(depth)?);
        }
        Ok(single_or(all, Condition::And))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::filter());
        }
        match self.next()? {
            Token::Open => {
                let inner = self.any_of(depth + 1)?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Token::Word(word) if word == "not" => Ok(Condition::Not(Box::new(self.one(depth + 1)?))),
            Token::Word(word) if self.tokens.first() == Some(&Token::Open) => self.function(word),
            Token::Word(name) => self.comparison(name),
            _ => Err(Refusal::filter()),
        }
    }

    fn function(&mut self, name: &str) -> Result<Condition, Refusal> {
        let how = match name {
            "startswith" => Match::StartsWith,
            "endswith" => Match::EndsWith,
            "contains" | "substringof" => Match::Contains,
            // A lambda such as `DocumentLines/any(…)`, or a list such as `in (…)` in the wrong place.
            _ if name.contains('/') || comparison(name).is_some() => return Err(Refusal::filter()),
            // Recorded: "Property 'toupper' of 'Document' is invalid".
            _ => return Err(Refusal::property_of(name, self.scope.type_name())),
        };
        self.expect(&Token::Open)?;
        let first = self.next()?;
        self.expect(&Token::Comma)?;
        let second = self.next()?;
        self.expect(&Token::Close)?;
        let (field, pattern) = match (first, second) {
            (Token::Text(pattern), Token::Word(field)) if name == "substringof" => (field, pattern),
            (Token::Word(field), Token::Text(pattern)) if name != "substringof" => (field, pattern),
            _ => return Err(Refusal::filter()),
        };
        let field = self.field(field)?;
        match field.property.kind {
            Kind::Text => Ok(Condition::Text(field, how, pattern.clone())),
            _ => Err(Refusal::filter()),
        }
    }

    fn comparison(&mut self, name: &str) -> Result<Condition, Refusal> {
        let field = self.field(name)?;
        let comparison = match self.next()? {
            Token::Word(word) => comparison(word).ok_or_else(Refusal::filter)?,
            _ => return Err(Refusal::filter()),
        };
        match self.next()? {
            Token::Word(word) if word == "null" => Ok(Condition::Value(field, comparison, Cell::Null)),
            Token::Word(other) if self.scope.joins() => Ok(Condition::Fields(field, comparison, self.field(other)?)),
            literal => {
                let value = value(literal, field.property.kind).ok_or_else(Refusal::filter)?;
                Ok(Condition::Value(field, comparison, value))
            }
        }
    }

    fn field(&self, name: &str) -> Result<Field, Refusal> {
        let field = self.scope.field(name).ok_or_else(|| Refusal::property(name))?;
        if field.property.kind.is_simple() { Ok(field) } else { Err(Refusal::property(name)) }
    }

    fn next(&mut self) -> Result<&'a Token, Refusal> {
        let (first, rest) = self.tokens.split_first().ok_or_else(Refusal::filter)?;
        self.tokens = rest;
        Ok(first)
    }

    fn expect(&mut self, token: &Token) -> Result<(), Refusal> {
        if self.next()? == token { Ok(()) } else { Err(Refusal::filter()) }
    }

    fn accept_word(&mut self, word: &str) -> bool {
        match self.tokens.split_first() {
            Some((Token::Word(found), rest)) if found == word => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

fn single_or(mut conditions: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        Some(last) => {
            conditions.push(last);
            many(conditions)
        }
        None => many(conditions),
    }
}

fn comparison(word: &str) -> Option<Comparison> {
    Some(match word {
        "eq" => Comparison::Eq,
        "ne" => Comparison::Ne,
        "lt" => Comparison::Lt,
        "le" => Comparison::Le,
        "gt" => Comparison::Gt,
        "ge" => Comparison::Ge,
        _ => return None,
    })
}

/// The value of a literal for a property of this kind.
fn value(literal: &Token, kind: Kind) -> Option<Cell> {
    match (kind, literal) {
        (Kind::Int | Kind::Double, Token::Number(number)) => Some(number.clone()),
        (Kind::Text, Token::Text(text)) => Some(text.as_str().into()),
        (Kind::Date, Token::Text(text) | Token::DateTime(text)) => date(text).map(Cell::from),
        (Kind::Time, Token::Text(text) | Token::DateTime(text)) => time(text).map(|time| Cell::from(seconds(time))),
        (Kind::Enum(enumeration), Token::Text(text)) => enumeration.member(text).map(Cell::from),
        _ => None,
    }
}

/// `2014-04-23`, `20140423`, either with a time after it, which does not count.
fn date(text: &str) -> Option<NaiveDate> {
    let (day, clock) = match text.split_once('T') {
        Some((day, clock)) => (day, clock.trim_end_matches('Z')),
        None if text.len() == 14 && text.is_ascii() => text.split_at(8),
        None => (text, ""),
    };
    if !clock.is_empty() {
        clock_of_day(clock)?;
    }
    let form = if day.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
    let parsed = NaiveDate::parse_from_str(day, form).ok()?;
    // The parser of the clock library also takes `2014-4-3`.
    (parsed.format(form).to_string() == day).then_some(parsed)
}

/// `18:38:00`, `18:38`, `183800`, `1838`, each with a day before it, which does not count.
fn time(text: &str) -> Option<NaiveTime> {
    match text.split_once('T') {
        Some((day, clock)) => date(day).and_then(|_| clock_of_day(clock.trim_end_matches('Z'))),
        None => clock_of_day(text),
    }
}

fn clock_of_day(text: &str) -> Option<NaiveTime> {
    // Fractions of a second come with the literals of .NET clients.
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let forms = ["%H:%M:%S", "%H:%M", "%H%M%S", "%H%M"];
    forms.iter().find_map(|form| {
        let time = NaiveTime::parse_from_str(whole, form).ok()?;
        (time.format(form).to_string() == whole).then_some(time)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sap_b1::{catalogue::DOCUMENT, options::OneType},
        store::{Schema, Table},
    };

    const SCOPE: OneType<'static> = OneType { kind: &DOCUMENT, set: None, missing: &["TrackingNumber"] };

    fn table() -> Table {
        let mut table = Schema::new("Invoices", &DOCUMENT.columns()).key("DocEntry").index("CardCode").build();
        for entry in 1..=6 {
            let day = NaiveDate::from_ymd_opt(2026, 3, entry as u32).unwrap();
            let reference = if entry % 2 == 0 { Cell::Null } else { format!("PO-{entry} O'Brien 50%").into() };
            let status = if entry < 4 { "bost_Open" } else { "bost_Close" };
            let row = [
                ("DocNum", Cell::Int(100 + entry)),
                ("CardCode", if entry == 1 { "C1".into() } else { "c2".into() }),
                ("DocTotal", Dec::new(entry * 1050, 2).into()),
                ("DocDate", day.into()),
                ("UpdateTime", Cell::Int(17 * 3600 + 13 * 60 + entry)),
                ("NumAtCard", reference),
                ("DocumentStatus", status.into()),
                ("Cancelled", "tNO".into()),
                ("DocType", "dDocument_Items".into()),
            ];
            table.insert(entry, row).unwrap();
        }
        table
    }

    fn entries(filter: &str, ignore_case: bool) -> Vec<i64> {
        let condition = parse(filter, &SCOPE).unwrap_or_else(|refusal| panic!("{filter}: {refusal:?}"));
        let table = table();
        let filter = condition.filter(&table, ignore_case);
        let found: Vec<i64> = table.select(&filter).map(|row| row.id()).collect();
        let evaluated = table.rows().filter(|row| condition.holds(&[*row], ignore_case) == Some(true));
        assert_eq!(found, evaluated.map(|row| row.id()).collect::<Vec<_>>(), "{filter:?}");
        found
    }

    #[test]
    fn everything_documented_is_understood() {
        for (filter, expected) in [
            ("DocEntry eq 3", vec![3]),
            ("DocEntry eq 3.0", vec![3]),
            ("DocEntry eq 3 or DocEntry eq 5 or DocEntry eq 99", vec![3, 5]),
            ("DocEntry lt 3 and (DocEntry lt 2 or DocEntry gt 5)", vec![1]),
            ("DocEntry lt 2 or DocEntry gt 4 and DocEntry lt 6", vec![1, 5]),
            ("not(DocEntry eq 1) and not (DocEntry ge 3)", vec![2]),
            ("DocTotal ge 52.5", vec![5, 6]),
            ("DocTotal eq 10.5", vec![1]),
            ("CardCode eq 'C1'", vec![1]),
            ("CardCode eq 'C2'", vec![]),
            ("startswith(NumAtCard,'PO-')", vec![1, 3, 5]),
            ("endswith( NumAtCard , '50%' )", vec![1, 3, 5]),
            ("contains(NumAtCard,'3 O''B')", vec![3]),
            ("substringof('-5 ',NumAtCard)", vec![5]),
            ("NumAtCard eq null", vec![2, 4, 6]),
            ("NumAtCard ne null and NumAtCard ne ''", vec![1, 3, 5]),
            ("NumAtCard eq 'PO-1 O''Brien 50%'", vec![1]),
            ("DocumentStatus eq 'bost_Open'", vec![1, 2, 3]),
            ("DocumentStatus ne 'O'", vec![4, 5, 6]),
            ("Cancelled eq 'N'", vec![1, 2, 3, 4, 5, 6]),
            ("DocType eq 'dDocument_Items' and DocType ne 'S'", vec![1, 2, 3, 4, 5, 6]),
            ("DocType eq 'dDocument_Service'", vec![]),
            ("Project eq null", vec![1, 2, 3, 4, 5, 6]),
            ("Project ne 'P1'", vec![]),
            ("DocDate eq '2026-03-02'", vec![2]),
            ("DocDate eq '20260302'", vec![2]),
            ("DocDate eq datetime'2026-03-02'", vec![2]),
            ("DocDate eq datetime'20260302'", vec![2]),
            ("DocDate gt '2026-03-04T23:59:59'", vec![5, 6]),
            ("DocDate ge '2026-03-05T00:00:00Z'", vec![5, 6]),
            ("DocDate lt '20260302000000'", vec![1]),
            ("UpdateTime eq '17:13:00'", vec![1, 2, 3, 4, 5, 6]),
            ("UpdateTime gt '1713'", vec![]),
            ("UpdateTime ge '2014-06-18T17:13:00Z'", vec![1, 2, 3, 4, 5, 6]),
        ] {
            assert_eq!(entries(filter, false), expected, "{filter}");
        }
    }

    #[test]
    fn an_unknown_stays_one_under_not() {
        assert_eq!(entries("NumAtCard ne 'x'", false), [1, 3, 5]);
        assert_eq!(entries("not (NumAtCard eq 'x')", false), [1, 3, 5]);
        assert!(entries("not (not (NumAtCard eq 'x'))", false).is_empty());
        assert_eq!(entries("not startswith(NumAtCard,'PO-1')", false), [3, 5]);
        assert_eq!(entries("not (NumAtCard eq 'x' or DocEntry eq 1)", false), [3, 5]);
        assert_eq!(entries("not (NumAtCard eq 'x' and DocEntry eq 2)", false), [1, 3, 4, 5, 6]);
        assert!(entries("not (Project eq 'P1')", false).is_empty());
    }

    #[test]
    fn the_case_counts_unless_told_otherwise() {
        assert_eq!(entries("CardCode eq 'C2' or contains(NumAtCard,'o''brien')", true), [1, 2, 3, 4, 5, 6]);
        assert!(entries("contains(NumAtCard,'o''brien')", false).is_empty());
    }

    #[test]
    fn everything_else_is_refused() {
        let scope = SCOPE;
        for filter in [
            "",
            "DocEntry",
            "DocEntry eq",
            "DocEntry eq 1 and",
            "DocEntry eq 1 DocEntry eq 2",
            "(DocEntry eq 1",
            "DocEntry in (1,2)",
            "DocEntry in (1, 2) or DocEntry eq 1",
            "DocTotal sub PaidToDate gt 0",
            "DocTotal gt PaidToDate",
            "5 lt DocEntry",
            "DocEntry EQ 1",
            "DocEntry eq '1'",
            "CardCode eq 1",
            "CardCode eq C1",
            "CardCode eq \"C1\"",
            "CardCode eq 'C1",
            "DocEntry eq 1e3",
            "DocDate eq 2026-03-02",
            "DocDate eq '02.03.2026'",
            "DocDate eq '2026-3-2'",
            "DocDate eq '2026-02-30'",
            "Cancelled eq tNO",
            "Cancelled eq true",
            "DocumentStatus eq 'open'",
            "DocumentLines/any(l: l/ItemCode eq 'A1')",
            "DocumentLines/any()",
            "startswith(DocNum,'1')",
            "startswith('a',CardCode)",
            "substringof(CardCode,'a')",
            "contains(CardCode,'a') eq true",
            "DocEntry+eq+1",
        ] {
            assert_eq!(parse(filter, &scope).err(), Some(Refusal::filter()), "{filter}");
        }
        assert_eq!(parse("NoSuchField eq 1", &scope).err(), Some(Refusal::property("NoSuchField")));
        assert_eq!(parse("TrackingNumber eq null", &scope).err(), Some(Refusal::property("TrackingNumber")));
        assert_eq!(parse("cardcode eq 'C1'", &scope).err(), Some(Refusal::property("cardcode")));
        assert_eq!(parse("DocumentLines eq null", &scope).err(), Some(Refusal::property("DocumentLines")));
        assert_eq!(
            parse("DocumentLines/ItemCode eq 'A1'", &scope).err(),
            Some(Refusal::property("DocumentLines/ItemCode"))
        );
        for function in ["tolower", "toupper", "length", "year", "trim"] {
            let refusal = parse(&format!("{function}(CardCode) eq 'c1'"), &scope).err();
            assert_eq!(refusal, Some(Refusal::property_of(function, "Document")));
        }
        let deep = format!("{}DocEntry eq 1{}", "(".repeat(5000), ")".repeat(5000));
        assert_eq!(parse(&deep, &scope).err(), Some(Refusal::filter()));
    }
}
