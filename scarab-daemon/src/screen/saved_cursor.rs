//! The cursor that is saved and restored (DECSC, DECRC), with origin mode (DECOM), which the VT core does not save.

use alacritty_terminal::{
    Term,
    term::TermMode,
    vte::ansi::{Handler, NamedPrivateMode, PrivateMode},
};

use super::core::{Core, Listener};

/// DECOM.
pub(super) const ORIGIN: PrivateMode = PrivateMode::Named(NamedPrivateMode::Origin);
/// The index of the primary screen in what each screen has for itself; the alternate one's is 1.
pub(super) const PRIMARY: usize = 0;

impl Core {
    /// DECSC (VT510), SCOSC and mode 1048 (xterm's ctlseqs): saves the cursor of the screen that is shown.
    pub(super) fn save_cursor(&mut self) {
        self.save_origin();
        self.term.save_cursor_position();
    }

    /// DECRC (VT510), SCORC and mode 1048 (xterm's ctlseqs).
    pub(super) fn restore_cursor(&mut self) {
        self.restore_with_origin(usize::from(self.is_alternate()), |term| term.restore_cursor_position());
    }

    /// Saves origin mode for the screen that is shown; the rest the core saves.
    pub(super) fn save_origin(&mut self) {
        self.saved_origins[usize::from(self.is_alternate())] = self.term.mode().contains(TermMode::ORIGIN);
    }

    /// Restores what was saved for a screen: origin mode, and by `restore` the rest, which the core has. In origin mode the cursor is
    /// within the margins then, wherever they have gone.
    pub(super) fn restore_with_origin(&mut self, screen: usize, restore: impl FnOnce(&mut Term<Listener>)) {
        let is_origin = self.saved_origins[screen];
        // The mode comes first, because setting it moves the cursor.
        if is_origin {
            self.term.set_private_mode(ORIGIN);
        } else {
            self.term.unset_private_mode(ORIGIN);
        }
        restore(&mut self.term);
        let row = self.row();
        if is_origin && !self.margins.contains(&row) {
            self.move_to_row(row.clamp(self.margins.start, self.margins.end - 1));
        }
    }
}
