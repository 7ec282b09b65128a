//! The tools that agents call over the Model Context Protocol (MCP). All of them only read.
//!
//! [`arguments`] says what the tools take, and checks the limits. [`attributes`] and [`contexts`] read. [`tools`] describes the
//! tools to agents and calls them. None of them uses HTTP.

mod arguments;
mod attributes;
mod contexts;
mod tools;

pub(crate) use self::tools::Tools;
