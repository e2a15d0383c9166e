//! Finding the layouts of a log from a sample of its lines.

use super::prefix::Layout;
use super::prefix::Piece;
use super::prefix::Prefix;
use super::prefix::readings;
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;

/// Says how many literal bytes of a known template a message matches; 0 if it matches none.
pub type Oracle<'a> = &'a dyn Fn(&[u8]) -> usize;

/// A log rarely mixes more shapes than its program, its server, its wrapper and a library have.
const MAX_LAYOUTS: usize = 6;

/// A layout must explain this share of the lines that no other one explains: below it, it is a message that looks like a prefix.
const MIN_SHARE: f64 = 0.05;

/// ... and at least this many lines.
const MIN_LINES: usize = 2;

/// Readings are tried in order of frequency; the right one is among the first dozens.
const MAX_CANDIDATES: usize = 160;

/// The layouts of `sample`, the one that explains most first.
#[must_use]
pub fn layouts(sample: &[&[u8]], oracle: Option<Oracle<'_>>) -> Vec<Layout> {
    let mut open: Vec<&[u8]> = sample
        .iter()
        .copied()
        .filter(|it| !it.trim_ascii().is_empty())
        .collect();
    let mut found: Vec<Layout> = Vec::new();
    while found.len() < MAX_LAYOUTS && !open.is_empty() {
        let Some(best) = best_layout(&open, oracle) else {
            break;
        };
        let best = Layout {
            own: oracle.is_some_and(|it| writes_prefix(&best, &open, it)),
            ..best
        };
        let mut prefix = Prefix::default();
        let before = open.len();
        open.retain(|line| !best.parse(line, &mut prefix));
        if open.len() == before {
            break;
        }
        found.push(best);
    }
    found
}

/// Whether templates are found in whole lines that are not found behind the prefix: the program writes both.
fn writes_prefix(layout: &Layout, lines: &[&[u8]], oracle: Oracle<'_>) -> bool {
    let mut prefix = Prefix::default();
    let own =
        |line: &&[u8]| layout.parse(line, &mut prefix) && oracle(&line[prefix.message..]) == 0 && oracle(line) > 0;
    layout.has_time() && lines.iter().any(own)
}

fn best_layout(open: &[&[u8]], oracle: Option<Oracle<'_>>) -> Option<Layout> {
    let mut counts: FxHashMap<Layout, usize> = FxHashMap::default();
    let mut prefix = Prefix::default();
    for line in open {
        let record = record_start(line);
        for reading in readings(line) {
            // What JSON itself says of the time is no part of what stands before it.
            if record.is_none_or(|it| reading.parse(line, &mut prefix) && prefix.message <= it) {
                *counts.entry(reading).or_default() += 1;
            }
        }
    }
    let needed = MIN_LINES.max((MIN_SHARE * open.len() as f64) as usize).min(open.len());
    // A handler that blanks a repeated time may write it once in a hundred lines.
    let mut candidates: Vec<(Layout, usize)> = counts
        .into_iter()
        .filter(|(layout, count)| *count >= needed || layout.has_time())
        .collect();
    candidates.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    candidates.truncate(MAX_CANDIDATES);
    let whole: Vec<usize> = open.iter().map(|it| credit(oracle, it)).collect();
    let scored = candidates.into_iter().filter_map(|(layout, count)| {
        let score = score(&layout, open, &whole, oracle)?;
        Some((score, count, layout))
    });
    let best = scored.max_by(|a, b| {
        let longer = a.2.gap_bytes().cmp(&b.2.gap_bytes());
        a.0.total_cmp(&b.0)
            .then(a.1.cmp(&b.1))
            .then(longer)
            .then_with(|| b.2.cmp(&a.2))
    })?;
    Some(promote(best.2, open))
}

/// Where the JSON begins with which a line ends.
fn record_start(line: &[u8]) -> Option<usize> {
    line.trim_ascii_end().strip_suffix(b"}")?;
    memchr::memmem::find(line, b"{\"")
}

/// What the templates found in a message are worth.
fn credit(oracle: Option<Oracle<'_>>, message: &[u8]) -> usize {
    oracle.map_or(0, |it| it(message).min(MAX_CREDIT))
}

/// How well a layout explains the lines: templates found behind it count most, then the fields that only a prefix has.
/// `whole` is what each line is worth without any prefix; where no time tells the prefix from a message it must be worth more.
fn score(layout: &Layout, lines: &[&[u8]], whole: &[usize], oracle: Option<Oracle<'_>>) -> Option<f64> {
    let mut prefix = Prefix::default();
    let mut fit = 0usize;
    let mut literal = 0usize;
    let mut bare = 0usize;
    let mut moments: Vec<i64> = Vec::new();
    let mut values: Vec<FxHashSet<&[u8]>> = vec![FxHashSet::default(); layout.pieces.len()];
    for (line, whole) in lines.iter().zip(whole) {
        if !layout.parse(line, &mut prefix) {
            continue;
        }
        fit += 1;
        bare += whole;
        moments.extend(prefix.moments.first().map(|it| it.nanos));
        literal += credit(oracle, &line[prefix.message..]);
        for &(column, start, end) in &prefix.columns {
            values[usize::from(column)].insert(&line[start..end]);
        }
    }
    if fit == 0 || (layout.pieces.contains(&Piece::Seconds) && !grows(&moments)) {
        return None;
    }
    let shape = shape_value(layout, &values, fit);
    let marked = layout.has_time() || layout.has_mark();
    if literal == 0 && (shape <= 0.0 || !marked) {
        return None;
    }
    let bare = if layout.has_time() { 0.0 } else { bare as f64 };
    let score = (literal as f64 - bare) * TEMPLATE_WEIGHT + shape * fit as f64;
    (layout.has_time() || score > 0.0).then_some(score)
}

/// One long message must not outvote many short ones.
const MAX_CREDIT: usize = 40;

/// A template found is stronger than any look: one matched byte outweighs a guessed column.
const TEMPLATE_WEIGHT: f64 = 2.0;

/// What a layout's fields are worth on their looks alone.
fn shape_value(layout: &Layout, values: &[FxHashSet<&[u8]>], fit: usize) -> f64 {
    let mut value = 0.0;
    for (index, piece) in layout.pieces.iter().enumerate() {
        value += match piece {
            Piece::Time | Piece::Elapsed | Piece::Seconds | Piece::Millis => 3.0,
            Piece::Level => 2.5,
            Piece::Gap(_) => 0.0,
            Piece::Number if index > 0 && is_colon(&layout.pieces[index - 1]) => LINE_NUMBER,
            Piece::Word | Piece::Number => column_value(values[index].len(), fit, layout.pieces.get(index + 1)),
        };
    }
    value
}

/// A number after a colon is a line's, and varies from line to line.
const LINE_NUMBER: f64 = 0.4;

fn is_colon(piece: &Piece) -> bool {
    matches!(piece, Piece::Gap(gap) if **gap == *b":")
}

/// A column repeats itself and is set off by more than a space. Anything else is likely the message's first word.
fn column_value(distinct: usize, fit: usize, after: Option<&Piece>) -> f64 {
    let set_off = matches!(after, Some(Piece::Gap(gap)) if gap.iter().any(|it| *it != b' '));
    let repeats = distinct <= 1 || distinct * 4 <= fit;
    match (set_off, repeats) {
        (true, true) => 0.5,
        (true, false) => -0.5,
        (false, true) => -0.2,
        (false, false) => -2.0,
    }
}

/// Times since the start never fall, but where threads write lines slightly out of order or a second run begins; scores
/// and sizes do.
fn grows(moments: &[i64]) -> bool {
    /// Fewer numbers grow by chance.
    const ENOUGH: usize = 4;
    /// One in so many may fall.
    const RARELY: usize = 20;
    let falls = moments.windows(2).filter(|it| it[1] < it[0]).count();
    moments.len() >= ENOUGH && falls * RARELY <= moments.len() && moments.first() < moments.last()
}

/// A layout without a time whose first number never falls is counting milliseconds.
fn promote(layout: Layout, lines: &[&[u8]]) -> Layout {
    const ENOUGH: usize = 4;
    let first = layout.pieces.iter().position(|it| *it == Piece::Number);
    let Some(first) = first.filter(|_| !layout.has_time()) else {
        return layout;
    };
    if !layout.pieces[..first].iter().all(|it| matches!(it, Piece::Gap(_))) {
        return layout;
    }
    let mut prefix = Prefix::default();
    let mut seen: Vec<u64> = Vec::new();
    for line in lines {
        if layout.parse(line, &mut prefix)
            && let Some(&(_, start, end)) = prefix.columns.first()
        {
            let text = std::str::from_utf8(&line[start..end]).unwrap_or_default();
            seen.extend(text.parse::<u64>());
        }
    }
    let grows = seen.windows(2).all(|it| it[0] <= it[1]) && seen.first() < seen.last();
    let mut layout = layout;
    if grows && seen.len() >= ENOUGH {
        layout.pieces[first] = Piece::Millis;
    }
    layout
}
