//! A node of the tree: what is done to a pane, or to a split and all that is in it.

use bevy::math::{URect, UVec2};

use super::{Axis, Edge, Side};

/// The smallest share of a part: with less it could not be seen to be grown again.
pub(super) const SMALLEST: f32 = 0.02;

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

impl<P: Copy + PartialEq> Node<P> {
    pub(super) fn each(&self, visit: &mut impl FnMut(P)) {
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

    pub(super) fn split(&mut self, pane: P, axis: Axis, new: P) -> bool {
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
    pub(super) fn without(self, pane: P) -> Option<Self> {
        match self {
            Self::Pane(own) => (own != pane).then_some(Self::Pane(own)),
            Self::Split { axis, parts } => {
                let parts = parts.into_iter().filter_map(|(share, part)| Some((share, part.without(pane)?))).collect();
                Self::Split { axis, parts }.tidied()
            }
        }
    }

    /// As it should be: no split of one part or none, none in another along the same axis, shares that are all together 1.
    pub(super) fn tidied(self) -> Option<Self> {
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

    pub(super) fn place(&self, area: URect, gap: u32, put: &mut impl FnMut(P, URect)) {
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
    pub(super) fn push_edge(&mut self, pane: P, side: Side, by: f32) -> bool {
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

    pub(super) fn edge_at(
        &self,
        position: UVec2,
        area: URect,
        gap: u32,
        within: u32,
        path: &mut Vec<usize>,
    ) -> Option<Edge> {
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

/// Where the parts of a split are.
pub(super) fn part_places<P>(axis: Axis, parts: &[(f32, Node<P>)], area: URect, gap: u32) -> Vec<URect> {
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

pub(super) fn along(axis: Axis, point: UVec2) -> u32 {
    match axis {
        Axis::Columns => point.x,
        Axis::Rows => point.y,
    }
}
