//! What it costs to have a daemon and clients that nobody uses right now.

use std::{fs, mem, thread, time::Duration};

use crate::{
    display::{Display, Window},
    program::Player,
    scarab::{Daemon, Home, Seat},
    table::{Goal, Row, Table},
};

/// DESIGN: no wake-ups in so long.
const IDLE: Duration = Duration::from_secs(10);

/// How many seconds it may take at most until something has come to rest.
const SETTLING: usize = 10;

/// Memory with more and more sessions and clients, and wake-ups of all that is idle.
pub fn run(table: &mut Table, _rounds: usize) -> anyhow::Result<()> {
    sessions(table)?;
    clients(table)?;
    window(table)?;
    full_sessions(table)
}

fn sessions(table: &mut Table) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    let empty = resident_mib(daemon.pid())?;
    memory(table, "of a daemon without sessions", empty);
    let mut seats = Vec::new();
    for count in [1, 10, 100] {
        while seats.len() < count {
            let name = format!("s{}", seats.len());
            let seat = Seat::take_new(&daemon.address, &name, "printf ready; exec cat", (80, 24))?;
            seat.sees("ready")?;
            seats.push(seat);
        }
        memory(table, &format!("of {count} sessions, each with a client"), resident_mib(daemon.pid())? - empty);
        if count == 10 {
            wake_ups(table, "of a daemon with 10 sessions, 10 clients", daemon.pid())?;
        }
    }
    Ok(())
}

/// With a daemon of its own, because memory that others have given back would be used again.
fn clients(table: &mut Table) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    let seat = Seat::take_new(&daemon.address, "s", "printf ready; exec cat", (80, 24))?;
    seat.sees("ready")?;
    let before = resident_mib(daemon.pid())?;
    for count in [1, 100, 1000] {
        let players = Player::start("readers", &[&daemon.socket(), "s", &count.to_string()])?;
        let more = resident_mib(daemon.pid())? - before;
        memory(table, &format!("of {count} clients more of one session"), more);
        if count == 1 {
            wake_ups(table, "of a client", players.pid())?;
        }
    }
    Ok(())
}

fn window(table: &mut Table) -> anyhow::Result<()> {
    let (home, display) = (Home::new()?, Display::start((1000, 700))?);
    let window = Window::open(&home, &display)?;
    let woken = wake_ups(table, "of a window", window.pid());
    drop(window);
    home.stop()?;
    woken
}

fn full_sessions(table: &mut Table) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    let empty = resident_mib(daemon.pid())?;
    let script = "seq -f '%060.0f' 12000; printf '\\nready'; exec cat";
    let mut seats = Vec::new();
    for count in [1, 10] {
        while seats.len() < count {
            let seat = Seat::take_new(&daemon.address, &format!("f{}", seats.len()), script, (80, 24))?;
            seat.sees("ready")?;
            seats.push(seat);
        }
        memory(table, &format!("of {count} sessions, 10,000 lines full"), resident_mib(daemon.pid())? - empty);
    }
    Ok(())
}

fn memory(table: &mut Table, what: &str, mib: f64) {
    table.push(Row::alone(&format!("memory {what}"), "MiB", &[mib], Goal::None));
}

fn wake_ups(table: &mut Table, what: &str, pid: u32) -> anyhow::Result<()> {
    let woken = woken(pid)?;
    table.push(Row::alone(&format!("wake-ups {what}, idle, 10 s"), "", &[woken], Goal::AtMost(0.0)));
    Ok(())
}

/// The resident memory of a process.
fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    Ok(sum(&format!("/proc/{pid}/status"), "VmRSS:")? / 1024.0)
}

/// How often a process's threads have gone to sleep of their own will in a time, which is how often they were woken.
fn woken(pid: u32) -> anyhow::Result<f64> {
    let all = || -> anyhow::Result<f64> {
        let mut all = 0.0;
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            all += sum(&task?.path().join("status").to_string_lossy(), "voluntary_ctxt_switches:")?;
        }
        Ok(all)
    };
    // What came before is to be over.
    let mut before = all()?;
    for _ in 0..SETTLING {
        thread::sleep(Duration::from_secs(1));
        let now = all()?;
        if mem::replace(&mut before, now) == now {
            break;
        }
    }
    thread::sleep(IDLE);
    Ok(all()? - before)
}

fn sum(path: &str, name: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(path)?;
    let numbers = text.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.split_whitespace().nth(1));
    Ok(numbers.filter_map(|number| number.parse::<f64>().ok()).sum())
}
