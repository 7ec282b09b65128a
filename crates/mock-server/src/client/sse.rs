//! The part of Server-Sent Events that the intervention stream uses.

/// One event of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SseEvent {
    /// Where to resume after it.
    pub(super) id: Option<String>,
    /// Nothing for instances.
    pub(super) name: Option<String>,
    pub(super) data: String,
}

/// Puts events together from lines.
#[derive(Debug, Default)]
pub(super) struct SseLines {
    event: SseEvent,
}

impl SseLines {
    /// Takes a line without its end; gives the event that it ends.
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
            // `retry`, comments and what others may add.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<(Option<String>, Option<String>, String)> {
        let mut lines = SseLines::default();
        let events = text.lines().filter_map(|line| lines.push(line));
        events.map(|SseEvent { id, name, data }| (id, name, data)).collect()
    }

    #[test]
    fn a_stream_is_read_event_by_event() {
        let text = "retry: 2000\n\nid: a-1\nevent: hello\ndata:{\"a\":1}\n\n: comment\nid: a-2\ndata: {}\n\ndata: 1\ndata:2\nother: x\nevent\n\ndata: cut off";
        assert_eq!(
            events(text),
            [
                (Some("a-1".into()), Some("hello".into()), "{\"a\":1}".into()),
                (Some("a-2".into()), None, "{}".into()),
                (None, Some(String::new()), "1\n2".into()),
            ]
        );
    }
}
