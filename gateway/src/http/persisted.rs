//! Documents that stand for themselves by an id: trusted ones, and those of automatic persisted queries, as Apollo's clients
//! speak them: a client sends a document once with its hash, and then the hash alone. What is kept are documents, not answers
//! and not rights: each execution is checked like any other.

use super::{read::Parts, refusal::Refusal, trusted::Trusted};
use axum::http::StatusCode;
use moka::future::Cache;
use schema::ports::{Principal, Role};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;

type Hash = [u8; 32];

/// The documents that clients were built with or have sent. Clones share them.
#[derive(Clone)]
pub(crate) struct PersistedQueries {
    sent: Option<Cache<Hash, Arc<str>>>,
    trusted: Arc<Trusted>,
}

/// The document to execute, and under which hash to keep it if it turns out to be good.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: String,
    new: Option<Hash>,
}

/// What an entry takes besides its text.
const OVERHEAD: usize = 128;

impl PersistedQueries {
    /// Keeps up to so many bytes; none of it if the feature is off.
    pub(crate) fn new(max_bytes: Option<u64>) -> Self {
        let weigh = |_: &Hash, text: &Arc<str>| u32::try_from(text.len() + OVERHEAD).unwrap_or(u32::MAX);
        let sent = max_bytes.map(|bytes| Cache::builder().max_capacity(bytes).weigher(weigh).build());
        Self { sent, trusted: Arc::default() }
    }

    /// The same with these trusted documents.
    pub(crate) fn trusting(self, trusted: Trusted) -> Self {
        Self { trusted: Arc::new(trusted), ..self }
    }

    /// The document that a request means.
    pub(super) async fn find(&self, request: &Parts, who: &Principal) -> Result<Document, Refusal> {
        let extension = request.extensions.get("persistedQuery").filter(|extension| !extension.is_null());
        let hash_text = extension.and_then(|extension| extension.get("sha256Hash")?.as_str());
        if let Some(trusted) =
            self.trusted(request.document_id.as_deref().or(hash_text), request.query.as_deref(), who)?
        {
            return Ok(Document { text: trusted, new: None });
        }
        if request.document_id.is_some() {
            return Err(not_in_list());
        }
        let query = request.query.clone();
        let Some(extension) = extension else {
            let text = query.ok_or_else(|| Refusal::bad("The request has no `query`."))?;
            return Ok(Document { text, new: None });
        };
        let Some(known) = &self.sent else {
            return Err(unknown("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"));
        };
        if extension.get("version").and_then(Value::as_u64) != Some(1) {
            return Err(Refusal::bad("Persisted queries are supported in version 1."));
        }
        let hash = hash_text.and_then(hash);
        let hash =
            hash.ok_or_else(|| Refusal::bad("`persistedQuery.sha256Hash` is not a SHA-256 hash in hexadecimal."))?;
        match query {
            Some(text) if <Hash>::from(Sha256::digest(&text)) == hash => {
                let new = (!known.contains_key(&hash)).then_some(hash);
                Ok(Document { text, new })
            }
            Some(_) => Err(Refusal::bad("`persistedQuery.sha256Hash` is not the hash of the query.")),
            None => match known.get(&hash).await {
                Some(text) => Ok(Document { text: text.to_string(), new: None }),
                None => Err(unknown("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")),
            },
        }
    }

    /// A trusted document: the one of this id, or the very text that was sent. None for one that is not trusted and that the
    /// caller may have executed all the same.
    fn trusted(&self, id: Option<&str>, query: Option<&str>, who: &Principal) -> Result<Option<String>, Refusal> {
        let named = id.and_then(|id| self.trusted.get(id));
        match (named, query) {
            (Some(named), Some(query)) if **named != *query => {
                Err(Refusal::bad("The id is that of another trusted document than `query`."))
            }
            (Some(named), _) => Ok(Some(named.to_string())),
            (None, Some(query)) if self.trusted.has(query) => Ok(Some(query.to_owned())),
            // Somebody has to be able to look at the schema and to find faults.
            _ if !self.trusted.only || who.role == Role::Admin => Ok(None),
            (None, Some(_)) => {
                let message = "Only the documents that the company's clients were built with are executed here.";
                Err(Refusal::new(StatusCode::FORBIDDEN, "QUERY_NOT_IN_SAFELIST", message).of_graphql())
            }
            (None, None) if id.is_some() => Err(not_in_list()),
            (None, None) => Ok(None),
        }
    }

    /// Keeps a document that was executed.
    pub(super) async fn keep(&self, text: Arc<str>, hash: Hash) {
        if let Some(known) = &self.sent {
            known.insert(hash, text).await;
        }
    }
}

impl Document {
    /// What [`PersistedQueries::keep`] takes, if there is anything new to keep.
    pub(super) fn to_keep(&self) -> Option<(Arc<str>, Hash)> {
        self.new.map(|hash| (self.text.as_str().into(), hash))
    }
}

/// As Apollo's router says it.
fn not_in_list() -> Refusal {
    let message = "There is no trusted document of this id.";
    Refusal::new(StatusCode::NOT_FOUND, "PERSISTED_QUERY_NOT_IN_LIST", message).of_graphql()
}

/// Clients know these by message and code.
fn unknown(code: &'static str, message: &'static str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, code, message).of_graphql()
}

fn hash(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn by(hash: &str) -> Value {
        json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
    }

    fn parts(query: Option<&str>, extensions: Value) -> Parts {
        let extensions = extensions.as_object().expect("an object").clone();
        Parts { query: query.map(Into::into), extensions, ..Parts::default() }
    }

    fn who(role: Role) -> Principal {
        Principal { subject: "ann".into(), role, scopes: Default::default(), erps: None }
    }

    async fn found(queries: &PersistedQueries, parts: Parts, role: Role) -> String {
        match queries.find(&parts, &who(role)).await {
            Ok(document) => document.text,
            Err(refusal) => format!("{} {}", refusal.status.as_u16(), refusal.code),
        }
    }

    #[tokio::test]
    async fn only_trusted_documents_are_executed_where_that_is_asked_for() {
        let (query, other) = ("query A { a }", "{ b }");
        let queries = |only| {
            let trusted = Trusted::parse(json!({ "a1": query }).to_string().as_bytes(), only).expect("a manifest");
            PersistedQueries::new(Some(10_000)).trusting(trusted)
        };
        let by_id = |id: &str| Parts { document_id: Some(id.into()), ..Parts::default() };
        for role in [Role::Analyst, Role::Admin] {
            for only in [false, true] {
                let found = async |parts| found(&queries(only), parts, role).await;
                let free = !only || role == Role::Admin;
                assert_eq!(found(by_id("a1")).await, query);
                assert_eq!(found(parts(None, by("a1"))).await, query);
                assert_eq!(found(parts(Some(query), json!({}))).await, query);
                assert_eq!(found(by_id("a2")).await, "404 PERSISTED_QUERY_NOT_IN_LIST");
                assert_eq!(found(Parts { query: Some(other.into()), ..by_id("a1") }).await, "400 BAD_USER_INPUT");
                assert_eq!(found(Parts::default()).await, "400 BAD_USER_INPUT");
                let unlisted = if free { other } else { "403 QUERY_NOT_IN_SAFELIST" };
                assert_eq!(found(parts(Some(other), json!({}))).await, unlisted);
                assert_eq!(found(parts(Some(other), by(&hex(other)))).await, unlisted);
                let not_sent = if free { "404 PERSISTED_QUERY_NOT_FOUND" } else { "404 PERSISTED_QUERY_NOT_IN_LIST" };
                assert_eq!(found(parts(None, by(&hex(other)))).await, not_sent);
            }
        }
    }

    fn hex(text: &str) -> String {
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[tokio::test]
    async fn a_document_is_found_by_its_hash_after_it_was_executed() {
        let queries = PersistedQueries::new(Some(10_000));
        let query = "{ __typename }";
        let code = async |query, extensions| found(&queries, parts(query, extensions), Role::Analyst).await;
        let hash = hex(query);
        assert_eq!(code(None, by(&hash)).await, "404 PERSISTED_QUERY_NOT_FOUND");
        let sent = queries.find(&parts(Some(query), by(&hash)), &who(Role::Analyst)).await.expect("good");
        assert_eq!(code(None, by(&hash)).await, "404 PERSISTED_QUERY_NOT_FOUND", "it was not executed yet");
        let (text, of) = sent.to_keep().expect("new");
        queries.keep(text, of).await;
        assert_eq!(code(None, by(&hash.to_uppercase())).await, query);
        assert_eq!(code(Some("{ other }"), by(&hash)).await, "400 BAD_USER_INPUT");
        for bad in ["", "zz", &"z".repeat(64), &"ü".repeat(32), &"+1".repeat(32)] {
            assert_eq!(code(None, by(bad)).await, "400 BAD_USER_INPUT", "{bad}");
        }
        assert_eq!(code(None, json!({})).await, "400 BAD_USER_INPUT");
        let version = json!({ "persistedQuery": { "version": 2, "sha256Hash": hash } });
        assert_eq!(code(None, version).await, "400 BAD_USER_INPUT");
        let off = PersistedQueries::new(None);
        for query in [None, Some(query)] {
            let code = found(&off, parts(query, by(&hash)), Role::Analyst).await;
            assert_eq!(code, "404 PERSISTED_QUERY_NOT_SUPPORTED");
        }
    }

    #[tokio::test]
    async fn documents_are_bounded_by_their_bytes() {
        let queries = PersistedQueries::new(Some(10_000));
        for n in 0..100 {
            queries.keep(format!("{{ {} }}", "x".repeat(900 + n)).into(), [n as u8; 32]).await;
        }
        let cache = queries.sent.as_ref().expect("on");
        cache.run_pending_tasks().await;
        assert!(cache.weighted_size() <= 10_000 && cache.entry_count() >= 5, "{}", cache.weighted_size());
    }
}
