//! Temporary driver.
use std::time::Instant;
fn main() {
    rayon::ThreadPoolBuilder::new()
        .stack_size(tailspike::syntax::STACK_BYTES)
        .build_global()
        .unwrap();
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap())
        .canonicalize()
        .unwrap();
    let t = Instant::now();
    let options = tailspike::source::WalkOptions {
        root: dir.clone(),
        ..Default::default()
    };
    let sources = tailspike::source::Sources::discover(&[dir], &options).unwrap();
    eprintln!("walk {:?} {} files", t.elapsed(), sources.len());
    let t = Instant::now();
    let (modules, failures) = tailspike::pipeline::load(&sources);
    eprintln!("load {:?} {} failures", t.elapsed(), failures.len());
    for f in failures.iter().take(5) {
        eprintln!("{} {}", sources.path(f.file), f.message);
    }
    let t = Instant::now();
    let catalog = tailspike::catalog::Catalog::load(&[]).unwrap();
    eprintln!("catalog {:?}", t.elapsed());
    let t = Instant::now();
    let project = tailspike::project::Project::new(modules, catalog, tailspike::rules::rule_of);
    eprintln!(
        "link {:?} {} sites {:?}",
        t.elapsed(),
        project.graph.sites.len(),
        project.graph.resolution
    );
    let t = Instant::now();
    let (found, fails) = tailspike::pipeline::check(&project, tailspike::rules::ALL);
    eprintln!("check {:?} {} found {} fails", t.elapsed(), found.len(), fails.len());
    for d in &found {
        println!(
            "{}\t{}:{}\t{:?}\t{:?}\t{:?}\t{}\t{}\t{}",
            d.rule.name,
            sources.path(d.location.file),
            d.location.line,
            d.severity,
            d.confidence,
            d.exposure,
            d.qualname,
            d.message,
            d.witness
                .iter()
                .map(|s| format!("{}:{}:{}", sources.path(s.location.file), s.location.line, s.text))
                .collect::<Vec<_>>()
                .join(" > ")
        );
    }
}
