//! The settings form of Odoo, and what is read from it.

use crate::{
    error::{Error, ErrorKind, Result},
    model::CurrencyCode,
    settings::{SettingDef, Settings},
};
use chrono_tz::Tz;
use secrecy::SecretString;
use url::Url;

pub(super) static FORM: &[SettingDef] = &[
    SettingDef {
        required: true,
        example: Some("https://mycompany.odoo.com"),
        ..SettingDef::address(
            "url",
            "Address",
            "Where people open Odoo in the browser. Only scheme, host and port count.",
        )
    },
    SettingDef {
        example: Some("mycompany"),
        pattern: Some(r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,62}$"),
        ..SettingDef::new(
            "database",
            "Database",
            "The name of the database: shown by the log-in page or the database manager, on odoo.com the first part of the address. \
             Odoo 19 and later with an API key need it only where the host has several databases.",
        )
    },
    SettingDef {
        example: Some("gateway@example.com"),
        pattern: Some(r"^\S(.*\S)?$"),
        ..SettingDef::new(
            "login",
            "Login",
            "The login of the user that the gateway works as; best one of its own, with only the rights it needs. Odoo 19 and \
             later with an API key do without.",
        )
    },
    SettingDef {
        secret: true,
        example: Some("40 letters and digits"),
        pattern: Some("^[!-~]+$"),
        ..SettingDef::new(
            "api_key",
            "API key",
            "A key of that user: in Odoo, user menu, My Profile (Preferences), Account Security, New API Key. Preferred to the \
             password, and the only way for a user with two-factor authentication.",
        )
    },
    SettingDef {
        secret: true,
        ..SettingDef::new("password", "Password", "The password of that user, where there is no API key.")
    },
    SettingDef {
        example: Some("json2"),
        pattern: Some("^(session|jsonrpc|json2)$"),
        ..SettingDef::new(
            "transport",
            "Transport",
            "How Odoo is spoken to: session (password), jsonrpc (API key or password) or json2 (API key, Odoo 19 and later). Left \
             empty, the gateway chooses by the credential and the version.",
        )
    },
    SettingDef {
        example: Some("1"),
        pattern: Some("^[1-9][0-9]{0,9}$"),
        ..SettingDef::new(
            "company_id",
            "Company",
            "The id of the company whose books are read, if the user may see several: a test of the settings lists them. Default: \
             the user's own company. Each further company is connected as an ERP of its own.",
        )
    },
    SettingDef {
        example: Some("de_DE"),
        pattern: Some("^[a-z]{2,3}(_[A-Z0-9]{2,3})?(@[a-z]+)?$"),
        ..SettingDef::new(
            "language",
            "Language",
            "The language of names and texts that Odoo translates. Default: en_US.",
        )
    },
    SettingDef::time_zone(
        "time_zone",
        "Time zone",
        "The time zone of the company, by its IANA name: it decides which day an order is of. Default: the time zone of the user.",
    ),
    SettingDef::currency(
        "base_currency",
        "Currency",
        "The currency of the books, by its ISO 4217 code. Default: that of the company in Odoo.",
    ),
    SettingDef::certificate(
        "root_certificate",
        "Root certificate",
        "A certificate to trust besides those of the machine, as PEM text: for a server inside the house that signed its own.",
    ),
];

/// A way to speak to Odoo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Transport {
    /// The web client's own calls with the cookie of a log-in: all versions, password only.
    Session,
    /// The external RPC: all versions until 21, password or API key.
    JsonRpc,
    /// `/json/2`: 19 and later, API key only.
    Json2,
}

impl Transport {
    /// Its word in the settings.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::JsonRpc => "jsonrpc",
            Self::Json2 => "json2",
        }
    }
}

/// What proves the login.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    ApiKey(SecretString),
    Password(SecretString),
}

impl Credential {
    pub(super) fn secret(&self) -> &SecretString {
        match self {
            Self::ApiKey(secret) | Self::Password(secret) => secret,
        }
    }
}

/// The settings of one ERP, checked.
#[derive(Debug, Clone)]
pub(super) struct Config {
    /// Scheme, host and port.
    pub(super) base: Url,
    pub(super) database: Option<String>,
    pub(super) login: Option<String>,
    pub(super) credential: Credential,
    pub(super) transport: Option<Transport>,
    pub(super) company: Option<i64>,
    pub(super) language: String,
    pub(super) time_zone: Option<Tz>,
    pub(super) base_currency: Option<CurrencyCode>,
    pub(super) root_certificate: Option<String>,
}

impl Config {
    /// # Errors
    /// [`ErrorKind::Config`] with a sentence for the operator.
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let transport = match settings.get("transport") {
            None => None,
            Some("session") => Some(Transport::Session),
            Some("jsonrpc") => Some(Transport::JsonRpc),
            Some("json2") => Some(Transport::Json2),
            Some(_) => return Err(config("The setting transport is session, jsonrpc or json2.")),
        };
        let (key, password) = (settings.secret("api_key").cloned(), settings.secret("password").cloned());
        let credential = match (transport, key, password) {
            (Some(Transport::Session), _, Some(password)) => Credential::Password(password),
            (Some(Transport::Session), ..) => {
                return Err(config("The transport session needs the password: Odoo opens no session for an API key."));
            }
            (_, Some(key), _) => Credential::ApiKey(key),
            (Some(Transport::Json2), None, _) => return Err(config("The transport json2 needs an API key.")),
            (_, None, Some(password)) => Credential::Password(password),
            (_, None, None) => return Err(config("Enter an API key, or the password.")),
        };
        let company = settings.parse("company_id", "the id of a company")?;
        let this = Self {
            base: origin(settings.require("url")?)?,
            database: settings.get("database").map(str::to_owned),
            login: settings.get("login").map(str::to_owned),
            credential,
            transport,
            company,
            language: settings.get("language").unwrap_or("en_US").to_owned(),
            time_zone: settings.parse("time_zone", "the IANA name of a time zone")?,
            base_currency: settings.parse("base_currency", "an ISO 4217 code")?,
            root_certificate: settings.get("root_certificate").map(str::to_owned),
        };
        let may_be_json2 =
            matches!(this.credential, Credential::ApiKey(_)) && matches!(this.transport, None | Some(Transport::Json2));
        if !may_be_json2 {
            this.account()?;
        }
        Ok(this)
    }

    /// Database and login, where the transport cannot do without.
    pub(super) fn account(&self) -> Result<(&str, &str)> {
        match (&self.database, &self.login) {
            (Some(database), Some(login)) => Ok((database, login)),
            (None, _) => Err(config("The setting database is missing.")),
            (_, None) => Err(config("The setting login is missing.")),
        }
    }

    /// A page or endpoint of this Odoo.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// People copy the address from the browser, with a page in it.
fn origin(text: &str) -> Result<Url> {
    let wrong = || config("The setting url is not the address of an Odoo server, such as https://mycompany.odoo.com.");
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(values: &[(&str, &str)]) -> Result<Config> {
        let settings = Settings::new(FORM, values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))?;
        Config::new(&settings)
    }

    fn refused(values: &[(&str, &str)]) -> String {
        config(values).expect_err("refused").message
    }

    const URL: (&str, &str) = ("url", "https://erp.example/odoo/sales?debug=1#menu");

    #[test]
    fn the_address_is_cut_to_its_origin() {
        let config = config(&[URL, ("api_key", "k")]).expect("good settings");
        assert_eq!(config.base.as_str(), "https://erp.example/");
        assert_eq!(config.at("/jsonrpc").as_str(), "https://erp.example/jsonrpc");
        assert!(refused(&[("url", "erp.example"), ("api_key", "k")]).contains("begin with https://"));
    }

    #[test]
    fn transport_and_credential_have_to_fit() {
        let account = [("database", "d"), ("login", "l")];
        let with = |more: &[(&'static str, &'static str)]| [&[URL], &account[..], more].concat();
        assert_eq!(refused(&with(&[])), "Enter an API key, or the password.");
        assert!(refused(&with(&[("transport", "session"), ("api_key", "k")])).contains("needs the password"));
        assert!(refused(&with(&[("transport", "json2"), ("password", "p")])).contains("needs an API key"));
        assert!(refused(&with(&[("transport", "soap"), ("password", "p")])).contains("session, jsonrpc, json2"));
        assert_eq!(refused(&[URL, ("password", "p")]), "The setting database is missing.");
        assert_eq!(
            refused(&[URL, ("database", "d"), ("transport", "jsonrpc"), ("api_key", "k")]),
            "The setting login is missing."
        );
        let both = config(&with(&[("api_key", "k"), ("password", "p")])).expect("good settings");
        assert!(matches!(both.credential, Credential::ApiKey(_)), "the key is preferred");
        assert!(config(&[URL, ("api_key", "k")]).is_ok(), "Odoo 19 needs no more");
    }

    #[test]
    fn nothing_secret_is_printed() {
        let config = config(&[URL, ("api_key", "s3cret-key")]).expect("good settings");
        assert!(!format!("{config:?}").contains("s3cret-key"));
    }
}
