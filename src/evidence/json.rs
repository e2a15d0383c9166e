//! One JSON object a line, read by key without building a tree.

/// A member of a line's object; nested objects are flattened with dots, so `record.time.timestamp` is a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The dotted key.
    pub key: Vec<u8>,
    /// A string without its quotes and escapes, or a scalar as written.
    pub value: Vec<u8>,
}

/// Objects nested deeper than this are skipped: no logger nests its own keys so far.
const MAX_DEPTH: usize = 6;

/// The members of the object that is the whole of `text`, `None` if it isn't one.
#[must_use]
pub fn members(text: &[u8]) -> Option<Vec<Member>> {
    let text = text.trim_ascii();
    if text.first() != Some(&b'{') || text.last() != Some(&b'}') {
        return None;
    }
    let mut found = Vec::new();
    let mut cursor = Cursor { text, at: 0 };
    cursor.object(&mut Vec::new(), 0, &mut found)?;
    (cursor.at == text.len()).then_some(found)
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, want: u8) -> Option<()> {
        (self.peek()? == want).then(|| self.at += 1)
    }

    fn object(&mut self, path: &mut Vec<u8>, depth: usize, found: &mut Vec<Member>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.peek()?;
            let key = self.string()?;
            self.take(b':')?;
            let before = path.len();
            if before > 0 {
                path.push(b'.');
            }
            path.extend_from_slice(&key);
            self.value(path, depth, found)?;
            path.truncate(before);
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(())
    }

    fn value(&mut self, path: &mut Vec<u8>, depth: usize, found: &mut Vec<Member>) -> Option<()> {
        let value = match self.peek()? {
            b'"' => self.string()?,
            b'{' if depth < MAX_DEPTH => return self.object(path, depth + 1, found),
            b'{' | b'[' => self.skip_nested()?,
            _ => self.scalar(),
        };
        found.push(Member {
            key: path.clone(),
            value,
        });
        Some(())
    }

    fn scalar(&mut self) -> Vec<u8> {
        let start = self.at;
        while self
            .text
            .get(self.at)
            .is_some_and(|it| !matches!(it, b',' | b'}' | b']') && !it.is_ascii_whitespace())
        {
            self.at += 1;
        }
        self.text[start..self.at].to_vec()
    }

    fn skip_nested(&mut self) -> Option<Vec<u8>> {
        let start = self.at;
        let mut open = 0usize;
        loop {
            match self.text.get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Some(self.text[start..self.at].to_vec());
            }
        }
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        self.at += 1;
        let start = self.at;
        let length = memchr::memchr2(b'"', b'\\', &self.text[start..])?;
        self.at += length;
        let mut out = self.text[start..self.at].to_vec();
        loop {
            match self.text.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(out);
                }
                b'\\' => self.escape(&mut out)?,
                &byte => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let kind = *self.text.get(self.at + 1)?;
        self.at += 2;
        match kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                let character = self.unicode()?;
                let mut bytes = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            }
            _ => out.push(kind),
        }
        Some(())
    }

    /// The character of `\uXXXX` whose hex digits come next, with its second half where it has one. A lone surrogate becomes U+FFFD.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) || self.text.get(self.at..self.at + 2) != Some(b"\\u") {
            return Some(char::from_u32(first).unwrap_or('\u{fffd}'));
        }
        let mark = self.at;
        self.at += 2;
        let second = self.hex()?;
        if (0xdc00..0xe000).contains(&second) {
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        self.at = mark;
        Some('\u{fffd}')
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        self.at += 4;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, String)>> {
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(
            members(text.as_bytes())?
                .iter()
                .map(|it| (show(&it.key), show(&it.value)))
                .collect(),
        )
    }

    #[test]
    fn keys_nest_and_values_are_unescaped() {
        let seen = pairs(r#"{"a": {"b": 1.5, "c": "x\ny"}, "d": [1, {"e": "]"}], "f": "\ud83d\ude00\ud800"}"#).unwrap();
        let want = [
            ("a.b", "1.5"),
            ("a.c", "x\ny"),
            ("d", r#"[1, {"e": "]"}]"#),
            ("f", "\u{1f600}\u{fffd}"),
        ];
        assert_eq!(seen, want.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_object_is_none() {
        for text in [
            "",
            "{",
            "{}x}",
            "[1]",
            r#"{"a"}"#,
            r#"{"a": 1"#,
            r#"{"a": "x}"#,
            "{'a': 1}",
        ] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }
}
