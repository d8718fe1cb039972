//! What settles invoices, bills and payments: the reconciliations of their receivable and payable lines.
//!
//! Odoo keeps them as pairs of ledger lines with the amount that each takes of the other, whatever entries the lines belong
//! to: a payment's, a credit note's, a bank statement's, or one that was posted by hand.

use super::{
    books::{Books, Search},
    join::Elements,
    order::{Cells, cells, id_of},
    view::IDS_PER_CALL,
    wire,
};
use crate::{adapter::Ctx, error::Result, model::EntityType};
use futures_util::future::try_join_all;
use serde_json::{json, value::RawValue};
use std::collections::{HashMap, HashSet};

/// How far a document is paid.
pub(super) const STATE: &str = "payment_state";

/// Whether nothing is left to pay, by the JSON of the state.
pub(super) fn is_settled(state: &str) -> bool {
    matches!(state, "\"paid\"" | "\"in_payment\"" | "\"reversed\"")
}

/// The journal entry of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) entry: i64,
    pub(super) record: i64,
    pub(super) settled: bool,
}

/// A ledger line of a pair.
struct Line {
    entry: i64,
    payment: Option<i64>,
    /// JSON of the kind of its entry.
    kind: String,
    /// Whether it is receivable or payable. Others are reconciled as well: goods received with goods billed.
    is_due: bool,
}

/// For each record what it settles, or is settled by, in the order of time: `amount` in the record's currency, `date`, `payment`,
/// `invoice`, `bill`, and `settles` for the last one where nothing is left. Two calls for all of them.
pub(super) async fn read(ctx: &Ctx, books: &Books, entity: EntityType, entries: &[Entry]) -> Result<Elements> {
    let mut elements = Elements::default();
    if entries.is_empty() {
        return Ok(elements);
    }
    let of_entry: HashMap<i64, &Entry> = entries.iter().map(|entry| (entry.entry, entry)).collect();
    let ids: Vec<i64> = entries.iter().map(|entry| entry.entry).collect();
    let pairs = ids.chunks(IDS_PER_CALL).map(|ids| {
        let domain = json!(["|", ["debit_move_id.move_id", "in", ids], ["credit_move_id.move_id", "in", ids]]);
        let fields =
            vec!["debit_move_id", "credit_move_id", "debit_amount_currency", "credit_amount_currency", "max_date"];
        search(ctx, books, "account.partial.reconcile", domain, fields, "max_date, id")
    });
    let pairs: Vec<Box<RawValue>> = try_join_all(pairs).await?.into_iter().flatten().collect();
    let pairs: Vec<Cells<'_>> = pairs.iter().map(|row| cells(row)).collect::<Result<_>>()?;
    let lines = read_lines(ctx, books, &pairs).await?;
    let mut found: HashMap<i64, Vec<serde_json::Map<String, serde_json::Value>>> = HashMap::new();
    let mut seen = HashSet::new();
    for pair in &pairs {
        if !seen.insert(at(pair, "id")) {
            continue;
        }
        let ends = [
            ("debit_move_id", "credit_move_id", "debit_amount_currency"),
            ("credit_move_id", "debit_move_id", "credit_amount_currency"),
        ];
        for (own, other, amount) in ends {
            let line = |name: &str| at(pair, name).and_then(|id| lines.get(&id));
            let (Some(own), Some(other)) = (line(own), line(other)) else { continue };
            let Some(entry) = of_entry.get(&own.entry).filter(|_| own.is_due) else { continue };
            let is_zero = |raw: &RawValue| raw.get().bytes().all(|b| matches!(b, b'0' | b'.' | b'-'));
            // What an exchange difference takes is nothing in the document's currency.
            let Some(amount) = pair.get(amount).filter(|amount| !is_zero(amount)) else { continue };
            let (payment, invoice, bill) = match entity {
                EntityType::Payment => match other.kind.as_str() {
                    "\"out_invoice\"" | "\"out_refund\"" => (Some(entry.record), Some(other.entry), None),
                    "\"in_invoice\"" | "\"in_refund\"" => (Some(entry.record), None, Some(other.entry)),
                    _ => continue,
                },
                EntityType::Bill => (other.payment, None, Some(entry.record)),
                _ => (other.payment, Some(entry.record), None),
            };
            let mut element = serde_json::Map::new();
            let mut put =
                |name: &str, id: Option<i64>| element.insert(name.to_owned(), id.map_or(json!(false), |id| json!(id)));
            put("payment", payment);
            put("invoice", invoice);
            put("bill", bill);
            element.insert("amount".into(), json!(amount.get()));
            element.insert("date".into(), wire::returned(pair.get("max_date").copied().unwrap_or(RawValue::NULL))?);
            found.entry(entry.record).or_default().push(element);
        }
    }
    let settled: HashSet<i64> = entries.iter().filter(|entry| entry.settled).map(|entry| entry.record).collect();
    for (record, mut own) in found {
        if let Some(last) = own.last_mut().filter(|_| settled.contains(&record)) {
            last.insert("settles".into(), json!(true));
        }
        for element in own {
            elements.add(record, wire::raw(&element)?);
        }
    }
    Ok(elements)
}

async fn read_lines(ctx: &Ctx, books: &Books, pairs: &[Cells<'_>]) -> Result<HashMap<i64, Line>> {
    let ids = pairs.iter().flat_map(|pair| [at(pair, "debit_move_id"), at(pair, "credit_move_id")]).flatten();
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    // Until 15 the type of an account has another name.
    let kind = if books.link.version.is_from(16) { "account_type" } else { "account_internal_type" };
    let calls = ids.chunks(IDS_PER_CALL).map(|ids| {
        let fields = vec!["move_id", "payment_id", "move_type", kind];
        search(ctx, books, "account.move.line", json!([["id", "in", ids]]), fields, "id")
    });
    let mut lines = HashMap::new();
    for row in try_join_all(calls).await?.into_iter().flatten() {
        let cells = cells(&row)?;
        let (Some(id), Some(entry)) = (at(&cells, "id"), at(&cells, "move_id")) else { continue };
        let word = |name: &str| cells.get(name).map_or("", |raw| raw.get());
        let is_due =
            matches!(word(kind), "\"asset_receivable\"" | "\"liability_payable\"" | "\"receivable\"" | "\"payable\"");
        lines.insert(id, Line { entry, payment: at(&cells, "payment_id"), kind: word("move_type").to_owned(), is_due });
    }
    Ok(lines)
}

fn at(cells: &Cells<'_>, name: &str) -> Option<i64> {
    cells.get(name).and_then(|id| id_of(id))
}

async fn search(
    ctx: &Ctx,
    books: &Books,
    model: &str,
    domain: serde_json::Value,
    fields: Vec<&str>,
    order: &str,
) -> Result<Vec<Box<RawValue>>> {
    let search = Search {
        model,
        domain: domain.to_string(),
        fields,
        order: order.to_owned(),
        limit: None,
        offset: 0,
        names: false,
        operation: "join",
    };
    books.search(ctx, search).await
}
