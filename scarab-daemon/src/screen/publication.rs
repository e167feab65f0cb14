//! What clients see of a screen: its surface, and what is staged for the next frame.

use scarab_protocol::{
    ids::TermSize,
    surface::{Cell, Extra, Size, SurfaceError, SurfaceId, SurfaceWriter},
};

use super::{convert, core::Core};

/// What a [`Screen::publish`](super::Screen::publish) did.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// The new frame, if anything had changed.
    pub(crate) frame: Option<u64>,
    /// Whether the surface is a new one, whose descriptor clients need.
    pub(crate) moved: bool,
}

/// The surface of one screen.
pub(super) struct Publication {
    pub(super) surface: SurfaceWriter,
    /// One row on its way to the surface; kept for its memory.
    row: (Vec<Cell>, Vec<(u16, Extra)>),
}

impl Publication {
    /// A surface for a screen of this size.
    ///
    /// # Errors
    /// If there is no shared memory for it.
    pub(super) fn new(id: SurfaceId, size: TermSize) -> Result<Self, SurfaceError> {
        let mut surface = SurfaceWriter::create(id, 1, cells(size), 1)?;
        let fits = surface.stage_size(cells(size));
        debug_assert!(fits.is_ok(), "the surface was made for this size");
        Ok(Self { surface, row: Default::default() })
    }

    /// Stages what has changed, if it fits on the surface: it will be seen with the next frame, and what changes from now on will not.
    pub(super) fn stage(&mut self, core: &mut Core) {
        if self.surface.stage_size(cells(core.size)).is_err() {
            return;
        }
        let Self { surface, row: (cells, extras) } = self;
        core.stage_rows(|row, line| {
            convert::line(line, cells, extras);
            surface.stage_row(row, cells, extras);
        });
        surface.stage_cursor(core.cursor());
        surface.stage_modes(core.modes());
        surface.stage_scrolled(core.scrolled());
        surface.stage_reflow(core.reflow());
        surface.stage_scrollback(u32::try_from(core.history()).unwrap_or(u32::MAX));
        if let Some(palette) = core.take_changed_palette() {
            surface.stage_palette(&palette);
        }
    }

    /// Makes one frame of what has changed, or while the program draws of what was staged before.
    ///
    /// # Errors
    /// If the screen has outgrown its surface and there is no memory for a larger one. The old one is still good.
    pub(super) fn publish(&mut self, core: &mut Core) -> Result<Published, SurfaceError> {
        let mut moved = false;
        if core.update.deadline().is_none() {
            let size = cells(core.size);
            if self.surface.stage_size(size).is_err() {
                self.surface = self.surface.grow(size)?;
                moved = true;
            }
            self.stage(core);
        }
        Ok(Published { frame: self.surface.commit(), moved })
    }
}

fn cells(size: TermSize) -> Size {
    Size::new(size.cols, size.rows)
}
