//! Which of an entity's ids have a meaning that only other models tell: the accounts that hold stock are those that product
//! categories and the company name.

use super::books::{Books, Library, Search};
use crate::{
    adapter::Ctx,
    error::{ErrorKind, Result},
    mapping::{Literal, SetMapping},
};
use futures_util::future::try_join_all;
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};

/// Ids by the name that conditions call them by.
pub(super) type Known = HashMap<Box<str>, Vec<Literal>>;

/// What the sets of an entity want to be known. A model that is not installed, that the user may not read or that lacks the
/// field names no ids.
pub(super) async fn load(
    ctx: &Ctx,
    library: &Library,
    books: &Books,
    sets: &[std::sync::Arc<SetMapping>],
) -> Result<Known> {
    let wanted = sets.iter().filter_map(|set| set.options.get("known")?.as_table()).flatten();
    let wanted: BTreeSet<(&str, &str)> = wanted
        .flat_map(|(name, fields)| {
            let fields = fields.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
            fields.map(|field| (name.as_str(), field))
        })
        .collect();
    let reads = wanted.into_iter().filter_map(|(name, field)| {
        let (model, field) = field.split_once('/')?;
        Some(async move { Ok::<_, crate::Error>((name, named_ids(ctx, library, books, model, field).await?)) })
    });
    let mut ids: HashMap<&str, BTreeSet<i64>> = HashMap::new();
    for (name, more) in try_join_all(reads).await? {
        ids.entry(name).or_default().extend(more);
    }
    let literals = |ids: BTreeSet<i64>| ids.into_iter().map(|id| Literal::Number(id.into())).collect();
    Ok(ids.into_iter().map(|(name, ids)| (name.into(), literals(ids))).collect())
}

/// The ids that the records of a model name in a field, as the company has it.
async fn named_ids(ctx: &Ctx, library: &Library, books: &Books, model: &str, field: &str) -> Result<Vec<i64>> {
    let rows = async {
        if !library.fields(ctx, books, model).await?.is_some_and(|fields| fields.contains_key(field)) {
            return Ok(Vec::new());
        }
        let search = Search {
            model,
            domain: "[]".into(),
            fields: vec![field],
            order: "id".into(),
            limit: None,
            offset: 0,
            names: false,
            operation: "known",
        };
        books.search(ctx, search).await
    };
    let rows: Vec<Box<RawValue>> = match rows.await {
        Err(error) if error.kind == ErrorKind::Forbidden => return Ok(Vec::new()),
        rows => rows?,
    };
    let ids = rows.iter().map(|row| super::list::pointed_to(row, field)).collect::<Result<Vec<_>>>()?;
    Ok(ids.into_iter().flatten().collect())
}
