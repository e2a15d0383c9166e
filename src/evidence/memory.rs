//! Memory over time, as `ps` loops and samplers write it.

use super::times;
use std::io::BufRead;

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Nanoseconds since 1970, or the sample's index where the file has no times.
    pub time: i64,
    /// Resident memory in KiB.
    pub kib: f64,
    /// Whether `time` is a clock's.
    pub clocked: bool,
}

/// Reads samples: `KIB`, `EPOCH KIB`, or `DATE TIME PID RSS ...`. Lines that are none of these are skipped.
#[must_use]
pub fn read(input: impl BufRead) -> Vec<Sample> {
    let lines = input.split(b'\n').map_while(Result::ok);
    let samples = (0..).zip(lines).filter_map(|(index, line)| sample(index, &line));
    samples.collect()
}

fn sample(index: i64, line: &[u8]) -> Option<Sample> {
    let line = line.trim_ascii();
    let number = |text: &str| text.parse::<f64>().ok();
    if let Some((moment, length)) = times::parse(line)
        && length < line.len()
    {
        let rest = std::str::from_utf8(&line[length..]).ok()?;
        let fields: Vec<f64> = rest.split_whitespace().map_while(number).collect();
        // A process number stands before its memory.
        let kib = if fields.len() > 2 { fields[1] } else { *fields.first()? };
        return Some(Sample {
            time: moment.nanos,
            kib,
            clocked: true,
        });
    }
    let kib = number(std::str::from_utf8(line).ok()?)?;
    Some(Sample {
        time: index,
        kib,
        clocked: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_shapes() {
        let text = b" 7752\n1795375489.344382679 19900\n1795375489.5\t196800\n2026-11-22 19:24:58 28576 196800 201372 13.5   1\nx\n";
        let kib: Vec<f64> = read(text.as_slice()).iter().map(|it| it.kib).collect();
        assert_eq!(kib, [7752.0, 19900.0, 196_800.0, 196_800.0]);
    }
}
