//! What drawing costs the processor, without what a software rasteriser does in a graphics card's place.

use std::fs;

use bevy::prelude::*;

/// How many frames go by before it is measured: pipelines are compiled, glyphs rasterised.
const WARM: u32 = 100;
/// Over how many frames it is measured.
const FRAMES: u32 = 300;

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

/// The time that this process's threads were on a processor, but for the threads of Mesa's rasteriser.
fn nanoseconds() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |name: &str, task: &fs::DirEntry| fs::read_to_string(task.path().join(name)).unwrap_or_default();
    tasks
        .filter(|task| !of("comm", task).starts_with("llvmpipe"))
        .filter_map(|task| of("schedstat", &task).split_whitespace().next()?.parse::<u64>().ok())
        .sum()
}
