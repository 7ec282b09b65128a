use std::fmt;

use serde_json::Value;

/// A JSON with the schema that describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfDescribing {
    /// The schema.
    pub schema: SchemaUri,
    /// The described data.
    pub data: Value,
}

/// An Iglu schema URI taken apart: `iglu:{vendor}/{name}/{format}/{model}-{revision}-{addition}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaUri {
    /// E.g. `com.snowplowanalytics.snowplow.ecommerce`.
    pub vendor: String,
    /// E.g. `product`.
    pub name: String,
    /// Nearly always `jsonschema`.
    pub format: String,
    /// E.g. `1-0-2`.
    pub version: String,
    /// The first number of the version: data of one major version is compatible.
    pub major_version: u64,
}

impl fmt::Display for SchemaUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "iglu:{}/{}/{}/{}", self.vendor, self.name, self.format, self.version)
    }
}
