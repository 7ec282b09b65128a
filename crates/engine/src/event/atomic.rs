//! The atomic values of one event.

use std::borrow::Cow;
use std::ops::Range;

use super::BadEvent;
use super::atomic_field::{AtomicField, FieldType};
use super::page_url::{self, Derivation};
use crate::Timestamp;
use crate::datum::{Datum, parse_number};

/// The capacity for the values of an event of the JavaScript tracker.
const USUAL_VALUES: usize = 32;
const USUAL_TEXT: usize = 512;

const _: () = assert!(AtomicField::COUNT <= u8::MAX as usize, "positions are bytes");

/// All atomic values of one event, addressed by field.
///
/// Tens of thousands of events are created and dropped per second. Few allocations make that cheap.
#[derive(Debug, Clone)]
pub(crate) struct Atomic {
    /// In no particular order. A slot for every field would take kilobytes per event, and an event has only a quarter of the
    /// fields.
    values: Vec<AtomicValue>,
    /// For every field, the position of its value counted from 1, or 0 if it has none.
    positions: [u8; AtomicField::COUNT],
    /// The texts to which `AtomicValue::text` points.
    text: String,
    /// Whether the parts of URLs are read from the URLs. Otherwise they are values like all others.
    splits_urls: bool,
}

/// Value of one atomic field.
#[derive(Debug, Clone)]
struct AtomicValue {
    /// The original text, because ids are texts even if the field is a number. Empty for a value that was not sent.
    text: Range<u32>,
    parsed: Parsed,
}

#[derive(Debug, Clone, Copy)]
enum Parsed {
    Text,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Moment(Timestamp),
}

impl Atomic {
    /// For a tracker's event, which has URLs without their parts.
    pub(crate) fn new() -> Self {
        Self {
            values: Vec::with_capacity(USUAL_VALUES),
            positions: [0; AtomicField::COUNT],
            text: String::with_capacity(USUAL_TEXT),
            splits_urls: true,
        }
    }

    /// For an enriched event, which has URLs and their parts.
    pub(super) fn enriched() -> Self {
        Self { splits_urls: false, ..Self::new() }
    }

    /// The value of a field, or null if it has none.
    pub(crate) fn get(&self, field: AtomicField) -> Datum<'_> {
        if let Some(derivation) = self.derivation(field) {
            return self.derived(derivation).map_or(Datum::Null, |text| derived_datum(field, text));
        }
        let Some(value) = self.value(field) else { return Datum::Null };
        match value.parsed {
            Parsed::Text => Datum::Text(self.slice(&value.text).into()),
            Parsed::Integer(integer) => Datum::Integer(integer),
            Parsed::Number(number) => Datum::Float(number),
            Parsed::Boolean(boolean) => Datum::Boolean(boolean),
            Parsed::Moment(moment) => Datum::Moment(moment),
        }
    }

    /// The text of a field as an id. `None` if it was not sent, or cannot be an id.
    pub(crate) fn id_text(&self, field: AtomicField) -> Option<Cow<'_, str>> {
        let text = match self.derivation(field) {
            Some(derivation) => self.derived(derivation)?,
            None => self.slice(&self.value(field)?.text).into(),
        };
        Some(text).filter(|text| field.field_type().can_be_id(text))
    }

    /// The text of a field, if its value is a text.
    pub(crate) fn text(&self, field: AtomicField) -> Option<&str> {
        let value = self.value(field)?;
        matches!(value.parsed, Parsed::Text).then(|| self.slice(&value.text))
    }

    pub(crate) fn moment(&self, field: AtomicField) -> Option<Timestamp> {
        match self.value(field)?.parsed {
            Parsed::Moment(moment) => Some(moment),
            _ => None,
        }
    }

    pub(crate) fn set_text(&mut self, field: AtomicField, text: &str) {
        self.set(field, text, Parsed::Text);
    }

    /// Sets a moment that was not sent.
    pub(crate) fn set_moment(&mut self, field: AtomicField, moment: Timestamp) {
        self.set(field, "", Parsed::Moment(moment));
    }

    /// Sets a moment that was sent. As an id, it is the text that a tracker sends.
    pub(super) fn set_sent_moment(&mut self, field: AtomicField, moment: Timestamp) {
        self.set(field, &moment.as_millis().to_string(), Parsed::Moment(moment));
    }

    /// Moves all moments.
    pub(super) fn move_moments(&mut self, by_millis: i64) {
        for value in &mut self.values {
            let Parsed::Moment(moment) = &mut value.parsed else { continue };
            *moment = moment.plus_millis(by_millis);
            if !value.text.is_empty() {
                let start = self.text.len() as u32;
                self.text.push_str(&moment.as_millis().to_string());
                value.text = start..self.text.len() as u32;
            }
        }
    }

    /// Sets a field from the text of `parameter`.
    ///
    /// # Errors
    /// The text does not fit the field's type.
    pub(super) fn set_parsed(
        &mut self,
        field: AtomicField,
        parameter: &str,
        text: Cow<'_, str>,
    ) -> Result<(), BadEvent> {
        let field_type = field.field_type();
        let text = field_type.normal(text);
        if text.is_empty() || field_type.is_null(&text) {
            return Ok(());
        }
        let (parsed, expected) = match field_type {
            FieldType::Text | FieldType::Uuid => (Some(Parsed::Text), "a text"),
            FieldType::Integer => (parse_integer(&text).map(Parsed::Integer), "an integer"),
            FieldType::Number => (parse_float(&text).map(Parsed::Number), "a number"),
            FieldType::Boolean => (parse_boolean(&text).map(Parsed::Boolean), "a boolean (0 or 1)"),
            FieldType::Moment => {
                let moment = parse_integer(&text).map(Timestamp::from_millis);
                (moment.map(Parsed::Moment), "a time in milliseconds")
            }
        };
        let parsed = parsed.ok_or_else(|| {
            BadEvent::new(parameter, format!("`{}` is not {expected}", text.escape_debug()))
        })?;
        self.set(field, &text, parsed);
        Ok(())
    }

    fn value(&self, field: AtomicField) -> Option<&AtomicValue> {
        let position = usize::from(self.positions[field.index()]).checked_sub(1)?;
        self.values.get(position)
    }

    fn set(&mut self, field: AtomicField, text: &str, parsed: Parsed) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let value = AtomicValue { text: start..self.text.len() as u32, parsed };
        let position = &mut self.positions[field.index()];
        match usize::from(*position).checked_sub(1) {
            Some(taken) => self.values[taken] = value,
            None => {
                self.values.push(value);
                *position = self.values.len() as u8;
            }
        }
    }

    fn slice(&self, range: &Range<u32>) -> &str {
        &self.text[range.start as usize..range.end as usize]
    }

    /// How the field is derived from a URL. `None` for fields that have a value of their own.
    fn derivation(&self, field: AtomicField) -> Option<Derivation> {
        if self.splits_urls { page_url::derivation(field) } else { None }
    }

    /// The value of a field that is derived from the page's or the referrer's URL.
    fn derived(&self, derivation: Derivation) -> Option<Cow<'_, str>> {
        derivation.part.read(self.text(derivation.source)?)
    }
}

fn derived_datum(field: AtomicField, text: Cow<'_, str>) -> Datum<'_> {
    match field.field_type() {
        FieldType::Integer => parse_integer(&text).map_or(Datum::Null, Datum::Integer),
        FieldType::Moment => parse_integer(&text)
            .map_or(Datum::Null, |millis| Datum::Moment(Timestamp::from_millis(millis))),
        _ => Datum::Text(text),
    }
}

/// Parses an integer. Cuts off a fraction, which some senders write (scroll offsets on zoomed screens).
fn parse_integer(text: &str) -> Option<i64> {
    match parse_number(text)? {
        Datum::Integer(integer) => Some(integer),
        Datum::Float(number) => Some(number as i64),
        _ => None,
    }
}

fn parse_float(text: &str) -> Option<f64> {
    match parse_number(text)? {
        Datum::Integer(integer) => Some(integer as f64),
        Datum::Float(number) => Some(number),
        _ => None,
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}
