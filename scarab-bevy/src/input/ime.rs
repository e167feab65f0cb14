//! Text that an input method composes, and where that shows what can be chosen.

use std::mem;

use bevy::{
    input_focus::InputFocus,
    prelude::*,
    window::{Ime, PrimaryWindow, WindowEvent},
};

use super::{KeyOrder, LineInput, TakesKeys};
use crate::{
    messages::{InputKind, TerminalInput},
    preedit::TerminalPreedit,
    terminal::{Terminal, TerminalGrid},
    view::{TerminalArea, TerminalMetrics},
    viewport::{ScrollRequest, ScrollTo},
    wake::Waker,
};

/// Whether an input method is composing: its keys are not the program's.
#[derive(Resource, Default)]
pub(super) struct Composing(pub(super) bool);

/// Who has what is composed: a terminal, or a line in which one writes.
type Composer = Or<(With<Terminal>, With<TakesKeys>)>;

/// What is composed is shown, and what has been composed goes as it is to the program or into the line.
pub(super) fn compose(
    mut events: MessageReader<WindowEvent>,
    focus: Option<Res<InputFocus>>,
    mut composers: Query<(&mut TerminalPreedit, Has<TakesKeys>), Composer>,
    mut composing: ResMut<Composing>,
    order: Res<KeyOrder>,
    waker: Res<Waker>,
    mut later: Local<Vec<Ime>>,
    mut input: MessageWriter<TerminalInput>,
    mut written: MessageWriter<LineInput>,
    mut scrolls: MessageWriter<ScrollRequest>,
) {
    // A key has asked for something that may give the keyboard to another, and so may a click; and keys wait behind both, and behind a
    // turn of the wheel. What comes behind them is read in the next update, when those keys are done. By then Bevy may have dropped the
    // message.
    let mut waits = order.is_stopped();
    let mut now = if waits { Vec::new() } else { mem::take(&mut *later) };
    for event in events.read() {
        match event {
            WindowEvent::MouseButtonInput(pressed) => waits |= pressed.state.is_pressed(),
            WindowEvent::MouseWheel(_) => waits = true,
            WindowEvent::Ime(ime) if waits => later.push(ime.clone()),
            WindowEvent::Ime(ime) => now.push(ime.clone()),
            _ => {}
        }
    }
    if !later.is_empty() && !order.is_paused() {
        waker.wake();
    }
    for event in now {
        let focused = focus.as_ref().and_then(|focus| focus.get());
        let (preedit, committed) = match event {
            Ime::Preedit { value, cursor, .. } => {
                (TerminalPreedit { text: value, caret: cursor.map(|(start, _)| start) }, None)
            }
            Ime::Commit { value, .. } => (TerminalPreedit::default(), Some(value)),
            Ime::Enabled { .. } | Ime::Disabled { .. } => (TerminalPreedit::default(), None),
        };
        composing.0 = !preedit.text.is_empty();
        let Some(terminal) = focused else { continue };
        let Ok((mut own, is_line)) = composers.get_mut(terminal) else { continue };
        if is_line {
            own.set_if_neq(preedit);
            let kind = committed.map(|text| InputKind::Bytes(text.into_bytes()));
            written.write_batch(kind.map(|kind| LineInput { line: terminal, kind }));
            continue;
        }
        if !preedit.text.is_empty() || committed.is_some() {
            // Whoever writes wants to see what comes of it.
            scrolls.write(ScrollRequest { terminal, to: ScrollTo::Bottom });
        }
        own.set_if_neq(preedit);
        input.write_batch(committed.map(|text| TerminalInput::text(terminal, text)));
    }
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
