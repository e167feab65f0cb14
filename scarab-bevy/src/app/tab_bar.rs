//! Which tabs there are, along the upper edge of the window, when there is more than one.

use bevy::{
    input::mouse::{MouseButton, MouseButtonInput},
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::surface::{Attrs, Cursor, Grid};

use super::mark::{self, Mark};
use crate::{
    panes::{ScarabPanesSystems, Tab, Tabs},
    render::{TerminalTheme, TerminalView, ThemeOverride},
    terminal::{TerminalGrid, TerminalSession, TerminalTitle},
    typeset::{Typeset, beginning, columns},
    view::{TerminalArea, TerminalMetrics},
};

/// In front of terminals.
const DEPTH: f32 = 4.0;
/// The widest that a tab's name is shown, in cells, and the narrowest.
const WIDEST: usize = 24;
const NARROWEST: usize = 3;

#[derive(Component, Default)]
struct BarView {
    /// The tabs that are shown, each from so many cells on.
    tabs: Vec<(usize, Entity)>,
    cols: usize,
}

pub(super) fn plugin(app: &mut App) {
    let update = (click, mark::mark, mark::look, show).chain().after(ScarabPanesSystems::Act);
    app.add_systems(Startup, spawn).add_systems(Update, update);
}

fn spawn(mut commands: Commands) {
    commands.spawn((
        BarView::default(),
        TerminalGrid::default(),
        TerminalView { padding: 2.0, focused: false, ..default() },
        ThemeOverride(TerminalTheme::default()),
        TerminalArea::default(),
        Transform::from_xyz(0.0, 0.0, DEPTH),
        Visibility::Hidden,
    ));
}

/// What a tab is called, behind the sign that it wants to be looked at.
fn label(tab: &Tab, mark: Option<&Mark>, names: &Query<(Option<&TerminalTitle>, Option<&TerminalSession>)>) -> String {
    let (title, session) = names.get(tab.focus).unwrap_or_default();
    let own = tab.name.as_deref().or(title.map(|title| title.0.as_str()).filter(|title| !title.is_empty()));
    let name = own.or(session.map(|session| session.name.as_str())).unwrap_or("...");
    let zoomed = if tab.zoomed { " (zoomed)" } else { "" };
    let sign = mark.map_or_else(String::new, |mark| format!("{} ", mark.sign()));
    format!("{sign}{name}{zoomed}")
}

/// Draws the bar, and keeps room for it.
fn show(
    mut state: ResMut<Tabs>,
    theme: Res<TerminalTheme>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    tabs: Query<&Tab>,
    marks: Query<&Mark>,
    names: Query<(Option<&TerminalTitle>, Option<&TerminalSession>)>,
    mut view: Single<(
        &mut BarView,
        &mut TerminalGrid,
        &mut Visibility,
        &mut TerminalArea,
        &mut ThemeOverride,
        &TerminalMetrics,
    )>,
) {
    let Some(window) = window else { return };
    let (bar, grid, visibility, area, own_theme, metrics) = &mut *view;
    let several = state.order().len() > 1;
    let height = metrics.quad(1, 1).y;
    let reserved = if several { height } else { 0 };
    if state.reserved != reserved {
        state.reserved = reserved;
    }
    visibility.set_if_neq(if several { Visibility::Inherited } else { Visibility::Hidden });
    let Some((cols, _)) = metrics.cells_in(window.physical_size()).filter(|_| several) else { return };
    let labels = state.order().iter().filter_map(|entity| {
        let tab = tabs.get(*entity).ok()?;
        let mark = tab.tree.panes().into_iter().filter_map(|pane| marks.get(pane).ok()).max();
        Some((*entity, label(tab, mark, &names)))
    });
    let labels: Vec<(Entity, String)> = labels.collect();
    let (row, places) = draw(&labels, state.current(), cols.into());
    own_theme.set_if_neq(ThemeOverride(theme.of_bar(1)));
    let whole = URect { min: UVec2::ZERO, max: UVec2::new(window.physical_width(), height) };
    area.set_if_neq(TerminalArea(whole));
    if bar.tabs != places || bar.cols != usize::from(cols) {
        (bar.tabs, bar.cols) = (places, cols.into());
    }
    if grid.grid.row(0) != row.cells || grid.grid.row_extras(0) != row.extras {
        put(&mut grid.grid, row);
    }
}

fn put(grid: &mut Grid, row: Typeset) {
    let frame = grid.frame + 1;
    grid.reset(row.cells.len() as u16, 1, frame);
    grid.frame = frame;
    grid.set_row(0, frame, &row.cells, row.extras);
    grid.cursor = Cursor { visible: false, ..Cursor::default() };
}

/// The bar's cells, and where each tab begins. Names are cut to what there is room for; of more tabs than that, those around the one in
/// front are shown.
fn draw(labels: &[(Entity, String)], front: Option<Entity>, cols: usize) -> (Typeset, Vec<(usize, Entity)>) {
    // A blank at each side, and one between it and the next.
    let width = (cols / labels.len().max(1)).saturating_sub(3).clamp(NARROWEST, WIDEST);
    let fit = (cols / (width + 3)).max(1);
    let at = labels.iter().position(|(tab, _)| Some(*tab) == front).unwrap_or(0);
    let first = (at + 1).saturating_sub(fit).min(labels.len().saturating_sub(fit));
    let (mut row, mut places) = (Typeset::default(), Vec::new());
    for (tab, label) in labels.iter().skip(first).take(fit) {
        places.push((row.cells.len(), *tab));
        let attrs = if Some(*tab) == front { Attrs::INVERSE } else { Attrs::empty() };
        let is_cut = columns(label) > width;
        let (shown, more) = if is_cut { (beginning(label, width - 1), "…") } else { (label.as_str(), "") };
        for part in [" ", shown, more, " "] {
            row.write(part, attrs);
        }
        row.write(" ", Attrs::empty());
    }
    row.cut(0, cols);
    row.fill(cols);
    (row, places)
}

/// A click brings a tab to the front.
fn click(
    mut buttons: MessageReader<MouseButtonInput>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    view: Single<(&BarView, &Visibility, &TerminalMetrics)>,
    mut state: ResMut<Tabs>,
    tabs: Query<&Tab>,
    mut focus: ResMut<InputFocus>,
) {
    let (bar, visibility, metrics) = *view;
    for _ in buttons.read().filter(|pressed| pressed.state.is_pressed() && pressed.button == MouseButton::Left) {
        let Some(position) = window.as_ref().and_then(|window| window.cursor_position()) else { continue };
        let over = *visibility != Visibility::Hidden && position.y * metrics.scale_factor < state.reserved as f32;
        let Some(cell) = metrics.cell_at(position).filter(|_| over) else { continue };
        let col = usize::try_from(cell.x).unwrap_or(0);
        let Some((_, tab)) = bar.tabs.iter().rev().find(|(from, _)| *from <= col) else { continue };
        state.show(*tab);
        if let Ok(tab) = tabs.get(*tab) {
            focus.set(tab.focus, FocusCause::Pressed);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        app::testing::{nobody, spawn_pane, with_pane},
        messages::BellRang,
        panes::Pane,
        terminal::Terminal,
        typeset::tests::{any_text, is_whole},
    };

    fn labels(names: &[impl ToString]) -> Vec<(Entity, String)> {
        let entities = (1..).map(|number| Entity::from_raw_u32(number).expect("a number"));
        entities.zip(names.iter().map(ToString::to_string)).collect()
    }

    fn drawn(names: &[&str], front: usize, cols: usize) -> (String, usize) {
        let labels = labels(names);
        let (row, places) = draw(&labels, labels.get(front).map(|(tab, _)| *tab), cols);
        assert_eq!(row.cells.len(), cols);
        (row.cells.iter().map(|cell| cell.character()).collect(), places.len())
    }

    #[test]
    fn names_are_cut_to_what_there_is_room_for() {
        assert_eq!(drawn(&["one", "two"], 0, 20), (" one   two          ".into(), 2));
        assert_eq!(drawn(&["a long name", "two"], 1, 20), (" a long…   two      ".into(), 2));
        // Of six tabs there is room for three: the one in front is among them.
        assert_eq!(
            drawn(&["a", "b", "c", "d", "e", "f"], 4, 18),
            (" c   d   e         ".chars().take(18).collect(), 3)
        );
    }

    #[test]
    fn names_of_wide_characters_are_cut_by_columns() {
        // The right half of a wide character is a blank of its own.
        assert_eq!(drawn(&["漢字", "two"], 0, 20), (" 漢 字    two         ".into(), 2));
        assert_eq!(drawn(&["漢字漢字漢", "two"], 0, 20), (" 漢 字 漢 …   two      ".into(), 2));
        assert_eq!(drawn(&["x漢字漢字漢", "two"], 0, 20), (" x漢 字 …   two       ".into(), 2));
    }

    #[test]
    fn a_tab_that_is_not_shown_is_marked_for_a_bell_until_it_is() {
        let (mut app, first) = with_pane(nobody(), Terminal::new(), plugin);
        spawn_pane(&mut app, Terminal::new());
        let world = app.world_mut();
        let bar = world.query_filtered::<Entity, With<BarView>>().single(world).expect("one bar");
        let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 2, scale_factor: 1.0 };
        world.entity_mut(bar).insert(metrics);
        let shown = |app: &App| app.world().get::<TerminalGrid>(bar).expect("it has one").grid.row_text(0);
        app.update();
        assert_eq!(shown(&app), " ...   ...");
        app.world_mut().write_message(BellRang { terminal: first, times: 1 });
        app.update();
        assert_eq!(shown(&app), " • ...   ...");
        let tab = app.world().get::<Pane>(first).expect("it is in a tab").tab;
        app.world_mut().resource_mut::<Tabs>().show(tab);
        app.update();
        assert_eq!(shown(&app), " ...   ...");
    }

    proptest! {
        #[test]
        fn the_bar_fits_and_splits_no_wide_character_whatever_tabs_are_called(
            names in prop::collection::vec(any_text(), 1..8),
            front in 0..8usize,
            cols in 1..60usize,
        ) {
            let labels = labels(&names);
            let (row, places) = draw(&labels, labels.get(front).map(|(tab, _)| *tab), cols);
            prop_assert_eq!(row.cells.len(), cols);
            prop_assert!(is_whole(&row.cells));
            prop_assert!(places.iter().all(|(from, _)| *from < cols));
        }
    }
}
