//! Which of the tabs with the same URL holds the stream: an explicit state machine in each of them.
//!
//! A lock of the browser elects the holder: all tabs queue for it, and the browser passes it on at once when its holder closes,
//! crashes or lets go. The holder relays what it receives on a channel. Like [`machine`](super::machine), this touches no
//! browser: time is an argument, and the only timer is one wake-up whose meaning follows from the state.
//!
//! # Transitions
//!
//! "Leads" means: a stream of this page's own, run by [`machine`](super::machine). "Absent" means: the browser is offline, or the
//! page rests in the back-forward cache or is frozen. A cell that is not listed ignores the input.
//!
//! | state       | input                                        | next state  | effects |
//! | ----------- | -------------------------------------------- | ----------- | ------- |
//! | `Away`      | `Join`, `Online`, `PageShown`, not absent    | `Joining`   | queue for the lock, ask who holds it, wake after the time for an answer |
//! | `Away`      | the same, where nothing is shared            | `Alone`     | lead |
//! | `Joining`   | `HolderIs`, caught up                        | `Following` | wake when the holder has been silent too long |
//! | `Joining`   | `HolderIs`, behind                           | `Stealing`  | steal the lock: only the server can tell what was missed |
//! | `Joining`   | `HolderIs`, announced                        | `Joining`   | ask: the new holder has not heard the question |
//! | `Joining` with a stream | `HolderIs` open                  | `Following` | stop leading, wake as above |
//! | `Joining` with a stream | `HolderIs` anything else         | `Joining`   | none: the stream stays until the new holder's is open |
//! | `Joining`   | `Woke`                                       | `Joining`   | ask again, wake after the time for an answer |
//! | `Joining`   | `Woke` after the last question               | `Stealing`  | steal the lock, wake after the time for an answer |
//! | `Following` | `HolderIs`                                   | `Following` | wake when the holder has been silent too long |
//! | `Following` | `Heard`                                      | `Following` | none: the silence is measured on waking |
//! | `Following` | `Woke`, heard in time                        | `Following` | wake when the rest of the time is over |
//! | `Following` | `Woke` after a silence, `PageVisible`        | `Following` | ask, wake after the time for an answer |
//! | `Following` | `Woke` after the last question               | `Stealing`  | steal the lock, wake after the time for an answer |
//! | `Joining`, `Following`, `Stealing` | `Granted`             | `Holding`   | lead |
//! | `Joining`, `Following`, `Stealing` | `Refused`             | `Alone`     | let go of lock and channel, lead |
//! | `Stealing`  | `Woke`                                       | `Alone`     | the same |
//! | `Holding`   | `Ousted`                                     | `Joining` with a stream | queue, ask, wake after the time for an answer |
//! | any         | `Offline`, `PageHidden`                      | `Away`      | let go of lock and channel, stop leading |

use super::status::{Phase, Status};

/// Milliseconds for the holder to answer. It answers from an event handler, which browsers do not put off in hidden tabs.
pub(crate) const ANSWER_WITHIN_MS: u32 = 1_000;

/// Questions without an answer after which a holder counts as hung.
pub(crate) const MAX_QUESTIONS: u32 = 3;

/// Milliseconds of silence after which the holder is asked whether it is there: a little more than servers let pass between
/// two pings.
pub(crate) const ASK_AFTER_MS: u32 = 20_000;

/// Where one tab stands. `leads`: it still has the stream that it had as holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not taking part: nothing is wanted yet, or the page is absent.
    Away,
    /// In the queue for the lock; who holds it is not known yet.
    Joining {
        /// Questions asked.
        questions: u32,
        /// See above.
        leads: bool,
    },
    /// Listening to the holder.
    Following {
        /// How its connection is.
        holder: Status,
        /// When it was last heard.
        heard_at: u64,
        /// Questions asked since.
        questions: u32,
    },
    /// Taking the lock from a holder that is hung, or that cannot tell what this page has missed.
    Stealing {
        /// See above.
        leads: bool,
    },
    /// Has the lock, the stream, and whoever follows.
    Holding,
    /// Has a stream that nobody else knows of.
    Alone,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The stream is wanted.
    Join,
    /// The lock is this tab's.
    Granted,
    /// There is no lock to be had in this browser.
    Refused,
    /// Another tab has stolen the lock.
    Ousted,
    /// The holder told how its connection is.
    HolderIs {
        /// So it is.
        status: Status,
        /// What it has told this page of what it has missed.
        missed: Missed,
    },
    /// The holder relayed a frame.
    Heard,
    /// The wake-up that was asked for.
    Woke,
    /// The browser lost its network.
    Offline,
    /// The browser has a network.
    Online,
    /// The page goes away, perhaps into the back-forward cache, or is frozen.
    PageHidden,
    /// The page is back from there.
    PageShown,
    /// The user looks at the page again.
    PageVisible,
}

/// What a holder has told of what a page has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Nothing, because it told everybody.
    Announced,
    /// All of it.
    CaughtUp,
    /// It does not know how far the page had got.
    Behind,
}

/// What to do about it, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Queue for the lock, instead of any earlier request, and open the channel if it is not.
    Queue,
    /// Take the lock from its holder.
    Steal,
    /// Give up lock and channel.
    LetGo,
    /// Ask the holder how it is and what was missed.
    Ask {
        /// A user is waiting: a holder between two attempts should try at once.
        urgent: bool,
    },
    /// Have a stream of this page's own; nothing new if it has.
    Lead,
    /// Have none.
    StopLeading,
    /// Send [`Input::Woke`] after so many milliseconds, instead of any earlier appointment; `None`: not at all.
    Wake(Option<u32>),
}

/// Why a page does without a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Absence {
    offline: bool,
    resting: bool,
}

impl Absence {
    /// Takes note of what happened.
    pub(crate) fn note(&mut self, input: Input) {
        match input {
            Input::Offline => self.offline = true,
            Input::Online => self.offline = false,
            Input::PageHidden => self.resting = true,
            Input::PageShown => self.resting = false,
            _ => {}
        }
    }

    /// Whether there is a reason.
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
    /// A tab that shares its stream with others, or does not.
    pub(crate) fn new(shares: bool, absence: Absence) -> Election {
        Election { state: State::Away, shares, wanted: false, absence }
    }

    /// Whether others may follow this tab.
    pub(crate) fn holds(&self) -> bool {
        matches!(self.state, State::Holding)
    }

    /// Whether to take in what the holder relays. A page that has got to some position is told with all that it has missed;
    /// one without a position has missed nothing so far, and nobody could tell it later.
    pub(crate) fn listens(&self, has_position: bool) -> bool {
        match self.state {
            State::Following { .. } => true,
            State::Joining { leads, .. } | State::Stealing { leads } => leads || !has_position,
            State::Away | State::Holding | State::Alone => false,
        }
    }

    /// How the subscription is, given how this page's own stream is.
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

    /// Takes in what happened at `now` (milliseconds of any steady clock) and answers with what to do.
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
                // One that should have tried again by now is a hidden tab whose timers the browser slows down.
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

/// How long a holder in this condition may be silent.
fn patience_ms(holder: Status) -> u32 {
    match holder.next_delay_ms {
        Some(delay_ms) => delay_ms.saturating_add(ANSWER_WITHIN_MS).min(i32::MAX as u32),
        None => ASK_AFTER_MS,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[path = "election_tests.rs"]
mod tests;
