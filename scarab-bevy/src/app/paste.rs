//! Pastes: asks before several lines are typed into a program that would run each of them.

use bevy::{ecs::system::SystemParam, prelude::*};
use scarab_protocol::surface::Modes;

use super::question::{About, Answer, Answered, Question, Questions};
use crate::{ClientConfig, TerminalInput, clipboard::PasteGate, panes::ScarabPanesSystems, terminal::TerminalModes};

const CHOICES: &[(char, Answer)] = &[('y', Answer::Yes), ('n', Answer::No)];

/// Looks at what comes from the clipboard. Needs the plugin of questions.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<PasteGate>().add_systems(Update, (look, obey).chain().before(ScarabPanesSystems::Act));
}

/// What has to be looked at before a text is pasted.
#[derive(SystemParam)]
pub(super) struct Asker<'w, 's> {
    config: Res<'w, ClientConfig>,
    modes: Query<'w, 's, &'static TerminalModes>,
    questions: ResMut<'w, Questions>,
}

impl Asker<'_, '_> {
    /// Whether it is asked first; then the text is pasted when that is answered so.
    pub(super) fn asks(&mut self, pane: Entity, text: &str) -> bool {
        // Between brackets a text is one, and the program knows it for pasted.
        let bracketed = self.modes.get(pane).is_ok_and(|modes| modes.contains(Modes::BRACKETED_PASTE));
        let asked = warning(text).filter(|_| self.config.confirm_paste && !bracketed);
        let asks = asked.is_some();
        if let Some(asked) = asked {
            let about = About::Paste(text.to_owned());
            self.questions.ask(Question { pane, text: asked, choices: CHOICES, about });
        }
        asks
    }
}

fn look(mut gate: ResMut<PasteGate>, mut asker: Asker) {
    for arrived in gate.take_arrived() {
        // While it is asked, the place among what is typed is given up: nothing else is to wait for the user.
        if !asker.asks(arrived.terminal, &arrived.text) {
            arrived.pass();
        }
    }
}

fn obey(mut answers: MessageReader<Answered>, mut input: MessageWriter<TerminalInput>) {
    for Answered { question, answer } in answers.read() {
        if let (About::Paste(text), Answer::Yes) = (&question.about, answer) {
            input.write(TerminalInput::paste(question.pane, text.as_str()));
        }
    }
}

/// What is asked before a text is pasted that is more than a line; a newline at its end is not counted.
fn warning(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.strip_suffix(['\n', '\r']).unwrap_or(&text);
    let lines = text.split(['\n', '\r']).count();
    let controls = text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    match (lines, controls) {
        (1, false) => None,
        // The daemon leaves them out of all pastes.
        (1, true) => Some("Paste a text without its control characters? y/n".into()),
        (lines, _) => Some(format!("Paste {lines} lines? y/n")),
    }
}

#[cfg(test)]
mod tests {
    use bevy::input::keyboard::Key;

    use super::*;
    use crate::{
        app::{
            question,
            testing::{nobody, pasted_by, press_key, with_pane},
        },
        terminal::Terminal,
    };

    fn app() -> (App, Entity) {
        with_pane(nobody(), Terminal::new(), |app| {
            app.add_plugins((question::plugin, plugin));
        })
    }

    /// A text comes from the clipboard; whether it is pasted at once.
    fn comes(app: &mut App, pane: Entity, text: &str) -> bool {
        let (promised, promise) = TerminalInput::promised_paste(pane);
        let crate::InputKind::Promised(promised) = promised.kind else { panic!("it is promised") };
        let give = app.world_mut().resource_mut::<PasteGate>().hold(pane, promise);
        give.send(text.into()).expect("somebody waits for it");
        app.update();
        let came = promised.coming.try_recv();
        assert!(came.as_ref().is_ok_and(|came| came == text) || came.is_err());
        came.is_ok()
    }

    fn is_asked(app: &App, pane: Entity) -> bool {
        app.world().resource::<Questions>().of(pane).is_some()
    }

    #[test]
    fn several_lines_and_control_characters_are_asked_about() {
        for plain in ["", "ls", "ls\n", "ls\r\n", "a\tb"] {
            assert_eq!(warning(plain), None, "{plain:?}");
        }
        assert_eq!(warning("a\nb\n").as_deref(), Some("Paste 2 lines? y/n"));
        assert_eq!(warning("a\r\nb\rc").as_deref(), Some("Paste 3 lines? y/n"));
        assert_eq!(warning("\n\n").as_deref(), Some("Paste 2 lines? y/n"));
        assert!(warning("a\x1b[201~").is_some_and(|text| text.contains("control")));
    }

    #[test]
    fn lines_are_pasted_when_the_user_says_so_and_dropped_when_not() {
        let (mut app, pane) = app();
        assert!(comes(&mut app, pane, "ls"));
        for (key, pasted) in [(Key::Character("y".into()), true), (Key::Escape, false)] {
            assert!(!comes(&mut app, pane, "one\ntwo"));
            assert!(
                pasted_by(&mut app, |app| press_key(app, Key::Enter)).is_empty(),
                "who pastes a line runs it by habit"
            );
            assert!(is_asked(&app, pane));
            let expected = if pasted { vec![(pane, "one\ntwo".to_owned())] } else { Vec::new() };
            assert_eq!(pasted_by(&mut app, |app| press_key(app, key)), expected);
            assert!(!is_asked(&app, pane));
        }
    }

    #[test]
    fn a_program_that_knows_pastes_and_a_user_who_does_not_want_it_are_not_asked() {
        let (mut app, pane) = app();
        app.world_mut().get_mut::<TerminalModes>(pane).expect("it has some").0 = Modes::BRACKETED_PASTE;
        assert!(comes(&mut app, pane, "one\ntwo"));
        app.world_mut().get_mut::<TerminalModes>(pane).expect("it has some").0 = Modes::empty();
        app.world_mut().resource_mut::<ClientConfig>().confirm_paste = false;
        assert!(comes(&mut app, pane, "one\ntwo"));
    }
}
