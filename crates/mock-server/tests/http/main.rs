//! The server as its clients see it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod collector;
mod server;
mod stream;
mod support;
