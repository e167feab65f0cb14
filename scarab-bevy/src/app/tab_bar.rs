//! Which tabs there are, along the upper edge of the window, when there is more than one.

use bevy::{
    input::mouse::{MouseButton, MouseButtonInput},
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::surface::{Attrs, Cell, Color as CellColor, Cursor, Grid};

use crate::{
    panes::{ScarabPanesSystems, Tab, Tabs},
    render::{TerminalTheme, TerminalView, ThemeOverride},
    terminal::{TerminalGrid, TerminalSession, TerminalTitle},
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
    app.add_systems(Startup, spawn).add_systems(Update, (click, show).chain().after(ScarabPanesSystems::Act));
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

/// What a tab is called.
fn label(tab: &Tab, names: &Query<(Option<&TerminalTitle>, Option<&TerminalSession>)>) -> String {
    let (title, session) = names.get(tab.focus).unwrap_or_default();
    let own = tab.name.as_deref().or(title.map(|title| title.0.as_str()).filter(|title| !title.is_empty()));
    let name = own.or(session.map(|session| session.name.as_str())).unwrap_or("...");
    let zoomed = if tab.zoomed { " (zoomed)" } else { "" };
    format!("{name}{zoomed}")
}

/// Draws the bar, and keeps room for it.
fn show(
    mut state: ResMut<Tabs>,
    theme: Res<TerminalTheme>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    tabs: Query<&Tab>,
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
    let labels: Vec<(Entity, String)> =
        state.order().iter().filter_map(|tab| Some((*tab, label(tabs.get(*tab).ok()?, &names)))).collect();
    let (cells, places) = draw(&labels, state.current(), cols.into());
    let wanted = TerminalTheme { background: theme.ansi[0], foreground: theme.ansi[7], ..theme.clone() };
    own_theme.set_if_neq(ThemeOverride(wanted));
    let whole = URect { min: UVec2::ZERO, max: UVec2::new(window.physical_width(), height) };
    area.set_if_neq(TerminalArea(whole));
    if bar.tabs != places || bar.cols != usize::from(cols) {
        (bar.tabs, bar.cols) = (places, cols.into());
    }
    if grid.grid.row(0) != cells {
        put(&mut grid.grid, &cells);
    }
}

fn put(grid: &mut Grid, cells: &[Cell]) {
    let frame = grid.frame + 1;
    grid.reset(cells.len() as u16, 1, frame);
    grid.frame = frame;
    grid.set_row(0, frame, cells, Vec::new());
    grid.cursor = Cursor { visible: false, ..Cursor::default() };
}

/// The bar's cells, and where each tab begins. Names are cut to what there is room for; of more tabs than that, those around the one in
/// front are shown.
fn draw(labels: &[(Entity, String)], front: Option<Entity>, cols: usize) -> (Vec<Cell>, Vec<(usize, Entity)>) {
    // A blank at each side, and one between it and the next.
    let width = (cols / labels.len().max(1)).saturating_sub(3).clamp(NARROWEST, WIDEST);
    let fit = (cols / (width + 3)).max(1);
    let at = labels.iter().position(|(tab, _)| Some(*tab) == front).unwrap_or(0);
    let first = (at + 1).saturating_sub(fit).min(labels.len().saturating_sub(fit));
    let (mut cells, mut places) = (Vec::with_capacity(cols), Vec::new());
    for (tab, label) in labels.iter().skip(first).take(fit) {
        places.push((cells.len(), *tab));
        let attrs = if Some(*tab) == front { Attrs::INVERSE } else { Attrs::empty() };
        let name: Vec<char> = label.chars().collect();
        let shown: String = match name.len() > width {
            true => name[..width - 1].iter().collect::<String>() + "…",
            false => label.clone(),
        };
        let cell = |c| Cell::new(c, attrs, CellColor::Default, CellColor::Default);
        cells.extend(format!(" {shown} ").chars().map(cell));
        cells.push(Cell::BLANK);
    }
    cells.resize(cols, Cell::BLANK);
    (cells, places)
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
    use super::*;

    fn drawn(names: &[&str], front: usize, cols: usize) -> (String, usize) {
        let labels: Vec<(Entity, String)> = (1..)
            .zip(names)
            .map(|(number, name)| (Entity::from_raw_u32(number).expect("a number"), (*name).to_owned()))
            .collect();
        let (cells, places) = draw(&labels, labels.get(front).map(|(tab, _)| *tab), cols);
        assert_eq!(cells.len(), cols);
        (cells.iter().map(|cell| cell.character()).collect(), places.len())
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
}
