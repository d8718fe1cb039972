//! The store on both of its databases.

mod audit;
mod erps;
mod files;
mod keys;
mod migrations;
mod oauth;
mod support;
