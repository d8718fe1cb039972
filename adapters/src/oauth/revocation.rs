//! Giving tokens back to whoever issued them (RFC 7009).

use super::{App, REVOKE};
use crate::{
    adapter::{Ctx, Info},
    error::{Error, Result},
    http::Request,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

impl App {
    /// Where tokens are given back; none where the system takes none.
    pub fn revocation_url(&self) -> Option<&Url> {
        self.revocation.as_ref()
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
        // In JSON, as Intuit's own clients send it; the standard has a form.
        let token = serde_json::json!({ "token": refresh.expose_secret() });
        let mut request = Request::post_json(url.clone(), REVOKE, &token)?;
        request.set_basic(&self.client_id, &self.client_secret)?;
        http.send(ctx, request.idempotent()).await.map(drop)
    }
}
