//! Values that are written at once.

use super::{Item, Run, list, nth, under, value_of};
use crate::{
    error::Error,
    id,
    plan::{MoneyPlan, Object, ObjectPlan, Plain},
    scalars::{DateTime, Json},
};
use adapters::model::{self, FieldDef, FieldId, Kind};
use async_graphql::{Name, ScalarType, Value};
use std::borrow::Cow;

static NULL: model::Value = model::Value::Null;

impl Run<'_> {
    /// As [`Run::objects`], for a plan of plain values.
    pub(super) fn plain_objects<'r>(&self, plan: &ObjectPlan<'_>, items: impl Iterator<Item = Item<'r>>) -> Vec<Value> {
        items.map(|item| value_of(self.plain_object(plan, &item))).collect()
    }

    /// The object of an item with its plain values; none if one must not be null and is.
    pub(super) fn plain_object(&self, plan: &ObjectPlan<'_>, item: &Item<'_>) -> Option<Object> {
        let mut object = plan.template.object();
        for (at, plain) in &plan.plain {
            object[*at] = self.plain(plain, item, plan.template.key(*at))?;
        }
        Some(object)
    }

    fn plain(&self, plain: &Plain<'_>, item: &Item<'_>, key: &Name) -> Option<Value> {
        Some(match plain {
            Plain::Id => id::encode(item.key()).into(),
            Plain::RemoteType => item.key().set.as_str().into(),
            Plain::RemoteId => (*item.key().id).into(),
            Plain::Scalar { place, def } => match &*self.value(item, *place) {
                model::Value::Null => self.missing(def, item, key)?,
                value => scalar(value),
            },
            Plain::Money { place, def, plan } => match &*self.value(item, *place) {
                model::Value::Money(amount) => money(plan, amount),
                model::Value::List(amounts) => {
                    Value::List(amounts.iter().filter_map(|one| one_amount(plan, one)).collect())
                }
                _ => self.missing(def, item, key)?,
            },
            Plain::Objects { place, def, plan } => match &*self.value(item, *place) {
                model::Value::Null => self.missing(def, item, key)?,
                value => {
                    let (path, many) = (under(&item.path, key), matches!(def.kind, Kind::List(_)));
                    let inner = |(at, values)| Item {
                        of: item.of,
                        part: Some(values),
                        path: if many { nth(&path, at) } else { path },
                    };
                    let values = self.plain_objects(plan, parts(value).enumerate().map(inner));
                    collected(def, values.into_iter())?
                }
            },
            Plain::Raw { place } => {
                let value = self.value(item, *place);
                if *value != NULL {
                    self.state.raw.shown(item.key());
                }
                scalar(&value)
            }
            Plain::Refused { error, pos } => {
                self.report(error.clone(), *pos, under(&item.path, key));
                Value::Null
            }
        })
    }

    /// The value of a place of an item.
    pub(super) fn value<'r>(&self, item: &Item<'r>, place: u8) -> Cow<'r, model::Value> {
        match item.part {
            Some(values) => Cow::Borrowed(values.get(usize::from(place)).unwrap_or(&NULL)),
            None => item.of.record.read(FieldId(place), self.state.today()),
        }
    }

    /// What stands for a value that is not there: null, an empty list, or nothing that the schema allows.
    pub(super) fn missing(&self, def: &FieldDef, item: &Item<'_>, key: &Name) -> Option<Value> {
        if !def.required {
            return Some(Value::Null);
        }
        if matches!(def.kind, Kind::List(_) | Kind::MoneyList) {
            return Some(Value::List(Vec::new()));
        }
        // Mapping quarantines such a record: a port that lets one through has a fault.
        tracing::error!(field = def.name, record = ?item.key(), "a record lacks a required value");
        self.add(Error::internal().into(), under(&item.path, key));
        None
    }
}

/// A value object, or a list of them; none if the field must not be null and an element of it is.
pub(super) fn collected(def: &FieldDef, mut objects: impl Iterator<Item = Value>) -> Option<Value> {
    let value = match def.kind {
        Kind::List(_) => list(objects),
        _ => objects.next().filter(|value| *value != Value::Null),
    };
    value.or((!def.required).then_some(Value::Null))
}

/// The value objects in a value: one, or those of a list.
pub(super) fn parts(value: &model::Value) -> impl Iterator<Item = &[model::Value]> {
    let values = match value {
        model::Value::List(values) => &values[..],
        one => std::slice::from_ref(one),
    };
    values.iter().filter_map(|value| match value {
        model::Value::Object(values) => Some(&values[..]),
        _ => None,
    })
}

fn scalar(value: &model::Value) -> Value {
    match value {
        model::Value::Text(text) => (**text).into(),
        model::Value::Int(number) => (*number).into(),
        model::Value::Bool(yes) => (*yes).into(),
        model::Value::Decimal(number) => number.to_string().into(),
        model::Value::Date(date) => date.to_string().into(),
        model::Value::DateTime(moment) => DateTime(*moment).to_value(),
        model::Value::Currency(code) => code.as_str().into(),
        model::Value::Enum(word) => Value::Enum(Name::new(word)),
        model::Value::Json(json) => Json::from_text(json.get()),
        // What is no scalar has a plan of its own.
        model::Value::Null
        | model::Value::Money(_)
        | model::Value::Ref(_)
        | model::Value::Object(_)
        | model::Value::List(_) => Value::Null,
    }
}

fn money(plan: &MoneyPlan, money: &model::Money) -> Value {
    let mut object = plan.template.object();
    for at in &plan.amounts {
        object[*at] = money.amount.to_string().into();
    }
    for at in &plan.currencies {
        object[*at] = money.currency.as_str().into();
    }
    Value::Object(object)
}

fn one_amount(plan: &MoneyPlan, value: &model::Value) -> Option<Value> {
    match value {
        model::Value::Money(amount) => Some(money(plan, amount)),
        _ => None,
    }
}
