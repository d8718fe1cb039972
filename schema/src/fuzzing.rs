//! What the fuzz targets reach: the reading of `where` and `orderBy`. No product build has it.

use crate::{error::Result, input};
use adapters::{
    adapter::Order,
    filter::{Filter, Operand},
    model::EntityType,
};
use async_graphql::Value;

/// Reads the arguments of a list as they come in variables.
///
/// # Errors
/// What is wrong with them, with its path.
pub fn arguments(
    entity: EntityType,
    conditions: Option<serde_json::Value>,
    order_by: Option<serde_json::Value>,
) -> Result<(Filter<Operand>, Vec<Order>)> {
    let value = |json| Value::from_json(json).unwrap_or_default();
    let (conditions, order_by) = (conditions.map(value), order_by.map(value));
    Ok((input::filter(entity.def(), conditions.as_ref())?, input::order(entity.def(), order_by.as_ref())?))
}
