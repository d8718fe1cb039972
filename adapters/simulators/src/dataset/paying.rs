//! Pays vendors: most bills when they are due, several of one vendor together.

use std::collections::BTreeMap;

use chrono::Datelike;

use super::{
    BillAllocation, BillKind, Calendar, Currency, Dataset, PaymentMethod, PostState, Profile, VendorPayment,
    calendar::{number, plus},
};
use crate::{decimal::Cents, rng::Rng};

pub(super) fn generate(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar) {
    let mut rng = Rng::keyed(profile.seed ^ profile.company.salt(), "vendor payments", 0);
    let mut runs: BTreeMap<(usize, Currency, i32, u32), Vec<BillAllocation>> = BTreeMap::new();
    let mut alone: Vec<Vec<BillAllocation>> = Vec::new();
    for (position, bill) in dataset.bills.iter().enumerate() {
        if bill.kind == BillKind::VendorCredit || bill.state != PostState::Posted || bill.balance <= 0 {
            continue;
        }
        let late = (calendar.today - bill.due).num_days();
        let (all, part) = match late {
            60.. => (96, 2),
            0..60 => (75, 10),
            _ => (12, 8),
        };
        let draw = rng.below(100);
        let amount = match draw {
            _ if draw < all => bill.balance,
            _ if draw < all + part => (bill.balance * rng.between(20, 80) / 100).max(1),
            _ => continue,
        };
        let run = (bill.vendor, bill.currency, bill.due.year(), bill.due.month());
        // Most wait for the next payment run; the others get one of their own.
        if rng.percent(70) {
            runs.entry(run).or_default().push(BillAllocation { bill: position, amount });
        } else {
            alone.push(vec![BillAllocation { bill: position, amount }]);
        }
    }
    for allocations in alone.into_iter().chain(runs.into_values()) {
        pay(dataset, calendar, &mut rng, allocations);
    }
    dataset.vendor_payments.sort_by_key(|payment| payment.date);
    number(&mut dataset.vendor_payments, |payment| (payment.date, &mut payment.sequence));
    // Settled only now, so that what is paid does not depend on the order of the runs.
    for payment in &dataset.vendor_payments {
        for allocation in &payment.allocations {
            dataset.bills[allocation.bill].settle(allocation.amount, payment.created);
        }
    }
}

fn pay(dataset: &mut Dataset, calendar: &Calendar, rng: &mut Rng, allocations: Vec<BillAllocation>) {
    let bills = || allocations.iter().map(|allocation| &dataset.bills[allocation.bill]);
    let Some(first) = bills().next() else { return };
    let (vendor, currency) = (first.vendor, first.currency);
    let written = bills().map(|bill| bill.date).max().unwrap_or(first.date);
    let due = bills().map(|bill| bill.due).max().unwrap_or(first.due);
    let date = plus(due, rng.between(-4, 8)).max(written).min(calendar.today);
    let applied: Cents = allocations.iter().map(|allocation| allocation.amount).sum();
    let ahead = if rng.percent(2) { rng.between(1_000, 90_000) } else { 0 };
    let method = match rng.below(20) {
        0..16 if dataset.company.country == "US" && rng.percent(50) => PaymentMethod::Check,
        // The till and the card are for small sums in the books' currency.
        16..18 if currency == dataset.company.currency && applied < 200_000 => PaymentMethod::Card,
        18 if currency == dataset.company.currency && applied < 20_000 => PaymentMethod::Cash,
        _ => PaymentMethod::Transfer,
    };
    let created = calendar.stamp(rng, date);
    let payment = VendorPayment {
        state: PostState::Posted,
        sequence: 0,
        vendor,
        currency,
        rate: dataset.rate(currency, date),
        date,
        method,
        reference: rng.percent(80).then(|| format!("PAY-{:06}", rng.below(1_000_000))),
        amount: applied + ahead,
        allocations,
        created,
        updated: created,
    };
    // The bank sent it back; it stays in the books as a void payment beside the good one.
    if rng.percent(1) {
        dataset.vendor_payments.push(VendorPayment {
            state: PostState::Void,
            allocations: Vec::new(),
            ..payment.clone()
        });
    }
    dataset.vendor_payments.push(payment);
}
