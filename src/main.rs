//! The `tailspike` command.
fn main() {}
