//! The atlas: a texture of glyphs, each in one or two tiles of a cell's size.

use bevy::asset::RenderAssetUsages;
use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy::render::storage::ShaderBuffer;

use super::font::{CellMetrics, Fonts};
use super::joined::Joined;
use super::material::GridMaterial;
use super::raster::{Cluster, Drawn, Outcome, Rasterizer};
use super::upload::{TileRect, TileUploads};

/// The smallest texture, in texels a side.
const SMALLEST: u32 = 512;
/// The largest. At 10 by 20 pixels a cell it holds 80,000 tiles.
const LARGEST: u32 = 4096;
/// How many tiles can lie side by side or one above the other: a [`GpuCell`](super::material::GpuCell) has ten bits
/// for each place.
const MOST_TILES: u32 = 1 << 10;
/// How many glyphs are remembered. Blank ones take no tile, so the tables have a bound of their own.
const MOST_GLYPHS: usize = 1 << 17;
/// How many ASCII characters there are.
const ASCII: usize = 128;

/// Where a glyph lies: the tiles of its left and right half, as a [`GpuCell`](super::material::GpuCell) names them.
/// Tile 0 is blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Glyph {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) color: bool,
}

/// The glyphs of one font size, and what the terminals that show them are drawn with.
///
/// Full, it starts again with twice the texture, up to [`LARGEST`], or else with an empty one: what is on screen is then
/// drawn again, what is not is forgotten. That needs no copy of the texels here and no order of last use.
pub(super) struct Atlas {
    /// The size of cells and of tiles.
    pub(super) cell: CellMetrics,
    /// The material of all quads that show these glyphs.
    pub(super) material: Handle<GridMaterial>,
    /// Whether there is such a quad; found out anew in each update.
    pub(super) is_used: bool,
    /// Rises when cells that name glyphs of this atlas have to be made anew.
    pub(super) generation: u64,
    image: Handle<Image>,
    pixels: f32,
    side: u32,
    /// How many tiles lie side by side.
    columns: u32,
    /// How many tiles there are.
    tiles: u32,
    /// The first free one, counted row by row.
    next: u32,
    /// ASCII characters, style by style: most of a screen, found without hashing.
    ascii: [[Option<Glyph>; ASCII]; 4],
    single: HashMap<(char, u8), Glyph>,
    clusters: HashMap<(String, u8), Glyph>,
    /// Cells that are drawn as one, by style: their tiles, and whether these have colours; nothing where the font has no such glyph.
    joined: [HashMap<String, Option<(Vec<u32>, bool)>>; 4],
    full: bool,
    /// Glyphs that wait for a font and are blank until then.
    waiting: bool,
}

impl Atlas {
    /// An empty atlas for a font of this many physical pixels.
    pub(super) fn new(
        pixels: f32,
        cell: CellMetrics,
        images: &mut Assets<Image>,
        materials: &mut Assets<GridMaterial>,
    ) -> Self {
        let side = (16 * cell.width.max(cell.height)).next_power_of_two().clamp(SMALLEST, LARGEST);
        let mut atlas = Self {
            cell,
            material: Handle::default(),
            is_used: false,
            generation: 0,
            image: Handle::default(),
            pixels,
            side,
            columns: 1,
            tiles: 0,
            next: 1,
            ascii: [[None; ASCII]; 4],
            single: HashMap::default(),
            clusters: HashMap::default(),
            joined: Default::default(),
            full: false,
            waiting: false,
        };
        atlas.start(images);
        atlas.material = materials.add(GridMaterial { cells: Handle::default(), atlas: atlas.image.clone() });
        atlas
    }

    /// Points the material at the buffer and the texture in use, and says whether either is a new one. It is only touched then,
    /// because a changed material is prepared anew.
    pub(super) fn point_material(&self, cells: &Handle<ShaderBuffer>, materials: &mut Assets<GridMaterial>) -> bool {
        let is = |material: &GridMaterial| material.cells == *cells && material.atlas == self.image;
        if materials.get(&self.material).is_none_or(is) {
            return false;
        }
        if let Some(mut material) = materials.get_mut(&self.material) {
            *material = GridMaterial { cells: cells.clone(), atlas: self.image.clone() };
        }
        true
    }

    /// Whether a glyph found no room since the last [`Self::restart`].
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Whether there is a larger texture to be had.
    pub(super) fn can_grow(&self) -> bool {
        self.side < LARGEST
    }

    /// Starts again, with a larger texture if there is one.
    pub(super) fn restart(&mut self, images: &mut Assets<Image>) {
        self.side = (self.side * 2).min(LARGEST);
        self.start(images);
    }

    /// Leaves what found no room blank, because nothing larger is to be had.
    pub(super) fn accept_blanks(&mut self) {
        self.full = false;
    }

    /// Forgets the glyphs that waited for a font, so that they are drawn with what has been found.
    pub(super) fn retry_waiting(&mut self) {
        if std::mem::take(&mut self.waiting) {
            self.generation += 1;
        }
    }

    fn start(&mut self, images: &mut Assets<Image>) {
        let size = Extent3d { width: self.side, height: self.side, depth_or_array_layers: 1 };
        self.image = images.add(Image::new_uninit(
            size,
            TextureDimension::D2,
            TextureFormat::Rgba8Unorm,
            RenderAssetUsages::RENDER_WORLD,
        ));
        self.columns = (self.side / self.cell.width).clamp(1, MOST_TILES);
        self.tiles = self.columns * (self.side / self.cell.height).min(MOST_TILES);
        self.next = 1;
        self.ascii = [[None; ASCII]; 4];
        self.single.clear();
        self.clusters.clear();
        self.joined.iter_mut().for_each(HashMap::clear);
        self.full = false;
        self.waiting = false;
        self.generation += 1;
    }

    /// Where a cluster's glyph lies; drawn and sent to the texture if it is new.
    pub(super) fn glyph(
        &mut self,
        cluster: Cluster<'_>,
        fonts: &mut Fonts,
        rasterizer: &mut Rasterizer,
        uploads: &mut TileUploads,
    ) -> Glyph {
        let is_plain = cluster.character.is_ascii() && cluster.marks.is_empty() && !cluster.wide;
        let place = is_plain.then_some((cluster.style.index(), cluster.character as usize));
        if let Some(glyph) = place.and_then(|(style, character)| self.ascii[style][character]) {
            return glyph;
        }
        let glyph = self.find(cluster, fonts, rasterizer, uploads);
        if let (Some((style, character)), Some(glyph)) = (place, glyph) {
            self.ascii[style][character] = Some(glyph);
        }
        glyph.unwrap_or_default()
    }

    /// The same of any cluster; nothing while it cannot be drawn.
    fn find(
        &mut self,
        cluster: Cluster<'_>,
        fonts: &mut Fonts,
        rasterizer: &mut Rasterizer,
        uploads: &mut TileUploads,
    ) -> Option<Glyph> {
        let kind = cluster.style.index() as u8 | u8::from(cluster.wide) << 2;
        let text = || {
            let mut text = String::from(cluster.character);
            text.push_str(cluster.marks);
            (text, kind)
        };
        let known = if cluster.marks.is_empty() {
            self.single.get(&(cluster.character, kind))
        } else {
            self.clusters.get(&text())
        };
        if let Some(glyph) = known {
            return Some(*glyph);
        }
        if self.is_crowded() {
            return None;
        }
        let glyph = match rasterizer.draw(fonts, cluster, &self.cell, self.pixels) {
            Outcome::Blank => Glyph::default(),
            Outcome::Drawn(drawn) => {
                let mut tiles = [0; 2];
                self.store(&drawn, if cluster.wide { &mut tiles } else { &mut tiles[..1] }, uploads)?;
                Glyph { left: tiles[0], right: tiles[1], color: drawn.color }
            }
            Outcome::Pending => {
                self.waiting = true;
                // Until it is known which font has the marks, the character is seen without them.
                let bare = Cluster { marks: "", ..cluster };
                return if cluster.marks.is_empty() { None } else { self.find(bare, fonts, rasterizer, uploads) };
            }
        };
        if cluster.marks.is_empty() {
            self.single.insert((cluster.character, kind), glyph);
        } else {
            self.clusters.insert(text(), glyph);
        }
        Some(glyph)
    }

    /// Where the tiles of cells lie that are drawn as one, and whether they have colours; nothing if the font has no such glyph.
    pub(super) fn joined(
        &mut self,
        joined: Joined<'_>,
        fonts: &mut Fonts,
        rasterizer: &mut Rasterizer,
        uploads: &mut TileUploads,
    ) -> Option<(&[u32], bool)> {
        let style = joined.style.index();
        if !self.joined[style].contains_key(joined.text) {
            if self.is_crowded() {
                return None;
            }
            let glyph = match rasterizer.draw_joined(fonts, joined, &self.cell, self.pixels) {
                Outcome::Blank => None,
                Outcome::Drawn(drawn) => {
                    let mut tiles = vec![0; joined.drawn()];
                    self.store(&drawn, &mut tiles, uploads)?;
                    Some((tiles, drawn.color))
                }
                Outcome::Pending => {
                    self.waiting = true;
                    return None;
                }
            };
            self.joined[style].insert(joined.text.to_owned(), glyph);
        }
        self.joined[style].get(joined.text)?.as_ref().map(|(tiles, color)| (tiles.as_slice(), *color))
    }

    /// Whether no more glyphs are to be remembered; then the atlas is full.
    fn is_crowded(&mut self) -> bool {
        let joined: usize = self.joined.iter().map(HashMap::len).sum();
        let crowded = self.single.len() + self.clusters.len() + joined >= MOST_GLYPHS;
        self.full |= crowded;
        crowded
    }

    /// Puts what was drawn into as many tiles as it has cells. Without room the atlas is full, and nothing comes back.
    fn store(&mut self, drawn: &Drawn, tiles: &mut [u32], uploads: &mut TileUploads) -> Option<()> {
        let cells = tiles.len() as u32;
        if self.next + cells > self.tiles {
            self.full = true;
            return None;
        }
        let (width, height) = (self.cell.width, self.cell.height);
        for (cell, tile) in (0..).zip(tiles) {
            let (column, row) = (self.next % self.columns, self.next / self.columns);
            self.next += 1;
            let rect = TileRect { at: UVec2::new(column * width, row * height), size: UVec2::new(width, height) };
            uploads.write(self.image.id(), rect, |texels| {
                for row in drawn.texels.chunks_exact((width * cells) as usize) {
                    let start = (cell * width) as usize;
                    texels.extend_from_slice(row[start..start + width as usize].as_flattened());
                }
            });
            *tile = column | row << MOST_TILES.ilog2();
        }
        Some(())
    }
}

#[cfg(all(test, feature = "bundled-font"))]
mod tests {
    use super::*;
    use crate::render::face::FontStyle;
    use crate::render::font::FontSettings;

    struct Bench {
        atlas: Atlas,
        fonts: Fonts,
        rasterizer: Rasterizer,
        uploads: TileUploads,
        images: Assets<Image>,
    }

    fn bench() -> Bench {
        let mut fonts = Fonts::default();
        fonts.apply(&FontSettings { system_fallback: false, ..FontSettings::default() });
        let mut images = Assets::default();
        let atlas = Atlas::new(15.0, fonts.measure(15.0, 1.0), &mut images, &mut Assets::default());
        Bench { atlas, fonts, rasterizer: Rasterizer::default(), uploads: TileUploads::default(), images }
    }

    impl Bench {
        fn glyph(&mut self, character: char, marks: &str, wide: bool) -> Glyph {
            let cluster = Cluster { character, marks, style: FontStyle::ALL[0], wide };
            self.atlas.glyph(cluster, &mut self.fonts, &mut self.rasterizer, &mut self.uploads)
        }
    }

    #[test]
    fn a_glyph_is_drawn_once_and_found_again() {
        let mut bench = bench();
        let first = bench.glyph('a', "", false);
        assert_ne!(first.left, 0);
        assert_eq!(bench.glyph('a', "", false), first);
        assert_ne!(bench.glyph('a', "\u{301}", false), first);
        assert_eq!(bench.glyph(' ', "", false), Glyph::default());
        assert_eq!(bench.glyph('\u{7}', "", false), Glyph::default());
    }

    #[test]
    fn a_wide_character_takes_two_tiles() {
        let mut bench = bench();
        let glyph = bench.glyph('漢', "", true);
        assert!(glyph.left != 0 && glyph.right != 0 && glyph.left != glyph.right);
    }

    #[test]
    fn what_the_font_joins_has_a_tile_a_cell_and_what_it_does_not_has_none() {
        let mut bench = bench();
        let mut tiles = |text, cells| {
            let joined = Joined { text, style: FontStyle::ALL[0], cells, emoji: false };
            let Bench { atlas, fonts, rasterizer, uploads, .. } = &mut bench;
            atlas.joined(joined, fonts, rasterizer, uploads).map(|(tiles, _)| tiles.to_vec())
        };
        let arrow = tiles("->", 2).expect("an arrow");
        assert_eq!((arrow.len(), tiles("->", 2)), (2, Some(arrow)));
        assert_eq!(tiles("<=>", 3).map(|tiles| tiles.len()), Some(3));
        assert_eq!(tiles("@^", 2), None);
    }

    #[test]
    fn a_full_atlas_says_so_and_starts_again_larger() {
        let mut bench = bench();
        let before = (bench.atlas.side, bench.atlas.generation);
        let mut characters = (0x4e00..0x9fff).filter_map(char::from_u32);
        while !bench.atlas.is_full() {
            bench.glyph(characters.next().expect("the atlas fills before they run out"), "", true);
        }
        let Bench { atlas, images, .. } = &mut bench;
        atlas.restart(images);
        assert_eq!((bench.atlas.side, bench.atlas.generation), (before.0 * 2, before.1 + 1));
        assert_ne!(bench.glyph('a', "", false), Glyph::default());
    }
}
