//! The load client of the benchmarks, and the floor servers that the mock server is compared with.
//!
//! Results are written to standard output as one line of JSON; `benches/bench-server.mjs` makes tables of them.

mod collector;
#[path = "../../engine/benches/support/mod.rs"]
mod fixtures;
mod floor;
mod http;
mod process;
mod streams;

use std::error::Error;

use clap::Parser;

/// What can fail here ends the benchmark.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug, Parser)]
enum Command {
    /// Serves handlers that do the least that the mock server has to do.
    Floor {
        #[arg(long)]
        port: u16,
    },
    /// Prints definitions over the recorded events.
    Definitions {
        #[arg(long, default_value_t = 50)]
        attributes: usize,
        #[arg(long, default_value_t = 100)]
        rules: usize,
    },
    /// Posts batches of recorded events for some time.
    Collector(collector::Options),
    /// Opens streams and measures what is published on them.
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
        Command::Streams(options) => {
            tokio::task::LocalSet::new().run_until(streams::run(options)).await?
        }
    };
    println!("{result}");
    Ok(())
}
