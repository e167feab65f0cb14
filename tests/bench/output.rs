//! How fast a program's output goes through.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, ensure};

use crate::{
    bare::{BUFFER, Core, drain},
    program::Player,
    rounds::{Samples, alternate},
    scarab::{Daemon, Seat},
    table::{Goal, Row, Table},
    terminal::Terminal,
    tmux::Tmux,
};

/// How much each text has, in bytes. Several times what fills the scrollback.
const SIZE: usize = 8 << 20;

/// How many times a text goes through in a round, on each side: the speed of a borrowed processor changes within a second.
const TURNS: usize = 3;

/// The size of the terminals.
const SCREEN: (u16, u16) = (80, 24);

/// What is on the screen when all is there. No text has it.
const END: &str = "@@@@";

/// Five kinds of output, then one kind with more and more clients. Whoever takes turns was there before, and its scrollback is
/// full.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    for (name, line) in KINDS {
        let path = place.path().join(name);
        fs::write(&path, text(line))?;
        kind(table, rounds, name, &path)?;
    }
    clients(table, rounds, &place.path().join("coloured"))
}

fn kind(table: &mut Table, rounds: usize, name: &str, path: &Path) -> anyhow::Result<()> {
    let script = script(path);
    let what = format!("output, {name}");
    let rounds = TURNS * rounds;

    let mut ours = Ours::start(&script, 1)?;
    let mut parsed = Held::bare(&script, true)?;
    let [all, theirs] = alternate(rounds, || ours.turn(), || parsed.turn())?;
    drop(parsed);
    table.push(Row::of(
        &what,
        "a thread: PTY into the VT core",
        "MiB/s",
        &speeds(&all),
        &speeds(&theirs),
        Goal::RatioAtLeast(0.95),
    ));
    let tmux = Tmux::start(&script, SCREEN.0, SCREEN.1)?;
    let mut tmux = Held::warm(tmux, |tmux| &mut tmux.terminal, None)?;
    let [all, theirs] = alternate(rounds, || ours.turn(), || tmux.turn())?;
    drop((ours, tmux));
    let goal = match name {
        "coloured" => Goal::RatioAtLeast(2.0),
        "wide" => Goal::RatioAtLeast(3.0),
        _ => Goal::RatioAtLeast(1.0),
    };
    table.push(Row::of(&what, "tmux", "MiB/s", &speeds(&all), &speeds(&theirs), goal));
    let bytes = fs::read(path)?;
    let mut drained = Held::bare(&script, false)?;
    let mut memory = Core::new(SCREEN.0, SCREEN.1);
    core(&mut memory, &bytes);
    let [drained, core] = alternate(rounds.div_ceil(2), || drained.turn(), || Ok(vec![core(&mut memory, &bytes)]))?;
    table.push(Row::of(
        &format!("(limits of {name}: PTY drained)"),
        "VT core in memory",
        "MiB/s",
        &speeds(&drained),
        &speeds(&core),
        Goal::None,
    ));
    Ok(())
}

/// One text with more and more clients against one client.
fn clients(table: &mut Table, rounds: usize, path: &Path) -> anyhow::Result<()> {
    let rounds = TURNS * rounds;
    let asked = Asked::start(path)?;
    let [nobody, one] = alternate(rounds, || asked.turn(false), || asked.turn(true))?;
    drop(asked);
    table.push(Row::of(
        "output, coloured, no client",
        "one client",
        "MiB/s",
        &speeds(&nobody),
        &speeds(&one),
        Goal::None,
    ));
    let script = script(path);
    let mut one = Ours::start(&script, 1)?;
    for (count, goal) in [(10, Goal::None), (100, Goal::RatioAtLeast(0.9))] {
        let mut many = Ours::start(&script, count)?;
        let [many, one] = alternate(rounds, || many.turn(), || one.turn())?;
        let what = format!("output, coloured, {count} clients");
        table.push(Row::of(&what, "one client", "MiB/s", &speeds(&many), &speeds(&one), goal));
    }
    Ok(())
}

/// Fills the scrollback; then, again and again, waits for a key, writes a text, says that it is at its end, and waits for
/// another key.
fn script(path: &Path) -> String {
    let path = path.display();
    format!("{FILL}; while printf '{CLEAR}ready'; do read x; cat {path}; printf '\\033[0m{CLEAR}{END}'; read x; done")
}

/// The same, but instead of saying so it asks for the cursor's position: the answer comes when all before it was
/// interpreted. It tells of the key and of the answer in two places: in one, it could begin to tell of the next before who reads has
/// found the end of the last.
fn asking_script(path: &Path, begun: &Path, answered: &Path) -> String {
    let (path, begun, answered) = (path.display(), begun.display(), answered.display());
    // Six bytes are the whole of an answer from the first cell.
    format!(
        "{FILL}; stty -icanon min 1 time 0; \
         while head -c 1 >{begun}; do cat {path}; printf '\\033[0m{CLEAR}\\033[6n'; head -c 6 >{answered}; done"
    )
}

/// What comes before all: as many lines as the scrollback has, and some more.
const FILL: &str = "stty -echo; seq 12000";

/// Clears the screen from the first cell on, in a format of `printf`.
const CLEAR: &str = "\\033[H\\033[2J";

fn speeds(rounds: &[Samples]) -> Vec<f64> {
    rounds.iter().flatten().map(|time| mib_s(*time)).collect()
}

fn mib_s(seconds: f64) -> f64 {
    SIZE as f64 / (1 << 20) as f64 / seconds
}

/// A session with a client that waits for the end, and beside it so many others that copy each frame.
struct Ours {
    seat: Seat,
    _others: Option<Player>,
    _daemon: Daemon,
}

impl Ours {
    /// A daemon of its own, through which the text has gone once.
    fn start(script: &str, clients: usize) -> anyhow::Result<Self> {
        let daemon = Daemon::start()?;
        let seat = Seat::take_new(&daemon.address, "s", script, SCREEN)?;
        let others = match clients {
            1 => None,
            more => Some(Player::start("readers", &[&daemon.socket(), "s", &(more - 1).to_string()])?),
        };
        let mut ours = Self { seat, _others: others, _daemon: daemon };
        ours.turn()?;
        Ok(ours)
    }

    /// How many seconds it takes until the client sees the end.
    fn turn(&mut self) -> anyhow::Result<Samples> {
        self.seat.sees("ready")?;
        let start = Instant::now();
        self.seat.attachment.input(b"\n")?;
        self.seat.sees(END)?;
        let took = start.elapsed().as_secs_f64();
        self.seat.attachment.input(b"\n")?;
        Ok(vec![took])
    }
}

/// A session that asks behind the text where the cursor is, so that it needs nobody who looks.
struct Asked {
    daemon: Daemon,
    begun: PathBuf,
    answered: PathBuf,
}

impl Asked {
    /// A daemon of its own, through which the text has gone once.
    fn start(path: &Path) -> anyhow::Result<Self> {
        let (begun, answered) = (path.with_extension("begun"), path.with_extension("answered"));
        let made = Command::new("mkfifo").args([&begun, &answered]).status()?;
        ensure!(made.success(), "mkfifo: {made}");
        let daemon = Daemon::start()?;
        drop(Seat::take_new(&daemon.address, "s", &asking_script(path, &begun, &answered), SCREEN)?);
        let asked = Self { daemon, begun, answered };
        asked.turn(true)?;
        Ok(asked)
    }

    /// How many seconds it takes until it is answered, with a client that copies each frame or with none.
    fn turn(&self, is_seen: bool) -> anyhow::Result<Samples> {
        let seat = Seat::take(&self.daemon.address, "s")?;
        seat.attachment.input(b"x")?;
        // It has the key when this opens and ends.
        fs::read(&self.begun)?;
        let start = Instant::now();
        let seat = Some(seat).filter(|_| is_seen);
        fs::read(&self.answered)?;
        let took = start.elapsed().as_secs_f64();
        drop(seat);
        Ok(vec![took])
    }
}

/// A terminal that we hold, and what is read from it.
struct Held<T> {
    held: T,
    terminal: fn(&mut T) -> &mut Terminal,
    core: Option<Core>,
}

impl Held<Terminal> {
    /// The program itself: one thread that reads the PTY, and feeds the VT core if it is to.
    fn bare(script: &str, parse: bool) -> anyhow::Result<Self> {
        let core = parse.then(|| Core::new(SCREEN.0, SCREEN.1));
        Self::warm(Terminal::running(&shell(script), SCREEN.0, SCREEN.1)?, |terminal| terminal, core)
    }
}

impl<T> Held<T> {
    /// One through which the text has gone once.
    fn warm(held: T, terminal: fn(&mut T) -> &mut Terminal, core: Option<Core>) -> anyhow::Result<Self> {
        let mut warm = Self { held, terminal, core };
        warm.turn()?;
        Ok(warm)
    }

    /// Types a key when the program is ready, and reads until the end is there: how many seconds that takes.
    fn turn(&mut self) -> anyhow::Result<Samples> {
        let mut seen = Vec::new();
        let mut started: Option<Instant> = None;
        let mut took = None;
        let core = &mut self.core;
        drain((self.terminal)(&mut self.held), |bytes, input| {
            if let Some(core) = core {
                core.feed(bytes);
            }
            // The word may come in two pieces.
            let keep = seen.len().min(8);
            seen.drain(..seen.len() - keep);
            seen.extend_from_slice(bytes);
            let has = |word: &str| memchr::memmem::find(&seen, word.as_bytes()).is_some();
            match started {
                None if has("ready") => {
                    // What ended the turn before is not to end this one.
                    seen.clear();
                    started = Some(Instant::now());
                    input.write_all(b"\n")?;
                }
                Some(start) if has(END) => {
                    took = Some(start.elapsed().as_secs_f64());
                    input.write_all(b"\n")?;
                }
                _ => {}
            }
            Ok(took.is_none())
        })?;
        Ok(vec![took.context("the end was not seen")?])
    }
}

/// The VT core alone, in pieces as the daemon reads them.
fn core(core: &mut Core, bytes: &[u8]) -> f64 {
    let start = Instant::now();
    bytes.chunks(BUFFER).for_each(|piece| core.feed(piece));
    start.elapsed().as_secs_f64()
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).env("PATH", "/usr/bin:/bin").env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
    command
}

/// Makes one line of a text from its number.
type Line = fn(&mut String, usize);

const KINDS: [(&str, Line); 5] = [
    ("plain", |text, n| {
        let _ = writeln!(text, "{n:8} the quick brown fox jumps over the lazy dog, and so on");
    }),
    ("long-line", |text, n| {
        for word in 0..800 {
            let _ = write!(text, "word{} ", n * 800 + word);
        }
        text.push('\n');
    }),
    ("coloured", |text, n| {
        for word in 0..8 {
            let color = (n + word) % 7 + 31;
            let _ = write!(text, "\x1b[1;{color}mword{}\x1b[0m \x1b[38;5;{}mx\x1b[m ", n % 1000, (n * 7 + word) % 256);
        }
        text.push('\n');
    }),
    ("cursor-addressed", |text, n| {
        let (row, col) = (n * 7 % 24 + 1, n * 13 % 70 + 1);
        let _ = write!(text, "\x1b[{row};{col}Hcell{}\x1b[K", n % 1000);
    }),
    ("wide", |text, n| {
        for word in 0..12 {
            let _ = char::from_u32(0x4e00 + ((n * 12 + word) % 0x5000) as u32).map(|wide| text.push(wide));
            text.push_str("漢字");
        }
        text.push('\n');
    }),
];

fn text(line: Line) -> String {
    let mut text = String::with_capacity(SIZE + 8192);
    let mut number = 0;
    while text.len() < SIZE {
        line(&mut text, number);
        number += 1;
    }
    text
}
