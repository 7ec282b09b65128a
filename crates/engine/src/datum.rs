//! A value for comparing and aggregating, borrowed from the event where possible.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::Timestamp;

/// A value read from an event, a profile or a definition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Datum<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    /// Always finite.
    Float(f64),
    Text(Cow<'a, str>),
    Moment(Timestamp),
    /// An array or an object.
    Json(&'a Value),
}

impl<'a> From<&'a Value> for Datum<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(boolean) => Datum::Boolean(*boolean),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Datum::Integer(integer),
                None => number.as_f64().map_or(Datum::Null, Datum::Float),
            },
            Value::String(text) => Datum::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Datum::Json(value),
        }
    }
}

impl Datum<'static> {
    /// A scalar value. Arrays and objects become null.
    pub(crate) fn scalar(value: Value) -> Self {
        match value {
            Value::String(text) => Datum::Text(Cow::Owned(text)),
            other => match Datum::from(&other) {
                Datum::Boolean(boolean) => Datum::Boolean(boolean),
                Datum::Integer(integer) => Datum::Integer(integer),
                Datum::Float(number) => Datum::Float(number),
                _ => Datum::Null,
            },
        }
    }
}

impl Datum<'_> {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    /// The number in a number or a numeric string, as an `Integer` or a `Float`.
    pub(crate) fn as_number(&self) -> Option<Datum<'static>> {
        match self {
            Datum::Integer(integer) => Some(Datum::Integer(*integer)),
            Datum::Float(number) => Some(Datum::Float(*number)),
            Datum::Text(text) => parse_number(text),
            _ => None,
        }
    }

    /// The moment in a moment, in milliseconds since the epoch (a number or text), or in ISO 8601 text.
    pub(crate) fn as_moment(&self) -> Option<Timestamp> {
        match (self, self.as_number()) {
            (Datum::Moment(moment), _) => Some(*moment),
            (_, Some(Datum::Integer(millis))) => Some(Timestamp::from_millis(millis)),
            (_, Some(Datum::Float(millis))) => Some(Timestamp::from_millis(millis as i64)),
            (Datum::Text(text), _) => Timestamp::parse_iso(text),
            _ => None,
        }
    }

    /// As text, for joining and comparing: values with the same text are the same. `None` for null.
    pub(crate) fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Datum::Null => None,
            Datum::Boolean(boolean) => Some(boolean.to_string().into()),
            Datum::Integer(integer) => Some(integer.to_string().into()),
            Datum::Float(number) => Some(number.to_string().into()),
            Datum::Text(text) => Some(Cow::Borrowed(text)),
            Datum::Moment(moment) => Some(moment.to_string().into()),
            Datum::Json(value) => Some(value.to_string().into()),
        }
    }

    /// As JSON. Moments become ISO 8601 strings in UTC.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Datum::Null => Value::Null,
            Datum::Boolean(boolean) => Value::Bool(boolean),
            Datum::Integer(integer) => Value::from(integer),
            Datum::Float(number) => Value::from(number),
            Datum::Text(text) => Value::String(text.into_owned()),
            Datum::Moment(moment) => Value::String(moment.to_string()),
            Datum::Json(value) => value.clone(),
        }
    }

    /// Compares two values. Numbers compare as numbers, also with numeric strings. Strings compare as strings. Other mixed types
    /// are [unordered](Relation::Unequal), and null is [unknown](Relation::Unknown).
    pub(crate) fn relate(&self, other: &Datum<'_>) -> Relation {
        match (self, other) {
            (Datum::Null, _) | (_, Datum::Null) => Relation::Unknown,
            (Datum::Text(left), Datum::Text(right)) => left.cmp(right).into(),
            (Datum::Moment(left), Datum::Moment(right)) => left.cmp(right).into(),
            // In all other comparisons, a moment is the string that reads return.
            (Datum::Moment(left), right) => Datum::Text(left.to_string().into()).relate(right),
            (left, Datum::Moment(right)) => left.relate(&Datum::Text(right.to_string().into())),
            (Datum::Boolean(left), Datum::Boolean(right)) if left == right => {
                Ordering::Equal.into()
            }
            (Datum::Json(left), Datum::Json(right)) if left == right => Ordering::Equal.into(),
            _ => match (self.as_number(), other.as_number()) {
                (Some(left), Some(right)) => compare_numbers(&left, &right),
                _ => Relation::Unequal,
            },
        }
    }
}

/// The result of comparing two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// At least one is null, so no comparison holds, not even "unequal".
    Unknown,
    /// Different, and neither comes first.
    Unequal,
    /// Comparable.
    Ordered(Ordering),
}

impl From<Ordering> for Relation {
    fn from(ordering: Ordering) -> Self {
        Relation::Ordered(ordering)
    }
}

fn compare_numbers(left: &Datum<'_>, right: &Datum<'_>) -> Relation {
    match (left, right) {
        (Datum::Integer(left), Datum::Integer(right)) => left.cmp(right).into(),
        (Datum::Integer(left), Datum::Float(right)) => compare_mixed(*left, *right).into(),
        (Datum::Float(left), Datum::Integer(right)) => {
            compare_mixed(*right, *left).reverse().into()
        }
        (Datum::Float(left), Datum::Float(right)) => {
            left.partial_cmp(right).map_or(Relation::Unequal, Relation::Ordered)
        }
        _ => Relation::Unequal,
    }
}

/// Exact beyond 2^53, where a conversion of the integer to a float would round it.
fn compare_mixed(integer: i64, float: f64) -> Ordering {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if float >= TWO_TO_63 {
        return Ordering::Less;
    }
    if float < -TWO_TO_63 {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    integer.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&float).unwrap_or(Ordering::Equal))
}

/// The number in `text` in decimal notation, as an `Integer` if possible. Neither infinity nor NaN.
pub(crate) fn parse_number(text: &str) -> Option<Datum<'static>> {
    if let Ok(integer) = text.parse() {
        return Some(Datum::Integer(integer));
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Datum::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn relate(left: &Value, right: &Value) -> Relation {
        Datum::from(left).relate(&Datum::from(right))
    }

    #[test]
    fn numbers_compare_as_numbers_whatever_they_are_written_as() {
        let cases = [
            (json!(1), json!(1.0), Ordering::Equal),
            (json!(2), json!(10), Ordering::Less),
            (json!(2.5), json!(2), Ordering::Greater),
            (json!(-2.5), json!(-2), Ordering::Less),
            (json!("10"), json!(9), Ordering::Greater),
            (json!(10.5), json!("10.5"), Ordering::Equal),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0), Ordering::Greater),
            (json!(i64::MAX), json!(9.3e18), Ordering::Less),
            (json!(i64::MIN), json!(-9.3e18), Ordering::Greater),
        ];
        for (left, right, expected) in cases {
            assert_eq!(relate(&left, &right), Relation::Ordered(expected), "{left} {right}");
            assert_eq!(
                relate(&right, &left),
                Relation::Ordered(expected.reverse()),
                "{right} {left}"
            );
        }
    }

    #[test]
    fn strings_compare_as_strings_even_when_numeric() {
        assert_eq!(relate(&json!("10"), &json!("9")), Relation::Ordered(Ordering::Less));
    }

    #[test]
    fn other_mixed_types_are_unequal_and_not_ordered() {
        for (left, right) in [
            (json!("ten"), json!(10)),
            (json!(true), json!(1)),
            (json!(true), json!("true")),
            (json!(false), json!(true)),
            (json!([1]), json!(1)),
            (json!({}), json!([])),
            (json!("NaN"), json!(1)),
            (json!("inf"), json!(1)),
        ] {
            assert_eq!(relate(&left, &right), Relation::Unequal, "{left} {right}");
        }
    }

    #[test]
    fn null_relates_to_nothing_not_even_to_null() {
        assert_eq!(relate(&json!(null), &json!(null)), Relation::Unknown);
        assert_eq!(relate(&json!(null), &json!(0)), Relation::Unknown);
        assert_eq!(relate(&json!(""), &json!(null)), Relation::Unknown);
    }
}
