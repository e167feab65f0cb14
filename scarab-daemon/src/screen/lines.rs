//! Output as lines of text, for who looks for something in it: without escapes, each when it is complete.

use alacritty_terminal::vte::{Parser, Perform};

use super::utf8::Whole;

/// The most bytes of a line; what comes beyond is dropped. Nobody looks at more.
const MAX_LINE: usize = 4096;
/// The most lines of one piece of output; what comes beyond is dropped.
const MAX_LINES: usize = 4096;

/// Cuts output into lines.
#[derive(Default)]
pub(crate) struct Lines {
    whole: Whole,
    parser: Parser,
    text: Text,
}

#[derive(Default)]
struct Text {
    line: String,
    /// A carriage return has come: what follows it, unless that ends the line, is written over it.
    returned: bool,
    complete: Vec<String>,
}

impl Lines {
    /// The lines that end in a piece of output.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let Self { whole, parser, text } = self;
        whole.feed(bytes, |piece| parser.advance(text, piece));
        std::mem::take(&mut text.complete)
    }
}

impl Perform for Text {
    fn print(&mut self, c: char) {
        if std::mem::take(&mut self.returned) {
            self.line.clear();
        }
        if self.line.len() + c.len_utf8() <= MAX_LINE {
            self.line.push(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.returned = false;
                let line = std::mem::take(&mut self.line);
                if self.complete.len() < MAX_LINES {
                    self.complete.push(line);
                }
            }
            b'\r' => self.returned = true,
            b'\t' => self.print(' '),
            0x08 if !self.returned => drop(self.line.pop()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(output: &[u8]) -> Vec<String> {
        Lines::default().feed(output)
    }

    #[test]
    fn escapes_are_left_out_and_what_is_written_over_is_gone() {
        assert_eq!(lines(b"\x1b[31mred\x1b[0m text\r\nnext\r\n"), ["red text", "next"]);
        assert_eq!(lines(b"10%\r100%\r\n"), ["100%"]);
        assert_eq!(lines(b"\x1b]0;a title\x07ab\x08c\n"), ["ac"]);
        assert_eq!(lines("größe\n\n".as_bytes()), ["größe", ""]);
        assert_eq!(lines(b"not complete"), [""; 0]);
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        let mut all = Lines::default();
        for _ in 0..100 {
            assert_eq!(all.feed(&[b'x'; 65_536]), [""; 0]);
        }
        assert_eq!(all.feed(b"\n"), ["x".repeat(MAX_LINE)]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_output_is_cut(output in prop::collection::vec(any::<u8>(), 0..200), size in 1usize..9) {
            let mut cut = Lines::default();
            let pieces: Vec<String> = output.chunks(size).flat_map(|piece| cut.feed(piece)).collect();
            prop_assert_eq!(pieces, lines(&output));
        }
    }
}
