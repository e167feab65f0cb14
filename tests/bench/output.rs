//! How fast a program's output goes through.

use std::{fmt::Write as _, fs, path::Path, process::Command, time::Instant};

use anyhow::ensure;

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

/// Five kinds of output, then one kind with more and more clients.
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
    let one = |seconds: f64| Ok(vec![seconds]);

    let [ours, theirs] = alternate(rounds, || one(ours(&script, 1)?), || one(bare(&script, true)?))?;
    table.push(Row::of(
        &what,
        "a thread: PTY into the VT core",
        "MiB/s",
        &speeds(&ours),
        &speeds(&theirs),
        Goal::RatioAtLeast(0.95),
    ));
    let [ours, theirs] = alternate(rounds, || one(self::ours(&script, 1)?), || one(tmux(&script)?))?;
    let goal = match name {
        "coloured" => Goal::RatioAtLeast(2.0),
        "wide" => Goal::RatioAtLeast(3.0),
        _ => Goal::RatioAtLeast(1.0),
    };
    table.push(Row::of(&what, "tmux", "MiB/s", &speeds(&ours), &speeds(&theirs), goal));
    let bytes = fs::read(path)?;
    let [drained, core] = alternate(rounds.div_ceil(2), || one(bare(&script, false)?), || one(core(&bytes)))?;
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
    let script = script(path);
    let rounds = TURNS * rounds;
    let answered = path.with_extension("answered");
    let asking = asking_script(path, &answered);
    let [nobody, one] = alternate(rounds, || Ok(vec![unseen(&asking, &answered)?]), || Ok(vec![ours(&script, 1)?]))?;
    table.push(Row::of(
        "output, coloured, no client",
        "one client",
        "MiB/s",
        &speeds(&nobody),
        &speeds(&one),
        Goal::None,
    ));
    for (count, goal) in [(10, Goal::None), (100, Goal::RatioAtLeast(0.9))] {
        let [many, one] = alternate(rounds, || Ok(vec![ours(&script, count)?]), || Ok(vec![ours(&script, 1)?]))?;
        let what = format!("output, coloured, {count} clients");
        table.push(Row::of(&what, "one client", "MiB/s", &speeds(&many), &speeds(&one), goal));
    }
    Ok(())
}

/// Waits for a key, writes a text, says that it is at its end, and stays.
fn script(path: &Path) -> String {
    format!("stty -echo; printf ready; read x; cat {}; printf '\\033[0m\\033[H\\033[2J{END}'; read x", path.display())
}

/// The same, but where nobody looks it asks for the cursor's position: the answer comes when all before it was interpreted.
fn asking_script(path: &Path, answered: &Path) -> String {
    let (path, answered) = (path.display(), answered.display());
    format!(
        "stty raw -echo; printf ready; head -c 1 >{answered}; cat {path}; printf '\\033[6n'; head -c 6 >{answered}; exec cat"
    )
}

fn speeds(rounds: &[Samples]) -> Vec<f64> {
    rounds.iter().flatten().map(|time| mib_s(*time)).collect()
}

fn mib_s(seconds: f64) -> f64 {
    SIZE as f64 / (1 << 20) as f64 / seconds
}

/// Through a session, until a client sees the end; beside it so many others that copy each frame.
fn ours(script: &str, clients: usize) -> anyhow::Result<f64> {
    let daemon = Daemon::start()?;
    let seat = Seat::take_new(&daemon.address, "s", script, SCREEN)?;
    seat.sees("ready")?;
    let _others = match clients {
        1 => None,
        more => Some(Player::start("readers", &[&daemon.socket(), "s", &(more - 1).to_string()])?),
    };
    let start = Instant::now();
    seat.attachment.input(b"\n")?;
    seat.sees(END)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Through a session that nobody looks at, until what asks behind the text is answered.
fn unseen(script: &str, answered: &Path) -> anyhow::Result<f64> {
    let daemon = Daemon::start()?;
    let _ = fs::remove_file(answered);
    let made = Command::new("mkfifo").arg(answered).status()?;
    ensure!(made.success(), "mkfifo: {made}");
    let seat = Seat::take_new(&daemon.address, "s", script, SCREEN)?;
    seat.sees("ready")?;
    seat.attachment.input(b"x")?;
    // It has the key when this opens and ends.
    fs::read(answered)?;
    let start = Instant::now();
    drop(seat);
    fs::read(answered)?;
    Ok(start.elapsed().as_secs_f64())
}

/// One thread that reads the PTY, and feeds the VT core if it is to.
fn bare(script: &str, parse: bool) -> anyhow::Result<f64> {
    let mut terminal = Terminal::running(&shell(script), SCREEN.0, SCREEN.1)?;
    let mut core = Core::new(SCREEN.0, SCREEN.1);
    timed(&mut terminal, |bytes| {
        if parse {
            core.feed(bytes);
        }
    })
}

/// Through tmux, until its client has drawn the end.
fn tmux(script: &str) -> anyhow::Result<f64> {
    let mut tmux = Tmux::start(script, SCREEN.0, SCREEN.1)?;
    timed(&mut tmux.terminal, |_| {})
}

/// Types a key when the program is ready, and reads until the end is there.
fn timed(terminal: &mut Terminal, mut each: impl FnMut(&[u8])) -> anyhow::Result<f64> {
    let mut seen = Vec::new();
    let mut started = None;
    let mut took = None;
    drain(terminal, |bytes, input| {
        each(bytes);
        // The word may come in two pieces.
        let keep = seen.len().min(8);
        seen.drain(..seen.len() - keep);
        seen.extend_from_slice(bytes);
        let has = |word: &str| memchr::memmem::find(&seen, word.as_bytes()).is_some();
        if started.is_none() && has("ready") {
            started = Some(Instant::now());
            input.write_all(b"\n")?;
        }
        if has(END) {
            took = started.map(|started: Instant| started.elapsed().as_secs_f64());
        }
        Ok(took.is_none())
    })?;
    took.ok_or_else(|| anyhow::anyhow!("the end was not seen"))
}

/// The VT core alone, in pieces as the daemon reads them.
fn core(bytes: &[u8]) -> f64 {
    let mut core = Core::new(SCREEN.0, SCREEN.1);
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
