//! The requests: what the gateway in front asks of them all, and which of them does what.

use std::{
    collections::HashMap,
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Query, Request},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{Html, IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::{
    entities::{Entity, Kind},
    fault::Fault,
    parser::{Strictness, parse},
    render::{Renderer, time},
    reports::Reporter,
    search::{Context, MAX_RESULTS, Search, entity, exchange_rate},
    wire::{Node, Object},
};
use crate::{Clock, Quota, Simulator, System};

/// Items in a batch.
const MAX_BATCH: usize = 30;

/// Ids of more digits than this are no ids at all; with twelve the service looks.
const MAX_ID: i64 = 999_999_999_999;

/// The accounting API of one company.
#[derive(Debug)]
pub(super) struct Service {
    simulator: Arc<Simulator>,
    zone: Tz,
    by_minute: Quota,
    by_second: Quota,
    batches: Quota,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Xml,
}

impl Format {
    /// JSON must be asked for; without a wish, or with `*/*`, the answer is XML (intuit/QuickBooks-V3-PHP-SDK#287).
    fn wanted(headers: &HeaderMap) -> Option<Self> {
        let accept = headers.get(ACCEPT).map_or(Some("*/*"), |accept| accept.to_str().ok())?;
        let mut types = accept.split(',').filter_map(|kind| kind.split(';').next()).map(str::trim);
        types.find_map(|kind| match kind {
            "application/json" | "text/json" => Some(Self::Json),
            "application/xml" | "text/xml" | "application/*" | "*/*" | "" => Some(Self::Xml),
            _ => None,
        })
    }

    fn write(self, status: StatusCode, body: &Object) -> Response {
        let (kind, body) = match self {
            Self::Json => ("application/json;charset=UTF-8", body.to_json()),
            Self::Xml => ("application/xml;charset=UTF-8", body.to_xml()),
        };
        (status, [(CONTENT_TYPE, kind)], body).into_response()
    }

    fn refuse(self, fault: &Fault, now: DateTime<Utc>, zone: Tz) -> Response {
        let body = if fault.gateway && self == Self::Json {
            fault.gateway_body(now.timestamp_millis())
        } else {
            enveloped("Fault", fault.member(), now, zone)
        };
        let mut response = self.write(fault.status, &body);
        if fault.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"Intuit\", error=\"invalid_token\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl Service {
    pub(super) fn new(simulator: Arc<Simulator>) -> Self {
        let options = &simulator.options().quickbooks;
        let minute = Duration::from_secs(60);
        Self {
            zone: zone(),
            by_minute: Quota::new(options.requests_per_minute, minute),
            by_second: Quota::new(options.requests_per_second, Duration::from_secs(1)),
            batches: Quota::new(options.batches_per_minute, minute),
            simulator,
        }
    }

    /// Answers any request for data.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let options = &self.simulator.options().quickbooks;
        if parts.uri.path_and_query().is_some_and(|whole| whole.as_str().len() > options.longest_uri) {
            return tagged(StatusCode::URI_TOO_LONG.into_response());
        }
        let Some(format) = Format::wanted(&parts.headers) else {
            return tagged(StatusCode::NOT_ACCEPTABLE.into_response());
        };
        let now = self.simulator.now();
        let answer = match self.admit(&parts.uri, &parts.headers, now) {
            Ok(path) => match body_of(body).await {
                Ok(body) => self.resource(&parts.method, path, &parts.uri, &parts.headers, &body, now),
                Err(fault) => Err(fault),
            },
            Err(fault) => {
                self.simulator.count(&format!("refused {}", fault.status.as_u16()));
                Err(fault)
            }
        };
        tagged(match answer {
            Ok((name, object)) => format.write(StatusCode::OK, &enveloped(name, object, now, self.zone)),
            Err(fault) if fault.status == StatusCode::TOO_MANY_REQUESTS && options.throttle_as_xml => {
                Format::Xml.refuse(&fault, now, self.zone)
            }
            Err(fault) => format.refuse(&fault, now, self.zone),
        })
    }

    /// What the gateway looks at: the token, the company, the quotas. Gives the path below the company.
    fn admit<'u>(&self, uri: &'u Uri, headers: &HeaderMap, now: DateTime<Utc>) -> Result<&'u str, Fault> {
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = bearer else {
            return Err(Fault::authentication("Authentication information is missing".to_owned()));
        };
        let Some(granted) = self.simulator.sessions().enter(token, now) else {
            return Err(Fault::authentication(format!(
                "Token expired: {}",
                token.chars().take(60).collect::<String>()
            )));
        };
        let Some((realm, path)) = uri.path().strip_prefix("/v3/company/").and_then(|rest| rest.split_once('/')) else {
            return Err(Fault::unsupported(&format!("Could not find resource for relative : {}", uri.path())));
        };
        if realm != granted {
            return Err(Fault::authorization());
        }
        let within = self.by_second.take(now).and_then(|()| self.by_minute.take(now));
        let within = if path == "batch" { within.and_then(|()| self.batches.take(now)) } else { within };
        within.map_err(|_| Fault::throttled())?;
        Ok(path)
    }

    fn resource(
        &self,
        method: &Method,
        path: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<(&'static str, Object), Fault> {
        let media = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let is_get = method == Method::GET;
        let mut segments = path.split('/');
        match (segments.next().unwrap_or_default(), segments.next(), segments.next()) {
            ("query", None, None) if is_get => {
                let parameters = parameters(uri)?;
                let statement = parameters.get("query").map(String::as_str).unwrap_or_default();
                Ok(("QueryResponse", self.query(statement, now, &mut MAX_RESULTS.unsigned_abs())?))
            }
            ("query", None, None) if method == Method::POST => match media {
                "application/text" | "text/plain" => {
                    Ok(("QueryResponse", self.query(body, now, &mut MAX_RESULTS.unsigned_abs())?))
                }
                _ => Err(Fault::media_type()),
            },
            ("batch", None, None) if method == Method::POST => {
                self.simulator.count("batch");
                match media {
                    "application/json" => Ok(("BatchItemResponse", self.batch(body, now)?)),
                    _ => Err(Fault::media_type()),
                }
            }
            ("reports", Some(name), None) if is_get => Ok((REPORT, self.report(name, uri, now)?)),
            ("exchangerate", None, None) if is_get => Ok(("ExchangeRate", self.exchange_rate(uri, now)?)),
            ("preferences", None, None) if is_get => self.read("preferences", "1"),
            ("companyinfo", Some(id), None) if is_get => {
                let own = id == self.simulator.options().quickbooks.realm;
                self.read("companyinfo", if own { "1" } else { id })
            }
            (path, Some(id), None) if is_get && !id.is_empty() && path != "preferences" => self.read(path, id),
            (path, None | Some(""), None) if is_get && Entity::at(path).is_some() => {
                Err(Fault::unsupported("No resource method found for GET, return 405 with Allow header"))
            }
            (path, ..) => Err(Fault::unsupported(&format!("operation could not find resource for entity {path}"))),
        }
    }

    /// One object.
    fn read(&self, path: &str, id: &str) -> Result<(&'static str, Object), Fault> {
        let Some(entity) = Entity::at(path) else {
            return Err(Fault::unsupported(&format!("operation could not find resource for entity {path}")));
        };
        self.simulator.count(&format!("read {}", entity.name));
        let tables = self.simulator.store().read();
        let table = &tables[entity.name];
        let number = id.parse::<i64>().ok();
        let row = match entity.property("Id") {
            Some(key) if key.kind == Kind::Word => table.find(key.lower, id.to_lowercase()),
            _ => number.and_then(|number| table.get(number)),
        };
        let row = row.ok_or_else(|| match number {
            Some(0..=MAX_ID) => Fault::not_found(),
            _ => Fault::invalid_id(id),
        })?;
        let company = self.simulator.company();
        let renderer = Renderer { tables: &tables, company: &company, zone: self.zone };
        Ok((entity.name, renderer.object(entity.name, &row)))
    }

    /// A report, which is a whole body.
    fn report(&self, name: &str, uri: &Uri, now: DateTime<Utc>) -> Result<Object, Fault> {
        self.simulator.count(&format!("report {name}"));
        let parameters = parameters(uri)?;
        let tables = self.simulator.store().read();
        let company = self.simulator.company();
        let cells = self.simulator.options().quickbooks.report_cells;
        Reporter { tables: &tables, company: &company, zone: self.zone, now, cells }.report(name, &parameters)
    }

    /// The rate of one currency on a day, by default today.
    fn exchange_rate(&self, uri: &Uri, now: DateTime<Utc>) -> Result<Object, Fault> {
        self.simulator.count("read ExchangeRate");
        let parameters = parameters(uri)?;
        let code = parameters.get("sourcecurrencycode").filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| Fault::missing("sourcecurrencycode"))?;
        let today = now.with_timezone(&self.zone).date_naive();
        let day = match parameters.get("asofdate") {
            Some(day) => day.parse().map_err(|_| Fault::invalid_date("asofdate", day))?,
            None => today,
        };
        let tables = self.simulator.store().read();
        let filter = exchange_rate(&tables["ExchangeRate"], code, day);
        let row = tables["ExchangeRate"].select(&filter).next().ok_or_else(Fault::not_found)?;
        let company = self.simulator.company();
        Ok(Renderer { tables: &tables, company: &company, zone: self.zone }.object("ExchangeRate", &row))
    }

    /// The member `QueryResponse`. `budget` is how many objects the whole answer may still have.
    fn query(&self, statement: &str, now: DateTime<Utc>, budget: &mut u64) -> Result<Object, Fault> {
        let options = &self.simulator.options().quickbooks;
        let strictness =
            Strictness { quoted_numbers: options.quoted_numbers_only, latin_only: options.latin_queries_only };
        let statement = parse(statement, strictness).inspect_err(|_| self.simulator.count("query"))?;
        let found = entity(&statement).inspect_err(|_| self.simulator.count("query"))?;
        self.simulator.count(&format!("{} {}", if statement.count { "count" } else { "query" }, found.name));
        let tables = self.simulator.store().read();
        let table = &tables[found.name];
        let context = Context { zone: self.zone, today: now.with_timezone(&self.zone).date_naive() };
        let search = Search::new(&statement, table, context)?;
        if search.count {
            return Ok(Object::default().with("totalCount", search.count(table)));
        }
        let rows = search.rows(table);
        // No array and no counters at all when nothing was found.
        if rows.is_empty() {
            return Ok(Object::default());
        }
        *budget = budget
            .checked_sub(rows.len() as u64)
            .ok_or_else(|| Fault::business("The maximum number of objects in a response is 1000."))?;
        let company = self.simulator.company();
        let renderer = Renderer { tables: &tables, company: &company, zone: self.zone };
        let objects: Vec<_> = rows.iter().map(|row| Node::from(renderer.object(search.entity.name, row))).collect();
        let found = objects.len();
        // Recorded only where it is as large as maxResults.
        let total = (search.is_complete(found) && search.entity.tells_total()).then_some(found);
        Ok(Object::default()
            .with(search.entity.name, objects)
            .with("startPosition", search.start)
            .with("maxResults", found)
            .maybe("totalCount", total))
    }

    /// The list of answers, the last first: their order is not promised.
    fn batch(&self, body: &str, now: DateTime<Utc>) -> Result<Object, Fault> {
        let body: Value = serde_json::from_str(body).map_err(|_| Fault::unreadable())?;
        let items = body["BatchItemRequest"].as_array().filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| Fault::missing("BatchItemRequest"))?;
        if items.len() > MAX_BATCH {
            return Err(Fault::business("The maximum number of payloads in a batch is 30."));
        }
        let mut budget = MAX_RESULTS.unsigned_abs();
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            let id = item["bId"].as_str().ok_or_else(|| Fault::missing("bId"))?;
            let result = match (item["Query"].as_str(), item["operation"].as_str()) {
                (Some(statement), None) => self.query(statement, now, &mut budget),
                (_, Some(operation)) => Err(Fault::unsupported(operation)),
                (None, None) => Err(Fault::missing("operation")),
            };
            let answer = Object::default().with("bId", id);
            answers.push(Node::from(match result {
                Ok(response) => answer.with("QueryResponse", response),
                Err(fault) => answer.with("Fault", fault.member()),
            }));
        }
        answers.reverse();
        Ok(Object::default().with("BatchItemResponse", answers))
    }
}

/// What a report is called among the members of bodies, of which it is none.
const REPORT: &str = "Report";

/// The body of an answer: a member, or for a batch its list, and the time. A report has neither.
fn enveloped(name: &'static str, object: Object, now: DateTime<Utc>, zone: Tz) -> Object {
    if name == REPORT {
        return object;
    }
    let body = if name == "BatchItemResponse" { object } else { Object::default().with(name, object) };
    body.with("time", time(now, zone, SecondsFormat::Millis))
}

/// The parameters of a path; of one that is repeated, the last.
pub(super) fn parameters(uri: &Uri) -> Result<HashMap<String, String>, Fault> {
    let parameters = Query::<HashMap<String, String>>::try_from_uri(uri).map_err(|_| Fault::unreadable())?;
    Ok(parameters.0)
}

async fn body_of(body: Body) -> Result<String, Fault> {
    let bytes: Bytes = to_bytes(body, usize::MAX).await.map_err(|_| Fault::unreadable())?;
    String::from_utf8(bytes.into()).map_err(|_| Fault::unreadable())
}

/// The zone of the company.
fn zone() -> Tz {
    System::QuickBooks.company().time_zone.parse().unwrap_or(Tz::UTC)
}

/// Adds the id by which Intuit's support finds a request.
pub(super) fn tagged(mut response: Response) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let serial = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let id =
        format!("1-{:08x}-{:024x}", Clock::default().now().timestamp(), serial.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("intuit_tid", id);
    }
    response
}

/// How an error of the service or of what stands before it is worded.
pub(super) fn error(status: StatusCode) -> Response {
    let fault = match status {
        StatusCode::UNAUTHORIZED => Fault::authentication("Token expired".to_owned()),
        StatusCode::FORBIDDEN => Fault::authorization(),
        StatusCode::TOO_MANY_REQUESTS => Fault::throttled(),
        StatusCode::INTERNAL_SERVER_ERROR => Fault::system(),
        // As recorded in mcohen01/node-quickbooks#127.
        status => {
            let reason = status.canonical_reason().unwrap_or_default();
            let page = format!("<HTML><HEAD><TITLE>{reason}</TITLE></HEAD><BODY><h2>{reason}</h2></BODY></HTML>");
            return tagged((status, Html(page)).into_response());
        }
    };
    tagged(Format::Json.refuse(&fault, Clock::default().now(), zone()))
}
