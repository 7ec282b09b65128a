use signals_engine::{ContextReading, Timestamp};

use super::{page, seconds};

/// How fresh the events are at `now`, in the words of Signals.
pub(super) fn summary(reading: &ContextReading, now: Timestamp) -> String {
    let ContextReading { max_events, max_age_seconds, events, started_at, .. } = reading;
    let (Some(latest), Some(started_at)) = (events.last(), started_at) else {
        return format!("No recorded events for the last {max_age_seconds} seconds.");
    };
    let latest_s = seconds(latest.at, now);
    let activity = match page(latest) {
        None => format!("Last activity {latest_s} seconds ago."),
        Some(current) => {
            let on_page = events.iter().rev().take_while(|event| page(event) == Some(current));
            let page_s = on_page.last().map_or(latest_s, |entered| seconds(entered.at, now));
            let on_page = format!("{page_s} seconds on the current page.");
            match page_s == latest_s {
                true => on_page,
                false => format!("Last activity {latest_s} seconds ago, {on_page}"),
            }
        }
    };
    let session_s = seconds(*started_at, now);
    format!(
        "{activity} Session started {session_s} seconds ago. Based on last {max_events} recorded events for the last {max_age_seconds} seconds."
    )
}
