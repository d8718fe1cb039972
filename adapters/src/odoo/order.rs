//! Sort orders as Odoo takes them, and what has to be done so that they are the unified ones.
//!
//! Records without a value come last in both directions. Odoo can be told so from 17 on (`nulls last`, odoo/odoo#117439); and
//! a text may be none in two or three ways (null, empty, `/`), of which the database puts some first. Such a list is read in
//! segments: first the rows with a value, then those without.
//!
//! Moments are kept by the microsecond and shown by the second, and a unified date may be a moment in Odoo. Rows that show
//! the same are a group, in which the next key decides: see [`Sorting::grain`].

use super::books::{Field, Fields, Type};
use crate::{
    adapter::{Order, Position},
    error::{Error, Result},
    mapping::{From, SetMapping, SourceCondition, SourceFilter, SourceOp, Literal, literal, sort_keys},
    model::{Direction, Kind, Value},
};
use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap};

/// The values of a row by their names, as JSON.
pub(super) type Cells<'a> = HashMap<&'a str, &'a RawValue>;

/// Cuts a row into its values.
pub(super) fn cells(row: &RawValue) -> Result<Cells<'_>> {
    serde_json::from_str(row.get())
        .map_err(|e| Error::bad_response("A row of Odoo's answer is no record.").with_detail(e.to_string()))
}

/// The id in a value: a number, or `[id, "name"]`.
pub(super) fn id_of(value: &RawValue) -> Option<i64> {
    let text = value.get();
    let number = text.strip_prefix('[').map_or(text, |list| list.split([',', ']']).next().unwrap_or_default());
    number.trim().parse().ok()
}

struct Key<'m> {
    path: &'m str,
    direction: Direction,
    nullable: bool,
    kind: Type,
    /// The type of the unified field; none for the id.
    of: Option<Kind>,
    /// Texts that stand for no value.
    blanks: &'m [Box<str>],
    /// Whether rows without a value are read apart, after the others.
    split: bool,
}

/// A sort order.
pub(super) struct Sorting<'m> {
    keys: Vec<Key<'m>>,
    zone: Tz,
}

/// A part of a list: for each key whether it is about rows without a value in it, where the key is split.
pub(super) type Segment = Vec<Option<bool>>;

impl<'m> Sorting<'m> {
    /// # Errors
    /// `Unsupported` where Odoo cannot sort so.
    pub(super) fn new(set: &'m SetMapping, order: &[Order], fields: &Fields, nulls_last: bool, zone: Tz) -> Result<Self> {
        let def = set.entity.def();
        let mut keys = Vec::new();
        for (at, key) in sort_keys(set, order)?.into_iter().enumerate() {
            let of = order.get(at).map(|order| order.field);
            let id = Field { kind: Type::Integer, searchable: true, sortable: true };
            let field = if of.is_none() { Some(&id) } else { fields.get(key.path.as_str()) };
            let Some(field) = field.filter(|field| field.sortable && field.searchable && !key.part) else {
                let name = of.map_or("id", |field| def.field(field).name);
                return Err(Error::unsupported(format!("This Odoo cannot sort {} by {name}.", def.name)));
            };
            let blanks = match of.and_then(|field| set.field(field)).map(|mapping| &mapping.from) {
                Some(From::First { none, .. }) => none.as_slice(),
                _ => &[],
            };
            let split = key.nullable && (field.kind == Type::Text || (!nulls_last && key.direction == Direction::Desc));
            keys.push(Key {
                path: key.path.as_str(),
                direction: key.direction,
                nullable: key.nullable,
                kind: field.kind,
                of: of.map(|field| def.field(field).kind),
                blanks,
                split,
            });
        }
        let this = Self { keys, zone };
        let inner = this.grain().map_or(&[][..], |grain| &this.keys[grain + 1..]);
        if inner.iter().any(|key| key.split || key.kind == Type::DateTime) {
            return Err(Error::unsupported(
                "Odoo keeps a date with its time of day: sort by it alone, or after the other fields.",
            ));
        }
        Ok(this)
    }

    /// The place of the key by which rows with different values in the database show the same: a moment.
    pub(super) fn grain(&self) -> Option<usize> {
        self.keys.iter().position(|key| key.kind == Type::DateTime)
    }

    /// How many rows more than wanted are read to see a group's end: those of a day, or of a second.
    pub(super) fn slack(&self) -> usize {
        match self.grain().and_then(|grain| self.keys[grain].of) {
            Some(Kind::Date) => 40,
            Some(_) => 10,
            None => 0,
        }
    }

    /// Whether keys follow the grain before the id.
    pub(super) fn has_inner_keys(&self) -> bool {
        self.grain().is_some_and(|grain| grain + 2 < self.keys.len())
    }

    /// Whether the list ends with the smallest id of equal rows.
    pub(super) fn ids_descend(&self) -> bool {
        self.keys.last().is_some_and(|key| key.direction == Direction::Desc)
    }

    /// The segments of a list in their order.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let mut segments = vec![Vec::new()];
        for key in &self.keys {
            let flags: &[Option<bool>] = if key.split { &[Some(false), Some(true)] } else { &[None] };
            segments = segments.iter().flat_map(|s| flags.iter().map(|flag| [&s[..], &[*flag]].concat())).collect();
        }
        segments
    }

    /// The segment that a position is in.
    pub(super) fn segment_of(&self, values: &[Value]) -> Segment {
        let null = |at: usize| values.get(at).is_some_and(Value::is_null);
        self.keys.iter().enumerate().map(|(at, key)| key.split.then(|| null(at))).collect()
    }

    /// What holds for the rows of a segment.
    pub(super) fn condition(&self, segment: &Segment) -> SourceFilter {
        let flags = self.keys.iter().zip(segment).filter_map(|(key, flag)| {
            let values = vec![Literal::Bool((*flag)?)];
            Some(SourceFilter::Is(SourceCondition { path: key.path.into(), op: SourceOp::IsNull, values }))
        });
        SourceFilter::and(flags.collect())
    }

    /// What holds for the rows of a group: those that show the same up to the grain.
    pub(super) fn group(&self, values: &[Value]) -> SourceFilter {
        let upto = self.grain().map_or(0, |grain| grain + 1);
        let same = self.keys[..upto].iter().zip(values).map(|(key, value)| {
            let (op, value) = match literal(value) {
                Some(value) => (SourceOp::Eq, value),
                None => (SourceOp::IsNull, Literal::Bool(true)),
            };
            SourceFilter::Is(SourceCondition { path: key.path.into(), op, values: vec![value] })
        });
        SourceFilter::and(same.collect())
    }

    /// Whether two rows belong to the same group.
    pub(super) fn same_group(&self, a: &[Value], b: &[Value]) -> bool {
        let upto = self.grain().map_or(0, |grain| grain + 1);
        a.get(..upto) == b.get(..upto)
    }

    /// Odoo's order clause for a segment.
    pub(super) fn clause(&self, segment: &Segment) -> String {
        self.clause_of(self.keys.iter().zip(segment).filter(|(_, flag)| **flag != Some(true)).map(|(key, _)| key))
    }

    /// Odoo's order clause within a group.
    pub(super) fn inner_clause(&self) -> String {
        self.clause_of(self.keys.iter().skip(self.grain().map_or(0, |grain| grain + 1)))
    }

    fn clause_of<'k>(&self, keys: impl Iterator<Item = &'k Key<'m>>) -> String
    where
        'm: 'k,
    {
        let terms = keys.map(|key| {
            // Ascending, PostgreSQL puts rows without a value last by itself.
            let last = if key.nullable && !key.split && key.direction == Direction::Desc { " nulls last" } else { "" };
            let direction = if key.direction == Direction::Desc { " desc" } else { "" };
            format!("{}{direction}{last}", key.path)
        });
        terms.collect::<Vec<_>>().join(", ")
    }

    /// The fields that a position is made of.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'m str> {
        self.keys.iter().map(|key| key.path)
    }

    /// The values of the order's fields in a row.
    ///
    /// # Errors
    /// `BadResponse` where one cannot be read: the list could not go on after that row.
    pub(super) fn values(&self, cells: &Cells<'_>) -> Result<Vec<Value>> {
        let keys = self.keys.iter().filter_map(|key| Some((key, key.of?)));
        let values = keys.map(|(key, of)| {
            let raw = cells.get(key.path).map_or("null", |raw| raw.get());
            self.value(key, of, raw).ok_or_else(|| {
                let shown: String = raw.chars().take(80).collect();
                Error::bad_response(format!("Odoo's {} cannot be sorted by.", key.path)).with_detail(shown)
            })
        });
        values.collect()
    }

    fn value(&self, key: &Key<'_>, of: Kind, raw: &str) -> Option<Value> {
        if matches!(raw, "null" | "false") {
            return Some(Value::Null);
        }
        let text: Cow<'_, str> = if raw.starts_with('"') { serde_json::from_str::<String>(raw).ok()?.into() } else { raw.into() };
        let moment = || NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok().map(|moment| moment.and_utc());
        Some(match of {
            Kind::Date if key.kind == Type::DateTime => Value::Date(moment()?.with_timezone(&self.zone).date_naive()),
            Kind::Date => Value::Date(text.parse::<NaiveDate>().ok()?),
            Kind::DateTime => Value::DateTime(moment()?),
            Kind::Int => Value::Int(text.parse().ok()?),
            Kind::Decimal | Kind::Money(_) => {
                Value::Decimal(Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text)).ok()?)
            }
            _ if key.nullable && (text.is_empty() || key.blanks.iter().any(|blank| **blank == *text)) => Value::Null,
            _ => Value::Text(text.into()),
        })
    }
}

/// Where a list goes on after a row.
pub(super) fn position(values: &[Value], id: i64) -> Position {
    Position::After { values: values.to_vec(), id: id.to_string().into() }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::resolved, *};
    use crate::model::EntityType;

    fn sorting<T>(version: u32, entity: EntityType, order: &[(&str, Direction)], f: impl FnOnce(Result<Sorting<'_>>) -> T) -> T {
        let (set, models) = resolved(version, entity);
        let order: Vec<_> = order
            .iter()
            .map(|(name, direction)| Order { field: entity.def().id_of(name).expect("a field"), direction: *direction })
            .collect();
        f(Sorting::new(&set, &order, &models[set.set.as_str()], version >= 17, chrono_tz::Europe::Berlin))
    }

    fn clauses(version: u32, entity: EntityType, order: &[(&str, Direction)]) -> Vec<String> {
        sorting(version, entity, order, |sorting| {
            let sorting = sorting.expect("sortable");
            sorting.segments().iter().map(|segment| sorting.clause(segment)).collect()
        })
    }

    use Direction::{Asc, Desc};
    use EntityType::{Invoice, SalesOrder};

    #[test]
    fn rows_without_a_value_come_last_in_every_version() {
        assert_eq!(clauses(19, Invoice, &[("issueDate", Desc)]), ["invoice_date desc nulls last, id desc"]);
        assert_eq!(clauses(19, Invoice, &[("issueDate", Asc)]), ["invoice_date, id"]);
        assert_eq!(clauses(16, Invoice, &[("issueDate", Asc)]), ["invoice_date, id"]);
        assert_eq!(clauses(16, Invoice, &[("issueDate", Desc)]), ["invoice_date desc, id desc", "id desc"]);
        assert_eq!(clauses(19, Invoice, &[("number", Asc)]), ["name, id", "id"], "drafts have several kinds of no number");
        let four = ["invoice_date desc, invoice_date_due desc, id desc", "invoice_date desc, id desc", "invoice_date_due desc, id desc", "id desc"];
        assert_eq!(clauses(16, Invoice, &[("issueDate", Desc), ("dueDate", Desc)]), four);
        assert_eq!(clauses(16, Invoice, &[("total", Desc)]), ["amount_total desc, id desc"], "never null");
    }

    #[test]
    fn a_position_knows_its_segment() {
        sorting(16, Invoice, &[("issueDate", Desc)], |sorting| {
            let sorting = sorting.expect("sortable");
            let day = Value::Date("2026-01-31".parse().expect("a date"));
            assert_eq!(sorting.segment_of(&[day]), sorting.segments()[0]);
            assert_eq!(sorting.segment_of(&[Value::Null]), sorting.segments()[1]);
        });
    }

    #[test]
    fn positions_hold_what_rows_show() {
        let row = r#"{"id":7,"name":"/","amount_total":1e2,"invoice_date":false,"date_order":"2026-01-31 23:30:00"}"#;
        let row = RawValue::from_string(row.to_owned()).expect("JSON");
        let cells = cells(&row).expect("a row");
        let values = |entity, field| sorting(17, entity, &[(field, Asc)], |s| s.expect("sortable").values(&cells).expect("values"));
        assert_eq!(values(Invoice, "number"), [Value::Null], "a draft has no number");
        assert_eq!(values(Invoice, "issueDate"), [Value::Null]);
        assert_eq!(values(Invoice, "total"), [Value::Decimal(100.into())]);
        assert_eq!(values(SalesOrder, "orderDate"), [Value::Date("2026-02-01".parse().expect("a date"))], "an hour ahead");
    }

    #[test]
    fn only_one_moment_and_nothing_split_after_it() {
        let refused = |entity, order: &[(&str, Direction)]| sorting(19, entity, order, |s| s.err().map(|e| e.kind));
        assert_eq!(refused(SalesOrder, &[("orderDate", Desc), ("total", Asc)]), None);
        assert_eq!(refused(SalesOrder, &[("orderDate", Desc), ("deliveryDate", Asc)]), Some(crate::ErrorKind::Unsupported));
        assert_eq!(refused(Invoice, &[("remoteUpdatedAt", Desc), ("number", Asc)]), Some(crate::ErrorKind::Unsupported));
        assert_eq!(refused(Invoice, &[("number", Asc), ("remoteUpdatedAt", Desc)]), None);
    }

    #[test]
    fn ids_are_read_with_and_without_a_name() {
        let id = |text: &str| id_of(&RawValue::from_string(text.to_owned()).expect("JSON"));
        assert_eq!((id("7"), id(r#"[7, "a, b"]"#), id("false"), id("[]")), (Some(7), Some(7), None, None));
    }
}
