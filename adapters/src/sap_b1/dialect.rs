//! How comparisons are written for the Service Layer, and how well it evaluates them.

use super::{
    config::{Database, Version},
    supplement::SUPPLEMENT,
};
use crate::{
    error::{Error, Result},
    filter::{Condition, Filter, Op, Target},
    mapping::{Fit, From, Literal, SetMapping, SourceCondition, SourceFilter, SourceOp, With},
    model::{CurrencyCode, FieldId, Kind, Value},
    odata::filter::{all, any, quote, render},
};
use chrono_tz::Tz;
use std::{collections::HashMap, convert::Infallible};

/// What a property of a set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Text. What a person left empty is null or `''`.
    Text,
    /// A key of this or another set: text that is never empty.
    Key,
    /// A word of an enumeration.
    Word,
    /// A number.
    Number,
    /// A number that the unified schema shows as text.
    Digits,
    /// A date.
    Date,
    /// The company's code of a currency.
    Currency,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    holds: Holds,
    nullable: bool,
}

/// The properties of a set that conditions can name.
#[derive(Debug, Default)]
pub(super) struct Columns {
    columns: HashMap<Box<str>, Column>,
    digits: Vec<FieldId>,
    currencies: HashMap<CurrencyCode, Vec<Box<str>>>,
}

impl Columns {
    /// Finds out from the mapping. `currencies` are the company's own codes.
    pub(super) fn of(set: &SetMapping, currencies: &HashMap<Box<str>, CurrencyCode>) -> Self {
        let mut columns = Self::default();
        let id = if set.id_is_number { Holds::Number } else { Holds::Key };
        columns.add(set.id.as_str(), id, false);
        for (field, def) in set.entity.def().all_fields() {
            let Some(mapping) = set.field(field) else { continue };
            let numeric = mapping.options.get("numeric");
            if numeric.and_then(toml::Value::as_bool) == Some(true) {
                columns.digits.push(field);
            }
            let digits = |path: &str| match numeric {
                Some(toml::Value::Array(names)) => names.iter().any(|name| name.as_str() == Some(path)),
                other => other.and_then(toml::Value::as_bool).unwrap_or(false),
            };
            columns.add_all(def.kind, &mapping.from, &digits, !mapping.not_null);
        }
        for predicate in &set.when {
            columns.add_predicate(predicate);
        }
        for (code, means) in currencies {
            columns.currencies.entry(*means).or_default().push(code.clone());
        }
        columns.currencies.values_mut().for_each(|codes| codes.sort());
        columns
    }

    fn add(&mut self, path: &str, holds: Holds, nullable: bool) {
        self.columns.entry(path.into()).or_insert(Column { holds, nullable });
    }

    fn add_predicate(&mut self, predicate: &crate::mapping::Predicate) {
        let holds = match &predicate.with {
            With::Literals(values) if matches!(values.first(), Some(Literal::Number(_))) => Holds::Number,
            _ => Holds::Word,
        };
        self.add(predicate.path.as_str(), holds, false);
    }

    /// `digits` tells which paths hold numbers that are shown as text.
    fn add_all(&mut self, kind: Kind, from: &From, digits: &dyn Fn(&str) -> bool, nullable: bool) {
        let holds = match kind {
            Kind::Currency => Holds::Currency,
            Kind::Date | Kind::DateTime => Holds::Date,
            Kind::Int | Kind::Decimal | Kind::Money(_) | Kind::MoneyList => Holds::Number,
            _ => Holds::Text,
        };
        match from {
            From::Paths(paths) | From::First { paths, .. } => {
                for path in paths {
                    let holds = if digits(path.as_str()) { Holds::Digits } else { holds };
                    self.add(path.as_str(), holds, nullable);
                }
            }
            From::When(of, when) => {
                self.add_all(kind, of, digits, nullable);
                when.iter().for_each(|p| self.add_predicate(p));
            }
            From::Day(path) => self.add(path.as_str(), Holds::Date, nullable),
            From::Ref { paths, number, .. } => {
                let holds = if *number { Holds::Number } else { Holds::Key };
                paths.iter().for_each(|p| self.add(p.as_str(), holds, nullable));
            }
            From::ByCurrency(own, foreign) => {
                self.add_all(kind, own, digits, nullable);
                self.add_all(kind, foreign, digits, nullable);
            }
            From::InCurrency(of, _) => self.add_all(kind, of, digits, nullable),
            From::Moment { date, .. } => self.add(date.as_str(), Holds::Date, nullable),
            From::Cases(cases) => cases.iter().flat_map(|case| &case.1).for_each(|p| self.add_predicate(p)),
            _ => {}
        }
    }

    fn column(&self, path: &str) -> Column {
        self.columns.get(path).copied().unwrap_or(Column { holds: Holds::Text, nullable: true })
    }

    /// What a property holds.
    pub(super) fn holds(&self, path: &str) -> Holds {
        self.column(path).holds
    }

    /// The values with all codes that a currency goes by.
    pub(super) fn spellings(&self, holds: Holds, values: &[Literal]) -> Vec<Literal> {
        let mut spellings = values.to_vec();
        if holds == Holds::Currency {
            for value in values {
                let Literal::Text(code) = value else { continue };
                let more = code.parse().ok().and_then(|code: CurrencyCode| self.currencies.get(&code));
                spellings.extend(more.into_iter().flatten().map(|code| Literal::Text(code.clone())));
            }
        }
        spellings
    }

    /// Whether a set is sorted by this property as text.
    pub(super) fn is_text(&self, path: &str) -> bool {
        matches!(self.column(path).holds, Holds::Text | Holds::Key)
    }

    /// A filter without comparisons that no record can pass: text with a number that is not the text of a number.
    pub(super) fn tidy(&self, filter: &Filter) -> Filter {
        let is_number =
            |value: &Value| value.as_text().is_none_or(|text| text.parse::<i64>().is_ok_and(|n| n.to_string() == text));
        let tidied: Result<Filter, Infallible> = filter.clone().try_map(&mut |condition: Condition| {
            let numeric = matches!(condition.target, Target::Field(field) if self.digits.contains(&field));
            if !numeric || !matches!(condition.op, Op::Eq | Op::In | Op::Neq) || condition.values.iter().all(is_number)
            {
                return Ok(Filter::Is(condition));
            }
            let values: Vec<_> = condition.values.iter().filter(|value| is_number(value)).cloned().collect();
            Ok(match condition.op {
                Op::Neq => Filter::ALL,
                _ if values.is_empty() => Filter::NONE,
                op => Filter::Is(Condition { op, values, ..condition }),
            })
        });
        match tidied {
            Ok(filter) => filter.simplify(),
        }
    }
}

/// How one request to one set compares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect<'a> {
    pub(super) columns: &'a Columns,
    pub(super) version: Version,
    pub(super) database: Database,
    /// Set where properties are written with the set they are of.
    pub(super) of_set: Option<&'a str>,
    /// The zone of the server's days.
    pub(super) zone: Tz,
    /// Whether the request asks HANA to ignore capital and small letters (`B1S-CaseInsensitive`): all of it then does.
    pub(super) folded: bool,
}

impl<'a> Dialect<'a> {
    /// The same with properties that are written with their set: `Orders/CardCode`.
    pub(super) fn of_set(self, set: &'a str) -> Self {
        Self { of_set: Some(set), ..self }
    }
}

impl Dialect<'_> {
    /// Whether text is compared letter by letter.
    fn exact_text(&self) -> bool {
        self.database == Database::Hana && !self.folded
    }

    /// How well the service evaluates a comparison.
    pub(super) fn fit(&self, condition: &SourceCondition) -> Fit {
        if condition.path.contains(SUPPLEMENT) {
            return Fit::No;
        }
        let column = self.columns.column(&condition.path);
        let empty = condition.values.iter().any(|value| matches!(value, Literal::Text(text) if text.is_empty()));
        match (condition.op, column.holds) {
            (SourceOp::IsNull, _) => Fit::Exact,
            (SourceOp::Contains | SourceOp::StartsWith, Holds::Text | Holds::Key) => match plain_piece(condition) {
                Some(_) => Fit::Wider,
                None => Fit::No,
            },
            (SourceOp::Contains | SourceOp::StartsWith, _) => Fit::No,
            (SourceOp::Eq | SourceOp::In, Holds::Text) if empty || !self.exact_text() => Fit::Wider,
            (SourceOp::Neq, Holds::Text) if !self.exact_text() => Fit::No,
            // Keys in conditions are keys of records: on SQL Server, where no two differ by case alone, they are exact.
            (SourceOp::Eq | SourceOp::In, Holds::Key) if self.folded => Fit::Wider,
            (SourceOp::Neq, Holds::Key) if self.folded => Fit::No,
            (SourceOp::Eq | SourceOp::In | SourceOp::Neq, _) => Fit::Exact,
            // The database's order of text is not the gateway's.
            (_, Holds::Number | Holds::Date) => Fit::Exact,
            _ => Fit::No,
        }
    }

    /// The conditions of a filter that [`fit`](Self::fit) takes for exact and that are not: text from a caller that is compared
    /// with a key, on a database that ignores case.
    pub(super) fn unproven(&self, set: &SetMapping, filter: &Filter) -> Filter {
        if self.database == Database::Hana {
            return Filter::ALL;
        }
        let conjuncts = match filter {
            Filter::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let is_key = |path: &crate::mapping::Path| self.columns.column(path.as_str()).holds == Holds::Key;
        let names_key_by_text = |part: &&Filter| {
            part.fields().iter().any(|field| {
                let text = matches!(set.entity.def().field(field).kind, Kind::Text);
                let paths = match set.field(field).map(|mapping| &mapping.from) {
                    Some(From::Paths(paths) | From::First { paths, .. }) => paths.as_slice(),
                    _ => &[],
                };
                text && paths.iter().any(is_key)
            })
        };
        Filter::And(conjuncts.iter().filter(names_key_by_text).cloned().collect()).simplify()
    }

    /// A filter as the value of `$filter`, empty where every row passes.
    pub(super) fn filter(&self, filter: &SourceFilter) -> Result<String> {
        render(filter, &|condition| self.compare(condition))
    }

    fn compare(&self, condition: &SourceCondition) -> Result<String> {
        let SourceCondition { path, op, values } = condition;
        let column = self.columns.column(path);
        let path = match self.of_set {
            Some(set) => format!("{set}/{path}"),
            None => path.to_string(),
        };
        let compare =
            |operator: &str, value: &Literal| Ok(format!("{path} {operator} {}", self.literal(column.holds, value)?));
        let is_number = |value: &Literal| !matches!(value, Literal::Text(text) if text.parse::<i64>().is_err());
        if column.holds == Holds::Digits
            && matches!(op, SourceOp::Gt | SourceOp::Gte | SourceOp::Lt | SourceOp::Lte)
            && !values.iter().all(is_number)
        {
            return Err(Error::invalid("a value of another type than its field"));
        }
        let first = || values.first().ok_or_else(|| Error::invalid("a comparison without a value"));
        let values = || self.columns.spellings(column.holds, values);
        Ok(match op {
            SourceOp::Eq | SourceOp::In => {
                any(&values().iter().map(|value| compare("eq", value)).collect::<Result<Vec<_>>>()?)
            }
            SourceOp::Neq => {
                let differs = all(&values().iter().map(|value| compare("ne", value)).collect::<Result<Vec<_>>>()?);
                if column.nullable { any(&[differs, format!("{path} eq null")]) } else { differs }
            }
            SourceOp::Gt => compare("gt", first()?)?,
            SourceOp::Gte => compare("ge", first()?)?,
            SourceOp::Lt => compare("lt", first()?)?,
            SourceOp::Lte => compare("le", first()?)?,
            SourceOp::IsNull => {
                let null = *first()? == Literal::Bool(true);
                match (null, column.holds) {
                    (true, Holds::Text | Holds::Currency) => format!("({path} eq null or {path} eq '')"),
                    (false, Holds::Text | Holds::Currency) => format!("({path} ne null and {path} ne '')"),
                    (true, _) => format!("{path} eq null"),
                    (false, _) => format!("{path} ne null"),
                }
            }
            SourceOp::Contains | SourceOp::StartsWith => {
                let piece = quote(plain_piece(condition).ok_or_else(|| Error::invalid("a search for no letter"))?);
                match (op, self.version) {
                    (SourceOp::StartsWith, _) => format!("startswith({path},{piece})"),
                    (_, Version::V1) => format!("substringof({piece},{path})"),
                    (_, Version::V2) => format!("contains({path},{piece})"),
                }
            }
        })
    }
}

impl Dialect<'_> {
    /// A value as a property of this kind takes it.
    fn literal(&self, holds: Holds, value: &Literal) -> Result<String> {
        let wrong = || Error::invalid("a value of another type than its field");
        Ok(match (holds, value) {
            (Holds::Number | Holds::Digits, Literal::Number(number)) => number.to_string(),
            (Holds::Number, Literal::Text(text)) => text.parse::<i64>().map_err(|_| wrong())?.to_string(),
            // No number is shown as this text: it equals none, and no document has a negative number.
            (Holds::Digits, Literal::Text(text)) => {
                text.parse::<i64>().ok().filter(|n| n.to_string() == **text).unwrap_or(-1).to_string()
            }
            (Holds::Number | Holds::Digits, _) => return Err(wrong()),
            // Dates are quoted in both versions, and the service ignores the time of day (guide, 3.7.4).
            (Holds::Date, Literal::Date(date)) => quote(&date.to_string()),
            (Holds::Date, Literal::DateTime(moment)) => {
                quote(&moment.with_timezone(&self.zone).date_naive().to_string())
            }
            (Holds::Date, _) => return Err(wrong()),
            (_, Literal::Text(text)) => quote(text),
            (_, Literal::Number(number)) => quote(&number.to_string()),
            (_, Literal::Bool(_) | Literal::Date(_) | Literal::DateTime(_)) => return Err(wrong()),
        })
    }
}

/// The longest piece of a searched text, or its beginning, that means the same to every database. `%`, `_`, `[` and their like
/// may be wildcards (the guide shows `LIKE`, not how it is escaped), and letters that change their length with their case are
/// folded differently. Searching for a piece finds no fewer rows.
fn plain_piece(condition: &SourceCondition) -> Option<&str> {
    let Some(Literal::Text(text)) = condition.values.first() else { return None };
    let odd = |c: char| {
        "%_[]^\\*?\"".contains(c) || c.is_control() || c.to_lowercase().count() != 1 || c.to_uppercase().count() != 1
    };
    let mut pieces = text.split(odd);
    let piece = if condition.op == SourceOp::StartsWith {
        pieces.next()
    } else {
        pieces.max_by_key(|piece| piece.chars().count())
    };
    piece.filter(|piece| !piece.trim().is_empty())
}

/// Whether a filter searches text without regard to case.
pub(super) fn searches(filter: &SourceFilter) -> bool {
    match filter {
        SourceFilter::And(parts) | SourceFilter::Or(parts) => parts.iter().any(searches),
        SourceFilter::Is(condition) => matches!(condition.op, SourceOp::Contains | SourceOp::StartsWith),
    }
}
