//! Giving tokens back to whoever issued them (RFC 7009).

use super::{App, Endpoint, REVOKE};
use crate::{
    adapter::{Ctx, Info},
    error::{Error, Result},
    http::{Http, Request},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where a system takes tokens back.
#[derive(Debug)]
pub struct Revocation {
    /// Where.
    pub at: Endpoint,
    /// How the token is sent.
    pub body: RevocationBody,
}

/// How a token that is given back is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationBody {
    /// In a form, as the standard has it.
    Form,
    /// In JSON, as Intuit's own clients do.
    Json,
}

impl App {
    /// Where tokens are given back; none where the system takes none.
    pub fn revocation_url(&self) -> Option<&Url> {
        self.revocation.as_ref().map(|(url, _)| url)
    }

    /// Gives a refresh token back: it buys nothing any more, nor do the access tokens that it bought.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the system takes none; others as in every call, also
    /// where the token was not good any more.
    pub async fn revoke(&self, ctx: &Ctx, info: &Info, allow_link_local: bool, refresh: &SecretString) -> Result<()> {
        let Some(url) = self.revocation_url() else {
            return Err(Error::unsupported(format!("{} takes no tokens back.", self.def.name)));
        };
        let http = self.http(url, info, allow_link_local)?;
        self.give_back(ctx, &*http, refresh).await
    }

    async fn give_back(&self, ctx: &Ctx, http: &dyn Http, refresh: &SecretString) -> Result<()> {
        let Some((url, body)) = &self.revocation else { return Ok(()) };
        let token = refresh.expose_secret();
        let mut request = match body {
            RevocationBody::Form => {
                Request::post_form(url.clone(), REVOKE, &[("token", token), ("token_type_hint", "refresh_token")])
            }
            RevocationBody::Json => Request::post_json(url.clone(), REVOKE, &serde_json::json!({ "token": token }))?,
        };
        request.set_basic(&self.client_id, &self.client_secret)?;
        http.send(ctx, request.idempotent()).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Response;
    use async_trait::async_trait;
    use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
    use std::{sync::Mutex, time::Duration};

    #[derive(Default)]
    struct Vendor(Mutex<Vec<String>>);

    #[async_trait]
    impl Http for Vendor {
        async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
            let kind = request.headers[CONTENT_TYPE].to_str().expect("text");
            let body = String::from_utf8(request.body.expect("a body").to_vec()).expect("text");
            self.0.lock().expect("not poisoned").push(format!("{} {kind} {body}", request.url));
            Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body: Vec::new().into() })
        }
    }

    fn app() -> App {
        let system = crate::catalog::find("quickbooks").expect("a system");
        let values = [("client_id", "AB1"), ("client_secret", "hush")];
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let settings = crate::settings::Settings::new(system.settings, values).expect("settings");
        App::new(system.oauth.expect("a consent"), &settings).expect("an app")
    }

    #[tokio::test]
    async fn a_token_is_sent_as_the_vendor_takes_it() {
        let vendor = Vendor::default();
        for body in [RevocationBody::Form, RevocationBody::Json] {
            let url: Url = "https://vendor.example/revoke".parse().expect("an address");
            let app = App { revocation: Some((url, body)), ..app() };
            let ctx = Ctx::interactive(chrono::DateTime::UNIX_EPOCH, Duration::from_secs(1));
            app.give_back(&ctx, &vendor, &"RT 1&2".into()).await.expect("given back");
        }
        let form = "application/x-www-form-urlencoded token=RT+1%262&token_type_hint=refresh_token";
        let json = r#"application/json {"token":"RT 1&2"}"#;
        let sent = [form, json].map(|body| format!("https://vendor.example/revoke {body}"));
        assert_eq!(*vendor.0.lock().expect("not poisoned"), sent);
        let intuits = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke";
        assert_eq!(app().revocation_url().map(Url::as_str), Some(intuits));
    }
}
