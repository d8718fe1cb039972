//! Conditions and orders: whatever a client gives as `where` and `orderBy`, what each adapter asks its system is of the
//! system's syntax, and no text of the client's is more than a text in it.
#![no_main]

use adapters::{
    fuzzing::{Question, odoo, quickbooks, sap_b1},
    model::{EntityDef, EntityType, FieldDef, Kind, RecordKey},
};
use chrono::NaiveDate;
use fuzz::{
    TIMES, json, pick, string,
    syntax::{self, Text},
    text,
};
use libfuzzer_sys::{
    arbitrary::{Result, Unstructured},
    fuzz_target,
};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

/// The gateway keeps it to itself; it needs nothing of the gateway.
#[path = "../../../gateway/src/federation/narrow.rs"]
#[allow(dead_code, reason = "half of it is for relations")]
mod narrow;

fuzz_target!(|data: &[u8]| {
    // Used-up bytes end an input.
    let _ = run(&mut Unstructured::new(data));
});

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let entity = *pick(u, EntityType::ALL)?;
    let def = entity.def();
    let (odd, seed): (bool, u8) = (u.ratio(1, 4)?, u.arbitrary()?);
    let (accents, old, sql_server, folded) = (u.arbitrary()?, u.arbitrary()?, u.arbitrary()?, u.arbitrary()?);
    let (mut conditions, mut order) = (String::new(), String::new());
    order_by(u, def, &mut order)?;
    if u.ratio(1, 8)? {
        conditions = String::from_utf8_lossy(u.bytes(u.len())?).into_owned();
    } else {
        where_of(u, def, 4, &mut conditions)?;
    }
    let conditions: Option<Value> = serde_json::from_str(&conditions).ok();
    let order: Option<Value> = serde_json::from_str(&order).ok();
    let mut texts = Texts::default();
    conditions.iter().for_each(|value| texts.add(value));
    let Ok((filter, order)) = schema::fuzzing::arguments(entity, conditions, order) else { return Ok(()) };
    let today = NaiveDate::from_ymd_opt(2026, 3, 14).expect("a day");
    let filter = narrow::narrow(filter, entity, &"erp".into(), today);

    // A type that depends on the name alone, where databases are not as usual.
    let type_of = |path: &str| odd.then(|| path.bytes().fold(seed, |hash, b| hash.wrapping_mul(31).wrapping_add(b)));
    for question in ask(odoo::questions(entity, &filter, &order, accents, type_of)) {
        texts.check_domain(&question);
    }
    for question in ask(quickbooks::questions(entity, &filter, &order)) {
        texts.check_statement(&question);
    }
    let manner = sap_b1::Manner { old, sql_server, folded: folded && !sql_server };
    for question in ask(sap_b1::questions(entity, &filter, &order, def.every_field(), manner)) {
        texts.check_filter(&question);
    }
    Ok(())
}

/// An adapter may say that it cannot do something; it never says that the filter, which was read before, is wrong.
fn ask(questions: adapters::Result<Vec<Question>>) -> Vec<Question> {
    questions.unwrap_or_else(|error| {
        assert!(error.kind == adapters::ErrorKind::Unsupported, "{error:?}");
        Vec::new()
    })
}

/// The texts that a client gave, and those of the mappings.
#[derive(Default)]
struct Texts {
    given: HashSet<String>,
}

static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    [
        include_str!("../../../adapters/src/odoo/mapping.toml"),
        include_str!("../../../adapters/src/quickbooks/mapping.toml"),
        include_str!("../../../adapters/src/sap_b1/mapping.toml"),
    ]
    .into_iter()
    // Words are texts of the mapping, or keys of its tables.
    .flat_map(|mapping| mapping.split(['"', '\'']).chain(mapping.split_whitespace()))
    .chain(["EUR", "USD", "$", "€", "/", " ", "%"])
    .collect()
});

impl Texts {
    fn add(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                if let Some(key) = schema::id::decode(text) {
                    self.given.insert(key.id.into());
                }
                self.given.insert(text.clone());
            }
            Value::Array(list) => list.iter().for_each(|value| self.add(value)),
            Value::Object(map) => map.values().for_each(|value| self.add(value)),
            Value::Number(number) => {
                self.given.insert(number.to_string());
            }
            _ => {}
        }
    }

    /// Whether a text between quotes is one that was given, a word of a mapping, or a number, day or moment.
    fn knows(&self, text: &str) -> bool {
        let plain = |c: char| c.is_ascii_digit() || "+-.:TZ ".contains(c);
        self.given.contains(text) || WORDS.contains(text) || (!text.is_empty() && text.chars().all(plain))
    }

    /// The same where a part of a text may be searched for.
    fn knows_part(&self, part: &str) -> bool {
        self.knows(part) || self.given.iter().any(|text| text.contains(part))
    }

    fn check_domain(&self, question: &Question) {
        let shown = &question.condition;
        let domain: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
        let Value::Array(items) = domain else { panic!("no list: {shown}") };
        let mut open = 0_usize;
        for item in items.iter().rev() {
            match item {
                Value::String(operator) if operator == "&" || operator == "|" => {
                    assert!(open >= 2, "an operator without operands: {shown}");
                    open -= 1;
                }
                Value::Array(leaf) => {
                    let [Value::String(path), Value::String(operator), value] = leaf.as_slice() else {
                        panic!("{item} is no condition: {shown}")
                    };
                    assert!(
                        !path.is_empty() && path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
                    );
                    let known = ["=", "!=", "<", "<=", ">", ">=", "in", "not in", "=ilike"];
                    assert!(known.contains(&operator.as_str()), "{operator}: {shown}");
                    let values =
                        if let Value::Array(list) = value { list.as_slice() } else { std::slice::from_ref(value) };
                    for value in values {
                        let Value::String(text) = value else {
                            assert!(value.is_number() || value.is_boolean(), "{value}: {shown}");
                            continue;
                        };
                        if operator == "=ilike" {
                            let text = text.strip_suffix('%').unwrap_or_else(|| panic!("a whole text: {shown}"));
                            // One of the text itself would be escaped.
                            let text = text.strip_prefix('%').unwrap_or(text);
                            let plain = unescaped(text).unwrap_or_else(|| panic!("a wildcard: {shown}"));
                            assert!(self.knows(&plain), "{plain:?} is not given: {shown}");
                        } else {
                            assert!(text.is_empty() || self.knows(text), "{text:?} is not given: {shown}");
                        }
                    }
                    open += 1;
                }
                _ => panic!("{item} is neither operator nor condition: {shown}"),
            }
        }
        assert!(open <= 1, "{open} conditions that nothing joins: {shown}");
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_., ".contains(&b);
        assert!(question.order.bytes().all(plain), "{}", question.order);
    }

    fn check_statement(&self, question: &Question) {
        let shown = &question.condition;
        for Text { text, searched } in syntax::statement(shown).unwrap_or_else(|error| panic!("{error}: {shown}")) {
            let bare = if searched { text.trim_start_matches('%').trim_end_matches('%') } else { &text };
            let known = self.knows(&text) || (searched && self.knows_part(bare));
            assert!(known, "{text:?} is not given: {shown}");
        }
    }

    fn check_filter(&self, question: &Question) {
        let shown = &question.condition;
        for Text { text, searched } in syntax::filter(shown).unwrap_or_else(|error| panic!("{error}: {shown}")) {
            let known = text.is_empty() || self.knows(&text) || (searched && self.knows_part(&text));
            assert!(known, "{text:?} is not given: {shown}");
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_, ".contains(&b);
        assert!(question.order.bytes().all(plain), "{}", question.order);
    }
}

/// The text that a pattern of `like` without wildcards finds; none where it has one.
fn unescaped(pattern: &str) -> Option<String> {
    let mut plain = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' | '_' => return None,
            '\\' => plain.push(letters.next()?),
            letter => plain.push(letter),
        }
    }
    Some(plain)
}

// ── What clients send ────────────────────────────────────────────────────────────────────────────

fn where_of(u: &mut Unstructured<'_>, def: &EntityDef, depth: usize, into: &mut String) -> Result<()> {
    let fields: Vec<_> = def.all_fields().map(|(_, def)| def).filter(|def| def.filter).collect();
    let mut seen = BTreeSet::new();
    into.push('{');
    for _ in 0..u.int_in_range(0..=4)? {
        let kind = u.int_in_range(0..=if depth > 0 { 7 } else { 4 })?;
        let field = if fields.is_empty() { None } else { Some(*pick(u, &fields)?) };
        let name = match (kind, field) {
            (7, _) => "not",
            (6, _) => "or",
            (5, _) => "and",
            (4, _) => "id",
            (_, Some(field)) => field.name,
            (_, None) => "id",
        };
        if !seen.insert(name) {
            continue;
        }
        if seen.len() > 1 {
            into.push(',');
        }
        string(name, into);
        into.push(':');
        match (name, field) {
            ("not", _) => where_of(u, def, depth - 1, into)?,
            ("and" | "or", _) => {
                into.push('[');
                for at in 0..u.int_in_range(0..=3)? {
                    if at > 0 {
                        into.push(',');
                    }
                    where_of(u, def, depth - 1, into)?;
                }
                into.push(']');
            }
            ("id", _) => comparisons(u, Kind::Ref(def.entity), into)?,
            (_, Some(FieldDef { kind, .. })) => comparisons(u, *kind, into)?,
            _ => into.push_str("null"),
        }
    }
    into.push('}');
    Ok(())
}

fn comparisons(u: &mut Unstructured<'_>, kind: Kind, into: &mut String) -> Result<()> {
    let operators: &[&str] = match kind {
        Kind::Ref(_) => &["eq", "in"],
        Kind::Date | Kind::DateTime => &["eq", "gt", "gte", "lt", "lte", "isNull"],
        Kind::Decimal | Kind::Money(_) | Kind::Int => &["eq", "gt", "gte", "lt", "lte"],
        Kind::Bool => &["eq"],
        Kind::Enum(_) => &["eq", "neq", "in"],
        _ => &["eq", "neq", "in", "contains", "startsWith", "isNull"],
    };
    let mut seen = BTreeSet::new();
    into.push('{');
    for _ in 0..u.int_in_range(1..=2)? {
        let operator = *pick(u, operators)?;
        if !seen.insert(operator) {
            continue;
        }
        if seen.len() > 1 {
            into.push(',');
        }
        string(operator, into);
        into.push(':');
        match operator {
            "isNull" => into.push_str(if u.arbitrary()? { "true" } else { "false" }),
            "in" => {
                into.push('[');
                for at in 0..u.int_in_range(0..=4)? {
                    if at > 0 {
                        into.push(',');
                    }
                    operand(u, kind, into)?;
                }
                into.push(']');
            }
            _ => operand(u, kind, into)?,
        }
    }
    into.push('}');
    Ok(())
}

fn operand(u: &mut Unstructured<'_>, kind: Kind, into: &mut String) -> Result<()> {
    if u.ratio(1, 32)? {
        return json(u, &["eq", "in"], 1, into);
    }
    match kind {
        Kind::Ref(entity) => {
            let set = *pick(
                u,
                &[
                    "account.move",
                    "res.partner",
                    "Invoices",
                    "BusinessPartners",
                    "Invoice",
                    "Customer",
                    "Orders",
                    "a'b",
                ],
            )?;
            let id = if u.ratio(1, 2)? { u.arbitrary::<u16>()?.to_string() } else { text(u)? };
            let erp = if u.ratio(7, 8)? { "erp" } else { "other" };
            string(&schema::id::encode(&RecordKey { entity, erp: erp.into(), set: set.into(), id: id.into() }), into);
        }
        Kind::Enum(of) => string(pick(u, of.values)?.0, into),
        Kind::Bool => into.push_str(if u.arbitrary()? { "true" } else { "false" }),
        Kind::Int => into.push_str(&u.arbitrary::<i64>()?.to_string()),
        Kind::Decimal | Kind::Money(_) => {
            let (number, scale) = (u.arbitrary::<i64>()?, u.int_in_range(0..=18)?);
            string(&rust_decimal::Decimal::new(number, scale).to_string(), into);
        }
        Kind::Date | Kind::DateTime if u.ratio(1, 2)? => string(pick(u, TIMES)?, into),
        Kind::Date => {
            let day = (u.int_in_range(0..=9999)?, u.int_in_range(1..=12)?, u.int_in_range(1..=31)?);
            string(&format!("{:04}-{:02}-{:02}", day.0, day.1, day.2), into);
        }
        Kind::DateTime => {
            let second = u.int_in_range(-62_167_219_200_i64..=253_402_300_799)?;
            let moment = chrono::DateTime::from_timestamp(second, u.int_in_range(0..=999_999_999)?).expect("a moment");
            string(&moment.to_rfc3339(), into);
        }
        _ => string(&text(u)?, into),
    }
    Ok(())
}

fn order_by(u: &mut Unstructured<'_>, def: &EntityDef, into: &mut String) -> Result<()> {
    let fields: Vec<_> = def.all_fields().map(|(_, def)| def).filter(|def| def.sort).collect();
    into.push('[');
    for at in 0..u.int_in_range(0..=3)? {
        if at > 0 {
            into.push(',');
        }
        let mut word = String::new();
        for letter in pick(u, &fields)?.name.chars() {
            if letter.is_uppercase() {
                word.push('_');
            }
            word.extend(letter.to_uppercase());
        }
        let direction = if u.arbitrary()? { "ASC" } else { "DESC" };
        into.push_str(&format!(r#"{{"field":"{word}","direction":"{direction}"}}"#));
    }
    into.push(']');
    Ok(())
}
