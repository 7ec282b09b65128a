//! What people read about a connection that fails.

use super::status::Problem;
use crate::browser::text::number_text;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// The problem as part of a sentence.
pub fn problem_text(problem: Problem) -> String {
    let text = match problem {
        Problem::TimedOut => "the server did not accept the stream in time",
        Problem::Dropped => "the connection failed",
        Problem::Silent => "the server fell silent",
        Problem::Refused { status: None } => "the server did not answer with an event stream",
        Problem::Refused { status: Some(status) } => {
            return ["the server answered with status ", &number_text(status.into())].concat();
        }
    };
    text.to_owned()
}
