//! Rows on their way to records, with what is joined to them: payments, and the kinds of tax.

use super::{IDS_PER_QUERY, QuickBooks, company::Books, read::is_id, statement::Selection};
use crate::{
    adapter::{Ctx, Quarantined},
    error::{Error, Result},
    mapping::{Env, Plan, SetMapping, SourceFilter},
    model::{EntityType, FieldSet, Record},
};
use futures_util::future::try_join_all;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A transaction that another one names.
#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(rename = "TxnId")]
    pub(super) id: Box<str>,
    #[serde(rename = "TxnType")]
    pub(super) kind: Box<str>,
}

/// A document, as far as its payments go.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "Id")]
    id: Box<str>,
    #[serde(rename = "Balance", borrow)]
    balance: Option<&'a RawValue>,
    #[serde(rename = "LinkedTxn", default)]
    links: Vec<Link>,
}

/// A payment, as far as it settles documents.
#[derive(Deserialize)]
struct Payment<'a> {
    #[serde(rename = "Id")]
    id: Box<str>,
    #[serde(rename = "TxnDate", borrow)]
    date: Option<Cow<'a, str>>,
    #[serde(rename = "Line", borrow, default)]
    lines: Vec<PaymentLine<'a>>,
}

#[derive(Deserialize)]
struct PaymentLine<'a> {
    #[serde(rename = "Amount", borrow)]
    amount: Option<&'a RawValue>,
    #[serde(rename = "LinkedTxn", default)]
    links: Vec<Link>,
}

/// What a payment pays on one document; in the order in which that happened.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Part<'a> {
    date: String,
    payment: Box<str>,
    amount: &'a str,
}

/// How the documents of a set and their payments name each other.
struct Settlement {
    /// The source set of the payments.
    payments: &'static str,
    /// How the words begin by which a document names its payments: `BillPaymentCheck`, `BillPaymentCreditCard`.
    payment: &'static str,
    /// The word by which a payment names the document.
    document: &'static str,
}

impl Settlement {
    fn of(set: &SetMapping) -> Option<Self> {
        match set.set.as_str() {
            "Invoice" => Some(Self { payments: "Payment", payment: "Payment", document: "Invoice" }),
            "Bill" => Some(Self { payments: "BillPayment", payment: "BillPayment", document: "Bill" }),
            _ => None,
        }
    }
}

/// How rows of one set become records.
pub(super) struct Reading<'e> {
    set: Arc<SetMapping>,
    plan: Plan,
    env: &'e Env,
    /// For each document, or rate of tax, what is joined to it.
    joined: Elements,
    /// What is joined to the others.
    otherwise: Vec<Box<RawValue>>,
}

/// What is joined to rows, by their ids.
type Elements = HashMap<Box<str>, Vec<Box<RawValue>>>;

impl QuickBooks {
    /// How these rows are read. Where payments are wanted, they come in one more call for all rows.
    pub(super) async fn reading<'e>(
        &self,
        ctx: &Ctx,
        set: &Arc<SetMapping>,
        fields: FieldSet,
        rows: &[&RawValue],
        (env, books): (&'e Env, &Books),
    ) -> Result<Reading<'e>> {
        let plan = Plan::new(set, fields);
        let (joined, otherwise) = match (plan.joins().next(), Settlement::of(set)) {
            (None, _) => (Elements::new(), Vec::new()),
            (Some(_), Some(settlement)) => (self.allocations(ctx, &settlement, rows).await?, Vec::new()),
            (Some(_), None) => (tax_kinds(books), tax_kind("UNKNOWN")),
        };
        Ok(Reading { set: Arc::clone(set), plan, env, joined, otherwise })
    }

    /// What settles each of these documents: the lines of the payments that they name.
    async fn allocations(&self, ctx: &Ctx, settlement: &Settlement, rows: &[&RawValue]) -> Result<Elements> {
        let documents = rows.iter().filter_map(|row| serde_json::from_str::<Document<'_>>(row.get()).ok());
        let mut settled: HashMap<Box<str>, bool> = HashMap::new();
        let mut ids = Vec::new();
        let mut seen = HashSet::new();
        for document in documents {
            let balance = document.balance.and_then(|raw| Decimal::from_str_exact(raw.get()).ok());
            settled.insert(document.id, balance.is_some_and(|balance| balance.is_zero()));
            let payments = document.links.into_iter().filter(|link| link.kind.starts_with(settlement.payment));
            ids.extend(payments.map(|link| link.id).filter(|id| is_id(id) && seen.insert(id.clone())));
        }
        let set = self.set(EntityType::Payment, &settlement.payments.into())?;
        let answers = ids.chunks(IDS_PER_QUERY).map(|chunk| async move {
            let selection = Selection::new(set, &SourceFilter::ALL)?.within("Id", chunk.iter().map(|id| &**id));
            self.api.query(ctx, &selection.rows("", 0, chunk.len())).await
        });
        let answers = try_join_all(answers).await?;
        let mut found: HashMap<Box<str>, Vec<Part<'_>>> = HashMap::new();
        for answer in &answers {
            for raw in answer.rows(set.set.as_str())? {
                let payment: Payment<'_> = serde_json::from_str(raw.get()).map_err(|e| {
                    Error::bad_response("The lines of a payment cannot be read.").with_detail(e.to_string())
                })?;
                let date = payment.date.unwrap_or_default();
                for line in &payment.lines {
                    for link in line.links.iter().filter(|link| *link.kind == *settlement.document) {
                        if settled.contains_key(&link.id) {
                            let amount = line.amount.map_or("null", RawValue::get);
                            let part = Part { date: date.to_string(), payment: payment.id.clone(), amount };
                            found.entry(link.id.clone()).or_default().push(part);
                        }
                    }
                }
            }
        }
        let joined = found.into_iter().map(|(document, mut parts)| {
            parts.sort();
            let last = parts.len() - 1;
            let settled = settled.get(&document).copied().unwrap_or(false);
            let parts = parts.iter().enumerate().map(|(at, Part { date, payment, amount })| {
                let (date, id) = (serde_json::json!(date), serde_json::json!(payment));
                let is_last = settled && at == last;
                let json = format!(r#"{{"Id":{id},"TxnDate":{date},"Amount":{amount},"IsLast":{is_last}}}"#);
                RawValue::from_string(json)
            });
            Ok((document, parts.collect::<serde_json::Result<_>>()?))
        });
        joined
            .collect::<serde_json::Result<_>>()
            .map_err(|e| Error::bad_response("The lines of a payment cannot be read.").with_detail(e.to_string()))
    }
}

/// For each rate of tax where it is used.
fn tax_kinds(books: &Books) -> Elements {
    books.tax_kinds.iter().map(|(rate, word)| (rate.clone(), tax_kind(word))).collect()
}

fn tax_kind(word: &str) -> Vec<Box<RawValue>> {
    RawValue::from_string(format!(r#"{{"Kind":"{word}"}}"#)).into_iter().collect()
}

impl Reading<'_> {
    /// The record in a row.
    ///
    /// # Errors
    /// As [`Plan::read`].
    pub(super) fn read(&self, raw: &RawValue) -> std::result::Result<Record, Quarantined> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(rename = "Id")]
            id: Box<str>,
        }
        let text = with_id(&self.set, raw);
        let id = match self.joined.is_empty() {
            true => None,
            false => serde_json::from_str::<Row>(&text).ok().map(|row| row.id),
        };
        let elements = id.and_then(|id| self.joined.get(&id)).unwrap_or(&self.otherwise);
        let joined: Vec<_> =
            self.plan.joins().map(|field| (field, elements.iter().map(AsRef::as_ref).collect())).collect();
        self.plan.read(&text, &joined, self.env)
    }
}

/// The text of a row that has an id: an exchange rate is known by its currency and day.
fn with_id<'r>(set: &SetMapping, raw: &'r RawValue) -> Cow<'r, str> {
    let Some(parts) = set.options.get("id-of").and_then(toml::Value::as_array) else { return raw.get().into() };
    let Ok(row) = serde_json::from_str::<HashMap<Cow<'_, str>, &RawValue>>(raw.get()) else { return raw.get().into() };
    let part = |name: &toml::Value| serde_json::from_str::<String>(row.get(name.as_str()?)?.get()).ok();
    match parts.iter().map(part).collect::<Option<Vec<_>>>() {
        Some(parts) => {
            let id = serde_json::json!(parts.join(":"));
            raw.get().replacen('{', &format!(r#"{{"Id":{id},"#), 1).into()
        }
        None => raw.get().into(),
    }
}
