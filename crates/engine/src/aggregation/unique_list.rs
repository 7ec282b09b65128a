use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tally::{Entry, Tally};
use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `unique_list`: distinct values, ordered by when each was last seen, oldest first. Beyond 100 values, the one seen longest
/// ago is dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct UniqueList(Tally);

const MAX_VALUES: usize = 100;

impl Aggregate for UniqueList {
    const INPUT: Input = Input::Element;
    const OUTPUT: Output = Output::List;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.0.observe(observation);
        if self.0.entries().len() > MAX_VALUES {
            self.0.forget_first_by(|entry| entry.last_seen);
        }
    }

    fn value(&self, _now: Timestamp) -> Value {
        let mut entries: Vec<&Entry> = self.0.entries().iter().collect();
        entries.sort_by_key(|entry| entry.last_seen);
        entries.into_iter().map(|entry| entry.value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_timed;
    use serde_json::json;

    fn unique_list(pairs: Value) -> Value {
        aggregate_timed::<UniqueList>(&pairs)
    }

    #[test]
    fn values_are_listed_once_in_the_order_in_which_they_were_last_seen() {
        for (case, pairs, expected) in [
            ("in order", json!([[1, "a"], [2, "b"], [3, "c"]]), json!(["a", "b", "c"])),
            ("seen again", json!([[1, "a"], [2, "b"], [3, "a"]]), json!(["b", "a"])),
            ("late arrival", json!([[5, "a"], [1, "b"], [3, "c"]]), json!(["b", "c", "a"])),
            (
                "late arrival of a known one",
                json!([[5, "a"], [9, "b"], [1, "b"]]),
                json!(["a", "b"]),
            ),
            ("same moment", json!([[1, "b"], [1, "a"], [1, "b"]]), json!(["a", "b"])),
            (
                "empty and odd strings",
                json!([[1, ""], [2, "☕"], [3, "a\nb"], [4, "É"], [5, "é"]]),
                json!(["", "☕", "a\nb", "É", "é"]),
            ),
            (
                "numbers and booleans",
                json!([[1, 2], [2, -1], [3, 2], [4, true], [5, 0.5], [6, false]]),
                json!([-1, 2, true, 0.5, false]),
            ),
        ] {
            assert_eq!(unique_list(pairs), expected, "{case}");
        }
    }

    #[test]
    fn of_more_than_100_values_the_one_seen_longest_ago_leaves() {
        let hundred = (0..100).map(|n| json!([n, n]));
        assert_eq!(unique_list(hundred.clone().collect()), (0..100).collect::<Value>());
        let first_seen_again = hundred.clone().chain([json!([100, 0]), json!([101, "new"])]);
        let expected = (2..100).map(Value::from).chain([json!(0), json!("new")]);
        assert_eq!(unique_list(first_seen_again.collect()), expected.collect::<Value>());
        let older_than_all = hundred.chain([json!([-1, "late"])]);
        assert_eq!(unique_list(older_than_all.collect()), (0..100).collect::<Value>());
    }
}
