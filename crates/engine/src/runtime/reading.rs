use serde_json::Value;

/// The definition of an attribute in a published group.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeInfo {
    /// Name of its group.
    pub group: String,
    /// Version of its group.
    pub version: u64,
    /// Name of the attribute key of its profiles.
    pub attribute_key: String,
    /// Name of the attribute.
    pub name: String,
    /// Its type's name in the definition.
    pub value_type: String,
    /// The value that reads return while it is unset: the definition's default, or else that of the type.
    pub default_value: Value,
}

impl AttributeInfo {
    /// Its unique name, for example `ecom_attributes_v1:page_views`.
    pub fn qualified_name(&self) -> String {
        format!("{}_v{}:{}", self.group, self.version, self.name)
    }
}

/// The values of one attribute group in one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupReading {
    /// Name of the group.
    pub name: String,
    /// Version of the group.
    pub version: u64,
    /// One per attribute, in definition order.
    pub attributes: Vec<AttributeReading>,
}

/// The value of one attribute in one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeReading {
    /// Name of the attribute.
    pub name: String,
    /// The value. While unset, the definition's default, or else that of the type (0, 0.0, `""`, false, [] or {}).
    pub value: Value,
    /// Whether an event set it, and it has not expired.
    pub is_set: bool,
}
