//! What programs ask of a terminal and the VT core does not know: found by the filter, answered here.
//!
//! A question passes to the core as all output does, and the core takes no notice of it. Then it is answered, so that the answer tells of
//! the screen at that place and is in order with what the core answers itself.

mod capabilities;
mod settings;

use alacritty_terminal::vte::ansi::NamedColor;

use self::settings::Setting;
use super::core::Core;

/// The most bytes of a device control string that is a question, from its first intermediate to its last byte: some two hundred
/// names of two letters. A longer one is refused.
pub(super) const MAX_STRING: usize = 1024;
/// So many bytes tell whether a device control string is a question: an intermediate and a final one.
pub(super) const STRING_START: usize = 2;
/// So many bytes behind `CSI` tell most of what is no question: colours, places and modes.
const CONTROL_START: usize = 2;
/// A background of more relative luminance than this is a light one: black text is read on it better than white, by the contrast of
/// WCAG 2.0, (L1 + 0.05) / (L2 + 0.05).
const LIGHT: f64 = 0.179;

/// What a program asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// XTVERSION, `CSI > q` (xterm's ctlseqs): the terminal's name and version.
    Version,
    /// DECSTR, `CSI ! p` (VT510): to be reset, but for the text.
    SoftReset,
    /// `CSI 16 t` (xterm's ctlseqs): the size of a cell in pixels.
    CellSize,
    /// DECXCPR, `CSI ? 6 n` (VT510): the cursor's place.
    Position,
    /// `CSI ? 996 n` (contour's, and kitty's "color preference notifications"): whether colours are dark or light.
    Scheme,
    /// DECRQSS, `DCS $ q Pt ST` (VT510): how something is set.
    Setting(Setting),
    /// XTGETTCAP, `DCS + q Pt ST` (xterm's ctlseqs): capabilities by their names, in hexadecimal digits and with semicolons between
    /// them; none if they were more than [`MAX_STRING`] bytes.
    Capabilities(Vec<u8>),
}

/// What the beginning of a control sequence is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It may become a question.
    Unfinished,
    /// It is one.
    Asked(Asked),
    /// It is none.
    Nothing,
}

/// Whether a control sequence of which these bytes come next, after `CSI`, may be a question: true if there are none yet.
#[inline]
pub(super) fn may_be_control(rest: &[u8]) -> bool {
    // The first byte alone tells it of most: this is asked of every one.
    let may_begin = rest.first().is_none_or(|first| matches!(first, b'>' | b'!' | b'1' | b'?'));
    may_begin && control(&rest[..rest.len().min(CONTROL_START)]) != Reading::Nothing
}

/// Reads a control sequence, from the byte after `CSI` on.
pub(super) fn control(sequence: &[u8]) -> Reading {
    match sequence {
        b"" | b">" | b">0" | b"!" | b"1" | b"16" | b"?" | b"?6" | b"?9" | b"?99" | b"?996" => Reading::Unfinished,
        b">q" | b">0q" => Reading::Asked(Asked::Version),
        b"!p" => Reading::Asked(Asked::SoftReset),
        b"16t" => Reading::Asked(Asked::CellSize),
        b"?6n" => Reading::Asked(Asked::Position),
        b"?996n" => Reading::Asked(Asked::Scheme),
        _ => Reading::Nothing,
    }
}

/// Whether a device control string that begins so, with [`STRING_START`] bytes or fewer, may be a question.
pub(super) fn may_be_string(beginning: &[u8]) -> bool {
    matches!(beginning, b"" | b"$" | b"+" | b"$q" | b"+q")
}

/// What a device control string asks, from the byte after `DCS` to the one before `ST`, if it may be a question.
pub(super) fn string(text: &[u8]) -> Option<Asked> {
    match text.split_first_chunk::<STRING_START>()? {
        (b"$q", setting) => Some(Asked::Setting(Setting::named(setting))),
        (b"+q", _) if text.len() > MAX_STRING => Some(Asked::Capabilities(Vec::new())),
        (b"+q", names) => Some(Asked::Capabilities(names.to_vec())),
        _ => None,
    }
}

impl Core {
    /// Answers a question that has come through.
    pub(super) fn answer_question(&mut self, asked: Asked) {
        match asked {
            Asked::Version => self.answer(concat!("\x1bP>|Scarab(", env!("CARGO_PKG_VERSION"), ")\x1b\\")),
            Asked::SoftReset => self.soft_reset(),
            Asked::CellSize => self.report_cell_size(),
            Asked::Position => self.report_position("?"),
            Asked::Scheme => self.report_scheme(),
            Asked::Setting(setting) => self.report_setting(setting),
            Asked::Capabilities(names) => self.report_capabilities(&names),
        }
    }

    /// CPR (ECMA-48), and with `?` before the numbers DECXCPR, in the form of a terminal that has but one page (xterm's ctlseqs). In
    /// origin mode rows count from the top margin.
    pub(super) fn report_position(&mut self, before: &str) {
        let row = self.row().saturating_sub(self.first_row()) + 1;
        let column = self.term.grid().cursor.point.column.0 + 1;
        self.answer(&format!("\x1b[{before}{row};{column}R"));
    }

    fn report_cell_size(&mut self) {
        let (width, height) = (self.size.pixel_width / self.size.cols, self.size.pixel_height / self.size.rows);
        // Who asks would divide by it.
        if width > 0 && height > 0 {
            self.answer(&format!("\x1b[6;{height};{width}t"));
        }
    }

    fn report_scheme(&mut self) {
        let is_light = self.color(NamedColor::Background as usize).luminance() > LIGHT;
        let scheme = if is_light { 2 } else { 1 };
        self.answer(&format!("\x1b[?997;{scheme}n"));
    }

    /// Answers the program, if there is room for that.
    pub(super) fn answer(&mut self, text: &str) {
        self.with_effects(|effects| effects.answer(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_that_a_question_can_begin_with_is_looked_at() {
        for byte in 0..=u8::MAX {
            assert_eq!(may_be_control(&[byte]), control(&[byte]) != Reading::Nothing, "{byte:#04x}");
        }
        assert!(may_be_control(b""));
    }
}
