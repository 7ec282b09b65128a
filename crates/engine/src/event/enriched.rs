//! Reads enriched events: lines of tab-separated columns, as Snowplow's enrichment writes them.

use signals_wire::text::clean;
use signals_wire::tracker_protocol::EVENT_TYPES;

use super::atomic::Atomic;
use super::atomic_field::{AtomicField, FieldType};
use super::self_describing::{self, Encoding, SchemaUri, SelfDescribing};
use super::{BadEvent, Event, derive_tstamp, known};
use crate::Timestamp;

/// The value of `event` for self-describing events.
const SELF_DESCRIBING: &str = "unstruct";

impl Event {
    /// Reads one line of 131 tab-separated columns: an event that Snowplow's enrichment wrote as TSV.
    ///
    /// Every field has the value of its column, so nothing is derived from URLs. Enrichment's own entities (`derived_contexts`) follow
    /// those of the tracker. Ignores [unknown columns](Event::unknown_columns) and the end of the line.
    ///
    /// # Errors
    /// [`BadEvent`] names the first malformed column, or `columns` if there are too few.
    pub fn from_enriched(line: &str) -> Result<Event, BadEvent> {
        let mut texts = columns(line);
        let mut atomic = Atomic::enriched();
        let mut schema = SchemaColumns::default();
        let (mut self_describing, mut entities) = (None, Vec::new());
        for (position, (field, column)) in AtomicField::all().enumerate() {
            let text = texts.next().ok_or_else(|| too_few(position))?;
            if text.is_empty() {
                continue;
            }
            let bad = |reason: String| BadEvent::new(column, reason);
            match field {
                known::UNSTRUCT_EVENT => {
                    let event = self_describing::decode_event(text, Encoding::Plain);
                    self_describing = Some(event.map_err(bad)?);
                }
                known::CONTEXTS | known::DERIVED_CONTEXTS => {
                    let decoded = self_describing::decode_entities(text, Encoding::Plain);
                    entities.extend(decoded.map_err(bad)?);
                }
                known::EVENT_VENDOR => schema.vendor = text,
                known::EVENT_NAME => schema.name = text,
                known::EVENT_FORMAT => schema.format = text,
                known::EVENT_VERSION => schema.version = text,
                _ if field.field_type() == FieldType::Moment => {
                    let moment = Timestamp::parse_iso(text).ok_or_else(|| {
                        bad(format!("`{}` is not a date with a time", text.escape_debug()))
                    })?;
                    atomic.set_sent_moment(field, moment);
                }
                _ => atomic.set_parsed(field, column, text.into())?,
            }
        }

        let missing = |column: &str| BadEvent::new(column, "missing");
        atomic.text(known::EVENT_ID).ok_or_else(|| missing("event_id"))?;
        let collector_tstamp =
            atomic.moment(known::COLLECTOR_TSTAMP).ok_or_else(|| missing("collector_tstamp"))?;
        let event = atomic.text(known::EVENT).ok_or_else(|| missing("event"))?;
        let (schema, data) = match self_describing.filter(|_| event == SELF_DESCRIBING) {
            Some(SelfDescribing { schema, data }) => (schema, Some(data)),
            None => (schema.of(event)?, None),
        };
        let derived_tstamp = atomic
            .moment(known::DERIVED_TSTAMP)
            .unwrap_or_else(|| derive_tstamp(&atomic, collector_tstamp));
        // As in events from trackers, these two are no ids.
        atomic.set_moment(known::COLLECTOR_TSTAMP, collector_tstamp);
        atomic.set_moment(known::DERIVED_TSTAMP, derived_tstamp);
        Ok(Event { collector_tstamp, derived_tstamp, atomic, schema, data, entities })
    }

    /// How many columns a line has after those that [`Event::from_enriched`] reads. A newer enrichment could write them.
    pub fn unknown_columns(line: &str) -> usize {
        columns(line).count().saturating_sub(AtomicField::COUNT)
    }
}

fn columns(line: &str) -> impl Iterator<Item = &str> {
    line.trim_end_matches(['\r', '\n']).split('\t')
}

fn too_few(columns: usize) -> BadEvent {
    let expected = AtomicField::COUNT;
    BadEvent::new("columns", format!("found {columns} of {expected} tab-separated columns"))
}

/// The columns with the parts of the schema.
#[derive(Default)]
struct SchemaColumns<'a> {
    vendor: &'a str,
    name: &'a str,
    format: &'a str,
    version: &'a str,
}

impl SchemaColumns<'_> {
    /// The schema of an event without data of its own. If the columns are not a schema, it is the one of the type of event.
    fn of(&self, event: &str) -> Result<SchemaUri, BadEvent> {
        if event == SELF_DESCRIBING {
            return Err(BadEvent::new("unstruct_event", "missing"));
        }
        let Self { vendor, name, format, version } = self;
        let named = format!("iglu:{vendor}/{name}/{format}/{version}");
        let well_known = || {
            let (_, _, schema) = EVENT_TYPES.iter().find(|(_, enriched, _)| *enriched == event)?;
            schema.and_then(SchemaUri::well_known)
        };
        SchemaUri::parse(clean(named.into())).or_else(well_known).ok_or_else(|| {
            BadEvent::new("event", format!("`{}` is not a type of event", event.escape_debug()))
        })
    }
}

#[cfg(test)]
#[path = "enriched_tests.rs"]
mod tests;
