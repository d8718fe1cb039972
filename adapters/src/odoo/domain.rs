//! Conditions as Odoo's domains: lists in Polish notation, `["|", ["ref", "=", "x"], ["ref", "=", false]]`.
//!
//! Values are only ever written as JSON values, and what searches take for wildcards is escaped.

use super::books::{Currencies, Field, Fields, Type};
use crate::mapping::{Fit, Literal, SourceCondition, SourceFilter, SourceOp};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// What conditions on one model mean.
pub(super) struct Dialect<'a> {
    pub(super) fields: &'a Fields,
    /// For some fields the texts that stand for no value, besides the empty one.
    pub(super) blanks: HashMap<Box<str>, Vec<Box<str>>>,
    pub(super) currencies: &'a Currencies,
    /// Where days begin.
    pub(super) zone: Tz,
    /// Whether a search for text takes letters with and without accents for the same.
    pub(super) accents: bool,
}

/// A domain under construction.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// JSON of one condition.
    Leaf(String),
    And(Vec<Term>),
    Or(Vec<Term>),
}

const ALL: Term = Term::And(Vec::new());
const NONE: Term = Term::Or(Vec::new());

fn and(parts: impl IntoIterator<Item = Term>) -> Term {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Term::Or(inner) if inner.is_empty() => return NONE,
            Term::And(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    if kept.len() == 1 { kept.remove(0) } else { Term::And(kept) }
}

fn or(parts: impl IntoIterator<Item = Term>) -> Term {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Term::And(inner) if inner.is_empty() => return ALL,
            Term::Or(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    if kept.len() == 1 { kept.remove(0) } else { Term::Or(kept) }
}

fn either(yes: bool) -> Term {
    if yes { ALL } else { NONE }
}

impl Term {
    fn write(&self, into: &mut Vec<String>) {
        match self {
            Self::Leaf(leaf) => into.push(leaf.clone()),
            // No id is in an empty list: a condition that every version takes, and none that all pass.
            Self::Or(parts) if parts.is_empty() => into.push(r#"["id","in",[]]"#.into()),
            Self::And(parts) | Self::Or(parts) => {
                let operator = if matches!(self, Self::And(_)) { r#""&""# } else { r#""|""# };
                into.extend(std::iter::repeat_n(operator.to_owned(), parts.len().saturating_sub(1)));
                parts.iter().for_each(|part| part.write(into));
            }
        }
    }
}

impl Dialect<'_> {
    /// The domain of a condition, as JSON.
    pub(super) fn render(&self, filter: &SourceFilter) -> String {
        let mut parts = Vec::new();
        self.filter(filter).write(&mut parts);
        format!("[{}]", parts.join(","))
    }

    /// How well Odoo evaluates a comparison.
    pub(super) fn fit(&self, condition: &SourceCondition) -> Fit {
        use SourceOp as Op;
        let Some(field) = self.field(&condition.path).filter(|field| field.searchable) else { return Fit::No };
        let values = &condition.values;
        let all = |holds: fn(&Literal) -> bool| if values.iter().all(holds) { Fit::Exact } else { Fit::No };
        let equality = matches!(condition.op, Op::Eq | Op::Neq | Op::In);
        let search = matches!(condition.op, Op::Contains | Op::StartsWith);
        match field.kind {
            Type::Other | Type::Many => Fit::No,
            // A field that is looked up along a path: 17 finds none of the records whose path ends midway.
            Type::One
                if !field.stored
                    && (matches!(condition.op, Op::IsNull | Op::Neq) || values.contains(&Literal::Bool(false))) =>
            {
                Fit::No
            }
            _ if condition.op == Op::IsNull => Fit::Exact,
            // PostgreSQL has no text with a zero in it.
            Type::Text | Type::Selection
                if values.iter().any(|v| matches!(v, Literal::Text(t) if t.contains('\0'))) =>
            {
                Fit::No
            }
            Type::Text if search => {
                if self.accents {
                    Fit::Wider
                } else {
                    Fit::Exact
                }
            }
            // An empty text is none in the unified schema, and one of its own until 17.
            Type::Text if equality && values.contains(&Literal::Text("".into())) => {
                if condition.op == Op::Neq {
                    Fit::No
                } else {
                    Fit::Wider
                }
            }
            Type::Text | Type::Selection if equality => all(|v| matches!(v, Literal::Text(_) | Literal::Bool(false))),
            // Texts are in the order of the database's collation.
            Type::Text | Type::Selection => Fit::No,
            Type::Bool if equality => all(|v| matches!(v, Literal::Bool(_))),
            // Rounded to the field's own digits before the comparison.
            Type::Float | Type::Integer if !search => all(|v| matches!(v, Literal::Number(n) if n.is_integer())),
            Type::Monetary if !search => all(|v| matches!(v, Literal::Number(_))),
            Type::Date if !search => all(|v| matches!(v, Literal::Date(_))),
            Type::DateTime if !search => all(|v| matches!(v, Literal::Date(_) | Literal::DateTime(_))),
            Type::One if equality => all(|v| matches!(v, Literal::Number(_) | Literal::Bool(false))),
            Type::Currency if equality => {
                all(|v| matches!(v, Literal::Number(_) | Literal::Bool(false) | Literal::Text(_)))
            }
            _ => Fit::No,
        }
    }

    fn field(&self, path: &str) -> Option<Field> {
        match path {
            "id" => {
                Some(Field { kind: Type::Integer, searchable: true, sortable: true, stored: true, groupable: false })
            }
            path => self.fields.get(path).copied(),
        }
    }

    fn filter(&self, filter: &SourceFilter) -> Term {
        match filter {
            SourceFilter::And(parts) => and(parts.iter().map(|part| self.filter(part))),
            SourceFilter::Or(parts) => or(parts.iter().map(|part| self.filter(part))),
            SourceFilter::Is(condition) => self.condition(condition),
        }
    }

    fn condition(&self, condition: &SourceCondition) -> Term {
        let kind = self.field(&condition.path).map_or(Type::Other, |field| field.kind);
        let path = &*condition.path;
        let Some(first) = condition.values.first() else { return NONE };
        match (condition.op, kind) {
            (SourceOp::IsNull, _) => self.null(path, kind, *first == Literal::Bool(true)),
            (SourceOp::Contains | SourceOp::StartsWith, _) => self.search(path, kind, condition.op, first),
            (SourceOp::In, Type::DateTime | Type::Bool) => {
                or(condition.values.iter().map(|value| self.compare(path, kind, SourceOp::Eq, value)))
            }
            (SourceOp::In, _) => self.one_of(path, kind, &condition.values),
            (op, _) => self.compare(path, kind, op, first),
        }
    }

    fn null(&self, path: &str, kind: Type, null: bool) -> Term {
        match kind {
            // Read as 0 and false where the database has nothing.
            Type::Bool | Type::Integer | Type::Float | Type::Monetary => either(!null),
            Type::Text => {
                let blanks = self.blanks.get(path).into_iter().flatten().map(|text| string(text));
                let words: Vec<_> = ["false".to_owned(), string("")].into_iter().chain(blanks).collect();
                leaf(path, if null { "in" } else { "not in" }, &format!("[{}]", words.join(",")))
            }
            _ => leaf(path, if null { "=" } else { "!=" }, "false"),
        }
    }

    fn search(&self, path: &str, kind: Type, op: SourceOp, value: &Literal) -> Term {
        match value {
            Literal::Text(text) if text.is_empty() => self.null(path, kind, false),
            // Not `ilike`, of which models make something of their own: from 18 on taxes let other letters between.
            Literal::Text(text) => {
                let before = if op == SourceOp::Contains { "%" } else { "" };
                leaf(path, "=ilike", &string(&format!("{before}{}%", escaped(text))))
            }
            _ => NONE,
        }
    }

    fn one_of(&self, path: &str, kind: Type, values: &[Literal]) -> Term {
        let mut items = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Literal::Bool(false) if kind == Type::Text => {
                    return or([self.null(path, kind, true), self.one_of(path, kind, &without(values))]);
                }
                Literal::Number(number) if kind == Type::Float && number.is_zero() => {
                    let others: Vec<_> = values.iter().filter(|other| *other != value).cloned().collect();
                    return or([self.compare(path, kind, SourceOp::Eq, value), self.one_of(path, kind, &others)]);
                }
                Literal::Text(code) if kind == Type::Currency => {
                    items.extend(self.currencies.ids(code).map(str::to_owned))
                }
                value => items.push(json(value)),
            }
        }
        if items.is_empty() { NONE } else { leaf(path, "in", &format!("[{}]", items.join(","))) }
    }

    fn compare(&self, path: &str, kind: Type, op: SourceOp, value: &Literal) -> Term {
        let sign = match op {
            SourceOp::Eq => "=",
            SourceOp::Neq => "!=",
            SourceOp::Gt => ">",
            SourceOp::Gte => ">=",
            SourceOp::Lt => "<",
            SourceOp::Lte => "<=",
            SourceOp::In | SourceOp::Contains | SourceOp::StartsWith | SourceOp::IsNull => return NONE,
        };
        match (kind, value) {
            (Type::DateTime, Literal::Date(day)) => {
                let end = day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
                span(path, op, self.start_of(*day), self.start_of(end))
            }
            // Rows show whole seconds and the database keeps microseconds, which 17 compares and 19 does not.
            (Type::DateTime, Literal::DateTime(moment)) => {
                let start = moment.trunc_subsecs(0);
                let next = start + TimeDelta::seconds(1);
                match op {
                    _ if start == *moment => span(path, op, start, next),
                    SourceOp::Eq => NONE,
                    SourceOp::Neq => ALL,
                    SourceOp::Gt | SourceOp::Gte => span(path, SourceOp::Gte, next, next),
                    _ => span(path, SourceOp::Lt, next, next),
                }
            }
            (Type::Bool, Literal::Bool(yes)) => {
                leaf(path, "=", if (op == SourceOp::Eq) == *yes { "true" } else { "false" })
            }
            (Type::Text | Type::Selection | Type::One, Literal::Bool(false)) => {
                self.null(path, kind, op == SourceOp::Eq)
            }
            (Type::Currency, Literal::Text(code)) => {
                let ids: Vec<_> = self.currencies.ids(code).collect();
                match op {
                    _ if ids.is_empty() => either(op == SourceOp::Neq),
                    SourceOp::Neq => leaf(path, "not in", &format!("[{}]", ids.join(","))),
                    _ => leaf(path, "in", &format!("[{}]", ids.join(","))),
                }
            }
            // Shown as 0 where the database has nothing; 17 finds that by `= false` only.
            (Type::Float, Literal::Number(number)) if holds(Decimal::ZERO, op, *number) => {
                or([leaf(path, sign, &json(value)), leaf(path, "=", "false")])
            }
            _ => leaf(path, sign, &json(value)),
        }
    }

    /// The moment at which a day begins; where the clock jumps over midnight, the moment after the jump.
    fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let local = |hours| self.zone.from_local_datetime(&(midnight + TimeDelta::hours(hours))).earliest();
        local(0).or_else(|| local(1)).map_or_else(|| midnight.and_utc(), |moment| moment.with_timezone(&Utc))
    }
}

/// Whether a number compares so with another one, where nothing counts as zero; `!=` takes care of that itself.
fn holds(number: Decimal, op: SourceOp, than: Decimal) -> bool {
    match op {
        SourceOp::Eq => number == than,
        SourceOp::Gt => number > than,
        SourceOp::Gte => number >= than,
        SourceOp::Lt => number < than,
        SourceOp::Lte => number <= than,
        _ => false,
    }
}

/// A comparison with a span of time, which begins at one moment and ends before another.
fn span(path: &str, op: SourceOp, start: DateTime<Utc>, end: DateTime<Utc>) -> Term {
    let from = |moment| leaf(path, ">=", &moment_json(moment));
    let before = |moment| leaf(path, "<", &moment_json(moment));
    match op {
        SourceOp::Gt => from(end),
        SourceOp::Gte => from(start),
        SourceOp::Lt => before(start),
        SourceOp::Lte => before(end),
        SourceOp::Neq => or([before(start), from(end), leaf(path, "=", "false")]),
        _ => and([from(start), before(end)]),
    }
}

fn without(values: &[Literal]) -> Vec<Literal> {
    values.iter().filter(|value| **value != Literal::Bool(false)).cloned().collect()
}

fn leaf(path: &str, operator: &str, value: &str) -> Term {
    Term::Leaf(format!("[{},\"{operator}\",{value}]", string(path)))
}

/// JSON of a text.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text in which nothing is a wildcard: PostgreSQL's patterns know `%`, `_` and the backslash that takes their meaning.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// UTC without a zone: 19 refuses one.
fn moment_json(moment: DateTime<Utc>) -> String {
    format!("\"{}\"", moment.format("%Y-%m-%d %H:%M:%S"))
}

fn json(value: &Literal) -> String {
    match value {
        Literal::Text(text) => string(text),
        Literal::Number(number) => number.to_string(),
        Literal::Bool(yes) => yes.to_string(),
        Literal::Date(day) => format!("\"{day}\""),
        Literal::DateTime(moment) => moment_json(*moment),
    }
}
