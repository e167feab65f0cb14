//! How large a terminal's cells are, and where its quad is.

use bevy::ecs::query::QueryData;
use bevy::mesh::MeshTag;
use bevy::prelude::*;
use bevy::sprite_render::MeshMaterial2d;
use bevy::window::PrimaryWindow;

use super::draw::TerminalScreen;
use super::font::{FontSettings, Fonts};
use super::in_world::TerminalImage;
use super::material::GridMaterial;
use super::settle::Settling;
use crate::terminal::TerminalGrid;
pub use crate::view::{FitWindow, TerminalArea, TerminalMetrics};

/// Has a terminal drawn, and says how.
///
/// In 2D the quad is a child of the entity, centred on it and as large as the grid. With [`FitWindow`] it fills
/// the primary window, with [`TerminalArea`] a part of it, with [`TerminalImage`] it is drawn to an image. The App's own `Camera2d` shows it,
/// at one unit a logical pixel as Bevy sets it up.
#[derive(Component, Reflect, Debug, Clone, PartialEq)]
#[reflect(Component, Default)]
#[require(TerminalMetrics, TerminalGrid, TerminalScreen, Transform, Visibility)]
pub struct TerminalView {
    /// The size of the font in logical pixels, in place of [`FontSettings::size`]. Default: `None`.
    pub font_size: Option<f32>,
    /// Empty space around the cells in logical pixels, in the background colour. Default: 4.
    pub padding: f32,
    /// How opaque the default background is, from 0 to 1, the padding with it; text and other colours always are. Less than 1 is for
    /// windows and images through which something is seen: colours come out multiplied by their alpha. Default: 1.
    pub opacity: f32,
    /// Whether the terminal has the keyboard; without it the cursor is hollow. Default: true.
    pub focused: bool,
}

impl Default for TerminalView {
    fn default() -> Self {
        Self { font_size: None, padding: 4.0, opacity: 1.0, focused: true }
    }
}

/// How opaque a terminal's default background is, from 0 to 1.
pub(super) fn opacity(view: &TerminalView) -> f32 {
    // What is no number is no opacity.
    if view.opacity.is_finite() { view.opacity.clamp(0.0, 1.0) } else { 1.0 }
}

/// The size of a terminal's font in physical pixels.
pub(super) fn font_pixels(view: &TerminalView, settings: &FontSettings, scale_factor: f32) -> f32 {
    let size = view.font_size.unwrap_or(settings.size);
    // A size that is no number is no size.
    let size = if size.is_finite() { size.clamp(4.0, 200.0) } else { FontSettings::default().size };
    (size * scale_factor).clamp(2.0, 400.0)
}

/// Writes every terminal's [`TerminalMetrics`].
pub(super) fn measure(
    settings: Res<FontSettings>,
    fonts: Res<Fonts>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    mut terminals: Query<(&TerminalView, Option<&TerminalImage>, &mut TerminalMetrics)>,
) {
    let window_scale = window.map_or(1.0, |window| window.scale_factor());
    for (view, image, mut metrics) in &mut terminals {
        let scale_factor = image.map_or(window_scale, |image| image.scale.clamp(0.25, 8.0));
        metrics.set_if_neq(metrics_of(view, &settings, &fonts, scale_factor));
    }
}

/// How large the cells of a view are.
pub(super) fn metrics_of(
    view: &TerminalView,
    settings: &FontSettings,
    fonts: &Fonts,
    scale_factor: f32,
) -> TerminalMetrics {
    let cell = fonts.measure(font_pixels(view, settings, scale_factor), settings.line_height());
    TerminalMetrics {
        cell: UVec2::new(cell.width, cell.height),
        padding: (view.padding * scale_factor).round().clamp(0.0, 4096.0) as u32,
        scale_factor,
    }
}

/// The mesh that all terminals share: a square of one unit, scaled to size by its entity's transform.
#[derive(Resource)]
pub(super) struct UnitQuad(Handle<Mesh>);

impl FromWorld for UnitQuad {
    fn from_world(world: &mut World) -> Self {
        Self(world.resource_mut::<Assets<Mesh>>().add(Rectangle::new(1.0, 1.0)))
    }
}

/// Marks the entity that carries a terminal's quad. What it is drawn with, and where that terminal is in the buffer, is filled in by
/// drawing; until then it has the default material, of which nothing is seen. While that terminal has no place there, it is hidden: its own
/// [`Visibility`] is drawing's, an App sets the terminal's.
#[derive(Component, Debug, Clone, Copy, Default)]
#[require(MeshMaterial2d<GridMaterial>, MeshTag, Visibility)]
pub(super) struct TerminalQuad;

/// A terminal, as far as its quad goes.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Placeable {
    entity: Entity,
    grid: &'static TerminalGrid,
    metrics: &'static TerminalMetrics,
    area: Option<&'static TerminalArea>,
    to_image: Has<TerminalImage>,
    screen: &'static mut TerminalScreen,
}

/// Gives every terminal its quad, in the size of its area or of its grid.
pub(super) fn place(
    mut commands: Commands,
    unit: Res<UnitQuad>,
    mut settling: ResMut<Settling>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    mut terminals: Query<Placeable, With<TerminalView>>,
    mut quads: Query<&mut Transform, With<TerminalQuad>>,
) {
    for PlaceableItem { entity, grid, metrics, area, to_image, mut screen } in &mut terminals {
        let area = area.filter(|_| !to_image).map(|area| area.0);
        let size = area.map_or_else(|| metrics.quad(grid.grid.cols(), grid.grid.rows()), |area| area.size());
        // A minimised window has no size; what it showed is kept for its return.
        if screen.size != size && size.cmpne(UVec2::ZERO).all() {
            screen.size = size;
        }
        // The camera of an image sees physical pixels, that of a window logical ones.
        let scale = if to_image { 1.0 } else { metrics.scale_factor };
        let mut transform = Transform::from_scale((screen.size.as_vec2() / scale).extend(1.0));
        if let (Some(area), Some(window)) = (area, &window) {
            // From the window's middle, which the camera looks at, and upwards.
            let middle = (area.min.as_vec2() + area.max.as_vec2() - window.physical_size().as_vec2()) / (2.0 * scale);
            transform.translation = Vec3::new(middle.x, -middle.y, 0.0);
        }
        match screen.quad {
            Some(quad) => {
                if let Ok(mut current) = quads.get_mut(quad)
                    && *current != transform
                {
                    *current = transform;
                }
            }
            None => {
                let quad = commands.spawn((TerminalQuad, Mesh2d(unit.0.clone()), transform)).id();
                if !to_image {
                    commands.entity(quad).insert(ChildOf(entity));
                }
                screen.quad = Some(quad);
                settling.begin();
            }
        }
    }
}
