use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Input, Observation, Output};
use crate::datum::{Datum, parse_number};

/// `sum`: the total of the property.
///
/// Added up in decimal, so that 0.1 and 0.2 make 0.3: a number counts as the shortest decimal that denotes it, which is how
/// it was written. Decimals hold 28 digits; a total that outgrows them goes on in floating point, and stays at its largest
/// value rather than become infinite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Sum {
    Exact(Decimal),
    Approximate(f64),
}

impl Default for Sum {
    fn default() -> Self {
        Sum::Exact(Decimal::ZERO)
    }
}

impl Aggregate for Sum {
    const INPUT: Input = Input::Number;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, observation: &Observation<'_>) {
        let (decimal, float) = match observation.value {
            Datum::Integer(integer) => (Some(Decimal::from(integer)), integer as f64),
            Datum::Float(float) => (Decimal::from_str(&float.to_string()).ok(), float),
            _ => return,
        };
        *self = match self {
            Sum::Exact(total) => match decimal.and_then(|decimal| total.checked_add(decimal)) {
                Some(total) => Sum::Exact(total),
                None => Sum::Approximate(add_saturating(nearest_float(*total), float)),
            },
            Sum::Approximate(total) => Sum::Approximate(add_saturating(*total, float)),
        };
    }

    fn value(&self) -> Value {
        match self {
            Sum::Exact(total) => value_of(*total),
            Sum::Approximate(total) => Value::from(*total),
        }
    }
}

impl Sum {
    /// The total divided by `count`; null when that is 0.
    pub(super) fn divided_by(&self, count: u64) -> Value {
        match self {
            Sum::Exact(total) => total.checked_div(count.into()).map_or(Value::Null, value_of),
            Sum::Approximate(total) => Value::from(total / count as f64),
        }
    }
}

/// An integer where it is one, else the nearest floating point number.
fn value_of(decimal: Decimal) -> Value {
    parse_number(&decimal.normalize().to_string()).map_or(Value::Null, Datum::into_value)
}

/// By way of text, because that rounds correctly: dividing mantissa by scale may be off by one digit.
fn nearest_float(decimal: Decimal) -> f64 {
    decimal.to_string().parse().unwrap_or_default()
}

fn add_saturating(left: f64, right: f64) -> f64 {
    (left + right).clamp(f64::MIN, f64::MAX)
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
