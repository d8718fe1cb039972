//! Lists of one set: which requests they take, and how their rows become one ordered page.
//!
//! A list is read in streams that the service can sort by itself: apart by whether a sort key has a value, because databases put
//! rows without one first, and, where the list is ordered by an amount, apart by whether the document is in the company's currency,
//! because the amounts of others are in fields of their own. The streams are asked for at once and merged here.

use super::{
    books::Books,
    dialect::{Dialect, searches},
    service::Ask,
    supplement::select,
};
use crate::{
    adapter::{Order, Position, Quarantined, Row, SetPage},
    error::{Error, Result},
    filter::Filter,
    mapping::{
        Each, Env, From, Literal, Plan, SetMapping, SortKey, SourceCondition, SourceFilter, SourceOp, after, push,
        sort_keys,
    },
    model::{Direction, FieldId, FieldSet, Record, Value},
    odata::body::Page,
};
use std::{cmp::Ordering, collections::VecDeque, sync::Arc};

/// More sort keys without a value than this make too many streams.
const MAX_NULLABLE_KEYS: usize = 3;

/// The part of a set that a filter leaves over, as the service evaluates it.
#[derive(Debug)]
pub(super) struct Narrowed {
    /// The set, or its halves by currency where the order needs them apart, each with its condition.
    parts: Vec<(Arc<SetMapping>, SourceFilter)>,
    /// What the service leaves to the caller.
    pub(super) left: Filter,
}

impl Narrowed {
    /// Narrows a set by a filter for lists in an order.
    pub(super) fn new(
        books: &Books,
        set: &Arc<SetMapping>,
        filter: &Filter,
        order: &[Order],
        dialect: &Dialect<'_>,
    ) -> Self {
        let filter = dialect.columns.tidy(filter);
        let by_currency = |field: FieldId| match set.field(field).map(|mapping| &mapping.from) {
            Some(From::ByCurrency(own, _)) => matches!(**own, From::Paths(_)),
            _ => false,
        };
        let ordered = order.iter().any(|o| by_currency(o.field));
        let halves = if ordered || filter.fields().iter().any(by_currency) {
            set.by_currency(books.base_currency.as_str())
        } else {
            None
        };
        let push = |set: &SetMapping| push(&filter, set, true, &|condition| dialect.fit(condition));
        let (mut parts, left) = match halves {
            None => {
                let pushed = push(set);
                (vec![(set.clone(), pushed.source)], pushed.left)
            }
            Some(halves) => {
                let halves = halves.map(|half| (push(&half), Arc::new(half)));
                let left = halves.iter().fold(Filter::ALL, |left, (pushed, _)| both(left, pushed.left.clone()));
                let halves = halves.map(|(pushed, half)| (half, pushed.source));
                if ordered {
                    (halves.into(), left)
                } else {
                    (vec![(set.clone(), SourceFilter::or(halves.map(|half| half.1).into()))], left)
                }
            }
        };
        parts.retain(|part| !part.1.is_none());
        let left = match parts.as_slice() {
            [] => Filter::ALL,
            _ => both(left, dialect.unproven(set, &filter)),
        };
        Self { parts, left }
    }

    /// Whether the service is asked for text without regard to case.
    pub(super) fn searches(&self) -> bool {
        self.parts.iter().any(|part| searches(&part.1))
    }

    /// One condition for the whole set; none where no row passes.
    pub(super) fn condition(&self) -> Option<SourceFilter> {
        match self.parts.as_slice() {
            [] => None,
            parts => Some(SourceFilter::or(parts.iter().map(|part| part.1.clone()).collect())),
        }
    }
}

/// A list of one set.
pub(super) struct Reading<'q> {
    pub(super) plan: Arc<Plan>,
    set: Arc<SetMapping>,
    order: &'q [Order],
    limit: usize,
    streams: Vec<Stream>,
    /// Set where the list is continued by number: how many rows come before it.
    offset: Option<u64>,
    /// Set where the list goes on inside a record of the source: its id, and that of the last element that was shown.
    inside: Option<(Box<str>, Box<str>)>,
}

struct Stream {
    ask: Ask,
    /// For each sort key whether it has no value here.
    nulls: Vec<bool>,
}

/// Which records of a set are read, and how.
pub(super) struct Scope<'s, 'q> {
    pub(super) set: &'s Arc<SetMapping>,
    pub(super) plan: &'s Arc<Plan>,
    pub(super) order: &'q [Order],
    pub(super) after: Option<&'s Position>,
    pub(super) limit: usize,
}

impl<'q> Reading<'q> {
    /// Prepares a list of the rows of a narrowed set that also pass `only`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for an order that the service cannot give,
    /// [`Invalid`](crate::ErrorKind::Invalid) for a position of another order.
    pub(super) fn new(
        scope: &Scope<'_, 'q>,
        narrowed: &Narrowed,
        only: &SourceFilter,
        dialect: &Dialect<'_>,
    ) -> Result<Self> {
        let Scope { set, plan, order, limit, .. } = *scope;
        let mut reading = Self {
            plan: plan.clone(),
            set: set.clone(),
            order,
            limit,
            streams: Vec::new(),
            offset: None,
            inside: None,
        };
        if let (Some(Position::After { id, .. }), true) = (scope.after, set.each.is_some()) {
            let (parent, element) = Each::split(id).ok_or_else(foreign_position)?;
            reading.inside = Some((parent.into(), element.into())).filter(|_| !element.is_empty());
        }
        // Where nothing is wanted, nothing is asked.
        let parts = if limit == 0 { &[] } else { narrowed.parts.as_slice() };
        for (part, condition) in parts {
            let keys = sort_keys(part, order)?;
            // Under `B1S-CaseInsensitive` comparisons fold case, but nothing says that the sort order does: a list by text could
            // not be continued by comparing.
            let by_number =
                keys.iter().any(|key| key.part || dialect.folded && dialect.columns.is_text(key.path.as_str()));
            let condition = SourceFilter::and(vec![condition.clone(), only.clone()]);
            if by_number {
                if narrowed.parts.len() > 1 {
                    return Err(Error::unsupported(
                        "SAP Business One cannot sort by an amount together with the other fields of this order or search.",
                    ));
                }
                reading.offset = Some(match scope.after {
                    None => 0,
                    Some(Position::Offset(rows)) => *rows,
                    Some(Position::After { .. }) => return Err(foreign_position()),
                });
                reading.add_streams(part, &keys, condition, &keys[..1], dialect)?;
            } else {
                let condition = match scope.after {
                    None => condition,
                    Some(position) => SourceFilter::and(vec![condition, after(part, order, position)?]),
                };
                reading.add_streams(part, &keys, condition, &keys, dialect)?;
            }
        }
        if set.each.is_some() && (reading.offset.is_some() || reading.streams.len() > 1) {
            let def = set.entity.def();
            return Err(Error::unsupported(format!("SAP Business One cannot sort {} like this.", def.plural)));
        }
        if let (Some(rows), [first, rest @ ..]) = (reading.offset, reading.streams.as_mut_slice()) {
            first.ask.skip = rows;
            first.ask.count = !rest.is_empty();
        }
        Ok(reading)
    }

    /// So many rows are asked for: one more than are shown, so that it is known whether there are more.
    fn rows(&self) -> usize {
        match &self.set.each {
            Some(each) => self.limit.div_ceil(each.at_least) + 1,
            None => self.limit + 1,
        }
    }

    /// Adds a stream for each combination of the keys that may have no value.
    fn add_streams(
        &mut self,
        set: &SetMapping,
        keys: &[SortKey<'_>],
        condition: SourceFilter,
        apart: &[SortKey<'_>],
        dialect: &Dialect<'_>,
    ) -> Result<()> {
        let nullable: Vec<_> = (0..apart.len()).filter(|at| apart[*at].nullable).collect();
        if nullable.len() > MAX_NULLABLE_KEYS {
            return Err(Error::unsupported("SAP Business One cannot sort by so many fields at once."));
        }
        for pattern in 0..1_u32 << nullable.len() {
            let mut nulls = vec![false; keys.len()];
            let mut parts = vec![condition.clone()];
            for (bit, at) in nullable.iter().enumerate() {
                let (path, null) = (keys[*at].path.as_str(), pattern >> bit & 1 == 1);
                nulls[*at] = null;
                parts[0] = assume(&parts[0], path, null);
                parts.push(is_null(path, null));
            }
            let filter = SourceFilter::and(parts);
            if filter.is_none() {
                continue;
            }
            let order = keys.iter().zip(&nulls).filter(|(_, null)| !**null).map(|(key, _)| match key.direction {
                Direction::Asc => format!("{} asc", key.path.as_str()),
                Direction::Desc => format!("{} desc", key.path.as_str()),
            });
            let ask = Ask {
                set: set.set.clone(),
                select: select(&self.plan),
                filter: dialect.filter(&filter)?,
                order: order.collect::<Vec<_>>().join(","),
                skip: 0,
                top: self.rows(),
                count: false,
            };
            self.streams.push(Stream { ask, nulls });
        }
        Ok(())
    }

    /// What the service is to be asked, at once.
    pub(super) fn asks(&self) -> impl Iterator<Item = Ask> {
        self.streams.iter().map(|stream| stream.ask.clone())
    }

    /// What it is to be asked further, seeing the first answers: how far a list that is continued by number is into its second
    /// stream shows only when the rows of the first are counted.
    pub(super) fn asks_again(&self, pages: &[Page]) -> Option<Ask> {
        let (rows, [first, _], [_, second]) = (self.offset?, pages, self.streams.as_slice()) else { return None };
        let shown = rows.saturating_sub(first.count.unwrap_or(rows));
        (shown > 0 && first.rows.len() <= self.limit).then(|| Ask { skip: shown, ..second.ask.clone() })
    }

    /// The page that the answers make.
    ///
    /// # Errors
    /// [`BadResponse`](crate::ErrorKind::BadResponse) where no row of a full page can be read.
    pub(super) fn finish(self, mut pages: Vec<Page>, again: Option<Page>, env: &Env) -> Result<SetPage> {
        if let (Some(page), Some(second)) = (again, pages.get_mut(1)) {
            *second = page;
        }
        let mut streams: Vec<VecDeque<Item>> = Vec::with_capacity(pages.len());
        // Where elements are records, more rows may follow although none of these is left.
        let mut beyond = None;
        for (at, page) in pages.into_iter().enumerate() {
            if self.set.each.is_some() && page.rows.len() >= self.rows() {
                beyond = page.rows.last().cloned();
            }
            streams.push(page.rows.iter().flat_map(|raw| self.items(at, raw, env)).collect());
        }
        let mut taken: Vec<Item> = Vec::with_capacity(self.limit);
        while taken.len() < self.limit {
            let Some(item) = self.first_of(&streams).and_then(|at| streams[at].pop_front()) else { break };
            taken.push(item);
        }
        let more = streams.iter().any(|stream| !stream.is_empty());
        let next = match beyond {
            _ if more => Some(self.position_after(&taken)?),
            Some(row) => Some(self.position_behind(&row, env)?),
            None => None,
        };
        let mut page = SetPage { set: self.set.set.clone(), rows: Vec::new(), next, quarantined: Vec::new() };
        for (at, item) in taken.into_iter().enumerate() {
            let position = match (self.offset, &item.read) {
                (Some(rows), _) => Some(Position::Offset(rows + at as u64 + 1)),
                (None, Ok(record)) => Some(self.position(record, item.stream)),
                (None, Err(_)) => None,
            };
            match (item.read, position) {
                (Ok(record), Some(position)) => page.rows.push(Row { record, position }),
                (Ok(_), None) => {}
                (Err(quarantined), _) => page.quarantined.push(quarantined),
            }
        }
        Ok(page)
    }

    /// What a row gives: a record, or those of its elements that were not shown yet.
    fn items(&self, stream: usize, raw: &[u8], env: &Env) -> Vec<Item> {
        let text = std::str::from_utf8(raw).unwrap_or_default();
        let item = |read: Result<Record, Quarantined>| match read.map(Arc::new) {
            Ok(record) => Item { stream, key: Some(record.clone()), read: Ok(record) },
            // Often it is another field that cannot be read, and the row still has its place.
            Err(quarantined) => {
                Item { stream, key: self.place(text, quarantined.id.as_deref(), env), read: Err(quarantined) }
            }
        };
        let mut items: Vec<Item> = self.plan.read_all(text, &[], env).into_iter().map(item).collect();
        if self.set.each.is_some() {
            if self.order.last().is_some_and(|order| order.direction == Direction::Desc) {
                items.reverse();
            }
            self.drop_shown(&mut items);
        }
        items
    }

    /// The place of a row that cannot be read as a record.
    fn place(&self, text: &str, id: Option<&str>, env: &Env) -> Option<Arc<Record>> {
        let mut place = Plan::new(&self.set, order_fields(self.order)).read(text, &[], env).ok()?;
        if let Some(id) = id.filter(|id| self.set.each.is_some() && Each::split(id).is_some()) {
            place.key.id = id.into();
        }
        Some(Arc::new(place))
    }

    /// Leaves out the elements up to the one that was shown last.
    fn drop_shown(&self, items: &mut Vec<Item>) {
        let Some((parent, last)) = &self.inside else { return };
        let element = |item: &Item| {
            let id = &item.key.as_ref()?.key.id;
            Each::split(id).filter(|(of, _)| *of == &**parent).map(|(_, element)| Box::<str>::from(element))
        };
        if !items.iter().any(|item| element(item).is_some()) {
            return;
        }
        let shown = match items.iter().position(|item| element(item).as_deref() == Some(&**last)) {
            Some(at) => at + 1,
            // It is gone: what comes before its place was shown.
            None => {
                let descending = self.order.last().is_some_and(|order| order.direction == Direction::Desc);
                let before = if descending { Ordering::Greater } else { Ordering::Less };
                let is_before = |item: &Item| element(item).is_none_or(|id| compare_ids(&id, last) == before);
                items.iter().take_while(|item| is_before(item)).count()
            }
        };
        items.drain(..shown);
    }

    /// The stream whose first row comes first. A row that cannot be compared comes at once.
    fn first_of(&self, streams: &[VecDeque<Item>]) -> Option<usize> {
        let heads = streams.iter().filter_map(VecDeque::front);
        let first = heads.min_by(|a, b| match (self.offset, &a.key, &b.key) {
            // Lists that are continued by number show one stream after the other.
            (Some(_), ..) => a.stream.cmp(&b.stream),
            (None, Some(x), Some(y)) => self.compare((a.stream, x), (b.stream, y)),
            (None, x, y) => x.is_some().cmp(&y.is_some()),
        });
        first.map(|item| item.stream)
    }

    fn compare(&self, a: (usize, &Record), b: (usize, &Record)) -> Ordering {
        for (at, order) in self.order.iter().enumerate() {
            let (x, y) = (self.sort_value(a.1, a.0, at), self.sort_value(b.1, b.0, at));
            let by_value = match (order.direction, x.is_null() || y.is_null()) {
                (Direction::Desc, false) => y.compare(&x),
                _ => x.compare(&y),
            };
            if by_value.is_ne() {
                return by_value;
            }
        }
        let by_id = compare_ids(&a.1.key.id, &b.1.key.id);
        match self.order.last().map(|order| order.direction) {
            Some(Direction::Desc) => by_id.reverse(),
            _ => by_id,
        }
    }

    /// The value that a row is sorted by: a field may show a substitute where the key has none.
    fn sort_value(&self, record: &Record, stream: usize, at: usize) -> Value {
        if self.streams[stream].nulls[at] { Value::Null } else { record.get(self.order[at].field).clone() }
    }

    fn position(&self, record: &Record, stream: usize) -> Position {
        let values = (0..self.order.len()).map(|at| self.sort_value(record, stream, at)).collect();
        Position::After { values, id: record.key.id.clone() }
    }

    /// Where the list goes on behind all elements of a row.
    fn position_behind(&self, row: &[u8], env: &Env) -> Result<Position> {
        let place = self.place(std::str::from_utf8(row).unwrap_or_default(), None, env);
        place.map(|place| self.position(&place, 0)).ok_or_else(no_place)
    }

    /// Where the list goes on after these rows. Rows at the end that have no place are read again then.
    fn position_after(&self, taken: &[Item]) -> Result<Position> {
        if let Some(rows) = self.offset {
            return Ok(Position::Offset(rows + taken.len() as u64));
        }
        let last = taken.iter().rev().find_map(|item| Some(self.position(item.key.as_ref()?, item.stream)));
        last.ok_or_else(no_place)
    }
}

/// A row as it was read.
struct Item {
    stream: usize,
    /// A record with at least the fields of the order.
    key: Option<Arc<Record>>,
    read: Result<Arc<Record>, Quarantined>,
}

fn no_place() -> Error {
    Error::bad_response("no record of a page can be read, so that the list cannot go on")
}

/// The order of ids: of numbers as numbers, else as text.
fn compare_ids(a: &str, b: &str) -> Ordering {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

fn foreign_position() -> Error {
    Error::invalid("The position does not belong to this order.")
}

/// The fields of an order.
pub(super) fn order_fields(order: &[Order]) -> FieldSet {
    order.iter().map(|order| order.field).collect()
}

fn is_null(path: &str, null: bool) -> SourceFilter {
    SourceFilter::Is(SourceCondition { path: path.into(), op: SourceOp::IsNull, values: vec![Literal::Bool(null)] })
}

/// Both filters, with what they share once.
pub(super) fn both(a: Filter, b: Filter) -> Filter {
    let conjuncts = |filter| match filter {
        Filter::And(parts) => parts,
        one => vec![one],
    };
    let mut parts = conjuncts(a);
    for part in conjuncts(b) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    Filter::And(parts).simplify()
}

/// A filter on rows of which it is known whether a property has a value.
fn assume(filter: &SourceFilter, path: &str, null: bool) -> SourceFilter {
    match filter {
        SourceFilter::And(parts) => SourceFilter::and(parts.iter().map(|part| assume(part, path, null)).collect()),
        SourceFilter::Or(parts) => SourceFilter::or(parts.iter().map(|part| assume(part, path, null)).collect()),
        SourceFilter::Is(condition) if *condition.path == *path => {
            let passes = match (condition.op, null) {
                (SourceOp::IsNull, _) => condition.values.first() == Some(&Literal::Bool(null)),
                // A row without a value differs, and fails every other comparison.
                (SourceOp::Neq, true) => true,
                (_, true) => false,
                (_, false) => return filter.clone(),
            };
            if passes { SourceFilter::ALL } else { SourceFilter::NONE }
        }
        SourceFilter::Is(_) => filter.clone(),
    }
}
