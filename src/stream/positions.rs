//! The position of each stream, by URL, that is, by endpoint and set of ids.
//!
//! An `EventSource` uses its last event id only for its own reconnects. A new one can only send the id in a query parameter, and only if
//! the server named one in its `hello`. Delivery writes the positions, and streams read them.

use super::url::with_parameter;
use std::cell::RefCell;
use std::collections::VecDeque;

/// The number of URLs to remember. Ids change rarely, so this is enough for a page that alternates between two users.
const MAX_URLS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    url: String,
    parameter: String,
    /// Empty until the first frame arrives.
    last_event_id: String,
}

/// The positions of the most recent URLs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions {
    latest_last: RefCell<VecDeque<Position>>,
}

impl Positions {
    /// Remembers the query parameter that resumes the stream at `url`.
    ///
    /// Ignores a name or a URL that [`Positions::to_text`] cannot store on one line.
    pub(crate) fn name_parameter(&self, url: &str, parameter: &str) {
        if !fits_on_a_line(url) || !fits_on_a_line(parameter) {
            return;
        }
        let mut positions = self.latest_last.borrow_mut();
        let known = positions.iter().find(|position| position.url == url);
        let last_event_id = known.map(|known| known.last_event_id.clone()).unwrap_or_default();
        positions.retain(|position| position.url != url);
        if positions.len() == MAX_URLS {
            positions.pop_front();
        }
        positions.push_back(Position {
            url: url.to_owned(),
            parameter: parameter.to_owned(),
            last_event_id,
        });
    }

    /// Records that everything up to `last_event_id` was delivered. Does nothing if the server named no parameter.
    pub(crate) fn reach(&self, url: &str, last_event_id: &str) {
        let mut positions = self.latest_last.borrow_mut();
        if let Some(position) = positions.iter_mut().find(|position| position.url == url)
            && fits_on_a_line(last_event_id)
        {
            last_event_id.clone_into(&mut position.last_event_id);
        }
    }

    /// The last event id to resume `url` from.
    pub(crate) fn position(&self, url: &str) -> Option<String> {
        self.reached(url).map(|position| position.last_event_id)
    }

    /// The URL to request, with the position as a query parameter if there is one.
    pub(crate) fn request_url(&self, url: &str) -> String {
        match self.reached(url) {
            Some(position) => with_parameter(url, &position.parameter, &position.last_event_id),
            None => url.to_owned(),
        }
    }

    fn reached(&self, url: &str) -> Option<Position> {
        let positions = self.latest_last.borrow();
        let position = positions.iter().find(|position| position.url == url)?;
        (!position.last_event_id.is_empty()).then(|| position.clone())
    }

    /// All positions as text, one field on each line.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for position in self.latest_last.borrow().iter() {
            for line in [&position.url, &position.parameter, &position.last_event_id] {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// Reads the result of [`Positions::to_text`]. From incomplete text, this reads the complete positions.
    pub(crate) fn from_text(text: &str) -> Positions {
        let positions = Positions::default();
        let mut lines = text.split('\n');
        while let (Some(url), Some(parameter), Some(id)) =
            (lines.next(), lines.next(), lines.next())
        {
            positions.name_parameter(url, parameter);
            positions.reach(url, id);
        }
        positions
    }
}

fn fits_on_a_line(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|byte| byte.is_ascii_control())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const URL: &str = "https://a.example/x?k=1";

    fn memory_at(url: &str, last_event_id: &str) -> Positions {
        let memory = Positions::default();
        memory.name_parameter(url, "since");
        memory.reach(url, last_event_id);
        memory
    }

    #[test]
    fn an_unknown_url_is_requested_as_it_is() {
        assert_eq!(Positions::default().request_url(URL), URL);
    }

    #[test]
    fn the_latest_position_is_sent_in_the_parameter_that_the_server_named() {
        let memory = memory_at(URL, "41");
        memory.reach(URL, "42");
        assert_eq!(memory.request_url(URL), format!("{URL}&since=42"));
    }

    #[test]
    fn a_server_that_named_no_parameter_is_sent_none() {
        let memory = Positions::default();
        memory.reach(URL, "42");
        assert_eq!(memory.request_url(URL), URL);
    }

    #[test]
    fn a_server_that_renames_the_parameter_is_sent_the_old_position_in_the_new_one() {
        let memory = memory_at(URL, "42");
        memory.name_parameter(URL, "from");
        assert_eq!(memory.request_url(URL), format!("{URL}&from=42"));
    }

    #[test]
    fn positions_of_other_ids_do_not_mix() {
        let other = "https://a.example/x?k=2";
        assert_eq!(memory_at(URL, "42").request_url(other), other);
    }

    #[test]
    fn only_the_urls_used_last_are_remembered() {
        let memory = memory_at("https://a.example/first", "1");
        for index in 0..MAX_URLS {
            memory.name_parameter(&format!("https://a.example/{index}"), "since");
            memory.name_parameter("https://a.example/0", "since");
        }
        memory.reach("https://a.example/0", "2");
        assert_eq!(memory.latest_last.borrow().len(), MAX_URLS);
        assert_eq!(memory.request_url("https://a.example/first"), "https://a.example/first");
        assert_eq!(memory.request_url("https://a.example/0"), "https://a.example/0&since=2");
    }

    #[test]
    fn text_brings_everything_back() {
        let memory = memory_at(URL, "42");
        memory.name_parameter("https://a.example/x?k=2", "since");
        memory.reach("https://a.example/x?k=2", "43");
        assert_eq!(Positions::from_text(&memory.to_text()), memory);
    }

    #[test]
    fn damaged_text_yields_what_is_complete() {
        let memory = Positions::from_text("https://a/1\nsince\n42\nhttps://a/2\nsince");
        assert_eq!(memory.latest_last.borrow().len(), 1);
        assert_eq!(Positions::from_text("\n\n\n{}"), Positions::default());
    }

    #[test]
    fn control_characters_are_not_remembered() {
        let memory = memory_at(URL, "4\n2");
        assert_eq!(memory.request_url(URL), URL);
        memory.name_parameter(URL, "sin\nce");
        memory.reach(URL, "42");
        assert_eq!(memory.request_url(URL), format!("{URL}&since=42"));
    }

    proptest! {
        #[test]
        fn what_is_read_from_any_text_is_bounded_and_written_as_it_was_read(
            text in prop_oneof![any::<String>(), "([a-z]{0,2}\n){0,60}"],
        ) {
            let memory = Positions::from_text(&text);
            prop_assert!(memory.latest_last.borrow().len() <= MAX_URLS);
            prop_assert_eq!(Positions::from_text(&memory.to_text()), memory);
        }
    }
}
