//! The company, its people, its vendors, its rates.

use super::{Check, dec, plain, shown};
use crate::support::{Case, records, skipped};
use adapters::model::{EntityType as E, Value};
use chrono::Datelike;
use simulators::System;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn vendors(target: Case) {
    let Some(mut check) = Check::of(&target, E::Vendor) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let found = records(&target, E::Vendor).await;
    // A colon is the mark of a sub-customer in QuickBooks, so that names have none.
    let name = |name: &str| if system == System::QuickBooks { name.replace(':', "-") } else { name.to_owned() };
    let status = |active: bool| if active { "ACTIVE" } else { "INACTIVE" };
    let read = |field: &'static str| {
        found.iter().map(move |r| format!("{} {}", plain(&shown(r.named("name"))), shown(r.named(field))))
    };
    let told = |of: &dyn Fn(&simulators::dataset::Vendor) -> String| -> Vec<String> {
        dataset.vendors.iter().map(|vendor| format!("{} {}", name(&vendor.name), of(vendor))).collect()
    };
    check.same("status", told(&|vendor| status(vendor.active).into()), read("status"));
    check.same("email", told(&|vendor| vendor.email.clone().unwrap_or_default()), read("email"));
    check.same("phone", told(&|vendor| vendor.phone.clone().unwrap_or_default()), read("phone"));
    if system == System::QuickBooks {
        check.lacks("taxNumber", "the service masks it", super::all(&found, "taxNumber"));
    } else {
        check.same("taxNumber", told(&|vendor| vendor.tax_number.clone().unwrap_or_default()), read("taxNumber"));
    }
    if target.adapter.capability(E::Vendor).fields.contains(&"currency") {
        check.same("currency", told(&|vendor| vendor.currency.code().into()), read("currency"));
    } else {
        check.lacks("currency", "the ERP keeps none", super::all(&found, "currency"));
    }
    let cities = found.iter().map(|record| {
        let city = match record.named("billingAddress") {
            Value::Object(parts) => shown(&parts[2]),
            _ => String::new(),
        };
        format!("{} {city}", plain(&shown(record.named("name"))))
    });
    check.same("city", told(&|vendor| vendor.city.unwrap_or_default().into()), cities);
    check.end();
}

/// Each tax of the story is there with its rate, in its direction.
pub(crate) async fn tax_rates(target: Case) {
    let Some(check) = Check::of(&target, E::TaxRate) else { return };
    let dataset = target.dataset();
    let found = records(&target, E::TaxRate).await;
    let read: BTreeSet<_> =
        found.iter().map(|record| (shown(record.named("kind")), shown(record.named("rate")))).collect();
    let taxes = |kind: &'static str, taxes: &'static [simulators::dataset::Tax]| {
        taxes.iter().map(move |tax| (kind.to_owned(), dec(tax.percent())))
    };
    // In QuickBooks nothing is no rate.
    let is_rate = |(_, rate): &(String, String)| check.system() != System::QuickBooks || rate != "0";
    let told: BTreeSet<_> = taxes("SALE", dataset.company.taxes)
        .chain(taxes("PURCHASE", dataset.company.purchase_taxes))
        .filter(is_rate)
        .collect();
    let missing: Vec<_> = told.difference(&read).collect();
    assert!(missing.is_empty(), "{missing:?} of {read:?}");
    check.end();
}

pub(crate) async fn companies(target: Case) {
    let Some(mut check) = Check::of(&target, E::Company) else { return };
    let company = target.dataset().company;
    let found = records(&target, E::Company).await;
    assert_eq!(found.len(), 1, "one ERP is one company");
    let read = |field: &str| vec![shown(found[0].named(field))];
    check.same("name", [company.name.to_owned()], read("name"));
    check.same("taxNumber", [company.tax_number.to_owned()], read("taxNumber"));
    check.same("baseCurrency", [company.currency.code().to_owned()], read("baseCurrency"));
    check.same("country", [company.country.to_owned()], read("country"));
    if check.system() == System::QuickBooks {
        check.lacks("timeZone", "the service tells it of some companies only", super::all(&found, "timeZone"));
    } else {
        check.same("timeZone", [company.time_zone.to_owned()], read("timeZone"));
    }
    let (month, day) = company.fiscal_year_end;
    check.same("fiscalYearEndMonth", [month.to_string()], read("fiscalYearEndMonth"));
    check.same("fiscalYearEndDay", [day.to_string()], read("fiscalYearEndDay"));
    check.end();
}

/// The users of the story, and those that the ERP needs itself.
pub(crate) async fn erp_users(target: Case) {
    let Some(mut check) = Check::of(&target, E::ErpUser) else { return };
    let dataset = target.dataset();
    let found = records(&target, E::ErpUser).await;
    let line = |name: &str, email: &str, active: bool| format!("{name} {email} {active}");
    let story =
        dataset.users.iter().map(|user| line(user.name, user.email.as_deref().unwrap_or_default(), user.active));
    let story: Vec<_> = story.collect();
    let is_told = |name: &str| dataset.users.iter().any(|user| user.name == name);
    let told = found.iter().filter(|record| is_told(&shown(record.named("name"))));
    let read = told.map(|record| {
        let text = |name: &str| shown(record.named(name));
        line(&text("name"), &text("email"), text("isActive") == "true")
    });
    check.same("users", story, read);
    check.end();
}

/// The rate of each currency that holds on a day is that of the story, as far as the ERP keeps a history.
pub(crate) async fn exchange_rates(target: Case) {
    let Some(check) = Check::of(&target, E::ExchangeRate) else { return };
    let dataset = target.dataset();
    let found = records(&target, E::ExchangeRate).await;
    let base = dataset.company.currency.code();
    let mut rates: BTreeMap<(String, String), String> = BTreeMap::new();
    for record in &found {
        let text = |name: &str| shown(record.named(name));
        assert_eq!(text("to"), base, "{:?}", record.key);
        rates.insert((text("from"), text("date")), text("rate"));
    }
    let mut compared = 0;
    for ((currency, date), rate) in rates.iter().filter(|((currency, _), _)| currency != base) {
        let day: chrono::NaiveDate = date.parse().expect("a date");
        let known =
            dataset.company.foreign.iter().find(|of| of.code() == currency).unwrap_or_else(|| panic!("{currency}"));
        let first =
            dataset.exchange_rates().filter(|of| of.currency == *known).map(|of| of.from).min().expect("a rate");
        if day < first {
            continue;
        }
        let told = dec(dataset.rate(*known, day).dec());
        let close = |text: &str| text.parse::<rust_decimal::Decimal>().expect("a number").round_dp(5);
        assert_eq!(close(rate), close(&told), "{currency} on {date}, day {}", day.day());
        compared += 1;
    }
    let currencies: BTreeSet<_> =
        rates.keys().map(|(currency, _)| currency.as_str()).filter(|of| *of != base).collect();
    assert_eq!(currencies.len(), dataset.company.foreign.len(), "{currencies:?}");
    if check.system() == System::QuickBooks {
        skipped(&target, "a history of rates cannot be listed: only those that hold now are compared");
    } else {
        assert!(compared >= dataset.exchange_rates().count(), "{compared} rates");
    }
    check.end();
}
