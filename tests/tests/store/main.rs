//! The store on both of its databases.

mod api_keys;
mod audit;
mod erps;
mod files;
mod keys;
mod migrations;
mod oauth;
mod support;
