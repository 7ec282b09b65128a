//! The life of a page's own stream for one URL as an explicit state machine: what happens goes in, what to do comes out.
//!
//! The machine touches no browser. Time and randomness are arguments, streams are numbers, and the only timer is one wake-up
//! whose meaning follows from the state. [`Machine::step`] is the only place where the state changes. Whether this page has a
//! stream of its own, or listens to that of another tab, is for [`election`](super::election) to decide.
//!
//! # Transitions
//!
//! "Fails" means: back off and go to `Retrying` with one attempt more. "Hand-over" means: keep the open stream as standby until
//! its replacement is open, so that nothing falls in between. A cell that is not listed ignores the input.
//!
//! | state        | input                                   | next state                | effects |
//! | ------------ | --------------------------------------- | ------------------------- | ------- |
//! | `Idle`       | `Subscribe`                             | `Connecting`              | open, wake after the connection time-out |
//! | `Connecting` | `Opened`                                | `Open`                    | close the standby |
//! | `Connecting` | `Failed`                                | `Retrying` (fails)        | close the attempt; the standby stays |
//! | `Connecting` | `Woke` (time-out)                       | `Retrying` (fails)        | close the attempt; the standby stays; the next one may take twice as long |
//! | `Open`       | `Hello`                                 | `Open`                    | wake after three keep-alive intervals |
//! | `Open`       | `Heard`                                 | `Open`                    | none: the watchdog looks at the time when it wakes |
//! | `Open`       | `Woke`, heard in time                   | `Open`                    | wake when the rest of the interval is over |
//! | `Open`       | `Woke`, silent too long                 | `Retrying` (fails)        | close |
//! | `Open`       | `Failed(Dropped)`, first failure        | `Retrying` by the browser | the browser reconnects, which honours the server's `retry:`; wake in case it does not |
//! | `Open`       | `Failed`, otherwise                     | `Retrying` (fails)        | close |
//! | `Open`       | `Online` without watchdog               | `Connecting`              | hand-over |
//! | `Open`       | `PageVisible` after a long silence      | `Connecting`              | hand-over |
//! | `Retrying`   | `Woke`                                  | `Connecting`              | close what the browser was trying, open |
//! | `Retrying`   | `Online`, `PageVisible`                 | `Connecting`              | the same |
//! | `Retrying` by the browser | `Opened`                   | `Open`                    | close the standby |
//! | `Retrying` by the browser | `Failed`                   | `Retrying` (fails)        | close; from here the delays are ours |
//! | `Retrying`   | `Answered` with a final status          | `Retrying`                | wake after the longest delay instead |
//! | `Connecting` | `Answered`, late                        | `Connecting`              | none, but the next refusal counts as one of that status |
//! | `Connecting`, `Retrying` | `Failed` of the standby     | the same                  | close the standby |
//! | any          | `Unsubscribe`                           | `Idle`                    | close everything |
//! | any          | `Close`                                 | `Closed`                  | close everything; nothing follows, ever |

use super::backoff;
use super::status::{Phase, Problem, Status};

/// Milliseconds for which a stream must have been open to forget the failures before it.
pub(crate) const HEALTHY_AFTER_MS: u64 = 10_000;

/// Milliseconds granted to a server to accept a stream at first, unless configured. They double with every attempt that times out.
pub(crate) const DEFAULT_CONNECTION_TIMEOUT_MS: u32 = 2_500;

/// Milliseconds granted at most, unless more were configured: a server that is slower than this counts as unreachable.
pub(crate) const MAX_CONNECTION_TIMEOUT_MS: u32 = 20_000;

/// Keep-alive intervals without a sign of life after which a stream counts as dead.
pub(crate) const SILENT_INTERVALS: u64 = 3;

/// Milliseconds of silence after which a page that becomes visible reconnects, where the server announced no interval.
pub(crate) const STALE_AFTER_MS: u64 = 5 * 60 * 1_000;

/// Draws from `0.0..1.0`, uniformly.
pub(crate) type Random<'a> = &'a dyn Fn() -> f64;

/// Number of one stream, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId(u32);

/// Where the stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// No stream is wanted.
    Idle,
    /// Waiting for a server to accept `stream`.
    Connecting {
        /// The attempt under way.
        stream: StreamId,
        /// The previous stream, receiving until its replacement is open.
        standby: Option<StreamId>,
        /// Failures so far.
        attempt: u32,
    },
    /// Receiving.
    Open {
        /// The one open stream.
        stream: StreamId,
        /// Failures before it opened; forgotten after [`HEALTHY_AFTER_MS`].
        attempt: u32,
        /// When it opened.
        since: u64,
        /// When the last frame arrived.
        heard_at: u64,
        /// Silence that means death, where the server announced how often it speaks.
        silence_limit_ms: Option<u64>,
    },
    /// Between two attempts.
    Retrying {
        /// Who makes the next attempt.
        next: Retry,
        /// The previous stream, if a replacement for it failed to open.
        standby: Option<StreamId>,
        /// Failures so far.
        attempt: u32,
    },
    /// The end.
    Closed,
}

/// Who makes the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// We do, after this delay.
    After {
        /// Milliseconds.
        delay_ms: u32,
    },
    /// The browser does, on the stream that was dropped, after the delay that the server asked for in `retry:`.
    ByBrowser(StreamId),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// The stream is wanted; saying so again changes nothing.
    Subscribe,
    /// No stream is wanted.
    Unsubscribe,
    /// A server accepted the stream.
    Opened(StreamId),
    /// The server introduced itself and speaks at least every so many milliseconds.
    Hello(StreamId, u64),
    /// A frame arrived.
    Heard(StreamId),
    /// The stream broke.
    Failed(StreamId, Failure),
    /// A refused request, repeated by `fetch`, got this HTTP status.
    Answered(u16),
    /// The wake-up that was asked for.
    Woke,
    /// The browser has a network.
    Online,
    /// The user looks at a page that depends on the stream.
    PageVisible,
    /// The tracker is gone.
    Close,
}

/// How a stream broke, which is all that an `EventSource` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The connection broke; the browser would reconnect by itself.
    Dropped,
    /// The answer was no event stream; the browser gave up for good.
    Refused,
}

/// What to do about it, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Open a stream.
    Open(StreamId),
    /// Close a stream, whatever its condition.
    Close(StreamId),
    /// Send [`Input::Woke`] after so many milliseconds, instead of any earlier appointment; `None`: not at all.
    Wake(Option<u32>),
    /// Repeat the refused request in a way that shows its HTTP status, and send [`Input::Answered`].
    Probe,
}

/// See the [module documentation](self).
#[derive(Debug)]
pub(crate) struct Machine {
    state: State,
    connection_timeout_ms: u32,
    /// Attempts in a row that timed out.
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
    /// Sets how long later attempts may take: so many milliseconds, and twice as long after every one that timed out, up to
    /// [`MAX_CONNECTION_TIMEOUT_MS`]. A success begins anew.
    pub(crate) fn set_connection_timeout_ms(&mut self, timeout_ms: u32) {
        self.connection_timeout_ms = timeout_ms;
    }

    /// How long the next attempt may take.
    fn attempt_limit_ms(&self) -> u32 {
        let doublings = self.timed_out.min(MAX_CONNECTION_TIMEOUT_MS.ilog2());
        let longest = self.connection_timeout_ms.max(MAX_CONNECTION_TIMEOUT_MS);
        self.connection_timeout_ms.saturating_mul(1 << doublings).min(longest)
    }

    /// A summary of the state.
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

    /// Takes in what happened at `now` (milliseconds of any steady clock) and answers with what to do. `random` is asked only
    /// when there is a delay to draw.
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

    /// A refusal keeps its known reason until a stream opens: it is asked for once.
    fn known_final_status(&self) -> Option<u16> {
        match self.last_problem {
            Some(problem @ Problem::Refused(status)) if problem.is_final() => status,
            _ => None,
        }
    }

    fn leave_to_browser(&mut self, stream: StreamId) -> Vec<Effect> {
        self.last_problem = Some(Problem::Dropped);
        self.state = State::Retrying { next: Retry::ByBrowser(stream), standby: None, attempt: 1 };
        // The delay is the server's, and the page cannot see it: this only ends a wait that has gone wrong.
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
        // A single refusal is mostly a server that restarts; a second one deserves an explanation, once.
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
            // The next attempt is under way already, after a very short delay: should it be refused too, the status is known.
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
            // The browser may have changed networks under a stream that nobody watches.
            State::Open { silence_limit_ms: None, .. } | State::Retrying { .. } => self.reconnect(),
            _ => Vec::new(),
        }
    }

    fn page_visible(&mut self, now: u64) -> Vec<Effect> {
        match self.state {
            State::Retrying { .. } => self.reconnect(),
            // Timers stand still in a frozen tab, the watchdog's as well.
            State::Open { heard_at, silence_limit_ms, .. }
                if now.saturating_sub(heard_at) >= silence_limit_ms.unwrap_or(STALE_AFTER_MS) =>
            {
                self.reconnect()
            }
            _ => Vec::new(),
        }
    }

    /// Opens a new stream. An open one becomes the standby; an attempt under way is abandoned.
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

/// Closes what there is to close, then does the rest.
fn closing(one: Option<StreamId>, other: Option<StreamId>, rest: &[Effect]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for stream in [one, other].into_iter().flatten() {
        effects.push(Effect::Close(stream));
    }
    effects.extend_from_slice(rest);
    effects
}

/// Failures to count when an open stream breaks: a healthy one has made up for those before it.
fn failures_after_open(attempt: u32, since: u64, now: u64) -> u32 {
    if now.saturating_sub(since) >= HEALTHY_AFTER_MS { 1 } else { attempt + 1 }
}

/// Browsers keep timers in 32 signed bits; a longer one would fire at once.
fn timer_ms(duration: u64) -> u32 {
    duration.min(i32::MAX as u64) as u32
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[path = "machine_tests.rs"]
mod tests;
