//! What a person reads who connects an ERP.

use crate::support::Case;
use std::fs;
use tests::snapshot;

pub(crate) async fn every_setting_is_explained(target: Case) {
    let form = target.form();
    assert!(!form.is_empty());
    for def in form {
        assert!(!def.label.is_empty(), "{} needs a title", def.key);
        assert!(def.help.ends_with('.'), "{} needs a sentence that says what it is and where to find it", def.key);
        assert!(def.secret || def.example.is_some(), "{} needs an example", def.key);
        assert!(def.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{}", def.key);
        assert_eq!(form.iter().filter(|other| other.key == def.key).count(), 1, "{} is there twice", def.key);
    }
    // What the tests connect with is part of the form.
    for (key, _) in target.settings() {
        assert!(form.iter().any(|def| def.key == key), "{key}");
    }
}

pub(crate) async fn the_readme_names_every_setting(target: Case) {
    let path = format!("../adapters/src/{}/README.md", target.spec.system.key());
    let readme = fs::read_to_string(snapshot::path(&path)).expect("a README");
    for def in target.form() {
        assert!(readme.contains(&format!("`{}`", def.key)), "{path} does not tell of `{}`", def.key);
    }
}
