//! The line at the bottom of the window in which one writes what to look for.

use std::ops::Range;

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    input_focus::{FocusCause, FocusedInput, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::{config::Action, key::Mods};

use super::line::{self, Line, LineView};
use crate::{
    ActionTriggered, TerminalKeys,
    input::{KeyOrder, LineInput, LineKeys},
    panes::{Front, Tabs},
    render::{TerminalRenderSystems, TerminalTheme},
    search::{Search, SearchOutcome, SearchRequest, TerminalSearch},
    terminal::TerminalGrid,
    view::{TerminalArea, TerminalMetrics},
    viewport::{ScarabScrollSystems, TerminalViewport},
};

/// What can be done, as far as there is room for it.
const HELP: &str = "Enter up, Shift+Enter down, Ctrl+R regex, Escape ends";

/// What is written there.
#[derive(Resource, Default)]
struct Bar {
    /// The terminal that is searched; none while the bar is closed.
    terminal: Option<Entity>,
    line: Line,
    regex: bool,
}

#[derive(Component)]
struct BarView;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Bar>()
        .add_systems(Startup, (spawn, offer))
        .add_systems(Update, (open, hear, close_without_focus).chain())
        // What came of a search is known when it was asked for in this update.
        .add_systems(PostUpdate, show.after(ScarabScrollSystems::Scroll).before(TerminalRenderSystems::Measure));
}

fn offer(mut keys: ResMut<TerminalKeys>) {
    keys.actions.insert(Action::Search);
}

fn spawn(mut commands: Commands) {
    commands.spawn((BarView, line::view())).observe(type_key);
}

fn open(
    mut actions: MessageReader<ActionTriggered>,
    mut bar: ResMut<Bar>,
    view: Single<Entity, With<BarView>>,
    mut focus: ResMut<InputFocus>,
    mut requests: MessageWriter<SearchRequest>,
) {
    for ActionTriggered { terminal, .. } in actions.read().filter(|triggered| triggered.action == Action::Search) {
        if let Some(before) = bar.terminal.replace(*terminal).filter(|before| before != terminal) {
            requests.write(SearchRequest { terminal: before, what: Search::End });
        }
        focus.set(*view, FocusCause::Navigated);
        // What was looked for last is there to be gone on with, or written over.
        bar.line.go_to_end();
        let (text, regex) = (bar.line.text().to_owned(), bar.regex);
        requests.write(SearchRequest { terminal: *terminal, what: Search::For { text, regex } });
    }
}

fn type_key(
    mut event: On<FocusedInput<KeyboardInput>>,
    mut bar: ResMut<Bar>,
    mut keys: LineKeys,
    mut order: ResMut<KeyOrder>,
    mut focus: ResMut<InputFocus>,
    mut requests: MessageWriter<SearchRequest>,
) {
    event.propagate(false);
    // It comes again when what came before it is done.
    if order.is_waiting() {
        return;
    }
    let Some(terminal) = bar.terminal.filter(|_| event.input.state.is_pressed()) else { return };
    if keys.take(event.focused_entity, &event.input) {
        return;
    }
    let ctrl = keys.mods().contains(Mods::CTRL);
    let shift = keys.mods().contains(Mods::SHIFT);
    let mut ask = |what| {
        requests.write(SearchRequest { terminal, what });
    };
    match &event.input.logical_key {
        Key::Escape => {
            bar.terminal = None;
            focus.set(terminal, FocusCause::Navigated);
            order.stop();
            return ask(Search::End);
        }
        Key::Enter | Key::ArrowUp if !shift => return ask(Search::Up),
        Key::Enter | Key::ArrowDown => return ask(Search::Down),
        Key::Character(key) if ctrl && key.eq_ignore_ascii_case("r") => bar.regex = !bar.regex,
        _ => {
            if !bar.line.key(&event.input, ctrl) {
                return;
            }
        }
    }
    ask(Search::For { text: bar.line.text().to_owned(), regex: bar.regex });
}

/// What was composed and pasted.
fn hear(
    mut given: MessageReader<LineInput>,
    view: Single<Entity, With<BarView>>,
    mut bar: ResMut<Bar>,
    mut requests: MessageWriter<SearchRequest>,
) {
    let terminal = bar.terminal;
    if bar.bypass_change_detection().line.hear(terminal.map(|_| *view), &mut given) {
        bar.set_changed();
        let what = Search::For { text: bar.line.text().to_owned(), regex: bar.regex };
        requests.write_batch(terminal.map(|terminal| SearchRequest { terminal, what }));
    }
}

/// The search ends when somebody else gets the keyboard, and with its terminal.
fn close_without_focus(
    view: Single<Entity, With<BarView>>,
    front: Front,
    mut bar: ResMut<Bar>,
    mut focus: ResMut<InputFocus>,
    terminals: Query<(), With<TerminalSearch>>,
    mut requests: MessageWriter<SearchRequest>,
) {
    let Some(terminal) = bar.terminal else { return };
    let (has_keyboard, is_there) = (focus.get() == Some(*view), terminals.contains(terminal));
    if has_keyboard && is_there {
        return;
    }
    bar.terminal = None;
    requests.write(SearchRequest { terminal, what: Search::End });
    if let Some(pane) = front.pane().filter(|_| has_keyboard) {
        focus.set(pane, FocusCause::Navigated);
    }
}

impl Bar {
    /// What stands before the caret, and what is said about the search.
    fn says(&self, outcome: &SearchOutcome) -> (String, String) {
        let says = match outcome {
            SearchOutcome::Idle | SearchOutcome::Found => HELP.to_owned(),
            SearchOutcome::Looking => "looking...".to_owned(),
            SearchOutcome::NotFound => "not found".to_owned(),
            SearchOutcome::Wrong(why) => why.clone(),
        };
        let kind = if self.regex { "regex" } else { "search" };
        (format!("{kind}: {}", self.line.around_caret().0), says)
    }
}

/// What decides whether the bar would be in the way of what was found.
type Found<'a> = (Ref<'a, TerminalViewport>, &'a TerminalGrid, &'a TerminalArea, &'a TerminalMetrics);

/// Whether what was found reaches below `limit`, in physical pixels from the top of the window.
fn is_below(lines: Range<u64>, (viewport, screen, area, metrics): &Found<'_>, limit: u32) -> bool {
    let first = viewport.first_line(screen) as f64 + f64::from(viewport.hidden_part());
    let bottom = (lines.end as f64 - first) * f64::from(metrics.cell.y);
    f64::from(area.0.min.y + metrics.padding) + bottom > f64::from(limit)
}

/// Draws the bar along the lower edge of the window, or where that would hide what was found along the upper.
fn show(
    bar: Res<Bar>,
    tabs: Res<Tabs>,
    theme: Res<TerminalTheme>,
    window: Option<Single<Ref<Window>, With<PrimaryWindow>>>,
    searches: Query<Ref<TerminalSearch>>,
    found: Query<Found<'static>, Without<BarView>>,
    mut view: Single<LineView, With<BarView>>,
) {
    let Some(window) = window else { return };
    let Some(search) = bar.terminal.and_then(|terminal| searches.get(terminal).ok()) else {
        view.1.set_if_neq(Visibility::Hidden);
        return;
    };
    let found = bar.terminal.and_then(|terminal| found.get(terminal).ok());
    let has_moved = found.as_ref().is_some_and(|(viewport, ..)| viewport.is_changed());
    let news = [bar.is_changed(), theme.is_changed(), window.is_changed(), search.is_changed(), view.4.is_changed()];
    if !news.contains(&true) && !has_moved {
        return;
    }
    let (size, height) = (window.physical_size(), line::height(&view));
    let is_in_the_way = search
        .here()
        .zip(found.as_ref())
        .is_some_and(|(lines, found)| is_below(lines, found, size.y.saturating_sub(height)));
    let lower = if is_in_the_way { tabs.reserved + height } else { size.y };
    let part = URect { min: UVec2::ZERO, max: UVec2::new(size.x, lower.min(size.y)) };
    let (before, says) = bar.says(search.outcome());
    line::show_in(&mut view, part, &theme, (before.as_str(), bar.line.around_caret().1), &says);
}

#[cfg(test)]
mod tests {
    use bevy::{
        input::keyboard::KeyCode,
        window::{Ime, WindowEvent},
    };
    use scarab_protocol::surface::Attrs;

    use super::*;
    use crate::{
        TerminalMetrics, TerminalPreedit,
        app::testing::{click_and_type, press, window, with_open_line},
        input::PasteRequest,
        messages::{InputKind, TerminalInput},
        terminal::Terminal,
        typeset::Typeset,
    };

    fn text(app: &App) -> &str {
        app.world().resource::<Bar>().line.text()
    }

    fn line(app: &App) -> Entity {
        app.world().resource::<InputFocus>().get().expect("the line has the keyboard")
    }

    #[test]
    fn what_is_typed_behind_a_click_on_a_pane_is_not_looked_for() {
        let mut app = with_open_line(plugin, Action::Search);
        assert_eq!(click_and_type(&mut app), "x");
        assert_eq!(text(&app), "");
    }

    #[test]
    fn what_is_composed_stands_at_the_caret_of_the_line_and_is_looked_for_when_it_is_done() {
        let mut app = with_open_line(plugin, Action::Search);
        let line = line(&app);
        let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 3, scale_factor: 1.0 };
        app.world_mut().entity_mut(line).insert(metrics);
        let window = window(&mut app);
        let composed = |app: &mut App, ime: Ime| {
            app.world_mut().write_message(WindowEvent::from(ime.clone()));
            app.world_mut().write_message(ime);
            app.update();
            let world = app.world_mut();
            let preedit = world.get::<TerminalPreedit>(line).expect("lines have one").text.clone();
            let mut others = world.query_filtered::<&TerminalPreedit, With<Terminal>>();
            assert!(others.iter(world).all(|preedit| preedit.text.is_empty()), "no terminal has it");
            preedit
        };
        let begun = Ime::Preedit { window, value: "に".into(), cursor: None };
        assert_eq!(composed(&mut app, begun), "に");
        // Behind `search: `, and below the line, which is 22 pixels high with its padding.
        let place = app.world().get::<Window>(window).expect("a window").ime_position;
        assert_eq!(place, Vec2::new(3.0 + 8.0 * 8.0, 400.0 - 3.0));
        press(&mut app, KeyCode::KeyN, Key::Character("n".into()), Some("n"));
        assert_eq!(text(&app), "", "the key is the input method's");
        let mut asked = app.world().resource::<Messages<SearchRequest>>().get_cursor_current();
        assert_eq!(composed(&mut app, Ime::Commit { window, value: "日本".into() }), "");
        assert_eq!(text(&app), "日本");
        let asked: Vec<_> = asked.read(app.world().resource()).map(|request| request.what.clone()).collect();
        assert_eq!(asked, [Search::For { text: "日本".into(), regex: false }]);
        let grid = &app.world().get::<TerminalGrid>(line).expect("lines have one").grid;
        assert!(grid.row_text(0).starts_with("search: 日本"));
        assert_eq!(grid.cursor.col, 12);
    }

    #[test]
    fn the_keys_that_paste_on_terminals_paste_here() {
        let has_primary = cfg!(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))));
        for (modifiers, code, key, primary) in [
            (vec![KeyCode::ControlLeft, KeyCode::ShiftLeft], KeyCode::KeyV, Key::Character("V".into()), false),
            (vec![KeyCode::ShiftLeft], KeyCode::Insert, Key::Insert, has_primary),
        ] {
            let mut app = with_open_line(plugin, Action::Search);
            let line = line(&app);
            for modifier in modifiers {
                let key = if modifier == KeyCode::ShiftLeft { Key::Shift } else { Key::Control };
                press(&mut app, modifier, key, None);
            }
            let mut asked = app.world().resource::<Messages<PasteRequest>>().get_cursor_current();
            press(&mut app, code, key, None);
            let asked: Vec<_> =
                asked.read(app.world().resource()).map(|paste| (paste.terminal, paste.primary)).collect();
            assert_eq!(asked, [(line, primary)]);
            // As the clipboard answers.
            let (paste, copied) = TerminalInput::promised_paste(line);
            app.world_mut().write_message(LineInput { line, kind: paste.kind });
            app.update();
            assert_eq!(text(&app), "");
            copied.send("first\nsecond".into()).expect("it waits");
            app.update();
            assert_eq!(text(&app), "first");
        }
    }

    #[test]
    fn the_bar_is_along_the_lower_edge_unless_that_would_hide_what_was_found() {
        for (text, edges) in [("above", (378, 400)), ("below", (0, 22))] {
            let mut app = with_open_line(plugin, Action::Search);
            let line = line(&app);
            let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 3, scale_factor: 1.0 };
            app.world_mut().entity_mut(line).insert(metrics);
            let terminal = app.world().resource::<Bar>().terminal.expect("it is open");
            let grid = &mut app.world_mut().get_mut::<TerminalGrid>(terminal).expect("terminals have one").grid;
            grid.reset(80, 24, 1);
            for (row, text) in [(0, "above"), (23, "below")] {
                let mut cells = Typeset::default();
                cells.write(text, Attrs::empty());
                cells.fill(80);
                grid.set_row(row, 1, &cells.cells, cells.extras);
            }
            app.world_mut().write_message(LineInput { line, kind: InputKind::Bytes(text.into()) });
            app.update();
            let area = app.world().get::<TerminalArea>(line).expect("lines have one").0;
            assert_eq!((area.min.y, area.max.y), edges, "{text}");
        }
    }

    #[test]
    fn what_is_looked_for_changes_where_the_caret_is() {
        let mut app = with_open_line(plugin, Action::Search);
        let line = line(&app);
        app.world_mut().write_message(LineInput { line, kind: InputKind::Bytes("ab".into()) });
        app.update();
        press(&mut app, KeyCode::ArrowLeft, Key::ArrowLeft, None);
        let mut asked = app.world().resource::<Messages<SearchRequest>>().get_cursor_current();
        press(&mut app, KeyCode::Delete, Key::Delete, Some("\u{7f}"));
        let asked: Vec<_> = asked.read(app.world().resource()).map(|request| request.what.clone()).collect();
        assert_eq!(asked, [Search::For { text: "a".into(), regex: false }]);
    }

    #[test]
    fn a_text_that_comes_when_the_line_was_left_is_not_pasted_when_it_is_open_again() {
        let mut app = with_open_line(plugin, Action::Search);
        let line = line(&app);
        let (paste, copied) = TerminalInput::promised_paste(line);
        app.world_mut().write_message(LineInput { line, kind: paste.kind });
        app.update();
        press(&mut app, KeyCode::Escape, Key::Escape, None);
        // Whoever has asked may be gone.
        drop(copied.send("late".into()));
        let terminal = app.world().resource::<InputFocus>().get().expect("the pane has the keyboard");
        assert_ne!(terminal, line);
        app.world_mut().write_message(ActionTriggered { terminal, action: Action::Search });
        app.update();
        app.update();
        assert_eq!(text(&app), "");
    }
}
