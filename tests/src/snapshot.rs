//! Snapshots: text files that a person has looked at once. `UPDATE_GOLDEN=1` rewrites them.

use std::{fs, path::PathBuf};

/// A file of this crate.
pub fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Compares a text with a snapshot, a path below this crate; the answer tells the first line that differs.
///
/// # Errors
/// Where they differ, or there is no snapshot.
pub fn compare(relative: &str, actual: &str) -> Result<(), String> {
    let path = path(relative);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&path, actual).map_err(|error| format!("{relative}: {error}"));
    }
    let expected = fs::read_to_string(&path).map_err(|error| format!("{relative}: {error}"))?;
    if expected == actual {
        return Ok(());
    }
    let (mut old, mut new) = (expected.lines(), actual.lines());
    let mut line = 1;
    loop {
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => line += 1,
            (old, new) => {
                let [old, new] = [old, new].map(|line| line.unwrap_or("(the end)"));
                return Err(format!(
                    "{relative}, line {line}:\n  expected {old}\n  found    {new}\nUPDATE_GOLDEN=1 accepts the change"
                ));
            }
        }
    }
}
