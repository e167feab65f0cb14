//! Terminals, connections, the configuration and events.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bevy::{
    input::{
        ButtonState,
        keyboard::{Key, KeyboardInput, NativeKey},
    },
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
    window::{Ime, PrimaryWindow},
};
use scarab_bevy::{
    ClientConfig, ConfigChanged, ConnectionNoted, DaemonEventReceived, DaemonEvents, InputRejected, KillRequest,
    TerminalEventReceived, TerminalSession, Waker, prelude::*, terminal_has_keyboard,
};
use scarab_protocol::{
    client::{Client, ClientOptions},
    config::Value,
    event::EventKind,
    message::{Done, SetConfig},
};

use crate::support::*;

#[test]
fn a_system_types_and_the_answer_arrives_in_the_grid() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = app.world_mut().spawn((Terminal::new().command(["sh"]), TerminalSize::cells(60, 8))).id();
    // Written before there is a session: it waits.
    app.world_mut().write_message(TerminalInput::text(terminal, "echo hello $((6 * 7))\r"));
    until_shows(&mut app, terminal, "hello 42");
    assert_eq!(status(app.world(), terminal), TerminalStatus::Attached);
    assert_eq!(app.world().get::<TerminalGrid>(terminal).expect("a grid").grid.cols(), 60);
}

#[test]
fn what_is_typed_after_a_promised_text_waits_for_it() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = app.world_mut().spawn((echoing(), TerminalSize::cells(60, 8))).id();
    until_shows(&mut app, terminal, "ready");
    let (nothing, dropped) = TerminalInput::promised_paste(terminal);
    let (paste, text) = TerminalInput::promised_paste(terminal);
    let typed = |text: &str| TerminalInput::text(terminal, text);
    app.world_mut().write_message_batch([typed("1"), nothing, typed("2"), paste, typed("4")]);
    drop(dropped);
    until_shows(&mut app, terminal, " 12");
    app.world_mut().write_message(typed("5"));
    app.update();
    let waker = app.world().resource::<Waker>().clone();
    std::thread::spawn(move || {
        text.send("3".into()).expect("somebody waits");
        waker.wake();
    });
    until_shows(&mut app, terminal, " 12345");

    // A promise that is not kept does not keep the keyboard.
    let (paste, text) = TerminalInput::promised_paste(terminal);
    app.world_mut().write_message(paste);
    let deadline = Instant::now() + PATIENCE;
    while shows(app.world(), terminal, " 123456").is_none() {
        assert!(Instant::now() < deadline, "the promise is not given up");
        app.world_mut().write_message(typed("6"));
        app.update();
        app.world().resource::<Waker>().clone().wait(Duration::from_millis(50));
    }
    assert!(text.send("too late".into()).is_err());
}

#[test]
fn an_end_is_told_once_as_a_message_and_as_an_event() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (event, message) = (seen.clone(), seen.clone());
    app.add_systems(Update, move |mut exits: MessageReader<TerminalExited>| {
        for exited in exits.read() {
            message.lock().expect("no panic").push(("message", exited.exit.code));
        }
    });
    let terminal = app.world_mut().spawn(Terminal::new().command(["sh", "-c", "echo bye; exit 3"])).id();
    app.world_mut().entity_mut(terminal).observe(move |exited: On<TerminalExited>| {
        event.lock().expect("no panic").push(("event", exited.exit.code));
    });
    until(&mut app, "the end", |world| matches!(status(world, terminal), TerminalStatus::Exited(_)).then_some(()));
    app.update();
    let mut seen = seen.lock().expect("no panic").clone();
    seen.sort_unstable();
    assert_eq!(seen, [("event", 3), ("message", 3)]);
    shows(app.world(), terminal, "bye").expect("the screen stays");
}

#[test]
fn keys_go_to_the_sole_terminal_that_fits_its_window_and_no_further() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let leaked = Arc::new(Mutex::new(0));
    let count = leaked.clone();
    app.add_observer(move |key: On<FocusedInput<KeyboardInput>>, windows: Query<(), With<Window>>| {
        *count.lock().expect("no panic") += usize::from(windows.contains(key.focused_entity));
    });
    let terminal = app.world_mut().spawn((echoing(), FitWindow)).id();
    until_shows(&mut app, terminal, "ready");
    assert!(app.world_mut().run_system_cached(terminal_has_keyboard).expect("it runs"));
    let world = app.world_mut();
    press(world, KeyCode::KeyA, Key::Character("a".into()), Some("a"), ButtonState::Pressed);
    press(world, KeyCode::KeyA, Key::Character("a".into()), Some("a"), ButtonState::Released);
    press(world, KeyCode::ArrowUp, Key::ArrowUp, None, ButtonState::Pressed);
    press(
        world,
        KeyCode::Unidentified(bevy::input::keyboard::NativeKeyCode::Unidentified),
        Key::Unidentified(NativeKey::Unidentified),
        Some("ж"),
        ButtonState::Pressed,
    );
    // Pressed, used and released within one frame: the order counts, not the state after it.
    press(world, KeyCode::ControlLeft, Key::Control, None, ButtonState::Pressed);
    press(world, KeyCode::KeyC, Key::Character("c".into()), Some("c"), ButtonState::Pressed);
    press(world, KeyCode::ControlLeft, Key::Control, None, ButtonState::Released);
    press(world, KeyCode::KeyZ, Key::Character("z".into()), Some("z"), ButtonState::Pressed);
    until_shows(&mut app, terminal, "a^[[AM-PM-6^Cz");
    assert_eq!(*leaked.lock().expect("no panic"), 0);
}

#[test]
fn composed_text_goes_to_the_terminal_and_keys_do_not_while_composing() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = app.world_mut().spawn((echoing(), FitWindow)).id();
    until_shows(&mut app, terminal, "ready");
    let world = app.world_mut();
    let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).expect("one window");
    compose(world, Ime::Preedit { window, value: "n".into(), cursor: None });
    app.update();
    press(app.world_mut(), KeyCode::KeyN, Key::Character("n".into()), Some("n"), ButtonState::Pressed);
    app.update();
    compose(app.world_mut(), Ime::Commit { window, value: "Done".into() });
    app.update();
    press(app.world_mut(), KeyCode::KeyX, Key::Character("x".into()), Some("x"), ButtonState::Pressed);
    until_shows(&mut app, terminal, "Donex");
}

#[test]
fn the_shell_follows_the_windows_size() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    // Where nothing draws, a cell counts 8 by 16 pixels: 81 by 25 cells.
    let script = "trap 'stty size' WINCH; stty size; while :; do read line; done";
    let terminal = app.world_mut().spawn((Terminal::new().command(["sh", "-c", script]), FitWindow)).id();
    until_shows(&mut app, terminal, "25 81");
    let world = app.world_mut();
    let mut window = world.query_filtered::<&mut Window, With<PrimaryWindow>>().single_mut(world).expect("one window");
    window.resolution.set(800.0, 320.0);
    until_shows(&mut app, terminal, "20 100");
    assert_eq!(app.world().get::<TerminalGrid>(terminal).expect("a grid").grid.cols(), 100);
}

#[test]
fn several_terminals_on_one_session_see_the_same_and_an_observer_may_not_type() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let rejected = Arc::new(Mutex::new(Vec::new()));
    let told = rejected.clone();
    app.add_observer(move |rejection: On<InputRejected>| told.lock().expect("no panic").push(rejection.terminal));
    let first = app.world_mut().spawn(Terminal::new().named("shared").command(["sh"])).id();
    until(&mut app, "attached", |world| (status(world, first) == TerminalStatus::Attached).then_some(()));
    let second = app.world_mut().spawn(Terminal::attach("shared")).id();
    let third = app.world_mut().spawn(Terminal::attach("shared").observe()).id();
    until(&mut app, "attached", |world| (status(world, third) == TerminalStatus::Attached).then_some(()));
    app.world_mut().write_message(TerminalInput::text(third, "echo intruder\r"));
    app.world_mut().write_message(TerminalInput::text(second, "echo the answer is $((6 * 7))\r"));
    for terminal in [first, second, third] {
        until_shows(&mut app, terminal, "answer is 42");
        assert!(shows(app.world(), terminal, "intruder").is_none());
    }
    assert_eq!(*rejected.lock().expect("no panic"), [third]);
}

#[test]
fn leaving_and_killing_are_two_things() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let first = app.world_mut().spawn(Terminal::new().named("kept").command(["sh"]).keep()).id();
    until(&mut app, "attached", |world| (status(world, first) == TerminalStatus::Attached).then_some(()));
    app.world_mut().despawn(first);
    app.update();
    let second = app.world_mut().spawn(Terminal::attach("kept")).id();
    until(&mut app, "attached", |world| (status(world, second) == TerminalStatus::Attached).then_some(()));
    app.world_mut().write_message(KillRequest { terminal: second });
    until(&mut app, "its end", |world| {
        matches!(status(world, second), TerminalStatus::Exited(_) | TerminalStatus::Failed { .. }).then_some(())
    });
    let third = app.world_mut().spawn(Terminal::attach("none")).id();
    until(&mut app, "refused", |world| matches!(status(world, third), TerminalStatus::Failed { .. }).then_some(()));
}

#[test]
fn the_configuration_is_a_resource_and_its_changes_are_told_by_key() {
    let place = Place::new();
    let daemon = place.daemon();
    let mut app = place.app();
    let next = |app: &mut App| {
        until(app, "the configuration is told", |world| {
            world.resource_mut::<Messages<ConfigChanged>>().drain().next().map(|changed| changed.keys)
        })
    };
    assert!(next(&mut app).contains(&"client.cursor".to_owned()));
    assert_eq!(*app.world().resource::<ClientConfig>(), ClientConfig::default());
    let other = Client::connect(ClientOptions::new(place.address.clone(), "test 1.0")).expect("it answers");
    let set = |key: &str, value| SetConfig { key: key.into(), value: Some(value), save: false };
    other.ask::<_, Done>(&set("client.cursor", Value::Text("#010203".into())), PATIENCE).expect("a colour");
    assert_eq!(next(&mut app), ["client.cursor"]);
    let mut expected = ClientConfig::default();
    (expected.colors.cursor, expected.light_colors.cursor) = ([1, 2, 3], [1, 2, 3]);
    assert_eq!(*app.world().resource::<ClientConfig>(), expected);
    // What is not the client's is told, too, and changes nothing here.
    other.ask::<_, Done>(&set("daemon.scrollback", Value::Integer(7)), PATIENCE).expect("a number");
    assert_eq!(next(&mut app), ["daemon.scrollback"]);
    assert_eq!(*app.world().resource::<ClientConfig>(), expected);
    daemon.stop("the test is over");
}

#[test]
fn what_happens_in_the_daemon_is_told_to_who_wants_it() {
    #[derive(Resource, Default)]
    struct Observed(Vec<String>);
    let place = Place::new();
    let daemon = place.daemon();
    let mut app = place.app();
    app.init_resource::<Observed>();
    let connection = primary(&mut app);
    let kinds = [EventKind::Created, EventKind::Title, EventKind::Exited];
    app.world_mut().entity_mut(connection).insert(DaemonEvents::of(kinds));
    let script = r"read x; printf '\033]2;working\007'; read x";
    let terminal = Terminal::new().named("job").command(["/bin/sh", "-c", script]);
    let terminal = app.world_mut().spawn(terminal).id();
    let observe = |told: On<TerminalEventReceived>, mut observed: ResMut<Observed>| {
        observed.0.push(told.event.kind().expect("known").name().to_owned());
    };
    app.world_mut().entity_mut(terminal).observe(observe);
    let mut told = Vec::new();
    let mut hear = |app: &mut App, wanted: EventKind| {
        until(app, wanted.name(), |world| {
            let mut messages = world.resource_mut::<Messages<DaemonEventReceived>>();
            told.extend(messages.drain());
            told.iter().position(|received| received.event.kind() == Some(wanted)).map(|at| told.remove(at))
        })
    };
    let created = hear(&mut app, EventKind::Created);
    assert_eq!((created.event.name.as_str(), created.connection), ("job", connection));
    until(&mut app, "it is attached", |world| (status(world, terminal) == TerminalStatus::Attached).then_some(()));
    app.world_mut().write_message(TerminalInput::text(terminal, "\r"));
    let title = hear(&mut app, EventKind::Title);
    assert_eq!((title.event.text_of("title"), title.terminal), (Some("working"), Some(terminal)));
    app.world_mut().write_message(TerminalInput::text(terminal, "\r"));
    assert_eq!(hear(&mut app, EventKind::Exited).event.number_of("code"), Some(0));
    // Whether it was told of its creation depends on what came first.
    assert!(app.world().resource::<Observed>().0.ends_with(&["title".into(), "exited".into()]));
    daemon.stop("the test is over");
}

#[test]
fn a_daemons_end_is_a_change_of_state_and_the_next_daemon_gets_nothing_typed() {
    #[derive(Resource, Default)]
    struct Seen(Vec<&'static str>);

    let place = Place::new();
    let daemon = place.daemon();
    let mut app = place.app();
    app.init_resource::<Seen>()
        .add_systems(OnEnter(ScarabConnectionState::Connected), |mut seen: ResMut<Seen>| seen.0.push("enter"))
        .add_systems(OnExit(ScarabConnectionState::Connected), |mut seen: ResMut<Seen>| seen.0.push("exit"));
    let terminal = app.world_mut().spawn(Terminal::new().named("work").command(["sh"])).id();
    until(&mut app, "attached", |world| (status(world, terminal) == TerminalStatus::Attached).then_some(()));
    let id = app.world().get::<TerminalSession>(terminal).expect("attached").id;

    daemon.stop("the test wants it");
    until(&mut app, "the end", |world| (world.resource::<Seen>().0.len() == 2).then_some(()));
    app.world_mut().write_message(TerminalInput::text(terminal, "echo typed too late\r"));
    let _next = place.daemon();
    until(&mut app, "the next daemon", |world| (world.resource::<Seen>().0.len() == 3).then_some(()));
    assert_eq!(app.world().resource::<Seen>().0, ["enter", "exit", "enter"]);
    until(&mut app, "told", |world| {
        matches!(status(world, terminal), TerminalStatus::Exited(_) | TerminalStatus::Failed { .. }).then_some(())
    });

    // The same name on the new daemon is another session, and joining it is a decision.
    let again = app.world_mut().spawn(Terminal::new().named("work").command(["sh"])).id();
    app.world_mut().write_message(TerminalInput::text(again, "echo marker $((1 + 1))\r"));
    until_shows(&mut app, again, "marker 2");
    assert!(shows(app.world(), again, "too late").is_none());
    assert_ne!(app.world().get::<TerminalSession>(again).expect("attached").id, id);
    let _: &Messages<ConnectionNoted> = app.world().resource();
}

#[test]
fn an_idle_connection_wakes_nobody() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = app.world_mut().spawn((echoing(), FitWindow)).id();
    until_shows(&mut app, terminal, "ready");
    app.update();
    let waker = app.world().resource::<Waker>().clone();
    // What was on its way has arrived when this is over; then nothing comes.
    while waker.wait(Duration::from_millis(500)) {
        app.update();
    }
    assert!(!waker.wait(Duration::from_secs(2)));
}

#[test]
fn an_app_ends_at_once_whatever_the_daemon_does() {
    let place = Place::new();
    // Somebody listens and never says hello.
    let silent = scarab_protocol::transport::Listener::bind(&place.address.endpoint).expect("a free name");
    let mut app = place.app();
    app.update();
    let _stream = silent.accept().expect("it connects");
    let start = Instant::now();
    drop(app);
    assert!(start.elapsed() < scarab_protocol::client::HELLO_PATIENCE, "it waited for the daemon");
}

#[test]
fn focus_can_be_taken_away_and_stays_so() {
    let place = Place::new();
    let _daemon = place.daemon();
    let mut app = place.app();
    let terminal = app.world_mut().spawn((echoing(), FitWindow)).id();
    until_shows(&mut app, terminal, "ready");
    app.world_mut().resource_mut::<InputFocus>().clear();
    app.update();
    app.update();
    assert_eq!(app.world().resource::<InputFocus>().get(), None);
}
