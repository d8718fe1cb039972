//! What was posted for documents and payments that are void by now, and how it was taken back: the story leaves out both.

use chrono::{DateTime, NaiveDate};

use super::Books;
use crate::{
    dataset::{AccountRole, Bill, Currency, Dimensions, EntryLine, Invoice, Party, Source},
    decimal::Cents,
};

impl Books<'_> {
    /// What was posted for something that is void by now: its day and its lines, or those of its reversal.
    pub(super) fn voided(&self, source: Source, reversed: bool) -> (NaiveDate, Vec<EntryLine>) {
        let dataset = self.dataset;
        let (date, updated, lines) = match source {
            Source::Invoice(at) => {
                let invoice = &dataset.invoices[at];
                (invoice.date, invoice.updated, self.invoice_lines(invoice))
            }
            Source::Bill(at) => {
                let bill = &dataset.bills[at];
                (bill.date, bill.updated, self.bill_lines(bill))
            }
            Source::Payment(at) => {
                let payment = &dataset.payments[at];
                let base = self.to_base(payment.amount, (payment.currency, payment.rate));
                let bank = line(payment.account(), base, (payment.currency, payment.amount), None);
                let party = Some(Party::Customer(payment.customer));
                let partner =
                    line(AccountRole::Receivable.position(), -base, (payment.currency, -payment.amount), party);
                (payment.date, payment.updated, vec![bank, partner])
            }
            Source::VendorPayment(at) => {
                let payment = &dataset.vendor_payments[at];
                let base = self.to_base(payment.amount, (payment.currency, payment.rate));
                let bank = line(payment.account(), -base, (payment.currency, -payment.amount), None);
                let party = Some(Party::Vendor(payment.vendor));
                let partner = line(AccountRole::Payable.position(), base, (payment.currency, payment.amount), party);
                (payment.date, payment.updated, vec![partner, bank])
            }
            _ => (dataset.today, DateTime::UNIX_EPOCH, Vec::new()),
        };
        if !reversed {
            return (date, lines);
        }
        let back =
            |line: EntryLine| EntryLine { debit: line.credit, credit: line.debit, foreign: -line.foreign, ..line };
        (self.names.clock.stamp(updated).0.max(date), lines.into_iter().map(back).collect())
    }

    fn invoice_lines(&self, invoice: &Invoice) -> Vec<EntryLine> {
        let taxes = self.dataset.company.taxes;
        let amounts: Vec<_> = invoice.lines.iter().map(|of| (of.net, of.tax_amount, taxes[of.tax].code)).collect();
        let local = self.local_amounts(&amounts, (invoice.currency, invoice.rate));
        let parts = invoice.lines.iter().zip(local).enumerate().flat_map(|(at, (of, (net, tax)))| {
            let dimensions = self.dataset.line_dimensions(invoice.customer, of);
            let account = self.dataset.line_account(of);
            let net = line(account, -net, (invoice.currency, -of.net), None);
            let tax = line(AccountRole::OutputTax.position(), -tax, (invoice.currency, -of.tax_amount), None);
            let document_line = Some(at);
            [EntryLine { dimensions, document_line, ..net }, EntryLine { document_line, tax: Some(of.tax), ..tax }]
        });
        let party = Some(Party::Customer(invoice.customer));
        with_total(AccountRole::Receivable, party, parts.filter(|part| part.balance() != 0).collect())
    }

    fn bill_lines(&self, bill: &Bill) -> Vec<EntryLine> {
        let taxes = self.dataset.company.purchase_taxes;
        let amounts: Vec<_> = bill.lines.iter().map(|of| (of.net, of.tax_amount, taxes[of.tax].code)).collect();
        let local = self.local_amounts(&amounts, (bill.currency, bill.rate));
        let parts = bill.lines.iter().zip(local).enumerate().flat_map(|(at, (of, (net, tax)))| {
            let net = line(of.account, net, (bill.currency, of.net), None);
            let tax = line(AccountRole::InputTax.position(), tax, (bill.currency, of.tax_amount), None);
            let (dimensions, document_line) = (of.dimensions, Some(at));
            [EntryLine { dimensions, document_line, ..net }, EntryLine { document_line, tax: Some(of.tax), ..tax }]
        });
        let party = Some(Party::Vendor(bill.vendor));
        with_total(AccountRole::Payable, party, parts.filter(|part| part.balance() != 0).collect())
    }
}

fn line(account: usize, balance: Cents, (currency, foreign): (Currency, Cents), party: Option<Party>) -> EntryLine {
    EntryLine {
        account,
        debit: balance.max(0),
        credit: (-balance).max(0),
        currency,
        foreign,
        party,
        dimensions: Dimensions::NONE,
        document_line: None,
        product: None,
        tax: None,
    }
}

/// The lines of a document, and before them the partner's.
fn with_total(control: AccountRole, party: Option<Party>, parts: Vec<EntryLine>) -> Vec<EntryLine> {
    let Some(first) = parts.first() else { return parts };
    let base: Cents = parts.iter().map(EntryLine::balance).sum();
    let foreign: Cents = parts.iter().map(|part| part.foreign).sum();
    let total = line(control.position(), -base, (first.currency, -foreign), party);
    std::iter::once(total).chain(parts).collect()
}
