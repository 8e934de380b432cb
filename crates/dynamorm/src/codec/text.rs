//! The inside of JSON strings: where one ends, and its escapes in both directions.
//!
//! What is not here: quotes and everything around a string (`reader`, `writer`).

/// The lowest bit of each byte of a word, and the highest.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Finds the first byte that ends a run of plain text: `"`, `\`, or a control character.
#[inline]
pub(super) fn first_special(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut rest = bytes;
    // Eight bytes at a time. A byte less than `n` leaves its high bit set after `- n`, unless the bit was set before;
    // what a borrow adds lies above the first hit, and only the first hit is used.
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quotes = word ^ (ONES * u64::from(b'"'));
        let backslashes = word ^ (ONES * u64::from(b'\\'));
        let hits = ((quotes.wrapping_sub(ONES) & !quotes)
            | (backslashes.wrapping_sub(ONES) & !backslashes)
            | (word.wrapping_sub(ONES * 0x20) & !word))
            & HIGHS;
        if hits != 0 {
            return Some(at + (hits.trailing_zeros() / 8) as usize);
        }
        at += 8;
        rest = after;
    }
    rest.iter().position(|&byte| is_special(byte)).map(|found| at + found)
}

/// True for what stands in a JSON string as it is. 0x7F does too, but raw in a request it stands for the tenant, so that no value
/// can.
#[inline]
fn is_plain(byte: u8) -> bool {
    !is_special(byte) && byte != 0x7f
}

/// True if all bytes are plain, or none is seen that is not: the common case, and no more.
#[inline]
fn are_plain(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        if !is_plain_word(u64::from_le_bytes(*chunk)) {
            return false;
        }
        rest = after;
    }
    // What is left is less than a word: the last eight, some of them a second time, or two halves.
    match (bytes.last_chunk::<8>(), rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        _ if rest.is_empty() => true,
        (Some(last), _, _) => is_plain_word(u64::from_le_bytes(*last)),
        (None, Some(first), Some(last)) => {
            let halves = u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
            is_plain_word(halves)
        }
        _ => rest.iter().all(|&byte| is_plain(byte)),
    }
}

/// The same of eight bytes.
#[inline]
fn is_plain_word(word: u64) -> bool {
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quotes = is_zero(word ^ (ONES * u64::from(b'"')));
    let backslashes = is_zero(word ^ (ONES * u64::from(b'\\')));
    let marks = is_zero(word ^ (ONES * 0x7f));
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | marks | controls) & HIGHS == 0
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Appends `text` with its special characters escaped.
#[inline]
pub(super) fn push_escaped(buffer: &mut Vec<u8>, text: &str) {
    if are_plain(text.as_bytes()) {
        buffer.extend_from_slice(text.as_bytes());
    } else {
        push_with_escapes(buffer, text.as_bytes());
    }
}

#[inline(never)]
fn push_with_escapes(buffer: &mut Vec<u8>, mut rest: &[u8]) {
    while let Some(found) = rest.iter().position(|&byte| !is_plain(byte)) {
        let (plain, special) = rest.split_at(found);
        buffer.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else { return };
        push_escape(buffer, byte);
        rest = after;
    }
    buffer.extend_from_slice(rest);
}

fn push_escape(buffer: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        control => {
            let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
            buffer.extend_from_slice(b"\\u00");
            buffer.extend_from_slice(&[digit(control >> 4), digit(control & 15)]);
            return;
        }
    };
    buffer.extend_from_slice(&[b'\\', short]);
}

/// Reads one escape, of which `rest` begins after the backslash: the character, and how many bytes it took.
pub(super) fn unescape(rest: &[u8]) -> Option<(char, usize)> {
    let plain = match rest.first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(rest.get(1..)?),
        _ => return None,
    };
    Some((plain, 1))
}

fn unescape_unicode(rest: &[u8]) -> Option<(char, usize)> {
    let first = four_digits(rest)?;
    if !(0xD800..0xDC00).contains(&first) {
        // A low surrogate alone is no character, and `from_u32` says so.
        return Some((char::from_u32(first)?, 5));
    }
    let second = four_digits(rest.get(4..)?.strip_prefix(b"\\u")?)?;
    if !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?, 11))
}

fn four_digits(rest: &[u8]) -> Option<u32> {
    rest.get(..4)?.iter().try_fold(0, |value, &byte| Some(value * 16 + char::from(byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_byte_is_found_at_every_place_of_a_word() {
        for special in [b'"', b'\\', b'\n', 0, 0x1f] {
            for before in 0..20 {
                let mut bytes = vec![b' '; before];
                bytes.push(special);
                bytes.extend_from_slice(b"\x7f~!\"\\\x00");
                assert_eq!(first_special(&bytes), Some(before), "{special} after {before}");
            }
        }
        assert_eq!(first_special("žluťoučký kůň \u{7f}\u{80}\u{10ffff}!#[]".as_bytes()), None);
    }

    #[test]
    fn a_byte_to_escape_is_seen_at_every_place_of_every_length() {
        for special in [b'"', b'\\', b'\n', 0, 0x1f, 0x7f] {
            for length in 0..20 {
                let plain = vec![b'~'; length];
                assert!(are_plain(&plain), "{length}");
                for at in 0..length {
                    let mut bytes = plain.clone();
                    bytes[at] = special;
                    assert!(!are_plain(&bytes), "{special} at {at} of {length}");
                }
            }
        }
        // What has its high bit set is part of a longer character.
        assert!(are_plain("žluťoučký kůň \u{80}\u{10ffff}!#[]".as_bytes()));
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape(b"n..."), Some(('\n', 1)));
        assert_eq!(unescape(b"u00e9..."), Some(('é', 5)));
        assert_eq!(unescape(b"ud83D\\uDe00..."), Some(('😀', 11)));
    }

    #[test]
    fn a_surrogate_alone_is_refused() {
        let wrong: [&[u8]; 6] =
            [b"ud83d", b"ud83d....", b"ud83d\\u0041", b"ude00", b"ud83d\\ud83d", b"u+041"];
        for text in wrong {
            assert_eq!(unescape(text), None, "{}", text.escape_ascii());
        }
    }
}
