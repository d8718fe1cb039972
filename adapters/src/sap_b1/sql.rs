//! Queries in SQL that the Service Layer keeps for the gateway (guide, chapter 4; 10.0 FP 2011 and later, on both databases): the
//! only way to sum the lines of postings, and to the table of exchange rates. They are stored under a name made of their text and
//! take their values as parameters, so that they stay few. Only where the setting `sql_queries` allows it.

use super::{
    dialect::{Columns, Dialect, Holds},
    service::Service,
    supplement::WHOLE,
};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
    filter::Filter,
    mapping::{Fit, Literal, Pushed, SetMapping, SourceCondition, SourceFilter, SourceOp, push},
};
use bytes::Bytes;
use serde_json::json;

/// A set as tables and columns.
pub(super) struct Tables<'m> {
    from: &'m str,
    columns: &'m toml::Table,
}

impl<'m> Tables<'m> {
    /// Those of a set, if its mapping names them.
    pub(super) fn of(set: &'m SetMapping) -> Option<Self> {
        let sql = set.options.get("sql")?.as_table()?;
        Some(Self { from: sql.get("from")?.as_str()?, columns: sql.get("columns")?.as_table()? })
    }

    /// The column of a property.
    pub(super) fn column(&self, path: &str) -> Option<&'m str> {
        self.columns.get(path)?.as_str()
    }
}

/// A query with its parameters.
pub(super) struct Statement {
    select: String,
    from: String,
    conditions: Vec<String>,
    after: String,
    parameters: Vec<String>,
}

impl Statement {
    /// Selects from the tables of a set the rows that pass a filter; what the database cannot evaluate exactly is left.
    pub(super) fn new(
        select: String,
        tables: &Tables<'_>,
        set: &SetMapping,
        filter: &Filter,
        dialect: &Dialect<'_>,
    ) -> Result<(Self, Filter)> {
        let mut statement = Self {
            select,
            from: tables.from.to_owned(),
            conditions: Vec::new(),
            after: String::new(),
            parameters: Vec::new(),
        };
        // Here the elements have rows of their own.
        let mut flat = set.clone();
        flat.each = None;
        let fit = |condition: &SourceCondition| {
            let known = tables.column(&condition.path).is_some();
            let search = matches!(condition.op, SourceOp::Contains | SourceOp::StartsWith);
            if known && !search { dialect.fit(condition) } else { Fit::No }
        };
        let Pushed { source, left } = push(&dialect.columns.tidy(filter), &flat, true, &fit);
        if !source.is_all() {
            let condition = statement.condition(&source, tables, dialect.columns)?;
            statement.conditions.push(condition);
        }
        Ok((statement, left))
    }

    /// The same in groups.
    pub(super) fn grouped(mut self, by: &[&str]) -> Self {
        if !by.is_empty() {
            self.after = format!(" GROUP BY {}", by.join(", "));
        }
        self
    }

    /// The same with a further condition.
    pub(super) fn and(mut self, filter: &SourceFilter, tables: &Tables<'_>, columns: &Columns) -> Result<Self> {
        let condition = self.condition(filter, tables, columns)?;
        self.conditions.push(condition);
        Ok(self)
    }

    fn condition(&mut self, filter: &SourceFilter, tables: &Tables<'_>, columns: &Columns) -> Result<String> {
        let (parts, with) = match filter {
            SourceFilter::Is(condition) => return self.compare(condition, tables, columns),
            none if none.is_none() => return Ok("1 = 0".to_owned()),
            SourceFilter::And(parts) => (parts, " AND "),
            SourceFilter::Or(parts) => (parts, " OR "),
        };
        let parts: Vec<_> = parts.iter().map(|part| self.condition(part, tables, columns)).collect::<Result<_>>()?;
        Ok(format!("({})", parts.join(with)))
    }

    fn compare(&mut self, is: &SourceCondition, tables: &Tables<'_>, columns: &Columns) -> Result<String> {
        let column = tables.column(&is.path).ok_or_else(|| Error::invalid("a comparison with an unknown column"))?;
        let holds = columns.holds(&is.path);
        let sign = match is.op {
            SourceOp::Eq | SourceOp::In => "=",
            SourceOp::Neq => "<>",
            SourceOp::Gt => ">",
            SourceOp::Gte => ">=",
            SourceOp::Lt => "<",
            SourceOp::Lte => "<=",
            SourceOp::IsNull if is.values.first() == Some(&Literal::Bool(true)) => {
                return Ok(format!("{column} IS NULL"));
            }
            SourceOp::IsNull => return Ok(format!("{column} IS NOT NULL")),
            SourceOp::Contains | SourceOp::StartsWith => return Err(Error::invalid("a search in SQL")),
        };
        let alternatives = columns.spellings(holds, &is.values).into_iter().map(|value| {
            self.parameters.push(parameter(holds, &value)?);
            Ok(format!("{column} {sign} :p{}", self.parameters.len() - 1))
        });
        let alternatives = alternatives.collect::<Result<Vec<_>>>()?;
        let differs = is.op == SourceOp::Neq;
        let joined = alternatives.join(if differs { " AND " } else { " OR " });
        Ok(if differs { format!("(({joined}) OR {column} IS NULL)") } else { format!("({joined})") })
    }

    fn text(&self) -> String {
        let conditions = if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        };
        format!("SELECT {} FROM {}{conditions}{}", self.select, self.from, self.after)
    }

    /// The rows, all of them in one page: pages of a query have no order to be continued by.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the service has no such queries, or does not give so many rows at once.
    pub(super) async fn rows(&self, service: &Service, ctx: &Ctx) -> Result<Vec<Bytes>> {
        let text = self.text();
        let code = format!("GW{:016X}", fnv(text.as_bytes()));
        let list = format!("SQLQueries('{code}')/List");
        let parameters: Vec<_> =
            self.parameters.iter().enumerate().map(|(at, value)| format!("p{at}={value}")).collect();
        let body = json!({ "ParamList": parameters.join("&") });
        let page = match service.post(ctx, &list, "query", &body, WHOLE).await {
            Err(error) if error.kind == ErrorKind::NotFound => {
                let new = json!({ "SqlCode": code, "SqlName": "ERP gateway", "SqlText": text });
                match service.post(ctx, "SQLQueries", "store_query", &new, WHOLE).await {
                    // Another gateway was faster.
                    Err(error) if !error.detail.as_deref().is_some_and(|detail| detail.contains("-2035")) => {
                        Err(error)?
                    }
                    _ => service.post(ctx, &list, "query", &body, WHOLE).await,
                }
            }
            answer => answer,
        };
        let page = page.and_then(|answer| crate::odata::body::Page::read(&answer.body)).map_err(|error| {
            if error.detail.as_deref().is_some_and(|detail| detail.contains("Unrecognized resource path")) {
                return Error::unsupported("This Service Layer has no SQL queries: they came with 10.0 FP 2011.");
            }
            error
        })?;
        if page.more {
            return Err(Error::unsupported("The Service Layer does not give so many rows at once: narrow the filter."));
        }
        Ok(page.rows)
    }
}

/// A value of a parameter. There is no word on how a quote or an ampersand is escaped: text with one is refused.
fn parameter(holds: Holds, value: &Literal) -> Result<String> {
    let wrong = || Error::unsupported("This text cannot be compared in SQL queries of the Service Layer.");
    Ok(match value {
        Literal::Number(number) => number.to_string(),
        Literal::Date(day) => format!("'{}'", day.format("%Y%m%d")),
        Literal::Text(text) if matches!(holds, Holds::Number | Holds::Digits) => {
            text.parse::<i64>().map_err(|_| wrong())?.to_string()
        }
        Literal::Text(text)
            if !text.contains(['\'', '&', '"', '\\', ':', ';']) && !text.chars().any(char::is_control) =>
        {
            format!("'{text}'")
        }
        _ => return Err(wrong()),
    })
}

/// A number made of a text that stays the same from release to release (FNV-1a).
fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
