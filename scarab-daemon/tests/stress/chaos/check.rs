//! What has arrived, compared with what was typed.

use std::{collections::HashMap, fmt};

use super::script::{LAST, Row, SLOTS, owner};

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

/// Where the bytes of a slot stand.
#[derive(Debug, Clone, Copy)]
struct Place {
    generation: u64,
    row: Row,
    /// The offset of the next byte.
    next: u64,
    /// The first paste that does not end before it.
    paste: usize,
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
    let all =
        (0..SLOTS).zip(generations).flat_map(|(slot, count)| (0..*count).map(move |generation| (slot, generation)));
    let mut told: HashMap<(u64, u64), Told> =
        all.map(|(slot, generation)| ((slot, generation), read(number, &journal(slot, generation)))).collect();
    let mut places: HashMap<u64, Place> = HashMap::new();
    let mut ends: HashMap<(u64, u64), u64> = HashMap::new();
    let mut before: Option<u64> = None;
    let (last, bytes) = arrived.split_last().expect("something arrived");
    assert_eq!(*last, LAST);
    for (at, byte) in bytes.iter().enumerate() {
        let here = || format!("session {number}, byte {at} of {}, seed {seed}", arrived.len());
        let Some((slot, mark)) = owner(*byte) else { panic!("{}: {byte:#x} is nobody's", here()) };
        if let Some(other) = before.filter(|before| *before != slot) {
            interrupt(&places[&other], &mut told, other, &here);
        }
        before = Some(slot);
        if mark {
            // The next generation whose row has a beginning: those before may have been killed too early to have one.
            let first = places.get(&slot).map_or(0, |place| place.generation + 1);
            let typed = |generation: &u64| told.get(&(slot, *generation)).is_some_and(|told| told.typed > 0);
            let count = generations[usize::try_from(slot).expect("few")];
            let number_of = |generation| generation_at(bytes, at, slot, generation, seed, number);
            let generation = (first..count).filter(typed).find(|generation| number_of(*generation));
            let generation = generation.unwrap_or_else(|| panic!("{}: a beginning of slot {slot} too many", here()));
            let row = Row::new(seed, slot, generation, number);
            places.insert(slot, Place { generation, row, next: 0, paste: 0 });
        }
        let Some(place) = places.get_mut(&slot) else { panic!("{}: slot {slot} without a beginning", here()) };
        let expected = place.row.at(place.next);
        assert_eq!(
            *byte,
            expected,
            "{}: slot {slot}, generation {}, offset {}: {:?}",
            here(),
            place.generation,
            place.next,
            told[&(slot, place.generation)].near(place.next),
        );
        place.next += 1;
        ends.insert((slot, place.generation), place.next);
        let pastes = &told[&(slot, place.generation)].pastes;
        while pastes.get(place.paste).is_some_and(|paste| paste.end <= place.next) {
            place.paste += 1;
        }
    }
    for ((slot, generation), told) in &told {
        let end = ends.get(&(*slot, *generation)).copied().unwrap_or(0);
        let who = format!("session {number}, slot {slot}, generation {generation}, seed {seed}");
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

/// Whether the row that begins here is this generation's, as far as it goes.
fn generation_at(bytes: &[u8], at: usize, slot: u64, generation: u64, seed: u64, session: u64) -> bool {
    let row = Row::new(seed, slot, generation, session);
    let own = bytes[at..].iter().take(1 << 20).filter(|byte| owner(**byte).is_some_and(|(owner, _)| owner == slot));
    let mut own = own.take(usize::try_from(super::script::HEAD).expect("few"));
    // A row that was killed in its head is followed by another mark.
    let mut offset = 0;
    own.all(|byte| {
        let fits = *byte == row.at(offset) || (offset > 0 && owner(*byte) == Some((slot, true)));
        offset += 1;
        fits
    })
}

/// Another's byte has come where this slot stands.
fn interrupt(place: &Place, told: &mut HashMap<(u64, u64), Told>, slot: u64, here: &dyn Fn() -> String) {
    let Some(told) = told.get_mut(&(slot, place.generation)) else { return };
    if let Some(paste) = told.pastes.get_mut(place.paste).filter(|paste| paste.start < place.next) {
        assert!(!paste.quick, "{}: a paste of slot {slot} is interrupted at {}: {paste:?}", here(), place.next);
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
