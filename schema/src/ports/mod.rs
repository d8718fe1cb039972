//! What the API needs from the gateway: small traits, each with whoever asks, and the values they speak in.
//!
//! Each thing is checked on one side:
//!
//! - The API checks form: that ids and conditions make sense, that settings are an object of plain values. It decides who
//!   may read records at all ([`Permission::ReadRecords`], [`Permission::ReadRaw`]), and asks [`Reads`] for records only of
//!   ERPs that the principal may know of where it names them. It has raw reads noted.
//! - A port decides by the principal what it gives and does, before it looks into any cache. [`ErpAdmin`] and [`Access`]
//!   check the permission of every act, whether there is such an ERP or key for this caller, whether names, systems,
//!   settings and scopes are good, and note in the audit log what was done and what was refused.
//!
//! A [`UserError`] names its place in the `input` of the mutation: the ERP is `id`, in `callErp` it is `erp`; a setting is
//! `settings`, key; an element of a list is the list, its index.

mod access;
mod erps;
mod principal;
mod reads;

pub use self::{access::*, erps::*, principal::*, reads::*};

use crate::error::{Error, ErrorCode};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Everything that the API stands on.
#[derive(Clone)]
pub struct Ports {
    /// Records.
    pub reads: Arc<dyn Reads>,
    /// The connected ERPs and the systems that can be connected.
    pub erps: Arc<dyn Erps>,
    /// Connects ERPs, changes them and calls them.
    pub erp_admin: Arc<dyn ErpAdmin>,
    /// API keys and the audit log.
    pub access: Arc<dyn Access>,
    /// The time: asked once for each request, so that one answer has one today.
    pub clock: fn() -> DateTime<Utc>,
}

/// What is wrong with the input of a mutation, for the person who filled it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// The path to the wrong value within `input`: `["settings", "url"]`; empty where it is no single one.
    pub field: Vec<String>,
    /// What is wrong and what helps, in one sentence.
    pub message: String,
    /// What kind of thing is wrong.
    pub code: ErrorCode,
}

impl UserError {
    /// A value that cannot be.
    pub fn bad_input<'a>(field: impl IntoIterator<Item = &'a str>, message: impl Into<String>) -> Self {
        Self {
            field: field.into_iter().map(Into::into).collect(),
            message: message.into(),
            code: ErrorCode::BadUserInput,
        }
    }
}

/// Why a mutation did nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Its input has to be changed: told in the payload's `userErrors`.
    Input(Vec<UserError>),
    /// The caller may not, or the gateway failed: an error of the field.
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<UserError> for Refused {
    fn from(error: UserError) -> Self {
        Self::Input(vec![error])
    }
}

/// What came of a mutation.
pub type Outcome<T> = Result<T, Refused>;
