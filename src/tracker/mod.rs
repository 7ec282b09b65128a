//! What belongs to one tracker of the page, or to a client without a tracker.

pub(crate) mod pending;
pub(crate) mod receiver;
mod subscription;
