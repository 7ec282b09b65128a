use std::sync::Arc;

use serde_json::{Map, Value, json};
use signals_engine::{Event, Timestamp, Triggered};
use signals_wire::TargetAttributeKey;

use super::BadRow;

/// Event fields that are shown.
const SHOWN_FIELDS: [&str; 5] = ["event_id", "event_name", "app_id", "page_url", "derived_tstamp"];

/// One thing that happened.
#[derive(Debug)]
pub struct Entry {
    /// The number of the entry. Numbers increase.
    pub(crate) number: u64,
    /// When it happened.
    pub(crate) at: Timestamp,
    /// What happened.
    pub(crate) happening: Happening,
}

/// The kinds of entries.
#[derive(Debug)]
pub(crate) enum Happening {
    /// An event was counted.
    Good(Event),
    /// An event arrived again and changed nothing.
    Duplicate(Event),
    /// An event could not be processed.
    Bad(BadRow),
    /// An instance was delivered to the open streams.
    Published {
        /// The instance, with all its targets.
        instance: Triggered,
        /// How many streams got it.
        streams: usize,
    },
    /// A stream was opened.
    StreamOpened {
        /// The targets of the stream.
        targets: Arc<[Arc<TargetAttributeKey>]>,
        /// How many missed instances it gets first.
        replayed: usize,
    },
}

impl Entry {
    /// The ids that the entry is about. `ids_of` finds the ids of an event.
    pub(crate) fn ids(
        &self,
        ids_of: &impl Fn(&Event) -> Vec<TargetAttributeKey>,
    ) -> Vec<TargetAttributeKey> {
        match &self.happening {
            Happening::Good(event) | Happening::Duplicate(event) => ids_of(event),
            Happening::Bad(_) => Vec::new(),
            Happening::Published { instance, .. } => instance.targets.clone(),
            Happening::StreamOpened { targets, .. } => {
                targets.iter().map(|target| (**target).clone()).collect()
            }
        }
    }

    /// Whether the entry is about `owner`. A bad event cannot be read, so it is enough that it contains the id.
    pub fn concerns(
        &self,
        owner: &TargetAttributeKey,
        ids_of: &impl Fn(&Event) -> Vec<TargetAttributeKey>,
    ) -> bool {
        match &self.happening {
            Happening::Bad(row) => row.mentions(&owner.id),
            _ => self.ids(ids_of).contains(owner),
        }
    }

    /// The entry as the API shows it.
    pub fn shown(&self, ids_of: &impl Fn(&Event) -> Vec<TargetAttributeKey>) -> Value {
        let (kind, details) = match &self.happening {
            Happening::Good(event) => ("good", json!({ "event": shown_event(event) })),
            Happening::Duplicate(event) => ("duplicate", json!({ "event": shown_event(event) })),
            Happening::Bad(row) => ("bad", json!({ "bad_row": row })),
            Happening::Published { instance, streams } => {
                let instance = json!({
                    "intervention_id": instance.intervention_id,
                    "name": instance.name,
                    "version": instance.version,
                    "attributes": instance.attributes_by_name(),
                });
                ("published", json!({ "instance": instance, "streams": streams }))
            }
            Happening::StreamOpened { replayed, .. } => {
                ("stream_opened", json!({ "replayed": replayed }))
            }
        };
        let mut shown = Map::new();
        shown.insert("number".to_owned(), self.number.into());
        shown.insert("at".to_owned(), json!(self.at));
        shown.insert("kind".to_owned(), kind.into());
        shown.insert("ids".to_owned(), json!(self.ids(ids_of)));
        if let Value::Object(details) = details {
            shown.extend(details);
        }
        Value::Object(shown)
    }
}

/// The fields that identify an event.
pub fn shown_event(event: &Event) -> Map<String, Value> {
    SHOWN_FIELDS.into_iter().map(|name| (name.to_owned(), event.atomic(name))).collect()
}
