use std::time::Duration;

/// How much the hub keeps, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryRules {
    /// Instances kept for replay, per target.
    pub(crate) replay_instances: usize,
    /// Bytes that all instances together may take that are kept for replay. The oldest leave early.
    pub(crate) replay_bytes: usize,
    /// How long an instance can be replayed.
    pub(crate) replay_window: Duration,
    /// How long an instance that no stream had waits for the first one.
    pub(crate) waiting_time: Duration,
    /// How many instances may wait for their first stream. The oldest leave early.
    pub(crate) waiting_instances: usize,
    /// Whether instances reach the streams that are open, and nothing else: none is replayed or waits, and streams have no ids
    /// from which to resume.
    pub(crate) live_only: bool,
    /// Bytes that may wait for one reader. One that falls further behind is disconnected.
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
            // About 3,000 instances: far more than a burst that replay could heal, little enough for many readers.
            queue_bytes: 1 << 20,
        }
    }
}
