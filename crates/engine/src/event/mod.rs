//! The event model: from the tracker protocol to something attributes can be computed from.

mod atomic;
mod atomic_field;
mod page_url;
mod self_describing;

use serde_json::{Map, Value};
use signals_wire::tracker_protocol::EVENT_TYPES;
use thiserror::Error;

use crate::Timestamp;
use crate::datum::Datum;
use crate::name::has_control_character;
use atomic::{Atomic, AtomicValue};
pub(crate) use atomic_field::{AtomicField, FieldType};
use self_describing::Encoding;
pub(crate) use self_describing::parse_version;
pub use self_describing::{SchemaUri, SelfDescribing};

/// One event as the tracker sent it: a flat object of tracker protocol parameters (for GET requests, the query pairs as
/// strings).
pub type Payload = Map<String, Value>;

/// What the collector adds to an event when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When the event arrived. This is also the engine's time for the event: time to live and windows go by it.
    pub collector_tstamp: Timestamp,
    /// The collector's cookie id, used when the payload brings none (`nuid`); `None` for anonymous requests.
    pub network_userid: Option<String>,
    /// The `User-Agent` header, used when the payload brings none.
    pub useragent: Option<String>,
    /// The client's address, used when the payload brings none; `None` for anonymous requests.
    pub user_ipaddress: Option<String>,
}

/// An event that cannot be processed, and why. `Display` names the field: ``ue_px: not base64: …``.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct BadEvent {
    /// The tracker protocol parameter at fault.
    pub field: String,
    /// What is wrong with it, for people.
    pub reason: String,
}

impl BadEvent {
    fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }
}

/// One event with enriched field names, decoded and ready to be counted.
#[derive(Debug, Clone)]
pub struct Event {
    collector_tstamp: Timestamp,
    derived_tstamp: Timestamp,
    atomic: Atomic,
    schema: SchemaUri,
    data: Option<Value>,
    entities: Vec<SelfDescribing>,
}

/// Parameters that identify somebody or something and travel on into streams, logs and keys.
const ID_PARAMETERS: &[&str] = &["eid", "duid", "sid", "nuid", "uid"];

/// Parameters of the form `{width}x{height}` and the fields they fill.
const SIZE_PARAMETERS: &[(&str, AtomicField, AtomicField)] = &[
    ("res", AtomicField::known("dvce_screenwidth"), AtomicField::known("dvce_screenheight")),
    ("vp", AtomicField::known("br_viewwidth"), AtomicField::known("br_viewheight")),
    ("ds", AtomicField::known("doc_width"), AtomicField::known("doc_height")),
];

/// Fields that this module fills or reads by itself.
mod known {
    use super::AtomicField;

    pub(super) const EVENT: AtomicField = AtomicField::known("event");
    pub(super) const EVENT_ID: AtomicField = AtomicField::known("event_id");
    pub(super) const EVENT_VENDOR: AtomicField = AtomicField::known("event_vendor");
    pub(super) const EVENT_NAME: AtomicField = AtomicField::known("event_name");
    pub(super) const EVENT_FORMAT: AtomicField = AtomicField::known("event_format");
    pub(super) const EVENT_VERSION: AtomicField = AtomicField::known("event_version");
    pub(super) const NETWORK_USERID: AtomicField = AtomicField::known("network_userid");
    pub(super) const USERAGENT: AtomicField = AtomicField::known("useragent");
    pub(super) const USER_IPADDRESS: AtomicField = AtomicField::known("user_ipaddress");
    pub(super) const TRUE_TSTAMP: AtomicField = AtomicField::known("true_tstamp");
    pub(super) const DVCE_CREATED_TSTAMP: AtomicField = AtomicField::known("dvce_created_tstamp");
    pub(super) const DVCE_SENT_TSTAMP: AtomicField = AtomicField::known("dvce_sent_tstamp");
    pub(super) const COLLECTOR_TSTAMP: AtomicField = AtomicField::known("collector_tstamp");
    pub(super) const DERIVED_TSTAMP: AtomicField = AtomicField::known("derived_tstamp");
}

impl Event {
    /// Maps and decodes one tracker payload.
    ///
    /// Parameters that nobody knows are ignored; empty ones count as absent.
    ///
    /// # Errors
    /// [`BadEvent`] names the first parameter that is malformed: an unknown or missing event type, a number that is none,
    /// base64, JSON or a schema URI that cannot be decoded, an id with control characters.
    pub fn from_payload(payload: Payload, arrival: &Arrival) -> Result<Event, BadEvent> {
        let mut atomic = Atomic::new();
        let mut event_type = None;
        let mut self_describing = None;
        let mut entities = Vec::new();
        for (parameter, value) in payload {
            let Some(text) = atomic::parameter_text(&parameter, value)? else { continue };
            let bad = |reason: String| BadEvent::new(&parameter, reason);
            if let Some(field) = AtomicField::of_parameter(&parameter) {
                if ID_PARAMETERS.contains(&parameter.as_str()) && has_control_character(&text) {
                    return Err(BadEvent::new(&parameter, "has a control character"));
                }
                atomic.set(field, atomic::parse_atomic(&parameter, text, field.field_type())?);
                continue;
            }
            match parameter.as_str() {
                "e" => event_type = Some(text),
                "ue_pr" => {
                    self_describing =
                        Some(self_describing::decode_event(&text, Encoding::Plain).map_err(bad)?);
                }
                "ue_px" => {
                    self_describing =
                        Some(self_describing::decode_event(&text, Encoding::Base64).map_err(bad)?);
                }
                "co" => {
                    entities.extend(
                        self_describing::decode_entities(&text, Encoding::Plain).map_err(bad)?,
                    );
                }
                "cx" => {
                    entities.extend(
                        self_describing::decode_entities(&text, Encoding::Base64).map_err(bad)?,
                    );
                }
                other => {
                    if let Some((_, width, height)) =
                        SIZE_PARAMETERS.iter().find(|(name, _, _)| *name == other)
                    {
                        let (w, h) = parse_size(&text).ok_or_else(|| {
                            bad(format!("`{}` is not a size such as 1280x720", text.escape_debug()))
                        })?;
                        atomic.set(*width, AtomicValue::Integer(w));
                        atomic.set(*height, AtomicValue::Integer(h));
                    }
                }
            }
        }

        let (schema, data) = event_schema(event_type.as_deref(), self_describing, &mut atomic)?;
        let derived_tstamp = set_arrival(&mut atomic, arrival)?;
        Ok(Event {
            collector_tstamp: arrival.collector_tstamp,
            derived_tstamp,
            atomic,
            schema,
            data,
            entities,
        })
    }

    /// The tracker's id of this event (`eid`), by which duplicates are known.
    pub fn event_id(&self) -> Option<&str> {
        self.atomic.text(known::EVENT_ID)
    }

    /// When the collector received the event.
    pub fn collector_tstamp(&self) -> Timestamp {
        self.collector_tstamp
    }

    /// When the event most probably happened; events are ordered by it.
    pub fn derived_tstamp(&self) -> Timestamp {
        self.derived_tstamp
    }

    /// The schema that describes the event: its own for self-describing events, the well-known one for all others.
    pub fn schema(&self) -> &SchemaUri {
        &self.schema
    }

    /// The data of a self-describing event; `None` for page views, pings and structured events.
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// The entities (contexts) of the event, in the order in which the tracker attached them.
    pub fn entities(&self) -> &[SelfDescribing] {
        &self.entities
    }

    /// The enriched field `name` as JSON, e.g. `page_urlpath`; null when the event does not have it or there is no such
    /// field. Moments are ISO 8601 strings in UTC.
    pub fn atomic(&self, name: &str) -> Value {
        AtomicField::named(name).map_or(Value::Null, |field| self.field(field).into_value())
    }

    pub(crate) fn field(&self, field: AtomicField) -> Datum<'_> {
        // These are parts of the schema: asked for rarely, so they are not copied out of it for every event.
        match field {
            known::EVENT_VENDOR => Datum::Text(self.schema.vendor().into()),
            known::EVENT_NAME => Datum::Text(self.schema.name().into()),
            known::EVENT_FORMAT => Datum::Text(self.schema.format().into()),
            known::EVENT_VERSION => Datum::Text(self.schema.version().into()),
            _ => self.atomic.get(field).map_or(Datum::Null, AtomicValue::datum),
        }
    }
}

/// Finds the schema of the event and fills `event`.
fn event_schema(
    event_type: Option<&str>,
    self_describing: Option<SelfDescribing>,
    atomic: &mut Atomic,
) -> Result<(SchemaUri, Option<Value>), BadEvent> {
    let event_type = event_type.ok_or_else(|| BadEvent::new("e", "missing"))?;
    let (_, event, well_known) =
        EVENT_TYPES.iter().find(|(wire, _, _)| *wire == event_type).ok_or_else(|| {
            BadEvent::new("e", format!("`{}` is not a type of event", event_type.escape_debug()))
        })?;
    let (schema, data) = match well_known.and_then(SchemaUri::parse) {
        Some(schema) => (schema, None),
        None => {
            let SelfDescribing { schema, data } =
                self_describing.ok_or_else(|| BadEvent::new("ue_pr", "missing"))?;
            (schema, Some(data))
        }
    };
    atomic.set(known::EVENT, AtomicValue::Text((*event).to_owned()));
    Ok((schema, data))
}

/// Fills what the collector knows, and returns the derived timestamp.
fn set_arrival(atomic: &mut Atomic, arrival: &Arrival) -> Result<Timestamp, BadEvent> {
    for (field, name, text) in [
        (known::NETWORK_USERID, "network_userid", &arrival.network_userid),
        (known::USERAGENT, "useragent", &arrival.useragent),
        (known::USER_IPADDRESS, "user_ipaddress", &arrival.user_ipaddress),
    ] {
        if let (None, Some(text)) = (atomic.text(field), text) {
            if has_control_character(text) {
                return Err(BadEvent::new(name, "has a control character"));
            }
            atomic.set(field, AtomicValue::Text(text.clone()));
        }
    }
    let derived_tstamp = derive_tstamp(
        arrival.collector_tstamp,
        atomic.moment(known::TRUE_TSTAMP),
        atomic.moment(known::DVCE_CREATED_TSTAMP),
        atomic.moment(known::DVCE_SENT_TSTAMP),
    );
    atomic.set(known::COLLECTOR_TSTAMP, AtomicValue::Moment(arrival.collector_tstamp));
    atomic.set(known::DERIVED_TSTAMP, AtomicValue::Moment(derived_tstamp));
    Ok(derived_tstamp)
}

/// The tracker's own truth if it has one; else arrival less the time that the event waited on the device, by the device's
/// clock; else arrival. A clock that ran backwards while the event waited says nothing.
fn derive_tstamp(
    collector: Timestamp,
    truth: Option<Timestamp>,
    created: Option<Timestamp>,
    sent: Option<Timestamp>,
) -> Timestamp {
    if let Some(truth) = truth {
        return truth;
    }
    match (created, sent) {
        (Some(created), Some(sent)) => {
            let waited = sent.millis_since(created).max(0);
            collector.plus_millis(-waited)
        }
        _ => collector,
    }
}

fn parse_size(text: &str) -> Option<(i64, i64)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests;
