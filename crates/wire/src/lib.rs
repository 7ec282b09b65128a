//! The words that the browser plugin and the server side of Signals must spell alike.
//!
//! Both ends depend on this crate and on nothing of each other: the [`tracker_protocol`] table, the [`stream`]
//! vocabulary, what counts as an [`identifier`], and the [`InterventionInstance`] that travels between them.
//! There is no I/O here, and the constants cost nothing where they are not used.
//!
//! The feature `json` adds the types that travel as JSON. The plugin goes without: it reads JavaScript values, and serde would
//! bring the standard library, which the shipped WebAssembly does without.

#![no_std]

#[cfg(feature = "json")]
extern crate std;

pub mod identifier;
#[cfg(feature = "json")]
mod intervention_instance;
pub mod stream;
pub mod tracker_protocol;

#[cfg(feature = "json")]
pub use intervention_instance::{InterventionInstance, TargetAttributeKey};
