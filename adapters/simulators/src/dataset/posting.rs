//! Posts every document of the story to the general ledger.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    AccountRole, Bill, BillKind, Currency, Dataset, Dimensions, Entry, EntryLine, Invoice, InvoiceKind, Journal,
    MoveState, Party, PostState, Rate, Settlement, Settler, Source, bookkeeping,
};
use crate::decimal::{Cents, div_round};

/// The entries so far.
pub(super) struct Book<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) entries: Vec<Entry>,
}

pub(super) fn generate(dataset: &mut Dataset, calendar: &super::Calendar) {
    let mut book = Book { dataset, entries: Vec::with_capacity(dataset.invoices.len() * 4) };
    book.sales();
    book.purchases();
    book.goods();
    book.exchange_differences();
    bookkeeping::generate(&mut book, calendar);
    let mut entries = book.entries;
    entries.sort_by_key(|entry| entry.date);
    for journal in Journal::ALL {
        let of_journal = entries.iter_mut().filter(|entry| entry.journal == journal);
        super::calendar::number(of_journal, |entry| (entry.date, &mut entry.sequence));
    }
    dataset.entries = entries;
}

/// A line in the books' currency, debits positive, that belongs to nobody yet.
pub(super) fn line(account: usize, base: Cents, currency: Currency, foreign: Cents) -> EntryLine {
    EntryLine {
        account,
        debit: base.max(0),
        credit: (-base).max(0),
        currency,
        foreign,
        party: None,
        dimensions: Dimensions::NONE,
        document_line: None,
        product: None,
        tax: None,
    }
}

/// Amounts in the books' currency that add up to the whole's: what rounding leaves is put on the largest.
fn in_base(rate: Rate, whole: Cents, parts: impl Iterator<Item = Cents> + Clone, others: Cents) -> Vec<Cents> {
    let mut bases: Vec<Cents> = parts.clone().map(|part| rate.to_base(part)).collect();
    let rounding = rate.to_base(whole) - others - bases.iter().sum::<Cents>();
    if let Some((_, base)) = parts.zip(&mut bases).max_by_key(|(part, _)| *part) {
        *base += rounding;
    }
    bases
}

/// The taxes of a document, each with what its lines add up to; without those of 0 %.
fn taxes(amounts: impl Iterator<Item = (usize, Cents)>) -> Vec<(usize, Cents)> {
    let mut taxes: Vec<(usize, Cents)> = Vec::new();
    for (tax, amount) in amounts.filter(|(_, amount)| *amount != 0) {
        match taxes.iter_mut().find(|(known, _)| *known == tax) {
            Some((_, sum)) => *sum += amount,
            None => taxes.push((tax, amount)),
        }
    }
    taxes.sort_unstable();
    taxes
}

impl Book<'_> {
    pub(super) fn push(
        &mut self,
        source: Source,
        journal: Journal,
        date: NaiveDate,
        created: DateTime<Utc>,
        lines: Vec<EntryLine>,
    ) {
        self.entries.push(Entry { source, journal, sequence: 0, date, text: None, lines, created });
    }

    fn sales(&mut self) {
        let dataset = self.dataset;
        for (position, invoice) in dataset.invoices.iter().enumerate() {
            if invoice.state == PostState::Posted {
                let lines = invoice_lines(dataset, invoice);
                self.push(Source::Invoice(position), Journal::Sales, invoice.date, invoice.created, lines);
            }
        }
        for (position, payment) in dataset.payments.iter().enumerate() {
            if payment.state == PostState::Posted {
                let base = payment.rate.to_base(payment.amount);
                let party = Some(Party::Customer(payment.customer));
                let (currency, amount) = (payment.currency, payment.amount);
                let lines = vec![
                    EntryLine { party, ..line(payment.account(), base, currency, amount) },
                    EntryLine { party, ..line(AccountRole::Receivable.position(), -base, currency, -amount) },
                ];
                let journal = Journal::of_account(payment.account());
                self.push(Source::Payment(position), journal, payment.date, payment.created, lines);
            }
        }
    }

    fn purchases(&mut self) {
        let dataset = self.dataset;
        let mut cleared = Received::default();
        for (position, bill) in dataset.bills.iter().enumerate() {
            if bill.state == PostState::Posted {
                let lines = bill_lines(dataset, bill, &mut cleared);
                self.push(Source::Bill(position), Journal::Purchases, bill.date, bill.created, lines);
            }
        }
        for (position, payment) in dataset.vendor_payments.iter().enumerate() {
            if payment.state == PostState::Posted {
                let base = payment.rate.to_base(payment.amount);
                let party = Some(Party::Vendor(payment.vendor));
                let (currency, amount) = (payment.currency, payment.amount);
                let lines = vec![
                    EntryLine { party, ..line(AccountRole::Payable.position(), base, currency, amount) },
                    EntryLine { party, ..line(payment.account(), -base, currency, -amount) },
                ];
                let journal = Journal::of_account(payment.account());
                self.push(Source::VendorPayment(position), journal, payment.date, payment.created, lines);
            }
        }
    }

    /// Goods are kept at their standard cost.
    fn goods(&mut self) {
        let dataset = self.dataset;
        let base = dataset.company.currency;
        let inventory = AccountRole::Inventory.position();
        let mut received = Received::default();
        for (position, receipt) in dataset.receipts.iter().enumerate() {
            let Some(done) = receipt.done else { continue };
            let mut lines = Vec::with_capacity(receipt.lines.len() * 2);
            for (at, moved) in receipt.lines.iter().enumerate() {
                let cost = dataset.products[moved.product].cost;
                let worth = received.add(receipt.order, moved.order_line, cost, moved.milli_quantity);
                let dimensions = dataset.purchase_orders[receipt.order].lines[moved.order_line].dimensions;
                let party = Some(Party::Vendor(receipt.vendor));
                let about = (party, dimensions, Some(at), Some(moved.product));
                lines.push(with(about, line(inventory, worth, base, worth)));
                lines.push(with(about, line(AccountRole::Unbilled.position(), -worth, base, -worth)));
            }
            self.push(Source::Receipt(position), Journal::Stock, receipt.date, done, lines);
        }
        for (position, shipment) in dataset.shipments.iter().enumerate() {
            let Some(done) = shipment.done.filter(|_| shipment.state == MoveState::Done) else { continue };
            let mut lines = Vec::with_capacity(shipment.lines.len() * 2);
            for (at, moved) in shipment.lines.iter().enumerate() {
                let worth = standard(dataset.products[moved.product].cost, moved.milli_quantity);
                let order = &dataset.orders[shipment.order];
                let dimensions = dataset.line_dimensions(order.customer, &order.lines[moved.order_line]);
                let about = (Some(Party::Customer(order.customer)), dimensions, Some(at), Some(moved.product));
                lines.push(with(about, line(AccountRole::CostOfSales.position(), worth, base, worth)));
                lines.push(with(about, line(inventory, -worth, base, -worth)));
            }
            self.push(Source::Shipment(position), Journal::Stock, shipment.date, done, lines);
        }
        for (position, work) in dataset.work_orders.iter().enumerate().filter(|(_, work)| work.milli_produced > 0) {
            let about = |at, product| (None, Dimensions::NONE, at, Some(product));
            let made = standard(dataset.products[work.product].cost, work.milli_produced);
            let mut lines = vec![with(about(None, work.product), line(inventory, made, base, made))];
            let mut difference = -made;
            for (at, component) in work.components.iter().enumerate().filter(|(_, taken)| taken.milli_consumed > 0) {
                let worth = standard(dataset.products[component.product].cost, component.milli_consumed);
                lines.push(with(about(Some(at), component.product), line(inventory, -worth, base, -worth)));
                difference += worth;
            }
            let difference = line(AccountRole::PriceDifference.position(), difference, base, difference);
            lines.push(with(about(None, work.product), difference));
            self.push(Source::WorkOrder(position), Journal::Stock, work.date, work.updated, lines);
        }
    }

    fn exchange_differences(&mut self) {
        let dataset = self.dataset;
        for (position, settlement) in dataset.settlements.iter().enumerate() {
            let invoice = &dataset.invoices[settlement.document];
            let party = Party::Customer(invoice.customer);
            let gain = settlement.exchange_difference();
            let created = match settlement.by {
                Settler::Payment(payment) => dataset.payments[payment].created,
                Settler::Credit(credit) => dataset.invoices[credit].created,
            };
            let about = (party, AccountRole::Receivable, invoice.currency);
            self.exchange_difference(Source::Settlement(position), settlement, gain, about, created);
        }
        for (position, settlement) in dataset.bill_settlements.iter().enumerate() {
            let bill = &dataset.bills[settlement.document];
            let party = Party::Vendor(bill.vendor);
            let gain = -settlement.exchange_difference();
            let created = match settlement.by {
                Settler::Payment(payment) => dataset.vendor_payments[payment].created,
                Settler::Credit(credit) => dataset.bills[credit].created,
            };
            let about = (party, AccountRole::Payable, bill.currency);
            self.exchange_difference(Source::BillSettlement(position), settlement, gain, about, created);
        }
    }

    fn exchange_difference(
        &mut self,
        source: Source,
        settlement: &Settlement,
        gain: Cents,
        (party, role, currency): (Party, AccountRole, Currency),
        created: DateTime<Utc>,
    ) {
        if gain == 0 {
            return;
        }
        let other = if gain > 0 { AccountRole::ExchangeGain } else { AccountRole::ExchangeLoss };
        let lines = vec![
            EntryLine { party: Some(party), ..line(role.position(), gain, currency, 0) },
            EntryLine { party: Some(party), ..line(other.position(), -gain, currency, 0) },
        ];
        self.push(source, Journal::Exchange, settlement.date, created, lines);
    }
}

fn invoice_lines(dataset: &Dataset, invoice: &Invoice) -> Vec<EntryLine> {
    let sign = if invoice.kind == InvoiceKind::Invoice { 1 } else { -1 };
    let (rate, currency) = (invoice.rate, invoice.currency);
    let party = Some(Party::Customer(invoice.customer));
    let total = invoice.totals.total;
    let taxes = taxes(invoice.lines.iter().map(|line| (line.tax, line.tax_amount)));
    let taxed = taxes.iter().map(|(_, amount)| rate.to_base(*amount)).sum();
    let nets = in_base(rate, total, invoice.lines.iter().map(|line| line.net), taxed);
    let mut lines = Vec::with_capacity(1 + nets.len() + taxes.len());
    let receivable = AccountRole::Receivable.position();
    lines.push(EntryLine { party, ..line(receivable, sign * rate.to_base(total), currency, sign * total) });
    for (at, (sold, base)) in invoice.lines.iter().zip(nets).enumerate() {
        let dimensions = dataset.line_dimensions(invoice.customer, sold);
        let about = (party, dimensions, Some(at), Some(sold.product));
        lines.push(with(about, line(dataset.line_account(sold), -sign * base, currency, -sign * sold.net)));
    }
    for (tax, amount) in taxes {
        let account = AccountRole::OutputTax.position();
        let line = line(account, -sign * rate.to_base(amount), currency, -sign * amount);
        lines.push(EntryLine { party, tax: Some(tax), ..line });
    }
    lines
}

fn bill_lines(dataset: &Dataset, bill: &Bill, cleared: &mut Received) -> Vec<EntryLine> {
    let sign = if bill.kind == BillKind::Bill { 1 } else { -1 };
    let (rate, currency) = (bill.rate, bill.currency);
    let party = Some(Party::Vendor(bill.vendor));
    let total = bill.totals.total;
    let taxes = taxes(bill.lines.iter().map(|line| (line.tax, line.tax_amount)));
    let taxed = taxes.iter().map(|(_, amount)| rate.to_base(*amount)).sum();
    let nets = in_base(rate, total, bill.lines.iter().map(|line| line.net), taxed);
    let mut lines = Vec::with_capacity(1 + nets.len() * 2 + taxes.len());
    for (at, (bought, base)) in bill.lines.iter().zip(nets).enumerate() {
        let about = (party, bought.dimensions, Some(at), bought.product);
        match (bill.order, bought.order_line, bought.product) {
            // What was put down when the goods came in is cleared, and the rest is a difference of price.
            (Some(order), Some(order_line), Some(product)) => {
                let worth = cleared.add(order, order_line, dataset.products[product].cost, bought.milli_quantity);
                let foreign = rate.from_base(worth);
                lines.push(with(about, line(bought.account, worth, currency, foreign)));
                if (base, bought.net) != (worth, foreign) {
                    let account = AccountRole::PriceDifference.position();
                    lines.push(with(about, line(account, base - worth, currency, bought.net - foreign)));
                }
            }
            _ => lines.push(with(about, line(bought.account, sign * base, currency, sign * bought.net))),
        }
    }
    for (tax, amount) in taxes {
        let account = AccountRole::InputTax.position();
        let line = line(account, sign * rate.to_base(amount), currency, sign * amount);
        lines.push(EntryLine { party, tax: Some(tax), ..line });
    }
    let payable = AccountRole::Payable.position();
    lines.push(EntryLine { party, ..line(payable, -sign * rate.to_base(total), currency, -sign * total) });
    lines
}

type About = (Option<Party>, Dimensions, Option<usize>, Option<usize>);

fn with((party, dimensions, document_line, product): About, line: EntryLine) -> EntryLine {
    EntryLine { party, dimensions, document_line, product, ..line }
}

/// What a quantity in thousandths costs by standard.
pub(super) fn standard(cost: Cents, milli_quantity: i64) -> Cents {
    div_round(i128::from(cost) * i128::from(milli_quantity), 1000)
}

/// How much of each line of the purchase orders is counted so far. The parts of a line are so rounded that together
/// they are worth what the whole is.
#[derive(Default)]
struct Received(HashMap<(usize, usize), i64>);

impl Received {
    fn add(&mut self, order: usize, line: usize, cost: Cents, milli_quantity: i64) -> Cents {
        let counted = self.0.entry((order, line)).or_default();
        let before = standard(cost, *counted);
        *counted += milli_quantity;
        standard(cost, *counted) - before
    }
}
