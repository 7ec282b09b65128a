//! Attribute keys and their ids. [`signals_wire::ids`] decides which values are ids, for the plugin and for the server.

pub(crate) mod ids;
pub(crate) mod stranger;
pub(crate) mod targets;
mod tracked_event;
