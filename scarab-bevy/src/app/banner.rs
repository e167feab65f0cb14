//! A few lines over the terminal: what the connection is doing while it is down, and what can be chosen.

use bevy::{prelude::*, window::PrimaryWindow};
use scarab_protocol::surface::{Attrs, Cursor};

use crate::{
    render::{TerminalTheme, TerminalView, ThemeOverride},
    terminal::TerminalGrid,
    typeset::{Typeset, columns, graphemes},
    view::TerminalMetrics,
};

/// What the banner says; nothing for no banner. It is drawn like any grid, with the terminal's own font.
#[derive(Resource, Default, PartialEq, Eq)]
pub(super) struct Banner(pub(super) Vec<String>, pub(super) Place);

/// Where the banner is.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the middle of the window, for what keeps one from working.
    #[default]
    Middle,
    /// In the upper right corner, for what may stay while one works: there is the least to read.
    Corner,
}

#[derive(Component)]
pub(super) struct BannerView;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Banner>().add_systems(Startup, spawn).add_systems(Update, show.run_if(outdated));
}

/// Whether the banner is to be drawn anew: it says something else, or has another width to fit.
fn outdated(
    banner: Res<Banner>,
    windows: Query<(), (With<PrimaryWindow>, Changed<Window>)>,
    metrics: Query<(), (With<BannerView>, Changed<TerminalMetrics>)>,
) -> bool {
    banner.is_changed() || !windows.is_empty() || !metrics.is_empty()
}

/// In front of the terminal.
const DEPTH: f32 = 10.0;

/// Lines are broken here at the latest: longer ones are hard to read.
const MAX_COLS: usize = 76;

fn spawn(mut commands: Commands) {
    let theme = TerminalTheme { background: [0x3a, 0x2f, 0x1c], ..default() };
    commands.spawn((
        BannerView,
        TerminalGrid::default(),
        TerminalView { padding: 10.0, focused: false, ..default() },
        ThemeOverride(theme),
        Transform::from_xyz(0.0, 0.0, DEPTH),
        Visibility::Hidden,
    ));
}

/// Draws the banner, as wide as the window allows. To run when what it says is decided, in the same update.
pub(super) fn show(
    banner: Res<Banner>,
    mut view: Single<(&mut TerminalGrid, &mut Visibility, &mut Transform, &TerminalMetrics), With<BannerView>>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
) {
    let (grid, visibility, transform, metrics) = &mut *view;
    let window = window.map(Single::into_inner);
    let fits = window.and_then(|window| metrics.cells_in(window.physical_size()));
    let max_cols = fits.map_or(MAX_COLS, |(cols, _)| MAX_COLS.min(cols.into()));
    if banner.0.is_empty() {
        **visibility = Visibility::Hidden;
        return;
    }
    **visibility = Visibility::Inherited;
    let lines: Vec<String> = banner.0.iter().flat_map(|line| wrap(line, max_cols)).collect();
    let cols = lines.iter().map(|line| columns(line)).max().unwrap_or(0).clamp(1, max_cols);
    let middle = match window {
        Some(window) if banner.1 == Place::Corner => {
            let quad = metrics.quad(cols as u16, lines.len() as u16).as_vec2() / metrics.scale_factor;
            (window.size() - quad) / 2.0
        }
        _ => Vec2::ZERO,
    };
    transform.translation = middle.extend(DEPTH);
    let frame = grid.grid.frame + 1;
    grid.grid.reset(cols as u16, lines.len() as u16, frame);
    grid.grid.frame = frame;
    grid.grid.cursor = Cursor { visible: false, ..default() };
    for (row, line) in lines.iter().enumerate() {
        let mut text = Typeset::default();
        text.write(line, Attrs::empty());
        text.cut(0, cols);
        grid.grid.set_row(row as u16, frame, &text.cells, text.extras);
    }
}

/// Breaks a line between words, and words that are too long where they are too long. Only a wide character is wider than what one
/// column has room for.
fn wrap(line: &str, max_cols: usize) -> Vec<String> {
    let (mut lines, mut used) = (vec![String::new()], 0);
    for word in line.split_inclusive(' ') {
        let mut fits = used + columns(word) <= max_cols;
        for (grapheme, columns) in graphemes(word) {
            if used > 0 && (!fits || used + columns > max_cols) {
                lines.push(String::new());
                used = 0;
            }
            // What follows of a word that has begun a line stays with it as long as it can.
            fits = true;
            if let Some(last) = lines.last_mut() {
                last.push_str(grapheme);
            }
            used += columns;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typeset::tests::any_text;

    #[test]
    fn long_lines_are_broken_between_words_and_nothing_is_lost() {
        let line = "word ".repeat(40) + &"x".repeat(200);
        let lines = wrap(&line, MAX_COLS);
        assert!(lines.iter().all(|line| line.len() <= MAX_COLS));
        assert_eq!(lines.concat(), line);
        assert!(lines[0].ends_with(' '));
        assert_eq!(wrap("", MAX_COLS), [""]);
        assert!(wrap(&line, 20).iter().all(|line| line.len() <= 20));
    }

    #[test]
    fn lines_of_wide_characters_are_broken_by_columns() {
        assert_eq!(wrap("漢字 漢字漢字", 5), ["漢字 ", "漢字", "漢字"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked_and_nothing_is_lost(words in any_text(), max_cols in 2..30usize) {
            let lines = wrap(&words, max_cols);
            prop_assert_eq!(lines.concat(), words);
            prop_assert!(lines.iter().all(|line| columns(line) <= max_cols), "{lines:?}");
        }
    }
}
