//! Turns a request or a record of a log into commands: decodes its events and finds the bad ones.

use std::iter;

use signals_engine::{Arrival, BadEvent, Event, Payload, Timestamp};

use super::apply::{Admitted, Batch, Command};
use super::read_positions::{Partition, ReadLines, ReadPosition};
use crate::journal::{BadRow, RecordPlace};

/// One event as it was sent.
#[derive(Debug)]
pub(crate) struct RawEvent<'a> {
    /// The original text, shown if the event is bad.
    pub(crate) text: &'a str,
    /// The tracker's parameters, or why there are none.
    pub(crate) payload: Result<Payload<'a>, BadEvent>,
}

/// One record of a partition of a log, such as a Kafka topic.
#[derive(Debug)]
pub struct Record {
    /// The partition.
    pub partition: Partition,
    /// The offset of the record in its partition.
    pub offset: u64,
    /// Its enriched events. Or why a part of the record is none, and a text that shows the part.
    pub lines: Vec<Result<String, (BadEvent, String)>>,
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
        Self::new(event, arrival.collector_tstamp, text, None)
    }

    /// The enriched event in a line, as if it had been collected `now`.
    pub(super) fn from_enriched(line: &str, now: Timestamp) -> Self {
        Self::new(Event::from_enriched(line).map(|event| event.moved_to(now)), now, line, None)
    }

    fn new(
        event: Result<Event, BadEvent>,
        at: Timestamp,
        text: &str,
        place: Option<RecordPlace>,
    ) -> Self {
        match event {
            Ok(event) => Self::Good(event),
            Err(error) => {
                let row = BadRow::new(at, &error, text, place);
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
        (!batch.is_empty()).then_some(Command::Events(Batch { events: batch, at, lines: None }))
    })
}

/// The commands for the lines of one record, in order.
pub(super) fn admit_record(record: Record, at: Timestamp) -> impl Iterator<Item = Command> {
    let Record { partition, offset, lines } = record;
    let count = lines.len();
    let source = partition.clone();
    let place = move |line| {
        let topic = source.topic.as_ref().to_owned();
        Some(RecordPlace { topic, partition: source.number, offset, line })
    };
    let admit_line = move |(index, line): (u64, Result<String, (BadEvent, String)>)| match line {
        Ok(line) => Admitted::new(Event::from_enriched(&line), at, &line, place(index)),
        Err((error, text)) => Admitted::new(Err(error), at, &text, place(index)),
    };
    let mut lines = (0..).zip(lines).map(admit_line);
    let mut from = Some(ReadPosition::record(offset));
    iter::from_fn(move || {
        let first = from.take()?;
        let batch: Vec<Admitted> = lines.by_ref().take(BATCH_EVENTS).collect();
        let to = if first.line as usize + batch.len() == count {
            ReadPosition::record(offset + 1)
        } else {
            ReadPosition { offset, line: first.line + batch.len() as u64 }
        };
        from = (to.offset == offset).then_some(to);
        let read = ReadLines { partition: partition.clone(), from: first, to };
        Some(Command::Events(Batch { events: batch, at, lines: Some(read) }))
    })
}
