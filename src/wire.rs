//! The words that the plugin and the server must spell alike, as `crates/wire` defines them.
//!
//! They are taken from that crate's files, because depending on it would bring serde and, with it, the standard library, which
//! the shipped plugin does without.

#[path = "../crates/wire/src/identifier.rs"]
pub mod identifier;

#[path = "../crates/wire/src/tracker_protocol.rs"]
pub mod tracker_protocol;

/// Fixed names of the intervention stream. A test compares them with those of `crates/wire`.
pub mod stream {
    /// Path under a Signals endpoint where the stream is opened.
    pub const INTERVENTIONS_PATH: &str = "/api/v1/interventions";

    /// SSE event name of the first frame.
    pub const HELLO_EVENT: &str = "hello";

    /// SSE event name of the keep-alive frame.
    pub const PING_EVENT: &str = "ping";
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::stream;
    use signals_wire::stream as shared;

    #[test]
    fn stream_names_are_those_of_the_server() {
        assert_eq!(stream::INTERVENTIONS_PATH, shared::INTERVENTIONS_PATH);
        assert_eq!(stream::HELLO_EVENT, shared::HELLO_EVENT);
        assert_eq!(stream::PING_EVENT, shared::PING_EVENT);
    }
}
