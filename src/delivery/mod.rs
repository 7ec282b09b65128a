//! From a frame of the stream to the page's handlers, once each.

pub mod decode;
pub mod dispatch;
pub mod duplicates;
pub mod handler;
pub mod handlers;
pub mod pipeline;
pub mod waiting;
