//! The material of a terminal's quad: a buffer of cells and an atlas of glyphs, looked up per pixel.

use bevy::asset::{RenderAssetUsages, embedded_asset};
use bevy::prelude::*;
use bevy::render::render_asset::prepare_assets;
use bevy::render::render_resource::AsBindGroup;
use bevy::render::storage::{GpuShaderBuffer, ShaderBuffer};
use bevy::render::{Render, RenderApp};
use bevy::shader::ShaderRef;
use bevy::sprite_render::{AlphaMode2d, Material2d, Material2dPlugin, PreparedMaterial2d};
use bytemuck::{Pod, Zeroable};

/// Draws a terminal on a quad.
///
/// Everything that changes from frame to frame, the grid's size and the cursor included, is in the buffer: a
/// changed material would be prepared anew, a written buffer is not. The material itself only changes
/// when the buffer or the atlas is replaced by a larger one.
#[derive(Asset, TypePath, AsBindGroup, Debug, Clone)]
pub(super) struct GridMaterial {
    /// A [`GridHeader`], then the cells row by row.
    #[storage(0, read_only)]
    pub(super) cells: Handle<ShaderBuffer>,
    /// Tiles of a cell each; RGBA, of which a letter only uses the alpha.
    #[texture(1)]
    pub(super) atlas: Handle<Image>,
}

impl Material2d for GridMaterial {
    fn fragment_shader() -> ShaderRef {
        "embedded://scarab_bevy/render/grid.wgsl".into()
    }

    fn alpha_mode(&self) -> AlphaMode2d {
        AlphaMode2d::Opaque
    }
}

/// What the shader knows of a grid beside its cells. Sizes are in physical pixels.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable, Default)]
pub(super) struct GridHeader {
    /// Columns and rows.
    pub(super) grid: [u32; 2],
    /// The size of a cell.
    pub(super) cell: [u32; 2],
    /// The size of the quad.
    pub(super) quad: [u32; 2],
    /// Where in the quad the first cell begins.
    pub(super) origin: [u32; 2],
    /// The index of the first cell under the cursor; [`GridHeader::NO_CURSOR`] for none.
    pub(super) cursor: u32,
    /// How many cells it covers, 1 or 2.
    pub(super) cursor_cells: u32,
    /// One of the `CURSOR_*` constants.
    pub(super) cursor_shape: u32,
    /// Its colour, see [`pack`].
    pub(super) cursor_color: u32,
    /// The top of an underline, from the top of its cell.
    pub(super) underline_top: u32,
    /// How thick lines are.
    pub(super) line: u32,
    /// The top of a line that strikes text out.
    pub(super) strike_top: u32,
    /// How many tiles the atlas has side by side.
    pub(super) atlas_columns: u32,
    /// The colour around the cells.
    pub(super) background: u32,
    /// Fills the header up to whole vectors.
    pub(super) reserved: [u32; 3],
}

impl GridHeader {
    /// No cursor is drawn.
    pub(super) const NO_CURSOR: u32 = u32::MAX;
    /// A full cell.
    pub(super) const CURSOR_BLOCK: u32 = 0;
    /// A line under the cell.
    pub(super) const CURSOR_UNDERLINE: u32 = 1;
    /// A line at the left of the cell.
    pub(super) const CURSOR_BEAM: u32 = 2;
    /// The outline of the cell.
    pub(super) const CURSOR_HOLLOW: u32 = 3;
}

/// A cell as the shader reads it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable, Default)]
pub(super) struct GpuCell {
    /// The tile in the atlas (bits 0-19) and the flags below.
    pub(super) glyph: u32,
    /// The colour of the text.
    pub(super) fg: u32,
    /// The colour behind it.
    pub(super) bg: u32,
    /// The colour of the underline.
    pub(super) underline: u32,
}

impl GpuCell {
    /// The tile has colours of its own.
    pub(super) const COLOR: u32 = 1 << 20;
    /// The text is struck out.
    pub(super) const STRIKEOUT: u32 = 1 << 21;
    /// Where the number of the underline style begins, three bits wide.
    pub(super) const UNDERLINE_SHIFT: u32 = 22;
}

/// A colour as the shader unpacks it: red in the lowest byte, opaque.
pub(super) const fn pack([r, g, b]: [u8; 3]) -> u32 {
    u32::from_le_bytes([r, g, b, 0xff])
}

/// The bytes of a buffer with room for this many cells.
pub(super) const fn buffer_size(cells: usize) -> usize {
    size_of::<GridHeader>() + cells * size_of::<GpuCell>()
}

/// An empty buffer with room for this many cells.
pub(super) fn cell_buffer(cells: usize) -> ShaderBuffer {
    ShaderBuffer::with_size(buffer_size(cells), RenderAssetUsages::RENDER_WORLD)
}

/// Registers the shader and the material.
pub(super) fn plugin(app: &mut App) {
    embedded_asset!(app, "grid.wgsl");
    app.add_plugins(Material2dPlugin::<GridMaterial>::default());
    if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
        render_app.add_systems(
            Render,
            buffers_before_materials
                .after(prepare_assets::<GpuShaderBuffer>)
                .before(prepare_assets::<PreparedMaterial2d<GridMaterial>>),
        );
    }
}

/// Orders the two systems around it, which Bevy leaves unordered: a material prepared before its new buffer would be put
/// off to the next frame, and its terminal missing in this one.
fn buffers_before_materials() {}
