//! Joins of a set with a collection in its records, which no `$filter` reaches: the query service (guide, 3.7.9 and 3.7.10).

use super::service::Service;
use crate::{adapter::Ctx, error::Result, odata::body::Page};
use bytes::Bytes;

/// So many keys are looked up in one join.
pub(super) const KEYS_PER_JOIN: usize = 200;

/// The rows of a join, all pages of them: each an object with one object for each side, by the side's path.
pub(super) async fn join(service: &Service, ctx: &Ctx, set: &str, lines: &str, options: &str) -> Result<Vec<Bytes>> {
    let mut rows = Vec::new();
    loop {
        let skip = if rows.is_empty() { String::new() } else { format!("&$skip={}", rows.len()) };
        let body = serde_json::json!({
            "QueryPath": format!("$crossjoin({set},{lines})"),
            "QueryOption": format!("{options}{skip}"),
        });
        let response = service.function(ctx, "QueryService_PostQuery", &body).await?;
        let page = Page::read(&response.body)?;
        let more = page.more && !page.rows.is_empty();
        rows.extend(page.rows);
        if !more {
            return Ok(rows);
        }
    }
}
