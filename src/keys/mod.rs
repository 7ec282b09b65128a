//! Whom a tracker's events are about: attribute keys and their ids.

pub mod extract;
pub mod ids;
pub mod nobody;
