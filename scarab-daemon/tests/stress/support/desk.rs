//! A client at a session, and waiting for what it sees.

use std::time::{Duration, Instant};

use scarab_protocol::{
    client::{AttachOptions, AttachState, Attachment, Bell, Client, ClientOptions, Phase},
    endpoint::Address,
    ids::TermSize,
    message::{Ping, Pong, Target},
    surface::Grid,
};

use super::{
    DEADLINE,
    daemon::{Daemon, create},
    figures::Times,
};

/// How long is waited for an answer about input before it is asked anew: the question may be lost with a connection.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A client of one session.
pub struct Desk {
    /// The session's end of it.
    pub attachment: Attachment,
    /// Rung by the client.
    pub bell: Bell,
    /// The client, which goes after the attachment.
    pub client: Client,
}

impl Desk {
    /// Makes a session and joins it.
    pub fn join_new(daemon: &Daemon, session: &str, script: &str) -> Self {
        let bell = Bell::default();
        let maker = Client::connect(options(&daemon.address, &bell, true, false)).expect("the daemon answers");
        create(&maker, session, script);
        Self::join(&daemon.address, session, true, false)
    }

    /// Joins a session and waits for its screen.
    pub fn join(address: &Address, session: &str, map: bool, reconnect: bool) -> Self {
        let bell = Bell::default();
        let client = Client::connect(options(address, &bell, map, reconnect)).expect("the daemon answers");
        let attachment = client.attach(joining(session, Some(TermSize::default())));
        let desk = Self { attachment, bell, client };
        desk.until("joined", |state| state.phase == Phase::Attached && state.grid.frame > 0);
        desk
    }

    /// Waits until the state is so; fails the test at the deadline.
    pub fn until(&self, what: &str, mut is: impl FnMut(&AttachState) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let seen = self.bell.wait_for(Some(deadline), || self.attachment.look(&mut is).then_some(()));
        let state = self.attachment.look(|state| format!("{:?}\n{}", state.phase, text(&state.grid)));
        assert!(seen.is_some(), "never so: {what}; {:?}, {state}", self.client.status());
    }

    /// Waits for a text on the screen.
    pub fn sees(&self, wanted: &str) {
        self.until(wanted, |state| text(&state.grid).contains(wanted));
    }

    /// Waits until the session has taken everything; false at the deadline.
    pub fn settled_within(&self, patience: Duration) -> bool {
        settled_within(&self.attachment, &self.bell, patience)
    }

    /// How long a ping takes now.
    pub fn ping(&self) -> Duration {
        let start = Instant::now();
        self.client.ask::<_, Pong>(&Ping { payload: vec![0; 8] }, DEADLINE).expect("a pong");
        start.elapsed()
    }

    /// How long it takes for something typed to be on the screen, in a session that runs `cat` on a raw terminal.
    pub fn echo(&self, number: u64) -> Duration {
        let start = Instant::now();
        let shown = format!("<{number:08}>");
        self.attachment.input(format!("\x1b[H{shown}").as_bytes()).expect("little is held");
        self.until(&shown, |state| state.grid.rows() > 0 && state.grid.row_text(0).starts_with(&shown));
        start.elapsed()
    }

    /// So many echoes.
    pub fn echoes(&self, numbers: std::ops::Range<u64>) -> Times {
        let mut times = Times::default();
        numbers.for_each(|number| times.add(self.echo(number)));
        times
    }
}

/// A session's program for [`Desk::echo`].
pub const ECHO: &str = "stty raw -echo; printf ready; exec cat";

/// What a client is told on its start.
pub fn options(address: &Address, bell: &Bell, map: bool, reconnect: bool) -> ClientOptions {
    ClientOptions { map, reconnect, wake: bell.wake(), ..ClientOptions::new(address.clone(), "stress 0.1.0") }
}

/// How to join a session by its name.
pub fn joining(session: &str, size: Option<TermSize>) -> AttachOptions {
    AttachOptions { target: Target::Name(session.into()), size, observe: false }
}

/// Waits until a session has taken all that was typed at an attachment; false at the deadline.
pub fn settled_within(attachment: &Attachment, bell: &Bell, patience: Duration) -> bool {
    let end = Instant::now() + patience;
    loop {
        attachment.ask_credit();
        let again = end.min(Instant::now() + ASK_AGAIN);
        if bell.wait_for(Some(again), || (attachment.held() == 0).then_some(())).is_some() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
    }
}

/// A grid's rows, one a line.
pub fn text(grid: &Grid) -> String {
    (0..grid.rows()).map(|row| grid.row_text(row) + "\n").collect()
}
