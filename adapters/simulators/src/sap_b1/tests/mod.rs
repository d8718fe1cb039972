//! The front over real sockets, by a client of its own.

mod books;
mod joint;
mod lists;
mod records;
mod sessions;
mod sums;

use std::{collections::BTreeMap, fs};

use chrono::NaiveDate;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::{
    Fault, FaultPlan, Running, System,
    dataset::{InvoiceKind, OrderState, PostState, Profile},
    start,
};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
}

/// The story behind the simulators of these tests.
fn story() -> Dataset {
    Dataset::generate(&Profile {
        company: System::SapB1.company(),
        seed: 1,
        invoices: 600,
        today: today(),
        big_customer: true,
    })
}

struct Client {
    running: Running,
    cookie: String,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The records of a page.
    #[track_caller]
    fn value(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["value"].as_array().unwrap().clone()
    }

    #[track_caller]
    fn column(&self, property: &str) -> Vec<Value> {
        self.value().iter().map(|record| record[property].clone()).collect()
    }

    /// Status, code and message of an error, of either version.
    #[track_caller]
    fn error(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let code = error["code"].as_str().map_or_else(|| error["code"].to_string(), str::to_owned);
        let message = error["message"].as_str().or_else(|| error["message"]["value"].as_str()).unwrap();
        (self.status, code, message.to_owned())
    }
}

async fn send(running: &Running, method: &str, target: &str, headers: &str, body: &str) -> Reply {
    let mut socket = TcpStream::connect(running.addr()).await.unwrap();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: b1.example:50000\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\
         \r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Reply { status: head[9..12].parse().unwrap(), head: head.to_lowercase(), body: body.to_owned() }
}

fn credentials(company: &str, user: &str, password: &str) -> String {
    json!({ "CompanyDB": company, "UserName": user, "Password": password }).to_string()
}

/// What a client has to encode in a URL.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~$=&,()'/*:?".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A text as a literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''")).replace('&', "%26")
}

impl Client {
    async fn start() -> Self {
        Self::with(Options { login_time: Duration::ZERO, ..Options::default() }).await
    }

    async fn with(sap_b1: Options) -> Self {
        let options = server::Options { records: 600, today: today(), sap_b1, ..server::Options::default() };
        let running = start(System::SapB1, options).await.unwrap();
        let mut client = Self { running, cookie: String::new() };
        client.log_in().await;
        client
    }

    async fn log_in(&mut self) {
        let reply = self.login("v2", &credentials(COMPANY_DB, USERNAME, PASSWORD)).await;
        self.cookie = format!("Cookie: B1SESSION={}; ROUTEID=.node1\r\n", reply.json()["SessionId"].as_str().unwrap());
    }

    async fn login(&self, version: &str, body: &str) -> Reply {
        send(&self.running, "POST", &format!("/b1s/{version}/Login"), "", body).await
    }

    async fn request(&self, method: &str, target: &str, headers: &str, body: &str) -> Reply {
        send(&self.running, method, target, &format!("{}{headers}", self.cookie), body).await
    }

    /// GET of a path under `/b1s`; blanks and the like are encoded here.
    async fn get(&self, path: &str) -> Reply {
        self.get_with(path, "").await
    }

    async fn get_with(&self, path: &str, headers: &str) -> Reply {
        let encoded = encode(path).replace("%25", "%");
        self.request("GET", &format!("/b1s/{encoded}"), headers, "").await
    }

    async fn all(&self, path: &str) -> Vec<Value> {
        self.get_with(path, "Prefer: odata.maxpagesize=0\r\n").await.value()
    }

    async fn query(&self, version: &str, path: &str, option: &str) -> Reply {
        let body = json!({ "QueryPath": path, "QueryOption": option }).to_string();
        let target = format!("/b1s/{version}/QueryService_PostQuery");
        self.request("POST", &target, "Content-Type: application/json\r\n", &body).await
    }

    async fn batch(&self, version: &str, headers: &str, requests: &[&str]) -> Reply {
        let mut body = String::new();
        for request in requests {
            body.push_str(&format!(
                "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
                 {request}\r\n\r\n\r\n"
            ));
        }
        body.push_str("--b--\r\n");
        let headers = format!("Content-Type: multipart/mixed;boundary=b\r\n{headers}");
        self.request("POST", &format!("/b1s/{version}/$batch"), &headers, &body).await
    }
}

fn golden(file: &str) -> String {
    let path = format!("{}/../../tests/golden/sap-b1/{file}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn golden_json(file: &str) -> Value {
    serde_json::from_str(&golden(file)).unwrap()
}

/// Drops the annotations, which name a host.
fn annotated(key: &str) -> bool {
    key.starts_with("odata.") || key.starts_with('@')
}
