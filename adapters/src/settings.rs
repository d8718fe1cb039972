//! The settings of one ERP: what its operator entered in the system's form.

use crate::error::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt};

/// One entry of a system's settings form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingDef {
    /// Its key in the settings.
    pub key: &'static str,
    /// Its title in a form.
    pub label: &'static str,
    /// What it is, and where a person finds it.
    pub help: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is never shown again.
    pub secret: bool,
    /// How it looks.
    pub example: Option<&'static str>,
    /// The regular expression that it has to match.
    pub pattern: Option<&'static str>,
}

/// The settings of one ERP. Secrets are kept apart and never printed.
#[derive(Clone, Default)]
pub struct Settings {
    plain: BTreeMap<String, String>,
    secret: BTreeMap<String, SecretString>,
}

impl Settings {
    /// Sorts values by the form into plain ones and secrets; empty values count as not given.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a key that the form does not know and for a required one that is missing.
    pub fn new(form: &[SettingDef], values: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut settings = Self::default();
        for (key, value) in values {
            let Some(def) = form.iter().find(|def| def.key == key) else {
                let known: Vec<_> = form.iter().map(|def| def.key).collect();
                let message = format!("There is no setting {key}. Known are: {}.", known.join(", "));
                return Err(Error::new(ErrorKind::Config, message));
            };
            match value.trim() {
                "" => {}
                _ if def.secret => {
                    settings.secret.insert(key, value.into());
                }
                trimmed => {
                    settings.plain.insert(key, trimmed.to_owned());
                }
            }
        }
        match form.iter().find(|def| def.required && !settings.has(def.key)) {
            Some(def) => {
                Err(Error::new(ErrorKind::Config, format!("The setting {} ({}) is missing.", def.key, def.label)))
            }
            None => Ok(settings),
        }
    }

    fn has(&self, key: &str) -> bool {
        self.plain.contains_key(key) || self.secret.contains_key(key)
    }

    /// A plain setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str)
    }

    /// A secret.
    pub fn secret(&self, key: &str) -> Option<&SecretString> {
        self.secret.get(key)
    }

    /// A plain setting that has to be there.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where it is missing.
    pub fn require(&self, key: &str) -> Result<&str> {
        self.get(key).ok_or_else(|| Error::new(ErrorKind::Config, format!("The setting {key} is missing.")))
    }

    /// A secret that has to be there.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where it is missing.
    pub fn require_secret(&self, key: &str) -> Result<&SecretString> {
        self.secret(key).ok_or_else(|| Error::new(ErrorKind::Config, format!("The setting {key} is missing.")))
    }

    /// A plain setting of another type.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where it is there and cannot be read.
    pub fn parse<T: std::str::FromStr>(&self, key: &str, what: &str) -> Result<Option<T>> {
        self.get(key)
            .map(|text| {
                text.parse().map_err(|_| Error::new(ErrorKind::Config, format!("The setting {key} is not {what}.")))
            })
            .transpose()
    }

    /// The plain settings, which may be shown.
    pub fn plain(&self) -> &BTreeMap<String, String> {
        &self.plain
    }

    /// Whether a text holds one of the secrets: for tests that look for leaks.
    pub fn leaks_into(&self, text: &str) -> bool {
        self.secret.values().any(|secret| text.contains(secret.expose_secret()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.plain).entries(self.secret.keys().map(|key| (key, "…"))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[SettingDef] = &[
        SettingDef {
            key: "url",
            label: "Address",
            help: "",
            required: true,
            secret: false,
            example: None,
            pattern: None,
        },
        SettingDef {
            key: "password",
            label: "Password",
            help: "",
            required: false,
            secret: true,
            example: None,
            pattern: None,
        },
    ];

    fn settings(values: &[(&str, &str)]) -> Result<Settings> {
        Settings::new(FORM, values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings = settings(&[("url", "https://a.example"), ("password", "hunter2")]).expect("good settings");
        assert_eq!(format!("{settings:?}"), r#"{"url": "https://a.example", "password": "…"}"#);
        assert!(settings.leaks_into("it was hunter2"));
    }

    #[test]
    fn wrong_settings_are_named() {
        assert_eq!(settings(&[]).expect_err("missing").message, "The setting url (Address) is missing.");
        assert_eq!(settings(&[("url", " ")]).expect_err("empty").message, "The setting url (Address) is missing.");
        assert!(settings(&[("ulr", "x")]).expect_err("unknown").message.starts_with("There is no setting ulr."));
    }
}
