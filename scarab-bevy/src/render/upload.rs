//! The way of changed cells and new glyphs to the GPU, without an asset in between.
//!
//! Systems of the main world queue writes here; the queues are swapped into the render world and
//! written there once the frame's buffers and textures exist.

use std::ops::Range;

use bevy::prelude::*;
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_resource::{Extent3d, Origin3d, TexelCopyBufferLayout, TexelCopyTextureInfo, TextureAspect};
use bevy::render::renderer::RenderQueue;
use bevy::render::storage::{GpuShaderBuffer, ShaderBuffer};
use bevy::render::texture::GpuImage;
use bevy::render::{ExtractSchedule, MainWorld, Render, RenderApp, RenderSystems};

use super::material::GpuCell;

/// How many frames a write waits for its buffer or texture to be there. They are as a rule there in the frame that
/// made them; a write that waits longer is for one that was replaced.
const PATIENCE: u8 = 8;

/// What is on its way to the GPU.
#[derive(Resource, Default)]
pub(super) struct Uploads {
    pub(super) cells: CellUploads,
    pub(super) tiles: TileUploads,
}

/// Cells on their way into buffers; their places are counted in cells from the buffer's start.
pub(super) type CellUploads = Queue<ShaderBuffer, u32, GpuCell>;

/// RGBA texels on their way into rectangles of images.
pub(super) type TileUploads = Queue<Image, TileRect, u8>;

/// Where a tile goes, in texels.
#[derive(Debug, Clone, Copy)]
pub(super) struct TileRect {
    pub(super) at: UVec2,
    pub(super) size: UVec2,
}

/// Writes of one kind, in their order, and what they write, which is kept for its memory when they are done.
///
/// Bounded by what [`PATIENCE`] frames write: what has waited that long is dropped.
pub(super) struct Queue<A: Asset, P, T> {
    contents: Vec<T>,
    writes: Vec<Write<A, P>>,
}

struct Write<A: Asset, P> {
    target: AssetId<A>,
    place: P,
    /// Where in the queue's contents lies what is written.
    range: Range<usize>,
    tries: u8,
}

impl Uploads {
    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.writes.is_empty() && self.tiles.writes.is_empty()
    }
}

impl CellUploads {
    /// Writes the cells that `fill` appends, from the cell `first` of a buffer on, and gives them back. What comes right behind
    /// what was written last is one write with it, because the driver makes a buffer for each.
    pub(super) fn write(
        &mut self,
        buffer: AssetId<ShaderBuffer>,
        first: u32,
        fill: impl FnOnce(&mut Vec<GpuCell>),
    ) -> &[GpuCell] {
        let range = self.fill(fill);
        let start = range.start;
        match self.writes.last_mut() {
            Some(last)
                if last.target == buffer
                    && last.range.end == start
                    && last.place as usize + last.range.len() == first as usize =>
            {
                last.range.end = range.end;
            }
            _ => self.writes.push(Write { target: buffer, place: first, range, tries: 0 }),
        }
        &self.contents[start..]
    }
}

impl TileUploads {
    /// Writes the texels that `fill` appends into a rectangle of an image, row by row.
    pub(super) fn write(&mut self, image: AssetId<Image>, place: TileRect, fill: impl FnOnce(&mut Vec<u8>)) {
        let range = self.fill(fill);
        self.writes.push(Write { target: image, place, range, tries: 0 });
    }
}

impl<A: Asset, P, T> Default for Queue<A, P, T> {
    fn default() -> Self {
        Self { contents: Vec::new(), writes: Vec::new() }
    }
}

impl<A: Asset, P, T> Queue<A, P, T> {
    /// What was appended to the contents.
    fn fill(&mut self, fill: impl FnOnce(&mut Vec<T>)) -> Range<usize> {
        let start = self.contents.len();
        fill(&mut self.contents);
        start..self.contents.len()
    }

    /// Appends the writes of `later`, which is left empty.
    fn take_from(&mut self, later: &mut Self) {
        if self.writes.is_empty() {
            std::mem::swap(self, later);
            return;
        }
        let shift = self.contents.len();
        self.contents.append(&mut later.contents);
        self.writes.extend(later.writes.drain(..).map(|write| {
            let range = write.range.start + shift..write.range.end + shift;
            Write { range, ..write }
        }));
    }

    /// Goes through the writes. What `send` finds no target for is kept for the next frame, a few times.
    fn send(&mut self, send: impl Fn(AssetId<A>, &P, &[T]) -> Option<()>) {
        let Self { contents, writes } = self;
        writes.retain_mut(|write| {
            let is_sent = send(write.target, &write.place, &contents[write.range.clone()]).is_some();
            write.tries += 1;
            !is_sent && write.tries < PATIENCE
        });
        if writes.is_empty() {
            contents.clear();
        }
    }
}

/// Adds the queues to both worlds.
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
        uploads.cells.take_from(&mut queued.cells);
        uploads.tiles.take_from(&mut queued.tiles);
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
    uploads.cells.send(|target, &first, cells| {
        let offset = u64::from(first) * size_of::<GpuCell>() as u64;
        queue.write_buffer(&buffers.get(target)?.buffer, offset, bytemuck::cast_slice(cells));
        Some(())
    });
    uploads.tiles.send(|target, &TileRect { at, size }, texels| {
        queue.write_texture(
            TexelCopyTextureInfo {
                texture: &images.get(target)?.texture,
                mip_level: 0,
                origin: Origin3d { x: at.x, y: at.y, z: 0 },
                aspect: TextureAspect::All,
            },
            texels,
            TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * size.x), rows_per_image: None },
            Extent3d { width: size.x, height: size.y, depth_or_array_layers: 1 },
        );
        Some(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUFFER: AssetId<ShaderBuffer> = AssetId::Uuid { uuid: AssetId::<ShaderBuffer>::DEFAULT_UUID };
    const ANOTHER: AssetId<ShaderBuffer> = AssetId::invalid();

    /// Cells that tell which they are.
    fn cells(count: u32) -> impl FnOnce(&mut Vec<GpuCell>) {
        move |out| out.extend((0..count).map(|glyph| GpuCell { glyph, ..GpuCell::default() }))
    }

    /// What is written where: the first place and how many cells.
    fn writes(queue: &CellUploads) -> Vec<(u32, usize)> {
        queue.writes.iter().map(|write| (write.place, queue.contents[write.range.clone()].len())).collect()
    }

    #[test]
    fn what_lies_behind_one_another_is_written_at_once() {
        let mut queue = CellUploads::default();
        assert_eq!(queue.write(BUFFER, 10, cells(5)).len(), 5);
        assert_eq!(queue.write(BUFFER, 15, cells(3)).len(), 3);
        assert_eq!(writes(&queue), [(10, 8)]);
        // Neither what leaves a gap, nor what lies before, nor what is for another buffer.
        queue.write(BUFFER, 19, cells(1));
        queue.write(BUFFER, 10, cells(2));
        queue.write(ANOTHER, 12, cells(1));
        assert_eq!(writes(&queue), [(10, 8), (19, 1), (10, 2), (12, 1)]);
    }

    #[test]
    fn writes_of_a_later_frame_come_after_those_that_still_wait() {
        let (mut waiting, mut later) = (CellUploads::default(), CellUploads::default());
        waiting.write(BUFFER, 0, cells(3));
        later.write(BUFFER, 0, cells(5));
        waiting.take_from(&mut later);
        assert_eq!(writes(&waiting), [(0, 3), (0, 5)]);
        assert!(later.writes.is_empty() && later.contents.is_empty());
        let contents: Vec<u32> = waiting.contents.iter().map(|cell| cell.glyph).collect();
        assert_eq!(contents, [0, 1, 2, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_has_no_target_waits_for_a_while_and_is_dropped() {
        let mut queue = CellUploads::default();
        queue.write(BUFFER, 0, cells(2));
        queue.write(ANOTHER, 0, cells(2));
        queue.send(|target, _, _| (target == BUFFER).then_some(()));
        assert_eq!(queue.writes.iter().map(|write| write.target).collect::<Vec<_>>(), [ANOTHER]);
        for _ in 1..PATIENCE {
            assert!(!queue.writes.is_empty());
            queue.send(|_, _, _| None);
        }
        assert!(queue.writes.is_empty() && queue.contents.is_empty());
    }
}
