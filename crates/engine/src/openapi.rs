//! OpenAPI schemas for the names in definitions, from the tables that the parsers use.

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::{aggregation, event_filter, predicate, property, time_unit, value_type};

fn one_of(names: impl IntoIterator<Item = impl Into<String>>) -> Schema {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
}

pub(crate) fn aggregation() -> Schema {
    one_of(aggregation::Aggregation::NAMES.iter().copied())
}

pub(crate) fn value_type() -> Schema {
    one_of(value_type::names())
}

pub(crate) fn time_unit() -> Schema {
    one_of(time_unit::names())
}

pub(crate) fn date_part() -> Schema {
    one_of(property::date_part_names())
}

pub(crate) fn operation() -> Schema {
    one_of(property::operation_names())
}

/// Operators of criteria over attributes.
pub(crate) fn operator() -> Schema {
    one_of(predicate::operators().chain(["changed"]))
}

/// Operators of criteria over one event.
pub(crate) fn event_operator() -> Schema {
    one_of(event_filter::OPERATORS)
}
