//! What a surface says about the screen as a whole, in the eight words before the palette.

use super::layout::SCREEN_WORDS;
use super::{Cursor, CursorShape, Modes, Palette, Rgb, Size};

/// The state of a screen that is not in its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) size: Size,
    pub(crate) cursor: Cursor,
    pub(crate) modes: Modes,
    pub(crate) scrolled: u64,
    pub(crate) reflow: u64,
    pub(crate) scrollback: u32,
}

const VISIBLE: u64 = 1 << 40;
const BLINKING: u64 = 1 << 41;
const SET: u64 = 1 << 24;

impl Screen {
    /// A blank screen of the smallest size.
    pub(crate) fn blank() -> Self {
        Self {
            size: Size::MIN,
            cursor: Cursor::default(),
            modes: Modes::default(),
            scrolled: 0,
            reflow: 0,
            scrollback: 0,
        }
    }

    /// The words on the surface, with the frame they are of and the frame in which the palette last changed.
    pub(crate) fn to_words(self, frame: u64, palette_version: u64) -> [u64; SCREEN_WORDS] {
        let Cursor { col, row, shape, visible, blinking } = self.cursor;
        let cursor = u64::from(col)
            | u64::from(row) << 16
            | (shape as u64) << 32
            | if visible { VISIBLE } else { 0 }
            | if blinking { BLINKING } else { 0 };
        [
            frame,
            u64::from(self.size.cols) | u64::from(self.size.rows) << 16,
            cursor,
            self.modes.bits(),
            self.scrolled,
            self.reflow,
            u64::from(self.scrollback),
            palette_version,
        ]
    }

    /// The frame, the screen and the palette's version in these words. Whatever they hold, the size is
    /// within `capacity` and the cursor within the size.
    pub(crate) fn from_words(words: [u64; SCREEN_WORDS], capacity: Size) -> (u64, Self, u64) {
        let [frame, size, cursor, modes, scrolled, reflow, scrollback, palette_version] = words;
        let size = Size::new(size as u16, (size >> 16) as u16).within(capacity);
        let cursor = Cursor {
            col: (cursor as u16).min(size.cols - 1),
            row: ((cursor >> 16) as u16).min(size.rows - 1),
            shape: CursorShape::from_bits((cursor >> 32) as u8),
            visible: cursor & VISIBLE != 0,
            blinking: cursor & BLINKING != 0,
        };
        let scrollback = u32::try_from(scrollback).unwrap_or(u32::MAX);
        let screen = Self { size, cursor, modes: Modes::from_bits_truncate(modes), scrolled, reflow, scrollback };
        (frame, screen, palette_version)
    }
}

/// A colour of the palette as a word.
pub(crate) fn color_to_word(color: Option<Rgb>) -> u64 {
    color.map_or(0, |[r, g, b]| SET | u64::from(r) << 16 | u64::from(g) << 8 | u64::from(b))
}

/// The colour in a word of the palette.
pub(crate) fn color_from_word(word: u64) -> Option<Rgb> {
    (word & SET != 0).then_some([(word >> 16) as u8, (word >> 8) as u8, word as u8])
}

/// Whether two palettes have the same colours, whenever they came to have them.
pub(crate) fn same_colors(a: &Palette, b: &Palette) -> bool {
    (0..Palette::LEN).all(|place| a.get(place) == b.get(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_words_read_as_a_screen_within_its_capacity(
            words: [u64; SCREEN_WORDS], cols in 2u16..=1000, rows in 1u16..=1000,
        ) {
            let capacity = Size::new(cols, rows);
            let (frame, screen, version) = Screen::from_words(words, capacity);
            prop_assert!(screen.size.fits(capacity) && Size::MIN.fits(screen.size));
            prop_assert!(screen.cursor.col < screen.size.cols && screen.cursor.row < screen.size.rows);
            prop_assert_eq!(Screen::from_words(screen.to_words(frame, version), capacity), (frame, screen, version));
        }

        #[test]
        fn colors_read_back(color: Option<Rgb>) {
            prop_assert_eq!(color_from_word(color_to_word(color)), color);
        }
    }
}
