//! Statements of QuickBooks' query language, and how well it evaluates a condition.
//!
//! What a client gave reaches a statement only as a literal between quotes.

use crate::{
    adapter::Order,
    error::{Error, Result},
    mapping::{Fit, From, Literal, SetMapping, SortKey, SourceCondition, SourceFilter, SourceOp, sort_keys},
    model::Direction,
};
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use std::borrow::Cow;

/// The most rows that a query brings.
pub(super) const MAX_ROWS: usize = 1000;

/// Inactive entries are hidden unless the query names `Active`.
const ALSO_INACTIVE: &str = "Active in (true, false)";

/// The name that queries use for a path: the id of a reference and the text of an address are compared under the name of
/// the whole.
pub(super) fn name(path: &str) -> &str {
    path.strip_suffix(".value").or_else(|| path.strip_suffix(".Address")).unwrap_or(path)
}

/// Whether one of the adapter's own lists in the mapping of a set holds a name.
pub(super) fn listed(set: &SetMapping, list: &str, name: &str) -> bool {
    let names = set.options.get(list).and_then(toml::Value::as_array);
    names.is_some_and(|names| names.iter().any(|n| n.as_str() == Some(name)))
}

/// Whether a set is read as a whole, filtered and sorted here.
pub(super) fn is_whole(set: &SetMapping) -> bool {
    set.options.get("whole").and_then(toml::Value::as_bool) == Some(true)
}

/// How well QuickBooks evaluates a condition.
///
/// Text is compared without regard to case, times by the second. There is no "differs" and nothing that finds a missing
/// value. Text orders by a collation that nobody documents.
pub(super) fn fit(set: &SetMapping, condition: &SourceCondition) -> Fit {
    use Literal::{Bool, Date, DateTime, Number, Text};
    use SourceOp::{Contains, Eq, Gt, Gte, In, Lt, Lte, Neq, StartsWith};
    let name = name(&condition.path);
    let key = listed(set, "keys", name);
    if !key && !listed(set, "filterable", name) {
        return Fit::No;
    }
    let values = condition.values.as_slice();
    match (condition.op, values) {
        (Eq | Neq, [Bool(_)]) => Fit::Exact,
        (Eq | In, _)
            if key && values.iter().all(|v| matches!(v, Text(t) if is_quotable(t)) || matches!(v, Bool(_))) =>
        {
            Fit::Exact
        }
        (Eq | In | Gt | Gte | Lt | Lte, _) if !key && values.iter().all(|v| matches!(v, Date(_) | Number(_))) => {
            Fit::Exact
        }
        (Gt | Gte | Lt | Lte, [DateTime(_)]) => Fit::Wider,
        (Eq, [Text(text)]) if !key && (is_quotable(text) || pattern(Eq, text).is_some()) => Fit::Wider,
        (In, _) if !key && values.iter().all(|v| matches!(v, Text(t) if is_quotable(t))) => Fit::Wider,
        (Contains | StartsWith, [Text(text)]) if !key && pattern(condition.op, text).is_some() => Fit::Wider,
        _ => Fit::No,
    }
}

/// Whether a text can be a literal as it is. The parser has refused typographic quotes and dashes, so that everything
/// beyond printable ASCII stays out of statements.
fn is_quotable(text: &str) -> bool {
    !text.trim().is_empty() && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// A pattern for `like` that finds at least every text that the comparison finds: the text itself, or the longest part of
/// it that holds nothing which could be refused or mean something else in a pattern.
fn pattern(op: SourceOp, text: &str) -> Option<String> {
    let plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '%' | '\\');
    let is_plain = text.chars().all(plain);
    let longest = || text.split(|c| !plain(c)).max_by_key(|run| run.len());
    let (start, run) = match op {
        SourceOp::StartsWith if is_plain => ("", text),
        SourceOp::Contains if is_plain => ("%", text),
        _ => ("%", longest()?),
    };
    (!run.trim().is_empty()).then(|| format!("{start}{run}%"))
}

/// What a query selects by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    from: String,
    conditions: Vec<String>,
}

impl Selection {
    /// The rows of a set that pass a filter, as [`push`](crate::mapping::push) made it for a source without alternatives.
    pub(super) fn new(set: &SetMapping, filter: &SourceFilter) -> Result<Self> {
        let mut conditions = Vec::new();
        collect(filter, &mut conditions)?;
        let hides = set.options.get("hides-inactive").and_then(toml::Value::as_bool) == Some(true);
        if hides && !conditions.iter().any(|c| c.starts_with("Active ")) {
            conditions.push(ALSO_INACTIVE.to_owned());
        }
        Ok(Self { from: set.set.to_string(), conditions })
    }

    /// Only rows whose field holds one of these ids.
    pub(super) fn within<'i>(mut self, path: &str, ids: impl IntoIterator<Item = &'i str>) -> Self {
        let values = ids.into_iter().map(|id| Literal::Text(id.into())).collect();
        self.conditions.push(render(&SourceCondition { path: path.into(), op: SourceOp::In, values }));
        self
    }

    /// Only rows of this day.
    pub(super) fn on(mut self, field: &str, day: NaiveDate) -> Self {
        self.conditions.push(format!("{field} = {}", quoted(&day.to_string())));
        self
    }

    /// Only rows that have a value in a field of text, or only those that have none.
    pub(super) fn having(mut self, field: &str, value: bool) -> Self {
        // "Null is represented as the string ' '", says Intuit's page of the query language.
        self.conditions.push(if value { format!("{field} like '%'") } else { format!("{field} = ' '") });
        self
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> String {
        format!("select count(*) from {}{}", self.from, self.where_clause())
    }

    /// So many rows in this order, after the first `skip`.
    pub(super) fn rows(&self, order: &str, skip: u64, most: usize) -> String {
        let (from, conditions, start) = (&self.from, self.where_clause(), skip + 1);
        let order = if order.is_empty() { String::new() } else { format!(" orderby {order}") };
        format!("select * from {from}{conditions}{order} startposition {start} maxresults {}", most.min(MAX_ROWS))
    }

    fn where_clause(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!(" where {}", self.conditions.join(" and ")) }
    }
}

fn collect(filter: &SourceFilter, into: &mut Vec<String>) -> Result<()> {
    match filter {
        SourceFilter::And(parts) => parts.iter().try_for_each(|part| collect(part, into)),
        SourceFilter::Is(condition) => {
            into.push(render(condition));
            Ok(())
        }
        SourceFilter::Or(_) => Err(Error::unsupported("QuickBooks knows no alternatives in a query.")),
    }
}

/// A condition that [`fit`] found possible.
fn render(condition: &SourceCondition) -> String {
    let name = name(&condition.path);
    match (condition.op, condition.values.as_slice()) {
        (SourceOp::Neq, [Literal::Bool(b)]) => format!("{name} = {}", !b),
        (SourceOp::In, values) => {
            let values: Vec<_> = values.iter().map(literal).collect();
            format!("{name} in ({})", values.join(", "))
        }
        (op, [Literal::DateTime(moment)]) => {
            // The ERP shows whole seconds and may keep more: a second to each side.
            let second = moment.timestamp_subsec_nanos();
            let floor = *moment - TimeDelta::nanoseconds(second.into());
            let (op, moment) = match op {
                SourceOp::Gt | SourceOp::Gte => (">=", floor),
                _ => ("<=", floor + TimeDelta::seconds(1)),
            };
            format!("{name} {op} {}", quoted(&rfc3339(moment)))
        }
        (op, [Literal::Text(text)]) => match (op, pattern(op, text)) {
            (SourceOp::Eq, _) if is_quotable(text) => format!("{name} = {}", quoted(text)),
            (_, pattern) => format!("{name} like {}", quoted(&pattern.unwrap_or_else(|| "%".to_owned()))),
        },
        (op, values) => {
            let sign = match op {
                SourceOp::Gt => ">",
                SourceOp::Gte => ">=",
                SourceOp::Lt => "<",
                SourceOp::Lte => "<=",
                _ => "=",
            };
            format!("{name} {sign} {}", values.first().map(literal).unwrap_or_default())
        }
    }
}

fn literal(value: &Literal) -> Cow<'static, str> {
    match value {
        Literal::Text(text) => quoted(text).into(),
        Literal::Number(number) => quoted(&number.to_string()).into(),
        Literal::Bool(true) => "true".into(),
        Literal::Bool(false) => "false".into(),
        Literal::Date(date) => quoted(&date.to_string()).into(),
        Literal::DateTime(moment) => quoted(&rfc3339(*moment)).into(),
    }
}

fn rfc3339(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A literal. A backslash escapes the quote and itself; doubling the quote, as SQL does, breaks the statement.
fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\\') {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal.push('\'');
    literal
}

/// The order of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sorting {
    /// What stands after `orderby`. The id is the last key, so that pages by position neither overlap nor leave gaps while
    /// nothing changes.
    pub(super) clause: String,
    /// The first key, where rows may lack a value in it. Nobody documents where such rows come: they are asked for apart.
    pub(super) nullable: Option<String>,
}

/// The order of a list in QuickBooks' names. A field that the set does not have, or that is the same in all of it, needs no
/// key.
pub(super) fn order_by(set: &SetMapping, order: &[Order]) -> Result<Sorting> {
    let varies = |o: &&Order| set.field(o.field).is_some_and(|m| !matches!(m.from, From::Const(_)));
    let kept: Vec<_> = order.iter().filter(varies).copied().collect();
    let mut keys = sort_keys(set, &kept)?;
    if let (Some(id), Some(last)) = (keys.last_mut(), order.last()) {
        id.direction = last.direction;
    }
    if let Some(key) = keys.iter().find(|key| !listed(set, "sortable", name(key.path.as_str()))) {
        let message = format!("QuickBooks cannot sort {} by {}.", set.set, name(key.path.as_str()));
        return Err(Error::unsupported(message));
    }
    Ok(Sorting {
        clause: keys.iter().map(sorted).collect::<Vec<_>>().join(", "),
        nullable: keys.first().filter(|key| key.nullable).map(|key| name(key.path.as_str()).to_owned()),
    })
}

fn sorted(key: &SortKey<'_>) -> String {
    let direction = if key.direction == Direction::Asc { "asc" } else { "desc" };
    format!("{} {direction}", name(key.path.as_str()))
}
