//! SHA-256 of several parts, where text must be told and need not be read: in keys of records.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// In hexadecimal. Where one part ends and the next begins is part of it.
pub(crate) fn of(parts: &[&[u8]]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(super::of(&[b"a", b"bc"]), super::of(&[b"ab", b"c"]));
        assert_eq!(super::of(&[b"a"]).len(), 64);
    }
}
