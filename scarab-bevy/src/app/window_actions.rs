//! What keys do with the window: the size of its text, and whether it fills the screen.

use bevy::{
    prelude::*,
    window::{MonitorSelection, PrimaryWindow, WindowMode},
};
use scarab_protocol::config::Action;

use crate::{ActionTriggered, ClientConfig, TerminalKeys, render::FontSettings};

/// By how much the text grows at once, as browsers have it.
const STEP: f32 = 1.1;
/// The largest size that `client.font_size` may have, in logical pixels.
const LARGEST: f32 = 200.0;

const OWN: [Action; 4] = [Action::FontLarger, Action::FontSmaller, Action::FontReset, Action::Fullscreen];

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Startup, |mut keys: ResMut<TerminalKeys>| keys.actions.extend(OWN)).add_systems(Update, act);
}

fn act(
    mut actions: MessageReader<ActionTriggered>,
    config: Res<ClientConfig>,
    mut font: ResMut<FontSettings>,
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
) {
    let mut window = window;
    for ActionTriggered { action, .. } in actions.read() {
        match action {
            Action::FontLarger => font.size = config.legible((font.size * STEP).min(LARGEST)),
            Action::FontSmaller => font.size = config.legible(font.size / STEP),
            Action::FontReset => font.size = config.legible(config.font_size),
            Action::Fullscreen => {
                if let Some(window) = &mut window {
                    window.mode = match window.mode {
                        WindowMode::Windowed => WindowMode::BorderlessFullscreen(MonitorSelection::Current),
                        _ => WindowMode::Windowed,
                    };
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_text_no_smaller_than_the_least_size() {
        let mut app = App::new();
        app.add_message::<ActionTriggered>().init_resource::<FontSettings>().add_systems(Update, act);
        app.insert_resource(ClientConfig { font_size: 10.0, minimum_font_size: 12.0, ..default() });
        let terminal = app.world_mut().spawn_empty().id();
        let mut after = |action, times| {
            app.world_mut().write_message_batch((0..times).map(|_| ActionTriggered { terminal, action }));
            app.update();
            app.world().resource::<FontSettings>().size
        };
        assert_eq!(after(Action::FontSmaller, 20), 12.0);
        assert_eq!(after(Action::FontLarger, 100), LARGEST);
        assert_eq!(after(Action::FontReset, 1), 12.0);
    }
}
