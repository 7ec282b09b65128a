use std::fmt::{self, Display, Formatter, Write};

use serde_json::{Map, Value};
use signals_engine::{ContextReading, RecentEvent, Timestamp};

use super::summary::summary;
use super::{EVENT_NAME, PAGE, seconds};

/// The output names that have a column of their own, or are the time.
const NOT_IN_EVENT_CONTEXT: [&str; 3] = [EVENT_NAME, PAGE, "derived_tstamp"];

/// The context at `now` as text, for the prompt of a language model.
pub fn narrative(reading: &ContextReading, now: Timestamp) -> String {
    let mut lines: Vec<String> = reading.prompt.iter().cloned().collect();
    lines.extend([
        "[START CONTEXT]".to_owned(),
        summary(reading, now),
        "## Real-time user behaviour".to_owned(),
        "Events are ordered from oldest to most recent.".to_owned(),
        "seconds_since_start_of_session, event, url, event_context".to_owned(),
    ]);
    let started_at = reading.started_at.unwrap_or(now);
    lines.extend(reading.events.iter().map(|event| row(event, started_at)));
    lines.push("[END CONTEXT]".to_owned());
    lines.join("\n")
}

fn row(event: &RecentEvent, started_at: Timestamp) -> String {
    let seconds = seconds(started_at, event.at);
    let [name, page] = [EVENT_NAME, PAGE].map(|column| match event.properties.get(column) {
        Some(Value::String(text)) => OneLine(text).to_string(),
        Some(value) => Literal(value).to_string(),
        None => String::new(),
    });
    let others = event.properties.iter();
    let others = others.filter(|(name, _)| !NOT_IN_EVENT_CONTEXT.contains(&name.as_str()));
    let others: Map<String, Value> =
        others.map(|(it, value)| (it.clone(), value.clone())).collect();
    format!("{seconds}, {name}, {page}, {}", Literal(&Value::Object(others)))
}

/// A value in the notation of JavaScript, with single quotes. It never takes more than one line, so that no value of an event can
/// look like another event.
struct Literal<'a>(&'a Value);

impl Display for Literal<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => Quoted(text).fmt(formatter),
            Value::Array(elements) => {
                formatter.write_char('[')?;
                for (index, element) in elements.iter().enumerate() {
                    formatter.write_str(if index == 0 { "" } else { ", " })?;
                    Literal(element).fmt(formatter)?;
                }
                formatter.write_char(']')
            }
            Value::Object(fields) => {
                formatter.write_char('{')?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    formatter.write_str(if index == 0 { "" } else { ", " })?;
                    match is_plain(name) {
                        true => formatter.write_str(name)?,
                        false => Quoted(name).fmt(formatter)?,
                    }
                    write!(formatter, ": {}", Literal(value))?;
                }
                formatter.write_char('}')
            }
            value => value.fmt(formatter),
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let escaped = self.0.replace('\\', "\\\\").replace('\'', "\\'");
        write!(formatter, "'{}'", OneLine(&escaped))
    }
}

/// A text with its line ends and other control characters escaped.
struct OneLine<'a>(&'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                    c.escape_default().fmt(formatter)?;
                }
                c => formatter.write_char(c)?,
            }
        }
        Ok(())
    }
}
