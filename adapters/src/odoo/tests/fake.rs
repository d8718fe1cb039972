//! A small Odoo in memory: log-ins, transports, faults, and searches by domain, order and limit.

use super::{
    super::{
        Odoo, SYSTEM,
        books::KEEP,
        link::Linker,
        settings::{Config, FORM},
    },
    model_fields,
};
use crate::{
    adapter::{Ctx, Info},
    catalog::Services,
    error::Result,
    http::{Hosts, Http, Request, Response},
    settings::Settings,
    tokens::MemoryTokens,
};
use async_trait::async_trait;
use chrono::DateTime;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

pub(super) const PASSWORD: &str = "pass\"word";
pub(super) const API_KEY: &str = "0123456789abcdef";

/// What it was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) model: String,
    pub(super) method: String,
    pub(super) named: Value,
}

pub(super) struct FakeOdoo {
    version: u32,
    /// Several databases: who has no session finds no page.
    pub(super) several_databases: bool,
    /// Models whose module is not installed.
    pub(super) missing: BTreeSet<&'static str>,
    /// Models that the user may not read.
    pub(super) forbidden: BTreeSet<&'static str>,
    /// A field that `fields_get` still tells of.
    pub(super) gone: &'static str,
    /// The rows of the models; references are pairs of id and name.
    pub(super) tables: BTreeMap<&'static str, Vec<Map<String, Value>>>,
    sessions: Mutex<(u32, BTreeSet<String>)>,
    asked: Mutex<Vec<Asked>>,
}

impl FakeOdoo {
    pub(super) fn new(version: u32) -> Self {
        let currency = |id: u32, name: &str| row(json!({ "id": id, "name": name }));
        let company = row(json!({ "id": 3, "name": "Acme", "currency_id": [1, "USD"], "parent_id": [9, "Group"] }));
        let tables = [("res.currency", vec![currency(1, "USD"), currency(126, "EUR")]), ("res.company", vec![company])];
        Self {
            version,
            several_databases: false,
            missing: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            gone: "",
            tables: tables.into(),
            sessions: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// An adapter that speaks to it.
    pub(super) fn connect(self, settings: &[(&str, &str)]) -> (Odoo, Arc<Self>) {
        let this = Arc::new(self);
        let values = [("url", "https://erp.example"), ("database", "db"), ("login", "bot")];
        let values = values.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let config =
            Arc::new(Config::new(&Settings::new(FORM, values).expect("good settings")).expect("good settings"));
        let services = Services {
            hosts: Arc::new(Hosts::default()),
            tokens: Arc::new(MemoryTokens::default()),
            allow_link_local: false,
        };
        let info = Info { erp: "erp".into(), system: SYSTEM.key };
        let linker = Linker::over(Arc::clone(&this) as _, Arc::clone(&config), info.clone(), &services, KEEP);
        (Odoo::new(info, config, linker).expect("a good mapping"), this)
    }

    /// Everything it was asked so far, in order.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }

    /// What it was asked to search in a model.
    pub(super) fn searches(&self, model: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.model == model && asked.method == "search_read").collect()
    }

    pub(super) fn end_sessions(&self) {
        self.sessions.lock().expect("not poisoned").1.clear();
    }

    fn answer(&self, request: &Request) -> Response {
        let body: Value = serde_json::from_slice(request.body.as_deref().unwrap_or(b"null")).expect("JSON");
        let path = request.url.path().to_owned();
        let params = &body["params"];
        let log = |model: &Value, method: &Value, named: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let asked = Asked { path: path.clone(), model: text(model), method: text(method), named: named.clone() };
            self.asked.lock().expect("not poisoned").push(asked);
        };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["web", "webclient", "version_info"] => {
                log(&Value::Null, &Value::Null, &Value::Null);
                let version = format!("{}.0", self.version);
                envelope(
                    json!({ "server_version": version, "server_version_info": [self.version, 0, 0, "final", 0, ""] }),
                )
            }
            ["web", "session", "authenticate"] => {
                log(&Value::Null, &json!("authenticate"), params);
                if params["password"] != PASSWORD {
                    return fault("odoo.exceptions.AccessDenied", "Access Denied");
                }
                let mut sessions = self.sessions.lock().expect("not poisoned");
                sessions.0 += 1;
                let session = format!("s{}", sessions.0);
                sessions.1.insert(session.clone());
                let mut answer = envelope(json!({ "uid": 7 }));
                let cookie = format!("session_id={session}; Max-Age=604800; HttpOnly; Path=/");
                answer.headers.insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("a header"));
                answer
            }
            ["web", "dataset", "call_kw", model, method] => {
                log(&json!(model), &json!(method), &params["kwargs"]);
                let cookie = request.headers.get(header::COOKIE).and_then(|c| c.to_str().ok()).unwrap_or_default();
                let known =
                    self.sessions.lock().expect("not poisoned").1.contains(cookie.trim_start_matches("session_id="));
                match known {
                    true => self
                        .call(model, method, &params["args"], &params["kwargs"])
                        .map_or_else(|fault| *fault, envelope),
                    false if self.several_databases => html(404),
                    false => session_expired(),
                }
            }
            ["jsonrpc"] if params["method"] == "authenticate" => {
                log(&Value::Null, &json!("authenticate"), &params["args"]);
                let good = [PASSWORD, API_KEY].iter().any(|secret| params["args"][2] == *secret);
                envelope(if good { json!(7) } else { json!(false) })
            }
            ["jsonrpc"] => {
                let args = &params["args"];
                log(&args[3], &args[4], &args[6]);
                if args[1] != 7 || [PASSWORD, API_KEY].iter().all(|secret| args[2] != *secret) {
                    return fault("odoo.exceptions.AccessDenied", "Access Denied");
                }
                let text = |at: usize| args[at].as_str().expect("text").to_owned();
                self.call(&text(3), &text(4), &args[5], &args[6]).map_or_else(|fault| *fault, envelope)
            }
            ["json", "2", model, method] if self.version >= 19 => {
                log(&json!(model), &json!(method), &body);
                let key = request.headers.get(header::AUTHORIZATION).and_then(|c| c.to_str().ok());
                if key != Some(&format!("Bearer {API_KEY}")) {
                    let fault = json!({ "name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey" });
                    return json_answer(401, &fault);
                }
                self.call(model, method, &json!([]), &body)
                    .map_or_else(|fault| *fault, |value| json_answer(200, &value))
            }
            _ => html(404),
        }
    }

    fn call(&self, model: &str, method: &str, args: &Value, named: &Value) -> Result<Value, Box<Response>> {
        if self.missing.contains(model) {
            return Err(Box::new(fault("builtins.KeyError", model)));
        }
        let argument = |at: usize, name: &str| named.get(name).or_else(|| args.get(at)).cloned().unwrap_or(Value::Null);
        if self.version < 15 && named.get("load").is_some() {
            return Err(Box::new(fault(
                "builtins.TypeError",
                "search_read() got an unexpected keyword argument 'load'",
            )));
        }
        match method {
            "context_get" => Ok(json!({ "lang": "en_US", "tz": "Europe/Berlin", "uid": 7 })),
            "fields_get" => Ok(described(self.version, model)),
            "search_count" => Ok(json!(self.find(model, &argument(0, "domain")).len())),
            "search_read" if self.forbidden.contains(model) => {
                Err(Box::new(fault("odoo.exceptions.AccessError", &format!("You are not allowed to access '{model}'"))))
            }
            "search_read" if named["fields"].as_array().is_some_and(|fields| fields.contains(&json!(self.gone))) => {
                Err(Box::new(fault("builtins.ValueError", &format!("Invalid field '{}' on '{model}'", self.gone))))
            }
            "search_read" => {
                let order = argument(4, "order").as_str().unwrap_or("id").to_owned();
                if self.version < 17 && order.contains("nulls") {
                    return Err(Box::new(fault("odoo.exceptions.UserError", "Invalid \"order\" specified")));
                }
                let mut rows = self.find(model, &argument(0, "domain"));
                rows.sort_by(|a, b| compare(a, b, &order));
                let (offset, limit) =
                    (named["offset"].as_u64().unwrap_or(0), named["limit"].as_u64().unwrap_or(u64::MAX));
                let names = named.get("load").is_none_or(|load| !load.is_null());
                let rows = rows.into_iter().skip(offset as usize).take(usize::try_from(limit).unwrap_or(usize::MAX));
                Ok(rows.map(|row| shown(row, &named["fields"], names)).collect())
            }
            _ => Err(Box::new(fault("builtins.AttributeError", method))),
        }
    }

    fn find(&self, model: &str, domain: &Value) -> Vec<&Map<String, Value>> {
        let rows = self.tables.get(model).map_or(&[][..], Vec::as_slice);
        let terms = domain.as_array().map_or(&[][..], Vec::as_slice);
        rows.iter().filter(|row| passes(row, terms)).collect()
    }
}

#[async_trait]
impl Http for FakeOdoo {
    async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
        tokio::task::yield_now().await;
        Ok(self.answer(&request))
    }
}

pub(super) fn ctx() -> Ctx {
    Ctx::interactive(DateTime::UNIX_EPOCH, Duration::from_secs(20))
}

pub(super) fn row(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(row) => row,
        other => panic!("{other} is no row"),
    }
}

fn described(version: u32, model: &str) -> Value {
    let text =
        model_fields(version).into_iter().find(|(name, _)| *name == model).map(|(_, text)| text).unwrap_or_default();
    let fields = text.split_whitespace().filter_map(|pair| pair.split_once(':')).map(|(name, letter)| {
        let (kind, relation) = match letter {
            "s" => ("char", None),
            "e" => ("selection", None),
            "b" => ("boolean", None),
            "i" => ("integer", None),
            "f" => ("float", None),
            "m" => ("monetary", None),
            "d" => ("date", None),
            "t" => ("datetime", None),
            "c" => ("many2one", Some("res.currency")),
            "o" => ("many2one", Some("other.model")),
            "l" => ("many2many", Some("other.model")),
            _ => ("html", None),
        };
        (name.to_owned(), json!({ "type": kind, "relation": relation, "searchable": true, "sortable": true }))
    });
    Value::Object(fields.collect())
}

/// The value that conditions and orders see: of a reference the id, of nothing null.
fn seen(row: &Map<String, Value>, field: &str) -> Value {
    match row.get(field) {
        Some(Value::Array(pair)) if pair.len() == 2 && pair[1].is_string() => pair[0].clone(),
        Some(Value::Bool(false)) if !field.starts_with("active") && !field.starts_with("is_") => Value::Null,
        None => Value::Null,
        Some(value) => value.clone(),
    }
}

fn shown(row: &Map<String, Value>, fields: &Value, names: bool) -> Value {
    let fields = fields.as_array().expect("the fields").iter().filter_map(Value::as_str);
    let mut shown = Map::new();
    for field in ["id"].into_iter().chain(fields) {
        let value = match row.get(field) {
            Some(Value::Array(pair)) if !names && pair.len() == 2 && pair[1].is_string() => pair[0].clone(),
            // The database keeps microseconds.
            Some(Value::String(text)) if text.len() > 19 && text.as_bytes()[19] == b'.' => json!(text[..19]),
            Some(Value::Null) | None => json!(false),
            Some(value) => value.clone(),
        };
        shown.insert(field.to_owned(), value);
    }
    Value::Object(shown)
}

/// Whether a row passes a domain in Polish notation; terms without an operator all have to hold.
fn passes(row: &Map<String, Value>, mut terms: &[Value]) -> bool {
    let mut all = true;
    while !terms.is_empty() {
        all &= term(row, &mut terms);
    }
    all
}

fn term(row: &Map<String, Value>, terms: &mut &[Value]) -> bool {
    let (first, rest) = terms.split_first().expect("a term");
    *terms = rest;
    match first.as_str() {
        Some(operator) => {
            let (a, b) = (term(row, terms), term(row, terms));
            if operator == "|" { a || b } else { a && b }
        }
        None => leaf(row, first),
    }
}

fn leaf(row: &Map<String, Value>, leaf: &Value) -> bool {
    let (value, operator) = (seen(row, leaf[0].as_str().expect("a field")), leaf[1].as_str().expect("an operator"));
    let with = if leaf[2] == json!(false) && !value.is_boolean() { Value::Null } else { leaf[2].clone() };
    let one_of = || {
        let several: &[Value] = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
        let among = |value: &Value| {
            leaf[2].as_array().expect("a list").iter().any(|w| w == value || (*w == json!(false) && value.is_null()))
        };
        several.iter().any(among)
    };
    let by_order = |accept: fn(Ordering) -> bool| !value.is_null() && accept(scalars(&value, &with));
    let text = |f: fn(&str, &str) -> bool| {
        f(&value.as_str().unwrap_or("\0").to_lowercase(), &with.as_str().unwrap_or_default().to_lowercase())
    };
    match operator {
        "=" => value == with,
        "!=" => value != with,
        "in" => one_of(),
        "not in" => !one_of(),
        "<" => by_order(Ordering::is_lt),
        "<=" => by_order(Ordering::is_le),
        ">" => by_order(Ordering::is_gt),
        ">=" => by_order(Ordering::is_ge),
        "=ilike" => text(|value, with| value.contains(with.trim_matches('%'))),
        other => panic!("no operator {other}"),
    }
}

/// The order of two rows by an order clause; nulls as PostgreSQL puts them.
fn compare(a: &Map<String, Value>, b: &Map<String, Value>, order: &str) -> Ordering {
    for key in order.split(", ") {
        let mut words = key.split(' ');
        let field = words.next().unwrap_or_default();
        let descend = words.next() == Some("desc");
        let (x, y) = (seen(a, field), seen(b, field));
        let nulls_last = !descend || key.ends_with("nulls last");
        let ordering = match (x.is_null(), y.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => {
                if nulls_last {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (false, true) => {
                if nulls_last {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (false, false) => {
                if descend {
                    scalars(&y, &x)
                } else {
                    scalars(&x, &y)
                }
            }
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

fn scalars(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.as_str().cmp(&b.as_str()),
    }
}

fn json_answer(status: u16, body: &Value) -> Response {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Response { status: StatusCode::from_u16(status).expect("a status"), headers, body: body.to_string().into() }
}

fn envelope(result: Value) -> Response {
    json_answer(200, &json!({ "jsonrpc": "2.0", "id": 1, "result": result }))
}

fn fault(name: &str, message: &str) -> Response {
    let data = json!({ "name": name, "message": message, "debug": "Traceback (most recent call last)" });
    json_answer(
        200,
        &json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 200, "message": "Odoo Server Error", "data": data } }),
    )
}

fn session_expired() -> Response {
    let data = json!({ "name": "odoo.http.SessionExpiredException", "message": "Session expired" });
    json_answer(
        200,
        &json!({ "jsonrpc": "2.0", "id": null, "error": { "code": 100, "message": "Odoo Session Expired", "data": data } }),
    )
}

fn html(status: u16) -> Response {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))]);
    let body = include_str!("../../../../tests/golden/odoo/error_session_404_html.txt");
    Response { status: StatusCode::from_u16(status).expect("a status"), headers, body: body.into() }
}
