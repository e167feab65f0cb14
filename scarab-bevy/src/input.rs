//! Keyboard, IME, mouse and focus, on their way to the terminal that has the keyboard.

mod clicks;
mod convert;
mod focus;
mod hover;
mod ime;
mod keyboard;
mod keys;
#[cfg(feature = "app")]
mod lines;
mod modifiers;
mod mouse;
mod order;
mod seat;

use bevy::{input::InputSystems, input_focus::InputFocusSystems, prelude::*};

#[cfg(feature = "app")]
pub(crate) use convert::physical;
#[cfg(feature = "app")]
pub(crate) use focus::tell as tell_focus;
pub use focus::terminal_has_keyboard;
pub(crate) use keyboard::{Held, LineInput, PasteRequest};
pub use keys::{ActionTriggered, TerminalKeys};
#[cfg(feature = "app")]
pub(crate) use lines::LineKeys;
pub use order::KeyOrder;
pub(crate) use order::{TakesKeys, go_on};

use crate::{
    ipc::ScarabIpcSystems, links::LinkActivated, select::ScarabSelectSystems, viewport::ScarabScrollSystems,
    wake::Waker,
};

/// Sends keys, IME commits and mouse events to terminals. Brought by [`ScarabIpcPlugin`](crate::ScarabIpcPlugin).
///
/// The terminal with Bevy's `InputFocus` gets the keyboard; a sole terminal that fits its window gets it by itself.
/// Keys that a terminal takes do not propagate further. Those to a terminal that come in one update behind one that asks for
/// something ([`ActionTriggered`]), behind a click or a turn of the wheel, or behind what an input method says, are dispatched once more at its end, to
/// whoever has the keyboard by what came before them. Observers of one's own see them twice, and know it by [`KeyOrder`]. Keys that come while something else has the keyboard,
/// the window or what is the App's own, go there at once.
///
/// Needs Bevy's `InputPlugin`, `InputFocusPlugin` and `InputDispatchPlugin` (all in `DefaultPlugins`) to have anything to send.
#[derive(Debug, Clone, Default)]
pub struct ScarabInputPlugin {
    /// What [`TerminalKeys`] begins with.
    pub keys: TerminalKeys,
}

/// The sets of the input plugin's systems.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabInputSystems {
    /// In `PreUpdate`, after Bevy's input and before it dispatches keys: a sole terminal gets the focus, focus changes are told.
    Focus,
    /// In `PreUpdate`, after Bevy has dispatched keys: IME commits and the mouse.
    Read,
}

/// Whether something else than terminals has the mouse at the moment.
#[derive(Resource, Debug, Default)]
pub(crate) struct MouseGrab(pub(crate) bool);

impl Plugin for ScarabInputPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(self.keys.clone())
            .init_resource::<Held>()
            .init_resource::<KeyOrder>()
            .init_resource::<Waker>()
            .init_resource::<ime::Composing>()
            .init_resource::<modifiers::ModifiersTold>()
            .init_resource::<mouse::Pointer>()
            .init_resource::<MouseGrab>()
            .init_resource::<focus::Told>()
            .add_message::<PasteRequest>()
            .add_message::<LineInput>()
            .add_message::<ActionTriggered>()
            .add_message::<LinkActivated>()
            // An App without a window or without Bevy's input plugins has none of these; then they stay empty.
            .add_message::<Ime>()
            .add_message::<bevy::window::WindowFocused>()
            .add_message::<bevy::window::WindowEvent>()
            .add_message::<bevy::window::RequestRedraw>()
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
                    (focus::take_sole, focus::tell, keyboard::forget_held, ime::forget, order::look_ahead)
                        .chain()
                        .in_set(ScarabInputSystems::Focus),
                    (ime::compose, mouse::read, mouse::scroll_beyond, keys::act)
                        .chain()
                        .in_set(ScarabInputSystems::Read),
                ),
            )
            .add_systems(
                PostUpdate,
                hover::hover.after(ScarabScrollSystems::Scroll).before(ScarabSelectSystems::Highlight),
            )
            .add_observer(keyboard::type_key)
            .add_observer(ime::composed);
        #[cfg(feature = "winit")]
        app.add_message::<bevy::winit::RawWinitWindowEvent>()
            .add_systems(PreUpdate, modifiers::hear.in_set(ScarabInputSystems::Focus).before(order::look_ahead));
        // What has moved the focus in this update is told and shown at its end: the App may sleep after it.
        app.add_systems(
            PostUpdate,
            (focus::tell, go_on.after(ScarabSelectSystems::Select)).chain().before(ScarabIpcSystems::Send),
        );
        let place = ime::place.run_if(|composing: Res<ime::Composing>| composing.0);
        // Lines in which one writes are laid out before.
        #[cfg(feature = "render")]
        let place = place.after(crate::render::TerminalRenderSystems::Measure);
        app.add_systems(PostUpdate, place);
        #[cfg(feature = "render")]
        app.add_systems(
            PostUpdate,
            focus::show.after(focus::tell).before(crate::render::TerminalRenderSystems::Measure),
        );
    }
}
