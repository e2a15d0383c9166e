//! tailspike: why async Python is slow, and proof.
pub mod catalog;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod evidence;
pub mod facts;
pub mod project;
pub mod report;
pub mod rules;
pub mod source;
pub mod suppress;
pub mod syntax;
pub mod triage;
