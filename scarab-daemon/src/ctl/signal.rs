//! Signals by name.

/// The signal that a name (`TERM`, `SIGTERM`, any case) or a number stands for on this platform.
///
/// # Errors
/// What a signal can be called.
pub fn parse_signal(text: &str) -> Result<i32, String> {
    if let Ok(number) = text.parse() {
        return if (1..=64).contains(&number) { Ok(number) } else { Err("a signal's number is from 1 to 64".into()) };
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let known = names();
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        format!("a signal is a number or one of {}", names.join(" "))
    })
}

#[cfg(unix)]
fn names() -> Vec<(&'static str, i32)> {
    use rustix::process::Signal;

    let signals = [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("ABRT", Signal::ABORT),
        ("KILL", Signal::KILL),
        ("USR1", Signal::USR1),
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
        ("WINCH", Signal::WINCH),
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
        for text in ["", "SIG", "0", "65", "-9", "NOPE"] {
            assert!(parse_signal(text).is_err(), "{text}");
        }
    }
}
