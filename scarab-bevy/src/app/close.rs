//! Closing a pane by a key, which ends its session: asks where somebody would miss that.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use scarab_protocol::{client::Pending, config::Action, message::Busy};

use super::question::{About, Answer, Answered, Question, Questions};
use crate::{
    ActionTriggered, ClientConfig, ConfirmClose,
    alarm::Alarm,
    input::KeyOrder,
    link::TerminalLink,
    panes::{ClosePane, Pane, ScarabPanesSystems, Tabs},
    terminal::TerminalStatus,
    wake::Waker,
};

/// How long the daemon may take to say who would miss a session: as long as one that does not answer is waited for elsewhere. As a rule
/// it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of a program's name is shown, in characters: more than Linux keeps of one.
const MAX_NAME: usize = 32;

/// The answers where nobody else looks.
const CLOSE: &[(char, Answer)] = &[('y', Answer::Yes), ('n', Answer::No)];

/// The answers where others do.
const CLOSE_OR_LEAVE: &[(char, Answer)] = &[('y', Answer::Yes), ('d', Answer::Leave), ('n', Answer::No)];

/// A pane that is to be closed, and the daemon's answer to who would miss its session.
#[derive(Component)]
struct Asking {
    answer: Pending<Busy>,
    until: Instant,
}

/// Carries out what keys ask for about closing. Needs the plugin of questions.
pub(super) fn plugin(app: &mut App) {
    app.add_systems(Startup, |mut tabs: ResMut<Tabs>| tabs.asks = true)
        .add_systems(Update, (begin, decide, obey).chain().before(ScarabPanesSystems::Act));
}

fn begin(
    mut commands: Commands,
    mut actions: MessageReader<ActionTriggered>,
    config: Res<ClientConfig>,
    panes: Query<(&TerminalStatus, &TerminalLink), With<Pane>>,
    mut closes: MessageWriter<ClosePane>,
) {
    for &ActionTriggered { terminal, .. } in actions.read().filter(|triggered| triggered.action == Action::Close) {
        let Ok((status, link)) = panes.get(terminal) else { continue };
        // Of a session that is not begun or has ended nothing is lost.
        let runs = matches!(status, TerminalStatus::Attached | TerminalStatus::Lost);
        let asks = runs && config.confirm_close != ConfirmClose::Never;
        if let Some(attachment) = link.attachment().filter(|_| asks) {
            let asking = Asking { answer: attachment.busy(), until: Instant::now() + PATIENCE };
            commands.entity(terminal).try_insert(asking);
        } else {
            closes.write(ClosePane { terminal, leave: false });
        }
    }
}

fn decide(
    mut commands: Commands,
    asking: Query<(Entity, &Asking)>,
    config: Res<ClientConfig>,
    mut questions: ResMut<Questions>,
    mut closes: MessageWriter<ClosePane>,
    mut order: ResMut<KeyOrder>,
    alarm: Res<Alarm>,
    waker: Res<Waker>,
) {
    let mut waits = false;
    for (pane, Asking { answer, until }) in &asking {
        let busy = match answer.try_take() {
            Some(answer) => answer.ok(),
            None if Instant::now() < *until => {
                alarm.wake_at(*until, &waker);
                waits = true;
                continue;
            }
            None => None,
        };
        commands.entity(pane).try_remove::<Asking>();
        match question(busy.as_ref(), config.confirm_close) {
            Some((text, choices)) => questions.ask(Question { pane, text, choices, about: About::Close }),
            None => {
                closes.write(ClosePane { terminal: pane, leave: false });
            }
        }
    }
    // Keys behind it are for who has the keyboard then.
    if order.is_paused() != waits {
        order.pause(waits);
    }
}

fn obey(mut answers: MessageReader<Answered>, mut closes: MessageWriter<ClosePane>) {
    for Answered { question, answer } in answers.read().filter(|answered| answered.question.about == About::Close) {
        if *answer != Answer::No {
            closes.write(ClosePane { terminal: question.pane, leave: *answer == Answer::Leave });
        }
    }
}

/// What is asked before a session is ended, and how it can be answered; nothing if nobody would miss it. `None`: it is not known who
/// would.
fn question(busy: Option<&Busy>, when: ConfirmClose) -> Option<(String, &'static [(char, Answer)])> {
    let Some(Busy { others, program }) = busy else {
        return Some(("The daemon does not say what runs here. Close? y/n".into(), CLOSE));
    };
    let program = program.as_deref().map(shown);
    Some(match (*others, program) {
        (0, None) if when == ConfirmClose::Always => ("Close? y/n".into(), CLOSE),
        (0, None) => return None,
        (0, Some(program)) => (format!("{program} is running here. Close? y/n"), CLOSE),
        (others, _) => {
            let look = if others == 1 { "1 other looks".into() } else { format!("{others} others look") };
            // Short, for panes that are narrow.
            let text = format!("{look} at it: y end it, d leave it, n keep it");
            (text, CLOSE_OR_LEAVE)
        }
    })
}

/// A program's name as a sentence begins with it.
fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if name.is_empty() { "A program".into() } else { format!("`{name}`") }
}

#[cfg(all(test, unix))]
mod with_daemon;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(others: u32, program: Option<&str>, when: ConfirmClose) -> Option<String> {
        let busy = Busy { others, program: program.map(Into::into) };
        question(Some(&busy), when).map(|(text, _)| text)
    }

    #[test]
    fn it_is_asked_where_something_runs_or_others_look() {
        let running = ConfirmClose::Running;
        assert_eq!(asked(0, None, running), None);
        assert_eq!(asked(0, None, ConfirmClose::Always).as_deref(), Some("Close? y/n"));
        assert_eq!(asked(0, Some("vim"), running).as_deref(), Some("`vim` is running here. Close? y/n"));
        assert_eq!(asked(0, Some("\x1b"), running).as_deref(), Some("A program is running here. Close? y/n"));
        let two = "2 others look at it: y end it, d leave it, n keep it";
        assert_eq!(asked(2, Some("vim"), running).as_deref(), Some(two));
        assert!(question(None, running).is_some(), "whoever does not know asks");
    }
}
