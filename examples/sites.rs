//! `sites [--log LOG] PATH`: every log site, or with a log the site of each of its lines.

use std::path::Path;
use std::path::PathBuf;
use tailspike::evidence::sites::Source;
use tailspike::evidence::sites::collect;
use tailspike::facts::FileFacts;
use tailspike::syntax::lower;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let mut files = Vec::new();
    walk(Path::new(&path), &mut files);
    files.sort();
    let facts: Vec<(String, FileFacts)> = files
        .iter()
        .filter_map(|it| Some((it.to_string_lossy().into_owned(), lower(&std::fs::read_to_string(it).ok()?))))
        .collect();
    let sources: Vec<Source<'_>> = facts.iter().map(|(path, facts)| Source { path, facts }).collect();
    let sites = collect(&sources);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for site in &sites.all {
        use std::io::Write;
        let shown: Vec<String> = site.templates.iter().map(|it| it.display()).collect();
        writeln!(out, "{}:{} {} {:?} {:?} {:?} {:?} {:?}", sources[site.file as usize].path, site.line, site.qualname, site.sink, site.level, site.logger, shown, site.keys)?;
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
