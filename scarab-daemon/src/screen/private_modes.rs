//! The private modes (DECSET and DECRST) that the VT core does not know, or does otherwise than xterm.

use alacritty_terminal::{
    grid::Dimensions,
    vte::ansi::{Handler, NamedPrivateMode, PrivateMode},
};
use scarab_protocol::surface::Modes;

use super::{
    core::Core,
    saved_cursor::{ORIGIN, PRIMARY},
};

/// DECSCNM.
const REVERSE_SCREEN: u16 = 5;
/// DECBKM.
const BACKSPACE_SENDS_BS: u16 = 67;
/// X10 mouse tracking.
const MOUSE_X10: u16 = 9;
/// Mouse reports in pixels.
const MOUSE_PIXELS: u16 = 1016;

/// The mouse modes that are kept here, each with those of the core of which one takes another's place: the kinds of tracking and
/// the formats of reports ("Mouse Tracking" in xterm's ctlseqs).
const MOUSE_MODES: [(Modes, &[NamedPrivateMode]); 2] = [
    (
        Modes::MOUSE_X10,
        &[
            NamedPrivateMode::ReportMouseClicks,
            NamedPrivateMode::ReportCellMouseMotion,
            NamedPrivateMode::ReportAllMouseMotion,
        ],
    ),
    (Modes::MOUSE_PIXELS, &[NamedPrivateMode::Utf8Mouse, NamedPrivateMode::SgrMouse]),
];

const ALTERNATE_SCREEN: PrivateMode = PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor);
/// DECCOLM, which the core makes a reset of the margins and an empty screen.
const COLUMNS: PrivateMode = PrivateMode::Named(NamedPrivateMode::ColumnMode);
/// The mode that saves and restores the cursor, as DECSC and DECRC do.
const SAVE_CURSOR: u16 = 1048;

impl Core {
    /// DECSET (xterm's ctlseqs).
    pub(super) fn set_dec_mode(&mut self, mode: PrivateMode) {
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
        let is_set = match (own_mode(mode), mode) {
            (Some(own), _) => self.own_modes.contains(own),
            (None, PrivateMode::Unknown(47 | 1047)) => self.is_alternate(),
            (None, PrivateMode::Unknown(SAVE_CURSOR)) => false,
            (None, mode) => return self.term.report_private_mode(mode),
        };
        let (number, state) = (mode.raw(), if is_set { 1 } else { 2 });
        self.answer(&format!("\x1b[?{number};{state}$y"));
    }

    /// Resets the mouse modes whose place a mode takes that is being set. Among its own the core sees to that itself.
    fn replace_mouse_mode(&mut self, mode: PrivateMode) {
        for (own, others) in MOUSE_MODES {
            let of_core = |other: &NamedPrivateMode| PrivateMode::Named(*other);
            if own_mode(mode) == Some(own) {
                others.iter().for_each(|other| self.term.unset_private_mode(of_core(other)));
            } else if others.iter().any(|other| of_core(other) == mode) {
                self.own_modes.remove(own);
            }
        }
    }
}

/// The mode that is kept here, because the core does not know it.
fn own_mode(mode: PrivateMode) -> Option<Modes> {
    match mode {
        PrivateMode::Unknown(REVERSE_SCREEN) => Some(Modes::REVERSE_SCREEN),
        PrivateMode::Unknown(BACKSPACE_SENDS_BS) => Some(Modes::BACKSPACE_BS),
        PrivateMode::Unknown(MOUSE_X10) => Some(Modes::MOUSE_X10),
        PrivateMode::Unknown(MOUSE_PIXELS) => Some(Modes::MOUSE_PIXELS),
        _ => None,
    }
}
