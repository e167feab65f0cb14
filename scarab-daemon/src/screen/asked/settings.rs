//! How things are set, as the sequences that would set them so (DECRQSS).

use std::iter;

use alacritty_terminal::{
    term::cell::{Cell, Flags},
    vte::ansi::{Color, CursorShape, CursorStyle, Rgb},
};

use crate::screen::{core::Core, handler::BLINK};

/// What can be asked for; the others of a VT420 Scarab does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// SGR: how text is written.
    Rendition,
    /// DECSTBM: the top and bottom margins.
    Margins,
    /// DECSCUSR: the cursor's shape, and whether it blinks.
    CursorStyle,
    /// DECSCL: the terminal's level.
    Level,
    /// Something else.
    Unknown,
}

/// DECSCL of a VT220, as which the primary device attributes name Scarab; its answers have 7-bit controls.
const LEVEL: &str = "62;1\"p";

impl Setting {
    /// The setting that a sequence without its parameters stands for.
    pub(super) fn named(sequence: &[u8]) -> Self {
        match sequence {
            b"m" => Self::Rendition,
            b"r" => Self::Margins,
            b" q" => Self::CursorStyle,
            b"\"p" => Self::Level,
            _ => Self::Unknown,
        }
    }
}

impl Core {
    /// Tells how something is set, as xterm does. (The VT510's manual has the 1 and the 0 of its reply the other way round.)
    pub(super) fn report_setting(&mut self, setting: Setting) {
        let sequence = match setting {
            Setting::Rendition => Some(format!("{}m", rendition(&self.term.grid().cursor.template))),
            Setting::Margins => Some(format!("{};{}r", self.margins.start + 1, self.margins.end)),
            Setting::CursorStyle => Some(format!("{} q", cursor_style(self.term.cursor_style()))),
            Setting::Level => Some(LEVEL.to_owned()),
            Setting::Unknown => None,
        };
        match sequence {
            Some(sequence) => self.answer(&format!("\x1bP1$r{sequence}\x1b\\")),
            None => self.answer("\x1bP0$r\x1b\\"),
        }
    }
}

/// The parameters of SGR that make text look as this cell does, in xterm's order. What xterm does not have comes last: of the flags curly,
/// dotted and dashed underlines, of the colours the underline's.
fn rendition(template: &Cell) -> String {
    const FLAGS: [(Flags, &str); 12] = [
        (Flags::BOLD, "1"),
        (Flags::UNDERLINE, "4"),
        (BLINK, "5"),
        (Flags::INVERSE, "7"),
        (Flags::HIDDEN, "8"),
        (Flags::DIM, "2"),
        (Flags::ITALIC, "3"),
        (Flags::STRIKEOUT, "9"),
        (Flags::DOUBLE_UNDERLINE, "21"),
        (Flags::UNDERCURL, "4:3"),
        (Flags::DOTTED_UNDERLINE, "4:4"),
        (Flags::DASHED_UNDERLINE, "4:5"),
    ];
    let flags =
        FLAGS.into_iter().filter(|(flag, _)| template.flags.contains(*flag)).map(|(_, number)| number.to_owned());
    let colors = [(30, Some(template.fg)), (40, Some(template.bg)), (50, template.underline_color())];
    let colors = colors.into_iter().filter_map(|(base, color)| color_parameter(base, color?));
    let parameters: Vec<String> = iter::once("0".to_owned()).chain(flags).chain(colors).collect();
    parameters.join(";")
}

/// The parameter for a colour: of text with a base of 30, behind it with 40, of its underline with 50. None for the terminal's own.
fn color_parameter(base: usize, color: Color) -> Option<String> {
    match color {
        Color::Spec(Rgb { r, g, b }) => Some(format!("{}:2::{r}:{g}:{b}", base + 8)),
        Color::Indexed(index) => Some(format!("{}:5:{index}", base + 8)),
        Color::Named(name) => match name as usize {
            normal @ 0..8 => Some((base + normal).to_string()),
            bright @ 8..16 => Some((base + 60 + bright - 8).to_string()),
            _ => None,
        },
    }
}

/// The parameter of DECSCUSR.
fn cursor_style(style: CursorStyle) -> u8 {
    let steady = match style.shape {
        CursorShape::Underline => 4,
        CursorShape::Beam => 6,
        CursorShape::Block | CursorShape::HollowBlock | CursorShape::Hidden => 2,
    };
    steady - u8::from(style.blinking)
}
