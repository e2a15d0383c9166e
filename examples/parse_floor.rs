//! The floor of any analysis: parse every Python file of a tree and nothing else. `--lower` lowers them as well, in the
//! same run, and `--verify` checks the shape of what comes out.
#![expect(clippy::print_stdout, reason = "an example that is run by hand")]

use rayon::prelude::*;
use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use tailspike::facts::FileFacts;
use tailspike::facts::Kind;
use tailspike::facts::NO_PAYLOAD;
use tailspike::facts::Node;
use tailspike::facts::NodeId;
use tailspike::syntax;

fn main() -> anyhow::Result<()> {
    let mut lower = false;
    let mut verify = false;
    let mut roots = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--lower" => lower = true,
            "--verify" => verify = true,
            _ => roots.push(PathBuf::from(argument)),
        }
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(syntax::STACK_BYTES)
        .build()?;
    let files = python_files(&roots);
    let texts: Vec<(PathBuf, String)> = pool.install(|| files.into_par_iter().filter_map(read).collect());
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    println!("{} files, {:.1} MB", texts.len(), bytes as f64 / 1e6);

    let floor = pool.install(|| timed(&texts, |text| drop(parse_unchecked_source(text, PySourceType::Python))));
    report("parse", floor, floor);
    if lower {
        let whole = pool.install(|| timed(&texts, |text| drop(syntax::lower(text))));
        report("parse and lower", whole, floor);
        let again = pool.install(|| timed(&texts, |text| drop(parse_unchecked_source(text, PySourceType::Python))));
        report("parse again", again, floor);
    }
    if verify {
        pool.install(|| census(&texts));
    }
    Ok(())
}

fn python_files(roots: &[PathBuf]) -> Vec<PathBuf> {
    let is_python = |path: &PathBuf| path.extension().is_some_and(|it| it == "py" || it == "pyi");
    let walk = |root: &PathBuf| ignore::WalkBuilder::new(root).standard_filters(false).build();
    let entries = roots.iter().flat_map(walk).flatten();
    entries
        .map(ignore::DirEntry::into_path)
        .filter(|it| it.is_file() && is_python(it))
        .collect()
}

fn read(path: PathBuf) -> Option<(PathBuf, String)> {
    let text = String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned();
    Some((path, text))
}

/// Wall time and the sum of the threads' time.
fn timed(texts: &[(PathBuf, String)], work: impl Fn(&str) + Sync) -> (Duration, Duration) {
    let start = Instant::now();
    let threads = texts.par_iter().map(|(_, text)| {
        let start = Instant::now();
        work(text);
        start.elapsed()
    });
    let threads = threads.sum();
    (start.elapsed(), threads)
}

fn report(what: &str, (wall, threads): (Duration, Duration), floor: (Duration, Duration)) {
    println!(
        "{what:<16} {:.2} s wall, {:.2} s in threads, {:.2} x the first parse",
        wall.as_secs_f64(),
        threads.as_secs_f64(),
        threads.as_secs_f64() / floor.1.as_secs_f64()
    );
}

fn census(texts: &[(PathBuf, String)]) {
    let sizes: Vec<[usize; 6]> = texts
        .par_iter()
        .map(|(path, text)| {
            let facts = syntax::lower(text);
            if let Some(problem) = &facts.error {
                println!(
                    "{}:{}:{}: {}",
                    path.display(),
                    problem.line,
                    problem.column,
                    problem.message
                );
            } else if let Err(problem) = shape(&facts) {
                println!("{}: BAD SHAPE: {problem}", path.display());
            }
            let opaque = facts.nodes.iter().filter(|it| it.kind == Kind::Opaque).count();
            [
                facts.nodes.len(),
                facts.definitions.len(),
                facts.places.len(),
                heap(&facts),
                opaque,
                facts.line_starts.len(),
            ]
        })
        .collect();
    let sum = |at: usize| sizes.iter().map(|it| it[at]).sum::<usize>();
    println!(
        "{} nodes ({} opaque), {} definitions, {} places, {:.1} MB of facts, {:.1} bytes a node, {:.1} bytes a line",
        sum(0),
        sum(4),
        sum(1),
        sum(2),
        sum(3) as f64 / 1e6,
        sum(3) as f64 / sum(0) as f64,
        sum(3) as f64 / sum(5) as f64
    );
}

fn heap(facts: &FileFacts) -> usize {
    facts.nodes.capacity() * size_of::<Node>()
        + facts.strings.iter().map(|it| it.len() + 16).sum::<usize>()
        + facts.places.len() * 20
        + facts.definitions.len() * 36
        + facts
            .functions
            .iter()
            .map(|it| size_of_val(it) + it.params.len() * 28)
            .sum::<usize>()
        + facts.imports.len() * 48
        + facts.line_starts.len() * 4
}

/// Whether ids are in range and the tree is one.
fn shape(facts: &FileFacts) -> Result<(), String> {
    for (at, node) in facts.nodes.iter().enumerate() {
        let parent = facts.nodes[node.parent as usize];
        let id = NodeId(at as u32);
        if at > 0 && (node.parent as usize >= at || node.end > parent.end || node.end as usize <= at) {
            return Err(format!("node {at} is not inside its parent"));
        }
        let limit = match node.kind {
            Kind::Name => facts.places.len(),
            Kind::Handler if node.payload != NO_PAYLOAD => facts.places.len(),
            Kind::Attribute | Kind::Str | Kind::Number => facts.strings.len(),
            Kind::FunctionDef | Kind::Lambda => facts.functions.len(),
            Kind::ClassDef => facts.classes.len(),
            Kind::ImportStmt => facts.imports.len(),
            _ => continue,
        };
        if node.payload as usize >= limit {
            return Err(format!("payload of node {at} is out of range: {:?}", facts.node(id)));
        }
    }
    for (at, place) in facts.places.iter().enumerate() {
        let group = &facts.definitions[place.first_def as usize..(place.first_def + place.n_defs) as usize];
        if group.iter().any(|it| it.place.0 as usize != at) {
            return Err(format!("definitions of place {at} are mixed"));
        }
    }
    let mut owned = 0;
    for (index, _) in facts.all_functions() {
        for id in facts.body_nodes(index) {
            owned += usize::from(facts.function_of(id) == index);
        }
    }
    let roots = facts.functions.len();
    if owned < facts.nodes.len().saturating_sub(roots) {
        return Err(format!(
            "{owned} of {} nodes belong to the function that walks them",
            facts.nodes.len()
        ));
    }
    for import in &facts.imports {
        if import.place.is_some_and(|it| it.0 as usize >= facts.places.len()) {
            return Err("an import binds no place".to_string());
        }
    }
    Ok(())
}
