//! The pointer, which is hidden while one types: it lies on what one writes as often as not.

use bevy::{
    input::keyboard::KeyboardInput,
    prelude::*,
    window::{CursorMoved, CursorOptions, PrimaryWindow},
};

use crate::ClientConfig;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, hide);
}

/// Only keys that type something hide it: with a modifier held one clicks on links and selects.
fn hide(
    mut keys: MessageReader<KeyboardInput>,
    mut moves: MessageReader<CursorMoved>,
    config: Res<ClientConfig>,
    cursor: Option<Single<&mut CursorOptions, With<PrimaryWindow>>>,
    mut at: Local<Option<Vec2>>,
) {
    let types = keys.read().filter(|key| key.state.is_pressed() && key.text.is_some()).count() > 0;
    // Systems tell it anew where it is when what is under it changes; that is no motion.
    let moved = moves.read().last().is_some_and(|moved| at.replace(moved.position) != Some(moved.position));
    let Some(mut cursor) = cursor else { return };
    let visible = !config.hide_mouse || moved || (cursor.visible && !types);
    if cursor.visible != visible {
        cursor.visible = visible;
    }
}

#[cfg(test)]
mod tests {
    use bevy::input::keyboard::Key;

    use super::*;
    use crate::{
        app::testing::{nobody, press_key, with_pane},
        terminal::Terminal,
    };

    fn is_seen(app: &mut App) -> bool {
        let world = app.world_mut();
        world.query_filtered::<&CursorOptions, With<PrimaryWindow>>().single(world).expect("one window").visible
    }

    fn move_to(app: &mut App, x: f32) {
        let world = app.world_mut();
        let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).expect("one window");
        world.write_message(CursorMoved { window, position: Vec2::new(x, 10.0), delta: None });
        app.update();
    }

    #[test]
    fn the_pointer_is_hidden_by_typing_and_seen_when_it_moves() {
        let (mut app, _) = with_pane(nobody(), Terminal::new(), plugin);
        move_to(&mut app, 10.0);
        press_key(&mut app, Key::Shift);
        assert!(is_seen(&mut app), "a modifier types nothing");
        press_key(&mut app, Key::Character("x".into()));
        assert!(!is_seen(&mut app));
        move_to(&mut app, 10.0);
        assert!(!is_seen(&mut app), "it is where it was");
        move_to(&mut app, 11.0);
        assert!(is_seen(&mut app));
        app.world_mut().resource_mut::<ClientConfig>().hide_mouse = false;
        press_key(&mut app, Key::Character("x".into()));
        assert!(is_seen(&mut app));
    }
}
