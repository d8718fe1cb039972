//! Customers. Some firms buy from two or three of the companies, each of which wrote them down in its own way.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{Calendar, Company, Currency, Profile, names};
use crate::{decimal::Cents, rng::Rng};

/// A customer in the books of one company.
#[derive(Clone, Debug, Hash)]
pub struct Customer {
    /// Which firm it really is: the same in the books of every company that knows it. No ERP shows this.
    pub identity: u64,
    /// The human number, such as `C00012`.
    pub code: String,
    /// The name as this company wrote it down; unique in its books.
    pub name: String,
    /// Somebody to talk to.
    pub contact: Option<&'static str>,
    /// An address for e-mail.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// The tax number as this company wrote it down.
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
    /// Days until an invoice is due.
    pub payment_days: u16,
    /// The most it may owe, in the books' currency.
    pub credit_limit: Option<Cents>,
    /// False for a customer that is only kept for its history.
    pub active: bool,
    /// When it was written down.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// What is true of a firm whoever writes it down.
struct Firm {
    name: String,
    special: bool,
    locale: &'static names::Locale,
    domain: String,
    tax_digits: u32,
    phone_digits: u32,
    house: i64,
    place: u64,
}

impl Firm {
    fn new(seed: u64, identity: u64) -> Self {
        let mut rng = Rng::keyed(seed, "firm", identity);
        let special = names::SPECIAL_CUSTOMERS.get(identity as usize);
        let (name, locale) = match special {
            Some((name, country)) => ((*name).to_owned(), names::locale_of(country)),
            None => {
                let locale = names::locale(&mut rng);
                (names::firm(&mut rng, locale), locale)
            }
        };
        let slug = names::slug(&name);
        let token = rng.hex(4);
        let domain = if slug.len() < 3 { format!("firm-{token}.example") } else { format!("{slug}-{token}.example") };
        Self {
            name,
            special: special.is_some(),
            locale,
            domain,
            tax_digits: rng.between(100_000_000, 999_999_999) as u32,
            phone_digits: rng.between(1_000_000, 9_999_999) as u32,
            house: rng.between(1, 240),
            place: rng.next_u64(),
        }
    }
}

/// The firm that stands at a place of a company's list. Three of eight places are shared by position; of those, a
/// company holds four in five, so that about 30 % of its customers are known to another company too.
fn identity(profile: &Profile, place: usize) -> u64 {
    let own = (1 << 40) + (profile.company.salt() << 32) + place as u64;
    if place % 8 >= 3 {
        return own;
    }
    let shared = (place / 8 * 3 + place % 8) as u64;
    let holders = Rng::keyed(profile.seed, "holders", shared).below(5) as u64;
    let special = (shared as usize) < names::SPECIAL_CUSTOMERS.len();
    // 0, 1 and 2 leave out one company each, 3 and 4 leave out none.
    if !special && holders == profile.company.salt() % 3 { own } else { shared }
}

pub(super) fn generate(profile: &Profile, calendar: &Calendar, count: usize) -> Vec<Customer> {
    let mut taken = HashSet::with_capacity(count);
    (0..count)
        .map(|place| {
            let identity = identity(profile, place);
            let mut rng = Rng::keyed(profile.seed ^ profile.company.salt(), "customer", identity);
            let mut customer = write_down(profile, &mut rng, identity, place);
            customer.created = calendar.stamp(&mut rng, calendar.start);
            customer.updated = if rng.percent(40) {
                let day = calendar.day(&mut rng);
                calendar.stamp(&mut rng, day).max(customer.created)
            } else {
                customer.created
            };
            if !taken.insert(customer.name.clone()) {
                customer.name = format!("{} ({})", customer.name, customer.code);
                taken.insert(customer.name.clone());
            }
            customer
        })
        .collect()
}

fn write_down(profile: &Profile, rng: &mut Rng, identity: u64, place: usize) -> Customer {
    let firm = Firm::new(profile.seed, identity);
    let company = &profile.company;
    let name = match rng.below(6) {
        _ if firm.special => firm.name.clone(),
        0 => names::ascii(&firm.name),
        1 => firm.name.to_uppercase(),
        2 => firm.name.replace(" & ", " and ").replace(" GmbH", " G.m.b.H."),
        3 => firm.name.rsplit_once(' ').map_or(&*firm.name, |(core, _)| core).to_owned(),
        _ => firm.name.clone(),
    };
    let mailbox = rng.pick(&["info", "billing", "accounts.payable", "office"]);
    let email = match rng.below(20) {
        0 | 1 => None,
        2 => Some(format!("{}@{}", mailbox.to_uppercase(), firm.domain)),
        _ => Some(format!("{mailbox}@{}", firm.domain)),
    };
    let (dial, digits) = (firm.locale.dial, firm.phone_digits);
    let phone = match rng.below(8) {
        0 => None,
        1 => Some(format!("{dial}{digits}")),
        2 => Some(format!("00{} {}", &dial[1..], digits)),
        _ => Some(format!("{dial} {}-{:04}", digits / 10_000, digits % 10_000)),
    };
    let (country, tax) = (firm.locale.country, firm.tax_digits);
    let tax_number = match rng.below(10) {
        0 | 1 => None,
        2 | 3 => Some(format!("{country} {:03} {:03} {:03}", tax / 1_000_000, tax / 1000 % 1000, tax % 1000)),
        4 => Some(format!("{}{tax}", country.to_lowercase())),
        _ => Some(format!("{country}{tax}")),
    };
    let home = Currency::of(country);
    let currency = home.filter(|home| company.currencies().any(|known| known == *home)).unwrap_or(company.currency);
    let (city, postcode) = firm.locale.cities[firm.place as usize % firm.locale.cities.len()];
    let street = firm.locale.streets[firm.place as usize / 7 % firm.locale.streets.len()];
    let has_address = !rng.percent(6);
    Customer {
        identity,
        code: format!("C{:05}", place + 1),
        name,
        contact: rng.percent(55).then(|| rng.pick(names::CONTACTS)),
        email,
        phone,
        tax_number,
        street: has_address.then(|| format!("{street} {}", firm.house)),
        postcode: has_address.then_some(postcode),
        city: has_address.then_some(city),
        country,
        currency,
        payment_days: rng.pick(&[0, 14, 30, 30, 30, 60]),
        credit_limit: rng.percent(50).then(|| rng.between(10, 500) * 100_000),
        // The big customer goes on buying.
        active: place == 0 || !rng.percent(6),
        created: DateTime::UNIX_EPOCH,
        updated: DateTime::UNIX_EPOCH,
    }
}

impl Company {
    /// Sets the streams of the companies apart.
    pub(super) fn salt(&self) -> u64 {
        match self.key {
            "nordlicht" => 0,
            "edelweiss" => 1,
            "cascade" => 2,
            other => other.bytes().fold(3, |salt, byte| (salt * 31 + u64::from(byte)) % 251 + 3),
        }
    }
}
