use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01T00:00:00Z, the unit of the tracker protocol.
///
/// Shown as ISO 8601 in UTC. Arithmetic saturates, because a tracker can send any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the epoch, or before it if negative.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This moment moved by `millis` milliseconds, forward or (negative) back.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment. Negative if `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Timestamp {
    /// Parses ISO 8601 text. Without an offset, it is in UTC. A date without a time is its first moment.
    pub(crate) fn parse_iso(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = match text.parse() {
            Ok(moment) => moment,
            Err(_) => {
                let civil: jiff::civil::DateTime = text.parse().ok()?;
                civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
            }
        };
        Some(Self(moment.as_millisecond()))
    }

    /// Date and time in UTC. `None` outside the years -9999 to 9999.
    pub(crate) fn to_civil(self) -> Option<jiff::civil::DateTime> {
        let moment = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(jiff::tz::TimeZone::UTC.to_datetime(moment))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(formatter, "{moment:.3}"),
            Err(_) => write!(formatter, "{} ms since 1970", self.0),
        }
    }
}
