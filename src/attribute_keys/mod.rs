//! Whom a tracker's events are about: attribute keys and their ids. Which values are ids is decided in [`signals_wire::ids`], for the
//! server as well.

pub(crate) mod ids;
pub(crate) mod stranger;
pub(crate) mod targets;
mod tracked_event;
