//! The private modes (DECSET and DECRST) that the VT core does not know, or does otherwise than xterm.

use alacritty_terminal::{
    grid::Dimensions,
    vte::ansi::{Handler, NamedPrivateMode, PrivateMode},
};
use scarab_protocol::surface::Modes;

use super::{
    core::Core,
    mouse_modes::own_mouse_mode,
    saved_cursor::{ORIGIN, PRIMARY},
    update::UPDATE,
};

/// DECSCNM.
const REVERSE_SCREEN: u16 = 5;
/// DECBKM.
const BACKSPACE_SENDS_BS: u16 = 67;

const ALTERNATE_SCREEN: PrivateMode = PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor);
/// DECCOLM, which the core makes a reset of the margins and an empty screen.
const COLUMNS: PrivateMode = PrivateMode::Named(NamedPrivateMode::ColumnMode);
/// The mode that saves and restores the cursor, as DECSC and DECRC do.
const SAVE_CURSOR: u16 = 1048;

impl Core {
    /// DECSET (xterm's ctlseqs).
    pub(super) fn set_dec_mode(&mut self, mode: PrivateMode) {
        if let Some(state) = self.key_modes.state(mode) {
            *state = true;
            return;
        }
        self.replace_mouse_mode(mode);
        match (own_mode(mode), mode) {
            (Some(own), _) => self.own_modes.insert(own),
            (None, PrivateMode::Unknown(47 | 1047)) if !self.is_alternate() => {
                self.saved_cursor = Some(self.term.grid().saved_cursor.clone());
                self.term.set_private_mode(ALTERNATE_SCREEN);
            }
            (None, PrivateMode::Unknown(47 | 1047)) => {}
            (None, PrivateMode::Unknown(SAVE_CURSOR)) => self.save_cursor(),
            (None, mode) => {
                if mode == ALTERNATE_SCREEN {
                    self.saved_cursor = None;
                    if !self.is_alternate() {
                        self.save_origin();
                    }
                }
                self.term.set_private_mode(mode);
                if mode == COLUMNS {
                    self.reset_margins();
                }
            }
        }
        self.count_scrolled();
    }

    /// DECRST (xterm's ctlseqs).
    pub(super) fn unset_dec_mode(&mut self, mode: PrivateMode) {
        if let Some(state) = self.key_modes.state(mode) {
            *state = false;
            return;
        }
        self.end_tracking_by(mode);
        match (own_mode(mode), mode) {
            (Some(own), _) => self.own_modes.remove(own),
            (None, PrivateMode::Unknown(47 | 1047)) if self.is_alternate() => {
                // Unlike mode 1049 these leave the cursor as it is.
                let cursor = self.term.grid().cursor.clone();
                self.term.unset_private_mode(ALTERNATE_SCREEN);
                self.term.grid_mut().cursor = cursor;
                if let Some(mut saved) = self.saved_cursor.take() {
                    // The screen may have become smaller meanwhile, and the core trusts the place.
                    saved.point.line = saved.point.line.min(self.term.bottommost_line());
                    saved.point.column = saved.point.column.min(self.term.last_column());
                    self.term.grid_mut().saved_cursor = saved;
                }
            }
            (None, PrivateMode::Unknown(47 | 1047)) => {}
            (None, PrivateMode::Unknown(SAVE_CURSOR)) => self.restore_cursor(),
            (None, UPDATE) => self.update.end(),
            (None, mode) if mode == ALTERNATE_SCREEN && self.is_alternate() => {
                // The core has left the primary screen's cursor where it was.
                self.restore_with_origin(PRIMARY, |term| term.unset_private_mode(mode));
            }
            (None, mode) => {
                self.term.unset_private_mode(mode);
                if mode == COLUMNS {
                    self.reset_margins();
                } else if mode == ORIGIN {
                    // The core moves the cursor only when the mode is set.
                    self.term.goto(0, 0);
                }
            }
        }
        self.count_scrolled();
    }

    /// DECRQM (VT510).
    pub(super) fn report_dec_mode(&mut self, mode: PrivateMode) {
        let of_keys = self.key_modes.state(mode).copied();
        let is_set = match (of_keys.or_else(|| own_mode(mode).map(|own| self.own_modes.contains(own))), mode) {
            (Some(is_set), _) => is_set,
            (None, PrivateMode::Unknown(47 | 1047)) => self.is_alternate(),
            (None, PrivateMode::Unknown(SAVE_CURSOR)) => false,
            (None, UPDATE) => self.update.deadline().is_some(),
            (None, mode) => return self.term.report_private_mode(mode),
        };
        let (number, state) = (mode.raw(), if is_set { 1 } else { 2 });
        self.answer(&format!("\x1b[?{number};{state}$y"));
    }
}

/// The mode that is kept here, because the core does not know it.
fn own_mode(mode: PrivateMode) -> Option<Modes> {
    match mode {
        PrivateMode::Unknown(REVERSE_SCREEN) => Some(Modes::REVERSE_SCREEN),
        PrivateMode::Unknown(BACKSPACE_SENDS_BS) => Some(Modes::BACKSPACE_BS),
        mode => own_mouse_mode(mode),
    }
}
