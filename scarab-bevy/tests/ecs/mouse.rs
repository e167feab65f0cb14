//! What programs are told of the mouse.

use bevy::{
    input::{
        ButtonState,
        mouse::{MouseButton, MouseScrollUnit},
    },
    prelude::*,
};
use scarab_bevy::{TerminalMetrics, prelude::*};
use winit_itself::keyboard::ModifiersState;

use crate::support::*;

/// A program that sets modes and shows what it is told, on a terminal that fills the window, with cells of 8 by 16 pixels.
fn listening(app: &mut App, modes: &str) -> Entity {
    let script = format!("stty raw -echo; printf '{modes}ready\\r\\n'; exec cat -v");
    let terminal = Terminal::new().command(["sh", "-c", script.as_str()]);
    let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 4, scale_factor: 1.0 };
    let terminal = app.world_mut().spawn((terminal, TerminalSize::cells(40, 5))).id();
    until_shows(app, terminal, "ready");
    app.world_mut().entity_mut(terminal).insert((FitWindow, metrics));
    // The window has room for 80 by 24; with that the daemon knows the pixels, too.
    until(app, "the window's size", |world| (world.get::<TerminalGrid>(terminal)?.grid.rows() == 24).then_some(()));
    terminal
}

/// Waits until the program has been told this, and then a key.
fn until_told(app: &mut App, terminal: Entity, told: &str) {
    app.update();
    app.world_mut().write_message(TerminalInput::text(terminal, "!"));
    let told = format!("{told}!");
    until(app, &told, |world| (world.get::<TerminalGrid>(terminal)?.grid.row_text(1) == told).then_some(()));
}

/// A pixel of the cells, of which the first is at the padding's end.
fn pixel(x: u16, y: u16) -> Vec2 {
    Vec2::new(4.0 + f32::from(x), 4.0 + f32::from(y))
}

#[test]
fn motion_within_a_cell_is_told_where_pixels_are_wanted() {
    let place = Place::new();
    let _daemon = place.daemon();
    for (modes, told) in [
        (r"\033[?1003;1016h", "^[[<35;17;33M^[[<35;18;33M^[[<35;25;33M^[[<0;25;33M^[[<0;25;33m^[[<35;26;33M"),
        (r"\033[?1002;1016h", "^[[<0;25;33M^[[<0;25;33m"),
        (r"\033[?1003;1006h", "^[[<35;3;3M^[[<35;4;3M^[[<0;4;3M^[[<0;4;3m"),
    ] {
        let mut app = place.app();
        let terminal = listening(&mut app, modes);
        let world = app.world_mut();
        // Twice on one pixel, on the next one, in the next cell; a click there; one more pixel.
        for x in [16, 16, 17, 24] {
            pointer(world, pixel(x, 32));
        }
        click(world, MouseButton::Left, ButtonState::Pressed);
        click(world, MouseButton::Left, ButtonState::Released);
        pointer(world, pixel(25, 32));
        until_told(&mut app, terminal, told);
    }
}

#[test]
fn a_button_that_is_held_draws_by_pixels() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = listening(&mut app, r"\033[?1002;1016h");
    let world = app.world_mut();
    pointer(world, pixel(16, 32));
    click(world, MouseButton::Right, ButtonState::Pressed);
    pointer(world, pixel(17, 32));
    pointer(world, pixel(17, 33));
    click(world, MouseButton::Right, ButtonState::Released);
    until_told(&mut app, terminal, "^[[<2;17;33M^[[<34;18;33M^[[<34;18;34M^[[<2;18;34m");
}

#[test]
fn a_wheel_is_told_by_the_side_to_which_it_is_turned() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = listening(&mut app, r"\033[?1002;1006h");
    let world = app.world_mut();
    pointer(world, pixel(16, 32));
    // Up, down, left and right.
    for turned in [Vec2::Y, Vec2::NEG_Y, Vec2::X, Vec2::NEG_X] {
        turn_by(world, MouseScrollUnit::Line, turned);
    }
    until_told(&mut app, terminal, "^[[<64;3;3M^[[<65;3;3M^[[<66;3;3M^[[<67;3;3M");
}

#[test]
fn three_lines_height_of_a_touchpad_are_told_as_a_notch() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = listening(&mut app, r"\033[?1002;1006h");
    let world = app.world_mut();
    pointer(world, pixel(16, 32));
    for turned in [40.0, 9.0] {
        turn_by(world, MouseScrollUnit::Pixel, Vec2::new(0.0, turned));
    }
    until_told(&mut app, terminal, "^[[<64;3;3M");
}

#[test]
fn a_click_has_the_modifiers_that_went_down_elsewhere() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = listening(&mut app, r"\033[?1002;1006h");
    let world = app.world_mut();
    pointer(world, pixel(16, 32));
    // Told before each click, as when a window gets the keyboard by that.
    modifiers(world, ModifiersState::CONTROL);
    click(world, MouseButton::Left, ButtonState::Pressed);
    click(world, MouseButton::Left, ButtonState::Released);
    app.update();
    modifiers(app.world_mut(), ModifiersState::empty());
    click(app.world_mut(), MouseButton::Right, ButtonState::Pressed);
    until_told(&mut app, terminal, "^[[<16;3;3M^[[<16;3;3m^[[<2;3;3M");
}
