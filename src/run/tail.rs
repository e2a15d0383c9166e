//! The growing end of a file: truncated and replaced files are noticed, nothing is read twice.

use std::fs::File;
use std::io::Read;
use std::io::Result;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;

/// At most so much is handed out at once, so that a long file needs little memory.
const PIECE: u64 = 1 << 20;

/// A file read as it grows.
pub(super) struct Tail {
    path: PathBuf,
    file: File,
    position: u64,
}

/// What there is to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The next bytes.
    Bytes(Vec<u8>),
    /// The file was replaced or begun anew; what comes next is its beginning.
    Restarted,
    /// Nothing at the moment.
    Nothing,
}

impl Tail {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: File::open(path)?,
            position: 0,
        })
    }

    /// What has come since the last call.
    pub(super) fn read(&mut self) -> Result<News> {
        let mut bytes = Vec::new();
        let length = self.file.by_ref().take(PIECE).read_to_end(&mut bytes)?;
        if length > 0 {
            self.position += length as u64;
            return Ok(News::Bytes(bytes));
        }
        if self.file.metadata()?.len() < self.position {
            self.file.seek(SeekFrom::Start(0))?;
            self.position = 0;
            return Ok(News::Restarted);
        }
        // Between moving the old file away and making a new one there is none.
        let Ok(there) = File::open(&self.path) else {
            return Ok(News::Nothing);
        };
        if is_same(&self.file, &there)? {
            return Ok(News::Nothing);
        }
        self.file = there;
        self.position = 0;
        Ok(News::Restarted)
    }
}

#[cfg(unix)]
fn is_same(a: &File, b: &File) -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (a, b) = (a.metadata()?, b.metadata()?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

/// Elsewhere a new file is noticed by being shorter.
#[cfg(not(unix))]
fn is_same(a: &File, b: &File) -> Result<bool> {
    Ok(b.metadata()?.len() >= a.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(news: News) -> String {
        match news {
            News::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn growth_truncation_and_rotation_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        std::fs::write(&path, "a\n").unwrap();
        let mut tail = Tail::open(&path).unwrap();
        assert_eq!(text(tail.read().unwrap()), "a\n");
        assert_eq!(tail.read().unwrap(), News::Nothing);
        std::fs::write(&path, "").unwrap();
        assert_eq!(tail.read().unwrap(), News::Restarted);
        std::fs::write(&path, "b\n").unwrap();
        assert_eq!(text(tail.read().unwrap()), "b\n");
        std::fs::rename(&path, folder.path().join("run.log.1")).unwrap();
        assert_eq!(tail.read().unwrap(), News::Nothing);
        std::fs::write(&path, "c\n").unwrap();
        assert_eq!(tail.read().unwrap(), News::Restarted);
        assert_eq!(text(tail.read().unwrap()), "c\n");
    }
}
