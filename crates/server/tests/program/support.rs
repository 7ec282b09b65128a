//! A server that runs as people run it, for the tests of the program.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

/// A server, which ends with the test.
pub(crate) struct Server {
    pub(crate) process: Child,
    port: u16,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// A server with these flags, on a port of its own.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_signals-server"))
            .args(["--port", "0", "--log", "warn"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (written, stderr) = (Arc::clone(&log), process.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                written.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end().strip_prefix("listening on http://127.0.0.1:");
        let port = port.unwrap_or_else(|| panic!("{}", log.lock().unwrap()));
        Self { port: port.parse().unwrap(), process, log }
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Sends a request and returns the connection, which ends with the response.
    pub(crate) fn send(&self, request: &str, body: &str) -> TcpStream {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = body.len();
        let head = "host: localhost\r\nconnection: close\r\nauthorization: Bearer sandbox";
        write!(
            connection,
            "{request} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        connection
    }

    /// The status and the body of the whole response.
    pub(crate) fn answer(&self, request: &str, body: &Value) -> (u16, String) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut bytes = Vec::new();
        self.send(request, &body).read_to_end(&mut bytes).unwrap();
        // The collector also answers with a picture.
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Asks the server to end, and waits until it has ended.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let kill = format!("kill -TERM {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.process.wait().unwrap()
    }

    /// The value of a metric, without labels or with all of them.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        let (_, metrics) = self.answer("GET /metrics", &Value::Null);
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        Some(value.parse().unwrap())
    }

    /// Kills the server, as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until `condition` has a value.
pub(crate) fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "waited a minute for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A directory that is removed after the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("signals-{}", Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Why a server with these flags does not start: one line.
pub(crate) fn refusal(flags: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signals-server"));
    let output = command.args(["--port", "0", "--log", "off"]).args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

pub(crate) fn wait_for_metric(server: &Server, name: &str, value: u64) {
    wait_for(name, || (server.metric(name)? >= value).then_some(()));
    assert_eq!(server.metric(name), Some(value), "{name}");
}

/// Waits until everything that happened before the call is saved.
pub(crate) fn wait_until_saved(server: &Server) {
    let saves = || server.metric("signals_saves_total{outcome=\"good\"}").unwrap();
    // The next write may have begun before the call.
    let enough = saves() + 2;
    wait_for("two writes", || (saves() >= enough).then_some(()));
}
