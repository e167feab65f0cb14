//! The link that the pointer is on.

use bevy::prelude::*;

use super::{keyboard::Held, mouse::Pointer, seat::Seat};
use crate::{
    links::{HoveredLink, link_at},
    scrollback::{Lines, Scrollback},
    select::Place,
    terminal::Terminal,
};

/// What was looked at last, and what it looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Looked {
    place: Option<(Entity, Place)>,
    frame: u64,
}

/// Looks for a link under the pointer, when that has moved or what is under it has changed.
pub(super) fn hover(
    pointer: Res<Pointer>,
    held: Res<Held>,
    mut looked: Local<Looked>,
    seats: Query<(Seat, Ref<Scrollback>), With<Terminal>>,
    mut links: Query<(Entity, &mut HoveredLink)>,
) {
    let under = pointer.over().and_then(|over| seats.get(over).ok());
    let place = under.as_ref().and_then(|(seat, _)| pointer.place_on(seat, held.mods()));
    let now = Looked {
        place: under.as_ref().and_then(|(seat, _)| Some((seat.terminal, place?))),
        frame: under.as_ref().map_or(0, |(seat, _)| seat.screen.grid.frame),
    };
    let has_lines = under.as_ref().is_some_and(|(_, scrollback)| scrollback.is_changed());
    if *looked == now && !has_lines {
        return;
    }
    *looked = now;
    let found = under.zip(place).and_then(|((seat, scrollback), place)| {
        let lines = Lines { screen: &seat.screen.grid, scrollback: &scrollback };
        Some((seat.terminal, link_at(place, lines)?))
    });
    let (mut terminal, mut link) = (None, None);
    if let Some((of, found)) = found {
        (terminal, link) = (Some(of), Some(found));
    }
    for (entity, mut hovered) in &mut links {
        let own = if terminal == Some(entity) { link.take() } else { None };
        hovered.set_if_neq(HoveredLink(own));
    }
}
