//! Lists of elements by a field of theirs that the service cannot sort by: stock by warehouse. All values of the field are known
//! beforehand and few, so that the list goes through one value after the other, and within each through the parents.

use super::{
    SapB1,
    books::Books,
    reads::Selection,
    service::{Ask, Manner},
    supplement::{select, whole},
};
use crate::{
    adapter::{Ctx, ListQuery, Order, Position, Quarantined, Row, SetPage, SetStart},
    error::{Error, Result},
    filter::{Condition, Filter, Target, holds},
    mapping::{Each, Env, Literal, Plan, SetMapping, SourceCondition, SourceFilter, SourceOp},
    model::{Direction, FieldId, Record, Value},
};
use serde_json::Value as Json;
use std::sync::Arc;

/// A field by whose values lists can go, and where its values are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partitions<'m> {
    field: FieldId,
    set: &'m str,
    key: &'m str,
}

impl<'m> Partitions<'m> {
    /// Those of a set, if it has some.
    pub(super) fn of(set: &'m SetMapping) -> Option<Self> {
        let partitions = set.options.get("partitions")?.as_table()?;
        let name = |key: &str| partitions.get(key)?.as_str();
        Some(Self { field: set.entity.def().id_of(name("field")?)?, set: name("set")?, key: name("key")? })
    }

    /// Those by which a list in this order goes.
    pub(super) fn by(set: &'m SetMapping, order: &[Order]) -> Option<Self> {
        Self::of(set).filter(|partitions| matches!(order, [one] if one.field == partitions.field))
    }

    /// The field.
    pub(super) fn field(&self) -> FieldId {
        self.field
    }

    /// Its values in the order of the list.
    async fn values(&self, b1: &SapB1, ctx: &Ctx, direction: Direction) -> Result<Vec<Box<str>>> {
        let (service, set, key) = (Arc::clone(&b1.service), self.set.to_owned(), self.key.to_owned());
        let load = |ctx| async move {
            let rows: Vec<Json> = whole(&service, &ctx, &set, &key).await?;
            let values = rows.iter().filter_map(|row| row.get(&key)?.as_str().map(Into::into));
            Ok(values.collect::<Vec<Box<str>>>().into())
        };
        let values: Arc<[Box<str>]> = b1.partitions.get(ctx, load).await?;
        let mut values = values.to_vec();
        values.sort_by(|a, b| in_order(direction, a, b));
        Ok(values)
    }

    /// Whether the records with this value can pass a filter.
    fn passes(&self, filter: &Filter, value: &str) -> bool {
        match filter {
            Filter::And(parts) => parts.iter().all(|part| self.passes(part, value)),
            Filter::Is(Condition { target: Target::Field(field), op, values }) if *field == self.field => {
                holds(*op, &Value::Text(value.into()), values)
            }
            _ => true,
        }
    }
}

fn in_order(direction: Direction, a: &str, b: &str) -> std::cmp::Ordering {
    let order = Value::Text(a.into()).compare(&Value::Text(b.into()));
    if direction == Direction::Desc { order.reverse() } else { order }
}

/// The parents of one exchange, each with its elements.
struct Parents {
    ids: Vec<Box<str>>,
    elements: Vec<Vec<std::result::Result<Arc<Record>, Quarantined>>>,
    /// Whether all parents are among them.
    whole: bool,
    /// Whether further ones follow.
    more: bool,
}

/// A page of a list by partitions, in one exchange, or two where it begins with another partition.
pub(super) async fn list(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    (query, start): (&ListQuery, &SetStart),
    (selection, set): (&Selection, &Arc<SetMapping>),
    partitions: Partitions<'_>,
) -> Result<SetPage> {
    let foreign = || Error::invalid("The position does not belong to this order.");
    let direction = query.order.first().map_or(Direction::Asc, |order| order.direction);
    let mut page = SetPage::empty(&start.set);
    let Some((_, columns, narrowed)) = selection.sets.iter().find(|(of, ..)| of.set == set.set) else {
        return Ok(page);
    };
    let Some(condition) = narrowed.condition().filter(|_| query.limit > 0) else { return Ok(page) };
    let (from, mut after) = match &start.after {
        None => (None, None),
        Some(Position::After { values, id }) => match (values.as_slice(), Each::split(id)) {
            ([Value::Text(value)], Some((parent, _))) => (Some(value.clone()), Some(parent.to_owned())),
            _ => return Err(foreign()),
        },
        Some(Position::Offset(_)) => return Err(foreign()),
    };
    let values = partitions.values(b1, ctx, direction).await?;
    let values = values.into_iter().filter(|value| partitions.passes(&query.filter, value));
    // A partition that is gone, or does not pass, is over.
    let values = values.filter(|value| from.as_ref().is_none_or(|from| in_order(direction, from, value).is_le()));
    let values: Vec<_> = values.collect();
    if after.is_some() && values.first() != from.as_ref() {
        after = None;
    }

    let plan = Plan::new(set, selection.fields(query.fields, &query.order));
    let env = b1.env(ctx, books);
    let dialect = b1.dialect(columns, selection.folded);
    let read = |after: Option<String>| {
        let later = after.as_ref().map(|id| {
            let op = if direction == Direction::Desc { SourceOp::Lt } else { SourceOp::Gt };
            let id = set.id_literal(id).unwrap_or(Literal::Text("".into()));
            SourceFilter::Is(SourceCondition { path: set.id.as_str().into(), op, values: vec![id] })
        });
        let filter = SourceFilter::and(std::iter::once(condition.clone()).chain(later).collect());
        let direction = if direction == Direction::Desc { "desc" } else { "asc" };
        let (plan, env) = (&plan, &env);
        async move {
            let ask = Ask {
                set: set.set.clone(),
                select: select(plan),
                filter: dialect.filter(&filter)?,
                order: format!("{} {direction}", set.id.as_str()),
                skip: 0,
                top: query.limit + 1,
                count: false,
            };
            let pages = b1.service.pages(ctx, &[ask], Manner::folded(selection.folded)).await?;
            let rows = pages.into_iter().next().unwrap_or_default().rows;
            parents(plan, env, &rows, query.limit, after.is_none())
        }
    };
    let mut read_so_far = None;
    for value in &values {
        let parents = match read_so_far.take() {
            Some(parents @ Parents { whole: true, .. }) => parents,
            _ => read(after.take()).await?,
        };
        for (parent, elements) in parents.ids.iter().zip(&parents.elements) {
            let of_value = |id: &str| Each::split(id).is_some_and(|(_, element)| *element == **value);
            let position =
                || Position::After { values: vec![Value::Text(value.clone())], id: Each::join(parent, "").into() };
            for element in elements {
                match element {
                    Ok(record) if of_value(&record.key.id) => {
                        page.rows.push(Row { record: record.clone(), position: position() });
                    }
                    Err(quarantined) if quarantined.id.as_deref().is_none_or(of_value) => {
                        page.quarantined.push(quarantined.clone());
                    }
                    _ => {}
                }
            }
            if page.rows.len() + page.quarantined.len() >= query.limit {
                page.next = Some(position());
                return Ok(page);
            }
        }
        if parents.more {
            let last = parents.ids.last().ok_or_else(|| Error::bad_response("a page that goes on is empty"))?;
            let values = vec![Value::Text(value.clone())];
            page.next = Some(Position::After { values, id: Each::join(last, "").into() });
            return Ok(page);
        }
        read_so_far = Some(parents);
    }
    Ok(page)
}

fn parents(plan: &Plan, env: &Env, rows: &[bytes::Bytes], limit: usize, from_the_first: bool) -> Result<Parents> {
    let more = rows.len() > limit;
    let mut parents = Parents { ids: Vec::new(), elements: Vec::new(), whole: from_the_first && !more, more };
    for row in rows.iter().take(limit) {
        let text = std::str::from_utf8(row).unwrap_or_default();
        let head = Plan::new(plan.set(), crate::model::FieldSet::EMPTY).read(text, &[], env);
        let head =
            head.map_err(|e| Error::bad_response("a record of the ERP's answer cannot be read").with_detail(e.reason))?;
        parents.ids.push(Each::split(&head.key.id).map_or("", |(parent, _)| parent).into());
        parents.elements.push(plan.read_all(text, &[], env).into_iter().map(|read| read.map(Arc::new)).collect());
    }
    Ok(parents)
}
