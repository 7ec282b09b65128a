//! The atomic values of one event.

use std::sync::OnceLock;

use serde_json::Value;

use super::BadEvent;
use super::atomic_field::{AtomicField, FieldType};
use super::page_url::{self, DerivedFields};
use crate::Timestamp;
use crate::datum::{Datum, parse_number};

/// Value of one atomic field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AtomicValue {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Moment(Timestamp),
}

impl AtomicValue {
    pub(crate) fn datum(&self) -> Datum<'_> {
        match self {
            AtomicValue::Text(text) => Datum::Text(text.as_str().into()),
            AtomicValue::Integer(integer) => Datum::Integer(*integer),
            AtomicValue::Number(number) => Datum::Float(*number),
            AtomicValue::Boolean(boolean) => Datum::Boolean(*boolean),
            AtomicValue::Moment(moment) => Datum::Moment(*moment),
        }
    }
}

/// All atomic values of one event, addressed by field.
#[derive(Debug, Clone)]
pub(crate) struct Atomic {
    values: Vec<Option<AtomicValue>>,
    /// Parsing URLs takes as long as parsing a small event, and few definitions ask for it: done when first asked for.
    derived: OnceLock<DerivedFields>,
}

impl Atomic {
    pub(crate) fn new() -> Self {
        Self { values: vec![None; AtomicField::COUNT], derived: OnceLock::new() }
    }

    pub(crate) fn get(&self, field: AtomicField) -> Option<&AtomicValue> {
        if !page_url::is_derived(field) {
            return self.values[field.index()].as_ref();
        }
        let derive = || page_url::derive(self.text("page_url"), self.text("page_referrer"));
        self.derived.get_or_init(derive).get(field)
    }

    pub(crate) fn set(&mut self, field: AtomicField, value: AtomicValue) {
        self.values[field.index()] = Some(value);
    }

    /// Sets the field of that enriched name. Names that are no field are a mistake in this crate, and do nothing.
    pub(crate) fn set_named(&mut self, name: &str, value: AtomicValue) {
        debug_assert!(AtomicField::named(name).is_some(), "{name} is no atomic field");
        if let Some(field) = AtomicField::named(name) {
            self.set(field, value);
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(AtomicField::named(name)?)? {
            AtomicValue::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn moment(&self, name: &str) -> Option<Timestamp> {
        match self.get(AtomicField::named(name)?)? {
            AtomicValue::Moment(moment) => Some(*moment),
            _ => None,
        }
    }
}

/// The text of a tracker protocol parameter; `None` when it is absent, null or empty.
///
/// The protocol knows strings only, but other senders than browsers write bare numbers and booleans.
pub(super) fn parameter_text(parameter: &str, value: Value) -> Result<Option<String>, BadEvent> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(boolean) => Ok(Some(boolean.to_string())),
        Value::Array(_) | Value::Object(_) => Err(BadEvent::new(parameter, "not a string")),
    }
}

/// Turns the text of a parameter into what its field holds.
pub(super) fn parse_atomic(
    parameter: &str,
    text: String,
    field_type: FieldType,
) -> Result<AtomicValue, BadEvent> {
    let refused = |what: &str| {
        Err(BadEvent::new(parameter, format!("`{}` is not {what}", text.escape_debug())))
    };
    match field_type {
        FieldType::Text => Ok(AtomicValue::Text(text)),
        FieldType::Integer => match parse_integer(&text) {
            Some(integer) => Ok(AtomicValue::Integer(integer)),
            None => refused("an integer"),
        },
        FieldType::Number => match parse_number(&text) {
            Some(Datum::Integer(integer)) => Ok(AtomicValue::Number(integer as f64)),
            Some(Datum::Float(number)) => Ok(AtomicValue::Number(number)),
            _ => refused("a number"),
        },
        FieldType::Boolean => match text.as_str() {
            "1" | "true" => Ok(AtomicValue::Boolean(true)),
            "0" | "false" => Ok(AtomicValue::Boolean(false)),
            _ => refused("a boolean (0 or 1)"),
        },
        FieldType::Moment => match parse_integer(&text) {
            Some(millis) => Ok(AtomicValue::Moment(Timestamp::from_millis(millis))),
            None => refused("a time in milliseconds"),
        },
    }
}

/// Whole numbers, also where a sender wrote a fraction (scroll offsets on zoomed screens): it is cut off.
fn parse_integer(text: &str) -> Option<i64> {
    match parse_number(text)? {
        Datum::Integer(integer) => Some(integer),
        Datum::Float(number) => Some(number as i64),
        _ => None,
    }
}
