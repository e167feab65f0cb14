//! The way of changed rows and new glyphs to the GPU, without an asset in between.
//!
//! Systems of the main world queue writes here; the queue is swapped into the render world and
//! written there once the frame's buffers and textures exist.

use std::ops::Range;

use bevy::prelude::*;
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_resource::{Extent3d, Origin3d, TexelCopyBufferLayout, TexelCopyTextureInfo, TextureAspect};
use bevy::render::renderer::RenderQueue;
use bevy::render::storage::{GpuShaderBuffer, ShaderBuffer};
use bevy::render::texture::GpuImage;
use bevy::render::{ExtractSchedule, MainWorld, Render, RenderApp, RenderSystems};

/// How many frames a write waits for its buffer or texture to be there. They are as a rule there in the frame that
/// made them; a write that waits longer belongs to a terminal that is gone.
const PATIENCE: u8 = 8;

/// Bytes on their way to the GPU.
///
/// Bounded by what [`PATIENCE`] frames write: what has waited that long is dropped.
#[derive(Resource, Default)]
pub(super) struct Uploads {
    bytes: Vec<u8>,
    buffers: Vec<Write<ShaderBuffer, u64>>,
    tiles: Vec<Write<Image, TileRect>>,
}

/// Where a tile goes, in texels.
#[derive(Debug, Clone, Copy)]
pub(super) struct TileRect {
    pub(super) at: UVec2,
    pub(super) size: UVec2,
}

struct Write<A: Asset, P> {
    target: AssetId<A>,
    place: P,
    bytes: Range<usize>,
    tries: u8,
}

impl Uploads {
    /// Writes `bytes` into a buffer, `offset` bytes from its start.
    pub(super) fn write_buffer(&mut self, target: AssetId<ShaderBuffer>, offset: usize, bytes: &[u8]) {
        let bytes = self.keep(bytes);
        self.buffers.push(Write { target, place: offset as u64, bytes, tries: 0 });
    }

    /// Writes RGBA texels into a rectangle of an image.
    pub(super) fn write_tile(&mut self, target: AssetId<Image>, place: TileRect, texels: &[u8]) {
        let bytes = self.keep(texels);
        self.tiles.push(Write { target, place, bytes, tries: 0 });
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.buffers.is_empty() && self.tiles.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// Appends the writes of `later`, which is left empty.
    fn take_from(&mut self, later: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, later);
            return;
        }
        let shift = self.bytes.len();
        self.bytes.append(&mut later.bytes);
        let moved = |bytes: Range<usize>| bytes.start + shift..bytes.end + shift;
        self.buffers.extend(later.buffers.drain(..).map(|write| Write { bytes: moved(write.bytes.clone()), ..write }));
        self.tiles.extend(later.tiles.drain(..).map(|write| Write { bytes: moved(write.bytes.clone()), ..write }));
    }
}

/// Adds the queue to both worlds.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Uploads>();
    if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
        render_app
            .init_resource::<Uploads>()
            .add_systems(ExtractSchedule, take)
            .add_systems(Render, write.in_set(RenderSystems::PrepareResources));
    }
}

fn take(mut main_world: ResMut<MainWorld>, mut uploads: ResMut<Uploads>) {
    if let Some(mut queued) = main_world.get_resource_mut::<Uploads>()
        && !queued.is_empty()
    {
        uploads.take_from(&mut queued);
    }
}

fn write(
    mut uploads: ResMut<Uploads>,
    buffers: Res<RenderAssets<GpuShaderBuffer>>,
    images: Res<RenderAssets<GpuImage>>,
    queue: Res<RenderQueue>,
) {
    if uploads.is_empty() {
        return;
    }
    let Uploads { bytes, buffers: buffer_writes, tiles } = &mut *uploads;
    buffer_writes.retain_mut(|write| match buffers.get(write.target) {
        Some(gpu) => {
            queue.write_buffer(&gpu.buffer, write.place, &bytes[write.bytes.clone()]);
            false
        }
        None => wait(&mut write.tries),
    });
    tiles.retain_mut(|write| match images.get(write.target) {
        Some(gpu) => {
            let TileRect { at, size } = write.place;
            queue.write_texture(
                TexelCopyTextureInfo {
                    texture: &gpu.texture,
                    mip_level: 0,
                    origin: Origin3d { x: at.x, y: at.y, z: 0 },
                    aspect: TextureAspect::All,
                },
                &bytes[write.bytes.clone()],
                TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * size.x), rows_per_image: None },
                Extent3d { width: size.x, height: size.y, depth_or_array_layers: 1 },
            );
            false
        }
        None => wait(&mut write.tries),
    });
    if uploads.is_empty() {
        uploads.bytes.clear();
    }
}

/// Whether a write whose target is not there yet is kept for the next frame.
fn wait(tries: &mut u8) -> bool {
    *tries += 1;
    *tries < PATIENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_of_a_later_frame_come_after_those_that_still_wait() {
        let target = AssetId::<ShaderBuffer>::default();
        let (mut waiting, mut later) = (Uploads::default(), Uploads::default());
        waiting.write_buffer(target, 0, b"old");
        later.write_buffer(target, 0, b"newer");
        waiting.take_from(&mut later);
        let contents: Vec<&[u8]> = waiting.buffers.iter().map(|write| &waiting.bytes[write.bytes.clone()]).collect();
        assert_eq!(contents, [b"old".as_slice(), b"newer"]);
        assert!(later.is_empty());
    }
}
