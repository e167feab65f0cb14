//! The surface: a session's grid in shared memory, written by its daemon and copied out by any number of readers.
//!
//! There is one [`SurfaceWriter`] for a session and generation. It stages what the screen shows and commits it as a frame,
//! under a seqlock; every row carries the frame in which it last changed. A [`SurfaceReader`] copies the rows above the
//! frame its [`Grid`] shows, so any number of readers with any lag cost the writer nothing. A [`Doorbell`] tells a
//! client once that there is something newer. Who cannot map memory gets the same rows as [`RowsUpdate`]s.

mod cell;
mod doorbell;
mod error;
mod extra_cache;
mod grid;
mod header;
mod layout;
mod memory;
mod packed;
mod reader;
mod rows;
mod screen;
mod seqlock;
mod side_table;
mod state;
mod sync;
mod text;
mod word;
mod writer;

pub use cell::{Attrs, Cell, Color, Extra, Link, Underline};
pub use doorbell::{Doorbell, Published};
pub use error::SurfaceError;
pub use grid::{Grid, RowExtras};
pub use header::SurfaceId;
pub use layout::{MAX_COLS, MAX_ROWS, MIN_COLS, MIN_ROWS, Size};
pub use memory::{Mapping, sweep_leftovers};
pub use reader::{ReadOutcome, SurfaceReader};
pub use rows::{MAX_UPDATE_BYTES, RowData, RowsUpdate, rows_since};
pub use state::{Cursor, CursorShape, Modes, Palette, Rgb};
pub use text::line_text;
pub use writer::{NeedsGrowth, SurfaceWriter};

#[cfg(test)]
mod testing;
#[cfg(all(test, not(loom)))]
mod tests;
