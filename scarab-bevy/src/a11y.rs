//! What assistive technology is told of terminals, once some asks: their titles, and the text that is seen.

use accesskit::{Node, Role};
use bevy::{
    a11y::{AccessibilityNode, AccessibilityRequested, AccessibilitySystems},
    prelude::*,
};

use scarab_protocol::surface::Grid;

use crate::{
    panes::Pane,
    terminal::{Terminal, TerminalGrid, TerminalTitle},
    viewport::{ScarabScrollSystems, TerminalViewport},
};

/// Adds the system; called by the plugin of connections.
pub(crate) fn plugin(app: &mut App) {
    app.add_systems(
        PostUpdate,
        tell.after(ScarabScrollSystems::Scroll).before(AccessibilitySystems::Update).run_if(is_requested),
    );
}

/// Whether any assistive technology asks.
pub(crate) fn is_requested(requested: Option<Res<AccessibilityRequested>>) -> bool {
    requested.is_some_and(|requested| requested.get())
}

type Told<'a> = (
    Entity,
    Ref<'a, TerminalGrid>,
    Ref<'a, TerminalViewport>,
    Ref<'a, TerminalTitle>,
    Option<Ref<'a, Pane>>,
    Has<AccessibilityNode>,
);

fn tell(mut commands: Commands, terminals: Query<Told, With<Terminal>>) {
    for (terminal, screen, viewport, title, pane, is_known) in &terminals {
        let pane_changed = pane.as_ref().is_some_and(|pane| pane.is_changed());
        if is_known && !(screen.is_changed() || viewport.is_changed() || title.is_changed() || pane_changed) {
            continue;
        }
        let mut node = Node::new(Role::Terminal);
        node.set_label(title.0.as_str());
        node.set_value(text(viewport.grid(&screen)));
        if pane.is_some_and(|pane| !pane.seen) {
            node.set_hidden();
        }
        commands.entity(terminal).insert(AccessibilityNode(node));
    }
}

/// The lines of a grid, without what is blank below them.
pub(crate) fn text(grid: &Grid) -> String {
    let mut text = String::new();
    for row in 0..grid.rows() {
        text.push_str(grid.row_text(row).trim_end());
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}
