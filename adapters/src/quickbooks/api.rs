//! The endpoints of one company: queries, batches of queries, and raw calls.

use super::{
    fault::{self, Fault},
    statement::MAX_ROWS,
};
use crate::{
    adapter::{Ctx, RawCall},
    error::{Error, Result},
    http::{BoxHttp, Request},
};
use futures_util::future::{join_all, try_join_all};
use http::{
    HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// A longer statement goes by POST, because nobody promises how long an address may be.
const LONGEST_IN_ADDRESS: usize = 1500;

/// A batch takes at most this many queries, and brings at most [`MAX_ROWS`] records in all.
const BATCH: usize = 30;

/// Batches are limited to 40 a minute beside the general limits; arrivals are counted, so a little less is sent.
const BATCHES_A_MINUTE: usize = 38;

/// One company's endpoints.
pub(super) struct Api {
    http: BoxHttp,
    /// `https://quickbooks.api.intuit.com/v3/company/{realm}`
    base: Url,
    minor_version: u32,
    batches: Mutex<VecDeque<Instant>>,
}

impl Api {
    pub(super) fn new(http: BoxHttp, base: Url, minor_version: u32) -> Self {
        Self { http, base, minor_version, batches: Mutex::default() }
    }

    /// The company's number.
    pub(super) fn realm(&self) -> &str {
        self.base.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default()
    }

    pub(super) fn minor_version(&self) -> u32 {
        self.minor_version
    }

    /// An address below the company, with its query string.
    fn url<'p>(&self, path: impl IntoIterator<Item = &'p str>, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        // A plus sign for a space would be a matter of taste on the other side.
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut pairs: Vec<_> = query.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        if query.iter().all(|(key, _)| *key != "minorversion") {
            pairs.push(format!("minorversion={}", self.minor_version));
        }
        url.set_query(Some(&pairs.join("&")));
        url
    }

    /// The answer to one query.
    pub(super) async fn query(&self, ctx: &Ctx, statement: &str) -> Result<Answer> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "QueryResponse")]
            answer: Option<Box<RawValue>>,
        }
        let json = HeaderValue::from_static("application/json");
        let request = if statement.len() <= LONGEST_IN_ADDRESS {
            Request::get(self.url(["query"], &[("query", statement)]), operation(statement))
        } else {
            Request::new(Method::POST, self.url(["query"], &[]), operation(statement))
                .header(CONTENT_TYPE, HeaderValue::from_static("application/text"))
                .body(statement.to_owned())
                .idempotent()
        };
        let response = self.http.send(ctx, request.header(ACCEPT, json)).await?;
        let envelope: Envelope = response.json()?;
        envelope
            .answer
            .map(Answer)
            .ok_or_else(|| Error::bad_response("QuickBooks' answer holds no result of the query."))
    }

    /// A report, by its name and parameters.
    pub(super) async fn report<T: serde::de::DeserializeOwned>(
        &self,
        ctx: &Ctx,
        name: &'static str,
        parameters: &[(&str, &str)],
    ) -> Result<T> {
        let request = Request::get(self.url(["reports", name], parameters), "report");
        let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
        self.http.send(ctx, request).await?.json()
    }

    /// How many queries go into one call of [`queries`](Self::queries), if each brings so many rows.
    pub(super) fn queries_in_a_call(rows: usize) -> usize {
        (MAX_ROWS / rows.max(1)).clamp(1, BATCH)
    }

    /// The answers to several queries: in one call, unless there is just one query, or the batches of this minute are used
    /// up. The outer error is that of the call, the inner ones are those of single queries.
    pub(super) async fn queries(&self, ctx: &Ctx, statements: &[String]) -> Result<Vec<Result<Answer>>> {
        if statements.len() > 1 && self.may_batch() {
            self.batch(ctx, statements).await
        } else {
            Ok(join_all(statements.iter().map(|statement| self.query(ctx, statement))).await)
        }
    }

    /// The answers to any number of queries of so many rows each, in as few calls as that takes.
    pub(super) async fn all(&self, ctx: &Ctx, statements: &[String], rows: usize) -> Result<Vec<Answer>> {
        let calls = statements.chunks(Self::queries_in_a_call(rows)).map(|chunk| self.queries(ctx, chunk));
        try_join_all(calls).await?.into_iter().flatten().collect()
    }

    fn may_batch(&self) -> bool {
        let now = Instant::now();
        let mut sent = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        while sent.front().is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(60)) {
            sent.pop_front();
        }
        let may = sent.len() < BATCHES_A_MINUTE;
        if may {
            sent.push_back(now);
        }
        may
    }

    async fn batch(&self, ctx: &Ctx, statements: &[String]) -> Result<Vec<Result<Answer>>> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "BatchItemResponse")]
            items: Vec<Item>,
        }
        #[derive(Deserialize)]
        struct Item {
            #[serde(rename = "bId")]
            id: String,
            #[serde(rename = "QueryResponse")]
            answer: Option<Box<RawValue>>,
            #[serde(rename = "Fault")]
            fault: Option<Fault>,
        }
        let items: Vec<_> = statements
            .iter()
            .enumerate()
            .map(|(id, query)| serde_json::json!({ "bId": id.to_string(), "Query": query }))
            .collect();
        let body = serde_json::json!({ "BatchItemRequest": items });
        let request = Request::post_json(self.url(["batch"], &[]), "batch", &body)?.idempotent();
        let response = self.http.send(ctx, request).await?;
        let envelope: Envelope = response.json()?;
        // The order of the answers is not promised.
        let mut answers: HashMap<String, Item> =
            envelope.items.into_iter().map(|item| (item.id.clone(), item)).collect();
        let answers = (0..statements.len()).map(|id| match answers.remove(&id.to_string()) {
            Some(Item { answer: Some(answer), .. }) => Ok(Answer(answer)),
            Some(Item { fault: Some(fault), .. }) => Err(fault::of(&fault, None)),
            _ => Err(Error::bad_response("QuickBooks' answer to a batch misses the result of a query.")),
        });
        Ok(answers.collect())
    }

    /// A call in QuickBooks' own terms: a path below the company, an HTTP method, the query string as an object or as
    /// pairs, and a body. A text as the body is a query's statement.
    pub(super) async fn call(&self, ctx: &Ctx, call: &RawCall) -> Result<serde_json::Value> {
        let method = match call.method.to_ascii_uppercase().as_str() {
            "" | "GET" => Method::GET,
            "POST" => Method::POST,
            _ => return Err(Error::invalid("QuickBooks knows the methods GET and POST.")),
        };
        let path: Vec<_> = call.target.trim_matches('/').split('/').collect();
        if path.iter().any(|segment| matches!(*segment, "" | "." | "..") || segment.contains(['?', '#', '\\', '%'])) {
            return Err(Error::invalid(
                "The target is a path below the company, such as query, invoice/12 or reports/ProfitAndLoss.",
            ));
        }
        let pairs = pairs(&call.args)?;
        let query: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let mut request = Request::new(method, self.url(path, &query), "call");
        match &call.kwargs {
            serde_json::Value::Null => {}
            serde_json::Value::Object(fields) if fields.is_empty() => {}
            serde_json::Value::String(statement) => {
                request =
                    request.header(CONTENT_TYPE, HeaderValue::from_static("application/text")).body(statement.clone());
            }
            body => request = request.json(body)?,
        }
        let response =
            self.http.send(ctx, request.header(ACCEPT, HeaderValue::from_static("application/json"))).await?;
        response.json()
    }
}

/// The label of a query in metrics: which entity it asks for.
fn operation(statement: &str) -> &'static str {
    const LABELS: [&str; 17] = [
        "query Invoice",
        "query CreditMemo",
        "query Customer",
        "query Item",
        "query Estimate",
        "query Preferences",
        "query Vendor",
        "query Bill",
        "query VendorCredit",
        "query Payment",
        "query BillPayment",
        "query RefundReceipt",
        "query SalesReceipt",
        "query PurchaseOrder",
        "query Account",
        "query TaxRate",
        "query ExchangeRate",
    ];
    let set = statement.split_ascii_whitespace().nth(3);
    LABELS.iter().find(|label| label.strip_prefix("query ") == set).copied().unwrap_or("query")
}

fn pairs(args: &serde_json::Value) -> Result<Vec<(String, String)>> {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String};
    let wrong =
        || Error::invalid("The arguments are the query string: an object, or a list of pairs of name and value.");
    let text = |value: &serde_json::Value| match value {
        String(text) => Ok(text.clone()),
        Bool(_) | Number(_) => Ok(value.to_string()),
        _ => Err(wrong()),
    };
    match args {
        Null => Ok(Vec::new()),
        Object(fields) => fields.iter().map(|(key, value)| Ok((key.clone(), text(value)?))).collect(),
        Array(list) => list
            .iter()
            .map(|pair| match pair.as_array().map(Vec::as_slice) {
                Some([key, value]) => Ok((text(key)?, text(value)?)),
                _ => Err(wrong()),
            })
            .collect(),
        _ => Err(wrong()),
    }
}

/// The result of one query.
#[derive(Debug)]
pub(super) struct Answer(Box<RawValue>);

impl Answer {
    /// The rows of a set; none at all where the set is not named.
    pub(super) fn rows(&self, set: &str) -> Result<Vec<&RawValue>> {
        let parts = self.parts()?;
        let Some(rows) = parts.get(set) else { return Ok(Vec::new()) };
        serde_json::from_str(rows.get()).map_err(|e| unreadable(&e))
    }

    /// Whether it is an answer, and no fault.
    pub(super) fn check(&self) -> Result<()> {
        self.parts().map(drop)
    }

    /// What `count(*)` found.
    pub(super) fn total(&self) -> Result<u64> {
        let parts = self.parts()?;
        let total = parts.get("totalCount").and_then(|total| total.get().parse().ok());
        total.ok_or_else(|| Error::bad_response("QuickBooks' answer holds no number of rows."))
    }

    /// A fault may also stand where the rows are expected.
    fn parts(&self) -> Result<HashMap<String, &RawValue>> {
        let parts: HashMap<String, &RawValue> = serde_json::from_str(self.0.get()).map_err(|e| unreadable(&e))?;
        match parts.get("Fault").map(|fault| serde_json::from_str(fault.get())) {
            None => Ok(parts),
            Some(Ok(fault)) => Err(fault::of(&fault, None)),
            Some(Err(e)) => Err(unreadable(&e)),
        }
    }
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::bad_response("QuickBooks' answer to a query is not of the expected shape.").with_detail(error.to_string())
}
