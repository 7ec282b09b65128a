use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregation, Observation, State};
use crate::Timestamp;
use crate::datum::Datum;

/// The observations of a rolling window. Any aggregation can be computed from them at any moment.
///
/// Ordered by time. Equal times keep the order of arrival.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Window {
    observations: VecDeque<(Timestamp, Value)>,
    /// The aggregation of all observations. Usually events arrive in order and none expires, so an event costs one step.
    #[serde(skip)]
    aggregated: Option<State>,
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.observations == other.observations
    }
}

impl Window {
    /// Limits the memory of one attribute in one profile. Beyond it, the oldest observations are dropped early.
    pub(crate) const CAPACITY: usize = 10_000;

    /// Adds an observation, and removes those that have left the window by `now`. Returns whether one was dropped early.
    pub(crate) fn observe(
        &mut self,
        observation: &Observation<'_>,
        aggregation: Aggregation,
        now: Timestamp,
        period_ms: i64,
    ) -> bool {
        let before = self.observations.len();
        let later = self.observations.partition_point(|(at, _)| *at <= observation.at);
        self.observations.insert(later, (observation.at, observation.value.clone().into_value()));
        let expired = self.observations.partition_point(|(at, _)| !is_inside(*at, now, period_ms));
        self.observations.drain(..expired);
        let overflows = self.observations.len() > Self::CAPACITY;
        if overflows {
            self.observations.pop_front();
        }
        let is_last = later == before && self.observations.len() == before + 1;
        match &mut self.aggregated {
            Some(state) if is_last && state.aggregation() == aggregation => {
                state.observe(observation);
            }
            aggregated => *aggregated = Some(aggregate(aggregation, self.observations.iter())),
        }
        overflows
    }

    /// The aggregation of the observations in the window at `now`, or null if there are none.
    pub(crate) fn value(&self, aggregation: Aggregation, now: Timestamp, period_ms: i64) -> Value {
        if self.is_empty_at(now, period_ms) {
            return Value::Null;
        }
        let expired = self.observations.partition_point(|(at, _)| !is_inside(*at, now, period_ms));
        match &self.aggregated {
            Some(state) if expired == 0 && state.aggregation() == aggregation => state.value(now),
            _ => aggregate(aggregation, self.observations.range(expired..)).value(now),
        }
    }

    /// When the last observation leaves the window.
    pub(crate) fn is_empty_at(&self, now: Timestamp, period_ms: i64) -> bool {
        self.observations.back().is_none_or(|(at, _)| !is_inside(*at, now, period_ms))
    }
}

fn aggregate<'o>(
    aggregation: Aggregation,
    observations: impl Iterator<Item = &'o (Timestamp, Value)>,
) -> State {
    let mut state = aggregation.state();
    for (at, value) in observations {
        state.observe(&Observation { at: *at, value: Datum::from(value) });
    }
    state
}

/// A window begins just after `now` minus its period and has no end, because a device clock can be fast.
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
            let observation = Observation { at, value: Datum::Integer(1) };
            window.observe(&observation, Aggregation::Sum, now, 60_000)
        };
        for at in 0..Window::CAPACITY {
            assert!(!observe(at), "{at}");
        }
        assert!(observe(Window::CAPACITY));
        assert_eq!(window.value(Aggregation::Sum, now, 60_000), json!(Window::CAPACITY));
        assert_eq!(window.observations[0].0, Timestamp::from_millis(1), "the one at 0 left");
    }

    #[test]
    fn a_window_is_aggregated_anew_when_the_aggregation_changes() {
        let mut window = Window::default();
        let now = Timestamp::from_millis(0);
        let mut observe = |value: i64, aggregation| {
            let observation = Observation { at: now, value: Datum::Integer(value) };
            window.observe(&observation, aggregation, now, 1);
            window.value(aggregation, now, 1)
        };
        assert_eq!(observe(5, Aggregation::Sum), json!(5));
        assert_eq!(observe(3, Aggregation::Max), json!(5));
        assert_eq!(observe(1, Aggregation::Sum), json!(9));
        assert_eq!(window.value(Aggregation::Min, now, 1), json!(1));
    }
}
