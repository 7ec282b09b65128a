use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::or_missing;

/// One triggered intervention, as it is sent on the stream to one target.
///
/// The types of the fields are parameters, because the server writes borrowed parts, and the plugin keeps attributes and the target as
/// JavaScript values.
///
/// Only the name is required. A field that is missing or has a wrong type is read as `None`. Unknown fields are ignored.
///
/// ```
/// use signals_wire::InterventionInstance;
///
/// let json = serde_json::json!({"intervention_id": 7, "name": "discount", "attributes": {"views": 4}, "new": true});
/// let instance: InterventionInstance = serde_json::from_value(json)?;
/// assert_eq!(instance.name, "discount");
/// assert_eq!(instance.intervention_id, None);
/// assert_eq!(instance.attributes["views"], 4);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    deserialize = "Text: Deserialize<'de>, Attributes: Deserialize<'de> + Default, Target: Deserialize<'de>"
))]
pub struct InterventionInstance<
    Text = String,
    Attributes = Map<String, Value>,
    Target = TargetAttributeKey,
> {
    /// Unique id, shared by all targets of one trigger. Clients use it to drop duplicates.
    #[serde(default, deserialize_with = "or_missing", skip_serializing_if = "Option::is_none")]
    pub intervention_id: Option<Text>,
    /// Name of the intervention (the rule).
    pub name: Text,
    /// Version of the rule that triggered.
    #[serde(default, deserialize_with = "or_missing", skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Attribute values at the moment of triggering. Servers send an object, possibly empty.
    #[serde(default)]
    pub attributes: Attributes,
    /// The target of this copy.
    #[serde(default, deserialize_with = "or_missing", skip_serializing_if = "Option::is_none")]
    pub target_attribute_key: Option<Target>,
}

/// The attribute key and id to which an intervention is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TargetAttributeKey {
    /// Name of the attribute key, for example `domain_userid`.
    pub name: String,
    /// The id, for example a UUID.
    pub id: String,
}
