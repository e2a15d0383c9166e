//! Observed data: what a log says, line by line, and which call in the code wrote each line.
//!
//! Nothing here knows a rule. [`reader`] cuts bytes into lines, [`lines`] takes their prefixes off, [`sites`] reads log
//! calls out of facts, [`matching`] joins the two.

mod arena;
mod beginnings;
pub mod clean;
pub mod clock;
pub mod columns;
mod compact;
mod finds;
mod given;
pub mod imports;
mod inner;
pub mod json;
mod kept;
pub mod learn;
pub mod level;
pub mod lines;
pub mod loggers;
pub mod matching;
pub mod memory;
pub mod messages;
pub mod modules;
pub mod pattern;
pub mod prefix;
pub mod reader;
mod recent;
pub mod records;
pub mod resolve;
pub mod roles;
pub mod runs;
pub mod section;
mod serialized;
pub mod sites;
pub mod stalls;
pub mod stream;
pub mod structured;
pub mod template;
pub mod texts;
pub mod times;
mod tracebacks;
pub mod values;
pub mod wrappers;
