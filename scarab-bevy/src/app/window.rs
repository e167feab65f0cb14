//! The shell in a window.

use std::process::ExitCode;

use bevy::{
    app::TerminalCtrlCHandlerPlugin,
    ecs::schedule::{Schedules, SingleThreadedExecutor},
    log::LogPlugin,
    prelude::*,
    render::{RenderApp, pipelined_rendering::PipelinedRenderingPlugin},
    window::{PrimaryWindow, WindowDestroyed},
    winit::{UpdateMode, WinitSettings},
};
use scarab_protocol::endpoint::Address;

use super::{
    BUILD, a11y, banner, bell,
    choose::Asked,
    close, dropped, layout, links, notice, paste, pointer,
    probe::Drawn,
    question, rename, search_bar, session,
    show::show,
    tab_bar,
    transparency::{SeenThrough, TransparencyPlugin},
    window_actions,
};
use crate::{
    ClientConfig, PluginStatus, PrimaryConnection, ScarabClipboardPlugin, ScarabConfigPlugin, ScarabPanesPlugin,
    ScarabRenderPlugin,
    ipc::ScarabIpcPlugin,
    launch::Launch,
    panes::{Front, Tab},
    render::{StartSize, TerminalTheme, seen_through},
    terminal::{TerminalSession, TerminalTitle},
};

/// The window's size at the start, in logical pixels, if none is configured: 100 columns by 30 rows of the default font.
const START_SIZE: (u32, u32) = (912, 616);

/// Opens the window as it is configured, and comes back when it is closed.
pub(super) fn run(asked: Asked, address: Address, config: ClientConfig, drawn: Drawn) -> anyhow::Result<ExitCode> {
    let asleep = UpdateMode::reactive_low_power(std::time::Duration::MAX);
    let theme = config.theme(false);
    // What software draws into a window that is not opaque may never be shown (docs/PLATFORMS.md).
    let (is_seen_through, can_be) = (config.opacity < 1.0, drawn == Drawn::ByCard);
    let mut app = App::new();
    if let Some((cols, rows)) = config.window_size {
        app.insert_resource(StartSize { cols, rows, padding: config.padding });
    }
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(Window {
                    title: "Scarab".into(),
                    name: Some("scarab".into()),
                    resolution: START_SIZE.into(),
                    ime_enabled: true,
                    // Shown when there is something to see: see `show`.
                    visible: false,
                    transparent: is_seen_through && can_be,
                    ..default()
                }),
                ..default()
            })
            .set(LogPlugin { filter: log_filter(), ..default() })
            // An interrupt ends the program at once, and that is all it has to do: the daemon keeps the session.
            .disable::<TerminalCtrlCHandlerPlugin>()
            // A terminal has nothing to overlap: without it a key is on screen one thread earlier.
            .disable::<PipelinedRenderingPlugin>(),
    )
    .add_plugins((
        ScarabIpcPlugin { launch: Launch::Reexec, build: Some(BUILD.into()), ..ScarabIpcPlugin::at(address) },
        ScarabRenderPlugin { theme: theme.clone(), ..default() },
        TransparencyPlugin,
        ScarabClipboardPlugin,
        parts(asked),
    ))
    // Nothing moves by itself: the window sleeps until something arrives or is typed.
    .insert_resource(WinitSettings { focused_mode: asleep, unfocused_mode: asleep })
    .insert_resource(ClearColor(theme.background_color()))
    .insert_resource(config)
    .add_systems(Startup, |mut commands: Commands| {
        commands.spawn((Camera2d, Msaa::Off));
    })
    .add_systems(Last, end_with_window);
    if is_seen_through && !can_be {
        tracing::warn!("client.opacity has no effect: the processor draws, and the window is opaque");
    }
    run_on_one_thread(&mut app);
    Ok(match app.run() {
        AppExit::Success => ExitCode::SUCCESS,
        AppExit::Error(code) => ExitCode::from(code.get()),
    })
}

/// What the window is made of, beside Bevy, its camera, the connection, what draws terminals, and the clipboard.
pub(super) fn parts(asked: Asked) -> impl Plugin {
    move |app: &mut App| {
        app.add_plugins((
            ScarabConfigPlugin,
            a11y::plugin,
            session::plugin(asked.clone()),
            layout::plugin,
            banner::plugin,
            notice::plugin,
            ScarabPanesPlugin::default(),
            tab_bar::plugin,
            search_bar::plugin,
            rename::plugin,
            window_actions::plugin,
            bell::plugin,
            links::plugin,
        ))
        .add_plugins((question::plugin, close::plugin, paste::plugin, dropped::plugin, pointer::plugin))
        .init_resource::<SeenThrough>()
        .add_systems(Update, (follow_title, show, clear_in_background));
    }
}

/// What the daemon's systems have to say goes through `RUST_LOG`; unasked, only what a user can act on.
fn log_filter() -> String {
    "warn,wgpu=error,naga=error,bevy_render=error,bevy_winit=error,winit=error,calloop=error".into()
}

/// Bevy's parallel executor costs more than it gives for an App this small: three times the CPU of an update.
fn run_on_one_thread(app: &mut App) {
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

/// The window is called what the program in front calls itself, with what plugins say of their state behind it.
fn follow_title(
    front: Front,
    terminals: Query<(&TerminalTitle, Option<&TerminalSession>)>,
    status: Option<Single<&PluginStatus, With<PrimaryConnection>>>,
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
) {
    let Some(mut window) = window else { return };
    let Some((title, session)) = front.pane().and_then(|pane| terminals.get(pane).ok()) else { return };
    let name = session.map_or("Scarab", |session| session.name.as_str());
    let own = if title.0.is_empty() { name } else { &title.0 };
    let wanted = own.to_owned() + &status.as_ref().map_or_else(String::new, |status| notice::status_line(status));
    if window.title != wanted {
        window.title = wanted;
    }
}

/// What no pane covers has the background's colour; between panes it is an edge that is seen.
fn clear_in_background(
    theme: Res<TerminalTheme>,
    config: Res<ClientConfig>,
    through: Res<SeenThrough>,
    tabs: Query<&Tab>,
    mut clear: ResMut<ClearColor>,
) {
    let edges = tabs.iter().any(|tab| tab.tree.panes().len() > 1);
    let part = |i: usize| (u16::from(theme.background[i]) * 2 + u16::from(theme.foreground[i])) / 3;
    let (color, opacity) = match edges {
        true => (std::array::from_fn(|i| part(i) as u8), 1.0),
        false => (theme.background, through.opacity(&config)),
    };
    let [r, g, b] = seen_through(color, opacity);
    let wanted = Color::srgba_u8(r, g, b, (opacity * 255.0).round() as u8);
    if clear.0 != wanted {
        clear.0 = wanted;
    }
}

/// A window can be taken away without being asked to close, by another program.
fn end_with_window(mut destroyed: MessageReader<WindowDestroyed>, mut exit: MessageWriter<AppExit>) {
    if destroyed.read().next().is_some() {
        exit.write(AppExit::Success);
    }
}
