//! One call of a method of a model, as each transport writes it, and its answer.

use super::settings::{Config, Transport};
use crate::{
    error::{Error, Result},
    http::{Request, Response},
};
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};

/// A call of a method of a model.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) model: String,
    pub(super) method: String,
    /// Positional arguments: `/json/2` knows none.
    pub(super) args: Vec<Box<RawValue>>,
    /// Named arguments, the context among them.
    pub(super) named: Vec<(String, Box<RawValue>)>,
    /// Whether it changes nothing.
    pub(super) reads: bool,
    /// What it is for, in metrics and logs.
    pub(super) operation: &'static str,
}

impl Call {
    pub(super) fn read(model: &str, method: &str, operation: &'static str) -> Self {
        Self { model: model.into(), method: method.into(), args: Vec::new(), named: Vec::new(), reads: true, operation }
    }

    /// With a named argument.
    pub(super) fn with(mut self, name: &str, value: &(impl serde::Serialize + ?Sized)) -> Result<Self> {
        self.named.push((name.to_owned(), raw(value)?));
        Ok(self)
    }

    /// With an argument that has another name in some versions: positional where that is possible.
    pub(super) fn with_first(mut self, transport: Transport, name: &str, value: Box<RawValue>) -> Self {
        match transport {
            Transport::Json2 => self.named.push((name.to_owned(), value)),
            Transport::Session | Transport::JsonRpc => self.args.insert(0, value),
        }
        self
    }

    fn named(&self) -> Result<Box<RawValue>> {
        raw(&Pairs(&self.named))
    }
}

/// A value as JSON text.
pub(super) fn raw(value: &(impl serde::Serialize + ?Sized)) -> Result<Box<RawValue>> {
    to_raw_value(value).map_err(|e| Error::invalid("A value cannot be written as JSON.").with_detail(e.to_string()))
}

/// An object that keeps the order of its members.
struct Pairs<'a>(&'a [(String, Box<RawValue>)]);

impl serde::Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

const DATABASE: HeaderName = HeaderName::from_static("x-odoo-database");

/// The request of a call. Of the external RPC only the inner part is written: who knows the secret puts the rest around it,
/// see [`execute_kw`].
pub(super) fn request(config: &Config, transport: Transport, call: &Call) -> Result<Request> {
    let name = |text: &str, extra: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || extra.as_bytes().contains(&b))
    };
    if !name(&call.model, ".") || !name(&call.method, "") {
        return Err(Error::invalid(format!("{} is no method of an Odoo model.", call.method)));
    }
    let named = call.named()?;
    let request = match transport {
        Transport::Session => {
            // Without this header: on 19 it makes the server refuse the cookie of another database's session.
            let url = config.at(&format!("/web/dataset/call_kw/{}/{}", call.model, call.method));
            let body =
                Rpc::call(&Params { model: &call.model, method: &call.method, args: &call.args, kwargs: &named })?;
            Request::new(Method::POST, url, call.operation).json(&body)?
        }
        Transport::JsonRpc => {
            let inner = (&call.model, &call.method, &call.args, &named);
            Request::new(Method::POST, config.at("/jsonrpc"), call.operation).json(&inner)?
        }
        Transport::Json2 => {
            if !call.args.is_empty() {
                return Err(Error::invalid(
                    "Odoo's /json/2 takes named arguments only; the ids of records are the argument `ids`.",
                ));
            }
            let url = config.at(&format!("/json/2/{}/{}", call.model, call.method));
            let mut request = Request::new(Method::POST, url, call.operation).json(&named)?;
            if let Some(database) = &config.database {
                let value = HeaderValue::from_str(database).map_err(|_| {
                    Error::new(crate::ErrorKind::Config, "The setting database holds a character that no database has.")
                })?;
                request = request.header(DATABASE, value);
            }
            request
        }
    };
    Ok(if call.reads { request.idempotent() } else { request })
}

#[derive(serde::Serialize)]
struct Params<'a> {
    model: &'a str,
    method: &'a str,
    args: &'a [Box<RawValue>],
    kwargs: &'a RawValue,
}

/// The envelope of JSON-RPC. Each exchange carries one call: the id needs to tell nothing apart.
#[derive(serde::Serialize)]
struct Rpc<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    id: u32,
    params: &'a RawValue,
}

impl Rpc<'_> {
    fn call(params: &impl serde::Serialize) -> Result<Box<RawValue>> {
        let params = raw(params)?;
        raw(&Rpc { jsonrpc: "2.0", method: "call", id: 1, params: &params })
    }
}

/// A call of a JSON route that is no method of a model.
pub(super) fn route(
    config: &Config,
    path: &str,
    operation: &'static str,
    params: &serde_json::Value,
) -> Result<Request> {
    Request::post_json(config.at(path), operation, &Rpc::call(params)?)
}

#[derive(serde::Serialize)]
struct Service<'a, A> {
    service: &'a str,
    method: &'a str,
    args: A,
}

/// The log-in of the external RPC.
pub(super) fn authenticate(config: &Config, database: &str, login: &str, secret: &str) -> Result<Request> {
    let args = (database, login, secret, json!({}));
    let body = Rpc::call(&Service { service: "common", method: "authenticate", args })?;
    Request::post_json(config.at("/jsonrpc"), "log_in", &body)
}

/// The whole body of a call by the external RPC: the inner part with database, user and secret before it.
pub(super) fn execute_kw(inner: &[u8], database: &str, uid: i64, secret: &str) -> Result<Vec<u8>> {
    let (model, method, args, kwargs): (&RawValue, &RawValue, &RawValue, &RawValue) = serde_json::from_slice(inner)
        .map_err(|e| Error::invalid("The request is not a call.").with_detail(e.to_string()))?;
    let args = (database, uid, secret, model, method, args, kwargs);
    Ok(Rpc::call(&Service { service: "object", method: "execute_kw", args })?.get().as_bytes().to_vec())
}

/// What a method returned. A method that returns None answers without `result` over JSON-RPC.
pub(super) fn result(transport: Transport, response: &Response) -> Result<&RawValue> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        result: Option<&'a RawValue>,
    }
    match transport {
        Transport::Json2 => response.json(),
        Transport::Session | Transport::JsonRpc => {
            Ok(response.json::<Envelope<'_>>()?.result.unwrap_or(RawValue::NULL))
        }
    }
}

/// What a method returned, as a value of a type.
pub(super) fn returned<T: serde::de::DeserializeOwned>(raw: &RawValue) -> Result<T> {
    serde_json::from_str(raw.get())
        .map_err(|e| Error::bad_response("Odoo's answer is of another shape than expected.").with_detail(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{super::settings::FORM, *};
    use crate::settings::Settings;
    use bytes::Bytes;

    fn config() -> Config {
        let values = [("url", "https://erp.example"), ("database", "d"), ("login", "l"), ("api_key", "k")];
        let settings = Settings::new(FORM, values.map(|(k, v)| (k.to_owned(), v.to_owned()))).expect("good settings");
        Config::new(&settings).expect("good settings")
    }

    fn call() -> Call {
        Call::read("res.partner", "search_read", "list").with("limit", &2).expect("an argument")
    }

    fn body(request: &Request) -> &str {
        std::str::from_utf8(request.body.as_deref().expect("a body")).expect("text")
    }

    #[test]
    fn each_transport_writes_the_same_call() {
        let session = request(&config(), Transport::Session, &call()).expect("a request");
        assert_eq!(session.url.path(), "/web/dataset/call_kw/res.partner/search_read");
        assert!(!session.headers.contains_key("x-odoo-database"));
        assert_eq!(
            body(&session),
            r#"{"jsonrpc":"2.0","method":"call","id":1,"params":{"model":"res.partner","method":"search_read","args":[],"kwargs":{"limit":2}}}"#
        );
        let json2 = request(&config(), Transport::Json2, &call()).expect("a request");
        assert_eq!((json2.url.path(), body(&json2)), ("/json/2/res.partner/search_read", r#"{"limit":2}"#));
        assert_eq!(json2.headers["x-odoo-database"], "d");
        let rpc = request(&config(), Transport::JsonRpc, &call()).expect("a request");
        let whole = execute_kw(rpc.body.as_deref().expect("a body"), "d", 7, "s\"1").expect("a body");
        assert_eq!(
            String::from_utf8(whole).expect("text"),
            r#"{"jsonrpc":"2.0","method":"call","id":1,"params":{"service":"object","method":"execute_kw","args":["d",7,"s\"1","res.partner","search_read",[],{"limit":2}]}}"#
        );
        assert!([session, json2, rpc].iter().all(|r| r.idempotent));
    }

    #[test]
    fn an_argument_goes_by_place_where_its_name_differs() {
        let domain = || raw(&["x"]).expect("JSON");
        let count =
            |transport| Call::read("res.partner", "search_count", "count").with_first(transport, "domain", domain());
        assert!(
            body(&request(&config(), Transport::Session, &count(Transport::Session)).expect("a request"))
                .contains(r#""args":[["x"]]"#)
        );
        assert_eq!(
            body(&request(&config(), Transport::Json2, &count(Transport::Json2)).expect("a request")),
            r#"{"domain":["x"]}"#
        );
        let positional = request(&config(), Transport::Json2, &count(Transport::Session)).expect_err("refused");
        assert_eq!(positional.kind, crate::ErrorKind::Invalid);
    }

    #[test]
    fn names_cannot_leave_their_place_in_the_address() {
        for (model, method) in [
            ("res.partner/../x", "read"),
            ("res.partner", "read?x=1"),
            ("", "read"),
            ("a%2f", "read"),
            ("res.partner", "a.b"),
        ] {
            let call = Call::read(model, method, "call");
            assert!(request(&config(), Transport::Session, &call).is_err(), "{model} {method}");
        }
    }

    #[test]
    fn a_method_that_returns_nothing_returns_null() {
        let response = |body: &'static str| Response {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        };
        let nothing = response(r#"{"jsonrpc": "2.0", "id": 1}"#);
        assert_eq!(result(Transport::Session, &nothing).expect("a result").get(), "null");
        let rows = response(r#"{"jsonrpc": "2.0", "id": 1, "result": [1]}"#);
        assert_eq!(result(Transport::JsonRpc, &rows).expect("a result").get(), "[1]");
        assert_eq!(result(Transport::Json2, &response("[1]")).expect("a result").get(), "[1]");
    }
}
