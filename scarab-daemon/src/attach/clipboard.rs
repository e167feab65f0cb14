//! A program's text on its way to the outer terminal's clipboard (OSC 52).

/// The most bytes of a text that are handed on: terminals ignore longer sequences, or choke on them.
const MAX_TEXT: usize = 100_000;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends what puts a text on the clipboard or the primary selection; nothing for a text that is too long.
pub fn write(primary: bool, text: &str, out: &mut Vec<u8>) {
    if text.len() > MAX_TEXT {
        return;
    }
    out.extend_from_slice(if primary { b"\x1b]52;p;" } else { b"\x1b]52;c;" });
    base64(text.as_bytes(), out);
    out.extend_from_slice(b"\x1b\\");
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    for piece in bytes.chunks(3) {
        let byte = |at: usize| u32::from(piece.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let used = digit <= piece.len();
            let value = bits >> (18 - 6 * digit) & 0x3f;
            out.push(if used { DIGITS[value as usize] } else { b'=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_in_base64() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (text, expected) in vectors {
            let mut out = Vec::new();
            write(false, text, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), format!("\x1b]52;c;{expected}\x1b\\"));
        }
        let mut out = Vec::new();
        write(true, &"x".repeat(MAX_TEXT + 1), &mut out);
        assert!(out.is_empty());
    }
}
