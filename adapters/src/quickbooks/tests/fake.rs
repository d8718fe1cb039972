//! QuickBooks in memory, as far as the adapter's statements go: one level of conditions, order, position, batches.

use crate::{
    adapter::Ctx,
    error::Result,
    http::{Http, Request, Response},
};
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

#[derive(Default)]
pub(super) struct Fake {
    tables: Mutex<HashMap<String, Vec<Value>>>,
    refused: Mutex<HashMap<String, String>>,
    reports: Mutex<HashMap<String, String>>,
    /// Each exchange: the path's last part, and the statements.
    log: Mutex<Vec<(String, Vec<String>)>>,
}

impl Fake {
    pub(super) fn new() -> Arc<Self> {
        let fake = Self::default();
        let currency =
            json!({ "Id": "1", "CurrencyPrefs": { "HomeCurrency": { "value": "USD" }, "MultiCurrencyEnabled": true } });
        fake.put("Preferences", vec![currency]);
        let names = json!([{ "Name": "OfferingSku", "Value": "QuickBooks Online Plus" }]);
        fake.put(
            "CompanyInfo",
            vec![json!({ "Id": "1", "CompanyName": "Cascade Ridge Outfitters", "NameValue": names })],
        );
        Arc::new(fake)
    }

    pub(super) fn put(&self, table: &str, rows: Vec<Value>) {
        self.tables.lock().expect("not poisoned").insert(table.to_owned(), rows);
    }

    /// Answers queries of a table with a fault.
    pub(super) fn refuse(&self, table: &str, code: &str) {
        self.refused.lock().expect("not poisoned").insert(table.to_owned(), code.to_owned());
    }

    /// What a report answers.
    pub(super) fn put_report(&self, name: &str, report: &str) {
        self.reports.lock().expect("not poisoned").insert(name.to_owned(), report.to_owned());
    }

    pub(super) fn calls(&self) -> usize {
        self.log.lock().expect("not poisoned").len()
    }

    /// What was asked since the last time, without the preferences.
    pub(super) fn asked(&self) -> Vec<(String, Vec<String>)> {
        let mut log = std::mem::take(&mut *self.log.lock().expect("not poisoned"));
        log.retain(|(_, statements)| !statements.iter().any(|s| s.contains("Preferences")));
        log
    }

    fn answer(&self, statement: &str) -> (&'static str, Value) {
        let words: Vec<_> = statement.split(' ').collect();
        let table = words[3];
        if let Some(code) = self.refused.lock().expect("not poisoned").get(table) {
            return (
                "Fault",
                json!({ "type": "ValidationFault", "Error": [{ "Message": "m", "Detail": "d", "code": code }] }),
            );
        }
        let part = |start: &str, ends: &[&str]| {
            let from = statement.find(start)? + start.len();
            let end = ends.iter().filter_map(|end| statement[from..].find(end)).min().unwrap_or(statement.len() - from);
            Some(statement[from..from + end].to_owned())
        };
        let mut rows = self.tables.lock().expect("not poisoned").get(table).cloned().unwrap_or_default();
        for condition in part(" where ", &[" orderby ", " startposition "]).iter().flat_map(|w| w.split(" and ")) {
            rows.retain(|row| holds(row, condition));
        }
        if words[1] == "count(*)" {
            return ("QueryResponse", json!({ "totalCount": rows.len() }));
        }
        if let Some(order) = part(" orderby ", &[" startposition "]) {
            for key in order.split(", ").collect::<Vec<_>>().into_iter().rev() {
                let (path, direction) = key.split_once(' ').expect("a direction");
                let value = |row: &Value| text(row, path).map(|t| t.parse().map_or((0, t), |n| (n, String::new())));
                rows.sort_by(|a, b| if direction == "asc" { value(a).cmp(&value(b)) } else { value(b).cmp(&value(a)) });
            }
        }
        let number =
            |start: &str, default: usize| part(start, &[" "]).map_or(default, |n| n.parse().expect("a number"));
        let most = number(" maxresults ", 100);
        assert!(most <= 1000, "{statement}");
        let rows: Vec<_> = rows.into_iter().skip(number(" startposition ", 1) - 1).take(most).collect();
        ("QueryResponse", if rows.is_empty() { json!({}) } else { json!({ (table): rows, "startPosition": 1 }) })
    }
}

fn text(row: &Value, path: &str) -> Option<String> {
    let value = path.split('.').try_fold(row, |value, name| value.get(name))?;
    match value.get("value").or_else(|| value.get("Address")).unwrap_or(value) {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn holds(row: &Value, condition: &str) -> bool {
    let mut words = condition.splitn(3, ' ');
    let (path, op, literal) =
        (words.next().expect("a field"), words.next().expect("a comparison"), words.next().expect("a value"));
    let Some(value) = text(row, path) else { return literal == "' '" };
    let plain = |literal: &str| literal.trim_matches('\'').replace("\\'", "'").replace("\\\\", "\\");
    let number = |text: &str| text.parse::<f64>().ok();
    let compare = |literal: &str| match (number(&value), number(literal)) {
        (Some(a), Some(b)) => a.partial_cmp(&b).expect("numbers"),
        _ => value.to_lowercase().cmp(&literal.to_lowercase()),
    };
    match op {
        "in" => literal.trim_matches(['(', ')']).split(", ").any(|l| compare(&plain(l)).is_eq()),
        "like" => value.to_lowercase().contains(&plain(literal).replace('%', "").to_lowercase()),
        "=" => compare(&plain(literal)).is_eq(),
        ">" => compare(&plain(literal)).is_gt(),
        ">=" => compare(&plain(literal)).is_ge(),
        "<" => compare(&plain(literal)).is_lt(),
        "<=" => compare(&plain(literal)).is_le(),
        other => panic!("no comparison {other}"),
    }
}

#[async_trait]
impl Http for Fake {
    async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
        assert!(request.url.path().starts_with("/v3/company/123/"), "{}", request.url);
        assert!(request.url.query_pairs().any(|(key, value)| key == "minorversion" && value == "75"));
        let endpoint = request.url.path().rsplit('/').next().unwrap_or_default().to_owned();
        if request.url.path().contains("/reports/") {
            let report = self.reports.lock().expect("not poisoned")[&endpoint].clone();
            let parameters = request.url.query_pairs().map(|(key, value)| format!("{key}={value}")).collect();
            self.log.lock().expect("not poisoned").push((format!("{} {endpoint}", request.method), parameters));
            return Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body: report.into() });
        }
        let body = request.body.map(|b| String::from_utf8(b.to_vec()).expect("text")).unwrap_or_default();
        let (statements, answer) = if endpoint == "batch" {
            let batch: Value = serde_json::from_str(&body).expect("JSON");
            let items = batch["BatchItemRequest"].as_array().expect("items");
            assert!(items.len() <= 30, "too many");
            let query = |item: &Value| item["Query"].as_str().expect("a query").to_owned();
            // In another order than that of the request.
            let answers = items.iter().rev().map(|item| {
                let (kind, answer) = self.answer(&query(item));
                json!({ "bId": item["bId"], (kind): answer })
            });
            (
                items.iter().map(query).collect(),
                json!({ "BatchItemResponse": answers.collect::<Vec<_>>(), "time": "x" }),
            )
        } else {
            let in_address =
                request.url.query_pairs().find(|(key, _)| key == "query").map(|(_, value)| value.into_owned());
            let statement = in_address.unwrap_or(body);
            let (kind, answer) = self.answer(&statement);
            (vec![statement], json!({ (kind): answer, "time": "x" }))
        };
        self.log.lock().expect("not poisoned").push((format!("{} {endpoint}", request.method), statements));
        Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body: answer.to_string().into() })
    }
}
