//! From a path to text, with every way in which that can go wrong as a value.

use super::decode;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Larger files are not Python that people write; 32 MiB.
pub const MAX_BYTES: u64 = 32 << 20;

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The operating system says no.
    Io(String),
    /// A folder, a pipe, a device.
    NotAFile,
    /// Larger than [`MAX_BYTES`].
    TooLarge(u64),
    /// Holds a NUL byte, on this line.
    Nul(usize),
    /// UTF-16 or UTF-32.
    Wide,
    /// A notebook that is not what notebooks are, with the reason.
    Notebook(String),
    /// Declares an encoding that is not known.
    UnknownEncoding(String),
    /// Not what its encoding allows: the encoding, the line, and whether the file declares it.
    Malformed {
        /// The encoding tried.
        encoding: String,
        /// The first line with a wrong byte.
        line: usize,
        /// The file names the encoding.
        declared: bool,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(message) => write!(f, "can't be read: {message}"),
            Self::NotAFile => f.write_str("not a regular file; not read"),
            Self::TooLarge(bytes) => write!(
                f,
                "{} MB is more than the limit of {} MB; exclude it with `exclude`",
                bytes >> 20,
                MAX_BYTES >> 20
            ),
            Self::Nul(line) => write!(
                f,
                "holds a NUL byte at line {line}, which Python refuses; remove it or exclude the file"
            ),
            Self::Wide => f.write_str("is UTF-16 or UTF-32, which Python refuses; save it as UTF-8"),
            Self::Notebook(reason) => write!(f, "is no notebook that can be read: {reason}"),
            Self::UnknownEncoding(name) => write!(
                f,
                "declares the encoding `{name}`, which is not known here; save it as UTF-8"
            ),
            Self::Malformed {
                encoding,
                line,
                declared: true,
            } => write!(
                f,
                "declares `{encoding}` but line {line} is not; correct the coding line or the bytes"
            ),
            Self::Malformed { encoding, line, .. } => write!(
                f,
                "is not {encoding} at line {line} and declares no encoding; add a coding line such as `# -*- coding: latin-1 -*-`"
            ),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(reason(&error))
    }
}

/// Why the operating system refused, in words.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads and decodes one file.
pub(super) fn read(path: &Path) -> Result<String, ReadError> {
    // Asked before opening: opening a pipe without a writer would wait for ever.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile);
    }
    if metadata.len() > MAX_BYTES {
        return Err(ReadError::TooLarge(metadata.len()));
    }
    let expected = usize::try_from(metadata.len()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(expected + 1);
    // The file may grow while it is read.
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_BYTES => decode::decode(bytes),
        _ => Err(ReadError::TooLarge(MAX_BYTES + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_missing_files_are_values() {
        let folder = tempfile::tempdir().expect("temporary folder");
        assert_eq!(read(folder.path()), Err(ReadError::NotAFile));
        let gone = read(&folder.path().join("gone.py")).expect_err("gone");
        assert_eq!(gone.to_string(), "can't be read: it does not exist");
    }

    #[test]
    fn a_huge_file_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("big.py");
        let file = File::create(&path).expect("file");
        file.set_len(MAX_BYTES + 1).expect("sparse file");
        assert_eq!(read(&path), Err(ReadError::TooLarge(MAX_BYTES + 1)));
    }
}
