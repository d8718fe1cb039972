//! What was paid on documents: only a payment knows what it pays, so payments are joined with what they pay.

use super::{
    SapB1,
    fault::cannot_join,
    join::{KEYS_PER_JOIN, join},
    supplement::{with, with_json},
};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
    mapping::Plan,
    model::SourceSet,
    odata::{
        body::Page,
        filter::{all, any, quote},
    },
};
use bytes::Bytes;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The payments of a document.
const PAYMENTS: &str = "+Payments";
/// The day of the last of them.
const PAID_ON: &str = "+PaidOn";

/// Payments of either direction pay any document: a credit note is paid out, or used up by a payment for invoices.
const SETS: [&str; 2] = ["IncomingPayments", "VendorPayments"];

/// Whether a plan needs to know what was paid.
pub(super) fn reads(plan: &Plan) -> bool {
    plan.reads(PAYMENTS) || plan.reads(PAID_ON)
}

/// A document as payments name it: sets count their documents apart.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Document {
    /// A `BoRcptInvTypes`, such as `it_Invoice`.
    kind: Box<str>,
    entry: u64,
}

/// What a payment pays on one document, in the order of the days.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "PascalCase")]
struct Part {
    doc_date: Option<Box<str>>,
    incoming: Option<u64>,
    outgoing: Option<u64>,
    link_date: Option<Box<str>>,
    #[serde(serialize_with = "number")]
    sum_applied: Box<str>,
    #[serde(rename = "AppliedFC", serialize_with = "number")]
    applied_fc: Box<str>,
}

fn number<S: serde::Serializer>(text: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    RawValue::from_string(text.to_owned()).map_err(serde::ser::Error::custom)?.serialize(serializer)
}

/// What was paid on documents.
#[derive(Default)]
pub(super) struct Paid(HashMap<Document, Vec<Part>>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    doc_entry: u64,
    doc_date: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    doc_entry: u64,
    invoice_type: Box<str>,
    link_date: Option<Box<str>>,
    sum_applied: Box<RawValue>,
    #[serde(rename = "AppliedFC")]
    applied_fc: Box<RawValue>,
}

/// What was paid on the documents of these pages; none where the user may not read payments, or this service cannot tell.
pub(super) async fn paid(b1: &SapB1, ctx: &Ctx, pages: &[(&Plan, &mut Page)]) -> Result<Option<Paid>> {
    let mut documents = BTreeSet::new();
    let mut sets: BTreeSet<&SourceSet> = BTreeSet::new();
    for (plan, page) in pages.iter().filter(|(plan, _)| reads(plan)) {
        let Some(kind) = kind(plan) else { continue };
        sets.insert(&plan.set().set);
        for row in &page.rows {
            documents.insert(Document { kind: kind.into(), entry: entry(row)? });
        }
    }
    let documents: Vec<_> = documents.into_iter().collect();
    let joins = SETS.iter().flat_map(|set| documents.chunks(KEYS_PER_JOIN).map(|some| ask(b1, ctx, set, some)));
    match try_join_all(joins).await {
        Ok(found) => {
            let mut paid = Paid::default();
            for (document, part) in found.into_iter().flatten() {
                paid.0.entry(document).or_default().push(part);
            }
            paid.0.values_mut().for_each(|parts| parts.sort_unstable());
            Ok(Some(paid))
        }
        Err(error) if error.kind == ErrorKind::Forbidden => Ok(None),
        Err(error) if cannot_join(&error) => {
            for set in sets {
                b1.leave_out(set, PAYMENTS);
                b1.leave_out(set, PAID_ON);
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// How payments call the documents of a plan's set.
fn kind(plan: &Plan) -> Option<&str> {
    plan.set().options.get("paid-as").and_then(toml::Value::as_str)
}

fn entry(row: &[u8]) -> Result<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Row {
        doc_entry: u64,
    }
    read::<Row>(row).map(|row| row.doc_entry)
}

/// What the payments of a set pay on these documents. `DocNum` of a line is the payment's `DocEntry` (`RCT2.DocNum`).
async fn ask(b1: &SapB1, ctx: &Ctx, set: &str, documents: &[Document]) -> Result<Vec<(Document, Part)>> {
    let lines = format!("{set}/PaymentInvoices");
    let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for document in documents {
        by_kind.entry(&document.kind).or_default().push(format!("{lines}/DocEntry eq {}", document.entry));
    }
    let of_kind =
        |(kind, entries): (&str, Vec<String>)| all(&[format!("{lines}/InvoiceType eq {}", quote(kind)), any(&entries)]);
    let wanted = any(&by_kind.into_iter().map(of_kind).collect::<Vec<_>>());
    let options = format!(
        "$expand={set}($select=DocEntry,DocDate),{lines}($select=DocEntry,InvoiceType,SumApplied,AppliedFC,LinkDate)\
         &$filter={set}/DocEntry eq {lines}/DocNum and {set}/Cancelled eq 'tNO' and {wanted}\
         &$orderby={set}/DocEntry,{lines}/LineNum"
    );
    let rows = join(&b1.service, ctx, set, &lines, &options).await?;
    let part = |row: &Bytes| {
        let mut row: HashMap<Box<str>, Box<RawValue>> = read(row)?;
        let mut side = |path: &str| {
            let side = row.remove(path);
            side.ok_or_else(|| Error::bad_response("the ERP's answer to a join lacks one of its sides"))
        };
        let header: Header = read(side(set)?.get().as_bytes())?;
        let line: Line = read(side(&lines)?.get().as_bytes())?;
        let document = Document { kind: line.invoice_type, entry: line.doc_entry };
        // They come in their order.
        if documents.binary_search(&document).is_err() {
            let what = format!("{} {}", document.kind, document.entry);
            return Err(Error::bad_response("the ERP tells of payments for another document").with_detail(what));
        }
        // What goes against the payment's direction, such as a credit among invoices, stands there with a minus.
        let amount = |raw: &RawValue| raw.get().trim_start_matches('-').into();
        let is_incoming = set == SETS[0];
        let part = Part {
            doc_date: header.doc_date,
            incoming: is_incoming.then_some(header.doc_entry),
            outgoing: (!is_incoming).then_some(header.doc_entry),
            link_date: line.link_date,
            sum_applied: amount(&line.sum_applied),
            applied_fc: amount(&line.applied_fc),
        };
        Ok((document, part))
    };
    rows.iter().map(part).collect()
}

impl Paid {
    /// A row of a document with what was paid on it.
    pub(super) fn write(&self, plan: &Plan, row: &Bytes) -> Result<Bytes> {
        let Some(kind) = kind(plan) else { return Ok(row.clone()) };
        let parts = self.0.get(&Document { kind: kind.into(), entry: entry(row)? }).map_or(&[][..], Vec::as_slice);
        let row = with_json(row, PAYMENTS, &serde_json::to_string(parts).map_err(unreadable)?);
        Ok(match parts.last().and_then(|part| part.doc_date.as_deref()) {
            Some(day) => with(&row, PAID_ON, day),
            None => row,
        })
    }
}

fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::bad_response("what the ERP says of payments cannot be read").with_detail(error.to_string())
}
