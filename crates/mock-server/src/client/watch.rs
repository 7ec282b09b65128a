use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Write};
use std::mem;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use signals_wire::InterventionInstance;
use signals_wire::stream::{HELLO_EVENT, INTERVENTIONS_PATH, KEEP_ALIVE_MS};
use thiserror::Error;
use ureq::http::Request;

use super::sse::{SseEvent, SseLines};
use super::{Client, ClientError};
use crate::cli::WatchOptions;

/// Delay before the first retry, unless the server sets it. It doubles with each retry.
const FIRST_DELAY: Duration = Duration::from_millis(500);

/// The longest delay, unless the server asks for a longer one.
const LAST_DELAY: Duration = Duration::from_secs(10);

/// A connection that is silent for this long is dead: several keep-alives are missing.
const SILENCE: Duration = Duration::from_millis(3 * KEEP_ALIVE_MS);

/// How many ids are remembered, so that nothing is shown twice when a server replays everything.
const REMEMBERED: usize = 1_000;

/// Why watching ended early.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The server refused the stream.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

/// Writes the interventions of some ids to `out` as they arrive, and messages about the connection to `status`. A lost
/// connection is made again and resumes. Returns after `count` interventions, or never.
///
/// # Errors
/// When the server refuses the request, or the output cannot be written.
pub fn watch(
    options: &WatchOptions,
    out: &mut impl Write,
    status: &mut impl Write,
) -> Result<(), WatchError> {
    let client = Client::anybody(&options.server);
    let mut watcher = Watcher {
        options,
        shown: 0,
        last_event_id: options.last_event_id.clone(),
        known: VecDeque::new(),
        first_delay: FIRST_DELAY,
        delay: FIRST_DELAY,
    };
    loop {
        let lost = match watcher.connect(&client) {
            Ok(events) => match watcher.follow(&events, out, status)? {
                Some(reason) => reason,
                None => return Ok(()),
            },
            Err(error) if error.is_final() => return Err(error.into()),
            Err(error) => error.to_string(),
        };
        let delay = watcher.next_delay();
        writeln!(status, "{lost}. Reconnecting in {:.1} s", delay.as_secs_f64())?;
        thread::sleep(delay);
    }
}

struct Watcher<'a> {
    options: &'a WatchOptions,
    shown: u64,
    last_event_id: Option<String>,
    known: VecDeque<String>,
    /// The delay that the server asks for.
    first_delay: Duration,
    /// The delay before the next attempt.
    delay: Duration,
}

impl Watcher<'_> {
    /// How long to wait before the next attempt.
    fn next_delay(&mut self) -> Duration {
        let longer = LAST_DELAY.max(self.first_delay).min(self.delay * 2);
        mem::replace(&mut self.delay, longer)
    }

    /// Sets the delay before the first retry.
    fn wait_first(&mut self, delay: Duration) {
        self.first_delay = delay;
        self.delay = delay;
    }

    /// Opens a stream. A thread reads it, so that the reader can time out.
    fn connect(&self, client: &Client<'_>) -> Result<Receiver<SseEvent>, ClientError> {
        let url = client.url(&format!("{INTERVENTIONS_PATH}?{}", self.options.targets.query()));
        let mut request = Request::get(&url).header("accept", "text/event-stream");
        if let Some(id) = &self.last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request
            .body(())
            .map_err(|source| ClientError::Unreachable { url, source: source.into() })?;
        let body = BufReader::new(client.send(request)?.into_body().into_reader());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = SseLines::default();
            for line in body.lines().map_while(Result::ok) {
                if let Some(event) = lines.push(&line)
                    && sender.send(event).is_err()
                {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    /// Shows the interventions of a stream. Returns why the stream ended, or `None` when enough were shown.
    fn follow(
        &mut self,
        events: &Receiver<SseEvent>,
        out: &mut impl Write,
        status: &mut impl Write,
    ) -> Result<Option<String>, WatchError> {
        loop {
            let event = match events.recv_timeout(SILENCE) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => {
                    return Ok(Some("the server sends no keep-alives".into()));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(Some("connection lost".into())),
            };
            if let Some(delay) = event.retry {
                self.wait_first(delay);
            }
            if event.id.is_some() {
                self.last_event_id = event.id;
            }
            match event.name.as_deref() {
                Some(HELLO_EVENT) => {
                    self.delay = self.first_delay;
                    writeln!(status, "watching {}", self.options.targets)?;
                }
                None if !event.data.is_empty() => self.show(&event.data, out)?,
                _ => {}
            }
            if self.options.count.is_some_and(|count| self.shown >= count) {
                return Ok(None);
            }
        }
    }

    fn show(&mut self, data: &str, out: &mut impl Write) -> io::Result<()> {
        let instance: Option<InterventionInstance> = serde_json::from_str(data).ok();
        if let Some(intervention_id) = instance.as_ref().and_then(|it| it.intervention_id.as_ref())
        {
            if self.known.contains(intervention_id) {
                return Ok(());
            }
            self.known.push_back(intervention_id.clone());
            if self.known.len() > REMEMBERED {
                self.known.pop_front();
            }
        }
        match instance {
            Some(instance) if !self.options.json => writeln!(out, "{}", for_people(&instance))?,
            // Also anything that is not an intervention.
            _ => writeln!(out, "{data}")?,
        }
        self.shown += 1;
        out.flush()
    }
}

fn for_people(instance: &InterventionInstance) -> String {
    let InterventionInstance { intervention_id, name, version, attributes, target_attribute_key } =
        instance;
    let version = version.map(|version| format!(" v{version}")).unwrap_or_default();
    let attributes: String = attributes
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!(" {name}={text:?}"),
            value => format!(" {name}={value}"),
        })
        .collect();
    let target = target_attribute_key
        .as_ref()
        .map(|target| format!(" for {} {}", target.name, target.id))
        .unwrap_or_default();
    let id = intervention_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let now = jiff::Timestamp::now();
    format!("{now:.0} {name}{version}{attributes}{target}{id}")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn options() -> WatchOptions {
        match Cli::parse_from(["signals-mock-server", "watch", "--id", "a"]).command {
            Some(Command::Watch(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    /// The delays in seconds before several failed attempts.
    fn delays(retry: Option<u64>) -> Vec<f64> {
        let options = options();
        let mut watcher = Watcher {
            options: &options,
            shown: 0,
            last_event_id: None,
            known: VecDeque::new(),
            first_delay: FIRST_DELAY,
            delay: FIRST_DELAY,
        };
        if let Some(seconds) = retry {
            let (sender, events) = mpsc::channel();
            let retry = Some(Duration::from_secs(seconds));
            sender.send(SseEvent { retry, ..SseEvent::default() }).unwrap();
            drop(sender);
            let mut shown = Vec::new();
            watcher.follow(&events, &mut shown, &mut io::sink()).unwrap();
            assert!(shown.is_empty(), "a reconnection time is nothing to show");
        }
        [(); 6].map(|()| watcher.next_delay().as_secs_f64()).to_vec()
    }

    #[test]
    fn attempts_come_at_longer_and_longer_intervals() {
        assert_eq!(delays(None), [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]);
    }

    #[test]
    fn the_server_says_how_long_to_wait_first() {
        assert_eq!(delays(Some(3)), [3.0, 6.0, 10.0, 10.0, 10.0, 10.0]);
        assert_eq!(delays(Some(60)), [60.0; 6]);
    }
}
