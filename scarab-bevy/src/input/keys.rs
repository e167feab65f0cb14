//! Which keys an App keeps for itself, and what they ask for.

use bevy::{platform::collections::HashSet, prelude::*};
use scarab_protocol::{
    config::{Action, Binding, Bound, bindings},
    key::KeyPress,
    surface::Modes,
};

use super::PasteRequest;
use crate::{
    messages::ClearScrollbackRequest,
    select::{Select, SelectRequest},
    viewport::{ScrollRequest, ScrollTo},
};

/// The keys that do not go to the program. May be changed at run time.
#[derive(Resource, Debug, Clone, PartialEq, Eq)]
pub struct TerminalKeys {
    /// What keys do; of two of one key the first counts. Default: the default bindings of `client.bindings`.
    pub bindings: Vec<Binding>,
    /// Which actions are carried out here. Keys of others go to the program; texts that keys type go there in any case. Default: copying, pasting, selecting, scrolling and
    /// clearing; plugins that do more add it.
    pub actions: HashSet<Action>,
    /// Takes the keyboard away from the terminal, back to the App. Default: none. The key press itself is consumed.
    ///
    /// ```
    /// # use scarab_bevy::{TerminalKeys, protocol::key::parse_key};
    /// let release = vec![parse_key("Ctrl+Shift+Escape").expect("a key")];
    /// let keys = TerminalKeys { release, ..Default::default() };
    /// ```
    pub release: Vec<KeyPress>,
}

/// What the suite itself carries out.
const OWN: [Action; 11] = [
    Action::Copy,
    Action::Paste,
    Action::PasteSelection,
    Action::SelectAll,
    Action::ScrollLineUp,
    Action::ScrollLineDown,
    Action::ScrollPageUp,
    Action::ScrollPageDown,
    Action::ScrollTop,
    Action::ScrollBottom,
    Action::ClearScrollback,
];

impl Default for TerminalKeys {
    fn default() -> Self {
        Self { bindings: bindings(&[]), actions: OWN.into_iter().collect(), release: Vec::new() }
    }
}

impl TerminalKeys {
    /// What a key does here, on a terminal in these modes; `None` if it is the program's.
    pub(super) fn action(&self, key: &KeyPress, modes: Modes) -> Option<Action> {
        let &Bound::Action(action) = self.bound(key)? else { return None };
        // A program that has the whole screen has no scrollback, and scrolls by these keys itself.
        let is_its_own = modes.contains(Modes::ALTERNATE_SCREEN) && scroll(action).is_some();
        (!is_its_own && self.actions.contains(&action)).then_some(action)
    }

    /// The text that is typed in place of a key.
    pub(super) fn text(&self, key: &KeyPress) -> Option<&str> {
        match self.bound(key)? {
            Bound::Text(text) => Some(text),
            Bound::Action(_) => None,
        }
    }

    fn bound(&self, key: &KeyPress) -> Option<&Bound> {
        self.bindings.iter().find(|binding| key.is(&binding.key)).map(|binding| &binding.does)
    }
}

/// A key has asked for something that is done in the App. What the suite does itself follows; an App may do more.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionTriggered {
    /// The terminal that has the keyboard.
    pub terminal: Entity,
    /// What is asked for.
    pub action: Action,
}

fn scroll(action: Action) -> Option<ScrollTo> {
    Some(match action {
        Action::ScrollLineUp => ScrollTo::Lines(1.0),
        Action::ScrollLineDown => ScrollTo::Lines(-1.0),
        Action::ScrollPageUp => ScrollTo::Pages(1.0),
        Action::ScrollPageDown => ScrollTo::Pages(-1.0),
        Action::ScrollTop => ScrollTo::Top,
        Action::ScrollBottom => ScrollTo::Bottom,
        _ => return None,
    })
}

/// Carries out what the suite does itself.
pub(super) fn act(
    mut actions: MessageReader<ActionTriggered>,
    mut scrolls: MessageWriter<ScrollRequest>,
    mut selects: MessageWriter<SelectRequest>,
    mut pastes: MessageWriter<PasteRequest>,
    mut clears: MessageWriter<ClearScrollbackRequest>,
) {
    for &ActionTriggered { terminal, action } in actions.read() {
        scrolls.write_batch(scroll(action).map(|to| ScrollRequest { terminal, to }));
        let select = match action {
            Action::Copy => Some(Select::Copy { primary: false }),
            Action::SelectAll => Some(Select::All),
            _ => None,
        };
        selects.write_batch(select.map(|what| SelectRequest { terminal, what }));
        if action == Action::ClearScrollback {
            clears.write(ClearScrollbackRequest { terminal });
        }
        let paste = match action {
            Action::Paste => Some(false),
            Action::PasteSelection => Some(true),
            _ => None,
        };
        pastes.write_batch(paste.map(|primary| PasteRequest { terminal, primary }));
    }
}
