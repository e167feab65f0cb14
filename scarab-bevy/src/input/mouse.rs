//! The mouse, over terminals that fill a part of the window: for the program if it listens, for selecting and scrolling if not.
//!
//! Shift takes the mouse away from a program that listens.

mod beyond;

use bevy::{
    input::{
        ButtonState,
        mouse::{MouseButton, MouseScrollUnit, MouseWheel},
    },
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    window::WindowEvent,
};
use scarab_protocol::{
    config::Action,
    key::Mods,
    mouse::{MouseAction, MouseButton as Button, MouseEvent},
    surface::Modes,
};

pub(super) use self::beyond::scroll_beyond;
use super::{
    ActionTriggered, KeyOrder, MouseGrab,
    clicks::Clicks,
    keyboard::Held,
    modifiers::ModifiersTold,
    seat::{Seat, SeatItem, Spot},
};
use crate::{
    links::{LinkActivated, link_at},
    messages::{InputKind, TerminalInput},
    scrollback::Lines,
    select::{Place, Select, SelectRequest, SelectionKind},
    terminal::Terminal,
    viewport::{ScrollRequest, ScrollTo},
};

/// Where the pointer is, which button is held and whose it is, and what is left of a fine wheel's turns.
#[derive(Resource, Default)]
pub(super) struct Pointer {
    /// In logical pixels from the window's top left.
    position: Option<Vec2>,
    /// The terminal that it is over or, while a button is held, on which that went down.
    over: Option<Entity>,
    spot: Option<Spot>,
    /// The buttons that are down, in the order in which they went down, and whose they are.
    held: Vec<(Button, Owner)>,
    place: Option<Place>,
    /// Whether it has moved since a button went down: then it draws what that selects.
    draws: bool,
    /// Where the button went down, in logical pixels.
    pressed: Vec2,
    turned: Vec2,
    clicks: Clicks,
    /// The modifiers that are down where the mouse's events have been read to: within an update they come and go between them.
    keys: Held,
}

/// Who a button that is down belongs to, from its press to its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The program.
    Program,
    /// What the pointer selects.
    Selection(SelectionKind),
    /// Nobody: it has done what it does.
    Nobody,
}

/// How many lines a notch of the wheel scrolls back, as terminals and desktops have it; so many lines' height of a fine wheel or a touchpad
/// make a notch.
const LINES_PER_NOTCH: f32 = 3.0;
/// How far the pointer may go while a button is down and count as still, in logical pixels: hands shake.
const STILL: f32 = 3.0;

/// What the mouse says.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Said<'w> {
    input: MessageWriter<'w, TerminalInput>,
    selects: MessageWriter<'w, SelectRequest>,
    scrolls: MessageWriter<'w, ScrollRequest>,
    actions: MessageWriter<'w, ActionTriggered>,
    links: MessageWriter<'w, LinkActivated>,
}

/// Reads what the mouse does over terminals, in the order in which it happened. Programs that did not ask hear nothing: the daemon
/// knows their modes, and here they only save messages. A motion within a cell is none, but for programs that want pixels.
pub(super) fn read(
    mut events: MessageReader<WindowEvent>,
    told: Res<ModifiersTold>,
    time: Res<Time<Real>>,
    mut pointer: ResMut<Pointer>,
    grab: Res<MouseGrab>,
    terminals: Query<Seat, With<Terminal>>,
    mut focus: Option<ResMut<InputFocus>>,
    mut order: ResMut<KeyOrder>,
    mut said: Said,
) {
    let pointer = &mut *pointer;
    let mut presses = 0;
    let mut changes = told.changes();
    for event in events.read() {
        // It is told behind the update in which the keyboard was lost, and before what is told of the modifiers since.
        if let WindowEvent::KeyboardFocusLost(_) = event {
            pointer.keys = Held::default();
            continue;
        }
        if let Some(mods) = changes.before(event) {
            pointer.keys.tell(mods);
        }
        match event {
            WindowEvent::KeyboardInput(pressed) => {
                pointer.keys.follow(pressed);
                continue;
            }
            WindowEvent::CursorMoved(moved) => pointer.position = Some(moved.position),
            WindowEvent::MouseButtonInput(pressed) => presses += usize::from(pressed.state.is_pressed()),
            WindowEvent::MouseWheel(_) => presses += 1,
            _ => continue,
        }
        if let WindowEvent::MouseButtonInput(pressed) = event
            && grab.0
            && pressed.state == ButtonState::Released
        {
            // Whatever it was for, it is not held any more.
            pointer.held.retain(|(held, _)| Some(*held) != button(pressed.button));
        }
        let Some(position) = pointer.position.filter(|_| !grab.0) else { continue };
        let mods = pointer.keys.mods();
        // While a button is held all goes to where that went down.
        if pointer.held.is_empty() {
            pointer.over = terminals.iter().find(|seat| seat.has(position)).map(|seat| seat.terminal);
        }
        let Some(seat) = pointer.over.and_then(|over| terminals.get(over).ok()) else {
            pointer.held.clear();
            continue;
        };
        match event {
            WindowEvent::CursorMoved(_) => pointer.go(&seat, position, mods, &mut said),
            WindowEvent::MouseButtonInput(pressed) => {
                let Some(button) = button(pressed.button) else { continue };
                if pressed.state == ButtonState::Pressed {
                    if let Some(focus) = focus.as_mut().filter(|focus| focus.get() != Some(seat.terminal)) {
                        order.moved(presses, focus.get());
                        focus.set(seat.terminal, FocusCause::Pressed);
                    }
                    let owner = pointer.press(&seat, button, position, mods, &time, &mut said);
                    pointer.held.retain(|(other, _)| *other != button);
                    pointer.held.push((button, owner));
                } else {
                    pointer.release(&seat, button, position, mods, &mut said);
                }
            }
            WindowEvent::MouseWheel(turned) => pointer.turn(&seat, turned, mods, &mut said),
            _ => {}
        }
    }
    if let Some(mods) = changes.at_last() {
        pointer.keys.tell(mods);
    }
    order.clicks_are_read(focus.map(|focus| focus.last_changed()));
}

impl Pointer {
    /// The terminal that it is over.
    pub(super) fn over(&self) -> Option<Entity> {
        self.over
    }

    /// The place that it points at on this terminal, if it is the user's and no button is held.
    pub(super) fn place_on(&self, seat: &SeatItem<'_, '_>, mods: Mods) -> Option<Place> {
        let position =
            self.position.filter(|position| self.held.is_empty() && seat.has(*position) && !seat.listens(mods))?;
        seat.place_at(position, SelectionKind::Words)
    }

    /// What is being selected.
    fn selecting(&self) -> Option<SelectionKind> {
        self.held.iter().find_map(|(_, owner)| match owner {
            Owner::Selection(kind) => Some(*kind),
            _ => None,
        })
    }

    fn go(&mut self, seat: &SeatItem<'_, '_>, position: Vec2, mods: Mods, said: &mut Said) {
        let now = seat.spot_at(position);
        if let Some(kind) = self.selecting() {
            self.draws |= position.distance(self.pressed) > STILL;
            let place = seat.place_at(position, kind);
            if self.place != place {
                self.place = place;
                said.select(seat.terminal, place.map(Select::Extend));
            }
        } else if let Some(now) = now {
            let button = self.held.iter().rev().find(|(_, owner)| *owner == Owner::Program).map(|(button, _)| *button);
            let has_moved = match self.spot {
                Some(before) if !seat.wants_pixels(button.is_some()) => before.cell != now.cell,
                before => before != Some(now),
            };
            if has_moved && (button.is_some() || self.held.is_empty() && seat.listens(mods)) {
                said.mouse(seat.terminal, MouseAction::Motion, button, now, mods);
            }
        }
        self.spot = now;
    }

    /// A button goes down. Gives whose it is from now on.
    fn press(
        &mut self,
        seat: &SeatItem<'_, '_>,
        button: Button,
        position: Vec2,
        mods: Mods,
        time: &Time<Real>,
        said: &mut Said,
    ) -> Owner {
        let Some(at) = seat.spot_at(position) else { return Owner::Nobody };
        let terminal = seat.terminal;
        (self.spot, self.draws, self.pressed) = (Some(at), false, position);
        if seat.listens(mods) {
            said.mouse(terminal, MouseAction::Press, Some(button), at, mods);
            return Owner::Program;
        }
        match button {
            Button::Left if mods.contains(Mods::CTRL) && self.follow_link(seat, position, said) => {}
            Button::Left => {
                let kind = match self.clicks.count(time.elapsed(), Some(at.cell)) {
                    1 if mods.contains(Mods::ALT) => SelectionKind::Block,
                    1 => SelectionKind::Cells,
                    2 => SelectionKind::Words,
                    _ => SelectionKind::Lines,
                };
                let Some(place) = seat.place_at(position, kind) else { return Owner::Nobody };
                self.place = Some(place);
                // Where the program has the mouse, Shift is what it takes to select at all.
                let is_free = !seat.screen.grid.modes.intersects(Modes::MOUSE);
                let goes_on = is_free && mods.contains(Mods::SHIFT) && !seat.selection.is_empty();
                said.select(terminal, [if goes_on { Select::Extend(place) } else { Select::Begin(kind, place) }]);
                return Owner::Selection(kind);
            }
            Button::Middle => {
                said.actions.write(ActionTriggered { terminal, action: Action::PasteSelection });
            }
            Button::Right if !seat.selection.is_empty() => {
                if let Some(place) = seat.place_at(position, SelectionKind::Cells) {
                    said.select(terminal, [Select::Extend(place), Select::Copy { primary: true }]);
                }
            }
            _ => {}
        }
        Owner::Nobody
    }

    /// Tells of the link under the pointer; whether there is one.
    fn follow_link(&self, seat: &SeatItem<'_, '_>, position: Vec2, said: &mut Said) -> bool {
        let lines = Lines { screen: &seat.screen.grid, scrollback: seat.scrollback };
        let link = seat.place_at(position, SelectionKind::Words).and_then(|place| link_at(place, lines));
        let activated = link.map(|link| LinkActivated { terminal: seat.terminal, uri: link.uri });
        said.links.write_batch(activated).count() > 0
    }

    /// A button comes up: whoever heard that it went down hears of it.
    fn release(&mut self, seat: &SeatItem<'_, '_>, button: Button, position: Vec2, mods: Mods, said: &mut Said) {
        let Some(at) = self.held.iter().position(|(other, _)| *other == button) else { return };
        match self.held.remove(at).1 {
            Owner::Selection(_) => said.select(seat.terminal, [Select::End]),
            Owner::Program => {
                if let Some(at) = seat.spot_at(position) {
                    said.mouse(seat.terminal, MouseAction::Release, Some(button), at, mods);
                }
            }
            Owner::Nobody => {}
        }
    }

    fn turn(&mut self, seat: &SeatItem<'_, '_>, turned: &MouseWheel, mods: Mods, said: &mut Said) {
        let alternate = seat.screen.grid.modes.contains(Modes::ALTERNATE_SCREEN | Modes::ALTERNATE_SCROLL);
        let is_programs = seat.listens(mods) || alternate && !mods.contains(Mods::SHIFT);
        // In physical pixels, as turns are told.
        let line = seat.metrics.cell.y.max(1) as f32;
        if !is_programs {
            // A touchpad scrolls as far as the fingers move, a wheel by lines.
            let lines = match turned.unit {
                MouseScrollUnit::Line => turned.y * LINES_PER_NOTCH,
                MouseScrollUnit::Pixel => turned.y / line,
            };
            said.scrolls.write(ScrollRequest { terminal: seat.terminal, to: ScrollTo::Lines(lines) });
            return;
        }
        self.turned += match turned.unit {
            MouseScrollUnit::Line => Vec2::new(turned.x, turned.y),
            MouseScrollUnit::Pixel => Vec2::new(turned.x, turned.y) / (LINES_PER_NOTCH * line),
        };
        let whole = self.turned.trunc();
        self.turned -= whole;
        let Some(at) = self.position.and_then(|position| seat.spot_at(position)) else { return };
        // What is turned upwards and to the left is positive, as winit has it.
        for (turns, forward, back) in
            [(whole.y, Button::WheelUp, Button::WheelDown), (whole.x, Button::WheelLeft, Button::WheelRight)]
        {
            // More notches than this in one event are a broken device, not a wish.
            for _ in 0..turns.abs().min(32.0) as u32 {
                let button = if turns > 0.0 { forward } else { back };
                said.mouse(seat.terminal, MouseAction::Press, Some(button), at, mods);
            }
        }
    }
}

impl Said<'_> {
    fn select(&mut self, terminal: Entity, all: impl IntoIterator<Item = Select>) {
        self.selects.write_batch(all.into_iter().map(|what| SelectRequest { terminal, what }));
    }

    fn mouse(&mut self, terminal: Entity, action: MouseAction, button: Option<Button>, at: Spot, mods: Mods) {
        let Spot { cell: (col, row), part: (x, y) } = at;
        let event = MouseEvent { action, button, col, row, x, y, mods };
        self.input.write(TerminalInput { terminal, kind: InputKind::Mouse(event) });
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
