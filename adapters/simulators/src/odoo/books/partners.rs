//! Customers with their contacts, vendors, and the company's own people.

use std::collections::HashMap;

use super::{Books, ids, money};
use crate::{
    dataset::{BillKind, Customer, InvoiceKind, PostState},
    decimal::Cents,
    odoo::users,
    store::{Cell, StoreError},
};

/// The first id of a customer; before come the company and the people who sign in.
pub(super) const FIRST: i64 = 14;

/// How many rows hang on a customer: somebody to talk to, and of every seventh an address for deliveries.
pub(super) fn contacts(position: usize, customer: &Customer) -> i64 {
    i64::from(customer.contact.is_some()) + i64::from(has_delivery_address(position))
}

fn has_delivery_address(position: usize) -> bool {
    position % 7 == 3
}

/// What the invoices of a customer add up to.
#[derive(Clone, Copy, Default)]
struct Account {
    posted: i64,
    owed: Cents,
    invoiced: Cents,
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    own(books)?;
    vendors(books)?;
    let mut accounts: HashMap<usize, Account> = HashMap::new();
    for invoice in books.dataset.invoices.iter().filter(|invoice| invoice.state == PostState::Posted) {
        let account = accounts.entry(invoice.customer).or_default();
        let sign = if invoice.kind == InvoiceKind::Invoice { 1 } else { -1 };
        account.posted += 1;
        account.owed += sign * invoice.rate.to_base(invoice.balance);
        account.invoiced += sign * invoice.rate.to_base(invoice.totals.net);
    }
    for payment in books.dataset.payments.iter().filter(|payment| payment.state == PostState::Posted) {
        accounts.entry(payment.customer).or_default().owed -= payment.rate.to_base(payment.unallocated());
    }
    for (position, customer) in books.dataset.customers.iter().enumerate() {
        let account = accounts.get(&position).copied().unwrap_or_default();
        let id = books.plan.partners[position];
        company(books, id, position, customer, account)?;
        let mut next = id + 1;
        if let Some(contact) = customer.contact {
            child(books, next, id, customer, Some(contact))?;
            next += 1;
        }
        if has_delivery_address(position) {
            child(books, next, id, customer, None)?;
        }
    }
    Ok(())
}

fn company(
    books: &mut Books<'_>,
    id: i64,
    position: usize,
    customer: &Customer,
    account: Account,
) -> Result<(), StoreError> {
    let website = customer.email.as_ref().and_then(|email| email.split_once('@'));
    let website = website.map(|(_, domain)| format!("https://www.{}", domain.to_lowercase()));
    let values = [
        ("name", customer.name.as_str().into()),
        ("complete_name", customer.name.as_str().into()),
        ("ref", customer.code.as_str().into()),
        ("is_company", true.into()),
        ("type", "contact".into()),
        ("commercial_partner_id", id.into()),
        ("email", customer.email.clone().into()),
        ("phone", customer.phone.clone().into()),
        ("mobile", (position.is_multiple_of(5)).then(|| format!("+49 171 {:07}", 5_550_000 + position)).into()),
        ("website", website.filter(|_| position.is_multiple_of(3)).into()),
        ("vat", customer.tax_number.clone().into()),
        ("street", customer.street.clone().into()),
        ("zip", customer.postcode.into()),
        ("city", customer.city.into()),
        ("country_id", ids::country(customer.country).into()),
        ("lang", language(customer).into()),
        ("comment", (position % 11 == 4).then(|| super::html("Lieferung nur dienstags & donnerstags")).into()),
        ("user_id", (position.is_multiple_of(4)).then_some(ids::SALESPERSON).into()),
        ("property_payment_term_id", ids::payment_term(customer.payment_days).into()),
        ("credit_limit", customer.credit_limit.map_or(Cell::Null, money)),
        ("credit", money(account.owed)),
        ("total_invoiced", money(account.invoiced)),
        // A customer that was entered as one has a rank before its first invoice.
        ("customer_rank", account.posted.max(1).into()),
        ("partner_share", true.into()),
        ("active", customer.active.into()),
    ];
    books.insert("res.partner", id, (customer.created, customer.updated), values)
}

/// A contact, or without a name an address for deliveries.
fn child(
    books: &mut Books<'_>,
    id: i64,
    parent: i64,
    customer: &Customer,
    name: Option<&'static str>,
) -> Result<(), StoreError> {
    let values = [
        ("name", name.into()),
        ("complete_name", format!("{}, {}", customer.name, name.unwrap_or("Delivery Address")).into()),
        ("is_company", false.into()),
        ("type", if name.is_some() { "contact" } else { "delivery" }.into()),
        ("parent_id", parent.into()),
        ("commercial_partner_id", parent.into()),
        ("vat", customer.tax_number.clone().into()),
        ("street", customer.street.clone().into()),
        ("zip", customer.postcode.into()),
        ("city", customer.city.into()),
        ("country_id", ids::country(customer.country).into()),
        ("lang", language(customer).into()),
        ("partner_share", true.into()),
        ("active", customer.active.into()),
    ];
    books.insert("res.partner", id, (customer.created, customer.created), values)
}

fn language(customer: &Customer) -> &'static str {
    if matches!(customer.country, "DE" | "CH") { "de_DE" } else { "en_US" }
}

fn own(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let company = books.dataset.company;
    let mut people =
        vec![(1, company.name.to_owned(), None, true), (5, "Nordlicht Service GmbH".to_owned(), None, true)];
    people.extend(
        users::all(books.options).into_iter().map(|user| (user.partner, user.name, Some(user.email), user.active)),
    );
    let others = books.dataset.users.iter().zip(&books.plan.users);
    people.extend(others.map(|(user, known)| {
        (known.partner, user.name.to_owned(), Some(user.email.clone().unwrap_or_default()), user.active)
    }));
    for (id, name, email, active) in people {
        let values = [
            ("name", name.as_str().into()),
            ("complete_name", name.into()),
            ("is_company", email.is_none().into()),
            ("type", "contact".into()),
            ("commercial_partner_id", id.into()),
            ("email", email.filter(|email| !email.is_empty()).into()),
            ("street", company.street.into()),
            ("zip", company.postcode.into()),
            ("city", company.city.into()),
            ("country_id", ids::country(company.country).into()),
            ("lang", "de_DE".into()),
            ("partner_share", false.into()),
            ("active", active.into()),
        ];
        books.insert("res.partner", id, installed, values)?;
    }
    Ok(())
}

fn vendors(books: &mut Books<'_>) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let mut accounts: HashMap<usize, Account> = HashMap::new();
    for bill in dataset.bills.iter().filter(|bill| bill.state == PostState::Posted) {
        let account = accounts.entry(bill.vendor).or_default();
        let sign = if bill.kind == BillKind::Bill { 1 } else { -1 };
        account.posted += 1;
        account.owed += sign * bill.rate.to_base(bill.balance);
    }
    for payment in dataset.vendor_payments.iter().filter(|payment| payment.state == PostState::Posted) {
        accounts.entry(payment.vendor).or_default().owed -= payment.rate.to_base(payment.unallocated());
    }
    for (position, vendor) in dataset.vendors.iter().enumerate() {
        let account = accounts.get(&position).copied().unwrap_or_default();
        let id = books.plan.vendors[position];
        let values = [
            ("name", vendor.name.as_str().into()),
            ("complete_name", vendor.name.as_str().into()),
            ("ref", vendor.code.as_str().into()),
            ("is_company", true.into()),
            ("type", "contact".into()),
            ("commercial_partner_id", id.into()),
            ("email", vendor.email.clone().into()),
            ("phone", vendor.phone.clone().into()),
            ("vat", vendor.tax_number.clone().into()),
            ("street", vendor.street.clone().into()),
            ("zip", vendor.postcode.into()),
            ("city", vendor.city.into()),
            ("country_id", ids::country(vendor.country).into()),
            ("lang", "en_US".into()),
            ("comment", vendor.our_number.as_ref().map(|number| super::html(&format!("Kundennummer {number}"))).into()),
            ("property_supplier_payment_term_id", ids::payment_term(vendor.payment_days).into()),
            ("property_purchase_currency_id", ids::currency(vendor.currency).into()),
            ("debit", money(account.owed)),
            ("supplier_rank", account.posted.max(1).into()),
            ("partner_share", true.into()),
            ("active", vendor.active.into()),
        ];
        books.insert("res.partner", id, (vendor.created, vendor.updated), values)?;
    }
    Ok(())
}
