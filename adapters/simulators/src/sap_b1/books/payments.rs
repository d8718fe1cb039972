//! Payments in and out, with what each of them pays.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Books, Card, places::Place};
use crate::{
    dataset::{AccountRole, Currency, InvoiceKind, PaymentMethod, PostState, Rate, Settlement, Settler, Source},
    decimal::{Cents, Dec},
    store::{Cell, StoreError, Tables},
};

/// A payment of either direction.
struct Paid<'a> {
    set: &'static Kind,
    entry: i64,
    state: PostState,
    card: &'a Card,
    currency: Currency,
    rate: Rate,
    date: NaiveDate,
    method: PaymentMethod,
    reference: Option<&'a str>,
    amount: Cents,
    transaction: Option<i64>,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
    /// The document, what it is, how much of it, in its own currency and in the books', and its rate.
    pays: Vec<(Place, &'static str, Cents, Cents, Rate)>,
}

/// What sets the two directions apart.
struct Kind {
    set: &'static str,
    invoices: &'static str,
    checks: &'static str,
    cards: &'static str,
    object: &'static str,
    payer: &'static str,
    title: &'static str,
    control: AccountRole,
    first_number: i64,
}

const INCOMING: Kind = Kind {
    set: "IncomingPayments",
    invoices: "IncomingPayments/PaymentInvoices",
    checks: "IncomingPayments/PaymentChecks",
    cards: "IncomingPayments/PaymentCreditCards",
    object: "bopot_IncomingPayments",
    payer: "rCustomer",
    title: "Incoming Payments",
    control: AccountRole::Receivable,
    first_number: 40_001,
};

const OUTGOING: Kind = Kind {
    set: "VendorPayments",
    invoices: "VendorPayments/PaymentInvoices",
    checks: "VendorPayments/PaymentChecks",
    cards: "VendorPayments/PaymentCreditCards",
    object: "bopot_OutgoingPayments",
    payer: "rSupplier",
    title: "Outgoing Payments",
    control: AccountRole::Payable,
    first_number: 45_001,
};

const DRAFT: Kind = Kind {
    set: "PaymentDrafts",
    invoices: "PaymentDrafts/PaymentInvoices",
    checks: "PaymentDrafts/PaymentChecks",
    cards: "PaymentDrafts/PaymentCreditCards",
    ..OUTGOING
};

/// The `DocEntry` of each payment of the story, by position: in, and out. Drafts count for themselves.
pub(super) fn entries(states: impl Iterator<Item = PostState>) -> Vec<i64> {
    let (mut posted, mut drafts) = (0, 0);
    let entry = |state| {
        let last = if state == PostState::Draft { &mut drafts } else { &mut posted };
        *last += 1;
        *last
    };
    states.map(entry).collect()
}

/// `DocNum` of a payment in.
pub(super) fn incoming_number(entry: i64) -> i64 {
    INCOMING.first_number + entry - 1
}

/// `DocNum` of a payment out.
pub(super) fn outgoing_number(entry: i64) -> i64 {
    OUTGOING.first_number + entry - 1
}

/// What each payment settles of each document, in the books' currency: by the positions of document and payment.
fn applied(settlements: &[Settlement]) -> HashMap<(usize, usize), Cents> {
    let of_payment = |settlement: &Settlement| match settlement.by {
        Settler::Payment(payment) => Some(((settlement.document, payment), settlement.document_base)),
        Settler::Credit(_) => None,
    };
    settlements.iter().filter_map(of_payment).collect()
}

/// Writes them all.
pub(super) fn write(books: &Books<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let settled = applied(&dataset.settlements);
    let incoming = entries(dataset.payments.iter().map(|payment| payment.state));
    for (position, (payment, entry)) in dataset.payments.iter().zip(incoming).enumerate() {
        let pays = payment.allocations.iter().map(|allocation| {
            let invoice = &dataset.invoices[allocation.invoice];
            let kind = match invoice.kind {
                InvoiceKind::Invoice => "it_Invoice",
                InvoiceKind::CreditNote => "it_CredItnote",
            };
            let amount = allocation.amount;
            let base = settled.get(&(allocation.invoice, position)).copied();
            let base = base.unwrap_or_else(|| books.to_base(amount, (invoice.currency, invoice.rate)));
            (books.places.invoices[allocation.invoice], kind, amount, base, invoice.rate)
        });
        let paid = Paid {
            set: &INCOMING,
            entry,
            state: payment.state,
            card: &books.names.customers[payment.customer],
            currency: payment.currency,
            rate: payment.rate,
            date: payment.date,
            method: payment.method,
            reference: payment.reference.as_deref(),
            amount: payment.amount,
            transaction: books.numbers.of_source(Source::Payment(position)),
            created: payment.created,
            updated: payment.updated,
            pays: pays.collect(),
        };
        books.payment(&paid, tables)?;
    }
    let settled = applied(&dataset.bill_settlements);
    let outgoing = entries(dataset.vendor_payments.iter().map(|payment| payment.state));
    for (position, (payment, entry)) in dataset.vendor_payments.iter().zip(outgoing).enumerate() {
        let pays = payment.allocations.iter().map(|allocation| {
            let bill = &dataset.bills[allocation.bill];
            let amount = allocation.amount;
            let base = settled.get(&(allocation.bill, position)).copied();
            let base = base.unwrap_or_else(|| books.to_base(amount, (bill.currency, bill.rate)));
            (books.places.bills[allocation.bill], "it_PurchaseInvoice", amount, base, bill.rate)
        });
        let paid = Paid {
            set: if payment.state == PostState::Draft { &DRAFT } else { &OUTGOING },
            entry,
            state: payment.state,
            card: &books.names.vendors[payment.vendor],
            currency: payment.currency,
            rate: payment.rate,
            date: payment.date,
            method: payment.method,
            reference: payment.reference.as_deref(),
            amount: payment.amount,
            transaction: books.numbers.of_source(Source::VendorPayment(position)),
            created: payment.created,
            updated: payment.updated,
            pays: pays.collect(),
        };
        books.payment(&paid, tables)?;
    }
    Ok(())
}

impl Books<'_> {
    fn payment(&self, paid: &Paid<'_>, tables: &mut Tables) -> Result<(), StoreError> {
        let foreign = paid.currency != self.dataset.company.currency;
        let base = Dec::cents(self.to_base(paid.amount, (paid.currency, paid.rate)));
        let amount = |method, amount: Dec| if paid.method == method { amount } else { Dec::cents(0) };
        let fc = |amount: Cents| Dec::cents(if foreign { amount } else { 0 });
        let rate = if foreign { paid.rate.dec() } else { Dec::new(1, 0) };
        let number = paid.set.first_number + paid.entry - 1;
        let bank = self.names.account(AccountRole::Bank);
        let when = |method, cell: Cell| if paid.method == method { cell } else { Cell::Null };
        let void = paid.state == PostState::Void;
        let values = [
            ("DocNum", Cell::Int(number)),
            ("DocNumText", number.to_string().into()),
            ("DocType", paid.set.payer.into()),
            ("DocDate", paid.date.into()),
            ("CardCode", paid.card.code.clone().into()),
            ("CardName", paid.card.name.clone().into()),
            ("Address", paid.card.address.clone()),
            ("CashAccount", when(PaymentMethod::Cash, self.names.account(AccountRole::Cash))),
            ("DocCurrency", paid.currency.code().into()),
            ("CashSum", amount(PaymentMethod::Cash, base).into()),
            ("CashSumFC", amount(PaymentMethod::Cash, fc(paid.amount)).into()),
            ("CheckAccount", when(PaymentMethod::Check, bank.clone())),
            ("TransferAccount", when(PaymentMethod::Transfer, bank.clone())),
            ("TransferSum", amount(PaymentMethod::Transfer, base).into()),
            ("TransferDate", when(PaymentMethod::Transfer, paid.date.into())),
            ("TransferReference", when(PaymentMethod::Transfer, paid.reference.into())),
            ("DocRate", rate.into()),
            ("CounterReference", paid.reference.into()),
            ("JournalRemarks", format!("{} - {}", paid.set.title, &*paid.card.code).into()),
            ("DocObjectCode", paid.set.object.into()),
            ("Cancelled", super::yes_no(void)),
            ("CancelStatus", if void { "csYes" } else { "csNo" }.into()),
            ("ControlAccount", self.names.account(paid.set.control)),
            ("DocTotal", base.into()),
            ("DocTotalFC", fc(paid.amount).into()),
            ("TransId", paid.transaction.into()),
            ("CreateDate", self.names.clock.stamp(paid.created).0.into()),
            ("UpdateDate", self.names.clock.stamp(paid.updated).0.into()),
        ];
        tables[paid.set.set].insert(paid.entry, values)?;
        let own = ("Payment", Cell::Int(paid.entry));
        for (at, (place, kind, amount, applied, document_rate)) in paid.pays.iter().enumerate() {
            let values = [
                own.clone(),
                ("LineNum", Cell::Int(at as i64)),
                ("DocEntry", place.entry.into()),
                ("SumApplied", Dec::cents(*applied).into()),
                ("AppliedFC", fc(*amount).into()),
                ("DocRate", if foreign { document_rate.dec() } else { Dec::new(0, 0) }.into()),
                ("InvoiceType", (*kind).into()),
            ];
            tables[paid.set.invoices].push(values)?;
        }
        match paid.method {
            PaymentMethod::Check => {
                let values = [
                    own,
                    ("DueDate", paid.date.into()),
                    ("CheckNumber", Cell::Int(1000 + paid.entry)),
                    ("CheckSum", Dec::cents(paid.amount).into()),
                    ("Currency", paid.currency.code().into()),
                    ("CheckAccount", bank),
                ];
                tables[paid.set.checks].push(values)?;
            }
            PaymentMethod::Card => {
                let account = match paid.set.control {
                    AccountRole::Payable => AccountRole::CreditCard,
                    _ => AccountRole::Bank,
                };
                let values = [
                    own,
                    ("CreditAcct", self.names.account(account)),
                    ("VoucherNum", paid.reference.unwrap_or("0").into()),
                    ("FirstPaymentDue", paid.date.into()),
                    ("FirstPaymentSum", base.into()),
                    ("CreditCur", paid.currency.code().into()),
                    ("CreditRate", if foreign { rate } else { Dec::new(0, 0) }.into()),
                ];
                tables[paid.set.cards].push(values)?;
            }
            PaymentMethod::Transfer | PaymentMethod::Cash => {}
        }
        Ok(())
    }
}
