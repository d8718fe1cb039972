//! Everything over real sockets, as clients meet it.

mod books;
mod domains;
mod groups;
mod json2;
mod jsonrpc;
mod protocol;
mod records;
mod rights;
mod search;
mod sessions;
mod stock;
mod story;

use chrono::NaiveDate;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{DATABASE, LOGIN, Options, PASSWORD};
use crate::{Running, System, server, start};

/// A simulator and the session that a client has with it.
struct Client {
    running: Running,
    cookie: Option<String>,
}

/// The answer to a request.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    /// All values of a header.
    fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The session ids that it sets.
    fn session_ids(&self) -> Vec<String> {
        let cookies = self.headers("set-cookie").into_iter();
        let ids = cookies.filter_map(|cookie| cookie.split(';').next()?.strip_prefix("session_id="));
        ids.map(str::to_owned).collect()
    }

    /// Code, class and message of an error.
    fn error(&self) -> (i64, String, String) {
        let error = &self.json()["error"];
        let text = |key: &str| error["data"][key].as_str().unwrap_or_default().to_owned();
        (error["code"].as_i64().unwrap_or_default(), text("name"), text("message"))
    }
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
}

impl Client {
    /// A simulator of a release with 200 invoices; nobody is signed in.
    async fn anonymous(version: u16, change: impl FnOnce(&mut Options)) -> Self {
        let mut odoo = Options { version, ..Options::default() };
        change(&mut odoo);
        let options = server::Options { records: 200, today: today(), odoo, ..server::Options::default() };
        Self { running: start(System::Odoo, options).await.unwrap(), cookie: None }
    }

    /// The same with the user of programs signed in.
    async fn of(version: u16) -> Self {
        let mut client = Self::anonymous(version, |_| {}).await;
        client.sign_in(LOGIN, PASSWORD).await;
        client
    }

    async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        let params = json!({ "db": DATABASE, "login": login, "password": password });
        let answer = self.rpc("/web/session/authenticate", params).await;
        self.cookie = answer.session_ids().pop();
        answer
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.running.addr()).await.unwrap();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        if let Some(cookie) = &self.cookie {
            request.push_str(&format!("Cookie: other=1; session_id={cookie}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        socket.write_all(format!("{request}\r\n{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[("Content-Type", "application/json")], &body.to_string()).await
    }

    async fn rpc(&self, path: &str, params: Value) -> Answer {
        self.post(path, &json!({ "jsonrpc": "2.0", "method": "call", "id": 7, "params": params })).await
    }

    async fn call(&self, model: &str, method: &str, args: Value, kwargs: Value) -> Answer {
        let params = json!({ "model": model, "method": method, "args": args, "kwargs": kwargs });
        self.rpc(&format!("/web/dataset/call_kw/{model}/{method}"), params).await
    }

    /// The result of a call that works.
    async fn result(&self, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
        let answer = self.call(model, method, args, kwargs).await.json();
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    async fn search_read(&self, model: &str, domain: Value, fields: Value) -> Vec<Value> {
        let kwargs = json!({ "domain": domain, "fields": fields, "order": "id" });
        self.result(model, "search_read", json!([]), kwargs).await.as_array().unwrap().clone()
    }

    async fn ids(&self, model: &str, domain: Value) -> Vec<i64> {
        let ids = self.result(model, "search", json!([domain]), json!({ "order": "id" })).await;
        ids.as_array().unwrap().iter().filter_map(Value::as_i64).collect()
    }

    async fn count(&self, model: &str, domain: Value) -> i64 {
        self.result(model, "search_count", json!([domain]), json!({})).await.as_i64().unwrap()
    }

    /// The class and the message with which a call is refused.
    async fn refusal(&self, model: &str, method: &str, args: Value, kwargs: Value) -> (String, String) {
        let (_, class, message) = self.call(model, method, args, kwargs).await.error();
        (class, message)
    }
}
