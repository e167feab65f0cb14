//! The benchmarks of whole processes: one table, each row against a named thing that is measured in the same run.
//!
//! `tests/bench/run` runs all of it; with `ping key` only those rows; with `--docs` the figures go into docs/PERFORMANCE.md. What is
//! compared takes turns (ours, theirs, ours, theirs), because machines are noisy; a row's ratio is the median of its rounds,
//! beside the lowest and the highest. Nothing here is a test: no time is asserted.
#![cfg(target_os = "linux")]

mod affinity;
mod bare;
mod canvas;
mod display;
mod ecs;
mod flood;
mod key;
mod output;
mod ping;
mod program;
mod programs;
mod report;
mod rest;
mod rounds;
mod scarab;
mod start;
mod surface;
mod table;
mod terminal;
mod tmux;
mod window;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Parser;

use table::Table;

/// Scarab's benchmarks of whole processes.
#[derive(Parser)]
struct Arguments {
    /// Which rows: ping, key, output, surface, ecs, window, start, rest; all if none is named.
    rows: Vec<String>,
    /// Writes the figures to a file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Writes the figures, a plot of them and the table of docs/PERFORMANCE.md.
    #[arg(long)]
    docs: bool,
    /// How many rounds, of which the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A name on the command line and what measures its rows.
type Group = (&'static str, fn(&mut Table, usize) -> anyhow::Result<()>);

const GROUPS: [Group; 8] = [
    ("ping", ping::run),
    ("key", key::run),
    ("output", output::run),
    ("surface", surface::run),
    ("ecs", ecs::run),
    ("window", window::run),
    ("start", start::run),
    ("rest", rest::run),
];

fn main() -> anyhow::Result<()> {
    if let Some(role) = program::Role::asked() {
        return role.play();
    }
    let arguments = Arguments::parse();
    if let Some(unknown) = arguments.rows.iter().find(|row| GROUPS.iter().all(|(name, _)| name != row)) {
        anyhow::bail!("no rows are called {unknown}: there are {}", GROUPS.map(|(name, _)| name).join(", "));
    }
    let start = Instant::now();
    let mut table = Table::default();
    for (name, run) in GROUPS {
        if arguments.rows.is_empty() || arguments.rows.iter().any(|row| row == name) {
            run(&mut table, arguments.rounds)?;
        }
    }
    println!("{} rows in {:.1} minutes", table.rows.len(), start.elapsed().as_secs_f64() / 60.0);
    if let Some(path) = arguments.json {
        table.write(&path)?;
    }
    if arguments.docs {
        report::write(&table, &Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"))?;
    }
    Ok(())
}
