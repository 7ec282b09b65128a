use serde_json::Value;

use super::key::{Key, KeyIndex, compile_ttl};
use crate::aggregation::{Aggregation, Input, Output};
use crate::datum::Datum;
use crate::definitions::{AttributeDefinition, DefinitionError, Field, Loc, Property};
use crate::duration::{DEFAULT_WAREHOUSE_TTL_MS, parse_duration_ms};
use crate::event::Event;
use crate::event_filter::EventFilter;
use crate::name::check_name;
use crate::property::PropertyReader;
use crate::time_unit::TimeUnit;
use crate::value_type::{Cast, ValueType};

/// Position of an attribute among the attributes of all groups. Profiles use it to store values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AttributeIndex(pub(super) u32);

impl AttributeIndex {
    pub(super) fn get(self) -> usize {
        self.0 as usize
    }
}

/// A compiled attribute.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub(super) name: String,
    /// `group:attribute`, for messages.
    pub(super) full_name: String,
    pub(super) key: KeyIndex,
    /// Whether its group is published. Otherwise it is neither computed nor shown.
    pub(super) is_published: bool,
    pub(super) filter: EventFilter,
    pub(super) aggregation: Aggregation,
    pub(super) retention: Retention,
    value_type: ValueType,
    /// The type's name in the definition.
    pub(super) type_name: String,
    default_value: Option<Value>,
    time_unit: Option<TimeUnit>,
    property: Option<PropertyReader>,
}

/// What an event contributes to an attribute.
pub(super) struct Contribution<'e> {
    pub(super) value: Datum<'e>,
    /// Whether the value was out of the type's range.
    pub(super) saturated: bool,
}

/// How long an event counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retention {
    pub(super) scope: Scope,
    /// In milliseconds, from the moment that the scope defines.
    pub(super) keep_ms: i64,
}

/// What expires together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All events, counted from the last update.
    Lifetime,
    /// Each event separately, counted from when it happened.
    Window,
}

/// What the attributes of a group share.
pub(super) struct GroupContext<'a> {
    pub(super) name: &'a str,
    pub(super) is_published: bool,
    pub(super) ttl_ms: Option<i64>,
    pub(super) key_index: KeyIndex,
    pub(super) key: &'a Key,
}

impl Attribute {
    pub(super) fn compile(
        definition: &AttributeDefinition,
        group: &GroupContext<'_>,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        check_name(&definition.name).map_err(|reason| loc.field("name").error(reason))?;
        let aggregation = compile_aggregation(definition, loc)?;
        let value_type = compile_type(definition, aggregation, loc)?;
        let property = compile_property(definition, aggregation, loc)?;
        check_date_parts(definition, aggregation, value_type, property.as_ref(), loc)?;
        let attribute_ttl = compile_ttl(definition.ttl.as_deref(), loc)?;
        let ttl_ms = attribute_ttl.or(group.ttl_ms).unwrap_or(group.key.ttl_ms);
        let retention = match &definition.period {
            Some(_) if attribute_ttl.is_some() => {
                let message = "values expire with `period`. Set either `ttl` or `period`";
                return Err(loc.field("ttl").error(message));
            }
            Some(period) => Retention {
                scope: Scope::Window,
                keep_ms: parse_duration_ms(period)
                    .map_err(|reason| loc.field("period").error(reason))?,
            },
            None => Retention { scope: Scope::Lifetime, keep_ms: ttl_ms },
        };
        Ok(Self {
            name: definition.name.clone(),
            full_name: format!("{}:{}", group.name, definition.name),
            key: group.key_index,
            is_published: group.is_published,
            filter: EventFilter::compile(definition, loc)?,
            aggregation,
            retention,
            value_type,
            type_name: definition.value_type.clone(),
            default_value: compile_default(definition, value_type, loc)?,
            time_unit: compile_time_unit(definition, aggregation, loc)?,
            property,
        })
    }

    /// A column of a warehouse's table, to which no event contributes.
    pub(super) fn of_field(
        field: &Field,
        group: &GroupContext<'_>,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        check_name(&field.name).map_err(|reason| loc.field("name").error(reason))?;
        Ok(Self {
            name: field.name.clone(),
            full_name: format!("{}:{}", group.name, field.name),
            key: group.key_index,
            is_published: group.is_published,
            filter: EventFilter::nothing(),
            aggregation: Aggregation::Last,
            retention: Retention {
                scope: Scope::Lifetime,
                keep_ms: group.ttl_ms.unwrap_or(DEFAULT_WAREHOUSE_TTL_MS),
            },
            value_type: named_type(&field.value_type, &loc.field("type"))?,
            type_name: field.value_type.clone(),
            default_value: None,
            time_unit: None,
            property: None,
        })
    }

    /// What `event` contributes, or `None` if it does not count.
    pub(super) fn contribution<'e>(&self, event: &'e Event) -> Option<Contribution<'e>> {
        if !self.filter.matches(event) {
            return None;
        }
        let value = self.property.as_ref().map_or(Datum::Null, |property| property.read(event));
        let (value, saturated) = match self.aggregation.input() {
            Input::Event => return Some(Contribution { value: Datum::Null, saturated: false }),
            Input::Number => (value.as_number()?, false),
            Input::Value => (value, false),
            Input::Element => self.value_type.cast_element(value),
        };
        (!value.is_null()).then_some(Contribution { value, saturated })
    }

    /// The result of the aggregation in the attribute's unit and type, or `None` if it cannot be cast.
    pub(super) fn present(&self, result: Value) -> Option<Cast> {
        let result = match self.time_unit {
            Some(unit) => unit.convert(&result),
            None => result,
        };
        Some(self.value_type.cast(result)).filter(|cast| !cast.value.is_null())
    }

    /// The value for criteria. While unset, the definition's default or null.
    pub(super) fn value_for_criteria(&self, value: Option<Cast>) -> Value {
        match value {
            Some(cast) => cast.value,
            None => self.default_value.clone().unwrap_or(Value::Null),
        }
    }

    /// The value for reads. While unset, the definition's default or that of the type.
    pub(super) fn value_for_reads(&self, value: Option<Cast>) -> Value {
        match self.value_for_criteria(value) {
            Value::Null => self.value_type.default_value(),
            value => value,
        }
    }
}

fn compile_aggregation(
    definition: &AttributeDefinition,
    loc: &Loc<'_>,
) -> Result<Aggregation, DefinitionError> {
    Aggregation::named(&definition.aggregation).ok_or_else(|| {
        loc.field("aggregation").error(format!(
            "`{}` is not a supported aggregation. Use one of {}",
            definition.aggregation.escape_debug(),
            Aggregation::NAMES.join(", ")
        ))
    })
}

fn compile_type(
    definition: &AttributeDefinition,
    aggregation: Aggregation,
    loc: &Loc<'_>,
) -> Result<ValueType, DefinitionError> {
    let name = &definition.value_type;
    let loc = loc.field("type");
    let value_type = named_type(name, &loc)?;
    let (fits, needed) = match aggregation.output() {
        Output::Any => (true, "any type"),
        Output::Number => (value_type.is_numeric_or_text(), "a number"),
        Output::Milliseconds => (value_type.is_fractional(), "`float` or `double`"),
        Output::Element => (matches!(value_type, ValueType::Scalar(_)), "the type of one value"),
        Output::List => (matches!(value_type, ValueType::List(_)), "a list such as `string_list`"),
        Output::Map => (value_type == ValueType::Dict, "`dict`"),
    };
    match fits {
        true => Ok(value_type),
        false => Err(loc.error(format!(
            "`{name}` cannot hold the result of `{}`, which is {needed}",
            definition.aggregation
        ))),
    }
}

fn named_type(name: &str, loc: &Loc<'_>) -> Result<ValueType, DefinitionError> {
    ValueType::named(name)
        .ok_or_else(|| loc.error(format!("`{}` is not a type", name.escape_debug())))
}

fn compile_time_unit(
    definition: &AttributeDefinition,
    aggregation: Aggregation,
    loc: &Loc<'_>,
) -> Result<Option<TimeUnit>, DefinitionError> {
    let loc = loc.field("time_unit");
    match (aggregation.output(), definition.time_unit.as_deref()) {
        (Output::Milliseconds, Some(name)) => TimeUnit::named(name).map(Some).ok_or_else(|| {
            loc.error(format!("`{}` is not one of `s`, `min`, `h`, `d`", name.escape_debug()))
        }),
        (Output::Milliseconds, None) => {
            Err(loc.missing_with(format_args!("`{}` requires it", definition.aggregation)))
        }
        (_, Some(_)) => Err(loc.error(format!("`{}` does not support it", definition.aggregation))),
        (_, None) => Ok(None),
    }
}

fn compile_property(
    definition: &AttributeDefinition,
    aggregation: Aggregation,
    loc: &Loc<'_>,
) -> Result<Option<PropertyReader>, DefinitionError> {
    let loc = loc.field("property");
    match (&definition.property, aggregation.input()) {
        (Some(property), _) => PropertyReader::compile(property, &loc).map(Some),
        (None, Input::Event) => Ok(None),
        (None, _) => {
            Err(loc.missing_with(format_args!("`{}` requires it", definition.aggregation)))
        }
    }
}

/// A numeric date part requires an integer type, even with aggregations that allow other types. A sum of date parts means
/// nothing.
fn check_date_parts(
    definition: &AttributeDefinition,
    aggregation: Aggregation,
    value_type: ValueType,
    property: Option<&PropertyReader>,
    loc: &Loc<'_>,
) -> Result<(), DefinitionError> {
    if aggregation == Aggregation::Sum
        && let Some(property) = &definition.property
    {
        refuse_date_parts(property, &loc.field("property"))?;
    }
    let shows_the_part = aggregation.input() != Input::Event && aggregation.output() != Output::Map;
    let is_number = property.is_some_and(PropertyReader::is_numeric_part_of_date);
    if shows_the_part && is_number && !value_type.is_whole() {
        return Err(loc.field("type").error(format!(
            "`{}` cannot hold a numeric date part. Use an integer type such as `int32`",
            definition.value_type
        )));
    }
    Ok(())
}

/// Refuses date parts at any depth of `property`. Compiling it has limited the depth.
fn refuse_date_parts(property: &Property, loc: &Loc<'_>) -> Result<(), DefinitionError> {
    if property.date_part.is_some() {
        return Err(loc.field("date_part").error("`sum` does not support date parts"));
    }
    let parts = loc.field("properties");
    for (index, part) in property.properties.iter().flatten().enumerate() {
        refuse_date_parts(part, &parts.index(index))?;
    }
    Ok(())
}

fn compile_default(
    definition: &AttributeDefinition,
    value_type: ValueType,
    loc: &Loc<'_>,
) -> Result<Option<Value>, DefinitionError> {
    let Some(default) = definition.default_value.as_ref().filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let cast = value_type.cast(default.clone());
    let lacks_elements = cast.value.as_array().is_some_and(|list| list.contains(&Value::Null));
    if cast.value.is_null() || lacks_elements || cast.saturated {
        let message = format!("{default} is not of type `{}`", definition.value_type);
        return Err(loc.field("default_value").error(message));
    }
    Ok(Some(cast.value))
}
