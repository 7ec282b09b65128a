//! The part of the browser plugin that runs in WebAssembly: everything between the event stream and the page's handlers.
//!
//! [`page`] holds the calls that JavaScript makes. Each tracker has a [`session`], which joins a [`subscription`] (whose ids, which
//! URL, in which state) to a delivery pipeline (decode, drop duplicates, dispatch, measure). Decisions live in modules that
//! touch no browser and run under plain `cargo test`; [`browser`] holds what they need of it.
//!
//! Code of the page (handlers, predicates, listeners) is never called while a `RefCell` is borrowed: it may call back at once.

#![no_std]

extern crate alloc;
#[cfg(not(all(feature = "standalone", target_arch = "wasm32")))]
extern crate std;

pub mod browser;
pub mod config;
pub mod connection;
pub mod delivery;
pub mod early;
pub mod keys;
pub mod measurement;
pub mod pace;
pub mod page;
#[cfg(all(feature = "standalone", target_arch = "wasm32"))]
mod runtime;
pub mod session;
pub mod subscription;
