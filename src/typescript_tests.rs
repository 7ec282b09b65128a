//! Helpers for tests that compare the types of this crate with the public types in `js/types.ts`.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use std::collections::BTreeSet;

const TYPES: &str = include_str!("../js/types.ts");

/// The names of fields, or the members of a union.
pub(crate) type Names = BTreeSet<String>;

/// The properties of an interface.
pub(crate) fn interface(name: &str) -> Names {
    let definition = TYPES.split(&format!("\nexport interface {name}")).nth(1).unwrap_or_default();
    let body = definition.split("\n}").next().unwrap_or_default();
    let property = |line: &str| {
        let line = line.strip_prefix("  ")?;
        let end =
            line.find(|character: char| !character.is_ascii_alphanumeric() && character != '_')?;
        let is_property = end > 0 && line[end..].starts_with([':', '?', '(']);
        is_property.then(|| line[..end].to_owned())
    };
    body.lines().filter_map(property).collect()
}

/// The members of a union of strings.
pub(crate) fn union(name: &str) -> Names {
    let definition = TYPES.split(&format!("\nexport type {name} =")).nth(1).unwrap_or_default();
    let definition = definition.split(';').next().unwrap_or_default();
    definition.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The fields that a value serialises to.
pub(crate) fn written(value: &impl Serialize) -> Names {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(object)) => object.into_iter().map(|(name, _)| name).collect(),
        other => panic!("not an object: {other:?}"),
    }
}

/// The fields that a type deserialises.
pub(crate) fn read<'de, T: Deserialize<'de>>() -> Names {
    match T::deserialize(FieldsAsError) {
        Err(error) => error.to_string().split(' ').map(str::to_owned).collect(),
        Ok(_) => panic!("not a struct"),
    }
}

/// A deserialiser error that contains the names of the requested fields.
struct FieldsAsError;

impl<'de> Deserializer<'de> for FieldsAsError {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        Err(Error::custom(fields.join(" ")))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

#[test]
fn interfaces_and_unions_are_found_in_the_types_of_the_page() {
    assert_eq!(interface("MatchingHandler"), Names::from(["match", "handle"].map(str::to_owned)));
    assert!(union("ConnectionState").contains("paused"));
    assert!(interface("Missing").is_empty() && union("Missing").is_empty());
}
