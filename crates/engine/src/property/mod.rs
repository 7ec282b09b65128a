//! Compiled properties: they read a value from an event.

mod calculated;
mod date_part;
mod path;

use std::borrow::Cow;

use serde_json::Value;

use crate::datum::Datum;
use crate::definitions::{DefinitionError, Loc, Property, PropertyKind};
use crate::event::{AtomicField, Event, FieldType, SchemaUri, SelfDescribing};
use crate::name::check_schema_name;
use calculated::Calculated;
use date_part::DatePart;
use path::Path;

#[cfg(feature = "openapi")]
pub(crate) use calculated::names as operation_names;
#[cfg(feature = "openapi")]
pub(crate) use date_part::names as date_part_names;

/// A compiled [`Property`].
#[derive(Debug, Clone)]
pub(crate) enum PropertyReader {
    Atomic(AtomicField),
    EventData { schema: SchemaPattern, path: Path },
    EntityData { schema: SchemaPattern, path: Path, index: usize },
    Calculated(Calculated),
    PartOfDate { source: Box<PropertyReader>, part: DatePart },
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

    fn event_data<'e>(&self, event: &'e Event) -> Option<&'e Value> {
        event.data().filter(|_| self.matches(event.schema()))
    }

    fn entity_data<'e>(&self, event: &'e Event, index: usize) -> Option<&'e Value> {
        let of_schema = event.entities().iter().filter(|entity| self.matches(&entity.schema));
        of_schema.map(SelfDescribing::data).nth(index)
    }
}

impl PropertyReader {
    /// The reader of an existing atomic field, by its enriched name.
    pub(crate) fn atomic(name: &str) -> Option<Self> {
        AtomicField::named(name).map(PropertyReader::Atomic)
    }

    pub(crate) fn compile(property: &Property, loc: &Loc<'_>) -> Result<Self, DefinitionError> {
        Self::compile_nested(property, loc, 0)
    }

    /// Compiles the property of an attribute key. Ids cannot be calculated.
    pub(crate) fn compile_id(property: &Property, loc: &Loc<'_>) -> Result<Self, DefinitionError> {
        if property.kind == PropertyKind::Calculated {
            return Err(loc.field("type").error("the id of an attribute key cannot be calculated"));
        }
        if property.date_part.is_some() {
            return Err(loc
                .field("date_part")
                .error("the id of an attribute key cannot be part of a date"));
        }
        Self::compile(property, loc)
    }

    /// The last name in the path in the data of an event or entity. Other properties have no path.
    pub(crate) fn last_name(&self) -> Option<&str> {
        match self {
            PropertyReader::EventData { path, .. } | PropertyReader::EntityData { path, .. } => {
                path.last_name()
            }
            _ => None,
        }
    }

    /// Whether it reads a numeric date part, such as the hour.
    pub(crate) fn is_numeric_part_of_date(&self) -> bool {
        matches!(self, PropertyReader::PartOfDate { part, .. } if part.is_numeric())
    }

    /// Compiles a property inside `depth` calculated ones.
    fn compile_nested(
        property: &Property,
        loc: &Loc<'_>,
        depth: usize,
    ) -> Result<Self, DefinitionError> {
        let source = Self::compile_source(property, loc, depth)?;
        let Some(name) = &property.date_part else { return Ok(source) };
        let loc = loc.field("date_part");
        match source {
            PropertyReader::Atomic(field) if field.field_type() != FieldType::Moment => {
                Err(loc.error("only time fields (`…_tstamp`) have date parts"))
            }
            PropertyReader::Calculated(_) => {
                Err(loc.error("calculated properties have no date parts"))
            }
            source => Ok(PropertyReader::PartOfDate {
                part: DatePart::named(name).map_err(|reason| loc.error(reason))?,
                source: Box::new(source),
            }),
        }
    }

    fn compile_source(
        property: &Property,
        loc: &Loc<'_>,
        depth: usize,
    ) -> Result<Self, DefinitionError> {
        match property.kind {
            PropertyKind::Atomic => {
                let name = required(&property.name, "name", loc)?;
                Self::atomic(name).ok_or_else(|| {
                    let name = name.escape_debug();
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
                Calculated::compile(property, loc, depth).map(PropertyReader::Calculated)
            }
        }
    }

    /// The reader of a property of an entity, in the first major version of its schema.
    pub(crate) fn entity(vendor: &str, name: &str, path: &str) -> Option<Self> {
        let (vendor, name) = (vendor.to_owned(), name.to_owned());
        Some(PropertyReader::EntityData {
            schema: SchemaPattern { vendor, name, major_version: 1 },
            path: Path::parse(path).ok()?,
            index: 0,
        })
    }

    /// The id in `event`, found in the same way as by the plugin.
    pub(crate) fn read_id<'e>(&self, event: &'e Event) -> Option<Cow<'e, str>> {
        match self {
            PropertyReader::Atomic(field) => event.id_text(*field),
            PropertyReader::EventData { schema, path } => path.find_text(schema.event_data(event)?),
            PropertyReader::EntityData { schema, path, index } => {
                path.find_text(schema.entity_data(event, *index)?)
            }
            // No attribute key has such a property.
            PropertyReader::Calculated(_) | PropertyReader::PartOfDate { .. } => None,
        }
    }

    /// The value in `event`, or null if it has none.
    pub(crate) fn read<'e>(&self, event: &'e Event) -> Datum<'e> {
        match self {
            PropertyReader::Atomic(field) => event.field(*field),
            PropertyReader::EventData { schema, path } => data_at(schema.event_data(event), path),
            PropertyReader::EntityData { schema, path, index } => {
                data_at(schema.entity_data(event, *index), path)
            }
            PropertyReader::Calculated(calculated) => calculated.read(event),
            PropertyReader::PartOfDate { source, part } => part.of(&source.read(event)),
        }
    }
}

fn data_at<'e>(data: Option<&'e Value>, path: &Path) -> Datum<'e> {
    data.and_then(|data| path.walk(data)).map_or(Datum::Null, Datum::from)
}

fn compile_schema(property: &Property, loc: &Loc<'_>) -> Result<SchemaPattern, DefinitionError> {
    let vendor = required(&property.vendor, "vendor", loc)?.clone();
    if vendor.is_empty() {
        return Err(loc.field("vendor").error("empty vendor"));
    }
    let name = required(&property.name, "name", loc)?.clone();
    check_schema_name(&name).map_err(|reason| loc.field("name").error(reason))?;
    let major_version = *required(&property.major_version, "major_version", loc)?;
    if major_version == 0 {
        return Err(loc.field("major_version").error("must be at least 1"));
    }
    Ok(SchemaPattern { vendor, name, major_version })
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
    value.as_ref().ok_or_else(|| loc.field(field).missing())
}
