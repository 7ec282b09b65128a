use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::frame::Frame;

/// The bounded queue between the hub and the client of one stream.
///
/// The hub never waits for a client: a frame that does not fit closes the outbox. The lock is held only for a push or a pop.
#[derive(Debug)]
pub(super) struct Outbox {
    limit_bytes: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    closed: bool,
    reader: Option<Waker>,
}

/// The client reads too slowly, and its queue is full.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Outbox {
    /// The capacity that an empty queue keeps: most streams carry a frame only now and then.
    const IDLE_CAPACITY: usize = 8;

    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, queue: Mutex::default() }
    }

    /// Queues `frame` unless the outbox is closed. An empty queue accepts a frame of any size.
    ///
    /// # Errors
    /// [`TooSlow`] when the limit is reached. The outbox is then closed and empty.
    pub(super) fn push(&self, frame: Frame) -> Result<(), TooSlow> {
        let mut queue = self.queue.lock();
        if queue.closed {
            return Ok(());
        }
        let fits = queue.frames.is_empty() || queue.bytes + frame.len() <= self.limit_bytes;
        if fits {
            queue.bytes += frame.len();
            queue.frames.push_back(frame);
        } else {
            queue.frames = VecDeque::new();
            queue.closed = true;
        }
        queue.wake_reader();
        if fits { Ok(()) } else { Err(TooSlow) }
    }

    /// Queues `frame` if the queue is empty.
    pub(super) fn push_if_idle(&self, frame: Frame) {
        let mut queue = self.queue.lock();
        if queue.frames.is_empty() && !queue.closed {
            queue.bytes += frame.len();
            queue.frames.push_back(frame);
            queue.wake_reader();
        }
    }

    /// Accepts no more frames. The client still gets those that are queued.
    pub(super) fn close(&self) {
        let mut queue = self.queue.lock();
        queue.closed = true;
        queue.wake_reader();
    }

    /// The next frame, or `None` once the outbox is closed and empty. Only one task may read.
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        let mut queue = self.queue.lock();
        if let Some(frame) = queue.frames.pop_front() {
            queue.bytes -= frame.len();
            if queue.frames.is_empty() && queue.frames.capacity() > Self::IDLE_CAPACITY {
                queue.frames = VecDeque::new();
            }
            return Poll::Ready(Some(frame));
        }
        if queue.closed {
            return Poll::Ready(None);
        }
        match &mut queue.reader {
            Some(waker) => waker.clone_from(context.waker()),
            None => queue.reader = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Queue {
    fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &'static str) -> Frame {
        Frame::Instance(text.into())
    }

    fn next(outbox: &Outbox) -> Poll<Option<Frame>> {
        outbox.poll_next(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn frames_come_out_in_order() {
        let outbox = Outbox::new(100);
        outbox.push(frame("one")).unwrap();
        outbox.push(frame("two")).unwrap();
        assert_eq!(next(&outbox), Poll::Ready(Some(frame("one"))));
        assert_eq!(next(&outbox), Poll::Ready(Some(frame("two"))));
        assert_eq!(next(&outbox), Poll::Pending);
    }

    #[test]
    fn a_full_queue_closes_the_outbox_and_frees_what_was_queued() {
        let outbox = Outbox::new(7);
        outbox.push(frame("1234")).unwrap();
        assert_eq!(outbox.push(frame("5678")), Err(TooSlow));
        assert_eq!(next(&outbox), Poll::Ready(None));
    }

    #[test]
    fn reading_makes_room() {
        let outbox = Outbox::new(7);
        for _ in 0..3 {
            outbox.push(frame("1234")).unwrap();
            assert_eq!(next(&outbox), Poll::Ready(Some(frame("1234"))));
        }
    }

    #[test]
    fn a_frame_larger_than_the_limit_passes_alone() {
        let outbox = Outbox::new(2);
        outbox.push(frame("1234")).unwrap();
        assert_eq!(next(&outbox), Poll::Ready(Some(frame("1234"))));
    }

    #[test]
    fn closing_lets_the_reader_finish() {
        let outbox = Outbox::new(100);
        outbox.push(frame("last")).unwrap();
        outbox.close();
        outbox.push(frame("late")).unwrap();
        assert_eq!(next(&outbox), Poll::Ready(Some(frame("last"))));
        assert_eq!(next(&outbox), Poll::Ready(None));
    }

    #[test]
    fn keep_alive_does_not_pile_up_behind_other_frames() {
        let outbox = Outbox::new(100);
        outbox.push(frame("busy")).unwrap();
        outbox.push_if_idle(frame("ping"));
        assert_eq!(next(&outbox), Poll::Ready(Some(frame("busy"))));
        assert_eq!(next(&outbox), Poll::Pending);
    }
}
