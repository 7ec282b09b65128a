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
    /// Counts up.
    pub(crate) number: u64,
    /// When it happened.
    pub(crate) at: Timestamp,
    /// What it was.
    pub(crate) happening: Happening,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Happening {
    /// An event was counted.
    Good(Event),
    /// An event came again and changed nothing.
    Duplicate(Event),
    /// An event could not be processed.
    Bad(BadRow),
    /// An instance went to the streams that were open.
    Published {
        /// The instance, addressed to all its targets.
        instance: Triggered,
        /// How many streams got it.
        streams: usize,
    },
    /// A stream was opened.
    StreamOpened {
        /// Whom it is for.
        targets: Arc<[Arc<TargetAttributeKey>]>,
        /// How many instances it has missed and gets first.
        replayed: usize,
    },
}

impl Entry {
    /// Whom it is about. `ids_of` tells whom an event is about.
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

    /// Whether it is about `owner`. Of a bad event, which could not be read, it is enough that it mentions the id.
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
                let Triggered { intervention_id, name, version, attributes, .. } = instance;
                let instance = json!({
                    "intervention_id": intervention_id,
                    "name": name,
                    "version": version,
                    "attributes": attributes,
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

/// The fields of an event that tell it from others.
pub fn shown_event(event: &Event) -> Map<String, Value> {
    SHOWN_FIELDS.into_iter().map(|name| (name.to_owned(), event.atomic(name))).collect()
}
