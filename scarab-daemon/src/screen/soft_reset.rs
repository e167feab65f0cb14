//! The soft reset (DECSTR), which the VT core does not know.

use alacritty_terminal::{
    grid::Cursor,
    vte::ansi::{Attr, CharsetIndex, Handler, Mode, ModifyOtherKeys, NamedMode, NamedPrivateMode, PrivateMode},
};

use super::{core::Core, saved_cursor::ORIGIN};

impl Core {
    /// Sets back what the VT510's manual lists under DECSTR, as far as the core has it. Text, colours, tab stops and the cursor's place
    /// stay. As in xterm lines wrap afterwards, which they do not on a VT510, and modifyOtherKeys, which is xterm's own, is off.
    pub(super) fn soft_reset(&mut self) {
        self.set_private_mode(PrivateMode::Named(NamedPrivateMode::ShowCursor));
        self.set_private_mode(PrivateMode::Named(NamedPrivateMode::LineWrap));
        self.unset_private_mode(PrivateMode::Named(NamedPrivateMode::CursorKeys));
        self.unset_mode(Mode::Named(NamedMode::Insert));
        self.unset_keypad_application_mode();
        self.set_modify_other_keys(ModifyOtherKeys::Reset);
        self.terminal_attribute(Attr::Reset);
        self.set_active_charset(CharsetIndex::G0);
        self.term.grid_mut().cursor.charsets = Default::default();
        // Leaving origin mode moves the cursor, and so does setting the margins.
        let cursor = self.term.grid().cursor.clone();
        self.unset_private_mode(ORIGIN);
        self.set_scrolling_region(1, None);
        let grid = self.term.grid_mut();
        grid.cursor = cursor;
        grid.saved_cursor = Cursor::default();
        self.saved_origins[usize::from(self.is_alternate())] = false;
    }
}
