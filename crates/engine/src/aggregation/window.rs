use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregation, Observation};
use crate::Timestamp;
use crate::datum::Datum;

/// Observations of a rolling window, from which any aggregation can be computed at any moment.
///
/// Ordered by time; equal times keep the order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    observations: VecDeque<(Timestamp, Value)>,
}

impl Window {
    /// Bounds the memory of one attribute in one profile; beyond it the oldest observations leave early.
    pub(crate) const CAPACITY: usize = 10_000;

    /// Keeps an observation, and forgets those that have left the window by `now`. Returns whether one had to leave early.
    pub(crate) fn observe(
        &mut self,
        observation: &Observation<'_>,
        now: Timestamp,
        period_ms: i64,
    ) -> bool {
        let later = self.observations.partition_point(|(at, _)| *at <= observation.at);
        self.observations.insert(later, (observation.at, observation.value.clone().into_value()));
        let expired = self.observations.partition_point(|(at, _)| !is_inside(*at, now, period_ms));
        self.observations.drain(..expired);
        let overflows = self.observations.len() > Self::CAPACITY;
        if overflows {
            self.observations.pop_front();
        }
        overflows
    }

    /// The aggregation of what is inside the window at `now`; null when nothing is.
    pub(crate) fn value(&self, aggregation: Aggregation, now: Timestamp, period_ms: i64) -> Value {
        let expired = self.observations.partition_point(|(at, _)| !is_inside(*at, now, period_ms));
        let mut inside = self.observations.range(expired..).peekable();
        if inside.peek().is_none() {
            return Value::Null;
        }
        let mut state = aggregation.state();
        for (at, value) in inside {
            state.observe(&Observation { at: *at, value: Datum::from(value) });
        }
        state.value(now)
    }

    /// When the last observation leaves the window.
    pub(crate) fn is_empty_at(&self, now: Timestamp, period_ms: i64) -> bool {
        self.observations.back().is_none_or(|(at, _)| !is_inside(*at, now, period_ms))
    }
}

/// A window reaches from just after `now` minus its period to the future: a device clock may run ahead.
fn is_inside(at: Timestamp, now: Timestamp, period_ms: i64) -> bool {
    now.millis_since(at) < period_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_full_window_lets_the_oldest_go_early_and_says_so() {
        let mut window = Window::default();
        let now = Timestamp::from_millis(20_000);
        let mut observe = |at: usize| {
            let at = Timestamp::from_millis(at as i64);
            window.observe(&Observation { at, value: Datum::Integer(1) }, now, 60_000)
        };
        for at in 0..Window::CAPACITY {
            assert!(!observe(at), "{at}");
        }
        assert!(observe(Window::CAPACITY));
        assert_eq!(window.value(Aggregation::Sum, now, 60_000), json!(Window::CAPACITY));
        assert_eq!(window.observations[0].0, Timestamp::from_millis(1), "the one at 0 left");
    }
}
