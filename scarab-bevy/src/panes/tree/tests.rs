//! Trees after whatever has been done with them.

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
