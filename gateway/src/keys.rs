//! The command `keys`: makes master keys, and gives a store another one.

use crate::{
    audit::{Act, Actor, Audit},
    config::{Config, master_key_of_file},
    sealing::MasterKey,
    store::Store,
};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use secrecy::SecretString;
use std::path::PathBuf;

/// The variable that holds the new key of a rotation.
pub const NEW_KEY: &str = "ERP_GATEWAY_NEW_MASTER_KEY";

/// What can be done with master keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Makes a master key and prints it. It is kept nowhere else.
    Generate,
    /// Seals everything in the store with another master key; the old one is refused from then on.
    Rotate {
        /// The configuration file.
        #[arg(long, value_name = "FILE", env = "ERP_GATEWAY_CONFIG")]
        config: Option<PathBuf>,
        /// The file that holds the new key; without it, the variable ERP_GATEWAY_NEW_MASTER_KEY does.
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
    },
}

/// A new master key, and what to do with it.
///
/// # Errors
/// Where the operating system gives no random numbers.
pub fn generate() -> Result<(SecretString, &'static str), String> {
    let hint = "Keep this key where secrets are kept, apart from the store and its backups: without it nothing that is sealed can \
                be read. The gateway takes it from ERP_GATEWAY_MASTER_KEY, or from the file that store.master_key_file names.\n";
    Ok((MasterKey::generate()?.text(), hint))
}

/// Gives the store of a configuration another master key: what was done.
///
/// # Errors
/// One sentence: a key that is missing or wrong, or a sealed value that does not open. Then nothing was changed.
pub async fn rotate(
    config: &Config,
    new_key_file: Option<PathBuf>,
    new_key: Option<SecretString>,
    clock: fn() -> DateTime<Utc>,
) -> Result<String, String> {
    let new = match (new_key_file, new_key) {
        (Some(file), _) => master_key_of_file("--new-key-file", &file)?,
        (None, Some(text)) => MasterKey::parse(&text).map_err(|why| format!("{NEW_KEY}: {why}"))?,
        (None, None) => {
            return Err(format!(
                "there is no new master key: make one with `erp-gateway keys generate`, and give it by --new-key-file or {NEW_KEY}"
            ));
        }
    };
    let old = config.store.master_key()?;
    let store = Store::open(&config.store.url, old).await.map_err(|e| e.to_string())?;
    store.prepare().await.map_err(|e| e.to_string())?;
    let rotated = store.rotate(&new).await.map_err(|e| e.to_string())?;
    let act = Act { action: "keys.rotate", subject: Some(rotated.new.to_string()), ..Act::default() };
    let act = act.with("from", rotated.old.to_string()).with("values", rotated.values);
    Audit::new(store.clone(), clock).note(Actor::Operator, act, "ok").await;
    store.close().await;
    Ok(format!(
        "sealed {} values with the key {}; the key {} is refused from now on: start every gateway of this store with the new one. \
         Backups from before still need the old one.\n",
        rotated.values, rotated.new, rotated.old
    ))
}
