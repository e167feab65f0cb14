//! What xterm's private modes 1034 to 1037 and 1039 make of keys. The VT core does not know them.
//!
//! Source: `ctlseqs`, "DEC Private Mode Set", and how xterm's `input.c` takes them together. Alt is xterm's Meta here, as on the
//! keyboards of PCs.

use alacritty_terminal::vte::ansi::PrivateMode;
use scarab_protocol::surface::Modes;

/// The modes, each as xterm has it when it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyModes {
    /// 1034: where Alt sends no ESC, it sets the eighth bit.
    eighth_bit: bool,
    /// 1035: with Num Lock the keypad types, whatever DECKPAM says.
    num_lock: bool,
    /// 1036: Meta sends ESC.
    meta_escape: bool,
    /// 1037: Delete sends DEL.
    delete_del: bool,
    /// 1039: Alt sends ESC.
    alt_escape: bool,
}

impl Default for KeyModes {
    /// As terminals of today have them, and xterm where Debian has set it up: Alt is an ESC.
    fn default() -> Self {
        Self { eighth_bit: true, num_lock: true, meta_escape: true, delete_del: false, alt_escape: false }
    }
}

impl KeyModes {
    /// Whether a mode is set, to be looked at or changed; `None` if it is none of these.
    pub(super) fn state(&mut self, mode: PrivateMode) -> Option<&mut bool> {
        match mode {
            PrivateMode::Unknown(1034) => Some(&mut self.eighth_bit),
            PrivateMode::Unknown(1035) => Some(&mut self.num_lock),
            PrivateMode::Unknown(1036) => Some(&mut self.meta_escape),
            PrivateMode::Unknown(1037) => Some(&mut self.delete_del),
            PrivateMode::Unknown(1039) => Some(&mut self.alt_escape),
            _ => None,
        }
    }

    /// What encoding keys needs to know of them.
    pub(super) fn modes(&self) -> Modes {
        let mut modes = Modes::empty();
        modes.set(Modes::ALT_EIGHTH_BIT, self.eighth_bit && !self.meta_escape && !self.alt_escape);
        modes.set(Modes::APP_KEYPAD_ALWAYS, !self.num_lock);
        modes.set(Modes::DELETE_DEL, self.delete_del);
        modes
    }
}
