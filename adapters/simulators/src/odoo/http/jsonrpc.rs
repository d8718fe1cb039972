//! `/jsonrpc`: `common`, `db` and `object`, each call with its own credentials.

use axum::response::Response;
use serde_json::{Map, Value};

use super::{Incoming, Odoo, Shared, carry_out, outgoing, web::params};
use crate::odoo::{
    failure::{Class, Failure, Fallible},
    methods::Call,
    python,
    users::User,
    version::Version,
};

pub(super) async fn dispatch(odoo: Shared, incoming: Incoming) -> Response {
    let version = odoo.version();
    let (id, params) = match params(&odoo, &incoming, "/jsonrpc") {
        Ok(parsed) => parsed,
        Err(refusal) => return *refusal,
    };
    let outcome = match params {
        Ok(params) => service(&odoo, params).await,
        Err(failure) => Err(failure),
    };
    outgoing::outcome(version, &id, outcome)
}

async fn service(odoo: &Shared, mut params: Map<String, Value>) -> Fallible<String> {
    let function = if odoo.version().rewritten() { "JSONRPC.jsonrpc" } else { "RPC.jsonrpc" };
    let missing: Vec<_> =
        ["service", "method", "args"].into_iter().filter(|name| !params.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(Failure::type_error(python::missing_arguments(function, &missing)));
    }
    let service = params["service"].as_str().unwrap_or_default().to_owned();
    let method = params["method"].as_str().unwrap_or_default().to_owned();
    let args = match params.remove("args") {
        Some(Value::Array(args)) => args,
        _ => Vec::new(),
    };
    match &*service {
        "common" => odoo.common(&method, &args),
        "db" => odoo.db(&method, &args),
        "object" => object(odoo, &method, args).await,
        other => Err(Failure::key(other)),
    }
}

/// What every Odoo tells about itself.
pub(super) fn version_info(version: Version) -> String {
    let (series, info) = (version.series(), python::json(&version.info()));
    format!(
        r#"{{"server_version": "{series}", "server_version_info": {info}, "server_serie": "{series}", "protocol_version": 1}}"#
    )
}

impl Odoo {
    fn common(&self, method: &str, args: &[Value]) -> Fallible<String> {
        self.simulator.count(&format!("common.{method}"));
        let (function, names): (_, &[&str]) = match method {
            "version" => return Ok(version_info(self.version())),
            "login" => ("exp_login", &["db", "login", "password"]),
            "authenticate" => ("exp_authenticate", &["db", "login", "password", "user_agent_env"]),
            other => {
                return Err(Failure::new(Class::Builtin("Exception"), format!("Method not found: {other}")));
            }
        };
        if let Some(missing) = names.get(args.len()..).filter(|missing| !missing.is_empty()) {
            return Err(Failure::type_error(python::missing_arguments(function, missing)));
        }
        let text = |at: usize| args.get(at).and_then(Value::as_str).unwrap_or_default();
        let (database, login, secret) = (text(0), text(1), text(2));
        if !self.has_database(database) {
            return Err(Failure::no_database(database));
        }
        let by_key = self.with_key(secret).filter(|user| user.login == login && database == self.database());
        let user = self.sign_in(database, login, secret).or(by_key);
        // No error: a wrong password answers false.
        Ok(user.map_or_else(|| "false".to_owned(), |user| user.id.to_string()))
    }

    fn db(&self, method: &str, args: &[Value]) -> Fallible<String> {
        self.simulator.count(&format!("db.{method}"));
        match method {
            "list" if self.options().list_databases => Ok(python::json(&self.options().databases)),
            "list" => Err(Failure::denied()),
            "server_version" => Ok(python::json(&self.version().series())),
            "db_exist" => Ok(self.has_database(args.first().and_then(Value::as_str).unwrap_or_default()).to_string()),
            other => Err(Failure::key(other)),
        }
    }

    /// The user of a call, whose secret is a password or a key.
    fn caller(&self, args: &[Value]) -> Fallible<User> {
        let [database, uid, secret, ..] = args else {
            return Err(if self.version().rewritten() {
                let message = format!("not enough values to unpack (expected at least 5, got {})", args.len());
                Failure::value(message)
            } else {
                Failure::new(Class::Builtin("IndexError"), "list index out of range")
            });
        };
        let uid = match uid {
            Value::Number(number) => number.as_i64().unwrap_or_default(),
            Value::Bool(flag) => i64::from(*flag),
            Value::String(text) if text.parse::<i64>().is_ok() => text.parse().unwrap_or_default(),
            Value::String(text) => {
                let text = python::repr_str(text);
                return Err(Failure::value(format!("invalid literal for int() with base 10: {text}")));
            }
            other => {
                let kind = python::type_name(other);
                let message =
                    format!("int() argument must be a string, a bytes-like object or a real number, not '{kind}'");
                return Err(Failure::type_error(message));
            }
        };
        let (database, secret) = (database.as_str().unwrap_or_default(), secret.as_str().unwrap_or_default());
        if secret.is_empty() {
            return Err(Failure::denied());
        }
        if !self.has_database(database) {
            return Err(Failure::no_database(database));
        }
        let user = self.user(uid).filter(|_| database == self.database());
        let user = user.filter(|user| user.has_password(secret) || user.has_key(secret));
        user.cloned().ok_or_else(Failure::denied)
    }
}

async fn object(odoo: &Shared, method: &str, args: Vec<Value>) -> Fallible<String> {
    let user = odoo.caller(&args)?;
    let mut rest = args.into_iter().skip(3);
    let mut text = || rest.next().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let (model, called) = (text(), text());
    let (args, kwargs) = match method {
        "execute" => (rest.collect(), Map::new()),
        "execute_kw" => {
            let args = rest.next().and_then(|args| args.as_array().cloned()).unwrap_or_default();
            let kwargs = rest.next().and_then(|kwargs| kwargs.as_object().cloned()).unwrap_or_default();
            (args, kwargs)
        }
        other => {
            return Err(Failure::new(Class::Builtin("NameError"), format!("Method not available {other}")));
        }
    };
    if odoo.registry.get(&model).is_none() {
        return Err(Failure::user(format!("Object {model} doesn't exist")));
    }
    carry_out(Shared::clone(odoo), user, Call { model, method: called, args, kwargs, named: false }).await
}
