//! Tabs and panes: terminals that share a window.
//!
//! A [`Tab`] is an entity with a tree of splits, a pane a terminal with [`Pane`]. The tab in front has its panes laid out over the
//! window; those of the others are hidden and keep their places.

mod act;
mod drag;
mod ended;
mod focus;
mod lay_out;
mod tabs;
mod tree;

use bevy::{input::InputSystems, prelude::*};

pub(crate) use drag::EdgeDrag;
#[cfg(feature = "app")]
pub(crate) use ended::Closing;
pub use focus::Front;
pub use tabs::{Tabs, add_tab, close_tabs, open_tab};
pub use tree::{Axis, Edge, Node, Side, Tree};

use crate::{
    input::{MouseGrab, ScarabInputSystems, TerminalKeys},
    view::{TerminalArea, TerminalAreaSystems},
};

/// Lays terminals out in tabs and splits, and carries out what keys ask for about them: new ones, closing, going from one to the other,
/// sizes, zoom.
///
/// The App opens the first tab with [`open_tab`]. Needs the plugin of connections and its input.
#[derive(Debug, Clone, Copy)]
pub struct ScarabPanesPlugin {
    /// The space between panes, in logical pixels. Default: 1.
    pub gap: f32,
}

impl Default for ScarabPanesPlugin {
    fn default() -> Self {
        Self { gap: 1.0 }
    }
}

/// The set of the systems that open, move and close panes, in `Update`. What shows which there are runs after it.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabPanesSystems {
    /// Actions are carried out, panes whose programs have ended close.
    Act,
}

/// A tab: panes that are seen together.
#[derive(Component, Debug, Clone, PartialEq)]
pub struct Tab {
    /// How its panes share the window.
    pub tree: Tree<Entity>,
    /// The pane that has the keyboard when the tab is in front.
    pub focus: Entity,
    /// Whether that pane is seen alone.
    pub zoomed: bool,
    /// The name that the user has given it; else it is called what its pane is.
    pub name: Option<String>,
}

impl Tab {
    /// Whether this pane of it is seen while it is in front.
    pub fn shows(&self, pane: Entity) -> bool {
        !self.zoomed || self.focus == pane
    }
}

/// A terminal in a tab.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(TerminalArea)]
pub struct Pane {
    /// The tab.
    pub tab: Entity,
    /// Whether it is seen: its tab is in front, and no other pane has that for itself.
    pub seen: bool,
}

/// Closes a pane; the one beside it gets the keyboard.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosePane {
    /// The terminal that is the pane.
    pub terminal: Entity,
    /// Whether its session is only left, and goes on; else it is ended.
    pub leave: bool,
}

/// The last pane was closed.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPaneClosed;

impl Plugin for ScarabPanesPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Tabs { gap: self.gap, ..default() })
            .add_message::<ClosePane>()
            .add_message::<LastPaneClosed>()
            .add_systems(Startup, |keys: Option<ResMut<TerminalKeys>>| {
                if let Some(mut keys) = keys {
                    keys.actions.extend(act::OWN);
                }
            })
            .init_resource::<EdgeDrag>()
            .init_resource::<MouseGrab>()
            .add_message::<bevy::window::WindowEvent>()
            .add_systems(PreUpdate, drag::drag.after(InputSystems).before(ScarabInputSystems::Read))
            .add_systems(
                Update,
                (
                    act::act,
                    ended::close_asked,
                    focus::follow_focus,
                    ended::close_ended,
                    focus::regain_focus,
                    ended::end_closing,
                )
                    .chain()
                    .in_set(ScarabPanesSystems::Act),
            )
            .add_systems(PostUpdate, lay_out::lay_out.in_set(TerminalAreaSystems::Fill));
    }

    /// Panes are drawn if anything is.
    #[cfg(feature = "render")]
    fn finish(&self, app: &mut App) {
        if app.is_plugin_added::<crate::render::ScarabRenderPlugin>() {
            app.register_required_components::<Pane, crate::render::TerminalView>();
            app.add_systems(
                PostUpdate,
                lay_out::show
                    .after(TerminalAreaSystems::Fill)
                    .before(bevy::camera::visibility::VisibilitySystems::VisibilityPropagate),
            );
        }
    }
}
