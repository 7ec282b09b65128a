//! The event model: from the tracker protocol to something attributes can be computed from.

mod self_describing;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::Timestamp;
pub use self_describing::{SchemaUri, SelfDescribing};

/// One event as the tracker sent it: a flat object of tracker protocol parameters (for GET requests, the query pairs as
/// strings).
pub type Payload = Map<String, Value>;

/// What the collector adds to an event when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When the event arrived. This is also the engine's time for the event: time to live and windows go by it.
    pub collector_tstamp: Timestamp,
    /// The collector's cookie id; `None` for anonymous requests.
    pub network_userid: Option<String>,
    /// The `User-Agent` header, used when the payload brings none.
    pub useragent: Option<String>,
    /// The client's address; `None` for anonymous requests.
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

/// One event with enriched field names, decoded and ready to be counted.
#[derive(Debug, Clone)]
pub struct Event {
    collector_tstamp: Timestamp,
    derived_tstamp: Timestamp,
    event_id: Option<String>,
}

impl Event {
    /// Maps and decodes one tracker payload.
    ///
    /// # Errors
    /// [`BadEvent`] names the first parameter that is malformed.
    pub fn from_payload(payload: Payload, arrival: &Arrival) -> Result<Event, BadEvent> {
        let event_id = payload.get("eid").and_then(Value::as_str).map(str::to_owned);
        Ok(Event {
            collector_tstamp: arrival.collector_tstamp,
            derived_tstamp: arrival.collector_tstamp,
            event_id,
        })
    }

    /// The tracker's id of this event (`eid`), by which duplicates are known.
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// When the collector received the event.
    pub fn collector_tstamp(&self) -> Timestamp {
        self.collector_tstamp
    }

    /// When the event most probably happened; events are ordered by it.
    pub fn derived_tstamp(&self) -> Timestamp {
        self.derived_tstamp
    }

    /// The enriched field `name` as JSON, e.g. `page_urlpath`; null when the event does not have it.
    pub fn atomic(&self, _name: &str) -> Value {
        Value::Null
    }

    /// The self-describing event's schema and data; `None` for page views, pings and structured events.
    pub fn self_describing(&self) -> Option<&SelfDescribing> {
        None
    }

    /// The entities (contexts) of the event, in the order in which the tracker attached them.
    pub fn entities(&self) -> &[SelfDescribing] {
        &[]
    }
}
