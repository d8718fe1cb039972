//! What the fuzz targets reach: the reading of refusals, and domains.

use super::{
    books::{Currencies, Field, Fields, Type},
    classify,
    domain::Dialect,
    order::Sorting,
    shape::mapping,
};
use crate::{
    adapter::Order,
    error::Result,
    filter::Filter,
    fuzzing::Question,
    http::{Request, Response},
    mapping::{Mapping, Plan, SetMapping, With, push},
    model::{EntityType, Kind},
};
use std::sync::{Arc, LazyLock};

/// Tells a refusal from an answer.
///
/// # Errors
/// What a refusal means.
pub fn classify(request: &Request, response: &Response) -> Result<()> {
    classify::classify(request, response)
}

/// What a list asks of each set. Some fields have other types than usual, as customised databases have: `odd` tells.
///
/// # Errors
/// Where the order cannot be had.
pub fn questions(
    entity: EntityType,
    filter: &Filter,
    order: &[Order],
    accents: bool,
    odd: impl Fn(&str) -> Option<u8>,
) -> Result<Vec<Question>> {
    static NEWEST: LazyLock<Result<Mapping>> = LazyLock::new(|| Ok(mapping()?.for_version(|_, _, _| true)));
    let mapping = NEWEST.as_ref().map_err(Clone::clone)?;
    let currencies = Currencies { codes: [("1".into(), "EUR"), ("2".into(), "USD")].map(currency).into() };
    let mut questions = Vec::new();
    for set in mapping.sets(entity) {
        let fields = fields(set, &odd);
        let zone = chrono_tz::Europe::Berlin;
        let blanks = [("name".into(), vec!["/".into()])].into();
        let dialect = Dialect { fields: &fields, blanks, currencies: &currencies, zone, accents };
        let pushed = push(filter, set, true, &|condition| dialect.fit(condition));
        if pushed.source.is_none() {
            continue;
        }
        let order = Sorting::new(set, order, &fields, !accents, zone)?.clause(0);
        questions.push(Question { set: set.set.to_string(), condition: dialect.render(&pushed.source), order });
    }
    Ok(questions)
}

fn currency((id, code): (Box<str>, &str)) -> (Box<str>, crate::model::CurrencyCode) {
    (id, code.parse().unwrap_or_else(|_| unreachable!("a code")))
}

/// The fields of a model, with the types that the unified ones suggest.
fn fields(set: &SetMapping, odd: &impl Fn(&str) -> Option<u8>) -> Fields {
    let set = Arc::new(set.clone());
    let mut fields = Fields::new();
    let mut add = |path: &str, kind| {
        let kind = odd(path).map_or(kind, |odd| TYPES[usize::from(odd) % TYPES.len()]);
        let searchable = kind != Type::Other;
        fields.entry(path.into()).or_insert(Field {
            kind,
            searchable,
            sortable: searchable,
            stored: searchable,
            groupable: searchable,
        });
    };
    for predicate in &set.when {
        add(
            predicate.path.as_str(),
            if matches!(predicate.with, With::Path(_)) { Type::Other } else { Type::Selection },
        );
    }
    for (field, def) in set.entity.def().all_fields() {
        let kind = match def.kind {
            Kind::Text | Kind::Url => Type::Text,
            Kind::Int => Type::Integer,
            Kind::Bool => Type::Bool,
            Kind::Decimal => Type::Float,
            Kind::Date => Type::Date,
            Kind::DateTime => Type::DateTime,
            Kind::Currency => Type::Currency,
            Kind::Money(_) | Kind::MoneyList => Type::Monetary,
            Kind::Enum(_) => Type::Selection,
            Kind::Ref(_) => Type::One,
            Kind::Refs(_) | Kind::List(_) => Type::Many,
            Kind::Json | Kind::Object(_) => Type::Other,
        };
        Plan::new(&set, [field].into_iter().collect()).source_fields().for_each(|path| add(path, kind));
    }
    fields
}

const TYPES: [Type; 12] = [
    Type::Text,
    Type::Selection,
    Type::Bool,
    Type::Integer,
    Type::Float,
    Type::Monetary,
    Type::Date,
    Type::DateTime,
    Type::One,
    Type::Currency,
    Type::Many,
    Type::Other,
];
