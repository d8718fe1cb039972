//! Meaning: what the adapters make of an ERP's books equals the story that the books were written from, to the cent.
//!
//! Documents have no number that the story and every ERP share: they are compared by what is in them, aspect by aspect, so
//! that one wrong field does not hide the others. What a system cannot have is said by [`Check::lacks`], with the reason, and
//! has to be null everywhere.

mod documents;
mod goods;
mod ledger;
mod masters;
mod payments;
mod purchases;
mod sales;

use crate::support::{Case, records, skipped};
use adapters::model::{EntityType, Kind, Record, RemoteRef, Value};
use rust_decimal::Decimal;
use simulators::{
    System,
    dataset::{Dataset, Dimension},
    decimal::Dec,
};
use std::{collections::HashMap, sync::Arc};

pub(crate) use goods::{receipts, shipments, stock_levels, work_orders};
pub(crate) use ledger::{accounts, transactions};
pub(crate) use masters::{companies, erp_users, exchange_rates, tax_rates, vendors};
pub(crate) use payments::{payments, what_is_paid_and_what_is_left_make_the_total};
pub(crate) use purchases::{bills, purchase_orders};
pub(crate) use sales::{invoices, sales_orders};

/// What is compared for one entity, and what differs.
struct Check<'a> {
    target: &'a Case,
    entity: EntityType,
    wrong: Vec<String>,
}

impl<'a> Check<'a> {
    /// Nothing, with a line that says so, where the ERP has no such entity.
    fn of(target: &'a Case, entity: EntityType) -> Option<Self> {
        if target.adapter.capability(entity).list {
            return Some(Self { target, entity, wrong: Vec::new() });
        }
        skipped(target, &format!("there are no {}", entity.def().plural));
        None
    }

    fn system(&self) -> System {
        self.target.spec.system
    }

    /// The same values, in whatever order.
    fn same(&mut self, aspect: &str, story: impl IntoIterator<Item = String>, found: impl IntoIterator<Item = String>) {
        let (story, found) = (sorted(story), sorted(found));
        if story == found {
            println!("{}: {} {aspect}: {} agree", self.target.spec.name, story.len(), self.entity.def().plural);
            return;
        }
        let missing = without(&story, &found);
        let extra = without(&found, &story);
        let show = |values: &[String]| values.iter().take(4).map(|value| format!("\n    {value}")).collect::<String>();
        self.wrong.push(format!(
            "{aspect}: {} of the story, {} found; {} only in the story{}\n  {} only found{}",
            story.len(),
            found.len(),
            missing.len(),
            show(&missing),
            extra.len(),
            show(&extra)
        ));
    }

    /// What this system cannot have, and why; then it is nowhere.
    fn lacks(&mut self, aspect: &str, why: &str, values: impl IntoIterator<Item = Value>) {
        skipped(self.target, &format!("{} have no {aspect}: {why}", self.entity.def().plural));
        let there = values.into_iter().filter(|value| !is_nothing(value)).count();
        if there > 0 {
            self.wrong.push(format!("{aspect}: {there} are there all the same"));
        }
    }

    /// Ends the comparison.
    fn end(self) {
        assert!(self.wrong.is_empty(), "{}:\n{}", self.entity.def().plural, self.wrong.join("\n"));
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(values) => values.is_empty(),
        _ => false,
    }
}

fn sorted(values: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort();
    values
}

/// What is in the first list and not, or not so often, in the second; both are sorted.
fn without(these: &[String], those: &[String]) -> Vec<String> {
    let mut rest = HashMap::<&String, usize>::new();
    those.iter().for_each(|value| *rest.entry(value).or_default() += 1);
    let mut left = Vec::new();
    for value in these {
        match rest.get_mut(value).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => left.push(value.clone()),
        }
    }
    left
}

/// The names by which records are known in the story: they stand for references.
struct Names(HashMap<(EntityType, RemoteRef), String>);

impl Names {
    /// Reads the records of these entities, as far as there are any, with the field that names them.
    async fn of(target: &Case, entities: &[(EntityType, &'static str)]) -> Self {
        let mut names = HashMap::new();
        for (entity, field) in entities {
            if !target.adapter.capability(*entity).list {
                continue;
            }
            for record in records(target, *entity).await {
                let name = shown(record.named(field));
                names.insert((*entity, crate::support::reference(&record)), plain(&name).to_owned());
            }
        }
        Self(names)
    }

    /// The name of what a reference points to; empty without one.
    fn name(&self, entity: EntityType, value: &Value) -> String {
        match value {
            Value::Ref(of) => {
                let known = self.0.get(&(entity, of.clone())).cloned();
                known.unwrap_or_else(|| format!("{}:{} is not in the list", of.set, of.id))
            }
            _ => String::new(),
        }
    }
}

/// The name without what QuickBooks writes behind those of inactive records.
fn plain(name: &str) -> &str {
    name.trim_end_matches(" (deleted)")
}

/// A value as text, amounts without trailing zeros and currency.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Enum(word) => (*word).to_owned(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(at) => at.to_rfc3339(),
        Value::Currency(code) => code.as_str().to_owned(),
        Value::Decimal(_) | Value::Money(_) => number(value.as_decimal().unwrap_or_default()),
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

/// An amount of the story.
fn cents(amount: i64) -> String {
    number(Decimal::new(amount, 2))
}

/// A quantity of the story.
fn milli(quantity: i64) -> String {
    number(Decimal::new(quantity, 3))
}

fn dec(value: Dec) -> String {
    number(Decimal::new(value.units, u32::from(value.scale)))
}

/// The parts of a list of value objects, by their names.
struct Part<'r> {
    def: &'static adapters::model::ObjectDef,
    values: &'r [Value],
}

impl Part<'_> {
    fn get(&self, name: &str) -> &Value {
        &self.values[self.def.position(name).expect("a field")]
    }
}

/// The parts of a list field of a record.
fn parts<'r>(record: &'r Record, field: &str) -> Vec<Part<'r>> {
    let id = record.def().id_of(field).expect("a field");
    let Kind::List(def) = record.def().field(id).kind else { panic!("{field} is no list") };
    match record.get(id) {
        Value::List(values) => values.iter().map(|value| part(def, value)).collect(),
        _ => Vec::new(),
    }
}

fn part<'r>(def: &'static adapters::model::ObjectDef, value: &'r Value) -> Part<'r> {
    match value {
        Value::Object(values) => Part { def, values },
        other => panic!("{other:?} is no {}", def.name),
    }
}

/// Whether it is an Odoo that lacks what came with 18.
fn before_18(target: &Case) -> bool {
    target.spec.system == System::Odoo && target.simulator.simulator().options().odoo.version < 18
}

/// All values of a field.
fn all(records: &[Arc<Record>], field: &str) -> Vec<Value> {
    records.iter().map(|record| record.named(field).clone()).collect()
}

/// The values of the dimensions of a line, by the codes of the story.
fn dimensions(dataset: &Dataset, value: &Value) -> Vec<String> {
    let Value::List(values) = value else { return Vec::new() };
    let code = |value: &Value| {
        let Value::Object(parts) = value else { panic!("{value:?}") };
        let shown = parts[1].as_text().expect("a value");
        // A colon is a mark of its own in some systems, and not part of a name.
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let is = |of: &&Dimension| of.code == shown || letters(of.name) == letters(plain(shown));
        let known = dataset.dimensions.iter().find(is);
        known.map_or(shown, |of| of.code).to_owned()
    };
    sorted(values.iter().map(code))
}
