//! The arguments, and nothing that acts on them.

mod level;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use level::Level;
use std::path::PathBuf;

/// Finds the concurrency patterns that make async Python slow or fragile.
#[derive(Debug, Parser)]
#[command(name = "tailspike", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Report what slows the async code down (the hook, the editor, CI).
    Check(Box<CheckArgs>),
    /// Rank the same findings by what the log of a run shows they cost.
    Triage(TriageArgs),
    /// Run a command, record what it writes, when, and its memory, then triage it.
    Run(RunArgs),
    /// List every call that writes a log line, or name the call behind each line of a log.
    Sites(SitesArgs),
    /// Serve an editor: the language server protocol on standard input and output.
    Server(ServerArgs),
    /// Print the page of a rule: what it does, why, and what to use instead.
    Explain {
        /// The rule.
        rule: String,
    },
    /// Print the JSON Schema of a file that tailspike reads or writes.
    Schema {
        /// Which one.
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Print the script that completes tailspike's arguments in a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the table of all rules.
    Rules {
        /// The form of the table.
        #[arg(long, value_enum, default_value_t)]
        format: TableFormat,
    },
}

/// Arguments of `triage`.
#[derive(Debug, Args)]
pub struct TriageArgs {
    /// The log of a run; `-` reads standard input.
    #[arg(value_name = "LOG")]
    pub log: PathBuf,

    /// Files and folders of the program that wrote it.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The form of the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: TriageFormat,

    /// Write the report to this file.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Report at most so many findings.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub top: usize,

    /// Memory over time: lines of `KIB`, `EPOCH KIB` or `DATE TIME PID KIB ...`.
    #[arg(long, value_name = "FILE")]
    pub rss: Option<PathBuf>,

    /// What asyncio wrote in debug mode, where that is not in the log.
    #[arg(long, value_name = "FILE")]
    pub debug_log: Option<PathBuf>,

    /// Keep reading as the log grows, and report whenever a phase of the run ends; Ctrl-C ends it with the last report.
    #[arg(long)]
    pub follow: bool,

    /// Threads to use [default: all].
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,

    /// Read no configuration and look for no project above PATH.
    #[arg(long)]
    pub isolated: bool,

    /// Exit with 1 for findings that cost at least this [default: the configuration's, else medium].
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<Level>,

    /// Exit with 0 whatever is found.
    #[arg(long)]
    pub exit_zero: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The command and its arguments; what stands after COMMAND is its own (a `--` before it is allowed).
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    pub command: Vec<String>,

    /// Keep what the command wrote in this file, each line with the time it came, and its memory beside it in FILE.rss.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Files and folders of the program [default: .].
    #[arg(long = "path", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Write the report to this file instead of standard error.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// The form of the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: TriageFormat,

    /// Report at most so many findings.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub top: usize,

    /// Exit with 1 for findings that cost at least this, if the command itself went well.
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<Level>,

    /// Read no configuration and look for no project above PATH.
    #[arg(long)]
    pub isolated: bool,
}

/// Forms of the triage report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TriageFormat {
    /// For people.
    #[default]
    Text,
    /// For people, with headings.
    Markdown,
    /// For programs.
    Json,
}

/// Arguments of `sites`.
#[derive(Debug, Args)]
pub struct SitesArgs {
    /// Files and folders of the program.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Name the call behind each line of this log; `-` reads standard input.
    #[arg(long, value_name = "LOG")]
    pub log: Option<PathBuf>,

    /// The form of the list.
    #[arg(long, value_enum, default_value_t)]
    pub format: SitesFormat,

    /// Read no configuration and look for no project above PATH.
    #[arg(long)]
    pub isolated: bool,
}

/// Forms of the list of log sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SitesFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Jsonl,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "every flag of the command line is one")]
pub struct CheckArgs {
    /// Files and folders to report on; the whole project around them is read.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten, next_help_heading = "Rules")]
    #[expect(missing_docs, reason = "a doc comment would become the help's heading")]
    pub rules: RuleArgs,

    #[command(flatten, next_help_heading = "Mends")]
    #[expect(missing_docs, reason = "as above")]
    pub mends: MendArgs,

    #[command(flatten, next_help_heading = "Output")]
    #[expect(missing_docs, reason = "as above")]
    pub output: OutputArgs,

    /// Use this configuration file instead of the project's.
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    pub config: Option<PathBuf>,

    /// Read no configuration and look for no project above PATH.
    #[arg(long)]
    pub isolated: bool,

    /// Threads to use [default: all].
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,

    /// Leave out what git ignores (default).
    #[arg(long, overrides_with = "no_respect_gitignore")]
    pub respect_gitignore: bool,

    /// Read what git ignores as well.
    #[arg(long, overrides_with = "respect_gitignore")]
    pub no_respect_gitignore: bool,

    /// Leave out excluded files, tests and examples even where PATH names them (for hooks).
    #[arg(long)]
    pub force_exclude: bool,

    /// Report only what has changed since this revision of git, and chains that pass through a changed line.
    #[arg(long, value_name = "REV", conflicts_with = "write_baseline")]
    pub changed_since: Option<String>,

    /// Take the text of this file from standard input.
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,

    /// Leave out the findings in this file.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write the findings of today to the baseline, and report none.
    #[arg(long)]
    pub write_baseline: bool,
}

/// Which findings.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Run only these rules or patterns (`*` stands for anything).
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,

    /// Run all but these.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,

    /// Run these as well.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub extend_select: Vec<String>,

    /// Run the pedantic rules, and count microseconds.
    #[arg(long)]
    pub pedantic: bool,

    /// Show findings that cost at least this [default: medium].
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub min_severity: Option<Level>,

    /// Show findings that are at least this sure [default: medium].
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub min_confidence: Option<Level>,

    /// Exit with 1 for findings that cost at least this [default: medium].
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<Level>,

    /// Exit with 0 whatever is found.
    #[arg(long)]
    pub exit_zero: bool,
}

/// What is mended.
#[derive(Clone, Copy, Debug, Args)]
pub struct MendArgs {
    /// Mend what can be mended safely, and report the rest.
    #[arg(long, conflicts_with_all = ["stdin_filename", "write_baseline"])]
    pub fix: bool,

    /// With `--fix` or `--diff`: also what is right in nearly all code, to be read before it is kept.
    #[arg(long)]
    pub unsafe_fixes: bool,

    /// Print what `--fix` would change, and change nothing.
    #[arg(long, conflicts_with = "write_baseline")]
    pub diff: bool,
}

/// In which form, and where to.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// The form of the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: OutputFormat,

    /// Write the report to this file, whole or not at all.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// When to colour.
    #[arg(long, value_enum, default_value_t)]
    pub color: Color,

    /// Print no summary.
    #[arg(long, short)]
    pub quiet: bool,

    /// Print how much was read, resolved and found.
    #[arg(long)]
    pub statistics: bool,
}

/// Forms of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people, with the code.
    #[default]
    Text,
    /// One line a finding.
    Concise,
    /// For programs.
    Json,
    /// For GitHub Actions.
    Github,
    /// For GitLab's code quality.
    Gitlab,
    /// For a comment on a pull request.
    Markdown,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
}

/// Forms of the table of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people.
    #[default]
    Text,
    /// For the README.
    Markdown,
    /// For programs.
    Json,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// What `check --format json` writes.
    Findings,
    /// `tailspike.toml`, or `[tool.tailspike]` in `pyproject.toml`.
    Configuration,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Never.
    Never,
}

/// Arguments of `server`.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Accepted and without effect: many editors say so, and there is no other way.
    #[arg(long, hide = true)]
    pub stdio: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
