//! The rows, as they are printed and kept.

use std::{fmt, fs, path::Path};

use anyhow::Context;
use serde::Serialize;

use crate::rounds::median;

/// What a row is to reach.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum Goal {
    /// Nothing in particular.
    None,
    /// The ratio is at most this.
    RatioAtMost(f64),
    /// The ratio is at least this.
    RatioAtLeast(f64),
    /// Our own figure is at most this.
    AtMost(f64),
}

/// One figure of ours against one of somebody else.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What it is compared with.
    pub against: String,
    /// The unit of both.
    pub unit: &'static str,
    /// The median of our rounds.
    pub ours: f64,
    /// The lowest of our rounds and the highest.
    pub range: [f64; 2],
    /// The median of theirs.
    pub theirs: f64,
    /// The median of the rounds' ratios, the lowest and the highest.
    pub ratio: [f64; 3],
    /// What it is to reach.
    pub goal: Goal,
}

impl Row {
    /// A row of the rounds' figures, one a round and side.
    pub fn of(what: &str, against: &str, unit: &'static str, ours: &[f64], theirs: &[f64], goal: Goal) -> Self {
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        let [lowest, highest] = range(&ratios);
        Self {
            what: what.into(),
            against: against.into(),
            unit,
            ours: median(ours),
            range: range(ours),
            theirs: median(theirs),
            ratio: [median(&ratios), lowest, highest],
            goal,
        }
    }

    /// Figures that stand alone, one a round.
    pub fn alone(what: &str, unit: &'static str, ours: &[f64], goal: Goal) -> Self {
        Self::of(what, "-", unit, ours, &[], goal)
    }

    /// The lowest and the highest of rounds that stand alone and differ.
    pub fn spread(&self) -> Option<[f64; 2]> {
        let [lowest, highest] = self.range;
        (self.theirs.is_nan() && lowest < highest).then_some(self.range)
    }

    /// The goal in words and whether it is reached, if there is one.
    pub fn goal_text(&self) -> Option<(String, bool)> {
        match self.goal {
            Goal::None => None,
            Goal::RatioAtMost(most) => Some((format!("at most {most}x"), self.ratio[0] <= most)),
            Goal::RatioAtLeast(least) => Some((format!("at least {least}x"), self.ratio[0] >= least)),
            Goal::AtMost(most) => {
                Some((format!("at most {most} {}", self.unit).trim_end().to_owned(), self.ours <= most))
            }
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<46} {:>10.1} {:<5}", self.what, self.ours, self.unit)?;
        if self.theirs.is_finite() {
            let [ratio, lowest, highest] = self.ratio;
            write!(f, " {:<34} {:>10.1} {ratio:>6.2}x ({lowest:.2}-{highest:.2})", self.against, self.theirs)?;
        }
        if let Some([lowest, highest]) = self.spread() {
            write!(f, " ({lowest:.1} to {highest:.1})")?;
        }
        let Some((goal, reached)) = self.goal_text() else { return Ok(()) };
        write!(f, "  {goal}: {}", if reached { "reached" } else { "MISSED" })
    }
}

/// The lowest and the highest.
fn range(figures: &[f64]) -> [f64; 2] {
    let lowest = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [lowest, highest]
}

/// All rows so far. Each is printed as it comes.
#[derive(Debug, Default, Serialize)]
pub struct Table {
    /// In the order they were measured in.
    pub rows: Vec<Row>,
}

impl Table {
    /// Prints a row and keeps it.
    pub fn push(&mut self, row: Row) {
        println!("{row}");
        self.rows.push(row);
    }

    /// Writes all rows to a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("the figures")?;
        fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
    }
}
