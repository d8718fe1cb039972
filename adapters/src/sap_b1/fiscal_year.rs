//! When the company's fiscal year ends: the details of the company do not say, its posting periods do.

use super::{SapB1, service::Service};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
    odata::body::Page,
};
use bytes::Bytes;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use std::sync::Arc;

/// The last day of a fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// 1 to 12.
    pub(super) month: u32,
    /// None for the last day of February, which is not the same one every year.
    pub(super) day: Option<u32>,
}

/// The end of the fiscal year that was set up last; none where there is none, the user may not read the periods, or this
/// service does not tell of them.
pub(super) async fn end(b1: &SapB1, ctx: &Ctx) -> Result<Option<End>> {
    let service = Arc::clone(&b1.service);
    let load = |ctx| async move {
        match ask(&service, &ctx).await {
            Err(error) if is_withheld(&error) => Ok(None),
            end => end,
        }
    };
    b1.fiscal_year.get(ctx, load).await
}

fn is_withheld(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Forbidden | ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Unsupported)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    absolute_entry: i64,
}

#[derive(Deserialize)]
struct Period {
    #[serde(rename = "BeginningofFinancialYear")]
    beginning: Option<String>,
}

async fn ask(service: &Service, ctx: &Ctx) -> Result<Option<End>> {
    let answer = service.function(ctx, "CompanyService_GetPeriods", &json!({})).await?;
    let keys: Vec<Key> = Page::read(&answer.body)?.rows.iter().map(read).collect::<Result<_>>()?;
    let Some(last) = keys.iter().map(|key| key.absolute_entry).max() else { return Ok(None) };
    let wanted = json!({ "PeriodCategoryParams": { "AbsoluteEntry": last } });
    let period: Period = read(&service.function(ctx, "CompanyService_GetPeriod", &wanted).await?.body)?;
    Ok(period.beginning.as_deref().and_then(before))
}

/// The day before a fiscal year that begins on this day.
fn before(beginning: &str) -> Option<End> {
    let beginning: NaiveDate = beginning.get(..10)?.parse().ok()?;
    let last = beginning.pred_opt()?;
    let is_leap_day = (beginning.month(), beginning.day()) == (3, 1);
    Some(End { month: last.month(), day: Some(last.day()).filter(|_| !is_leap_day) })
}

fn read<T: DeserializeOwned>(text: &Bytes) -> Result<T> {
    serde_json::from_slice(text).map_err(|error| {
        Error::bad_response("what the ERP says of its posting periods cannot be read").with_detail(error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiscal_year_ends_on_the_day_before_the_next_begins() {
        let end = |month, day| Some(End { month, day });
        assert_eq!(before("2026-01-01T00:00:00Z"), end(12, Some(31)));
        assert_eq!(before("2026-07-01"), end(6, Some(30)));
        assert_eq!(before("2026-04-06"), end(4, Some(5)));
        assert_eq!(before("2024-03-01"), end(2, None));
        assert_eq!(before("2025-03-01"), end(2, None));
        assert_eq!(before("soon"), None);
        assert_eq!(before("2026-13-01"), None);
    }
}
