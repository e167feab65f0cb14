//! docs/PROTOCOL.md against the code: the table of kinds, and byte vectors of hellos, frames and cells.

use std::{collections::BTreeMap, fmt::Write};

use scarab_protocol::{
    config::{Origin, Value},
    event::EventKind,
    frame::Frame,
    hello::{ClientHello, DaemonHello, Features},
    ids::{SessionId, TermSize},
    kind::{Direction, Kind},
    message::*,
    surface::{Attrs, Cell, Color, Underline},
};

/// The page. A link inside the crate leads to it, so that the packed crate has it too.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md");

fn page() -> String {
    std::fs::read_to_string(PAGE).expect("docs/PROTOCOL.md is there").replace("\r\n", "\n")
}

#[test]
fn the_pages_table_lists_every_kind_with_its_number_and_direction() {
    let page = page();
    let listed: Vec<(u16, String, Direction)> = page
        .lines()
        .filter_map(|line| {
            let mut columns = line.strip_prefix("| 0x")?.split('|').map(str::trim);
            let number = u16::from_str_radix(columns.next()?, 16).ok()?;
            let name = columns.next()?.trim_matches('`').to_owned();
            let direction = match columns.next()? {
                "to daemon" => Direction::ToDaemon,
                "to client" => Direction::ToClient,
                other => panic!("{name} travels {other:?}"),
            };
            Some((number, name, direction))
        })
        .collect();
    let known: Vec<_> =
        Kind::ALL.iter().map(|kind| (kind.number(), kind.name().to_owned(), kind.direction())).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_pages_table_lists_every_kind_of_event_with_its_fields() {
    let listed: Vec<(u16, String, Vec<String>)> = page()
        .lines()
        .skip_while(|line| *line != "| number | kind | fields |")
        .skip(2)
        .map_while(|line| {
            let mut columns = line.strip_prefix("| ")?.split(" | ");
            let number = columns.next()?.parse().ok()?;
            let name = columns.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
            let fields = columns.next()?.trim_end_matches(" |").split(", ");
            Some((number, name, fields.map(|field| field.trim_matches('`').to_owned()).collect()))
        })
        .collect();
    let known: Vec<_> = EventKind::ALL
        .iter()
        .map(|kind| {
            (kind.number(), kind.name().to_owned(), kind.fields().iter().map(|field| (*field).into()).collect())
        })
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_pages_vectors_are_what_the_code_makes() {
    let made = vectors();
    let old = page();
    if std::env::var_os("SCARAB_BLESS").is_some() {
        std::fs::write(PAGE, with_vectors(&old, &made)).expect("the page can be written");
        return;
    }
    let written = vectors_of(&old);
    assert_eq!(written.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    for (name, bytes) in &made {
        assert_eq!(written[name], *bytes, "{name}: the page does not say what the code makes\n{}", hex(bytes));
    }
}

#[test]
fn every_kind_has_a_vector() {
    let made = vectors();
    for kind in Kind::ALL {
        let has = made.contains_key(&format!("{:#06x}-{}", kind.number(), kind.name()));
        assert!(has, "{}", kind.name());
    }
}

/// The vectors in a page: fenced blocks whose info string is `hex NAME`.
fn vectors_of(page: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("```hex ") else { continue };
        let digits = lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join(" ");
        let bytes = digits
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).unwrap_or_else(|_| panic!("{name}: {byte:?} is no byte")))
            .collect();
        assert!(found.insert(name.to_owned(), bytes).is_none(), "{name} is there twice");
    }
    found
}

fn with_vectors(page: &str, vectors: &BTreeMap<String, Vec<u8>>) -> String {
    let mut page = page[..page.find("```hex ").unwrap_or(page.len())].trim_end().to_owned();
    page.push('\n');
    for (name, bytes) in vectors {
        let _ = write!(page, "\n```hex {name}\n{}```\n", hex(bytes));
    }
    page
}

fn hex(bytes: &[u8]) -> String {
    bytes.chunks(16).fold(String::new(), |mut text, line| {
        let line: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(text, "{}", line.join(" "));
        text
    })
}

/// One of everything, by the name that it has on the page.
fn vectors() -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let client = ClientHello::new("scarabctl 0.1.0", Features::DESCRIPTORS);
    let daemon =
        DaemonHello::answer(&client, "scarab-daemon 0.1.0", Features::DESCRIPTORS, 0x0123_4567_89ab_cdef, 4242);
    let too_new = ClientHello { lowest: 2, highest: 3, ..client.clone() };
    let refusal = DaemonHello::answer(&too_new, "scarab-daemon 0.1.0", Features::empty(), 1, 4242);
    all.insert("hello-of-a-client".into(), client.to_bytes().to_vec());
    all.insert("hello-of-a-daemon".into(), daemon.to_bytes().to_vec());
    all.insert("hello-of-a-daemon-that-refuses-versions-2-to-3".into(), refusal.to_bytes().to_vec());

    let attrs = (Attrs::BOLD | Attrs::WIDE).with_underline(Underline::Curly);
    let cell = Cell::new('漢', attrs, Color::Indexed(9), Color::Rgb(1, 2, 3)).with_extra_index(5);
    let words = cell.to_words();
    all.insert("cell".into(), words.iter().flat_map(|word| word.to_le_bytes()).collect());

    messages(&mut |name, frame| drop(all.insert(name, frame.bytes().to_vec())));
    all
}

/// Hands every kind that is built, as a frame about session 3, as answer to request 7, or as neither, to `add`.
fn messages(add: &mut dyn FnMut(String, Frame)) {
    let mut of = Of { add };
    let id = SessionId { epoch: 0x0123_4567_89ab_cdef, number: 3 };
    let by_name = || Target::Name("build".into());
    let size = TermSize { cols: 80, rows: 24, pixel_width: 640, pixel_height: 384 };
    let exit = Exit { code: 137, signal: Some("SIGKILL".into()) };
    let info = SessionInfo {
        id,
        name: "build".into(),
        command: "make -j2".into(),
        pid: Some(4711),
        size,
        policy: SizePolicy::Smallest,
        clients: 1,
        created: 1_700_000_000_000,
        used: 1_700_000_000_500,
        title: "make".into(),
        linger: true,
        made_by: "scarabctl".into(),
        exit: None,
    };
    let line = LineData {
        row: 2,
        frame: 9,
        cells: Cell::BLANK.to_words().to_vec(),
        extras: vec![WireExtra {
            col: 0,
            marks: "\u{301}".into(),
            link: Some(("1".into(), "https://example.org".into())),
            underline_color: Color::Rgb(255, 0, 0).to_bits(),
        }],
    };

    of.request(&Auth { token: [0xab; 32] });
    of.request(&Attach { target: by_name(), size: Some(size), observe: false, can_map: true });
    of.session(&Detach {});
    of.session(&Arm { frame: 9 });
    of.session(&Resize { size });
    of.session(&Input { position: 100, data: b"ls\r".to_vec() });
    of.session(&Paste { position: 103, first: true, last: false, data: b"one\ntwo".to_vec() });
    of.session(&Mouse { position: 110, action: 0, button: 1, mods: 4, col: 10, row: 5, x: 64, y: 128 });
    of.session(&Focus { position: 142, gained: true });
    of.session(&CancelInput {});
    of.session(&Scrollback { first: 1000, count: 24 });
    of.session(&FetchRows { since: 8 });
    of.request(&Resume { token: [0xcd; 16] });
    of.session(&AskCredit {});
    of.request(&ListSessions { after: 0 });
    of.request(&CreateSession {
        name: Some("build".into()),
        command: vec![b"make".to_vec(), b"-j2".to_vec()],
        cwd: Some(b"/src".to_vec()),
        beside: Some(by_name()),
        env: vec![(b"HOME".to_vec(), b"/home/me".to_vec())],
        size,
        linger: true,
    });
    of.request(&RenameSession { target: by_name(), name: "built".into() });
    of.request(&KillSession { target: Target::Id(id), signal: Some(15) });
    of.request(&ForgetSession { target: by_name() });
    of.request(&SetSize { target: by_name(), size: TermSize::cells(132, 50) });
    of.request(&SetSizePolicy { target: by_name(), policy: SizePolicy::Largest });
    of.request(&AskBusy { target: by_name() });
    of.request(&ClearScrollback { target: by_name() });
    of.request(&Subscribe { kinds: vec![1, 3], session: Some(by_name()), since: Some(41) });
    of.request(&Unsubscribe {});
    of.request(&GetConfig {});
    of.request(&SetConfig { key: "daemon.scrollback".into(), value: Some(Value::Integer(500)), save: true });
    of.request(&LoadPlugin {
        source: PluginSource::File(b"/home/me/watch.luau".to_vec()),
        grants: vec!["build".into()],
    });
    of.request(&UnloadPlugin { name: "watch".into() });
    of.request(&ReloadPlugin { name: "watch".into() });
    of.request(&ListPlugins { name: Some("watch".into()) });
    of.request(&PluginCommand {
        plugin: "watch".into(),
        command: "add".into(),
        args: vec!["error:".into()],
        session: Some(by_name()),
    });
    of.request(&Ping { payload: b"hello".to_vec() });
    of.request(&Status {});
    of.request(&Shutdown {});
    of.request(&OpenDocument { name: Some("window-1".into()), kind: "window".into() });
    of.request(&SaveDocument { name: "window-1".into(), data: b"{}".to_vec() });
    of.request(&DropDocument { name: "window-1".into() });
    of.request(&ListDocuments {});

    of.request(&Welcome {
        client: 12,
        role: Role::Control,
        resume_token: [0xcd; 16],
        limits: Limits {
            payload: 2_097_152,
            item: 65_536,
            resume_ms: 30_000,
            commands: 2000,
            commands_per_second: 200,
        },
    });
    of.request(&Done {});
    of.request(&Error::new(ErrorCode::NoSuchSession, "no session is called build"));
    of.request(&Unsupported { kind: 0x7fff });
    of.session(&Attached {
        info: info.clone(),
        generation: 1,
        mapping: String::new(),
        observe: false,
        lane: 5,
        taken: 100,
        may_send_through: 1_048_676,
        bells: 2,
        cwd: "/src".into(),
    });
    of.session(&Detached { reason: "the session was killed".into() });
    of.session(&SurfaceMoved { generation: 2, mapping: String::new() });
    of.session(&FrameReady { frame: 10, taken: 142 });
    of.session(&Rows {
        frame: 10,
        cols: 80,
        rows: 24,
        cursor: (3, 4),
        cursor_shape: 2,
        cursor_visible: true,
        cursor_blinking: false,
        modes: 9,
        scrolled: 1000,
        reflow: 1,
        scrollback: 1000,
        palette: Some(WirePalette { version: 4, colors: vec![(256, [1, 2, 3])] }),
        full: true,
        more: false,
        lines: vec![line.clone()],
    });
    of.session(&InputCredit { taken: 142, may_send_through: 1_048_718 });
    of.session(&Resized { size });
    of.session(&Title { title: "make".into() });
    of.session(&Bell { count: 3 });
    of.session(&Clipboard { primary: false, text: "copied".into() });
    of.session(&Cwd { path: "/src".into() });
    of.session(&Exited { exit });
    of.request(&Created { info: info.clone() });
    of.request(&Sessions { sessions: vec![info], more: false });
    of.session(&ScrollbackRows { first: 1000, scrolled: 1024, reflow: 1, lines: vec![line] });
    of.session(&Renamed { name: "built".into() });
    of.request(&Busy { others: 2, program: Some("vim".into()) });
    let fields =
        vec![EventField::new("code", 137), EventField::new("signal", "SIGKILL"), EventField::new("expected", false)];
    let event =
        Event { number: 42, time_ms: 1_700_000_001_000, kind: 3, session: Some(id), name: "build".into(), fields };
    of.push(&event);
    of.push(&Lagged { missed: 17 });
    of.request(&Subscribed { oldest: 1, next: 43 });
    let entry = |key: &str, value, origin| ConfigEntry { key: key.into(), value, origin, restart: false };
    let config = Config {
        path: "/home/me/.config/scarab/scarab.toml".into(),
        revision: 4,
        problem: String::new(),
        entries: vec![
            entry("daemon.scrollback", Value::Integer(500), Origin::File),
            entry("daemon.shell", Value::Texts(vec!["fish".into(), "-l".into()]), Origin::Session),
            entry("client.font_size", Value::Float(15.0), Origin::Default),
            entry("client.cursor", Value::Text("#e5c07b".into()), Origin::Default),
            ConfigEntry { restart: true, ..entry("daemon.resume_seconds", Value::Integer(60), Origin::File) },
            entry("plugins.watch.enabled", Value::Bool(true), Origin::File),
        ],
    };
    of.request(&config.clone());
    of.push(&ConfigChanged { config });
    of.request(&Plugins {
        plugins: vec![PluginInfo {
            name: "watch".into(),
            version: "1.0.0".into(),
            about: "Looks for patterns.".into(),
            path: "/home/me/watch.luau".into(),
            disabled: None,
            commands: vec![PluginCommandInfo { name: "add".into(), help: "PATTERN: looks for it".into() }],
            permissions: vec!["rename".into()],
            errors: 1,
            last_error: Some("watch.luau:3: no".into()),
            dropped: 2,
            memory: 65_536,
            status: vec![PluginStatusItem { key: "progress".into(), text: "3 of 40".into() }],
            log: vec![PluginLogEntry { time_ms: 1_700_000_002_000, is_error: true, text: "watch.luau:3: no".into() }],
        }],
    });
    of.request(&PluginReply { text: "looking for error:".into() });
    of.request(&Pong { payload: b"hello".to_vec() });
    of.request(&DaemonStatus {
        version: "0.1.0".into(),
        pid: 4242,
        uptime_ms: 60_000,
        sessions: 2,
        clients: 3,
        log: String::new(),
    });
    of.request(&ShuttingDown { reason: "asked to".into() });
    of.request(&Document { name: "window-1".into(), data: b"{}".to_vec() });
    let documents = vec![DocumentInfo { name: "window-1".into(), bytes: 2, open: true }];
    of.request(&Documents { documents });
}

struct Of<'a> {
    add: &'a mut dyn FnMut(String, Frame),
}

impl Of<'_> {
    /// A message about session 3.
    fn session<M: Message>(&mut self, message: &M) {
        self.put::<M>(Frame::new(3, 0, message));
    }

    /// A message about nothing that was asked.
    fn push<M: Message>(&mut self, message: &M) {
        self.put::<M>(Frame::new(0, 0, message));
    }

    /// A message that is, or answers, request 7.
    fn request<M: Message>(&mut self, message: &M) {
        self.put::<M>(Frame::new(0, 7, message));
    }

    fn put<M: Message>(&mut self, frame: Result<Frame, scarab_protocol::frame::FrameError>) {
        let name = format!("{:#06x}-{}", M::KIND.number(), M::KIND.name());
        (self.add)(name, frame.expect("a small message fits a frame"));
    }
}
