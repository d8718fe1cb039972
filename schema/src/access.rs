//! Who asks, API keys and the audit log, as GraphQL objects.

use crate::{
    erp::Erp,
    error::{Error, ErrorCode, Result},
    id::GlobalId,
    limits::{self, DEFAULT_FIRST},
    page::PageInfo,
    ports::{ApiKeyView, AuditPage, AuditView, Cursors, Role},
    request::RequestState,
    scalars::{DateTime, Json},
};
use async_graphql::{Context, ID, Object, Value};
use std::sync::Arc;

/// The caller.
struct Viewer;

/// Who sends this request, and what they may see and do.
#[Object]
impl Viewer {
    /// The name of the person, or of the API key as the audit log has it.
    async fn subject<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &RequestState::of(ctx).caller.who.subject
    }
    /// What they are.
    async fn role(&self, ctx: &Context<'_>) -> Role {
        RequestState::of(ctx).caller.who.role
    }
    /// What they may do beyond their role.
    async fn scopes<'a>(&self, ctx: &Context<'a>) -> Vec<&'a str> {
        RequestState::of(ctx).caller.who.scopes.iter().map(String::as_str).collect()
    }
    /// The ERPs that they may know of, by name.
    async fn erps(&self, ctx: &Context<'_>) -> Vec<Erp> {
        RequestState::of(ctx).erps()
    }
}

/// An API key.
pub(crate) struct ApiKey(pub(crate) Arc<ApiKeyView>);

/// A key with which a person or a program sends requests. Its secret is shown only when it is made.
#[Object]
impl ApiKey {
    /// Opaque and global: store it and send it back, never take it apart.
    async fn id(&self) -> ID {
        GlobalId::ApiKey(self.0.id.clone()).encode().into()
    }
    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// What its bearer is.
    async fn role(&self) -> Role {
        self.0.role
    }
    /// What its bearer may do beyond the role.
    async fn scopes(&self) -> Vec<&str> {
        self.0.scopes.iter().map(String::as_str).collect()
    }
    /// The ERPs that its bearer may know of, as far as the caller may know of them; null for all.
    async fn erps(&self, ctx: &Context<'_>) -> Option<Vec<Erp>> {
        let state = RequestState::of(ctx);
        self.0.erps.as_ref().map(|erps| erps.iter().filter_map(|erp| state.erp(erp)).map(Erp).collect())
    }
    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    /// When it was last used, to the minute.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }
    /// When it ends; null if it lasts until it is revoked.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }
    /// When it was revoked.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
}

/// An entry of the audit log.
pub(crate) struct AuditEntry(pub(crate) AuditView);

impl AuditEntry {
    fn global_id(&self) -> String {
        GlobalId::AuditEntry(self.0.number).encode()
    }
}

/// Something that somebody did, or tried to do.
#[Object]
impl AuditEntry {
    /// Opaque and global: store it and send it back, never take it apart.
    async fn id(&self) -> ID {
        self.global_id().into()
    }
    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }
    /// Who: a viewer's `subject`, `operator` for the command line, `gateway` for what it does by itself.
    async fn actor(&self) -> &str {
        &self.0.actor
    }
    /// What: `erp.connect`, `apikey.revoke`.
    async fn action(&self) -> &str {
        &self.0.action
    }
    /// To what: the key of an ERP or of an API key.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }
    /// The ERP that it was about, if it is still there.
    async fn erp(&self, ctx: &Context<'_>) -> Option<Erp> {
        self.0.erp.as_ref().and_then(|erp| RequestState::of(ctx).erp(erp)).map(Erp)
    }
    /// How it ended: `ok`, or the code of the error.
    async fn outcome(&self) -> &str {
        &self.0.outcome
    }
    /// What else is to be known, the caller's address among it; never a secret.
    async fn detail(&self) -> Option<Json> {
        Value::from_json(self.0.detail.clone()).ok().filter(|detail| *detail != Value::Null).map(Json)
    }
}

/// A page of the audit log.
struct AuditEntryConnection {
    entries: Vec<AuditEntry>,
    cursors: Cursors,
    has_next_page: bool,
    has_previous_page: bool,
}

impl AuditEntryConnection {
    fn new(page: AuditPage, has_previous_page: bool) -> Self {
        let entries: Vec<_> = page.entries.into_iter().map(AuditEntry).collect();
        // An entry's place in the log is its number, and so its id.
        let cursors: Vec<String> = entries.iter().map(AuditEntry::global_id).collect();
        Self {
            entries,
            cursors: Arc::new(move |row| cursors.get(row).cloned().unwrap_or_default()),
            has_next_page: page.has_more,
            has_previous_page,
        }
    }
}

/// A page of the audit log.
#[Object]
impl AuditEntryConnection {
    /// The entries of this page, the newest first.
    async fn nodes(&self) -> &[AuditEntry] {
        &self.entries
    }
    /// The entries of this page, each with its cursor.
    async fn edges(&self) -> Vec<AuditEntryEdge<'_>> {
        self.entries.iter().map(AuditEntryEdge).collect()
    }
    /// Whether there is more, and where it begins.
    async fn page_info(&self) -> PageInfo<'_> {
        PageInfo {
            has_next_page: self.has_next_page,
            has_previous_page: self.has_previous_page,
            rows: self.entries.len(),
            cursors: &self.cursors,
        }
    }
}

/// An entry with its place.
struct AuditEntryEdge<'a>(&'a AuditEntry);

/// An entry of the audit log, with its place.
#[Object]
impl AuditEntryEdge<'_> {
    /// The entry.
    async fn node(&self) -> &AuditEntry {
        self.0
    }
    /// Its place in the log: `after` goes on behind it.
    async fn cursor(&self) -> String {
        self.0.global_id()
    }
}

/// What the caller may see of something that has an id.
pub(crate) fn if_allowed<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(Error { code: ErrorCode::Forbidden, .. }) => Ok(None),
        found => found,
    }
}

/// The root fields about access.
#[derive(Default)]
pub(crate) struct AccessQuery;

#[Object]
impl AccessQuery {
    /// Who sends this request, and what they may see and do.
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// The API keys, the newest first: also those that were revoked or have expired. For administrators.
    #[graphql(complexity = "limits::page_cost(None, DEFAULT_FIRST, child_complexity)")]
    async fn api_keys(&self, ctx: &Context<'_>) -> Option<Result<Vec<ApiKey>>> {
        let state = RequestState::of(ctx);
        let keys = state.ports.access.api_keys(&state.caller).await;
        Some(keys.map(|keys| keys.into_iter().map(ApiKey).collect()))
    }

    /// Who did what, newest first: changes, tests, raw reads. For administrators, and with the scope `audit:read`.
    // The derived way to `first` refuses a variable that is absent; these are the names that the macro gives.
    #[graphql(
        complexity = "limits::cost_of_page::<DEFAULT_FIRST>(__ctx, __variables_definition, __field, child_complexity)?"
    )]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many entries: 0 to 200.", default_with = "Some(DEFAULT_FIRST as i32)")]
        first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before, or any other cursor of this list.")] after: Option<
            String,
        >,
    ) -> Option<Result<AuditEntryConnection>> {
        Some(audit_page(RequestState::of(ctx), first, after).await)
    }
}

async fn audit_page(state: &RequestState, first: Option<i32>, after: Option<String>) -> Result<AuditEntryConnection> {
    let first = limits::first(first.map(i64::from), DEFAULT_FIRST)?;
    let before = match after.as_deref().map(GlobalId::decode) {
        None => None,
        Some(Some(GlobalId::AuditEntry(number))) => Some(number),
        Some(_) => return Err(Error::bad_input("after: not a cursor of this list")),
    };
    let page = state.ports.access.audit_log(&state.caller, first, before).await?;
    Ok(AuditEntryConnection::new(page, before.is_some()))
}
