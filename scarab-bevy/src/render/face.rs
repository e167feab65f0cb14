//! Faces: fonts of one style each, and which characters they have.

use std::sync::Arc;

use swash::text::cluster::{CharCluster, Parser, Status, Token};
use swash::text::{Codepoint, Script};
use swash::{CacheKey, FontRef};

/// Whether text is bold, italic, or both; also the place of a family's face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FontStyle {
    pub(super) bold: bool,
    pub(super) italic: bool,
}

impl FontStyle {
    /// All four, by their [`index`](Self::index).
    pub(super) const ALL: [Self; 4] = [
        Self { bold: false, italic: false },
        Self { bold: true, italic: false },
        Self { bold: false, italic: true },
        Self { bold: true, italic: true },
    ];

    pub(super) fn index(self) -> usize {
        usize::from(self.bold) | usize::from(self.italic) << 1
    }
}

/// A face of a font file in memory.
#[derive(Clone)]
pub(super) struct Face {
    bytes: FaceBytes,
    offset: u32,
    key: CacheKey,
    /// The style that the face itself has; what it lacks of the wanted one is synthesised.
    pub(super) style: FontStyle,
}

/// The bytes of a font file.
#[derive(Clone)]
pub(super) enum FaceBytes {
    /// Part of the program.
    #[cfg_attr(
        not(feature = "bundled-font"),
        expect(dead_code, reason = "only the bundled font is part of the program")
    )]
    Bundled(&'static [u8]),
    /// Read from a file.
    Read(Arc<[u8]>),
}

impl FaceBytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Bundled(bytes) => bytes,
            Self::Read(bytes) => bytes,
        }
    }
}

impl Face {
    /// The face at an index of a font file, if it is one.
    pub(super) fn new(bytes: FaceBytes, index: u32, style: FontStyle) -> Option<Self> {
        let font = FontRef::from_index(bytes.get(), index as usize)?;
        let (offset, key) = (font.offset, font.key);
        Some(Self { bytes, offset, key, style })
    }

    pub(super) fn font(&self) -> FontRef<'_> {
        FontRef { data: self.bytes.get(), offset: self.offset, key: self.key }
    }

    /// Whether it has glyphs for a character and for the marks on it.
    pub(super) fn has(&self, character: char, marks: &str) -> bool {
        has_glyphs(self.font(), character, marks)
    }

    /// Whether this is the same face of the same file.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let same_bytes = match (&self.bytes, &other.bytes) {
            (FaceBytes::Read(a), FaceBytes::Read(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        same_bytes && self.offset == other.offset
    }

    /// The glyph of a character, if the face has one.
    pub(super) fn glyph(&self, character: char) -> Option<u16> {
        Some(self.font().charmap().map(character)).filter(|&glyph| glyph != 0)
    }
}

/// Whether a font has glyphs for a character and for the marks on it, put together or apart as its shaper looks for them.
pub(super) fn has_glyphs(font: FontRef<'_>, character: char, marks: &str) -> bool {
    let charmap = font.charmap();
    if marks.is_empty() || charmap.map(character) == 0 {
        return charmap.map(character) != 0;
    }
    let seen = std::iter::once(character).chain(marks.chars().filter(|mark| !only_says_how(*mark)));
    let tokens = seen.map(|ch| Token { ch, info: ch.properties().into(), ..Token::default() });
    let mut parser = Parser::new(Script::Latin, tokens);
    let mut cluster = CharCluster::new();
    while parser.next(&mut cluster) {
        if cluster.map(|ch| charmap.map(ch)) != Status::Complete {
            return false;
        }
    }
    true
}

/// Whether a mark is not seen, but says how the character is drawn: joiners and variation selectors. A font needs no glyph for it.
pub(super) fn only_says_how(mark: char) -> bool {
    matches!(mark, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}
