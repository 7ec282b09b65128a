//! The part of the browser plugin that runs in WebAssembly: everything between the event stream and the page's handlers.
//!
//! [`Plugin`] has the calls of the page. Each tracker has a `tracker::receiver`, which joins a `tracker::subscription` (whose
//! interventions, from which URL) with a `delivery` (decode, drop duplicates, dispatch, measure). An intervention goes one way:
//!
//! `stream::event_source` → `stream::own_stream` → `stream::shared_stream` → `tracker::subscription` → `delivery` →
//! `delivery::dispatch` → `measurement`
//!
//! Decisions live in modules that touch no browser and run under plain `cargo test`: `stream::machine` and `stream::election` are
//! state machines, `stream::backoff`, `stream::outage`, `attribute_keys::ids`, `delivery::recent` and others are plain values.
//!
//! Code of the page (handlers, predicates, listeners) is never called while a `RefCell` is borrowed: it may call back at once.

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

/// Four kilobytes less to download than the allocator of the standard library, which is built for speed.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

pub use client::Client;
pub use plugin::Plugin;
pub use web::log::Logger;
pub use web::snowplow::{BrowserTracker, Payload, TrackerCore};
