//! What stands between a program's output and the VT core: a cap on strings, because the core would keep
//! an unterminated one for ever, and an ear for what the core does not hand on ([`heard`](super::heard)).
//!
//! Only as much of the parser's state is followed as tells where an operating system command (`ESC ]`) begins and
//! ends. Device control, application and privacy strings need no cap: the core keeps nothing of them.

use memchr::memchr;

use super::heard::{self, Heard};

/// The most bytes of one operating system command that reach the core. Its end always does.
const MAX_OSC: usize = 1024 * 1024;
/// The most bytes of a command that are listened to: a path of 4,096 bytes, every one of them escaped, and a host.
const MAX_HEARD: usize = 16 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;

/// The filter of one session's output.
#[derive(Debug)]
pub(super) struct Filter {
    state: State,
    max_osc: usize,
    /// The beginning of the command at hand, if it may still be one that is listened to.
    heard: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Anything in which only an ESC matters here.
    Other,
    /// After an ESC.
    Escape,
    /// Within an operating system command that has so many bytes already.
    Osc(usize),
}

impl Default for Filter {
    fn default() -> Self {
        Self { state: State::Other, max_osc: MAX_OSC, heard: Vec::new() }
    }
}

impl Filter {
    /// One that lets nothing of operating system commands pass but where they begin and end.
    pub(super) fn without_commands() -> Self {
        Self { max_osc: 0, ..Self::default() }
    }

    /// Passes on what the core may have, in order, in as few pieces as can be, and what was heard in it.
    pub(super) fn feed(&mut self, bytes: &[u8], mut pass: impl FnMut(&[u8]), mut tell: impl FnMut(Heard)) {
        // `start..at` has been looked at and is to be passed on.
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            match self.state {
                State::Other => match memchr(ESC, &bytes[at..]) {
                    Some(found) => {
                        at += found + 1;
                        self.state = State::Escape;
                    }
                    None => at = bytes.len(),
                },
                State::Escape => {
                    self.state = match bytes[at] {
                        b']' => {
                            self.heard.clear();
                            State::Osc(0)
                        }
                        // The core carries these controls out and goes on; CAN and SUB end the sequence.
                        CAN | SUB => State::Other,
                        0x00..=0x1f | 0x7f..=0xff => State::Escape,
                        _ => State::Other,
                    };
                    at += 1;
                }
                State::Osc(length) => {
                    let rest = &bytes[at..];
                    let end = rest.iter().position(|byte| matches!(*byte, BEL | ESC | CAN | SUB));
                    let body = end.unwrap_or(rest.len());
                    self.hear(length, &rest[..body]);
                    let allowed = body.min(self.max_osc.saturating_sub(length));
                    if allowed < body {
                        pass(&bytes[start..at + allowed]);
                        start = at + body;
                    }
                    at += body;
                    self.state = State::Osc(length.saturating_add(body));
                    if end.is_some() {
                        if let Some(heard) = heard::read(&std::mem::take(&mut self.heard)) {
                            tell(heard);
                        }
                        self.state = if bytes[at] == ESC { State::Escape } else { State::Other };
                        at += 1;
                    }
                }
            }
        }
        if start < at {
            pass(&bytes[start..at]);
        }
    }

    /// Listens to a piece of a command of which `before` bytes have passed.
    fn hear(&mut self, before: usize, piece: &[u8]) {
        if self.heard.len() < before {
            // This is nothing to listen to, or too long: its beginning was thrown away.
            return;
        }
        self.heard.extend_from_slice(&piece[..piece.len().min(MAX_HEARD + 1 - self.heard.len())]);
        if !heard::may_be(&self.heard) || self.heard.len() > MAX_HEARD {
            self.heard.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::heard::Mark, *};

    fn filtered(filter: &mut Filter, chunks: &[&[u8]]) -> (Vec<u8>, Vec<Heard>) {
        let (mut passed, mut heard) = (Vec::new(), Vec::new());
        for chunk in chunks {
            filter.feed(chunk, |bytes| passed.extend_from_slice(bytes), |told| heard.push(told));
        }
        (passed, heard)
    }

    /// Output in which escapes, strings and their ends are common.
    fn output() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                &b"\x1b]"[..],
                b"\x07",
                b"\x1b\\",
                b"\x1b",
                b"\x18",
                b"\x1a",
                b"7;file://h/a%20b",
                b"133;C",
                b"133;D;1",
                b"\x1bP",
                b"\x1b[31m",
                b"]",
            ])
            .prop_map(<[u8]>::to_vec),
            prop::collection::vec(any::<u8>(), 0..8),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn output_without_overlong_strings_passes_unchanged_however_it_is_cut(output in output(), size in 1usize..20) {
            let whole = filtered(&mut Filter::default(), &[&output]);
            prop_assert_eq!(&whole.0, &output);
            let cut: Vec<&[u8]> = output.chunks(size).collect();
            prop_assert_eq!(filtered(&mut Filter::default(), &cut), whole);
        }

        #[test]
        fn a_string_never_passes_more_than_the_cap(output in output(), size in 1usize..20, cap in 0usize..12) {
            let mut capped = Filter { max_osc: cap, ..Filter::default() };
            let cut: Vec<&[u8]> = output.chunks(size).collect();
            let (passed, _) = filtered(&mut capped, &cut);
            // What was passed, filtered again, has no string that exceeds the cap: nothing is lost the second time.
            let mut again = Filter { max_osc: cap, ..Filter::default() };
            prop_assert_eq!(filtered(&mut again, &[&passed]).0, passed);
        }
    }

    #[test]
    fn an_overlong_string_loses_its_middle_and_keeps_its_end() {
        let mut filter = Filter { max_osc: 4, ..Filter::default() };
        let (passed, _) = filtered(&mut filter, &[b"a\x1b]0;12", b"3456", b"789\x07b"]);
        assert_eq!(passed, b"a\x1b]0;12\x07b");
    }

    #[test]
    fn what_a_shell_tells_is_heard_and_nothing_else() {
        let heard = |output: &[u8]| filtered(&mut Filter::default(), &[output]).1;
        let told = heard(b"x\x1b]7;file://host/home/me\x1b\\\x1b]133;C\x07y\x1b]133;D;1\x07");
        let cwd = Heard::Cwd("/home/me".into());
        let (started, finished) = (Mark::Started { command: None }, Mark::Finished { status: Some(1) });
        assert_eq!(told, [cwd, Heard::Mark(started), Heard::Mark(finished)]);
        assert_eq!(heard(b"\x1b]77;file:///a\x07\x1b]1337;C\x07\x1b]13;C\x07"), []);
    }
}
