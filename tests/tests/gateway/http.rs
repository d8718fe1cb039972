//! GraphQL over HTTP: media types and their status codes, queries by GET, pages of other sites, persisted queries, packing.
//! `tests/clients/audit.mjs` runs the published audits besides.

use serde_json::{Value, json};
use std::io::Read;
use tests::{Answer, App, Setup};

const JSON: (&str, &str) = ("content-type", "application/json");
const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";
const SAFE: (&str, &str) = ("graphql-require-preflight", "1");

async fn post(app: &App, accept: &str, body: Value) -> Answer {
    app.send("POST", "/graphql", &[JSON, ("accept", accept)], body.to_string().into_bytes()).await
}

/// An address with these parameters.
fn address(parameters: &[(&str, &str)]) -> String {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    format!("/graphql?{}", parameters.join("&"))
}

#[tokio::test]
async fn the_status_says_what_the_media_type_lets_it() {
    let app = App::start(Setup::default()).await;
    let required = "query($id: ID!) { __typename customer(id: $id) { name } }";
    for (what, body, new, old) in [
        ("good", json!({ "query": "{ __typename }" }), 200, 200),
        ("an error of a field", json!({ "query": "{ customer(id: \"12\") { id } __typename }" }), 200, 200),
        ("no GraphQL", json!({ "query": "{" }), 400, 200),
        ("not of this schema", json!({ "query": "{ nothing }" }), 400, 200),
        ("too deep", json!({ "query": format!("{}{}", "{ a ".repeat(30), "}".repeat(30)) }), 400, 200),
        (
            "too complex",
            json!({ "query": "{ customers(first: 200) { nodes { invoices(first: 200) { nodes { lines { quantity } } } } } }" }),
            400,
            200,
        ),
        ("a variable that is missing", json!({ "query": required }), 400, 200),
        ("a variable that is null", json!({ "query": required, "variables": { "id": null } }), 400, 200),
        ("no such operation", json!({ "query": "query A { __typename }", "operationName": "B" }), 400, 200),
        ("no query", json!({ "variables": {} }), 400, 400),
        ("a query that is no text", json!({ "query": 7 }), 400, 400),
        ("variables that are no object", json!({ "query": "{ __typename }", "variables": [] }), 400, 400),
        ("a batch", json!([{ "query": "{ __typename }" }]), 400, 400),
    ] {
        for (accept, status) in [(NEW, new), (OLD, old)] {
            let answer = post(&app, accept, body.clone()).await;
            assert_eq!(answer.status, status, "{what}, {accept}: {}", answer.text());
            assert_eq!(answer.header("content-type"), format!("{accept}; charset=utf-8"), "{what}");
            assert_eq!((answer.header("vary"), answer.header("cache-control")), ("accept", "no-store"), "{what}");
            let executed = matches!(what, "good" | "an error of a field");
            assert_eq!(answer.json().get("data").is_some(), executed, "{what}: {}", answer.text());
            assert_eq!(answer.json().get("errors").is_none(), what == "good", "{what}");
        }
    }
}

#[tokio::test]
async fn the_type_of_an_answer_is_negotiated() {
    let app = App::start(Setup::default()).await;
    let body = json!({ "query": "{ __typename }" });
    // What urql and Apollo Client send.
    for (accept, kind) in [
        (
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
            NEW,
        ),
        ("application/graphql-response+json,application/json;q=0.9", NEW),
        ("*/*", OLD),
    ] {
        assert!(post(&app, accept, body.clone()).await.header("content-type").starts_with(kind), "{accept}");
    }
    let refused = post(&app, "image/png", body.clone()).await;
    assert_eq!((refused.status, refused.header("content-type")), (406, "application/json; charset=utf-8"));
    assert!(refused.text().contains("graphql-response+json"), "{}", refused.text());
    let several = [JSON, ("accept", "text/plain"), ("accept", NEW)];
    let answer = app.send("POST", "/graphql", &several, body.to_string().into_bytes()).await;
    assert!(answer.header("content-type").starts_with(NEW));
}

#[tokio::test]
async fn queries_may_come_by_get_and_mutations_may_not() {
    let app = App::start(Setup::default()).await;
    let query = "query A($n: Int!) { erps { id } customers(first: $n) { nodes { name } } } query B { __typename }";
    let ask = async |parameters: &[(&str, &str)]| app.get(&address(parameters), &[SAFE, ("accept", NEW)]).await;
    let good =
        ask(&[("query", query), ("operationName", "A"), ("variables", "{\"n\": 2}"), ("extensions", "{}")]).await;
    assert_eq!(good.status, 200, "{}", good.text());
    assert_eq!(good.json()["data"]["customers"]["nodes"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        ask(&[("query", query), ("operationName", "B"), ("variables", "")]).await.json()["data"],
        json!({ "__typename": "Query" })
    );
    for (parameters, status, says) in [
        (&[("query", "mutation { __typename }")][..], 405, "POST"),
        (&[("query", "query A { a } mutation B { __typename }"), ("operationName", "B")], 405, "POST"),
        (&[("query", query)], 400, "name"),
        (&[("query", "{")], 400, "Syntax"),
        (&[], 400, "`query`"),
        (&[("query", "{ __typename }"), ("variables", "{")], 400, "`variables`"),
        (&[("query", "{ __typename }"), ("query", "{ __typename }")], 400, "twice"),
    ] {
        let answer = ask(parameters).await;
        assert_eq!(answer.status, status, "{parameters:?}: {}", answer.text());
        assert_eq!(answer.header("allow"), if status == 405 { "POST" } else { "" });
        assert!(answer.text().contains(says), "{parameters:?}: {}", answer.text());
    }
    let head = app.send("HEAD", &address(&[("query", "{ __typename }")]), &[SAFE], Vec::new()).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

/// A form, an image, a script or a link of another site can make a browser send these: none is executed.
#[tokio::test]
async fn what_a_page_of_another_site_can_send_is_refused() {
    let app = App::start(Setup::default()).await;
    app.reset();
    let path = address(&[("query", "{ customers(first: 1) { nodes { name } } }")]);
    for from in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "anything"),
        ("origin", "https://other.example"),
        ("origin", "http://localhost.other.example"),
        ("origin", "null"),
    ] {
        for header in [
            ("accept", "*/*"),
            ("accept", NEW),
            ("accept-language", "en"),
            ("content-type", "text/plain"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-type", "text/plain; application/json"),
            ("authorization", "Basic dXNlcjpwYXNz"),
        ] {
            let answer = app.get(&path, &[from, header]).await;
            assert_eq!(answer.status, 400, "{from:?} {header:?}");
            assert!(answer.text().contains("graphql-require-preflight"), "{}", answer.text());
        }
    }
    let body = json!({ "query": "{ customers(first: 1) { nodes { name } } }" }).to_string().into_bytes();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json;charset=utf-16",
        "",
    ] {
        let answer = app.send("POST", "/graphql", &[("content-type", kind), SAFE], body.clone()).await;
        assert_eq!(answer.status, 415, "{kind}");
    }
    assert_eq!(app.requests(), [0, 0, 0], "nobody was asked");
    let other = ("sec-fetch-site", "cross-site");
    for header in [SAFE, ("apollo-require-preflight", "true"), ("x-apollo-operation-name", "A"), JSON] {
        assert_eq!(app.get(&path, &[other, header]).await.status, 200, "{header:?}");
    }
    // Programs, the gateway's own pages, and who types the address.
    let own = app.url.as_str();
    for headers in [
        &[][..],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", own)],
        &[("accept", NEW)],
    ] {
        assert_eq!(app.get(&path, headers).await.status, 200, "{headers:?}");
    }
    // A key is proof enough: no page of another site can send it.
    let keyed = App::start(Setup { keyed: true, ..Setup::default() }).await;
    assert_eq!(keyed.get(&path, &[other, ("authorization", &format!("Bearer {}", keyed.key()))]).await.status, 200);
    assert_eq!(keyed.get(&path, &[SAFE]).await.status, 401);
}

#[tokio::test]
async fn other_origins_may_ask_only_if_they_are_named() {
    let preflight =
        [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type,authorization")];
    let closed = App::start(Setup::default()).await;
    let answer = closed
        .send("OPTIONS", "/graphql", &[&preflight[..], &[("origin", "https://app.example")]].concat(), Vec::new())
        .await;
    assert!(answer.status == 405 && !answer.headers.contains_key("access-control-allow-origin"), "{answer:?}");
    let configure =
        |config: &mut gateway::config::Config| config.server.cors_origins = vec!["https://app.example".into()];
    let open = App::start(Setup { configure, ..Setup::default() }).await;
    for (origin, allowed) in
        [("https://app.example", "https://app.example"), ("https://evil.example", ""), ("null", "")]
    {
        let headers = [&preflight[..], &[("origin", origin)]].concat();
        let answer = open.send("OPTIONS", "/graphql", &headers, Vec::new()).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        let query = json!({ "query": "{ __typename }" }).to_string().into_bytes();
        let answer = open.send("POST", "/graphql", &[JSON, ("origin", origin)], query).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed), "{origin}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(vary.join(",").contains("origin"), "{vary:?}");
    }
    let answer = open
        .send("OPTIONS", "/graphql", &[&preflight[..], &[("origin", "https://app.example")]].concat(), Vec::new())
        .await;
    let headers = answer.header("access-control-allow-headers");
    assert!(headers.contains("authorization") && headers.contains("x-apollo-operation-name"), "{headers}");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn long_answers_are_packed_for_who_takes_it() {
    let app = App::start(Setup::default()).await;
    let long = json!({ "query": "{ __schema { types { name description } } }" }).to_string().into_bytes();
    let plain = app.send("POST", "/graphql", &[JSON], long.clone()).await;
    let packed = app.send("POST", "/graphql", &[JSON, ("accept-encoding", "gzip, br")], long).await;
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    assert!(packed.body.len() * 2 < plain.body.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, plain.text());
    let short = json!({ "query": "{ __typename }" }).to_string().into_bytes();
    let short = app.send("POST", "/graphql", &[JSON, ("accept-encoding", "gzip")], short).await;
    assert_eq!(short.header("content-encoding"), "");
    // Packed requests are refused: a small one may hold gigabytes.
    let answer = app.send("POST", "/graphql", &[JSON, ("content-encoding", "gzip")], packed.body).await;
    assert_eq!((answer.status, answer.header("accept-encoding")), (415, "identity"));
}

#[tokio::test]
async fn a_persisted_query_is_sent_once_and_then_named() {
    let app = App::start(Setup::default()).await;
    let query = "query($n: Int) { customers(first: $n) { nodes { name } } }";
    // By sha256sum.
    let hash = "6330aa8f179830938edfa3b6cda82878639d16f2ea55550ca9d3e912b0b9cef8";
    let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let code = |answer: &Answer| answer.json()["errors"][0]["extensions"]["code"].clone();
    let first = post(&app, OLD, json!({ "extensions": named })).await;
    assert_eq!((first.status, code(&first)), (200, json!("PERSISTED_QUERY_NOT_FOUND")));
    assert_eq!(first.json()["errors"][0]["message"], "PersistedQueryNotFound");
    let wrong = post(&app, OLD, json!({ "query": "{ __typename }", "extensions": named })).await;
    assert_eq!((wrong.status, code(&wrong)), (400, json!("BAD_USER_INPUT")));
    let again = post(&app, NEW, json!({ "extensions": named })).await;
    assert_eq!((again.status, code(&again)), (404, json!("PERSISTED_QUERY_NOT_FOUND")), "a refused one is not kept");
    let sent = post(&app, OLD, json!({ "query": query, "variables": { "n": 3 }, "extensions": named })).await;
    assert_eq!(sent.json()["data"]["customers"]["nodes"].as_array().map(Vec::len), Some(3), "{}", sent.text());
    for n in [1, 2] {
        let variables = json!({ "n": n }).to_string();
        let by_get = app.get(&address(&[("extensions", &named.to_string()), ("variables", &variables)]), &[SAFE]).await;
        assert_eq!(by_get.json()["data"]["customers"]["nodes"].as_array().map(Vec::len), Some(n), "{}", by_get.text());
    }
    let checked = post(&app, OLD, json!({ "variables": { "n": 999 }, "extensions": named })).await;
    assert_eq!(code(&checked), json!("BAD_USER_INPUT"), "it is checked like any other");
    let off = |config: &mut gateway::config::Config| config.persisted_queries.enabled = false;
    let app = App::start(Setup { configure: off, ..Setup::default() }).await;
    let answer = post(&app, OLD, json!({ "extensions": named })).await;
    assert_eq!((answer.status, code(&answer)), (200, json!("PERSISTED_QUERY_NOT_SUPPORTED")));
    assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotSupported");
}
