//! The commands `demo` and `simulate`: simulated ERPs, and the gateway in front of them.

use crate::{
    app,
    auth::Entry,
    config::{Config, SettingValues},
    erps::ErpDefinition,
    store::{Store, StoreError},
    telemetry,
};
use clap::Args;
use simulators::{Options, Running, System, odoo, quickbooks, sap_b1};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// What `demo` takes.
#[derive(Args)]
pub struct DemoArgs {
    /// The port of the gateway on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    #[command(flatten)]
    data: DataArgs,
}

/// What `simulate` takes.
#[derive(Args)]
pub struct SimulateArgs {
    /// Which ERP: odoo, sap_b1 or quickbooks.
    system: System,
    /// The port on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    data: DataArgs,
}

/// What the simulated ERPs hold, and how well they are.
#[derive(Args)]
struct DataArgs {
    /// How many invoices an ERP has; everything else grows with it.
    #[arg(long, default_value_t = 2000)]
    records: usize,
    /// How long every request takes at least, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// The share of requests that fail, from 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    fail_rate: f64,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 1".into()),
    }
}

impl DataArgs {
    fn options(&self) -> Options {
        Options {
            records: self.records,
            latency: Duration::from_millis(self.latency_ms),
            fail_rate: self.fail_rate,
            ..Options::default()
        }
    }
}

/// Starts all simulators and the gateway in front of them. No key is asked for: it listens on loopback only.
///
/// # Errors
/// One sentence: a port that is taken, for example.
pub async fn demo(
    args: DemoArgs,
    listening: impl Fn(&str) -> Result<(), String>,
    until: impl Future<Output = ()>,
) -> Result<(), String> {
    let mut config = Config::defaults()?;
    config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    config.log.filter = "warn".into();
    let _logging = telemetry::log(&config.log)?;
    let metrics = telemetry::count()?;

    let of_store = |error: StoreError| error.to_string();
    let (store, _folder) = Store::temporary().await.map_err(of_store)?;
    store.prepare().await.map_err(of_store)?;
    let mut simulators = Vec::new();
    for system in System::ALL {
        let simulator = start(system, args.data.options()).await?;
        // As if somebody had connected it through the API, so that it can be changed there.
        store.add_erp(&definition(&simulator).row(app::clock())?).await.map_err(of_store)?;
        simulators.push(simulator);
    }
    let gateway = app::start(&config, &[], Entry::Open, store, Some(metrics)).await?;
    listening(&format!("http://{}", gateway.address))?;
    until.await;
    gateway.stop().await;
    Ok(())
}

/// Starts one simulator alone.
///
/// # Errors
/// One sentence: a port that is taken, for example.
pub async fn simulate(
    args: SimulateArgs,
    listening: impl Fn(&str) -> Result<(), String>,
    until: impl Future<Output = ()>,
) -> Result<(), String> {
    let options = Options { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)), ..args.data.options() };
    let simulator = start(args.system, options).await?;
    listening(&simulator.url())?;
    until.await;
    Ok(())
}

async fn start(system: System, options: Options) -> Result<Running, String> {
    simulators::start(system, options).await.map_err(|e| format!("the simulator of {system}: {e}"))
}

/// How a simulator is connected.
pub fn definition(simulator: &Running) -> ErpDefinition {
    let inner = simulator.simulator();
    definition_at(inner.system(), simulator.url(), inner.company().time_zone)
}

/// How a simulator behind this address is connected, whose company is in this time zone.
pub fn definition_at(system: System, url: String, time_zone: &str) -> ErpDefinition {
    let (id, name, settings) = match system {
        System::Odoo => (
            "odoo",
            "Odoo",
            SettingValues::new([
                ("url", url),
                ("database", odoo::DATABASE.into()),
                ("login", odoo::LOGIN.into()),
                ("api_key", odoo::API_KEY.into()),
            ]),
        ),
        System::SapB1 => (
            "sap-b1",
            "SAP Business One",
            SettingValues::new([
                ("url", url),
                ("company_db", sap_b1::COMPANY_DB.into()),
                ("username", sap_b1::USERNAME.into()),
                ("password", sap_b1::PASSWORD.into()),
                ("time_zone", time_zone.into()),
            ]),
        ),
        System::QuickBooks => (
            "quickbooks",
            "QuickBooks Online",
            SettingValues::new([
                ("token_url", format!("{url}/oauth2/v1/tokens/bearer")),
                ("url", url),
                ("realm_id", quickbooks::REALM_ID.into()),
                ("client_id", quickbooks::CLIENT_ID.into()),
                ("client_secret", quickbooks::CLIENT_SECRET.into()),
                ("refresh_token", quickbooks::REFRESH_TOKEN.into()),
                ("sales_orders", "estimates".into()),
            ]),
        ),
    };
    ErpDefinition { id: id.into(), name: name.into(), system: system.key().into(), settings }
}
