//! Compiled properties: where in an event a value is found.

mod path;

use serde_json::Value;

use crate::datum::Datum;
use crate::definitions::{DefinitionError, Loc, Property, PropertyKind};
use crate::event::{AtomicField, Event, SchemaUri};
use path::Path;

/// A [`Property`] that is ready to be read from any number of events.
#[derive(Debug, Clone)]
pub(crate) enum PropertyReader {
    Atomic(AtomicField),
    EventData { schema: SchemaPattern, path: Path },
    EntityData { schema: SchemaPattern, path: Path, index: usize },
}

/// All schemas of one vendor, name and major version.
#[derive(Debug, Clone)]
pub(crate) struct SchemaPattern {
    vendor: String,
    name: String,
    major_version: u64,
}

impl SchemaPattern {
    fn matches(&self, schema: &SchemaUri) -> bool {
        schema.major_version() == self.major_version
            && schema.name() == self.name
            && schema.vendor() == self.vendor
    }
}

impl PropertyReader {
    /// The reader of an atomic field that is known to exist, by its enriched name.
    pub(crate) fn atomic(name: &str) -> Option<Self> {
        AtomicField::named(name).map(PropertyReader::Atomic)
    }

    pub(crate) fn compile(property: &Property, loc: &Loc<'_>) -> Result<Self, DefinitionError> {
        if property.date_part.is_some() {
            return Err(loc.field("date_part").error("date parts are not supported yet"));
        }
        match property.kind {
            PropertyKind::Atomic => {
                let name = required(&property.name, "name", loc)?;
                Self::atomic(name).ok_or_else(|| {
                    loc.field("name").error(format!("`{name}` is not an atomic field"))
                })
            }
            PropertyKind::Event => Ok(PropertyReader::EventData {
                schema: compile_schema(property, loc)?,
                path: compile_path(property, loc)?,
            }),
            PropertyKind::Entity => Ok(PropertyReader::EntityData {
                schema: compile_schema(property, loc)?,
                path: compile_path(property, loc)?,
                index: property.index.unwrap_or(0),
            }),
            PropertyKind::Calculated => {
                Err(loc.field("type").error("calculated properties are not supported yet"))
            }
        }
    }

    /// The value in `event`; null when it does not have it.
    pub(crate) fn read<'e>(&self, event: &'e Event) -> Datum<'e> {
        match self {
            PropertyReader::Atomic(field) => event.field(*field),
            PropertyReader::EventData { schema, path } => {
                let data = event.data().filter(|_| schema.matches(event.schema()));
                data_at(data, path)
            }
            PropertyReader::EntityData { schema, path, index } => {
                let entity = event
                    .entities()
                    .iter()
                    .filter(|entity| schema.matches(&entity.schema))
                    .nth(*index);
                data_at(entity.map(|entity| &entity.data), path)
            }
        }
    }
}

fn data_at<'e>(data: Option<&'e Value>, path: &Path) -> Datum<'e> {
    data.and_then(|data| path.walk(data)).map_or(Datum::Null, Datum::from)
}

fn compile_schema(property: &Property, loc: &Loc<'_>) -> Result<SchemaPattern, DefinitionError> {
    Ok(SchemaPattern {
        vendor: required(&property.vendor, "vendor", loc)?.clone(),
        name: required(&property.name, "name", loc)?.clone(),
        major_version: *required(&property.major_version, "major_version", loc)?,
    })
}

fn compile_path(property: &Property, loc: &Loc<'_>) -> Result<Path, DefinitionError> {
    let path = required(&property.path, "path", loc)?;
    Path::parse(path).map_err(|reason| loc.field("path").error(reason))
}

fn required<'p, T>(
    value: &'p Option<T>,
    field: &str,
    loc: &Loc<'_>,
) -> Result<&'p T, DefinitionError> {
    value.as_ref().ok_or_else(|| loc.field(field).error("missing"))
}
