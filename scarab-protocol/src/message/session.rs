//! Sessions: made, joined, left, listed, ended.

use rkyv::{Archive, Deserialize, Serialize};

use crate::ids::{SessionId, TermSize};

/// The session that a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub enum Target {
    /// By its name.
    Name(String),
    /// By its id. An id of another daemon's life is refused with `NoSuchSession`.
    Id(SessionId),
}

/// Joins a session; answered by `Attached`. A second `Attach` of the same session on one connection renews the first.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Attach {
    /// Which session.
    pub target: Target,
    /// The client's size; `None` for one that shows the session at whatever size it has.
    pub size: Option<TermSize>,
    /// Only look: never counts for the size, may not send input.
    pub observe: bool,
    /// Whether the client can map a surface. One that cannot asks for rows with `FetchRows`.
    pub can_map: bool,
}

/// The answer to `Attach`. If the client can map, the frame carries the surface's read-only descriptor.
/// The doorbell is armed with frame 0.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Attached {
    /// What is known of the session.
    pub info: SessionInfo,
    /// The surface's generation.
    pub generation: u32,
    /// Where shared memory goes by name (Windows): the name of the surface's mapping; else empty.
    pub mapping: String,
    /// Whether this client only looks.
    pub observe: bool,
    /// Names this row of input positions in the session's life. The same as in an earlier `Attached`: the row goes on
    /// where it was, and what ended at or below `taken` has arrived. Another: a new row, that begins at `taken`.
    pub lane: u64,
    /// The position of the next item of input, and how far the client may send.
    pub taken: u64,
    /// As in `InputCredit`.
    pub may_send_through: u64,
    /// How often the bell has rung so far.
    pub bells: u64,
    /// The working directory that the shell last told (OSC 7); empty if it never did.
    pub cwd: String,
}

/// Leaves the session in the frame's header. Answered by `Done` if the request id is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Detach {}

/// The session in the frame's header was left, not by this client's own wish.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Detached {
    /// Why, in words.
    pub reason: String,
}

/// The size of the client's view of the session in the frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Resize {
    /// The size wanted; clamped to what a session can have.
    pub size: TermSize,
}

/// The size now in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Resized {
    /// The size.
    pub size: TermSize,
}

/// Sets a session's size by hand; its policy is `Manual` then. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetSize {
    /// Which session.
    pub target: Target,
    /// The size; one that no session can have is refused with `BadSize`.
    pub size: TermSize,
}

/// Which of its clients' sizes a session has. Observers never count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum SizePolicy {
    /// That of the client which last typed, got the focus or was resized; when it leaves, of the one before.
    #[default]
    Latest,
    /// The fewest columns and the fewest rows of all.
    Smallest,
    /// The most columns and the most rows of all.
    Largest,
    /// None: the size stays as it is, or as `SetSize` sets it.
    Manual,
}

/// Says which of its clients' sizes a session has from now on. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetSizePolicy {
    /// Which session.
    pub target: Target,
    /// The policy.
    pub policy: SizePolicy,
}

/// A new session; answered by `Created`. Words, paths and variables are the platform's own: bytes on Unix, UTF-8 on Windows.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CreateSession {
    /// Its name; `None` lets the daemon choose one.
    pub name: Option<String>,
    /// The program and its arguments; none for the user's login shell.
    pub command: Vec<Vec<u8>>,
    /// Where it starts; `None` for the home directory.
    pub cwd: Option<Vec<u8>>,
    /// The session in whose directory it starts, if the daemon can tell that; else `cwd` counts.
    pub beside: Option<Target>,
    /// The whole environment it starts with, as names and values, before the daemon adds its own.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its size at the start.
    pub size: TermSize,
    /// Whether it stays when its last client leaves.
    pub linger: bool,
}

/// The session was made.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Created {
    /// What is known of it.
    pub info: SessionInfo,
}

/// Another name for a session. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct RenameSession {
    /// Which session.
    pub target: Target,
    /// The new name.
    pub name: String,
}

/// The session in the frame's header has another name.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Renamed {
    /// The name.
    pub name: String,
}

/// Ends a session's program. Without a signal it gets SIGHUP, then SIGKILL if it is still there after a grace time,
/// and the session is forgotten when it has ended. With one, only that signal is sent. Answered by `Done`.
/// A session that has ended already is forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct KillSession {
    /// Which session.
    pub target: Target,
    /// The signal's number on this platform; `None` to end and forget the session.
    pub signal: Option<i32>,
}

/// Asks who would miss the session if it was ended now. Answered by `Busy`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AskBusy {
    /// Which session.
    pub target: Target,
}

/// Who would miss a session if it was ended at the moment of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Busy {
    /// How many other clients are attached, observers included.
    pub others: u32,
    /// The name of the program that runs in the foreground, without control characters; empty if there is one whose name is not
    /// known. `None` if it is the first program of a session that was made without a command, which is taken for a shell
    /// that waits, if that has ended, or if it cannot be known, as on Windows.
    pub program: Option<String>,
}

/// Drops what has scrolled off the session's primary screen; the screen stays as it is. Answered by `Done` when that is published.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ClearScrollback {
    /// Which session.
    pub target: Target,
}

/// Drops a session that has ended. Answered by `Done`, or `StillRunning`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ForgetSession {
    /// Which session.
    pub target: Target,
}

/// How a session's program ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub struct Exit {
    /// The exit status; 128 + the signal's number when a signal ended it.
    pub code: u32,
    /// The signal's name, when one ended it.
    pub signal: Option<String>,
}

/// The program of the session in the frame's header has ended. The session stays to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Exited {
    /// How.
    pub exit: Exit,
}

/// All sessions, in pages by rising number. Answered by `Sessions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListSessions {
    /// Only sessions with a higher number than this; 0 for the first page.
    pub after: u32,
}

/// A page of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Sessions {
    /// The sessions, by rising number.
    pub sessions: Vec<SessionInfo>,
    /// Whether there are more after the last of these.
    pub more: bool,
}

/// What is known of a session.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its id.
    pub id: SessionId,
    /// Its name.
    pub name: String,
    /// The command as it was given, for people to read.
    pub command: String,
    /// The process id of the program; `None` after its end.
    pub pid: Option<u32>,
    /// The size in force.
    pub size: TermSize,
    /// Whose size that is.
    pub policy: SizePolicy,
    /// How many clients are attached, observers included.
    pub clients: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created: u64,
    /// When a client last attached, left or typed, in milliseconds since the Unix epoch.
    pub used: u64,
    /// The title that its program set.
    pub title: String,
    /// Whether it stays when its last client leaves.
    pub linger: bool,
    /// The program that made it, as in its hello's build, without the version: `scarab`, `scarabctl`, an App's name.
    pub made_by: String,
    /// How its program ended, if it has.
    pub exit: Option<Exit>,
}

/// The title that the program set (OSC 0, 2), without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Title {
    /// The title.
    pub title: String,
}

/// Text that the program wants on the clipboard (OSC 52), without control characters but tab and newline.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Clipboard {
    /// Whether the primary selection is meant and not the clipboard.
    pub primary: bool,
    /// The text.
    pub text: String,
}

/// The working directory that the shell told (OSC 7), as a path.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Cwd {
    /// The path.
    pub path: String,
}
