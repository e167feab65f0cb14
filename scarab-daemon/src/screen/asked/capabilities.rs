//! What the terminal can do, by the names that terminfo and termcap have for it (XTGETTCAP).

use crate::screen::core::Core;

/// What is told, beside the terminal's name. A flag has an empty value.
///
/// The names are those of terminfo(5) and user_caps(5), and what tmux and Neovim look for beyond them; kitty and foot
/// answer most of them, too. They are what a program may want to know although its terminal's description does not say it.
const CAPABILITIES: [(&[&str], &str); 25] = [
    (&["Co", "colors"], "256"),
    // Bits of a colour channel, as xterm tells it.
    (&["RGB"], "8"),
    (&["Tc"], ""),
    (&["setrgbf"], "\x1b[38:2::%p1%d:%p2%d:%p3%dm"),
    (&["setrgbb"], "\x1b[48:2::%p1%d:%p2%d:%p3%dm"),
    // Underlines: of several styles, which one, in which colour.
    (&["Su"], ""),
    (&["Smulx"], "\x1b[4:%p1%dm"),
    (&["Setulc"], "\x1b[58:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%dm"),
    (&["smxx"], "\x1b[9m"),
    (&["rmxx"], "\x1b[29m"),
    // The clipboard, for writing.
    (&["Ms"], "\x1b]52;%p1%s;%p2%s\x1b\\"),
    // The cursor's style, and back to the terminal's own.
    (&["Ss"], "\x1b[%p1%d q"),
    (&["Se"], "\x1b[0 q"),
    // Synchronized output.
    (&["Sync"], "\x1b[?2026%?%p1%{1}%-%tl%eh%;"),
    // Bracketed paste: on, off, and what stands around it.
    (&["BE"], "\x1b[?2004h"),
    (&["BD"], "\x1b[?2004l"),
    (&["PS"], "\x1b[200~"),
    (&["PE"], "\x1b[201~"),
    // Focus: on, off, and what is sent.
    (&["fe"], "\x1b[?1004h"),
    (&["fd"], "\x1b[?1004l"),
    (&["kxIN"], "\x1b[I"),
    (&["kxOUT"], "\x1b[O"),
    // Scrolls lines into the scrollback, and clears that.
    (&["indn", "SF"], "\x1b[%p1%dS"),
    (&["E3"], "\x1b[3J"),
    // Asks for the version.
    (&["XR"], "\x1b[>0q"),
];

impl Core {
    /// Answers for each name by itself, as kitty and foot do: one that is not known says nothing of the others. (xterm stops at it.)
    /// Behind one whose answer has no room, none is answered.
    pub(super) fn report_capabilities(&mut self, names: &[u8]) {
        let mut answer = String::new();
        for name in names.split(|byte| *byte == b';') {
            answer.clear();
            reply(&mut answer, name, &self.terminal_name);
            if !self.with_effects(|effects| effects.answer(&answer)) {
                break;
            }
        }
    }
}

/// Writes the answer for one name, given in hexadecimal digits; `terminal` is what programs have in TERM.
fn reply(answer: &mut String, digits: &[u8], terminal: &str) {
    let name = decoded(digits);
    let value = name.as_deref().and_then(|name| value(name, terminal));
    answer.push_str(if value.is_some() { "\x1bP1+r" } else { "\x1bP0+r" });
    // Only what was digits is sent back: anything else could be a command to who reads it.
    if name.is_some() {
        answer.extend(digits.iter().copied().map(char::from));
    }
    // A flag has no value.
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        answer.push('=');
        push_hexadecimal(answer, value.as_bytes());
    }
    answer.push_str("\x1b\\");
}

fn push_hexadecimal(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let nibbles = bytes.iter().flat_map(|&byte| [byte >> 4, byte & 0xf]);
    text.extend(nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])));
}

fn value<'a>(name: &[u8], terminal: &'a str) -> Option<&'a str> {
    if matches!(name, b"TN" | b"name") {
        return (!terminal.is_empty()).then_some(terminal);
    }
    let is_called = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
    CAPABILITIES.iter().find(|(names, _)| is_called(names)).map(|(_, value)| *value)
}

/// The bytes that pairs of hexadecimal digits stand for; `None` for anything else, and for none.
fn decoded(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(*pair.get(1)?)?).ok();
    if digits.is_empty() { None } else { digits.chunks(2).map(pair).collect() }
}
