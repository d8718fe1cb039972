//! The ERP gateway: the machinery behind the GraphQL API, and the server in front of it.

mod answers;
pub mod app;
mod audit;
pub mod auth;
pub mod config;
#[cfg(feature = "simulators")]
pub mod demo;
pub mod erps;
mod federation;
mod flight;
pub mod http;
pub mod keys;
mod oauth;
mod ready;
pub mod reload;
pub mod sealing;
pub mod store;
pub mod telemetry;
