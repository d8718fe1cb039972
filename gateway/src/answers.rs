//! Answers to whole operations: documents are parsed once, equal operations are executed once, and an answer that was
//! read from caches is given again until the first of its parts is no longer fresh.

use crate::{erps::ErpRegistry, flight::Flights};
use async_graphql::{Request, Response, ServerError, Value, Variables, parser::types::OperationType};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use moka::future::Cache;
use schema::{
    Answer, Api, Document, Error,
    ports::{Caller, RightsKey},
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tracing::Instrument;

/// What a client asks for. It is never printed: it may hold a password.
pub(crate) struct Operation {
    /// The document.
    pub(crate) query: String,
    /// Which operation of it, where it has several.
    pub(crate) name: Option<String>,
    /// The variables as a JSON object; empty if there are none.
    pub(crate) variables: String,
}

/// What a client gets.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// JSON.
    pub(crate) body: Bytes,
    /// Whether anything was executed: a request that was refused before has no data.
    pub(crate) executed: bool,
    /// The code of its first error, if it has any.
    pub(crate) code: Option<String>,
    /// What was asked for, in points.
    pub(crate) cost: u64,
}

/// How much is kept, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many bytes of answers.
    pub(crate) bytes: u64,
    /// How long what an ERP said is fresh.
    pub(crate) fresh: Duration,
}

/// Documents take so many bytes in all, roughly.
const DOCUMENT_BYTES: u64 = 16 << 20;

/// Equal for operations whose answers are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    query: Arc<str>,
    name: Option<Arc<str>>,
    variables: Arc<str>,
    rights: RightsKey,
    /// Some fields depend on the day.
    today: NaiveDate,
    /// What was answered before an ERP was changed or disconnected is not given again.
    erps: u64,
}

struct Kept {
    body: Bytes,
    cost: u64,
    until: DateTime<Utc>,
}

/// An execution that several callers may have waited for.
#[derive(Clone)]
enum Executed {
    /// Without errors it is the same for all.
    Clean(Bytes, u64),
    /// Errors name the request of each.
    Faulty(Arc<Response>),
}

/// Answers operations.
pub(crate) struct Answers {
    api: Api,
    documents: Cache<Arc<str>, Arc<Document>>,
    kept: Cache<Key, Arc<Kept>>,
    flights: Arc<Flights<Key, Executed>>,
    erps: Arc<ErpRegistry>,
    limits: Limits,
    clock: fn() -> DateTime<Utc>,
}

impl Answers {
    pub(crate) fn new(api: Api, erps: Arc<ErpRegistry>, limits: Limits, clock: fn() -> DateTime<Utc>) -> Self {
        let kept = Cache::builder()
            .max_capacity(limits.bytes)
            .weigher(|key: &Key, kept: &Arc<Kept>| {
                let size = size_of::<Key>() + key.query.len() + key.variables.len() + kept.body.len();
                u32::try_from(size).unwrap_or(u32::MAX)
            })
            .time_to_live(limits.fresh)
            .build();
        let documents = Cache::builder()
            .max_capacity(DOCUMENT_BYTES)
            // A parsed document is larger than its text.
            .weigher(|query: &Arc<str>, _| u32::try_from(query.len().saturating_mul(16)).unwrap_or(u32::MAX))
            .build();
        Self { api, documents, kept, flights: Arc::default(), erps, limits, clock }
    }

    /// The document of a query, parsed by this or an earlier request.
    ///
    /// # Errors
    /// The reply to whoever sent it.
    pub(crate) async fn document(&self, query: &Arc<str>, request_id: &str) -> Result<Arc<Document>, Reply> {
        if let Some(document) = self.documents.get(query).await {
            return Ok(document);
        }
        let document = self.api.parse(query, request_id).map_err(|refusal| reply(&refusal, request_id))?;
        self.documents.insert(Arc::clone(query), Arc::clone(&document)).await;
        Ok(document)
    }

    /// Answers an operation.
    pub(crate) async fn answer(&self, operation: Operation, caller: Caller) -> Reply {
        // Named as OpenTelemetry names the spans of GraphQL servers. The document is left out: it may hold anything.
        let span = tracing::info_span!(
            "graphql",
            otel.kind = "server",
            graphql.operation.name = tracing::field::Empty,
            request.id = &*caller.request_id,
        );
        self.answer_in_span(operation, caller).instrument(span).await
    }

    async fn answer_in_span(&self, operation: Operation, caller: Caller) -> Reply {
        let request_id = &*Arc::clone(&caller.request_id);
        let now = (self.clock)();
        let key = Key {
            query: operation.query.into(),
            name: operation.name.map(Into::into),
            variables: operation.variables.into(),
            rights: caller.who.rights_key(),
            today: now.date_naive(),
            erps: self.erps.version(),
        };
        if let Some(kept) = self.kept.get(&key).await.filter(|kept| now < kept.until) {
            count("kept");
            return clean(kept.body.clone(), kept.cost);
        }
        let document = match self.document(&key.query, request_id).await {
            Ok(document) => document,
            Err(refusal) => return refusal,
        };
        if let Some(name) = key.name.as_deref().or(document.only_name()) {
            tracing::Span::current().record("graphql.operation.name", name);
        }
        let request = match request(&document, &key) {
            Ok(request) => request,
            Err(error) => return reply(&schema::refusal(error, request_id), request_id),
        };
        // Who asks for the same at the same time may see the same: the key says so. Yet it does not say who they are.
        let reads = document.operation(key.name.as_deref()) == Some(OperationType::Query);
        let shared = reads && !document.is_personal();
        if !shared {
            count("executed");
            return reply(&self.api.execute(request, caller).await.response, request_id);
        }
        let (api, kept, fresh) = (self.api.clone(), self.kept.clone(), self.limits.fresh);
        let of = key.clone();
        let landing = self.flights.join(key, async move {
            count("executed");
            let Answer { response, basis } = api.execute(request, caller).await;
            if !response.errors.is_empty() {
                return Ok(Executed::Faulty(Arc::new(response)));
            }
            let (body, cost) = (bytes(&response), cost(&response));
            if let Some(until) = basis.lasts_until(fresh) {
                kept.insert(of, Arc::new(Kept { body: body.clone(), cost, until })).await;
            }
            Ok(Executed::Clean(body, cost))
        });
        match landing.await {
            Ok(Executed::Clean(body, cost)) => clean(body, cost),
            Ok(Executed::Faulty(response)) => reply(&response, request_id),
            Err(_) => reply(&schema::refusal(Error::internal(), request_id), request_id),
        }
    }
}

fn count(how: &'static str) {
    metrics::counter!("erp_gateway_answers_total", "how" => how).increment(1);
}

fn request(document: &Arc<Document>, key: &Key) -> Result<Request, Error> {
    let mut request = document.request();
    if !key.variables.is_empty() {
        let variables: Variables =
            serde_json::from_str(&key.variables).map_err(|error| Error::bad_input(format!("variables: {error}")))?;
        request = request.variables(variables);
    }
    if let Some(name) = &key.name {
        request = request.operation_name(&**name);
    }
    Ok(request)
}

fn clean(body: Bytes, cost: u64) -> Reply {
    Reply { body, executed: true, code: None, cost }
}

/// What the API says that a request has cost.
fn cost(response: &Response) -> u64 {
    match response.extensions.get("cost") {
        Some(Value::Object(cost)) => match cost.get("complexity") {
            Some(Value::Number(complexity)) => complexity.as_u64().unwrap_or_default(),
            _ => 0,
        },
        _ => 0,
    }
}

/// The reply to one of those who waited for a response.
fn reply(response: &Response, request_id: &str) -> Reply {
    #[derive(Serialize)]
    struct Shown<'a> {
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        errors: &'a [ServerError],
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        extensions: &'a BTreeMap<String, Value>,
    }
    let mut errors = response.errors.clone();
    for error in &mut errors {
        error.extensions.get_or_insert_default().set("requestId", request_id);
    }
    // What was never executed has no data at all, by the GraphQL specification.
    let executed = response.data != Value::Null || errors.iter().all(|error| !error.path.is_empty());
    let shown = Shown { errors: &errors, data: executed.then_some(&response.data), extensions: &response.extensions };
    let code = errors.first().and_then(|error| match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        _ => None,
    });
    let cost = if executed { cost(response) } else { 0 };
    Reply { body: bytes(&shown), executed, code, cost }
}

fn bytes(answer: &impl Serialize) -> Bytes {
    match serde_json::to_vec(answer) {
        Ok(bytes) => bytes.into(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            Bytes::from_static(
                br#"{"errors":[{"message":"The answer could not be written.","extensions":{"code":"INTERNAL"}}]}"#,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::Audit,
        auth::{Accounts, ApiKeys},
        config::Config,
        erps::{Erps as Connected, admin::Admin},
        store::Store,
    };
    use adapters::model::{ErpId, FieldSet, RecordKey};
    use futures_util::future::join_all;
    use schema::{
        error::ErrorCode,
        ports::{
            ChildrenRequest, Count, ErpView, Erps, Fetched, ListRequest, Listed, Ports, Principal, Pushdown,
            ReadOptions, Reads, Role, SCOPE_RAW, ServedFrom, SourceReport, SourceStatus, SystemView,
        },
    };
    use std::{
        cell::Cell,
        sync::atomic::{AtomicU32, Ordering},
    };

    thread_local! {
        // Each test has a thread, and with it a time of its own.
        static SECONDS: Cell<i64> = const { Cell::new(0) };
    }

    fn clock() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(SECONDS.get())
    }

    /// An ERP whose list is empty, and which says where that comes from.
    struct Empty {
        served_from: ServedFrom,
        fails: bool,
        lists: AtomicU32,
    }

    #[async_trait::async_trait]
    impl Reads for Empty {
        async fn list(&self, _: &Principal, _: &ListRequest) -> schema::Result<Listed> {
            self.lists.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            if self.fails {
                return Err(Error::new(ErrorCode::SourceUnavailable, "The ERP is out of order."));
            }
            let source = SourceReport {
                erp: "a".into(),
                status: SourceStatus::Ok,
                served_from: Some(self.served_from),
                as_of: Some(clock()),
                records: 0,
                quarantined: 0,
                calls: 0,
                took: Duration::ZERO,
                filtering: Pushdown::None,
                error: None,
            };
            Ok(Listed {
                rows: Arc::from([]),
                cursors: Arc::new(|_| String::new()),
                has_next_page: false,
                has_previous_page: false,
                sources: Arc::from([source]),
            })
        }
        async fn count(&self, _: &Principal, _: &ListRequest) -> schema::Result<Count> {
            Err(Error::internal())
        }
        async fn get_many(
            &self,
            _: &Principal,
            keys: &[RecordKey],
            _: FieldSet,
            _: &ReadOptions,
        ) -> Vec<schema::Result<Option<Fetched>>> {
            keys.iter().map(|_| Ok(None)).collect()
        }
        async fn children(
            &self,
            _: &Principal,
            parents: &[RecordKey],
            _: &ChildrenRequest,
        ) -> Vec<schema::Result<Listed>> {
            parents.iter().map(|_| Err(Error::internal())).collect()
        }
    }

    impl Erps for Empty {
        fn visible(&self, _: &Principal) -> Vec<Arc<ErpView>> {
            Vec::new()
        }
        fn get(&self, _: &Principal, _: &ErpId) -> Option<Arc<ErpView>> {
            None
        }
        fn systems(&self) -> Vec<Arc<SystemView>> {
            Vec::new()
        }
    }

    struct Case {
        answers: Answers,
        erp: Arc<Empty>,
        _folder: tempfile::TempDir,
    }

    impl Case {
        async fn new(served_from: ServedFrom, fails: bool) -> Self {
            let erp = Arc::new(Empty { served_from, fails, lists: AtomicU32::new(0) });
            let (store, folder) = Store::temporary().await.expect("a store");
            store.prepare().await.expect("its tables");
            let audit = Audit::new(store.clone(), clock);
            let config = Config::defaults().expect("good defaults");
            let erps = Connected::open(
                &config,
                &[],
                crate::app::services(&config, Some(&store)),
                store.clone(),
                audit.clone(),
                clock,
            );
            let connected = erps.await.expect("no ERPs");
            let ports = Ports {
                reads: Arc::clone(&erp) as _,
                erps: Arc::clone(&erp) as _,
                erp_admin: Arc::new(Admin::new(&connected, audit.clone(), Duration::from_secs(30))),
                access: Arc::new(Accounts {
                    api_keys: ApiKeys::new(store.clone()),
                    store,
                    audit,
                    erps: Arc::clone(&erp) as _,
                    clock,
                }),
                clock,
            };
            let limits = Limits { bytes: 1 << 20, fresh: Duration::from_secs(30) };
            Self {
                answers: Answers::new(Api::new(ports, schema::Limits::default()), connected.registry, limits, clock),
                erp,
                _folder: folder,
            }
        }

        async fn ask(&self, query: &str, variables: &str, who: Principal, id: &str) -> Reply {
            let operation = Operation { query: query.into(), name: None, variables: variables.into() };
            let caller = Caller { who: Arc::new(who), address: None, request_id: id.into() };
            self.answers.answer(operation, caller).await
        }

        /// How often the ERP is asked for this query, sent so many times one after the other.
        async fn lists(&self, times: usize, query: &str, variables: &str, who: Principal) -> u32 {
            let before = self.erp.lists.load(Ordering::Relaxed);
            for _ in 0..times {
                assert_eq!(self.ask(query, variables, who.clone(), "r").await.code, None, "{query}");
            }
            self.erp.lists.load(Ordering::Relaxed) - before
        }
    }

    fn who(erps: &[&str]) -> Principal {
        let erps = (!erps.is_empty()).then(|| erps.iter().map(|erp| (*erp).into()).collect());
        Principal { subject: "ann".into(), role: Role::Analyst, scopes: Default::default(), erps }
    }

    const QUERY: &str = "query($n: Int) { invoices(first: $n) { nodes { number } } }";

    #[tokio::test]
    async fn an_answer_from_fresh_records_is_given_again_until_they_are_old() {
        let case = Case::new(ServedFrom::Cache, false).await;
        assert_eq!(case.lists(3, QUERY, "", who(&[])).await, 1);
        assert_eq!(case.lists(3, QUERY, r#"{"n":7}"#, who(&[])).await, 1, "other variables are another operation");
        assert_eq!(case.lists(3, QUERY, "", who(&["a"])).await, 1, "who may see less shares nothing");
        SECONDS.set(31);
        assert_eq!(case.lists(2, QUERY, "", who(&[])).await, 1);
    }

    #[tokio::test]
    async fn what_holds_for_the_moment_is_not_given_again() {
        for served_from in [ServedFrom::Live, ServedFrom::StaleCache] {
            assert_eq!(Case::new(served_from, false).await.lists(3, QUERY, "", who(&[])).await, 3, "{served_from:?}");
        }
        let case = Case::new(ServedFrom::Cache, false).await;
        for figure in ["ageMs", "tookMs", "calls"] {
            let query = format!("{{ invoices {{ sources {{ ...F }} }} }} fragment F on SourceReport {{ x: {figure} }}");
            assert_eq!(case.lists(3, &query, "", who(&[])).await, 3, "{figure}");
        }
        assert_eq!(case.lists(3, "{ invoices { sources { asOf servedFrom } } }", "", who(&[])).await, 1);
    }

    #[tokio::test]
    async fn equal_operations_of_equal_rights_are_executed_once() {
        let case = Case::new(ServedFrom::Live, false).await;
        let replies = join_all((0..64).map(|_| case.ask(QUERY, "", who(&[]), "r"))).await;
        assert_eq!(case.erp.lists.load(Ordering::Relaxed), 1);
        assert!(replies.iter().all(|reply| reply.body == replies[0].body && reply.code.is_none()));
        let names: Vec<String> = (0..64).map(|n| format!("erp-{n}")).collect();
        join_all(names.iter().map(|name| case.ask(QUERY, "", who(&[name]), "r"))).await;
        assert_eq!(case.erp.lists.load(Ordering::Relaxed), 1 + 64, "distinct rights share nothing");
    }

    #[tokio::test]
    async fn what_names_the_caller_is_neither_kept_nor_shared() {
        let case = Case::new(ServedFrom::Cache, false).await;
        let query = "{ invoices { nodes { id } } me: viewer { subject } }";
        let names: Vec<String> = (0..8).map(|n| format!("person {n}")).collect();
        let person = |name: &String| Principal { subject: name.clone(), ..who(&[]) };
        for _ in 0..2 {
            let replies = join_all(names.iter().map(|name| case.ask(query, "", person(name), "r"))).await;
            for (name, reply) in names.iter().zip(replies) {
                let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
                assert_eq!(body["data"]["me"]["subject"], **name);
            }
        }
        assert_eq!(case.erp.lists.load(Ordering::Relaxed), 16, "each was executed for its caller");
        for query in
            ["{ invoices { nodes { x: raw } } }", "{ invoices { nodes { ...F } } } fragment F on Record { raw }"]
        {
            let who = || Principal { scopes: [SCOPE_RAW.to_owned()].into(), ..who(&[]) };
            assert_eq!(case.lists(3, query, "", who()).await, 3, "{query}: each time it is noted");
        }
    }

    #[tokio::test]
    async fn errors_are_shared_but_name_the_request_of_each() {
        let case = Case::new(ServedFrom::Cache, true).await;
        let ids: Vec<String> = (0..8).map(|n| format!("request-{n}")).collect();
        let replies = join_all(ids.iter().map(|id| case.ask(QUERY, "", who(&[]), id))).await;
        assert_eq!(case.erp.lists.load(Ordering::Relaxed), 1);
        for (id, reply) in ids.iter().zip(&replies) {
            let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["requestId"], **id);
            assert!(reply.code.is_some() && reply.executed && body["data"].is_object(), "{body}");
        }
        assert!(case.ask(QUERY, "", who(&[]), "again").await.code.is_some());
        assert_eq!(case.erp.lists.load(Ordering::Relaxed), 2, "errors are not kept");
    }

    #[tokio::test]
    async fn what_was_answered_before_an_erp_changed_is_not_given_again() {
        let case = Case::new(ServedFrom::Cache, false).await;
        assert_eq!(case.lists(2, QUERY, "", who(&[])).await, 1);
        case.answers.erps.touch();
        assert_eq!(case.lists(2, QUERY, "", who(&[])).await, 1, "asked anew, and kept again");
    }

    #[tokio::test]
    async fn what_is_refused_has_no_data() {
        let case = Case::new(ServedFrom::Cache, false).await;
        for (query, variables) in [("{", ""), ("{ nope }", ""), (QUERY, r#"{"n":"x"}"#), (QUERY, "[")] {
            let reply = case.ask(query, variables, who(&[]), "r").await;
            let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
            assert!(!reply.executed && reply.code.is_some() && body.get("data").is_none(), "{query}: {body}");
        }
        assert_eq!(case.erp.lists.load(Ordering::Relaxed), 0);
    }
}
