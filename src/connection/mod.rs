//! The life cycle of one tracker's stream: pure decisions in [`machine`], carried out by [`driver`].

pub mod backoff;
pub mod driver;
pub mod event_stream;
pub mod machine;
pub mod probe;
pub mod problem_text;
pub mod resume;
pub mod stream_url;
