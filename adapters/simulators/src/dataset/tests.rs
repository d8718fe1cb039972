use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    time::Instant,
};

mod books;
mod goods;
mod purchases;

use super::*;
use crate::decimal::Cents;

fn profile(company: Company, invoices: usize) -> Profile {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    Profile { company, seed: 7, invoices, today, big_customer: company == Company::EDELWEISS }
}

fn hash(dataset: &Dataset) -> u64 {
    let mut hasher = DefaultHasher::new();
    dataset.customers.hash(&mut hasher);
    dataset.products.hash(&mut hasher);
    dataset.orders.hash(&mut hasher);
    dataset.invoices.hash(&mut hasher);
    dataset.payments.hash(&mut hasher);
    dataset.vendors.hash(&mut hasher);
    dataset.shipments.hash(&mut hasher);
    dataset.work_orders.hash(&mut hasher);
    dataset.purchase_orders.hash(&mut hasher);
    dataset.receipts.hash(&mut hasher);
    dataset.stock.hash(&mut hasher);
    dataset.bills.hash(&mut hasher);
    dataset.vendor_payments.hash(&mut hasher);
    dataset.entries.hash(&mut hasher);
    hasher.finish()
}

fn stories(invoices: usize) -> [Dataset; 3] {
    [Company::NORDLICHT, Company::EDELWEISS, Company::CASCADE]
        .map(|company| Dataset::generate(&profile(company, invoices)))
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let profile = profile(Company::NORDLICHT, 500);
    let first = hash(&Dataset::generate(&profile));
    assert_eq!(first, hash(&Dataset::generate(&profile)));
    assert_ne!(first, hash(&Dataset::generate(&Profile { seed: 8, ..profile.clone() })));
    assert_ne!(first, hash(&Dataset::generate(&Profile { company: Company::CASCADE, ..profile })));
}

#[test]
fn documents_add_up() {
    for company in [Company::NORDLICHT, Company::EDELWEISS, Company::CASCADE] {
        let dataset = Dataset::generate(&profile(company, 2000));
        let mut settled: BTreeMap<usize, Cents> = BTreeMap::new();
        for payment in &dataset.payments {
            assert!(payment.unallocated() >= 0);
            assert!(payment.state == PostState::Posted || payment.allocations.is_empty());
            for allocation in &payment.allocations {
                let invoice = &dataset.invoices[allocation.invoice];
                assert_eq!((invoice.customer, invoice.currency), (payment.customer, payment.currency));
                assert!(payment.date >= invoice.date && payment.date <= dataset.today);
                *settled.entry(allocation.invoice).or_default() += allocation.amount;
            }
        }
        for credit in &dataset.invoices {
            for allocation in &credit.allocations {
                assert_eq!(credit.kind, InvoiceKind::CreditNote);
                *settled.entry(allocation.invoice).or_default() += allocation.amount;
            }
        }
        for (position, invoice) in dataset.invoices.iter().enumerate() {
            assert_eq!(invoice.totals, Totals::of(&invoice.lines));
            assert_eq!(invoice.totals.net, invoice.lines.iter().map(|line| line.net).sum::<Cents>());
            assert_eq!(invoice.totals.total, invoice.totals.net + invoice.totals.tax);
            let paid = match invoice.kind {
                InvoiceKind::Invoice => settled.get(&position).copied().unwrap_or_default(),
                InvoiceKind::CreditNote => invoice.allocations.iter().map(|allocation| allocation.amount).sum(),
            };
            assert_eq!(invoice.paid, paid);
            if invoice.state == PostState::Void {
                assert_eq!(invoice.balance, 0);
            } else {
                assert_eq!(invoice.balance, invoice.totals.total - paid);
                assert!(invoice.balance >= 0);
            }
            if let Some(order) = invoice.order {
                assert_eq!(dataset.orders[order].invoice, Some(position));
                assert_eq!(dataset.orders[order].customer, invoice.customer);
            }
        }
        for order in &dataset.orders {
            assert_eq!(order.totals, Totals::of(&order.lines));
        }
    }
}

#[test]
fn a_line_is_rounded_once_and_its_tax_on_its_own() {
    let taxes = Company::NORDLICHT.taxes;
    // 1.5 × 33.33 less 3.33 % = 48.330... and 19 % of it 9.1827
    let line = Line::new(0, 1500, 3333, 333, 0, taxes);
    assert_eq!((line.net, line.tax_amount), (4833, 918));
    // 0.5 × 0.01 = 0.005 rounds away from zero.
    assert_eq!(Line::new(0, 500, 1, 0, 2, taxes).net, 1);
}

#[test]
fn the_story_has_everything_that_trips_a_reader() {
    for company in [Company::NORDLICHT, Company::EDELWEISS, Company::CASCADE] {
        let dataset = Dataset::generate(&profile(company, 2000));
        let count = |test: &dyn Fn(&Invoice) -> bool| dataset.invoices.iter().filter(|invoice| test(invoice)).count();
        let today = dataset.today;
        let open_credit = |invoice: &Invoice| invoice.kind == InvoiceKind::CreditNote && invoice.balance > 0;
        assert!(count(&open_credit) > 5);
        assert!((60..160).contains(&count(&|invoice| invoice.kind == InvoiceKind::CreditNote)));
        for status in [
            InvoiceStatus::Open,
            InvoiceStatus::PartlyPaid,
            InvoiceStatus::Paid,
            InvoiceStatus::Overdue,
            InvoiceStatus::Void,
        ] {
            assert!(count(&|invoice| invoice.status(today) == status) >= 5, "{} {status:?}", company.name);
        }
        assert_eq!(count(&|invoice| invoice.status(today) == InvoiceStatus::Draft) > 0, company.drafts);
        for currency in company.currencies() {
            assert!(count(&|invoice| invoice.currency == currency) > 10);
        }
        assert!(count(&|invoice| invoice.due.is_none()) > 10 && count(&|invoice| invoice.reference.is_none()) > 10);
        assert!(count(&|invoice| invoice.date == today) > 0);
        assert!((30..200).contains(&dataset.counter_sales().len()), "{}", dataset.counter_sales().len());
        assert!(dataset.invoices.iter().all(|invoice| invoice.updated >= invoice.created));
        assert!((1000..1400).contains(&dataset.orders.len()));
        for state in [
            OrderState::Draft,
            OrderState::Confirmed,
            OrderState::PartlyDelivered,
            OrderState::Delivered,
            OrderState::Cancelled,
        ] {
            assert!(dataset.orders.iter().any(|order| order.state == state), "{state:?}");
        }
        assert!(dataset.customers.iter().any(|customer| !customer.active));
        assert!(dataset.customers.iter().any(|customer| customer.email.is_none()));
        assert!(dataset.products.iter().any(|product| !product.active));
        for (name, _) in names::SPECIAL_CUSTOMERS {
            assert!(dataset.customers.iter().any(|customer| customer.name == *name), "{name}");
        }
        let unique: HashSet<_> = dataset.customers.iter().map(|customer| &customer.name).collect();
        assert_eq!(unique.len(), dataset.customers.len());
    }
}

#[test]
fn one_customer_owns_ninety_percent_where_asked() {
    let dataset = Dataset::generate(&profile(Company::EDELWEISS, 2000));
    assert_eq!(dataset.invoices.iter().filter(|invoice| invoice.customer == 0).count(), 1800);
    let dataset = Dataset::generate(&profile(Company::NORDLICHT, 2000));
    assert!(dataset.invoices.iter().filter(|invoice| invoice.customer == 0).count() < 200);
}

#[test]
fn about_a_third_of_the_customers_is_known_elsewhere_under_another_name() {
    let books = [Company::NORDLICHT, Company::EDELWEISS, Company::CASCADE]
        .map(|company| Dataset::generate(&profile(company, 10_000)).customers);
    for (position, customers) in books.iter().enumerate() {
        let others: BTreeMap<u64, &Customer> = books
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != position)
            .flat_map(|(_, customers)| customers.iter().map(|customer| (customer.identity, customer)))
            .collect();
        let shared: Vec<_> =
            customers.iter().filter_map(|own| others.get(&own.identity).map(|other| (own, *other))).collect();
        assert!((customers.len() / 4..customers.len() * 2 / 5).contains(&shared.len()), "{}", shared.len());
        assert!(shared.iter().any(|(own, other)| own.name != other.name));
        assert!(shared.iter().any(|(own, other)| own.name == other.name));
        assert!(shared.iter().any(|(own, other)| own.email != other.email));
        assert!(shared.iter().any(|(own, other)| own.tax_number != other.tax_number));
    }
}

#[test]
fn the_size_of_a_story_of_five_thousand_invoices() {
    let profile = profile(Company::NORDLICHT, 5000);
    let started = Instant::now();
    let dataset = Dataset::generate(&profile);
    let took = started.elapsed();
    println!("{took:?} for {} purchase orders,", dataset.purchase_orders.len());
    println!("{} receipts, {} shipments,", dataset.receipts.len(), dataset.shipments.len());
    println!("{} bills, {} payments of them,", dataset.bills.len(), dataset.vendor_payments.len());
    println!("{} work orders, {} entries", dataset.work_orders.len(), dataset.entries.len());
    println!("with {} lines", dataset.entries.iter().map(|entry| entry.lines.len()).sum::<usize>());
}

#[test]
fn rates_change_once_a_month() {
    for dataset in stories(20) {
        let rates: Vec<ExchangeRate> = dataset.exchange_rates().collect();
        assert_eq!(rates.len(), 25 * dataset.company.foreign.len());
        for rate in rates {
            assert_eq!((rate.from.day(), dataset.rate(rate.currency, rate.from)), (1, rate.rate));
        }
    }
}
