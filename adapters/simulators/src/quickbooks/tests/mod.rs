//! Over real sockets.

mod access;
mod books;
mod documents;
mod purchases;
mod queries;
mod reports;

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use chrono::NaiveDate;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::{Fault, FaultPlan, Running, System, start};

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of the first error.
    fn code(&self) -> String {
        self.json()["Fault"]["Error"][0]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn detail(&self) -> String {
        self.json()["Fault"]["Error"][0]["Detail"].as_str().unwrap_or_default().to_owned()
    }
}

struct Client {
    running: Running,
    token: String,
}

const BEARER: &str = "/oauth2/v1/tokens/bearer";

async fn start_with(records: usize, set: impl FnOnce(&mut Options)) -> Client {
    let mut options = server::Options {
        records,
        today: NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
        quickbooks: Options { requests_per_second: 100_000, requests_per_minute: 100_000, ..Options::default() },
        ..server::Options::default()
    };
    set(&mut options.quickbooks);
    let running = start(System::QuickBooks, options).await.unwrap();
    let mut client = Client { running, token: String::new() };
    let answer = client.refresh(CLIENT_SECRET, REFRESH_TOKEN).await;
    client.token = answer.json()["access_token"].as_str().unwrap().to_owned();
    client
}

async fn start_small() -> Client {
    start_with(400, |_| {}).await
}

impl Client {
    async fn send(&self, request: &str, headers: &[&str], body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.running.addr()).await.unwrap();
        let headers: String = headers.iter().flat_map(|header| [*header, "\r\n"]).collect();
        let request = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
    }

    async fn refresh(&self, secret: &str, token: &str) -> Answer {
        let body = format!("grant_type=refresh_token&refresh_token={token}");
        self.token_request(secret, &body).await
    }

    async fn token_request(&self, secret: &str, body: &str) -> Answer {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let basic = format!("Authorization: Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{secret}")));
        let form = "Content-Type: application/x-www-form-urlencoded";
        self.send(&format!("POST {BEARER}"), &[&basic, form], body).await
    }

    fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    async fn call(&self, request: &str, media: &str, body: &str) -> Answer {
        let media = format!("Content-Type: {media}");
        let answer = self.send(request, &[&self.bearer(), "Accept: application/json", &media], body).await;
        assert!(answer.head.contains("\r\nintuit_tid: 1-"), "{}", answer.head);
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(&format!("GET /v3/company/{REALM_ID}/{path}"), "application/json", "").await
    }

    /// A statement as the body of a POST.
    async fn ask(&self, statement: &str) -> Answer {
        self.call(&format!("POST /v3/company/{REALM_ID}/query?minorversion=75"), "application/text", statement).await
    }

    /// The objects that a statement gives.
    async fn objects(&self, statement: &str) -> Vec<Value> {
        let answer = self.ask(statement).await;
        assert_eq!(answer.status, 200, "{statement}: {}", answer.body);
        let response = answer.json()["QueryResponse"].take();
        let objects = response.as_object().unwrap().values().find_map(Value::as_array).cloned();
        objects.unwrap_or_default()
    }

    async fn ids(&self, statement: &str) -> Vec<i64> {
        self.objects(statement).await.iter().map(id).collect()
    }

    async fn count(&self, rest: &str) -> usize {
        let answer = self.ask(&format!("select count(*) from {rest}")).await.json();
        assert_eq!(answer["QueryResponse"].as_object().unwrap().len(), 1, "{rest}: {answer}");
        answer["QueryResponse"]["totalCount"].as_u64().unwrap() as usize
    }

    async fn batch(&self, items: Value) -> Answer {
        let body = json!({ "BatchItemRequest": items }).to_string();
        self.call(&format!("POST /v3/company/{REALM_ID}/batch"), "application/json", &body).await
    }
}

fn id(object: &Value) -> i64 {
    object["Id"].as_str().unwrap().parse().unwrap()
}

fn cents(value: &Value) -> i64 {
    (value.as_f64().unwrap_or_default() * 100.0).round() as i64
}

/// A name as it stands between quotes in a statement.
fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\\', r"\\").replace('\'', r"\'"))
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
