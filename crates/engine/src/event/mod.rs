//! The event model: decodes the tracker protocol and enriched events into events from which attributes are computed.

mod atomic;
mod atomic_field;
mod enriched;
mod page_url;
mod parameter;
mod payload;
mod self_describing;

use std::borrow::Cow;

use serde_json::Value;
use signals_wire::text::clean;
use signals_wire::tracker_protocol::{event_type, parse_size};
use thiserror::Error;

use crate::Timestamp;
use crate::datum::Datum;
use atomic::Atomic;
pub(crate) use atomic_field::{AtomicField, FieldType};
use parameter::Meaning;
pub use payload::Payload;
use self_describing::Json;
pub use self_describing::{SchemaUri, SelfDescribing};

/// What the collector adds to an event when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When the event arrived. The engine uses this time for the time to live and for windows.
    pub collector_tstamp: Timestamp,
    /// The collector's cookie id, used if the payload has none (`nuid`). `None` for anonymous requests.
    pub network_userid: Option<String>,
    /// The `User-Agent` header, used if the payload has none.
    pub useragent: Option<String>,
    /// The `Referer` header, used as the page's URL if the payload has none.
    pub referer: Option<String>,
    /// The client's address, used if the payload has none. `None` for anonymous requests.
    pub user_ipaddress: Option<String>,
}

/// Why an event cannot be processed. `Display` names the field: ``ue_px: not base64: …``.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct BadEvent {
    /// The invalid parameter of the tracker protocol, or the invalid column of an enriched event.
    pub field: String,
    /// The error, for people.
    pub reason: String,
}

impl BadEvent {
    fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }
}

/// One decoded event, with enriched field names.
#[derive(Debug, Clone)]
pub struct Event {
    collector_tstamp: Timestamp,
    derived_tstamp: Timestamp,
    atomic: Atomic,
    schema: SchemaUri,
    data: Option<Json>,
    entities: Vec<SelfDescribing>,
}

/// The fields that this module uses.
mod known {
    use super::AtomicField;

    pub(super) const EVENT: AtomicField = AtomicField::known("event");
    pub(super) const EVENT_ID: AtomicField = AtomicField::known("event_id");
    pub(super) const EVENT_VENDOR: AtomicField = AtomicField::known("event_vendor");
    pub(super) const EVENT_NAME: AtomicField = AtomicField::known("event_name");
    pub(super) const EVENT_FORMAT: AtomicField = AtomicField::known("event_format");
    pub(super) const EVENT_VERSION: AtomicField = AtomicField::known("event_version");
    pub(super) const NETWORK_USERID: AtomicField = AtomicField::known("network_userid");
    pub(super) const PAGE_URL: AtomicField = AtomicField::known("page_url");
    pub(super) const USERAGENT: AtomicField = AtomicField::known("useragent");
    pub(super) const USER_IPADDRESS: AtomicField = AtomicField::known("user_ipaddress");
    pub(super) const TRUE_TSTAMP: AtomicField = AtomicField::known("true_tstamp");
    pub(super) const DVCE_CREATED_TSTAMP: AtomicField = AtomicField::known("dvce_created_tstamp");
    pub(super) const DVCE_SENT_TSTAMP: AtomicField = AtomicField::known("dvce_sent_tstamp");
    pub(super) const COLLECTOR_TSTAMP: AtomicField = AtomicField::known("collector_tstamp");
    pub(super) const DERIVED_TSTAMP: AtomicField = AtomicField::known("derived_tstamp");
    pub(super) const CONTEXTS: AtomicField = AtomicField::known("contexts");
    pub(super) const DERIVED_CONTEXTS: AtomicField = AtomicField::known("derived_contexts");
    pub(super) const UNSTRUCT_EVENT: AtomicField = AtomicField::known("unstruct_event");
}

impl Event {
    /// Maps and decodes one tracker payload.
    ///
    /// Ignores unknown and empty parameters. Removes control characters, and replaces a tab by four spaces and a lone surrogate by
    /// U+FFFD.
    ///
    /// # Errors
    /// [`BadEvent`] names the first malformed parameter: an unknown or missing event type, an invalid number, base64, JSON or
    /// schema URI that cannot be decoded, or a parameter that is not a text.
    pub fn from_payload(payload: Payload<'_>, arrival: &Arrival) -> Result<Event, BadEvent> {
        let mut atomic = Atomic::new();
        let mut event_type = None;
        let mut self_describing = None;
        let mut entities = Vec::new();
        for (parameter, meaning, text) in payload.into_texts()? {
            let bad = |reason: String| BadEvent::new(parameter, reason);
            match meaning {
                Meaning::Field(field) => atomic.set_parsed(field, parameter, text)?,
                Meaning::EventType => event_type = Some(clean(text)),
                Meaning::Event(encoding) => {
                    let event = self_describing::decode_event(&text, encoding).map_err(bad)?;
                    // If there are two, the plain one counts. It comes first.
                    self_describing.get_or_insert(event);
                }
                Meaning::Entities(encoding) => {
                    entities
                        .extend(self_describing::decode_entities(&text, encoding).map_err(bad)?);
                }
                Meaning::Size { width, height } => {
                    let text = clean(text);
                    let (w, h) = parse_size(&text).ok_or_else(|| {
                        bad(format!("`{}` is not a size such as 1280x720", text.escape_debug()))
                    })?;
                    atomic.set_parsed(width, parameter, w.into())?;
                    atomic.set_parsed(height, parameter, h.into())?;
                }
            }
        }

        let (schema, data) = event_schema(event_type.as_deref(), self_describing, &mut atomic)?;
        let derived_tstamp = set_arrival(&mut atomic, arrival);
        Ok(Event {
            collector_tstamp: arrival.collector_tstamp,
            derived_tstamp,
            atomic,
            schema,
            data,
            entities,
        })
    }

    /// This event as if it had been collected at `collector_tstamp`. Moves all its moments by the same time.
    ///
    /// Moments in its data, in its entities and in URLs stay.
    #[must_use]
    pub fn moved_to(mut self, collector_tstamp: Timestamp) -> Event {
        let by_millis = collector_tstamp.millis_since(self.collector_tstamp);
        self.atomic.move_moments(by_millis);
        self.atomic.set_moment(known::COLLECTOR_TSTAMP, collector_tstamp);
        self.collector_tstamp = collector_tstamp;
        self.derived_tstamp = self.derived_tstamp.plus_millis(by_millis);
        self
    }

    /// The tracker's id of this event (`eid`). Duplicates have the same id.
    pub fn event_id(&self) -> Option<&str> {
        self.atomic.text(known::EVENT_ID)
    }

    /// When the collector received the event.
    pub fn collector_tstamp(&self) -> Timestamp {
        self.collector_tstamp
    }

    /// The best estimate of when the event happened. Events are ordered by it.
    pub fn derived_tstamp(&self) -> Timestamp {
        self.derived_tstamp
    }

    /// The schema of the event: its own for a self-describing event, or else the standard one.
    pub fn schema(&self) -> &SchemaUri {
        &self.schema
    }

    /// The data of a self-describing event. `None` for page views, pings and structured events.
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref().map(Json::value)
    }

    /// The entities (contexts) of the event, in the tracker's order.
    pub fn entities(&self) -> &[SelfDescribing] {
        &self.entities
    }

    /// The enriched field `name` as JSON, for example `page_urlpath`. Null if the event or the protocol does not have it. Moments
    /// are ISO 8601 strings in UTC.
    pub fn atomic(&self, name: &str) -> Value {
        AtomicField::named(name).map_or(Value::Null, |field| self.field(field).into_value())
    }

    pub(crate) fn field(&self, field: AtomicField) -> Datum<'_> {
        // These are parts of the schema. They are rarely needed, so they are not copied for every event.
        match field {
            known::EVENT_VENDOR => Datum::Text(self.schema.vendor().into()),
            known::EVENT_NAME => Datum::Text(self.schema.name().into()),
            known::EVENT_FORMAT => Datum::Text(self.schema.format().into()),
            known::EVENT_VERSION => Datum::Text(self.schema.version().into()),
            _ => self.atomic.get(field),
        }
    }

    /// The text of a field as an id.
    pub(crate) fn id_text(&self, field: AtomicField) -> Option<Cow<'_, str>> {
        match self.field(field) {
            Datum::Text(text) => Some(text),
            // For other fields, the original text.
            _ => self.atomic.id_text(field),
        }
    }
}

/// Finds the schema of the event and fills `event`.
fn event_schema(
    wire: Option<&str>,
    self_describing: Option<SelfDescribing>,
    atomic: &mut Atomic,
) -> Result<(SchemaUri, Option<Json>), BadEvent> {
    let wire = wire.ok_or_else(|| BadEvent::new("e", "missing"))?;
    let (event, well_known) = event_type(wire).ok_or_else(|| {
        BadEvent::new("e", format!("`{}` is not a type of event", wire.escape_debug()))
    })?;
    let (schema, data) = match well_known.and_then(SchemaUri::well_known) {
        Some(schema) => (schema, None),
        None => {
            let SelfDescribing { schema, data } =
                self_describing.ok_or_else(|| BadEvent::new("ue_pr", "missing"))?;
            (schema, Some(data))
        }
    };
    atomic.set_text(known::EVENT, event);
    Ok((schema, data))
}

/// Sets the fields that the collector adds, and returns the derived timestamp.
fn set_arrival(atomic: &mut Atomic, arrival: &Arrival) -> Timestamp {
    for (field, text) in [
        (known::NETWORK_USERID, &arrival.network_userid),
        (known::USERAGENT, &arrival.useragent),
        (known::USER_IPADDRESS, &arrival.user_ipaddress),
        (known::PAGE_URL, &arrival.referer),
    ] {
        if let (None, Some(text)) = (atomic.text(field), text) {
            atomic.set_text(field, &clean(text.into()));
        }
    }
    let derived_tstamp = derive_tstamp(atomic, arrival.collector_tstamp);
    atomic.set_moment(known::COLLECTOR_TSTAMP, arrival.collector_tstamp);
    atomic.set_moment(known::DERIVED_TSTAMP, derived_tstamp);
    derived_tstamp
}

/// The true timestamp if the tracker sent one. Or else the time of arrival, minus the time that the event waited on the device
/// according to the device's clock. If that clock ran backwards during the wait, the time of arrival.
fn derive_tstamp(atomic: &Atomic, collector: Timestamp) -> Timestamp {
    if let Some(truth) = atomic.moment(known::TRUE_TSTAMP) {
        return truth;
    }
    match (atomic.moment(known::DVCE_CREATED_TSTAMP), atomic.moment(known::DVCE_SENT_TSTAMP)) {
        (Some(created), Some(sent)) => {
            let waited = sent.millis_since(created).max(0);
            collector.plus_millis(-waited)
        }
        _ => collector,
    }
}

#[cfg(test)]
mod tests;
