//! From a statement to the rows that it asks for.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    entities::{Entity, Kind, Property},
    fault::Fault,
    parser::{Condition, Literal, Operator, Statement},
};
use crate::{
    decimal::Dec,
    store::{Cell, Filter, Match, Op, Row, Set, Sort, Table},
};

/// The most objects in one answer.
pub(super) const MAX_RESULTS: i64 = 1000;

/// What the values of a statement are read against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// The zone of a time without one.
    pub(super) zone: Tz,
    /// What `CURRENT_DATE` is.
    pub(super) today: NaiveDate,
}

/// A statement whose names and values are good.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) entity: &'static Entity,
    pub(super) count: bool,
    /// The first object, counted from 1.
    pub(super) start: usize,
    filter: Filter,
    sorts: Vec<Sort>,
    max: usize,
}

/// The entity of a statement.
pub(super) fn entity(statement: &Statement) -> Result<&'static Entity, Fault> {
    Entity::named(&statement.entity)
        .ok_or_else(|| Fault::query(&format!("Metadata not found for Entity: {}", statement.entity)))
}

impl Search {
    /// Looks up the names of a statement and reads its values.
    pub(super) fn new(statement: &Statement, table: &Table, context: Context) -> Result<Self, Fault> {
        let entity = entity(statement)?;
        let start = within(statement.start, i64::MAX)?;
        let max = within(statement.max, MAX_RESULTS)?;
        for name in &statement.also {
            if !entity.knows(name) {
                return Err(unknown(entity, name));
            }
        }
        let mut filters = Vec::new();
        for condition in &statement.conditions {
            let property = property(entity, &condition.property, "queryable", |property| property.filterable)?;
            filters.push(match property.name {
                AS_OF => as_of(condition, property, table, context)?,
                _ => reading(condition, property, table, context)?,
            });
        }
        if entity.property(AS_OF).is_some() && !asks_for(statement, AS_OF) {
            filters.push(in_force(table, context.today));
        }
        if entity.has_active() && !asks_for(statement, "Active") {
            filters.push(Filter::eq(column(table, "Active"), true));
        }
        let mut sorts = Vec::new();
        for (name, descending) in &statement.order {
            let property = property(entity, name, "sortable", |property| property.sortable)?;
            sorts.push(Sort {
                column: column(table, compared_by(property)),
                descending: *descending,
                nulls_first: !descending,
            });
        }
        if sorts.is_empty() {
            let (name, descending) = entity.order;
            sorts.push(Sort { column: column(table, name), descending, nulls_first: false });
        }
        let filter = if filters.is_empty() { Filter::All } else { Filter::And(filters) };
        Ok(Self { entity, count: statement.count, start, filter, sorts, max })
    }

    /// How many objects fulfil the conditions.
    pub(super) fn count(&self, table: &Table) -> usize {
        table.count(&self.filter)
    }

    /// The page asked for.
    pub(super) fn rows<'t>(&self, table: &'t Table) -> Vec<Row<'t>> {
        table.page(&self.filter, &self.sorts, self.start - 1, Some(self.max))
    }

    /// Whether a first page of so many objects has all there are.
    pub(super) fn is_complete(&self, found: usize) -> bool {
        self.start == 1 && found < self.max
    }
}

fn within(value: i64, max: i64) -> Result<usize, Fault> {
    match value {
        ..1 => Err(Fault::query(&format!("value {value} is too small. Min allowed value is 1"))),
        _ if value > max => Err(Fault::query(&format!("value {value} is too large. Max allowed value is {max}"))),
        _ => Ok(usize::try_from(value).unwrap_or(usize::MAX)),
    }
}

fn property(
    entity: &'static Entity,
    name: &str,
    ability: &str,
    able: impl Fn(&Property) -> bool,
) -> Result<&'static Property, Fault> {
    match entity.property(name) {
        Some(property) if able(property) => Ok(property),
        _ if entity.knows(name) => Err(Fault::query(&format!("property '{name}' is not {ability}"))),
        _ => Err(unknown(entity, name)),
    }
}

fn unknown(entity: &Entity, name: &str) -> Fault {
    Fault::query(&format!("Property {name} not found for Entity {}", entity.name))
}

/// The day from which on an exchange rate is in force.
const AS_OF: &str = "AsOfDate";

fn asks_for(statement: &Statement, property: &str) -> bool {
    statement.conditions.iter().any(|condition| condition.property.eq_ignore_ascii_case(property))
}

/// `AsOfDate = '2015-07-07'` finds the rate in force on that day, though it was set before (Intuit's page of ExchangeRate,
/// where it finds a rate of 2015-05-15). Without the condition it is taken to be today; other operators are taken to be
/// refused.
fn as_of(condition: &Condition, property: &Property, table: &Table, context: Context) -> Result<Filter, Fault> {
    match (condition.operator, condition.values.first()) {
        (Operator::Equal, Some(value)) => {
            let day = cell(value, property, &condition.property, context)?.as_date();
            Ok(in_force(table, day.unwrap_or(context.today)))
        }
        (operator, _) => Err(unsupported(operator, condition)),
    }
}

/// The rate of a currency that is in force on a day.
pub(super) fn exchange_rate(table: &Table, code: &str, day: NaiveDate) -> Filter {
    let code = Filter::eq(column(table, "sourcecurrencycode"), code.to_lowercase());
    Filter::And(vec![code, in_force(table, day)])
}

fn in_force(table: &Table, day: NaiveDate) -> Filter {
    let until = column(table, "Until");
    Filter::And(vec![
        Filter::Compare(column(table, AS_OF), Op::Le, day.into()),
        Filter::Or(vec![Filter::Null(until), Filter::Compare(until, Op::Gt, day.into())]),
    ])
}

fn unsupported(operator: Operator, condition: &Condition) -> Fault {
    let sign = operator.image();
    Fault::query(&format!("operator {sign} is not supported for property '{}'", condition.property))
}

/// The column by which a property is compared and sorted.
fn compared_by(property: &Property) -> &'static str {
    if matches!(property.kind, Kind::Text | Kind::Word) { property.lower } else { property.name }
}

/// The position of a column that the front itself made.
fn column(table: &Table, name: &str) -> usize {
    table.column(name).unwrap_or_else(|| panic!("table {} has no field {name}", table.name()))
}

fn reading(condition: &Condition, property: &Property, table: &Table, context: Context) -> Result<Filter, Fault> {
    let Condition { operator, values, .. } = condition;
    let allowed = match property.kind {
        Kind::Id | Kind::Flag | Kind::Word => matches!(operator, Operator::Equal | Operator::In),
        Kind::Text => true,
        Kind::Number | Kind::Date | Kind::Time => *operator != Operator::Like,
    };
    if !allowed {
        return Err(unsupported(*operator, condition));
    }
    let compared = column(table, compared_by(property));
    if let (Operator::Like, Some(Literal::Text(pattern))) = (operator, values.first()) {
        // `%` is the only wildcard; the store knows two more special characters.
        let pattern = pattern.to_lowercase().replace('\\', r"\\").replace('_', r"\_");
        return Ok(Filter::text(compared, Match::Like, &pattern, false));
    }
    // "Null is represented as the string ' '", says the page "Query operations and syntax".
    let is_null =
        |value: &Literal| !matches!(property.kind, Kind::Id | Kind::Word) && *value == Literal::Text(" ".to_owned());
    if *operator == Operator::Equal && values.iter().all(is_null) {
        return Ok(Filter::Null(compared));
    }
    let cells = values
        .iter()
        .map(|value| cell(value, property, &condition.property, context))
        .collect::<Result<Vec<_>, _>>()?;
    let op = match operator {
        Operator::Less => Op::Lt,
        Operator::Greater => Op::Gt,
        Operator::LessOrEqual => Op::Le,
        Operator::GreaterOrEqual => Op::Ge,
        Operator::Equal | Operator::In | Operator::Like => {
            return Ok(Filter::In(compared, cells.into_iter().filter(|cell| !cell.is_null()).collect::<Set>()));
        }
    };
    Ok(Filter::Compare(compared, op, cells.into_iter().next().unwrap_or_default()))
}

/// A value as the column has it; null for an id that no object can have.
fn cell(value: &Literal, property: &Property, name: &str, context: Context) -> Result<Cell, Fault> {
    let text = match value {
        Literal::Text(text) | Literal::Number(text) => text.as_str(),
        Literal::Bool(_) | Literal::Today => "",
    };
    let read = match (property.kind, value) {
        (Kind::Flag, Literal::Bool(flag)) => Some(Cell::from(*flag)),
        (Kind::Flag, _) | (_, Literal::Bool(_)) => None,
        (Kind::Date, Literal::Today) => Some(context.today.into()),
        (Kind::Id, Literal::Text(_) | Literal::Number(_)) => Some(text.parse::<i64>().ok().into()),
        (Kind::Text | Kind::Word, Literal::Text(_) | Literal::Number(_)) => Some(text.to_lowercase().into()),
        (Kind::Number, _) => Dec::parse(text.trim()).map(Cell::from),
        (Kind::Date, Literal::Text(_)) => day(text).map(Cell::from),
        (Kind::Time, Literal::Text(_)) => moment(text, context.zone).map(Cell::from),
        (_, Literal::Number(_) | Literal::Today) => None,
    };
    read.ok_or_else(|| Fault::query(&format!("value {} is not valid for property '{name}'", shown(value))))
}

fn shown(value: &Literal) -> &str {
    match value {
        Literal::Text(text) | Literal::Number(text) => text,
        Literal::Bool(true) => "true",
        Literal::Bool(false) => "false",
        Literal::Today => "CURRENT_DATE",
    }
}

/// A day; of a moment, its day as it is written, since Intuit's .NET SDK sends moments for days.
fn day(text: &str) -> Option<NaiveDate> {
    let (day, time) = text.split_at_checked(10).unwrap_or((text, ""));
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    (time.is_empty() || time.starts_with('T')).then_some(day)
}

/// A moment, with `Z`, an offset with or without a colon, or none; or a day's first moment.
fn moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z") {
        return Some(moment.to_utc());
    }
    let local = match NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        Ok(local) => local,
        Err(_) => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?,
    };
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Some(moment.to_utc()),
        LocalResult::None => Some(local.and_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let zone = chrono_tz::America::Los_Angeles;
        let expected = "2026-03-11T15:14:59Z".parse().ok();
        for text in [
            "2026-03-11T15:14:59Z",
            "2026-03-11T08:14:59-07:00",
            "2026-03-11T08:14:59-0700",
            "2026-03-11T08:14:59.000-07:00",
            "2026-03-11T08:14:59",
        ] {
            assert_eq!(moment(text, zone), expected, "{text}");
        }
        assert_eq!(moment("2026-03-11", zone), "2026-03-11T07:00:00Z".parse().ok());
        // A plus sign that was not percent-encoded arrives as a blank.
        for text in ["2026-03-11T08:14:59 01:00", "2026-13-11", "", "yesterday"] {
            assert_eq!(moment(text, zone), None, "{text}");
        }
        assert_eq!(day("2026-03-11T08:14:59-07:00"), day("2026-03-11"));
        assert_eq!(day("2026-03-11x"), None);
    }
}
