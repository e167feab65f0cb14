//! What is written in a line, where its caret is, and what keys and pastes make of both.

use std::ops::Range;

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    prelude::*,
};
use crossbeam_channel::TryRecvError;
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    input::LineInput,
    messages::{InputKind, PromisedText},
};

/// The most characters: more than one reads in a line.
const MAX_TEXT: usize = 1000;

/// What is written. The caret is never within what a reader takes for one character.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::app) struct Line {
    text: String,
    /// Where in the text the caret is, in bytes.
    caret: usize,
    /// A text to paste that is not there yet. One that is asked for after it takes its place.
    coming: Option<PromisedText>,
}

impl Line {
    /// A line with this text, and the caret behind it.
    pub(in crate::app) fn of(text: String) -> Self {
        Self { caret: text.len(), text, coming: None }
    }

    /// What is written.
    pub(in crate::app) fn text(&self) -> &str {
        &self.text
    }

    /// What is written before the caret, and what behind it.
    pub(in crate::app) fn around_caret(&self) -> (&str, &str) {
        self.text.split_at(self.caret)
    }

    /// Puts the caret behind all.
    pub(in crate::app) fn go_to_end(&mut self) {
        self.caret = self.text.len();
    }

    /// Writes a text at the caret, without control characters.
    pub(in crate::app) fn write(&mut self, text: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.chars().count());
        let text: String = text.chars().filter(|c| !c.is_control()).take(room).collect();
        self.text.insert_str(self.caret, &text);
        self.go_to(self.caret + text.len());
    }

    /// A key that was pressed; whether it has changed the text.
    pub(in crate::app) fn key(&mut self, input: &KeyboardInput, ctrl: bool) -> bool {
        let before = self.text.len();
        match &input.logical_key {
            Key::ArrowLeft => self.caret = self.before_caret(),
            Key::ArrowRight => self.caret = self.behind_caret(),
            Key::Home => self.caret = 0,
            Key::End => self.go_to_end(),
            Key::Backspace if ctrl => self.remove(self.word_start()..self.caret),
            Key::Backspace => self.remove(self.before_caret()..self.caret),
            Key::Delete => self.remove(self.caret..self.behind_caret()),
            Key::Character(key) if ctrl && key.eq_ignore_ascii_case("u") => self.remove(0..self.caret),
            Key::Character(key) if ctrl && key.eq_ignore_ascii_case("w") => self.remove(self.word_start()..self.caret),
            _ if ctrl => {}
            _ => self.write(input.text.as_deref().unwrap_or_default()),
        }
        self.text.len() != before
    }

    /// Takes what was composed or pasted, if it is open, as this entity; whether that has changed the text. To be asked in every update:
    /// a text to paste comes when it is there, or never. What comes for a line that is closed is lost.
    pub(in crate::app) fn hear(&mut self, open: Option<Entity>, given: &mut MessageReader<LineInput>) -> bool {
        let before = self.text.len();
        for LineInput { kind, .. } in given.read().filter(|given| Some(given.line) == open) {
            match kind {
                InputKind::Bytes(bytes) => self.write(&String::from_utf8_lossy(bytes)),
                InputKind::Paste(text) => self.paste(text),
                InputKind::Promised(text) => self.coming = Some(text.clone()),
                InputKind::Mouse(_) | InputKind::Focus(_) => {}
            }
        }
        match self.coming.take().filter(|_| open.is_some()).map(|text| (text.coming.try_recv(), text)) {
            Some((Ok(pasted), _)) => self.paste(&pasted),
            Some((Err(TryRecvError::Empty), text)) => self.coming = Some(text),
            Some((Err(TryRecvError::Disconnected), _)) | None => {}
        }
        self.text.len() != before
    }

    /// A line has no room for more than the first one of a text.
    fn paste(&mut self, text: &str) {
        self.write(text.split(['\n', '\r']).next().unwrap_or_default());
    }

    fn remove(&mut self, bytes: Range<usize>) {
        let start = bytes.start;
        self.text.replace_range(bytes, "");
        self.go_to(start);
    }

    /// Puts the caret at a place, or behind what has become one character there.
    fn go_to(&mut self, place: usize) {
        let stop = self.stops().find(|stop| *stop >= place);
        self.caret = stop.unwrap_or(self.text.len());
    }

    /// Where the caret may be, in bytes: between what a reader takes for single characters (UAX #29).
    fn stops(&self) -> impl Iterator<Item = usize> {
        self.text.grapheme_indices(true).map(|(at, _)| at).chain([self.text.len()])
    }

    fn before_caret(&self) -> usize {
        self.stops().take_while(|stop| *stop < self.caret).last().unwrap_or(0)
    }

    fn behind_caret(&self) -> usize {
        self.stops().find(|stop| *stop > self.caret).unwrap_or(self.text.len())
    }

    /// Where the word before the caret begins, as shells have it: whatever has no blank in it is one.
    fn word_start(&self) -> usize {
        let before = self.text[..self.caret].trim_end();
        before.char_indices().rfind(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use bevy::{
        ecs::system::RunSystemOnce,
        input::{ButtonState, keyboard::KeyCode},
    };
    use crossbeam_channel::bounded;
    use proptest::prelude::*;

    use super::*;
    use crate::{messages::TerminalInput, typeset::tests::any_text};

    /// A line after these keys. Those of several letters are no letters.
    fn typed(line: &mut Line, keys: &[Key], ctrl: bool) {
        for key in keys {
            let text = match key {
                Key::Character(text) => Some(text.clone()),
                _ => None,
            };
            let input = KeyboardInput {
                key_code: KeyCode::KeyX,
                logical_key: key.clone(),
                state: ButtonState::Pressed,
                text,
                repeat: false,
                window: Entity::PLACEHOLDER,
            };
            let before = line.text.clone();
            assert_eq!(line.key(&input, ctrl), line.text != before);
        }
    }

    /// What is written, with a bar where the caret is.
    fn shown(line: &Line) -> String {
        let (before, behind) = line.around_caret();
        format!("{before}|{behind}")
    }

    fn character(text: &str) -> Key {
        Key::Character(text.into())
    }

    /// Has a line hear what was given in a world; whether that has changed it.
    fn heard(line: &mut Line, world: &mut World, open: Option<Entity>) -> bool {
        let before = line.clone();
        let hear = move |mut given: MessageReader<LineInput>| {
            let mut line = before.clone();
            let changed = line.hear(open, &mut given);
            (line, changed)
        };
        let (after, changed) = world.run_system_once(hear).expect("it runs");
        world.resource_mut::<Messages<LineInput>>().clear();
        *line = after;
        changed
    }

    fn world() -> (World, Entity) {
        let mut world = World::new();
        world.init_resource::<Messages<LineInput>>();
        let entity = world.spawn_empty().id();
        (world, entity)
    }

    #[test]
    fn a_line_takes_text_and_no_control_characters() {
        let mut line = Line::default();
        line.write("a\x1b[b\n");
        assert_eq!(line.text, "a[b");
        line.write(&"x".repeat(5000));
        assert_eq!(line.text.len(), MAX_TEXT);
    }

    #[test]
    fn the_caret_goes_by_what_is_one_character_to_its_reader() {
        let mut line = Line::of("ae\u{301}👩\u{200d}👧漢".into());
        typed(&mut line, &[Key::ArrowLeft, Key::ArrowLeft], false);
        assert_eq!(shown(&line), "ae\u{301}|👩\u{200d}👧漢");
        typed(&mut line, &[Key::Delete], false);
        assert_eq!(shown(&line), "ae\u{301}|漢");
        typed(&mut line, &[Key::Backspace, character("b")], false);
        assert_eq!(shown(&line), "ab|漢");
        typed(&mut line, &[Key::Home, Key::Backspace, Key::ArrowLeft, character("x"), Key::End, Key::Delete], false);
        assert_eq!(shown(&line), "xab漢|");
        typed(&mut line, &[Key::ArrowRight, Key::Backspace], false);
        assert_eq!(shown(&line), "xab|");
    }

    #[test]
    fn words_and_all_before_the_caret_are_taken_away_at_once() {
        let mut line = Line::of("one two-three  four".into());
        typed(&mut line, &[character("w")], true);
        assert_eq!(shown(&line), "one two-three  |");
        typed(&mut line, &[Key::Backspace], true);
        assert_eq!(shown(&line), "one |");
        line.write("two three");
        typed(&mut line, &[Key::ArrowLeft, Key::ArrowLeft], false);
        typed(&mut line, &[character("U")], true);
        assert_eq!(shown(&line), "|ee");
        typed(&mut line, &[character("a")], true);
        assert_eq!(shown(&line), "|ee");
    }

    #[test]
    fn what_becomes_one_with_its_neighbour_has_no_caret_in_it() {
        let mut line = Line::of("\u{200d}👧".into());
        typed(&mut line, &[Key::Home], false);
        line.write("👩");
        assert_eq!(shown(&line), "👩\u{200d}👧|");
    }

    #[test]
    fn of_what_is_pasted_the_first_line_is_taken_when_it_is_there() {
        let (mut world, entity) = world();
        let (mut line, other) = (Line::of("<>".into()), world.spawn_empty().id());
        typed(&mut line, &[Key::ArrowLeft], false);
        let (paste, text) = TerminalInput::promised_paste(entity);
        world.write_message(LineInput { line: entity, kind: paste.kind });
        world.write_message(LineInput { line: other, kind: InputKind::Paste("not for it".into()) });
        assert!(!heard(&mut line, &mut world, Some(entity)));
        text.send("one\u{7}\r\ntwo".into()).expect("it waits");
        assert!(heard(&mut line, &mut world, Some(entity)));
        assert_eq!(shown(&line), "<one|>");
        assert_eq!(line.coming, None);
    }

    #[test]
    fn a_text_that_comes_when_the_line_is_closed_is_not_written() {
        let (mut world, entity) = world();
        let mut line = Line::default();
        let (give, coming) = bounded(1);
        line.coming = Some(PromisedText { coming, since: std::time::Instant::now() });
        give.send("late".to_owned()).expect("it waits");
        assert!(!heard(&mut line, &mut world, None));
        assert!(!heard(&mut line, &mut world, Some(entity)));
        assert_eq!(line, Line::default());
    }

    #[test]
    fn a_clipboard_without_text_is_not_waited_for() {
        let (mut world, entity) = world();
        let (paste, text) = TerminalInput::promised_paste(entity);
        world.write_message(LineInput { line: entity, kind: paste.kind });
        drop(text);
        let mut line = Line::default();
        assert!(!heard(&mut line, &mut world, Some(entity)));
        assert_eq!(line, Line::default());
    }

    /// What can be done with a line.
    #[derive(Debug, Clone)]
    enum Step {
        Write(String),
        Key(Key, bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        let keys = [Key::ArrowLeft, Key::ArrowRight, Key::Home, Key::End, Key::Backspace, Key::Delete];
        let keys = keys.into_iter().chain(["u", "w"].map(character)).collect::<Vec<_>>();
        prop_oneof![
            any_text().prop_map(Step::Write),
            (prop::sample::select(keys), any::<bool>()).prop_map(|(key, ctrl)| Step::Key(key, ctrl)),
        ]
    }

    proptest! {
        #[test]
        fn the_caret_is_always_between_characters(steps in prop::collection::vec(step(), 0..20)) {
            let mut line = Line::default();
            for step in steps {
                match step {
                    Step::Write(text) => line.write(&text),
                    Step::Key(key, ctrl) => typed(&mut line, &[key], ctrl),
                }
                prop_assert!(line.stops().any(|stop| stop == line.caret), "{line:?}");
            }
        }
    }
}
