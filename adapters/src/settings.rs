//! The settings of one ERP: what its operator entered in the system's form, and what is wrong with it.

use crate::{
    error::{Error, ErrorKind, Result},
    model::CurrencyCode,
};
use chrono_tz::Tz;
use regex::Regex;
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt};
use url::{ParseError, Url};

/// One entry of a system's settings form.
#[derive(Debug, Clone, Copy)]
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
    /// The regular expression that it has to match, from its beginning to its end: one that JavaScript reads as well.
    pub pattern: Option<&'static str>,
    /// What a pattern cannot tell, or not in words.
    pub rule: Option<Rule>,
}

/// Says what is wrong with a value, as the end of a sentence that begins with the setting's name. It does not repeat the value.
pub type Rule = fn(&str) -> Result<(), &'static str>;

impl SettingDef {
    /// A plain setting that need not be given.
    pub const fn new(key: &'static str, label: &'static str, help: &'static str) -> Self {
        Self { key, label, help, required: false, secret: false, example: None, pattern: None, rule: None }
    }

    /// The address of a server.
    pub const fn address(key: &'static str, label: &'static str, help: &'static str) -> Self {
        let pattern = Some(r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@\\]+([/?#]\S*)?$");
        Self { pattern, rule: Some(is_address), ..Self::new(key, label, help) }
    }

    /// A time zone by its IANA name.
    pub const fn time_zone(key: &'static str, label: &'static str, help: &'static str) -> Self {
        let pattern = Some(r"^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*$");
        Self { pattern, rule: Some(is_time_zone), example: Some("Europe/Berlin"), ..Self::new(key, label, help) }
    }

    /// A currency by its ISO 4217 code.
    pub const fn currency(key: &'static str, label: &'static str, help: &'static str) -> Self {
        let pattern = Some("^[A-Z]{3}$");
        Self { pattern, rule: Some(is_currency), example: Some("EUR"), ..Self::new(key, label, help) }
    }

    /// Certificates to trust besides those of the machine.
    pub const fn certificate(key: &'static str, label: &'static str, help: &'static str) -> Self {
        let pattern = Some(r"^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$");
        let example = Some("-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----");
        Self { pattern, rule: Some(is_certificate), example, ..Self::new(key, label, help) }
    }

    /// What is wrong with a value; nothing if it is good.
    fn problem(&self, value: &str) -> Option<SettingProblem> {
        let wrong = |what: &str| SettingProblem::of(self, what);
        if let Some(Err(what)) = self.rule.map(|rule| rule(value)) {
            return Some(wrong(what));
        }
        let pattern = self.pattern?;
        if Regex::new(pattern).is_ok_and(|regex| regex.is_match(value)) {
            return None;
        }
        Some(match (words(pattern), self.example) {
            (Some(words), _) => wrong(&format!("has to be one of: {words}")),
            (None, Some(example)) if !self.secret => wrong(&format!("does not look as it should, such as {example}")),
            _ => wrong("does not look as it should"),
        })
    }
}

/// The words of a pattern that is nothing but a choice of words: `^(a|b)$`.
fn words(pattern: &str) -> Option<String> {
    let words = pattern.strip_prefix("^(")?.strip_suffix(")$")?;
    let plain = words.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'|');
    plain.then(|| words.replace('|', ", "))
}

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// Its key, as it was given.
    pub key: String,
    /// What is wrong and what helps, in one sentence that names the setting and does not repeat its value.
    pub message: String,
}

impl SettingProblem {
    fn of(def: &SettingDef, what: &str) -> Self {
        Self { key: def.key.to_owned(), message: format!("The setting {} ({}) {what}.", def.key, def.label) }
    }
}

/// Everything that is wrong with values for a form, in the order of the form, unknown settings last. Empty values count as not
/// given. What only shows when settings are put together is told by the constructor of the adapter.
pub fn check<'a>(form: &[SettingDef], values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<SettingProblem> {
    let values: BTreeMap<&str, &str> = values.into_iter().collect();
    let given = |def: &SettingDef| values.get(def.key).map(|value| value.trim()).filter(|value| !value.is_empty());
    let wrong = form.iter().filter_map(|def| match given(def) {
        Some(value) => def.problem(value),
        None if def.required => Some(SettingProblem::of(def, "is missing")),
        None => None,
    });
    let unknown = values.keys().filter(|key| form.iter().all(|def| def.key != **key)).map(|key| {
        let known: Vec<_> = form.iter().map(|def| def.key).collect();
        let key: String = key.chars().filter(|c| !c.is_control()).take(60).collect();
        let message = format!("There is no setting {key}. Known are: {}.", known.join(", "));
        SettingProblem { key, message }
    });
    wrong.chain(unknown).collect()
}

fn is_address(text: &str) -> Result<(), &'static str> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => return Err("has to begin with https:// or http://"),
        Err(ParseError::InvalidPort) => return Err("has a port that is no number from 1 to 65535"),
        Err(_) => return Err("is no web address, such as https://erp.example.com"),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err("has to begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password: take them out, they have settings of their own");
    }
    Ok(())
}

fn is_time_zone(text: &str) -> Result<(), &'static str> {
    text.parse::<Tz>().map(drop).map_err(|_| "is not the IANA name of a time zone, such as Europe/Berlin")
}

fn is_currency(text: &str) -> Result<(), &'static str> {
    text.parse::<CurrencyCode>().map(drop).map_err(|_| "is not a currency by its three capital letters, such as EUR")
}

fn is_certificate(text: &str) -> Result<(), &'static str> {
    if text.contains("PRIVATE KEY-----") {
        return Err("holds a private key: enter the certificate alone, and make a new key");
    }
    let is_pem = text.contains("-----BEGIN CERTIFICATE-----");
    is_pem.then_some(()).ok_or("is no certificate as PEM text, which begins with -----BEGIN CERTIFICATE-----")
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
    /// [`ErrorKind::Config`] with the first of the problems that [`check`] finds.
    pub fn new(form: &[SettingDef], values: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let values: BTreeMap<String, String> = values.into_iter().collect();
        let problems = check(form, values.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        if let Some(first) = problems.into_iter().next() {
            return Err(Error::new(ErrorKind::Config, first.message));
        }
        let mut settings = Self::default();
        for (key, value) in values {
            let Some(def) = form.iter().find(|def| def.key == key) else { continue };
            match value.trim() {
                "" => {}
                trimmed if def.secret => {
                    // A blank may belong to a password; around a key, which has a pattern, it was pasted along.
                    let value = if def.pattern.is_some() { trimmed.into() } else { value.into() };
                    settings.secret.insert(key, value);
                }
                trimmed => {
                    settings.plain.insert(key, trimmed.to_owned());
                }
            }
        }
        Ok(settings)
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
    use crate::catalog;

    const FORM: &[SettingDef] = &[
        SettingDef { required: true, ..SettingDef::address("url", "Address", "") },
        SettingDef { secret: true, pattern: Some("^[a-z0-9]+$"), ..SettingDef::new("password", "Password", "") },
        SettingDef::time_zone("zone", "Zone", ""),
        SettingDef::currency("currency", "Currency", ""),
        SettingDef::certificate("root", "Root", ""),
        SettingDef { pattern: Some("^(a|b)$"), example: Some("a"), ..SettingDef::new("mode", "Mode", "") },
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
    fn every_setting_of_every_system_can_be_filled_in_by_a_stranger() {
        for (system, def) in catalog::SYSTEMS.iter().flat_map(|s| s.settings.iter().map(|def| (s.key, def))) {
            let name = format!("{system}.{}", def.key);
            assert!(!def.label.is_empty() && def.help.ends_with('.') && def.help.len() > 15, "{name}");
            assert!(def.help.chars().all(|c| !c.is_control()) && !def.help.contains("  "), "{name}");
            match def.pattern {
                Some(pattern) => {
                    assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{name}: from beginning to end");
                    assert!(Regex::new(pattern).is_ok(), "{name}");
                    for other_in_javascript in ["(?", r"\A", r"\z", r"\x{", "[[", "&&", r"\p", "++", "*+"] {
                        assert!(!pattern.contains(other_in_javascript), "{name}: {other_in_javascript}");
                    }
                }
                None => assert!(def.secret, "{name} needs a pattern"),
            }
            match def.example {
                Some(example) if !def.secret => assert_eq!(def.problem(example), None, "{name}"),
                Some(_) => {}
                None => assert!(def.secret, "{name} needs an example"),
            }
        }
    }

    #[test]
    fn what_was_pasted_around_a_key_is_cut_off() {
        let form = [
            SettingDef { secret: true, pattern: Some("^[a-z]+$"), ..SettingDef::new("key", "Key", "") },
            SettingDef { secret: true, ..SettingDef::new("password", "Password", "") },
        ];
        let values = [("key", " abc\n"), ("password", " a b ")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let settings = Settings::new(&form, values).expect("good settings");
        assert_eq!(settings.secret("key").expect("a key").expose_secret(), "abc");
        assert_eq!(settings.secret("password").expect("a password").expose_secret(), " a b ");
    }

    fn problem(key: &str, value: &str) -> Option<String> {
        let values = if key == "url" { vec![(key, value)] } else { vec![("url", "https://a.example"), (key, value)] };
        let found = check(FORM, values);
        assert!(found.len() < 2 && found.iter().all(|p| p.key == key), "{found:?}");
        found.into_iter().next().map(|problem| problem.message)
    }

    #[test]
    fn wrong_settings_are_named() {
        assert_eq!(settings(&[]).expect_err("missing").message, "The setting url (Address) is missing.");
        assert_eq!(settings(&[("url", " ")]).expect_err("empty").message, "The setting url (Address) is missing.");
        let unknown = settings(&[("url", "https://a.example"), ("ulr", "x")]).expect_err("unknown");
        assert!(unknown.message.starts_with("There is no setting ulr."));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let found = check(FORM, [("zone", "Berlin"), ("mode", "c"), ("root", ""), ("x\ny", "1"), ("password", "A b")]);
        let keys: Vec<_> = found.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["url", "password", "zone", "mode", "xy"]);
        assert_eq!(found[1].message, "The setting password (Password) does not look as it should.");
        assert_eq!(found[3].message, "The setting mode (Mode) has to be one of: a, b.");
        assert!(!format!("{found:?}").contains("A b"), "a value is not repeated");
    }

    #[test]
    fn an_address_is_one_of_the_web_without_credentials() {
        for good in ["https://a.example", "HTTP://10.0.0.1:8069/x?y=1#z", "http://[::1]:80/", " https://a.example/ "] {
            assert_eq!(problem("url", good), None, "{good}");
        }
        for (wrong, says) in [
            ("a.example", "begin with https://"),
            ("localhost:8069", "begin with https://"),
            ("ftp://a.example", "begin with https://"),
            ("file:///etc/passwd", "begin with https://"),
            ("javascript:alert(1)", "begin with https://"),
            ("https://u:p@a.example", "holds a user or a password"),
            ("https://u@a.example", "holds a user or a password"),
            ("https://", "no web address"),
            ("https://a b.example", "no web address"),
            ("https://a.example:99999", "port"),
            (r"https:\\a.example", "does not look"),
        ] {
            assert!(problem("url", wrong).is_some_and(|message| message.contains(says)), "{wrong}");
        }
    }

    #[test]
    fn zones_currencies_and_certificates_are_real() {
        assert_eq!(problem("zone", "America/Argentina/Buenos_Aires"), None);
        assert!(problem("zone", "Europe/Atlantis").is_some_and(|message| message.contains("IANA")));
        assert_eq!(problem("currency", "USD"), None);
        assert!(problem("currency", "usd").is_some_and(|message| message.contains("three capital letters")));
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert_eq!(problem("root", pem), None);
        assert!(problem("root", "MIIB").is_some_and(|message| message.contains("PEM")));
        let key = format!("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n{pem}");
        assert!(problem("root", &key).is_some_and(|message| message.contains("private key")));
    }
}
