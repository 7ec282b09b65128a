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

const PAGE_URL: AtomicField = AtomicField::known("page_url");
const PAGE_REFERRER: AtomicField = AtomicField::known("page_referrer");

/// Room for the values that an event of the JavaScript tracker has.
const USUAL_VALUES: usize = 32;

const _: () = assert!(AtomicField::COUNT <= u8::MAX as usize, "positions are bytes");

/// All atomic values of one event, addressed by field.
#[derive(Debug, Clone)]
pub(crate) struct Atomic {
    /// In no particular order. A slot for every field would be four kilobytes to fill, to drop and to keep for each event,
    /// which has a quarter of them.
    values: Vec<AtomicValue>,
    /// For every field, the position of its value counted from 1; 0 where it has none.
    positions: [u8; AtomicField::COUNT],
    /// Parsing URLs takes as long as parsing a small event, and few definitions ask for it: done when first asked for.
    derived: OnceLock<DerivedFields>,
}

impl Atomic {
    pub(crate) fn new() -> Self {
        Self {
            values: Vec::with_capacity(USUAL_VALUES),
            positions: [0; AtomicField::COUNT],
            derived: OnceLock::new(),
        }
    }

    pub(crate) fn get(&self, field: AtomicField) -> Option<&AtomicValue> {
        if !page_url::is_derived(field) {
            let position = usize::from(self.positions[field.index()]).checked_sub(1)?;
            return self.values.get(position);
        }
        let derive = || page_url::derive(self.text(PAGE_URL), self.text(PAGE_REFERRER));
        self.derived.get_or_init(derive).get(field)
    }

    pub(crate) fn set(&mut self, field: AtomicField, value: AtomicValue) {
        let position = &mut self.positions[field.index()];
        match usize::from(*position).checked_sub(1) {
            Some(taken) => self.values[taken] = value,
            None => {
                self.values.push(value);
                *position = self.values.len() as u8;
            }
        }
    }

    pub(crate) fn text(&self, field: AtomicField) -> Option<&str> {
        match self.get(field)? {
            AtomicValue::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn moment(&self, field: AtomicField) -> Option<Timestamp> {
        match self.get(field)? {
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
