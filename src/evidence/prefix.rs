//! The fixed part before a log message: a layout is the sequence of its pieces, and parsing a line is one walk over them.

use super::level::Level;
use super::recent::Recent;
use super::times;
use super::times::Moment;

/// One piece of a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// A time of any absolute or daily form.
    Time,
    /// A time since the start, with its unit.
    Elapsed,
    /// A number with a fraction that grows from line to line: seconds since the start, without a unit.
    Seconds,
    /// A number that grows from line to line: milliseconds since the start.
    Millis,
    /// A level's name.
    Level,
    /// Digits: a process, a line.
    Number,
    /// A run of other characters: a logger, a file, a function, a host.
    Word,
    /// What stands between; a space means any run of white space.
    Gap(Box<[u8]>),
}

/// The pieces of a prefix in order; the message is what follows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layout {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// Whether the program's own log calls write the prefix too, as `print(f"{now} fetched {n}")` does.
    pub own: bool,
}

/// What one line's prefix says. Ranges are byte offsets in the line.
#[derive(Clone, Debug, Default)]
pub struct Prefix {
    /// The times written, outermost first.
    pub moments: Vec<Moment>,
    /// The innermost level.
    pub level: Option<Level>,
    /// Words and numbers: index of the piece, start, end.
    pub columns: Vec<(u16, usize, usize)>,
    /// Index of the last piece that is a time.
    pub last_time: Option<u16>,
    /// The time was left blank because it repeats the one before.
    pub blank_time: bool,
    /// Where the message starts.
    pub message: usize,
    recent: Recent,
}

/// Longer words are no columns.
const MAX_WORD: usize = 160;

impl Layout {
    /// Whether the prefix holds a time.
    #[must_use]
    pub fn has_time(&self) -> bool {
        self.pieces
            .iter()
            .any(|it| matches!(it, Piece::Time | Piece::Elapsed | Piece::Seconds | Piece::Millis))
    }

    /// Whether something in it is never a message's own start: a level, or the bar after a service's name.
    #[must_use]
    pub fn has_mark(&self) -> bool {
        self.pieces.iter().any(|it| match it {
            Piece::Level => true,
            Piece::Gap(gap) => gap.contains(&b'|'),
            _ => false,
        })
    }

    /// Bytes of fixed text between the fields.
    #[must_use]
    pub fn gap_bytes(&self) -> usize {
        let lengths = self
            .pieces
            .iter()
            .map(|it| if let Piece::Gap(gap) = it { gap.len() } else { 0 });
        lengths.sum()
    }

    /// Reads the prefix of `line` into `into`; false if the line is not of this layout.
    pub fn parse(&self, line: &[u8], into: &mut Prefix) -> bool {
        into.moments.clear();
        into.columns.clear();
        into.level = None;
        into.last_time = None;
        into.blank_time = false;
        if self.walk(line, 0, 0, into) {
            return true;
        }
        self.walk_blank(line, into)
    }

    /// A handler that leaves a repeated time blank: the pieces after the time, indented by at least its width, a level first.
    fn walk_blank(&self, line: &[u8], into: &mut Prefix) -> bool {
        const NARROWEST_TIME: usize = 8;
        let Some(after) = self.pieces.iter().position(|it| *it == Piece::Time).map(|it| it + 2) else {
            return false;
        };
        let indent = line.iter().take_while(|&&it| it == b' ').count();
        if indent < NARROWEST_TIME || self.pieces.get(after) != Some(&Piece::Level) {
            return false;
        }
        into.columns.clear();
        into.moments.clear();
        into.blank_time = true;
        self.walk(line, after, indent, into)
    }

    fn walk(&self, line: &[u8], first: usize, start: usize, into: &mut Prefix) -> bool {
        let mut at = start;
        for (index, piece) in self.pieces.iter().enumerate().skip(first) {
            let rest = &line[at..];
            let Some(length) = piece.length(rest, into) else {
                return false;
            };
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            match piece {
                Piece::Word | Piece::Number => into.columns.push((index, at, at + length)),
                Piece::Time | Piece::Elapsed | Piece::Seconds | Piece::Millis => into.last_time = Some(index),
                Piece::Level | Piece::Gap(_) => {}
            }
            at += length;
        }
        into.message = at;
        true
    }
}

impl Piece {
    /// The length of this piece at the start of `text`, if it is there.
    fn length(&self, text: &[u8], into: &mut Prefix) -> Option<usize> {
        match self {
            Self::Time => moment(into.recent.parse(text), into),
            Self::Elapsed => moment(times::parse_elapsed(text), into),
            Self::Seconds => moment(times::parse_seconds(text), into),
            Self::Millis => {
                let length = word_length(text);
                let whole: i64 = std::str::from_utf8(&text[..length]).ok()?.parse().ok()?;
                let found = Moment {
                    nanos: whole.checked_mul(1_000_000)?,
                    scale: times::Scale::Elapsed,
                    resolution: 1_000_000,
                };
                moment(Some((found, length)), into)
            }
            Self::Level => {
                let length = word_length(text);
                into.level = Some(Level::parse(&text[..length])?);
                Some(length)
            }
            Self::Number => {
                let length = word_length(text);
                (length > 0 && text[..length].iter().all(u8::is_ascii_digit)).then_some(length)
            }
            Self::Word => {
                let length = word_length(text);
                (length > 0 && length <= MAX_WORD).then_some(length)
            }
            Self::Gap(gap) => gap_length(gap, text),
        }
    }
}

fn moment(found: Option<(Moment, usize)>, into: &mut Prefix) -> Option<usize> {
    let (moment, length) = found?;
    into.moments.push(moment);
    Some(length)
}

/// The bytes that end a word.
const ENDS_WORD: [bool; 256] = {
    let mut ends = [false; 256];
    let bytes = b" \t\n\x0c\r|[]()<>{},;:=";
    let mut at = 0;
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};

#[inline]
fn ends_word(byte: u8) -> bool {
    ENDS_WORD[usize::from(byte)]
}

fn word_length(text: &[u8]) -> usize {
    text.iter().position(|&it| ends_word(it)).unwrap_or(text.len())
}

/// White space is flexible, and may be missing beside punctuation: formatters pad.
fn gap_length(gap: &[u8], text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for &want in gap {
        if want == b' ' {
            let spaces = text[at..].iter().take_while(|it| matches!(it, b' ' | b'\t')).count();
            if spaces == 0 && gap.len() == 1 {
                return None;
            }
            at += spaces;
        } else if text.get(at) == Some(&want) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// More pieces than this belong to the message.
const MAX_PIECES: usize = 24;

/// Every prefix that `line` could have, as layouts, shortest first.
#[must_use]
pub fn readings(line: &[u8]) -> Vec<Layout> {
    let mut pieces = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.len() && pieces.len() < MAX_PIECES {
        let gap = gap_at(&line[at..]);
        if gap > 0 {
            push_gaps(&line[at..at + gap], &mut pieces, &mut found);
            at += gap;
            continue;
        }
        let Some((piece, length)) = piece_at(&line[at..], &pieces) else {
            break;
        };
        pieces.push(piece);
        at += length;
    }
    found
}

/// The bytes up to the next word: white space, brackets, bars, colons, and dashes that stand alone.
fn gap_at(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let lone_dash = byte == b'-' && matches!(text.get(at + 1), Some(b' ' | b'-') | None);
        if !ends_word(byte) && !lone_dash {
            break;
        }
        at += 1;
    }
    at
}

/// Adds a gap as a piece, and as readings: the whole gap, and its part up to the last white space, since a message may start with a bracket.
fn push_gaps(gap: &[u8], pieces: &mut Vec<Piece>, found: &mut Vec<Layout>) {
    let mut folded: Vec<u8> = Vec::new();
    for &byte in gap {
        let byte = if byte.is_ascii_whitespace() { b' ' } else { byte };
        if byte == b' ' && folded.last() == Some(&b' ') {
            continue;
        }
        folded.push(byte);
    }
    if !pieces.is_empty() {
        let ends = folded
            .iter()
            .enumerate()
            .filter(|&(at, &it)| it == b' ' && at + 1 < folded.len());
        for (space, _) in ends {
            found.push(reading(pieces, &folded[..=space]));
        }
        found.push(reading(pieces, &folded));
    }
    pieces.push(Piece::Gap(folded.into()));
}

fn reading(pieces: &[Piece], gap: &[u8]) -> Layout {
    let mut pieces = pieces.to_vec();
    pieces.push(Piece::Gap(gap.into()));
    Layout { pieces, own: false }
}

fn piece_at(text: &[u8], before: &[Piece]) -> Option<(Piece, usize)> {
    if let Some((_, length)) = times::parse(text) {
        return Some((Piece::Time, length));
    }
    // A duration elsewhere than at the start belongs to the message.
    if before.iter().all(|it| matches!(it, Piece::Gap(_))) {
        let elapsed = times::parse_elapsed(text).map(|it| (Piece::Elapsed, it.1));
        let found = elapsed.or_else(|| times::parse_seconds(text).map(|it| (Piece::Seconds, it.1)));
        if found.is_some() {
            return found;
        }
    }
    let length = word_length(text);
    let word = text.get(..length).filter(|it| !it.is_empty() && it.len() <= MAX_WORD)?;
    let piece = if Level::parse(word).is_some() {
        Piece::Level
    } else if word.iter().all(u8::is_ascii_digit) {
        Piece::Number
    } else {
        Piece::Word
    };
    Some((piece, length))
}
