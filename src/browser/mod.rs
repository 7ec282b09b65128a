//! Browser facilities as values that clean up after themselves when dropped.

pub mod abort;
pub mod callback;
pub mod clock;
pub mod json;
pub mod lifecycle;
pub mod listener;
pub mod lock;
pub mod log;
pub mod object;
pub mod promise;
pub mod snowplow;
pub mod storage;
pub mod task;
pub mod text;
pub mod timer;
