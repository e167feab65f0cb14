//! Files that are dropped on the window: their paths are pasted.

use bevy::{
    platform::collections::HashMap,
    prelude::*,
    window::{FileDragAndDrop, PrimaryWindow},
};

use super::{notice::Notices, paste::Asker};
use crate::{
    TerminalArea, TerminalInput,
    panes::{Front, Pane},
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, paste.before(super::notice::pass));
}

/// Each path with a blank behind it, so that one can go on writing and several stay apart.
fn paste(
    mut dropped: MessageReader<FileDragAndDrop>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    panes: Query<(Entity, &Pane, &TerminalArea)>,
    front: Front,
    mut asker: Asker,
    mut input: MessageWriter<TerminalInput>,
    mut notices: ResMut<Notices>,
) {
    let mut texts = HashMap::<Entity, String>::default();
    for event in dropped.read() {
        let FileDragAndDrop::DroppedFile { path_buf, .. } = event else { continue };
        let Some(path) = path_buf.to_str() else {
            notices.say("The file's name was not pasted: it is no text.");
            continue;
        };
        // While something is dragged, not every system tells where the pointer is; then it may have left the window long ago.
        let pointer = window.as_ref().and_then(|window| window.physical_cursor_position());
        let is_under = |(_, pane, area): &(Entity, &Pane, &TerminalArea)| {
            let (min, max) = (area.0.min.as_vec2(), area.0.max.as_vec2());
            pane.seen && pointer.is_some_and(|at| at.cmpge(min).all() && at.cmplt(max).all())
        };
        if let Some(pane) = panes.iter().find(is_under).map(|(pane, ..)| pane).or_else(|| front.pane()) {
            let text = texts.entry(pane).or_default();
            text.push_str(&quoted(path));
            text.push(' ');
        }
    }
    for (pane, text) in texts {
        if !asker.asks(pane, &text) {
            input.write(TerminalInput::paste(pane, text));
        }
    }
}

/// A path as a POSIX shell reads it (POSIX.1-2017, Shell Command Language, 2.2.2): in single quotes, which one within them ends. Left
/// alone if nothing in it means anything to a shell.
#[cfg(not(windows))]
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,+@%".contains(c);
    match path.chars().all(plain) {
        true => path.into(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// A path as the shells of Windows read it: no name has quotation marks in it there.
#[cfg(windows)]
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || r"-_.\/:".contains(c);
    if path.chars().all(plain) { path.into() } else { format!("\"{path}\"") }
}

#[cfg(all(test, not(windows)))]
mod tests {
    use bevy::math::DVec2;

    use super::*;
    use crate::{
        ActionTriggered,
        app::{
            paste, question,
            testing::{nobody, pasted_by, with_pane},
        },
        panes::Tab,
        protocol::config::Action,
        terminal::Terminal,
    };

    fn app() -> (App, Entity) {
        with_pane(nobody(), Terminal::new(), |app| {
            app.init_resource::<Notices>().add_systems(Update, paste);
            app.add_plugins((question::plugin, paste::plugin));
        })
    }

    fn drop_files(app: &mut App, paths: &[&str]) {
        let world = app.world_mut();
        let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).expect("one window");
        for path in paths {
            world.write_message(FileDragAndDrop::DroppedFile { window, path_buf: path.into() });
        }
        app.update();
    }

    #[test]
    fn paths_are_quoted_where_a_shell_would_read_something_else() {
        assert_eq!(quoted("/tmp/a-b_1.txt"), "/tmp/a-b_1.txt");
        assert_eq!(quoted("/tmp/a b"), "'/tmp/a b'");
        assert_eq!(quoted("/tmp/it's $HOME"), r"'/tmp/it'\''s $HOME'");
    }

    #[test]
    fn dropped_files_are_pasted_where_the_pointer_is_and_else_where_the_keyboard_is() {
        let (mut app, left) = app();
        app.world_mut().write_message(ActionTriggered { terminal: left, action: Action::SplitRight });
        app.update();
        let tab = app.world().get::<Pane>(left).expect("a pane").tab;
        let right = app.world().get::<Tab>(tab).expect("a tab").focus;
        assert_ne!(left, right);
        let both = pasted_by(&mut app, |app| drop_files(app, &["/a b", "/c"]));
        assert_eq!(both, [(right, "'/a b' /c ".to_owned())]);
        let world = app.world_mut();
        let mut window =
            world.query_filtered::<&mut Window, With<PrimaryWindow>>().single_mut(world).expect("one window");
        window.set_physical_cursor_position(Some(DVec2::new(10.0, 10.0)));
        assert_eq!(pasted_by(&mut app, |app| drop_files(app, &["/d"])), [(left, "/d ".to_owned())]);
    }

    #[test]
    fn a_name_of_two_lines_is_asked_about() {
        let (mut app, pane) = app();
        assert!(pasted_by(&mut app, |app| drop_files(app, &["/a\nrm -r"])).is_empty());
        assert!(app.world().resource::<question::Questions>().of(pane).is_some());
    }
}
