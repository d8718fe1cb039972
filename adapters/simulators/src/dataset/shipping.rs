//! Ships what the sales orders say is delivered, and prepares what they still wait for.

use chrono::NaiveDate;

use super::{
    Calendar, Dataset, MoveLine, MoveState, Order, OrderState, Product, ProductKind, Profile, Shipment,
    calendar::{number, plus},
};
use crate::rng::Rng;

const CARRIERS: &[&str] = &["DHL", "UPS", "FedEx", "Kuehne+Nagel"];

pub(super) fn generate(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar) {
    let mut shipments = Vec::with_capacity(dataset.orders.len());
    for position in 0..dataset.orders.len() {
        let rng = Rng::keyed(profile.seed ^ profile.company.salt(), "shipment", position as u64);
        let mut shipper = Shipper { dataset, calendar, rng, position, location: 0, shipments: &mut shipments };
        shipper.order();
    }
    shipments.sort_by_key(|shipment| shipment.date);
    number(&mut shipments, |shipment| (shipment.date, &mut shipment.sequence));
    dataset.shipments = shipments;
}

/// What shipping one order needs at hand.
struct Shipper<'a> {
    dataset: &'a Dataset,
    calendar: &'a Calendar,
    rng: Rng,
    position: usize,
    location: usize,
    shipments: &'a mut Vec<Shipment>,
}

impl Shipper<'_> {
    fn order(&mut self) {
        let order = &self.dataset.orders[self.position];
        self.location = usize::from(self.rng.percent(25));
        let delivered = self.lines(order, |line| order.lines[line].milli_delivered);
        if !delivered.is_empty() {
            self.delivered(order, delivered);
        }
        match order.state {
            OrderState::Confirmed | OrderState::PartlyDelivered => {
                let rest = |line: usize| order.lines[line].milli_quantity - order.lines[line].milli_delivered;
                let state = if self.rng.percent(60) { MoveState::Ready } else { MoveState::Draft };
                let lines = self.lines(order, rest);
                self.push(order, state, order.delivery.unwrap_or(self.calendar.today), lines);
            }
            OrderState::Cancelled if self.rng.percent(50) => {
                let lines = self.lines(order, |line| order.lines[line].milli_quantity);
                self.push(order, MoveState::Cancelled, order.delivery.unwrap_or(order.date), lines);
            }
            OrderState::Draft | OrderState::Delivered | OrderState::Cancelled => {}
        }
    }

    /// The goods among the lines of an order, as far as there is a quantity of them.
    fn lines(&self, order: &Order, quantity: impl Fn(usize) -> i64) -> Vec<MoveLine> {
        let goods = |line: &usize| self.product(order, *line).kind == ProductKind::Goods && quantity(*line) > 0;
        let line = |order_line: usize| MoveLine {
            product: order.lines[order_line].product,
            milli_quantity: quantity(order_line),
            order_line,
            lot: None,
        };
        (0..order.lines.len()).filter(goods).map(line).collect()
    }

    fn product(&self, order: &Order, line: usize) -> &Product {
        &self.dataset.products[order.lines[line].product]
    }

    /// Before the invoice, at once or in two parts.
    fn delivered(&mut self, order: &Order, mut lines: Vec<MoveLine>) {
        let last = match order.invoice {
            Some(invoice) => self.dataset.invoices[invoice].date,
            None => plus(order.date, self.rng.between(2, 25)).min(self.calendar.today),
        };
        let days = (last - order.date).num_days();
        let first = plus(order.date, self.rng.between(days / 2, days));
        let mut later = Vec::new();
        if first < last && self.rng.percent(40) {
            for line in &mut lines {
                let mut half = line.milli_quantity / 2;
                if self.product(order, line.order_line).unit == "Units" {
                    half -= half % 1000;
                }
                line.milli_quantity -= half;
                later.push(MoveLine { milli_quantity: half, ..line.clone() });
            }
            later.retain(|line| line.milli_quantity > 0);
        }
        self.push(order, MoveState::Done, first, lines);
        let second = plus(first, self.rng.between(1, (last - first).num_days().max(1)));
        self.push(order, MoveState::Done, second.min(last), later);
    }

    fn push(&mut self, order: &Order, state: MoveState, date: NaiveDate, lines: Vec<MoveLine>) {
        if lines.is_empty() {
            return;
        }
        let stamp = self.calendar.stamp(&mut self.rng, date.min(self.calendar.today)).max(order.created);
        let done = state == MoveState::Done;
        self.shipments.push(Shipment {
            state,
            sequence: 0,
            customer: order.customer,
            order: self.position,
            location: self.location,
            date,
            done: done.then_some(stamp),
            carrier: (!self.rng.percent(15)).then(|| self.rng.pick(CARRIERS)),
            tracking: (done && self.rng.percent(80)).then(|| format!("1Z{:014}", self.rng.below(100_000_000_000_000))),
            lines,
            created: order.created,
            updated: if done { stamp } else { order.created },
        });
    }
}
