//! The load client of the benchmarks, and the minimal servers that they compare the mock server with.
//!
//! It writes its results to standard output as one line of JSON, which `benches/bench-server.mjs` turns into tables.

mod collector;
#[path = "../../engine/benches/support/mod.rs"]
mod fixtures;
mod floor;
mod http;
mod kafka;
mod process;
mod streams;

use std::error::Error;

use clap::Parser;

/// Any error ends the benchmark.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug, Parser)]
enum Command {
    /// Runs the minimal server.
    Floor {
        #[arg(long)]
        port: u16,
    },
    /// Prints definitions for the recorded events.
    Definitions {
        #[arg(long, default_value_t = 50)]
        attributes: usize,
        #[arg(long, default_value_t = 100)]
        rules: usize,
    },
    /// Posts batches of recorded events for a number of seconds.
    Collector(collector::Options),
    /// Starts a server that reads a topic of enriched events, and measures it.
    Kafka(kafka::Options),
    /// Opens streams and publishes interventions on them.
    Streams(streams::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let result = match Command::parse() {
        Command::Floor { port } => return floor::serve(port).await,
        Command::Definitions { attributes, rules } => fixtures::definitions(attributes, rules, 0),
        Command::Collector(options) => {
            tokio::task::LocalSet::new().run_until(collector::run(options)).await?
        }
        Command::Kafka(options) => kafka::run(options)?,
        Command::Streams(options) => {
            tokio::task::LocalSet::new().run_until(streams::run(options)).await?
        }
    };
    println!("{result}");
    Ok(())
}
