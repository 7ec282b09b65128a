//! Finds the position of a JSON path in a text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{LocSegment, Position};

/// The position in the JSON `text` of the value at `loc` or, if there is none, of its innermost parent.
pub(super) fn position_of(text: &str, loc: &[LocSegment]) -> Option<Position> {
    (0..=loc.len()).rev().find_map(|length| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let error = Walk(&loc[..length]).deserialize(&mut deserializer).err()?;
        Some(Position { line: error.line(), column: error.column() })
    })
}

/// Walks to a value and rejects it, because the parser adds its position to every error.
struct Walk<'a>(&'a [LocSegment]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0.split_first() {
            None => deserializer.deserialize_any(Refuse),
            Some((LocSegment::Field(name), rest)) => {
                deserializer.deserialize_map(InObject { name, rest })
            }
            Some((LocSegment::Index(index), rest)) => {
                deserializer.deserialize_seq(InArray { index: *index, rest })
            }
        }
    }
}

/// Accepts no type at all.
struct Refuse;

impl Visitor<'_> for Refuse {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nothing")
    }
}

struct InObject<'a> {
    name: &'a str,
    rest: &'a [LocSegment],
}

impl<'de> Visitor<'de> for InObject<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.name {
                map.next_value_seed(Walk(self.rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct InArray<'a> {
    index: usize,
    rest: &'a [LocSegment],
}

impl<'de> Visitor<'de> for InArray<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        for _ in 0..self.index {
            if sequence.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        sequence.next_element_seed(Walk(self.rest))?;
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
