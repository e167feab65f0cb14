//! Output as lines of text, for who looks for something in it: without escapes, each when it is complete.

use alacritty_terminal::vte::{Parser, Perform};

use super::{
    SLICE,
    filter::{Filter, Step},
    utf8::Whole,
};

/// The most bytes of a line; what comes beyond is dropped. Nobody looks at more.
const MAX_LINE: usize = 4096;

/// Cuts output into lines.
pub(crate) struct Lines {
    /// Nothing here is for who reads lines, and the parser would keep an unterminated command for ever.
    filter: Filter,
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

impl Default for Lines {
    fn default() -> Self {
        Self {
            filter: Filter::without_commands(),
            whole: Whole::default(),
            parser: Parser::default(),
            text: Text::default(),
        }
    }
}

impl Lines {
    /// The lines that end in a piece of output: at most one for each of its bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let Self { filter, whole, parser, text } = self;
        for slice in bytes.chunks(SLICE) {
            filter.feed(slice, |step| {
                // What was heard and asked is for the screen to tell and to answer.
                if let Step::Pass(piece) = step {
                    whole.feed(piece, |piece| parser.advance(text, piece));
                }
            });
        }
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
                self.complete.push(std::mem::take(&mut self.line));
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

    #[test]
    fn every_line_of_a_piece_is_there() {
        assert_eq!(lines(&b"y\n".repeat(32_768)).len(), 32_768);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_command_without_an_end_is_not_kept() {
        let mut all = Lines::default();
        all.feed(b"a\x1b]52;c;");
        let before = resident();
        for _ in 0..8192 {
            assert_eq!(all.feed(&[b'A'; 65_536]), [""; 0]);
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 256 * 1024 * 1024, "{grown} bytes more for 512 MiB of a command");
        assert_eq!(all.feed(b"\x07b\n"), ["ab"]);
    }

    /// The memory of this process, in bytes. Other tests run in it too, and hold less than what is looked for here.
    #[cfg(target_os = "linux")]
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or_default() * 4096
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
