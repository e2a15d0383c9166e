//! `tailspike sites`: the calls that write log lines, and the call behind each line of a log.

use crate::check::Status;
use crate::cli::SitesArgs;
use crate::cli::SitesFormat;
use crate::evidence::clean::printable;
use crate::evidence::matching::Matcher;
use crate::evidence::resolve::Answer;
use crate::evidence::resolve::resolve;
use crate::evidence::sites::LogSite;
use crate::triaging::Program;
use anyhow::Result;
use serde_json::json;
use std::io::Write;

/// Lists log sites, or with a log the site of each of its lines.
///
/// # Errors
/// Paths that can't be read, an output that can't be written.
pub fn sites(args: &SitesArgs, out: &mut dyn Write) -> Result<Status> {
    let program = Program::load(&args.paths, args.isolated, None)?;
    let sites = program.log_sites();
    let Some(path) = &args.log else {
        for site in &sites.all {
            write_site(&program, site, args.format, out)?;
        }
        return Ok(Status::Clean);
    };
    let matcher = Matcher::new(&sites);
    // Each line is asked for, so each is kept.
    let log = program.read(path, &sites, &matcher, usize::MAX)?;
    let (answers, _) = resolve(&log, &sites, &program.files());
    for (record, answer) in log.records.iter().zip(&answers) {
        let (site, candidates) = match answer {
            Answer::Site(id) => (Some(&sites.all[id.0 as usize]), 1),
            Answer::Open(count) => (None, *count),
            Answer::Nothing | Answer::Earlier => (None, 0),
        };
        write_answer(&program, record.line, site, candidates, args.format, out)?;
    }
    Ok(Status::Clean)
}

fn path_of<'a>(program: &'a Program, site: &LogSite) -> &'a str {
    program
        .sources
        .path(program.project.names.modules[site.file as usize].file)
}

fn write_site(program: &Program, site: &LogSite, format: SitesFormat, out: &mut dyn Write) -> Result<()> {
    let templates: Vec<String> = site.templates.iter().map(|it| it.display()).collect();
    let path = path_of(program, site);
    if format == SitesFormat::Text {
        for template in &templates {
            writeln!(
                out,
                "{path}:{}: {} {}",
                site.line,
                site.qualname,
                printable(template.as_bytes())
            )?;
        }
        return Ok(());
    }
    let row = json!({
        "path": path, "line": site.line, "end_line": site.end_line, "qualname": site.qualname,
        "level": site.level, "logger": site.logger, "templates": templates, "values": site.keys,
    });
    writeln!(out, "{row}")?;
    Ok(())
}

fn write_answer(
    program: &Program,
    line: u32,
    site: Option<&LogSite>,
    candidates: u32,
    format: SitesFormat,
    out: &mut dyn Write,
) -> Result<()> {
    if format == SitesFormat::Text {
        let told = site.map_or_else(
            || {
                if candidates > 1 {
                    format!("one of {candidates} calls")
                } else {
                    "-".to_owned()
                }
            },
            |it| format!("{}:{} {}", path_of(program, it), it.line, it.qualname),
        );
        writeln!(out, "{line}: {told}")?;
        return Ok(());
    }
    let site = site.map(
        |it| json!({"path": path_of(program, it), "line": it.line, "end_line": it.end_line, "qualname": it.qualname}),
    );
    writeln!(
        out,
        "{}",
        json!({"log_line": line, "site": site, "candidates": candidates})
    )?;
    Ok(())
}
