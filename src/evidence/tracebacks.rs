//! Tracebacks of which something gave each line a time: they belong to the line above them, and are no lines of their own.

use super::messages::TRACEBACK;

/// What the next line of a traceback can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    /// There is none.
    #[default]
    Nothing,
    /// `File "app.py", line 3, in main`, marks below the line above, or the exception.
    Frame,
    /// The line of code that a frame quotes.
    Code,
}

/// Follows the lines of a log, without those that are of calls of the program.
#[derive(Debug, Default)]
pub(super) struct Tracebacks {
    next: Next,
}

impl Tracebacks {
    /// Whether a line is part of a traceback. Its last line, which names the exception, counts as a line of its own.
    pub(super) fn is_part(&mut self, message: &[u8]) -> bool {
        let message = message.trim_ascii();
        if message.starts_with(TRACEBACK.as_bytes()) {
            self.next = Next::Frame;
            return true;
        }
        let is_frame = message.starts_with(b"File \"");
        self.next = match self.next {
            Next::Nothing => return false,
            Next::Frame | Next::Code if is_frame => Next::Code,
            Next::Code => Next::Frame,
            Next::Frame if message.iter().all(|it| b"^~ |".contains(it)) => Next::Frame,
            Next::Frame => Next::Nothing,
        };
        self.next != Next::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_ends_with_its_exception() {
        let lines = [
            "Traceback (most recent call last):",
            "File \"/srv/app/extract.py\", line 19, in extract",
            "data = await self.service.call(",
            "^^^^^^^^^^^^^^^^^^^^^^^^",
            "File \"/srv/app/transport.py\", line 33, in call",
            "raise last",
            "app.transport.Busy: 503",
            "-- indexing --",
        ];
        let mut tracebacks = Tracebacks::default();
        let parts: Vec<bool> = lines.iter().map(|it| tracebacks.is_part(it.as_bytes())).collect();
        assert_eq!(parts, [true, true, true, true, true, true, false, false]);
    }
}
