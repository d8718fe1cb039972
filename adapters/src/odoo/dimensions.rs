//! Cost accounting: rows name analytic accounts by their ids.

use super::{
    books::Search,
    order::cells,
    view::{IDS_PER_CALL, View},
    wire,
};
use crate::{
    adapter::Ctx,
    error::{Error, Result},
    mapping::Plan,
};
use futures_util::future::try_join_all;
use serde_json::{json, value::RawValue};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which analytic accounts a line is charged to: `{"7,12": 60.0, "9": 40.0}`, one account of each plan in a key.
const DISTRIBUTION: &str = "analytic_distribution";

/// The same with the accounts and plans named, which is made here.
const NAMED: &str = "named_distribution";

/// What has to be requested of Odoo for a name of the mapping.
pub(super) fn source(name: &str) -> &str {
    if name == NAMED { DISTRIBUTION } else { name }
}

/// Whether a plan wants the accounts named.
pub(super) fn wanted(plan: &Plan) -> bool {
    plan.source_fields().any(|name| name == NAMED)
}

/// A row with other values in some fields.
pub(super) fn rewritten(row: &RawValue, with: &[(&str, String)]) -> Result<Box<RawValue>> {
    let cells = cells(row)?;
    let cells: BTreeMap<_, _> = cells.into_iter().collect();
    let kept = cells.iter().filter(|(name, _)| with.iter().all(|(other, _)| other != *name));
    let kept = kept.map(|(name, raw)| (*name, raw.get()));
    let parts: Vec<String> = kept
        .chain(with.iter().map(|(name, raw)| (*name, raw.as_str())))
        .map(|(name, raw)| format!("{}:{raw}", json!(name)))
        .collect();
    RawValue::from_string(format!("{{{}}}", parts.join(",")))
        .map_err(|e| Error::bad_response("A row of Odoo's answer is no record.").with_detail(e.to_string()))
}

impl View {
    /// The rows with their analytic accounts named: one call for all of them, and none where there are none.
    pub(super) async fn with_dimensions(&self, ctx: &Ctx, rows: Vec<Box<RawValue>>) -> Result<Vec<Box<RawValue>>> {
        let mut of_rows: Vec<Option<Vec<i64>>> = Vec::with_capacity(rows.len());
        for row in &rows {
            of_rows.push(cells(row)?.get(DISTRIBUTION).map(|raw| accounts(raw)));
        }
        if of_rows.iter().all(Option::is_none) {
            return Ok(rows);
        }
        let ids: BTreeSet<i64> = of_rows.iter().flatten().flatten().copied().collect();
        let named = self.analytic_accounts(ctx, &ids.into_iter().collect::<Vec<_>>()).await?;
        let with = rows.into_iter().zip(of_rows).map(|(row, ids)| match ids {
            None => Ok(row),
            Some(ids) => {
                let dimensions: Vec<_> = ids.iter().filter_map(|id| named.get(id)).collect();
                rewritten(&row, &[(NAMED, json!(dimensions).to_string())])
            }
        });
        with.collect()
    }

    async fn analytic_accounts(&self, ctx: &Ctx, ids: &[i64]) -> Result<HashMap<i64, serde_json::Value>> {
        #[derive(serde::Deserialize)]
        struct Account {
            id: i64,
            name: String,
            plan_id: (i64, String),
        }
        let calls = ids.chunks(IDS_PER_CALL).map(|ids| {
            let search = Search {
                model: "account.analytic.account",
                domain: json!([["id", "in", ids]]).to_string(),
                fields: vec!["name", "plan_id"],
                order: "id".into(),
                limit: None,
                offset: 0,
                names: true,
                operation: "dimensions",
            };
            self.books.search(ctx, search)
        });
        let rows: Vec<_> = try_join_all(calls).await?.into_iter().flatten().collect();
        let named = rows.iter().map(|row| {
            let account: Account = wire::returned(row)?;
            Ok((account.id, json!({ "plan": account.plan_id.1, "account": account.name })))
        });
        named.collect()
    }
}

/// The accounts that a distribution names, each once.
fn accounts(distribution: &RawValue) -> Vec<i64> {
    let shares: HashMap<&str, &RawValue> = serde_json::from_str(distribution.get()).unwrap_or_default();
    let ids = shares.keys().flat_map(|key| key.split(',')).filter_map(|id| id.trim().parse().ok());
    ids.collect::<BTreeSet<i64>>().into_iter().collect()
}
