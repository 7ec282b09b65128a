//! The argument of `subscribeToInterventions`.

use crate::stream::DEFAULT_CONNECTION_TIMEOUT_MS;
use crate::web::{Preserved, entries, text_of};
use js_sys::{Array, Object, Reflect};
use serde::{Deserialize, Deserializer};
use signals_wire::ids::Pointer;
use signals_wire::stream::INTERVENTIONS_PATH;
use std::fmt::{self, Display, Formatter};
use wasm_bindgen::prelude::*;

/// Attribute keys that the plugin looks for by default, and the pointers to their ids.
const DEFAULT_TARGETS: [(&str, &str); 2] =
    [("domain_userid", "/domain_userid"), ("domain_sessionid", "/domain_sessionid")];

/// A checked subscription: which interventions to receive, and from where. Defaults are filled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SubscriptionConfig {
    /// Host or URL.
    pub(crate) endpoint: String,
    /// Path of the stream under the endpoint.
    pub(crate) api_path: String,
    /// Attribute keys and the pointers to their ids in events, including the defaults.
    pub(crate) targets: Vec<(String, Vec<Pointer>)>,
    /// Attribute keys with ids that the page set.
    pub(crate) fixed_ids: Vec<(String, String)>,
    /// Milliseconds that the server may take to accept the first connection.
    pub(crate) connection_timeout_ms: u32,
    /// Whether tabs with the same endpoint and ids share one stream.
    pub(crate) shares_connection: bool,
    /// The page's own object, for a custom source of interventions.
    pub(crate) raw: JsValue,
}

/// An invalid field, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    field: String,
    problem: String,
}

impl ConfigError {
    /// `field` is a path such as `attributeKeyTargets.user_id`. `problem` follows it in the message.
    fn new(field: &str, problem: &str) -> ConfigError {
        ConfigError { field: field.to_owned(), problem: problem.to_owned() }
    }
}

impl Display for ConfigError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}", self.field, self.problem)
    }
}

/// The fields of `SubscriptionConfiguration` in `js/types.ts`, unchecked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenConfig {
    #[serde(default)]
    endpoint: Given<String>,
    #[serde(default)]
    api_path: Given<String>,
    #[serde(default)]
    attribute_key_targets: Preserved,
    #[serde(default)]
    attribute_key_ids: Preserved,
    #[serde(default)]
    connection_timeout_ms: Given<f64>,
    #[serde(default)]
    share_connection: Given<bool>,
}

impl GivenConfig {
    /// The names of the fields in JavaScript.
    const FIELDS: [&str; 6] = [
        "endpoint",
        "apiPath",
        "attributeKeyTargets",
        "attributeKeyIds",
        "connectionTimeoutMs",
        "shareConnection",
    ];

    fn read(value: &JsValue) -> Result<GivenConfig, ConfigError> {
        if !value.is_object() {
            return Err(ConfigError::new("config", "must be an object"));
        }
        // Serde passes on what a getter throws, so read every property first.
        let plain = Object::new();
        for field in GivenConfig::FIELDS {
            let given = Reflect::get(value, &field.into())
                .map_err(|error| ConfigError::new(field, &thrown(&error)))?;
            let _ = Reflect::set(&plain, &field.into(), &given);
        }
        serde_wasm_bindgen::from_value(plain.into())
            .map_err(|error| ConfigError::new("config", &error.to_string()))
    }
}

/// The page's value for a field. A value of the wrong type keeps its place, so that the message can name the field.
#[derive(Default)]
enum Given<T> {
    /// The field is missing, undefined or null.
    #[default]
    Missing,
    Value(T),
    Wrong,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer) {
            Ok(Some(value)) => Given::Value(value),
            Ok(None) => Given::Missing,
            Err(_) => Given::Wrong,
        })
    }
}

impl<T> Given<T> {
    /// The value, or `None` if it is missing. `expected` says in the error what the value must be.
    fn checked(self, field: &str, expected: &str) -> Result<Option<T>, ConfigError> {
        match self {
            Given::Value(value) => Ok(Some(value)),
            Given::Missing => Ok(None),
            Given::Wrong => Err(ConfigError::new(field, expected)),
        }
    }
}

impl SubscriptionConfig {
    /// Reads and checks the page's configuration.
    ///
    /// # Errors
    ///
    /// Returns the first invalid field. An invalid pointer is not an error: this skips it and calls `report_pointer`.
    pub(crate) fn read(
        value: &JsValue,
        report_pointer: &dyn Fn(&ConfigError),
    ) -> Result<SubscriptionConfig, ConfigError> {
        let given = GivenConfig::read(value)?;
        Ok(SubscriptionConfig {
            endpoint: read_endpoint(given.endpoint)?,
            api_path: given
                .api_path
                .checked("apiPath", "must be a string")?
                .unwrap_or_else(|| INTERVENTIONS_PATH.to_owned()),
            targets: read_targets(&given.attribute_key_targets.0, report_pointer)?,
            fixed_ids: read_fixed_ids(&given.attribute_key_ids.0)?,
            connection_timeout_ms: read_timeout(given.connection_timeout_ms)?,
            shares_connection: given
                .share_connection
                .checked("shareConnection", "must be a boolean")?
                .unwrap_or(true),
            raw: value.clone(),
        })
    }
}

fn read_endpoint(given: Given<String>) -> Result<String, ConfigError> {
    match given {
        Given::Value(endpoint) if is_address(endpoint.trim_ascii()) => {
            Ok(endpoint.trim_ascii().to_owned())
        }
        _ => Err(ConfigError::new("endpoint", "must be a host name or a URL")),
    }
}

fn is_address(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte > b' ')
}

fn read_timeout(given: Given<f64>) -> Result<u32, ConfigError> {
    const FIELD: &str = "connectionTimeoutMs";
    const EXPECTED: &str = "must be a positive number of milliseconds";
    match given.checked(FIELD, EXPECTED)? {
        None => Ok(DEFAULT_CONNECTION_TIMEOUT_MS),
        // Browsers keep timers in signed 32-bit integers.
        Some(milliseconds) if (1.0..=f64::from(i32::MAX)).contains(&milliseconds) => {
            Ok(milliseconds as u32)
        }
        Some(_) => Err(ConfigError::new(FIELD, EXPECTED)),
    }
}

fn read_targets(
    value: &JsValue,
    report_pointer: &dyn Fn(&ConfigError),
) -> Result<Vec<(String, Vec<Pointer>)>, ConfigError> {
    let mut targets = Vec::new();
    for (key, value) in keyed(value, "attributeKeyTargets")? {
        let field = format!("attributeKeyTargets.{key}");
        let mut usable = Vec::new();
        let mut add = |field: &str, value: &JsValue| match read_pointer(value, field) {
            Ok(pointer) => usable.push(pointer),
            Err(error) => report_pointer(&error),
        };
        match value.dyn_ref::<Array>() {
            Some(list) => {
                for (index, value) in list.iter().enumerate() {
                    add(&format!("{field}[{index}]"), &value);
                }
            }
            None => add(&field, &value),
        }
        targets.push((key, usable));
    }
    for (key, pointer) in DEFAULT_TARGETS {
        if !targets.iter().any(|(given, _)| given == key) {
            targets.push((key.to_owned(), vec![read_pointer(&pointer.into(), key)?]));
        }
    }
    Ok(targets)
}

fn read_pointer(value: &JsValue, field: &str) -> Result<Pointer, ConfigError> {
    let text =
        value.as_string().ok_or_else(|| ConfigError::new(field, "must be a JSON Pointer"))?;
    Pointer::parse(&text)
        .map_err(|problem| ConfigError::new(field, &format!("`{text}` {}", problem.reason())))
}

/// Skips null, undefined and the empty string, because a user who is not logged in has no id.
fn read_fixed_ids(value: &JsValue) -> Result<Vec<(String, String)>, ConfigError> {
    let mut ids = Vec::new();
    for (key, value) in keyed(value, "attributeKeyIds")? {
        if value.is_null_or_undefined() {
            continue;
        }
        let is_text = value.is_string() || value.as_f64().is_some();
        let Some(id) = is_text.then(|| text_of(&value)).flatten() else {
            return Err(ConfigError::new(&format!("attributeKeyIds.{key}"), "must be a string"));
        };
        ids.push((key, id));
    }
    Ok(ids)
}

/// The entries of an object with one property for each attribute key.
fn keyed(value: &JsValue, field: &str) -> Result<Vec<(String, JsValue)>, ConfigError> {
    if value.is_null_or_undefined() {
        return Ok(Vec::new());
    }
    if !value.is_object() || value.is_array() {
        return Err(ConfigError::new(
            field,
            "must be an object with a property for each attribute key",
        ));
    }
    entries(value)
        .into_iter()
        .map(|(key, value)| match value {
            Ok(value) => Ok((key, value)),
            Err(error) => Err(ConfigError::new(&format!("{field}.{key}"), &thrown(&error))),
        })
        .collect()
}

fn thrown(error: &JsValue) -> String {
    format!("cannot be read: {}", text_of(error).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript;

    #[test]
    fn the_fields_are_those_of_the_types_of_the_page() {
        let fields = typescript::read::<GivenConfig>();
        assert_eq!(fields, typescript::interface("SignalsInterventionConfiguration"));
        assert_eq!(fields, GivenConfig::FIELDS.map(str::to_owned).into());
    }

    #[test]
    fn a_field_of_a_wrong_type_does_not_hide_the_others() {
        let json = serde_json::json!({"endpoint": 5, "apiPath": "/x", "shareConnection": null});
        let given = serde_json::from_value::<GivenFields>(json);
        assert!(given.is_ok_and(|given| matches!(given.endpoint, Given::Wrong)
            && matches!(given.api_path, Given::Value(path) if path == "/x")
            && matches!(given.share_connection, Given::Missing)));
    }

    /// The fields of [`GivenConfig`] that serde converts to Rust types.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct GivenFields {
        endpoint: Given<String>,
        api_path: Given<String>,
        share_connection: Given<bool>,
    }
}
