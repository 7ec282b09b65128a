//! Finds the ids of attribute keys in tracked events.

use super::tracked_event::{Documents, TrackedEvent};
use crate::web::snowplow::Payload;
use signals_wire::ids::Pointer;

/// Attribute keys with the pointers to their ids. The first pointer that finds an id wins.
#[derive(Default)]
pub(crate) struct Targets {
    pointers: Vec<(String, Vec<Pointer>)>,
    documents: Documents,
}

impl Targets {
    pub(crate) fn new(pointers: Vec<(String, Vec<Pointer>)>) -> Targets {
        Targets { pointers, documents: Documents::default() }
    }

    /// Whether this attribute key is a target.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.pointers.iter().any(|(known, _)| known == key)
    }

    /// The attribute keys that have an id in this event, and their ids.
    pub(crate) fn ids_in(&self, payload: &Payload) -> Vec<(&str, String)> {
        let event = TrackedEvent { payload, documents: &self.documents };
        let mut ids = Vec::new();
        for (key, pointers) in &self.pointers {
            if let Some(id) = pointers.iter().find_map(|pointer| pointer.find(&event)) {
                ids.push((&**key, id.into_owned()));
            }
        }
        ids
    }
}
