//! Sort orders in an ERP's own names, and the condition by which a list goes on after a record.

use super::{From, Literal, Path, SetMapping, SourceCondition, SourceFilter, SourceOp, push::literal};
use crate::{
    adapter::{Order, Position},
    error::{Error, Result},
    model::{Direction, Value},
};

/// One key of a sort order in the source's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey<'m> {
    /// The source's field.
    pub path: &'m Path,
    /// The direction.
    pub direction: Direction,
    /// Whether rows may have no value in it.
    pub nullable: bool,
    /// Whether it is a part of a value that is kept in two fields: a keyset cannot go on by it.
    pub part: bool,
}

/// The sort order of a list, with the id as the last key. A field that takes the first of several paths is sorted by that
/// path alone: the positions of a list then hold that path's values.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) where the ERP cannot sort by a field.
pub fn sort_keys<'m>(set: &'m SetMapping, order: &[Order]) -> Result<Vec<SortKey<'m>>> {
    let mut keys = Vec::with_capacity(order.len() + 1);
    for Order { field, direction } in order {
        let def = set.entity.def().field(*field);
        let mapping = set.field(*field).filter(|m| m.sort);
        // Where the first path has no value, the field takes another: the source still sorts by the first.
        let substitute = matches!(mapping.map(|m| &m.from), Some(From::First { .. }));
        let mut key = |path, part| {
            let nullable = (substitute || !def.required) && mapping.is_none_or(|m| !m.not_null);
            keys.push(SortKey { path, direction: *direction, nullable, part });
        };
        let inside = |paths: &[Path]| paths.iter().any(|path| set.is_inside(path.as_str()));
        match mapping.map(super::FieldMapping::searched) {
            Some(From::Day(day)) if !inside(std::slice::from_ref(day)) => key(day, false),
            Some(From::Paths(paths) | From::First { paths, .. } | From::Ref { paths, .. })
                if !paths.is_empty() && !inside(paths) =>
            {
                key(&paths[0], false);
            }
            Some(From::Moment { date, time }) => {
                key(date, true);
                key(time, true);
            }
            _ => {
                let message = format!("This ERP cannot sort {} by {}.", set.entity.def().name, def.name);
                return Err(Error::unsupported(message));
            }
        }
    }
    let direction = order.last().map_or(Direction::Asc, |o| o.direction);
    keys.push(SortKey { path: &set.id, direction, nullable: false, part: false });
    Ok(keys)
}

/// The condition that holds for the records after a position: later in the order, or equal in all keys and later by
/// id. Records without a value come last in both directions.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid) where the position does not belong to the order, and as [`sort_keys`].
pub fn after(set: &SetMapping, order: &[Order], position: &Position) -> Result<SourceFilter> {
    let keys = sort_keys(set, order)?;
    let foreign = || Error::invalid("The position does not belong to this order.");
    let Position::After { values, id } = position else { return Err(foreign()) };
    if values.len() + 1 != keys.len() {
        return Err(foreign());
    }
    // Inside a parent the list goes on with its next element: the parent is read again, unless all of it was shown.
    let again = set.each.is_some() && super::Each::split(id).is_some_and(|(_, element)| !element.is_empty());
    let id = set.source_id(id).and_then(|id| set.id_literal(id)).ok_or_else(foreign)?;
    let mut literals = Vec::with_capacity(keys.len());
    for value in values {
        literals.push(match value {
            Value::Null => None,
            value => Some(literal(value).ok_or_else(foreign)?),
        });
    }
    literals.push(Some(id));

    let is = |key: &SortKey<'_>, op, value| {
        SourceFilter::Is(SourceCondition { path: key.path.as_str().into(), op, values: vec![value] })
    };
    let null = |key: &SortKey<'_>| is(key, SourceOp::IsNull, Literal::Bool(true));
    let mut alternatives = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let equal = keys[..at].iter().zip(&literals).map(|(key, value)| match value {
            Some(value) => is(key, SourceOp::Eq, value.clone()),
            None => null(key),
        });
        let equal: Vec<_> = equal.collect();
        let mut later = |last| alternatives.push(SourceFilter::and(equal.iter().cloned().chain([last]).collect()));
        if let Some(value) = &literals[at] {
            let op = match (key.direction, again && at + 1 == keys.len()) {
                (Direction::Asc, false) => SourceOp::Gt,
                (Direction::Asc, true) => SourceOp::Gte,
                (Direction::Desc, false) => SourceOp::Lt,
                (Direction::Desc, true) => SourceOp::Lte,
            };
            later(is(key, op, value.clone()));
            if key.nullable {
                later(null(key));
            }
        }
    }
    Ok(SourceFilter::or(alternatives))
}
