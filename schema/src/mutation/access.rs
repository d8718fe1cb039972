//! Mutations that make and revoke API keys.

use super::{Settled, UserError, erp_id, unknown};
use crate::{
    access::ApiKey,
    error::Result,
    id::GlobalId,
    ports::{ApiKeyView, CreatedApiKey, NewApiKey, Refused, Role},
    request::RequestState,
    scalars::DateTime,
};
use async_graphql::{Context, ID, InputObject, Object};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// An API key to make. Nobody gives away more than they have themselves.
#[derive(InputObject)]
struct CreateApiKeyInput {
    /// What it is for.
    name: String,
    /// What its bearer is.
    role: Role,
    /// The ids of the ERPs that its bearer may know of; absent for all that the caller may know of.
    erps: Option<Vec<ID>>,
    /// What its bearer may do beyond the role, such as `records:raw`.
    scopes: Option<Vec<String>>,
    /// When it ends; absent for a key that lasts until it is revoked.
    expires_at: Option<DateTime>,
}

impl CreateApiKeyInput {
    fn key(self) -> Result<NewApiKey, Refused> {
        let erp = |(at, id): (usize, &ID)| erp_id(id, &["erps", &at.to_string()]);
        Ok(NewApiKey {
            name: self.name,
            role: self.role,
            scopes: self.scopes.unwrap_or_default().into_iter().collect(),
            erps: self.erps.map(|erps| erps.iter().enumerate().map(erp).collect()).transpose()?,
            expires_at: self.expires_at.map(|moment| moment.0),
        })
    }
}

/// An API key to revoke.
#[derive(InputObject)]
struct RevokeApiKeyInput {
    /// Its id.
    id: ID,
}

/// A key that was made.
struct CreateApiKeyPayload(Settled<CreatedApiKey>);

/// What came of making an API key.
#[Object]
impl CreateApiKeyPayload {
    /// The key without its secret; null if none was made.
    async fn api_key(&self) -> Option<ApiKey> {
        self.0.done.as_ref().map(|created| ApiKey(Arc::clone(&created.key)))
    }
    /// What requests send as `Authorization: Bearer`. It is shown this once and stored only as a hash.
    async fn secret(&self) -> Option<&str> {
        self.0.done.as_ref().map(|created| created.secret.expose_secret())
    }
    /// Why no key was made; empty if one was.
    async fn user_errors(&self) -> Vec<UserError<'_>> {
        self.0.user_errors()
    }
}

/// A key that was revoked.
struct RevokeApiKeyPayload(Settled<Arc<ApiKeyView>>);

/// What came of revoking an API key.
#[Object]
impl RevokeApiKeyPayload {
    /// The key as it is now; null if none was revoked.
    async fn api_key(&self) -> Option<ApiKey> {
        self.0.done.as_ref().map(|key| ApiKey(Arc::clone(key)))
    }
    /// Why no key was revoked; empty if one was.
    async fn user_errors(&self) -> Vec<UserError<'_>> {
        self.0.user_errors()
    }
}

/// The mutations about access.
#[derive(Default)]
pub(super) struct AccessMutation;

#[Object]
impl AccessMutation {
    /// Makes an API key for a person or a program.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key.")] input: CreateApiKeyInput,
    ) -> Option<Result<CreateApiKeyPayload>> {
        let state = RequestState::of(ctx);
        let done = async { state.ports.access.create_api_key(&state.caller, input.key()?).await };
        Some(Settled::of(done.await).map(CreateApiKeyPayload))
    }

    /// Ends an API key at once.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeApiKeyInput,
    ) -> Option<Result<RevokeApiKeyPayload>> {
        let state = RequestState::of(ctx);
        let outcome = match GlobalId::decode(&input.id) {
            Some(GlobalId::ApiKey(key)) => state.ports.access.revoke_api_key(&state.caller, &key).await,
            _ => Err(unknown(&["id"], "There is no such API key.")),
        };
        Some(Settled::of(outcome).map(RevokeApiKeyPayload))
    }
}
