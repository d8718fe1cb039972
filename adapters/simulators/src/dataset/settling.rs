//! Says what each allocation is worth in the books' currency, on both of its sides.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Dataset, PostState, Rate, Settlement, Settler};
use crate::decimal::Cents;

/// An allocation before it has its worth.
struct Pair {
    document: usize,
    by: Settler,
    date: NaiveDate,
    amount: Cents,
}

pub(super) fn generate(dataset: &mut Dataset) {
    dataset.settlements = invoices(dataset);
    dataset.bill_settlements = bills(dataset);
}

fn invoices(dataset: &Dataset) -> Vec<Settlement> {
    let (invoices, payments) = (&dataset.invoices, &dataset.payments);
    let posted = payments.iter().enumerate().filter(|(_, payment)| payment.state == PostState::Posted);
    let paid = posted.flat_map(|(by, payment)| {
        let pair = move |document, amount| Pair { document, by: Settler::Payment(by), date: payment.date, amount };
        payment.allocations.iter().map(move |allocation| pair(allocation.invoice, allocation.amount))
    });
    let credited = invoices.iter().enumerate().flat_map(|(by, credit)| {
        let pair = move |document, amount| Pair { document, by: Settler::Credit(by), date: credit.date, amount };
        credit.allocations.iter().map(move |allocation| pair(allocation.invoice, allocation.amount))
    });
    worth(
        credited.chain(paid).collect(),
        |invoice| (invoices[invoice].rate, invoices[invoice].totals.total),
        |by| match by {
            Settler::Payment(by) => (payments[by].rate, payments[by].amount),
            Settler::Credit(by) => (invoices[by].rate, invoices[by].totals.total),
        },
    )
}

fn bills(dataset: &Dataset) -> Vec<Settlement> {
    let (bills, payments) = (&dataset.bills, &dataset.vendor_payments);
    let posted = payments.iter().enumerate().filter(|(_, payment)| payment.state == PostState::Posted);
    let paid = posted.flat_map(|(by, payment)| {
        let pair = move |document, amount| Pair { document, by: Settler::Payment(by), date: payment.date, amount };
        payment.allocations.iter().map(move |allocation| pair(allocation.bill, allocation.amount))
    });
    let credited = bills.iter().enumerate().flat_map(|(by, credit)| {
        let pair = move |document, amount| Pair { document, by: Settler::Credit(by), date: credit.date, amount };
        credit.allocations.iter().map(move |allocation| pair(allocation.bill, allocation.amount))
    });
    worth(
        credited.chain(paid).collect(),
        |bill| (bills[bill].rate, bills[bill].totals.total),
        |by| match by {
            Settler::Payment(by) => (payments[by].rate, payments[by].amount),
            Settler::Credit(by) => (bills[by].rate, bills[by].totals.total),
        },
    )
}

/// The worth of an amount is what the rest is worth less without it. So the rest is always worth its own amount at its
/// own rate, to the cent.
fn worth(
    mut pairs: Vec<Pair>,
    document: impl Fn(usize) -> (Rate, Cents),
    settler: impl Fn(Settler) -> (Rate, Cents),
) -> Vec<Settlement> {
    pairs.sort_by_key(|pair| pair.date);
    let mut documents: BTreeMap<usize, Cents> = BTreeMap::new();
    let mut settlers: BTreeMap<Settler, Cents> = BTreeMap::new();
    let take = |left: &mut Cents, rate: Rate, amount: Cents| {
        let before = rate.to_base(*left);
        *left -= amount;
        before - rate.to_base(*left)
    };
    let settlement = |Pair { document: position, by, date, amount }| {
        let (document_rate, total) = document(position);
        let (settler_rate, all) = settler(by);
        Settlement {
            document: position,
            by,
            date,
            amount,
            document_base: take(documents.entry(position).or_insert(total), document_rate, amount),
            settler_base: take(settlers.entry(by).or_insert(all), settler_rate, amount),
        }
    };
    pairs.into_iter().map(settlement).collect()
}
