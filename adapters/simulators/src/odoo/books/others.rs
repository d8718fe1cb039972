//! What stands beside the invoices in the same tables: payments, vendor bills, plain entries.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Books, ids, money, partners};
use crate::{
    dataset::PostState,
    decimal::Cents,
    store::{Cell, StoreError},
};

/// After so many invoices comes a vendor bill.
pub(super) const BILL_EVERY: i64 = 40;

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let mut next = Next { row: books.plan.next_move, line: books.plan.next_line };
    bills(books, &mut next)?;
    payments(books, &mut next)
}

/// The ids that are free.
struct Next {
    row: i64,
    line: i64,
}

/// A move with two lines.
struct Entry<'e> {
    id: i64,
    name: String,
    kind: &'e str,
    partner: i64,
    journal: i64,
    currency: i64,
    day: NaiveDate,
    stamp: DateTime<Utc>,
    /// Account and row type of each side, debit first.
    sides: [(i64, &'e str); 2],
    amount: Cents,
    base: Cents,
    payment: Option<i64>,
    cancelled: bool,
}

fn bills(books: &mut Books<'_>, next: &mut Next) -> Result<(), StoreError> {
    for number in 1..=(books.dataset.invoices.len() as i64 / BILL_EVERY).max(3) {
        let before = (number * BILL_EVERY - 1).min(books.dataset.invoices.len() as i64 - 1);
        let Some(invoice) = usize::try_from(before).ok().and_then(|at| books.dataset.invoices.get(at)) else { break };
        // Where there is a gap between two invoices, the bill stands in it.
        let gap = 11 + number * BILL_EVERY + number;
        let id = if books.tables["account.move"].get(gap).is_none() && gap < books.plan.next_move {
            gap
        } else {
            next.row += 1;
            next.row - 1
        };
        let amount = 12_345 * number % 900_000 + 1_000;
        let entry = Entry {
            id,
            name: format!("BILL/{}/{number:05}", invoice.date.format("%Y/%m")),
            kind: "in_invoice",
            partner: partners::vendor(number as usize),
            journal: ids::PURCHASE_JOURNAL,
            currency: ids::EUR,
            day: invoice.date,
            stamp: invoice.created,
            sides: [(ids::EXPENSES, "product"), (ids::PAYABLE, "payment_term")],
            amount,
            base: amount,
            payment: None,
            cancelled: false,
        };
        write_entry(books, next, &entry)?;
    }
    Ok(())
}

fn payments(books: &mut Books<'_>, next: &mut Next) -> Result<(), StoreError> {
    for (position, payment) in books.dataset.payments.iter().enumerate() {
        let id = books.plan.payments[position];
        let void = payment.state == PostState::Void;
        let base = payment.rate.to_base(payment.amount);
        let name = format!("PBNK1/{}/{:05}", payment.date.format("%Y"), payment.sequence);
        let invoices: Vec<i64> =
            payment.allocations.iter().map(|allocation| books.plan.invoices[allocation.invoice]).collect();
        let matched = !void && payment.unallocated() == 0;
        let state = match (books.version.books_payments(), void) {
            (true, true) => "cancel",
            (true, false) => "posted",
            (false, true) => "canceled",
            (false, false) if matched => "paid",
            (false, false) => "in_process",
        };
        let entry = books.version.books_payments().then_some(next.row);
        let values = [
            ("name", name.as_str().into()),
            ("date", payment.date.into()),
            ("amount", money(payment.amount)),
            ("amount_company_currency_signed", money(base)),
            ("currency_id", ids::currency(payment.currency).into()),
            ("partner_id", books.plan.partners[payment.customer].into()),
            ("state", state.into()),
            ("memo", payment.reference.clone().into()),
            ("move_id", entry.into()),
            ("is_reconciled", matched.into()),
            ("reconciled_invoice_ids", invoices.into()),
        ];
        books.insert("account.payment", id, (payment.created, payment.updated), values)?;
        let Some(entry) = entry else { continue };
        next.row += 1;
        let entry = Entry {
            id: entry,
            name,
            kind: "entry",
            partner: books.plan.partners[payment.customer],
            journal: ids::BANK_JOURNAL,
            currency: ids::currency(payment.currency),
            day: payment.date,
            stamp: payment.created,
            sides: [(ids::BANK, "product"), (ids::RECEIVABLE, "product")],
            amount: payment.amount,
            base,
            payment: Some(id),
            cancelled: void,
        };
        write_entry(books, next, &entry)?;
    }
    Ok(())
}

fn write_entry(books: &mut Books<'_>, next: &mut Next, entry: &Entry<'_>) -> Result<(), StoreError> {
    let stamps = (entry.stamp, entry.stamp);
    let state = if entry.cancelled { "cancel" } else { "posted" };
    let bill = entry.kind == "in_invoice";
    let signed = if bill { -entry.base } else { entry.base };
    let values = [
        ("name", entry.name.as_str().into()),
        ("move_type", entry.kind.into()),
        ("state", state.into()),
        ("payment_state", "not_paid".into()),
        ("partner_id", entry.partner.into()),
        ("invoice_date", bill.then_some(entry.day).into()),
        ("invoice_date_due", entry.day.into()),
        ("date", entry.day.into()),
        ("currency_id", entry.currency.into()),
        ("journal_id", entry.journal.into()),
        ("amount_untaxed", if bill { money(entry.amount) } else { Cell::Null }),
        ("amount_total", money(entry.amount)),
        ("amount_residual", if bill { money(entry.amount) } else { Cell::Null }),
        ("amount_untaxed_signed", if bill { money(signed) } else { Cell::Null }),
        ("amount_total_signed", money(signed)),
        ("amount_residual_signed", if bill { money(signed) } else { Cell::Null }),
        ("payment_id", entry.payment.into()),
        ("matched_payment_ids", Vec::new().into()),
    ];
    books.insert("account.move", entry.id, stamps, values)?;
    for ((account, row_type), sign) in entry.sides.into_iter().zip([1, -1]) {
        let values = [
            ("move_id", entry.id.into()),
            ("move_name", entry.name.as_str().into()),
            ("move_type", entry.kind.into()),
            ("parent_state", state.into()),
            ("row_type", row_type.into()),
            ("display_type", books.version.types_lines().then_some(row_type).into()),
            ("name", entry.name.as_str().into()),
            ("account_id", account.into()),
            ("partner_id", entry.partner.into()),
            ("currency_id", entry.currency.into()),
            ("date", entry.day.into()),
            ("tax_ids", Vec::new().into()),
            ("balance", money(sign * entry.base)),
            ("amount_currency", money(sign * entry.amount)),
            ("date_maturity", (row_type == "payment_term").then_some(entry.day).into()),
        ];
        books.insert("account.move.line", next.line, stamps, values)?;
        next.line += 1;
    }
    Ok(())
}
