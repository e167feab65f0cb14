//! One cell of a grid: two 64-bit words, the same on the surface, on the wire and in a client's copy.
//!
//! Word 0 holds the character (bits 0-20), the attributes (bits 21-36) and the index of the cell's entry in
//! the side table (bits 37-63, 0 for none). Word 1 holds the foreground (low half) and the background (high half).

use std::sync::Arc;

use bitflags::bitflags;

bitflags! {
    /// How a cell is drawn, and what part it plays in a wide character or a wrapped line.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Attrs: u16 {
        /// Bold (SGR 1).
        const BOLD = 1 << 0;
        /// Italic (SGR 3).
        const ITALIC = 1 << 1;
        /// Faint (SGR 2).
        const FAINT = 1 << 2;
        /// Foreground and background exchanged (SGR 7).
        const INVERSE = 1 << 3;
        /// Not shown (SGR 8).
        const HIDDEN = 1 << 4;
        /// Struck out (SGR 9).
        const STRIKEOUT = 1 << 5;
        /// The three bits that hold the [`Underline`] style.
        const UNDERLINE_MASK = 0b111 << 6;
        /// The left half of a character two cells wide.
        const WIDE = 1 << 9;
        /// The right half of a character two cells wide; its own character is a space.
        const WIDE_SPACER = 1 << 10;
        /// The last cell of a row, left empty because the wide character that came next did not fit.
        const LEADING_SPACER = 1 << 11;
        /// Set on the last cell of a row whose line goes on in the next row.
        const WRAPPED = 1 << 12;
        /// Blinking (SGR 5 and 6).
        const BLINK = 1 << 13;
    }
}

/// The style of an underline (SGR 4, 4:1 to 4:5, 21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Underline {
    /// Not underlined.
    #[default]
    None,
    /// One line.
    Single,
    /// Two lines.
    Double,
    /// A wavy line.
    Curly,
    /// Dots.
    Dotted,
    /// Dashes.
    Dashed,
}

impl Attrs {
    /// The underline style held in these attributes; an unknown value reads as a single line.
    pub fn underline(self) -> Underline {
        match (self.bits() & Self::UNDERLINE_MASK.bits()) >> 6 {
            0 => Underline::None,
            2 => Underline::Double,
            3 => Underline::Curly,
            4 => Underline::Dotted,
            5 => Underline::Dashed,
            _ => Underline::Single,
        }
    }

    /// These attributes with another underline style.
    #[must_use]
    pub fn with_underline(self, style: Underline) -> Self {
        Self::from_bits_retain((self.bits() & !Self::UNDERLINE_MASK.bits()) | ((style as u16) << 6))
    }
}

/// A colour as a program named it; the palette turns it into light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Color {
    /// The terminal's own foreground or background.
    #[default]
    Default,
    /// One of the palette's 256 colours.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

impl Color {
    /// The colour in 32 bits: a tag in the highest byte (0 default, 1 indexed, 2 RGB), the value below it.
    pub const fn to_bits(self) -> u32 {
        match self {
            Self::Default => 0,
            Self::Indexed(index) => 1 << 24 | index as u32,
            Self::Rgb(r, g, b) => 2 << 24 | (r as u32) << 16 | (g as u32) << 8 | b as u32,
        }
    }

    /// The colour that [`Self::to_bits`] made; an unknown tag reads as [`Color::Default`].
    pub const fn from_bits(bits: u32) -> Self {
        match bits >> 24 {
            1 => Self::Indexed(bits as u8),
            2 => Self::Rgb((bits >> 16) as u8, (bits >> 8) as u8, bits as u8),
            _ => Self::Default,
        }
    }
}

/// What does not fit into a cell: combining marks, a hyperlink, an underline colour.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Extra {
    /// The zero-width characters that follow the cell's own, in order; at most [`Extra::MAX_MARKS`].
    pub marks: String,
    /// The hyperlink of the cell (OSC 8).
    pub link: Option<Link>,
    /// The colour of the underline (SGR 58); [`Color::Default`] follows the foreground.
    pub underline_color: Color,
}

impl Extra {
    /// How many marks a cell can carry. What a program sends beyond that is dropped, because
    /// nothing legible needs more and an unbounded pile would be memory that the program controls.
    pub const MAX_MARKS: usize = 16;
}

/// A hyperlink (OSC 8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// Ties the cells of one link together; given by the program or made up by the VT core.
    pub id: Arc<str>,
    /// The address, as the program sent it.
    pub uri: Arc<str>,
}

/// One cell of a grid.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Cell([u64; 2]);

const CHAR_BITS: u32 = 21;
const ATTR_BITS: u32 = 16;
const EXTRA_SHIFT: u32 = CHAR_BITS + ATTR_BITS;

impl Cell {
    /// How many 64-bit words a cell has.
    pub const WORDS: usize = 2;

    /// An empty cell in the terminal's own colours.
    pub const BLANK: Self = Self([' ' as u64, 0]);

    /// The highest index of a side-table entry that a cell can hold (27 bits).
    pub const MAX_EXTRA: u32 = (1 << (64 - EXTRA_SHIFT)) - 1;

    /// A cell without an entry in the side table.
    pub const fn new(character: char, attrs: Attrs, fg: Color, bg: Color) -> Self {
        Self([character as u64 | (attrs.bits() as u64) << CHAR_BITS, fg.to_bits() as u64 | (bg.to_bits() as u64) << 32])
    }

    /// The cell in words.
    pub const fn to_words(self) -> [u64; 2] {
        self.0
    }

    /// The cell of these words. Every value is a cell: what makes no sense is mended when it is asked for.
    pub const fn from_words(words: [u64; 2]) -> Self {
        Self(words)
    }

    /// The character; U+FFFD where the words hold none.
    pub fn character(self) -> char {
        char::from_u32((self.0[0] & ((1 << CHAR_BITS) - 1)) as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// How the cell is drawn.
    pub const fn attrs(self) -> Attrs {
        Attrs::from_bits_truncate((self.0[0] >> CHAR_BITS) as u16)
    }

    /// The foreground.
    pub const fn fg(self) -> Color {
        Color::from_bits(self.0[1] as u32)
    }

    /// The background.
    pub const fn bg(self) -> Color {
        Color::from_bits((self.0[1] >> 32) as u32)
    }

    /// The index of the cell's entry in the side table, 0 for none. In a [`Grid`](super::Grid) it only
    /// says whether there is one: the entries themselves are in [`Grid::extra`](super::Grid::extra).
    pub const fn extra_index(self) -> u32 {
        (self.0[0] >> EXTRA_SHIFT) as u32
    }

    /// This cell with another side-table index, at most [`Cell::MAX_EXTRA`].
    #[must_use]
    pub const fn with_extra_index(self, index: u32) -> Self {
        Self([self.0[0] & ((1 << EXTRA_SHIFT) - 1) | (index as u64) << EXTRA_SHIFT, self.0[1]])
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self::BLANK
    }
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell")
            .field("character", &self.character())
            .field("attrs", &self.attrs())
            .field("fg", &self.fg())
            .field("bg", &self.bg())
            .field("extra_index", &self.extra_index())
            .finish()
    }
}
