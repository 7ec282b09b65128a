use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tally::{Entry, Tally};
use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `most_frequent`: the value seen most often. Of several, the one seen last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MostFrequent(Frequencies<100>);

/// `least_frequent`: the value seen least often. Of several, the one seen longest ago.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LeastFrequent(Frequencies<100>);

/// How often each of at most `CAPACITY` distinct values was seen.
///
/// A new value replaces the rarest one or, of several, the one seen longest ago. Frequent values stay, and new ones can still
/// become frequent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Frequencies<const CAPACITY: usize>(Tally);

impl<const CAPACITY: usize> Frequencies<CAPACITY> {
    pub(super) fn observe(&mut self, observation: &Observation<'_>) {
        if self.0.entries().len() >= CAPACITY
            && !self.0.contains(&observation.value.clone().into_value())
        {
            self.0.forget_first_by(Entry::frequency);
        }
        self.0.observe(observation);
    }

    pub(super) fn entries(&self) -> &[Entry] {
        self.0.entries()
    }
}

impl Aggregate for MostFrequent {
    const INPUT: Input = Input::Element;
    const OUTPUT: Output = Output::Element;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.0.observe(observation);
    }

    fn value(&self, _now: Timestamp) -> Value {
        let most = self.0.entries().iter().max_by_key(|entry| entry.frequency());
        most.map_or(Value::Null, |entry| entry.value.clone())
    }
}

impl Aggregate for LeastFrequent {
    const INPUT: Input = Input::Element;
    const OUTPUT: Output = Output::Element;

    fn observe(&mut self, observation: &Observation<'_>) {
        self.0.observe(observation);
    }

    fn value(&self, _now: Timestamp) -> Value {
        let least = self.0.entries().iter().min_by_key(|entry| entry.frequency());
        least.map_or(Value::Null, |entry| entry.value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::testing::aggregate_timed;
    use serde_json::json;

    #[test]
    fn the_most_and_the_least_frequent_value_are_told_by_count_then_by_recency() {
        for (case, pairs, most, least) in [
            ("by count", json!([[1, "a"], [2, "b"], [3, "b"]]), "b", "a"),
            ("only one", json!([[1, ""]]), "", ""),
            ("a tie", json!([[1, "b"], [2, "c"], [3, "a"]]), "a", "b"),
            ("a tie, late arrival", json!([[5, "a"], [1, "b"]]), "a", "b"),
            ("a tie at the same moment", json!([[1, "b"], [1, "a"]]), "a", "b"),
            ("a tie of two", json!([[1, "a"], [2, "b"], [3, "a"], [4, "b"]]), "b", "a"),
            ("beyond ASCII", json!([[1, "é"], [2, "É"], [3, "é"]]), "é", "É"),
        ] {
            assert_eq!(aggregate_timed::<MostFrequent>(&pairs), json!(most), "{case}");
            assert_eq!(aggregate_timed::<LeastFrequent>(&pairs), json!(least), "{case}");
        }
    }

    #[test]
    fn a_favourite_outlives_any_number_of_passing_values() {
        let favourite = (0..3).map(|n| json!([n, "favourite"]));
        let passing = (3..1000).map(|n| json!([n, n]));
        let pairs: Value = favourite.chain(passing).collect();
        assert_eq!(aggregate_timed::<MostFrequent>(&pairs), json!("favourite"));
        assert_eq!(
            aggregate_timed::<LeastFrequent>(&pairs),
            json!(901),
            "the oldest of the 99 others"
        );
    }

    #[test]
    fn a_new_favourite_gets_in_when_100_values_are_known() {
        let known = (0..200).map(|n| json!([n, n % 100]));
        let new = (200..203).map(|n| json!([n, "new"]));
        assert_eq!(aggregate_timed::<MostFrequent>(&known.chain(new).collect()), json!("new"));
    }
}
