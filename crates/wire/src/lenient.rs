//! Tolerant deserialisation.

use serde::{Deserialize, Deserializer};

/// Reads a field of a wrong type as missing, so that the rest can still be used.
///
/// Works with JavaScript values and [`serde_json::Value`]. With JSON text, a list or an object in place of a text or a number is an
/// error, because the parser cannot continue after it.
pub(crate) fn or_missing<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(T::deserialize(deserializer).ok())
}
