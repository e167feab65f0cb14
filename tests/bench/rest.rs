//! What it costs to have a daemon that nobody uses right now.

use std::{fs, thread, time::Duration};

use crate::{
    program::Player,
    scarab::{Daemon, Seat},
    table::{Goal, Row, Table},
};

/// DESIGN: no wake-ups in so long.
const IDLE: Duration = Duration::from_secs(10);

/// Wake-ups, and memory with more and more sessions and clients.
pub fn run(table: &mut Table, _rounds: usize) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    let empty = resident_mib(daemon.pid())?;
    table.push(Row::alone("memory of a daemon without sessions", "MiB", &[empty], Goal::None));
    let mut seats = Vec::new();
    for count in [1, 10, 100] {
        while seats.len() < count {
            let name = format!("s{}", seats.len());
            let seat = Seat::take_new(&daemon.address, &name, "printf ready; exec cat", (80, 24))?;
            seat.sees("ready")?;
            seats.push((name, seat));
        }
        let more = resident_mib(daemon.pid())? - empty;
        table.push(Row::alone(&format!("memory of {count} sessions, each with a client"), "MiB", &[more], Goal::None));
        if count == 10 {
            table.push(Row::alone(
                "wake-ups of 10 sessions, 10 clients, 10 s",
                "",
                &[woken(daemon.pid())?],
                Goal::AtMost(0.0),
            ));
        }
    }
    let before = resident_mib(daemon.pid())?;
    for count in [100, 800] {
        let players = Player::start("readers", &[&daemon.socket(), "s0", &count.to_string()])?;
        let more = resident_mib(daemon.pid())? - before;
        table.push(Row::alone(&format!("memory of {count} clients more of one session"), "MiB", &[more], Goal::None));
        drop(players);
    }
    drop(seats);

    let daemon = Daemon::start()?;
    let script = "seq -f '%060.0f' 12000; printf '\\nready'; exec cat";
    let mut seats = Vec::new();
    for count in [1, 10] {
        while seats.len() < count {
            let seat = Seat::take_new(&daemon.address, &format!("f{}", seats.len()), script, (80, 24))?;
            seat.sees("ready")?;
            seats.push(seat);
        }
        let more = resident_mib(daemon.pid())? - empty;
        table.push(Row::alone(&format!("memory of {count} sessions, 10,000 lines full"), "MiB", &[more], Goal::None));
    }
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
    thread::sleep(Duration::from_secs(1));
    let before = all()?;
    thread::sleep(IDLE);
    Ok(all()? - before)
}

fn sum(path: &str, name: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(path)?;
    let numbers = text.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.split_whitespace().nth(1));
    Ok(numbers.filter_map(|number| number.parse::<f64>().ok()).sum())
}
