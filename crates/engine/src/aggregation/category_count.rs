use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::frequency::Frequencies;
use super::tally::Entry;
use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `category_count`: how often each value was seen, as `{value: count}` of the 100 most frequent values. Of equally frequent
/// values, those seen last.
///
/// It counts ten times as many values, so that the count of a value that becomes frequent late is complete.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CategoryCount(Frequencies<1000>);

const MAX_SHOWN: usize = 100;

impl Aggregate for CategoryCount {
    const INPUT: Input = Input::Element;
    const OUTPUT: Output = Output::Map;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.0.observe(observation);
    }

    fn value(&self, _now: Timestamp) -> Value {
        let mut entries: Vec<&Entry> = self.0.entries().iter().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.frequency()));
        let shown = entries.into_iter().take(MAX_SHOWN);
        shown
            .map(|entry| {
                let name = match &entry.value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                (name, entry.count.into())
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_timed;
    use serde_json::json;

    #[test]
    fn every_value_is_listed_with_its_count() {
        let pairs = json!([[1, "a"], [2, ""], [3, "é"], [4, "a"], [5, "a\u{0}b"]]);
        assert_eq!(
            aggregate_timed::<CategoryCount>(&pairs),
            json!({"a": 2, "": 1, "é": 1, "a\u{0}b": 1})
        );
    }

    #[test]
    fn of_more_than_100_values_the_most_frequent_are_listed_with_their_whole_count() {
        let every_value_once = (0..150).map(|n| (n, n));
        let later_ones_again = (100..150).map(|n| (n + 50, n));
        let pairs: Value = every_value_once
            .chain(later_ones_again)
            .map(|(at, n)| json!([at, n.to_string()]))
            .collect();
        let counts = aggregate_timed::<CategoryCount>(&pairs);
        let expected: Value = (50..150)
            .map(|n| (n.to_string(), json!(if n < 100 { 1 } else { 2 })))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(counts, expected, "of those seen once, the fifty seen last");
    }
}
