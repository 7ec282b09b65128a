//! Fills a topic of enriched events, and measures how fast a server reads it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use crate::{Result, process};

const TOPIC: &str = "enriched-good";

/// The mock cluster keeps five megabytes per partition, and then deletes the oldest records.
const PARTITIONS: i32 = 16;

/// The shoppers whose events take turns.
const USERS: usize = 1_000;

/// The positions of two columns.
const EVENT_ID: usize = 6;
const DOMAIN_USERID: usize = 15;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many events to read.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Port of the server.
    #[arg(long)]
    port: u16,
    /// The command that starts the server. The brokers are added to it.
    #[arg(last = true, required = true)]
    server: Vec<String>,
}

/// A program that ends with the measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures from the first event that the server has counted to the last one.
pub(crate) fn run(options: Options) -> Result<Value> {
    let cluster = MockCluster::new(1)?;
    cluster.create_topic(TOPIC, PARTITIONS, 1)?;
    fill(&cluster.bootstrap_servers(), options.events)?;

    let [program, arguments @ ..] = &options.server[..] else { return Err("no command".into()) };
    let mut command = Command::new(program);
    command.args(arguments).args(["--kafka", &cluster.bootstrap_servers()]).stdout(Stdio::null());
    let server = Running(command.spawn()?);
    let pids = [server.0.id()];

    let (first, started, cpu) = loop {
        match good_events(options.port) {
            Ok(events) if events > 0 => {
                break (events, Instant::now(), process::cpu_seconds(&pids)?);
            }
            _ => thread::sleep(Duration::from_millis(5)),
        }
    };
    while good_events(options.port)? < options.events {
        thread::sleep(Duration::from_millis(20));
    }
    let (seconds, events) = (started.elapsed().as_secs_f64(), (options.events - first) as f64);
    let cpu = process::cpu_seconds(&pids)? - cpu;
    Ok(json!({
        "eventsPerSecond": events / seconds,
        "cpuMicrosecondsPerEvent": cpu * 1e6 / events,
    }))
}

/// Writes the recorded events into the topic, as other events of other shoppers.
fn fill(brokers: &str, events: usize) -> Result<()> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("compression.type", "zstd")
        .set("linger.ms", "100")
        .create()?;
    let lines: Vec<&str> = include_str!("../../../tests/fixtures/enriched.tsv").lines().collect();
    for event in 0..events {
        let mut columns: Vec<&str> = lines[event % lines.len()].split('\t').collect();
        let id = format!("00000000-0000-4000-8000-{event:012}");
        let user = format!("218e8926-3858-431d-b2ed-{:012}", event / lines.len() % USERS);
        columns[EVENT_ID] = &id;
        columns[DOMAIN_USERID] = &user;
        let line = columns.join("\t");
        let partition = (event % PARTITIONS as usize) as i32;
        let mut record = BaseRecord::<(), str>::to(TOPIC).partition(partition).payload(&line);
        while let Err((error, refused)) = producer.send(record) {
            match error {
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) => {
                    producer.poll(Duration::from_millis(10));
                    record = refused;
                }
                error => return Err(error.into()),
            }
        }
    }
    Ok(producer.flush(Duration::from_secs(60))?)
}

/// How many events the server has counted.
fn good_events(port: u16) -> Result<usize> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut metrics = String::new();
    connection.read_to_string(&mut metrics)?;
    let name = "signals_events_total{outcome=\"good\"} ";
    let value = metrics.lines().find_map(|line| line.strip_prefix(name));
    Ok(value.ok_or("no count of events")?.trim().parse()?)
}
