//! Which terminal has the keyboard.

use bevy::{
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    window::{PrimaryWindow, Window, WindowFocused},
};

use crate::{
    messages::{InputKind, TerminalInput},
    terminal::Terminal,
    view::FitWindow,
};

/// A run condition: whether a terminal has the keyboard. An App switches its own shortcuts off with
/// `run_if(not(terminal_has_keyboard))`.
pub fn terminal_has_keyboard(focus: Option<Res<InputFocus>>, terminals: Query<(), With<Terminal>>) -> bool {
    focus.and_then(|focus| focus.get()).is_some_and(|entity| terminals.contains(entity))
}

/// A sole terminal that fits its window gets the keyboard when nobody but the window has it. Looked at only when
/// such a terminal appears, so that an App that takes the keyboard away keeps it.
pub(super) fn take_sole(
    focus: Option<ResMut<InputFocus>>,
    windows: Query<(), With<Window>>,
    fitting: Query<(Entity, Ref<FitWindow>), With<Terminal>>,
    mut wanted: Local<bool>,
) {
    let (Some(mut focus), Ok((terminal, fits))) = (focus, fitting.single()) else { return };
    *wanted |= fits.is_added();
    if !*wanted {
        return;
    }
    // At the start Bevy focuses the primary window, which may come after the terminal.
    match focus.get() {
        Some(entity) if entity == terminal => *wanted = false,
        Some(entity) if !windows.contains(entity) => *wanted = false,
        _ => focus.set(terminal, FocusCause::Navigated),
    }
}

/// The terminal that was told last that it has the keyboard.
#[derive(Resource, Default)]
pub(crate) struct Told(Option<Entity>);

/// Tells terminals of gaining and losing the keyboard: by the App's focus, and by the window's.
pub(crate) fn tell(
    focus: Option<Res<InputFocus>>,
    mut windows: MessageReader<WindowFocused>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    terminals: Query<(), With<Terminal>>,
    mut told: ResMut<Told>,
    mut input: MessageWriter<TerminalInput>,
) {
    let moved = windows.read().count() > 0;
    let Some(focus) = focus else { return };
    if !moved && !focus.is_changed() {
        return;
    }
    let has_window = window.is_none_or(|window| window.focused);
    let now = focus.get().filter(|entity| has_window && terminals.contains(*entity));
    if now == told.0 {
        return;
    }
    for (terminal, gained) in [(told.0, false), (now, true)] {
        if let Some(terminal) = terminal.filter(|entity| terminals.contains(*entity)) {
            input.write(TerminalInput { terminal, kind: InputKind::Focus(gained) });
        }
    }
    told.0 = now;
}

/// Shows which terminal has the keyboard, by its cursor.
#[cfg(feature = "render")]
pub(super) fn show(told: Res<Told>, mut views: Query<(Entity, &mut crate::render::TerminalView), With<Terminal>>) {
    if !told.is_changed() {
        return;
    }
    for (entity, mut view) in &mut views {
        let focused = told.0 == Some(entity);
        if view.focused != focused {
            view.focused = focused;
        }
    }
}
