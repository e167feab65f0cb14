//! What the parser tells the core goes through here: most of it on, some of it counted, capped or answered first.

use alacritty_terminal::{
    Term,
    index::{Column, Line},
    term::{TermMode, cell::Flags},
    vte::ansi::{
        Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
        KeyboardModesApplyBehavior, LineClearMode, Mode, ModifyOtherKeys, PrivateMode, Rgb, ScpCharPath, ScpUpdateMode,
        StandardCharset, TabulationClearMode, cursor_icon::CursorIcon,
    },
};
use scarab_protocol::surface::{Extra, Modes, Palette};
use unicode_width::UnicodeWidthChar;

use super::{
    core::{Core, Listener, sanitized_title},
    key_modes::KeyModes,
};

/// The most keyboard modes on a stack. The core would take 4,096, and fails to make room for one more.
const MAX_KEYBOARD_MODES: usize = 4095;
/// The longest hyperlink that is kept, in bytes of its address: what browsers are known to take. A longer one is no
/// link but a way to fill memory, because every cell can have its own.
const MAX_LINK: usize = 2083;
/// The longest id of a hyperlink, in bytes, as VTE has it.
const MAX_LINK_ID: usize = 250;
/// An OSC 52 with more base64 than this was cut by the filter, and a part of a text is not to be pasted.
const MAX_BASE64: usize = 1024 * 1024 - 64;

/// A cell that blinks. The core knows no such thing; this flag it does not use, and carries along with the others.
pub(super) const BLINK: Flags = Flags::from_bits_retain(1 << 15);
const _: () = assert!(Flags::all().bits() & BLINK.bits() == 0, "the core has come to use the flag");

/// Passes steps on that cannot scroll.
macro_rules! pass {
    ($($name:ident($($arg:ident: $type:ty),*);)+) => {$(
        #[inline]
        fn $name(&mut self, $($arg: $type),*) {
            Handler::$name(&mut self.term, $($arg),*);
        }
    )+};
}

/// Passes steps on that can scroll, and counts.
macro_rules! pass_and_count {
    ($($name:ident($($arg:ident: $type:ty),*);)+) => {$(
        #[inline]
        fn $name(&mut self, $($arg: $type),*) {
            Handler::$name(&mut self.term, $($arg),*);
            self.count_scrolled();
        }
    )+};
}

/// Takes steps that are done here in another way than in the core.
macro_rules! take {
    ($($name:ident($($arg:ident: $type:ty),*) as $own:ident;)+) => {$(
        #[inline]
        fn $name(&mut self, $($arg: $type),*) {
            self.$own($($arg),*);
        }
    )+};
}

impl Handler for Core {
    pass! {
        set_cursor_style(style: Option<CursorStyle>);
        set_cursor_shape(shape: CursorShape);
        goto(line: i32, col: usize);
        goto_line(line: i32);
        insert_blank(count: usize);
        move_forward(count: usize);
        move_backward(count: usize);
        backspace();
        carriage_return();
        substitute();
        set_horizontal_tabstop();
        scroll_down(count: usize);
        insert_blank_lines(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        move_backward_tabs(count: u16);
        move_forward_tabs(count: u16);
        clear_line(mode: LineClearMode);
        clear_tabs(mode: TabulationClearMode);
        reverse_index();
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        report_mode(mode: Mode);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        set_active_charset(index: CharsetIndex);
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        decaln();
        push_title();
        pop_title();
        text_area_size_chars();
        set_mouse_cursor_icon(icon: CursorIcon);
        report_keyboard_mode();
        set_scp(path: ScpCharPath, mode: ScpUpdateMode);
    }

    pass_and_count! {
        put_tab(count: u16);
        linefeed();
        newline();
        scroll_up(count: usize);
        delete_lines(count: usize);
        clear_screen(mode: ClearMode);
    }

    take! {
        goto_col(col: usize) as move_to_column;
        move_up(count: usize) as up;
        move_down(count: usize) as down;
        move_up_and_cr(count: usize) as up_and_return;
        move_down_and_cr(count: usize) as down_and_return;
        set_scrolling_region(top: usize, bottom: Option<usize>) as set_margins;
        save_cursor_position() as save_cursor;
        restore_cursor_position() as restore_cursor;
        set_private_mode(mode: PrivateMode) as set_dec_mode;
        unset_private_mode(mode: PrivateMode) as unset_dec_mode;
        report_private_mode(mode: PrivateMode) as report_dec_mode;
    }

    #[inline]
    fn input(&mut self, c: char) {
        if may_be_a_mark(c) && c.width() == Some(0) && marks_at_cursor(&self.term) >= Extra::MAX_MARKS {
            return;
        }
        self.term.input(c);
        self.count_scrolled();
    }

    fn identify_terminal(&mut self, intermediate: Option<char>) {
        match intermediate {
            // A VT220 with colours and a clipboard that programs may write to (OSC 52).
            None => self.answer("\x1b[?62;22;52c"),
            other => self.term.identify_terminal(other),
        }
    }

    fn device_status(&mut self, status: usize) {
        match status {
            6 => self.report_position(""),
            other => self.term.device_status(other),
        }
    }

    fn set_tabs(&mut self, interval: u16) {
        let column = self.term.grid().cursor.point.column;
        self.term.clear_tabs(TabulationClearMode::All);
        for stop in (0..usize::from(self.size.cols)).step_by(usize::from(interval.max(1))) {
            self.term.grid_mut().cursor.point.column = Column(stop);
            self.term.set_horizontal_tabstop();
        }
        self.term.grid_mut().cursor.point.column = column;
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, behavior: KeyboardModesApplyBehavior) {
        self.term.set_keyboard_mode(mode, behavior);
        // The core forgets what was set as soon as something is pushed and popped: it belongs on its stack.
        let now = KeyboardModes::from_bits_truncate(kitty_flags(*self.term.mode()));
        let depth = &mut self.keyboard_depths[usize::from(self.term.mode().contains(ALTERNATE))];
        if *depth > 0 {
            self.term.pop_keyboard_modes(1);
        } else {
            *depth = 1;
        }
        self.term.push_keyboard_mode(now);
    }

    #[inline]
    fn terminal_attribute(&mut self, attr: Attr) {
        match attr {
            // SGR 21, which elsewhere is a double underline, as ECMA-48 has it.
            Attr::CancelBold => self.term.terminal_attribute(Attr::DoubleUnderline),
            Attr::BlinkSlow | Attr::BlinkFast => self.term.grid_mut().cursor.template.flags.insert(BLINK),
            Attr::CancelBlink => self.term.grid_mut().cursor.template.flags.remove(BLINK),
            attr => self.term.terminal_attribute(attr),
        }
    }

    fn bell(&mut self) {
        self.with_effects(|effects| effects.bells += 1);
    }

    fn set_title(&mut self, title: Option<String>) {
        // Cut before the core sees it, because the core keeps a stack of titles.
        self.term.set_title(title.map(|title| sanitized_title(&title)));
    }

    fn reset_state(&mut self) {
        self.term.reset_state();
        (0..Palette::LEN).for_each(|place| self.term.reset_color(place));
        self.palette_changed = true;
        self.with_effects(|effects| effects.title = Some(String::new()));
        self.keyboard_depths = [0; 2];
        self.saved_cursor = None;
        self.saved_origins = [false; 2];
        self.own_modes = Modes::empty();
        self.key_modes = KeyModes::default();
        self.update.end();
        self.reset_margins();
        self.count_scrolled();
    }

    fn set_color(&mut self, place: usize, color: Rgb) {
        self.palette_changed = true;
        self.term.set_color(place, color);
    }

    fn reset_color(&mut self, place: usize) {
        self.palette_changed = true;
        self.term.reset_color(place);
    }

    fn dynamic_color_sequence(&mut self, prefix: String, place: usize, terminator: &str) {
        // Answered here, in order with other answers: programs ask for colours and then for the device's
        // attributes, and take the second answer for the end of the first.
        let Rgb { r, g, b } = self.color(place);
        let answer = format!("\x1b]{prefix};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{terminator}");
        self.answer(&answer);
    }

    fn text_area_size_pixels(&mut self) {
        let (width, height) = (self.size.pixel_width, self.size.pixel_height);
        // Who asks would divide by it.
        if width == 0 || height == 0 {
            return;
        }
        self.answer(&format!("\x1b[4;{height};{width}t"));
    }

    fn clipboard_store(&mut self, clipboard: u8, base64: &[u8]) {
        if base64.len() <= MAX_BASE64 {
            self.term.clipboard_store(clipboard, base64);
        }
    }

    fn clipboard_load(&mut self, clipboard: u8, terminator: &str) {
        // What is on the clipboard is the user's; an empty answer keeps the program from waiting for it.
        if clipboard.is_ascii_alphanumeric() {
            let answer = format!("\x1b]52;{};{terminator}", char::from(clipboard));
            self.answer(&answer);
        }
    }

    fn set_hyperlink(&mut self, link: Option<Hyperlink>) {
        let bytes = |link: &Hyperlink| link.uri.len() + link.id.as_ref().map_or(0, String::len);
        let fits =
            |link: &Hyperlink| link.uri.len() <= MAX_LINK && link.id.as_ref().is_none_or(|id| id.len() <= MAX_LINK_ID);
        let link = link.filter(|link| fits(link) && self.afford_link(bytes(link)));
        self.term.set_hyperlink(link);
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        let depth = &mut self.keyboard_depths[usize::from(self.term.mode().contains(ALTERNATE))];
        if *depth < MAX_KEYBOARD_MODES {
            *depth += 1;
            self.term.push_keyboard_mode(mode);
        }
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        let depth = &mut self.keyboard_depths[usize::from(self.term.mode().contains(ALTERNATE))];
        *depth = depth.saturating_sub(usize::from(count));
        self.term.pop_keyboard_modes(count);
    }

    fn set_modify_other_keys(&mut self, level: ModifyOtherKeys) {
        self.set_other_keys(level);
    }

    fn report_modify_other_keys(&mut self) {
        let level = if self.own_modes.contains(Modes::MODIFY_OTHER_KEYS_2) {
            2
        } else {
            u8::from(self.own_modes.contains(Modes::MODIFY_OTHER_KEYS_1))
        };
        self.answer(&format!("\x1b[>4;{level}m"));
    }
}

const ALTERNATE: TermMode = TermMode::ALT_SCREEN;

/// The flags of the kitty keyboard protocol that are in force, by its numbers.
fn kitty_flags(mode: TermMode) -> u8 {
    const FLAGS: [TermMode; 5] = [
        TermMode::DISAMBIGUATE_ESC_CODES,
        TermMode::REPORT_EVENT_TYPES,
        TermMode::REPORT_ALTERNATE_KEYS,
        TermMode::REPORT_ALL_KEYS_AS_ESC,
        TermMode::REPORT_ASSOCIATED_TEXT,
    ];
    (0..).zip(FLAGS).filter(|(_, flag)| mode.contains(*flag)).map(|(bit, _)| 1 << bit).sum()
}

/// False for most characters that are no marks, without a look at the table of widths: nothing printable before the soft
/// hyphen is one, no Chinese character and no Korean syllable.
fn may_be_a_mark(c: char) -> bool {
    c >= '\u{ad}' && !matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// How many marks the cell has that the core would put the next one on.
fn marks_at_cursor(term: &Term<Listener>) -> usize {
    let grid = term.grid();
    let cursor = &grid.cursor;
    let line: Line = cursor.point.line;
    let mut column: Column = cursor.point.column;
    if !cursor.input_needs_wrap {
        column = Column(column.0.saturating_sub(1));
    }
    if grid[line][column].flags.contains(Flags::WIDE_CHAR_SPACER) {
        column = Column(column.0.saturating_sub(1));
    }
    grid[line][column].zerowidth().map_or(0, <[char]>::len)
}
