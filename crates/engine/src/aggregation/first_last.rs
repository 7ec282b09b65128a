use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `first`: the property of the earliest event. Of several at the same time, the first to arrive counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct First(Option<(Timestamp, Value)>);

/// `last`: the property of the latest event. Of several at the same time, the last to arrive counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last(Option<(Timestamp, Value)>);

impl Aggregate for First {
    const INPUT: Input = Input::Value;
    const OUTPUT: Output = Output::Any;

    fn observe(&mut self, observation: &Observation<'_>) {
        if self.0.as_ref().is_none_or(|(at, _)| observation.at < *at) {
            self.0 = Some((observation.at, observation.value.clone().into_value()));
        }
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.0.as_ref().map_or(Value::Null, |(_, value)| value.clone())
    }
}

impl Aggregate for Last {
    const INPUT: Input = Input::Value;
    const OUTPUT: Output = Output::Any;

    fn observe(&mut self, observation: &Observation<'_>) {
        if self.0.as_ref().is_none_or(|(at, _)| observation.at >= *at) {
            self.0 = Some((observation.at, observation.value.clone().into_value()));
        }
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.0.as_ref().map_or(Value::Null, |(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_timed;
    use serde_json::json;

    #[test]
    fn first_and_last_go_by_when_events_happened_not_by_arrival() {
        let late_arrival = json!([[5, "middle"], [9, "end"], [1, "start"]]);
        assert_eq!(aggregate_timed::<First>(&late_arrival), json!("start"));
        assert_eq!(aggregate_timed::<Last>(&late_arrival), json!("end"));
    }

    #[test]
    fn of_events_at_the_same_time_arrival_decides() {
        let together = json!([[5, "a"], [5, "b"], [5, "c"]]);
        assert_eq!(aggregate_timed::<First>(&together), json!("a"));
        assert_eq!(aggregate_timed::<Last>(&together), json!("c"));
    }
}
