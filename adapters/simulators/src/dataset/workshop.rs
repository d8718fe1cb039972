//! Plans work orders: what the shipments needed, and a few that are under way.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    Calendar, Component, Dataset, Profile, WorkOrder, WorkState,
    calendar::{number, plus},
    stock::{Needs, whole},
    users::FOREMEN,
};
use crate::rng::Rng;

pub(super) fn generate(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar, needs: &mut Needs) {
    let mut workshop =
        Workshop { dataset, calendar, rng: Rng::keyed(profile.seed ^ profile.company.salt(), "work orders", 0) };
    let mut orders = Vec::new();
    for recipe in 0..dataset.recipes.len() {
        for location in 0..dataset.locations.len() {
            let product = dataset.recipes[recipe].product;
            for batch in needs.batches(dataset, calendar, &mut workshop.rng, product, location) {
                let ready = plus(batch.needed, -workshop.rng.between(1, 5));
                let order = workshop.order(recipe, location, WorkState::Done, ready, batch.milli_quantity, needs);
                orders.push(order);
            }
        }
    }
    for turn in 0..dataset.recipes.len().max(12) {
        if dataset.recipes.is_empty() {
            break;
        }
        let state = match turn % 6 {
            0 | 1 => WorkState::InProgress,
            2 => WorkState::Draft,
            3 | 4 => WorkState::Confirmed,
            _ => WorkState::Cancelled,
        };
        let day = plus(calendar.today, -workshop.rng.between(0, 20));
        let quantity = workshop.rng.between(4, 40) * 1000;
        orders.push(workshop.order(turn % dataset.recipes.len(), 0, state, day, quantity, needs));
    }
    orders.sort_by_key(|order| order.date);
    number(&mut orders, |order| (order.date, &mut order.sequence));
    dataset.work_orders = orders;
}

struct Workshop<'a> {
    dataset: &'a Dataset,
    calendar: &'a Calendar,
    rng: Rng,
}

impl Workshop<'_> {
    fn order(
        &mut self,
        recipe: usize,
        location: usize,
        state: WorkState,
        date: NaiveDate,
        milli_quantity: i64,
        needs: &mut Needs,
    ) -> WorkOrder {
        let recipe = &self.dataset.recipes[recipe];
        let product = recipe.product;
        let milli_produced = match state {
            WorkState::Done => milli_quantity,
            WorkState::InProgress => needs.spare(
                product,
                location,
                whole(self.dataset, product, milli_quantity * self.rng.between(0, 60) / 100),
            ),
            WorkState::Draft | WorkState::Confirmed | WorkState::Cancelled => 0,
        };
        let components = recipe.components.iter().map(|ingredient| Component {
            product: ingredient.product,
            milli_quantity: milli_quantity * ingredient.milli_quantity / 1000,
            milli_consumed: milli_produced * ingredient.milli_quantity / 1000,
        });
        let components: Vec<Component> = components.collect();
        for component in &components {
            if component.milli_consumed > 0 {
                needs.add(component.product, location, date, component.milli_consumed);
            }
        }
        let begun = plus(date, -self.rng.between(1, 9));
        let written = plus(begun, -self.rng.between(0, 6)).max(self.calendar.start);
        let created = self.calendar.stamp(&mut self.rng, written);
        let changed = self.stamp_after(created, date);
        let planned_start = match state {
            WorkState::Done | WorkState::InProgress => self.stamp_after(created, begun),
            WorkState::Draft | WorkState::Confirmed | WorkState::Cancelled => later(created, self.rng.between(2, 30)),
        };
        let done = (state == WorkState::Done).then_some(changed);
        let days = self.rng.between(2, 14);
        WorkOrder {
            state,
            sequence: 0,
            product,
            location,
            milli_quantity,
            milli_produced,
            components,
            urgent: self.rng.percent(10),
            planned_start,
            deadline: self.rng.percent(80).then(|| later(planned_start, days)),
            date,
            done,
            assignee: (!self.rng.percent(20)).then(|| self.rng.pick(&FOREMEN)),
            reference: match self.rng.below(5) {
                0 => Some("Make to stock".to_owned()),
                1 => Some(format!("Los {} / Halle 3", self.rng.between(1, 99))),
                _ => None,
            },
            created,
            updated: if milli_produced > 0 || state == WorkState::Cancelled { changed } else { created },
        }
    }

    fn stamp_after(&mut self, moment: DateTime<Utc>, day: NaiveDate) -> DateTime<Utc> {
        self.calendar.stamp(&mut self.rng, day).max(moment)
    }
}

fn later(moment: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    moment + TimeDelta::days(days)
}
