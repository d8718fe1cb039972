//! Sort orders as Odoo takes them, and where they are not the unified ones.
//!
//! Records without a value come last in both directions. Odoo can be told so from 17 on (`nulls last`, odoo/odoo#117439); but
//! a text may be none in two or three ways (null, empty, `/`), of which the database puts some first. By such a key the rows
//! with a value and those without are read apart: the key is split.
//!
//! Moments are kept by the microsecond and shown by the second, and a unified date may be a moment in Odoo. Rows that show
//! the same are a group, in which the next key decides. So are the rows before a split key that is not the first one.

use super::books::{Field, Fields, Type};
use crate::{
    adapter::{Order, Position},
    error::{Error, Result},
    mapping::{From, Literal, SetMapping, SourceCondition, SourceFilter, SourceOp, literal, sort_keys},
    model::{Direction, Kind, Value},
};
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap, ops::Range};

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
    /// What conditions name.
    path: &'m str,
    /// What the order clause and rows name: of a record that is referred to only the reference, which Odoo sorts by that record's
    /// own order.
    column: &'m str,
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

/// A sort order. Its keys are counted from 0; the last one is the id.
pub(super) struct Sorting<'m> {
    keys: Vec<Key<'m>>,
    zone: Tz,
}

impl<'m> Sorting<'m> {
    /// # Errors
    /// `Unsupported` where Odoo cannot sort so.
    pub(super) fn new(
        set: &'m SetMapping,
        order: &[Order],
        fields: &Fields,
        nulls_last: bool,
        zone: Tz,
    ) -> Result<Self> {
        let def = set.entity.def();
        let mut keys = Vec::new();
        for (at, key) in sort_keys(set, order)?.into_iter().enumerate() {
            let of = order.get(at).map(|order| order.field);
            let id = Field { kind: Type::Integer, searchable: true, sortable: true, stored: true, groupable: false };
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
                column: key.path.first(),
                direction: key.direction,
                nullable: key.nullable,
                kind: field.kind,
                of: of.map(|field| def.field(field).kind),
                blanks,
                split,
            });
        }
        if keys.iter().filter(|key| key.kind == Type::DateTime).count() > 1 {
            return Err(Error::unsupported("Odoo keeps these dates with their time of day: sort by one of them only."));
        }
        Ok(Self { keys, zone })
    }

    /// Whether the rows without a value in a key are read apart.
    pub(super) fn is_split(&self, key: usize) -> bool {
        self.keys[key].split
    }

    /// Whether a key is a moment, of which rows show a part only.
    pub(super) fn is_moment(&self, key: usize) -> bool {
        self.keys[key].kind == Type::DateTime
    }

    pub(super) fn is_text(&self, key: usize) -> bool {
        self.keys[key].kind == Type::Text
    }

    pub(super) fn id_key(&self) -> usize {
        self.keys.len() - 1
    }

    /// The first key from which on the database's order is not the unified one, among rows that are equal in the keys from
    /// this one up to there; none where it is.
    pub(super) fn group_end(&self, from: usize) -> Option<usize> {
        (from..self.keys.len()).find_map(|at| match &self.keys[at] {
            key if key.kind == Type::DateTime => Some(at + 1),
            key if key.split && at > from => Some(at),
            _ => None,
        })
    }

    /// How many rows more than wanted are read to see the end of a group: those of a day, or of a second.
    pub(super) fn slack(&self, group_end: usize) -> usize {
        match &self.keys[group_end - 1] {
            key if key.kind == Type::DateTime && matches!(key.of, Some(Kind::DateTime)) => 10,
            _ => 40,
        }
    }

    /// Whether the list ends with the smallest id of equal rows.
    pub(super) fn ids_descend(&self) -> bool {
        self.keys.last().is_some_and(|key| key.direction == Direction::Desc)
    }

    /// What holds for the rows without a value in a key, or for the others.
    pub(super) fn null(&self, key: usize, null: bool) -> SourceFilter {
        let values = vec![Literal::Bool(null)];
        SourceFilter::Is(SourceCondition { path: self.keys[key].path.into(), op: SourceOp::IsNull, values })
    }

    /// What holds for the rows that show the same values in some keys.
    pub(super) fn group(&self, keys: Range<usize>, values: &[Value]) -> SourceFilter {
        let same = keys.map(|at| match values.get(at).and_then(literal) {
            Some(value) => {
                let path = self.keys[at].path.into();
                SourceFilter::Is(SourceCondition { path, op: SourceOp::Eq, values: vec![value] })
            }
            None => self.null(at, true),
        });
        SourceFilter::and(same.collect())
    }

    /// Odoo's order clause for the keys from this one on.
    pub(super) fn clause(&self, from: usize) -> String {
        let terms = self.keys[from..].iter().map(|key| {
            // Ascending, PostgreSQL puts rows without a value last by itself.
            let last = if key.nullable && !key.split && key.direction == Direction::Desc { " nulls last" } else { "" };
            let direction = if key.direction == Direction::Desc { " desc" } else { "" };
            format!("{}{direction}{last}", key.column)
        });
        terms.collect::<Vec<_>>().join(", ")
    }

    /// The fields that a position is made of.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'m str> {
        self.keys.iter().map(|key| key.column)
    }

    /// Whether a key is the name of a record that is referred to.
    pub(super) fn needs_names(&self) -> bool {
        self.keys.iter().any(|key| key.path != key.column)
    }

    /// The values of the order's fields in a row.
    ///
    /// # Errors
    /// `BadResponse` where one cannot be read: the list could not go on after that row.
    pub(super) fn values(&self, cells: &Cells<'_>) -> Result<Vec<Value>> {
        let keys = self.keys.iter().filter_map(|key| Some((key, key.of?)));
        let values = keys.map(|(key, of)| {
            let raw = cells.get(key.column).map_or("null", |raw| raw.get());
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
        if key.path != key.column {
            let (_, name) = serde_json::from_str::<(i64, Box<str>)>(raw).ok()?;
            return Some(Value::Text(name));
        }
        let text: Cow<'_, str> =
            if raw.starts_with('"') { serde_json::from_str::<String>(raw).ok()?.into() } else { raw.into() };
        // Beyond these years a day in another zone may be none at all.
        let moment = || {
            let moment = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok()?.and_utc();
            (0..=9999).contains(&moment.year()).then_some(moment)
        };
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

    fn sorting<T>(
        version: u32,
        entity: EntityType,
        order: &[(&str, Direction)],
        f: impl FnOnce(Result<Sorting<'_>>) -> T,
    ) -> T {
        let (set, models) = resolved(version, entity);
        let order: Vec<_> = order
            .iter()
            .map(|(name, direction)| Order { field: entity.def().id_of(name).expect("a field"), direction: *direction })
            .collect();
        f(Sorting::new(&set, &order, &models[set.set.as_str()], version >= 17, chrono_tz::Europe::Berlin))
    }

    /// The clause of an order, which of its keys are split, and where its groups end.
    fn shape(version: u32, entity: EntityType, order: &[(&str, Direction)]) -> (String, Vec<usize>, Option<usize>) {
        sorting(version, entity, order, |sorting| {
            let sorting = sorting.expect("sortable");
            let split = (0..=sorting.id_key()).filter(|key| sorting.is_split(*key)).collect();
            (sorting.clause(0), split, sorting.group_end(0))
        })
    }

    use Direction::{Asc, Desc};
    use EntityType::{Invoice, SalesOrder};

    #[test]
    fn rows_without_a_value_come_last_in_every_version() {
        let shape = |version, order: &[(&str, Direction)]| {
            let (clause, split, end) = shape(version, Invoice, order);
            (format!("{clause}{split:?}"), end)
        };
        assert_eq!(shape(19, &[("issueDate", Desc)]), ("invoice_date desc nulls last, id desc[]".into(), None));
        assert_eq!(shape(19, &[("issueDate", Asc)]), ("invoice_date, id[]".into(), None));
        assert_eq!(shape(16, &[("issueDate", Asc)]), ("invoice_date, id[]".into(), None));
        assert_eq!(shape(16, &[("issueDate", Desc)]), ("invoice_date desc, id desc[0]".into(), None));
        assert_eq!(shape(16, &[("total", Desc)]), ("amount_total desc, id desc[]".into(), None));
        assert_eq!(shape(19, &[("number", Asc)]), ("name, id[0]".into(), None));
        assert_eq!(shape(19, &[("total", Asc), ("number", Asc)]), ("amount_total, name, id[1]".into(), Some(1)));
        let both = [("issueDate", Desc), ("dueDate", Desc)];
        assert_eq!(shape(16, &both), ("invoice_date desc, invoice_date_due desc, id desc[0, 1]".into(), Some(1)));
    }

    #[test]
    fn rows_of_a_day_are_a_group() {
        assert_eq!(shape(19, SalesOrder, &[("orderDate", Desc)]), ("date_order desc, id desc".into(), vec![], Some(1)));
        let (clause, _, end) = shape(19, SalesOrder, &[("total", Asc), ("orderDate", Desc), ("number", Asc)]);
        assert_eq!((clause.as_str(), end), ("amount_total, date_order desc, name, id", Some(2)));
    }

    #[test]
    fn positions_hold_what_rows_show() {
        let row = r#"{"id":7,"name":"/","amount_total":1e2,"invoice_date":false,"date_order":"2026-01-31 23:30:00"}"#;
        let row = RawValue::from_string(row.to_owned()).expect("JSON");
        let cells = cells(&row).expect("a row");
        let values = |entity, field| {
            sorting(17, entity, &[(field, Asc)], |s| s.expect("sortable").values(&cells).expect("values"))
        };
        assert_eq!(values(Invoice, "number"), [Value::Null], "a draft has no number");
        assert_eq!(values(Invoice, "issueDate"), [Value::Null]);
        assert_eq!(values(Invoice, "total"), [Value::Decimal(100.into())]);
        assert_eq!(
            values(SalesOrder, "orderDate"),
            [Value::Date("2026-02-01".parse().expect("a date"))],
            "an hour ahead"
        );
        let row = RawValue::from_string(r#"{"id":7,"date_order":"+262142-12-31 23:30:00"}"#.to_owned()).expect("JSON");
        let cells = super::cells(&row).expect("a row");
        sorting(17, SalesOrder, &[("orderDate", Asc)], |s| {
            assert!(s.expect("sortable").values(&cells).is_err(), "there is no such day an hour ahead");
        });
    }

    #[test]
    fn only_one_moment_can_be_sorted_by() {
        let refused = |entity, order: &[(&str, Direction)]| sorting(19, entity, order, |s| s.err().map(|e| e.kind));
        assert_eq!(refused(SalesOrder, &[("orderDate", Desc), ("total", Asc)]), None);
        assert_eq!(
            refused(SalesOrder, &[("orderDate", Desc), ("deliveryDate", Asc)]),
            Some(crate::ErrorKind::Unsupported)
        );
    }

    #[test]
    fn ids_are_read_with_and_without_a_name() {
        let id = |text: &str| id_of(&RawValue::from_string(text.to_owned()).expect("JSON"));
        assert_eq!((id("7"), id(r#"[7, "a, b"]"#), id("false"), id("[]")), (Some(7), Some(7), None, None));
    }
}
