//! The system's fonts, searched on a thread of their own.
//!
//! Listing fonts and looking into them for a character reads many files. The thread starts with the first
//! question and ends when the App drops its end of the channel.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy::platform::collections::HashMap;
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use fontdb::{Database, Family, Query, Source, Stretch, Style, Weight};
use swash::FontRef;

use super::face::{Face, FaceBytes, FontStyle, has_glyphs};
#[cfg(all(unix, not(target_os = "macos")))]
use super::fontconfig;

/// Elsewhere there is no such choice to ask for.
#[cfg(not(all(unix, not(target_os = "macos"))))]
mod fontconfig {
    pub(super) fn family(_generic: &str) -> Option<String> {
        None
    }
}

/// How many questions may wait. Beyond that a character is asked for again when another answer has come.
const QUESTIONS: usize = 4096;

/// The name of the kind of font that terminals want.
const MONOSPACE: &str = "monospace";

/// The names of kinds of fonts, for which the system has one or the other (CSS 2.1, 15.3.1).
const GENERIC: [(&str, Family<'static>); 3] =
    [(MONOSPACE, Family::Monospace), ("sans-serif", Family::SansSerif), ("serif", Family::Serif)];

/// A character to find a face for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    pub(super) character: char,
    /// The marks on it, which the face has to have, too.
    pub(super) marks: String,
    /// Only fonts with pictures count.
    pub(super) emoji: bool,
}

/// An answer of the search.
pub(super) enum Found {
    /// The faces of a family by [`FontStyle::index`]; styles that it lacks are missing.
    Family(Option<String>, [Option<Face>; 4]),
    /// The best face that has the character, if any has.
    Face(Wanted, Option<Face>),
}

/// A question to the search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// For the faces of a family, or of the system's monospaced one.
    Family(Option<String>),
    /// For a face that has a character.
    Face(Wanted),
}

type Waker = Arc<dyn Fn() + Send + Sync>;

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// It will be answered.
    Yes,
    /// Too many wait already.
    Later,
    /// The search is not to be had.
    Never,
}

/// The App's end of the search.
#[derive(Default)]
pub(super) struct SystemFonts {
    channel: Option<(Sender<Question>, Receiver<Found>)>,
    waker: Option<Waker>,
}

impl SystemFonts {
    /// A search that a test answers: with what is asked of it, and where the answers go.
    #[cfg(all(test, feature = "bundled-font"))]
    pub(super) fn answered_by_hand() -> (Self, Receiver<Question>, Sender<Found>) {
        let (ask, questions) = bounded(QUESTIONS);
        let (answers, found) = bounded(QUESTIONS);
        (Self { channel: Some((ask, found)), waker: None }, questions, answers)
    }

    /// Has `waker` called after every answer.
    #[cfg(feature = "winit")]
    pub(super) fn set_waker(&mut self, waker: impl Fn() + Send + Sync + 'static) {
        self.waker = Some(Arc::new(waker));
    }

    /// Asks for a family, or for the system's monospaced one.
    pub(super) fn find_family(&mut self, family: Option<String>) -> Asked {
        self.ask(Question::Family(family))
    }

    /// Asks for a face that has a character.
    pub(super) fn find_face(&mut self, wanted: Wanted) -> Asked {
        self.ask(Question::Face(wanted))
    }

    /// The next answer, if one is there; [`TryRecvError::Disconnected`] once the search is no more.
    pub(super) fn found(&self) -> Result<Found, TryRecvError> {
        match &self.channel {
            Some((_, found)) => found.try_recv(),
            None => Err(TryRecvError::Disconnected),
        }
    }

    fn ask(&mut self, question: Question) -> Asked {
        if self.channel.is_none() {
            self.channel = start(self.waker.clone());
        }
        match self.channel.as_ref().map(|(questions, _)| questions.try_send(question)) {
            Some(Ok(())) => Asked::Yes,
            Some(Err(TrySendError::Full(_))) => Asked::Later,
            Some(Err(TrySendError::Disconnected(_))) | None => Asked::Never,
        }
    }
}

fn start(waker: Option<Waker>) -> Option<(Sender<Question>, Receiver<Found>)> {
    let (ask, questions) = bounded(QUESTIONS);
    // As many answers as questions: the thread waits for the App to take them if it is full.
    let (answers, found) = bounded(QUESTIONS);
    let search = move || {
        let mut fonts = Library::load();
        for question in questions {
            let answer = match question {
                Question::Family(family) => {
                    let faces = fonts.family(family.as_deref());
                    Found::Family(family, faces)
                }
                Question::Face(wanted) => {
                    let face = fonts.face_with(&wanted);
                    Found::Face(wanted, face)
                }
            };
            if answers.send(answer).is_err() {
                return;
            }
            if let Some(waker) = &waker {
                waker();
            }
        }
    };
    match std::thread::Builder::new().name("scarab-fonts".into()).spawn(search) {
        Ok(_) => Some((ask, found)),
        Err(error) => {
            tracing::warn!("the system's fonts cannot be searched: {error}");
            None
        }
    }
}

/// The fonts of the system.
struct Library {
    fonts: Database,
    /// All faces, the ones that go best with a terminal's text first.
    ranked: Vec<fontdb::ID>,
    /// Files read so far, so that the faces of one share their bytes.
    files: HashMap<PathBuf, Arc<[u8]>>,
}

impl Library {
    fn load() -> Self {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        Self::of(fonts)
    }

    fn of(fonts: Database) -> Self {
        let mut ranked: Vec<_> = fonts.faces().collect();
        ranked.sort_by_cached_key(|face| {
            (!face.monospaced, face.style != Style::Normal, face.weight.0.abs_diff(400), face.post_script_name.clone())
        });
        let ranked = ranked.into_iter().map(|face| face.id).collect();
        Self { fonts, ranked, files: HashMap::default() }
    }

    /// The faces of a family, whatever the case of its name is, or of what the system has for one of the generic names.
    fn family(&mut self, name: Option<&str>) -> [Option<Face>; 4] {
        let Some(name) = self.called(name.unwrap_or(MONOSPACE)) else { return Default::default() };
        FontStyle::ALL.map(|style| {
            let id = self.fonts.query(&Query {
                families: &[Family::Name(&name)],
                weight: if style.bold { Weight::BOLD } else { Weight::NORMAL },
                stretch: Stretch::Normal,
                style: if style.italic { Style::Italic } else { Style::Normal },
            })?;
            // The query gives the nearest face; one of another style is left to the regular face, made to look like it.
            self.face(id).filter(|face| style.index() == 0 || face.style == style)
        })
    }

    /// The name of the family that somebody means, as its files have it.
    fn called(&self, wanted: &str) -> Option<String> {
        let wanted = wanted.trim();
        let Some((generic, kind)) = GENERIC.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)) else {
            return self.named(wanted);
        };
        let preferred = fontconfig::family(generic).and_then(|name| self.named(&name));
        preferred
            .or_else(|| self.named(self.fonts.family_name(&kind)))
            .or_else(|| if kind == Family::Monospace { self.any_monospaced() } else { None })
    }

    fn named(&self, wanted: &str) -> Option<String> {
        let wanted = wanted.to_lowercase();
        let mut names = self.fonts.faces().flat_map(|face| &face.families).map(|(name, _)| name);
        names.find(|name| name.to_lowercase() == wanted).cloned()
    }

    fn any_monospaced(&self) -> Option<String> {
        // Fonts of symbols and of pictures can be monospaced, too.
        let letter = Wanted { character: 'a', marks: String::new(), emoji: false };
        let mut faces = self.ranked.iter().filter_map(|&id| self.fonts.face(id));
        let face = faces.find(|face| face.monospaced && self.has(face.id, &letter))?;
        face.families.first().map(|(name, _)| name.clone())
    }

    fn face_with(&mut self, wanted: &Wanted) -> Option<Face> {
        let id = self.ranked.iter().copied().find(|&id| {
            let is_emoji = self
                .fonts
                .face(id)
                .is_some_and(|face| face.families.iter().any(|(name, _)| name.to_ascii_lowercase().contains("emoji")));
            is_emoji == wanted.emoji && self.has(id, wanted)
        });
        // A picture is better than nothing.
        let id = id.or_else(|| {
            let any = || self.ranked.iter().copied().find(|&id| self.has(id, wanted));
            if wanted.emoji { None } else { any() }
        })?;
        self.face(id)
    }

    fn has(&self, id: fontdb::ID, wanted: &Wanted) -> bool {
        self.fonts.with_face_data(id, |bytes, index| {
            FontRef::from_index(bytes, index as usize)
                .is_some_and(|font| has_glyphs(font, wanted.character, &wanted.marks))
        }) == Some(true)
    }

    fn face(&mut self, id: fontdb::ID) -> Option<Face> {
        let info = self.fonts.face(id)?;
        let style = FontStyle { bold: info.weight >= Weight::SEMIBOLD, italic: info.style != Style::Normal };
        let index = info.index;
        let bytes = match &info.source {
            Source::Binary(bytes) => Arc::from(bytes.as_ref().as_ref()),
            Source::File(path) | Source::SharedFile(path, _) => {
                let path = path.clone();
                self.read(&path)?
            }
        };
        Face::new(FaceBytes::Read(bytes), index, style)
    }

    fn read(&mut self, path: &Path) -> Option<Arc<[u8]>> {
        if let Some(bytes) = self.files.get(path) {
            return Some(bytes.clone());
        }
        match std::fs::read(path) {
            Ok(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.files.insert(path.to_owned(), bytes.clone());
                Some(bytes)
            }
            Err(error) => {
                tracing::warn!("{}: {error}", path.display());
                None
            }
        }
    }
}

#[cfg(all(test, feature = "bundled-font"))]
mod tests {
    use super::*;

    /// A system with one family, in two styles.
    fn library() -> Library {
        let mut fonts = Database::new();
        fonts.load_font_data(include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf").to_vec());
        fonts.load_font_data(include_bytes!("../../assets/fonts/JetBrainsMono-Bold.ttf").to_vec());
        Library::of(fonts)
    }

    #[test]
    fn a_family_is_found_whatever_the_case_of_its_name() {
        let mut library = library();
        for name in ["JetBrains Mono", "jetbrains mono", " JETBRAINS MONO "] {
            let styles = library.family(Some(name)).map(|face| face.is_some());
            assert_eq!(styles, [true, true, false, false], "{name:?}");
        }
        assert!(library.family(Some("JetBrains"))[0].is_none());
    }

    #[test]
    fn what_the_system_has_for_monospace_is_a_monospaced_font_whatever_is_preferred() {
        let mut library = library();
        for name in [Some("monospace"), Some("Monospace"), None] {
            assert!(library.family(name)[0].is_some(), "{name:?}");
        }
        assert!(library.family(Some("serif"))[0].is_none(), "there is none");
    }
}
