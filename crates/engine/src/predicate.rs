//! Tests of one value, shared by criteria over events and criteria over attributes.

use std::cmp::Ordering;

use serde_json::Value;

use crate::datum::{Datum, Relation};
use crate::definitions::{DefinitionError, Loc};

/// A compiled operator with the value it compares with.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    IsNull,
    IsNotNull,
    Compare(Comparison, Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

const COMPARISONS: &[(&str, Comparison)] = &[
    ("=", Comparison::Equal),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
];

impl Predicate {
    /// Compiles the fields `operator` and `value` of the criterion at `loc`.
    pub(crate) fn compile(
        operator: &str,
        value: Option<&Value>,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        match operator {
            "is null" => return Ok(Predicate::IsNull),
            "is not null" => return Ok(Predicate::IsNotNull),
            _ => {}
        }
        let (_, comparison) =
            COMPARISONS.iter().find(|(name, _)| *name == operator).ok_or_else(|| {
                loc.field("operator")
                    .error(format!("`{}` is not a supported operator", operator.escape_debug()))
            })?;
        match value {
            None | Some(Value::Null) => Err(loc
                .field("value")
                .error(format!("missing: `{operator}` needs one; to test for null use `is null`"))),
            Some(Value::Array(_) | Value::Object(_)) => Err(loc
                .field("value")
                .error(format!("`{operator}` compares with a string, number or boolean"))),
            Some(value) => Ok(Predicate::Compare(*comparison, value.clone())),
        }
    }

    /// Whether the test holds. With null nothing does, negations included, except `is null`.
    pub(crate) fn holds(&self, datum: &Datum<'_>) -> bool {
        match self {
            Predicate::IsNull => datum.is_null(),
            Predicate::IsNotNull => !datum.is_null(),
            Predicate::Compare(comparison, value) => {
                comparison.holds(datum.relate(&Datum::from(value)))
            }
        }
    }
}

impl Comparison {
    fn holds(self, relation: Relation) -> bool {
        match relation {
            Relation::Unknown => false,
            Relation::Unequal => self == Comparison::Unequal,
            Relation::Ordered(ordering) => match self {
                Comparison::Equal => ordering == Ordering::Equal,
                Comparison::Unequal => ordering != Ordering::Equal,
                Comparison::Less => ordering == Ordering::Less,
                Comparison::Greater => ordering == Ordering::Greater,
                Comparison::LessOrEqual => ordering != Ordering::Greater,
                Comparison::GreaterOrEqual => ordering != Ordering::Less,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(attribute: Value, operator: &str, value: Value) -> bool {
        let predicate = Predicate::compile(operator, Some(&value), &Loc::ROOT).unwrap();
        predicate.holds(&Datum::from(&attribute))
    }

    #[test]
    fn every_comparison_means_what_it_says() {
        for (operator, with_less, with_equal, with_greater) in [
            ("=", false, true, false),
            ("==", false, true, false),
            ("!=", true, false, true),
            ("<", true, false, false),
            (">", false, false, true),
            ("<=", true, true, false),
            (">=", false, true, true),
        ] {
            assert_eq!(holds(json!(2), operator, json!(3)), with_less, "2 {operator} 3");
            assert_eq!(holds(json!(3), operator, json!(3)), with_equal, "3 {operator} 3");
            assert_eq!(holds(json!(4), operator, json!(3)), with_greater, "4 {operator} 3");
        }
    }

    #[test]
    fn no_comparison_with_null_holds_not_even_a_negated_one() {
        for (operator, _) in COMPARISONS {
            assert!(!holds(json!(null), operator, json!(0)), "null {operator} 0");
        }
        assert!(holds(json!(null), "is null", json!(null)));
        assert!(!holds(json!(null), "is not null", json!(null)));
        assert!(holds(json!(0), "is not null", json!(null)));
    }

    #[test]
    fn values_of_different_types_are_unequal_and_nothing_else() {
        for (operator, _) in COMPARISONS {
            assert_eq!(holds(json!("many"), operator, json!(3)), *operator == "!=", "{operator}");
        }
    }

    #[test]
    fn an_operator_that_does_not_exist_or_lacks_its_value_is_refused_by_field() {
        let unknown = Predicate::compile("~", Some(&json!(1)), &Loc::ROOT).unwrap_err();
        assert_eq!(unknown.to_string(), "operator: `~` is not a supported operator");
        for value in [None, Some(&json!(null)), Some(&json!([1]))] {
            let error = Predicate::compile(">", value, &Loc::ROOT).unwrap_err();
            assert!(error.to_string().starts_with("value: "), "{error}");
        }
    }
}
