//! Lines that libraries wrote, by the logger that they name: how much of the log is matched is asked of the program's own
//! lines.

use crate::evidence::records::Log;
use crate::evidence::records::Text;
use crate::evidence::resolve::Answer;
use crate::project::Project;
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;

/// Loggers of what programs use by way of other libraries, and so do not import.
const INDIRECT: [&str; 12] = [
    "asyncio",
    "botocore",
    "charset_normalizer",
    "concurrent",
    "filelock",
    "h11",
    "h2",
    "hpack",
    "httpcore",
    "httpx",
    "s3transfer",
    "urllib3",
];

/// How many lines of the log name the logger of a library and are of no call of the program.
pub(super) fn lines(log: &Log, answers: &[Answer], project: &Project) -> usize {
    let roots = roots(project);
    let mut known: FxHashMap<Text, bool> = FxHashMap::default();
    let mut is_library = |it: Text| {
        *known.entry(it).or_insert_with(|| {
            let name = std::str::from_utf8(log.texts.get(it)).unwrap_or_default();
            roots.contains(name.split('.').next().unwrap_or_default())
        })
    };
    let others = log.records.iter().zip(answers);
    let others = others.filter(|it| !matches!(it.1, Answer::Site(_) | Answer::Earlier));
    let named = others.filter(|it| log.columns(it.0).iter().any(|it| is_library(it.1)));
    named.map(|it| it.0.count as usize).sum()
}

/// The first parts of what the program imports and does not contain.
fn roots(project: &Project) -> FxHashSet<&str> {
    let mut roots: FxHashSet<&str> = INDIRECT.into_iter().collect();
    for module in &project.names.modules {
        let facts = &module.facts;
        let absolute = facts.imports.iter().filter(|it| it.level == 0);
        let first = |name: &'_ str| name.find('.').unwrap_or(name.len());
        roots.extend(absolute.map(|it| facts.text(it.module)).map(|it| &it[..first(it)]));
    }
    for module in &project.names.modules {
        for part in module.name.split('.') {
            roots.remove(part);
        }
    }
    roots.remove("");
    roots
}
