//! Keyboard, IME, mouse and focus, on their way to the terminal that has the keyboard.

mod convert;
mod focus;
mod keyboard;
mod mouse;

use bevy::{input::InputSystems, input_focus::InputFocusSystems, prelude::*};

pub use focus::terminal_has_keyboard;
pub use keyboard::KeyChord;
pub(crate) use keyboard::PasteRequest;

use crate::ipc::ScarabIpcSystems;

/// Sends keys, IME commits and mouse events to terminals. Brought by [`ScarabIpcPlugin`](crate::ScarabIpcPlugin).
///
/// The terminal with Bevy's `InputFocus` gets the keyboard; a sole terminal that fits its window gets it by itself.
/// Keys that a terminal takes do not propagate further. Needs Bevy's `InputPlugin`, `InputFocusPlugin` and
/// `InputDispatchPlugin` (all in `DefaultPlugins`) to have anything to send.
#[derive(Debug, Clone, Default)]
pub struct ScarabInputPlugin {
    /// What [`TerminalKeys`] begins with.
    pub keys: TerminalKeys,
}

/// The chords that do not go to the program. May be changed at run time.
#[derive(Resource, Debug, Clone, PartialEq, Eq)]
pub struct TerminalKeys {
    /// Pastes the clipboard (feature `clipboard`). Default: Ctrl+Shift+V and Shift+Insert.
    pub paste: Vec<KeyChord>,
    /// Takes the keyboard away from the terminal, back to the App. Default: none. The key press itself is consumed.
    pub release: Vec<KeyChord>,
}

impl Default for TerminalKeys {
    fn default() -> Self {
        let paste = vec![KeyChord::ctrl_shift(KeyCode::KeyV), KeyChord::shift(KeyCode::Insert)];
        Self { paste, release: Vec::new() }
    }
}

/// The sets of the input plugin's systems.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabInputSystems {
    /// In `PreUpdate`, after Bevy's input and before it dispatches keys: a sole terminal gets the focus, focus changes are told.
    Focus,
    /// In `PreUpdate`, after Bevy has dispatched keys: IME commits and the mouse.
    Read,
}

impl Plugin for ScarabInputPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(self.keys.clone())
            .init_resource::<keyboard::Held>()
            .init_resource::<keyboard::Composing>()
            .init_resource::<mouse::Pointer>()
            .init_resource::<focus::Told>()
            .add_message::<PasteRequest>()
            // An App without a window or without Bevy's input plugins has none of these; then they stay empty.
            .add_message::<Ime>()
            .add_message::<bevy::window::WindowFocused>()
            .add_message::<CursorMoved>()
            .add_message::<bevy::input::mouse::MouseButtonInput>()
            .add_message::<bevy::input::mouse::MouseWheel>()
            .add_message::<bevy::input::keyboard::KeyboardFocusLost>()
            .configure_sets(
                PreUpdate,
                (
                    ScarabInputSystems::Focus
                        .after(ScarabIpcSystems::Receive)
                        .after(InputSystems)
                        .before(InputFocusSystems::Dispatch),
                    ScarabInputSystems::Read.after(InputFocusSystems::Dispatch),
                ),
            )
            .add_systems(
                PreUpdate,
                (
                    (focus::take_sole, focus::tell, keyboard::forget_held).chain().in_set(ScarabInputSystems::Focus),
                    (keyboard::commit, mouse::read).in_set(ScarabInputSystems::Read),
                ),
            )
            .add_observer(keyboard::type_key);
        #[cfg(feature = "render")]
        app.add_systems(PostUpdate, focus::show.before(crate::render::TerminalRenderSystems::Measure));
    }
}
