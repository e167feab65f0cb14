//! Fonts: the settings, the faces in use, and which face draws which character.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use crossbeam_channel::TryRecvError;

#[cfg(feature = "bundled-font")]
use super::face::FaceBytes;
use super::face::{Face, FontStyle, only_says_how};
use super::system_fonts::{Asked, Found, SystemFonts, Wanted};

/// How many answers of the search are remembered. Programs choose the marks on a character, so that there is no end of them; as many
/// as an atlas remembers glyphs.
const MOST_RESOLVED: usize = 1 << 17;

/// The family of the font that comes along with the feature `bundled-font`.
const BUNDLED: &str = "JetBrains Mono";

/// Which font terminals are drawn with, and how large. Changing it draws every terminal anew.
#[derive(Resource, Reflect, Debug, Clone, PartialEq)]
#[reflect(Resource, Default)]
pub struct FontSettings {
    /// The height of the font's em square in logical pixels, clamped to 4..=200. Default: 15.
    pub size: f32,
    /// The height of a row in units of the font's own line height, clamped to 0.5..=3. Default: 1.
    pub line_height: f32,
    /// A font family of the system to use, whatever the case of its name; it should be a monospaced one, such as what the system
    /// has for `monospace`. Default: `None`, the bundled
    /// JetBrains Mono, or without the feature `bundled-font` the system's monospaced font. The bundled one is also what is used if
    /// the family is not found, which [`FontMissing`] tells. Until then it is what was used before.
    pub family: Option<String>,
    /// Whether characters that the font lacks are looked for in the system's fonts. Default: true.
    pub system_fallback: bool,
    /// Whether signs that stand side by side, such as `->` and `!=`, are drawn as one where the font has them so.
    /// Default: false.
    pub ligatures: bool,
}

impl Default for FontSettings {
    fn default() -> Self {
        Self { size: 15.0, line_height: 1.0, family: None, system_fallback: true, ligatures: false }
    }
}

impl FontSettings {
    /// The factor on the height of rows, mended if it makes no sense.
    pub(super) fn line_height(&self) -> f32 {
        if self.line_height.is_finite() { self.line_height.clamp(0.5, 3.0) } else { 1.0 }
    }
}

/// The font family that was asked for is not there, and another is drawn with. Comes as a message, whose text is for people.
#[derive(Message, thiserror::Error, Debug, Clone, PartialEq, Eq)]
#[error(
    "the system has no font family {family:?}, and another is used: its list of fonts has the names, or take \"monospace\""
)]
pub struct FontMissing {
    /// Its name, as it was asked for.
    pub family: String,
}

/// The sizes of a cell and of the lines in it, in whole physical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellMetrics {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The place of the baseline, from the top.
    pub(super) baseline: i32,
    /// The thickness of light lines, underlines and the like.
    pub(super) line: u32,
    pub(super) underline_top: u32,
    pub(super) strike_top: u32,
}

/// The faces that terminals are drawn with.
#[derive(Resource, Default)]
pub(super) struct Fonts {
    /// The family that was asked for last; nothing before there were settings.
    family: Option<Option<String>>,
    /// The family, if it was not found and nobody has been told yet.
    missing: Option<String>,
    /// The family's faces by [`FontStyle::index`]; without a regular one no text can be drawn.
    primary: [Option<Face>; 4],
    /// Faces found for characters that the family lacks.
    fallback: Vec<Face>,
    /// Which of them draws a character with its marks.
    resolved: HashMap<Wanted, Resolution>,
    /// What the search has not answered yet.
    pending: usize,
    system: SystemFonts,
    use_system: bool,
    ligatures: bool,
}

/// What is known of the fallback for a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolution {
    /// It has been asked for.
    Pending,
    /// The face at this place has it.
    Face(usize),
    /// No font of the system has it.
    Nowhere,
}

/// Which face has a character with its marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// The family's at this place.
    Own(usize),
    /// One of the system's, as far as is known.
    System(Resolution),
}

/// Where a character's glyph comes from.
pub(super) enum Choice<'a> {
    /// From the terminal's own family.
    Primary(&'a Face),
    /// From a font of the system.
    Fallback(&'a Face),
    /// No font has it.
    Nowhere,
    /// A search is under way.
    Pending,
}

impl Fonts {
    /// Takes up new settings. The faces stay until those of another family have been found; the bundled one's are there at once.
    pub(super) fn apply(&mut self, settings: &FontSettings) {
        self.use_system = settings.system_fallback;
        self.ligatures = settings.ligatures;
        if self.family.as_ref() == Some(&settings.family) {
            return;
        }
        self.family = Some(settings.family.clone());
        let bundled = bundled();
        let is_search = settings.family.is_some() || bundled[0].is_none();
        if !is_search || self.primary[0].is_none() {
            self.primary = bundled;
        }
        if is_search {
            match self.system.find_family(settings.family.clone()) {
                Asked::Yes => self.pending += 1,
                // It is asked for again with the next change.
                Asked::Later | Asked::Never => self.family = None,
            }
        }
    }

    /// Calls `waker` from another thread whenever the search has found something, so that a sleeping App takes it up.
    #[cfg(feature = "winit")]
    pub(super) fn set_waker(&mut self, waker: impl Fn() + Send + Sync + 'static) {
        self.system.set_waker(waker);
    }

    /// Whether signs side by side are drawn as one where the font has them so.
    pub(super) fn joins_signs(&self) -> bool {
        self.ligatures
    }

    /// Whether a search is under way.
    pub(super) fn is_searching(&self) -> bool {
        self.pending > 0
    }

    /// Takes up what the search has found.
    pub(super) fn receive(&mut self) -> Received {
        let mut received = Received::Nothing;
        while self.pending > 0 {
            let found = match self.system.found() {
                Ok(found) => found,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    // A font file that its parser trips over ends the thread. What it has not found is not found.
                    self.pending = 0;
                    self.resolved.retain(|_, resolution| *resolution != Resolution::Pending);
                    return Received::Glyphs;
                }
            };
            self.pending -= 1;
            match found {
                // An answer that settings have overtaken.
                Found::Family(family, _) if self.family.as_ref() != Some(&family) => {}
                Found::Family(family, faces) => {
                    let faces = if faces[0].is_some() {
                        faces
                    } else {
                        let bundled = bundled();
                        // Whoever asks for the bundled one by its name has it.
                        let is_bundled = |name: &str| bundled[0].is_some() && name.eq_ignore_ascii_case(BUNDLED);
                        self.missing = family.filter(|name| !is_bundled(name));
                        bundled
                    };
                    // Without a bundled font, another family's is better than none.
                    if faces[0].is_some() {
                        self.primary = faces;
                        received = Received::Family;
                    }
                }
                Found::Face(wanted, face) => {
                    let index = face.map(|face| {
                        let known = self.fallback.iter().position(|known| known.is_same(&face));
                        known.unwrap_or_else(|| {
                            self.fallback.push(face);
                            self.fallback.len() - 1
                        })
                    });
                    self.resolved.insert(wanted, index.map_or(Resolution::Nowhere, Resolution::Face));
                    received = received.max(Received::Glyphs);
                }
            }
        }
        received
    }

    /// A family that was looked for in vain, once.
    pub(super) fn take_missing(&mut self) -> Option<FontMissing> {
        self.missing.take().map(|family| FontMissing { family })
    }

    /// The face for a character and the marks on it: one that has them all, or if there is none, one that has the character. `emoji`
    /// asks for a picture of it rather than a letter.
    pub(super) fn choose(&mut self, character: char, marks: &str, style: FontStyle, emoji: bool) -> Choice<'_> {
        if emoji && self.use_system {
            match self.resolve(Wanted { character, marks: String::new(), emoji: true }) {
                Resolution::Face(index) => return Choice::Fallback(&self.fallback[index]),
                Resolution::Pending => return Choice::Pending,
                Resolution::Nowhere => {}
            }
        }
        let seen: String;
        let marks = if marks.chars().any(only_says_how) {
            seen = marks.chars().filter(|mark| !only_says_how(*mark)).collect();
            &seen
        } else {
            marks
        };
        let mut holder = self.holder(character, marks, style);
        if holder == Holder::System(Resolution::Nowhere) && !marks.is_empty() {
            holder = self.holder(character, "", style);
        }
        match holder {
            Holder::Own(index) => self.primary[index].as_ref().map_or(Choice::Nowhere, Choice::Primary),
            Holder::System(Resolution::Face(index)) => Choice::Fallback(&self.fallback[index]),
            Holder::System(Resolution::Pending) => Choice::Pending,
            Holder::System(Resolution::Nowhere) => Choice::Nowhere,
        }
    }

    fn holder(&mut self, character: char, marks: &str, style: FontStyle) -> Holder {
        let has = |face: &Option<Face>| face.as_ref().is_some_and(|face| face.has(character, marks));
        if let Some(index) = [style.index(), 0].into_iter().find(|&index| has(&self.primary[index])) {
            return Holder::Own(index);
        }
        if !self.use_system {
            return Holder::System(Resolution::Nowhere);
        }
        Holder::System(self.resolve(Wanted { character, marks: marks.into(), emoji: false }))
    }

    fn resolve(&mut self, wanted: Wanted) -> Resolution {
        if let Some(known) = self.resolved.get(&wanted) {
            return *known;
        }
        if self.resolved.len() >= MOST_RESOLVED {
            self.resolved.retain(|_, resolution| *resolution == Resolution::Pending);
        }
        match self.system.find_face(wanted.clone()) {
            Asked::Yes => {
                self.pending += 1;
                self.resolved.insert(wanted, Resolution::Pending);
                Resolution::Pending
            }
            Asked::Later => Resolution::Pending,
            Asked::Never => Resolution::Nowhere,
        }
    }

    /// The size of cells for a font size in physical pixels.
    pub(super) fn measure(&self, pixels: f32, line_height: f32) -> CellMetrics {
        let Some(face) = &self.primary[0] else {
            let height = (pixels * 1.3).ceil().max(2.0);
            return CellMetrics {
                width: (pixels * 0.6).round().max(1.0) as u32,
                height: height as u32,
                baseline: (pixels as i32).max(1),
                line: 1,
                underline_top: height as u32 - 1,
                strike_top: height as u32 / 2,
            };
        };
        let font = face.font();
        let metrics = font.metrics(&[]).scale(pixels);
        let advance = font.glyph_metrics(&[]).scale(pixels).advance_width(font.charmap().map('0'));
        let natural = metrics.ascent + metrics.descent + metrics.leading;
        let height = (natural * line_height).ceil().clamp(2.0, 2048.0);
        let baseline = ((height - natural) / 2.0 + metrics.leading / 2.0 + metrics.ascent).round();
        let line = metrics.stroke_size.round().max(1.0);
        let lowest = height - line;
        Self::whole(advance, height, baseline, line, lowest, &metrics)
    }

    fn whole(
        advance: f32,
        height: f32,
        baseline: f32,
        line: f32,
        lowest: f32,
        metrics: &swash::Metrics,
    ) -> CellMetrics {
        // A font's offsets count upwards from the baseline, rows of pixels downwards from the top.
        let row = |offset: f32| (baseline - offset).round().clamp(0.0, lowest) as u32;
        CellMetrics {
            width: advance.round().clamp(1.0, 2048.0) as u32,
            height: height as u32,
            baseline: baseline as i32,
            line: line as u32,
            underline_top: row(metrics.underline_offset + line / 2.0),
            strike_top: row(metrics.strikeout_offset),
        }
    }
}

/// What came in from the search, and so what has to be drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Received {
    /// Nothing.
    Nothing,
    /// Answers for single characters.
    Glyphs,
    /// The family: cells have another size now.
    Family,
}

#[cfg(feature = "bundled-font")]
fn bundled() -> [Option<Face>; 4] {
    const FILES: [&[u8]; 4] = [
        include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"),
        include_bytes!("../../assets/fonts/JetBrainsMono-Bold.ttf"),
        include_bytes!("../../assets/fonts/JetBrainsMono-Italic.ttf"),
        include_bytes!("../../assets/fonts/JetBrainsMono-BoldItalic.ttf"),
    ];
    std::array::from_fn(|index| Face::new(FaceBytes::Bundled(FILES[index]), 0, FontStyle::ALL[index]))
}

#[cfg(not(feature = "bundled-font"))]
fn bundled() -> [Option<Face>; 4] {
    Default::default()
}

#[cfg(all(test, feature = "bundled-font"))]
mod tests {
    use std::sync::Arc;

    use super::super::system_fonts::Question;
    use super::*;

    fn fonts() -> Fonts {
        let mut fonts = Fonts::default();
        fonts.apply(&FontSettings { system_fallback: false, ..FontSettings::default() });
        fonts
    }

    #[test]
    fn the_bundled_family_has_all_four_styles() {
        let mut fonts = fonts();
        for style in FontStyle::ALL {
            match fonts.choose('é', "", style, false) {
                Choice::Primary(face) => assert_eq!(face.style, style),
                _ => panic!("the bundled font lacks a letter"),
            }
        }
        assert!(matches!(fonts.choose('漢', "", FontStyle::ALL[0], false), Choice::Nowhere));
    }

    /// A regular face that is read from a file, as those of the system are.
    fn read() -> Face {
        let bytes = include_bytes!("../../assets/fonts/JetBrainsMono-Italic.ttf");
        Face::new(FaceBytes::Read(Arc::from(&bytes[..])), 0, FontStyle::ALL[0]).expect("a font")
    }

    #[test]
    fn faces_stay_until_there_are_those_of_another_family() {
        let (system, questions, answers) = SystemFonts::answered_by_hand();
        let mut fonts = Fonts { system, ..Fonts::default() };
        let mono = |family: &str| FontSettings { family: Some(family.into()), ..FontSettings::default() };
        let asked = |family: &str| -> Result<_, TryRecvError> { Ok(Question::Family(Some(family.into()))) };
        let answer = |family: &str, regular| {
            answers.send(Found::Family(Some(family.into()), [regular, None, None, None])).expect("it is open");
        };
        fonts.apply(&mono("One"));
        assert!(fonts.primary[0].is_some(), "the bundled one draws until then");
        assert_eq!(questions.try_recv(), asked("One"));
        let one = read();
        answer("One", Some(one.clone()));
        assert_eq!(fonts.receive(), Received::Family);
        let is_one = |fonts: &Fonts| fonts.primary[0].as_ref().is_some_and(|face| face.is_same(&one));
        assert!(is_one(&fonts));

        // Another size, another height and other signs need no other faces.
        fonts.apply(&FontSettings { size: 20.0, line_height: 2.0, ligatures: true, ..mono("One") });
        assert!(is_one(&fonts) && fonts.joins_signs() && !fonts.is_searching() && questions.is_empty());

        // Of two families in a row the second counts, and until it is there the old one.
        fonts.apply(&mono("Two"));
        fonts.apply(&mono("Three"));
        assert_eq!((questions.try_recv(), questions.try_recv()), (asked("Two"), asked("Three")));
        answer("Two", Some(read()));
        assert_eq!(fonts.receive(), Received::Nothing);
        assert!(is_one(&fonts) && fonts.is_searching());
        answer("Three", None);
        assert_eq!(fonts.receive(), Received::Family);
        assert!(!is_one(&fonts) && fonts.primary[0].is_some() && !fonts.is_searching());
        assert_eq!(fonts.take_missing(), Some(FontMissing { family: "Three".into() }));
        assert_eq!(fonts.take_missing(), None);
        fonts.apply(&mono("jetbrains mono"));
        answer("jetbrains mono", None);
        fonts.receive();
        assert_eq!(fonts.take_missing(), None, "it comes along");
    }

    #[test]
    fn a_character_is_drawn_by_a_font_that_has_its_marks_too_if_there_is_one() {
        let (system, questions, answers) = SystemFonts::answered_by_hand();
        let mut fonts = Fonts { system, ..Fonts::default() };
        fonts.apply(&FontSettings::default());
        let chosen = |fonts: &mut Fonts, marks: &str| match fonts.choose('e', marks, FontStyle::ALL[0], false) {
            Choice::Primary(_) => "its own",
            Choice::Fallback(_) => "another",
            Choice::Pending => "not yet",
            Choice::Nowhere => "none",
        };
        // What the bundled font has, by itself or put together, and what only says how to draw.
        for marks in ["", "\u{301}", "\u{301}\u{323}", "\u{fe0e}"] {
            assert_eq!(chosen(&mut fonts, marks), "its own", "{marks:?}");
        }
        assert!(questions.is_empty());
        // An arrow above, and a circle around: it has neither.
        let found = [("\u{20d7}", Some(read()), "another"), ("\u{20dd}", None, "its own")];
        for (marks, face, then) in found {
            let wanted = Wanted { character: 'e', marks: marks.into(), emoji: false };
            assert_eq!(chosen(&mut fonts, marks), "not yet");
            assert_eq!(questions.try_recv(), Ok(Question::Face(wanted.clone())));
            answers.send(Found::Face(wanted, face)).expect("it is open");
            assert_eq!(fonts.receive(), Received::Glyphs);
            assert_eq!(chosen(&mut fonts, marks), then, "{marks:?}");
        }
        fonts.apply(&FontSettings { system_fallback: false, ..FontSettings::default() });
        assert_eq!(chosen(&mut fonts, "\u{20d7}"), "its own");
    }

    #[test]
    fn lines_stay_within_their_cell_at_every_size() {
        let fonts = fonts();
        for half_pixels in 4..400 {
            let cell = fonts.measure(half_pixels as f32 / 2.0, 1.0);
            assert!(cell.underline_top + cell.line <= cell.height, "{cell:?}");
            assert!(cell.strike_top + cell.line <= cell.height, "{cell:?}");
            assert!((0..=cell.height as i32).contains(&cell.baseline), "{cell:?}");
        }
    }
}
