//! The life cycle of one tracker's stream.
//!
//! The decisions are pure: [`sharing`] whether this page has a stream of its own or listens to another tab's, [`machine`] when to
//! open, close and retry a stream of its own, [`hand_over`] what happens to the previous one when ids change, [`outage`] what to
//! warn of. [`member`] and [`driver`] carry them out.

pub mod backoff;
pub mod channel;
pub mod driver;
pub mod event_stream;
pub mod hand_over;
pub mod machine;
pub mod member;
pub mod outage;
pub mod probe;
pub mod problem_text;
pub mod recent;
pub mod resume;
pub mod sharing;
pub mod status;
pub mod stream_url;
