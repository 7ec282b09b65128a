//! The parts of one tracker, or of a client without a tracker.

pub(crate) mod pending;
pub(crate) mod receiver;
mod subscription;
