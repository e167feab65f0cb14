//! The memory of all terminals on the GPU: one buffer, in which each has a place for its header and its cells.
//!
//! So terminals of one font size have one material and are drawn at once, and what changes of neighbours is sent at once. A place is
//! exactly as large as its grid. A terminal that is not seen, in a tab behind others, keeps its own, so that its picture is there when
//! it is looked at; despawning frees it.

use std::ops::Range;

use bevy::asset::RenderAssetUsages;
use bevy::prelude::*;
use bevy::render::renderer::RenderDevice;
use bevy::render::storage::ShaderBuffer;
use scarab_protocol::surface::Grid;

use super::draw::TerminalScreen;
use super::material::{GpuCell, GridHeader};
use crate::{terminal::TerminalGrid, viewport::TerminalViewport};

/// The least size of the buffer, in cells: half a MiB, two grids of 200 by 60.
const SMALLEST: u32 = 1 << 15;
/// What a device lets a shader read at once, in bytes, if it does not say (WebGPU, "default limits").
const USUAL_BINDING: u64 = 128 << 20;

/// A terminal's part of the buffer, counted in cells: their 16 bytes are more than what writes have to be aligned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the header begins.
    pub(super) first: u32,
    len: u32,
    /// Of which [`Room::generation`] it is.
    generation: u32,
}

impl Place {
    /// Where the cells begin.
    pub(super) fn cells(self) -> u32 {
        self.first + GridHeader::CELLS
    }

    /// Whether it is as large as a grid.
    pub(super) fn fits(self, grid: &Grid) -> bool {
        self.len == needed(grid)
    }
}

/// How many cells a grid takes, its header being some of them.
fn needed(grid: &Grid) -> u32 {
    GridHeader::CELLS + u32::from(grid.cols()) * u32::from(grid.rows())
}

/// The buffer, and what of it is free. It never becomes smaller.
#[derive(Resource, Default)]
pub(super) struct Memory {
    buffer: Handle<ShaderBuffer>,
    room: Room,
    /// The largest size that the device allows, in cells; known when it is asked for.
    limit: Option<u32>,
    /// Whether there is a terminal without a place, which was said.
    is_full: bool,
}

impl Memory {
    /// The buffer; another one when it has grown.
    pub(super) fn buffer(&self) -> &Handle<ShaderBuffer> {
        &self.buffer
    }

    /// Takes a place back.
    pub(super) fn free(&mut self, place: Place) {
        self.room.free(place);
    }

    /// Takes all places back, and has room for so many cells then. Says whether the device has that much; else nothing happens.
    fn restart(&mut self, cells: u64, limit: u32, buffers: &mut Assets<ShaderBuffer>) -> bool {
        if cells > limit.into() {
            return false;
        }
        // Half as much again, so that what grows a little next does not have everything drawn again.
        let wanted = (cells + cells / 2).next_power_of_two().max(SMALLEST.into()).min(limit.into()) as u32;
        if wanted > self.room.capacity {
            // A buffer that grew would be another one on the GPU while materials still hold the old.
            let bytes = wanted as usize * size_of::<GpuCell>();
            self.buffer = buffers.add(ShaderBuffer::with_size(bytes, RenderAssetUsages::RENDER_WORLD));
        }
        self.room.restart(wanted.max(self.room.capacity));
        true
    }
}

/// What of the buffer is free.
#[derive(Debug, Default)]
struct Room {
    /// In cells.
    capacity: u32,
    /// Rises when all places are given anew. Those of before are none any more.
    generation: u32,
    /// In rising order; between any two is something that is taken.
    free: Vec<Range<u32>>,
}

impl Room {
    /// The first place that is large enough.
    fn take(&mut self, len: u32) -> Option<Place> {
        let at = self.free.iter().position(|range| range.end - range.start >= len)?;
        let first = self.free[at].start;
        self.free[at].start += len;
        if self.free[at].is_empty() {
            self.free.remove(at);
        }
        Some(Place { first, len, generation: self.generation })
    }

    fn free(&mut self, place: Place) {
        if place.generation != self.generation {
            return;
        }
        let at = self.free.partition_point(|range| range.start < place.first);
        self.free.insert(at, place.first..place.first + place.len);
        self.free.dedup_by(|next, range| {
            let touch = range.end == next.start;
            if touch {
                range.end = next.end;
            }
            touch
        });
    }

    fn restart(&mut self, capacity: u32) {
        self.capacity = capacity;
        self.generation = self.generation.wrapping_add(1);
        self.free.clear();
        self.free.push(0..capacity);
    }

    /// Whether this is a place for a grid still.
    fn is_for(&self, place: Place, grid: &Grid) -> bool {
        place.generation == self.generation && place.fits(grid)
    }
}

/// Gives every terminal a place as large as its grid. When one finds none, all are given anew, in a larger buffer if it takes one,
/// and all is drawn again. If the device allows none so large, that terminal is not drawn until others have gone.
pub(super) fn allot(
    mut memory: ResMut<Memory>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    device: Option<Res<RenderDevice>>,
    mut terminals: Query<(&TerminalGrid, Option<&TerminalViewport>, &mut TerminalScreen)>,
) {
    let memory = &mut *memory;
    // All that no longer fits is freed first, so that what grows side by side stays so.
    let (mut all, mut lacks) = (0, false);
    for (grid, viewport, mut screen) in &mut terminals {
        let seen = seen(grid, viewport);
        all += u64::from(needed(seen));
        if screen.place.is_none_or(|place| !memory.room.is_for(place, seen)) {
            lacks = true;
            if let Some(place) = screen.place.take() {
                memory.room.free(place);
            }
        }
    }
    if !lacks {
        memory.is_full = false;
        return;
    }
    let mut give = |room: &mut Room| {
        let mut enough = true;
        for (grid, viewport, mut screen) in &mut terminals {
            let seen = seen(grid, viewport);
            if screen.place.is_none_or(|place| !room.is_for(place, seen)) {
                screen.place = room.take(needed(seen));
            }
            enough &= screen.place.is_some();
        }
        enough
    };
    let limit = *memory.limit.get_or_insert_with(|| most_cells(device.as_deref()));
    let enough = give(&mut memory.room) || memory.restart(all, limit, &mut buffers) && give(&mut memory.room);
    if !enough && !memory.is_full {
        tracing::error!(
            "terminals have {all} cells, and the graphics device allows {limit}: what has no room is not drawn"
        );
    }
    memory.is_full = !enough;
}

/// What is seen of a terminal.
fn seen<'a>(grid: &'a TerminalGrid, viewport: Option<&'a TerminalViewport>) -> &'a Grid {
    viewport.map_or(&grid.grid, |viewport| viewport.grid(grid))
}

/// How many cells a shader can read on a device.
fn most_cells(device: Option<&RenderDevice>) -> u32 {
    let bytes = device.map_or(USUAL_BINDING, |device| {
        let limits = device.limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    });
    u32::try_from(bytes / size_of::<GpuCell>() as u64).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::{TerminalView, remove_parts};

    /// An App of which nothing is drawn.
    fn app(memory: Memory) -> App {
        let mut app = App::new();
        app.insert_resource(memory).init_resource::<Assets<ShaderBuffer>>().add_systems(Update, allot);
        app.world_mut().register_component_hooks::<TerminalView>().on_remove(remove_parts);
        app
    }

    fn open(app: &mut App, cols: u16, rows: u16) -> Entity {
        app.world_mut().spawn((TerminalGrid { grid: Grid::new(cols, rows) }, TerminalView::default())).id()
    }

    fn place(app: &App, terminal: Entity) -> Option<Place> {
        app.world().get::<TerminalScreen>(terminal)?.place
    }

    /// The places of terminals, which do not overlap.
    fn places(app: &App, terminals: &[Entity]) -> Vec<Place> {
        let places = terminals.iter().map(|terminal| place(app, *terminal).expect("a place for each"));
        let places: Vec<Place> = places.collect();
        assert_whole(&app.world().resource::<Memory>().room, &places);
        places
    }

    /// Every cell is free once or taken once.
    fn assert_whole(room: &Room, taken: &[Place]) {
        let taken = taken.iter().map(|place| (place.first..place.first + place.len, false));
        let mut all: Vec<_> = room.free.iter().map(|range| (range.clone(), true)).chain(taken).collect();
        all.sort_by_key(|(range, _)| range.start);
        assert_eq!(all.first().map(|(range, _)| range.start), Some(0));
        assert_eq!(all.last().map(|(range, _)| range.end), Some(room.capacity));
        for pair in all.windows(2) {
            assert_eq!(pair[0].0.end, pair[1].0.start, "{all:?}");
            assert!(!(pair[0].1 && pair[1].1), "two free ranges that touch: {all:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_and_freed_every_cell_is_one_terminals_or_free(
            steps in prop::collection::vec((1_u32..400, any::<prop::sample::Index>(), any::<bool>()), 0..60),
        ) {
            let mut room = Room::default();
            room.restart(2000);
            let mut taken = Vec::new();
            for (len, at, take) in steps {
                if take || taken.is_empty() {
                    let largest = room.free.iter().map(|range| range.end - range.start).max().unwrap_or(0);
                    let place = room.take(len);
                    prop_assert_eq!(place.is_some(), len <= largest);
                    taken.extend(place);
                } else {
                    room.free(taken.swap_remove(at.index(taken.len())));
                }
                assert_whole(&room, &taken);
            }
            taken.drain(..).for_each(|place| room.free(place));
            prop_assert_eq!((room.free.len(), room.free[0].clone()), (1, 0..2000));
        }
    }

    #[test]
    fn terminals_lie_behind_one_another_and_stay_so_when_all_grow() {
        let mut app = app(Memory::default());
        let terminals = [open(&mut app, 100, 30), open(&mut app, 90, 30), open(&mut app, 100, 20)];
        app.update();
        let before = places(&app, &terminals);
        for terminal in terminals {
            app.world_mut().get_mut::<TerminalGrid>(terminal).expect("a terminal").grid = Grid::new(110, 33);
        }
        app.update();
        let after = places(&app, &terminals);
        for places in [before, after] {
            assert!(places.windows(2).all(|pair| pair[0].first + pair[0].len == pair[1].first), "{places:?}");
        }
    }

    #[test]
    fn the_place_of_a_terminal_that_is_gone_or_became_smaller_is_the_next_ones() {
        let mut app = app(Memory::default());
        let terminals = [open(&mut app, 80, 24), open(&mut app, 80, 24), open(&mut app, 80, 24)];
        app.update();
        let before = places(&app, &terminals);
        app.world_mut().despawn(terminals[1]);
        let next = open(&mut app, 80, 24);
        app.update();
        assert_eq!(places(&app, &[terminals[0], next, terminals[2]]), before);
        app.world_mut().get_mut::<TerminalGrid>(next).expect("a terminal").grid = Grid::new(80, 4);
        let small = open(&mut app, 40, 8);
        app.update();
        let after = places(&app, &[terminals[0], next, terminals[2], small]);
        assert_eq!([after[0], after[2]], [before[0], before[2]]);
        assert!((before[1].first..before[2].first).contains(&after[3].first));
    }

    #[test]
    fn terminals_that_come_and_go_and_change_their_size_take_no_more_and_more() {
        let mut app = app(Memory::default());
        let stays = open(&mut app, 80, 24);
        let mut others = Vec::new();
        for turn in 0..500_u16 {
            others.push(open(&mut app, 20 + turn * 7 % 90, 10 + turn * 5 % 30));
            if others.len() > 4 {
                let gone = others.remove(usize::from(turn) * 3 % others.len());
                app.world_mut().despawn(gone);
            }
            app.update();
            places(&app, &[&others[..], &[stays]].concat());
        }
        assert_eq!(app.world().resource::<Memory>().room.capacity, SMALLEST);
    }

    #[test]
    fn a_buffer_that_is_too_small_is_replaced_and_all_places_are_new() {
        let mut app = app(Memory::default());
        let first = open(&mut app, 200, 60);
        app.update();
        let buffer = |app: &App| app.world().resource::<Memory>().buffer().clone();
        let before = (places(&app, &[first])[0], buffer(&app));
        let large = open(&mut app, 400, 100);
        app.update();
        let after = (places(&app, &[first, large])[0], buffer(&app));
        // Though it may lie where it lay.
        assert!(after.0 != before.0 && after.1 != before.1, "{before:?} {after:?}");
        assert!(app.world().resource::<Memory>().room.capacity >= 52_000);
    }

    #[test]
    fn without_room_on_the_device_some_are_not_drawn_until_others_have_gone() {
        let mut app = app(Memory { limit: Some(4000), ..Memory::default() });
        let terminals = [open(&mut app, 80, 24), open(&mut app, 80, 24)];
        app.update();
        places(&app, &terminals);
        let late = open(&mut app, 80, 24);
        app.update();
        let before = (places(&app, &terminals), place(&app, late));
        assert_eq!(before.1, None);
        app.update();
        assert_eq!((places(&app, &terminals), place(&app, late)), before);
        app.world_mut().despawn(terminals[0]);
        app.update();
        places(&app, &[terminals[1], late]);
    }
}
