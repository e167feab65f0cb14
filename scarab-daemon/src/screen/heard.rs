//! What a program tells the terminal and the VT core does not hand on: the working directory (OSC 7), the beginning and end of
//! commands (OSC 133, as FinalTerm has it and shells send it), and what the user is to be told (OSC 9 of iTerm2, OSC 777 of
//! rxvt-unicode).

use memchr::memchr;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The working directory.
    Cwd(Cwd),
    /// A command begins or has ended.
    Mark(Mark),
    /// The user is to be told something.
    Notification(Notification),
}

/// What a program wants the user told, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notification {
    /// What it is, at most [`MAX_NOTIFIED`] characters; never empty.
    pub(crate) title: String,
    /// More of it, at most [`MAX_NOTIFIED`] characters.
    pub(crate) body: String,
}

/// A working directory, as a `file://HOST/PATH` URL names it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Cwd {
    /// The machine that it is on; empty for the one that the program runs on.
    pub(crate) host: String,
    /// The path, without control characters.
    pub(crate) path: String,
}

/// A shell's mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// OSC 133 C: what comes is a command's output.
    Started {
        /// The command, if the shell tells it.
        command: Option<String>,
    },
    /// OSC 133 D: the command has ended.
    Finished {
        /// With this status, if the shell tells it.
        status: Option<i32>,
    },
}

/// The most characters of a notification's title, and of its body: more than a desktop shows of either.
const MAX_NOTIFIED: usize = 1024;

const STARTS: [&[u8]; 4] = [CWD, MARK, TEXT, NOTIFY];
const CWD: &[u8] = b"7;";
const MARK: &[u8] = b"133;";
/// iTerm2's notification: a text.
const TEXT: &[u8] = b"9;";
/// That of rxvt-unicode's extension `notify`: a title, a semicolon, a text.
const NOTIFY: &[u8] = b"777;notify;";

/// Whether an operating system command that begins so may be one to listen to.
pub(super) fn may_be(beginning: &[u8]) -> bool {
    STARTS.iter().any(|start| {
        let compared = beginning.len().min(start.len());
        beginning[..compared] == start[..compared]
    })
}

/// What an operating system command tells, if it is one to listen to and makes sense.
pub(super) fn read(command: &[u8]) -> Option<Heard> {
    if let Some(url) = command.strip_prefix(CWD) {
        return cwd(url).map(Heard::Cwd);
    }
    if let Some(text) = command.strip_prefix(TEXT) {
        return text_alone(text).map(Heard::Notification);
    }
    if let Some(parts) = command.strip_prefix(NOTIFY) {
        return title_and_body(parts).map(Heard::Notification);
    }
    mark(command.strip_prefix(MARK)?).map(Heard::Mark)
}

/// A text without a title is one. ConEmu has commands of the same beginning, which it numbers from 1 to 12 (4 is a progress bar, 12
/// a prompt), and other terminals have some of them: nobody is to be told of those.
fn text_alone(text: &[u8]) -> Option<Notification> {
    let first = text.split(|byte| *byte == b';').next().unwrap_or_default();
    let is_number = matches!(first, [b'1'..=b'9'] | [b'1', b'0'..=b'2']);
    if is_number {
        return None;
    }
    Some(Notification { title: notified(text)?, body: String::new() })
}

/// A title and a body, of which the second may have semicolons.
fn title_and_body(parts: &[u8]) -> Option<Notification> {
    let mut parts = parts.splitn(2, |byte| *byte == b';').map(notified);
    let (title, body) = (parts.next().flatten(), parts.next().flatten());
    Some(match title {
        Some(title) => Notification { title, body: body.unwrap_or_default() },
        None => Notification { title: body?, body: String::new() },
    })
}

fn notified(text: &[u8]) -> Option<String> {
    Some(printable(text.to_vec())?.chars().take(MAX_NOTIFIED).collect())
}

/// `C` and `D`; `A` and `B`, around the prompt, are of no use here. After `D` may come the status, after `C` named parameters, of
/// which kitty's `cmdline_url` (percent-encoded) and `cmdline` tell the command.
fn mark(text: &[u8]) -> Option<Mark> {
    let mut parts = text.split(|byte| *byte == b';');
    match parts.next()? {
        b"C" => {
            let named = |part: &[u8]| match part.strip_prefix(b"cmdline_url=") {
                Some(encoded) => printable(percent_decoded(encoded)?),
                None => printable(part.strip_prefix(b"cmdline=")?.to_vec()),
            };
            Some(Mark::Started { command: parts.find_map(named) })
        }
        b"D" => {
            let status = parts.next().and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
            Some(Mark::Finished { status })
        }
        _ => None,
    }
}

/// A text over several lines is one line here. `None` if nothing of it can be seen, or if it is no UTF-8.
fn printable(text: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(text).ok()?;
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a `file://HOST/PATH` URL names; a path elsewhere is still what the program wants shown. `None` if it is no such URL, or
/// if the path has control characters.
fn cwd(url: &[u8]) -> Option<Cwd> {
    let rest = url.strip_prefix(b"file://")?;
    let (host, path) = rest.split_at(memchr(b'/', rest)?);
    let path = String::from_utf8(percent_decoded(path)?).ok()?;
    (!path.chars().any(char::is_control)).then(|| Cwd { host: String::from_utf8_lossy(host).into_owned(), path })
}

fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
            let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_a_path_without_control_characters() {
        let cwd = |url: &[u8]| read(&[b"7;", url].concat());
        let told = |host: &str, path: &str| Some(Heard::Cwd(Cwd { host: host.into(), path: path.into() }));
        assert_eq!(cwd(b"file://host/home/me/a%20b"), told("host", "/home/me/a b"));
        assert_eq!(cwd(b"file:///tmp"), told("", "/tmp"));
        for bad in [&b"http://host/x"[..], b"file://host", b"file:///a%0ab", b"file:///%zz", b"file:///%ff", b""] {
            assert_eq!(cwd(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn marks_tell_commands_and_how_they_ended() {
        let started = |command: Option<&str>| Some(Heard::Mark(Mark::Started { command: command.map(Into::into) }));
        let finished = |status| Some(Heard::Mark(Mark::Finished { status }));
        assert_eq!(read(b"133;C"), started(None));
        assert_eq!(read(b"133;C;cmdline_url=make%20-j2%3B%0als"), started(Some("make -j2; ls")));
        assert_eq!(read(b"133;C;x=1;cmdline=make all"), started(Some("make all")));
        assert_eq!(read(b"133;C;cmdline_url=%zz"), started(None));
        assert_eq!(read(b"133;D;127"), finished(Some(127)));
        assert_eq!(read(b"133;D;127;err=1"), finished(Some(127)));
        assert_eq!((read(b"133;D"), read(b"133;D;")), (finished(None), finished(None)));
        for other in [&b"133;A"[..], b"133;B", b"133;", b"133", b"133;CC"] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_user_is_told_texts_and_titles_but_no_progress() {
        let told = |title: &str, body: &str| {
            Some(Heard::Notification(Notification { title: title.into(), body: body.into() }))
        };
        assert_eq!(read(b"9;done"), told("done", ""));
        assert_eq!(read("9;fertig: 4;5 \u{e4}".as_bytes()), told("fertig: 4;5 \u{e4}", ""));
        assert_eq!(read(b"9;a\nb\x01"), told("a b", ""));
        for other in [&b"9;4;1;50"[..], b"9;4", b"9;12", b"9;9;C:/x", b"9;", b"9;\x01", b"9;\xff", b"777;notify;;"] {
            assert_eq!(read(other), None, "{other:?}");
        }
        assert_eq!(read(b"9;13"), told("13", ""));
        assert_eq!(read(b"777;notify;build;failed; see the log"), told("build", "failed; see the log"));
        assert_eq!(read(b"777;notify;build"), told("build", ""));
        assert_eq!(read(b"777;notify;;failed"), told("failed", ""));
        let long = "x".repeat(MAX_NOTIFIED);
        assert_eq!(read(format!("777;notify;{long}y;{long}y").as_bytes()), told(&long, &long));
    }

    #[test]
    fn only_beginnings_of_what_is_listened_to_are_kept() {
        assert!([&b""[..], b"1", b"13", b"133;", b"133;anything", b"7", b"7;x"].into_iter().all(may_be));
        assert!([&b"9;x"[..], b"77", b"777;notify;x"].into_iter().all(may_be));
        let others = [&b"0"[..], b"134", b"1337;", b"78", b"99;", b"777;notice"];
        assert!(others.into_iter().all(|beginning| !may_be(beginning)));
    }
}
