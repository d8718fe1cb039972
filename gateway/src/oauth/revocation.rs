//! What is given back to a vendor when an ERP is disconnected: no copy of the token is worth anything then.
//!
//! Nobody waits for it, and nothing fails by it: the audit log tells how it ended.

use super::{Asked, ConsentError, Consents};
use crate::audit::{Act, Actor};
use adapters::{
    adapter::{Ctx, Info},
    model::ErpId,
    oauth::{CLIENT_ID, OAuthDef},
    settings::Settings,
};
use schema::error::ErrorCode;
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use tracing::Instrument;

/// How long a vendor may take.
const GIVING_BACK: Duration = Duration::from_secs(10);

/// What an ERP has of its vendor, with all that it takes to give it back.
pub(crate) struct Grant {
    asked: Asked,
    refresh: SecretString,
}

impl Consents {
    /// What is to be given back once an ERP is disconnected, which erases it here; none where nobody consented, or the vendor
    /// takes nothing back. Where that cannot be found out, the log tells.
    pub(crate) async fn grant(&self, erp: &ErpId) -> Option<Grant> {
        let grant = async {
            let Some(asked) = self.asked(erp).await? else { return Ok(None) };
            if asked.app.revocation_url().is_none() {
                return Ok(None);
            }
            let tokens = self.store.tokens(erp).await?;
            Ok::<_, ConsentError>(tokens.map(|tokens| Grant { asked, refresh: tokens.refresh }))
        };
        grant.await.unwrap_or_else(|error| {
            tracing::warn!(erp.id = %erp, %error, "the tokens of this ERP are not given back to its vendor");
            None
        })
    }

    /// Gives it back.
    pub(crate) fn give_back(self: &Arc<Self>, grant: Grant) {
        let this = Arc::clone(self);
        let work = async move {
            let erp = grant.asked.row.id.clone();
            let (revoked, outcome) = match this.revoke(grant).await {
                Ok(revoked) => (revoked, "ok"),
                Err(error) => {
                    tracing::warn!(erp.id = %erp, ?error, "the vendor of a disconnected ERP did not take its token back");
                    let code = match error {
                        ConsentError::Erp(error) => ErrorCode::from(error.kind),
                        ConsentError::Store(_) => ErrorCode::Internal,
                    };
                    (false, code.word())
                }
            };
            this.audit.note(Actor::Gateway, Act::on_erp("erp.revoke", &erp).with("revoked", revoked), outcome).await;
        };
        tokio::spawn(work.in_current_span());
    }

    /// Whether it was given back: not where another ERP lives by the same consent.
    async fn revoke(&self, Grant { asked, refresh }: Grant) -> Result<bool, ConsentError> {
        if self.shares_its_consent(&asked).await? {
            tracing::info!(erp.id = %asked.row.id, "another ERP reads the same company by the same app: its consent is kept");
            return Ok(false);
        }
        let info = Info { erp: asked.row.id.clone(), system: asked.system.key };
        let ctx = Ctx::interactive(self.now(), GIVING_BACK);
        asked.app.revoke(&ctx, &info, self.allow_link_local, &refresh).await?;
        Ok(true)
    }

    /// Whether another ERP is let into the same company by the same app: a vendor may know one consent for both.
    async fn shares_its_consent(&self, asked: &Asked) -> Result<bool, ConsentError> {
        let own = consent(asked.oauth, &asked.settings);
        let others =
            self.store.erps().await?.into_iter().filter(|row| {
                row.id != asked.row.id && row.disconnected_at.is_none() && row.system == asked.row.system
            });
        let settings = |row| Settings::new(asked.system.settings, self.keeper.settings(&row));
        Ok(others.map(settings).any(|of| of.is_ok_and(|of| consent(asked.oauth, &of) == own)))
    }
}

/// What a vendor knows a consent by: the app, and what was chosen with it.
fn consent<'s>(oauth: &OAuthDef, settings: &'s Settings) -> Vec<Option<&'s str>> {
    let chosen = oauth.callback.iter().map(|(_, key)| *key);
    ["url", CLIENT_ID].into_iter().chain(chosen).map(|key| settings.get(key)).collect()
}
