//! The settings form, and what it says in types.

use crate::{
    error::{Error, ErrorKind, Result},
    model::CurrencyCode,
    settings::{SettingDef, Settings},
};
use chrono_tz::Tz;
use secrecy::SecretString;
use std::collections::HashMap;
use url::Url;

pub(super) static FORM: &[SettingDef] = &[
    SettingDef {
        required: true,
        example: Some("https://b1.example.com:50000"),
        ..SettingDef::address(
            "url",
            "Address of the Service Layer",
            "Protocol, host and port as the gateway reaches them; the port is 50000 unless it was changed. Ask whoever runs the SAP Business One server.",
        )
    },
    SettingDef {
        required: true,
        example: Some("SBODEMODE"),
        pattern: Some(r"^\S+$"),
        ..SettingDef::new(
            "company_db",
            "Company database",
            "The name of the company's database (schema), not the company's name. The SAP Business One client shows it in Choose Company. One connection serves one company.",
        )
    },
    SettingDef {
        required: true,
        example: Some("gateway"),
        pattern: Some(r"^\S(.*\S)?$"),
        ..SettingDef::new(
            "username",
            "User",
            "A user of SAP Business One, best one of its own for the gateway, with read authorisation for what the gateway is to show: business partners, items, the documents of sales and purchasing, payments, the ledger, production.",
        )
    },
    SettingDef {
        required: true,
        secret: true,
        ..SettingDef::new("password", "Password", "The password of that user.")
    },
    SettingDef {
        required: true,
        ..SettingDef::time_zone(
            "time_zone",
            "Time zone of the server",
            "The IANA name of the zone in which the SAP Business One server keeps its clock: its times name no zone.",
        )
    },
    SettingDef {
        example: Some("v2"),
        pattern: Some(r"^v[12]$"),
        ..SettingDef::new(
            "api_version",
            "Version of the Service Layer API",
            "v2 (OData 4, the default) or v1 (OData 3) for servers before 10.0.",
        )
    },
    SettingDef {
        example: Some("EUR"),
        pattern: Some(r"^\S{1,3}$"),
        ..SettingDef::new(
            "local_currency",
            "Local currency",
            "Only where the user may not read the company details: the code of the local currency as SAP Business One writes it.",
        )
    },
    SettingDef {
        example: Some("$=USD,£=GBP"),
        pattern: Some(r"^\s*[^=,\s]+\s*=\s*[A-Z]{3}\s*(,\s*[^=,\s]+\s*=\s*[A-Z]{3}\s*)*$"),
        ..SettingDef::new(
            "currencies",
            "Currency codes",
            "What the company's own currency codes mean, where they are not ISO codes. See Administration > Setup > Financials > Currencies.",
        )
    },
    SettingDef {
        example: Some("1"),
        pattern: Some(r"^[0-9]{1,9}$"),
        ..SettingDef::new(
            "price_list",
            "Price list",
            "The number of the price list that products' sale prices are read from; 1 unless it is given. See Inventory > Price Lists.",
        )
    },
    SettingDef {
        example: Some("hana"),
        pattern: Some(r"^(hana|mssql)$"),
        ..SettingDef::new(
            "database",
            "Database",
            "hana (the default) or mssql: they differ in how they compare capital and small letters.",
        )
    },
    SettingDef {
        pattern: Some(r"^(true|false)$"),
        example: Some("true"),
        ..SettingDef::new(
            "sql_queries",
            "SQL queries",
            "true lets the gateway store queries of its own in the company (SQLQueries whose code begins with GW), by which it sums the ledger and reads exchange rates. They only read. Needs 10.0 FP 2011.",
        )
    },
    SettingDef {
        pattern: Some(r"^(true|false)$"),
        example: Some("false"),
        ..SettingDef::new(
            "accept_invalid_certificates",
            "Accept any certificate",
            "true turns off the check of the server's certificate: for tests only. Give the root certificate instead.",
        )
    },
    SettingDef::certificate(
        "root_certificate",
        "Root certificate",
        "PEM text of the certificate that signed the server's, or of the server's own where it is self-signed.",
    ),
];

/// Which of the two protocols the Service Layer is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// OData 3.
    V1,
    /// OData 4.
    V2,
}

/// What the company's data is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    /// SAP HANA tells capital and small letters apart unless a request says otherwise.
    Hana,
    /// The collations that SAP Business One allows on SQL Server never do.
    SqlServer,
}

/// The settings of one ERP.
#[derive(Debug, Clone)]
pub(super) struct Config {
    /// The service's root, with a slash at the end.
    pub(super) root: Url,
    pub(super) version: Version,
    pub(super) database: Database,
    pub(super) company_db: String,
    pub(super) username: String,
    pub(super) password: SecretString,
    pub(super) zone: Tz,
    /// The local currency as the company writes it, where it is not to be asked for.
    pub(super) local_currency: Option<String>,
    pub(super) currencies: HashMap<Box<str>, CurrencyCode>,
    pub(super) price_list: u32,
    /// Whether the gateway may store queries of its own.
    pub(super) sql_queries: bool,
    pub(super) accept_invalid_certificates: bool,
    pub(super) root_certificate: Option<String>,
}

impl Config {
    /// # Errors
    /// [`ErrorKind::Config`] for a setting that cannot be used; the message names it.
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        let version = match settings.get("api_version").unwrap_or("v2") {
            "v1" => Version::V1,
            "v2" => Version::V2,
            _ => return Err(wrong("api_version", "v1 or v2")),
        };
        let database = match settings.get("database").unwrap_or("hana") {
            "hana" => Database::Hana,
            "mssql" => Database::SqlServer,
            _ => return Err(wrong("database", "hana or mssql")),
        };
        let accept_invalid_certificates =
            settings.parse("accept_invalid_certificates", "true or false")?.unwrap_or(false);
        Ok(Self {
            root: root(settings.require("url")?, version)?,
            version,
            database,
            company_db: settings.require("company_db")?.to_owned(),
            username: settings.require("username")?.to_owned(),
            password: settings.require_secret("password")?.clone(),
            zone: settings
                .parse("time_zone", "the IANA name of a time zone, for example Europe/Berlin")?
                .ok_or_else(|| Error::new(ErrorKind::Config, "The setting time_zone is missing."))?,
            local_currency: settings.get("local_currency").map(str::to_owned),
            currencies: currencies(settings.get("currencies").unwrap_or_default())?,
            price_list: settings.parse("price_list", "the number of a price list")?.unwrap_or(1),
            sql_queries: settings.parse("sql_queries", "true or false")?.unwrap_or(false),
            accept_invalid_certificates,
            root_certificate: settings.get("root_certificate").map(str::to_owned),
        })
    }
}

fn wrong(key: &str, what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("The setting {key} is not {what}."))
}

/// The service's root, also where somebody gave the address with the API's path.
fn root(address: &str, version: Version) -> Result<Url> {
    let wrong = || wrong("url", "an address such as https://b1.example.com:50000");
    let mut root: Url = address.parse().map_err(|_| wrong())?;
    if !matches!(root.scheme(), "http" | "https") || root.query().is_some() || root.fragment().is_some() {
        return Err(wrong());
    }
    let path = root.path().trim_end_matches('/');
    let path = ["/b1s/v1", "/b1s/v2", "/b1s"].iter().find_map(|known| path.strip_suffix(known)).unwrap_or(path);
    let api = if version == Version::V1 { "v1" } else { "v2" };
    root.set_path(&format!("{path}/b1s/{api}/"));
    Ok(root)
}

fn currencies(text: &str) -> Result<HashMap<Box<str>, CurrencyCode>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (code, means) = pair.split_once('=')?;
        Some((code.trim().into(), means.trim().parse().ok()?))
    });
    pairs.collect::<Option<_>>().ok_or_else(|| wrong("currencies", "a list such as $=USD,£=GBP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &[(&str, &str)]) -> Result<Config> {
        let given = [
            ("url", "https://b1.example:50000"),
            ("company_db", "SBO"),
            ("username", "u"),
            ("password", "p"),
            ("time_zone", "Europe/Berlin"),
        ];
        let mut values: HashMap<_, _> = given.into();
        values.extend(more.iter().copied());
        Config::read(&Settings::new(FORM, values.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())))?)
    }

    #[test]
    fn the_root_is_found_whatever_was_pasted() {
        for url in [
            "https://b1.example:50000",
            "https://b1.example:50000/",
            "https://b1.example:50000/b1s/v1/",
            "https://b1.example:50000/b1s",
        ] {
            assert_eq!(
                config(&[("url", url)]).expect("a config").root.as_str(),
                "https://b1.example:50000/b1s/v2/",
                "{url}"
            );
        }
        let behind = config(&[("url", "https://x.example/erp"), ("api_version", "v1")]).expect("a config");
        assert_eq!(behind.root.as_str(), "https://x.example/erp/b1s/v1/");
    }

    #[test]
    fn wrong_settings_are_named() {
        for (key, value) in [
            ("url", "b1"),
            ("time_zone", "Berlin time"),
            ("currencies", "$=dollar"),
            ("api_version", "v3"),
            ("database", "db2"),
            ("price_list", "x"),
        ] {
            assert!(config(&[(key, value)]).expect_err("refused").message.contains(key), "{key}");
        }
        assert!(config(&[("time_zone", "")]).expect_err("refused").message.contains("time_zone"));
    }

    #[test]
    fn currency_codes_are_read() {
        let config = config(&[("currencies", "$ = USD, £=GBP")]).expect("a config");
        assert_eq!(config.currencies["$"].as_str(), "USD");
        assert_eq!(config.currencies["£"].as_str(), "GBP");
    }
}
