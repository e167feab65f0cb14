//! What an outbox keeps, sends again and drops, whatever becomes of its connection.

use super::*;

fn credit(taken: u64, may_send_through: u64) -> InputCredit {
    InputCredit { taken, may_send_through }
}

#[test]
fn what_exceeds_the_bound_is_refused_whole() {
    let mut outbox = Outbox::default();
    let big: Arc<[u8]> = vec![0; HELD_LIMIT as usize].into();
    outbox.push_bytes(big).expect("just fits");
    assert_eq!(outbox.push_event(Item::Focus(true)), Err(InputRejected::Full { held: HELD_LIMIT }));
    assert_eq!(outbox.clear(), HELD_LIMIT);
    outbox.push_event(Item::Focus(true)).expect("room again");
}

#[test]
fn a_paste_is_cut_into_pieces_of_which_one_is_first_and_one_last() {
    let mut outbox = Outbox::default();
    outbox.push_paste(vec![b'x'; 3 * Input::MAX_BYTES + 1].into()).expect("fits");
    let ends: Vec<(bool, bool)> = outbox
        .items
        .iter()
        .map(|item| match item {
            Item::Paste { first, last, .. } => (*first, *last),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ends, [(true, false), (false, false), (false, false), (false, true)]);
}

fn row(lane: u64) -> Row {
    Row { session: SessionId { epoch: 1, number: 1 }, lane }
}

/// An outbox that has sent some of what it holds, as if it had a connection.
fn sent(pieces: &[&[u8]], kept: &[&[u8]]) -> Outbox {
    let mut outbox = Outbox::default();
    outbox.joined(row(1), credit(0, 1 << 20));
    for piece in pieces {
        outbox.push_bytes((*piece).into()).expect("fits");
        let cost = outbox.items[outbox.sent].cost();
        outbox.next += cost;
        outbox.sent += 1;
        outbox.merge_sent();
    }
    for piece in kept {
        outbox.push_bytes((*piece).into()).expect("fits");
    }
    outbox
}

fn bytes(outbox: &Outbox) -> Vec<u8> {
    let of = |item: &Item| match item {
        Item::Typed(bytes) => bytes.clone(),
        Item::Bytes { data, range } | Item::Paste { data, range, .. } => data[range.clone()].to_vec(),
        Item::Mouse(_) | Item::Focus(_) => Vec::new(),
    };
    outbox.items.iter().flat_map(of).collect()
}

#[test]
fn in_a_new_row_what_may_have_arrived_is_not_sent_again() {
    let mut outbox = sent(&[b"sent"], &[b"kept"]);
    assert_eq!(outbox.joined(row(2), credit(0, 100)), 4);
    assert_eq!((outbox.held(), bytes(&outbox)), (4, b"kept".to_vec()));
}

#[test]
fn in_the_same_row_all_that_was_not_taken_is_sent_again() {
    let mut outbox = sent(&[b"one ", b"two ", &[b'x'; 600], b"three"], &[b"kept"]);
    assert_eq!(outbox.joined(row(1), credit(6, 1 << 20)), 0);
    assert_eq!((outbox.taken, outbox.next, outbox.sent), (6, 6, 0));
    assert_eq!(bytes(&outbox), [b"o ".as_slice(), &[b'x'; 600], b"threekept"].concat());
    assert_eq!(outbox.held(), 2 + 600 + 9);
}

#[test]
fn a_daemon_that_claims_to_have_taken_what_was_not_sent_is_not_believed() {
    let mut outbox = sent(&[b"sent"], &[b"kept"]);
    assert_eq!(outbox.joined(row(1), credit(5, 100)), 4);
    assert_eq!((outbox.next, bytes(&outbox)), (5, b"kept".to_vec()));
}

#[test]
fn credit_after_a_clearing_is_counted_from_what_was_sent() {
    let mut outbox = sent(&[&[b'x'; 100]], &[]);
    outbox.clear();
    outbox.push_bytes(b"new".as_slice().into()).expect("fits");
    (outbox.next, outbox.sent) = (103, 1);
    outbox.credit(credit(100, 1 << 20));
    assert_eq!(bytes(&outbox), b"new");
}

proptest::proptest! {
    /// Whatever pieces are typed, and wherever in what was sent the connection breaks, what is sent again goes on there.
    #[test]
    fn every_byte_is_kept_until_it_is_taken(
        pieces in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 1..700), 1..12),
        split in 0usize..12,
        cut in 0.0f64..=1.0,
    ) {
        let (before, after) = pieces.split_at(split.min(pieces.len()));
        let slices = |pieces: &[Vec<u8>]| pieces.concat();
        let mut outbox = sent(
            &before.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            &after.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        );
        let all = slices(&pieces);
        // The daemon takes whole items.
        let ends: Vec<usize> = before.iter().scan(0, |end, piece| { *end += piece.len(); Some(*end) }).collect();
        let taken = ends.iter().rev().find(|end| **end as f64 <= cut * slices(before).len() as f64).copied().unwrap_or(0);
        let half = ends.iter().find(|end| **end <= taken).copied().unwrap_or(0);
        outbox.credit(credit(half as u64, 1 << 20));
        proptest::prop_assert_eq!(outbox.joined(row(1), credit(taken as u64, 1 << 20)), 0);
        proptest::prop_assert_eq!(bytes(&outbox), &all[taken..]);
        proptest::prop_assert_eq!(outbox.held(), (all.len() - taken) as u64);
    }
}
