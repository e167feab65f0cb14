//! The bell: the desktop hears of it, or the terminal flashes.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use bevy::{
    ecs::system::NonSendMarker,
    prelude::*,
    window::{PrimaryWindow, WindowFocused},
    winit::WINIT_WINDOWS,
};
use winit_itself::window::UserAttentionType;

use crate::{ClientConfig, alarm::Alarm, messages::BellRang, render::Flashing, wake::Waker};

/// How long a flash takes: long enough to be seen, too short to be in the way.
const FLASH: Duration = Duration::from_millis(120);

thread_local! {
    /// Whether the user is being called to the window: as the windows themselves, a matter of the main thread.
    static CALLED: Cell<bool> = const { Cell::new(false) };
}

/// A terminal that flashes, until when.
#[derive(Component)]
struct Flash(Instant);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, ((ring, end).chain(), answer));
}

fn ring(
    mut commands: Commands,
    mut rang: MessageReader<BellRang>,
    config: Res<ClientConfig>,
    window: Option<Single<(Entity, &Window), With<PrimaryWindow>>>,
    _main_thread: NonSendMarker,
) {
    for BellRang { terminal, .. } in rang.read() {
        if config.bell.visual {
            commands.entity(*terminal).try_insert((Flashing, Flash(Instant::now() + FLASH)));
        }
        call(&config, window.as_deref());
    }
}

/// Has the desktop call the user to a window that has not the keyboard, if that is wanted. Windows are known on the main thread only.
pub(super) fn call(config: &ClientConfig, window: Option<&(Entity, &Window)>) {
    if let Some((entity, _)) = window.filter(|(_, window)| config.bell.urgent && !window.focused) {
        WINIT_WINDOWS.with_borrow(|windows| {
            if let Some(window) = windows.get_window(*entity) {
                window.request_user_attention(Some(UserAttentionType::Informational));
                CALLED.set(true);
            }
        });
    }
}

/// Takes a call back when its window has the keyboard: not every desktop does so by itself, and the next call is to be seen.
fn answer(
    mut focused: MessageReader<WindowFocused>,
    window: Option<Single<Entity, With<PrimaryWindow>>>,
    _main_thread: NonSendMarker,
) {
    let Some(entity) = window.as_deref() else { return };
    let came = focused.read().filter(|told| told.window == *entity && told.focused).count() > 0;
    if came && CALLED.replace(false) {
        WINIT_WINDOWS.with_borrow(|windows| {
            if let Some(window) = windows.get_window(*entity) {
                window.request_user_attention(None);
            }
        });
    }
}

fn end(mut commands: Commands, flashes: Query<(Entity, &Flash)>, alarm: Res<Alarm>, waker: Res<Waker>) {
    for (terminal, Flash(until)) in &flashes {
        if *until <= Instant::now() {
            commands.entity(terminal).remove::<(Flashing, Flash)>();
        } else {
            alarm.wake_at(*until, &waker);
        }
    }
}
