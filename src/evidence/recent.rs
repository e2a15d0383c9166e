//! The second that was read last: the lines of one second begin alike, so its date is worked out once.

use super::times;
use super::times::Moment;
use super::times::Scale;

/// Bytes of `2026-11-22 19:18:15`.
const LENGTH: usize = 19;

/// A date with a time as the last line wrote it, up to the second.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    text: [u8; LENGTH],
    nanos: i64,
}

impl Recent {
    /// [`times::parse`], with less work where the text begins as the last one did.
    pub(super) fn parse(&mut self, text: &[u8]) -> Option<(Moment, usize)> {
        if let Some((second, rest)) = text.split_first_chunk::<LENGTH>() {
            if *second == self.text
                && let Some((nanos, resolution, length)) = tail(rest)
            {
                let moment = Moment {
                    nanos: self.nanos.checked_add(nanos)?,
                    scale: Scale::Absolute,
                    resolution,
                };
                return Some((moment, LENGTH + length));
            }
            // A shorter hour leaves room for a zone, behind which nothing more would be read.
            let ends = second[LENGTH - 1].is_ascii_digit();
            if let Some((moment, LENGTH)) = times::iso(second).filter(|_| ends) {
                (self.text, self.nanos) = (*second, moment.nanos);
            }
        }
        times::parse(text)
    }
}

/// What follows the seconds of a date with a time: nanoseconds to add, the step, the length. `None` where it changes what
/// stands before: more digits, a half of the day.
fn tail(text: &[u8]) -> Option<(i64, i64, usize)> {
    let (nanos, step, used) = times::fraction(text);
    let rest = &text[used..];
    if matches!(rest, [b'0'..=b'9', ..] | [b' ', b'A' | b'P', b'M', ..]) {
        return None;
    }
    let (shift, length) = times::zone(rest);
    Some((nanos - shift, step, used + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_known_changes_nothing() {
        let ends = [
            "", ",731", ".731Z x", " - x", " PM", ",5 AM", "Z", "+01:00", " +0100", " UTC", "7", " -x", ".",
        ];
        for start in [
            "2026-11-22 07:18:15",
            "2026/11/22T24:00:60",
            "1795375095000000000",
            "2026-11-22 7:18:15Z",
            "2026-13-22 07:18:15",
        ] {
            let mut recent = Recent::default();
            for end in ends.iter().chain(&ends) {
                let text = format!("{start}{end}");
                assert_eq!(recent.parse(text.as_bytes()), times::parse(text.as_bytes()), "{text}");
            }
        }
    }
}
