//! The servers of the comparison, each a process of its own.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::future::join_all;
use gateway::{app, auth::Entry, config::Config, demo, store::Store};
use serde_json::{Value, json};
use simulators::System;
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    process::{self, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tests::client;
use tokio::net::TcpListener;

/// What a server is.
pub(crate) enum Kind {
    Gateway,
    /// Returns these bytes.
    Bytes(Vec<u8>),
    /// Sends what the gateway sent for each variant of the query, and returns these bytes.
    Calls {
        answer: Vec<u8>,
        calls: Vec<Value>,
        variants: usize,
    },
}

/// A process of the comparison, killed at its end.
pub(crate) struct Child {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    process: process::Child,
    hello: Value,
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Child {
    fn start(name: &'static str, arguments: &[&str], input: Value) -> Self {
        let this = env::current_exe().expect("a path");
        let pinned = Command::new("taskset").args(["-c", "0", "true"]).status().is_ok_and(|status| status.success());
        let mut command = if pinned && name != "upstream" {
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(this);
            command
        } else {
            Command::new(this)
        };
        let mut process = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the benchmark starts itself");
        let mut stdin = process.stdin.take().expect("a pipe");
        writeln!(stdin, "{input}").expect("a reader");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let hello: Value = serde_json::from_str(&line).expect("JSON");
        let address = hello["address"].as_str().and_then(|text| text.parse().ok());
        Self { name, address: address.unwrap_or(([127, 0, 0, 1], 0).into()), process, hello }
    }

    pub(crate) fn upstream() -> Self {
        Self::start("upstream", &["--upstream", ""], Value::Null)
    }

    pub(crate) fn server(kind: Kind, upstream: &Self) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("JSON");
        match kind {
            Kind::Gateway => Self::start("gateway", &["--serve", "gateway"], upstream.hello["erps"].clone()),
            Kind::Bytes(answer) => Self::start("bytes", &["--serve", "bytes"], json!({ "answer": text(answer) })),
            Kind::Calls { answer, calls, variants } => {
                let input = json!({ "answer": text(answer), "calls": calls, "variants": variants });
                Self::start("calls", &["--serve", "calls"], input)
            }
        }
    }

    fn control(&self) -> SocketAddr {
        let url = self.hello["control"].as_str().expect("an address");
        url.trim_start_matches("http://").parse().expect("an address")
    }

    /// Forgets what reached the ERPs so far.
    pub(crate) fn forget(&self) {
        control(self.control(), "POST", "/forget");
    }

    /// What has reached the ERPs since.
    pub(crate) fn recorded(&self) -> Vec<Value> {
        let body = control(self.control(), "GET", "/log");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Processor time that it has used.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("a process");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    pub(crate) fn resident_megabytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a figure");
        line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }
}

fn control(address: SocketAddr, method: &str, path: &str) -> String {
    use std::{io::Read, net::TcpStream};
    let mut stream = TcpStream::connect(address).expect("the upstream listens");
    write!(stream, "{method} {path} HTTP/1.0\r\ncontent-length: 0\r\n\r\n").expect("a reader");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

/// Serves until the process is killed. What it needs comes as a line on stdin, and where it listens goes to stdout.
#[tokio::main]
pub(crate) async fn serve(kind: &str) {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    let input: Value = serde_json::from_str(&line).expect("JSON");
    let _running;
    let address = match kind {
        "gateway" => {
            let mut config = Config::defaults().expect("good defaults");
            config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            // Warm for as long as a round takes.
            config.cache.fresh_seconds = 3600;
            let erps: Vec<_> = input.as_array().expect("ERPs").iter().map(erp).collect();
            let _ = rustls::crypto::ring::default_provider().install_default();
            let (store, _folder) = Store::temporary().await.expect("a store");
            let running = app::start(&config, &erps, Entry::Open, store, None).await.expect("a gateway");
            let address = running.address;
            _running = running;
            address
        }
        _ => listen(input).await,
    };
    println!("{}", json!({ "address": address.to_string() }));
    std::io::stdout().flush().expect("a pipe");
    std::future::pending::<()>().await;
}

fn erp(of: &Value) -> gateway::erps::ErpDefinition {
    let text = |name: &str| of[name].as_str().expect("a text").to_owned();
    let system = System::ALL.into_iter().find(|system| system.key() == text("system")).expect("a system");
    demo::definition_at(system, text("url"), &text("zone"))
}

struct Limit {
    answer: Bytes,
    /// For each variant what is sent: URL, method, content type, body.
    calls: Vec<Vec<[String; 4]>>,
    client: reqwest::Client,
    next: AtomicUsize,
}

async fn listen(input: Value) -> SocketAddr {
    let answer = Bytes::from(input["answer"].as_str().expect("an answer").to_owned());
    let calls: Vec<[String; 4]> = serde_json::from_value(input["calls"].clone()).unwrap_or_default();
    let variants = input["variants"].as_u64().unwrap_or(1) as usize;
    let each = calls.len().div_ceil(variants).max(1);
    let limit = Limit {
        answer,
        calls: calls.chunks(each).map(<[_]>::to_vec).collect(),
        client: client(),
        next: AtomicUsize::new(0),
    };
    let router = Router::new().route("/graphql", post(handle)).with_state(Arc::new(limit));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn handle(State(limit): State<Arc<Limit>>, _: Bytes) -> Response {
    if !limit.calls.is_empty() {
        let variant = limit.next.fetch_add(1, Ordering::Relaxed) % limit.calls.len();
        join_all(limit.calls[variant].iter().map(async |[url, method, kind, body]| {
            let request = limit.client.request(method.parse().expect("a method"), url);
            let request = if kind.is_empty() { request } else { request.header(header::CONTENT_TYPE, kind) };
            let answer = request.body(body.clone()).send().await.expect("an answer");
            answer.bytes().await.expect("a body")
        }))
        .await;
    }
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], limit.answer.clone()).into_response()
}
