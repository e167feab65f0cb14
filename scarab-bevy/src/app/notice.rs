//! What plugins of the daemon tell the user: notifications in the banner for a while, status items in the window's title.

use std::time::{Duration, Instant};

use bevy::{
    prelude::*,
    winit::{UpdateMode, WinitSettings},
};
use scarab_protocol::event::EventKind;

use super::tell;
use crate::{
    connection::PrimaryConnection,
    daemon_plugins::told::{PluginNotified, PluginStatus},
    events::DaemonEvents,
    ipc::ScarabIpcSystems,
};

/// How long a notification is shown: long enough to be read by who looks up from something else.
const SHOWN_FOR: Duration = Duration::from_secs(8);

/// The most notifications that are shown at once. One more takes the oldest's place.
const MAX_SHOWN: usize = 3;

/// The most characters that are shown of a notification: the banner is some lines, not a page.
const MAX_CHARS: usize = 300;

/// The notifications that are shown, oldest first.
#[derive(Resource, Default)]
pub(super) struct Notices(Vec<Notice>);

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
        self.0.iter().map(|notice| notice.text.clone())
    }

    /// A notification has come.
    fn add(&mut self, title: &str, body: &str, now: Instant) {
        let text = if body.is_empty() { title.to_owned() } else { format!("{title}: {}", body.replace('\n', " ")) };
        let text = match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text,
        };
        if self.0.len() >= MAX_SHOWN {
            self.0.remove(0);
        }
        self.0.push(Notice { text, until: now + SHOWN_FOR });
    }

    /// Forgets what was shown for long enough, and tells how long the next is still shown.
    fn pass(&mut self, now: Instant) -> Option<Duration> {
        self.0.retain(|notice| notice.until > now);
        self.0.iter().map(|notice| notice.until - now).min()
    }
}

/// The status items of all plugins, as the end of a title.
pub(super) fn status_line(status: &PluginStatus) -> String {
    status.0.values().map(|text| format!(" · {text}")).collect()
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

/// Wakes the window when a notification has been shown for long enough; while there is none, nothing wakes it.
fn pass(mut notices: ResMut<Notices>, settings: Option<ResMut<WinitSettings>>) {
    if notices.0.is_empty() && !notices.is_changed() {
        return;
    }
    let shown = notices.bypass_change_detection();
    let before = shown.0.len();
    let wait = shown.pass(Instant::now());
    if shown.0.len() != before {
        notices.set_changed();
    }
    if let Some(mut settings) = settings {
        let mode = UpdateMode::reactive_low_power(wait.unwrap_or(Duration::MAX));
        settings.focused_mode = mode;
        settings.unfocused_mode = mode;
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
        assert_eq!(notices.pass(start + Duration::from_secs(5)), Some(SHOWN_FOR - Duration::from_secs(3)));
        assert_eq!(notices.pass(start + SHOWN_FOR + Duration::from_secs(3)), Some(Duration::from_secs(1)));
        assert_eq!(notices.lines().count(), 1);
        assert_eq!(notices.pass(start + SHOWN_FOR + Duration::from_secs(4)), None);
        notices.add(&"ä".repeat(1000), "", start);
        assert_eq!(notices.lines().next().map(|line| line.chars().count()), Some(MAX_CHARS + 3));
    }
}
