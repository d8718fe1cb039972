//! Requests that want to use the server up: each gets a clear answer soon, and the next one is answered as ever.

use crate::start;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{App, Setup};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const JSON: (&str, &str) = ("content-type", "application/json");
/// A bound for what hangs, not for what is slow: these run beside other tests, and unoptimized.
const SOON: Duration = Duration::from_secs(20);

/// What the process holds in memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = statm.split_whitespace().nth(1).expect("a field").parse().expect("a number");
    pages * 4096
}

/// The address of the server for sockets.
fn address(app: &App) -> &str {
    app.url.strip_prefix("http://").expect("plain HTTP")
}

async fn assert_well(app: &App) {
    let query = "{ customers(first: 3) { nodes { name } } }";
    let data = timeout(SOON, app.data(query)).await.expect("no hang");
    assert_eq!(data["customers"]["nodes"].as_array().map(Vec::len), Some(3));
}

/// Sends a body and looks at the first error of the answer.
async fn refusal(app: &App, body: Vec<u8>) -> (u16, String, String) {
    let started = Instant::now();
    let answer = timeout(SOON, app.send("POST", "/graphql", &[JSON], body)).await.expect("no hang");
    println!("{:?}: {:.300}", started.elapsed(), answer.text());
    let error = &answer.json()["errors"][0];
    assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&error["extensions"]["code"]), text(&error["message"]))
}

#[tokio::test]
async fn documents_that_are_too_much_are_refused_with_limit_and_value() {
    let (app, _clock) = start(Setup::default()).await;
    assert_well(&app).await;
    app.reset();
    let before = resident();
    let bomb = |twice: usize| {
        let spread = |n| format!(" fragment F{n} on Customer {{ ...F{0} ...F{0} }}", n + 1);
        let fragments: String = (0..twice).map(spread).collect();
        format!("{{ customers {{ nodes {{ ...F0 }} }} }} {fragments} fragment F{twice} on Customer {{ name }}")
    };
    let small: String =
        (0..8).map(|n| format!(" fragment G{n} on Customer {{ ...G{0} ...G{0} ...G{0} }}", n + 1)).collect();
    let many = |n: usize, what: &dyn Fn(usize) -> String| (0..n).map(what).collect::<String>();
    let circle = "fields { type { ".repeat(12) + "name" + &" } }".repeat(12);
    let cases: Vec<(&str, String, &str, &[&str])> = vec![
        ("depth 500", "{ a ".repeat(500) + &"}".repeat(500), "QUERY_TOO_COMPLEX", &["500 brackets", "60"]),
        (
            "depth 30",
            format!("{{ customers {{ nodes {{ {}name{} }} }} }}", "parent { ".repeat(28), " }".repeat(28)),
            "QUERY_TOO_COMPLEX",
            &["31 levels", "15"],
        ),
        (
            "10,000 aliases",
            format!("{{ {} }}", many(10_000, &|n| format!("a{n}: __typename "))),
            "QUERY_TOO_COMPLEX",
            &["30002 tokens", "15000"],
        ),
        (
            "1,000 aliases",
            format!("{{ {} }}", many(1_000, &|n| format!("a{n}: __typename "))),
            "QUERY_TOO_COMPLEX",
            &["1000 aliases", "100"],
        ),
        (
            "10,000 directives",
            format!("{{ __typename {} }}", "@skip(if: false) ".repeat(10_000)),
            "QUERY_TOO_COMPLEX",
            &["tokens"],
        ),
        (
            "1,000 directives",
            format!("{{ __typename {} }}", "@include ".repeat(1_000)),
            "QUERY_TOO_COMPLEX",
            &["1000 directives", "100"],
        ),
        ("2^30 fragments", bomb(30), "QUERY_TOO_COMPLEX", &["levels deep", "32"]),
        ("2^25 fragments", bomb(25), "QUERY_TOO_COMPLEX", &["selects 100663297 fields", "5000"]),
        (
            "3^8 fragments",
            format!("{{ customers {{ nodes {{ ...G0 }} }} }} {small} fragment G8 on Customer {{ name }}"),
            "QUERY_TOO_COMPLEX",
            &["selects", "5000"],
        ),
        (
            "a circle",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".into(),
            "GRAPHQL_VALIDATION_FAILED",
            &["contains itself"],
        ),
        (
            "a circle of 1,000",
            format!(
                "{{ ...A0 }} {}",
                many(1_000, &|n| format!("fragment A{n} on Query {{ ...A{} }} ", (n + 1) % 1_000))
            ),
            "QUERY_TOO_COMPLEX",
            &["levels deep"],
        ),
        (
            "circular introspection",
            format!("{{ __schema {{ types {{ {circle} }} }} }}"),
            "QUERY_TOO_COMPLEX",
            &["12 lists", "2"],
        ),
        ("a long name", format!("{{ {} }}", "n".repeat(900_000)), "QUERY_TOO_COMPLEX", &["900000 characters", "128"]),
        (
            "unknown fields",
            format!("{{ {} }}", many(4_000, &|n| format!("numbr{n} "))),
            "GRAPHQL_VALIDATION_FAILED",
            &["numbr0"],
        ),
        (
            "lists in lists",
            format!("{{ invoices(after: {}) }}", "[".repeat(10_000)),
            "QUERY_TOO_COMPLEX",
            &["10002 brackets"],
        ),
        ("only brackets", "{".repeat(500_000), "QUERY_TOO_COMPLEX", &["tokens"]),
        (
            "an endless text",
            format!("{{ invoices(after: \"{}", "\\".repeat(500_000)),
            "GRAPHQL_PARSE_FAILED",
            &["Syntax"],
        ),
        ("a comment", format!("#{}", "x".repeat(900_000)), "GRAPHQL_PARSE_FAILED", &["Syntax"]),
        ("NUL", "{ __type\0name }".into(), "GRAPHQL_PARSE_FAILED", &["Syntax"]),
        (
            "too many values",
            format!(
                "{{ {} }}",
                many(40, &|n| format!(
                    "a{n}: invoices(first: 200) {{ nodes {{ lines {{ quantity product {{ name }} }} }} }} "
                ))
            ),
            "QUERY_TOO_COMPLEX",
            &["values", "100000"],
        ),
    ];
    for (what, query, code, says) in cases {
        let (status, found, message) = refusal(&app, json!({ "query": query }).to_string().into_bytes()).await;
        assert_eq!((status, found.as_str()), (200, code), "{what}: {message:.300}");
        assert!(says.iter().all(|says| message.contains(says)), "{what}: {message:.300}");
    }
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let bodies: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        (
            "5 MB of query",
            json!({ "query": "{ __typename }".to_owned() + &" ".repeat(5 << 20) }).to_string().into(),
            413,
            "1048576",
        ),
        (
            "huge variables",
            json!({ "query": "{ __typename }", "variables": { "a": vec![1; 300_000] } }).to_string().into(),
            200,
            "300001 values",
        ),
        (
            "deep variables",
            format!("{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {}}}}}", deep(100)).into(),
            200,
            "100 levels",
        ),
        (
            "deeper variables",
            format!("{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {}}}}}", deep(100_000)).into(),
            400,
            "recursion limit",
        ),
        (
            "a batch of 1,000",
            Value::Array(vec![json!({ "query": "{ __typename }" }); 1_000]).to_string().into(),
            400,
            "batches",
        ),
        ("invalid UTF-8", b"{\"query\": \"{ \xc3\x28 }\"}".to_vec(), 400, "not JSON"),
        ("a raw NUL", b"{\"query\": \"{ \0 }\"}".to_vec(), 400, "not JSON"),
        ("half a surrogate", br#"{"query": "{ \ud800 }"}"#.to_vec(), 400, "not JSON"),
    ];
    for (what, body, status, says) in bodies {
        let (found, code, message) = refusal(&app, body).await;
        assert_eq!(found, status, "{what}: {message:.300}");
        assert!(
            message.contains(says) && matches!(code.as_str(), "BAD_USER_INPUT" | "QUERY_TOO_COMPLEX"),
            "{what}: {code} {message:.300}"
        );
    }
    assert_eq!(app.requests(), [0, 0, 0], "no ERP is asked");
    assert_well(&app).await;
    let grown = resident().saturating_sub(before) >> 20;
    assert!(grown < 100, "{grown} MB more than before");
}

/// A gateway that loses patience soon, and its address.
async fn impatient() -> App {
    let configure = |config: &mut gateway::config::Config| {
        (config.server.header_seconds, config.server.body_seconds) = (1, 1);
        config.server.max_connections = 600;
    };
    App::start(Setup { configure, ..Setup::default() }).await
}

async fn connect(app: &App) -> TcpStream {
    TcpStream::connect(address(app)).await.expect("a connection")
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end, too.
    let _ = timeout(SOON, stream.read_to_end(&mut text)).await.expect("no hang");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn slow_clients_are_let_go_while_others_are_served() {
    let app = impatient().await;
    let before = resident();
    let mut slow = Vec::new();
    for n in 0..400 {
        let mut stream = connect(&app).await;
        let start = match n % 4 {
            0 => "",
            1 => "POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: ",
            2 => {
                "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"query\""
            }
            _ => {
                "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{\"\r\n"
            }
        };
        stream.write_all(start.as_bytes()).await.expect("sent");
        slow.push(stream);
    }
    assert_well(&app).await;
    // A byte now and then buys no time.
    let drip = async {
        loop {
            for stream in &slow {
                let _ = stream.try_write(b"a");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let _ = timeout(Duration::from_millis(1500), drip).await;
    for (n, stream) in slow.iter_mut().enumerate() {
        let text = rest(stream).await;
        if n % 4 >= 2 {
            assert!(text.starts_with("HTTP/1.1 408") && text.contains("took more than 1 s"), "{n}: {text}");
        }
    }
    assert_well(&app).await;
    let grown = resident().saturating_sub(before) >> 20;
    assert!(grown < 100, "{grown} MB more than before");
}

#[tokio::test]
async fn a_full_server_says_so_and_recovers() {
    let app = impatient().await;
    let mut held = Vec::new();
    for _ in 0..620 {
        held.push(connect(&app).await);
    }
    let mut one_more = connect(&app).await;
    // Ours are idle: in a second there will be room.
    let text = rest(&mut one_more).await;
    assert!(text.starts_with("HTTP/1.1 503") && text.contains("too many connections"), "{text}");
    assert!(text.contains("retry-after: 1"), "{text}");
    for stream in &mut held {
        rest(stream).await;
    }
    assert_well(&app).await;
    let metrics = app.get("/metrics", &[]).await.text();
    assert!(metrics.contains("erp_gateway_connections_refused_total"), "{metrics}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_kept() {
    let app = impatient().await;
    let mut stream = connect(&app).await;
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        let mut answer = [0; 1024];
        let length = stream.read(&mut answer).await.expect("an answer");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    let started = Instant::now();
    rest(&mut stream).await;
    assert!(started.elapsed() < SOON);
}

#[tokio::test]
async fn what_is_no_http_is_answered_or_closed() {
    let app = impatient().await;
    for (bytes, says) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], "400"),
        (b"NONSENSE\r\n\r\n", "400"),
        (b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", "400"),
        (b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!", "400"),
    ] {
        let mut stream = connect(&app).await;
        stream.write_all(bytes).await.expect("sent");
        assert!(rest(&mut stream).await.starts_with(&format!("HTTP/1.1 {says}")), "{bytes:?}");
    }
    for head in [
        format!("GET /graphql?query={} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(1 << 20)),
        format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
    ] {
        let mut stream = connect(&app).await;
        // The server may close before all is sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let text = rest(&mut stream).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text:.100}");
    }
    // Clients that go away in the middle leave nothing behind.
    for _ in 0..50 {
        let mut stream = connect(&app).await;
        stream.write_all(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 44\r\n\r\n{\"query\": ").await.expect("sent");
    }
    assert_well(&app).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let app = impatient().await;
    let mut stream = connect(&app).await;
    // Far more than the buffers of both sides hold.
    let requests = "GET /graphiql/app.js HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    stream.write_all(requests.as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let answers = rest(&mut stream).await.matches("HTTP/1.1 200").count();
    assert!((1..100).contains(&answers), "{answers} answers");
    assert_well(&app).await;
}

/// Every list of a query may wait for its ERPs, one after the other; all together no longer than the request may take.
#[tokio::test]
async fn the_time_of_a_request_is_kept_and_what_is_there_is_answered() {
    let configure = |config: &mut gateway::config::Config| {
        tests::uncached(config);
        config.limits.request_ms = 1500;
        config.cache.stale_if_error_seconds = 0;
    };
    let app = App::start(Setup { configure, ..Setup::default() }).await;
    app.warm_up().await;
    app.erp(simulators::System::SapB1).faults().set(simulators::Fault::Hang);
    let started = Instant::now();
    let data = app.data("{ invoices(first: 20, read: {timeoutMs: 60000}) { nodes { erp { id } } sources { erp { id } status error { code } } } }").await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_eq!(data["invoices"]["nodes"].as_array().map(Vec::len), Some(20));
    for source in data["invoices"]["sources"].as_array().expect("sources") {
        let expected = if source["erp"]["id"] == "sap-b1" { json!("SOURCE_TIMEOUT") } else { Value::Null };
        assert_eq!(source["error"]["code"], expected, "{source}");
    }
}

#[tokio::test]
async fn the_time_of_a_request_is_that_of_all_its_levels() {
    let configure = |config: &mut gateway::config::Config| {
        tests::uncached(config);
        config.limits.request_ms = 4000;
    };
    let app = App::start(Setup { configure, ..Setup::default() }).await;
    app.warm_up().await;
    for system in simulators::System::ALL {
        app.erp(system).faults().set(simulators::Fault::DelayAnswer { ms: 3000 });
    }
    let started = Instant::now();
    let query = "{ customers(first: 5) { nodes { name invoices(first: 3) { nodes { salesOrder { number customer { name } } } sources { status error { code } } } } } }";
    let answer = app.query(query).await;
    // Four levels would take twelve seconds.
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    let customers = answer["data"]["customers"]["nodes"].as_array().expect("nodes");
    assert_eq!(customers.len(), 5, "what is there is answered");
    let late = |customer: &Value| customer["invoices"]["sources"].to_string().contains("SOURCE_TIMEOUT");
    assert!(customers.iter().any(late), "{answer}");
}
