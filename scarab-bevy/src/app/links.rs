//! Links that were clicked, opened by the desktop; and the pointer's shape over terminals.

use bevy::{
    prelude::*,
    window::{CursorIcon, PrimaryWindow, SystemCursorIcon},
};

use super::notice::Notices;
use crate::{
    links::{HoveredLink, LinkActivated},
    panes::{Axis, EdgeDrag},
};

/// What is opened: what shows something or writes a mail. Others can start programs or name files, and it is a program in a
/// terminal, perhaps on another machine, that says which.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "ftp"];
/// The longest address that is opened: more than browsers take.
const MAX_URI: usize = 8192;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, open.before(super::notice::pass)).add_systems(PostUpdate, point);
}

/// Why a link is not opened; nothing if it is.
fn refusal(uri: &str) -> Option<String> {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    if uri.len() > MAX_URI || uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Some("The link was not opened: it makes no sense.".into());
    }
    if !SCHEMES.contains(&scheme.as_str()) {
        let shown: String = uri.chars().take(100).collect();
        return Some(format!("Not opened, because only {} are: {shown}", SCHEMES.join(", ")));
    }
    None
}

fn open(mut activated: MessageReader<LinkActivated>, mut notices: ResMut<Notices>) {
    for LinkActivated { uri, .. } in activated.read() {
        let problem = refusal(uri).or_else(|| {
            let error = open::that_detached(uri).err()?;
            Some(format!("The link was not opened: {error}"))
        });
        if let Some(problem) = problem {
            notices.say(&problem);
        }
    }
}

/// Over a link the pointer is a hand, over an edge between panes it shows which way that goes, over other text it is a beam.
fn point(
    mut commands: Commands,
    links: Query<&HoveredLink>,
    edges: Res<EdgeDrag>,
    window: Option<Single<(Entity, Option<&CursorIcon>), With<PrimaryWindow>>>,
) {
    let Some(window) = window else { return };
    let (window, shape) = *window;
    let wanted = match edges.over {
        Some(Axis::Columns) => SystemCursorIcon::ColResize,
        Some(Axis::Rows) => SystemCursorIcon::RowResize,
        None if links.iter().any(|link| link.0.is_some()) => SystemCursorIcon::Pointer,
        None => SystemCursorIcon::Text,
    };
    if shape != Some(&CursorIcon::System(wanted)) {
        commands.entity(window).insert(CursorIcon::System(wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_and_mail_are_opened() {
        for good in ["https://a.example/b?c=d", "HTTP://a.example", "mailto:a@b.example"] {
            assert_eq!(refusal(good), None, "{good}");
        }
        for bad in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "ssh://-oProxyCommand=x",
            "/bin/sh",
            "",
            "https://a b",
            "https://\n",
        ] {
            assert!(refusal(bad).is_some(), "{bad}");
        }
        assert!(refusal(&format!("https://{}", "a".repeat(9000))).is_some());
    }
}
