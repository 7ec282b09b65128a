//! The life of a page's own stream for one URL, as an explicit state machine. It takes events and returns what to do.
//!
//! The machine does not use the browser. Time and randomness are arguments, streams are numbers, and the only timer is one wake-up whose
//! meaning follows from the state. Only [`Machine::step`] changes the state. [`election`](super::election) decides whether this page opens
//! its own stream or receives from another tab.
//!
//! # Transitions
//!
//! "Fails" means: back off and go to `Retrying` with one more attempt. "Hand-over" means: keep the open stream as standby until its
//! replacement is open, so that no frame is lost in between. Each state ignores the inputs that the table does not list.
//!
//! | state        | input                                   | next state                | effects |
//! | ------------ | --------------------------------------- | ------------------------- | ------- |
//! | `Idle`       | `Subscribe`                             | `Connecting`              | open, wake after the connection time-out |
//! | `Connecting` | `Opened`                                | `Open`                    | close the standby |
//! | `Connecting` | `Failed`                                | `Retrying` (fails)        | close the attempt; the standby stays |
//! | `Connecting` | `Woke` (time-out)                       | `Retrying` (fails)        | close the attempt; the standby stays; the next one may take twice as long |
//! | `Open`       | `Hello`                                 | `Open`                    | wake after three keep-alive intervals |
//! | `Open`       | `Heard`                                 | `Open`                    | none: the wake-up measures the silence |
//! | `Open`       | `Woke`, heard in time                   | `Open`                    | wake after the rest of the interval |
//! | `Open`       | `Woke`, silent too long                 | `Retrying` (fails)        | close |
//! | `Open`       | `Failed(Dropped)`, first failure        | `Retrying` by the browser | the browser reconnects after the server's `retry:`; wake in case it does not |
//! | `Open`       | `Failed`, otherwise                     | `Retrying` (fails)        | close |
//! | `Open`       | `Online` without watchdog               | `Connecting`              | hand-over |
//! | `Open`       | `PageVisible` after a long silence      | `Connecting`              | hand-over |
//! | `Retrying`   | `Woke`                                  | `Connecting`              | close the browser's attempt, open |
//! | `Retrying`   | `Online`, `PageVisible`                 | `Connecting`              | the same |
//! | `Retrying` by the browser | `Opened`                   | `Open`                    | close the standby |
//! | `Retrying` by the browser | `Failed`                   | `Retrying` (fails)        | close; the plugin retries from now on |
//! | `Retrying`   | `Answered` with a final status          | `Retrying`                | wake after the longest delay instead |
//! | `Connecting` | `Answered`, late                        | `Connecting`              | none, but the status applies to the next refusal |
//! | `Connecting`, `Retrying` | `Failed` of the standby     | the same                  | close the standby |
//! | any          | `Unsubscribe`                           | `Idle`                    | close everything |
//! | any          | `Close`                                 | `Closed`                  | close everything, permanently |

use super::backoff;
use super::status::{Phase, Problem, Status};

/// Milliseconds that a stream must be open before the machine forgets earlier failures.
pub(crate) const HEALTHY_AFTER_MS: u64 = 10_000;

/// Default time for the server to accept a stream, in milliseconds. It doubles with every attempt that times out.
pub(crate) const DEFAULT_CONNECTION_TIMEOUT_MS: u32 = 2_500;

/// Longest time for the server to accept a stream, in milliseconds, unless the page configured a longer one.
pub(crate) const MAX_CONNECTION_TIMEOUT_MS: u32 = 20_000;

/// Keep-alive intervals without a frame before the machine treats a stream as dead.
pub(crate) const SILENT_INTERVALS: u64 = 3;

/// Milliseconds of silence after which a page that becomes visible reconnects, if the server announced no keep-alive interval.
pub(crate) const STALE_AFTER_MS: u64 = 5 * 60 * 1_000;

/// Returns random numbers, uniform in `0.0..1.0`.
pub(crate) type Random<'a> = &'a dyn Fn() -> f64;

/// The number of a stream. Numbers are not reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId(u32);

/// The state of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// The page has not subscribed.
    Idle,
    /// Waiting for the server to accept `stream`.
    Connecting {
        /// The present attempt.
        stream: StreamId,
        /// The previous stream, which receives until its replacement opens.
        standby: Option<StreamId>,
        /// Failures so far.
        attempt: u32,
    },
    /// Receiving frames.
    Open {
        /// The open stream.
        stream: StreamId,
        /// Failures before it opened. Forgotten after [`HEALTHY_AFTER_MS`].
        attempt: u32,
        /// When it opened.
        since: u64,
        /// When the last frame arrived.
        heard_at: u64,
        /// Milliseconds of silence before the machine treats the stream as dead. `None` if the server announced no keep-alive interval.
        silence_limit_ms: Option<u64>,
    },
    /// Between two attempts.
    Retrying {
        /// Who makes the next attempt.
        next: Retry,
        /// The previous stream, if its replacement failed to open.
        standby: Option<StreamId>,
        /// Failures so far.
        attempt: u32,
    },
    /// Closed permanently.
    Closed,
}

/// Who makes the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The plugin, after this delay.
    After {
        /// The delay, in milliseconds.
        delay_ms: u32,
    },
    /// The browser, on the broken stream, after the delay from the server's `retry:`.
    ByBrowser(StreamId),
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// The page subscribes. Has no effect if it already has.
    Subscribe,
    /// The page unsubscribes.
    Unsubscribe,
    /// The server accepted the stream.
    Opened(StreamId),
    /// The server announced its keep-alive interval, in milliseconds.
    Hello(StreamId, u64),
    /// A frame arrived.
    Heard(StreamId),
    /// The stream broke.
    Failed(StreamId, Failure),
    /// A repeat of the refused request, with `fetch`, got this HTTP status.
    Answered(u16),
    /// The requested wake-up.
    Woke,
    /// The browser came online.
    Online,
    /// A page that depends on the stream became visible.
    PageVisible,
    /// The tracker was removed.
    Close,
}

/// How a stream broke, as far as an `EventSource` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The connection broke. The browser would reconnect on its own.
    Dropped,
    /// The response was not an event stream. The browser does not reconnect.
    Refused,
}

/// Something to do. The order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Open a stream.
    Open(StreamId),
    /// Close a stream in any state.
    Close(StreamId),
    /// Send [`Input::Woke`] after this number of milliseconds, replacing any earlier wake-up. `None` cancels it.
    Wake(Option<u32>),
    /// Repeat the refused request with `fetch`, which shows the HTTP status, and send [`Input::Answered`].
    Probe,
}

/// See the [module documentation](self).
#[derive(Debug)]
pub(crate) struct Machine {
    state: State,
    connection_timeout_ms: u32,
    /// Consecutive attempts that timed out.
    timed_out: u32,
    last_problem: Option<Problem>,
    streams_opened: u32,
}

impl Default for Machine {
    fn default() -> Self {
        Machine {
            state: State::Idle,
            connection_timeout_ms: DEFAULT_CONNECTION_TIMEOUT_MS,
            timed_out: 0,
            last_problem: None,
            streams_opened: 0,
        }
    }
}

impl Machine {
    /// Sets the time limit of later attempts, in milliseconds. The limit doubles after every attempt that times out, up to
    /// [`MAX_CONNECTION_TIMEOUT_MS`], and returns to `timeout_ms` when a stream opens.
    pub(crate) fn set_connection_timeout_ms(&mut self, timeout_ms: u32) {
        self.connection_timeout_ms = timeout_ms;
    }

    /// The time limit of the next attempt, in milliseconds.
    fn attempt_limit_ms(&self) -> u32 {
        let doublings = self.timed_out.min(MAX_CONNECTION_TIMEOUT_MS.ilog2());
        let longest = self.connection_timeout_ms.max(MAX_CONNECTION_TIMEOUT_MS);
        self.connection_timeout_ms.saturating_mul(1 << doublings).min(longest)
    }

    /// The status, for the page and for other tabs.
    pub(crate) fn status(&self) -> Status {
        let (state, attempt) = match self.state {
            State::Idle => (Phase::Idle, 0),
            State::Connecting { attempt, .. } => (Phase::Connecting, attempt),
            State::Open { attempt, .. } => (Phase::Open, attempt),
            State::Retrying { attempt, .. } => (Phase::Retrying, attempt),
            State::Closed => (Phase::Closed, 0),
        };
        let next_delay_ms = match self.state {
            State::Retrying { next: Retry::After { delay_ms }, .. } => Some(delay_ms),
            _ => None,
        };
        Status { state, attempt, next_delay_ms, last_problem: self.last_problem }
    }

    /// Handles an event at `now` (milliseconds of any monotonic clock) and returns what to do. Calls `random` only to draw a delay.
    pub(crate) fn step(&mut self, input: Input, now: u64, random: Random<'_>) -> Vec<Effect> {
        if matches!(self.state, State::Closed) {
            return Vec::new();
        }
        match input {
            Input::Subscribe => self.subscribe(),
            Input::Unsubscribe => self.stop(State::Idle),
            Input::Close => self.stop(State::Closed),
            Input::Opened(stream) => self.opened(stream, now),
            Input::Hello(stream, keep_alive_ms) => self.hello(stream, keep_alive_ms, now),
            Input::Heard(stream) => self.heard(stream, now),
            Input::Failed(stream, failure) => self.failed(stream, failure, now, random),
            Input::Answered(status) => self.answered(status),
            Input::Woke => self.woke(now, random),
            Input::Online => self.online(),
            Input::PageVisible => self.page_visible(now),
        }
    }

    fn subscribe(&mut self) -> Vec<Effect> {
        if matches!(self.state, State::Idle) { self.reconnect() } else { Vec::new() }
    }

    fn opened(&mut self, opened: StreamId, now: u64) -> Vec<Effect> {
        let (standby, attempt) = match self.state {
            State::Connecting { stream, standby, attempt } if stream == opened => {
                (standby, attempt)
            }
            State::Retrying { next: Retry::ByBrowser(stream), standby, attempt }
                if stream == opened =>
            {
                (standby, attempt)
            }
            _ => return Vec::new(),
        };
        self.last_problem = None;
        self.timed_out = 0;
        self.state = State::Open {
            stream: opened,
            attempt,
            since: now,
            heard_at: now,
            silence_limit_ms: None,
        };
        closing(standby, None, &[Effect::Wake(None)])
    }

    fn hello(&mut self, from: StreamId, keep_alive_ms: u64, now: u64) -> Vec<Effect> {
        match &mut self.state {
            State::Open { stream, heard_at, silence_limit_ms, .. }
                if *stream == from && keep_alive_ms > 0 =>
            {
                let limit = keep_alive_ms.saturating_mul(SILENT_INTERVALS);
                *heard_at = now;
                *silence_limit_ms = Some(limit);
                vec![Effect::Wake(Some(timer_ms(limit)))]
            }
            _ => Vec::new(),
        }
    }

    fn heard(&mut self, from: StreamId, now: u64) -> Vec<Effect> {
        if let State::Open { stream, heard_at, .. } = &mut self.state
            && *stream == from
        {
            *heard_at = now;
        }
        Vec::new()
    }

    fn failed(
        &mut self,
        failed: StreamId,
        failure: Failure,
        now: u64,
        random: Random<'_>,
    ) -> Vec<Effect> {
        let problem = match failure {
            Failure::Dropped => Problem::Dropped,
            Failure::Refused => Problem::Refused(self.known_final_status()),
        };
        match &mut self.state {
            State::Connecting { standby, .. } | State::Retrying { standby, .. }
                if *standby == Some(failed) =>
            {
                *standby = None;
                vec![Effect::Close(failed)]
            }
            State::Connecting { stream, standby, attempt } if *stream == failed => {
                let (standby, attempt) = (*standby, *attempt + 1);
                self.fail(failed, standby, attempt, problem, random)
            }
            State::Open { stream, attempt, since, .. } if *stream == failed => {
                let attempt = failures_after_open(*attempt, *since, now);
                if failure == Failure::Dropped && attempt == 1 {
                    self.leave_to_browser(failed)
                } else {
                    self.fail(failed, None, attempt, problem, random)
                }
            }
            State::Retrying { next: Retry::ByBrowser(stream), standby, attempt }
                if *stream == failed =>
            {
                let (standby, attempt) = (*standby, *attempt + 1);
                self.fail(failed, standby, attempt, problem, random)
            }
            _ => Vec::new(),
        }
    }

    /// The final status of the latest refusal, if known. It applies until a stream opens, so the machine asks for it only once.
    fn known_final_status(&self) -> Option<u16> {
        match self.last_problem {
            Some(problem @ Problem::Refused(status)) if problem.is_final() => status,
            _ => None,
        }
    }

    fn leave_to_browser(&mut self, stream: StreamId) -> Vec<Effect> {
        self.last_problem = Some(Problem::Dropped);
        self.state = State::Retrying { next: Retry::ByBrowser(stream), standby: None, attempt: 1 };
        // The page cannot see the delay that the server set. This wake-up only acts if the browser does not retry.
        vec![Effect::Wake(Some(backoff::MAX_DELAY_MS.saturating_add(self.attempt_limit_ms())))]
    }

    fn fail(
        &mut self,
        stream: StreamId,
        standby: Option<StreamId>,
        attempt: u32,
        problem: Problem,
        random: Random<'_>,
    ) -> Vec<Effect> {
        let delay_ms = if problem.is_final() {
            backoff::MAX_DELAY_MS
        } else {
            backoff::delay_ms(attempt, random())
        };
        self.last_problem = Some(problem);
        self.state = State::Retrying { next: Retry::After { delay_ms }, standby, attempt };
        let mut effects = vec![Effect::Close(stream), Effect::Wake(Some(delay_ms))];
        // A single refusal is usually a server that restarts. Ask for the status after the second one.
        if attempt == 2 && problem == (Problem::Refused(None)) {
            effects.push(Effect::Probe);
        }
        effects
    }

    fn answered(&mut self, status: u16) -> Vec<Effect> {
        if self.last_problem != Some(Problem::Refused(None)) {
            return Vec::new();
        }
        let problem = Problem::Refused(Some(status));
        self.last_problem = Some(problem);
        match &mut self.state {
            State::Retrying { next: Retry::After { delay_ms }, .. } if problem.is_final() => {
                *delay_ms = backoff::MAX_DELAY_MS;
                vec![Effect::Wake(Some(backoff::MAX_DELAY_MS))]
            }
            // The next attempt has already started. If the server refuses it too, its status is known.
            _ => Vec::new(),
        }
    }

    fn woke(&mut self, now: u64, random: Random<'_>) -> Vec<Effect> {
        match self.state {
            State::Connecting { stream, standby, attempt } => {
                self.timed_out = self.timed_out.saturating_add(1);
                self.fail(stream, standby, attempt + 1, Problem::TimedOut, random)
            }
            State::Retrying { .. } => self.reconnect(),
            State::Open { stream, attempt, since, heard_at, silence_limit_ms: Some(limit) } => {
                let silence = now.saturating_sub(heard_at);
                if silence < limit {
                    return vec![Effect::Wake(Some(timer_ms(limit - silence)))];
                }
                let attempt = failures_after_open(attempt, since, now);
                self.fail(stream, None, attempt, Problem::Silent, random)
            }
            _ => Vec::new(),
        }
    }

    fn online(&mut self) -> Vec<Effect> {
        match self.state {
            // The network may have changed, and nothing watches this stream.
            State::Open { silence_limit_ms: None, .. } | State::Retrying { .. } => self.reconnect(),
            _ => Vec::new(),
        }
    }

    fn page_visible(&mut self, now: u64) -> Vec<Effect> {
        match self.state {
            State::Retrying { .. } => self.reconnect(),
            // Timers stop in a frozen tab, including the watchdog's.
            State::Open { heard_at, silence_limit_ms, .. }
                if now.saturating_sub(heard_at) >= silence_limit_ms.unwrap_or(STALE_AFTER_MS) =>
            {
                self.reconnect()
            }
            _ => Vec::new(),
        }
    }

    /// Opens a new stream. Keeps an open stream as standby, and abandons a present attempt.
    fn reconnect(&mut self) -> Vec<Effect> {
        let (abandoned, standby, attempt) = match self.state {
            State::Connecting { stream, standby, attempt } => (Some(stream), standby, attempt),
            State::Open { stream, attempt, .. } => (None, Some(stream), attempt),
            State::Retrying { next: Retry::ByBrowser(stream), standby, attempt } => {
                (Some(stream), standby, attempt)
            }
            State::Retrying { next: Retry::After { .. }, standby, attempt } => {
                (None, standby, attempt)
            }
            State::Idle | State::Closed => (None, None, 0),
        };
        let stream = StreamId(self.streams_opened);
        self.streams_opened += 1;
        self.state = State::Connecting { stream, standby, attempt };
        let timeout = Effect::Wake(Some(self.attempt_limit_ms()));
        closing(abandoned, None, &[Effect::Open(stream), timeout])
    }

    fn stop(&mut self, next: State) -> Vec<Effect> {
        let (stream, standby) = match self.state {
            State::Connecting { stream, standby, .. } => (Some(stream), standby),
            State::Open { stream, .. } => (Some(stream), None),
            State::Retrying { next: Retry::ByBrowser(stream), standby, .. } => {
                (Some(stream), standby)
            }
            State::Retrying { next: Retry::After { .. }, standby, .. } => (None, standby),
            State::Idle | State::Closed => (None, None),
        };
        self.state = next;
        self.timed_out = 0;
        self.last_problem = None;
        closing(stream, standby, &[Effect::Wake(None)])
    }
}

/// The effects that close these streams, followed by `rest`.
fn closing(one: Option<StreamId>, other: Option<StreamId>, rest: &[Effect]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for stream in [one, other].into_iter().flatten() {
        effects.push(Effect::Close(stream));
    }
    effects.extend_from_slice(rest);
    effects
}

/// The number of failures after an open stream breaks. A healthy stream clears the earlier failures.
fn failures_after_open(attempt: u32, since: u64, now: u64) -> u32 {
    if now.saturating_sub(since) >= HEALTHY_AFTER_MS { 1 } else { attempt + 1 }
}

/// Browsers keep timers in signed 32-bit integers. A longer timer would fire at once.
fn timer_ms(duration: u64) -> u32 {
    duration.min(i32::MAX as u64) as u32
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[path = "machine_tests.rs"]
mod tests;
