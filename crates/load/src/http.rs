//! A minimal HTTP client: prepared requests, one at a time on each connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

/// A keep-alive connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, received: Vec::new() })
    }

    /// Sends `request` and reads the whole response, which must be a success.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<()> {
        self.socket.write_all(request).await?;
        self.received.clear();
        let end_of_head = loop {
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.receive().await?;
        };
        let head = std::str::from_utf8(&self.received[..end_of_head])?.to_ascii_lowercase();
        if !head.starts_with("http/1.1 2") {
            return Err(format!("refused: {}", String::from_utf8_lossy(&self.received)).into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.ok_or("an answer without content-length")?.trim().parse()?;
        while self.received.len() < end_of_head + length {
            self.receive().await?;
        }
        Ok(())
    }

    /// Sends `request` and returns the connection without reading the response.
    pub(crate) async fn send(mut self, request: &[u8]) -> Result<TcpStream> {
        self.socket.write_all(request).await?;
        Ok(self.socket)
    }

    async fn receive(&mut self) -> Result<()> {
        match self.socket.read_buf(&mut self.received).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

/// A POST request with a JSON body.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Authorization: Bearer sandbox\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
