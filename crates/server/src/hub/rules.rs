use std::time::Duration;

/// How much the hub keeps, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryRules {
    /// Instances kept for replay, per target.
    pub(crate) replay_instances: usize,
    /// Bytes that all kept instances may take together. Beyond it, the oldest are dropped early.
    pub(crate) replay_bytes: usize,
    /// How long an instance can be replayed.
    pub(crate) replay_window: Duration,
    /// How long an instance that no stream received waits for a stream.
    pub(crate) waiting_time: Duration,
    /// How many instances may wait for a stream. Beyond it, the oldest are dropped early.
    pub(crate) waiting_instances: usize,
    /// Whether instances reach only streams that are open: none is replayed or waits, and streams have no ids to resume from.
    pub(crate) live_only: bool,
    /// Bytes that may wait for one client. A client that falls further behind is disconnected.
    pub(crate) queue_bytes: usize,
}

impl Default for DeliveryRules {
    fn default() -> Self {
        Self {
            replay_instances: 100,
            replay_bytes: 256 << 20,
            replay_window: Duration::from_secs(10 * 60),
            waiting_time: Duration::from_secs(60),
            waiting_instances: 1_000_000,
            live_only: false,
            // About 3,000 instances: more than any burst, and little enough for many clients.
            queue_bytes: 1 << 20,
        }
    }
}
