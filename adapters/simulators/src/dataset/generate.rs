//! Writes the documents of the story, one after the other as a company would, and then pays them.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};

use super::{
    Allocation, Calendar, Currency, Dataset, Invoice, InvoiceKind, Line, Order, OrderState, Payment, PaymentMethod,
    PostState, Product, ProductKind, Profile, Totals, calendar::plus,
};
use crate::{decimal::Cents, rng::Rng};

const NOTES: &[&str] = &[
    "Danke für Ihren Auftrag!",
    "Deliver to the back door; ring twice.\nAsk for \"Bob\".",
    "至急お願いします",
    "<i>do not fold</i> & keep dry",
    "Срочно",
];

/// What writing a document needs at hand.
struct Writer<'a> {
    profile: &'a Profile,
    calendar: &'a Calendar,
    rng: Rng,
    /// The last number given in each series and year.
    sequences: BTreeMap<(&'static str, i32), u32>,
    /// The newest posted invoice of a customer that is not corrected yet.
    correctable: HashMap<usize, usize>,
}

pub(super) fn documents(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar) {
    let mut writer = Writer {
        profile,
        calendar,
        rng: Rng::keyed(profile.seed ^ profile.company.salt(), "documents", 0),
        sequences: BTreeMap::new(),
        correctable: HashMap::new(),
    };
    for at in 0..profile.invoices {
        let date = calendar.spread(&mut writer.rng, at, profile.invoices);
        let customer = writer.customer(dataset, at);
        if at % 4 == 3 {
            let order = writer.open_order(dataset, customer, date);
            dataset.orders.push(order);
        }
        let corrected = if writer.rng.percent(6) { writer.correctable.remove(&customer) } else { None };
        let invoice = match corrected {
            Some(invoice) => writer.credit_note(dataset, invoice, date),
            None => writer.invoice(dataset, customer, date),
        };
        dataset.invoices.push(invoice);
    }
}

impl Writer<'_> {
    /// The first customers buy more often than the last ones; the big one, if there is one, nine times in ten.
    fn customer(&mut self, dataset: &Dataset, at: usize) -> usize {
        let count = dataset.customers.len();
        if self.profile.big_customer {
            return if at % 10 == 9 { 1 + self.rng.below(count - 1) } else { 0 };
        }
        self.rng.below(count).min(self.rng.below(count))
    }

    fn number(&mut self, series: &'static str, date: NaiveDate) -> u32 {
        let last = self.sequences.entry((series, date.year())).or_default();
        *last += 1;
        *last
    }

    fn reference(&mut self) -> Option<String> {
        match self.rng.below(10) {
            0..4 => None,
            4 => Some(format!("Bestellung Nr. {} / Müller", self.rng.between(1, 9999))),
            5 => Some(format!("{}'s \"{}%\" order", self.rng.pick(&["Bob", "Zoë"]), self.rng.between(1, 99))),
            _ => Some(format!("PO-{:06}", self.rng.below(1_000_000))),
        }
    }

    fn lines(&mut self, dataset: &Dataset, customer: usize, currency: Currency, date: NaiveDate) -> Vec<Line> {
        let company = &self.profile.company;
        let exported = dataset.customers[customer].country != company.country;
        let rate = dataset.rate(currency, date);
        let count = [1, 1, 2, 2, 3, 3, 4, 6][self.rng.below(8)];
        (0..count)
            .map(|_| {
                let product = self.rng.below(dataset.products.len());
                let Product { kind, unit, price, tax, .. } = &dataset.products[product];
                let quantity = match (kind, *unit) {
                    (ProductKind::Service, _) => self.rng.between(1, 60) * 250,
                    (_, "kg" | "m") => self.rng.between(100, 25_000),
                    _ if *price > 100_000 => self.rng.between(1, 3) * 1000,
                    _ => self.rng.between(1, 40) * 1000,
                };
                let discount = [0, 0, 0, 0, 0, 500, 1000, 333][self.rng.below(8)];
                let tax = if exported { company.taxes.len() - 1 } else { *tax };
                let price = rate.from_base(*price).max(1);
                Line::new(product, quantity, price, discount, tax, company.taxes)
            })
            .collect()
    }

    /// Most documents are in the customer's currency, a few in another that the company knows.
    fn currency(&mut self, dataset: &Dataset, customer: usize) -> Currency {
        let company = &self.profile.company;
        match self.rng.below(20) {
            0 => self.rng.pick(company.foreign),
            _ => dataset.customers[customer].currency,
        }
    }

    fn invoice(&mut self, dataset: &mut Dataset, customer: usize, date: NaiveDate) -> Invoice {
        let position = dataset.invoices.len();
        let currency = self.currency(dataset, customer);
        let mut lines = self.lines(dataset, customer, currency, date);
        let recent = (self.calendar.today - date).num_days() < 45;
        let state = match self.rng.below(100) {
            0..3 => PostState::Void,
            3..15 if recent && self.profile.company.drafts => PostState::Draft,
            3 if self.profile.company.drafts => PostState::Draft,
            _ => PostState::Posted,
        };
        let created = self.calendar.stamp(&mut self.rng, date);
        let order = (state != PostState::Void && self.rng.percent(36)).then(|| {
            let mut order = self.invoiced_order(dataset, customer, currency, date, &mut lines);
            order.invoice = Some(position);
            order.updated = order.updated.max(created);
            dataset.orders.push(order);
            dataset.orders.len() - 1
        });
        let totals = Totals::of(&lines);
        let days = i64::from(dataset.customers[customer].payment_days);
        if state == PostState::Posted {
            self.correctable.insert(customer, position);
        }
        Invoice {
            kind: InvoiceKind::Invoice,
            state,
            sequence: self.number("invoice", date),
            customer,
            currency,
            rate: dataset.rate(currency, date),
            date,
            due: (!self.rng.percent(3)).then(|| plus(date, days)),
            reference: self.reference(),
            note: self.rng.percent(10).then(|| self.rng.pick(NOTES)),
            lines,
            totals,
            paid: 0,
            balance: if state == PostState::Void { 0 } else { totals.total },
            order,
            corrects: None,
            allocations: Vec::new(),
            created,
            updated: created,
        }
    }

    /// Takes back the first line of an invoice, or all of it. Most settle that invoice; the others stay open.
    fn credit_note(&mut self, dataset: &mut Dataset, corrected: usize, date: NaiveDate) -> Invoice {
        let created = self.calendar.stamp(&mut self.rng, date);
        let original = &mut dataset.invoices[corrected];
        let kept = if self.rng.percent(60) { 1 } else { original.lines.len() };
        let mut lines = original.lines[..kept].to_vec();
        for line in &mut lines {
            line.order_line = None;
        }
        let totals = Totals::of(&lines);
        let used = if self.rng.percent(75) { totals.total.min(original.balance) } else { 0 };
        original.settle(used, created);
        let (customer, currency) = (original.customer, original.currency);
        let allocations = if used > 0 { vec![Allocation { invoice: corrected, amount: used }] } else { Vec::new() };
        Invoice {
            kind: InvoiceKind::CreditNote,
            state: PostState::Posted,
            sequence: self.number("credit note", date),
            customer,
            currency,
            rate: dataset.rate(currency, date),
            date,
            due: Some(date),
            reference: self.reference(),
            note: None,
            lines,
            totals,
            paid: used,
            balance: totals.total - used,
            order: None,
            corrects: Some(corrected),
            allocations,
            created,
            updated: created,
        }
    }

    fn order(
        &mut self,
        dataset: &Dataset,
        customer: usize,
        currency: Currency,
        date: NaiveDate,
        lines: Vec<Line>,
        state: OrderState,
    ) -> Order {
        let created = self.calendar.stamp(&mut self.rng, date);
        Order {
            state,
            sequence: self.number("order", date),
            customer,
            currency,
            rate: dataset.rate(currency, date),
            date,
            delivery: self.rng.percent(80).then(|| plus(date, self.rng.between(3, 40))),
            reference: self.reference(),
            totals: Totals::of(&lines),
            lines,
            invoice: None,
            created,
            updated: created,
        }
    }

    /// The order behind an invoice: delivered, or partly so where the customer had ordered more than is invoiced.
    fn invoiced_order(
        &mut self,
        dataset: &Dataset,
        customer: usize,
        currency: Currency,
        invoiced: NaiveDate,
        invoice_lines: &mut [Line],
    ) -> Order {
        let date = plus(invoiced, -self.rng.between(1, 25)).max(self.calendar.start);
        let mut lines = invoice_lines.to_vec();
        for (position, (line, invoice_line)) in lines.iter_mut().zip(invoice_lines.iter_mut()).enumerate() {
            invoice_line.order_line = Some(position);
            line.milli_delivered = line.milli_quantity;
        }
        let state = if self.rng.percent(20) {
            let ordered = &lines[0];
            let (product, price, discount, tax) = (ordered.product, ordered.unit_price, ordered.discount, ordered.tax);
            let delivered = ordered.milli_quantity;
            lines[0] = Line {
                milli_delivered: delivered,
                ..Line::new(product, delivered * 2, price, discount, tax, self.profile.company.taxes)
            };
            OrderState::PartlyDelivered
        } else {
            OrderState::Delivered
        };
        self.order(dataset, customer, currency, date, lines, state)
    }

    /// An order without an invoice: a quotation, on its way, delivered and not billed, or called off.
    fn open_order(&mut self, dataset: &Dataset, customer: usize, date: NaiveDate) -> Order {
        let currency = self.currency(dataset, customer);
        let mut lines = self.lines(dataset, customer, currency, date);
        let old = (self.calendar.today - date).num_days() > 120;
        let draw = self.rng.below(10);
        let state = match (old, draw) {
            (true, 0..3) | (false, 0) => OrderState::Cancelled,
            (true, 3..5) | (false, 1..4) => OrderState::Draft,
            (true, 5..9) => OrderState::Delivered,
            (false, 4..7) => OrderState::PartlyDelivered,
            _ => OrderState::Confirmed,
        };
        match state {
            OrderState::PartlyDelivered => lines[0].milli_delivered = lines[0].milli_quantity / 2,
            OrderState::Delivered => lines.iter_mut().for_each(|line| line.milli_delivered = line.milli_quantity),
            OrderState::Draft | OrderState::Confirmed | OrderState::Cancelled => {}
        }
        self.order(dataset, customer, currency, date, lines, state)
    }
}

/// Invoices that a customer pays together with the next one.
struct Held {
    currency: Currency,
    allocations: Vec<Allocation>,
    earliest: NaiveDate,
}

pub(super) fn payments(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar) {
    let mut rng = Rng::keyed(profile.seed ^ profile.company.salt(), "payments", 0);
    let mut held: BTreeMap<usize, Held> = BTreeMap::new();
    for position in 0..dataset.invoices.len() {
        let invoice = &dataset.invoices[position];
        if invoice.kind == InvoiceKind::CreditNote || invoice.state != PostState::Posted || invoice.balance <= 0 {
            continue;
        }
        let (customer, currency, date, balance) = (invoice.customer, invoice.currency, invoice.date, invoice.balance);
        let overdue = (calendar.today - invoice.due.unwrap_or(date)).num_days();
        let (all, part) = match overdue {
            90.. => (94, 3),
            0..90 => (68, 16),
            _ => (20, 25),
        };
        let draw = rng.below(100);
        if draw >= all + part {
            continue;
        }
        let amount = if draw < all { balance } else { (balance * rng.between(20, 80) / 100).max(1) };
        let instalments = if draw < all && rng.percent(5) { 2 } else { 1 };
        if instalments == 2 {
            let first = amount / 2;
            for amount in [first, amount - first] {
                let part = Allocation { invoice: position, amount };
                pay(dataset, calendar, &mut rng, (customer, currency, date), vec![part]);
            }
            continue;
        }
        let together = match held.remove(&customer) {
            Some(held) if held.currency == currency => held,
            Some(other) => {
                pay(dataset, calendar, &mut rng, (customer, other.currency, other.earliest), other.allocations);
                Held { currency, allocations: Vec::new(), earliest: date }
            }
            None => Held { currency, allocations: Vec::new(), earliest: date },
        };
        let mut together = Held { earliest: together.earliest.max(date), ..together };
        together.allocations.push(Allocation { invoice: position, amount });
        if together.allocations.len() < 4 && rng.percent(15) {
            held.insert(customer, together);
        } else {
            pay(dataset, calendar, &mut rng, (customer, currency, together.earliest), together.allocations);
        }
    }
    for (customer, Held { currency, allocations, earliest }) in held {
        pay(dataset, calendar, &mut rng, (customer, currency, earliest), allocations);
    }
    dataset.payments.sort_by_key(|payment| payment.date);
    let mut sequences: BTreeMap<i32, u32> = BTreeMap::new();
    for payment in &mut dataset.payments {
        let last = sequences.entry(payment.date.year()).or_default();
        *last += 1;
        payment.sequence = *last;
    }
}

fn pay(
    dataset: &mut Dataset,
    calendar: &Calendar,
    rng: &mut Rng,
    (customer, currency, earliest): (usize, Currency, NaiveDate),
    allocations: Vec<Allocation>,
) {
    let days = rng.between(0, 50);
    let date = plus(earliest, if over_the_counter(dataset, &allocations) { 0 } else { days }).min(calendar.today);
    let created = calendar.stamp(rng, date);
    for allocation in &allocations {
        dataset.invoices[allocation.invoice].settle(allocation.amount, created);
    }
    let applied: Cents = allocations.iter().map(|allocation| allocation.amount).sum();
    let excess = if rng.percent(2) { rng.between(100, 50_000) } else { 0 };
    let payment = Payment {
        state: PostState::Posted,
        sequence: 0,
        customer,
        currency,
        rate: dataset.rate(currency, date),
        date,
        method: rng.pick(&[
            PaymentMethod::Transfer,
            PaymentMethod::Transfer,
            PaymentMethod::Transfer,
            PaymentMethod::Card,
            PaymentMethod::Check,
            PaymentMethod::Cash,
        ]),
        reference: rng.percent(70).then(|| format!("{:08X}", rng.next_u64() as u32)),
        amount: applied + excess,
        allocations,
        created,
        updated: created,
    };
    // A cheque that bounced stays in the books as a void payment beside the good one.
    if rng.percent(1) {
        dataset.payments.push(Payment { state: PostState::Void, allocations: Vec::new(), ..payment.clone() });
    }
    dataset.payments.push(payment);
}

/// Whether somebody pays where they buy: now and then, for what was not ordered before.
fn over_the_counter(dataset: &Dataset, allocations: &[Allocation]) -> bool {
    let [Allocation { invoice: position, amount }] = *allocations else { return false };
    let invoice = &dataset.invoices[position];
    position % 6 == 0 && invoice.order.is_none() && invoice.totals.total == amount
}
