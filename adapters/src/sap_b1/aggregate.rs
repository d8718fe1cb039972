//! Sums and counts by the service's own means: `$apply` (guide, 3.7.7 and 3.7.8), which SAP documents for HANA alone.

use super::{
    SapB1,
    books::Books,
    config::Database,
    ledger,
    rates::is_table,
    reading::Narrowed,
    single::is_single,
    supplement::{WHOLE, with},
};
use crate::{
    adapter::{AggregateQuery, AggregateRow, Ctx, GroupBy, Period},
    error::{Error, Result},
    filter::{Filter, Op},
    mapping::{From, Path, Plan, SetMapping, decimal},
    model::{EntityType, FieldId, FieldSet, Kind, MoneyIn, Value},
    odata::query::Query,
};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, sync::Arc};

/// What the number of records is called in the answers.
const COUNT: &str = "Records";
/// At most so many reads: each combination of words that are told by conditions takes one.
const READS: usize = 100;

/// Whether the records of a set can be summed at all.
pub(super) fn can(database: Database, set: &SetMapping) -> bool {
    database == Database::Hana && set.each.is_none() && !is_single(set) && !is_table(set)
}

fn unsupported(entity: EntityType, what: &str, field: FieldId) -> Error {
    let def = entity.def();
    Error::unsupported(format!("SAP Business One cannot {what} {} by {}.", def.plural, def.field(field).name))
}

/// Sums and counts over the sets of a query, in one exchange.
pub(super) async fn run(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    entity: EntityType,
    query: &AggregateQuery,
) -> Result<Vec<AggregateRow>> {
    let mut reads = Vec::new();
    for name in &query.sets {
        let Some(set) = books.set(entity, name)? else { continue };
        if ledger::can(b1, set) {
            return ledger::sums(b1, ctx, books, set, query).await;
        }
        if !can(b1.config.database, set) {
            let plural = entity.def().plural;
            return Err(Error::unsupported(format!("This SAP Business One does not sum {plural} itself.")));
        }
        reads.extend(Read::all(b1, books, set, query)?);
    }
    if reads.len() > READS {
        return Err(Error::unsupported("SAP Business One cannot group by so many words at once."));
    }
    let queries: Vec<_> = reads.iter().map(|read| read.query.clone()).collect();
    let answers = b1.service.applied(ctx, &queries, WHOLE).await?;
    let env = b1.env(ctx, books);
    let mut rows = Vec::new();
    let mut groups: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (read, answer) in reads.iter().zip(answers) {
        if answer.more {
            return Err(Error::unsupported("There are too many groups for SAP Business One: narrow the filter."));
        }
        for row in &answer.rows {
            let row = read.row(row, query, &env)?;
            // The days of a period, and codes that mean the same currency, are one group.
            let key = (row.set.to_string(), format!("{:?}", row.keys));
            match groups.get(&key) {
                Some(at) => add(&mut rows, *at, row),
                None => {
                    groups.insert(key, rows.len());
                    rows.push(row);
                }
            }
        }
    }
    rows.retain(|row: &AggregateRow| query.group_by.is_empty() || row.count != Some(0));
    if query.group_by.is_empty() {
        for set in &query.sets {
            if !rows.iter().any(|row| row.set == *set) {
                let sums = vec![Decimal::ZERO; query.sums.len()];
                rows.push(AggregateRow { set: set.clone(), keys: Vec::new(), count: Some(0), sums });
            }
        }
    }
    Ok(rows)
}

fn add(rows: &mut [AggregateRow], at: usize, more: AggregateRow) {
    let row = &mut rows[at];
    row.count = row.count.zip(more.count).map(|(a, b)| a + b);
    for (sum, part) in row.sums.iter_mut().zip(more.sums) {
        *sum += part;
    }
}

/// One read: the groups of a set, for one combination of the words that conditions tell.
struct Read {
    set: Arc<SetMapping>,
    plan: Plan,
    query: Query,
    /// The values of those groupings that the read itself is about.
    known: Vec<Option<Value>>,
    sums: Vec<Summed>,
}

/// How a sum is put together of the sums of properties; `true` marks what is subtracted.
#[derive(Clone)]
enum Summed {
    Plain(Vec<(bool, String)>),
    /// By whether the group's currency is the company's.
    ByCurrency(Vec<(bool, String)>, Vec<(bool, String)>),
}

impl Read {
    fn all(b1: &SapB1, books: &Books, set: &Arc<SetMapping>, query: &AggregateQuery) -> Result<Vec<Self>> {
        let entity = set.entity;
        let mut names: Vec<String> = Vec::new();
        let mut combinations: Vec<(Vec<Option<Value>>, Vec<Filter>)> = vec![(Vec::new(), Vec::new())];
        for group in &query.group_by {
            let (GroupBy::Field(field) | GroupBy::Period(field, _)) = group;
            let is_day = matches!(group, GroupBy::Period(..));
            let mut known = vec![(None, None)];
            match set.field(*field).map(|mapping| &mapping.from) {
                None => known = vec![(Some(Value::Null), None)],
                Some(From::Const(value)) => known = vec![(Some(value.clone()), None)],
                Some(From::Cases(_)) if !is_day => {
                    let is = |value: Value| {
                        let name = entity.def().field(*field).name;
                        let filter = Filter::of(entity, name, Op::Eq, vec![value.clone()]);
                        (Some(value), Some(filter))
                    };
                    known = match entity.def().field(*field).kind {
                        Kind::Enum(of) => of.values.iter().map(|word| is(Value::Enum(word.0))).collect(),
                        Kind::Bool => [true, false].map(|yes| is(Value::Bool(yes))).into(),
                        _ => return Err(unsupported(entity, "group", *field)),
                    };
                }
                Some(From::Paths(paths) | From::Ref { paths, .. }) if paths.len() == 1 => {
                    add_name(&mut names, &paths[0]);
                }
                Some(From::First { paths, .. }) if paths.len() == 1 => add_name(&mut names, &paths[0]),
                Some(From::Day(path) | From::Moment { date: path, .. }) if is_day => add_name(&mut names, path),
                Some(_) => return Err(unsupported(entity, "group", *field)),
            }
            combinations = combinations
                .into_iter()
                .flat_map(|(values, filters)| {
                    known.iter().map(move |(value, filter)| {
                        let values = values.iter().cloned().chain([value.clone()]).collect();
                        (values, filters.iter().cloned().chain(filter.clone()).collect())
                    })
                })
                .collect();
            if combinations.len() > READS {
                return Err(Error::unsupported("SAP Business One cannot group by so many words at once."));
            }
        }
        let mut aggregates = Aggregates::default();
        let by_currency = query
            .group_by
            .iter()
            .any(|group| matches!(group, GroupBy::Field(field) if entity.def().field(*field).name == "currency"));
        let sums = query.sums.iter().map(|field| {
            let document = matches!(entity.def().field(*field).kind, Kind::Money(MoneyIn::Document));
            if document && !by_currency {
                let name = entity.def().field(*field).name;
                return Err(Error::unsupported(format!(
                    "{name} is in the currency of each document: group by currency."
                )));
            }
            let none = From::Sum(Vec::new());
            let from = set.field(*field).map_or(&none, |mapping| &mapping.from);
            aggregates.summed(from).ok_or_else(|| unsupported(entity, "sum", *field))
        });
        let sums: Vec<_> = sums.collect::<Result<_>>()?;
        let fields: FieldSet = query.group_by.iter().map(|(GroupBy::Field(f) | GroupBy::Period(f, _))| *f).collect();
        let fields = fields.iter().filter(|field| !matches!(set.field(*field).map(|m| &m.from), Some(From::Cases(_))));
        let fields: FieldSet = fields.collect();
        let mut reads = Vec::new();
        for (known, filters) in combinations {
            let filter = filters.into_iter().fold(query.filter.clone(), Filter::and);
            let columns = books.columns(set);
            let dialect = b1.dialect(&columns, false);
            let narrowed = Narrowed::new(books, set, &filter, &[], &dialect);
            let Some(condition) = narrowed.condition() else { continue };
            if !narrowed.left.is_all() || narrowed.searches() {
                return Err(Error::unsupported("SAP Business One cannot evaluate this filter exactly."));
            }
            // Inside `$apply` the guide writes properties with their set.
            let condition = dialect.of_set(set.set.as_str()).filter(&condition)?;
            let aggregate = aggregates.text();
            let apply = match names.as_slice() {
                [] => aggregate,
                names => format!("groupby(({}),{aggregate})", names.join(",")),
            };
            let apply = if condition.is_empty() { apply } else { format!("filter({condition})/{apply}") };
            reads.push(Self {
                set: set.clone(),
                plan: Plan::new(set, fields),
                query: Query::new(set.set.as_str()).option("$apply", apply),
                known,
                sums: sums.clone(),
            });
        }
        Ok(reads)
    }

    fn row(&self, row: &[u8], query: &AggregateQuery, env: &crate::mapping::Env) -> Result<AggregateRow> {
        let unreadable = |e: String| Error::bad_response("a sum of the ERP's answer cannot be read").with_detail(e);
        let values: BTreeMap<&str, &RawValue> = serde_json::from_slice(row).map_err(|e| unreadable(e.to_string()))?;
        // Groups have no id of their own, which the mapping insists on.
        let with_id = if values.contains_key(self.set.id.as_str()) {
            row.to_vec().into()
        } else {
            with(row, self.set.id.as_str(), "0")
        };
        let record = self.plan.read(&String::from_utf8_lossy(&with_id), &[], env).map_err(|q| unreadable(q.reason))?;
        let keys = query.group_by.iter().zip(&self.known).map(|(group, known)| match (group, known) {
            (_, Some(value)) => value.clone(),
            (GroupBy::Field(field), None) => record.get(*field).clone(),
            (GroupBy::Period(field, period), None) => {
                let day = match record.get(*field) {
                    Value::DateTime(moment) => Some(moment.with_timezone(&env.zone).date_naive()),
                    other => other.as_date(),
                };
                day.and_then(|day| first_day(day, *period)).map_or(Value::Null, Value::Date)
            }
        });
        let number = |name: &str| match values.get(name).map(|raw| raw.get()) {
            None | Some("null") => Ok(Decimal::ZERO),
            Some(raw) => decimal(raw).ok_or_else(|| unreadable(format!("{name}: {raw}"))),
        };
        let keys: Vec<Value> = keys.collect();
        let own = query.group_by.iter().zip(&keys).all(|(group, key)| match (group, key) {
            (GroupBy::Field(field), Value::Currency(code))
                if self.set.entity.def().field(*field).name == "currency" =>
            {
                Some(*code) == env.base_currency
            }
            _ => true,
        });
        let sums = self.sums.iter().map(|summed| {
            let parts = match summed {
                Summed::Plain(parts) => parts,
                Summed::ByCurrency(local, foreign) => {
                    if own {
                        local
                    } else {
                        foreign
                    }
                }
            };
            parts.iter().try_fold(Decimal::ZERO, |sum, (minus, name)| {
                let part = number(name)?;
                Ok(if *minus { sum - part } else { sum + part })
            })
        });
        let sums = sums.collect::<Result<_>>()?;
        let count = number(COUNT)?.normalize().to_string().parse().ok();
        Ok(AggregateRow { set: self.set.set.clone(), keys, count, sums })
    }
}

fn add_name(names: &mut Vec<String>, path: &Path) {
    if !names.iter().any(|name| name == path.as_str()) {
        names.push(path.as_str().to_owned());
    }
}

pub(super) fn first_day(day: NaiveDate, period: Period) -> Option<NaiveDate> {
    match period {
        Period::Day => Some(day),
        Period::Month => day.with_day(1),
        Period::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
    }
}

/// The properties that are summed, each once.
#[derive(Default)]
struct Aggregates {
    properties: Vec<String>,
}

impl Aggregates {
    fn alias(&mut self, path: &Path) -> String {
        let at = self.properties.iter().position(|name| name == path.as_str()).unwrap_or_else(|| {
            self.properties.push(path.as_str().to_owned());
            self.properties.len() - 1
        });
        format!("Sum{at}")
    }

    fn parts(&mut self, from: &From) -> Option<Vec<(bool, String)>> {
        let plain = |path: &Path| !path.as_str().contains(['[', '.', '+']);
        match from {
            From::Paths(paths) if paths.len() == 1 && plain(&paths[0]) => Some(vec![(false, self.alias(&paths[0]))]),
            From::Sum(parts) if parts.iter().all(|(_, path)| plain(path)) => {
                Some(parts.iter().map(|(minus, path)| (*minus, self.alias(path))).collect())
            }
            From::InCurrency(of, None) => self.parts(of),
            _ => None,
        }
    }

    fn summed(&mut self, from: &From) -> Option<Summed> {
        Some(match from {
            From::ByCurrency(local, foreign) => Summed::ByCurrency(self.parts(local)?, self.parts(foreign)?),
            other => Summed::Plain(self.parts(other)?),
        })
    }

    fn text(&self) -> String {
        let sums = self.properties.iter().enumerate().map(|(at, name)| format!("{name} with sum as Sum{at}"));
        format!("aggregate({})", sums.chain([format!("$count as {COUNT}")]).collect::<Vec<_>>().join(","))
    }
}
