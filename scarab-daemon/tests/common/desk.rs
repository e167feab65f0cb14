//! A client at a session, and waiting for what it sees. Whoever takes this module in has a `DEADLINE`.

use std::time::{Duration, Instant};

use scarab_protocol::{
    client::{AttachOptions, AttachState, Attachment, Bell, Client, ClientOptions, Phase},
    endpoint::Address,
    ids::TermSize,
    message::{Ping, Pong, Target},
    surface::Grid,
};

use super::DEADLINE;

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
    pub fn until(&self, what: &str, is: impl FnMut(&AttachState) -> bool) {
        self.until_within(what, DEADLINE, is);
    }

    /// Waits for a text on the screen.
    pub fn sees(&self, wanted: &str) {
        self.sees_within(wanted, DEADLINE);
    }

    /// Waits so long for a text on the screen.
    pub fn sees_within(&self, wanted: &str, patience: Duration) {
        self.until_within(wanted, patience, |state| text(&state.grid).contains(wanted));
    }

    fn until_within(&self, what: &str, patience: Duration, mut is: impl FnMut(&AttachState) -> bool) {
        let deadline = Instant::now() + patience;
        let seen = self.bell.wait_for(Some(deadline), || self.attachment.look(&mut is).then_some(()));
        let state = self.attachment.look(|state| format!("{:?}\n{}", state.phase, text(&state.grid)));
        assert!(seen.is_some(), "never so: {what}; {:?}, {state}", self.client.status());
    }

    /// Waits until the session has taken everything; false at the deadline.
    pub fn settled_within(&self, patience: Duration) -> bool {
        settled_within(&self.attachment, &self.bell, patience)
    }

    /// Sends so many bytes and waits until they are back; gives back how long that took.
    pub fn ping(&self, bytes: usize) -> Duration {
        let start = Instant::now();
        let payload: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let pong = self.client.ask::<_, Pong>(&Ping { payload: payload.clone() }, DEADLINE).expect("a pong");
        assert!(pong.payload == payload, "another payload came back");
        start.elapsed()
    }
}

/// What a client is told on its start.
pub fn options(address: &Address, bell: &Bell, map: bool, reconnect: bool) -> ClientOptions {
    ClientOptions { map, reconnect, wake: bell.wake(), ..ClientOptions::new(address.clone(), "test 0.1.0") }
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
