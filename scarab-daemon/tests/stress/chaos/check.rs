//! What has arrived, compared with what was typed.

use std::{fmt, ptr};

use super::script::{HANDS, HEAD, LAST, Row, SLOTS, hand, owner};

/// A paste that was taken in this time cannot have been interrupted, because others wait for its pieces for longer.
const PATIENCE_MS: u128 = 4500;

/// What was counted.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    clients: u64,
    lines: u64,
    bytes: u64,
    pastes: u64,
    /// Pastes that had to be one piece.
    pub checked_pastes: u64,
    /// Pastes that others' input came into, because they took too long.
    interrupted: u64,
    lost_with_killed: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, lines, bytes, pastes, checked_pastes, interrupted, lost_with_killed } = self;
        write!(
            f,
            "{clients} rows, {lines} lines and {pastes} pastes arrived, {bytes} bytes; {checked_pastes} pastes "
        )?;
        write!(
            f,
            "had to be one piece, {interrupted} others were not; {lost_with_killed} bytes went with killed clients"
        )
    }
}

/// What one client said about one session.
#[derive(Debug, Default)]
struct Told {
    slot: u64,
    generation: u64,
    hand: u64,
    /// How much of it has arrived.
    arrived: u64,
    typed: u64,
    taken: u64,
    ended: bool,
    lines: Vec<(u64, u64)>,
    pastes: Vec<Paste>,
}

#[derive(Debug)]
struct Paste {
    start: u64,
    end: u64,
    pushed: u128,
    /// It was taken soon enough.
    quick: bool,
    interrupted: bool,
}

/// Where the bytes of a hand stand.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// What its client said, by its number.
    told: usize,
    row: Row,
    /// The offset of the next byte.
    next: u64,
    /// The first paste that does not end before it, by its number, and where that ends.
    paste: usize,
    paste_end: u64,
}

/// Checks what a session's program has read; `journal` gives what a client has written down.
pub fn session(
    seed: u64,
    number: u64,
    arrived: &[u8],
    generations: &[u64],
    journal: impl Fn(u64, u64) -> String,
    figures: &mut Figures,
) {
    let all = (0..SLOTS).zip(generations).flat_map(|(slot, count)| (0..*count).map(move |of| (slot, of)));
    let read = |(slot, generation)| Told {
        slot,
        generation,
        hand: hand(slot, generation),
        ..read(number, &journal(slot, generation))
    };
    let mut told: Vec<Told> = all.map(read).collect();
    let mut places: [Option<Place>; HANDS as usize] = [None; HANDS as usize];
    let mut before: Option<u64> = None;
    let (last, bytes) = arrived.split_last().expect("something arrived");
    assert_eq!(*last, LAST);
    for (at, byte) in bytes.iter().enumerate() {
        let here = || format!("session {number}, byte {at} of {}, seed {seed}", arrived.len());
        let Some((hand, mark)) = owner(*byte) else { panic!("{}: {byte:#x} is nobody's", here()) };
        if before != Some(hand)
            && let Some(place) = before.and_then(|other| places[other as usize])
        {
            interrupt(&place, &mut told[place.told], &here);
        }
        before = Some(hand);
        if mark {
            // The next generation whose row has a beginning: those before may have been killed too early to have one.
            let first = places[hand as usize].map_or(0, |place| told[place.told].generation + 1);
            let fits = |told: &&Told| {
                told.hand == hand
                    && told.generation >= first
                    && told.typed > 0
                    && begins(&bytes[at..], Row::new(seed, told.slot, told.generation, number), hand)
            };
            let Some(at) = told.iter().find(fits).and_then(|found| told.iter().position(|told| ptr::eq(told, found)))
            else {
                panic!("{}: a beginning of hand {hand} too many", here())
            };
            let row = Row::new(seed, told[at].slot, told[at].generation, number);
            let paste_end = told[at].pastes.first().map_or(u64::MAX, |paste| paste.end);
            places[hand as usize] = Some(Place { told: at, row, next: 0, paste: 0, paste_end });
        }
        let Some(place) = &mut places[hand as usize] else { panic!("{}: hand {hand} without a beginning", here()) };
        let expected = place.row.at(place.next);
        assert!(
            *byte == expected,
            "{}: slot {}, generation {}, offset {}: {byte} where {expected} was typed, {:?}; {}",
            here(),
            told[place.told].slot,
            told[place.told].generation,
            place.next,
            told[place.told].near(place.next),
            origin(&bytes[at..], hand, &told, |told| Row::new(seed, told.slot, told.generation, number)),
        );
        let told = &mut told[place.told];
        place.next += 1;
        told.arrived = place.next;
        if place.next >= place.paste_end {
            place.paste += 1;
            place.paste_end = told.pastes.get(place.paste).map_or(u64::MAX, |paste| paste.end);
        }
    }
    for told in &told {
        let end = told.arrived;
        let who = format!("session {number}, slot {}, generation {}, seed {seed}", told.slot, told.generation);
        assert!(end >= told.taken, "{who}: {} bytes were taken, and {end} arrived", told.taken);
        assert!(end <= told.typed, "{who}: {} bytes were typed, and {end} arrived", told.typed);
        assert!(
            !told.ended || end == told.typed,
            "{who}: {} bytes were typed to the end, and {end} arrived",
            told.typed
        );
        figures.clients += u64::from(end > 0);
        figures.bytes += end;
        figures.lost_with_killed += told.typed - end;
        figures.lines += told.lines.iter().filter(|(start, length)| start + length <= end).count() as u64;
        for paste in told.pastes.iter().filter(|paste| paste.end <= end) {
            figures.pastes += 1;
            figures.checked_pastes += u64::from(paste.quick);
            figures.interrupted += u64::from(paste.interrupted);
        }
    }
}

/// Whether it is this row that begins here, as far as it goes.
fn begins(bytes: &[u8], row: Row, hand: u64) -> bool {
    let own = bytes.iter().take(1 << 20).filter(|byte| owner(**byte).is_some_and(|(owner, _)| owner == hand));
    // A client that was killed in the head of its row is followed by another mark.
    let head = (0..HEAD).zip(own).take_while(|(offset, byte)| *offset == 0 || owner(**byte) != Some((hand, true)));
    head.into_iter().all(|(offset, byte)| *byte == row.at(offset))
}

/// How many bytes tell where in a row they are.
const TELLING: usize = 24;

/// Where the bytes come from that have arrived here of a hand, in words.
fn origin(bytes: &[u8], hand: u64, told: &[Told], row: impl Fn(&Told) -> Row) -> String {
    let own = bytes.iter().copied().filter(|byte| owner(*byte).is_some_and(|(owner, _)| owner == hand));
    let own: Vec<u8> = own.take(TELLING).collect();
    let alike = |row: Row, offset: &u64| (*offset..).zip(&own).take_while(|(at, byte)| row.at(*at) == **byte).count();
    let places = told.iter().filter(|told| told.hand == hand).flat_map(|told| {
        let row = row(told);
        (0..told.typed).map(move |offset| (alike(row, &offset), told.generation, offset, told.arrived))
    });
    match places.max() {
        Some((count, generation, offset, before)) => format!(
            "{own:?} arrived, of which {count} are generation {generation}'s from offset {offset} on, of which {before} \
             had arrived before"
        ),
        None => format!("{own:?} arrived"),
    }
}

/// Another's byte has come where this slot stands.
fn interrupt(place: &Place, told: &mut Told, here: &dyn Fn() -> String) {
    let (slot, next) = (told.slot, place.next);
    if let Some(paste) = told.pastes.get_mut(place.paste).filter(|paste| paste.start < next) {
        assert!(!paste.quick, "{}: a paste of slot {slot} is interrupted at {next}: {paste:?}", here());
        paste.interrupted = true;
    }
}

fn read(session: u64, journal: &str) -> Told {
    let mut told = Told::default();
    for line in journal.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        match (words[0], number(1)) {
            ("end", _) => told.ended = true,
            (kind @ ("line" | "paste"), Some(of)) if of == session => {
                // The last line of one that was killed may be cut off: then nothing came of it.
                let (Some(start), Some(length), Some(time)) = (number(2), number(3), number(4)) else { continue };
                told.typed = start + length;
                if kind == "line" {
                    told.lines.push((start, length));
                } else {
                    let (end, pushed) = (start + length, u128::from(time));
                    told.pastes.push(Paste { start, end, pushed, quick: false, interrupted: false });
                }
            }
            ("taken", Some(of)) if of == session => {
                let (Some(taken), Some(time)) = (number(2), number(3)) else { continue };
                told.taken = told.taken.max(taken);
                for paste in told.pastes.iter_mut().rev().take_while(|paste| paste.pushed + PATIENCE_MS > time.into()) {
                    paste.quick |= paste.end <= taken;
                }
            }
            _ => {}
        }
    }
    told
}

impl Told {
    /// What was typed around an offset.
    fn near(&self, offset: u64) -> (Option<(u64, u64)>, Option<&Paste>) {
        let line = self.lines.iter().rev().find(|(start, _)| *start <= offset).copied();
        (line, self.pastes.iter().rev().find(|paste| paste.start <= offset))
    }
}
