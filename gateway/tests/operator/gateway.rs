//! The binary as an operator runs it: its commands, its process, its log.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
};

/// Everything that the gateway printed, answered and sent: where secrets are looked for at the end.
#[derive(Clone, Default)]
pub(crate) struct Shown(Arc<Mutex<String>>);

impl Shown {
    pub(crate) fn add(&self, text: &str) {
        let mut all = self.0.lock().expect("no panic");
        all.push_str(text);
        all.push('\n');
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }
}

/// A machine with the binary, a folder, and an environment.
pub(crate) struct Machine {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) environment: BTreeMap<&'static str, String>,
    pub(crate) shown: Shown,
}

impl Machine {
    /// With this store; the log tells everything.
    pub(crate) fn new(store: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = if store == "sqlite" { "sqlite:gateway.db".to_owned() } else { store.to_owned() };
        let environment = BTreeMap::from([
            ("ERP_GATEWAY_STORE_URL", store),
            ("ERP_GATEWAY_SERVER_LISTEN", "127.0.0.1:0".into()),
            ("ERP_GATEWAY_LOG_FILTER", "trace".into()),
        ]);
        Self { folder, environment, shown: Shown::default() }
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.environment.insert(name, value.to_owned());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_erp-gateway"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(&self.environment).kill_on_drop(true);
        command
    }

    /// Runs a command: what it printed, or what it complained about.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(arguments).output().await.expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let (out, complaint) = (text(&output.stdout), text(&output.stderr));
        self.shown.add(&complaint);
        if output.status.success() { Ok(out) } else { Err(complaint) }
    }

    /// Starts `serve`, which listens when this returns.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> Served {
        let mut command = self.command(&[&["serve"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("piped")).lines();
        self.listen_to(child.stderr.take().expect("piped"));
        let line =
            tokio::time::timeout(Duration::from_secs(30), out.next_line()).await.expect("in time").expect("a line");
        let line = line.unwrap_or_else(|| panic!("it ended: {}", self.shown.text()));
        let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        self.listen_to(out.into_inner().into_inner());
        Served { child, url, client: client(), shown: self.shown.clone() }
    }

    /// What ends by itself complaining, such as `serve` without a key.
    pub(crate) async fn refuses(&self, arguments: &[&str]) -> String {
        let complaint = tokio::time::timeout(Duration::from_secs(30), self.run(arguments)).await.expect("it ends");
        complaint.expect_err("it complains")
    }

    fn listen_to(&self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let shown = self.shown.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                shown.add(&line);
            }
        });
    }

    /// Everything that is in the store, wherever that is.
    pub(crate) async fn stored(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let store = &self.environment["ERP_GATEWAY_STORE_URL"];
        if store.starts_with("sqlite:") {
            return self.files();
        }
        let mut connection = PgConnection::connect(store).await.expect("the database answers");
        // What is not sealed is then shown as it is.
        sqlx::query("SET bytea_output = 'escape'").execute(&mut connection).await.expect("set");
        let tables =
            sqlx::query_scalar::<_, String>("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'");
        let mut stored = Vec::new();
        for table in tables.fetch_all(&mut connection).await.expect("tables") {
            let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(format!("SELECT t::text FROM {table} t")));
            let rows = rows.fetch_all(&mut connection).await.expect("rows");
            stored.push((table.into(), rows.join("\n").into_bytes()));
        }
        stored
    }

    /// The bytes of every file in the folder: the database, its journal.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let list =
            |folder: &Path| std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        list(self.folder.path())
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(path).expect("a file")))
            .collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a client of the gateway, not the gateway")]
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client")
}

/// A gateway that serves.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    shown: Shown,
}

impl Served {
    /// The whole answer to a query of the bearer of a key.
    pub(crate) async fn ask(&self, key: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = self.client.post(format!("{}/graphql", self.url)).bearer_auth(key);
        let answer = request.header("content-type", "application/json").body(body).send().await.expect("an answer");
        let text = answer.text().await.expect("a body");
        self.shown.add(&text);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, key: &str, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(key, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// The code of the only error of an answer.
    pub(crate) async fn code(&self, key: &str, query: &str, variables: Value) -> String {
        let answer = self.ask(key, query, variables).await;
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{query}: {answer}");
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Asks until the answer is as wanted: for what happens behind the caller's back.
    pub(crate) async fn until(&self, key: &str, query: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut data = Value::Null;
        for _ in 0..300 {
            data = self.data(key, query, Value::Null).await;
            if wanted(&data) {
                return data;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("not within thirty seconds: {query}: {data}");
    }

    /// Tells it to stop, as an operator does, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().expect("it runs").to_string();
        Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.expect("it stops");
        assert!(status.expect("a status").success());
    }
}
