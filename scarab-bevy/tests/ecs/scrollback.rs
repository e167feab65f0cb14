//! Looking back, selecting and copying: by systems, by keys and by the mouse.

use std::time::Duration;

use bevy::{
    input::{ButtonState, keyboard::Key, mouse::MouseButton},
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    time::TimeUpdateStrategy,
};
use scarab_bevy::{
    ActionTriggered, Highlight, Place as At, ScrollRequest, ScrollTo, Search, SearchOutcome, SearchRequest, Select,
    SelectRequest, SelectionCopied, SelectionKind, TerminalHighlights, TerminalMetrics, TerminalSearch,
    TerminalViewport, prelude::*, protocol::config::Action,
};

use crate::support::*;

/// A program that has written 300 lines and then shows what it is given, on a terminal of 40 by 5.
fn lines(app: &mut App) -> Entity {
    let script = "stty raw -echo; i=1; while [ $i -le 300 ]; do printf 'line %d\\r\\n' $i; i=$((i+1)); done; exec cat";
    let terminal = Terminal::new().command(["sh", "-c", script]);
    let terminal = app.world_mut().spawn((terminal, TerminalSize::cells(40, 5))).id();
    until_shows(app, terminal, "line 300");
    terminal
}

fn scroll(app: &mut App, terminal: Entity, to: ScrollTo) {
    app.world_mut().write_message(ScrollRequest { terminal, to });
}

fn seen(world: &World, terminal: Entity) -> Vec<String> {
    let screen = world.get::<TerminalGrid>(terminal).expect("a grid");
    let grid = world.get::<TerminalViewport>(terminal).expect("a viewport").grid(screen);
    (0..grid.rows()).map(|row| grid.row_text(row)).collect()
}

fn until_seen(app: &mut App, terminal: Entity, wanted: &[&str]) {
    until(app, &format!("{wanted:?}"), |world| (seen(world, terminal) == wanted).then_some(()));
}

fn until_copied(app: &mut App) -> SelectionCopied {
    let mut cursor = app.world().resource::<Messages<SelectionCopied>>().get_cursor_current();
    until(app, "a copy", |world| cursor.read(world.resource()).next().cloned())
}

#[test]
fn what_is_seen_stays_when_output_arrives() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    scroll(&mut app, terminal, ScrollTo::Pages(1.0));
    let above = ["line 292", "line 293", "line 294", "line 295", "line 296"];
    until_seen(&mut app, terminal, &above);
    app.world_mut().write_message(TerminalInput::text(terminal, "one\r\ntwo\r\nthree"));
    until_shows(&mut app, terminal, "three");
    assert_eq!(seen(app.world(), terminal), above);
    scroll(&mut app, terminal, ScrollTo::Lines(-3.0));
    until_seen(&mut app, terminal, &["line 295", "line 296", "line 297", "line 298", "line 299"]);
    scroll(&mut app, terminal, ScrollTo::Top);
    until_seen(&mut app, terminal, &["line 1", "line 2", "line 3", "line 4", "line 5"]);
    scroll(&mut app, terminal, ScrollTo::Line(150));
    until_seen(&mut app, terminal, &["line 149", "line 150", "line 151", "line 152", "line 153"]);
    scroll(&mut app, terminal, ScrollTo::Bottom);
    until_seen(&mut app, terminal, &["line 299", "line 300", "one", "two", "three"]);
    assert!(!app.world().get::<TerminalViewport>(terminal).expect("there").is_scrolled_back());
}

#[test]
fn a_cleared_scrollback_is_gone_and_the_screen_is_seen_as_it_was() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    scroll(&mut app, terminal, ScrollTo::Top);
    until_seen(&mut app, terminal, &["line 1", "line 2", "line 3", "line 4", "line 5"]);
    app.world_mut().write_message(ActionTriggered { terminal, action: Action::ClearScrollback });
    until_seen(&mut app, terminal, &["line 297", "line 298", "line 299", "line 300", ""]);
    assert!(!app.world().get::<TerminalViewport>(terminal).expect("there").is_scrolled_back());
    scroll(&mut app, terminal, ScrollTo::Top);
    app.update();
    assert!(!app.world().get::<TerminalViewport>(terminal).expect("there").is_scrolled_back());
}

#[test]
fn a_part_of_a_line_is_scrolled_by() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    scroll(&mut app, terminal, ScrollTo::Lines(1.25));
    // One row more than the screen has: of the first and the last, parts are seen.
    until_seen(&mut app, terminal, &["line 295", "line 296", "line 297", "line 298", "line 299", "line 300"]);
    assert_eq!(app.world().get::<TerminalViewport>(terminal).expect("there").hidden_part(), 0.75);
}

#[test]
fn keys_scroll_and_typing_comes_back() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    app.world_mut().resource_mut::<InputFocus>().set(terminal, FocusCause::Navigated);
    let world = app.world_mut();
    press(world, KeyCode::ShiftLeft, Key::Shift, None, ButtonState::Pressed);
    press(world, KeyCode::PageUp, Key::PageUp, None, ButtonState::Pressed);
    press(world, KeyCode::PageUp, Key::PageUp, None, ButtonState::Released);
    press(world, KeyCode::ShiftLeft, Key::Shift, None, ButtonState::Released);
    until_seen(&mut app, terminal, &["line 292", "line 293", "line 294", "line 295", "line 296"]);
    press(app.world_mut(), KeyCode::KeyX, Key::Character("x".into()), Some("x"), ButtonState::Pressed);
    until_seen(&mut app, terminal, &["line 297", "line 298", "line 299", "line 300", "x"]);
}

#[test]
fn a_program_with_the_whole_screen_has_the_keys_that_scroll() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = Terminal::new().command(["sh", "-c", "stty raw -echo; printf '\\033[?1049hready'; exec cat -v"]);
    let terminal = app.world_mut().spawn((terminal, TerminalSize::cells(40, 5))).id();
    until_shows(&mut app, terminal, "ready");
    app.world_mut().resource_mut::<InputFocus>().set(terminal, FocusCause::Navigated);
    press(app.world_mut(), KeyCode::ShiftLeft, Key::Shift, None, ButtonState::Pressed);
    press(app.world_mut(), KeyCode::PageUp, Key::PageUp, None, ButtonState::Pressed);
    until_shows(&mut app, terminal, "^[[5;2~");
}

#[test]
fn all_is_selected_and_copied_with_what_has_to_be_fetched() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    for what in [Select::All, Select::Copy { primary: false }] {
        app.world_mut().write_message(SelectRequest { terminal, what });
    }
    let copied = until_copied(&mut app);
    let wanted: String = (1..=300).map(|number| format!("line {number}\n")).collect();
    assert_eq!((copied.text, copied.primary), (wanted, false));
}

#[test]
fn a_selection_goes_with_its_text_and_is_gone_when_that_changes() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    // Line 299 is the third row: lines are counted from 0.
    for what in [Select::Begin(SelectionKind::Words, At { line: 298, col: 6 }), Select::Copy { primary: true }] {
        app.world_mut().write_message(SelectRequest { terminal, what });
    }
    let copied = until_copied(&mut app);
    assert_eq!((copied.text.as_str(), copied.primary), ("299", true));
    let highlighted =
        |world: &World, row| world.get::<TerminalHighlights>(terminal).expect("there").row(row).first().cloned();
    let row = |world: &World| (0..5).find(|row| highlighted(world, *row).is_some());
    assert_eq!(highlighted(app.world(), 2), Some((5..8, Highlight::Selected)));
    app.world_mut().write_message(TerminalInput::text(terminal, "\r\nnext"));
    until_shows(&mut app, terminal, "next");
    assert_eq!(row(app.world()), Some(1));
    // Something else is written there.
    app.world_mut().write_message(TerminalInput::text(terminal, "\x1b[2;1Hsomething else\x1b[5Hend"));
    until_shows(&mut app, terminal, "end");
    assert_eq!(row(app.world()), None);
}

#[test]
fn blanks_alone_replace_nothing_that_was_copied() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    // Behind the text of line 299, and then a part of it.
    for (from, to) in [(20, 30), (0, 4)] {
        let [from, to] = [from, to].map(|col| At { line: 298, col });
        for what in [Select::Begin(SelectionKind::Cells, from), Select::Extend(to), Select::Copy { primary: false }] {
            app.world_mut().write_message(SelectRequest { terminal, what });
        }
        app.update();
    }
    let copied: Vec<_> = app.world_mut().resource_mut::<Messages<SelectionCopied>>().drain().collect();
    assert_eq!(copied.iter().map(|copied| copied.text.as_str()).collect::<Vec<_>>(), ["line"]);
}

/// The same program on a terminal that fills the window, with cells of 8 by 16 pixels.
fn in_window(app: &mut App) -> Entity {
    let terminal = lines(app);
    let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 4, scale_factor: 1.0 };
    app.world_mut().entity_mut(terminal).insert((FitWindow, metrics));
    // The window has room for 80 by 24.
    until(app, "the window's size", |world| (world.get::<TerminalGrid>(terminal)?.grid.rows() == 24).then_some(()));
    terminal
}

/// The middle of the left half of a cell.
fn cell(col: u16, row: u16) -> Vec2 {
    Vec2::new(4.0 + 8.0 * f32::from(col) + 2.0, 4.0 + 16.0 * f32::from(row) + 8.0)
}

#[test]
fn the_mouse_selects_and_the_wheel_scrolls() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = in_window(&mut app);
    let first = seen(app.world(), terminal)[0].clone();
    let second = seen(app.world(), terminal)[1].clone();
    pointer(app.world_mut(), cell(0, 0));
    click(app.world_mut(), MouseButton::Left, ButtonState::Pressed);
    pointer(app.world_mut(), cell(4, 1));
    click(app.world_mut(), MouseButton::Left, ButtonState::Released);
    let copied = until_copied(&mut app);
    assert_eq!((copied.text, copied.primary), (format!("{first}\n{}", &second[..4]), true));
    // Two clicks are a word.
    for state in [ButtonState::Pressed, ButtonState::Released, ButtonState::Pressed, ButtonState::Released] {
        pointer(app.world_mut(), cell(6, 1));
        click(app.world_mut(), MouseButton::Left, state);
    }
    assert_eq!(until_copied(&mut app).text, second[5..]);
    turn(app.world_mut());
    until(&mut app, "three lines back", |world| (seen(world, terminal)[3] == first).then_some(()));
}

#[test]
fn a_selection_that_is_drawn_to_the_edge_of_the_window_scrolls() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = in_window(&mut app);
    // Without a padding the first row begins at the edge.
    let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 0, scale_factor: 1.0 };
    app.world_mut().entity_mut(terminal).insert(metrics);
    until(&mut app, "a row more", |world| (world.get::<TerminalGrid>(terminal)?.grid.rows() == 25).then_some(()));
    app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(100)));
    let is_scrolled_back = |app: &App| app.world().get::<TerminalViewport>(terminal).expect("there").is_scrolled_back();
    pointer(app.world_mut(), Vec2::new(20.0, 1.0));
    click(app.world_mut(), MouseButton::Left, ButtonState::Pressed);
    app.update();
    assert!(!is_scrolled_back(&app), "a click draws nothing");
    pointer(app.world_mut(), Vec2::new(30.0, 12.0));
    app.update();
    assert!(!is_scrolled_back(&app), "it is on the text");
    pointer(app.world_mut(), Vec2::new(30.0, 1.0));
    app.update();
    assert!(is_scrolled_back(&app));
}

#[test]
fn what_has_scrolled_by_is_found_when_the_program_has_ended() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let script = "i=1; while [ $i -le 300 ]; do printf 'line %d\\n' $i; i=$((i+1)); done; printf end";
    let terminal = Terminal::new().command(["sh", "-c", script]);
    let terminal = app.world_mut().spawn((terminal, TerminalSize::cells(40, 5))).id();
    until_shows(&mut app, terminal, "end");
    until(&mut app, "the end of its program", |world| {
        matches!(world.get::<TerminalStatus>(terminal), Some(TerminalStatus::Exited(_))).then_some(())
    });
    assert_eq!(look_for(&mut app, terminal, "line 42", false), SearchOutcome::Found);
    until_seen(&mut app, terminal, &["line 40", "line 41", "line 42", "line 43", "line 44"]);
}

fn look(app: &mut App, terminal: Entity, what: Search) -> SearchOutcome {
    app.world_mut().write_message(SearchRequest { terminal, what });
    app.update();
    until(app, "the end of a search", |world| {
        let outcome = world.get::<TerminalSearch>(terminal)?.outcome().clone();
        (outcome != SearchOutcome::Looking).then_some(outcome)
    })
}

fn look_for(app: &mut App, terminal: Entity, text: &str, regex: bool) -> SearchOutcome {
    look(app, terminal, Search::For { text: text.into(), regex })
}

#[test]
fn a_search_goes_up_and_down_through_lines_that_are_fetched() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = lines(&mut app);
    assert_eq!(look_for(&mut app, terminal, "LINE 42", false), SearchOutcome::NotFound);
    assert_eq!(look_for(&mut app, terminal, "line 42", false), SearchOutcome::Found);
    until_seen(&mut app, terminal, &["line 40", "line 41", "line 42", "line 43", "line 44"]);
    let here = |world: &World| world.get::<TerminalHighlights>(terminal).expect("there").row(2).to_vec();
    assert_eq!(here(app.world()), [(0..7, Highlight::FoundHere)]);
    assert_eq!(look_for(&mut app, terminal, r"^line \d0$", true), SearchOutcome::Found);
    // What was found for another text does not count: it is looked for from where the first one was.
    until_seen(&mut app, terminal, &["line 88", "line 89", "line 90", "line 91", "line 92"]);
    assert_eq!(look(&mut app, terminal, Search::Up), SearchOutcome::Found);
    until_seen(&mut app, terminal, &["line 78", "line 79", "line 80", "line 81", "line 82"]);
    // From where one has gone to, too.
    assert_eq!(look_for(&mut app, terminal, r"^line \d5$", true), SearchOutcome::Found);
    until_seen(&mut app, terminal, &["line 73", "line 74", "line 75", "line 76", "line 77"]);
    assert_eq!(look_for(&mut app, terminal, r"^line \d0$", true), SearchOutcome::Found);
    until_seen(&mut app, terminal, &["line 78", "line 79", "line 80", "line 81", "line 82"]);
    for _ in 0..2 {
        assert_eq!(look(&mut app, terminal, Search::Down), SearchOutcome::Found);
    }
    // From the last it begins anew.
    until_seen(&mut app, terminal, &["line 8", "line 9", "line 10", "line 11", "line 12"]);
    let SearchOutcome::Wrong(why) = look_for(&mut app, terminal, "(", true) else { panic!("no pattern") };
    assert_eq!(why, "unclosed group");
    assert_eq!(look(&mut app, terminal, Search::End), SearchOutcome::Idle);
    assert_eq!(here(app.world()), []);
}
