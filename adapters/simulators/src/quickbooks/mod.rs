//! The QuickBooks Online front: Intuit's accounting API v3 and its token endpoint, for reading.
//!
//! Sources: Intuit's pages "Query operations and syntax", "Batch" and of the entities, the XSDs of its SDK, and bodies of
//! the live service that others recorded; comments name them where the service is odd.
//!
//! Served: the page of consent, tokens for codes and refresh tokens, their revocation, queries by GET and POST, single
//! objects, company and preferences, exchange rates, batches of queries, reports; over Customer, Item, Invoice, SalesReceipt,
//! CreditMemo, Payment, Estimate, which holds the sales orders, Vendor, Bill, VendorCredit, BillPayment, PurchaseOrder, Account,
//! JournalEntry, InventoryAdjustment, TaxRate, TaxCode, TaxAgency, Class, Department, Term, PaymentMethod, CompanyCurrency and
//! ExchangeRate. RefundReceipt is there, and empty: the story pays nobody back. Not served: writes, change data capture, other
//! entities, and what QuickBooks does not have: users, receipts of goods, shipments, work orders, places of stock.
//!
//! Assumed, because no source tells: an account's `CurrentBalance` is negative when it is in credit (so are both recorded
//! ones, payables of -1091.23 and an equity of -10.00) and 0 on accounts of income and expenses; an exchange rate without a
//! date is today's; `LineEx` of payments, which repeats what they are linked to, is left out; a bill that the story voids
//! was deleted, since bills cannot be voided; the number received on an order's line is what was billed of it. The company
//! takes goods in and out by adjustments of the stock, against an account of goods received and not billed, which bills
//! clear; goods by weight or length are no inventory to QuickBooks and have an account of their own.
//!
//! For tests: `faults()` with [`Fault::ExpireSessions`](crate::Fault::ExpireSessions), or the clock moved by an hour, ends
//! the access tokens; `stats()` counts `consent`, `exchange`, `refresh`, `revoke`, `query Invoice`, `count Invoice`, `read Invoice`, `report ProfitAndLoss`,
//! `batch` (and each query in it), `query` for those that are no queries, and `refused 401`, `refused 403`, `refused 429`.

mod entities;
mod fault;
mod lexer;
mod parser;
mod render;
mod reports;
mod search;
mod service;
mod tables;
mod tokens;
mod wire;

use std::{sync::Arc, time::Duration};

use axum::{
    Form, Json, Router,
    extract::{
        Query, Request,
        rejection::{FormRejection, JsonRejection},
    },
    http::HeaderMap,
    response::IntoResponse,
    routing::{get, post},
};

use crate::{
    Simulator,
    dataset::Dataset,
    server::{self, Front},
    store::{Store, StoreError},
};
use service::Service;
use tokens::{Consent, Grant, Grants, Revocation};

/// The app's id at the token endpoint.
pub const CLIENT_ID: &str = "ABcascadeSimulatorClientId0000000000000000000000001";
/// The app's secret at the token endpoint.
pub const CLIENT_SECRET: &str = "cascadeSimulatorClientSecret000000000001";
/// The company: `/v3/company/{REALM_ID}/…`.
pub const REALM_ID: &str = "9341454321098765";
/// The refresh token that is good at the start. The first use replaces it.
pub const REFRESH_TOKEN: &str = "RT1-10-H0-1781968542cascadesimulator0";

/// What only this system has.
#[derive(Clone, Debug)]
pub struct Options {
    /// The app's id; [`CLIENT_ID`] by default.
    pub client_id: String,
    /// The app's secret; [`CLIENT_SECRET`] by default.
    pub client_secret: String,
    /// The company's id; [`REALM_ID`] by default.
    pub realm: String,
    /// Where a consent may return to; by default to any address of this machine, as the keys for sandboxes allow.
    pub redirect_uris: Vec<String>,
    /// The refresh token that is good at the start; [`REFRESH_TOKEN`] by default.
    pub refresh_token: String,
    /// How long an access token is good; an hour by default.
    pub access_token_lifetime: Duration,
    /// How long a refresh token is good when it is not used; 101 days by default.
    pub refresh_token_lifetime: Duration,
    /// How long a refresh token is still good after it was used; not at all by default.
    pub previous_refresh_token_grace: Duration,
    /// Requests in a minute; 500 by default.
    pub requests_per_minute: usize,
    /// Requests in a second; 10 by default.
    pub requests_per_second: usize,
    /// Batches in a minute; 40 by default.
    pub batches_per_minute: usize,
    /// Whether 429 comes as XML even to those who accept JSON, as it was recorded in 2016 and 2017; not by default.
    pub throttle_as_xml: bool,
    /// Whether numbers in queries must stand in quotes, as one client measured in 2025 against the documents; not by
    /// default.
    pub quoted_numbers_only: bool,
    /// Whether a query with characters beyond Latin-1 is refused, as it was until 2021 at least; not by default.
    pub latin_queries_only: bool,
    /// The most cells in a report, which ends where there would be more; 400,000 by default.
    pub report_cells: usize,
    /// The most bytes in a path with its query; longer ones are answered with 414. 8190 by default, which is what common
    /// web servers have; Intuit documents none, but POST for long queries.
    pub longest_uri: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            realm: REALM_ID.to_owned(),
            redirect_uris: Vec::new(),
            refresh_token: REFRESH_TOKEN.to_owned(),
            access_token_lifetime: Duration::from_secs(3600),
            refresh_token_lifetime: Duration::from_secs(8_726_400),
            previous_refresh_token_grace: Duration::ZERO,
            requests_per_minute: 500,
            requests_per_second: 10,
            batches_per_minute: 40,
            throttle_as_xml: false,
            quoted_numbers_only: false,
            latin_queries_only: false,
            report_cells: 400_000,
            longest_uri: 8190,
        }
    }
}

impl Options {
    /// Whether the app lists an address for consents to return to.
    fn redirects_to(&self, uri: &str) -> bool {
        if self.redirect_uris.is_empty() {
            let host = uri.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
            let name = host.map(|host| host.split_once(':').map_or(host, |(name, _)| name));
            return matches!(name, Some("localhost" | "127.0.0.1"));
        }
        self.redirect_uris.iter().any(|listed| listed == uri)
    }
}

/// Writes a company's story into the tables of this ERP.
pub(crate) fn tables(dataset: &Dataset, _options: &server::Options) -> Result<Store, StoreError> {
    tables::store(dataset)
}

/// Speaks this ERP's protocol over the tables.
pub(crate) fn front(simulator: Arc<Simulator>) -> Front {
    let grants = Arc::new(Grants::new(&simulator.options().quickbooks, simulator.now()));
    let service = Arc::new(Service::new(Arc::clone(&simulator)));
    let data = Router::new().fallback(move |request: Request| {
        let service = Arc::clone(&service);
        async move { service.answer(request).await }
    });
    let (consents, asked_of) = (Arc::clone(&grants), Arc::clone(&simulator));
    let consent = move |Query(asked): Query<Consent>| async move { consents.consent(&asked_of, &asked) };
    let (revocations, taken_by) = (Arc::clone(&grants), Arc::clone(&simulator));
    let grant = move |headers: HeaderMap, form: Result<Form<Grant>, FormRejection>| async move {
        service::tagged(match form {
            Ok(Form(grant)) => grants.answer(&simulator, &headers, &grant),
            Err(rejection) => rejection.into_response(),
        })
    };
    let revoke = move |headers: HeaderMap, body: Result<Json<Revocation>, JsonRejection>| async move {
        service::tagged(match body {
            Ok(Json(revocation)) => revocations.revoke(&taken_by, &headers, &revocation),
            Err(rejection) => rejection.into_response(),
        })
    };
    let control: Router = Router::new()
        .route("/oauth2/v1/tokens/bearer", post(grant))
        .route("/v2/oauth2/tokens/revoke", post(revoke))
        .route("/connect/oauth2", get(consent));
    Front::new(data).control(control).error(service::error)
}

#[cfg(test)]
mod tests;
