//! Somebody who wants to be told when an ERP stops working.

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ring::hmac;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;

/// The secret that alerts are signed with, in the form of Standard Webhooks.
pub(crate) const SECRET: &str = "whsec_bm90IGEgcmVhbCBzZWNyZXQgb2YgYW55Ym9keQ==";

/// A listener for alerts.
pub(crate) struct Listener {
    pub(crate) url: String,
    told: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Listener {
    pub(crate) async fn start() -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let hook =
            async |State(tell): State<mpsc::UnboundedSender<(HeaderMap, Bytes)>>, headers: HeaderMap, body: Bytes| {
                tell.send((headers, body)).expect("somebody listens");
            };
        let router = Router::new().route("/alerts", post(hook)).with_state(tell);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/alerts", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, told }
    }

    /// The next alert, whose signature is good.
    pub(crate) async fn next(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(30), self.told.recv()).await;
        let (headers, body) = next.expect("an alert within thirty seconds").expect("it still listens");
        let header = |name: &str| headers[name].to_str().expect("text").to_owned();
        let key = BASE64.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
        let signed =
            [header("webhook-id").as_bytes(), b".", header("webhook-timestamp").as_bytes(), b".", &body].concat();
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        assert_eq!(header("webhook-signature"), format!("v1,{}", BASE64.encode(signature)));
        serde_json::from_slice(&body).expect("JSON")
    }
}
