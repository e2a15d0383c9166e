//! Numbers that lines print: which of them are durations, and how long the items took by them.

use super::events::Event;
use crate::evidence::records::Log;
use crate::evidence::section::named_slot;
use crate::evidence::sites::LogSite;
use crate::evidence::template::Part;
use crate::evidence::template::Template;

/// Parts of names by which people call how long something took.
const TOOK: [&str; 12] = [
    "took",
    "elapsed",
    "duration",
    "latency",
    "seconds",
    "secs",
    "ms",
    "millis",
    "perf",
    "monotonic",
    "spent",
    "dt",
];
/// Parts of names by which people call how long something will wait.
const WAITS: [&str; 7] = ["sleep", "delay", "wait", "pause", "backoff", "cooldown", "after"];
/// Words before a value that can only be a time.
const BEFORE: [&str; 6] = ["took", "elapsed", "duration", "latency", "waiting", "sleeping"];

/// A value of a line that is a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Timed {
    slot: u16,
    /// Seconds a unit, where the line or the name says it.
    unit: Option<f64>,
}

/// The value of a log call that says how long an item took.
pub(super) fn took(site: &LogSite) -> Option<Timed> {
    timed(site, &TOOK)
}

/// The value of a log call that says how long it will wait.
pub(super) fn waits(site: &LogSite) -> Option<Timed> {
    timed(site, &WAITS)
}

fn timed(site: &LogSite, names: &[&str]) -> Option<Timed> {
    let key = site.keys.iter().find(|it| says(it, names));
    let named = key.map(|it| Timed {
        slot: named_slot(it.as_bytes()),
        unit: unit_in(it),
    });
    named.or_else(|| site.templates.iter().find_map(|it| in_template(it, names)))
}

fn in_template(template: &Template, names: &[&str]) -> Option<Timed> {
    let mut slot = 0;
    for (index, part) in template.parts.iter().enumerate() {
        let Part::Hole(hole) = part else { continue };
        let text = |at: Option<usize>| match at.and_then(|it| template.parts.get(it)) {
            Some(Part::Text(text)) => text.as_str(),
            _ => "",
        };
        let (before, after) = (text(index.checked_sub(1)), text(Some(index + 1)));
        let unit = unit_after(after);
        let last = before
            .trim_end_matches([' ', '=', ':', '('])
            .rsplit([' ', '=', ':', ','])
            .next();
        let told = last.is_some_and(|it| BEFORE.contains(&it.to_ascii_lowercase().as_str()));
        if unit.is_some() || told || says(&hole.source, names) {
            return Some(Timed {
                slot,
                unit: unit.or_else(|| unit_in(&hole.source)),
            });
        }
        slot += 1;
    }
    None
}

fn says(name: &str, words: &[&str]) -> bool {
    let mut parts = name.split(|it: char| !it.is_ascii_alphabetic());
    parts.any(|it| words.contains(&it.to_ascii_lowercase().as_str()))
}

/// `took_ms` counts thousandths.
fn unit_in(name: &str) -> Option<f64> {
    says(name, &["ms", "millis"]).then_some(1e-3)
}

/// The unit that a text begins with.
fn unit_after(text: &str) -> Option<f64> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let length = text.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(text.len());
    match &text[..length] {
        "s" | "sec" | "secs" | "seconds" => Some(1.0),
        "ms" | "msec" | "milliseconds" => Some(1e-3),
        "us" => Some(1e-6),
        _ => None,
    }
}

impl Timed {
    /// The value in a line, in seconds if the unit is known.
    pub(super) fn of(self, log: &Log, record: usize) -> Option<f64> {
        let text = text(log, record, self.slot)?;
        let length = text
            .find(|it: char| !it.is_ascii_digit() && it != '.')
            .unwrap_or(text.len());
        let number: f64 = text[..length].parse().ok()?;
        Some(number * unit_after(&text[length..]).or(self.unit).unwrap_or(1.0))
    }
}

/// When each item began and ended, by the durations that the lines print; empty if they can't be durations of these items.
pub(super) fn stretches(log: &Log, site: &LogSite, items: &[&Event], start: f64, step: f64) -> Vec<(f64, f64)> {
    /// A line is written a little after its item is done.
    const LATE: f64 = 0.05;
    /// Of ten items one may have begun before the stretch.
    const FIT: usize = 9;
    let Some(timed) = took(site) else {
        return Vec::new();
    };
    let of = |it: &&Event| Some((it.time - start, timed.of(log, it.record)?));
    let printed: Vec<(f64, f64)> = items.iter().filter_map(of).filter(|it| it.1 > 0.0).collect();
    if printed.len() * 2 <= items.len() {
        return Vec::new();
    }
    // Without a unit they are seconds, if every item can have begun in this stretch then, else thousandths.
    let fits = |scale: f64| {
        let inside = printed.iter().filter(|it| it.1 * scale <= it.0 + step + LATE);
        inside.count() * 10 >= printed.len() * FIT
    };
    let scale = [1.0, 1e-3].into_iter().find(|it| fits(*it));
    let scaled = |scale: f64| {
        printed
            .iter()
            .map(move |it| ((it.0 - it.1 * scale).max(0.0), it.0))
            .collect()
    };
    scale.map(scaled).unwrap_or_default()
}

fn text(log: &Log, record: usize, slot: u16) -> Option<&str> {
    let values = log.values(&log.records[record]);
    let text = values.iter().find(|it| it.0 == slot).map(|it| log.texts.get(it.1))?;
    std::str::from_utf8(text).ok()
}

/// The number in a hole of a line, without its unit.
fn number(log: &Log, record: usize, slot: u16) -> Option<f64> {
    let text = text(log, record, slot)?;
    let digits = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    digits.parse::<f64>().ok().filter(|it| it.is_finite())
}

/// A counter, not a duration: whole numbers that go up by the same step.
fn counts_up(values: &[f64]) -> bool {
    let steps: Vec<f64> = values.windows(2).map(|it| it[1] - it[0]).collect();
    let usual = super::measures::median(&steps);
    let same = steps.iter().filter(|it| **it == usual).count();
    usual > 0.0 && usual.fract() == 0.0 && same * 10 >= steps.len() * 9
}

/// How many items a line stands for, where it counts them and not every one is told.
pub(super) fn stands_for(log: &Log, records: &[usize]) -> f64 {
    /// Fewer lines show no step.
    const ENOUGH: usize = 4;
    let Some(first) = records.first().filter(|_| records.len() >= ENOUGH) else {
        return 1.0;
    };
    let slots = log.values(&log.records[*first]).iter().map(|it| it.0);
    let steps = slots.filter_map(|slot| {
        let values: Vec<f64> = records.iter().filter_map(|it| number(log, *it, slot)).collect();
        let step = values.get(1)? - values[0];
        (values.len() == records.len() && counts_up(&values)).then_some(step)
    });
    steps.fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::template::Hole;

    fn template(parts: &[Result<&str, &str>]) -> Template {
        let mut made = Template::default();
        for part in parts {
            match part {
                Ok(text) => made.push_text(text),
                Err(source) => made.push_hole(Hole::named(source)),
            }
        }
        made
    }

    #[test]
    fn a_unit_or_a_name_makes_a_duration() {
        let by_unit = template(&[Ok("page "), Err("url"), Ok(" done, "), Err("x"), Ok("ms")]);
        assert_eq!(
            in_template(&by_unit, &TOOK),
            Some(Timed {
                slot: 1,
                unit: Some(1e-3)
            })
        );
        let by_name = template(&[Err("name"), Ok(" "), Err("took")]);
        assert_eq!(in_template(&by_name, &TOOK), Some(Timed { slot: 1, unit: None }));
        let none = template(&[Ok("checked "), Err("invoice"), Ok(" score "), Err("score")]);
        assert_eq!(in_template(&none, &TOOK), None);
    }
}
