//! OAuth 2 for systems that a person has to let the gateway into: consent, tokens that rotate, and where they are kept.
//!
//! What differs between systems is data, an [`OAuthDef`]; all that have one call their settings by the same keys.

mod auth;
mod refusal;
mod revocation;

pub(crate) use auth::{RotatingTokens, no_consent};
pub(crate) use refusal::refusal;

use crate::{
    adapter::{Ctx, Info},
    error::{Error, ErrorKind, Result},
    http::{BoxHttp, Client, ClientSettings, HostState, Http, NoAuth, Policy, Request, Response, stack},
    settings::Settings,
    tokens::Tokens,
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

/// The setting that holds the id of the app.
pub const CLIENT_ID: &str = "client_id";
/// The setting that holds the secret of the app.
pub const CLIENT_SECRET: &str = "client_secret";
/// The setting that may hold a first refresh token: with it nobody has to consent.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// The operation of requests that renew tokens.
pub(crate) const RENEW: &str = "token";
/// The operation of requests that buy the first tokens with the code that a consent gave.
pub(crate) const CONSENT: &str = "consent";
/// The operation of requests that give tokens back.
pub(crate) const REVOKE: &str = "revoke";

/// An access token lasts so long where the answer does not say.
const LIFETIME: u32 = 3600;

/// How a system lets the gateway in.
#[derive(Debug)]
pub struct OAuthDef {
    /// The system in messages.
    pub name: &'static str,
    /// Where a person consents.
    pub authorize: Endpoint,
    /// Where tokens are bought.
    pub token: Endpoint,
    /// Where tokens are given back, if the system takes them.
    pub revocation: Option<Endpoint>,
    /// What the gateway asks to be allowed.
    pub scopes: &'static [&'static str],
    /// Whether the system takes a proof that whoever brings the code asked for it (RFC 7636).
    pub pkce: bool,
    /// Parameters that come back with the code and become settings: parameter, setting.
    pub callback: &'static [(&'static str, &'static str)],
    /// Tells refusals from answers.
    pub classify: fn(&Request, &Response) -> Result<()>,
}

/// An address of a system that settings may change.
#[derive(Debug)]
pub struct Endpoint {
    /// Where it is, unless settings say otherwise.
    pub default: &'static str,
    /// The setting that holds another address.
    pub setting: Option<&'static str>,
    /// Where it is below the setting `url`, for simulators and proxies.
    pub below: &'static [&'static str],
}

impl Endpoint {
    pub(crate) fn url(&self, settings: &Settings) -> Result<Url> {
        if let Some(url) = self.setting.and_then(|key| settings.parse(key, "a web address").transpose()) {
            return url;
        }
        match settings.parse::<Url>("url", "a web address")? {
            Some(base) => Ok(below(&base, self.below)),
            None => {
                self.default.parse().map_err(|_| Error::new(ErrorKind::Config, "an address of the catalog is none"))
            }
        }
    }
}

/// An address with a path below another one.
pub(crate) fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// The app that an operator registered with a system's vendor.
pub struct App {
    def: &'static OAuthDef,
    client_id: String,
    client_secret: SecretString,
    token: Url,
    revocation: Option<Url>,
}

impl App {
    /// The app that settings name.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a setting is missing or is no address.
    pub fn new(def: &'static OAuthDef, settings: &Settings) -> Result<Self> {
        Ok(Self {
            def,
            client_id: settings.require(CLIENT_ID)?.to_owned(),
            client_secret: settings.require_secret(CLIENT_SECRET)?.clone(),
            token: def.token.url(settings)?,
            revocation: def.revocation.as_ref().map(|to| to.url(settings)).transpose()?,
        })
    }

    /// Where tokens are bought.
    pub(crate) fn token_url(&self) -> &Url {
        &self.token
    }

    /// Where a person consents. They come back to `redirect` with `state`. `challenge` is the SHA-256 of the verifier, in
    /// base64 for addresses, where the system takes one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a setting is no address.
    pub fn authorization_url(
        &self,
        settings: &Settings,
        redirect: &Url,
        state: &str,
        challenge: Option<&str>,
    ) -> Result<Url> {
        let mut url = self.def.authorize.url(settings)?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("response_type", "code")
            .append_pair("scope", &self.def.scopes.join(" "))
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("state", state);
        if let Some(challenge) = challenge {
            url.query_pairs_mut().append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
        }
        Ok(url)
    }

    /// Buys the first tokens with the code that came back from a consent.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthorized`] where code, app or redirect address are not accepted; others as in every call.
    pub async fn exchange(
        &self,
        ctx: &Ctx,
        info: &Info,
        allow_link_local: bool,
        code: &SecretString,
        redirect: &Url,
        verifier: Option<&SecretString>,
    ) -> Result<Tokens> {
        let http = self.http(&self.token, info, allow_link_local)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect.as_str()),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier.expose_secret())));
        let granted = self.ask(ctx, &*http, CONSENT, &form).await?;
        let refresh = granted
            .refresh_token
            .clone()
            .ok_or_else(|| Error::bad_response(format!("{} gave no refresh token with the consent.", self.def.name)))?;
        Ok(granted.tokens(ctx, refresh.into()))
    }

    /// Buys new tokens. [`ErrorKind::Unauthorized`] means that the refresh token is not good any more.
    pub(crate) async fn renew(
        &self,
        ctx: &Ctx,
        info: &Info,
        http: &dyn Http,
        refresh: &SecretString,
    ) -> Result<Tokens> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let granted = self.ask(ctx, http, RENEW, &form).await?;
        if let Some(left) = granted.x_refresh_token_hard_expires_in.filter(|left| *left < 30 * 24 * 60 * 60) {
            let days = left / (24 * 60 * 60);
            tracing::warn!(erp.id = %info.erp, days, "the consent of {} ends soon: connect the company again", self.def.name);
        }
        let next = granted.refresh_token.clone().map_or_else(|| refresh.clone(), SecretString::from);
        Ok(granted.tokens(ctx, next))
    }

    fn http(&self, url: &Url, info: &Info, allow_link_local: bool) -> Result<BoxHttp> {
        let client = Client::new(&ClientSettings { allow_link_local, ..ClientSettings::new(url.clone()) })?;
        let host = HostState::new(url.origin().ascii_serialization(), Policy::default(), Arc::new(NoAuth));
        Ok(stack(Arc::new(client), info, &Arc::new(host), Arc::new(self.def.classify)))
    }

    async fn ask(&self, ctx: &Ctx, http: &dyn Http, operation: &'static str, form: &[(&str, &str)]) -> Result<Granted> {
        let mut request = Request::post_form(self.token.clone(), operation, form);
        request.set_basic(&self.client_id, &self.client_secret)?;
        let response = http.send(ctx, request).await?;
        // The reason is left out: it may quote the answer.
        serde_json::from_slice(&response.body).map_err(|_| {
            Error::bad_response(format!("The answer of {}'s token service is not what OAuth promises.", self.def.name))
        })
    }
}

/// What a token service grants.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<u32>,
    /// When the consent ends however often it is renewed: Intuit's.
    x_refresh_token_hard_expires_in: Option<u64>,
}

impl Granted {
    fn tokens(self, ctx: &Ctx, refresh: SecretString) -> Tokens {
        let lifetime = TimeDelta::seconds(self.expires_in.unwrap_or(LIFETIME).into());
        Tokens { access: self.access_token.into(), access_expires_at: ctx.now + lifetime, refresh }
    }
}
