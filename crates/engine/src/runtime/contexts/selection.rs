//! Which events a context keeps, and which of their properties.

use std::collections::HashSet;

use serde_json::Value;

use crate::datum::Datum;
use crate::definitions::{
    DefinitionError, EventLogEvent, EventLogProperty, EventLogPropertyKind, EventSelection,
    EventSelector, Loc, Property, PropertyKind,
};
use crate::event::Event;
use crate::event_filter::{check_selector, selects};
use crate::property::PropertyReader;

/// The output name that every kept event has.
pub(super) const DERIVED_TSTAMP: &str = "derived_tstamp";

/// How many bytes of a text are kept. A longer list or object is left out.
const MAX_VALUE_BYTES: usize = 4_096;

/// A compiled [`EventSelection`].
#[derive(Debug, Clone)]
pub(super) struct Selection {
    selector: EventSelector,
    major_version: Option<u64>,
    properties: Vec<Output>,
}

/// A property and its name in the context.
#[derive(Debug, Clone)]
struct Output {
    name: String,
    property: PropertyReader,
}

impl Selection {
    pub(super) fn compile(
        definition: &EventSelection,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        let selector = compile_event(&definition.event, &loc.field("event"))?;
        let major_version = definition.event.major_version;
        let properties = compile_properties(&definition.properties, &loc.field("properties"))?;
        Ok(Self { selector, major_version, properties })
    }

    /// The name of matching events, or `None` if any name can match.
    pub(super) fn event_name(&self) -> Option<&str> {
        self.selector.name.as_deref()
    }

    pub(super) fn matches(&self, event: &Event) -> bool {
        selects(&self.selector, event)
            && self.major_version.is_none_or(|wanted| event.schema().major_version() == wanted)
    }

    /// The values of the properties in `event`, in order. An unset property is null.
    pub(super) fn read(&self, event: &Event) -> Box<[Value]> {
        self.properties.iter().map(|output| bounded(output.property.read(event))).collect()
    }

    /// The names of the properties, in order.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.properties.iter().map(|output| output.name.as_str())
    }
}

fn bounded(datum: Datum<'_>) -> Value {
    match datum.into_value() {
        Value::String(text) if text.len() > MAX_VALUE_BYTES => {
            text[..text.floor_char_boundary(MAX_VALUE_BYTES)].into()
        }
        value @ (Value::Array(_) | Value::Object(_))
            if value.to_string().len() > MAX_VALUE_BYTES =>
        {
            Value::Null
        }
        value => value,
    }
}

fn compile_event(
    definition: &EventLogEvent,
    loc: &Loc<'_>,
) -> Result<EventSelector, DefinitionError> {
    let EventLogEvent { name, vendor, version, major_version, event_specification_id } =
        definition.clone();
    if event_specification_id.is_some() {
        let others = [
            ("name", name.is_some()),
            ("vendor", vendor.is_some()),
            ("version", version.is_some()),
            ("major_version", major_version.is_some()),
        ];
        if let Some((field, _)) = others.into_iter().find(|(_, is_set)| *is_set) {
            return Err(loc.field(field).error("not together with `event_specification_id`"));
        }
    } else if name.is_none() {
        return Err(loc.field("name").missing_with("set it, or `event_specification_id`"));
    }
    if version.is_some() && major_version.is_some() {
        return Err(loc.field("major_version").error("not together with `version`"));
    }
    if major_version == Some(0) {
        return Err(loc.field("major_version").error("must be at least 1"));
    }
    let selector = EventSelector { name, vendor, version, event_specification_id };
    check_selector(&selector, loc)?;
    Ok(selector)
}

fn compile_properties(
    definitions: &[EventLogProperty],
    loc: &Loc<'_>,
) -> Result<Vec<Output>, DefinitionError> {
    let mut names = HashSet::new();
    let outputs = definitions.iter().enumerate().map(|(index, definition)| {
        let loc = loc.index(index);
        let output = compile_property(definition, &loc)?;
        let is_derived_tstamp =
            definition.kind == EventLogPropertyKind::Atomic && definition.name == DERIVED_TSTAMP;
        let is_taken = output.name == DERIVED_TSTAMP && !is_derived_tstamp;
        if is_taken || !names.insert(output.name.clone()) {
            let name = output.name.escape_debug();
            let message = format!("another property has the name `{name}`. Set a unique name");
            return Err(loc.field("output_name").error(message));
        }
        Ok(output)
    });
    outputs.collect()
}

fn compile_property(
    definition: &EventLogProperty,
    loc: &Loc<'_>,
) -> Result<Output, DefinitionError> {
    let EventLogProperty { kind, name, vendor, major_version, path, index, output_name } =
        definition.clone();
    let property = Property {
        kind: match kind {
            EventLogPropertyKind::Atomic => PropertyKind::Atomic,
            EventLogPropertyKind::Event => PropertyKind::Event,
            EventLogPropertyKind::Entity => PropertyKind::Entity,
        },
        name: Some(name.clone()),
        vendor,
        major_version,
        path,
        index,
        date_part: None,
        operation: None,
        properties: None,
        separator: None,
    };
    let property = PropertyReader::compile(&property, loc)?;
    let name = match output_name {
        Some(name) if name.is_empty() => return Err(loc.field("output_name").error("empty name")),
        Some(name) => name,
        None => property.last_name().map_or(name, str::to_owned),
    };
    Ok(Output { name, property })
}
