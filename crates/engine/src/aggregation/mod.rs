//! Aggregations: how events become a value.
//!
//! Each aggregation (or pair of opposites) has a file that implements [`Aggregate`], and a line in the table below. Everything
//! else is shared: which values count, rolling windows, time to live, types and serialisation.

mod approx_count_distinct;
mod category_count;
mod counter;
mod first_last;
mod frequency;
mod mean;
mod min_max;
mod sum;
mod tally;
mod time_since;
mod unique_list;
mod window;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Timestamp;
use crate::datum::Datum;
pub(crate) use window::Window;

/// The running state of one attribute in one profile.
pub(crate) trait Aggregate: Default {
    /// The aggregation's input.
    const INPUT: Input;
    /// The kind of its result.
    const OUTPUT: Output;

    /// Adds one value of the kind [`Input`].
    fn observe(&mut self, observation: &Observation<'_>);

    /// The result at `now`. Called only after at least one observation.
    fn value(&self, now: Timestamp) -> Value;
}

/// What one event contributes.
#[derive(Debug, Clone)]
pub(crate) struct Observation<'e> {
    /// The event's derived timestamp.
    pub(crate) at: Timestamp,
    /// The value of the attribute's property.
    pub(crate) value: Datum<'e>,
}

/// The input of an aggregation. Events without it do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The event itself. The property is not read.
    Event,
    /// The property if it is a number or a numeric string, as a number.
    Number,
    /// The property if it is not null.
    Value,
    /// The property, cast to one element of the attribute's type, if that is possible.
    Element,
}

/// The kind of a result, before it is cast to the attribute's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// A number. Fits every numeric type and text.
    Number,
    /// A number of milliseconds, shown in the attribute's time unit.
    Milliseconds,
    /// One of the input values.
    Element,
    /// A list of input values.
    List,
    /// An object whose names are input values.
    Map,
    /// Any value of the property.
    Any,
}

/// Generates the aggregations, their state and their dispatch from a table.
macro_rules! aggregations {
    ($($name:literal => $variant:ident($state:ty)),* $(,)?) => {
        /// An aggregation by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Aggregation { $($variant),* }

        /// State of one attribute in one profile.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(crate) enum State { $($variant($state)),* }

        impl Aggregation {
            /// The names in definitions.
            pub(crate) const NAMES: &[&str] = &[$($name),*];

            pub(crate) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Aggregation::$variant),)*
                    _ => None,
                }
            }

            pub(crate) fn input(self) -> Input {
                match self { $(Aggregation::$variant => <$state>::INPUT),* }
            }

            pub(crate) fn output(self) -> Output {
                match self { $(Aggregation::$variant => <$state>::OUTPUT),* }
            }

            /// State before the first observation.
            pub(crate) fn state(self) -> State {
                match self { $(Aggregation::$variant => State::$variant(Default::default())),* }
            }
        }

        impl State {
            pub(crate) fn aggregation(&self) -> Aggregation {
                match self { $(State::$variant(_) => Aggregation::$variant),* }
            }

            pub(crate) fn observe(&mut self, observation: &Observation<'_>) {
                match self { $(State::$variant(state) => state.observe(observation)),* }
            }

            pub(crate) fn value(&self, now: Timestamp) -> Value {
                match self { $(State::$variant(state) => state.value(now)),* }
            }
        }
    };
}

aggregations! {
    "counter" => Counter(counter::Counter),
    "sum" => Sum(sum::Sum),
    "min" => Min(min_max::Min),
    "max" => Max(min_max::Max),
    "mean" => Mean(mean::Mean),
    "first" => First(first_last::First),
    "last" => Last(first_last::Last),
    "unique_list" => UniqueList(unique_list::UniqueList),
    "most_frequent" => MostFrequent(frequency::MostFrequent),
    "least_frequent" => LeastFrequent(frequency::LeastFrequent),
    "category_count" => CategoryCount(category_count::CategoryCount),
    "approx_count_distinct" => ApproxCountDistinct(approx_count_distinct::ApproxCountDistinct),
    "time_since_last" => TimeSinceLast(time_since::TimeSinceLast),
    "time_since_first" => TimeSinceFirst(time_since::TimeSinceFirst),
}

#[cfg(test)]
mod testing {
    use super::*;

    /// What `A` makes of a JSON array of numbers and numeric strings.
    pub(super) fn aggregate_numbers<A: Aggregate>(numbers: &Value) -> Value {
        let numbers = numbers.as_array().unwrap();
        aggregate::<A>(numbers.iter().map(|number| (0, Datum::from(number).as_number().unwrap())))
    }

    /// What `A` makes of a JSON array of pairs of time in milliseconds and value, in order of arrival.
    pub(super) fn aggregate_timed<A: Aggregate>(pairs: &Value) -> Value {
        let pairs = pairs.as_array().unwrap();
        aggregate::<A>(pairs.iter().map(|pair| (pair[0].as_i64().unwrap(), Datum::from(&pair[1]))))
    }

    fn aggregate<'e, A: Aggregate>(observations: impl Iterator<Item = (i64, Datum<'e>)>) -> Value {
        let mut state = A::default();
        for (millis, value) in observations {
            state.observe(&Observation { at: Timestamp::from_millis(millis), value });
        }
        state.value(Timestamp::from_millis(0))
    }
}
