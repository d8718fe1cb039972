//! The settings form of a company, and how they become an adapter.

use super::{QuickBooks, api::Api, fault, mapping};
use crate::{
    adapter::{Adapter, Info},
    cached::Cached,
    catalog::Services,
    error::{Error, ErrorKind, Result},
    http::{Auth, Client, ClientSettings, Policy, QuotaPolicy, Window, stack},
    model::{CurrencyCode, ErpId},
    oauth::{self, App, Endpoint, OAuthDef, RotatingTokens, below},
    settings::{SettingDef, Settings},
};
use chrono_tz::Tz;
use secrecy::ExposeSecret;
use std::{sync::Arc, time::Duration};
use url::Url;

const PRODUCTION: &str = "https://quickbooks.api.intuit.com";
const SANDBOX: &str = "https://sandbox-quickbooks.api.intuit.com";

/// Addresses by Intuit's discovery document (developer.api.intuit.com/.well-known/openid_configuration), which names no methods
/// of PKCE: an app has a secret.
pub(super) static OAUTH: OAuthDef = OAuthDef {
    name: "QuickBooks",
    authorize: Endpoint {
        default: "https://appcenter.intuit.com/connect/oauth2",
        setting: None,
        below: &["connect", "oauth2"],
    },
    token: Endpoint {
        default: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        setting: Some("token_url"),
        below: &["oauth2", "v1", "tokens", "bearer"],
    },
    revocation: Some(Endpoint {
        default: "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        setting: None,
        below: &["v2", "oauth2", "tokens", "revoke"],
    }),
    scopes: &["com.intuit.quickbooks.accounting"],
    pkce: false,
    callback: &[("realmId", "realm_id")],
    classify: fault::classify,
};

/// Since August 2025 lower ones are treated as this one.
const MINOR_VERSION: u32 = 75;

/// The home currency of a company does not change; its codes of tax may.
const KEEP_BOOKS: Duration = Duration::from_secs(60 * 60);

pub(super) static FORM: &[SettingDef] = &[
    SettingDef {
        required: true,
        example: Some("ABxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        pattern: Some("^[A-Za-z0-9]{2,100}$"),
        ..SettingDef::new(
            "client_id",
            "Client ID",
            "Of your app at developer.intuit.com: Keys & credentials, of the same environment as the company. There, under Redirect \
             URIs, enter the address of this gateway with /oauth/callback behind it.",
        )
    },
    SettingDef {
        required: true,
        secret: true,
        example: Some("40 letters and digits"),
        pattern: Some("^[!-~]+$"),
        ..SettingDef::new("client_secret", "Client secret", "Beside the client ID.")
    },
    SettingDef {
        example: Some("9341453000000001"),
        pattern: Some("^[0-9]{1,20}$"),
        ..SettingDef::new(
            "realm_id",
            "Company ID",
            "The company's number (realm id). Left empty, it is the company that is chosen when an administrator of it gives \
             their consent; if it is given, no other company is accepted. In QuickBooks: Settings, Account and settings, Billing & \
             subscription.",
        )
    },
    SettingDef {
        secret: true,
        example: Some("RT1-…"),
        pattern: Some("^[!-~]+$"),
        ..SettingDef::new(
            "refresh_token",
            "Refresh token",
            "Not needed where an administrator of the company gives their consent at the address that connecting returns. Otherwise \
             the first one, with the company's ID, from the OAuth 2.0 Playground at developer.intuit.com. The gateway renews and keeps \
             it from then on.",
        )
    },
    SettingDef {
        example: Some("production"),
        pattern: Some("^(production|sandbox)$"),
        ..SettingDef::new(
            "environment",
            "Environment",
            "production for a real company, sandbox for a company made for tests. Default: production.",
        )
    },
    SettingDef {
        example: Some("estimates"),
        pattern: Some("^(estimates)$"),
        ..SettingDef::new(
            "sales_orders",
            "Sales orders",
            "QuickBooks Online has no sales orders. estimates: its estimates count as such, pending ones as drafts. Empty: this \
             company has none.",
        )
    },
    SettingDef {
        example: Some("USD"),
        ..SettingDef::currency(
            "base_currency",
            "Home currency",
            "The currency of the books, by its three letters. Default: what the company's preferences say.",
        )
    },
    SettingDef {
        example: Some("America/Los_Angeles"),
        ..SettingDef::time_zone(
            "time_zone",
            "Time zone",
            "Where the company's day begins, by its IANA name. QuickBooks itself writes all times with their offset.",
        )
    },
    SettingDef {
        example: Some("75"),
        pattern: Some("^[0-9]{1,4}$"),
        ..SettingDef::new(
            "minor_version",
            "Minor version",
            "Of the API, for when Intuit asks for a newer one. Default: 75.",
        )
    },
    SettingDef {
        example: Some("http://127.0.0.1:8075"),
        ..SettingDef::address(
            "url",
            "Address",
            "Instead of Intuit's address for the environment: for a simulator or a proxy.",
        )
    },
    SettingDef {
        example: Some("http://127.0.0.1:8075/oauth2/v1/tokens/bearer"),
        ..SettingDef::address(
            "token_url",
            "Address of the token service",
            "Instead of Intuit's. Default with an address of your own: oauth2/v1/tokens/bearer below it.",
        )
    },
];

/// Makes the adapter of a company; the only place that knows Intuit's addresses.
pub(super) fn build(erp: &ErpId, settings: Settings, services: &Services) -> Result<Arc<dyn Adapter>> {
    let sandbox = match settings.get("environment") {
        None | Some("production") => false,
        Some("sandbox") => true,
        Some(_) => return Err(config("The setting environment is production or sandbox.")),
    };
    let estimates = match settings.get("sales_orders") {
        None => false,
        Some("estimates") => true,
        Some(_) => return Err(config("The setting sales_orders is estimates or empty.")),
    };
    // The company is chosen by whoever consents.
    let realm = settings.get("realm_id").ok_or_else(oauth::no_consent)?;
    let host = match settings.parse::<Url>("url", "a web address")? {
        Some(host) => host,
        None => parse(if sandbox { SANDBOX } else { PRODUCTION })?,
    };
    let info = Info { erp: erp.clone(), system: super::SYSTEM.key };
    let app = App::new(&OAUTH, &settings)?;
    let client = Client::new(&ClientSettings {
        also: vec![app.token_url().clone()],
        allow_link_local: services.allow_link_local,
        ..ClientSettings::new(host.clone())
    })?;
    // Tokens are stored by ERP: two ERPs must not share a session even if they are the same company.
    let key = format!("{} company {realm} as {erp}", host.origin().ascii_serialization());
    let entered = settings.secret(oauth::REFRESH_TOKEN).cloned();
    let credentials = [
        settings.get(oauth::CLIENT_ID).map(str::to_owned),
        settings.secret(oauth::CLIENT_SECRET).map(|secret| secret.expose_secret().to_owned()),
        entered.as_ref().map(|token| token.expose_secret().to_owned()),
    ];
    let auth =
        || -> Arc<dyn Auth> { Arc::new(RotatingTokens::new(info.clone(), app, entered, Arc::clone(&services.tokens))) };
    let state = services.hosts.share(&key, &credentials, policy(), auth);
    let http = stack(Arc::new(client), &info, &state, Arc::new(fault::classify));
    let minor_version = settings.parse("minor_version", "a number")?.unwrap_or(MINOR_VERSION);
    Ok(Arc::new(QuickBooks {
        host: state,
        mapping: mapping(estimates)?,
        api: Arc::new(Api::new(http, below(&host, &["v3", "company", realm]), minor_version)),
        books: Cached::new(KEEP_BOOKS),
        base_currency: settings
            .parse::<CurrencyCode>("base_currency", "a currency of three capital letters, such as USD")?,
        time_zone: settings.parse::<Tz>("time_zone", "the IANA name of a time zone, such as America/Los_Angeles")?,
        app: if sandbox { "https://app.sandbox.qbo.intuit.com" } else { "https://app.qbo.intuit.com" }.into(),
        info,
    }))
}

/// Intuit allows a company and app 500 requests a minute, 10 a second and 10 at a time. It counts arrivals, which bunch up on
/// the way: a little less is sent. A 429 names no time to wait; the limits are counted by the minute.
pub(super) fn policy() -> Policy {
    Policy {
        timeout: Duration::from_secs(60),
        quota: QuotaPolicy {
            windows: vec![Window::per_minute(490), Window::per_second(9)],
            concurrent: Some(10),
            pause: Duration::from_secs(60),
            ..QuotaPolicy::default()
        },
        ..Policy::default()
    }
}

fn parse(address: &str) -> Result<Url> {
    address.parse().map_err(|_| config("An address of Intuit's cannot be read."))
}

fn config(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}
