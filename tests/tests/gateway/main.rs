//! End to end: a gateway in this process, three simulated ERPs behind it, and requests over the real HTTP server.

mod errors;
mod injection;
mod lists;
mod records;
mod secrecy;
mod server;
mod trouble;
