//! What stands between a program's output and the VT core: a cap on strings, because the core would keep
//! an unterminated one for ever, and an ear for what the core does not hand on ([`heard`](super::heard)) and for
//! what it is asked in vain ([`asked`](super::asked)).
//!
//! Only as much of the parser's state is followed as tells where an operating system command (`ESC ]`) begins and
//! ends, and what may be a question. Other device control, application and privacy strings need no cap: the core keeps
//! nothing of them.

use memchr::memchr;

use super::{
    asked::{self, Asked, Reading},
    heard::{self, Heard},
};

/// The most bytes of one operating system command that reach the core. Its end always does.
const MAX_OSC: usize = 1024 * 1024;
/// The most bytes of a command that are listened to: a path of 4,096 bytes, every one of them escaped, and a host.
const MAX_HEARD: usize = 16 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
/// The string terminator in one byte, which the core takes for the end of a device control string.
const ST: u8 = 0x9c;

/// The filter of one session's output.
#[derive(Debug)]
pub(super) struct Filter {
    state: State,
    max_osc: usize,
    /// The beginning of what is at hand, if it may still be a command that is listened to or a question.
    kept: Vec<u8>,
}

/// What comes out of the filter, in order.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Output for the core.
    Pass(&'a [u8]),
    /// Something that was told.
    Heard(Heard),
    /// A question; its end was the end of what has passed.
    Asked(Asked),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Anything in which only an ESC matters here.
    Other,
    /// After an ESC.
    Escape,
    /// Within an operating system command that has so many bytes already.
    Osc(usize),
    /// Within a control sequence that may be a question.
    Control,
    /// Within a device control string that may be a question.
    Device,
    /// After an ESC within such a string, which a backslash makes its end.
    DeviceEscape,
}

impl Default for Filter {
    fn default() -> Self {
        Self { state: State::Other, max_osc: MAX_OSC, kept: Vec::new() }
    }
}

impl Filter {
    /// One that lets nothing of operating system commands pass but where they begin and end.
    pub(super) fn without_commands() -> Self {
        Self { max_osc: 0, ..Self::default() }
    }

    /// Takes a piece of output: what the core may have of it, in order and in as few pieces as can be, and what was heard in it.
    pub(super) fn feed(&mut self, bytes: &[u8], mut step: impl FnMut(Step<'_>)) {
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
                    self.kept.clear();
                    self.state = match bytes[at] {
                        b']' => State::Osc(0),
                        b'[' if asked::may_be_control(&bytes[at + 1..]) => State::Control,
                        b'P' => State::Device,
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
                        step(Step::Pass(&bytes[start..at + allowed]));
                        start = at + body;
                    }
                    at += body;
                    self.state = State::Osc(length.saturating_add(body));
                    if end.is_some() {
                        if let Some(heard) = heard::read(&self.kept) {
                            step(Step::Heard(heard));
                        }
                        self.state = if bytes[at] == ESC { State::Escape } else { State::Other };
                        at += 1;
                    }
                }
                State::Control | State::Device | State::DeviceEscape => {
                    let (read, question) = self.question(&bytes[at..]);
                    at += read;
                    if let Some(asked) = question {
                        // What is before it comes first.
                        step(Step::Pass(&bytes[start..at]));
                        start = at;
                        step(Step::Asked(asked));
                    }
                }
            }
        }
        if start < at {
            step(Step::Pass(&bytes[start..at]));
        }
    }

    /// Listens to a piece of a command of which `before` bytes have passed.
    fn hear(&mut self, before: usize, piece: &[u8]) {
        if self.kept.len() < before {
            // This is nothing to listen to, or too long: its beginning was thrown away.
            return;
        }
        self.keep(piece, MAX_HEARD);
        if !heard::may_be(&self.kept) || self.kept.len() > MAX_HEARD {
            self.kept.clear();
        }
    }

    /// Goes on with what may be a question, of which some bytes are to come: how many of them were read, and what is asked if that was its end.
    fn question(&mut self, rest: &[u8]) -> (usize, Option<Asked>) {
        let byte = rest[0];
        match self.state {
            State::Control => {
                self.kept.push(byte);
                match asked::control(&self.kept) {
                    Reading::Unfinished => return (1, None),
                    Reading::Asked(asked) => {
                        self.state = State::Other;
                        return (1, Some(asked));
                    }
                    Reading::Nothing => {}
                }
            }
            State::Device if self.kept.len() < asked::STRING_START => {
                self.kept.push(byte);
                if asked::may_be_string(&self.kept) {
                    return (1, None);
                }
            }
            State::Device => {
                let end = rest.iter().position(|byte| matches!(*byte, ESC | CAN | SUB | ST));
                let body = end.unwrap_or(rest.len());
                self.keep(&rest[..body], asked::MAX_STRING);
                return match end.map(|end| rest[end]) {
                    None => (body, None),
                    Some(ESC) => {
                        self.state = State::DeviceEscape;
                        (body + 1, None)
                    }
                    Some(end) => {
                        self.state = State::Other;
                        (body + 1, if end == ST { asked::string(&self.kept) } else { None })
                    }
                };
            }
            State::DeviceEscape if byte == b'\\' => {
                self.state = State::Other;
                return (1, asked::string(&self.kept));
            }
            // That was the beginning of another sequence, and the string was cut off.
            State::DeviceEscape => {
                self.state = State::Escape;
                return (0, None);
            }
            State::Other | State::Escape | State::Osc(_) => {}
        }
        // It is none. The byte is looked at again: it may be an ESC.
        self.state = State::Other;
        (0, None)
    }

    /// Keeps a piece, and of what is longer than `most` one byte more than that.
    fn keep(&mut self, piece: &[u8], most: usize) {
        let room = (most + 1).saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::heard::{Cwd, Mark},
        *,
    };

    /// What passed, what was heard, and what was asked after how many bytes.
    #[derive(Debug, Default, PartialEq)]
    struct Filtered {
        passed: Vec<u8>,
        heard: Vec<Heard>,
        asked: Vec<(usize, Asked)>,
    }

    fn filtered(filter: &mut Filter, chunks: &[&[u8]]) -> Filtered {
        let mut all = Filtered::default();
        for chunk in chunks {
            filter.feed(chunk, |step| match step {
                Step::Pass(bytes) => all.passed.extend_from_slice(bytes),
                Step::Heard(heard) => all.heard.push(heard),
                Step::Asked(asked) => all.asked.push((all.passed.len(), asked)),
            });
        }
        all
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
                b"9;done",
                b"777;notify;a;b",
                b"\x1bP",
                b"\x1b[31m",
                b"]",
                b"\x1b[>q",
                b"\x1b[>0",
                b"\x1b[?6n",
                b"\x1b[?99",
                b"6n",
                b"\x1b[16t",
                b"\x1b[!p",
                b"\x1bP$qm\x1b\\",
                b"\x1bP+q5443;",
                b"544e",
                b"\x9c",
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
            prop_assert_eq!(&whole.passed, &output);
            let cut: Vec<&[u8]> = output.chunks(size).collect();
            prop_assert_eq!(filtered(&mut Filter::default(), &cut), whole);
        }

        #[test]
        fn a_string_never_passes_more_than_the_cap(output in output(), size in 1usize..20, cap in 0usize..12) {
            let mut capped = Filter { max_osc: cap, ..Filter::default() };
            let cut: Vec<&[u8]> = output.chunks(size).collect();
            let passed = filtered(&mut capped, &cut).passed;
            // What was passed, filtered again, has no string that exceeds the cap: nothing is lost the second time.
            let mut again = Filter { max_osc: cap, ..Filter::default() };
            prop_assert_eq!(filtered(&mut again, &[&passed]).passed, passed);
        }
    }

    #[test]
    fn an_overlong_string_loses_its_middle_and_keeps_its_end() {
        let mut filter = Filter { max_osc: 4, ..Filter::default() };
        let passed = filtered(&mut filter, &[b"a\x1b]0;12", b"3456", b"789\x07b"]).passed;
        assert_eq!(passed, b"a\x1b]0;12\x07b");
    }

    #[test]
    fn what_a_shell_tells_is_heard_and_nothing_else() {
        let heard = |output: &[u8]| filtered(&mut Filter::default(), &[output]).heard;
        let told = heard(b"x\x1b]7;file://host/home/me\x1b\\\x1b]133;C\x07y\x1b]133;D;1\x07");
        let cwd = Heard::Cwd(Cwd { host: "host".into(), path: "/home/me".into() });
        let (started, finished) = (Mark::Started { command: None }, Mark::Finished { status: Some(1) });
        assert_eq!(told, [cwd, Heard::Mark(started), Heard::Mark(finished)]);
        assert_eq!(heard(b"\x1b]77;file:///a\x07\x1b]1337;C\x07\x1b]13;C\x07"), []);
    }

    #[test]
    fn questions_are_heard_where_they_end() {
        let asked = |output: &[u8]| filtered(&mut Filter::default(), &[output]).asked;
        assert_eq!(asked(b"a\x1b[>qb\x1b[!p"), [(5, Asked::Version), (10, Asked::SoftReset)]);
        assert_eq!(asked(b"\x1b[?6\x1b[?6n"), [(9, Asked::Position)]);
        let names = |names: &[u8]| Asked::Capabilities(names.to_vec());
        assert_eq!(asked(b"\x1bP+q5463\x1b\\"), [(10, names(b"5463"))]);
        assert_eq!(asked(b"\x1bP+q5463\x9c"), [(9, names(b"5463"))]);
        // Cut off by a cancel or by another sequence, it is no question.
        for other in
            [&b"\x1bP+q5463\x18"[..], b"\x1bP+q5463\x1b[m\x1b\\", b"\x1bP1+q5463\x1b\\", b"\x1b[>1q", b"\x1b[?6;1n"]
        {
            assert_eq!(asked(other), [], "{other:?}");
        }
    }

    #[test]
    fn colours_places_and_modes_are_not_collected() {
        for sequence in [&b"\x1b[1;31m"[..], b"\x1b[12;40H", b"\x1b[?25l", b"\x1b[m", b"\x1b[38;5;1m"] {
            let mut filter = Filter::default();
            assert_eq!(filtered(&mut filter, &[sequence]).passed, sequence);
            assert_eq!((filter.state, filter.kept.capacity()), (State::Other, 0), "{sequence:?}");
        }
    }

    #[test]
    fn a_question_without_an_end_holds_nothing_back_and_keeps_little() {
        let mut filter = Filter::default();
        let pieces: Vec<&[u8]> = std::iter::once(&b"\x1bP+q"[..]).chain([&b"5463;"[..]; 10_000]).collect();
        assert_eq!(filtered(&mut filter, &pieces).passed, pieces.concat());
        assert!(filter.kept.capacity() <= 4 * asked::MAX_STRING);
        // It is refused then.
        assert_eq!(filtered(&mut filter, &[b"\x1b\\"]).asked, [(2, Asked::Capabilities(Vec::new()))]);
    }
}
