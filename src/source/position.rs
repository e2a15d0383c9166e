//! From byte offsets to lines and columns, the only place that converts positions.

/// A place as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based.
    pub line: u32,
    /// 1-based, in Unicode code points.
    pub column: u32,
}

/// Where the lines of a text begin. A line ends with `\n`, `\r\n` or a lone `\r`, as in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        starts.extend(
            memchr::memchr2_iter(b'\n', b'\r', bytes)
                .filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
                .map(|at| at + 1),
        );
        Self { starts }
    }

    /// How many lines there are; an empty text has one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The 0-based line of an offset.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of a 0-based line with its end; empty past the last line.
    #[must_use]
    pub fn range(&self, line: usize, text: &str) -> std::ops::Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or(text.len());
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        start..end
    }

    /// The position of an offset; one past the end counts as the end, one inside a character as its beginning.
    #[must_use]
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let column = text.get(start..offset).map_or(0, |before| before.chars().count());
        Position {
            line: one_based(line),
            column: one_based(column),
        }
    }
}

impl LineIndex {
    /// The 0-based line of an offset and the UTF-16 units before it on that line, as editors count.
    #[must_use]
    pub fn utf16(&self, text: &str, offset: usize) -> (u32, u32) {
        let offset = text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let units = text
            .get(start..offset)
            .map_or(0, |before| before.encode_utf16().count());
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(units).unwrap_or(u32::MAX),
        )
    }

    /// The offset of what an editor counts; past the end of a line counts as its end, before the line's own end.
    #[must_use]
    pub fn offset_of_utf16(&self, text: &str, line: u32, units: u32) -> usize {
        let range = self.range(line as usize, text);
        let content = text
            .get(range.clone())
            .unwrap_or_default()
            .trim_end_matches(['\n', '\r']);
        let mut left = units as usize;
        for (at, c) in content.char_indices() {
            if left < c.len_utf16() {
                return range.start + at;
            }
            left -= c.len_utf16();
        }
        range.start + content.len()
    }
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// The position of one offset; for several in one text, make a [`LineIndex`].
#[must_use]
pub fn line_col(text: &str, offset: u32) -> Position {
    LineIndex::new(text).position(text, offset as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_of_python_counts_once() {
        let text = "a\nb\r\nc\rd";
        let lines: Vec<u32> = (0..text.len())
            .map(|at| line_col(text, u32::try_from(at).expect("small")).line)
            .collect();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 3, 4]);
    }

    #[test]
    fn columns_are_code_points() {
        let text = "x = '日本' + f()";
        let at = text.find("f()").expect("call");
        let position = line_col(text, u32::try_from(at).expect("small"));
        assert_eq!((position.line, position.column), (1, 12));
    }

    #[test]
    fn editors_count_utf16_units() {
        let text = "a = '\u{1F600}' + f()\r\nb\n";
        let lines = LineIndex::new(text);
        let at = text.find("f()").expect("call");
        assert_eq!(lines.utf16(text, at), (0, 11));
        assert_eq!(lines.offset_of_utf16(text, 0, 11), at);
        assert_eq!(lines.offset_of_utf16(text, 0, 99), text.find('\r').expect("end"));
        assert_eq!(lines.offset_of_utf16(text, 1, 1), text.len() - 1);
        assert_eq!(lines.offset_of_utf16(text, 9, 9), text.len());
        assert_eq!(lines.offset_of_utf16(text, 0, 6), 5, "inside a pair");
    }

    #[test]
    fn offsets_past_the_end_or_inside_a_character_are_safe() {
        assert_eq!(line_col("é", 1).column, 1);
        assert_eq!(line_col("é", 99).column, 2);
        assert_eq!(line_col("", 0), Position { line: 1, column: 1 });
    }
}
