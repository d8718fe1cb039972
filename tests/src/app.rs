//! A whole gateway in this process, over simulated ERPs.

use gateway::{
    app,
    auth::{self, Entry},
    config::{Config, Erp},
    demo,
    erps::ErpDefinition,
    store::Store,
    telemetry,
};
use metrics_exporter_prometheus::PrometheusHandle;
use schema::ports::{NewApiKey, Role, SCOPES};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use simulators::{Options, Running, System};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What is started.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Changes how the ERPs are simulated.
    pub options: fn(System, &mut Options),
    /// Changes the settings of the gateway.
    pub configure: fn(&mut Config),
    /// Whether requests have to carry an API key; those of [`App::post`] do, with all rights.
    pub keyed: bool,
}

/// The three ERPs of the demo, smaller; nothing is served from a cache, so that calls can be counted.
impl Default for Setup {
    fn default() -> Self {
        Self { options: |_, _| {}, configure: uncached, keyed: false }
    }
}

/// Turns off what serves answers from memory while the ERP is well.
pub fn uncached(config: &mut Config) {
    (config.cache.fresh_seconds, config.cache.revalidate_seconds) = (0, 0);
}

/// How many invoices each ERP has, unless a test wants another number.
const RECORDS: usize = 200;

/// Who counts in this process.
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// A running gateway with its ERPs.
pub struct App {
    /// Where it listens.
    pub url: String,
    erps: Vec<(System, Arc<Running>)>,
    running: app::Running,
    config: Config,
    client: reqwest::Client,
    store: Store,
    key: Option<String>,
    _folder: Option<tempfile::TempDir>,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl App {
    /// Starts the ERPs and the gateway, and waits until it has asked each ERP whether it works.
    pub async fn start(setup: Setup) -> Self {
        let (store, folder) = Store::temporary().await.expect("a store");
        Self { _folder: Some(folder), ..Self::start_on(setup, store).await }
    }

    /// The same on a store of the test's own.
    pub async fn start_on(setup: Setup, store: Store) -> Self {
        let mut config = Config::defaults().expect("good defaults");
        config.server.listen = ([127, 0, 0, 1], 0).into();
        (setup.configure)(&mut config);
        let mut erps = Vec::new();
        for system in System::ALL {
            let mut options = Options { records: RECORDS, ..Options::default() };
            (setup.options)(system, &mut options);
            let simulator = simulators::start(system, options).await.expect("a simulator");
            let ErpDefinition { id, name, system: key, settings } = demo::definition(&simulator);
            config.erps.insert(id, Erp { name: Some(name), system: key, settings });
            erps.push((system, Arc::new(simulator)));
        }
        let client = client();
        let metrics = METRICS.get_or_init(|| telemetry::count().expect("nobody else counts")).clone();
        let mut key = None;
        if setup.keyed {
            store.prepare().await.expect("a store that is ready");
            key = Some(make_key(&store, new_key(Role::Admin, &SCOPES, None)).await);
        }
        let entry = if setup.keyed { Entry::Guarded } else { Entry::Open };
        let definitions = config.erp_definitions();
        let running = app::start(&config, &definitions, entry, store.clone(), Some(metrics)).await.expect("a gateway");
        let url = format!("http://{}", running.address);
        let app = Self { url, erps, running, config, client, store, key, _folder: None };
        app.wait_until_probed().await;
        app.reset();
        app
    }

    async fn wait_until_probed(&self) {
        for _ in 0..2000 {
            let answer = self.data("{ erps { status } }").await;
            if answer["erps"].as_array().is_some_and(|erps| erps.iter().all(|erp| erp["status"] != "PENDING")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the gateway does not ask its ERPs whether they work");
    }

    /// Reads a little of everything, so that log-in and metadata are behind, then counts from zero.
    pub async fn warm_up(&self) {
        self.data(
            "{ customers(first: 1) { nodes { name invoices(first: 1) { nodes { number } } salesOrders(first: 1) { nodes { number } } } }
               products(first: 1) { nodes { name } } invoices(first: 1) { nodes { lines { description } customer { name } } }
               salesOrders(first: 1) { nodes { lines { description } } } }",
        )
        .await;
        self.reset();
    }

    /// Changes the settings of the running gateway: those that only a new start takes over, or why none are.
    pub async fn reload(&self, change: impl FnOnce(&mut Config)) -> Result<Vec<&'static str>, String> {
        let mut config = self.config.clone();
        change(&mut config);
        self.running.reload(&config).await
    }

    /// Counts from zero.
    pub fn reset(&self) {
        self.erps.iter().for_each(|(_, erp)| erp.simulator().reset_stats());
    }

    /// One of the ERPs.
    pub fn erp(&self, system: System) -> &Running {
        self.erps.iter().find(|(of, _)| *of == system).map(|(_, erp)| erp).expect("an ERP")
    }

    /// All of them.
    pub fn erps(&self) -> impl Iterator<Item = &Arc<Running>> {
        self.erps.iter().map(|(_, erp)| erp)
    }

    /// Takes one of the ERPs off the network.
    pub async fn take_down(&mut self, system: System) {
        let at = self.erps.iter().position(|(of, _)| *of == system).expect("an ERP");
        let erp = Arc::into_inner(self.erps.remove(at).1).expect("nobody else holds it");
        erp.stop().await;
    }

    /// Stops the gateway as a signal does.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// How many requests have reached each ERP: Odoo, Business One, QuickBooks.
    pub fn requests(&self) -> [u64; 3] {
        System::ALL.map(|system| self.erp(system).stats().requests)
    }

    /// What a query answers, errors among it.
    pub async fn query(&self, query: &str) -> Value {
        self.query_with(query, json!({})).await
    }

    /// The same with variables.
    pub async fn query_with(&self, query: &str, variables: Value) -> Value {
        let answer = self.post(&json!({ "query": query, "variables": variables })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The data of a query that has no errors.
    pub async fn data(&self, query: &str) -> Value {
        self.data_with(query, json!({})).await
    }

    /// The same with variables.
    pub async fn data_with(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.query_with(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code and the message of a query's only error.
    pub async fn error(&self, query: &str) -> (String, String) {
        let answer = self.query(query).await;
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no error: {answer}"));
        assert_eq!(errors.len(), 1, "{answer}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert!(!text(&errors[0]["extensions"]["requestId"]).is_empty(), "{answer}");
        (text(&errors[0]["extensions"]["code"]), text(&errors[0]["message"]))
    }

    /// The key that has all rights, where one is asked for.
    pub fn key(&self) -> &str {
        self.key.as_deref().expect("a gateway that asks for a key")
    }

    /// Makes another key.
    pub async fn make_key(&self, role: Role, scopes: &[&str], erps: Option<&[&str]>) -> String {
        make_key(&self.store, new_key(role, scopes, erps)).await
    }

    /// Posts a body to the GraphQL endpoint, with the key where there is one.
    pub async fn post(&self, body: &Value) -> Answer {
        self.post_as(self.key.as_deref(), body).await
    }

    /// Posts a body with a key of one's own, or with none.
    pub async fn post_as(&self, key: Option<&str>, body: &Value) -> Answer {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(key.map(|key| ("authorization", format!("Bearer {key}"))));
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send("POST", "/graphql", &headers, body.to_string().into_bytes()).await
    }

    /// Gets a page.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, Vec::new()).await
    }

    /// Sends any request.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.expect("a body").to_vec() }
    }
}

fn new_key(role: Role, scopes: &[&str], erps: Option<&[&str]>) -> NewApiKey {
    NewApiKey {
        name: "of the tests".into(),
        role,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        erps: erps.map(|erps| erps.iter().map(|erp| (*erp).into()).collect()),
        expires_at: None,
    }
}

async fn make_key(store: &Store, key: NewApiKey) -> String {
    let made = auth::issue(store, key, app::clock()).await.expect("a key");
    made.secret.expose_secret().to_owned()
}

/// A client that shows answers as they come: it unpacks nothing and follows no redirect.
#[expect(clippy::disallowed_methods, reason = "it is the gateway's client, not the gateway")]
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().no_gzip().redirect(reqwest::redirect::Policy::none());
    client.build().expect("a client")
}
