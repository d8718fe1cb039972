//! What the company makes itself: recipes and work orders.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Product, ProductKind, Profile};
use crate::rng::Rng;

/// What a product is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// Position of what is made in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// What one of it takes.
    pub components: Vec<Ingredient>,
}

/// What one of a product takes of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ingredient {
    /// Position of the component in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// In thousandths.
    pub milli_quantity: i64,
}

/// How far a work order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkState {
    /// An idea.
    Draft,
    /// Planned.
    Confirmed,
    /// Begun; some of it may be made.
    InProgress,
    /// Made.
    Done,
    /// Called off.
    Cancelled,
}

/// An order to make something.
#[derive(Clone, Debug, Hash)]
pub struct WorkOrder {
    /// How far it has come.
    pub state: WorkState,
    /// Counts the work orders of its year from 1.
    pub sequence: u32,
    /// Position of what is made in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// Position of the place in [`Dataset::locations`](super::Dataset::locations).
    pub location: usize,
    /// How much is to be made, in thousandths.
    pub milli_quantity: i64,
    /// How much is made.
    pub milli_produced: i64,
    /// What it takes.
    pub components: Vec<Component>,
    /// Whether it goes before others.
    pub urgent: bool,
    /// When it is to begin.
    pub planned_start: DateTime<Utc>,
    /// When it must be ready.
    pub deadline: Option<DateTime<Utc>>,
    /// The day of its last change to the stock.
    pub date: NaiveDate,
    /// When it was ready; only when done.
    pub done: Option<DateTime<Utc>>,
    /// Who does it, a position in [`Dataset::users`](super::Dataset::users).
    pub assignee: Option<usize>,
    /// What it is for.
    pub reference: Option<String>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// What a work order takes of a component, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Component {
    /// Position of the component in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// How much it takes in all.
    pub milli_quantity: i64,
    /// How much it has taken.
    pub milli_consumed: i64,
}

/// Every ninth of the goods, beginning with the dear ones, is made from one to three others.
pub(super) fn recipes(profile: &Profile, products: &[Product]) -> Vec<Recipe> {
    let mut goods: Vec<usize> = (0..products.len()).filter(|at| products[*at].kind == ProductKind::Goods).collect();
    goods.sort_by_key(|at| (Reverse(products[*at].cost), *at));
    let made = |rank: &usize| rank % 9 == 1;
    let bought: Vec<usize> = (0..goods.len()).filter(|rank| !made(rank)).map(|rank| goods[rank]).collect();
    let recipe = |rank: usize| {
        let product = goods[rank];
        let mut rng = Rng::keyed(profile.seed ^ profile.company.salt(), "recipe", product as u64);
        let mut left = products[product].cost;
        let mut components: Vec<Ingredient> = Vec::new();
        for _ in 0..3 {
            // Of a few that are drawn, the dearest that the product's own cost still covers.
            let drawn: Vec<usize> = (0..6).map(|_| rng.pick(&bought)).collect();
            let new = |at: &usize| components.iter().all(|component| component.product != *at);
            let affordable = drawn.iter().copied().filter(new).filter(|at| products[*at].cost <= left);
            let Some(product) = affordable.max_by_key(|at| products[*at].cost) else { continue };
            let pieces = rng.between(1, (left / products[product].cost.max(1)).clamp(1, 4));
            left -= pieces * products[product].cost;
            components.push(Ingredient { product, milli_quantity: pieces * 1000 });
        }
        (!components.is_empty()).then_some(Recipe { product, components })
    };
    let mut recipes: Vec<Recipe> = (0..goods.len()).filter(made).filter_map(recipe).collect();
    recipes.sort_by_key(|recipe| recipe.product);
    recipes
}
