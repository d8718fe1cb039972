//! The ERPs of the comparison: simulators behind servers that answer again what they have answered.

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use simulators::{Options, Running, System};
use std::{
    collections::HashMap,
    io::Write,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};
use tests::client;
use tokio::net::TcpListener;

type Key = (String, String, Bytes);
type Exchange = (StatusCode, HeaderMap, Bytes);

struct Replay {
    simulator: Running,
    client: reqwest::Client,
    answers: Mutex<HashMap<Key, Exchange>>,
    log: Arc<Log>,
}

/// What reached the ERPs, in that order: URL, method, content type, body.
#[derive(Default)]
struct Log(Mutex<Vec<serde_json::Value>>);

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until the process is killed. The first line on stdout tells where.
#[tokio::main]
pub(crate) async fn serve() {
    let log = Arc::new(Log::default());
    let mut erps = Vec::new();
    for system in System::ALL {
        let simulator = simulators::start(system, Options::default()).await.expect("a simulator");
        let zone = simulator.simulator().company().time_zone;
        let replay = Replay { simulator, client: client(), answers: Mutex::default(), log: Arc::clone(&log) };
        let url = listen(Router::new().fallback(answer).with_state(Arc::new(replay))).await;
        erps.push(json!({ "system": system.key(), "url": url, "zone": zone }));
    }
    let control = Router::new()
        .route("/log", get(async |State(log): State<Arc<Log>>| json!(*lock(&log.0)).to_string()))
        .route("/forget", post(async |State(log): State<Arc<Log>>| lock(&log.0).clear()))
        .with_state(log);
    println!("{}", json!({ "control": listen(control).await, "erps": erps }));
    std::io::stdout().flush().expect("a pipe");
    std::future::pending::<()>().await;
}

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn answer(State(replay): State<Arc<Replay>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let key = (parts.method.to_string(), path.clone(), body.clone());
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let shown = String::from_utf8_lossy(&body).into_owned();
    lock(&replay.log.0).push(json!([format!("http://{host}{path}"), parts.method.as_str(), kind, shown]));
    let known = lock(&replay.answers).get(&key).cloned();
    if let Some((status, headers, body)) = known {
        return (status, headers, body).into_response();
    }
    let mut headers = parts.headers.clone();
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ACCEPT_ENCODING);
    let url = format!("{}{path}", replay.simulator.url());
    let answer = replay.client.request(parts.method, url).headers(headers).body(body).send().await.expect("an answer");
    let status = answer.status();
    let mut headers = answer.headers().clone();
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    let body = answer.bytes().await.expect("a body");
    lock(&replay.answers).insert(key, (status, headers.clone(), body.clone()));
    (status, headers, body).into_response()
}
