//! What plugins of the daemon tell the user: notifications in the banner for a while, status items in the window's title.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use scarab_protocol::event::EventKind;

use super::tell;
use crate::{
    alarm::Alarm,
    connection::PrimaryConnection,
    daemon_plugins::told::{PluginNotified, PluginStatus},
    events::DaemonEvents,
    ipc::ScarabIpcSystems,
    wake::Waker,
};

/// How long a notification is shown: long enough to be read by who looks up from something else.
const SHOWN_FOR: Duration = Duration::from_secs(8);

/// The most notifications that are shown at once. One more takes the oldest's place.
const MAX_SHOWN: usize = 3;

/// The most characters that are shown of a notification: the banner is some lines, not a page.
const MAX_CHARS: usize = 300;

/// The notifications that are shown.
#[derive(Resource, Default)]
pub(super) struct Notices {
    /// Oldest first.
    shown: Vec<Notice>,
}

struct Notice {
    text: String,
    until: Instant,
}

/// Hears what plugins tell, and shows it.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Notices>()
        .add_systems(Startup, listen)
        .add_systems(PreUpdate, note.after(ScarabIpcSystems::Receive))
        .add_systems(Update, pass.before(tell::tell));
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
        let text = match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text,
        };
        if self.shown.len() >= MAX_SHOWN {
            self.shown.remove(0);
        }
        self.shown.push(Notice { text, until: now + SHOWN_FOR });
    }

    /// Forgets what was shown for long enough.
    fn forget(&mut self, now: Instant) {
        self.shown.retain(|notice| notice.until > now);
    }
}

/// The most characters of status that a title has.
const MAX_STATUS: usize = 200;

/// The status items of all plugins, as the end of a title.
pub(super) fn status_line(status: &PluginStatus) -> String {
    let all: String = status.0.values().map(|text| format!(" · {text}")).collect();
    all.chars().take(MAX_STATUS).collect()
}

fn listen(mut commands: Commands, connection: Option<Single<Entity, With<PrimaryConnection>>>) {
    if let Some(connection) = connection {
        commands.entity(*connection).insert(DaemonEvents::of([EventKind::Notification, EventKind::Status]));
    }
}

fn note(mut notified: MessageReader<PluginNotified>, mut notices: ResMut<Notices>) {
    for PluginNotified { title, body, .. } in notified.read() {
        notices.add(title, body, Instant::now());
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
        notices.add(&"ä".repeat(1000), "", start);
        assert_eq!(notices.lines().next().map(|line| line.chars().count()), Some(MAX_CHARS + 3));
    }
}
