use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;
use crate::amount::Amount;

/// `sum`: the total of the property, without drift (see [`Amount`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum(Amount);

impl Default for Sum {
    fn default() -> Self {
        Sum(Amount::ZERO)
    }
}

impl Aggregate for Sum {
    const INPUT: Input = Input::Number;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, observation: &Observation<'_>) {
        if let Some(amount) = Amount::of(&observation.value) {
            self.0 = self.0.plus(amount);
        }
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.0.into_datum().into_value()
    }
}

impl Sum {
    /// The total divided by `count`, or null if `count` is 0.
    pub(super) fn divided_by(&self, count: u64) -> Value {
        self.0.divided_by(count).map_or(Value::Null, |mean| mean.into_datum().into_value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_numbers;
    use serde_json::json;

    fn sum(numbers: Value) -> Value {
        aggregate_numbers::<Sum>(&numbers)
    }

    #[test]
    fn prices_add_up_without_drift() {
        assert_eq!(sum(json!([0.1, 0.2])).to_string(), "0.3");
        assert_eq!(sum(json!(vec![0.1; 300])).to_string(), "30");
        assert_eq!(sum(json!([9.99, "9.99", 129.5])).to_string(), "149.48");
        assert_eq!(sum(json!([0.3, -0.1, -0.2])).to_string(), "0");
    }

    #[test]
    fn a_total_beyond_decimal_range_goes_on_in_floating_point() {
        assert_eq!(sum(json!([1e30, 1])), json!(1e30));
        assert_eq!(sum(json!([7e28, 7e28])), json!(1.4e29));
    }

    #[test]
    fn a_total_beyond_floating_point_stays_at_its_largest_value() {
        assert_eq!(sum(json!([1.7e308, 1.7e308])), json!(f64::MAX));
        assert_eq!(sum(json!([-1.7e308, -1.7e308])), json!(f64::MIN));
    }

    #[test]
    fn numbers_too_small_for_decimals_count_as_zero() {
        assert_eq!(sum(json!([1e-300, 1])), json!(1));
    }
}
