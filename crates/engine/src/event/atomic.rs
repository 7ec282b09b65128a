//! The atomic values of one event.

use std::ops::Range;
use std::sync::OnceLock;

use url::Url;

use super::BadEvent;
use super::atomic_field::{AtomicField, FieldType};
use super::page_url::{self, Source};
use crate::Timestamp;
use crate::datum::{Datum, parse_number};

const PAGE_URL: AtomicField = AtomicField::known("page_url");
const PAGE_REFERRER: AtomicField = AtomicField::known("page_referrer");

/// Room for the values that an event of the JavaScript tracker has, and for the text of those that are text.
const USUAL_VALUES: usize = 32;
const USUAL_TEXT: usize = 512;

const _: () = assert!(AtomicField::COUNT <= u8::MAX as usize, "positions are bytes");

/// All atomic values of one event, addressed by field.
///
/// Events are made, kept and dropped by the ten thousand a second: few pieces of memory make that cheap.
#[derive(Debug, Clone)]
pub(crate) struct Atomic {
    /// In no particular order. A slot for every field would be kilobytes to fill, to drop and to keep for each event, which
    /// has a quarter of them.
    values: Vec<AtomicValue>,
    /// For every field, the position of its value counted from 1; 0 where it has none.
    positions: [u8; AtomicField::COUNT],
    /// What `AtomicValue::Text` points to.
    text: String,
    /// Parsing URLs takes as long as parsing a small event, and few definitions ask for it: done when first asked for. A URL
    /// that cannot be parsed leaves its fields null: pages do have odd ones.
    page: OnceLock<Option<Url>>,
    referrer: OnceLock<Option<Url>>,
}

/// Value of one atomic field.
#[derive(Debug, Clone)]
enum AtomicValue {
    Text(Range<u32>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Moment(Timestamp),
}

impl Atomic {
    pub(crate) fn new() -> Self {
        Self {
            values: Vec::with_capacity(USUAL_VALUES),
            positions: [0; AtomicField::COUNT],
            text: String::with_capacity(USUAL_TEXT),
            page: OnceLock::new(),
            referrer: OnceLock::new(),
        }
    }

    /// The value of a field; null when it has none.
    pub(crate) fn get(&self, field: AtomicField) -> Datum<'_> {
        if let Some(derivation) = page_url::derivation(field) {
            return self.url(derivation.source).map_or(Datum::Null, |url| derivation.read(url));
        }
        match self.value(field) {
            None => Datum::Null,
            Some(AtomicValue::Text(range)) => Datum::Text(self.slice(range).into()),
            Some(AtomicValue::Integer(integer)) => Datum::Integer(*integer),
            Some(AtomicValue::Number(number)) => Datum::Float(*number),
            Some(AtomicValue::Boolean(boolean)) => Datum::Boolean(*boolean),
            Some(AtomicValue::Moment(moment)) => Datum::Moment(*moment),
        }
    }

    pub(crate) fn text(&self, field: AtomicField) -> Option<&str> {
        match self.value(field)? {
            AtomicValue::Text(range) => Some(self.slice(range)),
            _ => None,
        }
    }

    pub(crate) fn moment(&self, field: AtomicField) -> Option<Timestamp> {
        match self.value(field)? {
            AtomicValue::Moment(moment) => Some(*moment),
            _ => None,
        }
    }

    pub(crate) fn set_text(&mut self, field: AtomicField, text: &str) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.set(field, AtomicValue::Text(start..self.text.len() as u32));
    }

    pub(crate) fn set_integer(&mut self, field: AtomicField, integer: i64) {
        self.set(field, AtomicValue::Integer(integer));
    }

    pub(crate) fn set_moment(&mut self, field: AtomicField, moment: Timestamp) {
        self.set(field, AtomicValue::Moment(moment));
    }

    /// Sets a field to what the text of `parameter` says.
    ///
    /// # Errors
    /// The text is not of the field's type.
    pub(super) fn set_parsed(
        &mut self,
        field: AtomicField,
        parameter: &str,
        text: &str,
    ) -> Result<(), BadEvent> {
        let (value, expected) = match field.field_type() {
            FieldType::Text => {
                self.set_text(field, text);
                return Ok(());
            }
            FieldType::Integer => (parse_integer(text).map(AtomicValue::Integer), "an integer"),
            FieldType::Number => (parse_float(text).map(AtomicValue::Number), "a number"),
            FieldType::Boolean => {
                (parse_boolean(text).map(AtomicValue::Boolean), "a boolean (0 or 1)")
            }
            FieldType::Moment => {
                let moment = parse_integer(text).map(Timestamp::from_millis);
                (moment.map(AtomicValue::Moment), "a time in milliseconds")
            }
        };
        let value = value.ok_or_else(|| {
            BadEvent::new(parameter, format!("`{}` is not {expected}", text.escape_debug()))
        })?;
        self.set(field, value);
        Ok(())
    }

    fn value(&self, field: AtomicField) -> Option<&AtomicValue> {
        let position = usize::from(self.positions[field.index()]).checked_sub(1)?;
        self.values.get(position)
    }

    fn set(&mut self, field: AtomicField, value: AtomicValue) {
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

    fn url(&self, source: Source) -> Option<&Url> {
        let (parsed, field) = match source {
            Source::Page => (&self.page, PAGE_URL),
            Source::Referrer => (&self.referrer, PAGE_REFERRER),
        };
        parsed.get_or_init(|| Url::parse(self.text(field)?).ok()).as_ref()
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
