//! Notebooks: from their JSON to the code of their cells, one below the other, and from its lines back to the cells.

use super::{Location, ReadError};
use ruff_diagnostics::SourceMap;
use ruff_notebook::{Notebook, NotebookIndex};
use ruff_source_file::OneIndexed;
use ruff_text_size::TextSize;
use std::path::Path;

/// Which lines of a notebook's code stand in which cell.
#[derive(Clone, Debug)]
pub struct Cells(NotebookIndex);

impl Cells {
    /// The cell of a line of the code and the line in that cell, all counted from 1; every cell of the notebook counts.
    #[must_use]
    pub fn place(&self, line: u32) -> (u32, u32) {
        let row = OneIndexed::new(line as usize).unwrap_or(OneIndexed::MIN);
        let number = |it: Option<OneIndexed>| it.map_or(1, |it| u32::try_from(it.get()).unwrap_or(u32::MAX));
        (number(self.0.cell(row)), number(self.0.cell_row(row)))
    }
}

/// Whether the name is one of a notebook.
#[must_use]
pub fn is_notebook(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "ipynb")
}

/// The code of a notebook; one in another language has none.
pub(super) fn code(json: &str) -> Result<(String, Cells), ReadError> {
    let notebook = parsed(json)?;
    let code = if notebook.is_python_notebook() {
        notebook.source_code().to_owned()
    } else {
        String::new()
    };
    Ok((code, Cells(notebook.into_index())))
}

fn parsed(json: &str) -> Result<Notebook, ReadError> {
    Notebook::from_source_code(json).map_err(|error| {
        let message = error.to_string();
        ReadError::Notebook(message.lines().next().unwrap_or_default().to_owned())
    })
}

/// The notebook with `new` as the code of its cells, written as Jupyter writes it.
///
/// `edits` made `new` of the code that is there; they are in order, share no byte, and tell where a cell ends now.
///
/// # Errors
/// It is no notebook.
pub fn with_code(json: &str, edits: &[(Location, String)], new: &str) -> Result<String, ReadError> {
    let mut notebook = parsed(json)?;
    let mut moved = SourceMap::default();
    let mut grown: i64 = 0;
    for (location, inserted) in edits {
        let now = |place: u32, grown: i64| TextSize::new(u32::try_from(i64::from(place) + grown).unwrap_or(u32::MAX));
        moved.push_marker(TextSize::new(location.start), now(location.start, grown));
        grown += i64::try_from(inserted.len()).unwrap_or(i64::MAX) - i64::from(location.end - location.start);
        moved.push_marker(TextSize::new(location.end), now(location.end, grown));
    }
    notebook.update(&moved, new.to_owned());
    let mut text = Vec::with_capacity(json.len() + new.len());
    let written = notebook.write(&mut text).map_err(|error| error.to_string());
    let text = written.and_then(|()| String::from_utf8(text).map_err(|error| error.to_string()));
    text.map_err(ReadError::Notebook)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTEBOOK: &str = r#"{
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["about"]},
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null,
             "source": ["import time\n", "%matplotlib inline"]},
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null,
             "source": "x = 1\ny = 2"}
        ],
        "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 4
    }"#;

    #[test]
    fn lines_know_their_cells() {
        let (text, cells) = code(NOTEBOOK).expect("a notebook");
        assert_eq!(text, "import time\n%matplotlib inline\nx = 1\ny = 2\n");
        let places: Vec<(u32, u32)> = (1..5).map(|line| cells.place(line)).collect();
        assert_eq!(places, [(2, 1), (2, 2), (3, 1), (3, 2)]);
    }

    #[test]
    fn what_is_no_notebook_is_one_clear_line() {
        for broken in [
            "",
            "{",
            "[]",
            "{\"cells\": 1}",
            "{\"cells\": [], \"metadata\": {}, \"nbformat\": 3, \"nbformat_minor\": 0}",
        ] {
            let error = code(broken).expect_err("broken").to_string();
            assert!(error.starts_with("is no notebook that can be read: "), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn other_languages_have_no_python() {
        let other = NOTEBOOK.replace("\"python\"", "\"R\"");
        assert_eq!(code(&other).map(|it| it.0), Ok(String::new()));
    }
}
