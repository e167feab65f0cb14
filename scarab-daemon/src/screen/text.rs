//! Text on its way from the parser to the core. The parser finds one character after the other, and the core looks up row, style and
//! width anew for each. Here printable ASCII characters, which are most, are gathered to runs and put into a row's cells at once.

use std::time::Instant;

use alacritty_terminal::{
    grid::{Charsets, Dimensions},
    index::{Column, Point},
    term::{
        TermMode,
        cell::{Cell as CoreCell, Flags},
    },
    vte::ansi::{
        Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
        KeyboardModesApplyBehavior, LineClearMode, Mode, ModifyOtherKeys, PrivateMode, Rgb, ScpCharPath, ScpUpdateMode,
        StandardCharset, TabulationClearMode, cursor_icon::CursorIcon,
    },
};

use super::{core::Core, publication::Publication, update::UPDATE};

/// The most characters of a run: more than most rows have.
const RUN: usize = 256;
/// What the halves of wide characters have.
const WIDE: Flags = Flags::WIDE_CHAR.union(Flags::WIDE_CHAR_SPACER);

/// What the parser finds goes through here to the core: text in runs, and whatever else after the text before it.
pub(super) struct Runs<'a> {
    core: &'a mut Core,
    publication: &'a mut Publication,
    text: [u8; RUN],
    length: usize,
}

impl Core {
    /// Takes what a parser finds. Nothing of it is held back when this is over. Before a synchronized update the screen is staged.
    pub(super) fn take(&mut self, publication: &mut Publication, parse: impl FnOnce(&mut Runs<'_>)) {
        let mut runs = Runs { core: self, publication, text: [0; RUN], length: 0 };
        parse(&mut runs);
        runs.write();
    }

    /// Writes printable ASCII characters, as if each had come alone.
    fn write_text(&mut self, mut text: &[u8]) {
        // Line drawing and inserting are left to the core. What is written changes neither.
        let charsets = self.term.grid().cursor.charsets;
        let is_plain = charsets == Charsets::default() && !self.term.mode().contains(TermMode::INSERT);
        while let Some((first, rest)) = text.split_first() {
            let filled = if is_plain { self.fill_cells(text) } else { 0 };
            if filled > 0 {
                text = &text[filled..];
            } else {
                self.input(char::from(*first));
                text = rest;
            }
        }
    }

    /// Puts as many characters as can be into cells of the cursor's row, and gives back how many: none if the first goes to another row,
    /// or over a half of a wide character, which takes the other half with it.
    fn fill_cells(&mut self, text: &[u8]) -> usize {
        let columns = self.term.columns();
        let grid = self.term.grid_mut();
        if grid.cursor.input_needs_wrap {
            return 0;
        }
        let Point { line, column } = grid.cursor.point;
        let template = grid.cursor.template.clone();
        let end = Column(columns.min(column.0 + text.len()));
        let mut filled = 0;
        for (cell, byte) in grid[line][column..end].iter_mut().zip(text) {
            if cell.flags.intersects(WIDE) {
                break;
            }
            *cell = CoreCell { c: char::from(*byte), ..template.clone() };
            filled += 1;
        }
        let next = column.0 + filled;
        grid.cursor.input_needs_wrap = next == columns;
        grid.cursor.point.column = Column(next.min(columns - 1));
        filled
    }
}

impl Runs<'_> {
    /// Writes the text that is held.
    #[inline]
    fn write(&mut self) {
        if self.length > 0 {
            self.core.write_text(&self.text[..self.length]);
            self.length = 0;
        }
    }
}

/// Hands steps on, after the text before them.
macro_rules! after_text {
    ($($name:ident($($arg:ident: $type:ty),*);)+) => {$(
        #[inline]
        fn $name(&mut self, $($arg: $type),*) {
            self.write();
            <Core as Handler>::$name(self.core, $($arg),*);
        }
    )+};
}

impl Handler for Runs<'_> {
    #[inline]
    fn input(&mut self, c: char) {
        if !matches!(c, ' '..='~') {
            self.write();
            self.core.input(c);
            return;
        }
        self.text[self.length] = c as u8;
        self.length += 1;
        if self.length == RUN {
            self.write();
        }
    }

    fn set_private_mode(&mut self, mode: PrivateMode) {
        self.write();
        if mode != UPDATE {
            return self.core.set_private_mode(mode);
        }
        let now = Instant::now();
        if self.core.update.begin(now) {
            self.publication.stage(self.core);
            self.core.update.staged(now, Instant::now());
        }
    }

    // All else that the core has. A step that is missing here is lost.
    after_text! {
        set_title(title: Option<String>);
        set_cursor_style(style: Option<CursorStyle>);
        set_cursor_shape(shape: CursorShape);
        goto(line: i32, col: usize);
        goto_line(line: i32);
        goto_col(col: usize);
        insert_blank(count: usize);
        move_up(count: usize);
        move_down(count: usize);
        identify_terminal(intermediate: Option<char>);
        device_status(status: usize);
        move_forward(count: usize);
        move_backward(count: usize);
        move_down_and_cr(count: usize);
        move_up_and_cr(count: usize);
        put_tab(count: u16);
        backspace();
        carriage_return();
        linefeed();
        bell();
        substitute();
        newline();
        set_horizontal_tabstop();
        scroll_up(count: usize);
        scroll_down(count: usize);
        insert_blank_lines(count: usize);
        delete_lines(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        move_backward_tabs(count: u16);
        move_forward_tabs(count: u16);
        save_cursor_position();
        restore_cursor_position();
        clear_line(mode: LineClearMode);
        clear_screen(mode: ClearMode);
        clear_tabs(mode: TabulationClearMode);
        set_tabs(interval: u16);
        reset_state();
        reverse_index();
        terminal_attribute(attr: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        report_mode(mode: Mode);
        unset_private_mode(mode: PrivateMode);
        report_private_mode(mode: PrivateMode);
        set_scrolling_region(top: usize, bottom: Option<usize>);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        set_active_charset(index: CharsetIndex);
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        set_color(place: usize, color: Rgb);
        dynamic_color_sequence(prefix: String, place: usize, terminator: &str);
        reset_color(place: usize);
        clipboard_store(clipboard: u8, base64: &[u8]);
        clipboard_load(clipboard: u8, terminator: &str);
        decaln();
        push_title();
        pop_title();
        text_area_size_pixels();
        text_area_size_chars();
        set_hyperlink(link: Option<Hyperlink>);
        set_mouse_cursor_icon(icon: CursorIcon);
        report_keyboard_mode();
        push_keyboard_mode(mode: KeyboardModes);
        pop_keyboard_modes(count: u16);
        set_keyboard_mode(mode: KeyboardModes, behavior: KeyboardModesApplyBehavior);
        set_modify_other_keys(level: ModifyOtherKeys);
        report_modify_other_keys();
        set_scp(path: ScpCharPath, mode: ScpUpdateMode);
    }
}
