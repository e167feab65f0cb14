//! Brings what changed on a terminal's grid to its quad.

use bevy::ecs::query::QueryData;
use bevy::ecs::system::SystemParam;
use bevy::mesh::MeshTag;
use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy::render::renderer::RenderDevice;
use bevy::render::storage::ShaderBuffer;
use bevy::sprite_render::MeshMaterial2d;

use super::atlas::{Atlas, Glyph};
use super::blink::Blink;
use super::cells::{self, DefaultCursor, Look, encode_row, header};
use super::font::{FontMissing, FontSettings, Fonts, Received};
use super::joined::Joined;
use super::layout::{TerminalMetrics, TerminalQuad, TerminalView, font_pixels, opacity};
use super::material::{GpuCell, GridHeader, GridMaterial};
use super::memory::{Claimant, Memory, allot};
use super::preedit::composed;
use super::raster::{Cluster, Rasterizer};
use super::room::Place;
use super::settle::Settling;
use super::theme::{Colors, Flashing, TerminalTheme, ThemeOverride};
use super::upload::{TileUploads, Uploads};
use crate::{
    highlight::TerminalHighlights, preedit::TerminalPreedit, terminal::TerminalGrid, viewport::TerminalViewport,
};

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
    /// Where the grid is in the buffer of all terminals; nowhere while that is full.
    pub(super) place: Option<Place>,
    drawn: Option<Drawn>,
    /// Which rows have text that blinks.
    blinking: Vec<bool>,
}

/// What the buffer was last filled with.
struct Drawn {
    place: Place,
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
pub(super) fn update_fonts(
    settings: Res<FontSettings>,
    mut fonts: ResMut<Fonts>,
    mut atlases: ResMut<Atlases>,
    mut missing: MessageWriter<FontMissing>,
) {
    let mut received = Received::Nothing;
    if fonts.is_searching() {
        received = fonts.receive();
        if let Some(told) = fonts.take_missing() {
            tracing::warn!("{told}");
            missing.write(told);
        }
    }
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
    is_flashing: Has<Flashing>,
    screen: &'static mut TerminalScreen,
}

/// What every terminal is drawn with.
#[derive(SystemParam)]
pub(super) struct Painter<'w, 's> {
    fonts: ResMut<'w, Fonts>,
    memory: ResMut<'w, Memory>,
    settling: ResMut<'w, Settling>,
    uploads: ResMut<'w, Uploads>,
    blink: Res<'w, Blink>,
    cursor: Res<'w, DefaultCursor>,
    rasterizer: Local<'s, Rasterizer>,
    quads: Query<'w, 's, Quad, With<TerminalQuad>>,
}

/// What of a quad is drawing's.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Quad {
    material: &'static mut MeshMaterial2d<GridMaterial>,
    tag: &'static mut MeshTag,
    visibility: &'static mut Visibility,
}

/// Draws every terminal whose grid, colours, font or size changed. First each is given a place in the buffer. Both are one system,
/// so that no grid gets another size in between.
pub(super) fn draw(
    settings: Res<FontSettings>,
    theme: Res<TerminalTheme>,
    mut atlases: ResMut<Atlases>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<GridMaterial>>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    device: Option<Res<RenderDevice>>,
    mut painter: Painter,
    mut terminals: ParamSet<(Query<Claimant>, Query<Drawable>)>,
) {
    allot(&mut painter.memory, &mut buffers, device.as_deref(), terminals.p0());
    let mut terminals = terminals.p1();
    let Atlases { by_size, epoch } = &mut *atlases;
    // An atlas that turns out too small starts again, and whoever drew from it draws once more: larger as often as it can
    // grow, and once with what is on screen alone.
    let mut emptied = false;
    loop {
        for mut terminal in &mut terminals {
            let pixels = font_pixels(terminal.view, &settings, terminal.metrics.scale_factor);
            let size = (pixels * 64.0).round() as u32;
            let atlas = by_size.entry(size).or_insert_with(|| {
                let cell = painter.fonts.measure(pixels, settings.line_height());
                Atlas::new(pixels, cell, &mut images, &mut materials)
            });
            atlas.is_used = true;
            let glyphs = Glyphs { size, epoch: *epoch, generation: atlas.generation };
            // Compared by value, so that nothing is missed when the resource and the override take turns.
            let colors = Colors::new(terminal.theme.map_or(&theme, |theme| &theme.0), &terminal.grid.grid);
            let colors = if terminal.is_flashing { colors.flashing() } else { colors };
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
    by_size.retain(|_, atlas| std::mem::take(&mut atlas.is_used));
    for atlas in by_size.values() {
        if atlas.point_material(painter.memory.buffer(), &mut materials) {
            painter.settling.begin();
        }
    }
}

/// Where glyphs come from.
struct Source<'a> {
    atlas: &'a mut Atlas,
    fonts: &'a mut Fonts,
    rasterizer: &'a mut Rasterizer,
    uploads: &'a mut TileUploads,
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
        let Some(place) = screen.place else {
            screen.drawn = None;
            screen.blinking.clear();
            self.hide(screen.quad);
            return;
        };
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
        let (padding, focused, cursor) = (metrics.padding, view.focused, self.cursor.0);
        let look = Look { padding, focused, cursor, opacity: opacity(view) };
        let mut header = header(grid, &colors, &atlas.cell, screen.size.into(), look);
        header.grid[1] = seen_rows.into();
        if self.blink.hides(grid.cursor, view.focused) {
            header.cursor = GridHeader::NO_CURSOR;
        }
        header.blink_off = self.blink.hides_text().into();
        header.shift = (shift * atlas.cell.height as f32) as u32;
        let (cols, rows) = (u32::from(grid.cols()), grid.rows());
        let all = screen.drawn.as_ref().is_none_or(|drawn| {
            drawn.place != place
                || drawn.glyphs != glyphs
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
        if all {
            self.show(screen.quad, &atlas.material, place);
        }
        screen.blinking.resize(rows.into(), false);
        let before = screen.drawn.as_ref().filter(|_| !all);
        let is_damaged = |row: &u16| {
            before.is_none_or(|drawn| {
                grid.row_frame(*row) > drawn.frame || drawn.highlights.row(*row) != highlights.row(*row)
            })
        };
        let mut damaged = (0..rows).filter(is_damaged).peekable();
        let (buffer, ligatures) = (self.memory.buffer().id(), self.fonts.joins_signs());
        let Uploads { cells, tiles } = &mut *self.uploads;
        // It goes with the first row, so that terminals of which all changes are one piece, as far as they lie side by side.
        if all || header_changed || damaged.peek() == Some(&0) {
            cells.write(buffer, place.first, |out| out.extend_from_slice(header.as_cells()));
        }
        let mut source = Source { atlas, fonts: &mut self.fonts, rasterizer: &mut self.rasterizer, uploads: tiles };
        for row in damaged {
            let highlights = highlights.row(row);
            let encoded = cells.write(buffer, place.cells() + u32::from(row) * cols, |out| {
                encode_row(grid, row, &colors, highlights, ligatures, &mut source, out);
            });
            screen.blinking[usize::from(row)] = encoded.iter().any(|cell| cell.glyph & GpuCell::BLINK != 0);
        }
        let highlights = highlights.clone();
        let (frame, preedit) = (grid.frame, preedit.cloned());
        screen.drawn = Some(Drawn { place, frame, scrolled_back, glyphs, colors, header, highlights, preedit });
    }

    /// Has a quad show what is at this place in the buffer.
    fn show(&mut self, quad: Option<Entity>, material: &Handle<GridMaterial>, place: Place) {
        let Some(mut quad) = quad.and_then(|quad| self.quads.get_mut(quad).ok()) else { return };
        quad.material.set_if_neq(MeshMaterial2d(material.clone()));
        quad.tag.set_if_neq(MeshTag(place.first));
        if quad.visibility.set_if_neq(Visibility::Inherited) {
            self.settling.begin();
        }
    }

    /// Has a quad show nothing. Its material stays: without one it would be left as it was among what is drawn together.
    fn hide(&mut self, quad: Option<Entity>) {
        if let Some(mut quad) = quad.and_then(|quad| self.quads.get_mut(quad).ok()) {
            quad.visibility.set_if_neq(Visibility::Hidden);
        }
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::surface::{Attrs, Cell, Color, Grid, RowExtras};

    use super::*;

    /// A grid with a sign that blinks.
    fn grid(cols: u16, rows: u16) -> Grid {
        let mut grid = Grid::new(cols, rows);
        let cells = vec![Cell::new('x', Attrs::BLINK, Color::Default, Color::Default); cols.into()];
        grid.set_row(0, 1, &cells, RowExtras::default());
        grid
    }

    #[test]
    fn a_terminal_that_loses_its_place_is_hidden_and_comes_back_with_one() {
        let mut app = App::new();
        app.insert_resource(Memory::with_limit(2000))
            .init_resource::<FontSettings>()
            .init_resource::<TerminalTheme>()
            .init_resource::<Fonts>()
            .init_resource::<Atlases>()
            .init_resource::<Uploads>()
            .init_resource::<Blink>()
            .init_resource::<DefaultCursor>()
            .init_resource::<Settling>()
            .init_resource::<Assets<Image>>()
            .init_resource::<Assets<GridMaterial>>()
            .init_resource::<Assets<ShaderBuffer>>()
            .add_systems(Update, draw);
        let quad = app.world_mut().spawn(TerminalQuad).id();
        let screen = TerminalScreen { quad: Some(quad), ..TerminalScreen::default() };
        let terminal = (TerminalGrid::default(), TerminalView::default(), screen);
        let terminal = app.world_mut().spawn(terminal).id();
        // What of it is seen, whether it blinks, and how often something has come up.
        let mut drawn = |cols, rows| {
            app.world_mut().get_mut::<TerminalGrid>(terminal).expect("a terminal").grid = grid(cols, rows);
            app.update();
            let visibility = *app.world().get::<Visibility>(quad).expect("a quad");
            let blinks = app.world().get::<TerminalScreen>(terminal).expect("a terminal").blinks();
            (visibility, blinks, app.world().resource::<Settling>().begun)
        };
        let first = drawn(80, 24);
        assert_eq!((first.0, first.1), (Visibility::Inherited, true));
        assert_eq!(drawn(80, 30), (Visibility::Hidden, false, first.2));
        assert_eq!(drawn(80, 20), (Visibility::Inherited, true, first.2 + 1));
    }
}
