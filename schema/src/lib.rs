//! The GraphQL API. No I/O of its own: what it needs, it asks of the [`ports`].
//!
//! Everything about the record types is made at start from the catalogue in `adapters::model`: their objects, `where` and
//! `orderBy`, connections and root fields. A new field of a record is a line there and none here.

mod access;
mod args;
mod basis;
mod batch;
mod comparator;
mod cost;
mod document;
mod erp;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod id;
mod input;
pub mod limits;
mod loader;
mod mutation;
mod node;
mod object;
mod page;
mod plan;
mod planner;
pub mod ports;
mod query;
mod raw;
mod record;
mod request;
mod run;
pub mod scalars;

pub use basis::Basis;
pub use document::Document;
pub use error::{Error, ErrorCode, Result};
pub use limits::Limits;

use crate::{
    mutation::Mutation,
    ports::{Caller, Ports},
    query::Query,
    record::RecordRef,
    request::RequestState,
};
use async_graphql::{EmptySubscription, Request, Response, SDLExportOptions, Schema, ServerError};
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use tokio::task::coop::unconstrained;

/// The API, ready to execute requests. Cloning is cheap.
///
/// It hides async-graphql's `Schema`, so that this crate compiles the execution once and the gateway does not.
#[derive(Clone)]
pub struct Api {
    schema: Schema<Query, Mutation, EmptySubscription>,
    ports: Ports,
    limits: Limits,
}

impl Api {
    /// The API over these ports.
    pub fn new(ports: Ports, limits: Limits) -> Self {
        Self { schema: build(&limits), ports, limits }
    }

    /// Parses a document and checks its size. Parsing is worth keeping: a [`Document`] can be executed many times.
    ///
    /// # Errors
    /// The answer to whoever sent it: it is not GraphQL, or too large.
    pub fn parse(&self, query: &str, request_id: &str) -> std::result::Result<Arc<Document>, Box<Response>> {
        Document::parse(query, &self.limits).map(Arc::new).map_err(|mut error| {
            error::annotate(&mut error, request_id);
            Box::new(Response::from_errors(vec![error]))
        })
    }

    /// Executes a request that [`Document::request`] made.
    pub fn execute(&self, mut request: Request, caller: Caller) -> BoxFuture<'_, Answer> {
        async move {
            let state = RequestState::new(self.ports.clone(), caller.clone(), self.limits.time);
            let (watch, raw) = (state.watch.clone(), state.raw.clone());
            let mut response = match self.check_variables(&mut request) {
                // tokio's budget would interrupt a level of many relations, and its batch would be two.
                Ok(()) => unconstrained(self.schema.execute(request.data(state))).await,
                Err(error) => Response::from_errors(vec![error]),
            };
            // What cannot be noted is not shown.
            let read = raw.counts();
            if !read.is_empty()
                && let Err(error) = self.ports.access.note_raw(&caller, &read).await
            {
                response = Response::from_errors(vec![error.into()]);
            }
            error::shorten(&mut response.errors);
            for error in &mut response.errors {
                error::annotate(error, &caller.request_id);
            }
            Answer { response, basis: watch.basis() }
        }
        .boxed()
    }

    fn check_variables(&self, request: &mut Request) -> std::result::Result<(), ServerError> {
        let (name, variables) = (request.operation_name.clone(), std::mem::take(&mut request.variables));
        let operation = document::find(request.parsed_query()?, name.as_deref());
        limits::check_variables(operation, &variables, &self.limits)?;
        request.variables = variables;
        Ok(())
    }
}

/// The answer to a request that is not executed.
pub fn refusal(error: Error, request_id: &str) -> Response {
    let mut error = error.into();
    error::annotate(&mut error, request_id);
    Response::from_errors(vec![error])
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// What the client gets.
    pub response: Response,
    /// What it was made of.
    pub basis: Basis,
}

fn build(limits: &Limits) -> Schema<Query, Mutation, EmptySubscription> {
    let mut schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription);
    if !limits.introspection {
        schema = schema.disable_introspection();
    }
    if !limits.suggestions {
        schema = schema.disable_suggestions();
    }
    schema
        // No field gives it yet, so it would be dropped; clients use it in fragments.
        .register_output_type::<RecordRef>()
        .extension(cost::Cost { limit: limits.complexity })
        .limit_recursive_depth(limits::MAX_NESTING)
        .finish()
}

/// The schema in GraphQL's schema language, as it is committed in `schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().prefer_single_line_descriptions().use_space_ident();
    build(&Limits::default()).sdl_with_options(options)
}
