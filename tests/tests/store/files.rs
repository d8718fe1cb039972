//! How a store is opened: the SQLite file with its rights and modes, and addresses that lead nowhere.

use crate::support::{erp, message};
use gateway::{sealing::MasterKey, store::Store};
use std::{fs, path::Path};
use tests::{Base, master_key};

async fn refused(url: &str) -> String {
    let key = MasterKey::parse(&master_key()).expect("a key");
    message(Store::open(&url.into(), key).await)
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let base = Base::sqlite();
    let store = base.store(&master_key()).await;
    store.add_erp(&erp("odoo", "hunter2")).await.expect("added");
    let folder = base.folder.as_ref().expect("a folder").path();
    let mut names = Vec::new();
    for file in fs::read_dir(folder).expect("a folder").flatten() {
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
        names.push(file.file_name().into_string().expect("a name"));
    }
    names.sort();
    assert_eq!(names, ["gateway.db", "gateway.db-shm", "gateway.db-wal"]);
}

#[tokio::test]
async fn the_file_is_in_wal_mode() {
    let base = Base::sqlite();
    let store = base.store(&master_key()).await;
    store.add_erp(&erp("odoo", "x")).await.expect("added");
    let mut beside = crate::support::Beside::of(&base).await;
    assert_eq!(beside.texts("PRAGMA journal_mode").await, ["wal"]);
    assert_eq!(beside.texts("PRAGMA integrity_check").await, ["ok"]);
}

#[tokio::test]
async fn a_rotation_leaves_nothing_that_the_old_key_opens() {
    let base = Base::sqlite();
    let (old, new) = (master_key(), MasterKey::parse(&master_key()).expect("a key"));
    let store = base.store(&old).await;
    for number in 0..50 {
        store.add_erp(&erp(&format!("erp-{number}"), "hunter2")).await.expect("added");
    }
    let id = MasterKey::parse(&old).expect("a key").id().to_string();
    let id: Vec<u8> = (0..8).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).expect("a byte")).collect();
    let holds = |path: &Path| fs::read(path).is_ok_and(|bytes| bytes.windows(8).any(|part| part == id));
    let files = ["gateway.db", "gateway.db-wal"].map(|name| base.folder.as_ref().expect("a folder").path().join(name));
    assert!(files.iter().any(|file| holds(file)), "the test sees the old key's id");
    store.rotate(&new).await.expect("rotated");
    for file in &files {
        assert!(!holds(file), "{}", file.display());
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_told_without_their_passwords() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("missing/gateway.db");
    let text = folder.path().join("text.db");
    fs::write(&text, "this is no database, and long enough for its header ".repeat(20)).expect("written");
    for (url, says) in [
        ("mysql://root:hunter2@localhost/x".into(), "begins with neither sqlite: nor postgres:"),
        ("hunter2".into(), "begins with neither sqlite: nor postgres:"),
        ("sqlite::memory:".into(), "sqlite:path/to/file.db"),
        ("sqlite:".into(), "sqlite:path/to/file.db"),
        (format!("sqlite:{}?mode=ro", text.display()), "sqlite:path/to/file.db"),
        (format!("sqlite:{}", nowhere.display()), "missing/gateway.db cannot be opened"),
        (format!("sqlite:{}", text.display()), "text.db cannot be opened"),
        (format!("sqlite:{}", folder.path().display()), "cannot be opened"),
        ("postgres://me:hunter2@127.0.0.1:1/x".into(), "the PostgreSQL database cannot be used: error communicating"),
        ("postgres://me:hunter2@127.0.0.1:port/x".into(), "not the address of a PostgreSQL database"),
        ("postgres://me:hunter2@[::/x?sslmode=no".into(), "not the address of a PostgreSQL database"),
    ] {
        let message = refused(&url).await;
        assert!(message.starts_with("store.url: ") && message.contains(says), "{url}: {message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
