//! `sites PATH [LOG]`: every log site, or with a log the site of each of its lines, as JSON lines.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use tailspike::evidence::matching::Matcher;
use tailspike::evidence::records::Log;
use tailspike::evidence::resolve::Answer;
use tailspike::evidence::resolve::resolve;
use tailspike::evidence::sites::Source;
use tailspike::evidence::sites::collect;
use tailspike::facts::FileFacts;
use tailspike::syntax::lower;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let mut files = Vec::new();
    walk(Path::new(&path), &mut files);
    files.sort();
    let lowered = |it: &PathBuf| {
        Some((
            it.to_string_lossy().into_owned(),
            lower(&std::fs::read_to_string(it).ok()?),
        ))
    };
    let facts: Vec<(String, FileFacts)> = files.iter().filter_map(lowered).collect();
    let sources: Vec<Source<'_>> = facts.iter().map(|(path, facts)| Source { path, facts }).collect();
    let started = std::time::Instant::now();
    let sites = collect(&sources);
    let matcher = Matcher::new(&sites);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let Some(log) = std::env::args().nth(2) else {
        for site in &sites.all {
            let shown: Vec<String> = site.templates.iter().map(|it| it.display()).collect();
            let path = sources[site.file as usize].path;
            writeln!(
                out,
                "{path}:{} {} {:?} {:?} {:?} {shown:?} {:?}",
                site.line, site.qualname, site.sink, site.level, site.logger, site.keys
            )?;
        }
        return Ok(());
    };
    let collected = started.elapsed();
    let log = Log::read(std::fs::File::open(log)?, &sites, &matcher)?;
    let read = started.elapsed() - collected;
    let (answers, columns) = resolve(&log, &sites, &sources);
    eprintln!(
        "sites {} patterns {} in {collected:?}, read {} records in {read:?}, resolved at {:?}; {columns:?}",
        sites.all.len(),
        matcher.len(),
        log.records.len(),
        started.elapsed()
    );
    for (record, answer) in log.records.iter().zip(&answers) {
        let (site, candidates) = match answer {
            Answer::Site(id) => (Some(&sites.all[id.0 as usize]), 1),
            Answer::Open(count) => (None, *count),
            Answer::Nothing => (None, 0),
        };
        let site = site.map(|it| serde_json::json!({"path": sources[it.file as usize].path, "line": it.line, "end_line": it.end_line, "qualname": it.qualname}));
        writeln!(
            out,
            "{}",
            serde_json::json!({"log_line": record.line, "site": site, "candidates": candidates})
        )?;
    }
    Ok(())
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    if path.extension().is_some_and(|it| it == "py") {
        files.push(path.to_path_buf());
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        walk(&entry.path(), files);
    }
}
