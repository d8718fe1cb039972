//! Databases for tests that have to hold on both kinds of store.

use gateway::{sealing::MasterKey, store::Store};
use secrecy::SecretString;
use tempfile::TempDir;

/// An empty database for one test.
pub struct Base {
    /// Its address, as `store.url` takes it.
    pub url: String,
    /// Where an SQLite file is.
    pub folder: Option<TempDir>,
}

impl Base {
    /// A file that is not there yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { url: format!("sqlite:{}", folder.path().join("gateway.db").display()), folder: Some(folder) }
    }

    /// A database of this process's own PostgreSQL; none where none is installed.
    pub async fn postgres() -> Option<Self> {
        #[cfg(unix)]
        return crate::postgres::database().await.map(|url| Self { url, folder: None });
        #[cfg(not(unix))]
        return None;
    }

    /// Whether it is SQLite.
    pub fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// The store in it, opened with a key and prepared.
    pub async fn store(&self, key: &SecretString) -> Store {
        let store = self.open(key).await;
        store.prepare().await.expect("a store");
        store
    }

    /// The store in it, only opened.
    pub async fn open(&self, key: &SecretString) -> Store {
        let key = MasterKey::parse(key).expect("a master key");
        Store::open(&self.url.as_str().into(), key).await.expect("a database")
    }
}

/// A new master key, as an operator keeps it.
pub fn master_key() -> SecretString {
    MasterKey::generate().expect("random numbers").text()
}

/// Makes two tests of each function from a [`Base`]: `sqlite::<name>` and `postgres::<name>`. The latter is skipped where no
/// PostgreSQL is installed.
#[macro_export]
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name($crate::Base::sqlite()).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if let Some(base) = $crate::Base::postgres().await {
                        super::$name(base).await;
                    }
                }
            )*
        }
    };
}
