//! Automatic persisted queries, as Apollo's clients speak them: a client sends a document once with its hash, and then the
//! hash alone. What is kept are documents, not answers and not rights: each execution is checked like any other.

use super::refusal::Refusal;
use axum::http::StatusCode;
use moka::future::Cache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

type Hash = [u8; 32];

/// The documents that clients have sent. Clones share them.
#[derive(Clone)]
pub(crate) struct PersistedQueries(Option<Cache<Hash, Arc<str>>>);

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
        Self(max_bytes.map(|bytes| Cache::builder().max_capacity(bytes).weigher(weigh).build()))
    }

    /// The document that a request means.
    pub(super) async fn find(
        &self,
        query: Option<String>,
        extensions: &Map<String, Value>,
    ) -> Result<Document, Refusal> {
        let Some(extension) = extensions.get("persistedQuery").filter(|extension| !extension.is_null()) else {
            let text = query.ok_or_else(|| Refusal::bad("The request has no `query`."))?;
            return Ok(Document { text, new: None });
        };
        let Some(known) = &self.0 else {
            return Err(unknown("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"));
        };
        if extension.get("version").and_then(Value::as_u64) != Some(1) {
            return Err(Refusal::bad("Persisted queries are supported in version 1."));
        }
        let hash = extension.get("sha256Hash").and_then(Value::as_str).and_then(hash);
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

    /// Keeps a document that was executed.
    pub(super) async fn keep(&self, text: Arc<str>, hash: Hash) {
        if let Some(known) = &self.0 {
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

    fn by(hash: &str) -> Map<String, Value> {
        let extension = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        extension.as_object().expect("an object").clone()
    }

    fn hex(text: &str) -> String {
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[tokio::test]
    async fn a_document_is_found_by_its_hash_after_it_was_executed() {
        let queries = PersistedQueries::new(Some(10_000));
        let query = "{ __typename }";
        let code = async |query: Option<&str>, extensions| match queries.find(query.map(Into::into), &extensions).await
        {
            Ok(document) => document.text,
            Err(refusal) => format!("{} {}", refusal.status.as_u16(), refusal.code),
        };
        let hash = hex(query);
        assert_eq!(code(None, by(&hash)).await, "404 PERSISTED_QUERY_NOT_FOUND");
        let sent = queries.find(Some(query.into()), &by(&hash)).await.expect("good");
        assert_eq!(code(None, by(&hash)).await, "404 PERSISTED_QUERY_NOT_FOUND", "it was not executed yet");
        let (text, of) = sent.to_keep().expect("new");
        queries.keep(text, of).await;
        assert_eq!(code(None, by(&hash.to_uppercase())).await, query);
        assert_eq!(code(Some("{ other }"), by(&hash)).await, "400 BAD_USER_INPUT");
        for bad in ["", "zz", &"z".repeat(64), &"ü".repeat(32), &"+1".repeat(32)] {
            assert_eq!(code(None, by(bad)).await, "400 BAD_USER_INPUT", "{bad}");
        }
        assert_eq!(code(None, Map::new()).await, "400 BAD_USER_INPUT");
        let version = json!({ "persistedQuery": { "version": 2, "sha256Hash": hash } });
        assert_eq!(code(None, version.as_object().expect("an object").clone()).await, "400 BAD_USER_INPUT");
        let off = PersistedQueries::new(None);
        for query in [None, Some(query.to_owned())] {
            assert_eq!(off.find(query, &by(&hash)).await.expect_err("off").code, "PERSISTED_QUERY_NOT_SUPPORTED");
        }
    }

    #[tokio::test]
    async fn documents_are_bounded_by_their_bytes() {
        let queries = PersistedQueries::new(Some(10_000));
        for n in 0..100 {
            queries.keep(format!("{{ {} }}", "x".repeat(900 + n)).into(), [n as u8; 32]).await;
        }
        let cache = queries.0.as_ref().expect("on");
        cache.run_pending_tasks().await;
        assert!(cache.weighted_size() <= 10_000 && cache.entry_count() >= 5, "{}", cache.weighted_size());
    }
}
