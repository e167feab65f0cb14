//! Text that an input method composes, and where that shows what can be chosen.

use bevy::{
    input_focus::InputFocus,
    prelude::*,
    window::{Ime, PrimaryWindow},
};

use super::{KeyOrder, LineInput, TakesKeys, keyboard::Held, order::Input};
use crate::{
    messages::{InputKind, TerminalInput},
    preedit::TerminalPreedit,
    terminal::{Terminal, TerminalGrid},
    view::{TerminalArea, TerminalMetrics},
    viewport::{ScrollRequest, ScrollTo},
};

/// Whether an input method is composing: its keys are not the program's.
#[derive(Resource, Default)]
pub(super) struct Composing(pub(super) bool);

/// Who has what is composed: a terminal, or a line in which one writes.
type Composer = Or<(With<Terminal>, With<TakesKeys>)>;

/// An input method has said something, and all that came before it is done.
#[derive(Event)]
pub(super) struct Composed {
    /// Who has the keyboard.
    pub(super) to: Option<Entity>,
    /// What it has said.
    pub(super) ime: Ime,
}

/// Lets input methods have their say, where nothing waits before it; and the modifiers are those behind the last key.
pub(super) fn compose(
    mut order: ResMut<KeyOrder>,
    focus: Option<Res<InputFocus>>,
    mut held: ResMut<Held>,
    mut commands: Commands,
) {
    let to = focus.and_then(|focus| focus.get());
    for input in order.bypass_change_detection().take_said() {
        match input {
            Input::Ime(ime) => commands.trigger(Composed { to, ime }),
            Input::Modifiers(mods) => held.tell(mods),
            // Those are handed on at the update's end.
            Input::Key(_) => {}
        }
    }
}

/// What is composed is shown, and what has been composed goes as it is to the program or into the line.
pub(super) fn composed(
    event: On<Composed>,
    mut composers: Query<(&mut TerminalPreedit, Has<TakesKeys>), Composer>,
    mut composing: ResMut<Composing>,
    mut input: MessageWriter<TerminalInput>,
    mut written: MessageWriter<LineInput>,
    mut scrolls: MessageWriter<ScrollRequest>,
) {
    let (preedit, committed) = match event.ime.clone() {
        Ime::Preedit { value, cursor, .. } => {
            (TerminalPreedit { text: value, caret: cursor.map(|(start, _)| start) }, None)
        }
        Ime::Commit { value, .. } => (TerminalPreedit::default(), Some(value)),
        Ime::Enabled { .. } | Ime::Disabled { .. } => (TerminalPreedit::default(), None),
    };
    composing.0 = !preedit.text.is_empty();
    let Some(terminal) = event.to else { return };
    let Ok((mut own, is_line)) = composers.get_mut(terminal) else { return };
    if is_line {
        own.set_if_neq(preedit);
        let kind = committed.map(|text| InputKind::Bytes(text.into_bytes()));
        written.write_batch(kind.map(|kind| LineInput { line: terminal, kind }));
        return;
    }
    if !preedit.text.is_empty() || committed.is_some() {
        // Whoever writes wants to see what comes of it.
        scrolls.write(ScrollRequest { terminal, to: ScrollTo::Bottom });
    }
    own.set_if_neq(preedit);
    input.write_batch(committed.map(|text| TerminalInput::text(terminal, text)));
}

/// Whoever loses the keyboard has nothing composed any more.
pub(super) fn forget(focus: Option<Res<InputFocus>>, mut composers: Query<(Entity, &mut TerminalPreedit)>) {
    let Some(focus) = focus.filter(|focus| focus.is_changed()) else { return };
    for (composer, mut preedit) in &mut composers {
        if focus.get() != Some(composer) && !preedit.text.is_empty() {
            *preedit = TerminalPreedit::default();
        }
    }
}

/// The input method shows what can be chosen below the cursor of whoever has the keyboard.
pub(super) fn place(
    focus: Option<Res<InputFocus>>,
    composers: Query<(&TerminalGrid, &TerminalArea, &TerminalMetrics), Composer>,
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
) {
    let (Some(focus), Some(mut window)) = (focus, window) else { return };
    let Some((screen, area, metrics)) = focus.get().and_then(|focused| composers.get(focused).ok()) else { return };
    let cursor = screen.grid.cursor;
    let corner = (area.0.min + UVec2::splat(metrics.padding)).as_vec2() / metrics.scale_factor;
    let place = corner + Vec2::new(cursor.col.into(), f32::from(cursor.row) + 1.0) * metrics.logical_cell();
    if window.ime_position != place {
        window.ime_position = place;
    }
}
