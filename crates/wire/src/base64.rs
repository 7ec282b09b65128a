//! Base64 in the forms that trackers write.

/// Decodes base64. `None` if `text` is not base64.
///
/// Accepts both alphabets, also mixed. Padding and line breaks can be anywhere or missing. A space counts as `+`, because form
/// decoding turns `+` into a space.
///
/// ```
/// use signals_wire::base64::decode;
/// for text in ["Pz8-", "Pz8+", "Pz8 ", "Pz\r\n8-=="] {
///     assert_eq!(decode(text).as_deref(), Some(b"??>".as_slice()));
/// }
/// assert_eq!(decode("%"), None);
/// assert_eq!(decode("P"), None, "too short for a byte");
/// ```
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let mut rest = text.as_bytes();
    // Fast path: four letters are three bytes, up to the first padding or line break.
    while let [a, b, c, d, after @ ..] = rest {
        let six = [a, b, c, d].map(|letter| SIX_BITS[usize::from(*letter)]);
        if six.into_iter().any(|six| six >= SKIPPED) {
            break;
        }
        let bits = six.into_iter().fold(0, |bits: u32, six| bits << 6 | u32::from(six));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
        rest = after;
    }
    let mut bits: u32 = 0;
    let mut count: u32 = 0;
    for byte in rest {
        let six = match SIX_BITS[usize::from(*byte)] {
            SKIPPED => continue,
            UNKNOWN => return None,
            six => six,
        };
        // The bits that are shifted out are used already.
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // Six remaining bits are a character that is not part of a byte.
    (count < 6).then_some(bytes)
}

const SKIPPED: u8 = 64;
const UNKNOWN: u8 = 65;

/// The value of every byte.
const SIX_BITS: [u8; 256] = {
    let mut table = [UNKNOWN; 256];
    let mut byte = 0;
    while byte < table.len() {
        let letter = byte as u8;
        table[byte] = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' | b' ' => 62,
            b'/' | b'_' => 63,
            b'=' | 0..=31 | 127 => SKIPPED,
            _ => UNKNOWN,
        };
        byte += 1;
    }
    table
};

/// Decodes base64 as text. Invalid UTF-8 becomes U+FFFD.
///
/// ```
/// use signals_wire::base64::decode_text;
/// assert_eq!(decode_text("w7zDvA==").as_deref(), Some("üü"));
/// ```
pub fn decode_text(text: &str) -> Option<String> {
    let bytes = decode(text)?;
    Some(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}
