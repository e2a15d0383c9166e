//! Between the URIs of an editor and the paths of the file system.

use lsp_types::Uri;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The path of a `file:` URI, through links where it exists; `None` for anything else.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = decoded(&rest[rest.find('/')?..])?;
    let path = PathBuf::from(path);
    Some(path.canonicalize().unwrap_or(path))
}

/// The URI of an absolute path.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let mut text = "file://".to_owned();
    for byte in path.to_str()?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri::from_str(&text).ok()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        let path = Path::new("/not there/ü#%.py");
        let uri = uri_of(path).expect("a URI");
        assert_eq!(uri.as_str(), "file:///not%20there/%C3%BC%23%25.py");
        assert_eq!(path_of(&uri).as_deref(), Some(path));
        let odd = Uri::from_str("file:///a%zz").ok();
        assert_eq!(odd.and_then(|it| path_of(&it)), None);
        let other = Uri::from_str("untitled:Untitled-1").expect("a URI");
        assert_eq!(path_of(&other), None);
    }
}
