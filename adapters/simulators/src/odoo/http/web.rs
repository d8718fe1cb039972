//! What the web client uses: sessions, and `/web/dataset/call_kw`.

use axum::{
    http::{HeaderValue, header::SET_COOKIE},
    response::Response,
};
use chrono::Days;
use serde_json::{Map, Value, json};

use super::{
    Incoming, Odoo, Shared, carry_out, jsonrpc,
    outgoing::{self, Refusal},
    place::{Entered, Place},
};
use crate::odoo::{
    books::ids,
    failure::{Class, Failure, Fallible},
    methods::Call,
    python::{self, Dict},
    users::User,
};

/// The id of a request and its parameters by name; `Err` is an answer that is no JSON.
pub(super) type Params = (Value, Fallible<Map<String, Value>>);

/// Reads a body of JSON-RPC.
pub(super) fn params(odoo: &Odoo, incoming: &Incoming, route: &str) -> Result<Params, Refusal> {
    fits(odoo, incoming, route)?;
    // `/jsonrpc` has no sessions, and so gives out none.
    let refuse = |text| {
        let response = outgoing::bad_request(text);
        Box::new(if route == "/jsonrpc" { response } else { odoo.greet(incoming, response) })
    };
    let body = incoming.json().map_err(|_| refuse("Invalid JSON data"))?;
    let Value::Object(mut body) = body else { return Err(refuse("Invalid JSON-RPC data")) };
    let id = body.remove("id").unwrap_or_default();
    let params = match body.remove("params") {
        Some(Value::Object(params)) => Ok(params),
        Some(Value::Array(items)) if items.is_empty() => Ok(Map::new()),
        None => Ok(Map::new()),
        Some(Value::Array(_)) => {
            let message = "cannot convert dictionary update sequence element #0 to a sequence";
            Err(Failure::type_error(message))
        }
        Some(other) => Err(Failure::type_error(format!("'{}' object is not iterable", python::type_name(&other)))),
    };
    Ok((id, params))
}

/// Whether the content type fits: 415 in 19, 400 before.
fn fits(odoo: &Odoo, incoming: &Incoming, route: &str) -> Result<(), Refusal> {
    if incoming.is_jsonrpc() {
        return Ok(());
    }
    let version = odoo.version();
    let kind = if version.has_json2() { "jsonrpc" } else { "json" };
    let json2 = version.has_json2() && incoming.body.is_empty();
    let inferred = if json2 { "&#39;http&#39;, &#39;json2&#39;" } else { "&#39;http&#39;" };
    Err(outgoing::wrong_type(version, route, kind, inferred, "application/json, application/json-rpc").into())
}

/// The session of a request that needs one.
fn entered<'o>(odoo: &'o Odoo, incoming: &Incoming, route: &str) -> Result<Entered<'o>, Refusal> {
    let Place::Database(entered) = odoo.place(incoming)? else {
        return Err(outgoing::no_database(odoo.version()).into());
    };
    fits(odoo, incoming, route)?;
    // The session is looked at before the body, so that the id of the request is not known yet.
    entered.ok_or_else(|| outgoing::error(odoo.version(), &Value::Null, &Failure::expired()).into())
}

/// Sets the cookie again where the session asks for it.
fn again(odoo: &Odoo, set: Option<String>, mut response: Response) -> Response {
    if let Some(id) = set {
        odoo.set_session(&mut response, &id);
    }
    response
}

pub(super) async fn call_kw(odoo: Shared, incoming: Incoming) -> Response {
    let version = odoo.version();
    let route = "/web/dataset/call_kw";
    let place = match odoo.place(&incoming) {
        Ok(place) => place,
        Err(refusal) => return *refusal,
    };
    let Place::Database(session) = place else { return outgoing::no_database(version) };
    if let Err(refusal) = fits(&odoo, &incoming, route) {
        return *refusal;
    }
    if version.rewritten()
        && let Err(failure) = odoo.preview(&incoming)
    {
        return outgoing::error(version, &Value::Null, &failure);
    }
    let Some(session) = session else { return outgoing::error(version, &Value::Null, &Failure::expired()) };
    let (user, set) = (session.user.clone(), session.set);
    let (id, params) = match params(&odoo, &incoming, route) {
        Ok(parsed) => parsed,
        Err(refusal) => return *refusal,
    };
    let outcome = match params.and_then(|params| odoo.call_of(params)) {
        Ok(call) => carry_out(Shared::clone(&odoo), user, call).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(value) => again(&odoo, set, outgoing::result(&id, Some(&value))),
        // Errors are answered without saving the session, but a new id has been given out by then.
        Err(failure) => outgoing::error(version, &id, &failure),
    }
}

impl Odoo {
    /// 19 looks into the body before anything else, to learn whether the call only reads.
    fn preview(&self, incoming: &Incoming) -> Fallible<()> {
        let body = incoming.json().map_err(|words| Failure::new(Class::Json, words))?;
        let Value::Object(body) = body else {
            let message = format!("{} indices must be integers or slices, not str", python::type_name(&body));
            return Err(Failure::type_error(message));
        };
        let params = body.get("params").ok_or_else(|| Failure::key("params"))?;
        let model = params.get("model").and_then(Value::as_str);
        if model.and_then(|model| self.registry.get(model)).is_none() {
            let message = "The requested URL was not found on the server. If you entered the URL manually please check \
                           your spelling and try again.";
            return Err(Failure::not_found(message));
        }
        params.get("method").map(|_| ()).ok_or_else(|| Failure::key("method"))
    }

    fn call_of(&self, mut params: Map<String, Value>) -> Fallible<Call> {
        let names = ["model", "method", "args", "kwargs"];
        let missing: Vec<_> = names.into_iter().filter(|name| !params.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(Failure::type_error(python::missing_arguments("DataSet.call_kw", &missing)));
        }
        let mut text = |name: &str| match params.remove(name) {
            Some(Value::String(text)) => text,
            other => python::repr(&other.unwrap_or_default()),
        };
        let (model, method) = (text("model"), text("method"));
        if self.registry.get(&model).is_none() {
            return Err(Failure::key(&model));
        }
        let args = match params.remove("args") {
            Some(Value::Array(args)) => args,
            // Python takes a text for the list of its letters.
            Some(Value::String(text)) => text.chars().map(|letter| letter.to_string().into()).collect(),
            _ => Vec::new(),
        };
        let kwargs = match params.remove("kwargs") {
            Some(Value::Object(kwargs)) => kwargs,
            _ if self.version().rewritten() => Map::new(),
            _ => return Err(Failure::type_error("pop expected at most 1 argument, got 2")),
        };
        Ok(Call { model, method, args, kwargs, named: false })
    }
}

pub(super) async fn authenticate(odoo: Shared, incoming: Incoming) -> Response {
    let version = odoo.version();
    odoo.simulator.count("authenticate");
    if let Err(refusal) = odoo.place(&incoming) {
        return *refusal;
    }
    let (id, params) = match params(&odoo, &incoming, "/web/session/authenticate") {
        Ok(parsed) => parsed,
        Err(refusal) => return *refusal,
    };
    let user = match params.and_then(|params| odoo.credentials(&params)) {
        Ok(user) => user,
        Err(failure) => return outgoing::error(version, &id, &failure),
    };
    if odoo.options().two_factor && user.login == odoo.options().login {
        return outgoing::result(&id, Some(r#"{"uid": null}"#));
    }
    let mut response = outgoing::result(&id, Some(&odoo.describe_session(user)));
    // Whoever names the database in a header is taken for a client without a memory, and gets no cookie.
    let stateless = version.has_json2() && incoming.header("x-odoo-database").is_some();
    let before = incoming.session_id();
    if stateless && before.is_none() {
        return response;
    }
    if let Some(before) = before {
        odoo.simulator.sessions().close(before);
    }
    let session = odoo.open(user.id, true);
    odoo.set_session(&mut response, &session);
    if version.rotates_sessions() {
        // Once by the method itself, and once more when the answer leaves.
        odoo.set_session(&mut response, &session);
    }
    response
}

impl Odoo {
    fn credentials(&self, params: &Map<String, Value>) -> Fallible<&User> {
        let missing: Vec<_> =
            ["db", "login", "password"].into_iter().filter(|name| !params.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(Failure::type_error(python::missing_arguments("Session.authenticate", &missing)));
        }
        let text = |name: &str| params[name].as_str().unwrap_or_default();
        let database = text("db");
        if !self.has_database(database) {
            // With one database a filter stands before it; with several the connection is tried.
            return Err(match (self.options().databases.len(), database) {
                (0 | 1, _) => Failure::access("Database not found."),
                (_, "") => Failure::new(Class::Builtin("AssertionError"), "Missing database name"),
                _ => Failure::no_database(database),
            });
        }
        self.sign_in(database, text("login"), text("password")).ok_or_else(Failure::denied)
    }

    /// What a session tells of itself.
    fn describe_session(&self, user: &User) -> String {
        let version = self.version();
        let rewritten = version.rewritten();
        let tables = self.simulator.store().read();
        let mut allowed = Map::new();
        for id in &user.companies {
            let Some(company) = tables["res.company"].get(*id) else { continue };
            let mut described = json!({
                "id": id, "name": company["name"].as_str(), "sequence": id, "child_ids": [], "parent_id": false,
            });
            if rewritten {
                described["currency_id"] = ids::EUR.into();
            }
            allowed.insert(id.to_string(), described);
        }
        let mut currencies = Map::new();
        for currency in tables["res.currency"].rows().filter(|row| row["active"].as_bool() == Some(true)) {
            let mut described = json!({
                "symbol": currency["symbol"].as_str(),
                "position": currency["position"].as_str(),
                "digits": [69, currency["decimal_places"].as_int()],
            });
            if rewritten {
                described["name"] = currency["name"].as_str().into();
            }
            currencies.insert(currency.id().to_string(), described);
        }
        let mut session = Dict::default();
        session.put("uid", user.id);
        session.put("is_system", user.admin);
        session.put("is_admin", user.admin);
        session.put("is_public", false);
        session.put("is_internal_user", true);
        session.put("user_context", user.context());
        session.put("db", self.database());
        session.put("server_version", version.series());
        session.put("server_version_info", version.info());
        session.put("support_url", "https://www.odoo.com/buy");
        session.put("name", user.name.as_str());
        session.put("username", user.login.as_str());
        if rewritten {
            session.put("quick_login", true);
        }
        session.put("partner_display_name", user.name.as_str());
        session.put("partner_id", user.partner);
        session.put("active_ids_limit", 20_000);
        session.put("profile_session", Value::Null);
        session.put("profile_collectors", Value::Null);
        session.put("profile_params", Value::Null);
        session.put("max_file_upload_size", 134_217_728);
        session.put("home_action_id", false);
        if !rewritten {
            session.put("cache_hashes", json!({ "translations": "1de212779c8b9231d28f1246869144aa98d643a5" }));
        }
        session.put("currencies", currencies);
        session.put("bundle_params", json!({ "lang": "en_US" }));
        let companies = json!({
            "current_company": user.companies.first(),
            "allowed_companies": allowed,
            "disallowed_ancestor_companies": {},
        });
        session.put("user_companies", companies);
        session.put("show_effect", true);
        if !rewritten {
            session.put("user_id", vec![user.id]);
        }
        python::json(&session)
    }
}

pub(super) async fn session_info(odoo: Shared, incoming: Incoming) -> Response {
    let route = "/web/session/get_session_info";
    let session = match entered(&odoo, &incoming, route) {
        Ok(session) => session,
        Err(refusal) => return *refusal,
    };
    let set = session.set.unwrap_or(session.id);
    let described = odoo.describe_session(session.user);
    match params(&odoo, &incoming, route) {
        Ok((id, _)) => again(&odoo, Some(set), outgoing::result(&id, Some(&described))),
        Err(refusal) => *refusal,
    }
}

pub(super) async fn check(odoo: Shared, incoming: Incoming) -> Response {
    let route = "/web/session/check";
    let session = match entered(&odoo, &incoming, route) {
        Ok(session) => session,
        Err(refusal) => return *refusal,
    };
    match params(&odoo, &incoming, route) {
        Ok((id, _)) => again(&odoo, session.set, outgoing::result(&id, None)),
        Err(refusal) => *refusal,
    }
}

pub(super) async fn destroy(odoo: Shared, incoming: Incoming) -> Response {
    let route = "/web/session/destroy";
    let session = match entered(&odoo, &incoming, route) {
        Ok(session) => session,
        Err(refusal) => return *refusal,
    };
    let id = match params(&odoo, &incoming, route) {
        Ok((id, _)) => id,
        Err(refusal) => return *refusal,
    };
    odoo.simulator.count("destroy");
    let sessions = odoo.simulator.sessions();
    sessions.close(&session.id);
    if let Some(next) = session.set {
        sessions.close(&next);
    }
    let mut response = outgoing::result(&id, None);
    let expires = (odoo.simulator.now() + Days::new(365)).format("%a, %d %b %Y %H:%M:%S GMT");
    if let Ok(cookie) = HeaderValue::from_str(&format!("cids=; Expires={expires}; Max-Age=0; Path=/")) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    odoo.set_session(&mut response, &odoo.new_session_id());
    response
}

pub(super) async fn version_info(odoo: Shared, incoming: Incoming) -> Response {
    odoo.simulator.count("version_info");
    match params(&odoo, &incoming, "/web/webclient/version_info") {
        Ok((id, _)) => odoo.greet(&incoming, outgoing::result(&id, Some(&jsonrpc::version_info(odoo.version())))),
        Err(refusal) => *refusal,
    }
}

pub(super) async fn databases(odoo: Shared, incoming: Incoming) -> Response {
    match params(&odoo, &incoming, "/web/database/list") {
        Ok((id, _)) if odoo.options().list_databases => {
            let names = python::json(&odoo.options().databases);
            odoo.greet(&incoming, outgoing::result(&id, Some(&names)))
        }
        Ok((id, _)) => outgoing::error(odoo.version(), &id, &Failure::denied()),
        Err(refusal) => *refusal,
    }
}

pub(super) async fn version(odoo: Shared, incoming: Incoming) -> Response {
    odoo.simulator.count("version");
    let (info, series) = (python::json(&odoo.version().info()), odoo.version().series());
    let body = format!(r#"{{"version_info": {info}, "version": "{series}"}}"#);
    odoo.greet(&incoming, outgoing::no_sniffing(outgoing::json(200, body)))
}

pub(super) async fn health(_: Shared, _: Incoming) -> Response {
    outgoing::no_sniffing(outgoing::json(200, r#"{"status": "pass"}"#.to_owned()))
}

pub(super) async fn not_found(odoo: Shared, incoming: Incoming) -> Response {
    match odoo.place(&incoming) {
        Ok(Place::Database(_)) => outgoing::page(
            404,
            "Not Found",
            "The requested URL was not found on the server. If you entered the URL manually please check your spelling \
             and try again.",
        ),
        Ok(Place::Nowhere) => outgoing::no_database(odoo.version()),
        Err(refusal) => *refusal,
    }
}
