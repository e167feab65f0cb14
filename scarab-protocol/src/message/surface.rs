//! Frames: doorbells, moves of the surface, and its contents for whoever cannot map it.

use rkyv::{Archive, Deserialize, Serialize};

/// Asks for one `FrameReady` as soon as there is a frame newer than the one held; at once if there is one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Arm {
    /// The frame the client holds, or has given up reading.
    pub frame: u64,
}

/// The doorbell. At most one is outstanding a client and session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct FrameReady {
    /// The newest frame when it was rung.
    pub frame: u64,
    /// How far this client's input was taken then, as in `InputCredit`: so that what is typed and echoed is acknowledged
    /// without a message of its own. 0 for an observer.
    pub taken: u64,
}

/// The surface has a new generation, because the screen outgrew the old one. The frame carries its descriptor.
/// The old mapping stays valid and is not written again.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SurfaceMoved {
    /// The new generation.
    pub generation: u32,
    /// Where shared memory goes by name (Windows): the mapping's name; else empty.
    pub mapping: String,
}

/// How often the bell has rung in the session's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Bell {
    /// The count.
    pub count: u64,
}

/// Asks for the rows that changed after a frame; answered by one or more `Rows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct FetchRows {
    /// The frame the client holds; 0 for everything.
    pub since: u64,
}

/// What a cell has beside its words, on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct WireExtra {
    /// The cell's column.
    pub col: u16,
    /// Its combining marks.
    pub marks: String,
    /// Its hyperlink, as id and address.
    pub link: Option<(String, String)>,
    /// Its underline's colour, as [`Color::to_bits`](crate::surface::Color::to_bits).
    pub underline_color: u32,
}

/// A row or a line of scrollback, on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct LineData {
    /// The row's number; in scrollback the place after the first line of the page.
    pub row: u16,
    /// The frame in which the row last changed; 0 in scrollback.
    pub frame: u64,
    /// Two words a cell, as in [`Cell::to_words`](crate::surface::Cell::to_words).
    pub cells: Vec<u64>,
    /// What cells have beside their words, by rising column.
    pub extras: Vec<WireExtra>,
}

/// The colours that a program has changed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct WirePalette {
    /// The frame in which they last changed.
    pub version: u64,
    /// Places in the [`Palette`](crate::surface::Palette), with red, green and blue.
    pub colors: Vec<(u16, [u8; 3])>,
}

/// A part of a frame. All parts of one answer have the same `frame`; the client shows it after the last.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Rows {
    /// The frame these rows are of.
    pub frame: u64,
    /// Width and height in cells.
    pub cols: u16,
    /// Height in cells.
    pub rows: u16,
    /// The cursor: column, row.
    pub cursor: (u16, u16),
    /// The cursor's shape, as a number of [`CursorShape`](crate::surface::CursorShape).
    pub cursor_shape: u8,
    /// Whether the cursor is shown.
    pub cursor_visible: bool,
    /// Whether the cursor blinks.
    pub cursor_blinking: bool,
    /// The bits of [`Modes`](crate::surface::Modes).
    pub modes: u64,
    /// Lines ever scrolled off.
    pub scrolled: u64,
    /// The reflow epoch.
    pub reflow: u64,
    /// Lines of scrollback held.
    pub scrollback: u32,
    /// The palette, if it changed.
    pub palette: Option<WirePalette>,
    /// Whether what the client holds is to be dropped first.
    pub full: bool,
    /// Whether another part of the same frame follows.
    pub more: bool,
    /// The rows that changed.
    pub lines: Vec<LineData>,
}

/// Asks for lines of scrollback of the session in the frame's header; answered by `ScrollbackRows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Scrollback {
    /// The first line wanted, as a number counted like [`Grid::scrolled`](crate::surface::Grid::scrolled);
    /// lines that are no longer held are left out.
    pub first: u64,
    /// How many lines at most. The daemon may send fewer: ask again from where it stopped.
    pub count: u32,
}

/// Lines of scrollback.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ScrollbackRows {
    /// The number of the first line sent.
    pub first: u64,
    /// Lines ever scrolled off when this was read: where the screen begins.
    pub scrolled: u64,
    /// The reflow epoch when this was read.
    pub reflow: u64,
    /// The lines; empty when none of those wanted is held.
    pub lines: Vec<LineData>,
}
