//! A Service Layer in memory, as small as the tests allow: sessions, lists with their options, `$count`, `$batch` that stops
//! at the first failure, and the join of documents with their lines. It is as strict as the real one about types and names.

use super::filter::{self, Row};
use crate::{
    adapter::Ctx,
    error::Result,
    http::{Http, Request, Response},
    odata::query::Query,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, COOKIE, SET_COOKIE},
};
use serde_json::{Value, json};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
};

pub(super) struct Server {
    pub(super) version: u8,
    pub(super) tables: BTreeMap<&'static str, Vec<Row>>,
    /// The largest page, whatever is asked for.
    pub(super) page: usize,
    /// Properties that this patch level lacks.
    pub(super) lacks: BTreeSet<&'static str>,
    /// Sets that the user may not read.
    pub(super) forbidden: BTreeSet<&'static str>,
    pub(super) sent: Mutex<Vec<String>>,
    pub(super) session: AtomicU32,
    /// After so many requests the session ends.
    pub(super) requests_left: AtomicUsize,
    /// Whether the database ignores case, as SQL Server's collations do.
    pub(super) sql_server: bool,
    /// A batch is answered up to this part.
    pub(super) parts: usize,
    /// Queries that are stored.
    pub(super) sql: super::sql_server::Queries,
    /// So many parts of batches fail with 503 before all is well.
    pub(super) hiccups: AtomicUsize,
}

/// Status, media type and body.
pub(super) type Answer = (u16, String, String);

impl Server {
    pub(super) fn new(version: u8) -> Self {
        Self {
            version,
            tables: BTreeMap::new(),
            page: usize::MAX,
            lacks: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            sent: Mutex::default(),
            session: AtomicU32::new(0),
            requests_left: AtomicUsize::new(usize::MAX),
            sql_server: false,
            parts: usize::MAX,
            sql: super::sql_server::Queries::default(),
            hiccups: AtomicUsize::new(0),
        }
    }

    pub(super) fn sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.lock().expect("not poisoned"))
    }

    pub(super) fn error(&self, status: u16, code: i32, message: &str) -> Answer {
        let body = if self.version == 1 {
            json!({"error": {"code": code, "message": {"lang": "en-us", "value": message}}})
        } else {
            json!({"error": {"code": code.to_string(), "message": message}})
        };
        (status, "application/json".into(), body.to_string())
    }

    fn read(&self, target: &str, headers: &BTreeMap<String, String>) -> Answer {
        let url = url::Url::parse("https://b1.example").expect("a URL").join(target).expect("a target");
        let resource = url
            .path()
            .rsplit_once(if self.version == 1 { "/v1/" } else { "/v2/" })
            .expect("below the root")
            .1
            .to_owned();
        let options: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let (set, counts) = resource.strip_suffix("/$count").map_or((resource.as_str(), false), |set| (set, true));
        if self.forbidden.contains(set) {
            return self.error(403, -1, "You are not permitted to perform this action");
        }
        let Some(table) = self.tables.get(set) else {
            return self.error(400, 201, &format!("Unrecognized resource path '{set}'"));
        };
        let known = |name: &str| table.iter().any(|row| row.contains_key(name)) && !self.lacks.contains(name);
        let folded = self.sql_server || headers.get("b1s-caseinsensitive").is_some_and(|v| v == "true");
        let mut rows: Vec<&Row> = table.iter().collect();
        let apply = options.get("$apply").map(|apply| match apply.strip_prefix("filter(") {
            None => (None, apply.clone()),
            Some(rest) => {
                let (condition, rest) = rest.split_once(")/").expect("a filter");
                assert!(condition.contains(&format!("{set}/")), "properties with their set: {condition}");
                (Some(condition.replace(&format!("{set}/"), "")), rest.to_owned())
            }
        });
        let applied = apply.as_ref().and_then(|(condition, _)| condition.clone());
        if let Some(text) = options.get("$filter").or(applied.as_ref()) {
            let parsed = match filter::parse(text, self.version) {
                Ok(parsed) => parsed,
                Err(_) => return self.error(400, 201, "Query string error - Invalid filter condition"),
            };
            if let Some(unknown) = parsed.names().into_iter().find(|name| !known(name)) {
                return self.error(400, 201, &format!("Property '{unknown}' is invalid"));
            }
            let mut kept = Vec::new();
            for row in rows {
                match parsed.holds(row, folded) {
                    Ok(true) => kept.push(row),
                    Ok(false) => {}
                    Err(what) => return self.error(400, 201, &what),
                }
            }
            rows = kept;
        }
        if let Some((_, apply)) = apply {
            return self.apply(&rows, &apply);
        }
        if counts {
            return (200, "text/plain".into(), rows.len().to_string());
        }
        for name in options.get("$select").map_or("", String::as_str).split(',') {
            if !known(name) {
                return self.error(400, -1000, &format!("Property '{name}' of 'Document' is invalid"));
            }
        }
        for key in options.get("$orderby").map_or("", String::as_str).split(',').rev().filter(|key| !key.is_empty()) {
            let (name, direction) = key.rsplit_once(' ').expect("a direction");
            rows.sort_by(|a, b| {
                let order = filter::order(&a[name], &b[name], self.sql_server);
                if direction == "desc" { order.reverse() } else { order }
            });
        }
        let number = |name: &str, default: usize| options.get(name).map_or(default, |n| n.parse().expect("a number"));
        let all = rows.len();
        let (skip, top) = (number("$skip", 0), number("$top", usize::MAX));
        let wanted: Vec<_> = rows.into_iter().skip(skip).take(top).collect();
        let preferred =
            headers.get("prefer").and_then(|p| p.strip_prefix("odata.maxpagesize=")?.parse().ok()).unwrap_or(20);
        let page = wanted.len().min(preferred).min(self.page);
        let select: Vec<_> = options["$select"].split(',').collect();
        let shown =
            wanted[..page].iter().map(|row| select.iter().map(|n| ((*n).to_owned(), row[*n].clone())).collect::<Row>());
        let at = if self.version == 1 { "" } else { "@" };
        let mut body = json!({"value": shown.collect::<Vec<_>>()});
        if page < wanted.len() {
            body[format!("{at}odata.nextLink")] =
                json!(Query::new(set).option("$skip", (skip + page).to_string()).to_string());
        }
        match (options.get("$count").map(String::as_str), options.get("$inlinecount").map(String::as_str)) {
            (Some("true"), _) => body["@odata.count"] = json!(all),
            (_, Some("allpages")) => body["odata.count"] = json!(all.to_string()),
            _ => {}
        }
        (200, "application/json;odata.metadata=minimal".into(), body.to_string())
    }

    /// Groups and sums as the guide shows them (3.7.7, 3.7.8).
    fn apply(&self, rows: &[&Row], apply: &str) -> Answer {
        let (names, aggregate) = match apply.strip_prefix("groupby((").and_then(|rest| rest.split_once("),")) {
            Some((names, rest)) => (names.split(',').collect::<Vec<_>>(), rest.strip_suffix(')').expect("an end")),
            None => (Vec::new(), apply),
        };
        let aggregate = aggregate.strip_prefix("aggregate(").and_then(|a| a.strip_suffix(')')).expect("sums");
        let mut groups: BTreeMap<String, (Row, Vec<&Row>)> = BTreeMap::new();
        for row in rows {
            let key: Row = names.iter().map(|name| ((*name).to_owned(), row[*name].clone())).collect();
            groups.entry(Value::Object(key.clone()).to_string()).or_insert((key, Vec::new())).1.push(row);
        }
        if names.is_empty() && groups.is_empty() {
            groups.insert(String::new(), (Row::new(), Vec::new()));
        }
        let value = groups.into_values().map(|(mut group, rows)| {
            for part in aggregate.split(',') {
                let (what, alias) = part.split_once(" as ").expect("an alias");
                let value = match what.strip_suffix(" with sum") {
                    Some(_) if rows.is_empty() => Value::Null,
                    Some(name) => json!(rows.iter().map(|row| row[name].as_f64().expect("a number")).sum::<f64>()),
                    None => {
                        assert_eq!(what, "$count");
                        json!(rows.len())
                    }
                };
                group.insert(alias.to_owned(), value);
            }
            group.insert(if self.version == 1 { "odata.id" } else { "@odata.id" }.to_owned(), Value::Null);
            Value::Object(group)
        });
        (200, "application/json".into(), json!({"value": value.collect::<Vec<_>>()}).to_string())
    }

    fn batch(&self, body: &str, outer: &BTreeMap<String, String>) -> Answer {
        let mut answer = String::new();
        for part in body.split("--batch_of_reads\r\n").skip(1).take(self.parts) {
            assert!(part.contains("\r\n\r\n\r\n"), "two empty lines after a GET: {part}");
            let line = part.lines().find(|line| line.starts_with("GET ")).expect("a request line");
            assert!(
                part.starts_with("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET "),
                "{part}"
            );
            let target = line.strip_prefix("GET ").and_then(|l| l.strip_suffix(" HTTP/1.1")).expect("a target");
            assert!(target.is_ascii() && !target.contains(' '), "{target}");
            self.sent.lock().expect("not poisoned").push(format!("| {}", decoded(target)));
            let hiccup = self.hiccups.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
            let (status, kind, body) =
                if hiccup { (503, "text/html".into(), "<html>busy</html>".into()) } else { self.read(target, outer) };
            answer += &format!(
                "--batchresponse_1\r\nContent-Type:application/http\r\nContent-Transfer-Encoding:binary\r\n\r\n\
                 HTTP/1.1 {status} X\r\nContent-Type:{kind}\r\nContent-Length:{}\r\n\r\n{body}\r\n",
                body.len()
            );
            if status >= 300 {
                break;
            }
        }
        answer += "--batchresponse_1--\r\n";
        (if self.version == 1 { 202 } else { 200 }, "multipart/mixed;boundary=batchresponse_1".into(), answer)
    }

    /// Two posting periods; the fiscal year was moved from January to April.
    fn periods(&self, function: &str, body: &Value) -> Answer {
        if self.forbidden.contains(function) {
            return self.error(401, -1, "No permission to access this view");
        }
        let beginning = |day: &str| format!("{day}{}", if self.version == 1 { "" } else { "T00:00:00Z" });
        let answer = match function {
            "CompanyService_GetPeriods" => json!({"value": [{"AbsoluteEntry": 12}, {"AbsoluteEntry": 9}]}),
            _ if *body == json!({"PeriodCategoryParams": {"AbsoluteEntry": 12}}) => {
                json!({"AbsoluteEntry": 12, "BeginningofFinancialYear": beginning("2026-04-01"), "FinancialYear": 2026})
            }
            _ => panic!("{body}"),
        };
        (200, "application/json".into(), answer.to_string())
    }

    /// The join of documents and their lines, for the one condition that the adapter knows.
    fn join(&self, body: &Value) -> Answer {
        let path = body["QueryPath"].as_str().expect("a path");
        let set = path.strip_prefix("$crossjoin(").and_then(|p| p.split_once(',')).expect("a join").0;
        if set.ends_with("Payments") {
            return super::payments::join(self, set, body);
        }
        let lines = format!("{set}/DocumentLines");
        assert_eq!(path, format!("$crossjoin({set},{lines})"));
        let option = body["QueryOption"].as_str().expect("options");
        let head = format!(
            "$expand={set}($select=DocEntry),{lines}($select=BaseEntry)&$filter={set}/DocEntry eq {lines}/DocEntry and {lines}/BaseType eq "
        );
        let (kind, wanted) =
            option.strip_prefix(&head).and_then(|rest| rest.split_once(" and ")).expect("the condition");
        let kind: i64 = kind.parse().expect("a number");
        let wanted = wanted.split("&$skip=").collect::<Vec<_>>();
        let skip: usize = wanted.get(1).map_or(0, |skip| skip.parse().expect("a number"));
        let orders: Vec<i64> = wanted[0]
            .trim_matches(['(', ')'])
            .split(" or ")
            .map(|c| c.strip_prefix(&format!("{lines}/BaseEntry eq ")).expect("an order").parse().expect("a number"))
            .collect();
        let mut rows = Vec::new();
        for document in &self.tables[set] {
            for line in document["DocumentLines"].as_array().into_iter().flatten() {
                if line["BaseType"] == kind && line["BaseEntry"].as_i64().is_some_and(|order| orders.contains(&order)) {
                    rows.push(json!({set: {"DocEntry": document["DocEntry"]}, lines.as_str(): {"BaseEntry": line["BaseEntry"]}}));
                }
            }
        }
        let page: Vec<_> = rows.iter().skip(skip).take(self.page).cloned().collect();
        let mut body = json!({"value": page});
        if skip + page.len() < rows.len() {
            body["@odata.nextLink"] = json!("QueryService_PostQuery?$skip=1");
        }
        (200, "text/plain".into(), body.to_string())
    }
}

pub(super) fn decoded(target: &str) -> String {
    percent_encoding::percent_decode_str(target).decode_utf8().expect("UTF-8").into_owned()
}

#[async_trait]
impl Http for Server {
    async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
        let path = request.url.path().to_owned();
        let target = request.url.query().map_or(path.clone(), |query| format!("{path}?{query}"));
        self.sent.lock().expect("not poisoned").push(format!("{} {}", request.method, decoded(&target)));
        let body = String::from_utf8(request.body.clone().unwrap_or_default().to_vec()).expect("UTF-8");
        let cookie = request.headers.get(COOKIE).map(|c| c.to_str().expect("text").to_owned());
        let mut headers = HeaderMap::new();
        let session = self.session.load(SeqCst);
        let open = self
            .requests_left
            .fetch_update(SeqCst, SeqCst, |left| if left == usize::MAX { Some(left) } else { left.checked_sub(1) })
            .is_ok();
        let named: BTreeMap<_, _> = request
            .headers
            .iter()
            .map(|(n, v)| (n.as_str().to_owned(), v.to_str().expect("text").to_owned()))
            .collect();
        let (status, kind, text) = if path.ends_with("/Login") {
            let json: Value = serde_json::from_str(&body).expect("JSON");
            if json != json!({"CompanyDB": "SBO", "UserName": "u", "Password": "secret"}) {
                self.error(401, -304, "Fail to NONE-SSO login from SLD.")
            } else {
                self.requests_left.store(usize::MAX, SeqCst);
                let session = self.session.fetch_add(1, SeqCst) + 1;
                headers.append(SET_COOKIE, format!("B1SESSION={session};HttpOnly;").parse().expect("a header"));
                headers.append(SET_COOKIE, "ROUTEID=.node1; path=/b1s".parse().expect("a header"));
                (
                    200,
                    "application/json".into(),
                    json!({"SessionId": session.to_string(), "Version": "1000340", "SessionTimeout": 30}).to_string(),
                )
            }
        } else if !open || cookie != Some(format!("B1SESSION={session}; ROUTEID=.node1")) {
            self.error(401, 301, "Invalid session or session already timeout.")
        } else if path.ends_with("/$batch") {
            self.batch(&body, &named)
        } else if path.ends_with("/CompanyService_GetAdminInfo") {
            (
                200,
                "application/json".into(),
                json!({"CompanyName": "Edelweiß AG", "LocalCurrency": "EUR", "DirectIndirectRate": "tYES"}).to_string(),
            )
        } else if let Some(function) =
            path.rsplit('/').next().filter(|name| name.starts_with("CompanyService_GetPeriod"))
        {
            self.periods(function, &serde_json::from_str(&body).expect("JSON"))
        } else if path.contains("/SQLQueries") {
            let (status, answer) = self.sql.answer(&self.tables, &path, &serde_json::from_str(&body).expect("JSON"));
            match status {
                200 | 201 => (status, "application/json".into(), answer.to_string()),
                404 => self.error(404, -2028, "No matching records found (ODBC -2028)"),
                _ => self.error(status, -1, "no such query"),
            }
        } else if path.ends_with("/QueryService_PostQuery") {
            self.join(&serde_json::from_str(&body).expect("JSON"))
        } else {
            self.read(&target, &named)
        };
        headers.insert(CONTENT_TYPE, kind.parse().expect("a header"));
        Ok(Response { status: StatusCode::from_u16(status).expect("a status"), headers, body: Bytes::from(text) })
    }
}

/// Compares for sorting: no value first, as both databases do.
pub(super) fn nulls_first(a: &Value, b: &Value) -> Option<Ordering> {
    match (a.is_null(), b.is_null()) {
        (false, false) => None,
        (a, b) => Some(b.cmp(&a)),
    }
}
