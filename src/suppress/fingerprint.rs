//! The identity of a finding that survives edits around it.

use crate::diagnostic::Diagnostic;
use rustc_hash::FxHashMap;

/// One fingerprint a finding: 16 hexadecimal digits over rule, qualified name, anchor, and the ordinal among equals of its file.
/// Not over the path, the line or the chain: moving a file or mending a callee changes no fingerprint.
#[must_use]
pub fn fingerprints(findings: &[Diagnostic]) -> Vec<String> {
    let mut seen = FxHashMap::default();
    findings
        .iter()
        .map(|it| {
            let equals = seen
                .entry((it.location.file, it.rule.name, &*it.qualname, &*it.anchor))
                .or_insert(0_u32);
            *equals += 1;
            let ordinal = equals.to_string();
            format!("{:016x}", hash(&[it.rule.name, &it.qualname, &it.anchor, &ordinal]))
        })
        .collect()
}

/// FNV-1a, written out because baselines must outlive any library's idea of a hash.
fn hash(parts: &[&str]) -> u64 {
    parts
        .iter()
        .flat_map(|part| part.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash(&[]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(format!("{:016x}", hash(&["a"])), "089be207b544f1e4");
    }
}
