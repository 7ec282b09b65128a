//! Whom a tracker's events are about: attribute keys and their ids.

pub(crate) mod ids;
pub(crate) mod stranger;
pub(crate) mod targets;
