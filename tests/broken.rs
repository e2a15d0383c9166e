//! Hostile input: whatever the bytes, the tool ends in time, says in one line what it could not read, and goes on.

mod support;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long one run may take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// What must become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is analysed, and nothing is said of it.
    Analysed,
    /// One line on standard error names it.
    Named,
    /// Either: how deep a tree may be is not promised.
    Either,
}
use Fate::{Analysed, Either, Named};

/// What a run gave.
struct Run {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let outputs = tempfile::tempdir().expect("a temporary folder");
    let create = |name: &str| fs::File::create(outputs.path().join(name)).expect("a temporary file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tailspike"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(create("stdout"))
        .stderr(create("stderr"))
        .spawn()
        .expect("the binary starts");
    let started = Instant::now();
    let status = loop {
        match child.try_wait().expect("the state of the child") {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                child.kill().expect("the child can be ended");
                panic!("no end after {PATIENCE:?}");
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let read = |name: &str| {
        let mut bytes = Vec::new();
        let mut file = fs::File::open(outputs.path().join(name)).expect("the output");
        file.read_to_end(&mut bytes).expect("the output can be read");
        String::from_utf8(bytes).expect("the output is UTF-8")
    };
    Run {
        status: status.code(),
        stdout: read("stdout"),
        stderr: read("stderr"),
    }
}

fn check(folder: &Path) -> Run {
    run(folder, &["check", "--isolated", "--format", "json", "."])
}

/// What is wrong with what the tool said of one file.
fn complaint(run: &Run, name: &str, fate: Fate) -> Option<String> {
    let shown = name.escape_debug().to_string();
    let named = run
        .stderr
        .lines()
        .filter(|line| line.contains(name) || line.contains(&shown))
        .count();
    let wrong = match fate {
        Analysed => named != 0,
        Named => named != 1,
        Either => named > 1,
    };
    let control = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if run.stderr.contains("panicked") || run.stderr.contains("internal-error") {
        return Some(format!("{name}: internal error\n{}", run.stderr));
    }
    if control(&run.stderr) || control(&run.stdout) {
        return Some(format!("{name}: control characters in the output"));
    }
    wrong.then(|| {
        format!(
            "{name}: named on {named} lines of standard error, expected {fate:?}\n{}",
            run.stderr
        )
    })
}

fn text_cases() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let mut cases: Vec<(&'static str, Vec<u8>, Fate)> = vec![
        ("bad_syntax.py", b"def f(:\n    return\n".to_vec(), Named),
        ("unclosed_string.py", b"x = '''never closed\n".to_vec(), Named),
        ("unclosed_f_string.py", b"x = f'{a!r:{b'\n".to_vec(), Named),
        ("only_a_backslash.py", b"\\".to_vec(), Named),
        ("null_byte.py", b"x = 1\n\0\ny = 2\n".to_vec(), Named),
        ("latin_1_undeclared.py", b"name = 'caf\xe9'\n".to_vec(), Named),
        (
            "latin_1_declared.py",
            b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n".to_vec(),
            Analysed,
        ),
        ("unknown_coding.py", b"# coding: klingon\nx = 1\n".to_vec(), Named),
        (
            "bom_and_coding.py",
            b"\xef\xbb\xbf# coding: utf-8\nx = 1\n".to_vec(),
            Analysed,
        ),
        ("bom.py", b"\xef\xbb\xbfx = 1\n".to_vec(), Analysed),
        ("crlf.py", b"def f():\r\n    return 1\r\n".to_vec(), Analysed),
        ("cr_only.py", b"x = 1\ry = 2\r".to_vec(), Analysed),
        ("utf_16.py", b"\xff\xfex\x00=\x001\x00\n\x00".to_vec(), Named),
        ("empty.py", Vec::new(), Analysed),
        ("blank.py", b"\n\n   \n\t\n".to_vec(), Analysed),
        ("no_last_line_break.py", b"x = 1".to_vec(), Analysed),
        (
            "form_feed.py",
            b"x = 1\n\x0c\ndef f():\n    return 1\n".to_vec(),
            Analysed,
        ),
        (
            "indented_by_tab.py",
            b"def f():\n\tif 1:\n\t\treturn 1\n".to_vec(),
            Analysed,
        ),
        ("mixed_tabs.py", b"def f():\n\tx = 1\n        y = 2\n".to_vec(), Either),
        (
            "surrogate_escape.py",
            b"x = '\\ud800'\nf = f'{x}\\ud800'\n".to_vec(),
            Analysed,
        ),
        (
            "control_in_name.py",
            b"import requests\nasync def f():\n    requests.get('\x1b[31m')\n".to_vec(),
            Either,
        ),
        ("python_2.py", b"print 'x'\nexec 'y'\n".to_vec(), Named),
        (
            "merge_conflict.py",
            b"<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b\n".to_vec(),
            Named,
        ),
        (
            "own_base.py",
            b"class A(A):\n    pass\nclass B(C):\n    pass\nclass C(B):\n    pass\n".to_vec(),
            Analysed,
        ),
        (
            "alias_cycle.py",
            b"a = b\nb = a\nasync def f():\n    a.get()\n    b()()\n".to_vec(),
            Analysed,
        ),
        (
            "imports_itself.py",
            b"from imports_itself import *\nfrom . import x\nfrom ...... import y\n".to_vec(),
            Analysed,
        ),
        (
            "calls_itself.py",
            b"async def f():\n    g()\ndef g():\n    h()\ndef h():\n    g()\n".to_vec(),
            Analysed,
        ),
        (
            "empty_ignore.py",
            b"x = 1  # tailspike: ignore[]\ny = 2  # tailspike: ignore[\n".to_vec(),
            Either,
        ),
    ];
    cases.extend(deep_cases());
    cases
}

/// Generated, because nobody should have to open such a file.
fn deep_cases() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let repeat = |before: &str, part: &str, times: usize, after: &str| {
        [before, &part.repeat(times), after].concat().into_bytes()
    };
    let wrapped = |open: &str, times: usize, middle: &str, close: &str| {
        [&open.repeat(times), middle, &close.repeat(times), "\n"]
            .concat()
            .into_bytes()
    };
    let indented = |header: &str, times: usize| {
        let line = |depth: usize| format!("{}{header}\n", " ".repeat(depth));
        let body: String = (0..times).map(line).collect();
        format!("{body}{}pass\n", " ".repeat(times)).into_bytes()
    };
    vec![
        ("nested_brackets.py", wrapped("[", 10_000, "", "]"), Either),
        ("nested_parentheses.py", wrapped("(", 10_000, "1", ")"), Either),
        ("nested_braces.py", wrapped("{1: ", 10_000, "1", "}"), Either),
        ("nested_calls.py", wrapped("f(", 10_000, "", ")"), Either),
        ("nested_lambdas.py", repeat("x = ", "lambda: ", 10_000, "1\n"), Either),
        ("open_brackets.py", repeat("", "(", 100_000, "\n"), Named),
        ("open_braces_in_f_string.py", repeat("f'", "{f'", 1_000, "\n"), Named),
        ("chain_of_calls.py", repeat("x", ".get(1)", 100_000, "\n"), Either),
        (
            "chain_of_calls_in_async.py",
            repeat("async def f(x):\n    await x", ".get(1)", 20_000, "\n"),
            Either,
        ),
        ("chain_of_subscripts.py", repeat("x", "[0]", 100_000, "\n"), Either),
        ("chain_of_attributes.py", repeat("x", ".a", 100_000, "\n"), Either),
        ("chain_of_sums.py", repeat("x = 1", " + 1", 100_000, "\n"), Either),
        ("chain_of_powers.py", repeat("x = 1", " ** 1", 100_000, "\n"), Either),
        ("chain_of_ands.py", repeat("x = a", " and a", 100_000, "\n"), Either),
        (
            "chain_of_comparisons.py",
            repeat("x = a", " < a", 100_000, "\n"),
            Either,
        ),
        ("chain_of_nots.py", repeat("x = ", "not ", 100_000, "a\n"), Either),
        ("chain_of_minuses.py", repeat("x = ", "-", 100_000, "a\n"), Either),
        (
            "chain_of_awaits.py",
            repeat("async def f():\n    ", "await ", 100_000, "a\n"),
            Either,
        ),
        (
            "chain_of_choices.py",
            repeat("x = ", "a if a else ", 50_000, "a\n"),
            Either,
        ),
        ("chain_of_targets.py", repeat("", "a = ", 100_000, "1\n"), Either),
        (
            "chain_of_elifs.py",
            repeat("if a:\n    pass\n", "elif a:\n    pass\n", 20_000, ""),
            Either,
        ),
        ("chain_of_strings.py", repeat("x = (", "'a' ", 100_000, ")\n"), Either),
        (
            "many_decorators.py",
            repeat("", "@a\n", 20_000, "def f():\n    pass\n"),
            Either,
        ),
        (
            "many_parameters.py",
            repeat("def f(", "*, a=1, ", 1, "b=2):\n    pass\n"),
            Analysed,
        ),
        (
            "many_functions.py",
            repeat("", "async def f():\n    g()\n", 20_000, ""),
            Either,
        ),
        ("deep_ifs.py", indented("if 1:", 500), Either),
        ("deep_functions.py", indented("def f():", 500), Either),
        ("deep_classes.py", indented("class A:", 500), Either),
        ("deep_withs.py", indented("with a:", 2_000), Either),
        (
            "deep_patterns.py",
            [
                b"match a:\n    case ".as_slice(),
                &wrapped("[", 5_000, "b", "]"),
                b":\n        pass\n",
            ]
            .concat(),
            Either,
        ),
        ("long_line.py", repeat("x = '", "a", 50_000_000, "'\n"), Either),
        ("long_list.py", repeat("x = [", "1, ", 1_000_000, "]\n"), Either),
    ]
}

/// A file with a finding, to see that the rest is still analysed.
const GOOD: &[u8] = b"import time\n\n\nasync def handler():\n    time.sleep(1)\n";

#[test]
fn each_alone() {
    let mut complaints = Vec::new();
    for (name, bytes, fate) in text_cases() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join(name), bytes).expect("a written file");
        let run = check(folder.path());
        complaints.extend(complaint(&run, name, fate));
        // Nothing could be analysed: the tool could not do its job.
        let wanted = match fate {
            Analysed => Some(0),
            Named => Some(2),
            Either => run.status.filter(|code| (0..=2).contains(code)),
        };
        if run.status != wanted || run.status.is_none() {
            complaints.push(format!(
                "{name}: exit status {:?}, expected {wanted:?}\n{}",
                run.status, run.stderr
            ));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn all_together() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = text_cases();
    for (name, bytes, _) in &cases {
        fs::write(folder.path().join(name), bytes).expect("a written file");
    }
    fs::write(folder.path().join("good.py"), GOOD).expect("a written file");
    let run = check(folder.path());
    let mut complaints: Vec<String> = cases
        .iter()
        .filter_map(|(name, _, fate)| complaint(&run, name, *fate))
        .collect();
    if run.status != Some(1) {
        complaints.push(format!(
            "exit status {:?}, expected 1: the good file has a finding",
            run.status
        ));
    }
    if !run.stdout.contains("good.py") {
        complaints.push("the good file is not reported".to_owned());
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Runs on a folder that also holds a good file; what is named must be said once, the good file must be reported.
fn beside_a_good_file(prepare: impl FnOnce(&Path), names: &[(&str, Fate)]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("good.py"), GOOD).expect("a written file");
    prepare(folder.path());
    let run = check(folder.path());
    let complaints: Vec<String> = names
        .iter()
        .filter_map(|(name, fate)| complaint(&run, name, *fate))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(run.stdout.contains("good.py"), "{}", run.stdout);
}

#[test]
fn a_folder_called_like_a_file() {
    beside_a_good_file(
        |folder| {
            fs::create_dir(folder.join("x.py")).expect("a folder");
            fs::write(folder.join("x.py/inner.py"), b"x = 1\n").expect("a written file");
        },
        &[("x.py", Named)],
    );
}

#[test]
fn an_empty_folder_is_nothing_to_analyse() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = check(folder.path());
    assert!(matches!(run.status, Some(0 | 2)), "{:?}", run.status);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

#[test]
fn a_path_that_does_not_exist() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = run(folder.path(), &["check", "--isolated", "nowhere.py"]);
    assert_eq!(run.status, Some(2));
    assert_eq!(
        run.stderr.lines().filter(|line| line.contains("nowhere.py")).count(),
        1,
        "{}",
        run.stderr
    );
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn links_that_lead_in_circles_or_nowhere() {
        beside_a_good_file(
            |folder| {
                fs::create_dir(folder.join("inner")).expect("a folder");
                symlink("..", folder.join("inner/up")).expect("a link");
                symlink("a.py", folder.join("b.py")).expect("a link");
                symlink("b.py", folder.join("a.py")).expect("a link");
                symlink("missing.py", folder.join("dangling.py")).expect("a link");
            },
            &[
                ("a.py", Either),
                ("b.py", Either),
                ("dangling.py", Either),
                ("inner/up", Either),
            ],
        );
    }

    #[test]
    fn a_file_that_may_not_be_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let secret = folder.path().join("secret.py");
        fs::write(&secret, b"x = 1\n").expect("a written file");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("set permissions");
        // Some users may read everything; then there is nothing to see.
        let fate = if fs::read(&secret).is_ok() { Analysed } else { Named };
        beside_a_good_file(
            |folder| {
                let secret = folder.join("secret.py");
                fs::write(&secret, b"x = 1\n").expect("a written file");
                fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("set permissions");
            },
            &[("secret.py", fate)],
        );
    }

    #[test]
    fn a_pipe_called_like_a_file() {
        beside_a_good_file(
            |folder| {
                let made = Command::new("mkfifo")
                    .arg(folder.join("pipe.py"))
                    .status()
                    .expect("`mkfifo` runs");
                assert!(made.success());
            },
            &[("pipe.py", Either)],
        );
    }

    #[test]
    fn names_that_are_not_text() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        beside_a_good_file(
            |folder| {
                fs::write(folder.join("esc\x1b[31m.py"), GOOD).expect("a written file");
                fs::write(folder.join("line\nbreak.py"), b"def f(:\n").expect("a written file");
                fs::write(folder.join(OsStr::from_bytes(b"caf\xe9.py")), GOOD).expect("a written file");
            },
            &[("esc\x1b[31m.py", Analysed)],
        );
    }
}
