//! What QuickBooks says about the company: its name, its currency, its codes of tax and methods of payment, and what the
//! connected user may not read.

use super::{
    api::{Answer, Api},
    statement::{Selection, is_whole},
};
use crate::{
    adapter::{Company, Ctx, ServerInfo},
    error::{ErrorKind, Result},
    mapping::{Mapping, SourceFilter, Tables},
    model::{CurrencyCode, EntityType},
};
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc};

const PREFERENCES: &str = "select * from Preferences";
const COMPANY: &str = "select * from CompanyInfo";
// A batch brings at most 1000 rows in all.
const TAX_CODES: &str = "select * from TaxCode where Active in (true, false) startposition 1 maxresults 800";
const METHODS: &str = "select * from PaymentMethod where Active in (true, false) startposition 1 maxresults 190";

/// What is known of the company, for reading its records.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    /// The currency of its books.
    pub(super) currency: Option<CurrencyCode>,
    /// Whether it keeps books in several currencies.
    pub(super) multi_currency: bool,
    /// `sales-taxes` and `purchase-taxes`: the rates of each code of tax; `payment-methods`: their names.
    pub(super) tables: Arc<Tables>,
    /// The rates of tax with the word of [`TaxKind`](crate::model) for where the codes use them.
    pub(super) tax_kinds: Arc<HashMap<Box<str>, &'static str>>,
}

#[derive(Deserialize)]
struct Preferences {
    #[serde(rename = "CurrencyPrefs")]
    currency: Option<CurrencyPrefs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CurrencyPrefs {
    home_currency: Option<Reference>,
    multi_currency_enabled: Option<bool>,
}

#[derive(Deserialize)]
struct Reference {
    value: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TaxCode {
    id: Box<str>,
    taxable: Option<bool>,
    sales_tax_rate_list: Option<TaxRateList>,
    purchase_tax_rate_list: Option<TaxRateList>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TaxRateList {
    #[serde(default)]
    tax_rate_detail: Vec<TaxRateDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TaxRateDetail {
    tax_rate_ref: Option<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentMethod {
    id: Box<str>,
    name: Box<str>,
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

/// The books of the company, in one call. Without its codes of tax and its methods of payment they can be read as well.
pub(super) async fn books(api: &Api, ctx: &Ctx) -> Result<Books> {
    let statements = [PREFERENCES, TAX_CODES, METHODS].map(str::to_owned);
    let mut answers = api.queries(ctx, &statements).await?.into_iter();
    let mut books = match answers.next() {
        Some(answer) => preferences(&answer?)?,
        None => Books::default(),
    };
    let codes: Vec<TaxCode> = optional(answers.next(), "TaxCode");
    let methods: Vec<PaymentMethod> = optional(answers.next(), "PaymentMethod");
    let rates = |list: &Option<TaxRateList>| -> Vec<Box<str>> {
        let details = list.iter().flat_map(|list| &list.tax_rate_detail);
        details.filter_map(|detail| detail.tax_rate_ref.as_ref()?.value.clone()).collect()
    };
    // NON stands for no tax, TAX for what is on the document.
    let none = || HashMap::from([("NON".into(), Vec::new())]);
    let (mut sales, mut purchases, mut kinds) = (none(), none(), HashMap::new());
    for code in &codes {
        for (list, table, kind) in [
            (&code.sales_tax_rate_list, &mut sales, "SALE"),
            (&code.purchase_tax_rate_list, &mut purchases, "PURCHASE"),
        ] {
            let rates = rates(list);
            for rate in &rates {
                let known = kinds.entry(rate.clone()).or_insert(kind);
                *known = if *known == kind { kind } else { "UNKNOWN" };
            }
            if list.is_some() || code.taxable != Some(true) {
                table.insert(code.id.clone(), rates);
            }
        }
    }
    let methods = methods.into_iter().map(|method| (method.id, vec![method.name])).collect();
    let tables =
        [("sales-taxes", sales), ("purchase-taxes", purchases), ("payment-methods", methods)].into_iter().collect();
    books.tables = Arc::new(tables);
    books.tax_kinds = Arc::new(kinds);
    Ok(books)
}

fn preferences(answer: &Answer) -> Result<Books> {
    let preferences: Option<Preferences> = first(&answer.rows("Preferences")?);
    let currency = preferences.and_then(|preferences| preferences.currency);
    Ok(Books {
        multi_currency: currency.as_ref().and_then(|c| c.multi_currency_enabled).unwrap_or(false),
        currency: currency.and_then(|c| c.home_currency?.value?.parse().ok()),
        ..Books::default()
    })
}

fn first<'a, T: Deserialize<'a>>(rows: &[&'a serde_json::value::RawValue]) -> Option<T> {
    serde_json::from_str(rows.first()?.get()).ok()
}

/// The rows of a list that reading can do without.
fn optional<T: serde::de::DeserializeOwned>(answer: Option<Result<Answer>>, set: &'static str) -> Vec<T> {
    let rows = answer.map_or(Ok(Vec::new()), |answer| {
        let answer = answer?;
        let rows = answer.rows(set)?;
        Ok::<_, crate::Error>(rows.iter().filter_map(|row| serde_json::from_str(row.get()).ok()).collect())
    });
    rows.unwrap_or_else(|error| {
        tracing::warn!(source.set = set, "cannot be read: {error}");
        Vec::new()
    })
}

/// Everything at once: the company, and for each entity whether the user may read it.
pub(super) async fn probe(api: &Api, ctx: &Ctx, mapping: &Mapping) -> Result<ServerInfo> {
    let mut statements = vec![COMPANY.to_owned(), PREFERENCES.to_owned()];
    let mut entities = Vec::new();
    for entity in mapping.entities().filter(|e| !matches!(e, EntityType::Company | EntityType::ExchangeRate)) {
        for set in mapping.sets(entity) {
            entities.push(entity);
            let all = Selection::new(set, &SourceFilter::ALL)?;
            // Nobody says that the lists that are read as a whole can be counted.
            statements.push(if is_whole(set) { all.rows("", 0, 1) } else { all.count() });
        }
    }
    let mut answers = api.queries(ctx, &statements).await?.into_iter();
    let (company, preferences) = (answers.next(), answers.next());
    let mut missing_rights: Vec<EntityType> = Vec::new();
    for (entity, answer) in entities.into_iter().zip(answers) {
        match answer.and_then(|answer| answer.check()) {
            // What the company's subscription does not include is refused as unsupported.
            Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::Unsupported) => {
                missing_rights.push(entity);
            }
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
    missing_rights.dedup();
    let company: Option<CompanyInfo> = match company {
        Some(answer) => first(&answer?.rows("CompanyInfo")?),
        None => None,
    };
    let base_currency = match preferences {
        Some(answer) => self::preferences(&answer?)?.currency,
        None => None,
    };
    let edition = company.as_ref().and_then(|c| {
        let sku = c.name_value.iter().find(|n| n.name.as_deref() == Some("OfferingSku"))?;
        sku.value.clone()
    });
    let edition = edition.unwrap_or_else(|| "QuickBooks Online".to_owned());
    let zone = company.as_ref().and_then(|c| c.default_time_zone.as_deref()?.parse::<chrono_tz::Tz>().ok());
    let name = company.and_then(|c| c.company_name);
    Ok(ServerInfo {
        version: Some(format!("{edition}, API v3 minor version {}", api.minor_version())),
        company: name.clone(),
        base_currency,
        time_zone: zone.map(|zone| zone.name().to_owned()),
        missing_rights,
        // A consent is for one.
        companies: vec![Company { id: api.realm().to_owned(), name: name.unwrap_or_default() }],
    })
}
