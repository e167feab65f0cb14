//! Rows and mouse events between this crate's structs and the wire's.

use std::sync::Arc;

use super::{LineData, Mouse, Rows, WireExtra, WirePalette};
use crate::key::Mods;
use crate::mouse::{MouseAction, MouseButton, MouseEvent};
use crate::surface::{
    Cell, Color, Cursor, CursorShape, Extra, Link, Modes, Palette, RowData, RowExtras, RowsUpdate, Size,
};

impl From<&RowsUpdate> for Rows {
    fn from(update: &RowsUpdate) -> Self {
        let palette = update.palette.as_ref().map(|palette| {
            let changed = (0..Palette::LEN).filter_map(|place| Some((place as u16, palette.get(place)?)));
            WirePalette { version: palette.version, colors: changed.collect() }
        });
        Self {
            frame: update.frame,
            cols: update.size.cols,
            rows: update.size.rows,
            cursor: (update.cursor.col, update.cursor.row),
            cursor_shape: update.cursor.shape as u8,
            cursor_visible: update.cursor.visible,
            cursor_blinking: update.cursor.blinking,
            modes: update.modes.bits(),
            scrolled: update.scrolled,
            reflow: update.reflow,
            scrollback: update.scrollback,
            palette,
            full: update.full,
            more: update.more,
            lines: update.rows.iter().map(LineData::from).collect(),
        }
    }
}

impl From<Rows> for RowsUpdate {
    fn from(rows: Rows) -> Self {
        let palette = rows.palette.map(|wire| {
            let mut palette = Palette::default();
            palette.version = wire.version;
            for (place, color) in wire.colors {
                palette.set(usize::from(place), Some(color));
            }
            palette
        });
        Self {
            frame: rows.frame,
            size: Size::new(rows.cols, rows.rows),
            cursor: Cursor {
                col: rows.cursor.0,
                row: rows.cursor.1,
                shape: CursorShape::from_bits(rows.cursor_shape),
                visible: rows.cursor_visible,
                blinking: rows.cursor_blinking,
            },
            modes: Modes::from_bits_truncate(rows.modes),
            scrolled: rows.scrolled,
            reflow: rows.reflow,
            scrollback: rows.scrollback,
            palette,
            full: rows.full,
            more: rows.more,
            rows: rows.lines.into_iter().map(RowData::from).collect(),
        }
    }
}

impl From<&RowData> for LineData {
    fn from(data: &RowData) -> Self {
        let extras = data.extras.iter().map(|(col, extra)| WireExtra {
            col: *col,
            marks: extra.marks.clone(),
            link: extra.link.as_ref().map(|link| (link.id.to_string(), link.uri.to_string())),
            underline_color: extra.underline_color.to_bits(),
        });
        Self { row: data.row, frame: data.frame, cells: data.cells.clone(), extras: extras.collect() }
    }
}

impl From<LineData> for RowData {
    fn from(line: LineData) -> Self {
        let (row, frame) = (line.row, line.frame);
        let (cells, extras) = (line.cells.clone(), line.extras());
        Self { row, frame, cells, extras }
    }
}

impl LineData {
    /// The cells, without anything beyond a whole one.
    pub fn cells(&self) -> Vec<Cell> {
        let (words, _) = self.cells.as_chunks::<{ Cell::WORDS }>();
        words.iter().map(|words| Cell::from_words(*words)).collect()
    }

    /// What cells have beside their words, by rising column.
    pub fn extras(&self) -> RowExtras {
        let extras = self.extras.iter().map(|extra| {
            let link = extra.link.as_ref().map(|(id, uri)| Link { id: id.as_str().into(), uri: uri.as_str().into() });
            let underline_color = Color::from_bits(extra.underline_color);
            (extra.col, Arc::new(Extra { marks: extra.marks.clone(), link, underline_color }))
        });
        extras.collect()
    }
}

/// Buttons by their number on the wire, from 1.
const BUTTONS: [MouseButton; 9] = [
    MouseButton::Left,
    MouseButton::Middle,
    MouseButton::Right,
    MouseButton::WheelUp,
    MouseButton::WheelDown,
    MouseButton::WheelLeft,
    MouseButton::WheelRight,
    MouseButton::Back,
    MouseButton::Forward,
];

/// Modifiers by their bit on the wire.
const MODS: [(u8, Mods); 3] = [(1, Mods::SHIFT), (2, Mods::ALT), (4, Mods::CTRL)];

impl From<&MouseEvent> for Mouse {
    /// The event, at position 0.
    fn from(event: &MouseEvent) -> Self {
        let button = event.button.and_then(|button| BUTTONS.iter().position(|other| *other == button));
        Self {
            position: 0,
            action: match event.action {
                MouseAction::Press => 0,
                MouseAction::Release => 1,
                MouseAction::Motion => 2,
            },
            button: button.map_or(0, |place| place as u8 + 1),
            mods: MODS.iter().filter(|(_, mods)| event.mods.contains(*mods)).map(|(bit, _)| bit).sum(),
            col: event.col,
            row: event.row,
            x: event.x,
            y: event.y,
        }
    }
}

impl Mouse {
    /// The event; `None` if a number in it means nothing.
    pub fn event(&self) -> Option<MouseEvent> {
        Some(MouseEvent {
            action: match self.action {
                0 => MouseAction::Press,
                1 => MouseAction::Release,
                2 => MouseAction::Motion,
                _ => return None,
            },
            button: match self.button {
                0 => None,
                number => Some(*BUTTONS.get(usize::from(number) - 1)?),
            },
            col: self.col,
            row: self.row,
            x: self.x,
            y: self.y,
            mods: MODS.iter().filter(|(bit, _)| self.mods & bit != 0).fold(Mods::empty(), |all, (_, mods)| all | *mods),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn mouse_events_come_back_as_they_went(
            action in 0u8..3, button in 0u8..10, mods in 0u8..8, col: u16, row: u16, x: u8, y: u8,
        ) {
            let wire = Mouse { position: 0, action, button, mods, col, row, x, y };
            let event = wire.event().expect("all numbers mean something");
            prop_assert_eq!(Mouse::from(&event), wire);
        }

        #[test]
        fn mouse_numbers_that_mean_nothing_are_no_events(action: u8, button: u8, mods: u8) {
            let event = Mouse { position: 0, action, button, mods, col: 0, row: 0, x: 0, y: 0 }.event();
            prop_assert_eq!(event.is_some(), action < 3 && button < 10);
        }
    }
}
