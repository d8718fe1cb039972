//! The command line of the ERP gateway.

use clap::{Parser, Subcommand};
use gateway::{
    app,
    auth::{ApiKeyCommand, Entry},
    config::Config,
    erps,
    keys::{self, KeysCommand},
    reload::Changes,
    store::{self, Store},
    telemetry,
};
use secrecy::ExposeSecret;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Answers are thousands of small values that live for milliseconds: the system's allocator takes a quarter of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One GraphQL API over all the ERPs of a company.
#[derive(Parser)]
#[command(name = "erp-gateway", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts three simulated ERPs with two years of data, and the gateway in front of them.
    #[cfg(feature = "simulators")]
    Demo(gateway::demo::DemoArgs),
    /// Starts the gateway in front of the ERPs of a configuration file.
    Serve {
        /// The configuration file; config.default.toml describes it.
        #[arg(long, value_name = "FILE", env = "ERP_GATEWAY_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Checks a configuration file and asks each of its ERPs whether it works.
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE", env = "ERP_GATEWAY_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Makes, lists and revokes API keys, also while a gateway runs.
    Apikey {
        /// The configuration file.
        #[arg(long, value_name = "FILE", env = "ERP_GATEWAY_CONFIG")]
        config: Option<PathBuf>,
        #[command(subcommand)]
        command: ApiKeyCommand,
    },
    /// Brings the store up to this version of the gateway. `serve` does so, too, when it starts.
    Migrate {
        /// The configuration file.
        #[arg(long, value_name = "FILE", env = "ERP_GATEWAY_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Makes master keys, and gives a store another one.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Prints the GraphQL schema.
    Schema,
    /// Starts one simulated ERP alone.
    #[cfg(feature = "simulators")]
    Simulate(gateway::demo::SimulateArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let run = match Cli::parse().command {
        #[cfg(feature = "simulators")]
        Command::Demo(args) => gateway::demo::demo(args, listening, interrupted()).await,
        Command::Serve { config } => serve(config.as_deref()).await,
        Command::Check { config } => check(config.as_deref()).await,
        Command::Apikey { config, command } => api_key(config.as_deref(), command).await,
        Command::Migrate { config } => migrate(config.as_deref()).await,
        Command::Keys(command) => keys(command).await,
        Command::Schema => print(&schema::sdl()),
        #[cfg(feature = "simulators")]
        Command::Simulate(args) => gateway::demo::simulate(args, listening, interrupted()).await,
    };
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nowhere is left to report a failure to.
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is handed to the settings here")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn load(file: Option<&Path>) -> Result<Config, String> {
    Config::load(file, &env)
}

async fn migrate(file: Option<&Path>) -> Result<(), String> {
    let config = load(file)?;
    let _logging = telemetry::log(&config.log)?;
    let applied = store::migrate(&config.store.url).await.map_err(|e| e.to_string())?;
    for migration in &applied {
        print(&format!("applied {:04} {}\n", migration.number, migration.name))?;
    }
    let done = if applied.is_empty() { "nothing to do: the store is" } else { "the store is now" };
    print(&format!("{done} at version {}\n", store::VERSION))
}

async fn keys(command: KeysCommand) -> Result<(), String> {
    match command {
        KeysCommand::Generate => {
            let (key, hint) = keys::generate()?;
            print(&format!("{}\n", key.expose_secret()))?;
            io::stderr().write_all(hint.as_bytes()).map_err(|e| e.to_string())
        }
        KeysCommand::Rotate { config, new_key_file } => {
            let config = load(config.as_deref())?;
            let _logging = telemetry::log(&config.log)?;
            let new_key = env(keys::NEW_KEY).map(Into::into);
            print(&keys::rotate(&config, new_key_file, new_key, app::clock).await?)
        }
    }
}

async fn serve(file: Option<&Path>) -> Result<(), String> {
    let changes = Changes::of(file.map(Path::to_owned)).await?;
    let config = load(file)?;
    let logging = telemetry::log(&config.log)?;
    let store = Store::open(&config.store.url, config.store.master_key()?).await.map_err(|e| e.to_string())?;
    let metrics = telemetry::count()?;
    let running = app::start(&config, &config.erp_definitions(), Entry::Guarded, store, Some(metrics)).await?;
    listening(&format!("http://{}", running.address))?;
    tokio::select! {
        () = interrupted() => {}
        () = changes.follow(|| load(file), &running, &logging) => {}
    }
    running.stop().await;
    Ok(())
}

async fn check(file: Option<&Path>) -> Result<(), String> {
    let config = load(file)?;
    let store = store_to_check(&config).await?;
    let services = app::services(&config, store.as_ref());
    let checked = erps::check(&config.erp_definitions(), store.as_ref(), &services, app::clock).await?;
    let (all, mut failed) = (checked.len(), 0);
    for (id, outcome) in checked {
        let line = match outcome {
            Ok(info) => {
                let words = [info.company, info.version, info.base_currency.map(|c| c.to_string())];
                format!("{id}: ok, {}", words.into_iter().flatten().collect::<Vec<_>>().join(", "))
            }
            Err(error) => {
                failed += 1;
                format!("{id}: {}", error.message)
            }
        };
        print(&format!("{line}\n"))?;
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {all} ERPs do not work")) }
}

/// The store, if there is one and the key to it. It is neither made nor migrated: a gateway may be at work with it.
async fn store_to_check(config: &Config) -> Result<Option<Store>, String> {
    let settings = &config.store;
    if settings.master_key.is_none() && settings.master_key_file.as_os_str().is_empty() {
        print("no master key is set: only the ERPs of the file are checked\n")?;
        return Ok(None);
    }
    let key = settings.master_key()?;
    let sqlite = settings.url.expose_secret().strip_prefix("sqlite:");
    if sqlite.is_some_and(|path| !Path::new(path.trim_start_matches("//")).exists()) {
        return Ok(None);
    }
    Store::open(&settings.url, key).await.map(Some).map_err(|e| e.to_string())
}

async fn api_key(file: Option<&Path>, command: ApiKeyCommand) -> Result<(), String> {
    let config = load(file)?;
    let store = Store::open(&config.store.url, config.store.master_key()?).await.map_err(|e| e.to_string())?;
    let of_file = config.erps.keys().map(|erp| erp.as_str().into()).collect();
    let printed = command.run(&store, &of_file, app::clock).await;
    store.close().await;
    let printed = printed?;
    print(printed.out.expose_secret())?;
    printed.note.map_or(Ok(()), |note| io::stderr().write_all(note.as_bytes()).map_err(|e| e.to_string()))
}

/// The first line on stdout, for whoever started the process with port 0.
fn listening(url: &str) -> Result<(), String> {
    print(&format!("listening on {url}\n"))
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| e.to_string())
}

/// Ends when the process is asked to stop.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
