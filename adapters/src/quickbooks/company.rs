//! What QuickBooks says about the company: its name, its currency, and what the connected user may not read.

use super::{api::Api, statement::Selection};
use crate::{
    adapter::{Ctx, ServerInfo},
    error::{ErrorKind, Result},
    mapping::{Mapping, SourceFilter},
    model::{CurrencyCode, EntityType},
};
use serde::Deserialize;

const PREFERENCES: &str = "select * from Preferences";
const COMPANY: &str = "select * from CompanyInfo";

#[derive(Deserialize)]
struct Preferences {
    #[serde(rename = "CurrencyPrefs")]
    currency: Option<CurrencyPrefs>,
}

#[derive(Deserialize)]
struct CurrencyPrefs {
    #[serde(rename = "HomeCurrency")]
    home: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CompanyInfo {
    company_name: Option<String>,
    default_time_zone: Option<String>,
    #[serde(default)]
    name_value: Vec<NameValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameValue {
    name: Option<String>,
    value: Option<String>,
}

/// The currency of the company's books.
pub(super) async fn home_currency(api: &Api, ctx: &Ctx) -> Result<Option<CurrencyCode>> {
    let answer = api.query(ctx, PREFERENCES).await?;
    Ok(first(&answer.rows("Preferences")?).and_then(home))
}

fn home(preferences: Preferences) -> Option<CurrencyCode> {
    preferences.currency?.home?.value?.parse().ok()
}

fn first<'a, T: Deserialize<'a>>(rows: &[&'a serde_json::value::RawValue]) -> Option<T> {
    serde_json::from_str(rows.first()?.get()).ok()
}

/// Everything at once: the company, and for each entity whether the user may read it.
pub(super) async fn probe(api: &Api, ctx: &Ctx, mapping: &Mapping) -> Result<ServerInfo> {
    let mut statements = vec![COMPANY.to_owned(), PREFERENCES.to_owned()];
    let mut entities = Vec::new();
    for entity in mapping.entities() {
        for set in mapping.sets(entity) {
            entities.push(entity);
            statements.push(Selection::new(set, &SourceFilter::ALL)?.count());
        }
    }
    let mut answers = api.queries(ctx, &statements).await?.into_iter();
    let (company, preferences) = (answers.next(), answers.next());
    let mut missing_rights: Vec<EntityType> = Vec::new();
    for (entity, answer) in entities.into_iter().zip(answers) {
        match answer.and_then(|answer| answer.total()) {
            Err(error) if error.kind == ErrorKind::Forbidden => missing_rights.push(entity),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    missing_rights.dedup();
    let company: Option<CompanyInfo> = match company {
        Some(answer) => first(&answer?.rows("CompanyInfo")?),
        None => None,
    };
    let base_currency = match preferences {
        Some(answer) => first(&answer?.rows("Preferences")?).and_then(home),
        None => None,
    };
    let edition = company.as_ref().and_then(|c| {
        let sku = c.name_value.iter().find(|n| n.name.as_deref() == Some("OfferingSku"))?;
        sku.value.clone()
    });
    let edition = edition.unwrap_or_else(|| "QuickBooks Online".to_owned());
    let zone = company.as_ref().and_then(|c| c.default_time_zone.as_deref()?.parse::<chrono_tz::Tz>().ok());
    Ok(ServerInfo {
        version: Some(format!("{edition}, API v3 minor version {}", api.minor_version())),
        company: company.and_then(|c| c.company_name),
        base_currency,
        time_zone: zone.map(|zone| zone.name().to_owned()),
        missing_rights,
    })
}
