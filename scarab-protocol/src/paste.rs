//! Pasted text as a terminal sends it, in chunks of any size.
//!
//! A paste is text, never a command to the terminal or to its line discipline. So in both forms these are left out:
//! the control characters other than tab, newline and carriage return, DEL, and the C1 controls, as UTF-8 (U+0080 to
//! U+009F) or as stray bytes 80 to 9F hex. xterm does the same for those it calls disallowed (it puts spaces). Without
//! ESC no text can contain the marker that ends a bracketed paste.
//!
//! - Bracketed (2004): `ESC [ 200 ~`, the text with its newlines as they are, `ESC [ 201 ~`.
//! - Not bracketed: newlines, alone or after a carriage return, become the carriage return that the Enter key sends.
//!
//! Every other byte goes through unchanged, whether or not the text is valid UTF-8.

/// What begins a bracketed paste.
pub const PASTE_START: &[u8] = b"\x1b[200~";
/// What ends a bracketed paste.
pub const PASTE_END: &[u8] = b"\x1b[201~";

/// One paste on its way. `start`, any number of `chunk`, `end`; where the text is cut into chunks makes no difference.
#[derive(Debug, Clone)]
pub struct PasteEncoder {
    bracketed: bool,
    /// The last byte sent was a carriage return: a newline after it is the same line's end.
    after_cr: bool,
    /// How many bytes the UTF-8 character at hand still lacks, so that 80 to 9F in it are not taken for controls.
    missing: u8,
    /// C2 hex, which begins U+0080 to U+00BF, was seen and waits for the byte that tells which.
    held: bool,
}

impl PasteEncoder {
    /// An encoder for one paste, bracketed if the program has asked for that (mode 2004) when the paste begins.
    pub fn new(bracketed: bool) -> Self {
        Self { bracketed, after_cr: false, missing: 0, held: false }
    }

    /// Appends what goes before the text: 6 bytes if bracketed, else nothing.
    pub fn start(&self, out: &mut Vec<u8>) {
        if self.bracketed {
            out.extend_from_slice(PASTE_START);
        }
    }

    /// Appends a piece of the text as it is sent: at most one byte more than the piece has.
    pub fn chunk(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.reserve(text.len() + 1);
        for &byte in text {
            self.byte(byte, out);
        }
    }

    /// Appends what goes after the text: at most 7 bytes. A paste that is given up ends so too, or the program would
    /// take what is typed next for more of it.
    pub fn end(mut self, out: &mut Vec<u8>) {
        self.release(out);
        if self.bracketed {
            out.extend_from_slice(PASTE_END);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte.is_ascii() {
            self.release(out);
            self.missing = 0;
            self.ascii(byte, out);
            return;
        }
        match byte {
            0x80..=0xbf if self.held => {
                self.held = false;
                if byte >= 0xa0 {
                    self.push(0xc2, out);
                    self.push(byte, out);
                }
            }
            0x80..=0xbf if self.missing > 0 => {
                self.missing -= 1;
                self.push(byte, out);
            }
            0x80..=0x9f => {}
            _ => {
                self.release(out);
                self.held = byte == 0xc2;
                self.missing = match byte {
                    0xc3..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf4 => 3,
                    _ => 0,
                };
                if !self.held {
                    self.push(byte, out);
                }
            }
        }
    }

    fn ascii(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'\n' if !self.bracketed => {
                if !self.after_cr {
                    out.push(b'\r');
                }
                self.after_cr = false;
            }
            b'\r' => {
                out.push(b'\r');
                self.after_cr = true;
            }
            b'\t' | b'\n' | b' '..=b'~' => self.push(byte, out),
            _ => {}
        }
    }

    fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        out.push(byte);
        self.after_cr = false;
    }

    /// Sends a C2 that nothing followed: no control character, only broken text.
    fn release(&mut self, out: &mut Vec<u8>) {
        if self.held {
            self.held = false;
            self.push(0xc2, out);
        }
    }
}

#[cfg(test)]
mod tests;
