//! Serves one simulator until Ctrl-C: `cargo run -p simulators --example serve -- quickbooks 8080 [records]`.

use std::{error::Error, net::Ipv4Addr};

use simulators::{Options, System, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let system: System = arguments.next().ok_or("which system?")?.parse()?;
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let mut options = Options { bind: (Ipv4Addr::LOCALHOST, port).into(), ..Options::default() };
    if let Some(records) = arguments.next() {
        options.records = records.parse()?;
    }
    let running = start(system, options).await?;
    println!("{system} at {}", running.url());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
