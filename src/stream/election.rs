//! An explicit state machine in each tab that decides which of the tabs with the same URL holds the stream.
//!
//! A lock of the browser elects the holder. All tabs queue for it, and the browser passes it on at once when its holder closes, crashes or
//! releases it. The holder relays frames through a channel. Like [`machine`](super::machine), this does not use the browser: time is an
//! argument, and the only timer is one wake-up whose meaning follows from the state.
//!
//! # Transitions
//!
//! "Lead" means that this page opens its own stream, run by [`machine`](super::machine). "Absent" means that the browser is offline, or
//! that the page is frozen or in the back-forward cache. Each state ignores the inputs that the table does not list.
//!
//! | state       | input                                        | next state  | effects |
//! | ----------- | -------------------------------------------- | ----------- | ------- |
//! | `Away`      | `Join`, `Online`, `PageShown`, not absent    | `Joining`   | queue for the lock, ask the holder, wake after the time for an answer |
//! | `Away`      | the same, where nothing is shared            | `Alone`     | lead |
//! | `Joining`   | `HolderIs`, caught up                        | `Following` | wake if the holder stays silent for too long |
//! | `Joining`   | `HolderIs`, behind                           | `Stealing`  | steal the lock: only the server knows what was missed |
//! | `Joining`   | `HolderIs`, announced                        | `Joining`   | ask: the new holder has not received the question |
//! | `Joining` with a stream | `HolderIs` open                  | `Following` | stop leading, wake as above |
//! | `Joining` with a stream | `HolderIs` anything else         | `Joining`   | none: the stream stays until the new holder's is open |
//! | `Joining`   | `Woke`                                       | `Joining`   | ask again, wake after the time for an answer |
//! | `Joining`   | `Woke` after the last question               | `Stealing`  | steal the lock, wake after the time for an answer |
//! | `Following` | `HolderIs`                                   | `Following` | wake if the holder stays silent for too long |
//! | `Following` | `Heard`                                      | `Following` | none: the wake-up measures the silence |
//! | `Following` | `Woke`, heard in time                        | `Following` | wake after the rest of the time |
//! | `Following` | `Woke` after a silence, `PageVisible`        | `Following` | ask, wake after the time for an answer |
//! | `Following` | `Woke` after the last question               | `Stealing`  | steal the lock, wake after the time for an answer |
//! | `Joining`, `Following`, `Stealing` | `Granted`             | `Holding`   | lead |
//! | `Joining`, `Following`, `Stealing` | `Refused`             | `Alone`     | release the lock, close the channel, lead |
//! | `Stealing`  | `Woke`                                       | `Alone`     | the same |
//! | `Holding`   | `Ousted`                                     | `Joining` with a stream | queue, ask, wake after the time for an answer |
//! | any         | `Offline`, `PageHidden`                      | `Away`      | release the lock, close the channel, stop leading |

use super::status::{Phase, Status};

/// Milliseconds that the holder has to answer. It answers from an event handler, which browsers do not delay in hidden tabs.
pub(crate) const ANSWER_WITHIN_MS: u32 = 1_000;

/// Unanswered questions before this tab treats the holder as hung.
pub(crate) const MAX_QUESTIONS: u32 = 3;

/// Milliseconds of silence before this tab asks the holder whether it still runs. A little longer than servers wait between two pings.
pub(crate) const ASK_AFTER_MS: u32 = 20_000;

/// The state of one tab. If `leads` is true, the tab still has the stream that it opened as holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not taking part, because the page has not subscribed or is absent.
    Away,
    /// In the queue for the lock, before the holder has answered.
    Joining {
        /// Questions asked so far.
        questions: u32,
        /// Whether the tab still has its own stream.
        leads: bool,
    },
    /// Receiving from the holder.
    Following {
        /// The holder's connection.
        holder: Status,
        /// When the holder last sent something.
        heard_at: u64,
        /// Questions asked since then.
        questions: u32,
    },
    /// Taking the lock from a holder that hangs, or that does not know what this page missed.
    Stealing {
        /// Whether the tab still has its own stream.
        leads: bool,
    },
    /// Holding the lock, and relaying the stream to other tabs.
    Holding,
    /// Using its own stream, without sharing it.
    Alone,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The page subscribes.
    Join,
    /// This tab got the lock.
    Granted,
    /// The browser has no lock for this tab.
    Refused,
    /// Another tab stole the lock.
    Ousted,
    /// The holder reported its connection.
    HolderIs {
        /// The holder's connection.
        status: Status,
        /// How much of what this page missed the holder has sent.
        missed: Missed,
    },
    /// The holder relayed a frame.
    Heard,
    /// The requested wake-up.
    Woke,
    /// The browser went offline.
    Offline,
    /// The browser came online.
    Online,
    /// The user left the page, perhaps into the back-forward cache, or the browser froze it.
    PageHidden,
    /// The page returned from the back-forward cache or a freeze.
    PageShown,
    /// The page became visible.
    PageVisible,
}

/// How much of what a page missed the holder has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Nothing, because the message was for all tabs.
    Announced,
    /// Everything.
    CaughtUp,
    /// Nothing, because the holder does not know the page's position.
    Behind,
}

/// Something to do. The order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Queue for the lock, replacing any earlier request. Open the channel if it is closed.
    Queue,
    /// Take the lock from its holder.
    Steal,
    /// Release the lock and close the channel.
    LetGo,
    /// Ask the holder for its connection and the missed frames.
    Ask {
        /// Whether a user is waiting. If so, a holder between two attempts should try at once.
        urgent: bool,
    },
    /// Open a stream, if this page has none.
    Lead,
    /// Close this page's stream.
    StopLeading,
    /// Send [`Input::Woke`] after this number of milliseconds, replacing any earlier wake-up. `None` cancels it.
    Wake(Option<u32>),
}

/// The reasons for a page to have no stream for now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Absence {
    offline: bool,
    resting: bool,
}

impl Absence {
    /// Updates the reasons.
    pub(crate) fn note(&mut self, input: Input) {
        match input {
            Input::Offline => self.offline = true,
            Input::Online => self.offline = false,
            Input::PageHidden => self.resting = true,
            Input::PageShown => self.resting = false,
            _ => {}
        }
    }

    /// Whether any reason applies.
    pub(crate) fn is_absent(self) -> bool {
        self.offline || self.resting
    }
}

/// See the [module documentation](self).
#[derive(Debug)]
pub(crate) struct Election {
    state: State,
    shares: bool,
    wanted: bool,
    absence: Absence,
}

impl Election {
    /// `shares` says whether this tab shares its stream with other tabs.
    pub(crate) fn new(shares: bool, absence: Absence) -> Election {
        Election { state: State::Away, shares, wanted: false, absence }
    }

    /// Whether this tab is the holder.
    pub(crate) fn holds(&self) -> bool {
        matches!(self.state, State::Holding)
    }

    /// Whether to accept frames that the holder relays. A page that asked with a position gets these frames again with the answer. A page
    /// without a position accepts them, because whether the answer repeats them depends on the clock.
    pub(crate) fn listens(&self, has_position: bool) -> bool {
        match self.state {
            State::Following { .. } => true,
            State::Joining { leads, .. } | State::Stealing { leads } => leads || !has_position,
            State::Away | State::Holding | State::Alone => false,
        }
    }

    /// The connection of the subscription, given the status of this page's own stream.
    pub(crate) fn status(&self, own: Status) -> Status {
        match self.state {
            State::Away if self.absence.is_absent() => Status::plain(Phase::Paused),
            State::Away => Status::plain(Phase::Idle),
            State::Joining { leads: false, .. } | State::Stealing { leads: false } => {
                Status::plain(Phase::Connecting)
            }
            State::Following { holder, .. } => holder,
            State::Joining { .. } | State::Stealing { .. } | State::Holding | State::Alone => own,
        }
    }

    /// Handles an event at `now` (milliseconds of any monotonic clock) and returns what to do.
    pub(crate) fn step(&mut self, input: Input, now: u64) -> Vec<Effect> {
        self.absence.note(input);
        match input {
            Input::Join => {
                self.wanted = true;
                self.join()
            }
            Input::Online | Input::PageShown => self.join(),
            Input::Offline | Input::PageHidden => self.leave(),
            Input::Granted => self.granted(),
            Input::Refused => self.refused(),
            Input::Ousted => self.ousted(),
            Input::HolderIs { status, missed } => self.holder_is(status, missed, now),
            Input::Heard => {
                if let State::Following { heard_at, questions, .. } = &mut self.state {
                    *heard_at = now;
                    *questions = 0;
                }
                Vec::new()
            }
            Input::Woke => self.woke(now),
            Input::PageVisible => match self.state {
                State::Following { holder, heard_at, questions: 0 } => {
                    self.ask_holder(holder, heard_at, 1, true)
                }
                _ => Vec::new(),
            },
        }
    }

    fn join(&mut self) -> Vec<Effect> {
        if !matches!(self.state, State::Away) || !self.wanted || self.absence.is_absent() {
            return Vec::new();
        }
        if self.shares {
            self.queue(false)
        } else {
            self.state = State::Alone;
            vec![Effect::Lead]
        }
    }

    fn queue(&mut self, leads: bool) -> Vec<Effect> {
        self.state = State::Joining { questions: 1, leads };
        vec![answer_time(), Effect::Queue, Effect::Ask { urgent: true }]
    }

    fn leave(&mut self) -> Vec<Effect> {
        if matches!(self.state, State::Away) {
            return Vec::new();
        }
        self.state = State::Away;
        vec![Effect::Wake(None), Effect::LetGo, Effect::StopLeading]
    }

    fn granted(&mut self) -> Vec<Effect> {
        match self.state {
            State::Joining { .. } | State::Following { .. } | State::Stealing { .. } => {
                self.state = State::Holding;
                vec![Effect::Wake(None), Effect::Lead]
            }
            _ => Vec::new(),
        }
    }

    fn refused(&mut self) -> Vec<Effect> {
        match self.state {
            State::Joining { .. } | State::Following { .. } | State::Stealing { .. } => {
                self.state = State::Alone;
                vec![Effect::Wake(None), Effect::LetGo, Effect::Lead]
            }
            _ => Vec::new(),
        }
    }

    fn ousted(&mut self) -> Vec<Effect> {
        if self.holds() { self.queue(true) } else { Vec::new() }
    }

    fn holder_is(&mut self, holder: Status, missed: Missed, now: u64) -> Vec<Effect> {
        let leads = match self.state {
            State::Joining { leads: false, .. } if missed == Missed::Behind => {
                return self.steal(false);
            }
            State::Joining { leads: false, .. } if missed == Missed::Announced => {
                self.state = State::Joining { questions: 1, leads: false };
                return vec![answer_time(), Effect::Ask { urgent: true }];
            }
            State::Joining { leads: true, .. } if holder.state != Phase::Open => {
                self.state = State::Joining { questions: 0, leads: true };
                return Vec::new();
            }
            State::Joining { leads, .. } => leads,
            State::Following { .. } => false,
            _ => return Vec::new(),
        };
        self.state = State::Following { holder, heard_at: now, questions: 0 };
        let mut effects = vec![Effect::Wake(Some(patience_ms(holder)))];
        if leads {
            effects.push(Effect::StopLeading);
        }
        effects
    }

    fn woke(&mut self, now: u64) -> Vec<Effect> {
        match self.state {
            State::Joining { questions: MAX_QUESTIONS.., leads } => self.steal(leads),
            State::Joining { questions, leads } => {
                self.state = State::Joining { questions: questions + 1, leads };
                vec![answer_time(), Effect::Ask { urgent: true }]
            }
            State::Following { questions: MAX_QUESTIONS.., .. } => self.steal(false),
            State::Following { holder, heard_at, questions } => {
                let rest = u64::from(patience_ms(holder)).saturating_sub(now - heard_at.min(now));
                if questions == 0 && rest > 0 {
                    return vec![Effect::Wake(Some(rest as u32))];
                }
                // A holder that has not reconnected in time is probably a hidden tab with throttled timers.
                let overdue = holder.state != Phase::Open;
                self.ask_holder(holder, heard_at, questions + 1, overdue)
            }
            State::Stealing { .. } => self.refused(),
            State::Away | State::Holding | State::Alone => Vec::new(),
        }
    }

    fn ask_holder(
        &mut self,
        holder: Status,
        heard_at: u64,
        questions: u32,
        urgent: bool,
    ) -> Vec<Effect> {
        self.state = State::Following { holder, heard_at, questions };
        vec![answer_time(), Effect::Ask { urgent }]
    }

    fn steal(&mut self, leads: bool) -> Vec<Effect> {
        self.state = State::Stealing { leads };
        vec![answer_time(), Effect::Steal]
    }
}

fn answer_time() -> Effect {
    Effect::Wake(Some(ANSWER_WITHIN_MS))
}

/// Milliseconds that a holder with this status may be silent.
fn patience_ms(holder: Status) -> u32 {
    match holder.next_delay_ms {
        Some(delay_ms) => delay_ms.saturating_add(ANSWER_WITHIN_MS).min(i32::MAX as u32),
        None => ASK_AFTER_MS,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[path = "election_tests.rs"]
mod tests;
