//! The types that attribute values are cast to.

use std::mem;

use serde_json::{Number, Value, json};

use crate::Timestamp;
use crate::datum::{Datum, parse_number};

/// Declared type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Scalar(ScalarType),
    List(ScalarType),
    Dict,
}

/// Type of a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarType {
    Int32,
    Int64,
    Float,
    Double,
    Text,
    Boolean,
    /// A moment as ISO 8601 text in UTC. Numbers are milliseconds since the epoch, as in events.
    Timestamp,
    /// Whole seconds since the epoch. Numbers are in seconds already.
    UnixTimestamp,
}

/// The names in definitions. Bytes are text.
const SCALAR_TYPES: &[(&str, ScalarType)] = &[
    ("int32", ScalarType::Int32),
    ("int64", ScalarType::Int64),
    ("unix_timestamp", ScalarType::UnixTimestamp),
    ("float", ScalarType::Float),
    ("double", ScalarType::Double),
    ("string", ScalarType::Text),
    ("bytes", ScalarType::Text),
    ("timestamp", ScalarType::Timestamp),
    ("bool", ScalarType::Boolean),
];

/// A value after casting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cast {
    /// Null if the value cannot be cast to the type.
    pub(crate) value: Value,
    /// Whether the value was out of range and replaced by the nearest value in range.
    pub(crate) saturated: bool,
}

impl Cast {
    fn exact(value: impl Into<Value>) -> Self {
        Self { value: value.into(), saturated: false }
    }
}

/// The names of types in definitions.
#[cfg(feature = "openapi")]
pub(crate) fn names() -> impl Iterator<Item = String> {
    let scalars = SCALAR_TYPES.iter().map(|(name, _)| (*name).to_owned());
    let lists = SCALAR_TYPES.iter().map(|(name, _)| format!("{name}_list"));
    scalars.chain(lists).chain(["dict".to_owned()])
}

impl ValueType {
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == "dict" {
            return Some(ValueType::Dict);
        }
        let scalar = |name: &str| {
            SCALAR_TYPES.iter().find(|(known, _)| *known == name).map(|(_, scalar)| *scalar)
        };
        match name.strip_suffix("_list") {
            Some(element) => scalar(element).map(ValueType::List),
            None => scalar(name).map(ValueType::Scalar),
        }
    }

    /// What reads return for an unset attribute without a default.
    pub(crate) fn default_value(self) -> Value {
        match self {
            ValueType::Scalar(scalar) => match scalar {
                ScalarType::Int32 | ScalarType::Int64 | ScalarType::UnixTimestamp => json!(0),
                ScalarType::Float | ScalarType::Double => json!(0.0),
                ScalarType::Text | ScalarType::Timestamp => json!(""),
                ScalarType::Boolean => json!(false),
            },
            ValueType::List(_) => json!([]),
            ValueType::Dict => json!({}),
        }
    }

    pub(crate) fn is_numeric_or_text(self) -> bool {
        matches!(self, ValueType::Scalar(scalar) if scalar != ScalarType::Boolean)
    }

    /// Whether values are numbers with a fraction.
    pub(crate) fn is_fractional(self) -> bool {
        matches!(self, ValueType::Scalar(ScalarType::Float | ScalarType::Double))
    }

    /// Whether values are whole numbers or lists of them.
    pub(crate) fn is_whole(self) -> bool {
        let (ValueType::Scalar(scalar) | ValueType::List(scalar)) = self else { return false };
        matches!(scalar, ScalarType::Int32 | ScalarType::Int64)
    }

    /// Casts `value` to one element of this type (names of a dict are text). Returns it and whether it was out of range. Null if it
    /// cannot be cast.
    pub(crate) fn cast_element(self, value: Datum<'_>) -> (Datum<'_>, bool) {
        let scalar = match self {
            ValueType::Scalar(scalar) | ValueType::List(scalar) => scalar,
            ValueType::Dict => ScalarType::Text,
        };
        match (scalar, value) {
            (_, Datum::Null) => (Datum::Null, false),
            (ScalarType::Text, text @ Datum::Text(_)) => (text, false),
            (_, value) => {
                let cast = scalar.cast(value.into_value());
                (Datum::scalar(cast.value), cast.saturated)
            }
        }
    }

    pub(crate) fn cast(self, value: Value) -> Cast {
        match (self, value) {
            (ValueType::Scalar(scalar), value) => scalar.cast(value),
            (ValueType::List(scalar), Value::Array(mut elements)) => {
                let mut saturated = false;
                for element in &mut elements {
                    let cast = scalar.cast(mem::take(element));
                    saturated |= cast.saturated;
                    *element = cast.value;
                }
                Cast { value: Value::Array(elements), saturated }
            }
            (ValueType::Dict, value @ Value::Object(_)) => Cast::exact(value),
            (ValueType::List(_) | ValueType::Dict, _) => Cast::exact(Value::Null),
        }
    }
}

impl ScalarType {
    fn cast(self, value: Value) -> Cast {
        if value.is_null() {
            return Cast::exact(Value::Null);
        }
        match self {
            ScalarType::Int32 => cast_integer(&value, i64::from(i32::MIN), i64::from(i32::MAX)),
            ScalarType::Int64 => cast_integer(&value, i64::MIN, i64::MAX),
            ScalarType::Float => cast_float(&value, f64::from(f32::MAX), shortest_single),
            ScalarType::Double => cast_float(&value, f64::MAX, |number| number),
            ScalarType::Text => match value {
                Value::String(_) => Cast::exact(value),
                other => Cast::exact(other.to_string()),
            },
            ScalarType::Boolean => cast_boolean(&value),
            ScalarType::Timestamp => {
                let moment = Datum::from(&value).as_moment().filter(|at| at.to_civil().is_some());
                Cast::exact(moment.map(|moment| moment.to_string()))
            }
            ScalarType::UnixTimestamp => match value.as_str().and_then(Timestamp::parse_iso) {
                Some(moment) => Cast::exact(moment.as_millis().div_euclid(1000)),
                None => cast_integer(&value, i64::MIN, i64::MAX),
            },
        }
    }
}

/// Events contain booleans in many forms. Numbers, also in strings, are true unless they are zero.
fn cast_boolean(value: &Value) -> Cast {
    let boolean = match value {
        Value::Bool(boolean) => Some(*boolean),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => match Datum::from(value).as_number() {
            Some(Datum::Integer(integer)) => Some(integer != 0),
            Some(Datum::Float(number)) => Some(number != 0.0),
            _ => None,
        },
    };
    Cast::exact(boolean)
}

/// Cuts off fractions, towards zero.
fn cast_integer(value: &Value, min: i64, max: i64) -> Cast {
    match Datum::from(value).as_number() {
        Some(Datum::Integer(integer)) => Cast {
            value: integer.clamp(min, max).into(),
            saturated: !(min..=max).contains(&integer),
        },
        Some(Datum::Float(number)) => {
            let whole = number.trunc();
            // `as` saturates at the bounds of i64; these bounds are exact in i128.
            let integer = whole as i128;
            let in_range = (i128::from(min)..=i128::from(max)).contains(&integer);
            Cast { value: (whole as i64).clamp(min, max).into(), saturated: !in_range }
        }
        _ => Cast::exact(Value::Null),
    }
}

fn cast_float(value: &Value, max: f64, round: impl Fn(f64) -> f64) -> Cast {
    let number = match Datum::from(value).as_number() {
        Some(Datum::Integer(integer)) => integer as f64,
        Some(Datum::Float(number)) => number,
        _ => return Cast::exact(Value::Null),
    };
    // Adding zero turns minus zero into zero.
    let rounded = round(number.clamp(-max, max)) + 0.0;
    let value = Number::from_f64(rounded).map_or(Value::Null, Value::Number);
    Cast { value, saturated: number.abs() > max }
}

/// The double that prints like the nearest single: 9.99 stays 9.99 and does not become 9.989999771118164.
fn shortest_single(number: f64) -> f64 {
    match parse_number(&(number as f32).to_string()) {
        Some(Datum::Integer(integer)) => integer as f64,
        Some(Datum::Float(shortest)) => shortest,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(type_name: &str, value: Value) -> Cast {
        ValueType::named(type_name).unwrap().cast(value)
    }

    #[test]
    fn values_take_the_declared_type() {
        for (type_name, value, expected) in [
            ("int32", json!(7), json!(7)),
            ("int32", json!(7.9), json!(7)),
            ("int32", json!(-7.9), json!(-7)),
            ("int64", json!("12"), json!(12)),
            ("double", json!(7), json!(7.0)),
            ("double", json!("0.25"), json!(0.25)),
            ("float", json!(9.99), json!(9.99)),
            ("float", json!(2), json!(2.0)),
            ("string", json!(4), json!("4")),
            ("string", json!(true), json!("true")),
            ("bool", json!("true"), json!(true)),
            ("bool", json!("True"), json!(true)),
            ("bool", json!("FALSE"), json!(false)),
            ("bool", json!(1), json!(true)),
            ("bool", json!(0), json!(false)),
            ("bool", json!(-0.0), json!(false)),
            ("bool", json!(0.5), json!(true)),
            ("bool", json!("1"), json!(true)),
            ("bool", json!("0"), json!(false)),
            ("bool", json!("yes"), json!(null)),
            ("bool", json!(""), json!(null)),
            ("bool", json!([1]), json!(null)),
            (
                "timestamp",
                json!("2026-11-22T08:48:11.482+01:00"),
                json!("2026-11-22T07:48:11.482Z"),
            ),
            ("timestamp", json!("2026-11-22"), json!("2026-11-22T00:00:00.000Z")),
            ("timestamp", json!(1_795_333_691_482_i64), json!("2026-11-22T07:48:11.482Z")),
            ("timestamp", json!("1795333691482"), json!("2026-11-22T07:48:11.482Z")),
            ("timestamp", json!("soon"), json!(null)),
            ("timestamp", json!(i64::MAX), json!(null)),
            ("timestamp", json!(true), json!(null)),
            ("unix_timestamp", json!("2026-11-22T07:48:11.982Z"), json!(1_795_333_691)),
            ("unix_timestamp", json!("1969-12-31T23:59:59.500Z"), json!(-1)),
            ("unix_timestamp", json!(1_795_333_691), json!(1_795_333_691)),
            ("unix_timestamp", json!("1795333691"), json!(1_795_333_691)),
            ("unix_timestamp", json!("soon"), json!(null)),
            ("bytes", json!("é"), json!("é")),
            ("string", json!({"a": [1]}), json!("{\"a\":[1]}")),
            ("int32", json!([1]), json!(null)),
            ("int32", json!(""), json!(null)),
            ("int32_list", json!([1.5, "2", "x"]), json!([1, 2, null])),
            ("unix_timestamp_list", json!(["1970-01-01T00:00:01Z"]), json!([1])),
            ("dict", json!([1]), json!(null)),
            ("int32", json!("many"), json!(null)),
            ("string_list", json!(["a", 1, null]), json!(["a", "1", null])),
            ("timestamp", json!(null), json!(null)),
            ("string_list", json!("a"), json!(null)),
            ("dict", json!({"a": 1}), json!({"a": 1})),
        ] {
            let actual = cast(type_name, value.clone());
            assert_eq!(
                actual,
                Cast { value: expected, saturated: false },
                "{value} as {type_name}"
            );
        }
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(cast("double", json!(-0.0)).value.to_string(), "0.0");
    }

    #[test]
    fn a_value_out_of_range_becomes_the_nearest_in_range_and_says_so() {
        for (type_name, value, expected) in [
            ("int32", json!(2_147_483_648_i64), json!(2_147_483_647)),
            ("int32", json!(-2_147_483_649_i64), json!(-2_147_483_648)),
            ("int32", json!(1e300), json!(2_147_483_647)),
            ("int64", json!(-1e300), json!(i64::MIN)),
            ("int64", json!(9.3e18), json!(i64::MAX)),
            ("float", json!(1e300), json!(3.4028235e38)),
        ] {
            let actual = cast(type_name, value.clone());
            assert_eq!(actual, Cast { value: expected, saturated: true }, "{value} as {type_name}");
        }
    }

    #[test]
    fn an_unset_value_reads_as_the_default_of_its_type() {
        for (type_name, expected) in [
            ("int32", json!(0)),
            ("double", json!(0.0)),
            ("string", json!("")),
            ("bool", json!(false)),
            ("bytes", json!("")),
            ("timestamp", json!("")),
            ("unix_timestamp", json!(0)),
            ("int64", json!(0)),
            ("float", json!(0.0)),
            ("bool_list", json!([])),
            ("string_list", json!([])),
            ("dict", json!({})),
        ] {
            assert_eq!(ValueType::named(type_name).unwrap().default_value(), expected);
        }
    }
}
