//! Decides which events an attribute or an agentic context counts.

use serde_json::Value;
use signals_wire::schema::major_version;

use crate::definitions::{
    AttributeDefinition, DefinitionError, EventCriteria, EventCriterion, EventSelector, Loc,
};
use crate::event::Event;
use crate::name::{check_schema_name, check_vendor};
use crate::predicate::Predicate;
use crate::property::PropertyReader;

/// The operators of criteria over one event. As in Signals, there are fewer than for criteria over attributes.
pub(crate) const OPERATORS: [&str; 10] =
    ["=", "!=", "<", ">", "<=", ">=", "like", "in", "is null", "is not null"];

/// Compiled `events` and `criteria` of one attribute.
#[derive(Debug, Clone)]
pub(crate) struct EventFilter {
    selectors: Vec<EventSelector>,
    all: Vec<Criterion>,
    any: Option<Vec<Criterion>>,
}

#[derive(Debug, Clone)]
struct Criterion {
    property: PropertyReader,
    predicate: Predicate,
}

impl EventFilter {
    /// Compiles the filter of the attribute at `loc`.
    pub(crate) fn compile(
        attribute: &AttributeDefinition,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        let criteria_loc = loc.field("criteria");
        let EventCriteria { all, any } = attribute.criteria.as_ref().unwrap_or(&NO_CRITERIA);
        Ok(Self {
            selectors: compile_selectors(&attribute.events, &loc.field("events"))?,
            all: compile_list(all.as_deref().unwrap_or_default(), &criteria_loc.field("all"))?,
            // An empty list counts as missing.
            any: any
                .as_deref()
                .filter(|any| !any.is_empty())
                .map(|any| compile_list(any, &criteria_loc.field("any")))
                .transpose()?,
        })
    }

    /// A filter that no event passes.
    pub(crate) fn nothing() -> Self {
        Self { selectors: Vec::new(), all: Vec::new(), any: Some(Vec::new()) }
    }

    /// The names of matching events, or `None` if any name can match.
    pub(crate) fn event_names(&self) -> Option<Vec<&str>> {
        if self.any.as_ref().is_some_and(Vec::is_empty) {
            return Some(Vec::new());
        }
        if self.selectors.is_empty() {
            return None;
        }
        self.selectors.iter().map(|selector| selector.name.as_deref()).collect()
    }

    pub(crate) fn matches(&self, event: &Event) -> bool {
        (self.selectors.is_empty()
            || self.selectors.iter().any(|selector| selects(selector, event)))
            && self.all.iter().all(|criterion| criterion.holds(event))
            && self
                .any
                .as_ref()
                .is_none_or(|any| any.iter().any(|criterion| criterion.holds(event)))
    }
}

fn compile_selectors(
    selectors: &[EventSelector],
    loc: &Loc<'_>,
) -> Result<Vec<EventSelector>, DefinitionError> {
    for (index, selector) in selectors.iter().enumerate() {
        check_selector(selector, &loc.index(index))?;
    }
    Ok(selectors.to_vec())
}

/// Checks every part of the selector at `loc` that is set.
pub(crate) fn check_selector(
    selector: &EventSelector,
    loc: &Loc<'_>,
) -> Result<(), DefinitionError> {
    let EventSelector { name, vendor, version, event_specification_id } = selector;
    let check = |field: &str, value: &Option<String>, check: fn(&str) -> Result<(), String>| {
        let result = value.as_deref().map_or(Ok(()), check);
        result.map_err(|reason| loc.field(field).error(reason))
    };
    check("name", name, check_schema_name)?;
    check("vendor", vendor, check_vendor)?;
    check("version", version, check_version)?;
    check("event_specification_id", event_specification_id, |id| match id {
        "" => Err("empty id".to_owned()),
        _ => Ok(()),
    })
}

fn check_version(version: &str) -> Result<(), String> {
    match major_version(version) {
        Some(_) => Ok(()),
        None => Err(format!("`{}` is not a version such as `1-0-0`", version.escape_debug())),
    }
}

const NO_CRITERIA: EventCriteria = EventCriteria { all: None, any: None };

/// Whether `selector` matches `event`.
pub(crate) fn selects(selector: &EventSelector, event: &Event) -> bool {
    let schema = event.schema();
    let fits = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|w| w == actual);
    fits(&selector.name, schema.name())
        && fits(&selector.vendor, schema.vendor())
        && fits(&selector.version, schema.version())
        && selector.event_specification_id.as_ref().is_none_or(|id| follows(event, id))
}

/// Whether an event follows the event specification `id`.
fn follows(event: &Event, id: &str) -> bool {
    event.entities().iter().any(|entity| {
        entity.schema.name() == "event_specification"
            && entity.schema.vendor() == "com.snowplowanalytics.snowplow"
            && entity.data().get("id").and_then(Value::as_str) == Some(id)
    })
}

fn compile_list(
    criteria: &[EventCriterion],
    loc: &Loc<'_>,
) -> Result<Vec<Criterion>, DefinitionError> {
    criteria
        .iter()
        .enumerate()
        .map(|(index, criterion)| {
            let loc = loc.index(index);
            if !OPERATORS.contains(&criterion.operator.as_str()) {
                return Err(loc.field("operator").error(format!(
                    "`{}` is not one of {}",
                    criterion.operator.escape_debug(),
                    OPERATORS.join(", ")
                )));
            }
            Ok(Criterion {
                property: PropertyReader::compile(&criterion.property, &loc.field("property"))?,
                predicate: Predicate::compile(&criterion.operator, criterion.value.as_ref(), &loc)?,
            })
        })
        .collect()
}

impl Criterion {
    fn holds(&self, event: &Event) -> bool {
        self.predicate.holds(&self.property.read(event))
    }
}
