//! A wrong configuration, shown at its place.

use crate::source::{LineIndex, printable, printable_in_place};
use codespan_reporting::diagnostic::{Diagnostic, Label};
use codespan_reporting::files::SimpleFile;
use codespan_reporting::term;
use std::fmt;
use std::ops::Range;

/// What is wrong with the configuration or the selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
    help: String,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    path: String,
    text: String,
    span: Range<usize>,
}

impl ConfigError {
    /// An error with what to do about it.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            place: None,
        }
    }

    /// The same error, at a place in a file.
    #[must_use]
    pub fn at(mut self, path: &str, text: &str, span: Range<usize>) -> Self {
        self.place.get_or_insert_with(|| Place {
            path: path.to_owned(),
            text: printable_in_place(text).into_owned(),
            span,
        });
        self
    }

    /// The 1-based line in the file, where there is one.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        let place = self.place.as_ref()?;
        Some(LineIndex::new(&place.text).position(&place.text, place.span.start).line)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = printable(&self.message);
        let help = printable(&self.help);
        let Some(place) = &self.place else {
            return write!(f, "error: {message}\n  = {help}");
        };
        let file = SimpleFile::new(printable(&place.path), &place.text);
        let diagnostic = Diagnostic::error()
            .with_message(message)
            .with_label(Label::primary((), place.span.clone()))
            .with_note(help);
        match term::emit_into_string(&term::Config::default(), &file, &diagnostic) {
            Ok(text) => f.write_str(text.trim_end()),
            Err(_) => write!(f, "error: {}: {}\n  = {}", place.path, self.message, self.help),
        }
    }
}

impl std::error::Error for ConfigError {}
