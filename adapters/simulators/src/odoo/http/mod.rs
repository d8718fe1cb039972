//! The doors: what is common to all of them, and the routes.

mod incoming;
mod json2;
mod jsonrpc;
mod outgoing;
mod place;
mod web;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::map_response,
    response::Response,
    routing::{MethodRouter, any},
};
use tokio::task::spawn_blocking;

use super::{
    Options,
    failure::{Class, Failure, Fallible},
    methods::{self, Call},
    models::Registry,
    users::{self, User},
    version::Version,
};
use crate::{Simulator, server::Front};
use incoming::Incoming;

/// The state of the front.
struct Odoo {
    simulator: Arc<Simulator>,
    registry: Registry,
    users: Vec<User>,
}

type Shared = Arc<Odoo>;

pub(super) fn front(simulator: Arc<Simulator>) -> Front {
    let options = &simulator.options().odoo;
    let version = Version(options.version);
    let odoo = Arc::new(Odoo {
        registry: Registry::new(version, &options.modules),
        users: users::all(options),
        simulator: Arc::clone(&simulator),
    });
    let mut data = Router::new()
        .route("/web/dataset/call_kw", door(web::call_kw))
        .route("/web/dataset/call_kw/{*path}", door(web::call_kw))
        .route("/jsonrpc", door(jsonrpc::dispatch))
        .fallback_service(door(web::not_found).with_state(Arc::clone(&odoo)));
    if version.has_json2() {
        data = data.route("/json/2/{*path}", door(json2::dispatch)).route("/json/2", door(json2::dispatch));
    }
    let mut control = Router::new()
        .route("/web/session/authenticate", door(web::authenticate))
        .route("/web/session/destroy", door(web::destroy))
        .route("/web/session/check", door(web::check))
        .route("/web/session/get_session_info", door(web::session_info))
        .route("/web/webclient/version_info", door(web::version_info))
        .route("/web/database/list", door(web::databases))
        .route("/web/health", door(web::health));
    if version.has_json2() {
        control = control.route("/web/version", door(web::version));
    }
    Front::new(data.with_state(Arc::clone(&odoo)).layer(map_response(outgoing::close)))
        .control(control.with_state(odoo).layer(map_response(outgoing::close)))
        .error(outgoing::proxy_error)
}

/// A route for every method of HTTP: Odoo looks at the content type first.
fn door<F>(handler: fn(Shared, Incoming) -> F) -> MethodRouter<Shared>
where
    F: Future<Output = Response> + Send + 'static,
{
    any(move |State(odoo): State<Shared>, request: Request| async move {
        match Incoming::read(request).await {
            Ok(incoming) => handler(odoo, incoming).await,
            Err(refusal) => refusal,
        }
    })
}

impl Odoo {
    fn options(&self) -> &Options {
        &self.simulator.options().odoo
    }

    fn version(&self) -> Version {
        self.registry.version
    }

    /// The database with the books.
    fn database(&self) -> &str {
        self.options().databases.first().map_or(super::DATABASE, String::as_str)
    }

    fn has_database(&self, name: &str) -> bool {
        self.options().databases.iter().any(|database| database == name)
    }

    fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Somebody with this login and password; other databases have other users.
    fn sign_in(&self, database: &str, login: &str, password: &str) -> Option<&User> {
        let user = self.users.iter().find(|user| user.login == login)?;
        (database == self.database() && user.has_password(password)).then_some(user)
    }

    fn with_key(&self, key: &str) -> Option<&User> {
        self.users.iter().find(|user| user.has_key(key))
    }
}

/// Carries out a call on a thread that may take its time.
async fn carry_out(odoo: Shared, user: User, call: Call) -> Fallible<String> {
    let work = spawn_blocking(move || methods::call(&odoo.simulator, &odoo.registry, &user, call));
    work.await.unwrap_or_else(|error| Err(Failure::new(Class::Builtin("RuntimeError"), error.to_string())))
}
