//! Load on intervention streams: many open streams, one intervention to all, one to one, and events that trigger interventions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{self, MissedTickBehavior};

use crate::http::{self, Connection};
use crate::{Result, floor, process};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    port: u16,
    #[arg(long)]
    server: Server,
    #[arg(long)]
    count: usize,
    /// The processes of the measured server.
    #[arg(long, required = true)]
    pid: Vec<u32>,
    /// How often to send one intervention to all streams.
    #[arg(long, default_value_t = 20)]
    fan_outs: u32,
    /// Interventions per second, each to one stream.
    #[arg(long, default_value_t = 4_000)]
    singles_per_second: u32,
    /// Events per second that each trigger an intervention. Only for the mock server.
    #[arg(long, default_value_t = 0)]
    triggers_per_second: u32,
    #[arg(long, default_value_t = 4)]
    seconds: u32,
}

/// The API of the measured server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Server {
    /// The mock server.
    Signals,
    /// The minimal server, or nginx with nchan on the same paths.
    Channels,
}

/// A character that occurs once in each intervention and in nothing else that servers send. The readers count it, because the network may
/// split interventions anywhere.
const MARK: u8 = b'~';

/// Connections that open streams in parallel.
const OPENERS: usize = 64;

/// Connections that publish.
const PUBLISHERS: u32 = 8;

/// The longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A UUID, like the ids of trackers.
fn id(number: usize) -> String {
    format!("218e8926-3858-431d-b2ed-{number:012x}")
}

impl Server {
    fn subscribe(self, number: usize) -> Vec<u8> {
        let path = match self {
            Server::Signals => format!(
                "/api/v1/interventions?domain_userid={}&domain_sessionid={}",
                id(number),
                id(usize::MAX >> 16)
            ),
            Server::Channels => format!("/sub/{}", id(number)),
        };
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
            .into_bytes()
    }

    /// The request that publishes an intervention on one stream, or on all.
    fn publish(self, number: Option<usize>) -> Vec<u8> {
        let path = match (self, number) {
            (Server::Signals, Some(number)) => {
                format!("/api/v1/interventions?domain_userid={}", id(number))
            }
            (Server::Signals, None) => {
                format!("/api/v1/interventions?domain_sessionid={}", id(usize::MAX >> 16))
            }
            (Server::Channels, Some(number)) => format!("/pub/{}", id(number)),
            (Server::Channels, None) => format!("/pub/{}", floor::EVERYBODY),
        };
        let instance = json!({
            "name": "free_shipping", "version": 1,
            "attributes": {"cart_total": 84.5, "product_views": 7, "mark": "~"},
        });
        http::post(&path, &instance.to_string())
    }
}

/// A page view that triggers an intervention. The rule in `benches/bench-server.mjs` triggers when its counter changes.
fn trigger(number: usize, event: u64) -> Vec<u8> {
    let event = json!({
        "e": "pv", "p": "web", "duid": id(number), "url": "http://127.0.0.1/shop", "page": "Shop",
        "eid": format!("c4dcb15d-820d-4d5c-ae50-{event:012x}"),
    });
    let body = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": [event],
    });
    http::post("/com.snowplowanalytics.snowplow/tp2", &body.to_string())
}

/// The interventions that the readers of all streams have received.
struct Arrivals {
    instances: Cell<u64>,
    /// The number of interventions that `reached` waits for.
    wanted: Cell<u64>,
    reached: Notify,
    /// For each stream, when the intervention that it waits for was sent.
    sent: Vec<Cell<Option<Instant>>>,
    latencies: RefCell<Vec<Duration>>,
    closed: Cell<u64>,
}

impl Arrivals {
    fn new(count: usize) -> Self {
        Self {
            instances: Cell::new(0),
            wanted: Cell::new(u64::MAX),
            reached: Notify::new(),
            sent: (0..count).map(|_| Cell::new(None)).collect(),
            latencies: RefCell::default(),
            closed: Cell::new(0),
        }
    }

    fn add(&self, stream: usize, instances: u64) {
        if instances == 0 {
            return;
        }
        if let Some(sent) = self.sent[stream].take() {
            self.latencies.borrow_mut().push(sent.elapsed());
        }
        self.instances.set(self.instances.get() + instances);
        if self.instances.get() >= self.wanted.get() {
            self.reached.notify_one();
        }
    }

    async fn wait_for(&self, instances: u64) -> Result<()> {
        self.wanted.set(instances);
        let reached = async {
            while self.instances.get() < instances {
                self.reached.notified().await;
            }
        };
        time::timeout(PATIENCE, reached).await.map_err(|_| {
            let (got, closed) = (self.instances.get(), self.closed.get());
            format!("only {got} of {instances} instances arrived; {closed} streams were closed")
                .into()
        })
    }
}

pub(crate) async fn run(options: Options) -> Result<Value> {
    let arrivals = Rc::new(Arrivals::new(options.count));
    let empty = process::resident_bytes(&options.pid)?;
    let began = Instant::now();
    open_all(&options, &arrivals).await?;
    let opened_in = began.elapsed();
    let memory = process::resident_bytes(&options.pid)?.saturating_sub(empty);
    let fan_out = fan_out(&options, &arrivals).await?;
    let server = options.server;
    let singles = move |number, _| server.publish(Some(number));
    let single = one_by_one(&options, &arrivals, options.singles_per_second, singles).await?;
    let triggered = match options.triggers_per_second {
        0 => Value::Null,
        rate => one_by_one(&options, &arrivals, rate, trigger).await?,
    };
    Ok(json!({
        "openedPerSecond": options.count as f64 / opened_in.as_secs_f64(),
        "bytesPerStream": memory as f64 / options.count as f64,
        "fanOut": fan_out,
        "single": single,
        "triggered": triggered,
        "closed": arrivals.closed.get(),
    }))
}

/// Opens every stream. A task reads each one to its end.
async fn open_all(options: &Options, arrivals: &Rc<Arrivals>) -> Result<()> {
    let next = Rc::new(Cell::new(0));
    let mut openers: Vec<JoinHandle<std::result::Result<(), String>>> = Vec::new();
    for _ in 0..OPENERS {
        let (next, arrivals) = (Rc::clone(&next), Rc::clone(arrivals));
        let (server, port, count) = (options.server, options.port, options.count);
        openers.push(spawn_local(async move {
            while next.get() < count {
                let number = next.replace(next.get() + 1);
                open(server, port, number, &arrivals).await.map_err(|error| error.to_string())?;
            }
            Ok(())
        }));
    }
    for opener in openers {
        opener.await??;
    }
    Ok(())
}

/// Opens one stream. Returns when the response has started.
async fn open(server: Server, port: u16, number: usize, arrivals: &Rc<Arrivals>) -> Result<()> {
    let socket = Connection::open(port).await?.send(&server.subscribe(number)).await?;
    socket.readable().await?;
    spawn_local(read(socket, number, Rc::clone(arrivals)));
    Ok(())
}

async fn read(socket: TcpStream, number: usize, arrivals: Rc<Arrivals>) {
    // Create the buffer only to read: thousands of waiting tasks need none.
    while socket.readable().await.is_ok() {
        let mut buffer = [0; 4096];
        match socket.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let marks = buffer[..length].iter().filter(|byte| **byte == MARK).count();
                arrivals.add(number, marks as u64);
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    arrivals.closed.set(arrivals.closed.get() + 1);
}

/// Sends one intervention to all streams, repeatedly. Waits each time until the last stream has it.
async fn fan_out(options: &Options, arrivals: &Arrivals) -> Result<Value> {
    let mut publisher = Connection::open(options.port).await?;
    let request = options.server.publish(None);
    let mut rounds = Vec::new();
    let cpu_before = process::cpu_seconds(&options.pid)?;
    for _ in 0..options.fan_outs {
        let wanted = arrivals.instances.get() + options.count as u64;
        let began = Instant::now();
        let (published, arrived) =
            tokio::join!(publisher.call(&request), arrivals.wait_for(wanted));
        published?;
        arrived?;
        rounds.push(began.elapsed());
    }
    let cpu_seconds = process::cpu_seconds(&options.pid)? - cpu_before;
    rounds.sort();
    let median = rounds[rounds.len() / 2].as_secs_f64();
    let instances = f64::from(options.fan_outs) * options.count as f64;
    Ok(json!({
        "millisecondsToLast": median * 1e3,
        "instancesPerSecond": options.count as f64 / median,
        "cpuSecondsPerMillion": cpu_seconds * 1e6 / instances,
    }))
}

/// Sends requests at a steady rate. Each one puts an intervention on one stream.
async fn one_by_one(
    options: &Options,
    arrivals: &Rc<Arrivals>,
    per_second: u32,
    request: impl Fn(usize, u64) -> Vec<u8> + Copy + 'static,
) -> Result<Value> {
    arrivals.latencies.borrow_mut().clear();
    let before = arrivals.instances.get();
    let cpu_before = process::cpu_seconds(&options.pid)?;
    let each = u64::from(per_second / PUBLISHERS * options.seconds);
    let pause = Duration::from_secs_f64(f64::from(PUBLISHERS) / f64::from(per_second));
    let began = Instant::now();
    let mut publishers: Vec<JoinHandle<std::result::Result<(), String>>> = Vec::new();
    for publisher in 0..u64::from(PUBLISHERS) {
        let arrivals = Rc::clone(arrivals);
        let count = options.count;
        let mut connection = Connection::open(options.port).await?;
        publishers.push(spawn_local(async move {
            let mut ticks = time::interval(pause);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for turn in 0..each {
                ticks.tick().await;
                let event = turn * u64::from(PUBLISHERS) + publisher;
                let number = event as usize % count;
                let request = request(number, event);
                arrivals.sent[number].set(Some(Instant::now()));
                connection.call(&request).await.map_err(|error| error.to_string())?;
            }
            Ok(())
        }));
    }
    for publisher in publishers {
        publisher.await??;
    }
    let published = each * u64::from(PUBLISHERS);
    arrivals.wait_for(before + published).await?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu_seconds = process::cpu_seconds(&options.pid)? - cpu_before;
    let mut latencies = arrivals.latencies.borrow_mut();
    latencies.sort();
    let percentile = |percent: usize| {
        let at = latencies.len() * percent / 100;
        latencies.get(at.min(latencies.len().saturating_sub(1))).map(|it| it.as_secs_f64() * 1e3)
    };
    Ok(json!({
        "perSecond": published as f64 / seconds,
        "p50Milliseconds": percentile(50),
        "p99Milliseconds": percentile(99),
        "cpuSecondsPerMillion": cpu_seconds * 1e6 / published as f64,
    }))
}
