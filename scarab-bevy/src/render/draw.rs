//! Brings what changed on a terminal's grid to its quad.

use bevy::ecs::query::QueryData;
use bevy::ecs::system::SystemParam;
use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy::render::storage::ShaderBuffer;

use super::atlas::{Atlas, Glyph};
use super::blink::Blink;
use super::cells::{self, encode_row, header};
use super::font::{FontSettings, Fonts, Received};
use super::joined::Joined;
use super::layout::{TerminalMetrics, TerminalView, font_pixels};
use super::material::{GpuCell, GridHeader, GridMaterial, buffer_size, cell_buffer};
use super::preedit::composed;
use super::raster::{Cluster, Rasterizer};
use super::settle::Settling;
use super::theme::{Colors, TerminalTheme, ThemeOverride};
use super::upload::Uploads;
use crate::{
    highlight::TerminalHighlights, preedit::TerminalPreedit, terminal::TerminalGrid, viewport::TerminalViewport,
};

/// The least number of cells that a buffer has room for; more are made in powers of two.
const SMALLEST_BUFFER: usize = 4096;

/// What is on a terminal's quad. Comes with [`TerminalView`].
///
/// Only rows that changed after the frame drawn last are brought to the quad. Frame numbers never
/// restart within a session; whoever puts another session's grid into the entity calls [`Self::redraw`].
#[derive(Component, Default)]
pub struct TerminalScreen {
    /// The size of the quad in physical pixels.
    pub(super) size: UVec2,
    pub(super) quad: Option<Entity>,
    /// The camera that draws the quad to an image.
    pub(super) camera: Option<Entity>,
    material: Handle<GridMaterial>,
    buffer: Handle<ShaderBuffer>,
    /// How many cells the buffer has room for.
    capacity: usize,
    drawn: Option<Drawn>,
    /// Which rows have text that blinks.
    blinking: Vec<bool>,
}

/// What the buffer was last filled with.
struct Drawn {
    frame: u64,
    /// Whether it was the scrollback, whose frames are counted apart from the screen's.
    scrolled_back: bool,
    glyphs: Glyphs,
    colors: Colors,
    header: GridHeader,
    highlights: TerminalHighlights,
    /// What was composed. It stands over rows that have not changed, so that with it all is drawn.
    preedit: Option<TerminalPreedit>,
}

/// The state of the atlas that cells name glyphs of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Glyphs {
    size: u32,
    epoch: u64,
    generation: u64,
}

impl TerminalScreen {
    /// Has the whole grid drawn in the next update.
    pub fn redraw(&mut self) {
        self.drawn = None;
    }

    /// Whether there is text that blinks.
    pub(super) fn blinks(&self) -> bool {
        self.blinking.contains(&true)
    }

    /// The material of the quad, made if there is none yet.
    pub(super) fn material(&mut self, materials: &mut Assets<GridMaterial>) -> Handle<GridMaterial> {
        if self.material == Handle::default() {
            self.material = materials.add(GridMaterial { cells: Handle::default(), atlas: Handle::default() });
        }
        self.material.clone()
    }
}

/// The glyphs of every font size in use.
#[derive(Resource, Default)]
pub(super) struct Atlases {
    /// By the font's size in 64ths of a physical pixel.
    by_size: HashMap<u32, Atlas>,
    /// Rises when all were thrown away.
    epoch: u64,
}

/// Takes up changed settings and fonts that were found.
pub(super) fn update_fonts(settings: Res<FontSettings>, mut fonts: ResMut<Fonts>, mut atlases: ResMut<Atlases>) {
    let received = if fonts.is_searching() { fonts.receive() } else { Received::Nothing };
    if settings.is_changed() {
        fonts.apply(&settings);
    }
    if settings.is_changed() || received == Received::Family {
        atlases.by_size.clear();
        atlases.epoch += 1;
    } else if received == Received::Glyphs {
        atlases.by_size.values_mut().for_each(Atlas::retry_waiting);
    }
}

/// A terminal, as far as drawing goes.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Drawable {
    grid: Ref<'static, TerminalGrid>,
    viewport: Option<Ref<'static, TerminalViewport>>,
    highlights: Option<Ref<'static, TerminalHighlights>>,
    preedit: Option<&'static TerminalPreedit>,
    view: &'static TerminalView,
    metrics: &'static TerminalMetrics,
    theme: Option<&'static ThemeOverride>,
    screen: &'static mut TerminalScreen,
}

/// What every terminal is drawn with.
#[derive(SystemParam)]
pub(super) struct Painter<'w, 's> {
    fonts: ResMut<'w, Fonts>,
    uploads: ResMut<'w, Uploads>,
    settling: ResMut<'w, Settling>,
    buffers: ResMut<'w, Assets<ShaderBuffer>>,
    materials: ResMut<'w, Assets<GridMaterial>>,
    blink: Res<'w, Blink>,
    rasterizer: Local<'s, Rasterizer>,
    /// The cells on their way, kept for its memory.
    scratch: Local<'s, Vec<GpuCell>>,
}

/// Draws every terminal whose grid, colours, font or size changed.
pub(super) fn draw(
    settings: Res<FontSettings>,
    theme: Res<TerminalTheme>,
    mut atlases: ResMut<Atlases>,
    mut images: ResMut<Assets<Image>>,
    mut painter: Painter,
    mut terminals: Query<Drawable>,
) {
    let Atlases { by_size, epoch } = &mut *atlases;
    let mut sizes = Vec::new();
    // An atlas that turns out too small starts again, and whoever drew from it draws once more: larger as often as it can
    // grow, and once with what is on screen alone.
    let mut emptied = false;
    loop {
        for mut terminal in &mut terminals {
            let pixels = font_pixels(terminal.view, &settings, terminal.metrics.scale_factor);
            let size = (pixels * 64.0).round() as u32;
            sizes.push(size);
            let atlas = by_size.entry(size).or_insert_with(|| {
                Atlas::new(pixels, painter.fonts.measure(pixels, settings.line_height()), &mut images)
            });
            let glyphs = Glyphs { size, epoch: *epoch, generation: atlas.generation };
            // Compared by value, so that nothing is missed when the resource and the override take turns.
            let colors = Colors::new(terminal.theme.map_or(&theme, |theme| &theme.0), &terminal.grid.grid);
            painter.terminal(&mut terminal, colors, glyphs, atlas);
        }
        let mut again = false;
        for atlas in by_size.values_mut().filter(|atlas| atlas.is_full()) {
            if atlas.can_grow() || !emptied {
                emptied |= !atlas.can_grow();
                atlas.restart(&mut images);
                again = true;
            } else {
                atlas.accept_blanks();
            }
        }
        if !again {
            break;
        }
    }
    by_size.retain(|size, _| sizes.contains(size));
}

/// Where glyphs come from.
struct Source<'a> {
    atlas: &'a mut Atlas,
    fonts: &'a mut Fonts,
    rasterizer: &'a mut Rasterizer,
    uploads: &'a mut Uploads,
}

impl cells::Glyphs for Source<'_> {
    fn cluster(&mut self, cluster: Cluster<'_>) -> Glyph {
        self.atlas.glyph(cluster, self.fonts, self.rasterizer, self.uploads)
    }

    fn joined(&mut self, joined: Joined<'_>) -> Option<(&[u32], bool)> {
        self.atlas.joined(joined, self.fonts, self.rasterizer, self.uploads)
    }
}

impl Painter<'_, '_> {
    fn terminal(&mut self, terminal: &mut DrawableItem<'_, '_>, colors: Colors, glyphs: Glyphs, atlas: &mut Atlas) {
        let DrawableItem { grid, viewport, highlights, preedit, view, metrics, screen, .. } = terminal;
        let grid_changed = grid.is_changed()
            || viewport.as_ref().is_some_and(|viewport| viewport.is_changed())
            || highlights.as_ref().is_some_and(|highlights| highlights.is_changed());
        let none = TerminalHighlights::default();
        let highlights = highlights.as_deref().unwrap_or(&none);
        let scrolled_back = viewport.as_ref().is_some_and(|viewport| viewport.is_scrolled_back());
        let shift = viewport.as_ref().map_or(0.0, |viewport| viewport.hidden_part());
        let seen_rows = grid.grid.rows();
        let grid = viewport.as_ref().map_or(&grid.grid, |viewport| viewport.grid(grid));
        let preedit = preedit.filter(|preedit| !preedit.text.is_empty());
        let composed = preedit.map(|preedit| composed(grid, preedit));
        let grid = composed.as_ref().unwrap_or(grid);
        let mut header = header(grid, &colors, &atlas.cell, screen.size.into(), metrics.padding, view.focused);
        header.grid[1] = seen_rows.into();
        if self.blink.hides(grid.cursor, view.focused) {
            header.cursor = GridHeader::NO_CURSOR;
        }
        header.blink_off = self.blink.hides_text().into();
        header.shift = (shift * atlas.cell.height as f32) as u32;
        let (cols, rows) = (usize::from(grid.cols()), grid.rows());
        let all = screen.drawn.as_ref().is_none_or(|drawn| {
            drawn.glyphs != glyphs
                || drawn.colors != colors
                || drawn.header.grid != header.grid
                || drawn.scrolled_back != scrolled_back
                || grid.frame < drawn.frame
                || drawn.preedit.as_ref() != preedit
                || preedit.is_some() && grid_changed
        });
        let header_changed = screen.drawn.as_ref().is_none_or(|drawn| drawn.header != header);
        if !all && !header_changed && !grid_changed {
            return;
        }
        let screen = &mut **screen;
        if screen.capacity < (cols * usize::from(rows)).max(1) {
            // A grown buffer would be another one on the GPU while the material still holds the old.
            screen.capacity = (cols * usize::from(rows)).next_power_of_two().max(SMALLEST_BUFFER);
            screen.buffer = self.buffers.add(cell_buffer(screen.capacity));
        }
        self.point_material(screen, atlas);

        screen.blinking.resize(rows.into(), false);

        let buffer = screen.buffer.id();
        if header_changed {
            self.uploads.write_buffer(buffer, 0, bytemuck::bytes_of(&header));
        }
        let before = screen.drawn.as_ref().filter(|_| !all);
        let is_damaged = |row: &u16| {
            before.is_none_or(|drawn| {
                grid.row_frame(*row) > drawn.frame || drawn.highlights.row(*row) != highlights.row(*row)
            })
        };
        let mut damaged = (0..rows).filter(is_damaged).peekable();
        while let Some(first) = damaged.next() {
            // Neighbouring rows lie behind one another and are written at once.
            let mut row = first;
            self.scratch.clear();
            loop {
                let mut glyphs = Source {
                    atlas,
                    fonts: &mut self.fonts,
                    rasterizer: &mut self.rasterizer,
                    uploads: &mut self.uploads,
                };
                let ligatures = glyphs.fonts.joins_signs();
                encode_row(grid, row, &colors, highlights.row(row), ligatures, &mut glyphs, &mut self.scratch);
                let encoded = &self.scratch[self.scratch.len() - cols..];
                screen.blinking[usize::from(row)] = encoded.iter().any(|cell| cell.glyph & GpuCell::BLINK != 0);
                match damaged.next_if_eq(&(row + 1)) {
                    Some(next) => row = next,
                    None => break,
                }
            }
            let offset = buffer_size(usize::from(first) * cols);
            self.uploads.write_buffer(buffer, offset, bytemuck::cast_slice(&self.scratch));
        }
        let highlights = highlights.clone();
        let (frame, preedit) = (grid.frame, preedit.cloned());
        screen.drawn = Some(Drawn { frame, scrolled_back, glyphs, colors, header, highlights, preedit });
    }

    /// Points the quad's material at the buffer and the atlas in use. Only touched when one is new, because a
    /// changed material is prepared anew.
    fn point_material(&mut self, screen: &mut TerminalScreen, atlas: &Atlas) {
        let wanted = GridMaterial { cells: screen.buffer.clone(), atlas: atlas.image.clone() };
        let is = |material: &GridMaterial| material.cells == wanted.cells && material.atlas == wanted.atlas;
        let handle = screen.material(&mut self.materials);
        if self.materials.get(&handle).is_some_and(|material| !is(material))
            && let Some(mut material) = self.materials.get_mut(&handle)
        {
            *material = wanted;
            self.settling.begin();
        }
    }
}
