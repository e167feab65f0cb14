//! The line in which a tab is given a name of its own.

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    input_focus::{FocusCause, FocusedInput, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::{config::Action, key::Mods};

use super::line::{self, Line, LineView};
use crate::{
    ActionTriggered, TerminalKeys,
    input::{KeyOrder, LineInput, LineKeys},
    panes::{Pane, Tab},
    render::{TerminalRenderSystems, TerminalTheme},
};

/// What can be done, as far as there is room for it.
const HELP: &str = "Enter names the tab, nothing gives it its own name back, Escape leaves it";

/// The tab that is being renamed.
#[derive(Resource, Default)]
struct Renaming {
    /// The tab, and the pane that gets the keyboard back.
    of: Option<(Entity, Entity)>,
    line: Line,
}

#[derive(Component)]
struct NameView;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Renaming>()
        .add_systems(Startup, |mut commands: Commands, mut keys: ResMut<TerminalKeys>| {
            keys.actions.insert(Action::RenameTab);
            commands.spawn((NameView, line::view())).observe(type_key);
        })
        .add_systems(Update, (open, hear, close_without_focus).chain())
        .add_systems(PostUpdate, show.before(TerminalRenderSystems::Measure));
}

fn open(
    mut actions: MessageReader<ActionTriggered>,
    mut renaming: ResMut<Renaming>,
    view: Single<Entity, With<NameView>>,
    panes: Query<&Pane>,
    tabs: Query<&Tab>,
    mut focus: ResMut<InputFocus>,
) {
    for ActionTriggered { terminal, .. } in actions.read().filter(|triggered| triggered.action == Action::RenameTab) {
        let Ok(&Pane { tab, .. }) = panes.get(*terminal) else { continue };
        let text = tabs.get(tab).ok().and_then(|tab| tab.name.clone()).unwrap_or_default();
        *renaming = Renaming { of: Some((tab, *terminal)), line: Line::of(text) };
        focus.set(*view, FocusCause::Navigated);
    }
}

fn type_key(
    mut event: On<FocusedInput<KeyboardInput>>,
    mut renaming: ResMut<Renaming>,
    mut keys: LineKeys,
    mut order: ResMut<KeyOrder>,
    mut tabs: Query<&mut Tab>,
    mut focus: ResMut<InputFocus>,
) {
    event.propagate(false);
    // It comes again when what came before it is done.
    if order.is_waiting() {
        return;
    }
    let Some((tab, pane)) = renaming.of.filter(|_| event.input.state.is_pressed()) else { return };
    if keys.take(event.focused_entity, &event.input) {
        return;
    }
    match event.input.logical_key {
        Key::Enter | Key::Escape => {
            if event.input.logical_key == Key::Enter
                && let Ok(mut tab) = tabs.get_mut(tab)
            {
                tab.name = Some(renaming.line.text().trim().to_owned()).filter(|name| !name.is_empty());
            }
            renaming.of = None;
            focus.set(pane, FocusCause::Navigated);
            order.stop();
        }
        _ => {
            let ctrl = keys.mods().contains(Mods::CTRL);
            renaming.line.key(&event.input, ctrl);
        }
    }
}

/// What was composed and pasted.
fn hear(mut given: MessageReader<LineInput>, view: Single<Entity, With<NameView>>, mut renaming: ResMut<Renaming>) {
    let open = renaming.of.map(|_| *view);
    if renaming.bypass_change_detection().line.hear(open, &mut given) {
        renaming.set_changed();
    }
}

/// It is left when somebody else gets the keyboard.
fn close_without_focus(view: Single<Entity, With<NameView>>, focus: Res<InputFocus>, mut renaming: ResMut<Renaming>) {
    if renaming.of.is_some() && focus.get() != Some(*view) {
        renaming.of = None;
    }
}

fn show(
    renaming: Res<Renaming>,
    theme: Res<TerminalTheme>,
    window: Option<Single<Ref<Window>, With<PrimaryWindow>>>,
    mut view: Single<LineView, With<NameView>>,
) {
    let Some(window) = window else { return };
    if renaming.of.is_none() {
        view.1.set_if_neq(Visibility::Hidden);
        return;
    }
    if [renaming.is_changed(), theme.is_changed(), window.is_changed(), view.4.is_changed()].contains(&true) {
        let (before, behind) = renaming.line.around_caret();
        let before = format!("name: {before}");
        line::show(&mut view, &window, &theme, (before.as_str(), behind), HELP);
    }
}

#[cfg(test)]
mod tests {
    use bevy::input::keyboard::KeyCode;

    use super::*;
    use crate::{
        app::testing::{click_and_type, press, with_open_line},
        messages::InputKind,
    };

    #[test]
    fn what_is_typed_behind_a_click_on_a_pane_is_not_written_into_the_name() {
        let mut app = with_open_line(plugin, Action::RenameTab);
        assert_eq!(click_and_type(&mut app), "x");
        assert_eq!(app.world().resource::<Renaming>().line.text(), "");
    }

    #[test]
    fn what_is_composed_pasted_and_typed_becomes_the_name() {
        let mut app = with_open_line(plugin, Action::RenameTab);
        let line = app.world().resource::<InputFocus>().get().expect("the line has the keyboard");
        for kind in [InputKind::Bytes("名前".into()), InputKind::Paste(" one\ntwo".into())] {
            app.world_mut().write_message(LineInput { line, kind });
        }
        app.update();
        press(&mut app, KeyCode::Home, Key::Home, None);
        press(&mut app, KeyCode::KeyX, Key::Character("x".into()), Some("x"));
        press(&mut app, KeyCode::Enter, Key::Enter, Some("\r"));
        let mut tabs = app.world_mut().query::<&Tab>();
        let names: Vec<_> = tabs.iter(app.world()).map(|tab| tab.name.as_deref()).collect();
        assert_eq!(names, [Some("x名前 one")]);
    }
}
