//! What drawing costs the processor, without what a software rasteriser does in a graphics card's place.

use std::fs;

use bevy::prelude::*;

/// How many frames go by before it is measured: pipelines are compiled, glyphs rasterised.
const WARM: u32 = 50;
/// Over how many frames it is measured.
const FRAMES: u32 = 150;

/// Measures from the first frame on, prints what a frame takes, in microseconds, and ends the App.
pub fn plugin(app: &mut App) {
    app.add_systems(Last, measure);
}

fn measure(mut frame: Local<u32>, mut before: Local<u64>, mut exit: MessageWriter<AppExit>) {
    *frame += 1;
    if *frame == WARM {
        *before = nanoseconds();
    }
    if *frame == WARM + FRAMES {
        println!("{}", (nanoseconds() - *before) as f64 / f64::from(FRAMES) / 1e3);
        exit.write(AppExit::Success);
    }
}

/// How long this thread was on a processor. It runs both worlds, on one thread and without pipelining, and hands pictures to the
/// window; rasterising is done by threads of the driver.
fn nanoseconds() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|time| time.parse().ok()).unwrap_or(0)
}
