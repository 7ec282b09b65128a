use serde_json::Value;

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
    /// The value; while unset, the definition's default, else that of the type (0, 0.0, `""`, false, [] or {}).
    pub value: Value,
    /// Whether an event set it (and it has not expired since).
    pub is_set: bool,
}
