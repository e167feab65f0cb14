//! The material of a terminal's quad: a buffer of cells and an atlas of glyphs, looked up per pixel.

use std::sync::LazyLock;

use bevy::asset::embedded_asset;
use bevy::prelude::*;
use bevy::render::render_asset::prepare_assets;
use bevy::render::render_resource::AsBindGroup;
use bevy::render::storage::{GpuShaderBuffer, ShaderBuffer};
use bevy::render::{Render, RenderApp};
use bevy::shader::ShaderRef;
use bevy::sprite_render::{AlphaMode2d, Material2d, Material2dPlugin, PreparedMaterial2d};
use bytemuck::{Pod, Zeroable};

/// Where `embedded_asset!` puts the shader.
const SHADER: &str = "embedded://scarab_bevy/render/grid.wgsl";

/// Draws terminals on quads, all that have glyphs of the same size: where a terminal's part of the buffer begins is in its quad's
/// [`MeshTag`](bevy::mesh::MeshTag).
///
/// Everything that changes from frame to frame, the grid's size and the cursor included, is in the buffer: a
/// changed material would be prepared anew, a written buffer is not. The material itself only changes
/// when the buffer or the atlas is replaced by a larger one.
#[derive(Asset, TypePath, AsBindGroup, Debug, Clone)]
pub(super) struct GridMaterial {
    /// Of each terminal a [`GridHeader`], then its cells row by row.
    #[storage(0, read_only)]
    pub(super) cells: Handle<ShaderBuffer>,
    /// Tiles of a cell each; RGBA, of which a letter only uses the alpha.
    #[texture(1)]
    pub(super) atlas: Handle<Image>,
}

impl Material2d for GridMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode2d {
        AlphaMode2d::Opaque
    }
}

/// What the shader knows of a grid beside its cells, in vectors of four. Sizes are in physical pixels.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable, Default)]
pub(super) struct GridHeader {
    /// Columns, and rows that are seen. If a part of the first is above, the buffer has one more.
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
    /// How thick lines are, at least 1.
    pub(super) line: u32,
    /// The top of a line that strikes text out.
    pub(super) strike_top: u32,
    /// The default background, around the cells and behind those that have no other, multiplied by its opacity.
    pub(super) background: u32,
    /// How much of the first row is above the first cell, less than a cell's height.
    pub(super) shift: u32,
    /// 1 while text that blinks is not seen.
    pub(super) blink_off: u32,
    /// How opaque the default background is, from 0 to 255.
    pub(super) opacity: u32,
    /// Room for what comes.
    pub(super) reserved: u32,
}

impl GridHeader {
    /// How many cells it takes in the buffer.
    pub(super) const CELLS: u32 = (size_of::<Self>() / size_of::<GpuCell>()) as u32;
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

    /// The header as it lies in the buffer.
    pub(super) fn as_cells(&self) -> &[GpuCell] {
        bytemuck::cast_slice(std::slice::from_ref(self))
    }
}

/// A cell as the shader reads it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable, Default)]
pub(super) struct GpuCell {
    /// The tile in the atlas, its column in bits 0-9 and its row in bits 10-19, and the flags below.
    pub(super) glyph: u32,
    /// The colour of the text.
    pub(super) fg: u32,
    /// The colour behind it, and the flag [`GpuCell::DEFAULT_BG`].
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
    /// The text blinks.
    pub(super) const BLINK: u32 = 1 << 25;
    /// What is behind the text is the default background, in the bits that a colour leaves free.
    pub(super) const DEFAULT_BG: u32 = 1 << 30;
}

/// A colour as the shader unpacks it: the square roots of the linear red, green and blue, ten bits each from the
/// lowest on. Eight bits of sRGB come out again as they went in, and the shader needs no powers.
pub(super) fn pack(color: [u8; 3]) -> u32 {
    static ROOTS: LazyLock<[u32; 256]> =
        LazyLock::new(|| std::array::from_fn(|byte| (linear_root(byte as u8) * 1023.0).round() as u32));
    let [r, g, b] = color.map(|byte| ROOTS[usize::from(byte)]);
    r | g << 10 | b << 20
}

/// The square root of the linear light that a byte of sRGB stands for, 0 to 1.
pub(super) fn linear_root(byte: u8) -> f32 {
    let encoded = f32::from(byte) / 255.0;
    let linear = if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) };
    linear.sqrt()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_colour_comes_back_from_the_shader() {
        for byte in 0..=255_u8 {
            let packed = pack([byte, 0, 255]);
            let root = (packed & 0x3ff) as f32 / 1023.0;
            let linear = root * root;
            let encoded = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
            assert_eq!((encoded * 255.0).round() as u8, byte);
            assert_eq!((packed >> 10 & 0x3ff, packed >> 20), (0, 1023));
        }
    }

    #[test]
    fn a_header_is_whole_vectors() {
        assert_eq!((size_of::<GridHeader>(), size_of::<GpuCell>()), (5 * 16, 16));
    }
}
