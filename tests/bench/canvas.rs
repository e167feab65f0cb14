//! A window that draws all the time and measures what that costs the processor, without what a software rasteriser does in a
//! graphics card's place. Also part of the program in `bevy_terminal`.

use std::fs;

use bevy::{
    app::TerminalCtrlCHandlerPlugin,
    ecs::schedule::{Schedules, SingleThreadedExecutor},
    log::LogPlugin,
    prelude::*,
    render::{RenderApp, pipelined_rendering::PipelinedRenderingPlugin},
    window::PresentMode,
    winit::WinitSettings,
};

/// What of a grid is seen, in pixels. All of it is prepared and sent; a software rasteriser has less to do.
pub const WINDOW: (u32, u32) = (640, 480);

/// How many frames go by before it is measured: pipelines are compiled, glyphs rasterised.
const WARM: u32 = 50;
/// Over how many frames it is measured.
const FRAMES: u32 = 150;

/// An App with such a window and a camera. From the first frame on it measures, prints what a frame takes, in microseconds, and
/// ends.
pub fn app() -> App {
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(Window {
                    resolution: WINDOW.into(),
                    present_mode: PresentMode::AutoNoVsync,
                    ..default()
                }),
                ..default()
            })
            .set(LogPlugin { filter: "error".into(), ..default() })
            .disable::<TerminalCtrlCHandlerPlugin>()
            .disable::<PipelinedRenderingPlugin>(),
    )
    .insert_resource(WinitSettings::continuous())
    .add_systems(Startup, |mut commands: Commands| {
        commands.spawn((Camera2d, Msaa::Off));
    })
    .add_systems(Last, measure);
    app
}

/// Runs it on one thread, as the client does.
pub fn run(mut app: App) {
    use_one_thread(&mut app);
    app.run();
}

/// Has an App's systems run on one thread.
pub fn use_one_thread(app: &mut App) {
    let change = |world: &mut World| {
        for (_, schedule) in world.resource_mut::<Schedules>().iter_mut() {
            schedule.set_executor(SingleThreadedExecutor::new());
        }
    };
    change(app.world_mut());
    if let Some(render) = app.get_sub_app_mut(RenderApp) {
        change(render.world_mut());
    }
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
