//! The US keyboard, and which characters Ctrl turns into control characters.

/// The keys of a US keyboard that are no letters, each with what Shift makes of it.
const PAIRS: &str = "`~1!2@3#4$5%6^7&8*9(0)-_=+[{]}\\|;:'\",<.>/?";

fn pairs() -> impl Iterator<Item = (char, char)> {
    PAIRS.as_bytes().chunks_exact(2).map(|pair| (char::from(pair[0]), char::from(pair[1])))
}

/// What a key types on a US keyboard; `None` for a name that no key of the main block has.
pub(super) fn on_us_keyboard(place: char, shift: bool) -> Option<char> {
    if place.is_ascii_lowercase() {
        return Some(if shift { place.to_ascii_uppercase() } else { place });
    }
    pairs().find(|&(plain, _)| plain == place).map(|(plain, shifted)| if shift { shifted } else { plain })
}

/// The key that types a character on a US keyboard, and whether it needs Shift for it.
pub(super) fn us_place(c: char) -> Option<(char, bool)> {
    if c.is_ascii_alphabetic() {
        return Some((c.to_ascii_lowercase(), c.is_ascii_uppercase()));
    }
    pairs().find(|&(plain, shifted)| c == plain || c == shifted).map(|(plain, shifted)| (plain, c == shifted))
}

/// The small letter of a letter, if that is a single character.
pub(super) fn lowercase(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The capital of a letter, if that is a single character.
pub(super) fn uppercase(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The control character that Ctrl makes of a character: the X library's rule, which xterm relies on (`IsControlAlias`
/// of its `input.c` lists it), and `?` for DEL, which xterm adds. `None`: Ctrl changes nothing.
///
/// The kitty protocol's table "Legacy ctrl mapping of ASCII keys" is the same, less `` ` { | } ``.
pub(super) fn control(c: char) -> Option<u8> {
    let byte = u8::try_from(c).ok()?;
    match byte {
        b'?' | b'8' => Some(0x7f),
        b' ' | b'2' => Some(0),
        b'3'..=b'7' => Some(byte - b'3' + 0x1b),
        b'/' => Some(0x1f),
        b'@'..=b'~' => Some(byte & 0x1f),
        _ => None,
    }
}
