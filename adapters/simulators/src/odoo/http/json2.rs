//! `/json/2/<model>/<method>`: a key in the header, named arguments in the body, real statuses in the answer.

use axum::{http::Method, response::Response};
use serde_json::{Map, Value};

use super::{Incoming, Odoo, Shared, carry_out, outgoing, place::Place};
use crate::odoo::{
    failure::{Class, Failure, Fallible},
    methods::Call,
    users::User,
};

pub(super) async fn dispatch(odoo: Shared, incoming: Incoming) -> Response {
    let version = odoo.version();
    let place = match odoo.place(&incoming) {
        Ok(place) => place,
        Err(refusal) => return *refusal,
    };
    let Place::Database(entered) = place else { return outgoing::no_database(version) };
    let address = incoming.path.trim_start_matches("/json/2").trim_matches('/').split_once('/');
    let Some((model, method)) = address.filter(|(_, method)| !method.contains('/') && incoming.method == Method::POST)
    else {
        return outgoing::plain(version, Err(Failure::not_found("Did you mean POST /json/2/<model>/<method>?")));
    };
    if !incoming.is_json() && !incoming.body.is_empty() {
        let route = "/json/2/<__model__>/<__method__>";
        return outgoing::wrong_type(version, route, "json2", "&#39;http&#39;", "application/json");
    }
    let header = incoming.header("x-odoo-database").unwrap_or(odoo.database()).to_owned();
    let signed_in = entered.map(|entered| entered.user.clone());
    let outcome = match odoo.bearer(&incoming, signed_in.as_ref(), &header) {
        Ok(user) => call(&odoo, &incoming, user, model, method).await,
        Err(failure) => Err(failure),
    };
    outgoing::plain(version, outcome)
}

async fn call(odoo: &Shared, incoming: &Incoming, user: User, model: &str, method: &str) -> Fallible<String> {
    // What is no object counts as no arguments at all.
    let kwargs = match arguments(incoming)? {
        Value::Object(kwargs) => kwargs,
        _ => Map::new(),
    };
    if odoo.registry.get(model).is_none() {
        return Err(Failure::not_found(format!("the model '{model}' does not exist")));
    }
    let call = Call { model: model.to_owned(), method: method.to_owned(), args: Vec::new(), kwargs, named: true };
    let outcome = carry_out(Shared::clone(odoo), user, call).await;
    outcome.map_err(|failure| match failure.class {
        Class::Builtin("AttributeError") => Failure::not_found(failure.message),
        _ => failure,
    })
}

fn arguments(incoming: &Incoming) -> Fallible<Value> {
    if incoming.body.is_empty() {
        return Ok(Value::Null);
    }
    incoming.json().map_err(|words| {
        let class = Class::Http(400, "BadRequest", "Bad Request");
        Failure::new(class, format!("could not parse the body as json: {words}"))
    })
}

impl Odoo {
    /// The user of a key; a session alone is not enough.
    fn bearer(&self, incoming: &Incoming, signed_in: Option<&User>, database: &str) -> Fallible<User> {
        let token = incoming.header("authorization").and_then(|header| {
            let (scheme, token) = header.split_once(char::is_whitespace)?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Failure::unauthorized(match signed_in {
                Some(_) => "Missing \"Authorization\" or Sec-headers for interactive usage.",
                None => "User not authenticated, use an API Key with a Bearer Authorization header.",
            }));
        };
        let user = self.with_key(token).filter(|_| database == self.database());
        let user = user.ok_or_else(|| Failure::unauthorized("Invalid apikey"))?;
        if signed_in.is_some_and(|signed_in| signed_in.id != user.id) {
            let message = "Session user does not match the used apikey.";
            return Err(Failure::new(Class::AccessDenied, message));
        }
        Ok(user.clone())
    }
}
