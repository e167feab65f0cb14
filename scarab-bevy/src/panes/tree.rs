//! How panes share an area: a tree of splits, plain data without entities or pixels of its own.

mod node;

use std::cmp::Reverse;

use bevy::math::{URect, UVec2};

pub use self::node::Node;
use self::node::{SMALLEST, along, part_places};

/// How the parts of a split lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Side by side.
    Columns,
    /// One below the other.
    Rows,
}

/// Where something is from somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// At the left.
    Left,
    /// At the right.
    Right,
    /// Above.
    Up,
    /// Below.
    Down,
}

impl Side {
    fn axis(self) -> Axis {
        match self {
            Self::Left | Self::Right => Axis::Columns,
            Self::Up | Self::Down => Axis::Rows,
        }
    }

    fn is_forward(self) -> bool {
        matches!(self, Self::Right | Self::Down)
    }
}

/// Panes in splits. Each pane is in it once, and there is always one.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree<P> {
    root: Node<P>,
}

/// An edge between two panes that can be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The way to its split, from the root.
    path: Vec<usize>,
    /// The part before it.
    before: usize,
    axis: Axis,
}

impl Edge {
    /// How the parts at its sides lie.
    pub fn axis(&self) -> Axis {
        self.axis
    }
}

impl<P: Copy + PartialEq> Tree<P> {
    /// One pane.
    pub fn new(pane: P) -> Self {
        Self { root: Node::Pane(pane) }
    }

    /// The tree of a node, as it was saved. Splits of one part are that part, shares that make no sense are made even.
    /// `None` if there is no pane, or one twice.
    pub fn from_node(root: Node<P>) -> Option<Self> {
        let tree = Self { root: root.tidied()? };
        let panes = tree.panes();
        let all_once = panes.iter().enumerate().all(|(at, pane)| !panes[..at].contains(pane));
        all_once.then_some(tree)
    }

    /// The root, to be saved.
    pub fn node(&self) -> &Node<P> {
        &self.root
    }

    /// All panes, in the order in which they are read.
    pub fn panes(&self) -> Vec<P> {
        let mut panes = Vec::new();
        self.root.each(&mut |pane| panes.push(pane));
        panes
    }

    /// Splits a pane in two halves, the new one behind it. Whether the pane was there.
    pub fn split(&mut self, pane: P, axis: Axis, new: P) -> bool {
        self.root.split(pane, axis, new)
    }

    /// Takes a pane out; its neighbours share its place. Gives the pane that is there now, or `None` if it was not there or is the last.
    pub fn remove(&mut self, pane: P) -> Option<P> {
        let panes = self.panes();
        let at = panes.iter().position(|other| *other == pane).filter(|_| panes.len() > 1)?;
        let root = std::mem::replace(&mut self.root, Node::Pane(pane));
        self.root = root.without(pane)?;
        // The one before it in reading order is beside it or above.
        Some(panes[if at == 0 { 1 } else { at - 1 }])
    }

    /// Where each pane is in an area, with a gap of so many pixels between them. No pane has less than one pixel each way, which may
    /// then lie outside.
    pub fn places(&self, area: URect, gap: u32) -> Vec<(P, URect)> {
        let mut places = Vec::new();
        self.root.place(area, gap, &mut |pane, place| places.push((pane, place)));
        places
    }

    /// The pane beside another, as it is seen: of several, the one that shares the longest edge.
    pub fn neighbour(&self, pane: P, side: Side, area: URect, gap: u32) -> Option<P> {
        let places = self.places(area, gap);
        let own = places.iter().find(|(other, _)| *other == pane)?.1;
        let beside = places.iter().filter(|(other, place)| {
            *other != pane
                && match side {
                    Side::Left => place.max.x <= own.min.x,
                    Side::Right => place.min.x >= own.max.x,
                    Side::Up => place.max.y <= own.min.y,
                    Side::Down => place.min.y >= own.max.y,
                }
        });
        let shared = |place: &URect| match side.axis() {
            Axis::Columns => place.max.y.min(own.max.y).saturating_sub(place.min.y.max(own.min.y)),
            Axis::Rows => place.max.x.min(own.max.x).saturating_sub(place.min.x.max(own.min.x)),
        };
        let distance = |place: &URect| match side {
            Side::Left => own.min.x - place.max.x,
            Side::Right => place.min.x - own.max.x,
            Side::Up => own.min.y - place.max.y,
            Side::Down => place.min.y - own.max.y,
        };
        beside
            .filter(|(_, place)| shared(place) > 0)
            .min_by_key(|(_, place)| (distance(place), Reverse(shared(place))))
            .map(|(pane, _)| *pane)
    }

    /// Moves the edge of a pane by a share of its split: the one at that side, or where there is none the one at the other.
    pub fn push_edge(&mut self, pane: P, side: Side, by: f32) {
        self.root.push_edge(pane, side, by);
    }

    /// The edge near a position, within so many pixels.
    pub fn edge_at(&self, position: UVec2, area: URect, gap: u32, within: u32) -> Option<Edge> {
        let mut path = Vec::new();
        self.root.edge_at(position, area, gap, within, &mut path)
    }

    /// Moves an edge to a position.
    pub fn move_edge(&mut self, edge: &Edge, position: UVec2, area: URect, gap: u32) {
        let (mut node, mut area) = (&mut self.root, area);
        for at in &edge.path {
            let Node::Split { axis, parts } = node else { return };
            let Some(place) = part_places(*axis, parts, area, gap).get(*at).copied() else { return };
            area = place;
            node = &mut parts[*at].1;
        }
        let Node::Split { axis, parts } = node else { return };
        let places = part_places(*axis, parts, area, gap);
        if *axis != edge.axis || edge.before + 1 >= parts.len() {
            return;
        }
        let (start, end) = (along(*axis, places[edge.before].min), along(*axis, places[edge.before + 1].max));
        let whole = parts[edge.before].0 + parts[edge.before + 1].0;
        let part = along(*axis, position).saturating_sub(start) as f32 / end.saturating_sub(start).max(1) as f32;
        let least = SMALLEST.min(whole / 2.0);
        parts[edge.before].0 = (whole * part).max(least).min(whole - least);
        parts[edge.before + 1].0 = whole - parts[edge.before].0;
    }
}

#[cfg(test)]
mod tests;
