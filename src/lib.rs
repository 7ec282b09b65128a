//! The part of the browser plugin that runs in WebAssembly, between the event stream and the page's handlers.
//!
//! [`Plugin`] has the calls of the page. Each tracker has a `tracker::receiver`. It connects a `tracker::subscription` (which
//! interventions, from which URL) to a `delivery` (decode, drop duplicates, dispatch, measure). Interventions flow in one direction:
//!
//! `stream::event_source` → `stream::own_stream` → `stream::shared_stream` → `tracker::subscription` → `delivery` →
//! `delivery::dispatch` → `measurement`
//!
//! Modules that decide do not use the browser and run under plain `cargo test`: `stream::machine` and `stream::election` are state
//! machines. `stream::backoff`, `stream::outage`, `attribute_keys::ids`, `delivery::recent` and others are plain values.
//!
//! Page code (handlers, predicates, listeners) may call back at once, so never call it while a `RefCell` is borrowed.

mod attribute_keys;
mod client;
mod config;
mod delivery;
mod measurement;
mod page;
mod plugin;
mod stream;
mod tracker;
#[cfg(test)]
#[path = "typescript_tests.rs"]
mod typescript;
mod web;

/// Saves 4 KB of download compared with the standard library's allocator, which is optimised for speed.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

pub use client::Client;
pub use plugin::Plugin;
pub use web::log::Logger;
pub use web::snowplow::{BrowserTracker, Payload, TrackerCore};
