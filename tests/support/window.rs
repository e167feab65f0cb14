//! A screen that nobody looks at (Xvfb), the real client on it, and hands (xdotool).

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::Signal;
use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, ImageFormat, WindowClass,
        },
    },
};

use super::{
    DEADLINE,
    daemon::Home,
    process::{Reaped, ended_within, run, signal},
    programs::program,
    wait::within,
};

/// An X server of its own.
pub struct Display {
    server: Reaped,
    name: String,
}

impl Display {
    /// Starts one on a number that is free, with a screen of 1000 by 700.
    pub fn start() -> Self {
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1000x700x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed: tests/run does that");
        let stdout = child.stdout.take().expect("it is piped");
        let server = Reaped(child);
        let (send, number) = mpsc::channel();
        // The server writes the number when it is ready.
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            send.send(read.map(|_| line))
        });
        let number = number.recv_timeout(DEADLINE).expect("Xvfb becomes ready").expect("Xvfb tells its number");
        Self { server, name: format!(":{}", number.trim()) }
    }

    /// What `DISPLAY` is to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a tool on this display; what it printed.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(arguments).env("DISPLAY", &self.name);
        let said = run(&mut command, b"");
        assert_eq!(said.code, 0, "{program} {arguments:?}: {}", said.stderr);
        said.stdout
    }

    /// What the primary selection is, if anything.
    pub fn primary_selection(&self) -> Option<String> {
        let (x, screen) = x11rb::connect(Some(&self.name)).expect("the server is there");
        let atom = |name: &str| {
            x.intern_atom(false, name.as_bytes()).expect("sent").reply().expect("every name has an atom").atom
        };
        let (text, place) = (atom("UTF8_STRING"), atom("E2E"));
        let window = x.generate_id().expect("a number");
        let root = x.setup().roots[screen].root;
        let values = CreateWindowAux::new();
        x.create_window(0, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &values).expect("sent");
        x.convert_selection(window, AtomEnum::PRIMARY.into(), text, place, x11rb::CURRENT_TIME).expect("sent");
        x.flush().expect("sent");
        // The server answers for who has none, and the client for what it has.
        let property = within(DEADLINE, || match x.poll_for_event() {
            Ok(Some(Event::SelectionNotify(answer))) => Some(answer.property),
            _ => None,
        });
        let property = property.expect("an answer");
        if property == x11rb::NONE {
            return None;
        }
        let read = x.get_property(true, window, property, AtomEnum::ANY, 0, u32::MAX / 4).expect("sent").reply();
        String::from_utf8(read.expect("it is there").value).ok()
    }

    /// The colours of the screen's pixels: a line each, with how many there are.
    fn histogram(&self) -> String {
        self.tool("sh", &["-c", "import -window root png:- | convert png:- -format %c histogram:info:-"])
    }

    /// Whether a pixel of the screen has a colour, written `#RRGGBB`.
    pub fn has_color(&self, color: &str) -> bool {
        self.histogram().contains(color)
    }

    /// How many pixels of the screen have another colour than the most frequent one.
    pub fn drawn_pixels(&self) -> usize {
        let histogram = self.histogram();
        let mut counts: Vec<usize> =
            histogram.lines().filter_map(|line| line.split(':').next()?.trim().parse().ok()).collect();
        counts.sort_unstable();
        counts.pop();
        counts.iter().sum()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // Told to end, it takes its lock and its socket along; killed, it would leave them in the next one's way.
        signal(self.server.pid(), Signal::TERM);
        ended_within(self.server.pid(), DEADLINE);
    }
}

/// The size of a cell and the space around the cells, in pixels, as the client has them where nobody configures anything.
const CELL: (u32, u32) = (9, 20);
const PADDING: u32 = 4;

/// The pixel in the middle of a cell of a window with the default font.
pub fn middle_of((col, row): (u32, u32)) -> (u32, u32) {
    (PADDING + col * CELL.0 + CELL.0 / 2, PADDING + row * CELL.1 + CELL.1 / 2)
}

/// The client in a window.
pub struct Window<'a> {
    display: &'a Display,
    client: Reaped,
    id: String,
}

/// The client's command line on a display, in a home.
pub fn client(home: &Home, display: &Display, arguments: &[&str]) -> Command {
    let mut command = home.command(program("scarab"));
    command
        .args(["--daemon", "test"])
        .args(arguments)
        .env("DISPLAY", display.name())
        .env("SCARAB_DAEMON", program("scarab-daemon"))
        .stdin(Stdio::null())
        .process_group(0);
    command
}

impl<'a> Window<'a> {
    /// Starts the client and waits for its window, drawn.
    pub fn open(home: &Home, display: &'a Display, arguments: &[&str]) -> Self {
        let said = home.path("said-by-client");
        let file = File::create(&said).expect("the home can be written");
        let mut command = client(home, display, arguments);
        command.stdout(file.try_clone().expect("a file can be shared")).stderr(file);
        let child = command.spawn().expect("the client can be started");
        let client = Reaped(child);
        let pid = client.pid().to_string();
        let found = within(DEADLINE, || {
            let mut search = Command::new("xdotool");
            search.args(["search", "--onlyvisible", "--pid", &pid]).env("DISPLAY", display.name());
            let said = run(&mut search, b"");
            said.stdout.lines().last().map(str::to_owned).filter(|id| !id.is_empty())
        });
        let id = found.unwrap_or_else(|| {
            panic!("no window in {DEADLINE:?}; the client said {:?}", fs::read_to_string(&said).unwrap_or_default())
        });
        let window = Self { display, client, id };
        window.focus();
        window
    }

    /// The client's process id.
    pub fn pid(&self) -> u32 {
        self.client.pid()
    }

    /// Types a text, as a person would.
    pub fn type_text(&self, text: &str) {
        self.display.tool("xdotool", &["type", "--delay", "8", text]);
    }

    /// Types a text and the Enter key.
    pub fn type_line(&self, text: &str) {
        self.type_text(text);
        self.key("Return");
    }

    /// Clicks a button so many times in the middle of a cell of a window with the default font.
    pub fn click(&self, cell: (u32, u32), times: u32, button: &str) {
        self.click_pixel(middle_of(cell), times, button);
    }

    /// Clicks a button so many times on a pixel of the window.
    pub fn click_pixel(&self, (x, y): (u32, u32), times: u32, button: &str) {
        let (x, y, times) = (x.to_string(), y.to_string(), times.to_string());
        let click = ["click", "--repeat", &times, "--delay", "60", button];
        self.display.tool("xdotool", &[&["mousemove", "--window", &self.id, &x, &y][..], &click].concat());
    }

    /// Presses the left button in the middle of a cell, and moves the pointer with it to a pixel, which may be outside of the window.
    /// It stays down until [`let_go`](Self::let_go).
    pub fn drag(&self, from: (u32, u32), to: (u32, u32)) {
        let ((x, y), (to_x, to_y)) = (middle_of(from), to);
        let [x, y, to_x, to_y] = [x, y, to_x, to_y].map(|pixels| pixels.to_string());
        let press = ["mousemove", "--window", &self.id, &x, &y, "mousedown", "1"];
        self.display.tool("xdotool", &[&press[..], &["mousemove", "--window", &self.id, &to_x, &to_y]].concat());
    }

    /// Lets the left button go where the pointer is.
    pub fn let_go(&self) {
        self.display.tool("xdotool", &["mouseup", "1"]);
    }

    /// The colour of a pixel of the window: red, green, blue. Costs next to nothing, so that it can be waited for.
    pub fn pixel(&self, (x, y): (u32, u32)) -> [u8; 3] {
        let (server, _) = x11rb::connect(Some(self.display.name())).expect("the server is there");
        let (x, y) = (x as i16, y as i16);
        let image = server.get_image(ImageFormat::Z_PIXMAP, self.number(), x, y, 1, 1, u32::MAX).expect("sent").reply();
        let data = image.expect("the pixel is on the screen").data;
        // Four bytes in the order of the server's machine, which is this one: the lowest first on all that these tests run on.
        let &[blue, green, red, ..] = data.as_slice() else { panic!("no pixel: {data:?}") };
        [red, green, blue]
    }

    /// The colour behind the text of a cell, in a window with the default font: near its upper left corner, where letters leave room.
    pub fn background(&self, (col, row): (u32, u32)) -> [u8; 3] {
        self.pixel((PADDING + col * CELL.0 + 1, PADDING + row * CELL.1 + 1))
    }

    /// Presses a key by its X name, such as `ctrl+c`.
    pub fn key(&self, key: &str) {
        self.display.tool("xdotool", &["key", key]);
    }

    /// Changes the window's size, in pixels.
    pub fn resize(&self, width: u32, height: u32) {
        self.display.tool("xdotool", &["windowsize", &self.id, &width.to_string(), &height.to_string()]);
    }

    /// Asks the window to close, as its button would, and waits until the client has ended.
    pub fn close(mut self) -> std::process::ExitStatus {
        self.ask_to_close();
        self.client.wait("the client whose window was closed")
    }

    /// Asks the window to close, and tells whether the client ends in time.
    pub fn closes_within(mut self, deadline: Duration) -> bool {
        self.ask_to_close();
        let ended = ended_within(self.client.pid(), deadline);
        if ended {
            let _ = self.client.0.wait();
        }
        ended
    }

    /// Takes the window away without asking, as another program may.
    pub fn destroy(&self) {
        self.display.tool("xdotool", &["windowclose", &self.id]);
    }

    /// Waits until the client has ended by itself.
    pub fn wait(mut self) -> std::process::ExitStatus {
        self.client.wait("the client")
    }

    /// Its number at the X server.
    fn number(&self) -> u32 {
        self.id.parse().expect("xdotool prints window ids in decimal")
    }

    /// Without a window manager nobody gives the keyboard to a new window.
    fn focus(&self) {
        self.display.tool("xdotool", &["windowfocus", "--sync", &self.id]);
    }

    /// Sends what a window manager sends when the close button is pressed; xdotool only knows how to destroy windows.
    fn ask_to_close(&self) {
        let (x, _) = x11rb::connect(Some(self.display.name())).expect("the server is there");
        let atom = |name: &str| {
            x.intern_atom(false, name.as_bytes()).expect("sent").reply().expect("every name has an atom").atom
        };
        let window = self.number();
        let data = [atom("WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), data);
        x.send_event(false, window, EventMask::NO_EVENT, message).expect("sent").check().expect("the window is there");
    }
}
