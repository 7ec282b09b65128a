//! The journal: recent events, instances and streams in order, for the inspector and other observers.
//!
//! Everything is written, so writing is cheap: entries keep their data as it is. Readers pay for formatting it.

mod bad_rows;
mod entry;

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use signals_engine::{Event, Timestamp};
use tokio::sync::watch;

use self::bad_rows::BadRows;
pub use self::bad_rows::{BadRow, RecordPlace};
pub(crate) use self::entry::Happening;
pub use self::entry::{Entry, shown_event};

/// A handle to the journal. Clones share the journal.
#[derive(Debug, Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    entries: Mutex<Entries>,
    /// Number of the latest entry, for readers that wait for the next one.
    latest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    kept: VecDeque<Arc<Entry>>,
    /// Separate from the rest, because many good events would soon push them out.
    bad_rows: BadRows,
    /// Number of the latest entry; the first one is 1.
    latest: u64,
    /// Whether the server is stopping, so that readers must not wait.
    is_over: bool,
}

/// Part of the journal.
#[derive(Debug)]
pub struct Excerpt {
    /// Number of the latest entry. Continue from here.
    pub latest: u64,
    /// How many entries in between are no longer kept.
    pub missed: u64,
    /// Oldest first.
    pub entries: Vec<Arc<Entry>>,
}

impl Journal {
    /// How many entries are kept.
    const CAPACITY: usize = 2_000;

    /// An empty journal.
    pub(crate) fn new() -> Self {
        let shared = Shared { entries: Mutex::default(), latest: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Records what happened at `at`.
    pub(crate) fn write(&self, at: Timestamp, happening: Happening) {
        let latest = self.shared.entries.lock().push(at, happening);
        if self.shared.latest.receiver_count() > 0 {
            self.shared.latest.send_replace(latest);
        }
    }

    /// The entries after number `after`.
    pub fn after(&self, after: u64) -> Excerpt {
        self.shared.entries.lock().after(after)
    }

    /// Completes as soon as there is an entry after number `after`, or the server stops. If there is no entry `after` either, the
    /// reader's number is from before a restart: completes at once.
    pub async fn news(&self, after: u64) {
        let mut latest = self.shared.latest.subscribe();
        // Entries from before the subscription were not announced to it.
        while !self.has_news(after) {
            if latest.changed().await.is_err() {
                return;
            }
        }
    }

    fn has_news(&self, after: u64) -> bool {
        let entries = self.shared.entries.lock();
        entries.is_over || entries.latest != after
    }

    /// Wakes all readers, because the server is stopping.
    pub(crate) fn end(&self) {
        self.shared.entries.lock().is_over = true;
        self.shared.latest.send_modify(|_| {});
    }

    /// The good events, oldest first.
    pub fn good_events(&self) -> Vec<Arc<Entry>> {
        let entries = self.shared.entries.lock();
        let good = entries.kept.iter().filter(|entry| entry.good_event().is_some());
        good.cloned().collect()
    }

    /// The latest bad rows, oldest first.
    pub fn bad_rows(&self) -> Vec<BadRow> {
        self.shared.entries.lock().bad_rows.all()
    }

    /// Forgets everything. Numbers continue.
    pub(crate) fn clear(&self) {
        let mut entries = self.shared.entries.lock();
        entries.kept.clear();
        entries.bad_rows = BadRows::default();
    }
}

impl Entries {
    fn push(&mut self, at: Timestamp, happening: Happening) -> u64 {
        if self.kept.len() == Journal::CAPACITY {
            self.kept.pop_front();
        }
        self.latest += 1;
        if let Happening::Bad(row) = &happening {
            self.bad_rows.push(row.clone());
        }
        self.kept.push_back(Arc::new(Entry { number: self.latest, at, happening }));
        self.latest
    }

    fn after(&self, after: u64) -> Excerpt {
        // Numbers are consecutive, except that clearing leaves a gap before the first.
        let first = self.kept.front().map_or(self.latest + 1, |entry| entry.number);
        let skip = after.saturating_add(1).saturating_sub(first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Excerpt {
            latest: self.latest,
            missed: first.saturating_sub(after.saturating_add(1)),
            entries: self.kept.iter().skip(skip).cloned().collect(),
        }
    }
}

impl Entry {
    /// The event, if this entry is a counted event.
    pub fn good_event(&self) -> Option<&Event> {
        match &self.happening {
            Happening::Good(event) => Some(event),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn write(journal: &Journal) {
        let opened = Happening::StreamOpened { targets: Arc::default(), replayed: 0 };
        journal.write(Timestamp::from_millis(0), opened);
    }

    fn numbers(excerpt: &Excerpt) -> Vec<u64> {
        excerpt.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn reading_goes_on_where_it_left_off() {
        let journal = Journal::new();
        (0..3).for_each(|_| write(&journal));
        assert_eq!(numbers(&journal.after(0)), [1, 2, 3]);
        let rest = journal.after(2);
        assert_eq!((numbers(&rest), rest.latest, rest.missed), (vec![3], 3, 0));
        assert!(journal.after(3).entries.is_empty());
        assert!(journal.after(u64::MAX).entries.is_empty());
    }

    #[test]
    fn only_the_latest_entries_are_kept_and_a_late_reader_is_told_how_many_it_missed() {
        let journal = Journal::new();
        (0..Journal::CAPACITY + 5).for_each(|_| write(&journal));
        let all = journal.after(0);
        assert_eq!((all.entries.len(), all.missed), (Journal::CAPACITY, 5));
        assert_eq!(journal.after(3).missed, 2);
        assert_eq!(journal.after(5).missed, 0);
    }

    #[test]
    fn numbers_go_on_after_everything_is_forgotten() {
        let journal = Journal::new();
        write(&journal);
        journal.clear();
        assert!(journal.after(0).entries.is_empty());
        write(&journal);
        assert_eq!(numbers(&journal.after(1)), [2]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_waits_for_news_is_woken_by_the_next_entry() {
        let journal = Journal::new();
        write(&journal);
        journal.news(0).await;
        let waiting = tokio::time::timeout(Duration::from_secs(1), journal.news(1));
        assert!(waiting.await.is_err(), "there is nothing new yet");
        let reader = journal.clone();
        let woken = tokio::spawn(async move { reader.news(1).await });
        tokio::task::yield_now().await;
        write(&journal);
        woken.await.unwrap();
    }

    #[tokio::test]
    async fn a_reader_from_before_a_restart_does_not_wait() {
        Journal::new().news(41).await;
    }

    #[tokio::test]
    async fn nobody_waits_for_a_journal_that_is_over() {
        let journal = Journal::new();
        let reader = journal.clone();
        let waiting = tokio::spawn(async move { reader.news(0).await });
        tokio::task::yield_now().await;
        journal.end();
        waiting.await.unwrap();
        journal.news(0).await;
    }
}
