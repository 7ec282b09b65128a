//! Load on the collector: batches of recorded events. Every event has its own id, and every visitor too.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use tokio::task::spawn_local;

use crate::http::{self, Connection};
use crate::{Result, fixtures, process};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    port: u16,
    #[arg(long, default_value_t = 8)]
    connections: u64,
    #[arg(long, default_value_t = 10)]
    events: usize,
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// The process of the measured server.
    #[arg(long)]
    pid: u32,
    /// The number of this call. Different calls use different ids.
    #[arg(long)]
    round: u64,
}

/// The number of batches that a visitor sends before the next visitor starts.
const BATCHES_PER_VISITOR: u64 = 20;

pub(crate) async fn run(options: Options) -> Result<Value> {
    let template = Template::new(options.events);
    let batches = Rc::new(Cell::new(0_u64));
    let cpu_before = process::cpu_seconds(&[options.pid])?;
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(options.seconds);
    let mut loads = Vec::new();
    for number in 0..options.connections {
        let mut template = template.clone();
        let batches = Rc::clone(&batches);
        let mut connection = Connection::open(options.port).await?;
        let first = (options.round * options.connections + number) << 24;
        loads.push(spawn_local(async move {
            let mut batch = first;
            while Instant::now() < end {
                connection.call(template.fill(batch)).await.map_err(|error| error.to_string())?;
                batches.set(batches.get() + 1);
                batch += 1;
            }
            Ok::<_, String>(())
        }));
    }
    for load in loads {
        load.await??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let events = batches.get() * options.events as u64;
    let cpu_seconds = process::cpu_seconds(&[options.pid])? - cpu_before;
    Ok(json!({
        "eventsPerSecond": events as f64 / seconds,
        "cpuMicrosecondsPerEvent": cpu_seconds * 1e6 / events as f64,
    }))
}

/// A request whose ids can be overwritten in place.
#[derive(Debug, Clone)]
struct Template {
    request: Vec<u8>,
    event_ids: Vec<usize>,
    visitor_ids: Vec<usize>,
}

impl Template {
    /// The number of characters to overwrite, at the end of a UUID.
    const DIGITS: usize = 12;
    const UUID: usize = 36;

    fn new(events: usize) -> Self {
        let payloads = fixtures::payloads();
        let events: Vec<&str> = payloads.iter().map(String::as_str).cycle().take(events).collect();
        let body = format!(
            r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{}]}}"#,
            events.join(",")
        );
        let request = http::post("/com.snowplowanalytics.snowplow/tp2", &body);
        let ids = |names: &[&str]| -> Vec<usize> {
            let text = String::from_utf8_lossy(&request);
            let ends = names.iter().flat_map(|name| {
                let start = format!("\"{name}\":\"");
                let ends = text.match_indices(&start).map(|(at, _)| at + start.len() + Self::UUID);
                ends.collect::<Vec<_>>()
            });
            ends.map(|end| end - Self::DIGITS).collect()
        };
        Self { event_ids: ids(&["eid"]), visitor_ids: ids(&["duid", "sid"]), request }
    }

    /// The request with the ids of this batch.
    fn fill(&mut self, batch: u64) -> &[u8] {
        let events = self.event_ids.len() as u64;
        for (number, at) in (batch * events..).zip(&self.event_ids) {
            write_digits(&mut self.request[*at..], number);
        }
        for at in &self.visitor_ids {
            write_digits(&mut self.request[*at..], batch / BATCHES_PER_VISITOR);
        }
        &self.request
    }
}

fn write_digits(place: &mut [u8], number: u64) {
    let text = format!("{number:0width$x}", width = Template::DIGITS);
    place[..Template::DIGITS].copy_from_slice(&text.as_bytes()[text.len() - Template::DIGITS..]);
}
