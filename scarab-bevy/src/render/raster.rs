//! Turning a cell's characters into pixels.

use std::panic::{AssertUnwindSafe, catch_unwind};

use swash::scale::{Render, ScaleContext, Source, StrikeWith, image::Content};
use swash::shape::ShapeContext;
use swash::zeno::{Angle, Format, Transform};

use super::boxes;
use super::face::{Face, FontStyle};
use super::font::{CellMetrics, Choice, Fonts};
use super::joined::Joined;
use super::material::linear_root;

/// How far a letter leans that has to stand in for an italic one, in degrees.
const SLANT: f32 = 12.0;
/// How much thicker one becomes that has to stand in for a bold one, in parts of the font's size.
const EMBOLDEN: f32 = 1.0 / 36.0;

/// What stands in a cell: a character, the marks on it, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Cluster<'a> {
    pub(super) character: char,
    pub(super) marks: &'a str,
    pub(super) style: FontStyle,
    /// Two cells wide.
    pub(super) wide: bool,
}

/// The pixels of a cluster: RGBA, straight alpha, one cell high and one or two wide. Colours are roots of linear
/// ones, as the shader mixes them.
pub(super) struct Drawn {
    pub(super) texels: Vec<[u8; 4]>,
    /// The pixels have colours of their own; otherwise only their alpha counts.
    pub(super) color: bool,
}

/// What came of a cluster.
pub(super) enum Outcome {
    /// There is nothing to see.
    Blank,
    /// There is.
    Drawn(Drawn),
    /// A font is being looked for.
    Pending,
}

/// Draws glyphs. Holds the caches of the font library, which are bounded by it.
#[derive(Default)]
pub(super) struct Rasterizer {
    scaler: ScaleContext,
    shaper: ShapeContext,
}

/// A glyph and where its origin goes, in pixels from the left of the cell and upwards from the baseline.
#[derive(Clone, Copy)]
struct Placed {
    glyph: u16,
    x: f32,
    y: f32,
}

/// A glyph of a shaped text, placed from where the one before it ends, and by how much the next is further.
struct Shaped {
    placed: Placed,
    advance: f32,
}

impl Rasterizer {
    /// Draws a cluster for cells of this size, with a font of this many pixels.
    pub(super) fn draw(&mut self, fonts: &mut Fonts, cluster: Cluster<'_>, cell: &CellMetrics, pixels: f32) -> Outcome {
        if cluster.character <= ' ' && cluster.marks.is_empty() {
            return Outcome::Blank;
        }
        let mut canvas = Canvas::new(if cluster.wide { 2 * cell.width } else { cell.width }, cell);
        if cluster.marks.is_empty()
            && let Some(mask) = boxes::draw(cluster.character, canvas.width, cell.height, cell.line)
        {
            canvas.texels = mask.into_iter().map(|coverage| [255, 255, 255, coverage]).collect();
            return canvas.finish();
        }
        match fonts.choose(cluster.character, cluster.marks, cluster.style, wants_picture(cluster)) {
            Choice::Primary(face) => self.cluster(face, cluster, pixels, false, &mut canvas),
            Choice::Fallback(face) => self.guarded(face, cluster, pixels, &mut canvas),
            Choice::Nowhere => canvas.missing(cell.line),
            Choice::Pending => return Outcome::Pending,
        }
        canvas.finish()
    }

    /// Draws cells as one. There is nothing to see if the font has no glyph for that.
    pub(super) fn draw_joined(
        &mut self,
        fonts: &mut Fonts,
        joined: Joined<'_>,
        cell: &CellMetrics,
        pixels: f32,
    ) -> Outcome {
        let Some(first) = joined.text.chars().next() else { return Outcome::Blank };
        let mut canvas = Canvas::new(joined.drawn() as u32 * cell.width, cell);
        let face = match fonts.choose(first, "", joined.style, joined.emoji) {
            Choice::Primary(face) | Choice::Fallback(face) => face.clone(),
            Choice::Nowhere => return Outcome::Blank,
            Choice::Pending => return Outcome::Pending,
        };
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            if joined.emoji {
                self.emoji(&face, joined, pixels, &mut canvas);
            } else {
                self.ligature(&face, joined, cell, pixels, &mut canvas);
            }
        }));
        if drawn.is_err() {
            tracing::warn!("a font cannot draw {:?} as one", joined.text);
            *self = Self::default();
            return Outcome::Blank;
        }
        canvas.finish()
    }

    /// An emoji of several characters, if it is a single glyph.
    fn emoji(&mut self, face: &Face, joined: Joined<'_>, pixels: f32, canvas: &mut Canvas) {
        let shaped = self.shape(face, joined.text, pixels);
        let [one] = shaped.as_slice() else { return };
        if one.placed.glyph == 0 {
            return;
        }
        let (room, advance) = (canvas.width as f32, one.advance);
        let size = if advance > room { pixels * room / advance } else { pixels };
        let x = ((room - advance) / 2.0).max(0.0).floor();
        self.glyph(face, Placed { x, ..one.placed }, joined.style, size, canvas);
    }

    /// Signs, if the font joins them: then they are other glyphs than each by itself.
    fn ligature(&mut self, face: &Face, joined: Joined<'_>, cell: &CellMetrics, pixels: f32, canvas: &mut Canvas) {
        let shaped = self.shape(face, joined.text, pixels);
        let plain = joined.text.chars().map(|sign| face.glyph(sign).unwrap_or(0));
        if shaped.iter().map(|shaped| shaped.placed.glyph).eq(plain) {
            return;
        }
        // Cells are whole pixels wide, which what the font would advance by is not.
        let whole: f32 = shaped.iter().map(|shaped| shaped.advance).sum();
        let stretch = if whole > 0.0 { (joined.cells as u32 * cell.width) as f32 / whole } else { 1.0 };
        let mut pen = 0.0;
        for Shaped { placed, advance } in shaped {
            self.glyph(face, Placed { x: pen * stretch + placed.x, ..placed }, joined.style, pixels, canvas);
            pen += advance;
        }
    }

    fn shape(&mut self, face: &Face, text: &str, size: f32) -> Vec<Shaped> {
        let mut all = Vec::new();
        let mut shaper = self.shaper.builder(face.font()).size(size).build();
        shaper.add_str(text);
        shaper.shape_with(|cluster| {
            all.extend(cluster.glyphs.iter().map(|glyph| Shaped {
                placed: Placed { glyph: glyph.id, x: glyph.x, y: glyph.y },
                advance: glyph.advance,
            }));
        });
        all
    }

    /// Draws with a font of the system. Programs choose the characters and so the glyphs; a broken font
    /// that the font library trips over must not end the App.
    fn guarded(&mut self, face: &Face, cluster: Cluster<'_>, pixels: f32, canvas: &mut Canvas) {
        let drawn = catch_unwind(AssertUnwindSafe(|| self.cluster(face, cluster, pixels, true, canvas)));
        if drawn.is_err() {
            tracing::warn!("a font of the system cannot draw U+{:04X}", u32::from(cluster.character));
            *self = Self::default();
            canvas.missing(1);
        }
    }

    fn cluster(&mut self, face: &Face, cluster: Cluster<'_>, pixels: f32, foreign: bool, canvas: &mut Canvas) {
        let mut size = pixels;
        let mut shift = 0.0;
        if foreign {
            // A font made for other cells: it must not stick out of these, and goes in the middle.
            let glyph = face.glyph(cluster.character).unwrap_or(0);
            let advance = face.font().glyph_metrics(&[]).scale(pixels).advance_width(glyph);
            let room = canvas.width as f32;
            if advance > room {
                size *= room / advance;
            } else {
                shift = ((room - advance) / 2.0).floor();
            }
        }
        for placed in self.place(face, cluster, size) {
            self.glyph(face, Placed { x: placed.x + shift, ..placed }, cluster.style, size, canvas);
        }
    }

    /// The glyphs of a cluster. Marks go where the font wants them.
    fn place(&mut self, face: &Face, cluster: Cluster<'_>, size: f32) -> Vec<Placed> {
        if cluster.marks.is_empty() {
            return vec![Placed { glyph: face.glyph(cluster.character).unwrap_or(0), x: 0.0, y: 0.0 }];
        }
        let mut placed = Vec::new();
        let mut pen = 0.0;
        let mut shaper = self.shaper.builder(face.font()).size(size).build();
        shaper.add_str(cluster.character.encode_utf8(&mut [0; 4]));
        shaper.add_str(cluster.marks);
        shaper.shape_with(|shaped| {
            for glyph in shaped.glyphs {
                // A mark that the font lacks is left out: a box over the letter would hide it.
                if glyph.id != 0 {
                    placed.push(Placed { glyph: glyph.id, x: pen + glyph.x, y: glyph.y });
                }
                pen += glyph.advance;
            }
        });
        placed
    }

    fn glyph(&mut self, face: &Face, placed: Placed, style: FontStyle, size: f32, canvas: &mut Canvas) {
        let mut scaler = self.scaler.builder(face.font()).size(size).hint(true).build();
        let sources = [Source::ColorOutline(0), Source::ColorBitmap(StrikeWith::BestFit), Source::Outline];
        let mut render = Render::new(&sources);
        render.format(Format::Alpha);
        if style.bold && !face.style.bold {
            render.embolden(size * EMBOLDEN);
        }
        let mut lean = 0.0;
        if style.italic && !face.style.italic {
            let slant = Angle::from_degrees(SLANT);
            render.transform(Some(Transform::skew(slant, Angle::ZERO)));
            // It leans about the baseline; moved back it stays in the middle of its cell.
            lean = slant.to_radians().tan() * size * 0.3;
        }
        if let Some(image) = render.render(&mut scaler, placed.glyph) {
            let left = image.placement.left + (placed.x - lean).round() as i32;
            let top = canvas.baseline - image.placement.top - placed.y.round() as i32;
            let size = [image.placement.width, image.placement.height];
            match image.content {
                Content::Mask => canvas.lay_mask([left, top], size, &image.data),
                Content::Color | Content::SubpixelMask => canvas.lay_picture([left, top], size, &image.data),
            }
        }
    }
}

/// Whether a cluster is to be drawn as a picture: it says so (U+FE0F), or it is one of the characters
/// that are pictures unless they say otherwise (U+FE0E).
fn wants_picture(cluster: Cluster<'_>) -> bool {
    if cluster.marks.contains('\u{fe0f}') {
        return true;
    }
    let picture =
        matches!(u32::from(cluster.character), 0x1f300..=0x1faff | 0x2600..=0x27bf | 0x231a..=0x23ff | 0x2b1b..=0x2b55);
    picture && cluster.wide && !cluster.marks.contains('\u{fe0e}')
}

/// Where a cluster is put together.
struct Canvas {
    width: u32,
    height: u32,
    baseline: i32,
    texels: Vec<[u8; 4]>,
    color: bool,
}

impl Canvas {
    fn new(width: u32, cell: &CellMetrics) -> Self {
        let texels = vec![[0; 4]; (width * cell.height) as usize];
        Self { width, height: cell.height, baseline: cell.baseline, texels, color: false }
    }

    /// The texels under an image, each with its place in the image; what sticks out of the cell is cut off.
    fn under(&mut self, [left, top]: [i32; 2], [width, height]: [u32; 2], mut lay: impl FnMut(&mut [u8; 4], usize)) {
        for y in 0..height {
            for x in 0..width {
                let (to_x, to_y) = (x as i32 + left, y as i32 + top);
                if (0..self.width as i32).contains(&to_x) && (0..self.height as i32).contains(&to_y) {
                    let to = to_y as usize * self.width as usize + to_x as usize;
                    lay(&mut self.texels[to], (y * width + x) as usize);
                }
            }
        }
    }

    fn lay_mask(&mut self, at: [i32; 2], size: [u32; 2], mask: &[u8]) {
        self.under(at, size, |texel, from| {
            let coverage = mask.get(from).copied().unwrap_or(0);
            if coverage > texel[3] {
                *texel = [255, 255, 255, coverage];
            }
        });
    }

    fn lay_picture(&mut self, at: [i32; 2], size: [u32; 2], rgba: &[u8]) {
        self.color = true;
        self.under(at, size, |texel, from| {
            if let Some(&[r, g, b, a]) = rgba.as_chunks().0.get(from)
                && a > 0
            {
                let [r, g, b] = [r, g, b].map(|byte| (linear_root(byte) * 255.0).round() as u8);
                *texel = [r, g, b, a];
            }
        });
    }

    /// The outline of a box, for a character that no font has.
    fn missing(&mut self, line: u32) {
        let (width, height) = (self.width, self.height);
        let margin = (width / 8).max(1);
        let inside = |x: u32, y: u32, by: u32| x >= by && y >= by && x + by < width && y + by < height;
        for y in 0..height {
            for x in 0..width {
                if inside(x, y, margin) && !inside(x, y, margin + line) {
                    self.texels[(y * width + x) as usize] = [255; 4];
                }
            }
        }
    }

    fn finish(self) -> Outcome {
        if self.texels.iter().all(|texel| texel[3] == 0) {
            Outcome::Blank
        } else {
            Outcome::Drawn(Drawn { texels: self.texels, color: self.color })
        }
    }
}
