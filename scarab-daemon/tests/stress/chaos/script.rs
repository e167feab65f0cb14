//! What each client types: a row of bytes of its own for each session, in which every byte tells whose and which it is.

use super::super::support::random::mix;

/// How many clients there are at a time. One that was killed is followed by the next generation of its slot.
pub const SLOTS: u64 = 20;
/// So many of them, the last ones, are processes of their own, which can be stopped and killed.
pub const PROCESSES: u64 = 4;
/// How many generations of a slot have letters of their own. Nobody promises that what a killed client has said arrives before
/// what the next one says, so the two must be told apart.
const TURNS: u64 = 3;
/// How many sets of letters there are: one for each client, and some for each process.
pub const HANDS: u64 = SLOTS - PROCESSES + PROCESSES * TURNS;
/// How many sessions they type into.
pub const SESSIONS: u64 = 4;
/// The last byte of each session.
pub const LAST: u8 = b'\n';
/// What a generation's row begins with: a mark and the generation's number.
pub const HEAD: u64 = 1 + DIGITS;

/// Bytes of each hand: the first is the mark, the others are digits.
const LETTERS: u64 = 5;
const BASE: u64 = LETTERS - 1;
const DIGITS: u64 = 6;

/// The name of a session.
pub fn session(number: u64) -> String {
    format!("session-{number}")
}

/// The file in which a client says what it does.
pub fn journal(slot: u64, generation: u64) -> String {
    format!("journal-{slot}-{generation}")
}

/// A row of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    hand: u64,
    generation: u64,
    key: u64,
}

impl Row {
    /// What a client of this slot and generation types into a session.
    pub fn new(seed: u64, slot: u64, generation: u64, session: u64) -> Self {
        Self {
            hand: hand(slot, generation),
            generation,
            key: mix(mix(seed) ^ mix((slot << 40) | (generation << 8) | session)),
        }
    }

    /// The byte at an offset.
    pub fn at(self, offset: u64) -> u8 {
        letter(self.hand, self.digit(offset))
    }

    /// A part of it.
    pub fn part(self, offset: u64, length: u64) -> Vec<u8> {
        (offset..offset + length).map(|offset| self.at(offset)).collect()
    }

    fn digit(self, offset: u64) -> u64 {
        match offset {
            0 => 0,
            1..HEAD => 1 + self.generation / BASE.pow(u32::try_from(offset - 1).unwrap_or(0)) % BASE,
            _ => 1 + (mix(self.key ^ (offset / 8)) >> (8 * (offset % 8)) & 0xff) % BASE,
        }
    }
}

/// The set of letters of a slot's generation.
pub fn hand(slot: u64, generation: u64) -> u64 {
    match slot.checked_sub(SLOTS - PROCESSES) {
        Some(process) => SLOTS - PROCESSES + process * TURNS + generation % TURNS,
        None => slot,
    }
}

/// Whose hand's byte this is, and whether it is a mark. `None` if it is nobody's.
pub fn owner(byte: u8) -> Option<(u64, bool)> {
    let number = match byte {
        b' '..=b'~' => u64::from(byte - b' '),
        0xa0..=0xc1 => 95 + u64::from(byte - 0xa0),
        0xf5..=0xff => 95 + 34 + u64::from(byte - 0xf5),
        _ => return None,
    };
    let hand = number / LETTERS;
    (hand < HANDS).then_some((hand, number % LETTERS == 0))
}

/// Bytes that pastes leave as they are wherever they are cut: no controls, and none that begin or go on a character of
/// which a part could be taken for one.
fn letter(hand: u64, digit: u64) -> u8 {
    let number = hand * LETTERS + digit;
    let byte = match number {
        0..95 => 0x20 + number,
        95..129 => 0xa0 + (number - 95),
        _ => 0xf5 + (number - 129),
    };
    u8::try_from(byte).expect("there are enough letters for all hands")
}
