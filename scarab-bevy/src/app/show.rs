//! Showing the window, when there is something to see.

use bevy::{
    prelude::*,
    window::{MonitorSelection, PrimaryWindow, WindowMode},
};

use crate::{ClientConfig, WindowStart, render::Settling};

/// How far the window has come.
#[derive(Default)]
pub(super) enum Shown {
    /// Nobody sees it.
    #[default]
    No,
    /// It is shown from this update on.
    Just,
    /// As it is to begin.
    Done,
}

/// Shows the window when its first picture is drawn: before, what is on screen is whatever was in memory.
pub(super) fn show(
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
    config: Res<ClientConfig>,
    mut settling: ResMut<Settling>,
    mut shown: Local<Shown>,
) {
    let Some(mut window) = window else { return };
    match *shown {
        Shown::No if settling.is_done() => {
            window.visible = true;
            *shown = Shown::Just;
            // What was drawn while nobody saw it is drawn again.
            settling.begin();
        }
        Shown::Just => {
            // X11's window managers take this from windows that they know, which are those that are shown (EWMH, _NET_WM_STATE).
            match config.window_start {
                WindowStart::Windowed => {}
                WindowStart::Maximized => window.set_maximized(true),
                WindowStart::Fullscreen => window.mode = WindowMode::BorderlessFullscreen(MonitorSelection::Current),
            }
            *shown = Shown::Done;
        }
        Shown::No | Shown::Done => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(window_start: WindowStart) -> Vec<(bool, WindowMode)> {
        let mut app = App::new();
        app.init_resource::<Settling>()
            .insert_resource(ClientConfig { window_start, ..default() })
            .add_systems(Update, show);
        let window = app.world_mut().spawn((Window { visible: false, ..default() }, PrimaryWindow)).id();
        let look = |app: &mut App| {
            app.update();
            let window = app.world().get::<Window>(window).expect("a window");
            (window.visible, window.mode)
        };
        let hidden = look(&mut app);
        app.world_mut().resource_mut::<Settling>().finish();
        vec![hidden, look(&mut app), look(&mut app)]
    }

    #[test]
    fn a_window_is_shown_when_there_is_something_to_see_and_then_begins_as_configured() {
        let windowed = WindowMode::Windowed;
        assert_eq!(modes(WindowStart::Windowed), [(false, windowed), (true, windowed), (true, windowed)]);
        let fullscreen = WindowMode::BorderlessFullscreen(MonitorSelection::Current);
        assert_eq!(modes(WindowStart::Fullscreen), [(false, windowed), (true, windowed), (true, fullscreen)]);
    }
}
