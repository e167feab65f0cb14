//! Taking turns, and what becomes of the samples.

use std::{
    array,
    time::{Duration, Instant},
};

/// What one side gives in one round: samples in one unit.
pub type Samples = Vec<f64>;

/// The value below which so many of the samples are, from 0 to 1.
pub fn percentile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// The middle one.
pub fn median(samples: &[f64]) -> f64 {
    percentile(samples, 0.5)
}

/// Lets two sides take turns: all rounds of the first, and all of the second.
///
/// # Errors
/// Those of the sides.
pub fn alternate(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<Samples>,
    mut theirs: impl FnMut() -> anyhow::Result<Samples>,
) -> anyhow::Result<[Vec<Samples>; 2]> {
    take_turns(rounds, [&mut ours, &mut theirs])
}

/// Lets some sides take turns: all rounds of each.
///
/// # Errors
/// Those of the sides.
pub fn take_turns<const N: usize>(
    rounds: usize,
    mut sides: [&mut dyn FnMut() -> anyhow::Result<Samples>; N],
) -> anyhow::Result<[Vec<Samples>; N]> {
    let mut all: [Vec<Samples>; N] = array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (side, all) in sides.iter_mut().zip(&mut all) {
            all.push(side()?);
        }
    }
    Ok(all)
}

/// How long something takes, so many times, in microseconds; some turns before that are not counted.
///
/// # Errors
/// Those of what is done.
pub fn microseconds(times: usize, mut turn: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Samples> {
    for _ in 0..times.div_ceil(10) {
        turn()?;
    }
    (0..times)
        .map(|_| {
            let start = Instant::now();
            turn()?;
            Ok(micros(start.elapsed()))
        })
        .collect()
}

/// A time in microseconds.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
