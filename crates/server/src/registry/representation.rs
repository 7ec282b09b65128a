//! Definitions in responses: every field of the output models of the Signals API.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::document::Document;
use super::kind::{Id, Kind};
use super::store::Store;

/// Fields of input models that this server does not use, and their defaults.
const UNUSED_KEY_FIELDS: [(&str, Value); 2] =
    [("external_column", Value::Null), ("is_published", Value::Bool(false))];
const UNUSED_GROUP_FIELDS: [(&str, Value); 6] = [
    ("backfill_since_tstamp", Value::Null),
    ("batch_source", Value::Null),
    ("fields", Value::Null),
    ("offline", Value::Null),
    ("online", Value::Bool(true)),
    ("refresh_rate", Value::Null),
];

/// The default time to live of attributes from a warehouse.
const WAREHOUSE_TTL: &str = "P365D";

/// A definition in a response.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Representation {
    AttributeKey(AttributeKeyOutput),
    AttributeGroup(Box<AttributeGroupOutput>),
    Service(ServiceOutput),
    Intervention(InterventionOutput),
    EventLog(EventLogOutput),
}

/// A service, as it was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceOutput {
    /// The names and versions of its groups.
    #[schema(value_type = Vec<Object>)]
    attribute_groups: Value,
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    written: Map<String, Value>,
}

/// An intervention, as it was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InterventionOutput {
    /// The criteria that trigger it.
    #[schema(value_type = Object)]
    criteria: Value,
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    written: Map<String, Value>,
}

/// An event log in a response.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventLogOutput {
    /// The events that it keeps.
    #[schema(value_type = Vec<Object>)]
    events: Value,
    /// Always 1, because event logs have no versions.
    version: u64,
    /// Whether it is published. If the response shows a draft, the published form is an earlier one.
    has_published_version: bool,
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    written: Map<String, Value>,
}

/// An attribute key in a response.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributeKeyOutput {
    /// The location of the id in an event, in the form of a column.
    #[schema(required)]
    blobl_path: Option<String>,
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    written: Map<String, Value>,
}

/// An attribute group in a response.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributeGroupOutput {
    /// Name and version.
    full_name: String,
    /// Name and version in the feature store's form.
    feast_name: String,
    /// Always null, because this server has no stream source.
    stream_source_name: Option<String>,
    attribute_key: AttributeKeyOutput,
    /// The column or, without one, the name of the attribute key.
    attribute_key_or_name: Option<String>,
    /// The time to live of attributes that do not set their own.
    attribute_group_or_attribute_key_ttl: Option<String>,
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    written: Map<String, Value>,
}

/// The form of attributes' properties in responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Properties {
    /// As they were written.
    Written,
    /// As text, in the form of a column.
    Columns,
}

impl Representation {
    pub(super) fn of(document: &Document, store: &Store, properties: Properties) -> Self {
        match document.id().kind {
            Kind::AttributeKey => {
                Self::AttributeKey(AttributeKeyOutput::of(document.fields().clone()))
            }
            Kind::AttributeGroup => Self::AttributeGroup(Box::new(AttributeGroupOutput::of(
                document, store, properties,
            ))),
            Kind::Service => {
                let mut written = document.fields().clone();
                let attribute_groups = written.remove("attribute_groups").unwrap_or_default();
                Self::Service(ServiceOutput { attribute_groups, written })
            }
            Kind::Intervention => {
                let mut written = document.fields().clone();
                let criteria = written.remove("criteria").unwrap_or_default();
                Self::Intervention(InterventionOutput { criteria, written })
            }
            Kind::EventLog => {
                let mut written = document.fields().clone();
                Self::EventLog(EventLogOutput {
                    events: written.remove("events").unwrap_or_default(),
                    version: 1,
                    has_published_version: document.has_published_version(),
                    written,
                })
            }
        }
    }
}

impl AttributeKeyOutput {
    fn of(mut written: Map<String, Value>) -> Self {
        fill_in(&mut written, UNUSED_KEY_FIELDS);
        let blobl_path = written.get("property").and_then(column);
        Self { blobl_path, written }
    }
}

impl AttributeGroupOutput {
    fn of(document: &Document, store: &Store, properties: Properties) -> Self {
        let mut written = document.fields().clone();
        fill_in(&mut written, UNUSED_GROUP_FIELDS);
        if properties == Properties::Columns
            && let Some(attributes) = written.get_mut("attributes")
        {
            show_columns(attributes);
        }
        let key = match written.remove("attribute_key") {
            Some(Value::Object(embedded)) => with_registered(embedded, document, store),
            _ => Map::new(),
        };
        let text = |fields: &Map<String, Value>, name| {
            fields.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let name = match document.id() {
            Id { name, version: Some(version), .. } => format!("{name}_v{version}"),
            Id { name, .. } => name.clone(),
        };
        Self {
            full_name: name.clone(),
            feast_name: name,
            stream_source_name: None,
            attribute_key_or_name: text(&key, "key").or_else(|| text(&key, "name")),
            attribute_group_or_attribute_key_ttl: text(&written, "ttl")
                .or_else(|| text(&key, "ttl"))
                .or_else(|| is_from_warehouse(&written).then(|| WAREHOUSE_TTL.to_owned())),
            attribute_key: AttributeKeyOutput::of(key),
            written,
        }
    }
}

/// The attribute key that a group embeds. Often it is only a name: the other fields, and whether it is published, come from the
/// registered key.
fn with_registered(
    mut embedded: Map<String, Value>,
    group: &Document,
    store: &Store,
) -> Map<String, Value> {
    let name = group.attribute_key().unwrap_or_default().to_owned();
    let id = Id { kind: Kind::AttributeKey, name, version: None };
    for (field, value) in store.get(&id).into_iter().flat_map(Document::fields) {
        if field == "is_published" || embedded.get(field).is_none_or(Value::is_null) {
            embedded.insert(field.clone(), value.clone());
        }
    }
    embedded
}

/// Whether the attributes of a group are computed in a warehouse.
fn is_from_warehouse(group: &Map<String, Value>) -> bool {
    group.get("offline") == Some(&Value::Bool(true))
        || group.get("batch_source").is_some_and(|source| !source.is_null())
}

fn fill_in(
    fields: &mut Map<String, Value>,
    defaults: impl IntoIterator<Item = (&'static str, Value)>,
) {
    for (name, value) in defaults {
        fields.entry(name).or_insert(value);
    }
}

/// Turns every `property` in `value` into its column.
fn show_columns(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match column(value) {
                    Some(column) if name == "property" => *value = Value::String(column),
                    _ => show_columns(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(show_columns),
        _ => {}
    }
}

/// A property as a column of Snowplow's events table, for example `contexts_com_acme_cart_1[0].total`.
fn column(property: &Value) -> Option<String> {
    let text = |name: &str| property.get(name).and_then(Value::as_str).unwrap_or_default();
    let number =
        |name: &str| property.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
    let schema = || {
        let name = format!("{}_{}", text("vendor"), text("name")).replace(['.', '-'], "_");
        format!("{name}_{}", number("major_version"))
    };
    let path = || text("path").trim_start_matches("$.").to_owned();
    let whole = match property.get("type")?.as_str()? {
        "atomic" => text("name").to_owned(),
        "event" => format!("unstruct_event_{}.{}", schema(), path()),
        "entity" => format!("contexts_{}[{}].{}", schema(), number("index"), path()),
        "calculated" => {
            let parts = property.get("properties")?.as_array()?;
            let parts: Vec<String> = parts.iter().filter_map(column).collect();
            format!("{}({})", text("operation"), parts.join(", "))
        }
        _ => return None,
    };
    Some(match text("date_part") {
        "" => whole,
        part => format!("{part}({whole})"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_shown_as_columns() {
        let product = json!({
            "type": "entity", "vendor": "com.acme", "name": "product", "major_version": 1, "path": "$.price",
        });
        for (property, expected) in [
            (json!({"type": "atomic", "name": "page_url"}), "page_url"),
            (product.clone(), "contexts_com_acme_product_1[0].price"),
            (
                json!({"type": "event", "vendor": "a.b", "name": "c-d", "major_version": 2, "path": "e.f[0]"}),
                "unstruct_event_a_b_c_d_2.e.f[0]",
            ),
            (
                json!({"type": "atomic", "name": "derived_tstamp", "date_part": "hour_of_day"}),
                "hour_of_day(derived_tstamp)",
            ),
            (
                json!({"type": "calculated", "operation": "sum", "properties": [product, {"type": "atomic", "name": "se_value"}]}),
                "sum(contexts_com_acme_product_1[0].price, se_value)",
            ),
        ] {
            assert_eq!(column(&property).as_deref(), Some(expected));
        }
    }
}
