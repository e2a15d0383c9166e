//! What a command writes, line by line, each with the time it came.

use std::fs::File;
use std::io::BufWriter;
use std::io::Result;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// A longer line is written in parts, so that it need not be held.
const MAX_PART: usize = 64 * 1024;

/// Writes the log. Output and errors come from two threads.
pub(super) struct Recorder {
    file: Mutex<(BufWriter<File>, Result<()>)>,
}

/// One stream's unfinished line, and when it began.
#[derive(Default)]
pub(super) struct Unfinished {
    text: Vec<u8>,
    began: Option<SystemTime>,
    /// A carriage return has just ended a line; a newline after it ends no other.
    returned: bool,
}

impl Recorder {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = BufWriter::new(File::create(path)?);
        Ok(Self {
            file: Mutex::new((file, Ok(()))),
        })
    }

    /// Takes what has just come from one stream. A progress bar's carriage return ends a line: each of its states has a time.
    pub(super) fn take(&self, line: &mut Unfinished, bytes: &[u8], now: SystemTime) {
        for part in bytes.split_inclusive(|it| matches!(it, b'\n' | b'\r')) {
            let (text, ending) = match part.split_last() {
                Some((&ending @ (b'\n' | b'\r'), text)) => (text, Some(ending)),
                _ => (part, None),
            };
            if !text.is_empty() {
                line.began.get_or_insert(now);
                line.text.extend_from_slice(text);
                line.returned = false;
            }
            match ending {
                Some(b'\n') if line.returned && line.text.is_empty() => line.returned = false,
                Some(ending) => {
                    if ending == b'\n' || !line.text.is_empty() {
                        self.write(line, now);
                    }
                    line.returned = ending == b'\r';
                }
                None if line.text.len() >= MAX_PART => self.write(line, now),
                None => {}
            }
        }
    }

    /// Writes a last line that has no ending.
    pub(super) fn end(&self, line: &mut Unfinished) {
        if !line.text.is_empty() {
            self.write(line, SystemTime::now());
        }
    }

    /// Closes the log; what could not be written is known by now.
    pub(super) fn finish(&self) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut file.1, Ok(()))?;
        file.0.flush()
    }

    fn write(&self, line: &mut Unfinished, now: SystemTime) {
        let began = line.began.take().unwrap_or(now);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // The command must go on even if the disk is full; the first error is told at the end.
        if file.1.is_ok() {
            let stamp = stamp(began);
            let parts = [stamp.as_bytes(), line.text.as_slice(), b"\n"];
            file.1 = parts.iter().try_for_each(|it| file.0.write_all(it));
        }
        line.text.clear();
    }
}

/// `2026-11-22T19:18:15.731042Z `.
fn stamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, micros) = (since.as_secs(), since.subsec_micros());
    let stamp = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(0)).unwrap_or_default();
    let text = stamp.to_string();
    format!("{}.{micros:06}Z ", text.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_time_of_their_first_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let recorder = Recorder::create(&path).unwrap();
        let mut line = Unfinished::default();
        let at = |seconds| UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        recorder.take(&mut line, b"one\r\n 10%\r", at(1));
        recorder.take(&mut line, b" 20%", at(2));
        recorder.take(&mut line, b"\rlast", at(3));
        recorder.end(&mut line);
        recorder.finish().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "1970-01-01T00:00:01.000000Z one",
                "1970-01-01T00:00:01.000000Z  10%",
                "1970-01-01T00:00:02.000000Z  20%",
                "1970-01-01T00:00:03.000000Z last",
            ]
        );
    }
}
