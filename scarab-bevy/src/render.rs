//! Drawing terminals: one quad each, whose shader looks every cell up in a buffer and its glyph in an atlas.
//!
//! Spawn an entity with [`TerminalView`] beside its [`TerminalGrid`](crate::terminal::TerminalGrid). With [`FitWindow`] it
//! fills the primary window, with [`TerminalImage`] it is drawn to an image that any material can show, with neither
//! it is a quad in the 2D world. The App brings the camera:
//!
//! ```ignore
//! commands.spawn(Camera2d);
//! commands.spawn((TerminalGrid::default(), TerminalView::default(), FitWindow));
//! ```
//!
//! Only rows that changed are sent to the GPU, and only new glyphs are rasterised. Nothing here asks for a redraw once
//! all that has come up is on screen, so an App that reacts to events sleeps between them.

mod atlas;
mod blink;
mod boxes;
mod cells;
mod configured;
mod draw;
mod face;
mod font;
#[cfg(all(unix, not(target_os = "macos")))]
mod fontconfig;
mod in_world;
mod joined;
mod layout;
mod material;
mod memory;
mod preedit;
mod raster;
mod room;
mod settle;
mod system_fonts;
mod theme;
mod upload;
#[cfg(feature = "app")]
mod window_size;

#[cfg(feature = "app")]
#[doc(hidden)]
pub mod offscreen;

use bevy::asset::AssetEventSystems;
use bevy::ecs::lifecycle::HookContext;
use bevy::ecs::world::DeferredWorld;
use bevy::prelude::*;
use bevy::transform::TransformSystems;

pub use blink::{CursorBlink, TextBlink};
pub use cells::DefaultCursor;
pub use configured::ScarabConfigPlugin;
pub use draw::TerminalScreen;
pub use font::{FontMissing, FontSettings};
pub use in_world::TerminalImage;
pub use layout::{FitWindow, TerminalArea, TerminalMetrics, TerminalView};
#[cfg(feature = "app")]
pub(crate) use settle::Settling;
#[cfg(feature = "app")]
pub(crate) use theme::seen_through;
pub use theme::{Flashing, TerminalTheme, ThemeOverride};
#[cfg(feature = "app")]
pub(crate) use window_size::StartSize;

/// Draws every entity that has a [`TerminalView`]. Needs Bevy's own rendering (`DefaultPlugins`).
///
/// The fields are what the resources of their types begin with; later changes go to the resources.
#[derive(Debug, Clone, Default)]
pub struct ScarabRenderPlugin {
    /// Font and size. Default: the bundled JetBrains Mono in 15 logical pixels.
    pub font: FontSettings,
    /// Colours. Default: a dark theme.
    pub theme: TerminalTheme,
}

/// The sets of this plugin's systems, all in `PostUpdate`, in this order, before transforms are propagated.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TerminalRenderSystems {
    /// Fonts are taken up and [`TerminalMetrics`] written. What sizes terminals runs after it.
    Measure,
    /// Quads, images and their cameras get their sizes.
    Place,
    /// Changed rows and new glyphs are sent off.
    Draw,
}

impl Plugin for ScarabRenderPlugin {
    fn build(&self, app: &mut App) {
        use TerminalRenderSystems::{Draw, Measure, Place};
        crate::view::AreaPlugin::bring(app);
        app.register_type::<FontSettings>()
            .register_type::<TerminalTheme>()
            .register_type::<ThemeOverride>()
            .register_type::<Flashing>()
            .register_type::<TerminalView>()
            .register_type::<TerminalMetrics>()
            .register_type::<TerminalImage>()
            .add_message::<FontMissing>()
            .add_plugins((material::plugin, upload::plugin, settle::plugin))
            .insert_resource(self.font.clone())
            .insert_resource(self.theme.clone())
            .register_type::<CursorBlink>()
            .init_resource::<CursorBlink>()
            .init_resource::<DefaultCursor>()
            .register_type::<TextBlink>()
            .init_resource::<TextBlink>()
            .init_resource::<blink::Blink>()
            .init_resource::<crate::alarm::Alarm>()
            .init_resource::<font::Fonts>()
            .init_resource::<draw::Atlases>()
            .init_resource::<memory::Memory>()
            .init_resource::<layout::UnitQuad>()
            .configure_sets(PostUpdate, Place.after(crate::view::TerminalAreaSystems::Fill))
            .configure_sets(PostUpdate, Draw.after(crate::select::ScarabSelectSystems::Highlight))
            .configure_sets(
                PostUpdate,
                (Measure, Place, Draw).chain().before(TransformSystems::Propagate).before(AssetEventSystems),
            )
            .add_systems(
                PostUpdate,
                (
                    (draw::update_fonts, layout::measure).chain().in_set(Measure),
                    (layout::place, in_world::place_images).chain().in_set(Place),
                    (blink::blink, draw::draw, settle::request_redraw).chain().in_set(Draw),
                    // It counts what is seen from this update on.
                    blink::go_on.after(Draw).after(bevy::camera::visibility::VisibilitySystems::VisibilityPropagate),
                ),
            );
        #[cfg(feature = "app")]
        app.add_systems(
            PostUpdate,
            window_size::fit_window.in_set(Measure).after(draw::update_fonts).before(layout::measure),
        );
        app.world_mut().register_component_hooks::<TerminalView>().on_remove(remove_parts);
    }

    #[cfg(feature = "winit")]
    fn finish(&self, app: &mut App) {
        use bevy::winit::{EventLoopProxyWrapper, WinitUserEvent};
        let world = app.world_mut();
        // Without a window there is none, and whoever drives the App looks for itself.
        let Some(proxy) = world.get_resource::<EventLoopProxyWrapper>().map(|proxy| (**proxy).clone()) else {
            return;
        };
        world.resource_mut::<font::Fonts>().set_waker(move || {
            // The loop has ended when this fails, and nobody is left to wake.
            let _ = proxy.send_event(WinitUserEvent::WakeUp);
        });
    }
}

/// Despawns a terminal's quad and camera with its view, and gives back its place in the buffer.
fn remove_parts(mut world: DeferredWorld, context: HookContext) {
    let Some(mut screen) = world.get_mut::<TerminalScreen>(context.entity) else { return };
    let TerminalScreen { quad, camera, place, .. } = std::mem::take(&mut *screen);
    // An App that ends has none any more.
    if let (Some(place), Some(mut memory)) = (place, world.get_resource_mut::<memory::Memory>()) {
        memory.free(place);
    }
    for part in [quad, camera].into_iter().flatten() {
        world.commands().entity(part).try_despawn();
    }
}
