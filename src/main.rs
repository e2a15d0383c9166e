//! The `tailspike` command: arguments, run, exit status.

use clap::{CommandFactory, Parser};
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;
use tailspike::check::{self, Status};
use tailspike::cli::{Cli, Command, SchemaOf, TableFormat};
use tailspike::config::{self, ConfigError, nearest};
use tailspike::guard;
use tailspike::report::{self, Table};
use tailspike::server;
use tailspike::triaging;

fn main() -> ExitCode {
    guard::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are such errors too, with status 0; nobody may be there to read them.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut err = std::io::stderr();
    let outcome = guard::catch(|| {
        // Not locked: `run` passes on what its command writes from another thread.
        let mut out = BufWriter::new(std::io::stdout());
        let status = run(&cli.command, &mut out)?;
        out.flush()?;
        Ok(status)
    });
    match outcome {
        Ok(Ok(status)) => ExitCode::from(match status {
            Status::Clean => 0,
            Status::Findings => 1,
            Status::Failed => 2,
            Status::Command(status) => status,
        }),
        Ok(Err(error)) => fail(&error, &mut err),
        Err(panic) => {
            let _ = writeln!(err, "internal-error: {panic}; please report it");
            ExitCode::from(2)
        }
    }
}

fn fail(error: &anyhow::Error, err: &mut dyn Write) -> ExitCode {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    };
    // Whoever reads the output has seen enough.
    if error.chain().any(closed) {
        return ExitCode::SUCCESS;
    }
    let _ = match error.downcast_ref::<ConfigError>() {
        Some(error) => writeln!(err, "{error}"),
        None => writeln!(err, "error: {error:#}"),
    };
    ExitCode::from(2)
}

fn run(command: &Command, out: &mut dyn Write) -> anyhow::Result<Status> {
    match command {
        Command::Check(args) => check::run(args, out, &mut std::io::stderr()),
        Command::Run(args) => tailspike::run::run(args, &mut std::io::stderr()),
        Command::Triage(args) => triaging::triage(args, out),
        Command::Sites(args) => tailspike::sites::sites(args, out),
        Command::Server(_) => server::run(),
        Command::Explain { rule } => explain(rule, out),
        Command::Schema { of } => {
            let schema = match of {
                SchemaOf::Findings => report::json_schema(),
                SchemaOf::Configuration => config::schema(&check::registry()),
            };
            serde_json::to_writer_pretty(&mut *out, &schema).map_err(std::io::Error::from)?;
            writeln!(out)?;
            Ok(Status::Clean)
        }
        Command::Completions { shell } => {
            // The crate takes a closed pipe for a fault.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "tailspike", &mut script);
            out.write_all(&script)?;
            Ok(Status::Clean)
        }
        Command::Rules { format } => {
            let table = match format {
                TableFormat::Text => Table::Text,
                TableFormat::Markdown => Table::Markdown,
                TableFormat::Json => Table::Json,
            };
            report::write_rules(&check::registry(), table, out)?;
            Ok(Status::Clean)
        }
    }
}

fn explain(name: &str, out: &mut dyn Write) -> anyhow::Result<Status> {
    let registry = check::registry();
    if let Some(rule) = registry.iter().find(|rule| rule.name == name) {
        writeln!(out, "{}", rule.page.trim_end())?;
        return Ok(Status::Clean);
    }
    let of_pattern: Vec<_> = registry
        .iter()
        .filter(|rule| rule.pattern.name() == name)
        .copied()
        .collect();
    if of_pattern.is_empty() {
        let names = registry.iter().flat_map(|rule| [rule.name, rule.pattern.name()]);
        let help = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`tailspike rules` lists the rules".to_owned(),
        };
        return Err(ConfigError::new(format!("there is no rule or pattern `{name}`"), help).into());
    }
    writeln!(
        out,
        "The rules of the pattern `{name}`; `tailspike explain RULE` shows the page of one.\n"
    )?;
    report::write_rules(&of_pattern, Table::Text, out)?;
    Ok(Status::Clean)
}
