use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};

use crate::frame::Frame;
use crate::hub::Subscription;
use crate::state::AppState;

/// The body of a stream: the frames of its subscription, until a scripted fault ends it.
pub(super) struct StreamBody {
    subscription: Subscription,
    state: AppState,
    /// Instances written so far.
    instances: u32,
}

impl StreamBody {
    pub(super) fn new(subscription: Subscription, state: AppState) -> Self {
        Self { subscription, state, instances: 0 }
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let is_open = self.subscription.is_opening()
            || !self.state.faults().drops_stream_after(self.instances);
        if !is_open {
            return Poll::Ready(None);
        }
        let frame = ready!(self.subscription.poll_next(context));
        if let Some(Frame::Instance(_)) = frame {
            self.instances = self.instances.saturating_add(1);
        }
        Poll::Ready(frame.map(|frame| Ok(http_body::Frame::data(frame.into_bytes()))))
    }
}
