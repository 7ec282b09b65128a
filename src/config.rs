//! The argument of `subscribeToInterventions`.

use crate::browser::object::entries;
use crate::browser::text::{id_text, number_text};
use crate::connection::machine::DEFAULT_CONNECTION_TIMEOUT_MS;
use crate::keys::extract::{Place, PointerCompiler};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use js_sys::Array;
use signals_wire::stream::INTERVENTIONS_PATH;
use wasm_bindgen::prelude::*;

/// Attribute keys that are looked for unless configured otherwise, and the pointers to their ids.
const DEFAULT_TARGETS: [(&str, &str); 2] =
    [("domain_userid", "/domain_userid"), ("domain_sessionid", "/domain_sessionid")];

/// Where to receive interventions from, and for whom. Checked and complete.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionConfig {
    /// Host or URL.
    pub endpoint: String,
    /// Path of the stream under the endpoint.
    pub api_path: String,
    /// Attribute keys and where to find their ids in events, defaults included.
    pub targets: Vec<(String, Vec<Place>)>,
    /// Attribute keys and ids that are given.
    pub fixed_ids: Vec<(String, String)>,
    /// Milliseconds for the server to accept the stream.
    pub connection_timeout_ms: u32,
    /// Whether tabs with the same endpoint and ids have one stream together.
    pub shares_connection: bool,
    /// As the page gave it, for a source of interventions of the page's own.
    pub raw: JsValue,
}

/// A field that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
}

impl ConfigError {
    /// `field` is a path such as `attributeKeyTargets.user_id`; `problem` follows it in the message.
    fn new(field: &str, problem: &str) -> ConfigError {
        ConfigError { message: ["`", field, "` ", problem].concat() }
    }

    /// The path of the field and what is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[wasm_bindgen]
extern "C" {
    type RawConfig;

    #[wasm_bindgen(method, getter)]
    fn endpoint(this: &RawConfig) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = apiPath)]
    fn api_path(this: &RawConfig) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = attributeKeyTargets)]
    fn targets(this: &RawConfig) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = attributeKeyIds)]
    fn fixed_ids(this: &RawConfig) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = connectionTimeoutMs)]
    fn connection_timeout_ms(this: &RawConfig) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = shareConnection)]
    fn share_connection(this: &RawConfig) -> JsValue;
}

impl SubscriptionConfig {
    /// Reads and checks what the page gave.
    ///
    /// # Errors
    ///
    /// The first field that cannot be used. A pointer that cannot be used costs only itself: it is left out, and
    /// `report_pointer` is told.
    pub fn read(
        value: &JsValue,
        compile: &PointerCompiler,
        report_pointer: &dyn Fn(&ConfigError),
    ) -> Result<SubscriptionConfig, ConfigError> {
        if !value.is_object() {
            return Err(ConfigError::new("config", "must be an object"));
        }
        let raw: &RawConfig = value.unchecked_ref();
        Ok(SubscriptionConfig {
            endpoint: read_endpoint(&raw.endpoint())?,
            api_path: read_api_path(&raw.api_path())?,
            targets: read_targets(&raw.targets(), compile, report_pointer)?,
            fixed_ids: read_fixed_ids(&raw.fixed_ids())?,
            connection_timeout_ms: read_timeout(&raw.connection_timeout_ms())?,
            shares_connection: read_share_connection(&raw.share_connection())?,
            raw: value.clone(),
        })
    }
}

fn read_endpoint(value: &JsValue) -> Result<String, ConfigError> {
    let endpoint = value.as_string().unwrap_or_default();
    let endpoint = endpoint.trim_ascii();
    if endpoint.is_empty() || endpoint.bytes().any(|byte| byte <= b' ') {
        return Err(ConfigError::new("endpoint", "must be a host name or a URL"));
    }
    Ok(endpoint.to_owned())
}

fn read_api_path(value: &JsValue) -> Result<String, ConfigError> {
    if value.is_null_or_undefined() {
        return Ok(INTERVENTIONS_PATH.to_owned());
    }
    value.as_string().ok_or_else(|| ConfigError::new("apiPath", "must be a string"))
}

fn read_timeout(value: &JsValue) -> Result<u32, ConfigError> {
    if value.is_null_or_undefined() {
        return Ok(DEFAULT_CONNECTION_TIMEOUT_MS);
    }
    match value.as_f64() {
        Some(milliseconds) if milliseconds >= 1.0 && milliseconds <= f64::from(i32::MAX) => {
            Ok(milliseconds as u32)
        }
        _ => Err(ConfigError::new(
            "connectionTimeoutMs",
            "must be a positive number of milliseconds",
        )),
    }
}

fn read_share_connection(value: &JsValue) -> Result<bool, ConfigError> {
    if value.is_null_or_undefined() {
        return Ok(true);
    }
    value.as_bool().ok_or_else(|| ConfigError::new("shareConnection", "must be a boolean"))
}

fn read_targets(
    value: &JsValue,
    compile: &PointerCompiler,
    report_pointer: &dyn Fn(&ConfigError),
) -> Result<Vec<(String, Vec<Place>)>, ConfigError> {
    let mut targets = Vec::new();
    for (key, value) in keyed(value, "attributeKeyTargets")? {
        let field = ["attributeKeyTargets.", &key].concat();
        let mut pointers = Vec::new();
        let mut add = |value: &JsValue, field: &str| match read_pointer(value, field, compile) {
            Ok(pointer) => pointers.push(pointer),
            Err(error) => report_pointer(&error),
        };
        match value.dyn_ref::<Array>() {
            Some(list) => {
                for index in 0..list.length() {
                    let field = [&field, "[", &number_text(index), "]"].concat();
                    add(&list.get(index), &field);
                }
            }
            None => add(&value, &field),
        }
        targets.push((key, pointers));
    }
    for (key, pointer) in DEFAULT_TARGETS {
        if !targets.iter().any(|(given, _)| given == key) {
            let place = read_pointer(&pointer.into(), key, compile)?;
            targets.push((key.to_owned(), vec![place]));
        }
    }
    Ok(targets)
}

fn read_pointer(
    value: &JsValue,
    field: &str,
    compile: &PointerCompiler,
) -> Result<Place, ConfigError> {
    let text =
        value.as_string().ok_or_else(|| ConfigError::new(field, "must be a JSON Pointer"))?;
    let compiled = compile.call1(&JsValue::UNDEFINED, value).unwrap_or_default();
    compiled.dyn_into().map_err(|reason: JsValue| {
        let reason = reason.as_string().unwrap_or_default();
        ConfigError::new(field, &["`", &text, "` ", &reason].concat())
    })
}

/// A user who is not logged in has no id: null, undefined and the empty string are left out.
fn read_fixed_ids(value: &JsValue) -> Result<Vec<(String, String)>, ConfigError> {
    let mut ids = Vec::new();
    for (key, value) in keyed(value, "attributeKeyIds")? {
        if value.is_null_or_undefined() {
            continue;
        }
        let Some(id) = id_text(&value) else {
            return Err(ConfigError::new(&["attributeKeyIds.", &key].concat(), "must be a string"));
        };
        ids.push((key, id));
    }
    Ok(ids)
}

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
    let mut properties = Vec::new();
    for (key, value) in entries(value) {
        properties.push((key.as_string().unwrap_or_default(), value));
    }
    Ok(properties)
}
