//! A window through whose background something is seen.

use bevy::{
    ecs::system::NonSendMarker,
    prelude::*,
    render::{
        RenderApp,
        renderer::{RenderAdapter, RenderInstance},
    },
    window::{CompositeAlphaMode, PrimaryWindow, RawHandleWrapper},
    winit::WINIT_WINDOWS,
};

use crate::{ClientConfig, Terminal, render::TerminalView};

/// The ways of composing a window with what is behind it, the best first, as wgpu and as Bevy call them. All take colours that are
/// multiplied by their alpha: the last as X11's compositors do; and what wgpu 29 calls the other way on Metal is this one
/// (<https://github.com/gfx-rs/wgpu/issues/9896>).
const MODES: &[(wgpu::CompositeAlphaMode, CompositeAlphaMode)] = &[
    (wgpu::CompositeAlphaMode::PreMultiplied, CompositeAlphaMode::PreMultiplied),
    #[cfg(target_os = "macos")]
    (wgpu::CompositeAlphaMode::PostMultiplied, CompositeAlphaMode::PostMultiplied),
    (wgpu::CompositeAlphaMode::Inherit, CompositeAlphaMode::Inherit),
];

/// Whether something can be seen through the window. A window that was made for that is asked once, before anything is drawn in it.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SeenThrough(bool);

impl SeenThrough {
    /// How opaque the background is.
    pub(super) fn opacity(self, config: &ClientConfig) -> f32 {
        if self.0 { config.opacity } else { 1.0 }
    }
}

/// Lets something be seen through terminals as far as `client.opacity` says, if their window was made for it.
pub(super) struct TransparencyPlugin;

impl Plugin for TransparencyPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<SeenThrough>().add_systems(PreUpdate, choose).add_systems(Update, fade);
    }

    /// Surfaces are the render world's affair, but only the main one can say how they are to be made.
    fn finish(&self, app: &mut App) {
        let render = app.get_sub_app(RenderApp);
        if let Some(instance) = render.and_then(|render| render.world().get_resource::<RenderInstance>()).cloned() {
            app.insert_resource(instance);
        }
    }
}

/// Asks what a new window's surface can do, before Bevy makes it: to configure one for what it cannot do ends the program.
fn choose(
    mut commands: Commands,
    instance: Option<Res<RenderInstance>>,
    adapter: Option<Res<RenderAdapter>>,
    window: Option<Single<(Entity, &mut Window), (With<PrimaryWindow>, Added<RawHandleWrapper>)>>,
    mut seen_through: ResMut<SeenThrough>,
    _main_thread: NonSendMarker,
) {
    let (Some(instance), Some(adapter), Some(window)) = (instance, adapter, window) else { return };
    commands.remove_resource::<RenderInstance>();
    let (entity, mut window) = window.into_inner();
    if !window.transparent {
        return;
    }
    match best(&alpha_modes(entity, &instance, &adapter)) {
        Some(mode) => {
            window.composite_alpha_mode = mode;
            seen_through.0 = true;
        }
        None => tracing::warn!("client.opacity has no effect: the graphics driver shows windows opaque"),
    }
}

/// The alpha modes that a surface of a window can have; none if it cannot be asked.
fn alpha_modes(window: Entity, instance: &RenderInstance, adapter: &RenderAdapter) -> Vec<wgpu::CompositeAlphaMode> {
    // Metal's can all have it, and the layer of one that is only made to be asked would stay in the window.
    if cfg!(target_os = "macos") {
        return vec![wgpu::CompositeAlphaMode::PostMultiplied];
    }
    WINIT_WINDOWS.with_borrow(|windows| {
        let Some(window) = windows.get_window(window) else { return Vec::new() };
        match instance.create_surface(&**window) {
            Ok(surface) => surface.get_capabilities(adapter).alpha_modes,
            Err(error) => {
                tracing::debug!("no surface to ask for its alpha modes: {error}");
                Vec::new()
            }
        }
    })
}

fn best(possible: &[wgpu::CompositeAlphaMode]) -> Option<CompositeAlphaMode> {
    MODES.iter().find(|(wgpus, _)| possible.contains(wgpus)).map(|(_, mode)| *mode)
}

/// What is not a terminal, as the bar of tabs, stays opaque.
fn fade(
    config: Res<ClientConfig>,
    seen_through: Res<SeenThrough>,
    mut views: Query<&mut TerminalView, With<Terminal>>,
) {
    let opacity = seen_through.opacity(&config);
    for mut view in &mut views {
        if view.opacity != opacity {
            view.opacity = opacity;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_stays_opaque_where_it_cannot_be_composed() {
        use wgpu::CompositeAlphaMode::{Auto, Inherit, Opaque, PreMultiplied};
        assert_eq!(best(&[Opaque, PreMultiplied]), Some(CompositeAlphaMode::PreMultiplied));
        assert_eq!(best(&[Inherit, PreMultiplied]), Some(CompositeAlphaMode::PreMultiplied));
        assert_eq!(best(&[Opaque, Inherit]), Some(CompositeAlphaMode::Inherit));
        assert_eq!((best(&[Auto, Opaque]), best(&[])), (None, None));
    }

    #[test]
    fn terminals_follow_the_opacity_if_their_window_can_be_seen_through_and_other_views_do_not() {
        let mut app = App::new();
        app.insert_resource(ClientConfig { opacity: 0.5, ..default() });
        app.init_resource::<SeenThrough>().add_systems(Update, fade);
        let terminal = app.world_mut().spawn((Terminal::new(), TerminalView::default())).id();
        let other = app.world_mut().spawn(TerminalView::default()).id();
        let opacities = |app: &mut App| {
            app.update();
            [terminal, other].map(|view| app.world().get::<TerminalView>(view).expect("a view").opacity)
        };
        assert_eq!(opacities(&mut app), [1.0, 1.0]);
        app.insert_resource(SeenThrough(true));
        assert_eq!(opacities(&mut app), [0.5, 1.0]);
        app.insert_resource(ClientConfig { opacity: 0.75, ..default() });
        assert_eq!(opacities(&mut app), [0.75, 1.0]);
    }
}
