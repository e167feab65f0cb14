//! Messages: every kind read, and those for the daemon made up.

use std::fmt::Debug;

use scarab_protocol::{
    config::{KEYS, Value},
    frame::Frame,
    ids::{SessionId, TermSize},
    kind::Kind,
    message::*,
    surface::{Grid, RowsUpdate},
};

use crate::{source::Source, surface::check_grid};

/// Calls a function for the payload's type of a kind.
macro_rules! for_kind {
    ($kind:expr, $call:ident($argument:expr), [$($name:ident)+]) => {
        match $kind {
            $(Kind::$name => $call::<$name>($argument),)+
        }
    };
}

/// Reads a frame's payload as its kind; whether it was one. What was read must come back from a frame of its own.
pub fn read(frame: &Frame) -> bool {
    let Some(kind) = frame.kind() else { return false };
    let read = for_kind!(kind, read_as(frame), [
        Auth Attach Detach Arm Resize Input Paste Mouse Focus CancelInput Scrollback FetchRows Resume AskCredit
        ListSessions CreateSession RenameSession KillSession ForgetSession SetSize SetSizePolicy AskBusy ClearScrollback Subscribe Unsubscribe GetConfig SetConfig
        LoadPlugin UnloadPlugin ReloadPlugin ListPlugins PluginCommand
        Ping Status Shutdown OpenDocument SaveDocument DropDocument ListDocuments
        Welcome Done Error Unsupported Attached Detached SurfaceMoved FrameReady Rows InputCredit Resized Title Bell
        Clipboard Cwd Exited Created Sessions ScrollbackRows Renamed Busy Config ConfigChanged Plugins PluginReply Event Lagged Subscribed Pong DaemonStatus ShuttingDown
        Document Documents
    ]);
    if read {
        use_it(frame);
    }
    read
}

fn read_as<M: Message + PartialEq + Debug>(frame: &Frame) -> bool {
    let Ok(message) = frame.read::<M>() else { return false };
    let header = frame.header();
    // An archive may name the same bytes more than once, and what it stands for can be longer than itself.
    if let Ok(again) = Frame::new(header.session, header.request, &message) {
        assert_eq!(again.read::<M>().as_ref(), Ok(&message));
    }
    true
}

/// What a client makes of what the daemon sent.
fn use_it(frame: &Frame) {
    if let Ok(rows) = frame.read::<Rows>() {
        let update = RowsUpdate::from(rows);
        let mut grid = Grid::new(7, 3);
        grid.apply(&update);
        check_grid(&grid);
        grid.apply(&update);
        check_grid(&grid);
    }
    if let Ok(lines) = frame.read::<ScrollbackRows>() {
        for line in &lines.lines {
            let (cells, extras) = (line.cells(), line.extras());
            scarab_protocol::surface::line_text(&cells, &extras);
        }
    }
    if let Ok(mouse) = frame.read::<Mouse>() {
        mouse.event();
    }
}

/// What messages can be about, for a fuzzer to guess right now and then.
pub struct World {
    /// The session that is there.
    pub session: SessionId,
    /// Its name.
    pub name: &'static str,
    /// Where its next input begins, if all that was sent before is taken.
    pub position: u64,
}

impl World {
    /// A message for the daemon that is valid, and may be nonsense.
    pub fn message(&mut self, source: &mut Source) -> Frame {
        let (kind, request) = (source.u8(), source.u8());
        let session = self.session(source);
        let frame = |session, message: &dyn Fn(u32, u32) -> Frame| message(session, request.into());
        macro_rules! about {
            ($session:expr, $message:expr) => {{
                let message = $message;
                frame($session, &|session, request| Frame::new(session, request, &message).expect("short enough"))
            }};
        }
        match kind % 38 {
            0 | 1 => about!(0, self.attach(source)),
            2 => about!(session, Detach {}),
            3 => about!(session, Arm { frame: source.u64() }),
            4 => about!(session, Resize { size: size(source) }),
            5 | 6 => {
                let (position, data) = (source.u8(), source.bytes().to_vec());
                about!(session, Input { position: self.position(position, data.len()), data })
            }
            7 => {
                let (position, first, last) = (source.u8(), source.flag(), source.flag());
                let data = source.bytes().to_vec();
                about!(session, Paste { position: self.position(position, data.len()), first, last, data })
            }
            8 => {
                let position = self.position(source.u8(), 0);
                let (action, button, mods) = (source.u8() % 4, source.u8() % 11, source.u8());
                let (col, row, x, y) = (source.u16(), source.u16(), source.u8(), source.u8());
                about!(session, Mouse { position, action, button, mods, col, row, x, y })
            }
            9 => about!(session, Focus { position: self.position(source.u8(), 0), gained: source.flag() }),
            10 => about!(session, CancelInput {}),
            11 => about!(session, Scrollback { first: source.u64(), count: source.u32() }),
            12 => about!(session, FetchRows { since: source.u64() }),
            13 => about!(0, Resume { token: source.take(16).try_into().unwrap_or_default() }),
            14 => about!(session, AskCredit {}),
            15 => about!(0, ListSessions { after: source.u32() }),
            16 => {
                let beside = source.flag().then(|| self.target(source));
                about!(0, create(source, beside))
            }
            17 => about!(0, RenameSession { target: self.target(source), name: source.text() }),
            18 => {
                let signal = source.flag().then(|| i32::from(source.u8()) - 8);
                about!(0, KillSession { target: self.target(source), signal })
            }
            19 => about!(0, ForgetSession { target: self.target(source) }),
            20 => about!(0, SetSize { target: self.target(source), size: size(source) }),
            21 => {
                let policies = [SizePolicy::Latest, SizePolicy::Smallest, SizePolicy::Largest, SizePolicy::Manual];
                about!(0, SetSizePolicy { target: self.target(source), policy: source.one_of(&policies) })
            }
            22 => {
                let kinds = (0..source.u8() % 4).map(|_| source.u16() % 24).collect();
                let session = source.flag().then(|| self.target(source));
                about!(0, Subscribe { kinds, session, since: source.flag().then(|| source.u64()) })
            }
            23 => about!(0, Unsubscribe {}),
            24 => about!(0, Ping { payload: source.bytes().to_vec() }),
            25 => about!(0, GetConfig {}),
            26 => {
                let (key, save) = (key(source), source.flag());
                about!(0, SetConfig { key, value: source.flag().then(|| value(source)), save })
            }
            27 => about!(0, UnloadPlugin { name: source.text() }),
            28 => about!(0, ReloadPlugin { name: source.text() }),
            29 => about!(0, ListPlugins { name: source.flag().then(|| source.text()) }),
            30 => {
                let (plugin, command, args) = (source.text(), source.text(), vec![source.text()]);
                about!(0, PluginCommand { plugin, command, args, session: source.flag().then(|| self.target(source)) })
            }
            31 => about!(0, OpenDocument { name: source.flag().then(|| source.text()), kind: source.text() }),
            32 => about!(0, SaveDocument { name: source.text(), data: source.bytes().to_vec() }),
            33 => about!(0, DropDocument { name: source.text() }),
            34 => about!(0, ListDocuments {}),
            35 => about!(0, AskBusy { target: self.target(source) }),
            36 => about!(0, ClearScrollback { target: self.target(source) }),
            _ if source.u8() == 0xff => about!(0, Shutdown {}),
            _ => about!(0, Status {}),
        }
    }

    /// The number of a session: mostly that of the one that is there.
    pub fn session(&self, source: &mut Source) -> u32 {
        match source.u8() {
            0xff => 0,
            0xfe => source.u32(),
            other => self.session.number.wrapping_add(u32::from(other % 4 == 3)),
        }
    }

    fn target(&self, source: &mut Source) -> Target {
        match source.u8() {
            0..0x60 => Target::Id(self.session),
            0x60..0xc0 => Target::Name(self.name.into()),
            0xc0..0xe0 => Target::Name(source.text()),
            _ => Target::Id(SessionId { epoch: self.session.epoch, number: source.u32() }),
        }
    }

    fn attach(&self, source: &mut Source) -> Attach {
        let (observe, can_map) = (source.u8() % 8 == 7, source.flag());
        Attach { target: self.target(source), size: source.flag().then(|| size(source)), observe, can_map }
    }

    /// Where an item begins: mostly where it should.
    fn position(&mut self, how: u8, bytes: usize) -> u64 {
        let next = self.position;
        match how {
            0xff => u64::MAX,
            0xf0.. => next + u64::from(how & 0xf),
            0xe0.. => next.saturating_sub(u64::from(how & 0xf)),
            _ => {
                self.position += Input::cost(bytes);
                next
            }
        }
    }
}

fn size(source: &mut Source) -> TermSize {
    let (cols, rows) = (source.u16(), source.u16());
    // Large screens take their time, and are allowed now and then.
    let most = if source.u8() == 0xff { u16::MAX } else { 200 };
    TermSize { cols: cols.min(most), rows: rows.min(most), pixel_width: source.u16(), pixel_height: source.u16() }
}

/// The name of a key: mostly one that there is.
pub fn key(source: &mut Source) -> String {
    match source.u8() % 8 {
        0 => source.text(),
        1 => format!("plugins.{}.{}", source.text(), source.text()),
        2 => "plugins.watch.path".into(),
        _ => KEYS[usize::from(source.u8()) % KEYS.len()].name.into(),
    }
}

/// A value of any type.
pub fn value(source: &mut Source) -> Value {
    match source.u8() % 5 {
        0 => Value::Bool(source.flag()),
        1 => Value::Integer(source.u64() as i64),
        2 => Value::Float(f64::from_bits(source.u64())),
        3 => Value::Text(source.text()),
        _ => Value::Texts((0..source.u8() % 20).map(|_| source.text()).collect()),
    }
}

/// A session of a program that only gives back what it gets, or of none: what it runs is not the fuzzer's to choose.
fn create(source: &mut Source, beside: Option<Target>) -> CreateSession {
    let name = source.flag().then(|| source.text());
    let cwd = source.flag().then(|| source.bytes().to_vec());
    let env = (0..source.u8() % 4).map(|_| (source.bytes().to_vec(), source.bytes().to_vec())).collect();
    let exists = source.u8() % 2 == 0;
    let (size, linger) = (size(source), source.flag());
    harmless(CreateSession { name, command: vec![], cwd, beside, env, size, linger }, exists)
}

/// The same request for a program that does no harm, or for one that does not exist.
pub fn harmless(wanted: CreateSession, exists: bool) -> CreateSession {
    let program = if exists { "/bin/cat" } else { "/nonexistent/program" };
    // Not where its libraries come from, either.
    let env = wanted.env.into_iter().filter(|(name, _)| !name.starts_with(b"LD_")).collect();
    CreateSession { command: vec![program.into()], env, ..wanted }
}
