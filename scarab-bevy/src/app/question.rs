//! Questions to the user: a line at the bottom of the pane that one is about, answered by a key.
//!
//! The line has the keyboard in place of its pane until the question is answered. Meanwhile one may go to other panes; who comes back
//! finds it there.

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    input_focus::{FocusCause, FocusedInput, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::key::{Mods, Physical};

use super::line::{self, LineView};
use crate::{
    InputKind, ScarabInputSystems, TerminalArea, TerminalAreaSystems,
    input::{KeyOrder, LineInput, LineKeys, go_on, physical, tell_focus},
    panes::{Front, Pane},
    render::{TerminalRenderSystems, TerminalTheme},
};

/// A question about a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The pane.
    pub(super) pane: Entity,
    /// What is asked, with the keys that answer it.
    pub(super) text: String,
    /// The characters that answer, in small letters, and what each says. Escape always says no.
    pub(super) choices: &'static [(char, Answer)],
    /// What is done about the answer, by whoever has asked.
    pub(super) about: About,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Do it.
    Yes,
    /// Leave it to others.
    Leave,
    /// Do nothing.
    No,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// Closing the pane.
    Close,
    /// Pasting this text.
    Paste(String),
}

/// A question was answered.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub(super) struct Answered {
    /// The question.
    pub(super) question: Question,
    /// The answer.
    pub(super) answer: Answer,
}

/// The questions that wait for an answer, oldest first. Of several about one pane the oldest is seen.
#[derive(Resource, Debug, Default)]
pub(super) struct Questions(Vec<Question>);

impl Questions {
    /// Asks the user.
    pub(super) fn ask(&mut self, question: Question) {
        self.0.push(question);
    }

    /// What is asked about a pane.
    pub(super) fn of(&self, pane: Entity) -> Option<&Question> {
        self.0.iter().find(|question| question.pane == pane)
    }

    /// Answers what is asked about a pane by a character, if that is an answer.
    fn answer(&mut self, pane: Entity, key: char) -> Option<Answered> {
        let at = self.0.iter().position(|question| question.pane == pane)?;
        let answer = self.0[at].answer(key)?;
        Some(Answered { question: self.0.remove(at), answer })
    }
}

/// What Escape types.
const ESCAPE: char = '\x1b';

impl Question {
    fn answer(&self, key: char) -> Option<Answer> {
        let key = key.to_ascii_lowercase();
        let chosen = self.choices.iter().find(|(choice, _)| *choice == key).map(|(_, answer)| *answer);
        chosen.or((key == ESCAPE).then_some(Answer::No))
    }
}

#[derive(Component)]
struct QuestionView;

/// Asks, and hears the answers.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Questions>()
        .add_message::<Answered>()
        .add_systems(Startup, |mut commands: Commands| {
            commands.spawn((QuestionView, line::view())).observe(type_key);
        })
        .add_systems(PreUpdate, commit.after(ScarabInputSystems::Read))
        .add_systems(
            PostUpdate,
            (
                // Keys that have waited for this update go to the line, too.
                take_keyboard.before(tell_focus).before(go_on),
                show.after(TerminalAreaSystems::Fill).before(TerminalRenderSystems::Measure),
            )
                .chain(),
        );
}

/// The letter of a key, on a layout without Latin letters the one that a US keyboard has in its place.
fn letter(typed: char, code: KeyCode) -> char {
    match physical(code) {
        Physical::Key(place) if !typed.is_ascii() => place,
        _ => typed,
    }
}

fn type_key(
    mut event: On<FocusedInput<KeyboardInput>>,
    mut questions: ResMut<Questions>,
    front: Front,
    keys: LineKeys,
    mut order: ResMut<KeyOrder>,
    mut focus: ResMut<InputFocus>,
    mut answered: MessageWriter<Answered>,
) {
    event.propagate(false);
    // It comes again when what came before it is done.
    if order.is_waiting() || keys.is_composing() {
        return;
    }
    let Some(pane) = front.pane().filter(|_| event.input.state.is_pressed() && !event.input.repeat) else { return };
    let key = match &event.input.logical_key {
        _ if keys.mods().intersects(Mods::CTRL | Mods::ALT | Mods::SUPER) => None,
        Key::Escape => Some(ESCAPE),
        Key::Character(text) => text.chars().next().map(|typed| letter(typed, event.input.key_code)),
        _ => None,
    };
    if let Some(answer) = key.and_then(|key| questions.answer(pane, key)) {
        answered.write(answer);
        focus.set(pane, FocusCause::Navigated);
        order.stop();
    }
}

/// An input method has composed the answer.
fn commit(
    mut written: MessageReader<LineInput>,
    view: Single<Entity, With<QuestionView>>,
    front: Front,
    mut questions: ResMut<Questions>,
    mut focus: ResMut<InputFocus>,
    mut answered: MessageWriter<Answered>,
) {
    for LineInput { kind, .. } in written.read().filter(|written| written.line == *view) {
        let InputKind::Bytes(text) = kind else { continue };
        let key = str::from_utf8(text).ok().and_then(|text| text.chars().next());
        if let (Some(key), Some(pane)) = (key, front.pane())
            && let Some(answer) = questions.answer(pane, key)
        {
            answered.write(answer);
            focus.set(pane, FocusCause::Navigated);
        }
    }
}

/// While something is asked about the pane in front, the line has the keyboard if the pane had it. What is asked about a pane that is
/// gone is forgotten.
fn take_keyboard(
    mut questions: ResMut<Questions>,
    view: Single<Entity, With<QuestionView>>,
    front: Front,
    panes: Query<(), With<Pane>>,
    mut focus: ResMut<InputFocus>,
) {
    if questions.0.iter().any(|question| !panes.contains(question.pane)) {
        questions.0.retain(|question| panes.contains(question.pane));
    }
    let Some(pane) = front.pane() else { return };
    let (asks, has) = (questions.of(pane).is_some(), focus.get());
    if asks && has == Some(pane) {
        focus.set(*view, FocusCause::Navigated);
    } else if !asks && has == Some(*view) {
        focus.set(pane, FocusCause::Navigated);
    }
}

fn show(
    questions: Res<Questions>,
    front: Front,
    theme: Res<TerminalTheme>,
    window: Option<Single<Ref<Window>, With<PrimaryWindow>>>,
    focus: Res<InputFocus>,
    areas: Query<Ref<TerminalArea>, (With<Pane>, Without<QuestionView>)>,
    view: Single<(Entity, LineView), With<QuestionView>>,
    mut shown: Local<Option<Entity>>,
) {
    let Some(window) = window else { return };
    let (entity, mut view) = view.into_inner();
    // Another line may have the keyboard, in the same place.
    let asked = front
        .pane()
        .filter(|_| focus.get() == Some(entity))
        .and_then(|pane| Some((questions.of(pane)?, areas.get(pane).ok()?)));
    let Some((question, area)) = asked else {
        view.1.set_if_neq(Visibility::Hidden);
        *shown = None;
        return;
    };
    let is_other = shown.replace(question.pane) != Some(question.pane);
    let news = [is_other, questions.is_changed(), theme.is_changed(), window.is_changed(), area.is_changed()];
    if news.contains(&true) || view.4.is_changed() {
        line::show_in(&mut view, area.0, &theme, (&question.text, ""), "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::testing::{nobody, press, press_key, spawn_pane, typed_by, with_pane},
        panes::{ClosePane, Tabs},
        terminal::Terminal,
    };

    const CHOICES: &[(char, Answer)] = &[('y', Answer::Yes), ('n', Answer::No)];

    fn ask(app: &mut App, pane: Entity) {
        let question = Question { pane, text: "Well? y/n".into(), choices: CHOICES, about: About::Close };
        app.world_mut().resource_mut::<Questions>().ask(question);
        app.update();
    }

    fn answers(app: &mut App, key: Key) -> Vec<Answer> {
        let mut cursor = app.world().resource::<Messages<Answered>>().get_cursor_current();
        press_key(app, key);
        cursor.read(app.world().resource()).map(|answered| answered.answer).collect()
    }

    fn letter(letter: &str) -> Key {
        Key::Character(letter.into())
    }

    #[test]
    fn keys_answer_and_do_not_reach_the_pane_before_it_has_the_keyboard_again() {
        let (mut app, pane) = with_pane(nobody(), Terminal::new(), plugin);
        ask(&mut app, pane);
        assert_ne!(app.world().resource::<InputFocus>().get(), Some(pane));
        assert_eq!(typed_by(&mut app, |app| drop(answers(app, letter("x")))), "");
        assert!(answers(&mut app, Key::Enter).is_empty(), "it was not offered");
        assert_eq!(answers(&mut app, letter("Y")), [Answer::Yes]);
        assert_eq!(app.world().resource::<InputFocus>().get(), Some(pane));
        assert_eq!(typed_by(&mut app, |app| press_key(app, letter("y"))), "y");
    }

    #[test]
    fn where_letters_are_not_latin_their_places_answer() {
        let (mut app, pane) = with_pane(nobody(), Terminal::new(), plugin);
        ask(&mut app, pane);
        let mut cursor = app.world().resource::<Messages<Answered>>().get_cursor_current();
        press(&mut app, KeyCode::KeyY, letter("н"), Some("н"));
        let given: Vec<_> = cursor.read(app.world().resource()).map(|answered| answered.answer).collect();
        assert_eq!(given, [Answer::Yes]);
    }

    #[test]
    fn escape_says_no_and_the_next_question_takes_the_place() {
        let (mut app, pane) = with_pane(nobody(), Terminal::new(), plugin);
        ask(&mut app, pane);
        ask(&mut app, pane);
        assert_eq!(answers(&mut app, Key::Escape), [Answer::No]);
        assert_ne!(app.world().resource::<InputFocus>().get(), Some(pane));
        assert_eq!(answers(&mut app, letter("n")), [Answer::No]);
        assert!(app.world().resource::<Questions>().0.is_empty());
    }

    #[test]
    fn a_question_waits_while_another_pane_is_in_front_and_goes_with_its_own() {
        let (mut app, pane) = with_pane(nobody(), Terminal::new(), plugin);
        ask(&mut app, pane);
        let other = spawn_pane(&mut app, Terminal::new());
        assert_eq!(app.world().resource::<InputFocus>().get(), Some(other));
        assert!(answers(&mut app, letter("y")).is_empty());
        let first = app.world().get::<Pane>(pane).expect("a pane").tab;
        app.world_mut().resource_mut::<Tabs>().show(first);
        app.world_mut().resource_mut::<InputFocus>().set(pane, FocusCause::Navigated);
        app.update();
        assert_ne!(app.world().resource::<InputFocus>().get(), Some(pane));
        app.world_mut().write_message(ClosePane { terminal: pane, leave: true });
        app.update();
        assert!(app.world().resource::<Questions>().0.is_empty());
        assert_eq!(app.world().resource::<InputFocus>().get(), Some(other));
    }
}
