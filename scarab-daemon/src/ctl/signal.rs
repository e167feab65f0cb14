//! Signals by name.

/// The signal that a name (`TERM`, `SIGTERM`, any case) or a number stands for on this platform. Of numbers only those of signals
/// that have names: the daemon sends no others, such as real-time signals.
///
/// # Errors
/// What a signal can be called.
pub fn parse_signal(text: &str) -> Result<i32, String> {
    let known = names();
    let number: Option<i32> = text.parse().ok();
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let found = known.iter().find(|(known, value)| *known == name || number == Some(*value));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        format!("a signal is one of {}, or the number of one of these", names.join(" "))
    })
}

#[cfg(unix)]
fn names() -> Vec<(&'static str, i32)> {
    use rustix::process::Signal;

    let signals = [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("ILL", Signal::ILL),
        ("TRAP", Signal::TRAP),
        ("ABRT", Signal::ABORT),
        ("BUS", Signal::BUS),
        ("FPE", Signal::FPE),
        ("KILL", Signal::KILL),
        ("USR1", Signal::USR1),
        ("SEGV", Signal::SEGV),
        ("USR2", Signal::USR2),
        ("PIPE", Signal::PIPE),
        ("ALRM", Signal::ALARM),
        ("TERM", Signal::TERM),
        ("CHLD", Signal::CHILD),
        ("CONT", Signal::CONT),
        ("STOP", Signal::STOP),
        ("TSTP", Signal::TSTP),
        ("TTIN", Signal::TTIN),
        ("TTOU", Signal::TTOU),
        ("URG", Signal::URG),
        ("XCPU", Signal::XCPU),
        ("XFSZ", Signal::XFSZ),
        ("VTALRM", Signal::VTALARM),
        ("PROF", Signal::PROF),
        ("WINCH", Signal::WINCH),
        ("IO", Signal::IO),
        ("SYS", Signal::SYS),
    ];
    signals.map(|(name, signal)| (name, signal.as_raw())).to_vec()
}

/// Windows knows no signals: the daemon there carries out what is meant by this one, and refuses all others.
#[cfg(windows)]
fn names() -> Vec<(&'static str, i32)> {
    vec![("KILL", 9)]
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_with_and_without_their_prefix_and_numbers() {
        for text in ["TERM", "SIGTERM", "term", "15"] {
            assert_eq!(parse_signal(text), Ok(15), "{text}");
        }
        assert_eq!(parse_signal("segv"), Ok(11));
        for text in ["", "SIG", "0", "65", "-9", "NOPE"] {
            assert!(parse_signal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_taken_is_what_the_daemon_can_send() {
        for number in 1..=64 {
            let taken = parse_signal(&number.to_string()).is_ok();
            assert!(!taken || rustix::process::Signal::from_named_raw(number).is_some(), "{number}");
        }
        // Which number the first real-time signal has is the C library's: 34 or 35.
        assert!(parse_signal("40").expect_err("no name").contains("one of HUP INT"));
    }
}
