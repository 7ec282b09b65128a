//! The server, from its clients' point of view.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attributes;
mod batches;
mod collector;
mod command_line;
mod connections;
mod credentials;
mod docs;
mod enriched;
mod event_logs;
mod faults;
mod hosted;
mod hostile_collector;
mod inspector;
mod inspector_extension;
mod killed;
mod memory;
mod mobile;
mod persistence;
mod program;
mod registry;
mod server;
mod stream;
mod support;
mod testing;
mod tls;
