//! The server around the API: what it refuses, what it serves besides, how it stops.

use schema::ports::Role;
use serde_json::json;
use simulators::{Fault, System};
use tests::{App, Setup};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn requests_that_are_none_are_refused() {
    let app = App::start(Setup::default()).await;
    let query = br#"{"query": "{ __typename }"}"#;
    let big = format!("{{\"query\": \"{{ __typename }}\", \"x\": \"{}\"}}", "x".repeat(2 << 20));
    let cases: [(&str, Option<&str>, &[u8], u16); 12] = [
        ("a good one", Some("application/json"), query, 200),
        ("a good one", Some("application/json; charset=utf-8"), query, 200),
        ("too large", Some("application/json"), big.as_bytes(), 413),
        ("of another type", Some("text/plain"), query, 415),
        ("a form", Some("application/x-www-form-urlencoded"), query, 415),
        ("of no type", None, query, 415),
        ("of another encoding", Some("application/json; charset=utf-16"), query, 415),
        ("broken", Some("application/json"), br#"{"query": "{ __ty"#, 400),
        ("empty", Some("application/json"), b"", 400),
        ("without a query", Some("application/json"), b"{}", 400),
        ("a batch", Some("application/json"), br#"[{"query": "{ __typename }"}]"#, 400),
        ("no object", Some("application/json"), b"17", 400),
    ];
    for (what, kind, body, status) in cases {
        let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        let answer = app.send("POST", "/graphql", &headers, body.to_vec()).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(answer.header("content-type").starts_with("application/json"), "{what}");
        if status == 200 {
            assert_eq!(answer.json()["data"], json!({ "__typename": "Query" }));
        } else {
            let error = &answer.json()["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{what}");
            assert_eq!(error["extensions"]["requestId"], answer.header("x-request-id"), "{what}");
        }
    }
    for (method, path, status, code) in [
        ("PUT", "/graphql", 405, "BAD_USER_INPUT"),
        ("OPTIONS", "/graphql", 405, "BAD_USER_INPUT"),
        ("POST", "/healthz", 405, "BAD_USER_INPUT"),
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("GET", "/graphiql/secret.js", 404, "NOT_FOUND"),
    ] {
        let answer = app.send(method, path, &[JSON], query.to_vec()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{method} {path}");
        assert_eq!(error["extensions"]["requestId"], answer.header("x-request-id"), "{method} {path}");
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
}

#[tokio::test]
async fn health_and_metrics_are_served() {
    let app = App::start(Setup::default()).await;
    app.data("{ invoices(first: 3) { nodes { number } } }").await;
    app.error(&format!("{{ {} }}", "__typename ".repeat(20_000))).await;
    app.send("POST", "/graphql", &[JSON], b"{}".to_vec()).await;
    for path in ["/healthz", "/readyz"] {
        let answer = app.get(path, &[]).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"), "{path}");
    }
    let answer = app.get("/metrics", &[]).await;
    assert_eq!(answer.status, 200);
    let text = answer.text();
    for name in [
        "erp_gateway_requests_total{outcome=\"ok\",code=\"OK\"}",
        "erp_gateway_requests_total{outcome=\"refused\",code=\"QUERY_TOO_COMPLEX\"}",
        "erp_gateway_requests_total{outcome=\"refused\",code=\"BAD_USER_INPUT\"}",
        "erp_gateway_connections ",
        "erp_gateway_request_duration_seconds",
        "erp_gateway_erp_up{erp=\"odoo\"} 1",
        "erp_gateway_upstream_requests_total",
    ] {
        assert!(text.contains(name), "{name} is missing:\n{text}");
    }
}

#[tokio::test]
async fn the_graphiql_page_comes_with_all_it_needs() {
    let app = App::start(Setup::default()).await;
    let answer = app.get("/graphql", &[("accept", "text/html,application/xhtml+xml")]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let csp = answer.header("content-security-policy");
    assert!(csp.contains("default-src 'none'") && csp.contains("connect-src 'self'") && !csp.contains("http"), "{csp}");
    let page = answer.text();
    // The namespace of its picture is a name, not an address.
    let addresses = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!addresses.contains("//"), "the page needs nobody else");
    let assets: Vec<_> = page
        .split(['"', '\''])
        .filter(|part| part.trim_start_matches('.').trim_start_matches('/').starts_with("graphiql/"))
        .collect();
    assert!(assets.len() >= 2, "{page}");
    for asset in assets {
        let path = format!("/{}", asset.trim_start_matches('.').trim_start_matches('/'));
        let answer = app.get(&path, &[("accept-encoding", "gzip")]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, "gzip"), "{path}");
        assert!(answer.body.starts_with(&[0x1f, 0x8b]) && answer.body.len() > 100, "{path}");
        assert!(
            answer.header("cache-control").contains(if path.contains("?v=") { "immutable" } else { "no-cache" }),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(app.get("/graphiql/secret.js", &[]).await.status, 404);
    assert_eq!(app.get("/graphiql/..%2f..%2fCargo.toml", &[]).await.status, 404);
    let root = app.get("/", &[]).await;
    assert_eq!((root.status, root.header("location")), (303, "/graphql"));
}

#[tokio::test]
async fn a_request_id_is_echoed() {
    let app = App::start(Setup::default()).await;
    let broken = json!({ "query": "{ nothing }" }).to_string().into_bytes();
    let answer = app.send("POST", "/graphql", &[JSON, ("x-request-id", "trace-7.a_B")], broken.clone()).await;
    assert_eq!(answer.header("x-request-id"), "trace-7.a_B");
    assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], "trace-7.a_B");
    for bad in ["a b", "<script>", &"x".repeat(65)] {
        let answer = app.send("POST", "/graphql", &[JSON, ("x-request-id", bad)], broken.clone()).await;
        let id = answer.header("x-request-id").to_owned();
        assert!(id != bad && !id.is_empty(), "{id}");
        assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], json!(id));
    }
}

#[tokio::test]
async fn a_key_is_asked_for() {
    let app = App::start(Setup { keyed: true, ..Setup::default() }).await;
    let query = br#"{"query": "{ erps { id } }"}"#.to_vec();
    let key = app.key();
    for authorization in [
        None,
        Some(String::new()),
        Some("Bearer".into()),
        Some("Bearer wrong".into()),
        Some(key.into()),
        Some(format!("Basic {key}")),
    ] {
        let mut headers = vec![JSON];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let answer = app.send("POST", "/graphql", &headers, query.clone()).await;
        let challenge = if authorization.is_some() { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, challenge), "{authorization:?}");
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert!(!answer.text().contains(key));
    }
    for scheme in ["Bearer", "bearer"] {
        let answer =
            app.send("POST", "/graphql", &[JSON, ("authorization", &format!("{scheme} {key}"))], query.clone()).await;
        assert_eq!((answer.status, answer.json()["data"]["erps"].as_array().map(Vec::len)), (200, Some(3)));
    }
    assert_eq!(app.get("/healthz", &[]).await.status, 200);
    assert_eq!(app.get("/metrics", &[]).await.status, 401);
    let limited = app.make_key(Role::Admin, &[], Some(&["odoo"])).await;
    for (key, status) in [(key, 200), (&limited, 403)] {
        assert_eq!(app.get("/metrics", &[("authorization", &format!("Bearer {key}"))]).await.status, status);
    }
}

/// What is under way is answered; nothing new is accepted.
#[tokio::test]
async fn a_stop_lets_requests_under_way_end() {
    let app = App::start(Setup::default()).await;
    app.warm_up().await;
    app.erp(System::Odoo).faults().set(Fault::DelayAnswer { ms: 400 });
    let (client, url) = (tests::client(), app.url.clone());
    let slow = tokio::spawn({
        let (client, url) = (client.clone(), url.clone());
        async move {
            let body =
                json!({ "query": "{ invoices(first: 3, erps: [\"odoo\"]) { nodes { number } sources { status } } }" })
                    .to_string();
            let response = client
                .post(format!("{url}/graphql"))
                .header(JSON.0, JSON.1)
                .body(body)
                .send()
                .await
                .expect("an answer");
            response.text().await.expect("a body")
        }
    });
    while app.erp(System::Odoo).stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    app.stop().await;
    assert!(
        slow.is_finished() || client.get(format!("{url}/healthz")).send().await.is_err(),
        "it does not listen any more"
    );
    let answer = slow.await.expect("no panic");
    assert!(answer.contains("\"OK\""), "{answer}");
    assert!(client.get(format!("{url}/healthz")).send().await.is_err());
}
