//! Bills and vendor credits.

use std::collections::BTreeMap;

use super::{
    Books,
    documents::{self, Difference, Document, DocumentLine},
    ids, purchases,
};
use crate::{
    dataset::{AccountRole, Bill, BillKind, Dataset, EntryLine, PostState, PurchaseLine},
    decimal::{Cents, Dec},
    store::{StoreError, Text},
};

/// How many rows a bill has.
pub(super) fn lines(bill: &Bill) -> i64 {
    documents::rows(bill.lines.iter().map(|line| (line.tax, line.tax_amount)))
}

/// What the ledger put aside of a bill as differences of price.
pub(super) fn differences(dataset: &Dataset, entry: Option<usize>) -> Vec<Difference> {
    let lines = entry.map_or(&[][..], |entry| &dataset.entries[entry].lines);
    let account = AccountRole::PriceDifference.position();
    let of_price = lines.iter().filter(|line| line.account == account);
    let difference =
        |line: &EntryLine| Some(Difference { line: line.document_line?, base: line.balance(), foreign: line.foreign });
    of_price.filter_map(difference).collect()
}

/// The number of a bill.
fn name(books: &Books<'_>, bill: &Bill) -> Option<String> {
    let prefix = if bill.kind == BillKind::Bill { "BILL" } else { "RBILL" };
    documents::number(books, prefix, bill.state, bill.date, bill.sequence)
}

/// What a line of a purchase says.
pub(super) fn description(books: &Books<'_>, line: &PurchaseLine) -> Text {
    match (line.text, line.product) {
        (Some(text), _) => text.into(),
        (None, Some(product)) => books.texts[product].clone(),
        (None, None) => books.dataset.accounts[line.account].name.into(),
    }
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let mut credited: BTreeMap<usize, Cents> = BTreeMap::new();
    for credit in dataset.bills.iter().filter(|bill| bill.state == PostState::Posted) {
        for allocation in &credit.allocations {
            *credited.entry(allocation.bill).or_default() += allocation.amount;
        }
    }
    let mut payments: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for (payment, ids) in dataset.vendor_payments.iter().zip(&books.plan.vendor_payments) {
        for allocation in payment.allocations.iter().filter(|_| payment.state == PostState::Posted) {
            payments.entry(allocation.bill).or_default().push(ids.id);
        }
    }
    for (position, bill) in dataset.bills.iter().enumerate() {
        let document = Document {
            credited: credited.get(&position).copied().unwrap_or_default(),
            payments: payments.remove(&position).unwrap_or_default(),
            ..document(books, position, bill)
        };
        document.write(books)?;
    }
    Ok(())
}

fn document<'d>(books: &Books<'d>, position: usize, bill: &'d Bill) -> Document {
    let dataset = books.dataset;
    let is_bill = bill.kind == BillKind::Bill;
    let days = dataset.vendors[bill.vendor].payment_days;
    Document {
        id: books.plan.bills[position],
        first_line: books.plan.bill_lines[position],
        kind: if is_bill { "in_invoice" } else { "in_refund" },
        sign: if is_bill { -1 } else { 1 },
        state: bill.state,
        name: name(books, bill),
        sequence: bill.sequence,
        partner: books.plan.vendors[bill.vendor],
        currency: bill.currency,
        rate: bill.rate,
        date: bill.date,
        dated: Some(bill.date),
        due: bill.due,
        reference: bill.reference.clone(),
        origin: bill.order.map(purchases::name),
        note: bill.note,
        journal: ids::PURCHASE_JOURNAL,
        account: ids::PAYABLE,
        tax_account: ids::INPUT_TAX,
        taxes: dataset.company.purchase_taxes,
        tax_id: ids::purchase_tax,
        section: None,
        lines: bill.lines.iter().map(|line| document_line(books, bill, line)).collect(),
        differences: differences(dataset, books.plan.posted_bills.get(&position).copied()),
        totals: bill.totals,
        paid: bill.paid,
        balance: bill.balance,
        credited: 0,
        corrects: bill.corrects.map(|corrected| books.plan.bills[corrected]),
        user: None,
        payment_term: is_bill.then(|| ids::payment_term(days)),
        payments: Vec::new(),
        matched: books.matching.bill(position),
        created: bill.created,
        updated: bill.updated,
    }
}

fn document_line(books: &Books<'_>, bill: &Bill, line: &PurchaseLine) -> DocumentLine {
    let order = bill.order.zip(line.order_line);
    DocumentLine {
        name: description(books, line),
        product: line.product,
        account: ids::account(line.account),
        quantity: line.quantity(),
        price: line.unit_price,
        discount: Dec::new(0, 2),
        tax: line.tax,
        net: line.net,
        tax_amount: line.tax_amount,
        dimensions: line.dimensions,
        sale_line: None,
        purchase_line: order.map(|(order, at)| books.plan.purchase_lines[order] + at as i64),
    }
}
