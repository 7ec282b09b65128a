use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `counter`: the number of matching events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter(u64);

impl Aggregate for Counter {
    const INPUT: Input = Input::Event;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, _observation: &Observation<'_>) {
        self.0 = self.0.saturating_add(1);
    }

    fn value(&self, _now: Timestamp) -> Value {
        self.0.into()
    }
}
