//! How panes share an area: a tree of splits, plain data without entities or pixels of its own.

use std::cmp::Reverse;

use bevy::math::{URect, UVec2};

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

/// A pane, or a split of two parts or more.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<P> {
    /// A pane.
    Pane(P),
    /// Parts along an axis, each with its share of the whole. No part is a split along the same axis.
    Split {
        /// The axis.
        axis: Axis,
        /// Shares, all together 1, and parts.
        parts: Vec<(f32, Node<P>)>,
    },
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

/// The smallest share of a part: with less it could not be seen to be grown again.
const SMALLEST: f32 = 0.02;

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

fn along(axis: Axis, point: UVec2) -> u32 {
    match axis {
        Axis::Columns => point.x,
        Axis::Rows => point.y,
    }
}

/// Where the parts of a split are.
fn part_places<P>(axis: Axis, parts: &[(f32, Node<P>)], area: URect, gap: u32) -> Vec<URect> {
    let count = parts.len() as u32;
    let length = along(axis, area.size()).saturating_sub(gap * count.saturating_sub(1));
    let begin = along(axis, area.min);
    let (mut share, mut at) = (0.0, begin);
    let mut places = Vec::with_capacity(parts.len());
    for (number, (own, _)) in (0..).zip(parts) {
        share += own;
        // From the sum, so that rounding does not add up, and the last ends where the area does.
        let end = if number + 1 == count {
            begin + gap * number + length
        } else {
            begin + gap * number + (length as f32 * share) as u32
        };
        let end = end.max(at + 1);
        places.push(match axis {
            Axis::Columns => URect { min: UVec2::new(at, area.min.y), max: UVec2::new(end, area.max.y) },
            Axis::Rows => URect { min: UVec2::new(area.min.x, at), max: UVec2::new(area.max.x, end) },
        });
        at = end + gap;
    }
    places
}

impl<P: Copy + PartialEq> Node<P> {
    fn each(&self, visit: &mut impl FnMut(P)) {
        match self {
            Self::Pane(pane) => visit(*pane),
            Self::Split { parts, .. } => parts.iter().for_each(|(_, part)| part.each(visit)),
        }
    }

    fn contains(&self, pane: P) -> bool {
        match self {
            Self::Pane(own) => *own == pane,
            Self::Split { parts, .. } => parts.iter().any(|(_, part)| part.contains(pane)),
        }
    }

    fn split(&mut self, pane: P, axis: Axis, new: P) -> bool {
        match self {
            Self::Pane(own) if *own == pane => {
                *self = Self::Split { axis, parts: vec![(0.5, Self::Pane(pane)), (0.5, Self::Pane(new))] };
                true
            }
            Self::Pane(_) => false,
            Self::Split { axis: own, parts } => {
                // Beside others along the same axis it is one more of them.
                let here = parts.iter().position(|(_, part)| matches!(part, Self::Pane(other) if *other == pane));
                match here.filter(|_| *own == axis) {
                    Some(at) => {
                        parts[at].0 /= 2.0;
                        parts.insert(at + 1, (parts[at].0, Self::Pane(new)));
                        true
                    }
                    None => parts.iter_mut().any(|(_, part)| part.split(pane, axis, new)),
                }
            }
        }
    }

    /// The node without a pane; `None` if nothing is left.
    fn without(self, pane: P) -> Option<Self> {
        match self {
            Self::Pane(own) => (own != pane).then_some(Self::Pane(own)),
            Self::Split { axis, parts } => {
                let parts = parts.into_iter().filter_map(|(share, part)| Some((share, part.without(pane)?))).collect();
                Self::Split { axis, parts }.tidied()
            }
        }
    }

    /// As it should be: no split of one part or none, none in another along the same axis, shares that are all together 1.
    fn tidied(self) -> Option<Self> {
        let Self::Split { axis, parts } = self else { return Some(self) };
        let mut all = Vec::new();
        for (share, part) in parts {
            match part.tidied() {
                Some(Self::Split { axis: inner, parts }) if inner == axis => {
                    all.extend(parts.into_iter().map(|(own, part)| (own * share, part)));
                }
                Some(part) => all.push((share, part)),
                None => {}
            }
        }
        if all.len() <= 1 {
            return all.pop().map(|(_, part)| part);
        }
        let sum: f32 = all.iter().map(|(share, _)| *share).sum();
        let even = 1.0 / all.len() as f32;
        let is_sound = sum.is_finite() && all.iter().all(|(share, _)| *share > 1e-4 * sum);
        for (share, _) in &mut all {
            *share = if is_sound { *share / sum } else { even };
        }
        Some(Self::Split { axis, parts: all })
    }

    fn place(&self, area: URect, gap: u32, put: &mut impl FnMut(P, URect)) {
        match self {
            Self::Pane(pane) => put(*pane, area),
            Self::Split { axis, parts } => {
                for (place, (_, part)) in part_places(*axis, parts, area, gap).into_iter().zip(parts) {
                    part.place(place, gap, put);
                }
            }
        }
    }

    /// Whether an edge was moved.
    fn push_edge(&mut self, pane: P, side: Side, by: f32) -> bool {
        let Self::Split { axis, parts } = self else { return false };
        let Some(at) = parts.iter().position(|(_, part)| part.contains(pane)) else { return false };
        // The innermost split along the axis is the one that is meant.
        if parts[at].1.push_edge(pane, side, by) {
            return true;
        }
        if *axis != side.axis() {
            return false;
        }
        let before = match (side.is_forward(), at) {
            (true, at) if at + 1 < parts.len() => at,
            (false, 0) => 0,
            _ => at - 1,
        };
        let by = if side.is_forward() { by } else { -by };
        let whole = parts[before].0 + parts[before + 1].0;
        let least = SMALLEST.min(whole / 2.0);
        parts[before].0 = (parts[before].0 + by).max(least).min(whole - least);
        parts[before + 1].0 = whole - parts[before].0;
        true
    }

    fn edge_at(&self, position: UVec2, area: URect, gap: u32, within: u32, path: &mut Vec<usize>) -> Option<Edge> {
        let Self::Split { axis, parts } = self else { return None };
        let places = part_places(*axis, parts, area, gap);
        let at = along(*axis, position);
        for (before, pair) in places.windows(2).enumerate() {
            let (from, to) = (along(*axis, pair[0].max).saturating_sub(within), along(*axis, pair[1].min) + within);
            if (from..to).contains(&at) && area.contains(position) {
                return Some(Edge { path: path.clone(), before, axis: *axis });
            }
        }
        let inside = places.iter().position(|place| place.contains(position))?;
        path.push(inside);
        parts[inside].1.edge_at(position, places[inside], gap, within, path)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AREA: URect = URect { min: UVec2::new(0, 20), max: UVec2::new(801, 620) };
    const GAP: u32 = 1;

    /// What can be done with a tree; numbers choose among its panes.
    #[derive(Debug, Clone)]
    enum Step {
        Split(usize, Axis),
        Remove(usize),
        Push(usize, Side, f32),
        Drag(UVec2, UVec2),
    }

    fn step() -> impl Strategy<Value = Step> {
        let axis = prop_oneof![Just(Axis::Columns), Just(Axis::Rows)];
        let side = prop_oneof![Just(Side::Left), Just(Side::Right), Just(Side::Up), Just(Side::Down)];
        let position = || (0_u32..900, 0_u32..700).prop_map(|(x, y)| UVec2::new(x, y));
        prop_oneof![
            3 => (any::<usize>(), axis).prop_map(|(at, axis)| Step::Split(at, axis)),
            1 => any::<usize>().prop_map(Step::Remove),
            2 => (any::<usize>(), side, -0.3_f32..0.3).prop_map(|(at, side, by)| Step::Push(at, side, by)),
            2 => (position(), position()).prop_map(|(from, to)| Step::Drag(from, to)),
        ]
    }

    proptest! {
        #[test]
        fn panes_share_the_area_whatever_is_done(steps in prop::collection::vec(step(), 0..12)) {
            let mut tree = Tree::new(0);
            let (mut next, mut expected) = (1, vec![0]);
            for step in steps {
                let chosen = |at: usize| expected[at % expected.len()];
                match step {
                    Step::Split(at, axis) => {
                        prop_assert!(tree.split(chosen(at), axis, next));
                        expected.push(next);
                        next += 1;
                    }
                    Step::Remove(at) => {
                        let pane = chosen(at);
                        let focus = tree.remove(pane);
                        prop_assert_eq!(focus.is_some(), expected.len() > 1);
                        if let Some(focus) = focus {
                            expected.retain(|other| *other != pane);
                            prop_assert!(expected.contains(&focus));
                        }
                    }
                    Step::Push(at, side, by) => tree.push_edge(chosen(at), side, by),
                    Step::Drag(from, to) => {
                        if let Some(edge) = tree.edge_at(from, AREA, GAP, 3) {
                            tree.move_edge(&edge, to, AREA, GAP);
                        }
                    }
                }
                let mut panes = tree.panes();
                panes.sort_unstable();
                let mut sorted = expected.clone();
                sorted.sort_unstable();
                prop_assert_eq!(panes, sorted);
                let places = tree.places(AREA, GAP);
                for (at, (pane, place)) in places.iter().enumerate() {
                    prop_assert!(place.width() > 0 && place.height() > 0, "{pane}: {place:?}");
                    for (other, there) in &places[..at] {
                        let apart = place.min.x >= there.max.x
                            || there.min.x >= place.max.x
                            || place.min.y >= there.max.y
                            || there.min.y >= place.max.y;
                        prop_assert!(apart, "{pane} {place:?} and {other} {there:?}");
                    }
                }
                prop_assert_eq!(Tree::from_node(tree.node().clone()).map(|saved| saved.panes()), Some(tree.panes()));
            }
        }
    }

    #[test]
    fn splits_along_one_axis_are_one_split() {
        let mut tree = Tree::new('a');
        assert!(tree.split('a', Axis::Columns, 'b') && tree.split('b', Axis::Columns, 'c'));
        assert!(tree.split('a', Axis::Rows, 'd') && !tree.split('z', Axis::Rows, 'y'));
        let places = tree.places(AREA, GAP);
        let x = |pane| places.iter().find(|(own, _)| *own == pane).map(|(_, place)| (place.min.x, place.max.x));
        assert_eq!([x('a'), x('d'), x('b'), x('c')], [(0, 399), (0, 399), (400, 600), (601, 801)].map(Some));
        assert_eq!(tree.remove('a'), Some('d'));
        assert_eq!(tree.panes(), ['d', 'b', 'c']);
    }

    #[test]
    fn the_neighbour_is_the_one_that_is_seen_there() {
        let mut tree = Tree::new('a');
        tree.split('a', Axis::Columns, 'b');
        tree.split('b', Axis::Rows, 'c');
        tree.push_edge('b', Side::Down, 0.2);
        let from = |pane, side| tree.neighbour(pane, side, AREA, GAP);
        assert_eq!([from('a', Side::Right), from('b', Side::Down), from('c', Side::Left)], ['b', 'c', 'a'].map(Some));
        assert_eq!([from('a', Side::Left), from('a', Side::Up), from('c', Side::Right)], [None; 3]);
    }

    #[test]
    fn what_was_saved_wrong_is_mended_or_refused() {
        let pane = |pane: char| Node::Pane(pane);
        let one = Node::Split { axis: Axis::Rows, parts: vec![(f32::NAN, pane('a'))] };
        assert_eq!(Tree::from_node(one).map(|tree| tree.panes()), Some(vec!['a']));
        let none: Node<char> = Node::Split { axis: Axis::Rows, parts: Vec::new() };
        assert!(Tree::from_node(none).is_none());
        let twice = Node::Split { axis: Axis::Rows, parts: vec![(0.5, pane('a')), (0.5, pane('a'))] };
        assert!(Tree::from_node(twice).is_none());
        let uneven = Node::Split { axis: Axis::Rows, parts: vec![(f32::INFINITY, pane('a')), (-1.0, pane('b'))] };
        let mended = Tree::from_node(uneven).expect("two panes");
        assert_eq!(mended.node(), &Node::Split { axis: Axis::Rows, parts: vec![(0.5, pane('a')), (0.5, pane('b'))] });
    }
}
