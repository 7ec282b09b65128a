//! Turns a request into commands: decodes its events and finds the bad ones.

use std::iter;

use signals_engine::{Arrival, BadEvent, Event, Payload};

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

/// The commands for the events of one request, in order. Each event is decoded only when the iterator reaches it.
pub(super) fn admit<'a>(
    events: impl IntoIterator<Item = RawEvent<'a>>,
    arrival: &Arrival,
) -> impl Iterator<Item = Command> {
    let at = arrival.collector_tstamp;
    let mut events = events.into_iter().map(|event| decode(event, arrival)).fuse();
    iter::from_fn(move || {
        let batch: Vec<Admitted> = events.by_ref().take(BATCH_EVENTS).collect();
        (!batch.is_empty()).then_some(Command::Events(Batch { events: batch, at }))
    })
}

fn decode(RawEvent { text, payload }: RawEvent<'_>, arrival: &Arrival) -> Admitted {
    match payload.and_then(|payload| Event::from_payload(payload, arrival)) {
        Ok(event) => Admitted::Good(event),
        Err(error) => {
            let row = BadRow::new(arrival.collector_tstamp, &error, text);
            Admitted::Bad(error, row)
        }
    }
}
