//! The commands of an operator, as they are run: the binary with its files, its variables and its output.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

/// A folder with a store and the settings of an operator.
struct Operator {
    folder: tempfile::TempDir,
    key: String,
}

impl Operator {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), key: generate() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path
    }

    /// The binary with the store and no other settings than these.
    fn command(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_erp-gateway"));
        command.args(args).env_clear().current_dir(&self.folder);
        command.env("ERP_GATEWAY_SERVER_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
        command
    }

    /// What it prints, if it succeeds.
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.command(args, variables).output().expect("it runs");
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).expect("text")
    }

    /// What it says when it fails.
    fn fails(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.command(args, variables).output().expect("it runs");
        assert!(!output.status.success() && output.stdout.is_empty(), "{args:?}: {output:?}");
        stderr(&output)
    }

    /// Lets somebody in: `serve` starts only then.
    fn make_api_key(&self) {
        let args = ["apikey", "create", "--name", "of the tests", "--role", "admin"];
        assert!(!self.run(&args, &self.with_key(&[])).is_empty());
    }

    fn with_key<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        [&[("ERP_GATEWAY_MASTER_KEY", &*self.key)], more].concat()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn generate() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_erp-gateway")).args(["keys", "generate"]).output().expect("it runs");
    assert!(output.status.success());
    assert!(stderr(&output).contains("apart from the store"), "{output:?}");
    let out = String::from_utf8(output.stdout).expect("text");
    let key = out.strip_suffix('\n').expect("a line").to_owned();
    assert!(key.len() == 44 && !key.contains(char::is_whitespace), "one line, for `> file` and `$(…)`");
    key
}

/// A gateway that serves, and what it logs.
struct Serving {
    child: Child,
    url: String,
    log: mpsc::Receiver<String>,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let (send, log) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        std::thread::spawn(move || lines.for_each(|line| drop(send.send(line))));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let Some(url) = line.strip_prefix("listening on http://") else {
            panic!("{line:?}: {:?}", log.iter().collect::<Vec<_>>())
        };
        Self { url: url.trim().to_owned(), child, log }
    }

    /// Waits for a line of the log that holds these words.
    fn logs(&self, words: &str) -> String {
        loop {
            let line =
                self.log.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("no line with {words:?}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// The status of a request.
    fn status(&self, request: &str, body: &str) -> u16 {
        use std::{io::Write, net::TcpStream};
        let mut stream = TcpStream::connect(&self.url).expect("connected");
        let head = "host: gateway\r\nconnection: close\r\ncontent-type: application/json";
        write!(stream, "{request} HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn migrate_says_what_it_did_and_needs_no_key() {
    let operator = Operator::new();
    assert_eq!(operator.run(&["migrate"], &[]), "applied 0001 erps_and_access\nthe store is now at version 1\n");
    assert_eq!(operator.run(&["migrate"], &[]), "nothing to do: the store is at version 1\n");
    let elsewhere = operator.write("gateway.toml", "[store]\nurl = 'sqlite:missing/gateway.db'\n");
    let message = operator.fails(&["migrate", "--config", &elsewhere.to_string_lossy()], &[]);
    assert!(message.starts_with("error: store.url: missing/gateway.db cannot be opened"), "{message}");
}

#[test]
fn a_master_key_that_is_missing_or_wrong_is_told_and_not_repeated() {
    let operator = Operator::new();
    let serve = |variables: &[(&str, &str)]| operator.fails(&["serve"], variables);
    let message = serve(&[]);
    assert!(message.contains("there is no master key") && message.contains("erp-gateway keys generate"), "{message}");
    for wrong in ["", "hunter2", "aHVudGVyMg=="] {
        let message = serve(&[("ERP_GATEWAY_MASTER_KEY", wrong)]);
        assert!(
            message.starts_with("error: ERP_GATEWAY_MASTER_KEY: the master key is not 32 bytes in base64"),
            "{message}"
        );
        assert!(message.contains("keys generate") && (wrong.is_empty() || !message.contains(wrong)), "{message}");
    }
    let message = serve(&[("ERP_GATEWAY_STORE_MASTER_KEY_FILE", "nowhere.key")]);
    assert!(message.starts_with("error: store.master_key_file: nowhere.key: "), "{message}");
    operator.write("wrong.key", "hunter2\n");
    let message = serve(&[("ERP_GATEWAY_STORE_MASTER_KEY_FILE", "wrong.key")]);
    assert!(message.contains("error: store.master_key_file: wrong.key: the master key is not 32 bytes"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn rotate_gives_the_store_another_key() {
    let operator = Operator::new();
    let rotate = ["keys", "rotate"];
    let message = operator.fails(&rotate, &operator.with_key(&[]));
    assert!(message.contains("there is no new master key") && message.contains("--new-key-file"), "{message}");
    let message = operator.fails(&rotate, &operator.with_key(&[("ERP_GATEWAY_NEW_MASTER_KEY", "hunter2")]));
    assert!(message.starts_with("error: ERP_GATEWAY_NEW_MASTER_KEY: the master key is not 32 bytes"), "{message}");

    let (one, other) = (generate(), generate());
    let done = operator.run(&rotate, &operator.with_key(&[("ERP_GATEWAY_NEW_MASTER_KEY", &one)]));
    assert!(done.starts_with("sealed 1 values with the key ") && done.contains("is refused from now on"), "{done}");
    let message = operator.fails(&rotate, &operator.with_key(&[("ERP_GATEWAY_NEW_MASTER_KEY", &other)]));
    assert!(message.contains("the master key is not the one of this store"), "{message}");
    let same = [("ERP_GATEWAY_MASTER_KEY", &*one), ("ERP_GATEWAY_NEW_MASTER_KEY", &one)];
    assert!(operator.fails(&rotate, &same).contains("is the one that the store has"));

    // From one file to another; others may read the new one.
    let (old_file, new_file) = (operator.write("old.key", &one), operator.write("new.key", &other));
    protect(&old_file);
    let (old, new) = (old_file.to_string_lossy(), new_file.to_string_lossy());
    let mut command =
        operator.command(&["keys", "rotate", "--new-key-file", &new], &[("ERP_GATEWAY_STORE_MASTER_KEY_FILE", &old)]);
    let output = command.output().expect("it runs");
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    if cfg!(unix) {
        assert!(said.contains("--new-key-file: others may read"), "{said}");
        assert!(!said.contains("old.key"), "{said}");
    }
    assert!(!said.contains(&one) && !said.contains(&other), "{said}");
}

/// Takes the right to read a file from everybody else.
fn protect(file: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("protected");
    }
    let _ = file;
}

#[cfg(unix)]
#[test]
fn serve_takes_over_a_changed_file() {
    let operator = Operator::new();
    operator.make_api_key();
    let file = operator.write("gateway.toml", "[limits]\ndepth = 15\n");
    let name = file.to_string_lossy();
    let serving = Serving::start(operator.command(&["serve", "--config", &name], &operator.with_key(&[])));
    let introspection = r#"{"query":"{ __schema { queryType { name } } }"}"#;
    assert_eq!(serving.status("POST /graphql", introspection), 401, "without a key");

    operator.write("gateway.toml", "[limits]\ndepht = 3\n");
    let line = serving.logs("the configuration stays as it was");
    assert!(line.contains("gateway.toml: limits: unknown field `depht`"), "{line}");
    operator.write("gateway.toml", "[log]\nfilter = 'gateway=loud'\n");
    let line = serving.logs("the configuration stays as it was");
    assert!(line.contains("log.filter: "), "{line}");
    operator.write("gateway.toml", "[server]\nlisten = '127.0.0.1:1'\n[log]\nformat = 'json'\n");
    let line = serving.logs("only a new start takes them over");
    assert!(line.ends_with("takes them over: log.format"), "the variable goes over server.listen: {line}");
    serving.logs("the configuration was loaded again");
    serving.signal("HUP");
    serving.logs("the configuration was loaded again");
    fs::remove_file(&file).expect("removed");
    let line = serving.logs("the configuration stays as it was");
    assert!(line.contains("gateway.toml: No such file"), "{line}");
    operator.write("gateway.toml", "[log]\nfilter = 'error'\n");
    // Nothing more is logged than errors.
    operator.write("gateway.toml", "[log]\nfilter = 'error'\n[cache]\nfresh_seconds = 'soon'\n");
    let line = serving.logs(" ");
    assert!(line.contains("cache.fresh_seconds"), "{line}");
}

#[cfg(unix)]
#[test]
fn serve_refuses_the_key_from_before_a_rotation() {
    let operator = Operator::new();
    operator.make_api_key();
    let new = generate();
    let running = Serving::start(operator.command(&["serve"], &operator.with_key(&[])));
    assert_eq!(running.status("GET /readyz", ""), 200);
    operator.run(&["keys", "rotate"], &operator.with_key(&[("ERP_GATEWAY_NEW_MASTER_KEY", &new)]));
    let line = running.logs("the gateway is not ready");
    assert!(line.contains("was rotated while the gateway ran"), "{line}");
    assert_eq!((running.status("GET /readyz", ""), running.status("GET /healthz", "")), (503, 200));
    let message = operator.fails(&["serve"], &operator.with_key(&[]));
    assert!(message.contains("the master key is not the one of this store"), "{message}");
    drop(running);
    let mut again = Serving::start(operator.command(&["serve"], &[("ERP_GATEWAY_MASTER_KEY", &*new)]));
    again.signal("TERM");
    assert!(again.child.wait().expect("it ends").success());
    let mut files: Vec<_> =
        fs::read_dir(&operator.folder).expect("a folder").flatten().map(|file| file.file_name()).collect();
    files.sort();
    assert_eq!(files, ["erp-gateway.db"], "what has stopped is one file");
}
