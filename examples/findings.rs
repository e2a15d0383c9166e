//! scratch
#![allow(clippy::all, clippy::print_stdout)]
use tailspike::*;
fn main() {
    let mut args = std::env::args().skip(1);
    let rules: Vec<String> = args.next().unwrap().split(',').map(str::to_owned).collect();
    for dir in args {
        let t = std::time::Instant::now();
        let sources =
            source::Sources::discover(&[std::path::PathBuf::from(&dir)], &source::WalkOptions::default()).unwrap();
        let (modules, _f) = pipeline::load(&sources);
        let t1 = t.elapsed();
        let project = project::Project::new(modules, catalog::Catalog::load(&[]).unwrap(), rules::rule_of);
        let t2 = t.elapsed();
        let picked: Vec<&'static rules::Rule> = rules::ALL
            .iter()
            .copied()
            .filter(|r| rules.iter().any(|n| n == r.info.name))
            .collect();
        let (found, failures) = pipeline::check(&project, &picked);
        let mut n = 0;
        let mut data = 0;
        let mut fans = 0;
        for i in 0..project.names.modules.len() {
            if !project.names.modules[i].reported {
                continue;
            }
            for f in project.fan_outs.of(project::ModuleId(i as u32)) {
                fans += 1;
                let facts = &project.names.modules[i].facts;
                for s in &f.strands {
                    n += 1;
                    if s.width == project::Width::Data {
                        data += 1;
                        if std::env::var("ALLFANS").is_ok() {
                            println!(
                                "FAN {}:{} worker={} bounded={}",
                                sources.path(project.names.modules[i].file),
                                facts.line(f.at.node),
                                s.worker.as_ref().map_or("-".into(), |w| {
                                    let sites: Vec<String> = project
                                        .graph
                                        .sites_at(f.orchestrator, w.node)
                                        .map(|(_, s)| match &s.callee {
                                            project::Callee::Library(e) => {
                                                project.names.catalog.entry_name(*e).to_owned()
                                            }
                                            o => format!("{o:?}"),
                                        })
                                        .collect();
                                    let n = facts.span(w.node);
                                    let text = sources.read(project.names.modules[i].file).unwrap();
                                    let t: String = text[n.start as usize..n.end as usize]
                                        .chars()
                                        .take(70)
                                        .collect::<String>()
                                        .replace('\n', " ");
                                    format!("{t} -> {sites:?} thread={}", w.in_thread)
                                }),
                                f.bounded
                            );
                        }
                    }
                }
            }
        }
        for d in &found {
            println!(
                "{}:{}: {} [{:?}/{:?}/{:?}] in {}: {}",
                sources.path(d.location.file),
                d.location.line,
                d.rule.name,
                d.severity,
                d.confidence,
                d.exposure,
                d.qualname,
                d.message
            );
            if std::env::var("FULL").is_ok() {
                println!("    why: {}\n    help: {}", d.why, d.help);
                for w in &d.witness {
                    println!(
                        "    - {}:{} in {}: {}",
                        sources.path(w.location.file),
                        w.location.line,
                        w.qualname,
                        w.text
                    );
                }
                for l in &d.labels {
                    println!("    = {}:{} {}", sources.path(l.location.file), l.location.line, l.text);
                }
            }
        }
        eprintln!(
            "{dir}: {} findings, {} failures; {fans} fan-outs, {n} strands, {data} data; load {t1:?} link {:?}",
            found.len(),
            failures.len(),
            t2 - t1
        );
        for f in failures.iter().take(3) {
            eprintln!("  {}", f.message);
        }
    }
}
