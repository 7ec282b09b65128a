//! Reading what another program wrote.

use serde::{Deserialize, Deserializer};

/// Takes a field of a wrong type for one that is missing, so that it costs nothing but itself.
///
/// Works on values that can be read one by one: JavaScript values and [`serde_json::Value`]. A JSON text is refused as a whole where
/// a list or an object stands in the place of a text or a number, because reading cannot go on after it.
pub(crate) fn or_missing<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(T::deserialize(deserializer).ok())
}
