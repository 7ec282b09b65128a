//! Recordings of enriched events: lines as Snowplow's enrichment writes them.

use std::borrow::Cow;
use std::time::Duration;

use signals_engine::{BadEvent, Event};
use signals_server::BODY_LIMIT_BYTES;
use thiserror::Error;
use uuid::Uuid;

use super::recording::RecordingError;
use crate::cli::Speed;

/// Lines that are due within this time are sent together.
const BATCH_WINDOW: Duration = Duration::from_millis(50);

/// The maximum size of several lines that are sent together. It leaves room for longer ids.
const BATCH_BYTES: usize = BODY_LIMIT_BYTES / 2;

/// The column `event_id`, counted from 0.
const EVENT_ID_COLUMN: usize = 6;

/// Some lines are not enriched events.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{bad} of {lines} lines are not enriched events. First: line {number}: {error}")]
pub struct BadLines {
    /// How many are not.
    bad: usize,
    /// How many lines there are, without empty ones.
    lines: usize,
    /// The number of the first one, counted from 1.
    number: usize,
    /// Why the first one is not an event.
    error: BadEvent,
}

/// Lines in their order.
#[derive(Debug)]
pub(super) struct EnrichedRecording<'a> {
    lines: Vec<Line<'a>>,
    bad_lines: Option<BadLines>,
}

#[derive(Debug)]
struct Line<'a> {
    /// The time since the first line.
    after: Duration,
    text: &'a str,
}

/// Lines that are sent together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch<'a> {
    /// The recorded time between the first line of the recording and the first one of the batch.
    pub(super) after: Duration,
    pub(super) lines: Vec<&'a str>,
}

impl<'a> EnrichedRecording<'a> {
    /// Reads lines, and finds those that are not enriched events. Skips empty lines.
    pub(super) fn read(text: &'a str) -> Result<Self, RecordingError> {
        let (mut first, mut after) = (None, Duration::ZERO);
        let mut lines = Vec::new();
        let (mut bad, mut first_bad) = (0, None);
        for (number, text) in (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty()) {
            match Event::from_enriched(text) {
                Ok(event) => {
                    let collected = event.collector_tstamp();
                    let millis = collected.millis_since(*first.get_or_insert(collected));
                    // Lines keep their order, whatever their times.
                    after = after.max(Duration::from_millis(millis.try_into().unwrap_or_default()));
                }
                Err(error) => {
                    bad += 1;
                    first_bad.get_or_insert((number, error));
                }
            }
            lines.push(Line { after, text });
        }
        if lines.is_empty() {
            return Err(RecordingError::without_events());
        }
        let count = lines.len();
        let bad_lines =
            first_bad.map(|(number, error)| BadLines { bad, lines: count, number, error });
        Ok(Self { lines, bad_lines })
    }

    /// The lines that are not enriched events, if there are any.
    pub(super) fn bad_lines(self) -> Option<BadLines> {
        self.bad_lines
    }

    /// All lines, in batches for a replay at this speed.
    pub(super) fn batches(&self, speed: Speed) -> Vec<Batch<'a>> {
        let mut batches: Vec<Batch<'_>> = Vec::new();
        let (mut ends, mut bytes) = (Duration::ZERO, 0);
        for Line { after, text } in &self.lines {
            let due = speed.scale(*after);
            bytes += text.len() + 1;
            match batches.last_mut().filter(|_| due < ends && bytes <= BATCH_BYTES) {
                Some(batch) => batch.lines.push(text),
                None => {
                    batches.push(Batch { after: *after, lines: vec![text] });
                    ends = due.saturating_add(BATCH_WINDOW);
                    bytes = text.len() + 1;
                }
            }
        }
        batches
    }
}

impl Batch<'_> {
    /// The body of a request. With `new_ids`, every event has a new id.
    pub(super) fn body(&self, new_ids: bool) -> String {
        let line = |line| if new_ids { with_new_id(line) } else { Cow::Borrowed(line) };
        self.lines.iter().copied().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A line with a new event id, so that a server that has received the line before counts the event again.
fn with_new_id(line: &str) -> Cow<'_, str> {
    let mut columns: Vec<&str> = line.split('\t').collect();
    let id = Uuid::new_v4().to_string();
    // A line without an id is bad, and stays so.
    let Some(column) = columns.get_mut(EVENT_ID_COLUMN).filter(|column| !column.is_empty()) else {
        return Cow::Borrowed(line);
    };
    *column = &id;
    Cow::Owned(columns.join("\t"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page view that was collected at this time of a day.
    fn line(time: &str, event_id: &str) -> String {
        let mut columns = [""; 131];
        columns[0] = "shop";
        let collected = format!("2026-11-22 {time}");
        columns[3] = &collected;
        columns[5] = "page_view";
        columns[EVENT_ID_COLUMN] = event_id;
        columns[130] = "2026-11-22 00:00:00.000";
        columns.join("\t")
    }

    fn lines(times: &[&str]) -> String {
        times.iter().map(|time| line(time, "id") + "\r\n").collect()
    }

    /// When each batch is sent, in recorded milliseconds, and its number of lines.
    fn batches(text: &str, speed: Speed) -> Vec<(u128, usize)> {
        let recording = EnrichedRecording::read(text).unwrap();
        let batches = recording.batches(speed).into_iter();
        batches.map(|batch| (batch.after.as_millis(), batch.lines.len())).collect()
    }

    #[test]
    fn lines_that_are_due_together_are_sent_together() {
        let text = lines(&[
            "00:00:00.000",
            "00:00:00.049",
            "00:00:00.050",
            "00:00:01.000",
            "00:00:00.500",
            "00:00:06.000",
        ]);
        assert_eq!(batches(&text, Speed::Times(1.0)), [(0, 2), (50, 1), (1000, 2), (6000, 1)]);
        assert_eq!(batches(&text, Speed::Times(100.0)), [(0, 5), (6000, 1)]);
        assert_eq!(batches(&text, Speed::Max), [(0, 6)]);
    }

    #[test]
    fn no_batch_is_larger_than_a_server_accepts() {
        let text = lines(&["00:00:00.000"; 10_000]);
        let recording = EnrichedRecording::read(&text).unwrap();
        let batches = recording.batches(Speed::Max);
        assert_eq!(batches.iter().map(|batch| batch.lines.len()).sum::<usize>(), 10_000);
        assert!(batches.len() < 10);
        assert!(batches.iter().all(|batch| batch.body(true).len() < BODY_LIMIT_BYTES));
    }

    #[test]
    fn bad_lines_are_counted_and_the_first_is_named_and_all_are_sent() {
        let good = line("00:00:00.000", "id");
        let late = line("00:00:07.000", "id");
        let text = format!("{good}\n\n{good}\nnonsense\n{late}\nmore\n");
        assert_eq!(batches(&text, Speed::Times(1.0)), [(0, 3), (7000, 2)]);
        let recording = EnrichedRecording::read(&text).unwrap();
        assert_eq!(
            recording.bad_lines().unwrap().to_string(),
            "2 of 5 lines are not enriched events. First: line 4: columns: found 1 of 131 tab-separated columns"
        );
        assert_eq!(EnrichedRecording::read(&good).unwrap().bad_lines(), None);
        let empty = EnrichedRecording::read("\n\n").unwrap_err();
        assert_eq!(empty.to_string(), "recording: contains no events");
    }

    #[test]
    fn event_ids_can_be_made_new() {
        let text = line("00:00:00.000", "c4dcb15d-820d-4d5c-ae50-9965f4e5fce2") + "\nnonsense";
        let recording = EnrichedRecording::read(&text).unwrap();
        let batches = recording.batches(Speed::Max);
        assert_eq!(batches[0].body(false), text);
        let body = batches[0].body(true);
        let (renewed, bad) = body.split_once('\n').unwrap();
        assert_eq!(bad, "nonsense");
        let (old, new) =
            (Event::from_enriched(text.lines().next().unwrap()), Event::from_enriched(renewed));
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_ne!(old.event_id(), new.event_id());
        let id = new.event_id().unwrap();
        assert_eq!(renewed, line("00:00:00.000", id));
        assert!(Uuid::parse_str(id).is_ok());
    }
}
