//! Payments of customers and to vendors. A credit that is used is a payment of nothing, which links it to what it settles.

use super::{
    Values,
    accounts::{id_of, payables, receivables},
    ids::Ids,
    names::{customer_id, vendor_id},
    number, table,
};
use crate::{
    dataset::{Bill, Currency, Dataset, Invoice, Payment, PaymentMethod, PostState, Rate, VendorPayment},
    decimal::{Cents, Dec},
    quickbooks::entities::Entity,
    store::{Cell, StoreError, Table},
};

/// What a line of a payment is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::quickbooks) enum Linked {
    /// An invoice or a bill.
    Document,
    /// A credit memo or a vendor credit.
    Credit,
}

/// The lines of a payment in one cell: for each the linked transaction, what it is, and the cents.
struct Links(Vec<i64>);

impl Links {
    fn add(&mut self, id: i64, linked: Linked, amount: Cents) {
        self.0.extend([id, i64::from(linked == Linked::Credit), amount]);
    }
}

/// The lines of a payment: linked transaction, what it is, and the amount.
pub(in crate::quickbooks) fn links(cell: &Cell) -> impl Iterator<Item = (i64, Linked, Cents)> {
    let links = match cell {
        Cell::Ids(links) => links.as_slice(),
        _ => &[],
    };
    links.chunks_exact(3).map(|link| (link[0], if link[1] == 0 { Linked::Document } else { Linked::Credit }, link[2]))
}

/// The payment methods that Intuit gives every company, less some cards.
pub(super) fn method_id(method: PaymentMethod) -> i64 {
    match method {
        PaymentMethod::Cash => 1,
        PaymentMethod::Check => 2,
        PaymentMethod::Transfer => 3,
        PaymentMethod::Card => 4,
    }
}

pub(super) fn incoming(dataset: &Dataset, ids: &Ids) -> Result<Table, StoreError> {
    let shown = [
        "CurrencyRef",
        "ExchangeRate",
        "PrivateNote",
        "PaymentMethodRef",
        "UnappliedAmt",
        "DepositToAccountRef",
        "ARAccountRef",
        "Lines",
    ];
    let mut table = table("Payment", &shown, &["CustomerRef", "TxnDate", "MetaData.LastUpdatedTime"]);
    let payments = dataset.payments.iter().zip(&ids.payments).enumerate();
    for (_, (payment, id)) in payments.filter(|(position, _)| !ids.in_receipts.contains(position)) {
        let row = received(dataset, ids, &table, payment);
        table.insert(*id, row.0)?;
    }
    for (position, memo) in dataset.invoices.iter().enumerate() {
        if let Some(id) = ids.uses.get(&position) {
            let row = used(dataset, ids, &table, position, memo);
            table.insert(*id, row.0)?;
        }
    }
    Ok(table)
}

fn received(dataset: &Dataset, ids: &Ids, table: &Table, payment: &Payment) -> Values {
    let void = payment.state == PostState::Void;
    let mut links = Links(Vec::new());
    for allocation in &payment.allocations {
        links.add(ids.invoices[allocation.invoice], Linked::Document, allocation.amount);
    }
    let mut row = Values::new(table);
    row.common(payment.created, payment.updated, usize::from(void));
    if let Some(entity) = Entity::named("Payment") {
        row.text(entity, "PaymentRefNum", payment.reference.as_deref());
    }
    row.set("TxnDate", payment.date);
    row.set("TotalAmt", Dec::cents(if void { 0 } else { payment.amount }));
    row.set("UnappliedAmt", Dec::cents(if void { 0 } else { payment.unallocated() }));
    row.set("PaymentMethodRef", method_id(payment.method));
    row.set("DepositToAccountRef", id_of(dataset.accounts[payment.account()].role));
    row.set("PrivateNote", void.then_some("Voided"));
    row.set("CustomerRef", customer_id(payment.customer));
    row.set("ARAccountRef", receivables(dataset, payment.currency));
    row.set("Lines", Cell::from(links.0));
    in_currency(&mut row, dataset, payment.currency, payment.rate);
    row
}

fn used(dataset: &Dataset, ids: &Ids, table: &Table, position: usize, memo: &Invoice) -> Values {
    let mut links = Links(Vec::new());
    let mut used = 0;
    for allocation in &memo.allocations {
        links.add(ids.invoices[allocation.invoice], Linked::Document, allocation.amount);
        used += allocation.amount;
    }
    links.add(ids.invoices[position], Linked::Credit, used);
    let mut row = Values::new(table);
    row.common(memo.created, memo.created, 0);
    row.set("TxnDate", memo.date);
    row.set("TotalAmt", Dec::cents(0));
    row.set("UnappliedAmt", Dec::cents(0));
    row.set("PrivateNote", "Created by QB Online to link credits to charges.");
    row.set("CustomerRef", customer_id(memo.customer));
    row.set("ARAccountRef", receivables(dataset, memo.currency));
    row.set("Lines", Cell::from(links.0));
    in_currency(&mut row, dataset, memo.currency, memo.rate);
    row
}

pub(super) fn outgoing(dataset: &Dataset, ids: &Ids) -> Result<Table, StoreError> {
    let shown = ["CurrencyRef", "ExchangeRate", "PrivateNote", "PayType", "BankAccountRef", "PrintStatus", "Lines"];
    let mut table = table("BillPayment", &shown, &["VendorRef", "TxnDate", "MetaData.LastUpdatedTime"]);
    for (payment, id) in dataset.vendor_payments.iter().zip(&ids.vendor_payments).filter(|(_, id)| **id > 0) {
        let row = paid(dataset, ids, &table, payment, *id);
        table.insert(*id, row.0)?;
    }
    for (position, credit) in dataset.bills.iter().enumerate() {
        if let Some(id) = ids.vendor_uses.get(&position) {
            let row = vendor_used(dataset, ids, &table, position, credit);
            table.insert(*id, row.0)?;
        }
    }
    Ok(table)
}

fn paid(dataset: &Dataset, ids: &Ids, table: &Table, payment: &VendorPayment, id: i64) -> Values {
    let void = payment.state == PostState::Void;
    let card = payment.method == PaymentMethod::Card;
    let mut links = Links(Vec::new());
    for allocation in &payment.allocations {
        links.add(ids.bills[allocation.bill], Linked::Document, allocation.amount);
    }
    let mut row = Values::new(table);
    row.common(payment.created, payment.updated, usize::from(void));
    let check = (payment.method == PaymentMethod::Check).then(|| format!("{}", 1000 + payment.sequence));
    number(&mut row, "BillPayment", check.or_else(|| payment.reference.clone()));
    row.set("TxnDate", payment.date);
    row.set("TotalAmt", Dec::cents(if void { 0 } else { payment.amount }));
    row.set("PayType", if card { "CreditCard" } else { "Check" });
    row.set("BankAccountRef", id_of(dataset.accounts[payment.account()].role));
    row.set(
        "PrintStatus",
        if payment.method == PaymentMethod::Check && id % 3 == 0 { "NeedToPrint" } else { "NotSet" },
    );
    row.set("PrivateNote", void.then_some("Voided"));
    row.set("VendorRef", vendor_id(payment.vendor));
    row.set("APAccountRef", payables(dataset, payment.currency));
    row.set("Lines", Cell::from(links.0));
    in_currency(&mut row, dataset, payment.currency, payment.rate);
    row
}

fn vendor_used(dataset: &Dataset, ids: &Ids, table: &Table, position: usize, credit: &Bill) -> Values {
    let mut links = Links(Vec::new());
    let mut used = 0;
    for allocation in &credit.allocations {
        links.add(ids.bills[allocation.bill], Linked::Document, allocation.amount);
        used += allocation.amount;
    }
    links.add(ids.bills[position], Linked::Credit, used);
    let mut row = Values::new(table);
    row.common(credit.created, credit.created, 0);
    row.set("TxnDate", credit.date);
    row.set("TotalAmt", Dec::cents(0));
    row.set("PayType", "Check");
    row.set("BankAccountRef", id_of(crate::dataset::AccountRole::Bank));
    row.set("PrintStatus", "NotSet");
    row.set("PrivateNote", "Created by QB Online to link credits to charges.");
    row.set("VendorRef", vendor_id(credit.vendor));
    row.set("APAccountRef", payables(dataset, credit.currency));
    row.set("Lines", Cell::from(links.0));
    in_currency(&mut row, dataset, credit.currency, credit.rate);
    row
}

/// The currency, and the rate of a foreign one.
pub(super) fn in_currency(row: &mut Values, dataset: &Dataset, currency: Currency, rate: Rate) {
    row.set("CurrencyRef", currency.code());
    row.set("ExchangeRate", (currency != dataset.company.currency).then(|| rate.dec()));
}
