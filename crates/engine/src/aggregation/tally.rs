//! The shared state of aggregations over distinct values.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Observation;
use crate::Timestamp;

/// Distinct values, and how often and how recently each was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Sorted by value, to find one quickly.
    entries: Vec<Entry>,
    /// The number of observations. Numbers them in order of arrival.
    arrivals: u64,
}

/// One distinct value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) count: u64,
    pub(super) last_seen: Seen,
}

/// When a value was seen. At the same moment, the order of arrival decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Seen {
    at: Timestamp,
    arrival: u64,
}

impl Tally {
    pub(super) fn observe(&mut self, observation: &Observation<'_>) {
        self.arrivals = self.arrivals.saturating_add(1);
        let seen = Seen { at: observation.at, arrival: self.arrivals };
        let value = observation.value.clone().into_value();
        match self.position(&value) {
            Ok(position) => {
                let entry = &mut self.entries[position];
                entry.count = entry.count.saturating_add(1);
                entry.last_seen = entry.last_seen.max(seen);
            }
            Err(position) => {
                self.entries.insert(position, Entry { value, count: 1, last_seen: seen });
            }
        }
    }

    pub(super) fn contains(&self, value: &Value) -> bool {
        self.position(value).is_ok()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Removes the first value in the given order.
    pub(super) fn forget_first_by<K: Ord>(&mut self, order: impl Fn(&Entry) -> K) {
        let first = (0..self.entries.len()).min_by_key(|position| order(&self.entries[*position]));
        if let Some(position) = first {
            self.entries.remove(position);
        }
    }

    fn position(&self, value: &Value) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| compare(&entry.value, value))
    }
}

impl Entry {
    /// Orders values from the rarest to the most frequent. Of equally frequent values, the one seen longest ago comes first.
    pub(super) fn frequency(&self) -> (u64, Seen) {
        (self.count, self.last_seen)
    }
}

/// A total order of values, used only for binary search.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            let float = |number: &serde_json::Number| number.as_f64().unwrap_or_default();
            (left.as_i64().cmp(&right.as_i64())).then_with(|| float(left).total_cmp(&float(right)))
        }
        _ => kind(left).cmp(&kind(right)).then_with(|| left.to_string().cmp(&right.to_string())),
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    }
}
