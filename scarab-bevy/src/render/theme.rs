//! Colours: a theme, what a program changed of it, and what a cell's colours come to.

use std::sync::LazyLock;

use bevy::prelude::*;
use scarab_protocol::{
    config::Theme,
    surface::{Attrs, Cell, Color as CellColor, Extra, Grid, Modes, Palette, Rgb},
};

use super::material::linear_root;
use crate::highlight::Highlight;

/// What WCAG 2 asks of text of ordinary size (its level AA).
#[cfg(feature = "app")]
const BAR_CONTRAST: f32 = 4.5;
/// The least contrast of text to a colour that it stands out by, of which whoever chose the text's colour knew nothing. It is what WCAG 2.2
/// wants of large text and of what is to be told apart in a user interface (1.4.3 and 1.4.11), and what the plain text of every theme
/// has there, so that this stays as it is.
const LEAST_WHERE_IT_STANDS_OUT: f32 = 3.0;

/// The colours of terminals that have no [`ThemeOverride`]; all in sRGB, 0 to 255.
///
/// The default is a dark theme with muted colours. The 240 indexed colours above the first 16 are xterm's:
/// a cube of 6 by 6 by 6 and 24 greys. Whatever a program sets (OSC 4, 10, 11, 12) goes before the theme.
/// Changing this resource redraws every terminal.
#[derive(Resource, Reflect, Debug, Clone, PartialEq)]
#[reflect(Resource, Default)]
pub struct TerminalTheme {
    /// Text in the default colour. Default: `#d8dee9`.
    pub foreground: Rgb,
    /// The screen behind it, and the padding around the cells. Default: `#16181d`.
    pub background: Rgb,
    /// The cursor. Default: `#e5c07b`.
    pub cursor: Rgb,
    /// What is selected, behind its text. Default: `#3b4861`.
    pub selection: Rgb,
    /// What a search has found, behind its text. Default: `#5f4b1e`.
    pub found: Rgb,
    /// Where a search has stopped: its text has the background's colour. Default: `#f0c674`.
    pub found_here: Rgb,
    /// Black, red, green, yellow, blue, magenta, cyan, white, and the same eight bright (SGR 30-37 and 90-97).
    pub ansi: [Rgb; 16],
    /// Whether bold text in one of the first eight colours has the bright one. Default: false.
    pub bold_is_bright: bool,
    /// The least contrast of text to what is behind it, from 1 (any) to 21 (black on white), as WCAG 2 counts it: text with less is
    /// made lighter or darker. Lines, blocks and the like are no text. Text that is selected or found has at least 3. Default: 1.
    pub minimum_contrast: f32,
}

impl Default for TerminalTheme {
    fn default() -> Self {
        Theme::default().into()
    }
}

impl From<Theme> for TerminalTheme {
    fn from(theme: Theme) -> Self {
        let Theme { foreground, background, cursor, selection, found, found_here, ansi } = theme;
        let (bold_is_bright, minimum_contrast) = (false, 1.0);
        Self { foreground, background, cursor, selection, found, found_here, ansi, bold_is_bright, minimum_contrast }
    }
}

impl TerminalTheme {
    /// The background as a Bevy colour, for a [`ClearColor`] that matches the terminal.
    pub fn background_color(&self) -> Color {
        let [r, g, b] = self.background;
        Color::srgb_u8(r, g, b)
    }

    /// A background that stands out from the screen's: so many eighths of the way to the text's colour.
    #[cfg(feature = "app")]
    pub(crate) fn raised(&self, eighths: u16) -> Rgb {
        towards(self.background, self.foreground, eighths)
    }

    /// The colours of a bar over the screen, on a raised background. Its text can be read in any theme.
    #[cfg(feature = "app")]
    pub(crate) fn of_bar(&self, eighths: u16) -> Self {
        let minimum_contrast = self.minimum_contrast.max(BAR_CONTRAST);
        Self { background: self.raised(eighths), minimum_contrast, ..self.clone() }
    }

    /// One of the 256 indexed colours.
    pub fn indexed(&self, index: u8) -> Rgb {
        match index {
            0..=15 => self.ansi[usize::from(index)],
            16..=231 => {
                let cube = index - 16;
                [cube / 36, cube / 6 % 6, cube % 6].map(|step| if step == 0 { 0 } else { 55 + 40 * step })
            }
            232..=255 => [8 + 10 * (index - 232); 3],
        }
    }
}

/// The colours of one terminal, in place of the resource [`TerminalTheme`].
#[derive(Component, Reflect, Debug, Clone, PartialEq, Default)]
#[reflect(Component, Default)]
pub struct ThemeOverride(pub TerminalTheme);

/// Has a terminal flash as long as it is there: what is behind the text comes a quarter of the way to the text's colour, whatever colours
/// the program has chosen (OSC 10, 11).
#[derive(Component, Reflect, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub struct Flashing;

/// A colour through which what is behind the window is seen: multiplied by its opacity, from 0 to 1. That is done with its bytes as
/// they are, because desktops compose windows without taking their encoding apart.
pub(crate) fn seen_through(color: Rgb, opacity: f32) -> Rgb {
    color.map(|byte| (f32::from(byte) * opacity).round() as u8)
}

/// The colours of a cell, ready to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellColors {
    pub(super) fg: Rgb,
    pub(super) bg: Rgb,
    pub(super) underline: Rgb,
}

/// A theme with a program's changes applied: every colour that a grid can name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Colors {
    pub(super) fg: Rgb,
    pub(super) bg: Rgb,
    pub(super) cursor: Rgb,
    /// Text and background of what is selected, found, and found here; without a text colour it keeps its own.
    highlights: [(Option<Rgb>, Rgb); 3],
    bold_is_bright: bool,
    minimum_contrast: f32,
    indexed: [Rgb; 256],
}

impl Colors {
    /// The colours of a grid under a theme. A reversed screen (DECSCNM) exchanges the two defaults.
    pub(super) fn new(theme: &TerminalTheme, grid: &Grid) -> Self {
        let palette = &grid.palette;
        let mut fg = palette.get(Palette::FOREGROUND).unwrap_or(theme.foreground);
        let mut bg = palette.get(Palette::BACKGROUND).unwrap_or(theme.background);
        if grid.modes.contains(Modes::REVERSE_SCREEN) {
            std::mem::swap(&mut fg, &mut bg);
        }
        let cursor = palette.get(Palette::CURSOR).unwrap_or(theme.cursor);
        let highlights = [(None, theme.selection), (None, theme.found), (Some(theme.background), theme.found_here)];
        let indexed = std::array::from_fn(|index| palette.get(index).unwrap_or_else(|| theme.indexed(index as u8)));
        let &TerminalTheme { bold_is_bright, minimum_contrast, .. } = theme;
        Self { fg, bg, cursor, highlights, bold_is_bright, minimum_contrast, indexed }
    }

    /// These in a flash. Of a quarter of the way to the text much is seen, and the text stays readable.
    pub(super) fn flashing(self) -> Self {
        Self { bg: towards(self.bg, self.fg, 2), ..self }
    }

    /// What a cell's colours come to where it stands out by them, if it does. Its text keeps its colour where that can be read.
    pub(super) fn highlighted(&self, cell: Cell, extra: Option<&Extra>, highlight: Highlight) -> Option<CellColors> {
        let [selected, found, here] = self.highlights;
        let (text, bg) = match highlight {
            Highlight::Link => return None,
            Highlight::Selected => selected,
            Highlight::Found => found,
            Highlight::FoundHere => here,
        };
        let own = self.of(cell, extra);
        let (fg, underline) = text.map_or((own.fg, own.underline), |text| (text, text));
        if is_drawing(cell.character()) {
            return Some(CellColors { fg, bg, underline });
        }
        Some(CellColors { fg: self.legible(fg, bg), bg, underline: self.legible(underline, bg) })
    }

    /// A colour for text where it stands out: its own if that can be read, the default one if that can, or what is made of its own.
    fn legible(&self, own: Rgb, bg: Rgb) -> Rgb {
        let least = self.minimum_contrast.max(LEAST_WHERE_IT_STANDS_OUT);
        let readable = [own, self.fg].into_iter().find(|color| contrast(*color, bg) >= least);
        readable.unwrap_or_else(|| with_contrast(own, bg, least))
    }

    /// What a cell's colours come to: faint text goes halfway to its background, then inverse exchanges the two.
    pub(super) fn of(&self, cell: Cell, extra: Option<&Extra>) -> CellColors {
        let attrs = cell.attrs();
        let mut bg = self.resolve(cell.bg(), self.bg);
        let fg = match cell.fg() {
            CellColor::Indexed(color @ 0..8) if self.bold_is_bright && attrs.contains(Attrs::BOLD) => {
                CellColor::Indexed(color + 8)
            }
            color => color,
        };
        let mut fg = self.resolve(fg, self.fg);
        if attrs.contains(Attrs::FAINT) {
            fg = std::array::from_fn(|i| ((u16::from(fg[i]) * 11 + u16::from(bg[i]) * 9) / 20) as u8);
        }
        if attrs.contains(Attrs::INVERSE) {
            std::mem::swap(&mut fg, &mut bg);
        }
        if self.minimum_contrast > 1.0 && !is_drawing(cell.character()) {
            fg = with_contrast(fg, bg, self.minimum_contrast);
        }
        let underline = extra.map_or(fg, |extra| self.resolve(extra.underline_color, fg));
        CellColors { fg, bg, underline }
    }

    fn resolve(&self, color: CellColor, default: Rgb) -> Rgb {
        match color {
            CellColor::Default => default,
            CellColor::Indexed(index) => self.indexed[usize::from(index)],
            CellColor::Rgb(r, g, b) => [r, g, b],
        }
    }
}

/// A colour that is so many eighths of the way from one to another.
fn towards(from: Rgb, to: Rgb, eighths: u16) -> Rgb {
    std::array::from_fn(|i| ((u16::from(from[i]) * (8 - eighths) + u16::from(to[i]) * eighths) / 8) as u8)
}

/// Whether a character is a piece of a drawing rather than text: lines, blocks, mosaics (U+2500 to U+259F, Symbols for Legacy Computing and
/// their supplement), and the wedges of status lines (U+E0B0 to U+E0D4). What it meets often is the background of the next cell: in
/// another colour than its program chose it would stand apart from that.
pub(super) fn is_drawing(character: char) -> bool {
    matches!(
        character,
        '\u{2500}'..='\u{259f}' | '\u{e0b0}'..='\u{e0d4}' | '\u{1cc00}'..='\u{1cebf}' | '\u{1fb00}'..='\u{1fbff}'
    )
}

/// The text's colour, or what has enough contrast to what is behind it: mixed with white or with black, whichever can have more.
fn with_contrast(fg: Rgb, bg: Rgb, least: f32) -> Rgb {
    if contrast(fg, bg) >= least {
        return fg;
    }
    let target = if contrast([255; 3], bg) >= contrast([0; 3], bg) { [255.0; 3] } else { [0.0; 3] };
    let mixed = |part: f32| -> Rgb {
        std::array::from_fn(|i| (f32::from(fg[i]) * (1.0 - part) + target[i] * part).round() as u8)
    };
    // Halving, until a step is less than one of the 255 that a colour has.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..8 {
        let middle = (low + high) / 2.0;
        if contrast(mixed(middle), bg) >= least { high = middle } else { low = middle }
    }
    mixed(high)
}

/// How much light each of the values has that a colour's parts can have. Contrast is asked for of many cells at once.
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| std::array::from_fn(|byte| linear_root(byte as u8).powi(2)));

/// The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
fn contrast(one: Rgb, other: Rgb) -> f32 {
    let luminance = |[r, g, b]: Rgb| {
        let [r, g, b] = [r, g, b].map(|byte| LINEAR[usize::from(byte)]);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_text_can_be_bright() {
        let theme = TerminalTheme { bold_is_bright: true, ..default() };
        let colors = Colors::new(&theme, &Grid::new(1, 1));
        let red = |attrs, color| colors.of(cell(attrs, CellColor::Indexed(color), CellColor::Default), None).fg;
        assert_eq!(red(Attrs::BOLD, 1), theme.ansi[9]);
        assert_eq!([red(Attrs::empty(), 1), red(Attrs::BOLD, 9)], [theme.ansi[1], theme.ansi[9]]);
    }

    #[test]
    fn text_can_be_read_where_it_stands_out_and_keeps_its_colour_where_it_can() {
        let selected = |theme: &TerminalTheme, attrs, fg, extra: Option<&Extra>| {
            let colors = Colors::new(theme, &Grid::new(1, 1));
            let cell = cell(attrs, fg, CellColor::Default);
            colors.highlighted(cell, extra, Highlight::Selected).expect("colours")
        };
        let theme = TerminalTheme::default();
        let (plain, bg) = (theme.foreground, theme.selection);
        // A line that is inverse has its text in the background's colour.
        let inverse = selected(&theme, Attrs::INVERSE, CellColor::Default, None);
        assert_eq!(inverse, CellColors { fg: plain, bg, underline: plain });
        assert_eq!(selected(&theme, Attrs::empty(), CellColor::Default, None).fg, plain);
        assert_eq!(selected(&theme, Attrs::empty(), CellColor::Indexed(2), None).fg, theme.ansi[2]);
        let [r, g, b] = bg;
        let hidden = Extra { underline_color: CellColor::Rgb(r, g, b), ..Extra::default() };
        assert_eq!(selected(&theme, Attrs::empty(), CellColor::Default, Some(&hidden)).underline, plain);
        // The default text can be no help, or too little.
        let faint = TerminalTheme { foreground: [70, 80, 100], ..default() };
        let strict = TerminalTheme { minimum_contrast: 9.0, ..default() };
        for (theme, least) in [(faint, 3.0), (strict, 9.0)] {
            let drawn = selected(&theme, Attrs::INVERSE, CellColor::Default, None);
            assert!(contrast(drawn.fg, drawn.bg) >= least, "{drawn:?}");
        }
    }

    #[test]
    fn text_can_be_had_with_enough_contrast() {
        assert_eq!((contrast([0; 3], [255; 3]).round(), contrast([9; 3], [9; 3])), (21.0, 1.0));
        let theme = TerminalTheme { minimum_contrast: 4.5, ..default() };
        let colors = Colors::new(&theme, &Grid::new(1, 1));
        let of = |fg, bg| colors.of(cell(Attrs::empty(), fg, bg), None);
        for (fg, bg) in [((0, 0, 0), (0, 0, 0)), ((200, 200, 0), (255, 255, 255)), ((90, 90, 90), (100, 100, 100))] {
            let drawn = of(CellColor::Rgb(fg.0, fg.1, fg.2), CellColor::Rgb(bg.0, bg.1, bg.2));
            let now = contrast(drawn.fg, drawn.bg);
            assert!((4.5..4.8).contains(&now), "{fg:?} on {bg:?}: {now}");
        }
        // What has enough is left alone.
        assert_eq!(of(CellColor::Rgb(1, 2, 3), CellColor::Rgb(255, 255, 255)).fg, [1, 2, 3]);
    }

    #[cfg(feature = "app")]
    #[test]
    fn bars_stand_out_and_can_be_read_in_every_theme() {
        use scarab_protocol::config::{THEMES, theme};

        for name in THEMES {
            let screen = TerminalTheme::from(theme(name).expect("a theme"));
            for eighths in [1, 2] {
                let bar = screen.of_bar(eighths);
                let colors = Colors::new(&bar, &Grid::new(1, 1));
                for attrs in [Attrs::empty(), Attrs::INVERSE] {
                    let drawn = colors.of(cell(attrs, CellColor::Default, CellColor::Default), None);
                    assert!(contrast(drawn.fg, drawn.bg) >= BAR_CONTRAST, "{name}, {eighths} eighths, {attrs:?}");
                    assert_ne!(drawn.bg, screen.background, "{name}");
                }
                // It goes with the screen: neither is light where the other is dark.
                let is_light = |color| contrast(color, [0; 3]) > contrast(color, [255; 3]);
                assert_eq!(is_light(bar.background), is_light(screen.background), "{name}");
            }
        }
    }

    #[test]
    fn what_is_drawn_of_lines_and_blocks_keeps_its_colours() {
        let theme = TerminalTheme { minimum_contrast: 4.5, ..default() };
        let colors = Colors::new(&theme, &Grid::new(1, 1));
        let dark = CellColor::Rgb(30, 30, 30);
        let drawn = |character| colors.of(Cell::new(character, Attrs::empty(), dark, CellColor::Default), None).fg;
        let pieces =
            ['\u{2500}', '\u{259f}', '\u{e0b0}', '\u{e0d4}', '\u{1cc00}', '\u{1cebf}', '\u{1fb00}', '\u{1fbff}'];
        assert_eq!(pieces.map(drawn), [[30; 3]; 8]);
        for text in ['x', '\u{24ff}', '\u{25a0}', '\u{e0a0}', '漢'] {
            assert_ne!(drawn(text), [30; 3], "{text:?}");
        }
    }

    fn cell(attrs: Attrs, fg: CellColor, bg: CellColor) -> Cell {
        Cell::new('x', attrs, fg, bg)
    }

    #[test]
    fn the_upper_240_colours_are_xterms() {
        let theme = TerminalTheme::default();
        assert_eq!(theme.indexed(16), [0, 0, 0]);
        assert_eq!(theme.indexed(196), [255, 0, 0]);
        assert_eq!(theme.indexed(110), [135, 175, 215]);
        assert_eq!(theme.indexed(231), [255, 255, 255]);
        assert_eq!(theme.indexed(232), [8, 8, 8]);
        assert_eq!(theme.indexed(255), [238, 238, 238]);
    }

    #[test]
    fn a_programs_colours_go_before_the_themes() {
        let mut grid = Grid::new(1, 1);
        grid.palette.set(1, Some([1, 2, 3]));
        grid.palette.set(Palette::BACKGROUND, Some([4, 5, 6]));
        let colors = Colors::new(&TerminalTheme::default(), &grid);
        let drawn = colors.of(cell(Attrs::empty(), CellColor::Indexed(1), CellColor::Default), None);
        assert_eq!((drawn.fg, drawn.bg), ([1, 2, 3], [4, 5, 6]));
    }

    #[test]
    fn a_flash_is_seen_whatever_background_a_program_has_chosen() {
        let mut grid = Grid::new(1, 1);
        for background in [None, Some([0; 3]), Some([255; 3])] {
            grid.palette.set(Palette::BACKGROUND, background);
            grid.palette.set(Palette::FOREGROUND, background.map(|color| color.map(|byte| 255 - byte)));
            let colors = Colors::new(&TerminalTheme::default(), &grid);
            let flashing = colors.clone().flashing();
            assert!(contrast(colors.bg, flashing.bg) > 1.3, "{background:?}");
            assert!(contrast(flashing.fg, flashing.bg) > 4.5, "{background:?}");
        }
    }

    #[test]
    fn inverse_and_a_reversed_screen_exchange_colours() {
        let theme = TerminalTheme::default();
        let mut grid = Grid::new(1, 1);
        let inverse = cell(Attrs::INVERSE, CellColor::Default, CellColor::Rgb(9, 9, 9));
        assert_eq!(Colors::new(&theme, &grid).of(inverse, None).fg, [9, 9, 9]);
        grid.modes.insert(Modes::REVERSE_SCREEN);
        let plain = cell(Attrs::empty(), CellColor::Default, CellColor::Default);
        let drawn = Colors::new(&theme, &grid).of(plain, None);
        assert_eq!((drawn.fg, drawn.bg), (theme.background, theme.foreground));
    }

    #[test]
    fn an_underline_has_its_own_colour_or_the_texts() {
        let colors = Colors::new(&TerminalTheme::default(), &Grid::new(1, 1));
        let text = cell(Attrs::empty(), CellColor::Rgb(1, 1, 1), CellColor::Default);
        let extra = Extra { underline_color: CellColor::Rgb(7, 8, 9), ..Extra::default() };
        assert_eq!(colors.of(text, Some(&extra)).underline, [7, 8, 9]);
        assert_eq!(colors.of(text, None).underline, [1, 1, 1]);
    }
}
