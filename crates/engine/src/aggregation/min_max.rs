use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;
use crate::datum::{Datum, Relation};

/// `min`: the smallest number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Min(Value);

/// `max`: the largest number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Max(Value);

impl Aggregate for Min {
    const INPUT: Input = Input::Number;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, observation: &Observation<'_>) {
        keep(&mut self.0, &observation.value, Ordering::Less);
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.0.clone()
    }
}

impl Aggregate for Max {
    const INPUT: Input = Input::Number;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, observation: &Observation<'_>) {
        keep(&mut self.0, &observation.value, Ordering::Greater);
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.0.clone()
    }
}

/// Replaces `kept`, which is null at first, by `candidate` if that is further in the direction of `beyond`.
fn keep(kept: &mut Value, candidate: &Datum<'_>, beyond: Ordering) {
    match candidate.relate(&Datum::from(&*kept)) {
        Relation::Ordered(ordering) if ordering != beyond => {}
        _ => *kept = candidate.clone().into_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_numbers;
    use serde_json::json;

    #[test]
    fn the_smallest_and_the_largest_number_win_whatever_the_order() {
        for numbers in [json!([3, -2.5, 7, 7.5]), json!([7.5, 7, -2.5, 3]), json!([-2.5, 7.5])] {
            assert_eq!(aggregate_numbers::<Min>(&numbers), json!(-2.5), "{numbers}");
            assert_eq!(aggregate_numbers::<Max>(&numbers), json!(7.5), "{numbers}");
        }
        assert_eq!(aggregate_numbers::<Min>(&json!([4])), json!(4));
        assert_eq!(aggregate_numbers::<Max>(&json!(["10", 9])), json!(10));
    }
}
