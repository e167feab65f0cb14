//! Terminals drawn to an image, for meshes in a 3D world and anything else that shows images.

use bevy::camera::visibility::RenderLayers;
use bevy::camera::{ClearColorConfig, RenderTarget};
use bevy::prelude::*;
use bevy::render::render_resource::TextureFormat;

use super::draw::TerminalScreen;
use super::layout::TerminalView;
use super::settle::Settling;

/// The first layer that quads of images are put on. Every image has one of its own, so that no camera sees
/// the terminal of another.
const FIRST_LAYER: usize = 24;

/// Draws the terminal to an image instead of a quad in the 2D world. To be spawned together with [`TerminalView`].
///
/// When the grid's size in pixels changes, [`Self::image`] becomes a new handle, because materials keep the texture they
/// were made with. A system that looks for `Changed<TerminalImage>` hands it on:
///
/// ```ignore
/// fn show(
///     terminals: Query<(&TerminalImage, &MeshMaterial3d<StandardMaterial>), Changed<TerminalImage>>,
///     mut materials: ResMut<Assets<StandardMaterial>>,
/// ) {
///     for (terminal, material) in &terminals {
///         if let Some(mut material) = materials.get_mut(material) {
///             material.base_color_texture = Some(terminal.image.clone());
///         }
///     }
/// }
/// ```
#[derive(Component, Reflect, Debug, Clone)]
#[reflect(Component, Default)]
#[require(TerminalView)]
pub struct TerminalImage {
    /// What the terminal is drawn to, written by the plugin; the default handle before the first drawing.
    pub image: Handle<Image>,
    /// Texels in a logical pixel of [`FontSettings::size`](super::FontSettings::size), clamped to 0.25..=8. Default: 2, so that
    /// letters hold up when seen from near.
    pub scale: f32,
}

impl Default for TerminalImage {
    fn default() -> Self {
        Self { image: Handle::default(), scale: 2.0 }
    }
}

/// Marks the camera that draws one terminal to its image.
#[derive(Component, Debug, Clone, Copy, Default)]
pub(super) struct ImageCamera;

/// Gives every terminal with a [`TerminalImage`] an image of the right size and a camera that draws its quad there.
pub(super) fn place_images(
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    mut settling: ResMut<Settling>,
    mut terminals: Query<(&mut TerminalImage, &mut TerminalScreen)>,
    layers: Query<&RenderLayers, With<ImageCamera>>,
) {
    let mut taken: Vec<usize> = layers.iter().flat_map(RenderLayers::iter).collect();
    for (mut terminal, mut screen) in &mut terminals {
        let size = screen.size.max(UVec2::ONE);
        let Some(quad) = screen.quad else { continue };
        if screen.camera.is_some() && images.get(&terminal.image).is_some_and(|image| image.size() == size) {
            continue;
        }
        terminal.image = images.add(Image::new_target_texture(size.x, size.y, TextureFormat::Rgba8UnormSrgb, None));
        let target = RenderTarget::Image(terminal.image.clone().into());
        match screen.camera {
            Some(camera) => {
                commands.entity(camera).insert(target);
            }
            None => {
                let layer = (FIRST_LAYER..).find(|layer| !taken.contains(layer)).unwrap_or(FIRST_LAYER);
                taken.push(layer);
                commands.entity(quad).insert(RenderLayers::layer(layer));
                let camera = Camera { order: -1, clear_color: ClearColorConfig::Custom(Color::BLACK), ..default() };
                let camera =
                    commands.spawn((ImageCamera, Camera2d, camera, Msaa::Off, target, RenderLayers::layer(layer)));
                screen.camera = Some(camera.id());
            }
        }
        settling.begin();
    }
}
