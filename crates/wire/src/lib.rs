//! What the browser plugin and the server side of Signals must spell alike.
//!
//! Both ends depend on this crate and on nothing of each other: the [`tracker_protocol`] table, the [`stream`] vocabulary, what
//! counts as an [`identifier`], and the [`InterventionInstance`] that travels between them. There is no I/O here.

pub mod identifier;
mod intervention_instance;
mod lenient;
pub mod stream;
pub mod tracker_protocol;

pub use intervention_instance::{InterventionInstance, TargetAttributeKey};
