//! Tells a webhook when an ERP stops working, and when it works again.
//!
//! Requests are signed as [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
//! has it. One alert after the other is sent, so that they arrive in the order of what happened.

use crate::config;
use adapters::{
    Error, ErrorKind,
    adapter::Ctx,
    http::{BoxHttp, Client, ClientSettings, Request},
};
use axum::http::{HeaderName, HeaderValue, Method, header};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use ring::hmac;
use secrecy::ExposeSecret;
use serde::Serialize;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc},
    time::{sleep, timeout},
};
use url::Url;

/// How many alerts wait for a webhook that is slow or down.
const WAITING: usize = 256;
/// How long a webhook may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before each further attempt.
const AGAIN: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60)];

/// That the status of an ERP has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) erp: String,
    pub(super) name: String,
    pub(super) system: String,
    pub(super) from: String,
    pub(super) to: &'static str,
    pub(super) message: Option<String>,
    pub(super) at: DateTime<Utc>,
}

/// Sends alerts, if there is a webhook for them.
pub(crate) struct Alerts {
    webhook: RwLock<Option<Arc<Webhook>>>,
    waiting: mpsc::Sender<Alert>,
    /// What [`Alerts::deliver`] takes them from.
    leaving: Mutex<mpsc::Receiver<Alert>>,
    clock: fn() -> DateTime<Utc>,
}

/// Where alerts go.
struct Webhook {
    /// It may hold a secret: only its host is ever logged.
    url: Url,
    key: hmac::Key,
    http: BoxHttp,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.host_str().unwrap_or_default())
    }
}

impl Webhook {
    /// The webhook of the settings, if they name one.
    fn of(settings: &config::Alerts, allow_link_local: bool) -> Result<Option<Self>, String> {
        let url = settings.webhook_url.expose_secret();
        if url.is_empty() {
            return Ok(None);
        }
        let url: Url = url.parse().map_err(|_| "alerts.webhook_url: not an address")?;
        let client = Client::new(&ClientSettings { allow_link_local, ..ClientSettings::new(url.clone()) }).map_err(
            |_| "alerts.webhook_url: an http:// or https:// address without user and password, not a link-local one",
        )?;
        let key = key(settings.webhook_secret.expose_secret())?;
        Ok(Some(Self { url, key, http: Arc::new(client) }))
    }
}

/// A secret as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in base64.
fn key(secret: &str) -> Result<hmac::Key, String> {
    let bytes = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).unwrap_or_default();
    if !(24..=64).contains(&bytes.len()) {
        return Err("alerts.webhook_secret: 24 to 64 bytes in base64 that the receiver verifies signatures with, for example the \
                    output of `openssl rand -base64 32`"
            .into());
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

impl Alerts {
    /// Sends nothing yet.
    pub(crate) fn new(clock: fn() -> DateTime<Utc>) -> Self {
        let (waiting, leaving) = mpsc::channel(WAITING);
        Self { webhook: RwLock::default(), waiting, leaving: Mutex::new(leaving), clock }
    }

    /// Sends them where the settings say from now on.
    ///
    /// # Errors
    /// One sentence that names the setting; then nothing changes.
    pub(crate) fn configure(&self, settings: &config::Alerts, allow_link_local: bool) -> Result<(), String> {
        self.set(Webhook::of(settings, allow_link_local)?);
        Ok(())
    }

    fn set(&self, webhook: Option<Webhook>) {
        *self.webhook.write().unwrap_or_else(PoisonError::into_inner) = webhook.map(Arc::new);
    }

    fn webhook(&self) -> Option<Arc<Webhook>> {
        self.webhook.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has an alert sent. Nobody waits for that.
    pub(super) fn send(&self, alert: Alert) {
        if self.webhook().is_some()
            && let Err(error) = self.waiting.try_send(alert)
        {
            tracing::error!(%error, "an alert is not sent: too many wait for the webhook");
        }
    }

    /// Sends what waits, for ever.
    pub(crate) async fn deliver(&self) {
        let mut leaving = self.leaving.lock().await;
        while let Some(alert) = leaving.recv().await {
            let Some(webhook) = self.webhook() else { continue };
            if let Err(error) = self.post(&webhook, &alert).await {
                tracing::error!(
                    ?webhook, erp.id = alert.erp, from = alert.from, to = alert.to, kind = ?error.kind,
                    attempts = AGAIN.len() + 1, "an alert was not taken: {error}"
                );
            }
        }
    }

    async fn post(&self, webhook: &Webhook, alert: &Alert) -> Result<(), Error> {
        let fault = |why: String| Error::new(ErrorKind::Config, why);
        let body = serde_json::to_vec(&Body::of(alert)).map_err(|error| fault(error.to_string()))?;
        let id: [u8; 12] = crate::sealing::random().map_err(fault)?;
        let id = id.iter().fold("msg_".to_owned(), |id, byte| format!("{id}{byte:02x}"));
        let mut waits = AGAIN.iter();
        loop {
            // The receiver refuses old timestamps: each attempt has its own, and all have one id.
            let now = (self.clock)();
            let request = request(webhook, &id, now, &body)?;
            let error = match timeout(PATIENCE, webhook.http.send(&Ctx::interactive(now, PATIENCE), request)).await {
                Ok(Ok(answer)) if answer.status.is_success() => return Ok(()),
                Ok(Ok(answer)) => Error::new(ErrorKind::Rejected, format!("it answered {}", answer.status)),
                Ok(Err(error)) => error,
                Err(_) => Error::new(ErrorKind::Timeout, format!("no answer within {} s", PATIENCE.as_secs())),
            };
            match waits.next() {
                Some(wait) => sleep(*wait).await,
                None => return Err(error),
            }
        }
    }
}

fn request(webhook: &Webhook, id: &str, now: DateTime<Utc>, body: &[u8]) -> Result<Request, Error> {
    let timestamp = now.timestamp().to_string();
    let signature = sign(&webhook.key, id, &timestamp, body);
    let mut request = Request::new(Method::POST, webhook.url.clone(), "alert")
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(Bytes::copy_from_slice(body));
    for (name, value) in [("webhook-id", id), ("webhook-timestamp", &timestamp), ("webhook-signature", &signature)] {
        let value = HeaderValue::from_str(value).map_err(|error| Error::invalid(error.to_string()))?;
        request = request.header(HeaderName::from_static(name), value);
    }
    Ok(request)
}

fn sign(key: &hmac::Key, id: &str, timestamp: &str, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    format!("v1,{}", BASE64.encode(hmac::sign(key, &signed)))
}

/// What a webhook reads.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    erp: &'a str,
    name: &'a str,
    system: &'a str,
    from: &'a str,
    to: &'a str,
    message: Option<&'a str>,
    at: String,
}

impl<'a> Body<'a> {
    fn of(alert: &'a Alert) -> Self {
        Self {
            r#type: "erp.status",
            erp: &alert.erp,
            name: &alert.name,
            system: &alert.system,
            from: &alert.from,
            to: alert.to,
            message: alert.message.as_deref(),
            at: alert.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters::http::{Http, Response};
    use axum::http::{HeaderMap, StatusCode};
    use std::collections::VecDeque;
    use tokio::time::Instant;

    /// A receiver that answers so, one after the other, and then 200.
    #[derive(Default)]
    struct Receiver {
        answers: std::sync::Mutex<VecDeque<StatusCode>>,
        got: std::sync::Mutex<Vec<(Instant, Request)>>,
        news: tokio::sync::Notify,
    }

    #[async_trait::async_trait]
    impl Http for Receiver {
        async fn send(&self, _: &Ctx, request: Request) -> adapters::Result<Response> {
            self.got.lock().unwrap().push((Instant::now(), request));
            let status = self.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
            self.news.notify_one();
            Ok(Response { status, headers: HeaderMap::new(), body: Bytes::new() })
        }
    }

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn clock() -> DateTime<Utc> {
        DateTime::from_timestamp(1_614_265_330, 0).expect("a time")
    }

    fn alerts(answers: &[StatusCode]) -> (Arc<Alerts>, Arc<Receiver>) {
        let receiver =
            Arc::new(Receiver { answers: std::sync::Mutex::new(answers.to_vec().into()), ..Receiver::default() });
        let alerts = Alerts::new(clock);
        alerts.set(Some(Webhook {
            url: "https://hooks.example/t0ken?key=s3cret".parse().expect("a URL"),
            key: key(SECRET).expect("a key"),
            http: Arc::clone(&receiver) as _,
        }));
        (Arc::new(alerts), receiver)
    }

    fn alert(to: &'static str) -> Alert {
        Alert {
            erp: "odoo".into(),
            name: "Odoo".into(),
            system: "odoo".into(),
            from: "ACTIVE".into(),
            to,
            message: Some("The ERP refuses the key.".into()),
            at: clock(),
        }
    }

    async fn requests(receiver: &Receiver, count: usize) -> Vec<(Instant, Request)> {
        while receiver.got.lock().unwrap().len() < count {
            receiver.news.notified().await;
        }
        receiver.got.lock().unwrap().clone()
    }

    /// The published test vector of the reference implementations (`svix`, `standardwebhooks`).
    #[test]
    fn signatures_are_those_of_the_reference() {
        let key = key(SECRET).expect("a key");
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[tokio::test(start_paused = true)]
    async fn an_alert_is_signed_and_tells_what_happened() {
        let (alerts, receiver) = alerts(&[]);
        alerts.send(alert("NEEDS_AUTH"));
        let got = tokio::select! {
            got = requests(&receiver, 1) => got,
            () = alerts.deliver() => unreachable!("it delivers for ever"),
        };
        let request = &got[0].1;
        let header = |name: &str| request.headers[name].to_str().expect("text").to_owned();
        let body = request.body.clone().expect("a body");
        let signature = sign(&key(SECRET).expect("a key"), &header("webhook-id"), "1614265330", &body);
        assert_eq!((header("webhook-timestamp"), header("webhook-signature")), ("1614265330".into(), signature));
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let expected = serde_json::json!({
            "type": "erp.status", "erp": "odoo", "name": "Odoo", "system": "odoo", "from": "ACTIVE", "to": "NEEDS_AUTH",
            "message": "The ERP refuses the key.", "at": "2021-02-25T15:02:10Z",
        });
        assert_eq!(body, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_alert_is_tried_again_and_then_given_up_for_the_next_one() {
        let (alerts, receiver) = alerts(&[StatusCode::INTERNAL_SERVER_ERROR; 4]);
        alerts.send(alert("UNREACHABLE"));
        alerts.send(alert("ACTIVE"));
        let got = tokio::select! {
            got = requests(&receiver, 5) => got,
            () = alerts.deliver() => unreachable!("it delivers for ever"),
        };
        let waits: Vec<_> = got.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs()).collect();
        assert_eq!(waits, [2, 10, 60, 0]);
        let ids: Vec<_> = got.iter().map(|(_, request)| request.headers["webhook-id"].clone()).collect();
        assert!(ids[..4].iter().all(|id| *id == ids[0]), "one alert has one id");
        assert_ne!(ids[4], ids[0]);
    }

    #[test]
    fn wrong_settings_are_named_and_nothing_shows_the_address() {
        let settings =
            |url: &str, secret: &str| config::Alerts { webhook_url: url.into(), webhook_secret: secret.into() };
        assert!(Webhook::of(&settings("", ""), false).expect("no webhook").is_none());
        for (url, secret, named) in [
            ("nowhere", SECRET, "alerts.webhook_url"),
            ("ftp://hooks.example/s3cret", SECRET, "alerts.webhook_url"),
            ("https://s3cret:x@hooks.example/", SECRET, "alerts.webhook_url"),
            ("http://169.254.169.254/s3cret", SECRET, "alerts.webhook_url"),
            ("https://hooks.example/s3cret", "", "alerts.webhook_secret"),
            ("https://hooks.example/s3cret", "whsec_c2hvcnQ=", "alerts.webhook_secret"),
        ] {
            let why = Webhook::of(&settings(url, secret), false).expect_err("refused");
            assert!(why.starts_with(named) && !why.contains("s3cret"), "{url}: {why}");
        }
        let webhook =
            Webhook::of(&settings("https://hooks.example/s3cret", SECRET), false).expect("good").expect("one");
        assert_eq!(format!("{webhook:?}"), "hooks.example");
    }
}
