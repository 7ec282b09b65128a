//! A parser for the subset of Server-Sent Events that the intervention stream uses.

use std::time::Duration;

/// One event of a stream, or a block that only sets the id or the retry time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SseEvent {
    /// The id to resume after it.
    pub(super) id: Option<String>,
    /// `None` for interventions.
    pub(super) name: Option<String>,
    pub(super) data: String,
    /// From now on, how long to wait before reconnecting.
    pub(super) retry: Option<Duration>,
}

/// Assembles events from lines.
#[derive(Debug, Default)]
pub(super) struct SseLines {
    event: SseEvent,
}

impl SseLines {
    /// Takes a line without its line break. Returns the event that it completes.
    pub(super) fn push(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (event != SseEvent::default()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => self.event.name = Some(value.to_owned()),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // `parse` alone would accept a sign.
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let millis = value.parse::<u32>().ok();
                self.event.retry = millis.map(|millis| Duration::from_millis(millis.into()));
            }
            // Comments and unknown fields.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use signals_wire::{InterventionInstance, TargetAttributeKey};

    use super::*;

    fn events(text: &str) -> Vec<SseEvent> {
        let mut lines = SseLines::default();
        text.lines().filter_map(|line| lines.push(line)).collect()
    }

    fn event(id: Option<&str>, name: Option<&str>, data: &str) -> SseEvent {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        SseEvent { id: owned(id), name: owned(name), data: data.to_owned(), retry: None }
    }

    #[test]
    fn a_stream_is_read_event_by_event() {
        let text = "retry: 2000\n\nid: a-1\nevent: hello\ndata:{\"a\":1}\n\n: comment\nid: a-2\ndata: {}\n\ndata: 1\ndata:2\nother: x\nevent\n\ndata: cut off";
        assert_eq!(
            events(text),
            [
                SseEvent { retry: Some(Duration::from_secs(2)), ..SseEvent::default() },
                event(Some("a-1"), Some("hello"), "{\"a\":1}"),
                event(Some("a-2"), None, "{}"),
                event(None, Some(""), "1\n2"),
            ]
        );
    }

    #[test]
    fn a_reconnection_time_that_is_no_number_is_none() {
        for text in ["retry: soon\n\n", "retry: +1\n\n", "retry\n\n", "retry: 99999999999\n\n"] {
            assert_eq!(events(text), [], "{text}");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let fields = prop::sample::select(vec![
            "data", "id", "event", "retry", "data:", "id:", "event: ", "retry: ", ":", "", "x",
        ]);
        (fields, prop_oneof!["[^\\n]{0,12}", "[0-9]{0,12}"])
            .prop_map(|(field, rest)| format!("{field}{rest}"))
    }

    proptest! {
        #[test]
        fn lines_of_any_kind_give_events_that_say_something(
            all in prop::collection::vec(line(), 0..40),
        ) {
            let mut lines = SseLines::default();
            let ended = all.iter().filter(|line| line.is_empty()).count();
            let events: Vec<SseEvent> = all.iter().filter_map(|line| lines.push(line)).collect();
            prop_assert!(events.len() <= ended);
            prop_assert!(!events.contains(&SseEvent::default()));
            let data: usize = events.iter().map(|event| event.data.len()).sum();
            prop_assert!(data <= all.iter().map(|line| line.len() + 1).sum());
        }

        #[test]
        fn an_instance_is_read_back_whatever_is_in_it(
            [name, attribute, text, id] in any::<[String; 4]>(),
            version in any::<u64>(),
            position in any::<u64>(),
        ) {
            let instance = InterventionInstance {
                intervention_id: Some(text.clone()),
                name,
                version: Some(version),
                attributes: [(attribute, text.into())].into_iter().collect(),
                target_attribute_key: Some(TargetAttributeKey { name: "user_id".into(), id }),
            };
            let json = serde_json::to_string(&instance).unwrap();
            let events = events(&format!("id: {position}\ndata: {json}\n\n"));
            prop_assert_eq!(events.len(), 1);
            prop_assert_eq!(events[0].id.as_deref(), Some(&*position.to_string()));
            let read: InterventionInstance = serde_json::from_str(&events[0].data).unwrap();
            prop_assert_eq!(read, instance);
        }
    }
}
