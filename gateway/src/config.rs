//! Settings: `config.default.toml`, over it the operator's file, over it the environment.

use crate::{
    auth::{JwtSettings, RateLimitSettings},
    erps::ErpDefinition,
    sealing::MasterKey,
    store::others_may_read,
};
use adapters::settings::SettingDef;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// The defaults and the manual of every key.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// All settings of a gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub server: Server,
    /// Where it keeps what it has to remember.
    pub store: StoreSettings,
    /// Whose tokens are good.
    pub jwt: JwtSettings,
    /// How much each principal may ask for.
    pub rate_limit: RateLimitSettings,
    /// What a query may cost.
    pub limits: Limits,
    /// Which documents are kept for clients that send their hashes.
    pub persisted_queries: PersistedQueries,
    /// How it reads from ERPs.
    pub read: Read,
    /// How old answers may be.
    pub cache: Cache,
    /// Whom it tells when an ERP stops working.
    pub alerts: Alerts,
    /// What it logs.
    pub log: Log,
    /// The ERPs, by their ids.
    #[serde(default)]
    pub erps: BTreeMap<String, Erp>,
}

/// Where the gateway listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where people reach it, if that is not where it listens.
    pub public_url: String,
    /// How long requests under way may go on when the gateway stops, in seconds.
    pub shutdown_seconds: u64,
    /// The most connections at once.
    pub max_connections: usize,
    /// How long the head of a request may take to arrive, and a connection may be idle, in seconds.
    pub header_seconds: u64,
    /// How long the body of a request may take to arrive, and an answer waits for a client that does not read, in seconds.
    pub body_seconds: u64,
    /// The origins whose pages may ask, besides the gateway's own.
    pub cors_origins: Vec<String>,
    /// The proxies that may say where a request comes from: addresses and networks.
    pub trusted_proxies: Vec<String>,
    /// Who may see what is counted.
    pub metrics: MetricsFor,
}

/// Who may see what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricsFor {
    /// Everybody.
    Open,
    /// Who may ask, and know of all ERPs.
    Key,
}

impl Server {
    /// Where people reach a gateway that listens at an address.
    ///
    /// # Errors
    /// One sentence, where the setting is no web address, or has more than a path.
    pub(crate) fn public_url(&self, listening: SocketAddr) -> Result<Url, String> {
        let wrong = || {
            "server.public_url: not the address of the gateway, such as https://erp.example.com, without user, query and \
             fragment"
                .to_owned()
        };
        if self.public_url.is_empty() {
            // Vendors take a loopback address by this name only.
            let host = match listening.ip() {
                ip if ip.is_loopback() || ip.is_unspecified() => format!("localhost:{}", listening.port()),
                _ => listening.to_string(),
            };
            return format!("http://{host}").parse().map_err(|_| wrong());
        }
        let url: Url = self.public_url.parse().map_err(|_| wrong())?;
        let plain =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if plain && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(wrong()) }
    }
}

/// Where the gateway keeps what it has to remember.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// The address of the database; it may hold a password.
    pub url: SecretString,
    /// The file that holds the master key; empty if there is none.
    pub master_key_file: PathBuf,
    /// The master key itself, from the environment.
    #[serde(skip)]
    pub master_key: Option<SecretString>,
}

impl StoreSettings {
    /// The master key.
    ///
    /// # Errors
    /// Where there is none, or it is none; the message says how to make one.
    pub fn master_key(&self) -> Result<MasterKey, String> {
        match &self.master_key {
            Some(text) => MasterKey::parse(text).map_err(|why| format!("ERP_GATEWAY_MASTER_KEY: {why}")),
            None if self.master_key_file.as_os_str().is_empty() => {
                Err("there is no master key, which seals the secrets in the store: make one with `erp-gateway keys \
                     generate`, keep it where secrets are kept, and set ERP_GATEWAY_MASTER_KEY or store.master_key_file"
                    .into())
            }
            None => master_key_of_file("store.master_key_file", &self.master_key_file),
        }
    }
}

/// The master key in a file that a setting names. Others than its owner should not be able to read it: the log warns.
///
/// # Errors
/// Where there is none; the message names the setting and the file, and repeats nothing of what is in it.
pub(crate) fn master_key_of_file(setting: &str, file: &Path) -> Result<MasterKey, String> {
    let wrong = |why: &dyn fmt::Display| format!("{setting}: {}: {why}", file.display());
    let text: SecretString = std::fs::read_to_string(file).map_err(|error| wrong(&error))?.into();
    if others_may_read(file) {
        tracing::warn!("{setting}: others may read {}: take that right away with chmod 600", file.display());
    }
    MasterKey::parse(&text).map_err(|why| wrong(&why))
}

/// What a query may cost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest body of a request, in bytes.
    pub body_bytes: usize,
    /// How long a request may take, in milliseconds.
    pub request_ms: u64,
    /// How deep a query may nest.
    pub depth: usize,
    /// The highest complexity of a query.
    pub complexity: usize,
    /// The most fields and fragments of a query.
    pub selections: usize,
    /// The most aliases in a query.
    pub aliases: usize,
    /// The most directives in a query.
    pub directives: usize,
    /// The most tokens in a query.
    pub tokens: usize,
    /// The most values in the variables.
    pub variables: usize,
    /// The most levels of lists and objects in the variables.
    pub variable_depth: usize,
    /// Whether clients may read the schema.
    pub introspection: bool,
    /// How many lists of the schema may stand inside each other in a query.
    pub introspection_depth: usize,
    /// The most values of the schema in an answer.
    pub introspection_complexity: usize,
    /// Whether errors tell what a wrong name may have meant.
    pub suggestions: bool,
}

impl Limits {
    /// What the API has to know of them.
    pub(crate) fn of_api(&self) -> schema::Limits {
        schema::Limits {
            depth: self.depth,
            complexity: self.complexity,
            aliases: self.aliases,
            directives: self.directives,
            tokens: self.tokens,
            selections: self.selections,
            variables: self.variables,
            variable_depth: self.variable_depth,
            introspection: self.introspection,
            introspection_depth: self.introspection_depth,
            introspection_complexity: self.introspection_complexity,
            suggestions: self.suggestions,
            time: Duration::from_millis(self.request_ms),
        }
    }
}

/// Which documents are kept for clients that send their hashes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersistedQueries {
    /// Whether clients may send hashes at all.
    pub enabled: bool,
    /// How many bytes of documents are kept.
    pub max_bytes: u64,
    /// The manifest of the trusted documents; empty if there is none.
    pub trusted_file: PathBuf,
    /// Whether only trusted documents are executed.
    pub trusted_only: bool,
}

/// How the gateway reads from ERPs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// How long a query waits for each ERP, in milliseconds.
    pub wait_ms: u64,
    /// How long a call to an ERP may take, in milliseconds.
    pub call_ms: u64,
    /// How many records are read for a filter that an ERP cannot evaluate.
    pub scan_records: usize,
    /// Whether ERPs may have link-local addresses.
    pub allow_link_local: bool,
    /// How often every ERP is asked whether it works, in seconds.
    pub health_seconds: u64,
}

/// How old answers may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Up to this age an answer is given without asking the ERP, in seconds.
    pub fresh_seconds: u64,
    /// Up to this age it is given while the ERP is asked again, in seconds.
    pub revalidate_seconds: u64,
    /// Up to this age it stands in for an ERP that fails, in seconds.
    pub stale_if_error_seconds: u64,
    /// How many bytes of records are kept.
    pub max_bytes: u64,
    /// How many bytes of whole answers are kept.
    pub answer_bytes: u64,
}

/// Whom the gateway tells when an ERP stops working.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// The address that alerts are sent to, which may hold a secret; empty if there is none.
    pub webhook_url: SecretString,
    /// What they are signed with.
    pub webhook_secret: SecretString,
}

/// What the gateway logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// What is logged, as a filter of `tracing`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// One ERP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erp {
    /// The name that people see; the id if none is given.
    #[serde(default)]
    pub name: Option<String>,
    /// The key of its system.
    pub system: String,
    /// What the system's settings form asks for.
    #[serde(default)]
    pub settings: SettingValues,
}

/// The settings of an ERP as they were given. A value `env:NAME` stands for an environment variable, so that a file need
/// not hold secrets. Which of them are secrets only the system's form knows: none is ever printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct SettingValues(BTreeMap<String, SecretString>);

impl fmt::Debug for SettingValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl SettingValues {
    /// Settings given in code.
    pub fn new<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self(values.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect())
    }

    /// All of them, for the adapter.
    pub(crate) fn exposed(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(key, value)| (key.clone(), value.expose_secret().to_owned())).collect()
    }

    /// Those that may be shown.
    pub(crate) fn without_secrets(&self, form: &[SettingDef]) -> serde_json::Value {
        let shown = |key: &String| form.iter().any(|def| def.key == key && !def.secret);
        let plain = self.0.iter().filter(|(key, _)| shown(key));
        plain.map(|(key, value)| (key.clone(), serde_json::Value::from(value.expose_secret()))).collect()
    }

    fn resolve(&mut self, env: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
        for (key, value) in &mut self.0 {
            if let Some(name) = value.expose_secret().strip_prefix("env:") {
                let found =
                    env(name).ok_or_else(|| format!("settings.{key}: the environment variable {name} is not set"))?;
                *value = found.into();
            }
        }
        Ok(())
    }
}

impl Config {
    /// The defaults alone.
    ///
    /// # Errors
    /// Never, as a test proves.
    pub fn defaults() -> Result<Self, String> {
        Self::from_texts(None, &|_| None)
    }

    /// The settings of an operator's file over the defaults, and of `ERP_GATEWAY_*` variables over both.
    ///
    /// # Errors
    /// One sentence that names the key.
    pub fn load(file: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let wrong = |why: String| match file {
            Some(path) => format!("{}: {why}", path.display()),
            None => why,
        };
        let text = file.map(std::fs::read_to_string).transpose().map_err(|e| wrong(e.to_string()))?;
        Self::from_texts(text.as_deref(), env).map_err(wrong)
    }

    fn from_texts(file: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let parse = |text: &str| text.parse::<toml::Table>().map_err(|e| told(&e, Some(text)));
        let mut table = parse(DEFAULTS)?;
        if let Some(text) = file {
            overlay(&mut table, parse(text)?);
        }
        for (section, value) in &mut table {
            if let toml::Value::Table(keys) = value {
                let names: Vec<_> = known_keys(section).iter().map(|key| (*key).to_owned()).collect();
                for key in names {
                    let name = format!("ERP_GATEWAY_{section}_{key}").to_uppercase();
                    if let Some(text) = env(&name) {
                        let value = from_env(keys.get(&key), text).map_err(|e| format!("{name}: {e}"))?;
                        keys.insert(key, value);
                    }
                }
            }
        }
        let mut config: Self = table.try_into().map_err(|e| told(&e, None))?;
        for (key, none) in [
            ("server.max_connections", config.server.max_connections == 0),
            ("server.header_seconds", config.server.header_seconds == 0),
            ("server.body_seconds", config.server.body_seconds == 0),
            ("limits.request_ms", config.limits.request_ms == 0),
            ("rate_limit.burst", config.rate_limit.burst == 0),
        ] {
            if none {
                return Err(format!("{key}: must be at least 1, or nothing could be answered"));
            }
        }
        config.store.master_key = env("ERP_GATEWAY_MASTER_KEY").map(Into::into);
        for (id, erp) in &mut config.erps {
            erp.settings.resolve(env).map_err(|why| format!("erps.{id}.{why}"))?;
        }
        Ok(config)
    }

    /// The ERPs to connect.
    pub fn erp_definitions(&self) -> Vec<ErpDefinition> {
        let definition = |(id, erp): (&String, &Erp)| ErpDefinition {
            id: id.clone(),
            name: erp.name.clone().unwrap_or_else(|| id.clone()),
            system: erp.system.clone(),
            settings: erp.settings.clone(),
        };
        self.erps.iter().map(definition).collect()
    }

    /// The settings that differ from those of a running gateway, and that only a new start takes over.
    pub(crate) fn only_at_start(&self, running: &Self) -> Vec<&'static str> {
        let (new, old) = (&self.server, &running.server);
        let url = |config: &Self| config.store.url.expose_secret().to_owned();
        let key = |config: &Self| config.store.master_key.as_ref().map(|key| key.expose_secret().to_owned());
        let changed = [
            ("server.listen", new.listen != old.listen),
            ("server.public_url", new.public_url != old.public_url),
            ("server.max_connections", new.max_connections != old.max_connections),
            ("server.header_seconds", new.header_seconds != old.header_seconds),
            ("server.body_seconds for answers", new.body_seconds != old.body_seconds),
            ("store.url", url(self) != url(running)),
            ("store.master_key_file", self.store.master_key_file != running.store.master_key_file),
            ("ERP_GATEWAY_MASTER_KEY", key(self) != key(running)),
            ("read.allow_link_local", self.read.allow_link_local != running.read.allow_link_local),
            ("log.format", self.log.format != running.log.format),
        ];
        changed.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
    }

    pub(crate) fn reading(&self) -> crate::federation::Limits {
        let seconds = Duration::from_secs;
        crate::federation::Limits {
            freshness: crate::federation::Freshness {
                fresh: seconds(self.cache.fresh_seconds),
                revalidate: seconds(self.cache.revalidate_seconds),
                on_error: seconds(self.cache.stale_if_error_seconds),
            },
            wait: Duration::from_millis(self.read.wait_ms),
            call: Duration::from_millis(self.read.call_ms),
            cache_bytes: self.cache.max_bytes / 2,
            scan: self.read.scan_records,
        }
    }

    pub(crate) fn answers(&self) -> crate::answers::Limits {
        crate::answers::Limits { bytes: self.cache.answer_bytes, fresh: Duration::from_secs(self.cache.fresh_seconds) }
    }
}

/// The keys of a section that a variable may set.
fn known_keys(section: &str) -> &'static [&'static str] {
    match section {
        "server" => &[
            "listen",
            "public_url",
            "shutdown_seconds",
            "max_connections",
            "header_seconds",
            "body_seconds",
            "cors_origins",
            "trusted_proxies",
            "metrics",
        ],
        "store" => &["url", "master_key_file"],
        "limits" => &[
            "body_bytes",
            "request_ms",
            "depth",
            "complexity",
            "selections",
            "aliases",
            "directives",
            "tokens",
            "variables",
            "variable_depth",
            "introspection",
            "introspection_depth",
            "introspection_complexity",
            "suggestions",
        ],
        "jwt" => &["secret", "jwks", "issuer", "audience", "role_claim", "scope_claim", "erps_claim", "leeway_seconds"],
        "rate_limit" => &["points_per_minute", "burst"],
        "persisted_queries" => &["enabled", "max_bytes", "trusted_file", "trusted_only"],
        "read" => &["wait_ms", "call_ms", "scan_records", "allow_link_local", "health_seconds"],
        "cache" => &["fresh_seconds", "revalidate_seconds", "stale_if_error_seconds", "max_bytes", "answer_bytes"],
        "alerts" => &["webhook_url", "webhook_secret"],
        "log" => &["filter", "format"],
        _ => &[],
    }
}

fn overlay(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => overlay(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// What is wrong with TOML, in one line. No value is repeated: it may be a password.
fn told(error: &toml::de::Error, text: Option<&str>) -> String {
    let mut told = error.message().lines().next().unwrap_or_default().to_owned();
    for wrong in ["invalid type: ", "invalid value: "] {
        if let Some((given, expected)) = told.strip_prefix(wrong).and_then(|rest| rest.split_once(", expected ")) {
            let kind = given.split([' ', '`', '"']).next().unwrap_or_default();
            told = format!("{wrong}{kind}, expected {expected}");
        }
    }
    if let (Some(text), Some(span)) = (text, error.span()) {
        let line = 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        return format!("line {line}: {told}");
    }
    // Where it is stands in the last line of the long form: in `cache.fresh_seconds`.
    let long = error.to_string();
    let place = long.lines().rev().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    place.map_or(told.clone(), |place| format!("{place}: {told}"))
}

/// A variable's text in the type of the default.
fn from_env(default: Option<&toml::Value>, text: String) -> Result<toml::Value, String> {
    Ok(match default {
        Some(toml::Value::Integer(_)) => toml::Value::Integer(text.parse().map_err(|_| "not a whole number")?),
        Some(toml::Value::Boolean(_)) => toml::Value::Boolean(text.parse().map_err(|_| "neither true nor false")?),
        Some(toml::Value::Array(_)) => {
            let values = text.split(',').map(str::trim).filter(|value| !value.is_empty());
            toml::Value::Array(values.map(Into::into).collect())
        }
        _ => toml::Value::String(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_can_be_set_by_a_variable() {
        let table: toml::Table = DEFAULTS.parse().expect("good TOML");
        for (section, value) in &table {
            for key in value.as_table().expect("a section").keys() {
                assert!(known_keys(section).contains(&key.as_str()), "{section}.{key}");
            }
        }
        Config::defaults().expect("good defaults");
    }

    #[test]
    fn a_file_and_the_environment_go_over_the_defaults() {
        let file = r#"
            [cache]
            fresh_seconds = 7
            [erps.odoo]
            system = "odoo"
            settings = { url = "https://erp.example", password = "env:ODOO_PASSWORD" }
        "#;
        let env = |name: &str| match name {
            "ERP_GATEWAY_LIMITS_DEPTH" => Some("9".to_owned()),
            "ERP_GATEWAY_JWT_SECRET" => Some("s3cret".to_owned()),
            "ERP_GATEWAY_JWT_AUDIENCE" => Some("erp-gateway".to_owned()),
            "ERP_GATEWAY_SERVER_CORS_ORIGINS" => Some("https://a.example, https://b.example".to_owned()),
            "ERP_GATEWAY_PERSISTED_QUERIES_ENABLED" => Some("false".to_owned()),
            "ODOO_PASSWORD" => Some("hunter2".to_owned()),
            _ => None,
        };
        let config = Config::from_texts(Some(file), &env).expect("good settings");
        assert_eq!((config.cache.fresh_seconds, config.limits.depth), (7, 9));
        assert_eq!(config.server.cors_origins, ["https://a.example", "https://b.example"]);
        assert!(!config.persisted_queries.enabled);
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("s3cret"), "{shown}");
        let settings = config.erps["odoo"].settings.exposed();
        assert!(settings.contains(&("password".into(), "hunter2".into())));
    }

    #[test]
    fn wrong_settings_are_named() {
        let wrong = |file: &str| Config::from_texts(Some(file), &|_| None).expect_err("refused");
        let starts =
            |message: String, with: &str| assert!(message.starts_with(with) && !message.contains('\n'), "{message}");
        starts(wrong("[cache]\nfersh = 1"), "cache: unknown field `fersh`, expected one of");
        starts(wrong("[cache]\nfresh_seconds = 'soon'"), "cache.fresh_seconds: invalid type: string, expected u64");
        starts(
            wrong("\n[erps.a]\nsystem = 'odoo'\nsettings = { password = \"hunter2 }"),
            "line 4: unclosed inline table",
        );
        starts(
            wrong("[erps.a]\nsystem = 'odoo'\nsettings = { password = 4711 }"),
            "erps.a.settings.password: invalid type: integer, expected a string",
        );
        starts(
            wrong("[erps.a]\nsystem = 'odoo'\nsettings = 'hunter2'"),
            "erps.a.settings: invalid type: string, expected a map",
        );
        assert!(wrong("[server]\nheader_seconds = 0").contains("server.header_seconds"));
        assert!(wrong("[server]\ncors_origins = 'https://a.example'").contains("cors_origins"));
        assert!(wrong("[erps.a]\nsystem = 'odoo'\nsettings = { password = 'env:NOPE' }").contains("NOPE"));
    }
}
