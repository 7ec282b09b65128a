//! The code that the browser plugin and the server share.
//!
//! Both ends depend on this crate and on nothing of each other: the [`tracker_protocol`] table, what finds [`ids`] in events, what
//! counts as an [`identifier`], the [`stream`] vocabulary, and the [`InterventionInstance`] that travels between them. There is no I/O
//! here.

pub mod base64;
pub mod identifier;
pub mod ids;
mod intervention_instance;
mod lenient;
pub mod number;
pub mod query;
pub mod schema;
pub mod stream;
pub mod text;
pub mod tracker_protocol;
pub mod url;

pub use intervention_instance::{InterventionInstance, TargetAttributeKey};
