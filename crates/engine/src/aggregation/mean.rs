use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sum::Sum;
use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `mean`: the [`Sum`] divided by the number of values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    sum: Sum,
    count: u64,
}

impl Aggregate for Mean {
    const INPUT: Input = Input::Number;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.sum.observe(observation);
        self.count = self.count.saturating_add(1);
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.sum.divided_by(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_numbers;
    use serde_json::json;

    #[test]
    fn the_mean_of_prices_prints_as_it_would_on_paper() {
        assert_eq!(aggregate_numbers::<Mean>(&json!([0.1, 0.2])).to_string(), "0.15");
        assert_eq!(aggregate_numbers::<Mean>(&json!([1, 2])).to_string(), "1.5");
        assert_eq!(aggregate_numbers::<Mean>(&json!([1, 1, 2])).to_string(), "1.3333333333333333");
        assert_eq!(aggregate_numbers::<Mean>(&json!([5])).to_string(), "5");
    }

    #[test]
    fn a_mean_beyond_decimal_range_goes_on_in_floating_point() {
        assert_eq!(aggregate_numbers::<Mean>(&json!([1e30, 3e30])), json!(2e30));
    }
}
