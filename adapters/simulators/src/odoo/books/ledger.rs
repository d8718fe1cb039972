//! Journal entries that belong to no document and no payment: stock, exchange differences, salaries, the opening.

use super::{Books, ids, matching::Matched, money, plan};
use crate::{
    dataset::{AccountKind, Entry, Journal, Party, Source},
    decimal::Cents,
    store::{Cell, StoreError, Text},
};

/// The code of a journal, with which its numbers begin.
pub(super) fn code(journal: Journal) -> &'static str {
    match journal {
        Journal::Sales => "INV",
        Journal::Purchases => "BILL",
        Journal::Bank => "BNK1",
        Journal::Cash => "CSH1",
        Journal::Card => "CRD1",
        Journal::Stock => "STJ",
        Journal::Exchange => "EXCH",
        Journal::General => "MISC",
    }
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let dataset = books.dataset;
    for (at, entry) in dataset.entries.iter().enumerate() {
        if let Some(ids) = books.plan.entries.get(&at).copied() {
            write_entry(books, ids, entry)?;
        }
    }
    Ok(())
}

fn partner(books: &Books<'_>, party: Party) -> i64 {
    match party {
        Party::Customer(at) => books.plan.partners[at],
        Party::Vendor(at) => books.plan.vendors[at],
    }
}

/// The transfer or the order that an entry is about, and what the entry says of itself.
fn reference(books: &Books<'_>, entry: &Entry) -> Option<String> {
    match entry.source {
        Source::Receipt(at) => Some(super::transfers::receipt_name(books.dataset, at)),
        Source::Shipment(at) => Some(super::transfers::shipment_name(books.dataset, at)),
        Source::WorkOrder(at) => Some(super::production::name(books.dataset, at)),
        _ => entry.text.map(str::to_owned),
    }
}

fn label(entry: &Entry, reference: Option<&str>) -> Text {
    match (entry.source, entry.text.or(reference)) {
        (Source::Settlement(_) | Source::BillSettlement(_), _) => "Currency exchange rate difference".into(),
        (_, Some(text)) => text.into(),
        (Source::Opening, None) => "Opening Entry".into(),
        (_, None) => "Journal Entry".into(),
    }
}

fn write_entry(books: &mut Books<'_>, ids: plan::Move, entry: &Entry) -> Result<(), StoreError> {
    let name: Text = format!("{}/{}/{:05}", code(entry.journal), entry.date.format("%Y"), entry.sequence).into();
    let reference = reference(books, entry);
    let label = label(entry, reference.as_deref());
    let total: Cents = entry.lines.iter().map(|line| line.debit).sum();
    let party = entry.lines.iter().find_map(|line| line.party).map(|party| partner(books, party));
    let matched = books.matching.exchange(entry.source);
    let values = [
        ("name", name.clone().into()),
        ("move_type", "entry".into()),
        ("state", "posted".into()),
        ("payment_state", "not_paid".into()),
        // An exchange difference is of nobody; its lines are.
        ("partner_id", if entry.journal == Journal::Exchange { Cell::Null } else { party.into() }),
        ("invoice_date_due", entry.date.into()),
        ("date", entry.date.into()),
        ("ref", reference.into()),
        ("currency_id", ids::EUR.into()),
        ("journal_id", ids::journal(entry.journal).into()),
        ("amount_total", if entry.journal == Journal::Exchange { Cell::Null } else { money(total) }),
        ("amount_total_signed", money(total)),
        ("sequence_number", entry.sequence.into()),
        ("matched_payment_ids", books.none.clone()),
    ];
    books.insert("account.move", ids.id, (entry.created, entry.created), values)?;
    for (at, line) in entry.lines.iter().enumerate() {
        let kind = books.dataset.accounts[line.account].kind;
        let reconciles = matches!(kind, AccountKind::Receivable | AccountKind::Payable);
        let Matched { full, part } = if reconciles { matched } else { Matched::default() };
        let values = [
            ("move_id", ids.id.into()),
            ("move_name", name.clone().into()),
            ("parent_state", "posted".into()),
            ("row_type", "product".into()),
            ("name", label.clone().into()),
            ("product_id", line.product.map(|product| books.plan.products[product]).into()),
            ("account_id", ids::account(line.account).into()),
            ("partner_id", line.party.map(|party| partner(books, party)).into()),
            ("currency_id", ids::currency(line.currency).into()),
            ("date", entry.date.into()),
            ("quantity", Cell::Int(1)),
            ("tax_ids", books.none.clone()),
            ("balance", money(line.balance())),
            ("amount_currency", money(line.foreign)),
            // Exchange differences are settled by what they differ from; nothing else here is for a partner.
            ("amount_residual", if reconciles { money(0) } else { Cell::Null }),
            ("amount_residual_currency", if reconciles { money(0) } else { Cell::Null }),
            ("full_reconcile_id", full.into()),
            ("matching", part.into()),
            ("analytic", books.analytic(line.dimensions)),
        ];
        books.insert("account.move.line", ids.first_line + at as i64, (entry.created, entry.created), values)?;
    }
    Ok(())
}
