//! A session's screen without a session: `cargo bench -p scarab-daemon --features fuzzing`.
//!
//! What a program writes is filtered, interpreted and published, beside the VT core alone on the same bytes. What whole
//! processes take is measured by `tests/bench`.

use alacritty_terminal::{
    Term,
    event::VoidListener,
    term::{Config, test::TermSize as CoreSize},
    vte::ansi::Processor,
};
use divan::{Bencher, counter::BytesCount};
use scarab_daemon::fuzzing::Screen;
use scarab_protocol::{ids::TermSize, surface::SurfaceId};

fn main() {
    divan::main();
}

/// How much is interpreted at once, as a session does it.
const PIECE: usize = 16 * 1024;

/// What programs write.
#[derive(Debug, Clone, Copy)]
enum Output {
    Plain,
    Coloured,
    Wide,
}

const OUTPUTS: [Output; 3] = [Output::Plain, Output::Coloured, Output::Wide];

impl Output {
    fn piece(self) -> Vec<u8> {
        let mut text = String::new();
        let mut number = 0;
        while text.len() < PIECE {
            number += 1;
            match self {
                Self::Plain => text += &format!("{number:8} the quick brown fox jumps over the lazy dog\r\n"),
                Self::Coloured => text += &format!("\x1b[1;3{}mword{number}\x1b[0m ", number % 8),
                Self::Wide => text += "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字\r\n",
            }
        }
        text.into_bytes()
    }
}

#[divan::bench(args = OUTPUTS)]
fn screen(bencher: Bencher, output: Output) {
    let mut screen =
        Screen::new(SurfaceId { epoch: 1, session: 1 }, TermSize::default()).expect("there is shared memory");
    let piece = output.piece();
    bencher.counter(BytesCount::new(piece.len())).bench_local(|| {
        let effects = screen.feed(&piece);
        screen.publish().expect("it has not grown");
        effects
    });
}

#[divan::bench(args = OUTPUTS)]
fn core_alone(bencher: Bencher, output: Output) {
    let config = Config { scrolling_history: 10_000, ..Config::default() };
    let mut term = Term::new(config, &CoreSize::new(80, 24), VoidListener);
    let mut parser: Processor = Processor::new();
    let piece = output.piece();
    bencher.counter(BytesCount::new(piece.len())).bench_local(|| parser.advance(&mut term, &piece));
}
