//! Writes purchase orders and receipts: what the shipments and the workshop needed, and what is under way.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    AccountRole, Calendar, Currency, Dataset, Dimensions, MoveLine, MoveState, ProductKind, Profile, PurchaseLine,
    PurchaseOrder, PurchaseState, Receipt, Totals,
    calendar::{number, plus},
    dimensions,
    stock::{Batch, Needs},
    users::BUYERS,
    vendors::RECURRING,
};
use crate::rng::Rng;

const NOTES: &[&str] = &["Bitte Teillieferung ankündigen", "Dock 4, Mon–Fri 7:00–15:00;\n\"no pallets\"", "<urgent>"];

/// A purchase order with its receipts, before it has its place among the others.
struct Plan {
    order: PurchaseOrder,
    receipts: Vec<Receipt>,
}

pub(super) fn generate(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar, needs: &mut Needs) {
    let rng = Rng::keyed(profile.seed ^ profile.company.salt(), "purchase orders", 0);
    let bought: Vec<usize> = (0..dataset.products.len())
        .filter(|at| dataset.products[*at].kind == ProductKind::Goods && dataset.recipe(*at).is_none())
        .collect();
    let mut buyer = Buyer { dataset, calendar, rng, plans: Vec::new() };
    let mut groups: BTreeMap<(i64, usize, usize), Vec<Batch>> = BTreeMap::new();
    for product in bought.iter().copied() {
        for location in 0..dataset.locations.len() {
            for batch in needs.batches(dataset, calendar, &mut buyer.rng, product, location) {
                let vendor = dataset.vendor_of(product, batch.needed);
                let span = (batch.needed - calendar.start).num_days() / 30;
                groups.entry((span, vendor, location)).or_default().push(batch);
            }
        }
    }
    for ((_, vendor, location), mut batches) in groups {
        batches.sort_by_key(|batch| (batch.needed, batch.product));
        for batches in batches.chunks(8) {
            buyer.needed(vendor, location, batches);
        }
    }
    for turn in 0..(profile.invoices / 60).max(18) {
        buyer.under_way(&bought, turn, needs);
    }
    let mut plans = buyer.plans;
    plans.sort_by_key(|plan| plan.order.date);
    let mut receipts = Vec::with_capacity(plans.len());
    for (position, plan) in plans.into_iter().enumerate() {
        receipts.extend(plan.receipts.into_iter().map(|receipt| Receipt { order: position, ..receipt }));
        dataset.purchase_orders.push(plan.order);
    }
    receipts.sort_by_key(|receipt| receipt.date);
    number(&mut receipts, |receipt| (receipt.date, &mut receipt.sequence));
    number(&mut dataset.purchase_orders, |order| (order.date, &mut order.sequence));
    dataset.receipts = receipts;
}

impl Dataset {
    /// The vendor from whom a product is bought on a day: a position in [`Dataset::vendors`].
    pub fn vendor_of(&self, product: usize, day: NaiveDate) -> usize {
        let first = RECURRING.len();
        let all = self.vendors.len() - first;
        // Three in five things come from a few vendors, the others from all of them in turn.
        let usual = first
            + match product % 5 {
                turn @ 0..2 => (product / 5 * 2 + turn) % all,
                _ => product % all.div_ceil(5),
            };
        let recent = (self.today - day).num_days() < 180;
        if recent && !self.vendors[usual].active { first } else { usual }
    }

    /// The tax on a purchase from a vendor: a position in [`Company::purchase_taxes`](super::Company::purchase_taxes).
    pub(super) fn purchase_tax(&self, vendor: usize, product: Option<usize>) -> usize {
        let last = self.company.purchase_taxes.len() - 1;
        if self.vendors[vendor].country != self.company.country {
            return last;
        }
        product.map_or(0, |product| self.products[product].tax).min(last)
    }
}

struct Buyer<'a> {
    dataset: &'a Dataset,
    calendar: &'a Calendar,
    rng: Rng,
    plans: Vec<Plan>,
}

impl Buyer<'_> {
    /// An order that came in, in time for what was needed.
    fn needed(&mut self, vendor: usize, location: usize, batches: &[Batch]) {
        let Some(first) = batches.first().map(|batch| batch.needed) else { return };
        let date = plus(first, -self.rng.between(8, 30)).max(self.calendar.start);
        let arrived = plus(first, -self.rng.between(1, 4)).max(date);
        let mut order = self.order(vendor, location, date, PurchaseState::Received);
        order.lines = batches
            .iter()
            .map(|batch| self.line(vendor, order.currency, date, batch.product, batch.milli_quantity))
            .collect();
        let mut early = Vec::new();
        let mut late = Vec::new();
        let second = plus(arrived, self.rng.between(2, 15)).min(self.calendar.today);
        let in_parts = self.rng.percent(60);
        for (position, batch) in batches.iter().enumerate() {
            let line =
                |milli_quantity| MoveLine { product: batch.product, milli_quantity, order_line: position, lot: None };
            let whole = batch.milli_quantity;
            order.lines[position].milli_received = whole;
            // What is needed later may come later.
            match self.rng.below(3) {
                0 if in_parts && second < batch.needed => late.push(line(whole)),
                1 if in_parts && second < batch.needed && whole >= 2000 => {
                    let half = whole / 2000 * 1000;
                    early.push(line(whole - half));
                    late.push(line(half));
                }
                _ => early.push(line(whole)),
            }
        }
        if early.is_empty() {
            std::mem::swap(&mut early, &mut late);
        }
        // The vendor could not deliver all that was ordered, and nobody waits for the rest.
        if self.rng.percent(4) {
            let line = &order.lines[0];
            let more = line.milli_quantity + self.rng.between(1, 5) * 1000;
            let product = batches[0].product;
            let received = line.milli_received;
            order.lines[0] =
                PurchaseLine { milli_received: received, ..self.line(vendor, order.currency, date, product, more) };
            order.state = PurchaseState::Closed;
        }
        order.totals = Totals::of_purchase(&order.lines);
        let mut receipts = Vec::with_capacity(2);
        for (day, lines) in [(arrived, early), (second, late)] {
            if !lines.is_empty() {
                receipts.push(self.receipt(&mut order, MoveState::Done, day, lines));
            }
        }
        self.plans.push(Plan { order, receipts });
    }

    /// An order of the last weeks that has not come to its end; a called off one may be older.
    fn under_way(&mut self, bought: &[usize], turn: usize, needs: &mut Needs) {
        let state = [
            PurchaseState::Open,
            PurchaseState::PartlyReceived,
            PurchaseState::Cancelled,
            PurchaseState::Draft,
            PurchaseState::Open,
            PurchaseState::Pending,
        ][turn % 6];
        let date = match state {
            PurchaseState::Cancelled => self.calendar.day(&mut self.rng),
            PurchaseState::Draft | PurchaseState::Pending => plus(self.calendar.today, -self.rng.between(0, 14)),
            _ => plus(self.calendar.today, -self.rng.between(3, 45)),
        };
        let product = self.rng.pick(bought);
        let vendor = self.dataset.vendor_of(product, self.calendar.today);
        let location = usize::from(self.rng.percent(20));
        let mut order = self.order(vendor, location, date, state);
        let mut products = vec![product];
        for _ in 0..self.rng.below(4) {
            let other = self.rng.pick(bought);
            if !products.contains(&other) {
                products.push(other);
            }
        }
        for product in products {
            let quantity = self.rng.between(2, 30) * 1000;
            order.lines.push(self.line(vendor, order.currency, date, product, quantity));
        }
        order.totals = Totals::of_purchase(&order.lines);
        let mut receipts = Vec::new();
        if state == PurchaseState::PartlyReceived {
            receipts = self.part(&mut order, needs);
        } else if matches!(state, PurchaseState::Open | PurchaseState::Cancelled) {
            let state = if state == PurchaseState::Open { MoveState::Ready } else { MoveState::Cancelled };
            let (awaited, lines) = (order.expected.unwrap_or(self.calendar.today), rest(&order));
            receipts.push(self.receipt(&mut order, state, awaited, lines));
        }
        self.plans.push(Plan { order, receipts });
    }

    /// What came in so far, and what is still awaited. An order of which nothing could come in is merely open.
    fn part(&mut self, order: &mut PurchaseOrder, needs: &mut Needs) -> Vec<Receipt> {
        let mut receipts = Vec::with_capacity(2);
        let day = self.calendar.today.min(plus(order.date, self.rng.between(1, 20)));
        let mut lines = Vec::new();
        for position in 0..order.lines.len() {
            let line = &mut order.lines[position];
            let Some(product) = line.product else { continue };
            // One whole unit less than ordered at most, so that something is left.
            let wanted = line.milli_quantity * self.rng.between(20, 70) / 100_000 * 1000;
            let milli_quantity = needs.spare(product, order.location, wanted);
            if milli_quantity > 0 {
                line.milli_received = milli_quantity;
                lines.push(MoveLine { product, milli_quantity, order_line: position, lot: None });
            }
        }
        if lines.is_empty() {
            order.state = PurchaseState::Open;
        } else {
            receipts.push(self.receipt(order, MoveState::Done, day, lines));
        }
        let (awaited, lines) = (plus(self.calendar.today, self.rng.between(1, 30)), rest(order));
        receipts.push(self.receipt(order, MoveState::Draft, awaited, lines));
        receipts
    }

    fn order(&mut self, vendor: usize, location: usize, date: NaiveDate, state: PurchaseState) -> PurchaseOrder {
        let currency = self.dataset.vendors[vendor].currency;
        let created = self.calendar.stamp(&mut self.rng, date);
        PurchaseOrder {
            state,
            sequence: 0,
            vendor,
            currency,
            rate: self.dataset.rate(currency, date),
            date,
            expected: (!self.rng.percent(10)).then(|| plus(date, self.rng.between(5, 35))),
            location,
            buyer: self.rng.pick(&BUYERS),
            reference: match self.rng.below(6) {
                0..3 => None,
                3 => Some(format!("Angebot {} v. \"Süd\"", self.rng.between(1, 999))),
                _ => Some(format!("SO{:07}", self.rng.below(10_000_000))),
            },
            note: self.rng.percent(8).then(|| self.rng.pick(NOTES)),
            lines: Vec::new(),
            totals: Totals::default(),
            created,
            updated: created,
        }
    }

    fn line(
        &mut self,
        vendor: usize,
        currency: Currency,
        date: NaiveDate,
        product: usize,
        milli_quantity: i64,
    ) -> PurchaseLine {
        let dataset = self.dataset;
        let rate = dataset.rate(currency, date);
        let price = dataset.products[product].cost * self.rng.between(97, 103) / 100;
        let tax = dataset.purchase_tax(vendor, Some(product));
        let account = AccountRole::Unbilled.position();
        let cost_centre = (!self.rng.percent(10)).then_some(dimensions::PRODUCTION);
        PurchaseLine {
            product: Some(product),
            dimensions: Dimensions { cost_centre, project: None },
            ..PurchaseLine::new(
                account,
                milli_quantity,
                rate.from_base(price).max(1),
                tax,
                dataset.company.purchase_taxes,
            )
        }
    }

    fn receipt(
        &mut self,
        order: &mut PurchaseOrder,
        state: MoveState,
        date: NaiveDate,
        lines: Vec<MoveLine>,
    ) -> Receipt {
        let stamp = self.calendar.stamp(&mut self.rng, date.min(self.calendar.today)).max(order.created);
        let done = (state == MoveState::Done).then_some(stamp);
        order.updated = order.updated.max(done.unwrap_or(order.created));
        Receipt {
            state,
            sequence: 0,
            vendor: order.vendor,
            // Known when all orders are written.
            order: 0,
            location: order.location,
            date,
            done,
            reference: (done.is_some() && self.rng.percent(70))
                .then(|| format!("LS-{}", self.rng.between(1000, 99_999))),
            lines,
            created: order.created,
            updated: done.unwrap_or(order.created),
        }
    }
}

/// What an order still waits for.
fn rest(order: &PurchaseOrder) -> Vec<MoveLine> {
    let lines = order.lines.iter().enumerate();
    lines
        .filter_map(|(order_line, line)| {
            let milli_quantity = line.milli_quantity - line.milli_received;
            Some(MoveLine { product: line.product?, milli_quantity, order_line, lot: None })
        })
        .filter(|line| line.milli_quantity > 0)
        .collect()
}
