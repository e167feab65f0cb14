//! Characters that are cut in two by the end of a read.
//!
//! The parser loses a character when the rest of a cut one comes together with another cut one (vte 0.15). So it is
//! never given the first part alone: that is held back until the rest is here, or something that is no rest of it.

/// Holds back what is cut.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// The beginning of a character: at most three bytes.
    held: Vec<u8>,
}

impl Whole {
    /// Passes on all that is whole or cannot become it, in order.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut pass: impl FnMut(&[u8])) {
        if let Some(&lead) = self.held.first() {
            let missing = length(lead) - self.held.len();
            let rest = bytes.iter().take(missing).take_while(|byte| is_continuation(**byte)).count();
            self.held.extend_from_slice(&bytes[..rest]);
            bytes = &bytes[rest..];
            if rest < missing && bytes.is_empty() {
                return;
            }
            pass(&self.held);
            self.held.clear();
        }
        let cut = bytes.len() - cut_at_end(bytes);
        if cut > 0 {
            pass(&bytes[..cut]);
        }
        self.held.extend_from_slice(&bytes[cut..]);
    }
}

/// How many bytes at the end are the beginning of a character.
fn cut_at_end(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        if !is_continuation(byte) {
            return if length(byte) > back { back } else { 0 };
        }
    }
    0
}

/// How long the character is that begins with this byte; 1 if none does.
fn length(lead: u8) -> usize {
    match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut whole, mut pieces) = (Whole::default(), Vec::new());
        for chunk in chunks {
            whole.feed(chunk, |piece| pieces.push(piece.to_vec()));
        }
        pieces
    }

    proptest! {
        #[test]
        fn every_piece_of_a_text_is_a_text_and_nothing_is_lost(text in "(\\PC|\\s){0,40}", size in 1usize..6) {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let pieces = pieces(&chunks);
            prop_assert!(pieces.iter().all(|piece| std::str::from_utf8(piece).is_ok()));
            prop_assert_eq!(pieces.concat(), text.as_bytes());
        }

        #[test]
        fn of_other_bytes_only_the_beginning_of_a_character_is_held_back(bytes: Vec<u8>, size in 1usize..6) {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            let passed = pieces(&chunks).concat();
            prop_assert_eq!(&passed[..], &bytes[..passed.len()]);
            prop_assert!(bytes.len() - passed.len() <= 3);
        }
    }
}
