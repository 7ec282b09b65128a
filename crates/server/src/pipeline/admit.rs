//! Turns a request into commands: decodes its events and finds the bad ones.

use std::iter;

use signals_engine::{Arrival, BadEvent, Event, Payload, Timestamp};

use super::apply::{Admitted, Batch, Command};
use crate::journal::BadRow;

/// One event as it was sent.
#[derive(Debug)]
pub(crate) struct RawEvent<'a> {
    /// The original text, shown if the event is bad.
    pub(crate) text: &'a str,
    /// The tracker's parameters, or why there are none.
    pub(crate) payload: Result<Payload<'a>, BadEvent>,
}

/// The maximum number of events in a batch. Other requests are processed between batches, and a request with very many small
/// events takes no more memory than its body.
const BATCH_EVENTS: usize = 100;

impl Admitted {
    /// A tracker's event.
    pub(super) fn from_tracker(
        RawEvent { text, payload }: RawEvent<'_>,
        arrival: &Arrival,
    ) -> Self {
        let event = payload.and_then(|payload| Event::from_payload(payload, arrival));
        Self::new(event, arrival.collector_tstamp, text)
    }

    /// The enriched event in a line, as if it had been collected `now`.
    pub(super) fn from_enriched(line: &str, now: Timestamp) -> Self {
        Self::new(Event::from_enriched(line).map(|event| event.moved_to(now)), now, line)
    }

    fn new(event: Result<Event, BadEvent>, at: Timestamp, text: &str) -> Self {
        match event {
            Ok(event) => Self::Good(event),
            Err(error) => {
                let row = BadRow::new(at, &error, text);
                Self::Bad(error, row)
            }
        }
    }
}

/// The commands for the events of one request, in order. Takes an event from the iterator only when it is needed.
pub(super) fn in_batches(
    events: impl Iterator<Item = Admitted>,
    at: Timestamp,
) -> impl Iterator<Item = Command> {
    let mut events = events.fuse();
    iter::from_fn(move || {
        let batch: Vec<Admitted> = events.by_ref().take(BATCH_EVENTS).collect();
        (!batch.is_empty()).then_some(Command::Events(Batch { events: batch, at }))
    })
}
