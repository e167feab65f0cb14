//! The mouse modes that the VT core does not know, beside those that it does.
//!
//! Source: "Mouse Tracking" in xterm's `ctlseqs`, and what xterm does. The kinds of tracking take each other's places, and so do the
//! formats of reports. Among its own the core sees to that itself.

use alacritty_terminal::vte::ansi::{Handler, NamedPrivateMode, PrivateMode};
use scarab_protocol::surface::Modes;

use super::core::Core;

/// X10 mouse tracking.
const MOUSE_X10: u16 = 9;
/// Mouse reports in pixels.
const MOUSE_PIXELS: u16 = 1016;

/// The core's kinds of tracking.
const TRACKING: [NamedPrivateMode; 3] = [
    NamedPrivateMode::ReportMouseClicks,
    NamedPrivateMode::ReportCellMouseMotion,
    NamedPrivateMode::ReportAllMouseMotion,
];
/// The core's formats of reports.
const FORMATS: [NamedPrivateMode; 2] = [NamedPrivateMode::Utf8Mouse, NamedPrivateMode::SgrMouse];

/// The modes that are kept here, each with those of the core of which one takes another's place.
const MOUSE_MODES: [(Modes, &[NamedPrivateMode]); 2] = [(Modes::MOUSE_X10, &TRACKING), (Modes::MOUSE_PIXELS, &FORMATS)];

/// The mouse mode that is kept here, because the core does not know it.
pub(super) fn own_mouse_mode(mode: PrivateMode) -> Option<Modes> {
    match mode {
        PrivateMode::Unknown(MOUSE_X10) => Some(Modes::MOUSE_X10),
        PrivateMode::Unknown(MOUSE_PIXELS) => Some(Modes::MOUSE_PIXELS),
        _ => None,
    }
}

impl Core {
    /// Resets the mouse modes whose place a mode takes that is being set.
    pub(super) fn replace_mouse_mode(&mut self, mode: PrivateMode) {
        for (own, others) in MOUSE_MODES {
            if own_mouse_mode(mode) == Some(own) {
                self.unset_in_core(others);
            } else if is_one_of(mode, others) {
                self.own_modes.remove(own);
            }
        }
    }

    /// Turns tracking off if a mode that is being reset is a kind of it: of whichever kind, in xterm that ends the one in force.
    pub(super) fn end_tracking_by(&mut self, mode: PrivateMode) {
        if own_mouse_mode(mode) == Some(Modes::MOUSE_X10) || is_one_of(mode, &TRACKING) {
            self.own_modes.remove(Modes::MOUSE_X10);
            self.unset_in_core(&TRACKING);
        }
    }

    fn unset_in_core(&mut self, modes: &[NamedPrivateMode]) {
        modes.iter().for_each(|mode| self.term.unset_private_mode(PrivateMode::Named(*mode)));
    }
}

fn is_one_of(mode: PrivateMode, modes: &[NamedPrivateMode]) -> bool {
    modes.iter().any(|other| PrivateMode::Named(*other) == mode)
}
