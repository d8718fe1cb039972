//! Who asks, and what they may do.

use crate::error::{Error, ErrorCode, Result};
use adapters::model::ErpId;
use async_graphql::{Enum, resolver_utils::EnumType};
use std::{collections::BTreeSet, fmt::Write, net::IpAddr, sync::Arc};

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum Role {
    /// Does everything, ERPs and API keys among it.
    Admin,
    /// Reads, writes and starts syncs.
    Manager,
    /// Reads records and KPIs.
    Analyst,
    /// A program: reads events, and does what its scopes say.
    Service,
}

impl Role {
    /// The word in answers.
    pub fn word(self) -> &'static str {
        // Every value is an item; the other word is never used.
        Self::items().iter().find(|item| item.value == self).map_or("SERVICE", |item| item.name)
    }

    /// The role of a word, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::items().iter().find(|item| item.name.eq_ignore_ascii_case(word)).map(|item| item.value)
    }
}

/// Who asks, and what they may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name of the person or the API key.
    pub subject: String,
    /// What they are.
    pub role: Role,
    /// What they may do beyond their role.
    pub scopes: BTreeSet<String>,
    /// The ERPs they may know of; all if none is named.
    pub erps: Option<BTreeSet<ErpId>>,
}

/// The scope that lets a [`Role::Service`] read records; the other roles read them anyway.
pub const SCOPE_READ: &str = "records:read";
/// The scope that shows `Record.raw`.
pub const SCOPE_RAW: &str = "records:raw";
/// The scope of `callErp`.
pub const SCOPE_CALL: &str = "erp:call";
/// The scope that lets a [`Role::Service`] connect and change ERPs.
pub const SCOPE_ERPS: &str = "erps:manage";
/// The scope that lets others than administrators read the audit log.
pub const SCOPE_AUDIT: &str = "audit:read";

/// Every scope there is.
pub const SCOPES: [&str; 5] = [SCOPE_READ, SCOPE_RAW, SCOPE_CALL, SCOPE_ERPS, SCOPE_AUDIT];

/// What somebody may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read records and KPIs.
    ReadRecords,
    /// See an ERP's own records in `Record.raw`.
    ReadRaw,
    /// Call an ERP in its own terms.
    CallErp,
    /// Connect, test, change, pause and disconnect ERPs.
    ManageErps,
    /// Make and revoke API keys.
    ManageAccess,
    /// Read the audit log.
    ReadAudit,
}

impl Permission {
    /// What a scope grants; none for what is no scope.
    pub fn of_scope(scope: &str) -> Option<Self> {
        let scoped = [Self::ReadRecords, Self::ReadRaw, Self::CallErp, Self::ManageErps, Self::ReadAudit];
        scoped.into_iter().find(|permission| permission.scope() == Some(scope))
    }

    /// The scope that grants it, if one does.
    fn scope(self) -> Option<&'static str> {
        match self {
            Self::ReadRecords => Some(SCOPE_READ),
            Self::ReadRaw => Some(SCOPE_RAW),
            Self::CallErp => Some(SCOPE_CALL),
            Self::ManageErps => Some(SCOPE_ERPS),
            Self::ManageAccess => None,
            Self::ReadAudit => Some(SCOPE_AUDIT),
        }
    }

    /// Whether a role has it without any scope.
    fn comes_with(self, role: Role) -> bool {
        match self {
            Self::ReadRecords => role != Role::Service,
            // Beyond what the mapping shows and the ERP's own rules allow: named one by one, to administrators too.
            Self::ReadRaw | Self::CallErp => false,
            Self::ManageErps | Self::ManageAccess | Self::ReadAudit => role == Role::Admin,
        }
    }
}

impl Principal {
    /// Whether the principal may know of an ERP.
    pub fn sees(&self, erp: &ErpId) -> bool {
        self.erps.as_ref().is_none_or(|erps| erps.contains(erp))
    }

    /// Whether the principal may do something.
    pub fn may(&self, what: Permission) -> bool {
        what.comes_with(self.role) || what.scope().is_some_and(|scope| self.scopes.contains(scope))
    }

    /// Nothing, if the principal may do something.
    ///
    /// # Errors
    /// FORBIDDEN, with the role or the scope that is needed.
    pub fn require(&self, what: Permission) -> Result<()> {
        if self.may(what) {
            return Ok(());
        }
        let message = match (what.scope(), what.comes_with(Role::Admin)) {
            (Some(scope), true) if what.comes_with(Role::Analyst) => {
                format!("A key or token with the role SERVICE needs the scope {scope} for this.")
            }
            (Some(scope), true) => format!("This needs the role ADMIN or the scope {scope}."),
            (Some(scope), false) => format!("This needs the scope {scope}."),
            (None, _) => "This needs the role ADMIN.".to_owned(),
        };
        Err(Error::new(ErrorCode::Forbidden, message))
    }

    /// What the principal may see, whoever it is: part of the key of everything that callers share.
    pub fn rights_key(&self) -> RightsKey {
        let mut key = format!("{:?}", self.role);
        let mut add = |mark: char, word: &str| {
            // The length makes the text unambiguous whatever characters a scope holds.
            let _ = write!(key, "{mark}{}:{word}", word.len());
        };
        self.scopes.iter().for_each(|scope| add('+', scope));
        match &self.erps {
            Some(erps) => erps.iter().for_each(|erp| add('@', erp.as_str())),
            None => key.push('*'),
        }
        RightsKey(key.into())
    }
}

/// Equal for principals who may see and do the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RightsKey(Arc<str>);

impl RightsKey {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who sends a request, and from where: the audit log tells it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub who: Arc<Principal>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    /// What a user tells an operator to look for in the log.
    pub request_id: Arc<str>,
}
