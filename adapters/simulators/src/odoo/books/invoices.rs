//! Invoices and credit notes.

use std::collections::BTreeMap;

use super::{
    Books,
    documents::{self, Document, DocumentLine},
    ids, sales,
};
use crate::{
    dataset::{Invoice, InvoiceKind, Line, PostState, Product},
    decimal::Cents,
    store::StoreError,
};

/// How many rows an invoice has.
pub(super) fn lines(invoice: &Invoice) -> i64 {
    i64::from(has_section(invoice)) + documents::rows(invoice.lines.iter().map(|line| (line.tax, line.tax_amount)))
}

/// Longer invoices begin with a heading.
fn has_section(invoice: &Invoice) -> bool {
    invoice.lines.len() > 3
}

/// The product lines of an invoice with their ids.
pub(super) fn product_lines<'d>(books: &Books<'d>, position: usize) -> impl Iterator<Item = (i64, &'d Line)> + use<'d> {
    let invoice = &books.dataset.invoices[position];
    let first = books.plan.invoice_lines[position] + i64::from(has_section(invoice));
    invoice.lines.iter().enumerate().map(move |(at, line)| (first + at as i64, line))
}

/// What a line says of a product: its label, and its text for offers.
pub(super) fn description(product: &Product) -> String {
    let label = format!("[{}] {}", product.sku, product.name);
    product.description.map_or(label.clone(), |text| format!("{label}\n{text}"))
}

/// The number of an invoice.
pub(super) fn name(books: &Books<'_>, invoice: &Invoice) -> Option<String> {
    let prefix = if invoice.kind == InvoiceKind::Invoice { "INV" } else { "RINV" };
    documents::number(books, prefix, invoice.state, invoice.date, invoice.sequence)
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let mut credited: BTreeMap<usize, Cents> = BTreeMap::new();
    for allocation in dataset.invoices.iter().flat_map(|invoice| &invoice.allocations) {
        *credited.entry(allocation.invoice).or_default() += allocation.amount;
    }
    let mut payments: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for (payment, ids) in dataset.payments.iter().zip(&books.plan.payments) {
        for allocation in &payment.allocations {
            payments.entry(allocation.invoice).or_default().push(ids.id);
        }
    }
    for (position, invoice) in dataset.invoices.iter().enumerate() {
        let document = Document {
            credited: credited.get(&position).copied().unwrap_or_default(),
            payments: payments.remove(&position).unwrap_or_default(),
            ..document(books, position, invoice)
        };
        document.write(books)?;
    }
    Ok(())
}

fn document<'d>(books: &Books<'d>, position: usize, invoice: &'d Invoice) -> Document {
    let dataset = books.dataset;
    let is_invoice = invoice.kind == InvoiceKind::Invoice;
    let corrected = invoice.corrects.and_then(|corrected| name(books, &dataset.invoices[corrected]));
    let reference = match corrected {
        Some(original) => {
            Some(format!("Reversal of: {original}, {}", invoice.reference.as_deref().unwrap_or("returned")))
        }
        None => invoice.reference.clone(),
    };
    // A draft may go without a date until it is posted.
    let dated = invoice.state != PostState::Draft || !books.options.undated_drafts;
    let days = dataset.customers[invoice.customer].payment_days;
    Document {
        id: books.plan.invoices[position],
        first_line: books.plan.invoice_lines[position],
        kind: if is_invoice { "out_invoice" } else { "out_refund" },
        sign: if is_invoice { 1 } else { -1 },
        state: invoice.state,
        name: name(books, invoice),
        sequence: invoice.sequence,
        partner: books.plan.partners[invoice.customer],
        currency: invoice.currency,
        rate: invoice.rate,
        date: invoice.date,
        dated: dated.then_some(invoice.date),
        due: invoice.due.unwrap_or(invoice.date),
        reference,
        origin: invoice.order.map(sales::name),
        note: invoice.note,
        journal: ids::SALES_JOURNAL,
        account: ids::RECEIVABLE,
        tax_account: ids::OUTPUT_TAX,
        taxes: dataset.company.taxes,
        tax_id: ids::tax,
        section: has_section(invoice).then_some("Lieferumfang"),
        lines: invoice.lines.iter().map(|line| document_line(books, invoice, line)).collect(),
        differences: Vec::new(),
        totals: invoice.totals,
        paid: invoice.paid,
        balance: invoice.balance,
        credited: 0,
        corrects: invoice.corrects.map(|corrected| books.plan.invoices[corrected]),
        user: Some(if position.is_multiple_of(3) { ids::SALESPERSON } else { 2 }),
        payment_term: is_invoice.then(|| ids::payment_term(days)),
        payments: Vec::new(),
        matched: books.matching.invoice(position),
        created: invoice.created,
        updated: invoice.updated,
    }
}

fn document_line(books: &Books<'_>, invoice: &Invoice, line: &Line) -> DocumentLine {
    let order = invoice.order.zip(line.order_line);
    DocumentLine {
        name: books.texts[line.product].clone(),
        product: Some(line.product),
        account: ids::account(books.dataset.line_account(line)),
        quantity: line.quantity(),
        price: line.unit_price,
        discount: line.discount_percent(),
        tax: line.tax,
        net: line.net,
        tax_amount: line.tax_amount,
        dimensions: books.dataset.line_dimensions(invoice.customer, line),
        sale_line: order.map(|(order, at)| books.plan.order_lines[order] + at as i64),
        purchase_line: None,
    }
}
