//! What the fuzz targets reach: the reading of refusals, and statements.

use super::{
    MAPPING, fault,
    read::Left,
    statement::{Selection, order_by},
};
use crate::{
    adapter::Order,
    error::{Error, ErrorKind, Result},
    filter::Filter,
    fuzzing::Question,
    http::{Request, Response},
    model::EntityType,
};

/// The operation of requests for tokens, whose refusals have a form of their own.
pub const TOKEN: &str = crate::oauth::RENEW;

/// Tells a refusal from an answer.
///
/// # Errors
/// What a refusal means.
pub fn classify(request: &Request, response: &Response) -> Result<()> {
    fault::classify(request, response)
}

/// What a list asks of each set: whole statements, and what stands after `orderby` in them.
///
/// # Errors
/// Where the order cannot be had.
pub fn questions(entity: EntityType, filter: &Filter, order: &[Order]) -> Result<Vec<Question>> {
    let mapping = MAPPING.as_ref().map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
    let mut questions = Vec::new();
    let mut left = Left::default();
    for set in mapping.sets(entity) {
        let source = left.push(filter, set);
        if source.is_none() {
            continue;
        }
        let selection = Selection::new(set, &source)?;
        let sorting = order_by(set, order)?;
        let mut statements = vec![selection.count(), selection.rows(&sorting.clause, 7, 100)];
        if let Some(key) = &sorting.nullable {
            statements.extend([true, false].map(|has| selection.clone().having(key, has).rows(&sorting.clause, 0, 5)));
        }
        questions.extend(statements.into_iter().map(|condition| Question {
            set: set.set.to_string(),
            condition,
            order: sorting.clause.clone(),
        }));
    }
    Ok(questions)
}
