//! What modes make of keys: told, published, and reset.

use super::*;

#[test]
fn modes_of_alt_num_lock_and_delete_are_told_published_and_reset() {
    const ASKED: &str = "\x1b[?1034$p\x1b[?1035$p\x1b[?1036$p\x1b[?1037$p\x1b[?1039$p";
    let told = |states: [u8; 5]| -> String {
        let modes = [1034, 1035, 1036, 1037, 1039].into_iter().zip(states);
        modes.map(|(mode, state)| format!("\x1b[?{mode};{state}$y")).collect()
    };
    let mut screen = screen(20, 5);
    assert_eq!(answers(&mut screen, ASKED), told([1, 1, 1, 2, 2]));
    assert_eq!(answers(&mut screen, &format!("\x1b[?1035;1036l\x1b[?1037h{ASKED}")), told([1, 2, 2, 1, 2]));
    let all = Modes::ALT_EIGHTH_BIT | Modes::APP_KEYPAD_ALWAYS | Modes::DELETE_DEL;
    assert_eq!(published(&mut screen).modes & all, all);
    // Either of two modes makes Alt an ESC, and so does the lack of a third.
    for (set, reset) in [("1036h", "1036l"), ("1039h", "1039l"), ("1034l", "1034h")] {
        screen.feed(format!("\x1b[?{set}").as_bytes());
        assert_eq!(published(&mut screen).modes & all, all - Modes::ALT_EIGHTH_BIT, "{set}");
        screen.feed(format!("\x1b[?{reset}").as_bytes());
        assert_eq!(published(&mut screen).modes & all, all, "{reset}");
    }
    assert_eq!(answers(&mut screen, &format!("\x1bc{ASKED}")), told([1, 1, 1, 2, 2]));
    assert_eq!(published(&mut screen).modes & all, Modes::empty());
}
