//! Products and services that a company sells.

use chrono::{DateTime, Utc};

use super::{Calendar, Profile, names};
use crate::{decimal::Cents, rng::Rng};

/// Whether something is kept in stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProductKind {
    /// Kept in stock.
    Goods,
    /// Work.
    Service,
}

/// Something that the company sells.
#[derive(Clone, Debug, Hash)]
pub struct Product {
    /// The article number; unique.
    pub sku: String,
    /// The name; unique.
    pub name: String,
    /// A text for offers.
    pub description: Option<&'static str>,
    /// Goods or service.
    pub kind: ProductKind,
    /// The unit of its quantity: `Units`, `h`, `kg` or `m`.
    pub unit: &'static str,
    /// The list price in the books' currency, without tax.
    pub price: Cents,
    /// What it costs the company.
    pub cost: Cents,
    /// Position of its tax in [`Company::taxes`](super::Company::taxes).
    pub tax: usize,
    /// The barcode.
    pub barcode: Option<String>,
    /// How many are in stock; 0 for services.
    pub in_stock: i64,
    /// False for a product that is only kept for its history.
    pub active: bool,
    /// When it was written down.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

pub(super) fn generate(profile: &Profile, calendar: &Calendar, count: usize) -> Vec<Product> {
    let mut rng = Rng::keyed(profile.seed ^ profile.company.salt(), "products", 0);
    let mut taken = std::collections::HashSet::with_capacity(count);
    (0..count)
        .map(|place| {
            let (mut name, service) = match names::SPECIAL_PRODUCTS.get(place) {
                Some(name) => ((*name).to_owned(), false),
                None => names::product(&mut rng),
            };
            let sku = format!("{}-{:05}", if service { "SV" } else { "AR" }, place + 1);
            if !taken.insert(name.clone()) {
                name = format!("{name} ({sku})");
                taken.insert(name.clone());
            }
            // Most things are cheap, a few are very dear.
            let dear = [900, 9_000, 90_000, 900_000][rng.below(4)];
            let price = rng.between(dear / 9, dear) / 5 * 5 + i64::from(rng.percent(50)) * 4;
            let day = calendar.day(&mut rng);
            let created = calendar.stamp(&mut rng, calendar.start);
            let changed = calendar.stamp(&mut rng, day);
            Product {
                sku,
                name,
                description: rng.percent(40).then(|| {
                    rng.pick(&[
                        "Made to order.",
                        "Lieferzeit 2 Wochen;\nnur solange Vorrat reicht",
                        "<b>New</b> & improved",
                    ])
                }),
                kind: if service { ProductKind::Service } else { ProductKind::Goods },
                unit: if service { "h" } else { rng.pick(&["Units", "Units", "Units", "kg", "m"]) },
                price,
                cost: price * rng.between(40, 80) / 100,
                tax: usize::from(rng.percent(15)),
                barcode: rng.percent(60).then(|| format!("40{:011}", rng.below(100_000_000_000))),
                in_stock: if service { 0 } else { rng.between(0, 400) },
                active: !rng.percent(8),
                created,
                updated: if rng.percent(30) { changed.max(created) } else { created },
            }
        })
        .collect()
}
