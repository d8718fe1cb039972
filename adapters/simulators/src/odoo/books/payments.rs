//! Payments of customers and to vendors, with their journal entries.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::{Books, documents, ids, matching::Matched, money, plan};
use crate::{
    dataset::{AccountRole, Currency, Dataset, PostState, Rate},
    decimal::Cents,
    store::{Cell, StoreError, Text},
};

/// A payment in either direction.
struct Payment {
    ids: plan::Payment,
    outbound: bool,
    state: PostState,
    name: Option<String>,
    partner: i64,
    currency: Currency,
    rate: Rate,
    date: NaiveDate,
    /// Position of the account of the money.
    account: usize,
    reference: Option<String>,
    amount: Cents,
    unallocated: Cents,
    documents: Vec<i64>,
    matched: Matched,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
}

/// The prefix of numbers, the journal and its way to pay, by the account of the money.
fn till(account: usize) -> (&'static str, i64, i64) {
    const CASH: usize = AccountRole::Cash.position();
    const CARD: usize = AccountRole::CreditCard.position();
    match account {
        CASH => ("PCSH1", 7, 3),
        CARD => ("PCRD1", 8, 5),
        _ => ("PBNK1", 6, 1),
    }
}

/// The highest number that customers' payments have in each year, after which come those to vendors.
fn highest(dataset: &Dataset) -> HashMap<i32, u32> {
    let mut highest: HashMap<i32, u32> = HashMap::new();
    for payment in &dataset.payments {
        let year = highest.entry(payment.date.year()).or_default();
        *year = payment.sequence.max(*year);
    }
    highest
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let dataset = books.dataset;
    for (at, payment) in dataset.payments.iter().enumerate() {
        let account = payment.account();
        let documents = payment.allocations.iter().map(|allocation| books.plan.invoices[allocation.invoice]);
        let payment = Payment {
            ids: books.plan.payments[at],
            outbound: false,
            state: payment.state,
            name: number(books, payment.state, account, payment.date, payment.sequence),
            partner: books.plan.partners[payment.customer],
            currency: payment.currency,
            rate: payment.rate,
            date: payment.date,
            account,
            reference: payment.reference.clone(),
            amount: payment.amount,
            unallocated: payment.unallocated(),
            documents: documents.collect(),
            matched: books.matching.payment(at),
            created: payment.created,
            updated: payment.updated,
        };
        payment.write(books)?;
    }
    let highest = highest(dataset);
    for (at, payment) in dataset.vendor_payments.iter().enumerate() {
        let account = payment.account();
        let documents = payment.allocations.iter().map(|allocation| books.plan.bills[allocation.bill]);
        let sequence = highest.get(&payment.date.year()).copied().unwrap_or_default() + payment.sequence;
        let payment = Payment {
            ids: books.plan.vendor_payments[at],
            outbound: true,
            state: payment.state,
            name: number(books, payment.state, account, payment.date, sequence),
            partner: books.plan.vendors[payment.vendor],
            currency: payment.currency,
            rate: payment.rate,
            date: payment.date,
            account,
            reference: payment.reference.clone(),
            amount: payment.amount,
            unallocated: payment.unallocated(),
            documents: if payment.state == PostState::Posted { documents.collect() } else { Vec::new() },
            matched: books.matching.vendor_payment(at),
            created: payment.created,
            updated: payment.updated,
        };
        payment.write(books)?;
    }
    Ok(())
}

fn number(books: &Books<'_>, state: PostState, account: usize, date: NaiveDate, sequence: u32) -> Option<String> {
    documents::number(books, till(account).0, state, date, sequence)
}

impl Payment {
    /// Until 17 a payment is in the state of its entry.
    fn state(&self, books: &Books<'_>) -> &'static str {
        match (books.version.books_payments(), self.state) {
            (true, state) => documents::state(state),
            (false, PostState::Draft) => "draft",
            (false, PostState::Void) => "canceled",
            (false, PostState::Posted) if self.unallocated == 0 => "paid",
            (false, PostState::Posted) => "in_process",
        }
    }

    fn write(&self, books: &mut Books<'_>) -> Result<(), StoreError> {
        let base = self.rate.to_base(self.amount);
        let sign = if self.outbound { -1 } else { 1 };
        let posted = self.state == PostState::Posted;
        // From 18 on the entry is written when the payment is posted.
        let entered = self.state != PostState::Draft || books.version.books_payments();
        let (_, journal, method) = till(self.account);
        let documents = Cell::from(self.documents.clone());
        let none = || Cell::from(Vec::new());
        let (invoices, bills) = if self.outbound { (none(), documents.clone()) } else { (documents.clone(), none()) };
        let values = [
            ("name", self.name.clone().into()),
            ("date", self.date.into()),
            ("amount", money(self.amount)),
            ("amount_company_currency_signed", money(sign * base)),
            ("currency_id", ids::currency(self.currency).into()),
            ("partner_id", self.partner.into()),
            ("payment_type", if self.outbound { "outbound" } else { "inbound" }.into()),
            ("state", self.state(books).into()),
            ("memo", self.reference.clone().into()),
            ("journal_id", journal.into()),
            ("payment_method_line_id", (method + i64::from(self.outbound)).into()),
            ("outstanding_account_id", ids::account(self.account).into()),
            ("move_id", entered.then_some(self.ids.entry.id).into()),
            ("is_reconciled", (posted && self.unallocated == 0).into()),
            // The money is booked on the account of the bank itself, so that no statement has to confirm it.
            ("is_matched", posted.into()),
            ("reconciled_invoice_ids", invoices),
            ("reconciled_bill_ids", bills),
            ("documents", documents),
        ];
        books.insert("account.payment", self.ids.id, (self.created, self.updated), values)?;
        if entered { self.write_entry(books, sign * base, journal) } else { Ok(()) }
    }

    fn write_entry(&self, books: &mut Books<'_>, base: Cents, journal: i64) -> Result<(), StoreError> {
        let state = documents::state(self.state);
        let name = self.name.as_deref().map(Text::from);
        let values = [
            ("name", name.clone().into()),
            ("move_type", "entry".into()),
            ("state", state.into()),
            ("payment_state", "not_paid".into()),
            ("partner_id", self.partner.into()),
            ("invoice_date_due", self.date.into()),
            ("date", self.date.into()),
            ("ref", self.reference.clone().into()),
            ("currency_id", ids::currency(self.currency).into()),
            ("journal_id", journal.into()),
            ("amount_total", money(self.amount)),
            ("amount_total_signed", money(base.abs())),
            ("payment_id", self.ids.id.into()),
            ("matched_payment_ids", books.none.clone()),
        ];
        books.insert("account.move", self.ids.entry.id, (self.created, self.updated), values)?;
        let sign = if self.outbound { -1 } else { 1 };
        let left = if self.state == PostState::Posted { self.unallocated } else { self.amount };
        let left_base = if left == self.amount { base.abs() } else { self.rate.to_base(left) };
        let label: Text = match (&self.reference, self.outbound) {
            (Some(reference), _) => reference.as_str().into(),
            (None, true) => "Vendor Payment".into(),
            (None, false) => "Customer Payment".into(),
        };
        let counter = if self.outbound { ids::PAYABLE } else { ids::RECEIVABLE };
        for (at, (account, sign)) in [(ids::account(self.account), sign), (counter, -sign)].into_iter().enumerate() {
            let values = [
                ("move_id", self.ids.entry.id.into()),
                ("move_name", name.clone().into()),
                ("parent_state", state.into()),
                ("row_type", "product".into()),
                ("name", label.clone().into()),
                ("account_id", account.into()),
                ("partner_id", self.partner.into()),
                ("currency_id", ids::currency(self.currency).into()),
                ("date", self.date.into()),
                ("date_maturity", self.date.into()),
                ("quantity", Cell::Int(1)),
                ("tax_ids", books.none.clone()),
                ("balance", money(sign * base.abs())),
                ("amount_currency", money(sign * self.amount)),
                ("amount_residual", if at == 1 { money(sign * left_base) } else { Cell::Null }),
                ("amount_residual_currency", if at == 1 { money(sign * left) } else { Cell::Null }),
                ("full_reconcile_id", self.matched.full.filter(|_| at == 1).into()),
                ("matching", self.matched.part.filter(|_| at == 1).into()),
            ];
            let line = self.ids.entry.first_line + at as i64;
            books.insert("account.move.line", line, (self.created, self.updated), values)?;
        }
        Ok(())
    }
}
