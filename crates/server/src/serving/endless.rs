//! Responses that continue until the client disconnects.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::http::response::Parts;
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Marks a response that gets its own connection. Set as an extension.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endless;

/// Writes a response in chunks until it or the connection ends. Holds no buffers while there is nothing to write.
#[derive(Debug)]
#[must_use = "nothing is written unless it is awaited"]
pub(super) struct EndlessResponse<S> {
    socket: S,
    body: Body,
    /// The bytes that are ready to be written.
    unwritten: Vec<u8>,
    /// How many of them are written.
    written: usize,
    /// Whether they include the end of the body.
    is_complete: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> EndlessResponse<S> {
    /// How many bytes are collected for one write.
    const ENOUGH: usize = 16 * 1024;

    pub(super) fn new(socket: S, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let unwritten = head(&parts, Timestamp::now());
        Self { socket, body, unwritten, written: 0, is_complete: false }
    }

    /// Collects the available part of the body. Pending when there is no more yet.
    fn poll_collect(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_complete && self.unwritten.len() < Self::ENOUGH {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(frame) => {
                    if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
                        append_chunk(&mut self.unwritten, &data);
                    }
                }
                None => {
                    self.unwritten.extend_from_slice(LAST_CHUNK);
                    self.is_complete = true;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.unwritten.len() {
            let rest = &self.unwritten[self.written..];
            match ready!(Pin::new(&mut self.socket).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        self.unwritten = Vec::new();
        self.written = 0;
        // Over TLS, written bytes may still wait to be encrypted and sent.
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// Completes when the client disconnects. Discards what it sends.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut place = [0; 256];
            let mut read = ReadBuf::new(&mut place);
            ready!(Pin::new(&mut self.socket).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for EndlessResponse<S> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let has_more = match this.poll_collect(context) {
                Poll::Ready(result) => {
                    result?;
                    !this.is_complete
                }
                Poll::Pending => false,
            };
            if this.poll_write(context)?.is_pending() {
                break;
            }
            if this.is_complete {
                return Pin::new(&mut this.socket).poll_shutdown(context);
            }
            if !has_more {
                break;
            }
        }
        this.poll_gone(context)
    }
}

const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn append_chunk(buffer: &mut Vec<u8>, data: &Bytes) {
    // An empty chunk would end the body.
    if data.is_empty() {
        return;
    }
    let length = format!("{:x}\r\n", data.len());
    buffer.reserve(length.len() + data.len() + LAST_CHUNK.len());
    buffer.extend_from_slice(length.as_bytes());
    buffer.extend_from_slice(data);
    buffer.extend_from_slice(b"\r\n");
}

fn head(response: &Parts, now: Timestamp) -> Vec<u8> {
    let mut head = Vec::with_capacity(1024);
    // Writing to memory cannot fail.
    let _ = write!(head, "HTTP/1.1 {}\r\n", response.status);
    for (name, value) in &response.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        let _ = write!(head, "date: {date}\r\n");
    }
    head.extend_from_slice(b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    head
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use axum::http::header;
    use axum::response::IntoResponse;
    use http_body::Frame;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::sync::mpsc;

    use super::*;

    /// A body of what comes out of a channel, until that is closed.
    struct Channel {
        ready: VecDeque<&'static str>,
        live: mpsc::UnboundedReceiver<&'static str>,
    }

    impl HttpBody for Channel {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let next = match self.ready.pop_front() {
                Some(text) => Some(text),
                None => ready!(self.live.poll_recv(context)),
            };
            Poll::Ready(next.map(|text| Ok(Frame::data(text.into()))))
        }
    }

    fn response(
        ready: &[&'static str],
        socket: DuplexStream,
    ) -> (mpsc::UnboundedSender<&'static str>, EndlessResponse<DuplexStream>) {
        let (sender, live) = mpsc::unbounded_channel();
        let body = Body::new(Channel { ready: ready.iter().copied().collect(), live });
        let response = ([(header::CACHE_CONTROL, "no-store")], body).into_response();
        (sender, EndlessResponse::new(socket, response))
    }

    async fn read(client: &mut DuplexStream, end: &str) -> String {
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).ends_with(end) {
            assert_ne!(client.read_buf(&mut text).await.unwrap(), 0, "closed early");
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_head_says_how_the_body_is_framed_and_that_it_is_the_last() {
        let (parts, ()) =
            ([(header::CACHE_CONTROL, "no-store")], ()).into_response().map(drop).into_parts();
        let head = String::from_utf8(head(&parts, Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(
            head,
            "HTTP/1.1 200 OK\r\ncache-control: no-store\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn frames_are_chunks_and_those_that_are_ready_go_out_with_the_head_at_once() {
        let (mut client, socket) = duplex(64 * 1024);
        let (sender, mut response) = response(&["one", "", "twenty characters xx"], socket);
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut response).poll(&mut context).is_pending());
        let mut received = [0; 4096];
        let length = client.read(&mut received).await.unwrap();
        let text = String::from_utf8_lossy(&received[..length]);
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "3\r\none\r\n14\r\ntwenty characters xx\r\n");
        assert_eq!(response.unwritten.capacity(), 0, "an idle stream keeps no buffer");
        drop(sender);
    }

    #[tokio::test]
    async fn a_body_that_ends_ends_the_connection_in_order() {
        let (mut client, socket) = duplex(64 * 1024);
        let (sender, response) = response(&[], socket);
        let writing = tokio::spawn(response);
        sender.send("last").unwrap();
        drop(sender);
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert!(text.ends_with("\r\n\r\n4\r\nlast\r\n0\r\n\r\n"), "{text:?}");
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_takes_little_at_a_time_gets_everything_in_order() {
        let (mut client, socket) = duplex(7);
        let (sender, response) = response(&[], socket);
        let writing = tokio::spawn(response);
        for _ in 0..5_000 {
            sender.send("0123456789").unwrap();
        }
        drop(sender);
        let text = read(&mut client, "0\r\n\r\n").await;
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "a\r\n0123456789\r\n".repeat(5_000) + "0\r\n\r\n");
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_goes_ends_the_response_also_while_it_does_not_read() {
        for (room, ready) in [(64 * 1024, vec![]), (7, vec!["more than there is room for"])] {
            let (mut client, socket) = duplex(room);
            let (sender, response) = response(&ready, socket);
            let writing = tokio::spawn(response);
            client.shutdown().await.unwrap();
            writing.await.unwrap().unwrap();
            assert!(sender.is_closed(), "the body is dropped");
        }
    }

    #[tokio::test]
    async fn what_a_client_says_while_it_listens_is_ignored() {
        let (mut client, socket) = duplex(64 * 1024);
        let (sender, response) = response(&[], socket);
        let writing = tokio::spawn(response);
        client.write_all(&[b'x'; 1_000]).await.unwrap();
        sender.send("still here").unwrap();
        read(&mut client, "still here\r\n").await;
        drop(sender);
        writing.await.unwrap().unwrap();
    }
}
