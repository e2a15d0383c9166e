//! The ways in which logs write a moment, read by hand: one pass over the bytes, no format string.

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a day.
pub const DAY: i64 = 86_400 * SECOND;

/// What a time in a log leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A date with its year: nanoseconds since 1970, in the zone of the text where none is written.
    Absolute,
    /// A date without a year (syslog), counted in the year 2000.
    YearLess,
    /// A time without a date, since midnight.
    TimeOfDay,
    /// Time since the program started.
    Elapsed,
}

/// A moment as a log wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds on its scale.
    pub nanos: i64,
    /// What they count from.
    pub scale: Scale,
    /// The smallest step that the text can express.
    pub resolution: i64,
}

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const WEEKDAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Reads a time at the start of `text` and says how many bytes it takes.
#[must_use]
pub fn parse(text: &[u8]) -> Option<(Moment, usize)> {
    let first = *text.first()?;
    if first.is_ascii_digit() {
        return iso(text)
            .or_else(|| clock_only(text))
            .or_else(|| numeric_date(text))
            .or_else(|| epoch(text))
            .or_else(|| day_first(text));
    }
    if first.is_ascii_alphabetic() {
        return month_first(text).or_else(|| weekday_first(text));
    }
    None
}

/// Reads a time since the start (`0.52s`, `662 ms`, `+1.5s`): too short a form to be looked for anywhere but at the start of a line.
#[must_use]
pub fn parse_elapsed(text: &[u8]) -> Option<(Moment, usize)> {
    // `+   1.50s`: columns are padded.
    let sign = match text.strip_prefix(b"+") {
        Some(rest) => 1 + rest.iter().take_while(|it| **it == b' ').count(),
        None => 0,
    };
    let whole = digits(&text[sign..], 12)?;
    let mut at = sign + whole.1;
    let (fraction, step, used) = fraction(&text[at..]);
    at += used;
    let gap = usize::from(text.get(at) == Some(&b' '));
    let (unit, length) = unit(&text[at + gap..])?;
    let nanos = whole.0.checked_mul(unit)?.checked_add(fraction * unit / SECOND)?;
    let resolution = (step * unit / SECOND).max(1);
    let moment = Moment {
        nanos,
        scale: Scale::Elapsed,
        resolution,
    };
    Some((moment, at + gap + length))
}

/// Reads plain seconds with a fraction (`2.224`), a word of their own: only numbers that grow from line to line are times.
#[must_use]
pub fn parse_seconds(text: &[u8]) -> Option<(Moment, usize)> {
    let whole = digits(text, 9)?;
    let rest = text.get(whole.1..).filter(|it| it.first() == Some(&b'.'))?;
    let (nanos, resolution, used) = fraction(rest);
    let length = whole.1 + used;
    let ends = matches!(text.get(length), Some(b' ' | b'\t' | b']' | b')' | b'|'));
    let moment = Moment {
        nanos: whole.0 * SECOND + nanos,
        scale: Scale::Elapsed,
        resolution,
    };
    (used > 0 && ends).then_some((moment, length))
}

fn unit(text: &[u8]) -> Option<(i64, usize)> {
    let length = text.iter().take_while(|it| it.is_ascii_alphabetic()).count();
    let unit = match &text[..length] {
        b"s" | b"sec" | b"secs" | b"seconds" => SECOND,
        b"ms" => SECOND / 1_000,
        b"us" => SECOND / 1_000_000,
        _ => return None,
    };
    Some((unit, length))
}

/// A run of at most `most` digits.
fn digits(text: &[u8], most: usize) -> Option<(i64, usize)> {
    let length = text.iter().take(most + 1).take_while(|it| it.is_ascii_digit()).count();
    if length == 0 || length > most {
        return None;
    }
    let step = |sum: i64, digit: &u8| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'));
    let value = text[..length].iter().try_fold(0, step)?;
    Some((value, length))
}

/// Exactly two digits at `at`.
fn two(text: &[u8], at: usize) -> Option<i64> {
    let (&tens, &ones) = (text.get(at)?, text.get(at + 1)?);
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// `.123` or `,123` as nanoseconds, the step it can express, and its length.
pub(super) fn fraction(text: &[u8]) -> (i64, i64, usize) {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return (0, SECOND, 0);
    }
    let (mut nanos, mut step, mut length) = (0, SECOND, 0);
    for byte in text[1..].iter().take_while(|it| it.is_ascii_digit()) {
        length += 1;
        if step > 1 {
            step /= 10;
            nanos += i64::from(byte - b'0') * step;
        }
    }
    if length == 0 {
        (0, SECOND, 0)
    } else {
        (nanos, step, length + 1)
    }
}

/// `19:18:15,731`, with ` PM` where it follows: nanoseconds since midnight, step, length.
fn time_of_day(text: &[u8]) -> Option<(i64, i64, usize)> {
    let hour_length = if text.get(1) == Some(&b':') { 1 } else { 2 };
    let mut hour = digits(text.get(..hour_length)?, 2)?.0;
    let minute = two(text, hour_length + 1)?;
    let second = two(text, hour_length + 4)?;
    let separated = text[hour_length] == b':' && text[hour_length + 3] == b':';
    if !separated || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let mut length = hour_length + 6;
    let (nanos, step, used) = fraction(&text[length..]);
    length += used;
    if text.get(length).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    if let Some(&[b' ', half @ (b'A' | b'P'), b'M']) = text.get(length..length + 3) {
        hour = hour % 12 + if half == b'P' { 12 } else { 0 };
        length += 3;
    }
    Some(((hour * 3600 + minute * 60 + second) * SECOND + nanos, step, length))
}

/// `Z`, `+01:00`, `+0100`, ` +0100`, ` UTC`: the offset in nanoseconds and its length.
pub(super) fn zone(text: &[u8]) -> (i64, usize) {
    match text {
        [b'Z', ..] => (0, 1),
        [b' ', b'U', b'T', b'C', ..] | [b' ', b'G', b'M', b'T', ..] => (0, 4),
        [b' ', rest @ ..] => offset(rest).map_or((0, 0), |(nanos, length)| (nanos, length + 1)),
        _ => offset(text).unwrap_or((0, 0)),
    }
}

fn offset(text: &[u8]) -> Option<(i64, usize)> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = two(text, 1)?;
    let colon = usize::from(text.get(3) == Some(&b':'));
    let minutes = two(text, 3 + colon)?;
    Some((sign * (hours * 3600 + minutes * 60) * SECOND, 5 + colon))
}

/// Days since 1970 of a date in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A date followed by a time of day at `at`.
fn dated(text: &[u8], at: usize, date: i64, scale: Scale) -> Option<(Moment, usize)> {
    let (time, resolution, used) = time_of_day(text.get(at..)?)?;
    let (shift, zone_length) = zone(&text[at + used..]);
    let moment = Moment {
        nanos: date.checked_mul(DAY)?.checked_add(time - shift)?,
        scale,
        resolution,
    };
    Some((moment, at + used + zone_length))
}

/// `2026-11-22T19:18:15.731Z`, `2026-11-22 19:18:15,731`, `2026/11/22 19:18:15`.
pub(super) fn iso(text: &[u8]) -> Option<(Moment, usize)> {
    let head = text.get(..11)?;
    let separator = head[4];
    if !matches!(separator, b'-' | b'/' | b'.')
        || head[7] != separator
        || !matches!(head[10], b'T' | b' ' | b'_' | b':')
    {
        return None;
    }
    let year = two(head, 0)? * 100 + two(head, 2)?;
    dated(text, 11, days(year, two(head, 5)?, two(head, 8)?)?, Scale::Absolute)
}

fn clock_only(text: &[u8]) -> Option<(Moment, usize)> {
    let (nanos, resolution, length) = time_of_day(text)?;
    let moment = Moment {
        nanos,
        scale: Scale::TimeOfDay,
        resolution,
    };
    Some((moment, length))
}

/// `11/22/2026 07:42:09 PM`: month first, as Python's `%x` writes it, unless that can't be.
fn numeric_date(text: &[u8]) -> Option<(Moment, usize)> {
    let head = text.get(..11)?;
    if !matches!(head[2], b'/' | b'-' | b'.') || head[5] != head[2] || !matches!(head[10], b' ' | b'T' | b':') {
        return None;
    }
    let (first, second) = (two(head, 0)?, two(head, 3)?);
    let (month, day) = if first > 12 || head[2] == b'.' {
        (second, first)
    } else {
        (first, second)
    };
    let year = two(head, 6)? * 100 + two(head, 8)?;
    dated(text, 11, days(year, month, day)?, Scale::Absolute)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
fn epoch(text: &[u8]) -> Option<(Moment, usize)> {
    let (value, length) = digits(text, 19)?;
    let unit = match length {
        10 => SECOND,
        13 => SECOND / 1_000,
        16 => SECOND / 1_000_000,
        19 => 1,
        _ => return None,
    };
    let (nanos, step, used) = fraction(&text[length..]);
    if text.get(length + used).is_some_and(u8::is_ascii_alphanumeric) || (length > 10 && used > 0 && unit == 1) {
        return None;
    }
    let moment = Moment {
        nanos: value.checked_mul(unit)?.checked_add(nanos / (SECOND / unit))?,
        scale: Scale::Absolute,
        resolution: (step / (SECOND / unit)).max(1),
    };
    Some((moment, length + used))
}

fn month(text: &[u8]) -> Option<i64> {
    let name = text.get(..3)?.to_ascii_lowercase();
    MONTHS
        .iter()
        .position(|it| it.as_slice() == name)
        .and_then(|it| i64::try_from(it + 1).ok())
}

/// `22/Nov/2026:19:18:15 +0000`, `22 Nov 2026 19:18:15`.
fn day_first(text: &[u8]) -> Option<(Moment, usize)> {
    let (day, length) = digits(text.get(..2)?, 2).or_else(|| digits(text.get(..1)?, 1))?;
    let separator = *text.get(length)?;
    if !matches!(separator, b'/' | b' ' | b'-') {
        return None;
    }
    let month = month(text.get(length + 1..)?)?;
    let year_at = length + 5;
    let year = two(text, year_at)? * 100 + two(text, year_at + 2)?;
    dated(text, year_at + 5, days(year, month, day)?, Scale::Absolute)
}

/// `Nov 22 19:18:15`, `Nov 22 2026 19:18:15`.
fn month_first(text: &[u8]) -> Option<(Moment, usize)> {
    let month = month(text)?;
    let padded = usize::from(text.get(4) == Some(&b' '));
    if text.get(3) != Some(&b' ') {
        return None;
    }
    let (day, length) = digits(text.get(4 + padded..)?, 2)?;
    let at = 4 + padded + length + 1;
    if let Some(found) = dated(text, at, days(2000, month, day)?, Scale::YearLess) {
        return Some(found);
    }
    let year = two(text, at)? * 100 + two(text, at + 2)?;
    dated(text, at + 5, days(year, month, day)?, Scale::Absolute)
}

/// `Sun Nov 22 19:18:15 2026`, `Sun, 22 Nov 2026 19:18:15 GMT`.
fn weekday_first(text: &[u8]) -> Option<(Moment, usize)> {
    let name = text.get(..3)?.to_ascii_lowercase();
    if !WEEKDAYS.iter().any(|it| it.as_slice() == name) {
        return None;
    }
    let skip = 4 + usize::from(text.get(3) == Some(&b','));
    let rest = text.get(skip..)?;
    let (moment, length) = day_first(rest).or_else(|| month_first(rest))?;
    let mut end = skip + length;
    let mut moment = moment;
    if moment.scale == Scale::YearLess
        && let Some((year, 4)) = text.get(end + 1..).and_then(|it| digits(it.get(..4)?, 4))
    {
        let shift = (days(year, 3, 1)? - days(2000, 3, 1)?).checked_mul(DAY)?;
        moment.nanos = moment.nanos.checked_add(shift)?;
        moment.scale = Scale::Absolute;
        end += 5;
    }
    Some((moment, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Option<(i64, usize)> {
        parse(text.as_bytes()).map(|(moment, length)| (moment.nanos, length))
    }

    #[test]
    fn every_spelling_of_one_moment_is_the_same_moment() {
        let want = 1_795_375_095 * SECOND;
        for text in [
            "2026-11-22T19:18:15Z",
            "2026-11-22 19:18:15",
            "2026/11/22 19:18:15",
            "2026-11-22T20:18:15+01:00",
            "2026-11-22T20:18:15+0100",
            "2026-11-22 20:18:15 +0100",
            "11/22/2026 07:18:15 PM",
            "22/11/2026 19:18:15",
            "22/Nov/2026:19:18:15 +0000",
            "22 Nov 2026 19:18:15",
            "Sun Nov 22 19:18:15 2026",
            "Sun, 22 Nov 2026 19:18:15 GMT",
            "1795375095",
            "1795375095000",
            "1795375095.000",
        ] {
            assert_eq!(nanos(text), Some((want, text.len())), "{text}");
        }
    }

    #[test]
    fn fractions_keep_what_they_say() {
        assert_eq!(
            parse(b"2026-11-22 19:18:15,731 x").map(|it| it.0.resolution),
            Some(1_000_000)
        );
        assert_eq!(nanos("19:18:15.5").map(|it| it.0), Some(69_495 * SECOND + SECOND / 2));
        assert_eq!(parse_elapsed(b"0.52s] x").map(|it| it.0.nanos), Some(520_000_000));
        assert_eq!(parse_elapsed(b"+   1.50s x").map(|it| it.0.nanos), Some(1_500_000_000));
        assert_eq!(parse_elapsed(b"662 ms Main").map(|it| it.0.nanos), Some(662_000_000));
    }

    #[test]
    fn other_numbers_are_no_times() {
        for text in [
            "12",
            "1.5",
            "10.0.0.1",
            "2026",
            "12:30",
            "42 documents",
            "Monday morning",
            "May be",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }
}
