//! Vendors: who sells the company its goods, and the few whose bills come every month.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{Calendar, Currency, Customer, Profile, names};
use crate::rng::Rng;

/// What a company buys from a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VendorTrade {
    /// The goods that it sells.
    Goods,
    /// Rooms.
    Rent,
    /// Electricity and heat.
    Energy,
    /// Advertising.
    Marketing,
    /// Journeys.
    Travel,
    /// Software and telephone.
    Software,
}

/// A vendor in the books of the company.
#[derive(Clone, Debug, Hash)]
pub struct Vendor {
    /// The human number, such as `V00012`.
    pub code: String,
    /// The name; unique among vendors and customers.
    pub name: String,
    /// What it sells.
    pub trade: VendorTrade,
    /// Somebody to talk to.
    pub contact: Option<&'static str>,
    /// An address for e-mail.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// The tax number.
    pub tax_number: Option<String>,
    /// Street and house number.
    pub street: Option<String>,
    /// The postcode.
    pub postcode: Option<&'static str>,
    /// The city.
    pub city: Option<&'static str>,
    /// The country, ISO 3166 alpha-2.
    pub country: &'static str,
    /// The currency of its documents.
    pub currency: Currency,
    /// Days until a bill is due.
    pub payment_days: u16,
    /// The number that the vendor gave the company.
    pub our_number: Option<String>,
    /// False for a vendor that is only kept for its history.
    pub active: bool,
    /// When it was written down.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// The first vendors are those whose bills come every month.
pub(super) const RECURRING: [VendorTrade; 5] =
    [VendorTrade::Rent, VendorTrade::Energy, VendorTrade::Marketing, VendorTrade::Travel, VendorTrade::Software];

/// Names that vendors of goods have whatever the seed.
const SPECIAL: &[(&str, &str)] = &[
    ("Österreicher & Töchter OG", "AT"),
    ("Łódzkie Zakłady Śrub S.A.", "PL"),
    ("D'Angelo \"Acciai\" S.r.l.", "IT"),
    ("50 % Off_Wholesale\\Ltd", "GB"),
    ("上海精密轴承有限公司", "CN"),
];

pub(super) fn generate(profile: &Profile, calendar: &Calendar, customers: &[Customer], count: usize) -> Vec<Vendor> {
    let mut taken: HashSet<String> = customers.iter().map(|customer| customer.name.clone()).collect();
    (0..count)
        .map(|place| {
            let mut rng = Rng::keyed(profile.seed ^ profile.company.salt(), "vendor", place as u64);
            let mut vendor = write_down(profile, &mut rng, place);
            vendor.created = calendar.stamp(&mut rng, calendar.start);
            let day = calendar.day(&mut rng);
            let changed = calendar.stamp(&mut rng, day);
            vendor.updated = if rng.percent(40) { changed.max(vendor.created) } else { vendor.created };
            if !taken.insert(vendor.name.clone()) {
                vendor.name = format!("{} ({})", vendor.name, vendor.code);
                taken.insert(vendor.name.clone());
            }
            vendor
        })
        .collect()
}

fn write_down(profile: &Profile, rng: &mut Rng, place: usize) -> Vendor {
    let company = &profile.company;
    let recurring = RECURRING.get(place).copied();
    let special = place.checked_sub(RECURRING.len()).and_then(|place| SPECIAL.get(place));
    let locale = match recurring {
        Some(_) => names::locale_of(company.country),
        // However few there are, some are paid in each of the currencies.
        None if place % 3 == 1 => names::locale_of(company.foreign[place / 3 % company.foreign.len()].country()),
        None => names::locale(rng),
    };
    let (name, country) = match special {
        Some((name, country)) => ((*name).to_owned(), *country),
        None => (names::firm(rng, locale), locale.country),
    };
    let home = Currency::of(country);
    let currency = home.filter(|home| company.currencies().any(|known| known == *home)).unwrap_or(company.currency);
    let slug = names::slug(&name);
    let token = rng.hex(4);
    let digits = rng.between(100_000_000, 999_999_999);
    let has_address = !rng.percent(8);
    let (city, postcode) = rng.pick(locale.cities);
    let street = format!("{} {}", rng.pick(locale.streets), rng.between(1, 180));
    let mailbox = rng.pick(&["sales", "orders", "invoices"]);
    Vendor {
        code: format!("V{:05}", place + 1),
        name,
        trade: recurring.unwrap_or(VendorTrade::Goods),
        contact: rng.percent(50).then(|| rng.pick(names::CONTACTS)),
        email: (!rng.percent(10)).then(|| {
            let domain = if slug.len() < 3 { "vendor" } else { &slug };
            format!("{mailbox}@{domain}-{token}.example")
        }),
        phone: (!rng.percent(12))
            .then(|| format!("{} {:03} {:04}", locale.dial, rng.between(100, 999), rng.between(0, 9999))),
        tax_number: (!rng.percent(15)).then(|| format!("{country}{digits}")),
        street: has_address.then_some(street),
        postcode: has_address.then_some(postcode),
        city: has_address.then_some(city),
        country,
        currency,
        payment_days: rng.pick(&[0, 14, 30, 30, 60]),
        our_number: rng.percent(40).then(|| format!("K-{:06}", rng.between(1, 999_999))),
        active: place % 9 != 7,
        created: DateTime::UNIX_EPOCH,
        updated: DateTime::UNIX_EPOCH,
    }
}
