//! `SQLQueries`: queries that a client saves and runs by `List`, as the guide's chapter "SQL Query" has them.
//!
//! Of its keywords: `SELECT` with `DISTINCT`, `TOP`, `WHERE`, `GROUP BY`, `HAVING`, `ORDER BY`, inner and left joins,
//! `AND`, `OR`, `NOT`, `BETWEEN`, `LIKE`, `IN` of a list, `IS NULL`; of its functions all. Refused although the real one
//! has them: `UNION`, right and full joins, subqueries, and columns that are not filled here (as if they were not
//! allowed). There is no arithmetic and no function of dates in its lists, so both are refused as it words that.

mod error;
mod expressions;
mod lexer;
mod parser;
mod query;
mod tables;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use self::{
    error::Error,
    lexer::{Token, words},
    query::Params,
};
use super::{
    call::{Answer, Call},
    list::{Window, context},
    options::QueryOptions,
    refusal::Refusal,
    url::decode,
    version::Version,
};
use crate::{
    decimal::Dec,
    store::{Cell, Tables},
};

/// The set.
pub(super) const SET: &str = "SQLQueries";

/// What `POST` and `PATCH` send.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    sql_code: Option<String>,
    sql_name: Option<String>,
    sql_text: Option<String>,
}

fn body(call: &Call<'_>) -> Result<Body, Refusal> {
    serde_json::from_slice(call.body).map_err(|_| Refusal::body())
}

fn checked(text: &str) -> Result<(String, Cell), Refusal> {
    let parsed = parser::parse(text)?;
    let ungrouped = parsed.query.items.iter().find(|item| {
        let grouped = !parsed.query.group.is_empty() || parsed.query.items.iter().any(|item| item.expr.has_total());
        grouped && !item.expr.is_grouped(&parsed.query.group)
    });
    if let Some(item) = ungrouped {
        let why = format!("Column '{}' must be in the GROUP BY clause.", item.alias);
        return Err(Error::syntax(text, item.at, &why).into());
    }
    let params = (!parsed.params.is_empty()).then(|| parsed.params.join(","));
    Ok((parsed.text, params.into()))
}

/// Saves a query, and gives its code.
///
/// # Errors
/// If it is not valid, or there is one of that code.
pub(super) fn create(call: &Call<'_>, tables: &mut Tables, today: NaiveDate) -> Result<String, Refusal> {
    let body = body(call)?;
    let (Some(code), Some(text)) = (body.sql_code, body.sql_text) else { return Err(Refusal::body()) };
    let (text, params) = checked(&text)?;
    if tables[SET].find("SqlCode", code.as_str()).is_some() {
        return Err(Refusal::exists());
    }
    let values = [
        ("SqlCode", code.as_str().into()),
        ("SqlName", body.sql_name.into()),
        ("SqlText", text.into()),
        ("ParamList", params),
        ("CreateDate", today.into()),
        ("UpdateDate", today.into()),
    ];
    tables[SET].push(values).map_err(|_| Refusal::body())?;
    Ok(code)
}

/// Changes a saved query.
///
/// # Errors
/// If there is none of that code, or it would not be valid.
pub(super) fn update(call: &Call<'_>, code: &str, tables: &mut Tables, today: NaiveDate) -> Result<Answer, Refusal> {
    let body = body(call)?;
    let id = tables[SET].find("SqlCode", code).map(|row| row.id()).ok_or_else(Refusal::no_record)?;
    let mut values = vec![("UpdateDate", Cell::from(today))];
    if let Some(name) = body.sql_name {
        values.push(("SqlName", name.into()));
    }
    if let Some(text) = body.sql_text {
        let (text, params) = checked(&text)?;
        values.extend([("SqlText", text.into()), ("ParamList", params)]);
    }
    tables[SET].update(id, values).map_err(|_| Refusal::body())?;
    Ok(Answer::empty())
}

/// Removes a saved query.
///
/// # Errors
/// If there is none of that code.
pub(super) fn delete(code: &str, tables: &mut Tables) -> Result<Answer, Refusal> {
    let id = tables[SET].find("SqlCode", code).map(|row| row.id()).ok_or_else(Refusal::no_record)?;
    tables[SET].delete(id);
    Ok(Answer::empty())
}

/// Runs a saved query. The parameters come in the query string, or by POST in `ParamList`.
///
/// # Errors
/// If there is none of that code, or a parameter has no value.
pub(super) fn list(call: &Call<'_>, code: &str, tables: &Tables, page_size: usize) -> Result<Answer, Refusal> {
    let saved = tables[SET].find("SqlCode", code).ok_or_else(Refusal::no_record)?;
    let text = saved["SqlText"].as_str().unwrap_or_default();
    let options = QueryOptions::parse(call.query)?;
    let (sent, params) = params(call)?;
    let parsed = parser::parse(text)?;
    if parsed.params.iter().any(|name| !params.contains_key(name)) {
        return Err(Error::parameter().into());
    }
    let rows = parsed.query.run(tables, &params)?;
    let aliases: Vec<&str> = parsed.query.items.iter().map(|item| item.alias.as_str()).collect();
    let window = Window::new(&options, call.preferences.page_size.unwrap_or(page_size));
    let shown = rows.iter().skip(options.skip).take(window.limit.unwrap_or(usize::MAX));
    let value: Vec<_> = shown.map(|cells| Line { aliases: &aliases, cells }).collect();
    let next = window.followed(value.len()).map(|page| {
        // Without parameters, too, the sample of the guide has the ampersand.
        format!("{SET}('{}')/List?{sent}&$skip={}", code.replace('\'', "''"), options.skip + page)
    });
    let context = context(call, "SAPB1.SQLQueryResult");
    let page = Page { version: call.version, context, text, value: &value, next };
    Ok(Answer::json(call.version, &page).confirming(call.preferences))
}

/// The parameters as they were sent, and their values.
fn params(call: &Call<'_>) -> Result<(String, Params), Refusal> {
    let from_body = serde_json::from_slice::<Value>(call.body).ok();
    let from_body = from_body.as_ref().and_then(|body| body.get("ParamList")?.as_str());
    let own = |pair: &&str| !pair.is_empty() && !pair.starts_with('$') && !pair.starts_with("%24");
    let (sent, decoded): (String, Vec<String>) = match from_body {
        Some(list) => {
            (list.to_owned(), super::options::split_outside(list, '&').into_iter().map(str::to_owned).collect())
        }
        None => {
            let pairs: Vec<&str> = call.query.split('&').filter(own).collect();
            (pairs.join("&"), pairs.into_iter().map(decode).collect())
        }
    };
    let mut params = BTreeMap::new();
    for pair in decoded.iter().filter(|pair| !pair.is_empty()) {
        let (name, literal) = pair.split_once('=').ok_or_else(Error::parameter)?;
        let words = words(literal).map_err(|_| Error::parameter())?;
        let value = match words.iter().map(|word| &word.token).collect::<Vec<_>>().as_slice() {
            [Token::Text(text)] => Cell::from(text.as_str()),
            [Token::Number(number)] => (*number).into(),
            [Token::Symbol("-"), Token::Number(number)] => Dec::new(-number.units, number.scale).into(),
            _ => return Err(Error::parameter().into()),
        };
        params.insert(name.trim().to_owned(), value);
    }
    Ok((sent, params))
}

/// A page of a result, which tells the text of the query as well.
struct Page<'a> {
    version: Version,
    context: String,
    text: &'a str,
    value: &'a [Line<'a>],
    next: Option<String>,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.version.annotation("odata.metadata"), &self.context)?;
        map.serialize_entry("SqlText", self.text)?;
        map.serialize_entry("value", self.value)?;
        if let Some(next) = &self.next {
            map.serialize_entry(self.version.annotation("odata.nextLink"), next)?;
        }
        map.end()
    }
}

/// A row: its members in the order of their names, days as `20261121`.
struct Line<'a> {
    aliases: &'a [&'a str],
    cells: &'a [Cell],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members: Vec<_> = self.aliases.iter().zip(self.cells).collect();
        members.sort_by_key(|(alias, _)| **alias);
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (alias, cell) in members {
            match cell {
                Cell::Date(day) => map.serialize_entry(alias, &day.format("%Y%m%d").to_string())?,
                cell => map.serialize_entry(alias, cell)?,
            }
        }
        map.end()
    }
}
