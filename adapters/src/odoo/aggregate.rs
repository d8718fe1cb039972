//! Sums and counts by Odoo: `read_group` until 18, `formatted_read_group` from 19 on.
//!
//! A group is read as if it were a row: its columns hold what they are grouped by and the sums, and the mapping makes unified
//! values of them. So a sum whose sign hangs on the kind of a document, and a status that hangs on two fields, come out as in
//! a list; groups that the mapping takes for the same are added up here.

use super::{
    Odoo,
    books::{Fields, Type},
    order::id_of,
    view::View,
    wire::{self, Call},
};
use crate::{
    adapter::{AggregateQuery, AggregateRow, Ctx, GroupBy, Period},
    error::{Error, Result},
    mapping::{Env, From, Plan, Predicate, Pushed, SetMapping, SourceFilter, With, push},
    model::{EntityType, FieldId, FieldSet, Kind, MoneyIn, SourceSet, Value},
};
use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use futures_util::future::try_join_all;
use rust_decimal::Decimal;
use serde_json::{json, value::RawValue};
use std::{collections::HashMap, sync::Arc};

impl Odoo {
    pub(super) async fn sums(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        query: &AggregateQuery,
    ) -> Result<Vec<AggregateRow>> {
        let view = self.view(ctx, entity).await?;
        let accents = self.accents(ctx, &view, &query.filter).await?;
        let parts = query.sets.iter().map(|set| of_set(ctx, &view, entity, query, set, accents));
        Ok(try_join_all(parts).await?.into_iter().flatten().collect())
    }
}

/// A grouping as Odoo takes it.
enum Key {
    /// By the period of a date: the column with the length of the periods.
    Period(String),
    /// By the columns that a field is read from.
    Field(FieldId),
}

/// What one call asks for, and how its groups are read.
struct Groups {
    keys: Vec<Key>,
    /// The columns of the groups, periods among them.
    columns: Vec<String>,
    /// The columns that are summed.
    summed: Vec<String>,
    plan: Plan,
    zone: Tz,
}

async fn of_set(
    ctx: &Ctx,
    view: &View,
    entity: EntityType,
    query: &AggregateQuery,
    set: &SourceSet,
    accents: bool,
) -> Result<Vec<AggregateRow>> {
    let set = view.set(entity, set)?;
    let groups = Groups::new(view, set, query)?;
    let dialect = view.dialect(set, accents);
    let Pushed { source, left } = push(&query.filter, set, true, &|c| dialect.fit(c));
    if !left.is_all() {
        return Err(Error::unsupported("Odoo cannot evaluate this filter exactly, so that it cannot sum by it."));
    }
    let mut rows: Vec<AggregateRow> = Vec::new();
    let mut places: HashMap<Vec<Value>, usize> = HashMap::new();
    let empty =
        |keys| AggregateRow { set: set.set.clone(), keys, count: Some(0), sums: vec![Decimal::ZERO; query.sums.len()] };
    if query.group_by.is_empty() {
        rows.push(empty(Vec::new()));
        places.insert(Vec::new(), 0);
    }
    if source.is_none() {
        return Ok(rows);
    }
    let domain = dialect.render(&SourceFilter::and(vec![source, view.of_company(set)]));
    let answer = view.books.group(ctx, set.set.as_str(), domain, &groups.columns, &groups.summed).await?;
    let env = view.env(ctx, &groups.plan, set).await?;
    for group in &answer {
        // What a list would leave out, with a reason, is left out here as well.
        let Some((keys, sums)) = groups.read(&env, group, &query.sums)? else { continue };
        let count: u64 = group.get("__count").map_or(Ok(0), |raw| wire::returned(raw))?;
        let at = *places.entry(keys.clone()).or_insert_with(|| {
            rows.push(empty(keys));
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.count = row.count.map(|before| before + count);
        for (sum, more) in row.sums.iter_mut().zip(sums) {
            *sum =
                sum.checked_add(more).ok_or_else(|| Error::bad_response("The sums are too large to be added up."))?;
        }
    }
    Ok(rows)
}

/// Whether a value of the sum of rows is the sum of the values of the rows, where what it hangs on is the same in all of them.
fn is_linear(from: &From) -> bool {
    match from {
        From::Paths(_) | From::Sum(_) => true,
        From::InCurrency(of, _) | From::When(of, _) => is_linear(of),
        From::Either(of) => of.iter().all(is_linear),
        _ => false,
    }
}

impl Groups {
    fn new(view: &View, set: &Arc<SetMapping>, query: &AggregateQuery) -> Result<Self> {
        let def = set.entity.def();
        let fields = view.fields(set);
        let mut wanted = FieldSet::EMPTY;
        let mut keys = Vec::new();
        let mut columns: Vec<String> = Vec::new();
        let mut add = |column: String| {
            if !columns.contains(&column) {
                columns.push(column);
            }
        };
        for group in &query.group_by {
            let (field, period) = match group {
                GroupBy::Field(field) => (*field, None),
                GroupBy::Period(field, period) => (*field, Some(*period)),
            };
            let of = def.field(field);
            let refuse = || Error::unsupported(format!("This Odoo cannot group {} by {}.", def.plural, of.name));
            let dated = matches!(of.kind, Kind::Date | Kind::DateTime);
            if dated != (period.is_some() || matches!(of.kind, Kind::Date)) {
                return Err(refuse());
            }
            if dated {
                let path = match set.field(field).map(|mapping| &mapping.from) {
                    Some(From::Paths(paths)) => paths.first(),
                    _ => None,
                };
                let Some(path) = path.filter(|path| can_group(fields, path.as_str())) else { return Err(refuse()) };
                let period = match period {
                    None | Some(Period::Day) => "day",
                    Some(Period::Month) => "month",
                    Some(Period::Year) => "year",
                };
                let column = format!("{}:{period}", path.as_str());
                keys.push(Key::Period(column.clone()));
                add(column);
                continue;
            }
            if of.computed.is_some() || matches!(of.kind, Kind::Object(_) | Kind::List(_) | Kind::Refs(_) | Kind::Json)
            {
                return Err(refuse());
            }
            let plan = Plan::new(set, [field].into_iter().collect());
            let by_id = hangs_on_id(set, field);
            // Until 16 groups have lost their ids (`_read_group_format_result`).
            if by_id && !view.books.link.version.is_from(17) {
                return Err(refuse());
            }
            let own = plan.source_fields().filter(|name| by_id || *name != set.id.as_str()).map(str::to_owned);
            let own: Vec<String> = own.collect();
            let plain = |name: &String| {
                let number = fields.get(name.as_str()).is_some_and(|f| matches!(f.kind, Type::Float | Type::Monetary));
                let date = fields.get(name.as_str()).is_some_and(|f| matches!(f.kind, Type::Date | Type::DateTime));
                can_group(fields, name) && !number && !date
            };
            if !own.iter().all(plain) || plan.joins().next().is_some() {
                return Err(refuse());
            }
            own.into_iter().for_each(&mut add);
            wanted.insert(field);
            keys.push(Key::Field(field));
        }
        let by_currency = query
            .group_by
            .iter()
            .any(|group| matches!(group, GroupBy::Field(field) if def.field(*field).name == "currency"));
        let mut summed: Vec<String> = Vec::new();
        for field in &query.sums {
            let of = def.field(*field);
            let refuse =
                |why: &str| Error::unsupported(format!("This Odoo cannot sum {} of {}{why}.", of.name, def.plural));
            let Some(mapping) = set.field(*field) else { continue };
            match of.kind {
                Kind::Decimal | Kind::Int | Kind::Money(MoneyIn::Company) => {}
                Kind::Money(MoneyIn::Document) if by_currency => {}
                Kind::Money(MoneyIn::Document) => return Err(refuse(": group by currency as well")),
                _ => return Err(refuse("")),
            }
            let plan = Plan::new(set, [*field].into_iter().collect());
            if !is_linear(&mapping.from) {
                return Err(refuse(""));
            }
            let currency = mapping_currency(set);
            for name in plan.source_fields().filter(|name| *name != set.id.as_str() && Some(*name) != currency) {
                let number = |f: &super::books::Field| matches!(f.kind, Type::Float | Type::Monetary | Type::Integer);
                match fields.get(name) {
                    Some(field) if number(field) && field.stored => {
                        if !summed.iter().any(|sum| sum == name) {
                            summed.push(name.to_owned());
                        }
                    }
                    Some(field) if !number(field) && can_group(fields, name) => add(name.to_owned()),
                    _ => return Err(refuse("")),
                }
            }
            wanted.insert(*field);
        }
        let zone = view.books.company.zone;
        Ok(Self { keys, columns, summed, plan: Plan::new(set, wanted), zone })
    }

    /// The values that a group is known by, and its sums; none where the mapping cannot read them.
    fn read(&self, env: &Env, group: &Group, sums: &[FieldId]) -> Result<Option<(Vec<Value>, Vec<Decimal>)>> {
        // A group by ids tells their names as well; other groups have none, and every row wants one.
        let id = self.plan.set().id.as_str();
        let own_id = group.get(id).filter(|_| self.columns.iter().any(|column| column == id));
        let own_id = own_id.and_then(|raw| id_of(raw)).unwrap_or_default();
        let plain = self.columns.iter().filter(|column| !column.contains(':') && *column != id);
        let cells = plain.map(|column| (column.as_str(), group.get(column))).chain(self.summed.iter().map(|column| {
            let sum = group.get(&format!("{column}:sum")).or_else(|| group.get(column));
            (column.as_str(), sum)
        }));
        let cells = cells.map(|(name, raw)| format!("{}:{}", json!(name), raw.map_or("false", |raw| raw.get())));
        let cells: Vec<String> = std::iter::once(format!("{}:{own_id}", json!(id))).chain(cells).collect();
        let row = format!("{{{}}}", cells.join(","));
        let Ok(record) = self.plan.read(&row, &[], env) else { return Ok(None) };
        let keys = self.keys.iter().map(|key| match key {
            Key::Field(field) => Ok(record.get(*field).clone()),
            Key::Period(column) => self.first_day(group, column),
        });
        let sums = sums.iter().map(|field| record.get(*field).as_decimal().unwrap_or_default()).collect();
        Ok(Some((keys.collect::<Result<_>>()?, sums)))
    }

    /// The first day of the period of a group; null for the rows without a date.
    fn first_day(&self, group: &Group, column: &str) -> Result<Value> {
        let unclear = || Error::bad_response("Odoo does not say which period a group is of.");
        let Some(raw) = group.get(column) else { return Err(unclear()) };
        if matches!(raw.get(), "false" | "null") {
            return Ok(Value::Null);
        }
        // From 19 on the value begins with it; until 18 it is a text for people, and the range is told apart.
        let from = match serde_json::from_str::<(String, String)>(raw.get()) {
            Ok((from, _)) => from,
            Err(_) => {
                let ranges: HashMap<String, serde_json::Value> =
                    group.get("__range").map_or(Ok(HashMap::new()), |raw| wire::returned(raw))?;
                ranges.get(column).and_then(|range| range["from"].as_str()).ok_or_else(unclear)?.to_owned()
            }
        };
        let day = match NaiveDateTime::parse_from_str(&from, "%Y-%m-%d %H:%M:%S") {
            Ok(moment) => moment.and_utc().with_timezone(&self.zone).date_naive(),
            Err(_) => from.parse::<NaiveDate>().map_err(|_| unclear())?,
        };
        Ok(Value::Date(day))
    }
}

/// Whether rows that are alike in all else may differ in a field by their ids.
fn hangs_on_id(set: &SetMapping, field: FieldId) -> bool {
    let on_id = |predicate: &Predicate| {
        predicate.path == set.id && !matches!(&predicate.with, With::Literals(ids) if ids.is_empty())
    };
    matches!(set.field(field).map(|mapping| &mapping.from), Some(From::Cases(cases)) if cases.iter().any(|case| case.1.iter().any(on_id)))
}

/// Whether Odoo groups by a column.
fn can_group(fields: &Fields, name: &str) -> bool {
    fields.get(name).is_some_and(|field| field.groupable && !matches!(field.kind, Type::Many | Type::Other))
}

/// The column that holds the currency of a row's amounts.
fn mapping_currency(set: &SetMapping) -> Option<&str> {
    match set.named("currency").map(|mapping| &mapping.from) {
        Some(From::Paths(paths)) => paths.first().map(crate::mapping::Path::as_str),
        _ => set.currency.as_ref().map(crate::mapping::Path::as_str),
    }
}

/// A group as Odoo tells it.
pub(super) type Group = HashMap<String, Box<RawValue>>;

impl super::books::Books {
    /// The groups of the rows that a domain finds, by some columns, with sums of others.
    pub(super) async fn group(
        &self,
        ctx: &Ctx,
        model: &str,
        domain: String,
        columns: &[String],
        summed: &[String],
    ) -> Result<Vec<Group>> {
        let domain = RawValue::from_string(domain)
            .map_err(|e| Error::invalid("A condition cannot be written as JSON.").with_detail(e.to_string()))?;
        let mut context = self.context();
        // By which days moments are grouped.
        context["tz"] = json!(self.company.zone.name());
        let sums = summed.iter().map(|field| format!("{field}:sum"));
        let call = if self.link.version.is_from(19) {
            let aggregates: Vec<String> = sums.chain(["__count".to_owned()]).collect();
            Call::read(model, "formatted_read_group", "aggregate").with("aggregates", &aggregates)?
        } else {
            Call::read(model, "read_group", "aggregate")
                .with("fields", &sums.collect::<Vec<_>>())?
                .with("lazy", &false)?
        };
        let call = call.with("domain", &domain)?.with("groupby", columns)?.with("context", &context)?;
        wire::returned(self.link.call(ctx, &call).await?.value()?)
    }
}
