//! An operator's own request, in OData's terms.

use super::service::Service;
use crate::{
    adapter::{Ctx, RawCall},
    error::{Error, Result},
    http::Request,
};
use http::{HeaderValue, Method, header::ACCEPT};
use serde_json::Value;

/// Sends a request to a path below the service's root. `args` are the query options, as an object or as pairs; `kwargs` is
/// the body. The answer is JSON where the service gives JSON, else its text.
pub(super) async fn send(service: &Service, ctx: &Ctx, call: &RawCall) -> Result<Value> {
    let method: Method = match call.method.to_ascii_uppercase().as_str() {
        "" | "GET" => Method::GET,
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        _ => return Err(Error::invalid("The method is GET, POST, PATCH, PUT or DELETE.")),
    };
    let target = call.target.trim_start_matches('/');
    // The session belongs to all callers.
    if ["login", "logout"].contains(&target.to_ascii_lowercase().as_str()) {
        return Err(Error::invalid("The session is the gateway's own: Login and Logout cannot be called."));
    }
    if target.contains("..") || target.contains('\\') || target.contains(['?', '#']) {
        return Err(Error::invalid(
            "The target is a path such as Orders(1), without query options: they are arguments.",
        ));
    }
    let mut url = service.url(&format!("./{target}"))?;
    let options = options(&call.args)?;
    if !options.is_empty() {
        url.query_pairs_mut().extend_pairs(options);
        // The service does not read `+` as a blank.
        let query = url.query().map(|query| query.replace('+', "%20"));
        url.set_query(query.as_deref());
    }
    let mut request = Request::new(method, url, "call").header(ACCEPT, HeaderValue::from_static("application/json"));
    if !matches!(&call.kwargs, Value::Null) && !call.kwargs.as_object().is_some_and(serde_json::Map::is_empty) {
        request = request.json(&call.kwargs)?;
    }
    let response = service.send(ctx, request).await?;
    Ok(match serde_json::from_slice(&response.body) {
        Ok(json) => json,
        Err(_) if response.body.is_empty() => Value::Null,
        Err(_) => Value::String(response.text().into_owned()),
    })
}

fn options(args: &Value) -> Result<Vec<(String, String)>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    };
    let pairs: Option<Vec<_>> = match args {
        Value::Null => Some(Vec::new()),
        Value::Object(options) => options.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect(),
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| match pair.as_array().map(Vec::as_slice) {
                Some([name, value]) => Some((text(name)?, text(value)?)),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    pairs.ok_or_else(|| Error::invalid("The arguments are query options: an object, or a list of pairs."))
}
