//! What goes wrong in a call, in the words of Odoo, PostgreSQL and Python.

use serde::Serialize;
use serde_json::{Value, json};

use super::{python, version::Version};

/// The class of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A class of Python itself, such as `ValueError`.
    Builtin(&'static str),
    /// The body is not JSON.
    Json,
    /// Wrong credentials.
    AccessDenied,
    /// No right to do this.
    AccessError,
    /// A mistake of the caller.
    UserError,
    /// No session, or none any more.
    SessionExpired,
    /// What PostgreSQL refused, such as `InvalidTextRepresentation`.
    Postgres(&'static str),
    /// The database cannot be connected to.
    Operational,
    /// A status of HTTP: its number, its class, its words.
    Http(u16, &'static str, &'static str),
}

/// An exception.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) class: Class,
    pub(super) message: String,
}

/// The result of a call.
pub(super) type Fallible<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into() }
    }

    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new(Class::Builtin("ValueError"), message)
    }

    pub(super) fn type_error(message: impl Into<String>) -> Self {
        Self::new(Class::Builtin("TypeError"), message)
    }

    pub(super) fn key(key: &str) -> Self {
        Self::new(Class::Builtin("KeyError"), key)
    }

    pub(super) fn user(message: impl Into<String>) -> Self {
        Self::new(Class::UserError, message)
    }

    pub(super) fn access(message: impl Into<String>) -> Self {
        Self::new(Class::AccessError, message)
    }

    pub(super) fn denied() -> Self {
        Self::new(Class::AccessDenied, "Access Denied")
    }

    pub(super) fn expired() -> Self {
        Self::new(Class::SessionExpired, "Session expired")
    }

    pub(super) fn postgres(class: &'static str, message: impl Into<String>) -> Self {
        Self::new(Class::Postgres(class), message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Class::Http(404, "NotFound", "Not Found"), message)
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(Class::Http(422, "UnprocessableEntity", "Unprocessable Entity"), message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(Class::Http(401, "Unauthorized", "Unauthorized"), message)
    }

    pub(super) fn no_database(name: &str) -> Self {
        let message = format!(
            "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  database \"{name}\" does not exist\n"
        );
        Self::new(Class::Operational, message)
    }

    /// The body of `error` in an envelope of JSON-RPC.
    pub(super) fn envelope(&self, version: Version) -> String {
        let (code, message) = match self.class {
            Class::Http(404, ..) => (404, "404: Not Found"),
            Class::SessionExpired => (100, "Odoo Session Expired"),
            _ => (version.error_code(), "Odoo Server Error"),
        };
        let (text, arguments) = match self.class {
            Class::Http(status, _, words) => (format!("{status} {words}: {}", self.message), json!([])),
            _ => (self.message.clone(), json!([self.message])),
        };
        let data = self.data(version, &text, &arguments);
        format!(r#"{{"code": {code}, "message": "{message}", "data": {data}}}"#)
    }

    /// Status and body of an answer of `/json/2`.
    pub(super) fn plain(&self, version: Version) -> (u16, String) {
        let (status, arguments) = match self.class {
            Class::Http(status, ..) => (status, json!([self.message, status])),
            Class::UserError => (422, json!([self.message])),
            Class::AccessDenied | Class::AccessError | Class::SessionExpired => (403, json!([self.message])),
            Class::Builtin(_) | Class::Json | Class::Postgres(_) | Class::Operational => (500, json!([self.message])),
        };
        (status, self.data(version, &self.message, &arguments))
    }

    fn data(&self, version: Version, message: &str, arguments: &Value) -> String {
        let name = match self.class {
            Class::Builtin(class) => format!("builtins.{class}"),
            Class::Json => "json.decoder.JSONDecodeError".to_owned(),
            Class::AccessDenied => "odoo.exceptions.AccessDenied".to_owned(),
            Class::AccessError => "odoo.exceptions.AccessError".to_owned(),
            Class::UserError => "odoo.exceptions.UserError".to_owned(),
            Class::SessionExpired => "odoo.http.SessionExpiredException".to_owned(),
            Class::Postgres(class) => format!("psycopg2.errors.{class}"),
            Class::Operational => "psycopg2.OperationalError".to_owned(),
            Class::Http(_, class, _) => format!("werkzeug.exceptions.{class}"),
        };
        let last = format!("{}: {message}\n", name.strip_prefix("builtins.").unwrap_or(&name));
        // 19 leaves out the way by which a wrong password was found.
        let debug = if version.rewritten() && self.class == Class::AccessDenied {
            last
        } else {
            format!(
                "Traceback (most recent call last):\n  File \"/opt/odoo/odoo/http.py\", line 1783, in _serve_db\n    \
                 return service_model.retrying(self._serve_ir_http, self.env)\n{last}"
            )
        };
        let (name, debug) = (&*name, &*debug);
        if version.rewritten() {
            python::json(&New { name, message, arguments, context: json!({}), debug })
        } else {
            python::json(&Old { name, debug, message, arguments, context: json!({}) })
        }
    }
}

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    message: &'a str,
    arguments: &'a Value,
    context: Value,
    debug: &'a str,
}

#[derive(Serialize)]
struct Old<'a> {
    name: &'a str,
    debug: &'a str,
    message: &'a str,
    arguments: &'a Value,
    context: Value,
}
