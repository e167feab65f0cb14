//! The memory of all terminals on the GPU: one buffer, in which each has a place for its header and its cells.
//!
//! So terminals of one font size have one material and are drawn at once, and what changes of neighbours is sent at once. A place is
//! exactly as large as its grid. A terminal that is not seen, in a tab behind others, keeps its own, so that its picture is there when
//! it is looked at; despawning frees it.

use bevy::asset::RenderAssetUsages;
use bevy::ecs::query::QueryData;
use bevy::prelude::*;
use bevy::render::renderer::RenderDevice;
use bevy::render::storage::ShaderBuffer;

use super::draw::TerminalScreen;
use super::material::{GpuCell, GridHeader};
use super::room::{Place, Room};
use crate::{terminal::TerminalGrid, viewport::TerminalViewport};

/// The least size of the buffer, in cells: half a MiB, two grids of 200 by 60.
const SMALLEST: u32 = 1 << 15;
/// What a device lets a shader read at once, in bytes, if it does not say (WebGPU, "default limits").
const USUAL_BINDING: u64 = 128 << 20;

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

    /// Takes all places back, and has room for at least so many cells then, of which there are no more than `limit`.
    fn restart(&mut self, cells: u32, limit: u32, buffers: &mut Assets<ShaderBuffer>) {
        // Half as much again, so that what grows a little next does not have everything drawn again.
        let roomy = (u64::from(cells) + u64::from(cells) / 2).next_power_of_two().max(SMALLEST.into());
        let wanted = roomy.min(limit.into()) as u32;
        if wanted > self.room.capacity {
            // A buffer that grew would be another one on the GPU while materials still hold the old.
            let bytes = wanted as usize * size_of::<GpuCell>();
            self.buffer = buffers.add(ShaderBuffer::with_size(bytes, RenderAssetUsages::RENDER_WORLD));
        }
        self.room.restart(wanted.max(self.room.capacity));
    }
}

/// A terminal, as far as its place goes.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Claimant {
    grid: &'static TerminalGrid,
    viewport: Option<&'static TerminalViewport>,
    visibility: Option<&'static InheritedVisibility>,
    screen: &'static mut TerminalScreen,
}

impl ClaimantItem<'_, '_> {
    /// How many cells what is seen of it takes, its header being some of them.
    fn needed(&self) -> u32 {
        let grid = self.viewport.map_or(&self.grid.grid, |viewport| viewport.grid(self.grid));
        GridHeader::CELLS + u32::from(grid.cols()) * u32::from(grid.rows())
    }

    /// Whether it was seen in the last update: who is seen in this one is found out after drawing.
    fn is_seen(&self) -> bool {
        self.visibility.is_none_or(|visibility| visibility.get())
    }

    /// Whether it has a place of its size.
    fn is_placed(&self, room: &Room) -> bool {
        self.screen.place.is_some_and(|place| room.holds(place, self.needed()))
    }
}

/// Gives every terminal a place as large as its grid. When one finds none, all are given anew, in a larger buffer if it takes one,
/// and all is drawn again. What the device allows goes to terminals that are seen before others, and to those that have a place
/// before those that have none; what is too large for the rest is left out, and has no place until others have gone.
pub(super) fn allot(
    memory: &mut Memory,
    buffers: &mut Assets<ShaderBuffer>,
    device: Option<&RenderDevice>,
    mut terminals: Query<Claimant>,
) {
    // All that no longer fits is freed first, so that what grows side by side stays so.
    let mut lacks = false;
    for mut terminal in &mut terminals {
        if !terminal.is_placed(&memory.room) {
            lacks = true;
            if let Some(place) = terminal.screen.place.take() {
                memory.room.free(place);
            }
        }
    }
    if !lacks {
        memory.is_full = false;
        return;
    }
    let limit = *memory.limit.get_or_insert_with(|| most_cells(device));
    let mut terminals: Vec<_> = terminals.iter_mut().collect();
    terminals.sort_by_key(|terminal| (!terminal.is_seen(), terminal.screen.place.is_none()));
    let mut enough = give(&mut terminals, &mut memory.room);
    if !enough && let Some(cells) = better(&terminals, limit) {
        memory.restart(cells, limit, buffers);
        enough = give(&mut terminals, &mut memory.room);
    }
    if !enough && !memory.is_full {
        let all: u64 = terminals.iter().map(|terminal| u64::from(terminal.needed())).sum();
        tracing::error!(
            "terminals have {all} cells, and the graphics device allows {limit}: what has no room is not drawn"
        );
    }
    memory.is_full = !enough;
}

/// Gives a place to each that has none, and says whether there was one for all.
fn give(terminals: &mut [ClaimantItem<'_, '_>], room: &mut Room) -> bool {
    let mut enough = true;
    for terminal in terminals {
        if !terminal.is_placed(room) {
            terminal.screen.place = room.take(terminal.needed());
        }
        enough &= terminal.screen.place.is_some();
    }
    enough
}

/// How many cells those take that the device has room for, in their order; nothing if all of them have a place. With
/// so much room, giving all places anew in the same order gives one to just these: what is left out is larger than what is free.
fn better(terminals: &[ClaimantItem<'_, '_>], limit: u32) -> Option<u32> {
    let (mut cells, mut lacks) = (0, false);
    for terminal in terminals {
        let needed = terminal.needed();
        if needed <= limit - cells {
            cells += needed;
            lacks |= terminal.screen.place.is_none();
        }
    }
    lacks.then_some(cells)
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
    use scarab_protocol::surface::Grid;

    use super::*;
    use crate::render::room::tests::assert_whole;
    use crate::render::{TerminalView, remove_parts};

    impl Memory {
        /// That of a device that allows so many cells.
        pub(in crate::render) fn with_limit(cells: u32) -> Self {
            Self { limit: Some(cells), ..Self::default() }
        }
    }

    /// An App of which nothing is drawn.
    fn app(memory: Memory) -> App {
        let mut app = App::new();
        app.insert_resource(memory).init_resource::<Assets<ShaderBuffer>>().add_systems(Update, allot_all);
        app.world_mut().register_component_hooks::<TerminalView>().on_remove(remove_parts);
        app
    }

    fn allot_all(mut memory: ResMut<Memory>, mut buffers: ResMut<Assets<ShaderBuffer>>, terminals: Query<Claimant>) {
        allot(&mut memory, &mut buffers, None, terminals);
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
    fn what_is_free_in_pieces_is_brought_together_for_a_larger_terminal() {
        let mut app = app(Memory::default());
        // One after the other, so that they fill the smallest buffer rather than have a larger one.
        let mut terminals = Vec::new();
        for _ in 0..8 {
            terminals.push(open(&mut app, 100, 40));
            app.update();
        }
        for at in [7, 5, 3, 1] {
            app.world_mut().despawn(terminals.swap_remove(at));
        }
        let buffer = |app: &App| app.world().resource::<Memory>().buffer().clone();
        let before = (places(&app, &terminals), buffer(&app));
        let larger = open(&mut app, 100, 50);
        app.update();
        let after = places(&app, &[&terminals[..], &[larger]].concat());
        assert_eq!((buffer(&app), app.world().resource::<Memory>().room.capacity), (before.1.clone(), SMALLEST));
        // All are drawn again, though the first lies where it lay, and a place of before is none to be given back.
        assert!(before.0.iter().all(|place| !after.contains(place)), "{before:?} {after:?}");
        before.0.iter().for_each(|place| app.world_mut().resource_mut::<Memory>().free(*place));
        assert_whole(&app.world().resource::<Memory>().room, &after);
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
        let mut app = app(Memory::with_limit(4000));
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

    #[test]
    fn a_terminal_too_large_for_the_device_takes_nothing_from_the_others() {
        let mut app = app(Memory::with_limit(100_000));
        let giant = open(&mut app, 400, 300);
        let mut terminals = vec![open(&mut app, 80, 24)];
        app.update();
        // More than the smallest buffer holds: it grows for them.
        for (cols, rows) in [(200, 100), (200, 150)] {
            terminals.push(open(&mut app, cols, rows));
            app.update();
            places(&app, &terminals);
            assert_eq!(place(&app, giant), None);
        }
        let before = places(&app, &terminals);
        app.update();
        assert_eq!(places(&app, &terminals), before);
    }

    #[test]
    fn pieces_are_brought_together_on_a_full_device_too() {
        let mut app = app(Memory::with_limit(6000));
        let terminals = [open(&mut app, 80, 24), open(&mut app, 80, 24), open(&mut app, 80, 24)];
        app.update();
        places(&app, &terminals);
        app.world_mut().despawn(terminals[1]);
        let larger = open(&mut app, 100, 20);
        app.update();
        places(&app, &[terminals[0], larger, terminals[2]]);
    }

    #[test]
    fn what_is_seen_has_a_place_before_what_is_not() {
        let mut app = app(Memory::with_limit(4000));
        let [first, second, third] = [(); 3].map(|()| open(&mut app, 80, 24));
        let see = |app: &mut App, seen: Entity| {
            for terminal in [first, second, third] {
                let visibility =
                    if terminal == seen { InheritedVisibility::VISIBLE } else { InheritedVisibility::HIDDEN };
                app.world_mut().entity_mut(terminal).insert(visibility);
            }
            app.update();
            assert!(place(app, seen).is_some());
            let placed: Vec<_> = [first, second, third].map(|terminal| place(app, terminal)).to_vec();
            assert_eq!(placed.iter().flatten().count(), 2, "{placed:?}");
            app.update();
            assert_eq!([first, second, third].map(|terminal| place(app, terminal)).to_vec(), placed);
        };
        for seen in [third, second, third, first] {
            see(&mut app, seen);
        }
    }
}
