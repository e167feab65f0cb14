//! Panes that want to be looked at: where a bell has rung, or a program has ended that stays. Their tabs say so.

use bevy::{ecs::system::SystemParam, prelude::*};

use crate::{
    config::{BellKind, ClientConfig},
    messages::{BellRang, TerminalExited},
    panes::{Pane, Tab, Tabs},
};

/// Why a pane that is not seen wants to be looked at. Of two reasons the later one here is told.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// A bell has rung in it.
    Rang,
    /// A program in it has ended.
    Ended,
}

impl Mark {
    /// What stands before the tab's name. The bundled font has both.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Rang => '•',
            Self::Ended => '■',
        }
    }
}

/// Which panes are seen.
#[derive(SystemParam)]
pub(super) struct Seen<'w, 's> {
    state: Res<'w, Tabs>,
    tabs: Query<'w, 's, &'static Tab>,
    panes: Query<'w, 's, &'static Pane>,
}

impl Seen<'_, '_> {
    /// Whether this pane is seen, or nothing if it is none. What [`Pane::seen`] says is as old as the last update.
    fn is(&self, pane: Entity) -> Option<bool> {
        let tab = self.panes.get(pane).ok()?.tab;
        Some(self.state.current() == Some(tab) && self.tabs.get(tab).is_ok_and(|tab| tab.shows(pane)))
    }
}

/// Marks panes that are not seen.
pub(super) fn mark(
    mut commands: Commands,
    mut rang: MessageReader<BellRang>,
    mut exited: MessageReader<TerminalExited>,
    config: Res<ClientConfig>,
    seen: Seen,
    marks: Query<&Mark>,
) {
    let is_silent = config.bell == BellKind { urgent: false, visual: false };
    let rang = rang.read().filter(|_| !is_silent).map(|rang| (rang.terminal, Mark::Rang));
    let ended = exited
        .read()
        .filter(|exited| seen.state.hold_ended || exited.before)
        .map(|exited| (exited.terminal, Mark::Ended));
    for (terminal, mark) in rang.chain(ended) {
        let is_known = marks.get(terminal).is_ok_and(|known| *known >= mark);
        if seen.is(terminal) == Some(false) && !is_known {
            commands.entity(terminal).try_insert(mark);
        }
    }
}

/// A pane that is seen is looked at.
pub(super) fn look(mut commands: Commands, seen: Seen, marked: Query<Entity, With<Mark>>) {
    for pane in marked.iter().filter(|pane| seen.is(*pane) == Some(true)) {
        commands.entity(pane).remove::<Mark>();
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::message::Exit;

    use super::*;
    use crate::{
        app::testing::{nobody, spawn_pane, with_pane},
        panes::Axis,
        terminal::Terminal,
    };

    /// An App with two tabs, of which the second is in front, and the panes of both.
    fn with_two_tabs() -> (App, Entity, Entity) {
        let (mut app, first) = with_pane(nobody(), Terminal::new(), |app| {
            app.add_systems(Update, (mark, look).chain());
        });
        let second = spawn_pane(&mut app, Terminal::new());
        app.update();
        (app, first, second)
    }

    /// The mark of a pane after an update.
    fn marked(app: &mut App, pane: Entity) -> Option<Mark> {
        app.update();
        app.world().get::<Mark>(pane).copied()
    }

    fn ring(app: &mut App, terminal: Entity) {
        app.world_mut().write_message(BellRang { terminal, times: 1 });
    }

    fn end(app: &mut App, terminal: Entity) {
        app.world_mut().write_message(TerminalExited { terminal, exit: Exit { code: 0, signal: None }, before: false });
    }

    #[test]
    fn a_bell_in_a_tab_that_is_not_shown_marks_it_until_it_is_looked_at() {
        let (mut app, first, second) = with_two_tabs();
        ring(&mut app, first);
        ring(&mut app, second);
        assert_eq!([marked(&mut app, first), marked(&mut app, second)], [Some(Mark::Rang), None]);
        let tab = app.world().get::<Pane>(first).expect("it is in a tab").tab;
        app.world_mut().resource_mut::<Tabs>().show(tab);
        assert_eq!(marked(&mut app, first), None);
    }

    #[test]
    fn a_bell_in_a_pane_behind_a_zoomed_one_marks_it_until_it_is_seen() {
        let (mut app, first, second) = with_two_tabs();
        let world = app.world_mut();
        let [into, from] = [second, first].map(|pane| world.get::<Pane>(pane).expect("it is in a tab").tab);
        world.despawn(from);
        world.get_mut::<Pane>(first).expect("it was in a tab").tab = into;
        let mut tab = world.get_mut::<Tab>(into).expect("a tab");
        assert!(tab.tree.split(second, Axis::Columns, first));
        tab.zoomed = true;
        ring(&mut app, first);
        ring(&mut app, second);
        assert_eq!([marked(&mut app, first), marked(&mut app, second)], [Some(Mark::Rang), None]);
        app.world_mut().get_mut::<Tab>(into).expect("a tab").zoomed = false;
        assert_eq!(marked(&mut app, first), None);
    }

    #[test]
    fn a_bell_that_does_nothing_marks_nothing() {
        let (mut app, first, _) = with_two_tabs();
        app.world_mut().resource_mut::<ClientConfig>().bell = BellKind { urgent: false, visual: false };
        ring(&mut app, first);
        assert_eq!(marked(&mut app, first), None);
    }

    #[test]
    fn that_a_program_has_ended_is_told_rather_than_that_it_has_rung_if_its_pane_stays() {
        let (mut app, first, second) = with_two_tabs();
        app.world_mut().resource_mut::<Tabs>().hold_ended = true;
        ring(&mut app, first);
        end(&mut app, first);
        end(&mut app, second);
        assert_eq!([marked(&mut app, first), marked(&mut app, second)], [Some(Mark::Ended), None]);
        ring(&mut app, first);
        assert_eq!(marked(&mut app, first), Some(Mark::Ended));
    }
}
