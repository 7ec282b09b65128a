//! Replays a long made-up history and prints what came of it, for comparison between platforms.

#![allow(clippy::unwrap_used, reason = "made for a test, which fails by panicking")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod history;

fn main() {
    print!("{}", history::replay());
}
