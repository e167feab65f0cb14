//! What plugins of the daemon and programs in the window's tabs tell the user: notifications in the banner for a while, status items
//! in the window's title. What was typed and could not be sent is told as notifications are.

use std::time::{Duration, Instant};

use bevy::{ecs::system::NonSendMarker, prelude::*, window::PrimaryWindow};
use scarab_protocol::{client::InputRejected as Rejection, event::EventKind};

use super::{bell, tell};
use crate::{
    ClientConfig,
    alarm::Alarm,
    connection::PrimaryConnection,
    daemon_plugins::told::{Notified, PluginStatus},
    events::DaemonEvents,
    ipc::ScarabIpcSystems,
    messages::InputRejected,
    render::{FontMissing, TerminalRenderSystems},
    terminal::TerminalSession,
    typeset::beginning,
    wake::Waker,
};

/// How long a notification is shown: long enough to be read by who looks up from something else.
const SHOWN_FOR: Duration = Duration::from_secs(8);

/// The most notifications that are shown at once. One more takes the oldest's place.
const MAX_SHOWN: usize = 3;

/// The most columns that are shown of a notification: the banner is some lines, not a page.
const MAX_COLUMNS: usize = 300;

/// The notifications that are shown.
#[derive(Resource, Default)]
pub(super) struct Notices {
    /// Oldest first.
    shown: Vec<Notice>,
}

struct Notice {
    text: String,
    until: Instant,
    /// How many bytes of what was typed it says are lost, if it is about that.
    lost: Option<u64>,
}

/// Hears what plugins and programs tell, and shows it.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Notices>()
        .add_systems(Startup, listen)
        .add_systems(PreUpdate, note.after(ScarabIpcSystems::Receive))
        .add_systems(Update, pass.before(tell::tell))
        .add_systems(PostUpdate, lose.after(ScarabIpcSystems::Send))
        .add_message::<FontMissing>()
        .add_systems(PostUpdate, lack.after(TerminalRenderSystems::Measure));
}

impl Notices {
    /// The lines of the banner.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.shown.iter().map(|notice| notice.text.clone())
    }

    /// The window has something to say itself.
    pub(super) fn say(&mut self, text: &str) {
        self.add(text, "", Instant::now());
    }

    /// A notification has come.
    fn add(&mut self, title: &str, body: &str, now: Instant) {
        let text = if body.is_empty() { title.to_owned() } else { format!("{title}: {}", body.replace('\n', " ")) };
        let shown = beginning(&text, MAX_COLUMNS);
        let text = if shown.len() < text.len() { format!("{shown}...") } else { text };
        if self.shown.len() >= MAX_SHOWN {
            self.shown.remove(0);
        }
        self.shown.push(Notice { text, until: now + SHOWN_FOR, lost: None });
    }

    /// What was typed could not be sent. One notice is about that, however often it happens: it counts on while it is shown, and has
    /// the newest reason.
    fn lose(&mut self, bytes: u64, why: Rejection, now: Instant) {
        self.forget(now);
        let lost = bytes + self.shown.iter().find_map(|notice| notice.lost).unwrap_or(0);
        self.shown.retain(|notice| notice.lost.is_none());
        let what = match lost {
            1 => "1 byte that was typed could not be sent".to_owned(),
            _ => format!("{lost} bytes that were typed could not be sent"),
        };
        self.add(&what, &why.to_string(), now);
        if let Some(notice) = self.shown.last_mut() {
            notice.lost = Some(lost);
        }
    }

    /// Forgets what was shown for long enough.
    fn forget(&mut self, now: Instant) {
        self.shown.retain(|notice| notice.until > now);
    }
}

/// The most columns of status that a title has.
const MAX_STATUS: usize = 200;

/// The status items of all plugins, as the end of a title.
pub(super) fn status_line(status: &PluginStatus) -> String {
    let all: String = status.0.values().map(|text| format!(" · {text}")).collect();
    beginning(&all, MAX_STATUS).to_owned()
}

fn listen(mut commands: Commands, connection: Option<Single<Entity, With<PrimaryConnection>>>) {
    if let Some(connection) = connection {
        commands.entity(*connection).insert(DaemonEvents::of([EventKind::Notification, EventKind::Status]));
    }
}

fn note(
    mut notified: MessageReader<Notified>,
    mut notices: ResMut<Notices>,
    sessions: Query<&TerminalSession>,
    config: Res<ClientConfig>,
    window: Option<Single<(Entity, &Window), With<PrimaryWindow>>>,
    _main_thread: NonSendMarker,
) {
    for Notified { terminal, plugin, title, body, .. } in notified.read() {
        if plugin.is_some() {
            notices.add(title, body, Instant::now());
        } else if let Some(session) = terminal.and_then(|terminal| sessions.get(terminal).ok()) {
            // The name tells a program's words from the window's own.
            notices.add(&format!("{}: {title}", session.name), body, Instant::now());
            bell::call(&config, window.as_deref());
        }
    }
}

/// Says what was typed and is lost. That is known at the end of an update, after which the window may sleep.
fn lose(mut rejected: MessageReader<InputRejected>, mut notices: ResMut<Notices>, waker: Res<Waker>) {
    // Nobody misses the mouse.
    for InputRejected { bytes, why, .. } in rejected.read().filter(|rejected| rejected.bytes > 0) {
        notices.lose(*bytes, *why, Instant::now());
        waker.wake();
    }
}

/// Says which font is not there. That is known at the end of an update, too.
fn lack(mut missing: MessageReader<FontMissing>, mut notices: ResMut<Notices>, waker: Res<Waker>) {
    for font in missing.read() {
        notices.say(&font.to_string());
        waker.wake();
    }
}

/// Takes away what was shown for long enough, and sees that the window wakes for the next: while nothing is shown, nothing wakes it.
pub(super) fn pass(mut notices: ResMut<Notices>, alarm: Res<Alarm>, waker: Res<Waker>) {
    let now = Instant::now();
    if notices.shown.iter().any(|notice| notice.until <= now) {
        notices.forget(now);
    }
    // The window's own timer would draw it anew all the time.
    if let Some(next) = notices.shown.iter().map(|notice| notice.until).min() {
        alarm.wake_at(next, &waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_few_are_shown_each_for_its_time() {
        let start = Instant::now();
        let mut notices = Notices::default();
        for number in 0..5 {
            notices.add(&format!("title {number}"), "two\nlines", start + Duration::from_secs(number));
        }
        assert_eq!(
            notices.lines().collect::<Vec<_>>(),
            ["title 2: two lines", "title 3: two lines", "title 4: two lines"]
        );
        notices.forget(start + SHOWN_FOR + Duration::from_secs(3));
        assert_eq!(notices.lines().collect::<Vec<_>>(), ["title 4: two lines"]);
        notices.forget(start + SHOWN_FOR + Duration::from_secs(4));
        assert_eq!(notices.lines().count(), 0);
        for (text, shown) in [("ä", MAX_COLUMNS), ("漢", MAX_COLUMNS / 2), ("e\u{301}", 2 * MAX_COLUMNS)] {
            notices.add(&text.repeat(1000), "", start);
            assert_eq!(notices.lines().last().map(|line| line.chars().count()), Some(shown + 3), "{text}");
        }
    }

    #[test]
    fn what_was_typed_and_is_lost_is_one_notice_that_counts_on_while_it_is_shown() {
        let start = Instant::now();
        let mut notices = Notices::default();
        notices.lose(1, Rejection::Observer, start);
        let first = format!("1 byte that was typed could not be sent: {}", Rejection::Observer);
        assert_eq!(notices.lines().collect::<Vec<_>>(), [first]);
        notices.add("another", "", start);
        notices.lose(4, Rejection::Gone, start + Duration::from_secs(1));
        let both = ["another", "5 bytes that were typed could not be sent: the session is gone"];
        assert_eq!(notices.lines().collect::<Vec<_>>(), both);
        notices.lose(2, Rejection::Gone, start + SHOWN_FOR + Duration::from_secs(1));
        let anew = ["2 bytes that were typed could not be sent: the session is gone"];
        assert_eq!(notices.lines().collect::<Vec<_>>(), anew);
    }
}
