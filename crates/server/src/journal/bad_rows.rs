use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;
use signals_engine::{BadEvent, Timestamp};
use utoipa::ToSchema;

/// An event that could not be processed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BadRow {
    /// When it arrived.
    #[schema(value_type = i64)]
    collector_tstamp: Timestamp,
    /// The invalid parameter of the tracker protocol, or the invalid column of an enriched event.
    field: String,
    /// The error.
    reason: String,
    /// The beginning of the received data.
    payload: String,
    /// The place of the event in its log. Only for events that were read from Kafka.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RecordPlace>,
}

/// The place of a line in a Kafka topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordPlace {
    /// The topic.
    pub topic: String,
    /// The partition of the topic.
    pub partition: u32,
    /// The offset of the record in its partition.
    pub offset: u64,
    /// The index of the line in the record. A compressed record has many lines.
    pub line: u64,
}

impl fmt::Display for RecordPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, partition, offset, line } = self;
        write!(formatter, "{topic}, partition {partition}, offset {offset}, line {line}")
    }
}

impl BadRow {
    const PAYLOAD_CHARS: usize = 2_000;

    /// Whether the received data contains `text`.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.payload.contains(text)
    }

    /// The place of the event in its log, if it was read from one.
    pub(crate) fn record(&self) -> Option<&RecordPlace> {
        self.record.as_ref()
    }

    pub(crate) fn new(
        at: Timestamp,
        error: &BadEvent,
        text: &str,
        record: Option<RecordPlace>,
    ) -> Self {
        Self {
            collector_tstamp: at,
            field: error.field.clone(),
            reason: error.reason.clone(),
            payload: text.chars().take(Self::PAYLOAD_CHARS).collect(),
            record,
        }
    }
}

/// The latest bad rows.
#[derive(Debug, Default)]
pub(super) struct BadRows {
    rows: VecDeque<BadRow>,
}

impl BadRows {
    const CAPACITY: usize = 1_000;

    pub(super) fn push(&mut self, row: BadRow) {
        if self.rows.len() == Self::CAPACITY {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }

    /// Oldest first.
    pub(super) fn all(&self) -> Vec<BadRow> {
        self.rows.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_thousand_rows_are_kept() {
        let mut rows = BadRows::default();
        for number in 0..=1_000 {
            let error = BadEvent { field: number.to_string(), reason: String::new() };
            rows.push(BadRow::new(Timestamp::from_millis(0), &error, "", None));
        }
        let rows = rows.all();
        assert_eq!((rows.len(), rows[0].field.as_str()), (1_000, "1"));
    }

    #[test]
    fn a_huge_payload_is_cut() {
        let error = BadEvent { field: String::new(), reason: String::new() };
        let row = BadRow::new(Timestamp::from_millis(0), &error, &"é".repeat(100_000), None);
        assert_eq!(row.payload.chars().count(), 2_000);
    }
}
