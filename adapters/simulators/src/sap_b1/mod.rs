//! SAP Business One: its Service Layer, OData 4 under `/b1s/v2` and OData 3 under `/b1s/v1`.
//!
//! * Sets: `BusinessPartners` (customers, suppliers and leads), `Items` with their stock by warehouse, all documents of
//!   sales and purchasing with `Drafts`, payments in and out with `PaymentDrafts`, `ChartOfAccounts`, `JournalEntries`,
//!   `ProductionOrders`, `Users`, `EmployeesInfo`, and the small sets that these refer to; `$metadata` and the service
//!   document describe them.
//! * Options: `$select`, `$filter`, `$orderby`, `$top`, `$skip`, `$count`, `$inlinecount`, and `$expand` of a
//!   document's `BusinessPartner`; `/$count`; `$batch`; `$crossjoin`, also by `QueryService_PostQuery` with collections
//!   such as `Orders/DocumentLines`; `$apply` on sets and in `$crossjoin`; `SQLQueries` with `List`.
//! * Functions: `GetAdminInfo`, `GetCompanyInfo`, `GetPeriods` and `GetPeriod` of `CompanyService`; `GetCurrencyRate`,
//!   `GetLocalCurrency` and `GetSystemCurrency` of `SBOBobService`.
//! * Refused as by the real one: what SAP's guide "Working with SAP Business One Service Layer" does not list for
//!   `$filter` (`in`, `any`, `all`, arithmetic, `tolower`, `length`), unknown names in any place, `$expand` of
//!   collections, malformed batches, request lines that are too long for Apache.
//! * Refused although the real one has it: writes but those of `SQLQueries`, change sets, arithmetic in `$crossjoin`,
//!   single properties and navigation in paths, some of SQL.
//!
//! Names and types are those of the metadata that SAP published with its Service Layer SDK, and of the newer ones behind
//! Ballerina's OpenAPI. What they do not say and no recorded body shows is assumed:
//!
//! * A delivery is copied from its order; an invoice from the delivery in one half of the orders, and in the other from
//!   the order itself, where a real one would not find anything left to bill. A bill is copied from a receipt that
//!   brought just what it bills, else from the purchase order.
//! * Goods that are not moved yet, and purchase orders that wait for approval, are `Drafts`. What was cancelled in time
//!   has a document and the one that cancels it.
//! * Payments show local amounts in `CashSum`, `TransferSum` and `CreditSum`, and what a cheque says in `CheckSum`.
//!   Neither they nor the journal tell when they were last changed: the entities have no such property.
//! * `GetCurrencyRate` answers a bare number, as third parties read it in v1; that v2 does so too, and the text of the
//!   error -4006 for a day without a rate. No rate is entered on Sundays, nor ever for the local currency.
//! * An exchange difference has an entry of its own, of an internal reconciliation, also where B1 would put it into the
//!   payment's.

mod apply;
mod batch;
mod books;
mod call;
mod catalogue;
mod company;
mod condition;
mod crossjoin;
mod edm;
mod enums;
mod filter;
mod list;
mod local_time;
mod metadata;
mod options;
mod record;
mod refusal;
mod service;
mod session;
mod sql;
mod url;
mod version;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};

use self::{call::Answer, refusal::Refusal, version::Version};
use crate::{
    Simulator,
    dataset::Dataset,
    server::{self, Front},
    store::{Store, StoreError},
};

/// The name of the company's database, unless the options say otherwise.
pub const COMPANY_DB: &str = "SBO_EDELWEISS";
/// The user who may log in, unless the options say otherwise.
pub const USERNAME: &str = "manager";
/// The user's password, unless the options say otherwise.
pub const PASSWORD: &str = "edelweiss-1234";
/// The version that log-in tells: 10.0 FP 2608.
pub const VERSION: &str = "1000340";

/// What only this system has.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the company's database.
    pub company_db: String,
    /// The user who may log in.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// How long a session lives after its last use, in minutes. 30 by default.
    pub session_minutes: u32,
    /// How long a log-in takes. 30 ms by default.
    pub login_time: Duration,
    /// How many may log in at the same time; one more gets error 299. 6 by default: of 8 at once, 2 were seen to fail.
    pub parallel_logins: usize,
    /// How many records are on a page when the client does not ask for more. 20 by default.
    pub page_size: usize,
    /// Whether `nextLink` is an absolute path, as in the guide, and not relative to the service root, as found.
    pub absolute_next_links: bool,
    /// Whether a bad `$filter` of `/$count` breaks the node, so that the proxy answers 502 with a page of HTML. Found
    /// once and not again; otherwise it gets the same 400 as everywhere.
    pub count_breaks_on_bad_filter: bool,
    /// Whether sets take `$apply`, which the guide says of the version for SAP HANA.
    pub aggregates: bool,
    /// How many requests a batch may have. 100 by default.
    pub batch_parts: usize,
    /// How long the first line of a request may be, in bytes. Apache's own 8,190 by default.
    pub longest_request_line: usize,
    /// Properties that this patch level does not know, such as `PaidToDate` on older ones.
    pub missing: Vec<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            company_db: COMPANY_DB.to_owned(),
            username: USERNAME.to_owned(),
            password: PASSWORD.to_owned(),
            session_minutes: 30,
            login_time: Duration::from_millis(30),
            parallel_logins: 6,
            page_size: 20,
            absolute_next_links: false,
            count_breaks_on_bad_filter: false,
            aggregates: true,
            batch_parts: 100,
            longest_request_line: 8190,
            missing: Vec::new(),
        }
    }
}

/// Writes a company's story into the tables of this ERP.
pub(crate) fn tables(dataset: &Dataset, _options: &server::Options) -> Result<Store, StoreError> {
    books::write(dataset)
}

/// Speaks this ERP's protocol over the tables.
pub(crate) fn front(simulator: Arc<Simulator>) -> Front {
    let service = Arc::new(service::Service::new(simulator));
    let data = Router::new().fallback(service::serve).with_state(Arc::clone(&service));
    let control = Router::new()
        .route("/b1s/v1/Login", post(service::log_in))
        .route("/b1s/v2/Login", post(service::log_in))
        .route("/b1s/v1/Logout", post(service::log_out))
        .route("/b1s/v2/Logout", post(service::log_out))
        .with_state(service);
    Front::new(data).control(control).error(error)
}

/// What a fault looks like: sessions and the server itself speak JSON (of v2, since a fault knows no version), the
/// Apache in front of them HTML.
fn error(status: StatusCode) -> Response {
    let refusal = match status {
        StatusCode::UNAUTHORIZED => Refusal::session(),
        StatusCode::INTERNAL_SERVER_ERROR => Refusal::broken(status),
        status => {
            let html = [(CONTENT_TYPE, "text/html; charset=iso-8859-1")];
            return (status, html, refusal::apache(status)).into_response();
        }
    };
    Answer::refusal(Version::V2, &refusal, false).into_response()
}

#[cfg(test)]
mod tests;
