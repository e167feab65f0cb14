//! What assistive technology is told of the window's own lines: questions, the search, the name of a tab, the banner, the bar of tabs.

use accesskit::{Node, Role};
use bevy::{
    a11y::{AccessibilityNode, AccessibilitySystems},
    prelude::*,
};

use crate::{
    a11y::{is_requested, text},
    input::TakesKeys,
    render::TerminalRenderSystems,
    terminal::{Terminal, TerminalGrid},
};

/// Tells once some asks.
pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        PostUpdate,
        // Lines are written before they are measured.
        tell.after(TerminalRenderSystems::Measure).before(AccessibilitySystems::Update).run_if(is_requested),
    );
}

type Told<'a> = (Entity, Ref<'a, TerminalGrid>, Ref<'a, Visibility>, Has<TakesKeys>, Has<AccessibilityNode>);

fn tell(mut commands: Commands, lines: Query<Told, Without<Terminal>>) {
    for (line, grid, visibility, is_written_in, is_known) in &lines {
        if is_known && !(grid.is_changed() || visibility.is_changed()) {
            continue;
        }
        let mut node = Node::new(if is_written_in { Role::TextInput } else { Role::Label });
        node.set_value(text(&grid.grid));
        if *visibility == Visibility::Hidden {
            node.set_hidden();
        }
        commands.entity(line).insert(AccessibilityNode(node));
    }
}

#[cfg(test)]
mod tests {
    use bevy::{a11y::AccessibilityRequested, input_focus::InputFocus};
    use scarab_protocol::config::Action;

    use super::*;
    use crate::{
        TerminalMetrics,
        app::{search_bar, testing::with_open_line},
    };

    #[test]
    fn the_line_that_has_the_keyboard_is_told() {
        let mut app = with_open_line(
            |app: &mut App| {
                app.add_plugins((search_bar::plugin, plugin)).init_resource::<AccessibilityRequested>();
            },
            Action::Search,
        );
        let line = app.world().resource::<InputFocus>().get().expect("the line has the keyboard");
        let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 3, scale_factor: 1.0 };
        app.world_mut().entity_mut(line).insert(metrics);
        app.update();
        assert!(app.world().get::<AccessibilityNode>(line).is_none(), "nobody asks");
        app.world().resource::<AccessibilityRequested>().set(true);
        app.update();
        let node = app.world().get::<AccessibilityNode>(line).expect("it is told");
        assert_eq!((node.role(), node.is_hidden()), (Role::TextInput, false));
        assert!(node.value().is_some_and(|value| value.starts_with("search: ")), "{:?}", node.value());
    }
}
