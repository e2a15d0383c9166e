//! Bytes to physical lines, in bounded memory.

use memchr::memchr;
use memchr::memrchr;
use std::fs::File;
use std::io::Read;
use std::io::Result;
use std::path::Path;

/// The part of a line that is kept. Longer ones are dumps; a template never needs more.
pub const MAX_LINE: usize = 64 * 1024;

const CHUNK: usize = 1 << 20;

/// The size of a stretch that is read on its own: large beside what its tables cost, small beside the memory allowed.
pub const BATCH: usize = 1 << 19;

/// A file for reading, standard input for `-`.
///
/// # Errors
/// A file that can't be opened.
pub fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    Ok(Box::new(File::open(path)?))
}

/// Hands every line of `input` to `each`, without its ending, and numbered from 1. A last line without an ending counts.
/// `each` answers whether to go on. Returns the number of lines that were cut at [`MAX_LINE`].
pub fn each_line(mut input: impl Read, mut each: impl FnMut(u64, &[u8]) -> bool) -> Result<u64> {
    let mut splitter = Splitter::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if !splitter.feed(&chunk[..length], &mut each) {
            return Ok(splitter.cut);
        }
    }
    splitter.finish(&mut each);
    Ok(splitter.cut)
}

/// Cuts a stream that arrives in pieces into lines.
#[derive(Default)]
pub struct Splitter {
    held: Vec<u8>,
    overlong: bool,
    number: u64,
    /// Lines that were longer than [`MAX_LINE`].
    pub cut: u64,
}

impl Splitter {
    /// Takes the next piece; false if `each` wants no more.
    pub fn feed(&mut self, mut piece: &[u8], each: &mut impl FnMut(u64, &[u8]) -> bool) -> bool {
        while let Some(end) = memchr(b'\n', piece) {
            let go_on = if self.held.is_empty() && end <= MAX_LINE {
                self.number += 1;
                each(self.number, ending_removed(&piece[..end]))
            } else {
                self.hold(&piece[..end]);
                self.finish(each)
            };
            if !go_on {
                return false;
            }
            piece = &piece[end + 1..];
        }
        self.hold(piece);
        true
    }

    /// Hands out what is left after the last line ending.
    pub fn finish(&mut self, each: &mut impl FnMut(u64, &[u8]) -> bool) -> bool {
        if self.held.is_empty() {
            return true;
        }
        self.number += 1;
        self.cut += u64::from(self.overlong);
        self.overlong = false;
        let go_on = each(self.number, ending_removed(&self.held));
        self.held.clear();
        go_on
    }

    fn hold(&mut self, piece: &[u8]) {
        let room = MAX_LINE - self.held.len().min(MAX_LINE);
        self.overlong |= piece.len() > room;
        self.held.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

/// Whole lines of a stream.
#[derive(Debug, Default)]
pub struct Batch {
    /// The lines, each with its ending.
    pub bytes: Vec<u8>,
    /// Lines that were longer than a batch; their beginnings are kept.
    pub cut: u64,
}

/// Hands every line of `text` to `each`, without its ending, at most [`MAX_LINE`] of it. Returns how many were cut.
pub fn each_line_of(text: &[u8], mut each: impl FnMut(&[u8])) -> u64 {
    let mut rest = text;
    let mut cut = 0;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        cut += u64::from(end > MAX_LINE);
        each(ending_removed(&rest[..end.min(MAX_LINE)]));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    cut
}

/// Cuts a stream into [`Batch`]es of whole lines.
#[derive(Default)]
pub struct Batcher {
    held: Vec<u8>,
    /// The rest of a line longer than a batch is thrown away up to its ending.
    skipping: bool,
    cut: u64,
}

impl Batcher {
    /// The next batch of `input`, of about [`BATCH`] bytes; `None` at the end.
    ///
    /// # Errors
    /// An input that can't be read.
    pub fn next(&mut self, input: &mut impl Read) -> Result<Option<Batch>> {
        loop {
            let before = self.held.len();
            let room = u64::try_from(BATCH.saturating_sub(before).max(1)).unwrap_or(1);
            // Room for all of it at once: a buffer that grows is copied several times.
            self.held.reserve_exact(BATCH.saturating_sub(before));
            let read = input.take(room).read_to_end(&mut self.held)?;
            if read == 0 {
                return Ok(self.finish());
            }
            if let Some(batch) = self.cut_off(before) {
                return Ok(Some(batch));
            }
        }
    }

    /// Takes the next bytes and gives the whole lines there are now.
    pub fn take(&mut self, bytes: &[u8]) -> Option<Batch> {
        let before = self.held.len();
        self.held.extend_from_slice(bytes);
        self.cut_off(before)
    }

    /// What is left after the last line ending.
    pub fn finish(&mut self) -> Option<Batch> {
        let bytes = std::mem::take(&mut self.held);
        let cut = std::mem::take(&mut self.cut);
        self.skipping = false;
        (!bytes.is_empty()).then_some(Batch { bytes, cut })
    }

    fn cut_off(&mut self, before: usize) -> Option<Batch> {
        if self.skipping {
            let Some(end) = memchr(b'\n', &self.held[before..]) else {
                self.held.truncate(before);
                return None;
            };
            self.held.drain(before..before + end);
            self.skipping = false;
        }
        let Some(mut end) = memrchr(b'\n', &self.held) else {
            self.skip_overlong();
            return None;
        };
        end = before_parts(&self.held, end);
        let rest = self.held[end + 1..].to_vec();
        let mut bytes = std::mem::replace(&mut self.held, rest);
        bytes.truncate(end + 1);
        let cut = std::mem::take(&mut self.cut);
        Some(Batch { bytes, cut })
    }

    /// A line that fills a batch without an end is a dump: its beginning is kept.
    fn skip_overlong(&mut self) {
        if self.held.len() >= BATCH {
            self.held.truncate(MAX_LINE);
            self.skipping = true;
            self.cut += 1;
        }
    }
}

/// The line ending to cut at: before lines that a container runtime marks as parts of one (`... stderr P text`).
fn before_parts(text: &[u8], end: usize) -> usize {
    /// A part is a page or more; so many in a row are a line that is cut anyway.
    const MOST_PARTS: usize = 16;
    /// The mark stands after a time and the name of the stream.
    const MARK_WITHIN: usize = 64;
    let mut at = end;
    for _ in 0..MOST_PARTS {
        let start = memrchr(b'\n', &text[..at]).map_or(0, |it| it + 1);
        let head = &text[start..at.min(start + MARK_WITHIN)];
        let is_part = [b" stderr P ".as_slice(), b" stdout P "]
            .iter()
            .any(|it| memchr::memmem::find(head, it).is_some());
        if !is_part {
            return at;
        }
        if start == 0 {
            break;
        }
        at = start - 1;
    }
    end
}

fn ending_removed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Vec<u8>> {
        let mut seen = Vec::new();
        each_line(text, |_, line| {
            seen.push(line.to_vec());
            true
        })
        .unwrap();
        seen
    }

    #[test]
    fn endings_of_all_kinds() {
        assert_eq!(lines(b"a\r\nb\n\nlast"), [b"a".as_slice(), b"b", b"", b"last"]);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; 3 << 20];
        text.extend_from_slice(b"\nnext\n");
        let seen = lines(&text);
        assert_eq!(seen[0].len(), MAX_LINE);
        assert_eq!(seen[1], b"next");
    }
}
