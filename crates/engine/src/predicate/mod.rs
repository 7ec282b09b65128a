//! Tests of one value, for criteria over events and over attributes.

mod pattern;

use std::cmp::Ordering;

use serde_json::Value;

use crate::datum::{Datum, Relation};
use crate::definitions::{DefinitionError, Loc};
use pattern::Pattern;

/// A compiled operator and its value.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    IsNull,
    IsNotNull,
    Compare(Comparison, Value),
    Matches(Pattern),
    DoesNotMatch(Pattern),
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
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

/// Operators that do not compare with one value.
#[cfg(any(test, feature = "openapi"))]
const OTHERS: [&str; 8] =
    ["like", "not like", "rlike", "not rlike", "in", "not in", "is null", "is not null"];

/// The operators in definitions.
#[cfg(any(test, feature = "openapi"))]
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    COMPARISONS.iter().map(|(name, _)| *name).chain(OTHERS)
}

impl Predicate {
    /// Compiles the fields `operator` and `value` of the criterion at `loc`.
    pub(crate) fn compile(
        operator: &str,
        value: Option<&Value>,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        let value_loc = loc.field("value");
        let operand = || match value {
            None | Some(Value::Null) => Err(value_loc.missing_with(format_args!(
                "`{operator}` requires a value. To test for null, use `is null`"
            ))),
            Some(value) => Ok(value),
        };
        let pattern = |compile: fn(&str) -> Result<Pattern, String>| {
            let text = operand()?.as_str();
            let text =
                text.ok_or_else(|| value_loc.error(format!("`{operator}` needs a string")))?;
            compile(text).map_err(|reason| value_loc.error(reason))
        };
        let list = || match operand()? {
            Value::Array(elements) if elements.iter().all(is_comparable) => Ok(elements.clone()),
            _ => Err(value_loc
                .error(format!("`{operator}` needs a list of strings, numbers or booleans"))),
        };
        match operator {
            "is null" => Ok(Predicate::IsNull),
            "is not null" => Ok(Predicate::IsNotNull),
            "like" => pattern(Pattern::like).map(Predicate::Matches),
            "not like" => pattern(Pattern::like).map(Predicate::DoesNotMatch),
            "rlike" => pattern(Pattern::regular_expression).map(Predicate::Matches),
            "not rlike" => pattern(Pattern::regular_expression).map(Predicate::DoesNotMatch),
            "in" => list().map(Predicate::OneOf),
            "not in" => list().map(Predicate::NoneOf),
            _ => {
                let (_, comparison) =
                    COMPARISONS.iter().find(|(name, _)| *name == operator).ok_or_else(|| {
                        let shown = operator.escape_debug();
                        loc.field("operator")
                            .error(format!("`{shown}` is not a supported operator"))
                    })?;
                match operand()? {
                    value if is_comparable(value) => {
                        Ok(Predicate::Compare(*comparison, value.clone()))
                    }
                    _ => {
                        Err(value_loc
                            .error(format!("`{operator}` needs a string, number or boolean")))
                    }
                }
            }
        }
    }

    /// Whether the test holds. For null, only `is null` holds. Negations do not.
    pub(crate) fn holds(&self, datum: &Datum<'_>) -> bool {
        match self {
            Predicate::IsNull => datum.is_null(),
            Predicate::IsNotNull => !datum.is_null(),
            Predicate::Compare(comparison, value) => {
                comparison.holds(datum.relate(&Datum::from(value)))
            }
            Predicate::Matches(pattern) => is_match(datum, pattern),
            Predicate::DoesNotMatch(pattern) => !datum.is_null() && !is_match(datum, pattern),
            Predicate::OneOf(values) => is_one_of(datum, values),
            Predicate::NoneOf(values) => !datum.is_null() && !is_one_of(datum, values),
        }
    }
}

fn is_comparable(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn is_one_of(datum: &Datum<'_>, values: &[Value]) -> bool {
    values.iter().any(|value| Comparison::Equal.holds(datum.relate(&Datum::from(value))))
}

/// Only strings can match a pattern, and moments in the form that reads return.
fn is_match(datum: &Datum<'_>, pattern: &Pattern) -> bool {
    match datum {
        Datum::Text(text) => pattern.matches(text),
        Datum::Moment(moment) => pattern.matches(&moment.to_string()),
        _ => false,
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
    fn every_operator_by_name_is_one_and_there_are_fifteen_with_changed() {
        for operator in operators() {
            let value = match operator {
                "in" | "not in" => json!([1, "x"]),
                _ => json!("x"),
            };
            assert!(Predicate::compile(operator, Some(&value), &Loc::ROOT).is_ok(), "{operator}");
        }
        assert_eq!(operators().count() + 1, 16, "`==` is an alias");
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

    #[test]
    fn like_knows_percent_and_underscore_and_takes_all_else_literally() {
        for (text, pattern, expected) in [
            ("Chair", "Chair", true),
            ("Chair", "chair", false),
            ("Chair", "Cha", false),
            ("Chair", "Cha%", true),
            ("Chair", "%air", true),
            ("Chair", "%ha%", true),
            ("Chair", "Cha_r", true),
            ("Chair", "Cha_", false),
            ("Café", "Caf_", true),
            ("two\nlines", "two%", true),
            ("", "%", true),
            ("", "_", false),
            ("a.c", "a.c", true),
            ("abc", "a.c", false),
            ("100%", "100%", true),
            ("a|b", "a|b", true),
            ("$^[(\\d", "$^[(\\d", true),
        ] {
            assert_eq!(
                holds(json!(text), "like", json!(pattern)),
                expected,
                "{text:?} like {pattern:?}"
            );
            assert_eq!(
                holds(json!(text), "not like", json!(pattern)),
                !expected,
                "{text:?} {pattern:?}"
            );
        }
    }

    #[test]
    fn rlike_finds_a_regular_expression_anywhere() {
        for (text, pattern, expected) in [
            ("order-1234", "[0-9]{4}", true),
            ("order-1234", "^[0-9]", false),
            ("Chair", "(?i)chair", true),
        ] {
            assert_eq!(
                holds(json!(text), "rlike", json!(pattern)),
                expected,
                "{text} rlike {pattern}"
            );
            assert_eq!(
                holds(json!(text), "not rlike", json!(pattern)),
                !expected,
                "{text} {pattern}"
            );
        }
    }

    #[test]
    fn in_compares_with_every_element_as_equals_does() {
        for (value, expected) in [
            (json!(2), true),
            (json!(2.0), true),
            (json!("2"), true),
            (json!("two"), true),
            (json!("Two"), false),
            (json!(3), false),
            (json!(true), true),
            (json!([2]), false),
        ] {
            let list = json!([1, 2, "two", true]);
            assert_eq!(holds(value.clone(), "in", list.clone()), expected, "{value}");
            assert_eq!(holds(value.clone(), "not in", list), !expected, "{value}");
        }
        assert!(!holds(json!(1), "in", json!([])));
    }

    #[test]
    fn null_is_neither_like_nor_unlike_anything_and_in_no_list_nor_outside_one() {
        for operator in ["like", "not like", "rlike", "not rlike"] {
            assert!(!holds(json!(null), operator, json!("%")), "{operator}");
        }
        for operator in ["in", "not in"] {
            assert!(!holds(json!(null), operator, json!([1])), "{operator}");
        }
    }

    #[test]
    fn what_is_no_string_is_unlike_every_pattern() {
        for value in [json!(1), json!(true), json!(["a"])] {
            assert!(!holds(value.clone(), "like", json!("%")), "{value}");
            assert!(holds(value.clone(), "not like", json!("%")), "{value}");
        }
    }

    #[test]
    fn an_operand_of_the_wrong_kind_is_refused() {
        for (operator, value) in [
            ("like", json!(7)),
            ("like", json!(null)),
            ("rlike", json!("(")),
            ("rlike", json!("(((a{100}){100}){100})")),
            ("in", json!("a")),
            ("in", json!([null])),
            ("not in", json!([[1]])),
            ("in", json!(null)),
        ] {
            let error = Predicate::compile(operator, Some(&value), &Loc::ROOT).unwrap_err();
            assert!(error.to_string().starts_with("value: "), "{operator} {value}: {error}");
        }
    }
}
