//! Replays a long generated history and prints the outcome, to compare platforms.

#![allow(clippy::unwrap_used, reason = "made for a test, which fails by panicking")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod history;

fn main() {
    print!("{}", history::replay());
}
