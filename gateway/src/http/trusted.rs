//! Trusted documents: those that the company's own clients were built with, from a manifest that their build writes.

use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

/// The documents of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Trusted {
    by_id: HashMap<String, Arc<str>>,
    texts: HashSet<Arc<str>>,
    /// Whether no other document is executed.
    pub(super) only: bool,
}

/// Apollo's manifest (`apollo-persisted-query-manifest`, version 1), or the plain object of ids and documents that GraphQL Code
/// Generator and relay-compiler write.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Apollo { format: String, version: u32, operations: Vec<ApolloOperation> },
    Plain(HashMap<String, String>),
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

impl Trusted {
    /// The documents of a manifest's file; none where no file is named.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub(crate) fn load(file: &Path, only: bool) -> Result<Self, String> {
        if file.as_os_str().is_empty() {
            return if only {
                Err("persisted_queries.trusted_only: name the manifest of the trusted documents in trusted_file".into())
            } else {
                Ok(Self::default())
            };
        }
        let wrong = |why: String| format!("persisted_queries.trusted_file: {}: {why}", file.display());
        let json = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&json, only).map_err(wrong)
    }

    pub(super) fn parse(json: &[u8], only: bool) -> Result<Self, String> {
        let manifest = serde_json::from_slice(json)
            .map_err(|_| "neither a manifest of Apollo's nor a JSON object of ids and documents".to_owned())?;
        let documents: Vec<(String, String)> = match manifest {
            Manifest::Apollo { format, version, operations } => {
                if (format.as_str(), version) != ("apollo-persisted-query-manifest", 1) {
                    return Err(format!("a manifest of the format {format:?} in version {version} is not known"));
                }
                operations.into_iter().map(|operation| (operation.id, operation.body)).collect()
            }
            Manifest::Plain(documents) => documents.into_iter().collect(),
        };
        let mut trusted = Self { only, ..Self::default() };
        for (id, text) in documents {
            let text: Arc<str> = text.into();
            trusted.texts.insert(Arc::clone(&text));
            if trusted.by_id.insert(id.clone(), text).is_some() {
                return Err(format!("the id {id:?} is given twice"));
            }
        }
        Ok(trusted)
    }

    /// The document of an id.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<str>> {
        self.by_id.get(id)
    }

    /// Whether this is one of them, letter by letter.
    pub(super) fn has(&self, text: &str) -> bool {
        self.texts.contains(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_manifests_are_read() {
        let apollo = br#"{ "format": "apollo-persisted-query-manifest", "version": 1,
            "operations": [{ "id": "abc", "name": "A", "type": "query", "body": "query A { a }" }] }"#;
        let plain = br#"{ "abc": "query A { a }" }"#;
        for manifest in [&apollo[..], plain] {
            let trusted = Trusted::parse(manifest, true).expect("good");
            assert_eq!(trusted.get("abc").map(|text| &**text), Some("query A { a }"));
            assert!(trusted.has("query A { a }") && !trusted.has("query A { b }") && trusted.get("x").is_none());
        }
        let newer = br#"{ "format": "apollo-persisted-query-manifest", "version": 2, "operations": [] }"#;
        for (bad, says) in
            [(&newer[..], "version 2"), (b"[]", "neither"), (b"{", "neither"), (b"{\"a\": 1}", "neither")]
        {
            assert!(Trusted::parse(bad, true).expect_err("refused").contains(says));
        }
        assert!(Trusted::load(Path::new(""), true).expect_err("refused").contains("trusted_only"));
        assert!(Trusted::load(Path::new("/no/such/file"), true).expect_err("refused").contains("trusted_file"));
    }
}
