//! The floor of any analysis: read and parse every Python file of a tree, on all threads, and nothing else.
//!
//!     parse_floor PATH...              the floor itself, to be timed from outside
//!     parse_floor --lower PATH...      what lowering adds: each file parsed and lowered in turn, the best of several rounds
//!     parse_floor --verify PATH...     whether what comes out has the shape that facts promise
#![expect(clippy::print_stdout, reason = "an example that is run by hand")]

use rayon::prelude::*;
use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use std::hint::black_box;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use tailspike::facts::FileFacts;
use tailspike::facts::Kind;
use tailspike::facts::NO_PAYLOAD;
use tailspike::facts::Node;
use tailspike::syntax;

/// Rounds of `--lower`; the best of them is what an undisturbed machine takes.
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    let (flags, roots): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|it| it.starts_with("--"));
    let files = python_files(&roots);
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(syntax::STACK_BYTES)
        .build()?;
    pool.install(|| match flags.first().map(String::as_str) {
        Some("--lower") => compare(&files),
        Some("--verify") => verify(&files),
        _ => floor(&files),
    });
    Ok(())
}

fn python_files(roots: &[String]) -> Vec<PathBuf> {
    let is_python = |path: &PathBuf| path.extension().is_some_and(|it| it == "py" || it == "pyi");
    let walk = |root: &String| ignore::WalkBuilder::new(root).standard_filters(false).build();
    let entries = roots.iter().flat_map(walk).flatten();
    entries
        .map(ignore::DirEntry::into_path)
        .filter(|it| it.is_file() && is_python(it))
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read(path).map_or(String::new(), |it| String::from_utf8_lossy(&it).into_owned())
}

fn parse(text: &str) {
    black_box(parse_unchecked_source(text, PySourceType::Python));
}

fn floor(files: &[PathBuf]) {
    let start = Instant::now();
    let bytes: usize = files
        .par_iter()
        .map(|path| {
            let text = read(path);
            parse(&text);
            text.len()
        })
        .sum();
    let seconds = start.elapsed().as_secs_f64();
    println!("{} files, {:.1} MB, {seconds:.2} s", files.len(), bytes as f64 / 1e6);
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn compare(files: &[PathBuf]) {
    let best = |path: &PathBuf| {
        let text = read(path);
        let mut best = [Duration::MAX; 2];
        for _ in 0..ROUNDS {
            best[0] = best[0].min(timed(|| parse(&text)));
            best[1] = best[1].min(timed(|| drop(black_box(syntax::lower(&text)))));
        }
        best
    };
    let zero = || [Duration::ZERO; 2];
    let [parse, lower] = files
        .par_iter()
        .map(best)
        .reduce(zero, |a, b| [a[0] + b[0], a[1] + b[1]]);
    let (parse, lower) = (parse.as_secs_f64(), lower.as_secs_f64());
    println!(
        "{} files: parse {parse:.3} s, parse and lower {lower:.3} s, {:.3} x",
        files.len(),
        lower / parse
    );
}

fn verify(files: &[PathBuf]) {
    let census = |path: &PathBuf| {
        let facts = syntax::lower(&read(path));
        if let Some(problem) = &facts.error {
            println!(
                "{}:{}:{}: {}",
                path.display(),
                problem.line,
                problem.column,
                problem.message
            );
        } else if let Err(problem) = shape(&facts) {
            println!("{}: WRONG SHAPE: {problem}", path.display());
        }
        let opaque = facts.nodes.iter().filter(|it| it.kind == Kind::Opaque).count();
        [
            facts.nodes.len(),
            opaque,
            facts.definitions.len(),
            facts.places.len(),
            heap(&facts),
            facts.line_starts.len(),
        ]
    };
    let sizes: Vec<[usize; 6]> = files.par_iter().map(census).collect();
    let [nodes, opaque, definitions, places, bytes, lines] =
        std::array::from_fn(|at| sizes.iter().map(|it| it[at]).sum::<usize>());
    println!(
        "{} files, {lines} lines, {nodes} nodes ({opaque} opaque), {definitions} definitions, {places} places",
        files.len()
    );
    println!(
        "{:.1} MB of facts, {:.1} bytes a node, {:.1} bytes a line",
        bytes as f64 / 1e6,
        bytes as f64 / nodes as f64,
        bytes as f64 / lines as f64
    );
}

/// Bytes that the facts hold, allocator overhead aside.
fn heap(facts: &FileFacts) -> usize {
    facts.nodes.capacity() * size_of::<Node>()
        + facts.strings.heap_bytes()
        + size_of_val(&*facts.places)
        + size_of_val(&*facts.definitions)
        + size_of_val(&*facts.functions)
        + facts.functions.iter().map(|it| size_of_val(&*it.params)).sum::<usize>()
        + size_of_val(&*facts.imports)
        + size_of_val(&*facts.line_starts)
}

/// Whether ids are in range, the nodes are a tree, and every node belongs to the function that walks it.
fn shape(facts: &FileFacts) -> Result<(), String> {
    for (at, node) in facts.nodes.iter().enumerate() {
        let parent = &facts.nodes[node.parent as usize];
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
            return Err(format!("the payload of node {at} is out of range: {node:?}"));
        }
    }
    let mixed = facts.places.iter().enumerate().position(|(at, place)| {
        let first = place.first_def as usize;
        let group = &facts.definitions[first..first + place.n_defs as usize];
        group.iter().any(|it| it.place.0 as usize != at)
    });
    if let Some(at) = mixed {
        return Err(format!("the definitions of place {at} are mixed with others"));
    }
    let walked = |(index, _)| {
        facts
            .body_nodes(index)
            .filter(|&it| facts.function_of(it) == index)
            .count()
    };
    let owned: usize = facts.all_functions().map(walked).sum();
    if owned != facts.nodes.len() - 1 {
        return Err(format!(
            "{owned} of {} nodes belong to the function that walks them",
            facts.nodes.len() - 1
        ));
    }
    let unbound = |it: &&tailspike::facts::Import| it.place.is_some_and(|it| it.0 as usize >= facts.places.len());
    match facts.imports.iter().find(unbound) {
        Some(import) => Err(format!("an import binds no place: {import:?}")),
        None => Ok(()),
    }
}
