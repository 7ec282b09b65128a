use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, thread};

use thiserror::Error;
use ureq::http::{Request, StatusCode};

use super::enriched::{BadLines, Batch, EnrichedRecording};
use super::recording::{RecordedRequest, Recording, RecordingError};
use super::{Client, ClientError};
use crate::cli::{Format, ReplayOptions, Speed};

/// How often progress is shown on a terminal.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Why a replay failed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not a recording.
    #[error("{}: {source}", file.display())]
    NotARecording {
        /// The file.
        file: PathBuf,
        /// The line and the cause.
        source: RecordingError,
    },
    /// A request failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// All requests were sent, but the server refused some.
    #[error("the server refused {refused} of {requests} requests. First refusal: {first}")]
    Refused {
        /// How many were refused.
        refused: usize,
        /// How many there were.
        requests: usize,
        /// The first refusal.
        first: Box<ClientError>,
    },
    /// All lines were sent, but some are not enriched events.
    #[error(transparent)]
    BadLines(#[from] BadLines),
    /// The server has no route for enriched events.
    #[error(
        "{url} does not receive enriched events. Pass the address of a signals-mock-server in --url"
    )]
    NoEnrichedEvents {
        /// The server's URL.
        url: String,
    },
}

impl Speed {
    /// When to send a request that was recorded `after` the first one.
    pub(super) fn scale(self, after: Duration) -> Duration {
        match self {
            Self::Max => Duration::ZERO,
            Self::Times(times) => {
                Duration::try_from_secs_f64(after.as_secs_f64() / times).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// Sends a recording to a server, one request after the other at the recorded intervals, and returns a summary. Writes the
/// progress to `progress`, if there is a terminal.
///
/// # Errors
/// When the recording cannot be read, the server cannot be reached, it refused a request, or a line is not an enriched event.
pub fn replay(
    options: &ReplayOptions,
    progress: Option<&mut dyn Write>,
) -> Result<String, ReplayError> {
    match options.format {
        Format::Tracker => replay_requests(options, progress),
        Format::EnrichedTsv => replay_lines(options, progress),
    }
}

fn replay_requests(
    options: &ReplayOptions,
    progress: Option<&mut dyn Write>,
) -> Result<String, ReplayError> {
    let text = String::from_utf8(read(&options.file)?)
        .map_err(|error| unreadable(&options.file, io::Error::other(error)))?;
    let recording = Recording::read(&text).map_err(|source| no_recording(&options.file, source))?;
    let client = Client::anybody(&options.server.server);
    let took = send_all(&recording.requests, options.speed, progress, |request| {
        let mut request = request.clone();
        if options.new_ids {
            request.renew_event_ids();
        }
        Ok(send(&client, &request)?)
    })?;
    let skipped = match recording.skipped {
        0 => String::new(),
        skipped => format!(", skipped {skipped} without events"),
    };
    Ok(summary(&recording.requests, took) + &skipped)
}

fn replay_lines(
    options: &ReplayOptions,
    progress: Option<&mut dyn Write>,
) -> Result<String, ReplayError> {
    let bytes = read(&options.file)?;
    let text = String::from_utf8_lossy(&bytes);
    let recording =
        EnrichedRecording::read(&text).map_err(|source| no_recording(&options.file, source))?;
    let client = Client::owner(&options.server);
    let batches = recording.batches(options.speed);
    let took = send_all(&batches, options.speed, progress, |batch| {
        send_lines(&client, batch.body(options.new_ids))
    })?;
    match recording.bad_lines() {
        Some(bad_lines) => Err(bad_lines.into()),
        None => Ok(summary(&batches, took)),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ReplayError> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    read.map_err(|source| unreadable(file, source))
}

fn unreadable(file: &Path, source: io::Error) -> ReplayError {
    ReplayError::Unreadable { file: file.to_owned(), source }
}

fn no_recording(file: &Path, source: RecordingError) -> ReplayError {
    ReplayError::NotARecording { file: file.to_owned(), source }
}

/// One request of a replay.
trait Scheduled {
    /// The recorded time since the first request.
    fn after(&self) -> Duration;

    /// How many events it has.
    fn events(&self) -> usize;
}

impl Scheduled for RecordedRequest {
    fn after(&self) -> Duration {
        self.after
    }

    fn events(&self) -> usize {
        self.events()
    }
}

impl Scheduled for Batch<'_> {
    fn after(&self) -> Duration {
        self.after
    }

    fn events(&self) -> usize {
        self.lines.len()
    }
}

/// Sends every request when it is due, and returns how long that took. Continues after a refused request.
fn send_all<R: Scheduled>(
    requests: &[R],
    speed: Speed,
    progress: Option<&mut dyn Write>,
    mut send: impl FnMut(&R) -> Result<(), ReplayError>,
) -> Result<Duration, ReplayError> {
    let mut progress = Progress::new(requests, speed, progress);
    let started = Instant::now();
    let (mut events, mut refused, mut first_refusal) = (0, 0, None);
    for (index, request) in requests.iter().enumerate() {
        let due = speed.scale(request.after());
        while let Some(wait) = due.checked_sub(started.elapsed()).filter(|wait| !wait.is_zero()) {
            progress.show(index, events, started.elapsed());
            thread::sleep(wait.min(PROGRESS_INTERVAL));
        }
        match send(request) {
            Ok(()) => events += request.events(),
            Err(ReplayError::Client(error @ ClientError::Refused { .. })) => {
                refused += 1;
                first_refusal.get_or_insert(error);
            }
            Err(error) => {
                progress.end();
                return Err(error);
            }
        }
        progress.show(index + 1, events, started.elapsed());
    }
    progress.end();
    match first_refusal {
        Some(first) => {
            Err(ReplayError::Refused { refused, requests: requests.len(), first: Box::new(first) })
        }
        None => Ok(started.elapsed()),
    }
}

fn send(client: &Client<'_>, recorded: &RecordedRequest) -> Result<(), ClientError> {
    let url = client.url(&recorded.path);
    let mut request = match recorded.body {
        Some(_) => Request::post(&url),
        None => Request::get(&url),
    };
    for (name, value) in &recorded.headers {
        request = request.header(name, value);
    }
    let unsendable = |source: ureq::http::Error| ClientError::Unreachable {
        url: url.clone(),
        source: source.into(),
    };
    match &recorded.body {
        None => client.bytes(request.body(()).map_err(unsendable)?),
        Some(body) => {
            let has_type = recorded.headers.iter().any(|(name, _)| name == "content-type");
            if !has_type {
                request = request.header("content-type", "application/json; charset=UTF-8");
            }
            let text = serde_json::Value::Object(body.clone()).to_string();
            client.bytes(request.body(text).map_err(unsendable)?)
        }
    }
    .map(drop)
}

fn send_lines(client: &Client<'_>, lines: String) -> Result<(), ReplayError> {
    let url = client.url("/mock/enriched-events");
    let request = Request::post(&url).header("content-type", "text/tab-separated-values");
    let request = request
        .body(lines)
        .map_err(|source| ClientError::Unreachable { url, source: source.into() })?;
    match client.bytes(request) {
        Ok(_) => Ok(()),
        // `signals-server` has no such route. An older mock server reads the path as one that trackers post to, and refuses the body.
        Err(ClientError::Refused {
            status: StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED,
            ..
        }) => Err(ReplayError::NoEnrichedEvents { url: client.url.to_owned() }),
        Err(error) => Err(error.into()),
    }
}

fn summary(requests: &[impl Scheduled], took: Duration) -> String {
    format!(
        "sent {} events in {} requests in {:.1} s",
        requests.iter().map(Scheduled::events).sum::<usize>(),
        requests.len(),
        took.as_secs_f64()
    )
}

/// A line on a terminal that is rewritten as requests are sent.
struct Progress<'a> {
    out: Option<&'a mut dyn Write>,
    requests: usize,
    takes: Duration,
    shown_at: Option<Duration>,
}

impl<'a> Progress<'a> {
    fn new(requests: &[impl Scheduled], speed: Speed, out: Option<&'a mut dyn Write>) -> Self {
        let takes = requests.last().map_or(Duration::ZERO, |last| speed.scale(last.after()));
        Self { out, requests: requests.len(), takes, shown_at: None }
    }

    fn show(&mut self, done: usize, events: usize, elapsed: Duration) {
        let is_due = self
            .shown_at
            .is_none_or(|shown_at| elapsed.saturating_sub(shown_at) >= PROGRESS_INTERVAL);
        let Some(out) = self.out.as_mut().filter(|_| is_due || done == self.requests) else {
            return;
        };
        self.shown_at = Some(elapsed);
        // A terminal that cannot show the progress must not end the replay.
        let _ = write!(
            out,
            "\r\x1b[K{done} of {} requests, {events} events, {:.1} s of about {:.1} s",
            self.requests,
            elapsed.as_secs_f64(),
            self.takes.as_secs_f64()
        );
        let _ = out.flush();
    }

    fn end(&mut self) {
        if let Some(out) = self.out.as_mut().filter(|_| self.shown_at.is_some()) {
            let _ = write!(out, "\r\x1b[K");
            let _ = out.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_number_or_max() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("0.5".parse(), Ok(Speed::Times(0.5)));
        for wrong in ["0", "-1", "NaN", "inf", "fast", ""] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_speed_shortens_intervals_or_stretches_them() {
        let minute = Duration::from_secs(60);
        assert_eq!(Speed::Times(10.0).scale(minute), Duration::from_secs(6));
        assert_eq!(Speed::Times(0.5).scale(minute), Duration::from_secs(120));
        assert_eq!(Speed::Times(1e-300).scale(minute), Duration::MAX);
        assert_eq!(Speed::Max.scale(minute), Duration::ZERO);
    }
}
