//! The problems of one receiver, each of which is logged once.

use std::collections::BTreeSet;

use signals_engine::Timestamp;

use super::queue::Outcome;

/// For how long a receiver that fails and works in turns is not logged again, in milliseconds.
const QUIET_MS: i64 = 600_000;

#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Why the receiver did not accept the latest message.
    problem: Option<String>,
    /// Whether the log says that the receiver fails.
    is_logged: bool,
    logged_at: Option<Timestamp>,
    /// Messages lost since the log last said so.
    lost: Lost,
    /// The refusals that were logged.
    refusals: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Lost {
    expired: u64,
    dropped: u64,
}

impl Trouble {
    /// Why the receiver did not accept the latest message. `None` if it did.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(super) fn note(&mut self, receiver: &str, outcome: &Outcome, now: Timestamp) {
        match outcome {
            Outcome::Failed { reason, .. } => self.fails(receiver, reason, now),
            Outcome::Refused { reason } => {
                self.works(receiver);
                if self.refusals.insert(reason.clone()) {
                    tracing::warn!(
                        "{receiver} refused an intervention: {reason}. It is not sent again. The metrics count such refusals"
                    );
                }
            }
            Outcome::Accepted => self.works(receiver),
        }
        self.problem = outcome.reason().map(str::to_owned);
    }

    /// Counts a message that was not accepted in time.
    pub(super) fn expired(&mut self, receiver: &str) {
        if self.lost.expired == 0 {
            tracing::error!(
                "{receiver} did not accept an intervention within an hour, so it is not sent again. Others may follow. When the \
                 receiver works again, the log says how many"
            );
        }
        self.lost.expired += 1;
    }

    /// Counts a message that was dropped because too many waited.
    pub(super) fn dropped(&mut self, receiver: &str) {
        if self.lost.dropped == 0 {
            tracing::error!(
                "too many interventions wait for {receiver}: dropping the oldest. When the receiver works again, the log says how many"
            );
        }
        self.lost.dropped += 1;
    }

    fn fails(&mut self, receiver: &str, reason: &str, now: Timestamp) {
        let is_recent = self.logged_at.is_some_and(|at| now.millis_since(at) < QUIET_MS);
        if !self.is_logged && !is_recent {
            tracing::warn!(
                "cannot forward to {receiver}: {reason}. Interventions are sent again for an hour"
            );
            (self.is_logged, self.logged_at) = (true, Some(now));
        }
    }

    fn works(&mut self, receiver: &str) {
        let Lost { expired, dropped } = std::mem::take(&mut self.lost);
        if expired + dropped > 0 {
            tracing::error!(
                "forwards to {receiver} again. Lost: {expired} interventions after an hour, {dropped} because too many waited"
            );
        } else if self.is_logged {
            tracing::info!("forwards to {receiver} again. Nothing was lost");
        }
        self.is_logged = false;
    }
}
