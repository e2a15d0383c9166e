//! What was measured in a stretch, in sentences.

use super::measures::Measures;
use super::measures::median;

/// How many items were done, and how fast; a pause that the clock can't show is not told.
fn items(it: &Measures) -> String {
    /// Shorter pauses are those of a burst, and say nothing of the time between bursts.
    const SHORTEST: f64 = 0.001;
    let rate = it.items as f64 / it.seconds.max(f64::MIN_POSITIVE);
    let rate = if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    };
    let mut text = format!("{} items in {:.1} s, {rate} a second", it.items, it.seconds);
    if it.pause >= SHORTEST.max(it.step) {
        text.push_str(&format!(", the usual pause between two is {:.0} ms", it.pause * 1000.0));
    }
    if it.width > 1 {
        text.push_str(&format!(
            ", on average {:.1} in flight and at most {}",
            it.busy, it.width
        ));
    }
    text
}

pub(super) fn notes(it: &Measures, windows: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if windows > 1 {
        notes.push(format!(
            "{windows} stretches of the run, the longest {:.1} s",
            it.seconds
        ));
    }
    if it.items > 1 {
        notes.push(items(it));
        if it.hold > it.seconds / 3.0 && !it.vague {
            notes.push(format!(
                "nine tenths of them were done after {:.1} s; the rest took {:.1} s more",
                it.seconds - it.hold,
                it.hold
            ));
        }
        if it.lead > 0.3 {
            notes.push(format!("the first item was done after {:.1} s", it.lead * it.seconds));
        }
    } else {
        notes.push(format!("{:.1} s between two lines of the log", it.seconds));
    }
    notes.extend(critical(it));
    if it.drift > 2.0 {
        notes.push(if it.prints {
            format!("the durations that the lines print grow by a factor of {:.1}", it.drift)
        } else {
            format!(
                "from its start to its end an item takes {:.1} times as long at last as at first",
                it.drift
            )
        });
    }
    notes.extend(refusals(it));
    if it.held > 0.3 {
        notes.push(format!(
            "for {:.0} % of the time nothing else could run: the code between two lines of an item never awaits",
            it.held * 100.0
        ));
    }
    if it.grown > 0.0 && it.growth_share > 0.1 {
        notes.push(format!("memory grew by {:.0} MB", it.grown / 1024.0));
    }
    notes
}

/// What was tried again or turned away, as far as there is some of it.
fn refusals(it: &Measures) -> Vec<String> {
    let mut notes = Vec::new();
    if it.retries > 0 {
        let mut text = format!("{} lines about retries", it.retries);
        if it.waited > 0.0 {
            text.push_str(&format!(
                ", which announce {:.1} s of waits, most of them side by side",
                it.waited
            ));
        }
        notes.push(text);
    }
    let seen = [
        (it.limits, "limits"),
        (it.timeouts, "time-outs"),
        (it.pool_full, "full pools"),
    ];
    let told: Vec<String> = seen
        .iter()
        .filter(|it| it.0 > 0)
        .map(|it| format!("{} about {}", it.0, it.1))
        .collect();
    if !told.is_empty() {
        notes.push(format!("lines that say more was asked than given: {}", told.join(", ")));
    }
    notes
}

/// The way to the end of the stretch, where a single item or a chain of them decides it.
fn critical(it: &Measures) -> Option<String> {
    let chain = &it.critical.chain;
    let last = chain.last()?;
    let durations: Vec<f64> = it.stretches.iter().map(|it| it.1 - it.0).collect();
    if it.waits_for_one() {
        return Some(format!(
            "the last to be done took {:.1} s, the usual one {:.1} s; for {:.1} s it was in flight alone",
            last.1 - last.0,
            median(&durations),
            it.critical.alone
        ));
    }
    let seconds: f64 = chain.iter().map(|it| it.1 - it.0).sum();
    (chain.len() > 1 && seconds > it.seconds / 2.0).then(|| {
        format!(
            "the end waits for {} of them, each begun when another had made room: {seconds:.1} of {:.1} s",
            chain.len(),
            it.seconds
        )
    })
}
