//! tailspike reads async Python, finds the concurrency patterns that make it slow or fragile, and says why.
//!
//! Source becomes facts at one border ([`syntax`]); behind it everything is plain, owned, immutable data; a rule is a
//! value; a rule's page is its documentation, its test and its `explain` text.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod evidence;
pub mod facts;
pub mod pipeline;
pub mod project;
pub mod report;
pub mod rules;
pub mod source;
pub mod suppress;
pub mod syntax;
pub mod triage;
