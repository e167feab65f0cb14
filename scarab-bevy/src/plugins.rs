//! The whole suite as one group.

use bevy::{app::PluginGroupBuilder, prelude::*};

use crate::ipc::ScarabIpcPlugin;

/// The suite, as far as this build's features go.
///
/// | plugin | feature | what it does |
/// |---|---|---|
/// | [`ScarabIpcPlugin`] | | connections, terminals, messages; brings input and resize |
/// | `ScarabRenderPlugin` | `render` | draws terminals |
/// | `ScarabClipboardPlugin` | `clipboard` | copy from programs, paste from the system |
///
/// Replace or leave out any of them: `ScarabPlugins.build().disable::<ScarabRenderPlugin>()`, or
/// `ScarabPlugins.set(ScarabIpcPlugin { launch: Launch::Spawn, ..default() })`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabPlugins;

impl PluginGroup for ScarabPlugins {
    fn build(self) -> PluginGroupBuilder {
        let group = PluginGroupBuilder::start::<Self>().add(ScarabIpcPlugin::default());
        #[cfg(feature = "render")]
        let group = group.add(crate::render::ScarabRenderPlugin::default());
        #[cfg(feature = "clipboard")]
        let group = group.add(crate::clipboard::ScarabClipboardPlugin);
        group
    }
}
