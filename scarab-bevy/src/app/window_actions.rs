//! What keys do with the window: the size of its text, and whether it fills the screen.

use bevy::{
    prelude::*,
    window::{MonitorSelection, PrimaryWindow, WindowMode},
};
use scarab_protocol::config::Action;

use crate::{ActionTriggered, ClientConfig, TerminalKeys, render::FontSettings};

/// By how much the text grows at once, as browsers have it.
const STEP: f32 = 1.1;
/// The sizes that `client.font_size` may have, in logical pixels.
const SIZES: std::ops::RangeInclusive<f32> = 4.0..=200.0;

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
            Action::FontLarger => font.size = (font.size * STEP).clamp(*SIZES.start(), *SIZES.end()),
            Action::FontSmaller => font.size = (font.size / STEP).clamp(*SIZES.start(), *SIZES.end()),
            Action::FontReset => font.size = config.font_size,
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
