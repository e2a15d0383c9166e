//! Times each stage of an analysis of a folder, the linking of facts in memory among them.
//!
//! usage: link DIR

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;
use tailspike::catalog::Catalog;
use tailspike::pipeline;
use tailspike::project::Project;
use tailspike::rules;
use tailspike::rules::Settings;
use tailspike::source::{Sources, WalkOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::args().nth(1).ok_or("usage: link DIR")?).canonicalize()?;
    rayon::ThreadPoolBuilder::new()
        .stack_size(tailspike::syntax::STACK_BYTES)
        .build_global()?;
    let mut out = std::io::stdout();
    let mut last = Instant::now();
    let mut stage = |name: &str| {
        let line = writeln!(out, "{name:<10} {:>8.1} ms", last.elapsed().as_secs_f64() * 1e3);
        last = Instant::now();
        line
    };
    let options = WalkOptions {
        root: root.clone(),
        ..WalkOptions::default()
    };
    let sources = Sources::discover(&[root], &options)?;
    stage("walk")?;
    let (modules, _) = pipeline::load(&sources);
    stage("facts")?;
    let catalog = Catalog::load(&[])?;
    stage("catalog")?;
    let project = Project::new(modules, catalog, rules::rule_of);
    stage("link")?;
    for rule in rules::ALL {
        let _ = pipeline::check(&project, &[rule], Settings::default(), &|_| true);
        stage(rule.info.name)?;
    }
    Ok(())
}
