//! Bytes to physical lines, in bounded memory.

use memchr::memchr;
use std::fs::File;
use std::io::Read;
use std::io::Result;
use std::path::Path;

/// The part of a line that is kept. Longer ones are dumps; a template never needs more.
pub const MAX_LINE: usize = 64 * 1024;

const CHUNK: usize = 1 << 20;

/// A file for reading, standard input for `-`.
pub fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
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
