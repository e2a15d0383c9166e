//! Bytes to text by Python's rules: a BOM, a coding line in the first two lines (PEP 263), else UTF-8.

use super::ReadError;
use encoding_rs::Encoding;

const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// Decodes the bytes of a source file; the BOM is not part of the text.
///
/// # Errors
/// Python would refuse the bytes, or their encoding is not known here.
pub fn decode(mut bytes: Vec<u8>) -> Result<String, ReadError> {
    if bytes.starts_with(UTF8_BOM) {
        bytes.drain(..UTF8_BOM.len());
        return utf8(bytes, false);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(ReadError::Wide);
    }
    match declared(&bytes) {
        None => utf8(bytes, false),
        Some(name) => by_name(bytes, &name),
    }
}

/// A new text in the encoding of the bytes that it replaces, with their BOM; `None` where that encoding has no bytes for it.
#[must_use]
pub fn encode(text: &str, like: &[u8]) -> Option<Vec<u8>> {
    let bytes = if like.starts_with(UTF8_BOM) {
        [UTF8_BOM, text.as_bytes()].concat()
    } else {
        match declared(like).map(|name| normalize(&name)) {
            Some(name) if LATIN_1.contains(&name.as_str()) => {
                text.chars().map(|it| u8::try_from(it).ok()).collect::<Option<_>>()?
            }
            Some(name) if lookup(&name).is_some_and(|it| it != encoding_rs::UTF_8) => {
                lookup(&name)?.encode(text).0.into_owned()
            }
            _ => text.as_bytes().to_vec(),
        }
    };
    // Whatever reads the file next must read this text.
    (decode(bytes.clone()).as_deref() == Ok(text)).then_some(bytes)
}

/// Names of the encoding in which every byte is the code point of its number.
const LATIN_1: [&str; 8] = [
    "latin-1",
    "latin1",
    "iso-8859-1",
    "iso8859-1",
    "8859",
    "cp819",
    "l1",
    "latin",
];

fn utf8(bytes: Vec<u8>, declared: bool) -> Result<String, ReadError> {
    refuse_nul(&bytes)?;
    String::from_utf8(bytes).map_err(|error| ReadError::Malformed {
        encoding: "UTF-8".to_owned(),
        line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
        declared,
    })
}

fn refuse_nul(bytes: &[u8]) -> Result<(), ReadError> {
    match memchr::memchr(0, bytes) {
        Some(at) => Err(ReadError::Nul(line_of(bytes, at))),
        None => Ok(()),
    }
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1
}

fn by_name(bytes: Vec<u8>, name: &str) -> Result<String, ReadError> {
    refuse_nul(&bytes)?;
    match normalize(name).as_str() {
        "utf-8" | "utf8" | "utf-8-sig" | "u8" | "utf" | "cp65001" => utf8(bytes, true),
        "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(at) => Err(malformed(name, &bytes, at)),
            None => utf8(bytes, true),
        },
        // Every byte is the code point of its number. What browsers call latin-1 is windows-1252.
        name if LATIN_1.contains(&name) => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
        normalized => {
            let encoding = lookup(normalized).ok_or_else(|| ReadError::UnknownEncoding(name.to_owned()))?;
            encoding
                .decode_without_bom_handling_and_without_replacement(&bytes)
                .map(std::borrow::Cow::into_owned)
                .ok_or_else(|| malformed(name, &bytes, first_wrong(encoding, &bytes)))
        }
    }
}

fn malformed(name: &str, bytes: &[u8], at: usize) -> ReadError {
    ReadError::Malformed {
        encoding: name.to_owned(),
        line: line_of(bytes, at),
        declared: true,
    }
}

fn first_wrong(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() * 3 + 16);
    decoder
        .decode_to_string_without_replacement(bytes, &mut text, true)
        .1
        .min(bytes.len())
}

/// Python's spellings: `_` and `-` are alike, case does not matter.
fn normalize(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Names that Python knows and the web's registry of encodings does not.
const PYTHON_ALIASES: &[(&str, &str)] = &[
    ("cp1250", "windows-1250"),
    ("cp1251", "windows-1251"),
    ("cp1252", "windows-1252"),
    ("cp1253", "windows-1253"),
    ("cp1254", "windows-1254"),
    ("cp1255", "windows-1255"),
    ("cp1256", "windows-1256"),
    ("cp1257", "windows-1257"),
    ("cp1258", "windows-1258"),
    ("cp866", "ibm866"),
    ("cp874", "windows-874"),
    ("cp932", "shift_jis"),
    ("ms932", "shift_jis"),
    ("mskanji", "shift_jis"),
    ("ms-kanji", "shift_jis"),
    ("s-jis", "shift_jis"),
    ("shiftjis", "shift_jis"),
    ("cp936", "gbk"),
    ("ms936", "gbk"),
    ("gb18030-2000", "gb18030"),
    ("cp949", "euc-kr"),
    ("ms949", "euc-kr"),
    ("uhc", "euc-kr"),
    ("euckr", "euc-kr"),
    ("eucjp", "euc-jp"),
    ("ujis", "euc-jp"),
    ("cp950", "big5"),
    ("big5-tw", "big5"),
    ("mac-roman", "macintosh"),
    ("macroman", "macintosh"),
    ("mac-cyrillic", "x-mac-cyrillic"),
    ("latin2", "iso-8859-2"),
    ("latin-2", "iso-8859-2"),
    ("latin9", "iso-8859-15"),
    ("latin-9", "iso-8859-15"),
    ("iso8859-15", "iso-8859-15"),
];

fn lookup(normalized: &str) -> Option<&'static Encoding> {
    let known = PYTHON_ALIASES.iter().find(|(alias, _)| *alias == normalized);
    let label = known.map_or(normalized, |(_, label)| label);
    let encoding = Encoding::for_label(label.as_bytes()).or_else(|| {
        // `iso8859-5` is Python's own name for `iso-8859-5`.
        let rest = label.strip_prefix("iso8859-")?;
        Encoding::for_label(format!("iso-8859-{rest}").as_bytes())
    })?;
    // Python refuses these in a coding line: the line itself could not be read.
    let is_wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    (!is_wide && encoding != encoding_rs::REPLACEMENT).then_some(encoding)
}

/// The encoding that one of the first two lines names; the second counts only below a comment or an empty line.
fn declared(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.splitn(3, |&byte| byte == b'\n');
    let first = lines.next()?;
    if let Some(name) = coding(first) {
        return Some(name);
    }
    let is_blank = first
        .iter()
        .find(|byte| !matches!(**byte, b' ' | b'\t' | b'\x0C' | b'\r'))
        .is_none_or(|&byte| byte == b'#');
    if is_blank { coding(lines.next()?) } else { None }
}

/// `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`
fn coding(line: &[u8]) -> Option<String> {
    let text = line.trim_ascii_start();
    if !text.starts_with(b"#") {
        return None;
    }
    memchr::memmem::find_iter(text, b"coding").find_map(|at| {
        let rest = &text[at + b"coding".len()..];
        let (b':' | b'=') = rest.first()? else { return None };
        let name: String = rest[1..]
            .iter()
            .skip_while(|byte| matches!(**byte, b' ' | b'\t'))
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(**byte, b'-' | b'_' | b'.'))
            .map(|&byte| char::from(byte))
            .collect();
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String, String> {
        decode(bytes.to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn utf8_with_and_without_bom() {
        assert_eq!(decoded("x = 'é'".as_bytes()).as_deref(), Ok("x = 'é'"));
        assert_eq!(decoded(b"\xEF\xBB\xBFx = 1").as_deref(), Ok("x = 1"));
    }

    #[test]
    fn a_coding_line_decides() {
        assert_eq!(
            decoded(b"# -*- coding: latin-1 -*-\nx = '\xE9\x80'").as_deref(),
            Ok("# -*- coding: latin-1 -*-\nx = 'é\u{80}'")
        );
        assert_eq!(
            decoded(b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'").as_deref(),
            Ok("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'")
        );
        assert_eq!(
            decoded(b"# coding: ShiftJIS\nx = '\x82\xA0'").as_deref(),
            Ok("# coding: ShiftJIS\nx = 'あ'")
        );
    }

    #[test]
    fn what_was_decoded_is_encoded_again() {
        let files: [&[u8]; 5] = [
            "x = 'é'\r\n".as_bytes(),
            b"\xEF\xBB\xBFx = 1\n",
            b"# coding: latin-1\nx = '\xE9\x80'\n",
            b"# coding: cp1252\nx = '\x80'\n",
            b"# coding: ShiftJIS\nx = '\x82\xA0'\n",
        ];
        for bytes in files {
            let text = decode(bytes.to_vec()).expect("readable");
            assert_eq!(encode(&text, bytes).as_deref(), Some(bytes));
        }
        assert_eq!(encode("# coding: latin-1\n'€'", b"# coding: latin-1\n"), None);
        assert_eq!(encode("# coding: ascii\n'é'", b"# coding: ascii\n"), None);
    }

    #[test]
    fn a_coding_line_below_code_is_no_coding_line() {
        assert_eq!(
            decoded(b"import os\n# coding: latin-1\nx = '\xE9'"),
            Err(
                "is not UTF-8 at line 3 and declares no encoding; add a coding line such as `# -*- coding: latin-1 -*-`"
                    .to_owned()
            )
        );
    }

    #[test]
    fn what_python_refuses_is_refused_with_a_reason() {
        let reason = |bytes: &[u8]| decoded(bytes).expect_err("refused");
        assert!(reason(b"\xFF\xFEx\0").contains("UTF-16"));
        assert!(reason(b"x = 1\ny = '\0'\n").contains("NUL byte at line 2"));
        assert!(reason(b"# coding: klingon\n").contains("`klingon`"));
        assert!(reason(b"# coding: ascii\nx = '\xE9'\n").contains("line 2"));
        assert!(reason(b"# coding: euc-jp\n\nx = '\xFF'\n").contains("line 3"));
    }
}
