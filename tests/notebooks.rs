//! Notebooks: findings by cell and line in every output, magics that break nothing, broken ones told in a line.

mod support;

use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use support::tool;
use tempfile::TempDir;

/// The second code cell has a handler that sleeps; magics and a cell in another language stand around it.
fn notebook() -> Value {
    let code = |source: &str| json!({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": source});
    json!({
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# About\n", "sleep"]},
            code("%load_ext autoreload\n!pip install httpx\nimport time\ntime?"),
            code("%%bash\nfor i in 1 2; do sleep $i; done"),
            code("answer = 42\n\nasync def handler(request):\n    helper()"),
            code("def helper():\n    time.sleep(1)"),
            code("answer;"),
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("a.ipynb"), text).expect("written");
    folder
}

fn run(folder: &Path, format: &str) -> Output {
    tool::run(&["check", "--isolated", "--format", format], folder)
}

fn printed(format: &str) -> String {
    let folder = folder(&notebook().to_string());
    let output = run(folder.path(), format);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn people_read_the_cell_and_its_line() {
    insta::assert_snapshot!(printed("text"), @r"
    error[blocking-sleep]: `helper` reaches `time.sleep`, which stops the event loop for as long as it sleeps
      ┌─ a.ipynb:cell 4:4:5
      │
    4 │     helper()
      │     ^^^^^^^^ reaches `time.sleep`
      │
      = chain:
          a.ipynb:cell 4:4  handler  helper
          a.ipynb:cell 5:2  helper   time.sleep
      = why: whatever else runs on the caller's loop waits meanwhile
      = help: use `asyncio.sleep` there, or run `helper` in a thread with `asyncio.to_thread`

    1 finding (1 high) in 1 of 1 file
    ");
    insta::assert_snapshot!(printed("concise"), @r"
    a.ipynb:cell 4:4:5: high[blocking-sleep] `helper` reaches `time.sleep`, which stops the event loop for as long as it sleeps
    1 finding (1 high) in 1 of 1 file
    ");
}

#[test]
fn programs_read_the_cell_and_its_line() {
    let json: Value = serde_json::from_str(&printed("json")).expect("JSON");
    let it = &json["findings"][0];
    assert_eq!(
        (&it["path"], &it["cell"], &it["line"]),
        (&json!("a.ipynb"), &json!(4), &json!(4))
    );
    let end = &it["witness"][1];
    assert_eq!((&end["cell"], &end["line"]), (&json!(5), &json!(2)));
    assert_eq!(it["fix"], Value::Null);
}

#[test]
fn services_that_know_only_files_are_told_the_cell_in_words() {
    for format in ["github", "gitlab", "sarif", "markdown"] {
        let text = printed(format);
        let said = text.contains("cell 4, line 4: ") || text.contains("a.ipynb:cell 4:4");
        assert!(said, "{format}: {text}");
    }
}

#[test]
fn a_module_beside_a_notebook_of_the_same_name_is_itself() {
    let folder = folder(&notebook().to_string());
    std::fs::write(folder.path().join("a.py"), "def quick():\n    pass\n").expect("written");
    std::fs::write(
        folder.path().join("b.py"),
        "import a\n\n\nasync def handler():\n    a.helper()\n    a.quick()\n",
    )
    .expect("written");
    let report = tool::check(folder.path(), &[]).expect("a report");
    let places: Vec<&str> = report.findings.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(places, ["a.ipynb"]);
}

#[test]
fn what_is_broken_is_one_line() {
    let broken_code = notebook().to_string().replace("answer = 42", "answer = = 42");
    for (text, said) in [
        ("{\"cells\": [", "error: a.ipynb: is no notebook that can be read: "),
        ("[]", "error: a.ipynb: is no notebook that can be read: "),
        (&broken_code, "error: a.ipynb:1:10: cell 4: can't be parsed: "),
    ] {
        let folder = folder(text);
        let output = run(folder.path(), "concise");
        let error = String::from_utf8_lossy(&output.stderr);
        let first = error.lines().next().unwrap_or_default();
        assert!(first.starts_with(said), "{error}");
        assert_eq!(error.lines().filter(|it| it.contains("a.ipynb")).count(), 1, "{error}");
    }
}

/// A handler that sleeps, in a cell below the one with the imports, as Jupyter writes it.
fn sleeping() -> String {
    let cell = |source: Value, outputs: Value| json!({"cell_type": "code", "execution_count": 7, "id": "a1", "metadata": {"tags": ["kept"]}, "outputs": outputs, "source": source});
    let seen = json!([{"name": "stdout", "output_type": "stream", "text": ["é\n"]}]);
    let notebook = json!({
        "cells": [
            {"cell_type": "markdown", "id": "a0", "metadata": {}, "source": ["# About"]},
            cell(json!(["%load_ext autoreload\n", "import time"]), seen),
            cell(json!(["async def handler(request):\n", "    time.sleep(1)\n", "    return 'é'"]), json!([])),
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    notebook
        .serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))
        .expect("JSON");
    String::from_utf8(text).expect("UTF-8") + "\n"
}

#[test]
fn a_mend_changes_its_cells_and_nothing_else() {
    let before = sleeping();
    let folder = folder(&before);
    let said: Value = serde_json::from_slice(&run(folder.path(), "json").stdout).expect("JSON");
    let edits = said["findings"][0]["fix"]["edits"].as_array().expect("edits");
    let cells: Vec<_> = edits
        .iter()
        .map(|it| (it["cell"].as_u64(), it["line"].as_u64()))
        .collect();
    assert!(cells.contains(&(Some(3), Some(2))), "{cells:?}");

    let difference = tool::run(&["check", "--isolated", "--diff"], folder.path());
    insta::assert_snapshot!(String::from_utf8(difference.stdout).expect("UTF-8"), @r#"
    --- a/a.ipynb
    +++ b/a.ipynb
    @@ -28,6 +28,7 @@
        ],
        "source": [
         "%load_ext autoreload\n",
    +    "import asyncio\n",
         "import time"
        ]
       },
    @@ -43,7 +44,7 @@
        "outputs": [],
        "source": [
         "async def handler(request):\n",
    -    "    time.sleep(1)\n",
    +    "    await asyncio.sleep(1)\n",
         "    return 'é'"
        ]
       }
    "#);
    let mended = tool::run(&["check", "--isolated", "--fix"], folder.path());
    assert_eq!(
        mended.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&mended.stderr)
    );
    let after = std::fs::read_to_string(folder.path().join("a.ipynb")).expect("UTF-8");
    let mut expected: Value = serde_json::from_str(&before).expect("JSON");
    expected["cells"][1]["source"] = json!(["%load_ext autoreload\n", "import asyncio\n", "import time"]);
    expected["cells"][2]["source"][1] = json!("    await asyncio.sleep(1)\n");
    let written: Value = serde_json::from_str(&after).expect("JSON");
    assert_eq!(written, expected);
}
