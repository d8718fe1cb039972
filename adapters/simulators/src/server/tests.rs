use std::time::Instant;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::*;
use crate::{Lifetime, store::Schema};

/// A front of two routes: one for data, which needs a session, and one to sign in.
async fn start_small(latency: Duration, fail_rate: f64) -> Running {
    let options = Options { records: 1, latency, fail_rate, ..Options::default() };
    let tcp = TcpListener::bind(options.bind).await.unwrap();
    let mut simulator = Simulator::new(System::Odoo, options).unwrap();
    simulator.store = Store::new([Schema::new("orders", &["id"]).key("id").build()]);
    let simulator = Arc::new(simulator);
    let data = Router::new().route("/orders", post(create)).with_state(Arc::clone(&simulator));
    let control = Router::new().route("/login", post(login)).with_state(Arc::clone(&simulator));
    let front = Front::new(data)
        .control(control)
        .error(|status| (status, Json(json!({ "error": status.as_u16() }))).into_response());
    let running = run(tcp, simulator, front).unwrap();
    assert_eq!(running.post("/login", "").await.status, 200);
    running
}

async fn login(State(simulator): State<Arc<Simulator>>) {
    simulator.count("login");
    simulator.sessions().open("token", "admin", Lifetime::Idle(Duration::from_secs(60)), simulator.now());
}

async fn create(State(simulator): State<Arc<Simulator>>) -> Response {
    simulator.count("create orders");
    if simulator.sessions().enter("token", simulator.now()).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let id = simulator.store().write()["orders"].push([]).unwrap();
    Json(json!({ "id": id, "padding": "x".repeat(100) })).into_response()
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Running {
    async fn ask(&self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let mut socket = TcpStream::connect(self.addr()).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head[9..12].parse().unwrap();
        Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, body).await.unwrap()
    }

    fn orders(&self) -> usize {
        self.simulator().store().read()["orders"].len()
    }
}

#[tokio::test]
async fn requests_and_operations_are_counted() {
    let running = start_small(Duration::from_millis(30), 0.0).await;
    let started = Instant::now();
    let (first, second) = tokio::join!(running.post("/orders", ""), running.post("/orders", ""));
    assert!(started.elapsed() >= Duration::from_millis(30));
    assert_eq!((first.status, second.status), (200, 200));
    let stats = running.ask("GET", "/__stats", "").await.unwrap().json();
    let operations = json!({ "create orders": 2, "login": 1 });
    assert_eq!(
        stats,
        json!({ "requests": 3, "by_operation": operations, "faults_served": 0, "in_flight": 0, "max_in_flight": 2 })
    );
    running.post("/__stats/reset", "").await;
    assert_eq!(running.stats(), Stats::default());
}

#[tokio::test]
async fn a_fault_can_refuse_before_anything_is_carried_out() {
    let running = start_small(Duration::ZERO, 0.0).await;
    running.faults().set(FaultPlan::from(Fault::too_many_requests(7)).times(1));
    assert_eq!(running.post("/login", "").await.status, 200);
    let refused = running.post("/orders", "").await;
    assert_eq!((refused.status, refused.json()), (429, json!({ "error": 429 })));
    assert!(refused.head.contains("retry-after: 7"));
    assert_eq!(running.post("/orders", "").await.status, 200);

    running.post("/__faults", r#"{"fault":"status","status":500,"body":"<h1>Oops","all":true}"#).await;
    let refused = running.post("/login", "").await;
    assert_eq!((refused.status, &*refused.body), (500, "<h1>Oops"));
    assert!(refused.head.contains("text/html"));

    running.faults().set(Fault::HtmlPage);
    let page = running.post("/orders", "").await;
    assert!(page.status == 200 && page.body.starts_with("<!DOCTYPE html>"));

    running.faults().set(Fault::Disconnect);
    assert!(running.ask("POST", "/orders", "").await.is_err());

    running.faults().set(Fault::Hang);
    assert!(timeout(Duration::from_millis(50), running.post("/orders", "")).await.is_err());

    running.faults().clear();
    assert_eq!(running.post("/orders", "").await.status, 200);
    assert_eq!((running.orders(), running.stats().faults_served), (2, 5));
}

#[tokio::test]
async fn a_fault_can_spoil_the_answer_to_what_was_carried_out() {
    let running = start_small(Duration::ZERO, 0.0).await;
    running.faults().set(Fault::TruncatedJson);
    let cut = running.post("/orders", "").await;
    assert!(cut.status == 200 && cut.body.starts_with(r#"{"id":1"#));
    assert!(serde_json::from_str::<Value>(&cut.body).is_err());

    running.faults().set(Fault::LostAnswer);
    assert!(running.ask("POST", "/orders", "").await.is_err());
    assert_eq!(running.orders(), 2);

    running.faults().set(Fault::Delay { ms: 60 });
    assert!(timeout(Duration::from_millis(20), running.post("/orders", "")).await.is_err());
    assert_eq!(running.orders(), 2);
    sleep(Duration::from_millis(150)).await;
    assert_eq!(running.orders(), 3);
}

#[tokio::test]
async fn sessions_end_on_demand_and_by_the_clock() {
    let running = start_small(Duration::ZERO, 0.0).await;
    running.faults().set(FaultPlan::from(Fault::ExpireSessions).times(1));
    assert_eq!(running.post("/orders", "").await.status, 401);
    running.post("/login", "").await;
    assert_eq!(running.post("/orders", "").await.status, 200);
    running.post("/__clock", r#"{"advance_ms":60000}"#).await;
    assert_eq!(running.post("/orders", "").await.status, 401);
}

#[tokio::test]
async fn a_share_of_the_requests_fails_by_chance() {
    let running = start_small(Duration::ZERO, 0.5).await;
    for _ in 0..40 {
        let _ = running.ask("POST", "/orders", "").await;
    }
    assert!((10..30).contains(&running.stats().faults_served));
}

#[tokio::test]
async fn stopping_breaks_connections_and_frees_the_port() {
    let running = start_small(Duration::ZERO, 0.0).await;
    let addr = running.addr();
    let mut kept_alive = TcpStream::connect(addr).await.unwrap();
    kept_alive.write_all(b"GET /__stats HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut buffer = [0; 1024];
    assert!(kept_alive.read(&mut buffer).await.unwrap() > 0);
    running.stop().await;
    assert!(matches!(kept_alive.read(&mut buffer).await, Ok(0) | Err(_)));
    let again = start(System::Odoo, Options { bind: addr, records: 1, ..Options::default() }).await;
    assert!(again.is_ok());
}

#[tokio::test]
async fn every_system_starts_under_its_key() {
    for system in System::ALL {
        assert_eq!(system.key().parse(), Ok(system));
        let running = start(system, Options { records: 40, ..Options::default() }).await.unwrap();
        assert_eq!(running.ask("GET", "/__stats", "").await.unwrap().status, 200);
    }
    assert!("sap".parse::<System>().is_err());
}
