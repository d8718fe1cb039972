//! The way to one Odoo: its version, the transport that this version and the credential allow, and the stack for it.

use super::{
    auth::{RpcAuth, SessionAuth},
    classify::classify,
    settings::{Config, Credential, Transport},
    wire::{self, Call},
};
use crate::{
    adapter::{Ctx, Info},
    cached::Cached,
    catalog::Services,
    error::{Error, ErrorKind, Result},
    http::{
        Auth, BoxHttp, Client, ClientSettings, HostState, NoAuth, Policy, QuotaPolicy, Response, StaticAuth, stack,
    },
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A version of Odoo: `19.0`, and `saas~18.2` on odoo.com, which is the second step from 18 to 19.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) name: String,
    /// Steps between versions count: 18.2 is more than 18.0.
    number: (u32, u32),
}

impl Version {
    /// Whether this is the version or a later one.
    pub(super) fn is_from(&self, major: u32) -> bool {
        self.number >= (major, 0)
    }
}

/// Answers of `/web/webclient/version_info`.
#[derive(Deserialize)]
struct VersionInfo {
    server_version: String,
    /// `[19, 0, 0, "final", 0, ""]`, `["saas~18", 2, 0, "final", 0, "e"]` on odoo.com.
    server_version_info: Vec<serde_json::Value>,
}

impl From<VersionInfo> for Version {
    fn from(info: VersionInfo) -> Self {
        let part = |at: usize| {
            let text = info.server_version_info.get(at).map(ToString::to_string).unwrap_or_default();
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        };
        let number = (part(0), part(1));
        Self { name: info.server_version, number }
    }
}

/// The first version with `/json/2`.
const JSON2_FROM: u32 = 19;
/// The first version that is spoken to.
const OLDEST: u32 = 14;

/// What is known once the version is.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) version: Version,
    pub(super) transport: Transport,
    config: Arc<Config>,
    http: BoxHttp,
}

impl Link {
    /// Calls a method; what it returned is in the answer, see [`Answer::value`].
    pub(super) async fn call(&self, ctx: &Ctx, call: &Call) -> Result<Answer> {
        let request = wire::request(&self.config, self.transport, call)?;
        Ok(Answer { transport: self.transport, response: self.http.send(ctx, request).await? })
    }
}

/// The answer to a call.
pub(super) struct Answer {
    transport: Transport,
    response: Response,
}

impl Answer {
    /// What the method returned.
    pub(super) fn value(&self) -> Result<&RawValue> {
        wire::result(self.transport, &self.response)
    }
}

/// Finds the way, and keeps it.
pub(super) struct Linker {
    config: Arc<Config>,
    info: Info,
    services: Services,
    client: BoxHttp,
    /// For what needs no log-in.
    open: BoxHttp,
    link: Arc<Cached<Link>>,
    /// Kept here, so that neither session nor refusals are forgotten with the link.
    host: Mutex<Option<Arc<HostState>>>,
}

impl Linker {
    pub(super) fn new(config: Arc<Config>, info: Info, services: &Services, keep: Duration) -> Result<Self> {
        let client = Client::new(&ClientSettings {
            root_pem: config.root_certificate.clone(),
            trust_advice: Some("enter the certificate that signed it, or its own, in the setting root_certificate"),
            allow_link_local: services.allow_link_local,
            ..ClientSettings::new(config.base.clone())
        })?;
        Ok(Self::over(Arc::new(client), config, info, services, keep))
    }

    /// Over a client of the caller's.
    pub(super) fn over(client: BoxHttp, config: Arc<Config>, info: Info, services: &Services, keep: Duration) -> Self {
        let host = services.hosts.share(config.base.as_str(), "", policy(), || Arc::new(NoAuth));
        let open = stack(Arc::clone(&client), &info, &host, Arc::new(classify));
        Self { config, info, services: services.clone(), client, open, link: Cached::new(keep), host: Mutex::default() }
    }

    pub(super) async fn link(self: &Arc<Self>, ctx: &Ctx) -> Result<Link> {
        let this = Arc::clone(self);
        self.link.get(ctx, |ctx| async move { this.connect(&ctx).await }).await
    }

    /// What the link shares with others of the same host and login; none before it is made.
    pub(super) fn host_state(&self) -> Option<Arc<HostState>> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn forget(&self) {
        self.link.forget();
    }

    async fn connect(&self, ctx: &Ctx) -> Result<Link> {
        let request = wire::route(&self.config, "/web/webclient/version_info", "version", &json!({}))?.idempotent();
        let response = self.open.send(ctx, request).await?;
        let info: VersionInfo = wire::returned(wire::result(Transport::Session, &response)?)?;
        let version = Version::from(info);
        let transport = transport(&self.config, &version)?;
        let host = self.host(transport);
        let http = stack(Arc::clone(&self.client), &self.info, &host, Arc::new(classify));
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Some(host);
        Ok(Link { version, transport, config: Arc::clone(&self.config), http })
    }

    /// Companies of one database share session, breaker and quota: they are the same login.
    fn host(&self, transport: Transport) -> Arc<HostState> {
        let config = &self.config;
        let (database, login) = (config.database.as_deref().unwrap_or("-"), config.login.as_deref().unwrap_or("-"));
        let key = format!("{} {database} {login} {}", config.base, transport.word());
        let secret = config.credential.secret();
        self.services.hosts.share(&key, secret.expose_secret(), policy(), || -> Arc<dyn Auth> {
            match transport {
                Transport::Session => Arc::new(SessionAuth::new(Arc::clone(config))),
                Transport::JsonRpc => Arc::new(RpcAuth::new(Arc::clone(config))),
                Transport::Json2 => Arc::new(StaticAuth::bearer(secret)),
            }
        })
    }
}

/// Odoo publishes no limits for servers of one's own. Each call takes one of a few workers, and every worker that meets an API
/// key for the first time checks it for half a second.
fn policy() -> Policy {
    Policy { quota: QuotaPolicy { concurrent: Some(6), ..QuotaPolicy::default() }, ..Policy::default() }
}

fn transport(config: &Config, version: &Version) -> Result<Transport> {
    let too_old = |what: &str| Error::unsupported(format!("This is Odoo {}: {what}.", version.name));
    if !version.is_from(OLDEST) {
        return Err(too_old("the gateway speaks to version 14 and later"));
    }
    let chosen = match (config.transport, &config.credential) {
        (Some(Transport::Json2), _) if !version.is_from(JSON2_FROM) => {
            return Err(too_old("the transport json2 needs version 19"));
        }
        (Some(chosen), _) => chosen,
        (None, Credential::ApiKey(_)) if version.is_from(JSON2_FROM) => Transport::Json2,
        (None, Credential::ApiKey(_)) => Transport::JsonRpc,
        (None, Credential::Password(_)) => Transport::Session,
    };
    if chosen != Transport::Json2 {
        config
            .account()
            .map_err(|e| Error::new(ErrorKind::Config, format!("{} Odoo {} needs it.", e.message, version.name)))?;
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(info: &str) -> Version {
        let info: VersionInfo = serde_json::from_str(info).expect("an answer");
        info.into()
    }

    #[test]
    fn versions_are_compared_by_number() {
        let nineteen =
            version(r#"{"server_version":"19.0","server_version_info":[19,0,0,"final",0,""],"protocol_version":1}"#);
        assert!(nineteen.is_from(19) && !nineteen.is_from(20));
        let saas = version(r#"{"server_version":"saas~18.2+e","server_version_info":["saas~18",2,0,"final",0,"e"]}"#);
        assert!(saas.is_from(18) && !saas.is_from(19));
        assert_eq!(saas.number, (18, 2));
    }
}
