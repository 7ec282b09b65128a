use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `time_since_first`: how long ago the earliest event happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimeSinceFirst(Option<Timestamp>);

/// `time_since_last`: how long ago the latest event happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimeSinceLast(Option<Timestamp>);

impl Aggregate for TimeSinceFirst {
    const INPUT: Input = Input::Event;
    const OUTPUT: Output = Output::Milliseconds;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.0 = Some(self.0.map_or(observation.at, |at| at.min(observation.at)));
    }

    fn value(&self, now: Timestamp) -> Value {
        elapsed(self.0, now)
    }
}

impl Aggregate for TimeSinceLast {
    const INPUT: Input = Input::Event;
    const OUTPUT: Output = Output::Milliseconds;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.0 = Some(self.0.map_or(observation.at, |at| at.max(observation.at)));
    }

    fn value(&self, now: Timestamp) -> Value {
        elapsed(self.0, now)
    }
}

/// Never negative: a device clock can be fast, so that events are in the future.
fn elapsed(since: Option<Timestamp>, now: Timestamp) -> Value {
    since.map_or(Value::Null, |at| now.millis_since(at).max(0).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datum::Datum;
    use serde_json::json;

    #[test]
    fn time_is_measured_from_the_earliest_and_the_latest_event_to_the_moment_of_reading() {
        for (case, happened, read_at, since_first, since_last) in [
            ("in order", &[10, 20][..], 100, 90, 80),
            ("late arrival", &[20, 10, 15], 100, 90, 80),
            ("at the same moment", &[10, 10], 10, 0, 0),
            ("partly in the future", &[10, 200], 100, 90, 0),
            ("in the future", &[200], 100, 0, 0),
            ("the ends of time", &[i64::MIN, i64::MAX], i64::MAX, i64::MAX, 0),
        ] {
            let (mut first, mut last) = (TimeSinceFirst::default(), TimeSinceLast::default());
            for millis in happened {
                let at = Timestamp::from_millis(*millis);
                let observation = Observation { at, value: Datum::Null };
                first.observe(&observation);
                last.observe(&observation);
            }
            let now = Timestamp::from_millis(read_at);
            assert_eq!(first.value(now), json!(since_first), "{case}");
            assert_eq!(last.value(now), json!(since_last), "{case}");
        }
    }
}
