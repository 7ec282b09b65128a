use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use signals_engine::Timestamp;

/// The server's clock. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    ahead_millis: Arc<AtomicI64>,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    System,
    Stopped { at: Timestamp },
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(Source::System)
    }

    /// A clock that stands at `at` and moves only by [`Clock::advance`].
    pub fn stopped(at: Timestamp) -> Self {
        Self::new(Source::Stopped { at })
    }

    fn new(source: Source) -> Self {
        Self { source, ahead_millis: Arc::default() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let now = match self.source {
            Source::System => system_time(),
            Source::Stopped { at } => at,
        };
        now.plus_millis(self.ahead_millis.load(Ordering::Relaxed))
    }

    /// How far this clock was moved forward.
    pub fn ahead(&self) -> Duration {
        let millis = self.ahead_millis.load(Ordering::Relaxed);
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    /// Moves this clock and its clones forward, up to the last moment that a [`Timestamp`] can hold.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let _ = self.ahead_millis.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |ahead| {
            Some(ahead.saturating_add(millis))
        });
    }
}

fn system_time() -> Timestamp {
    // A clock before 1970 counts as 1970.
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_a_clock_moves_its_clones_too() {
        let clock = Clock::stopped(Timestamp::from_millis(1_000));
        let clone = clock.clone();
        clock.advance(Duration::from_millis(250));
        assert_eq!(clone.now(), Timestamp::from_millis(1_250));
    }

    #[test]
    fn a_clock_does_not_run_over() {
        let clock = Clock::stopped(Timestamp::from_millis(1_000));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
    }

    #[test]
    fn the_system_clock_can_be_moved_forward() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(Duration::from_secs(600));
        assert!(clock.now().millis_since(before) >= 600_000);
    }
}
