//! Payments in and out, and what they settle.

use super::{Check, Names, cents, number, parts, plain, shown, sorted};
use crate::support::{Case, records, reference, skipped};
use adapters::model::{EntityType as E, Record, RemoteRef, Value};
use rust_decimal::Decimal;
use simulators::{
    System,
    dataset::{BillKind, Dataset, InvoiceKind, PaymentMethod, PostState, Settler},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A payment of the story in the words of the catalogue.
struct Paid {
    direction: &'static str,
    status: &'static str,
    party: String,
    date: String,
    amount: String,
    account: String,
    /// The documents that it settles, by their totals.
    settles: Vec<String>,
}

impl Paid {
    fn key(&self) -> String {
        format!("{} {} {} {} {}", self.direction, self.status, self.date, self.party, self.amount)
    }
}

fn told(dataset: &Dataset, system: System) -> Vec<Paid> {
    let base = |amount: i64, rate: simulators::dataset::Rate| match system {
        // Business One has no total in foreign currency.
        System::SapB1 => rate.to_base(amount),
        _ => amount,
    };
    let invoice = |at: usize, amount: i64| {
        let invoice = &dataset.invoices[at];
        let kind = if invoice.kind == InvoiceKind::Invoice { "INVOICE" } else { "CREDIT_NOTE" };
        format!("{} of {kind} {} {}", cents(amount), invoice.date, cents(invoice.totals.total))
    };
    let bill = |at: usize, amount: i64| {
        let bill = &dataset.bills[at];
        let kind = if bill.kind == BillKind::Bill { "BILL" } else { "VENDOR_CREDIT" };
        format!("{} of {kind} {} {}", cents(amount), bill.date, cents(bill.totals.total))
    };
    let incoming = dataset.payments.iter().filter(|payment| payment.state == PostState::Posted).map(|payment| Paid {
        direction: "INBOUND",
        status: "POSTED",
        party: dataset.customers[payment.customer].name.clone(),
        date: payment.date.to_string(),
        amount: match payment.method {
            PaymentMethod::Check if system == System::SapB1 && payment.currency != dataset.company.currency => {
                String::new()
            }
            _ => cents(base(payment.amount, payment.rate)),
        },
        account: dataset.accounts[payment.account()].code.to_owned(),
        settles: sorted(payment.allocations.iter().map(|part| invoice(part.invoice, part.amount))),
    });
    let outgoing = dataset.vendor_payments.iter().filter(|payment| payment.state == PostState::Posted);
    let outgoing = outgoing.map(|payment| Paid {
        direction: "OUTBOUND",
        status: "POSTED",
        party: dataset.vendors[payment.vendor].name.clone(),
        date: payment.date.to_string(),
        amount: match payment.method {
            PaymentMethod::Check if system == System::SapB1 && payment.currency != dataset.company.currency => {
                String::new()
            }
            _ => cents(base(payment.amount, payment.rate)),
        },
        account: dataset.accounts[payment.account()].code.to_owned(),
        settles: sorted(payment.allocations.iter().map(|part| bill(part.bill, part.amount))),
    });
    incoming.chain(outgoing).collect()
}

/// Documents by their references, as allocations show them.
async fn documents(target: &Case) -> HashMap<RemoteRef, String> {
    let mut known = HashMap::new();
    for entity in [E::Invoice, E::Bill] {
        for record in records(target, entity).await {
            let text = |name: &str| shown(record.named(name));
            known.insert(reference(&record), format!("{} {} {}", text("kind"), text("issueDate"), text("total")));
        }
    }
    known
}

fn read(names: &Names, documents: &HashMap<RemoteRef, String>, record: &Record) -> Paid {
    let text = |name: &str| shown(record.named(name));
    let word = |name: &str| match record.named(name) {
        Value::Enum(word) => *word,
        other => panic!("{name}: {other:?}"),
    };
    let party = names.name(E::Customer, record.named("customer")) + &names.name(E::Vendor, record.named("vendor"));
    let settles = parts(record, "allocations").into_iter().map(|part| {
        let of = [part.get("invoice"), part.get("bill")].into_iter().find(|value| !value.is_null());
        let of = match of {
            Some(Value::Ref(of)) => documents.get(of).cloned().unwrap_or_else(|| format!("{of:?}")),
            other => format!("{other:?}"),
        };
        format!("{} of {of}", shown(part.get("amount")))
    });
    Paid {
        direction: word("direction"),
        status: word("status"),
        party: plain(&party).to_owned(),
        date: text("date"),
        amount: text("amount"),
        account: names.name(E::Account, record.named("account")),
        settles: sorted(settles),
    }
}

/// Posted payments. QuickBooks keeps the use of a credit as a payment of nothing.
pub(crate) async fn payments(target: Case) {
    let Some(mut check) = Check::of(&target, E::Payment) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = Names::of(&target, &[(E::Customer, "name"), (E::Vendor, "name"), (E::Account, "code")]).await;
    let documents = documents(&target).await;
    let story = told(&dataset, system);
    let found = records(&target, E::Payment).await;
    let money = |record: &&Arc<Record>| {
        *record.named("status") == Value::Enum("POSTED") && record.named("amount").as_decimal() != Some(Decimal::ZERO)
    };
    let found: Vec<_> = found.iter().filter(money).map(|record| read(&names, &documents, record)).collect();
    check.same("payments", story.iter().map(Paid::key), found.iter().map(Paid::key));
    let account = |paid: &Paid| format!("{} | {}", paid.key(), paid.account);
    let by_card = |paid: &&Paid| system != System::SapB1 || !paid.account.is_empty();
    if system == System::SapB1 {
        skipped(&target, "the account of a payment by card stands with the card, and is not read");
        let known: std::collections::HashSet<_> =
            found.iter().filter(|paid| paid.account.is_empty()).map(Paid::key).collect();
        let told = story.iter().filter(|paid| !known.contains(&paid.key()));
        let read = found.iter().filter(by_card).filter(|paid| !known.contains(&paid.key()));
        check.same("account", told.map(account), read.map(account));
    } else {
        check.same("account", story.iter().map(account), found.iter().map(account));
    }
    let settles = |paid: &Paid| format!("{} | {}", paid.key(), paid.settles.join(", "));
    check.same("allocations", story.iter().map(settles), found.iter().map(settles));
    check.end();
}

/// What credits settle, by the documents on both sides, as the story says it. Business One keeps no payment for it.
fn credited(dataset: &Dataset, entity: E) -> Vec<String> {
    let settlements = if entity == E::Invoice { &dataset.settlements } else { &dataset.bill_settlements };
    let mut settled: BTreeMap<usize, i64> = BTreeMap::new();
    for settlement in settlements {
        if let Settler::Credit(credit) = settlement.by {
            *settled.entry(credit).or_default() += settlement.amount;
            *settled.entry(settlement.document).or_default() += settlement.amount;
        }
    }
    let of = |at: usize| match entity {
        E::Invoice => (dataset.invoices[at].date, dataset.invoices[at].totals.total),
        _ => (dataset.bills[at].date, dataset.bills[at].totals.total),
    };
    let shown = |(at, amount): (usize, i64)| {
        let (date, total) = of(at);
        format!("{} of {date} {}", cents(amount), cents(total))
    };
    sorted(settled.into_iter().map(shown))
}

/// What was paid on a document and what is left of it make its total, and the document and the payment tell the same.
pub(crate) async fn what_is_paid_and_what_is_left_make_the_total(target: Case) {
    for entity in [E::Invoice, E::Bill] {
        let capability = target.adapter.capability(entity);
        if !capability.list {
            continue;
        }
        if !capability.fields.contains(&"payments") {
            skipped(&target, &format!("{} do not tell what was paid on them", entity.def().plural));
            continue;
        }
        let field = if entity == E::Invoice { "invoice" } else { "bill" };
        // What payments say of this entity's documents.
        let mut by_payments: HashMap<RemoteRef, Decimal> = HashMap::new();
        for payment in records(&target, E::Payment).await {
            for part in parts(&payment, "allocations") {
                if let Value::Ref(of) = part.get(field) {
                    *by_payments.entry(of.clone()).or_default() += part.get("amount").as_decimal().expect("an amount");
                }
            }
        }
        let mut told = 0;
        let mut otherwise = Vec::new();
        for record in records(&target, entity).await {
            let posted = matches!(record.named("status"), Value::Enum("OPEN" | "PARTIALLY_PAID" | "PAID"));
            if record.named("payments").is_null() || !posted {
                continue;
            }
            let money = |name: &str| record.named(name).as_decimal().expect("an amount");
            let parts = parts(&record, "payments");
            let amount = |part: &super::Part<'_>| part.get("amount").as_decimal().expect("an amount");
            let sum: Decimal = parts.iter().map(amount).sum();
            let rest = money("total") - money("balanceDue") - sum;
            if target.spec.system == System::SapB1 && rest != Decimal::ZERO {
                let date = shown(record.named("issueDate"));
                otherwise.push(format!("{} of {date} {}", number(rest), number(money("total"))));
            } else {
                assert_eq!(rest, Decimal::ZERO, "{entity:?} {}", record.key.id);
            }
            if entity == E::Invoice {
                let last = parts.iter().map(|part| shown(part.get("date"))).max().unwrap_or_default();
                let paid_on = if money("balanceDue") == Decimal::ZERO { last } else { String::new() };
                assert_eq!(shown(record.named("paidOn")), paid_on, "{}: {:?}", record.key.id, record.named("payments"));
            }
            let of_payments: Decimal = parts.iter().filter(|part| !part.get("payment").is_null()).map(amount).sum();
            let by_payments = by_payments.get(&reference(&record)).copied().unwrap_or_default();
            assert_eq!(
                number(of_payments),
                number(by_payments),
                "{entity:?} {}: payments say otherwise than {:?}",
                record.key.id,
                record.named("payments")
            );
            told += parts.len();
        }
        assert!(told > 20, "{entity:?}: {told} allocations");
        if target.spec.system == System::SapB1 {
            assert_eq!(sorted(otherwise), credited(&target.dataset(), entity), "{entity:?} that credits settle");
        }
    }
}
