//! The mouse, over terminals that fill their window.

use bevy::{
    input::{
        ButtonState,
        mouse::{MouseButton, MouseButtonInput, MouseScrollUnit, MouseWheel},
    },
    prelude::*,
    window::CursorMoved,
};
use scarab_protocol::{
    mouse::{MouseAction, MouseButton as Button, MouseEvent},
    surface::Modes,
};

use super::keyboard::Held;
use crate::{
    messages::{InputKind, TerminalInput},
    terminal::{Terminal, TerminalGrid},
    view::{FitWindow, TerminalMetrics},
};

/// Where the pointer is, which button is held, and what is left of a fine wheel's turns.
#[derive(Resource, Default)]
pub(super) struct Pointer {
    position: Option<Vec2>,
    cell: Option<(u16, u16)>,
    held: Option<Button>,
    turned: Vec2,
}

/// How many pixels of a fine wheel or a touchpad make a notch: about three lines of text, as a notch scrolls.
const PIXELS_PER_NOTCH: f32 = 50.0;

/// Sends what the mouse does to the terminal that fills the window, one motion a cell. Programs that did not ask
/// hear nothing: the daemon knows their modes, and here they only save messages.
pub(super) fn read(
    mut moves: MessageReader<CursorMoved>,
    mut buttons: MessageReader<MouseButtonInput>,
    mut wheel: MessageReader<MouseWheel>,
    held: Res<Held>,
    mut pointer: ResMut<Pointer>,
    terminals: Query<(Entity, &TerminalGrid, &TerminalMetrics), (With<Terminal>, With<FitWindow>)>,
    mut input: MessageWriter<TerminalInput>,
) {
    let Ok((terminal, grid, metrics)) = terminals.single() else {
        moves.clear();
        buttons.clear();
        wheel.clear();
        return;
    };
    let grid = &grid.grid;
    let listens = grid.modes.intersects(Modes::MOUSE);
    let cell = |position: Vec2| -> Option<(u16, u16)> {
        let last = IVec2::new(i32::from(grid.cols()) - 1, i32::from(grid.rows()) - 1);
        let cell = metrics.cell_at(position)?;
        // In the padding the nearest cell is meant.
        (last.cmpge(IVec2::ZERO).all())
            .then(|| cell.clamp(IVec2::ZERO, last))
            .map(|cell| (cell.x as u16, cell.y as u16))
    };
    let mods = held.mods();
    let mut send = |action, button, (col, row)| {
        let event = MouseEvent { action, button, col, row, mods };
        input.write(TerminalInput { terminal, kind: InputKind::Mouse(event) });
    };

    for moved in moves.read() {
        pointer.position = Some(moved.position);
        let now = cell(moved.position);
        if now != pointer.cell {
            pointer.cell = now;
            if let (Some(now), true) = (now, listens) {
                send(MouseAction::Motion, pointer.held, now);
            }
        }
    }
    for pressed in buttons.read() {
        let Some(button) = button(pressed.button) else { continue };
        let down = pressed.state == ButtonState::Pressed;
        pointer.held = down.then_some(button);
        if let (Some(at), true) = (pointer.position.and_then(cell), listens) {
            send(if down { MouseAction::Press } else { MouseAction::Release }, Some(button), at);
        }
    }
    for turned in wheel.read() {
        let notches = match turned.unit {
            MouseScrollUnit::Line => Vec2::new(turned.x, turned.y),
            MouseScrollUnit::Pixel => Vec2::new(turned.x, turned.y) / PIXELS_PER_NOTCH,
        };
        pointer.turned += notches;
        let whole = pointer.turned.trunc();
        pointer.turned -= whole;
        let scrolls = listens || grid.modes.contains(Modes::ALTERNATE_SCREEN | Modes::ALTERNATE_SCROLL);
        let (Some(at), true) = (pointer.position.and_then(cell), scrolls) else { continue };
        for (turns, forward, back) in
            [(whole.y, Button::WheelUp, Button::WheelDown), (whole.x, Button::WheelRight, Button::WheelLeft)]
        {
            // More notches than this in one event are a broken device, not a wish.
            for _ in 0..turns.abs().min(32.0) as u32 {
                send(MouseAction::Press, Some(if turns > 0.0 { forward } else { back }), at);
            }
        }
    }
}

fn button(button: MouseButton) -> Option<Button> {
    Some(match button {
        MouseButton::Left => Button::Left,
        MouseButton::Middle => Button::Middle,
        MouseButton::Right => Button::Right,
        MouseButton::Back => Button::Back,
        MouseButton::Forward => Button::Forward,
        MouseButton::Other(_) => return None,
    })
}
