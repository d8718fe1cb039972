//! The Odoo front: JSON-RPC over session cookies or keys, and the JSON-2 interface of release 19.
//!
//! From the outside in: `http` are the doors, `methods` what a call may name, `orm` how it is carried out over the
//! tables that `models` describe and `books` fills. What it finds, and what it refuses in which words, was compared
//! with live servers of 17 and 19; the other releases differ where `version` says so.
//!
//! Served: sessions, `/web/dataset/call_kw`, `/jsonrpc` and `/json/2`, for reading: `search_read`, `search`,
//! `search_count`, `read`, `fields_get`, `read_group`, `formatted_read_group`, `formatted_read_grouping_sets`. Not served:
//! XML-RPC, writes and workflow methods (they answer `NotImplementedError`), `web_search_read`, relative dates in
//! domains, pages of the web client, groups by numbers such as `month_number`, days in the time zone of the context.
//!
//! The models are those of sales, purchases, accounting with reconciliations, stock, manufacturing and analytic
//! accounting. Type, storage, relations and choices of their fields were compared with `fields_get` of servers of 17 and
//! 19, rights with what an employee may read there, the parts of reconciliations and exchange differences with theirs.
//! Assumed, because no server was at hand: that 18 sorts and groups by related fields as 19 does, that `deprecated`
//! gives way to `active` of accounts and the parents of virtual locations go in 19 only, the ids of the types of accounts
//! until 15, and that 14 and 15 post exchange differences with each part as 16 does. Not as in Odoo: payments are booked
//! on the bank account itself (as with that account set as the outstanding one), a manufacturing order that is partly
//! made keeps the made part as finished moves of its own, and documents are posted at one rate of a month.
//!
//! For tests: `stats()` counts `authenticate`, `common.authenticate`, every call as `search_read account.move`, and
//! `read missing res.partner` where a read names ids that are gone, which takes real servers milliseconds apiece.

mod books;
mod failure;
mod http;
mod methods;
mod models;
mod orm;
mod python;
mod users;
mod version;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use crate::{
    Simulator,
    dataset::Dataset,
    server::{self, Front},
    store::{Store, StoreError},
};

/// The database with the books, unless the options say otherwise.
pub const DATABASE: &str = "nordlicht";
/// The login of a user who may read everything but belongs to the first company only.
pub const LOGIN: &str = "gateway";
/// The password of [`LOGIN`].
pub const PASSWORD: &str = "gateway-pass-1";
/// The key of [`LOGIN`] for `/jsonrpc` and `/json/2`; no password of a session.
pub const API_KEY: &str = "5f0b7c9e2d4a48b1a6c3e8d7f9012b3c4d5e6f70";
/// The login, and the password, of the administrator, who belongs to both companies.
pub const ADMIN: &str = "admin";
/// The login, and the password, of an employee without any rights to accounting and sales.
pub const LIMITED: &str = "limited";

/// What only this system has.
#[derive(Clone, Debug)]
pub struct Options {
    /// The major release, 14 to 19. 19 by default.
    pub version: u16,
    /// The databases. The first has the books; the others know none of the users. With one, requests without a database
    /// mean that one; with several they find nothing. By default [`DATABASE`].
    pub databases: Vec<String>,
    /// By default [`LOGIN`].
    pub login: String,
    /// By default [`PASSWORD`].
    pub password: String,
    /// By default [`API_KEY`].
    pub api_key: String,
    /// How long a session lasts without use. 7 days by default.
    pub session_lifetime: Duration,
    /// After how long a session gets a new id, from 19 on. 3 hours by default.
    pub session_rotation: Duration,
    /// Whether the databases may be listed. True by default.
    pub list_databases: bool,
    /// Whether the sign-in of [`LOGIN`] by password ends half way, because a second factor is asked for. False by default.
    pub two_factor: bool,
    /// The modules that are installed: `analytic`, `account`, `sale`, `purchase`, `stock`, `delivery`, `mrp`, each with
    /// what it needs. Models and fields of others are not there. All of them by default.
    pub modules: Vec<String>,
    /// Whether drafts have no invoice date yet, as is usual where people write them. False by default.
    pub undated_drafts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: 19,
            databases: vec![DATABASE.to_owned()],
            login: LOGIN.to_owned(),
            password: PASSWORD.to_owned(),
            api_key: API_KEY.to_owned(),
            session_lifetime: Duration::from_secs(7 * 24 * 3600),
            session_rotation: Duration::from_secs(3 * 3600),
            list_databases: true,
            two_factor: false,
            modules: models::modules().map(str::to_owned).collect(),
            undated_drafts: false,
        }
    }
}

/// Writes a company's story into the tables of this ERP.
pub(crate) fn tables(dataset: &Dataset, options: &server::Options) -> Result<Store, StoreError> {
    books::write(dataset, &options.odoo)
}

/// Speaks this ERP's protocol over the tables.
pub(crate) fn front(simulator: Arc<Simulator>) -> Front {
    http::front(simulator)
}
