//! `scarabctl ping`: how long the daemon takes to answer.

use std::time::{Duration, Instant};

use scarab_protocol::message::{Ping, Pong};
use serde::Serialize;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
};

/// How often, and with how much.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often to ask
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// How many bytes to send along
    #[arg(long, value_name = "BYTES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_048_576))]
    payload: u32,
}

#[derive(Serialize)]
struct Json {
    count: u32,
    payload: u32,
    p50_us: f64,
    p90_us: f64,
    p99_us: f64,
    max_us: f64,
}

/// Asks one after the other and prints how long that took.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let ping = Ping { payload: vec![0x5a; args.payload as usize] };
    let mut times = Vec::with_capacity(args.count as usize);
    for _ in 0..args.count {
        let start = Instant::now();
        let Pong { payload } = connection.ask(&ping)?;
        times.push(start.elapsed());
        if payload != ping.payload {
            return Err(CtlError::Failed("the daemon answered with another payload than was sent".into()));
        }
    }
    times.sort_unstable();
    let (p50, p90, p99, max) =
        (quantile(&times, 50), quantile(&times, 90), quantile(&times, 99), quantile(&times, 100));
    let text = format!("{} pings: p50 {p50:.0} us, p90 {p90:.0} us, p99 {p99:.0} us, max {max:.0} us", args.count);
    let (count, payload) = (args.count, args.payload);
    output.print(text, &Json { count, payload, p50_us: p50, p90_us: p90, p99_us: p99, max_us: max })
}

/// The time, in microseconds, that this many per cent of the sorted times do not exceed (nearest rank).
fn quantile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, |time| time.as_nanos() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times: Vec<_> = (1..=10).map(Duration::from_micros).collect();
        assert_eq!([50, 90, 99, 100].map(|percent| quantile(&times, percent)), [5.0, 9.0, 10.0, 10.0]);
        assert_eq!(quantile(&times[..1], 50), 1.0);
        assert_eq!(quantile(&[], 50), 0.0);
    }
}
