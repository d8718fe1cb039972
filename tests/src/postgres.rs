//! A PostgreSQL server of this process alone, from the installed binaries.

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Set to 1 where a test that needs PostgreSQL has to fail, not to be skipped, if there is none.
const REQUIRED: &str = "ERP_GATEWAY_REQUIRE_POSTGRES";

/// Makes a database server in the folder $2 from the binaries in $1, says `ready`, and removes everything once the process
/// that reads this has ended, however it ended: only then its end of the pipe to stdin is closed.
const SCRIPT: &str = r#"
    cd "$2" || exit 1
    trap '' INT HUP TERM
    trap '"$1/pg_ctl" stop -D data -m immediate >>log 2>&1; rm -rf "$2"' EXIT
    "$1/initdb" -D data -U gateway --auth=trust --encoding=UTF8 --locale=C --no-sync >log 2>&1 || { cat log; exit 1; }
    "$1/pg_ctl" start -w -D data -l log -o "-k '$2' -c listen_addresses= -c fsync=off -c synchronous_commit=off \
        -c full_page_writes=off -c max_connections=200" >>log 2>&1 || { cat log; exit 1; }
    echo ready
    cat >/dev/null
"#;

struct Server {
    /// Where its socket is.
    folder: PathBuf,
    /// The server runs as long as the pipe to this is open.
    _shell: Child,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The address of an empty database for one test; none where no PostgreSQL is installed, which stderr then tells.
///
/// # Panics
/// Where the server does not start, and where there is none although [`REQUIRED`] says that there has to be.
pub async fn database() -> Option<String> {
    let server = SERVER.get_or_init(start).as_ref()?;
    let options = PgConnectOptions::new_without_pgpass().socket(&server.folder).username("gateway");
    let mut connection: PgConnection = options.database("postgres").connect().await.expect("the server answers");
    let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut connection).await.expect("a database");
    connection.close().await.expect("closed");
    Some(format!("postgres://gateway@localhost/{name}?host={}", server.folder.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the binaries are, and whether they have to be, the environment tells"
)]
fn start() -> Option<Server> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(binaries) = binaries(std::env::split_paths(&path)) else {
        assert_ne!(std::env::var(REQUIRED).as_deref(), Ok("1"), "{REQUIRED}=1, and no PostgreSQL is installed");
        // Not by the macro, whose output is shown only for tests that fail.
        let line = b"skipped: no PostgreSQL is installed (initdb and pg_ctl), which these tests start a server of\n";
        std::io::stderr().write_all(line).expect("told");
        return None;
    };
    let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a folder").keep();
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "sh"]).arg(binaries).arg(&folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // It refuses to run as root.
    if let Some((user, group)) = other_than_root(&folder) {
        chown(&folder, Some(user), Some(group)).expect("a folder of the server's user");
        command.uid(user).gid(group);
    }
    let mut child = command.spawn().expect("a shell");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let said: Vec<_> = lines.by_ref().take_while(|line| line != "ready").collect();
    assert!(said.is_empty(), "PostgreSQL does not start: {}", said.join("\n"));
    Some(Server { folder, _shell: child })
}

/// The folder with the server's programs: where the shell finds them, else Debian's newest.
fn binaries(path: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort_by_key(|path| path.parent().and_then(Path::file_name)?.to_str()?.parse::<u32>().ok());
    path.chain(debian.into_iter().rev()).find(|at| ["initdb", "pg_ctl"].iter().all(|name| at.join(name).is_file()))
}

/// User and group that the server runs as, if the folder shows that this process runs as root.
fn other_than_root(folder: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata(folder).expect("a folder").uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the users of this machine");
    let ids = |name: &str| {
        let mut fields = users.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?;
        Some((fields.nth(2)?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user postgres or nobody"))
}
