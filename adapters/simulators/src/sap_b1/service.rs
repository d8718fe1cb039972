//! Takes requests in, finds who answers them, and sends the answers out.

use std::sync::Arc;

use axum::{
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{
    Options, batch,
    call::{Answer, Call, Preferences},
    catalogue, company, crossjoin,
    list::{self, Lists},
    metadata,
    options::QueryOptions,
    record::Books,
    refusal::{self, Refusal},
    session::{self, LogIns},
    sql,
    url::{Key, Resource, decode},
    version::Version,
};
use crate::{Simulator, store::Tables};

/// The longest body that is read.
const LONGEST_BODY: usize = 16 << 20;

/// The state of the front.
#[derive(Debug)]
pub(super) struct Service {
    simulator: Arc<Simulator>,
    log_ins: LogIns,
}

impl Service {
    pub(super) fn new(simulator: Arc<Simulator>) -> Self {
        Self { simulator, log_ins: LogIns::default() }
    }

    fn options(&self) -> &Options {
        &self.simulator.options().sap_b1
    }
}

/// `POST Login`.
pub(super) async fn log_in(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let version = version_of(&uri);
    service.simulator.count("Login");
    let host = Preferences::of(&headers).host;
    let answer = session::log_in(&service.simulator, &service.log_ins, version, &host, &body).await;
    answer.unwrap_or_else(|refusal| Answer::refusal(version, &refusal, false)).into_response()
}

/// `POST Logout`.
pub(super) async fn log_out(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Response {
    let version = version_of(&uri);
    service.simulator.count("Logout");
    let answer = session::log_out(&service.simulator, &headers);
    answer.unwrap_or_else(|refusal| Answer::refusal(version, &refusal, false)).into_response()
}

fn version_of(uri: &Uri) -> Version {
    Version::of(uri.path()).map_or(Version::V2, |(version, _)| version)
}

/// Every request for data.
pub(super) async fn serve(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let line = head.method.as_str().len() + target.len() + "  HTTP/1.1".len();
    if line > service.options().longest_request_line {
        return page(StatusCode::URI_TOO_LONG);
    }
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else { return page(StatusCode::BAD_REQUEST) };
    // A page of all there is takes its time, in which others want to be served too.
    let answer = spawn_blocking(move || service.respond(&head, &body)).await;
    answer.unwrap_or_else(|_| page(StatusCode::INTERNAL_SERVER_ERROR))
}

fn page(status: StatusCode) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=iso-8859-1")], refusal::apache(status)).into_response()
}

/// The body of the query service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    query_path: String,
    query_option: String,
}

/// The body of the function for exchange rates.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RateOf {
    currency: String,
    date: String,
}

/// The key of a set whose keys are texts.
fn text_key(key: &str) -> Result<String, Refusal> {
    match Key::parse(key, "SqlCode") {
        Some(Key::Text(key)) => Ok(key),
        _ => Err(Refusal::key()),
    }
}

impl Service {
    fn respond(&self, head: &Parts, body: &[u8]) -> Response {
        let Some((version, path)) = Version::of(head.uri.path()) else { return page(StatusCode::NOT_FOUND) };
        let preferences = Preferences::of(&head.headers);
        let call = Call {
            version,
            method: head.method.clone(),
            path: decode(path),
            query: head.uri.query().unwrap_or_default(),
            body,
            preferences: &preferences,
        };
        let answer = session::enter(&self.simulator, &head.headers).and_then(|()| match Resource::parse(&call.path) {
            Some(Resource::Batch) => self.batch(&call, &head.headers),
            _ => self.answer(&call),
        });
        answer.unwrap_or_else(|refusal| Answer::refusal(version, &refusal, false)).into_response()
    }

    fn answer(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let resource = Resource::parse(&call.path).ok_or_else(Refusal::path)?;
        self.count(call, &resource);
        let reads = list::reads(&call.method);
        match resource {
            Resource::Root if reads => Ok(list::root(call)),
            Resource::Metadata if reads => {
                let media = "application/xml;charset=utf-8".to_owned();
                Ok(Answer { media, ..Answer::text(metadata::document(call.version).into_bytes()) })
            }
            Resource::Crossjoin(sets) if reads => {
                let options = QueryOptions::parse(call.query)?;
                self.crossjoin(call, sets, &options, false)
            }
            Resource::Named("QueryService_PostQuery") if call.method == Method::POST => self.query(call),
            Resource::Named("CompanyService_GetAdminInfo") if calls(call) => {
                Ok(described(call, "AdminInfo", company::admin_info(&self.simulator.company())))
            }
            Resource::Named("CompanyService_GetCompanyInfo") if calls(call) => {
                Ok(described(call, "CompanyInfo", company::company_info(&self.simulator.company())))
            }
            Resource::Named(name @ ("CompanyService_GetPeriods" | "CompanyService_GetPeriod")) if calls(call) => {
                self.periods(call, name)
            }
            Resource::Named("SBOBobService_GetCurrencyRate") if call.method == Method::POST => self.rate(call),
            Resource::Named("SBOBobService_GetLocalCurrency" | "SBOBobService_GetSystemCurrency") if calls(call) => {
                Ok(Answer::json(call.version, &self.simulator.company().currency.code()))
            }
            Resource::Named(sql::SET) | Resource::Record(sql::SET, _) if !reads => self.change_query(call, &resource),
            Resource::List(sql::SET, key) if reads || call.method == Method::POST => {
                let tables = self.simulator.store().read();
                sql::list(call, &text_key(key)?, &tables, self.options().page_size)
            }
            Resource::List(..) => Err(Refusal::path()),
            Resource::Named(name) if catalogue::set(name).is_none() => {
                Err(if name.contains('_') { Refusal::service() } else { Refusal::path() })
            }
            Resource::Named(name) | Resource::Count(name) | Resource::Record(name, _) => {
                let set = catalogue::set(name).ok_or_else(Refusal::path)?;
                if !reads {
                    return Err(Refusal::action());
                }
                let tables = self.simulator.store().read();
                let lists = self.lists(&tables);
                match resource {
                    Resource::Count(_) => lists.count(call, set),
                    Resource::Record(_, key) => lists.record(call, set, key),
                    _ => lists.page(call, set),
                }
            }
            Resource::Root | Resource::Metadata | Resource::Batch | Resource::Crossjoin(_) => Err(Refusal::path()),
        }
    }

    fn lists<'t>(&'t self, tables: &'t Tables) -> Lists<'t> {
        let options = self.options();
        Lists {
            tables,
            missing: &options.missing,
            page_size: options.page_size,
            absolute_links: options.absolute_next_links,
            count_breaks: options.count_breaks_on_bad_filter,
            aggregates: options.aggregates,
        }
    }

    /// Saves, changes or removes a query, which is no change of the books.
    fn change_query(&self, call: &Call<'_>, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        let today = self.simulator.now().date_naive();
        let mut tables = self.simulator.store().write();
        match (resource, call.method.as_str()) {
            (Resource::Named(_), "POST") => {
                let code = sql::create(call, &mut tables, today)?;
                let set = catalogue::set(sql::SET).ok_or_else(Refusal::path)?;
                let key = format!("'{}'", code.replace('\'', "''"));
                let location =
                    format!("http://{}/b1s/{}/{}({key})", call.preferences.host, call.version.path(), sql::SET);
                let answer = self.lists(&tables).record(call, set, &key)?.with("Location", location);
                Ok(Answer { status: StatusCode::CREATED, ..answer })
            }
            (Resource::Record(_, key), "PATCH") => sql::update(call, &text_key(key)?, &mut tables, today),
            (Resource::Record(_, key), "DELETE") => sql::delete(&text_key(key)?, &mut tables),
            _ => Err(Refusal::action()),
        }
    }

    /// `SBOBobService_GetCurrencyRate`: a bare number.
    fn rate(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let wanted: RateOf = serde_json::from_slice(call.body).map_err(|_| Refusal::body())?;
        let tables = self.simulator.store().read();
        let rate = company::rate(&tables, &wanted.currency, &wanted.date).ok_or_else(Refusal::no_rate)?;
        Ok(Answer::json(call.version, &rate))
    }

    fn periods(&self, call: &Call<'_>, name: &str) -> Result<Answer, Refusal> {
        let periods = company::periods(&self.simulator.company(), self.simulator.now().date_naive());
        if name.ends_with('s') {
            let keys: Vec<_> =
                periods.iter().map(|period| json!({ "AbsoluteEntry": period["AbsoluteEntry"] })).collect();
            let list = json!({ "value": keys });
            return Ok(described(call, "Collection(PeriodCategoryParams)", list));
        }
        let wanted: Value = serde_json::from_slice(call.body).map_err(|_| Refusal::body())?;
        let wanted = &wanted["PeriodCategoryParams"]["AbsoluteEntry"];
        let period = periods.into_iter().find(|period| period["AbsoluteEntry"] == *wanted);
        Ok(described(call, "PeriodCategory", period.ok_or_else(Refusal::no_record)?))
    }

    /// Counts what was asked for, under a name that says what it costs.
    fn count(&self, call: &Call<'_>, resource: &Resource<'_>) {
        let name = match resource {
            Resource::Named(name) if catalogue::set(name).is_some() => format!("{} {name}", call.method),
            Resource::Named(name) => (*name).to_owned(),
            Resource::Count(name) => format!("{} {name}/$count", call.method),
            Resource::Record(name, _) => format!("{} {name}()", call.method),
            Resource::List(name, _) => format!("{} {name}()/List", call.method),
            Resource::Crossjoin(_) => "$crossjoin".to_owned(),
            Resource::Root => "service document".to_owned(),
            Resource::Metadata => "$metadata".to_owned(),
            Resource::Batch => "$batch".to_owned(),
        };
        self.simulator.count(&name);
    }

    fn crossjoin(&self, call: &Call<'_>, sets: &str, options: &QueryOptions, lines: bool) -> Result<Answer, Refusal> {
        let tables = self.simulator.store().read();
        let books = Books { tables: &tables, version: call.version, missing: &self.options().missing };
        crossjoin::answer(call, books, sets, options, (lines, self.options().page_size))
    }

    fn query(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let query: Query = serde_json::from_slice(call.body).map_err(|_| Refusal::body())?;
        let sets = query.query_path.trim().strip_prefix("$crossjoin(").and_then(|sets| sets.strip_suffix(')'));
        let options = QueryOptions::parse_unquoted(&query.query_option)?;
        let answer = self.crossjoin(call, sets.ok_or_else(Refusal::crossjoin)?, &options, true)?;
        // "The response is a raw string with the same structure as JSON and the content-type is text/plain."
        Ok(Answer { media: "text/plain;charset=utf-8".to_owned(), ..answer })
    }

    fn batch(&self, call: &Call<'_>, headers: &HeaderMap) -> Result<Answer, Refusal> {
        self.simulator.count("$batch");
        if call.method != Method::POST {
            return Err(Refusal::path());
        }
        let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let parts = batch::parse(media, call.body, self.options().batch_parts)?;
        let mut answers = Vec::with_capacity(parts.len());
        for part in &parts {
            let answer = match part {
                batch::Part::Request(request) => self.part(call, request),
                batch::Part::ChangeSet => Err(Refusal::action()),
            };
            let failed = answer.is_err();
            answers.push(answer.unwrap_or_else(|refusal| Answer::refusal(call.version, &refusal, true)));
            // "The batch will stop executing once a sub request fails."
            if failed {
                break;
            }
        }
        let token = self.simulator.token(36);
        Ok(batch::answer(call.version, &token, &answers))
    }

    fn part(&self, outer: &Call<'_>, request: &batch::Inner<'_>) -> Result<Answer, Refusal> {
        let target = match request.target.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
            None => request.target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (version, path) = match path.strip_prefix('/') {
            Some(_) => Version::of(path).ok_or_else(Refusal::path)?,
            None => (outer.version, path),
        };
        if version != outer.version {
            return Err(Refusal::path());
        }
        self.answer(&Call {
            version,
            method: request.method.clone(),
            path: decode(path),
            query,
            body: request.body,
            preferences: outer.preferences,
        })
    }
}

/// Functions are called by POST, and in v2 by GET as well: SAP's "OData Client for Service Layer".
fn calls(call: &Call<'_>) -> bool {
    call.method == Method::POST || (call.version == Version::V2 && call.method == Method::GET)
}

/// An object with its context before it.
fn described(call: &Call<'_>, kind: &str, mut object: Value) -> Answer {
    object[call.version.annotation("odata.metadata")] = json!(list::context(call, &format!("SAPB1.{kind}")));
    Answer::json(call.version, &object)
}
