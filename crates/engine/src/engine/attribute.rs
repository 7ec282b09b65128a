use serde_json::Value;

use super::key::{Key, KeyIndex, compile_ttl};
use crate::aggregation::{Aggregation, Input, Output};
use crate::datum::Datum;
use crate::definitions::{AttributeDefinition, DefinitionError, Loc};
use crate::duration::parse_duration_ms;
use crate::event::Event;
use crate::event_filter::EventFilter;
use crate::name::check_name;
use crate::property::PropertyReader;
use crate::value_type::{Cast, ValueType};

/// Position of an attribute among all of all groups; profiles keep their values by it.
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
    /// `group:attribute`, for people.
    pub(super) full_name: String,
    pub(super) key: KeyIndex,
    /// Whether its group is: only then does it compute, and can be seen.
    pub(super) is_published: bool,
    pub(super) filter: EventFilter,
    pub(super) aggregation: Aggregation,
    pub(super) retention: Retention,
    pub(super) value_type: ValueType,
    pub(super) default_value: Option<Value>,
    property: Option<PropertyReader>,
}

/// How long what was counted keeps counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retention {
    pub(super) scope: Scope,
    /// Milliseconds; what they are counted from depends on the scope.
    pub(super) keep_ms: i64,
}

/// What leaves together when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything, counted from the last update.
    Lifetime,
    /// Every event for itself, counted from when it happened.
    Window,
}

/// What attributes of one group share.
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
        let attribute_ttl = compile_ttl(definition.ttl.as_deref(), loc)?;
        let ttl_ms = attribute_ttl.or(group.ttl_ms).unwrap_or(group.key.ttl_ms);
        let retention = match &definition.period {
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
            default_value: compile_default(definition, value_type, loc)?,
            property: compile_property(definition, aggregation, loc)?,
        })
    }

    /// What `event` contributes; `None` when it does not count.
    pub(super) fn contribution<'e>(&self, event: &'e Event) -> Option<Datum<'e>> {
        if !self.filter.matches(event) {
            return None;
        }
        let value = self.property.as_ref().map_or(Datum::Null, |property| property.read(event));
        self.aggregation.input().accept(value)
    }

    /// What criteria compare: while unset, null unless the definition has a default.
    pub(super) fn value_for_criteria(&self, value: Option<Cast>) -> Value {
        match value {
            Some(cast) => cast.value,
            None => self.default_value.clone().unwrap_or(Value::Null),
        }
    }

    /// What reads show: while unset, the definition's default, else that of the type.
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
            "`{}` is not a supported aggregation; supported: {}",
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
    let value_type = ValueType::named(name)
        .ok_or_else(|| loc.error(format!("`{}` is not a type", name.escape_debug())))?;
    match (aggregation.output(), value_type) {
        (Output::Any, _) => Ok(value_type),
        (Output::Number, ValueType::Scalar(scalar)) if !scalar.is_boolean() => Ok(value_type),
        (Output::Number, _) => {
            Err(loc
                .error(format!("`{name}` cannot hold the result of `{}`", definition.aggregation)))
        }
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
        (None, _) => Err(loc.error(format!("missing: `{}` needs one", definition.aggregation))),
    }
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
    if cast.value.is_null() || cast.saturated {
        let message = format!("{default} is not of type `{}`", definition.value_type);
        return Err(loc.field("default_value").error(message));
    }
    Ok(Some(cast.value))
}
