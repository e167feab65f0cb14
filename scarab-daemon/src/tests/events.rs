//! Events: what is told of, in which order, and what becomes of who does not listen.

use std::time::Instant;

use scarab_protocol::{event::EventKind, ids::TermSize, kind::Kind, message::*};

use super::harness::{TestClient, TestDaemon};

fn subscribe(client: &mut TestClient, kinds: &[EventKind], since: Option<u64>) -> Subscribed {
    let kinds = kinds.iter().map(|kind| kind.number()).collect();
    client.ask(0, &Subscribe { kinds, session: None, since })
}

/// The next event.
fn next(client: &mut TestClient) -> Event {
    client.expect::<Event>().1
}

/// The next event of a kind; others are passed over.
fn next_of(client: &mut TestClient, kind: EventKind) -> Event {
    loop {
        let event = next(client);
        if event.kind() == Some(kind) {
            return event;
        }
    }
}

/// Makes something happen that costs no session: a fact about nothing.
fn happen(daemon: &TestDaemon, count: u64) {
    for number in 0..count {
        let fields = vec![EventField::new("event", i64::try_from(number).expect("small"))];
        daemon.daemon().events.publish(EventKind::Plugin, None, fields);
    }
}

#[test]
fn a_sessions_life_is_told_in_order_with_numbers_that_have_no_gaps() {
    let daemon = TestDaemon::start();
    let mut watcher = daemon.connect();
    assert_eq!(subscribe(&mut watcher, &[], None), Subscribed { oldest: 1, next: 1 });
    let mut client = daemon.connect();
    // What it does waits for its client, and what it tells for what came before.
    let script = r"read x; printf '\033]2;hello\007'; read x; printf '\a'; read x; printf '\033]7;file:///tmp\007';
        read x; printf '\033]52;c;aGk=\007'; read x; exit 3";
    let info = client.create(script);
    let mut joined = client.attach(info.id.number);
    client.ask::<_, Done>(0, &RenameSession { target: Target::Id(info.id), name: "other".into() });
    let mut told = Vec::new();
    let mut expect = |watcher: &mut TestClient, kind: EventKind| {
        let event = next(watcher);
        assert_eq!(event.kind(), Some(kind), "{event:?}");
        assert_eq!(event.session, Some(info.id));
        told.push(event.number);
        event
    };
    let created = expect(&mut watcher, EventKind::Created);
    assert_eq!((created.name.as_str(), created.text_of("made_by")), (info.name.as_str(), Some("test")));
    let attached = expect(&mut watcher, EventKind::Attached);
    assert_eq!((attached.text_of("program"), attached.get("observe")), (Some("test"), Some(&EventValue::Flag(false))));
    let renamed = expect(&mut watcher, EventKind::Renamed);
    assert_eq!((renamed.name.as_str(), renamed.text_of("before")), ("other", Some(info.name.as_str())));
    client.push(info.id.number, &Resize { size: TermSize::cells(90, 30) });
    let resized = expect(&mut watcher, EventKind::Resized);
    assert_eq!((resized.number_of("cols"), resized.number_of("rows")), (Some(90), Some(30)));
    client.type_in(&mut joined, b"\r");
    assert_eq!(expect(&mut watcher, EventKind::Title).text_of("title"), Some("hello"));
    client.type_in(&mut joined, b"\r");
    assert_eq!(expect(&mut watcher, EventKind::Bell).number_of("times"), Some(1));
    client.type_in(&mut joined, b"\r");
    assert_eq!(expect(&mut watcher, EventKind::Cwd).text_of("path"), Some("/tmp"));
    client.type_in(&mut joined, b"\r");
    let clipboard = expect(&mut watcher, EventKind::Clipboard);
    assert_eq!((clipboard.text_of("text"), clipboard.number_of("bytes")), (Some("hi"), Some(2)));
    client.push(info.id.number, &Detach {});
    assert_eq!(expect(&mut watcher, EventKind::Detached).number_of("client"), attached.number_of("client"));
    let mut joined = client.attach_as(info.id.number, None, false);
    expect(&mut watcher, EventKind::Attached);
    client.type_in(&mut joined, b"\r");
    let exited = expect(&mut watcher, EventKind::Exited);
    assert_eq!((exited.number_of("code"), exited.get("signal")), (Some(3), None));
    client.ask::<_, Done>(0, &ForgetSession { target: Target::Id(info.id) });
    assert_eq!(expect(&mut watcher, EventKind::Forgotten).text_of("why"), Some("the session was forgotten"));
    assert_eq!(told, (1..=told.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_program_that_ends_at_once_is_created_before_it_ends() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    subscribe(&mut client, &[EventKind::Created, EventKind::Exited], None);
    for _ in 0..20 {
        let info = client.create("exit 0");
        let (first, second) = (next(&mut client), next(&mut client));
        assert_eq!((first.kind(), first.session), (Some(EventKind::Created), Some(info.id)));
        assert_eq!((second.kind(), second.session), (Some(EventKind::Exited), Some(info.id)));
    }
}

#[test]
fn commands_are_told_that_a_shell_marks() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    subscribe(&mut client, &[EventKind::CommandStarted, EventKind::CommandFinished], None);
    // An end without a beginning is an empty line at the prompt.
    client.create(
        r"printf '\033]133;D\007\033]133;C;cmdline_url=make%%20all\007'; read x; printf '\033]133;D;2\007'; cat",
    );
    let started = next(&mut client);
    assert_eq!((started.kind(), started.text_of("command")), (Some(EventKind::CommandStarted), Some("make all")));
    let number = started.session.expect("of a session").number;
    let mut joined = client.attach(number);
    client.type_in(&mut joined, b"\r");
    let finished = next(&mut client);
    assert_eq!((finished.kind(), finished.text_of("command")), (Some(EventKind::CommandFinished), Some("make all")));
    assert_eq!(finished.number_of("status"), Some(2));
    assert!(finished.number_of("duration_ms").is_some());
}

#[test]
fn only_what_is_wanted_is_told_and_nothing_after_the_end() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let (first, second) = (client.create("exec cat"), client.create("exec cat"));
    let wanted = Subscribe {
        kinds: vec![EventKind::Renamed.number(), EventKind::Forgotten.number(), 9999],
        session: Some(Target::Id(second.id)),
        since: None,
    };
    client.ask::<_, Subscribed>(0, &wanted);
    for (info, name) in [(&first, "a"), (&second, "b")] {
        client.ask::<_, Done>(0, &RenameSession { target: Target::Id(info.id), name: name.into() });
    }
    assert_eq!(next(&mut client).name, "b");
    // A new subscription takes the place of the old one.
    subscribe(&mut client, &[EventKind::Plugin], None);
    client.ask::<_, Done>(0, &RenameSession { target: Target::Id(second.id), name: "c".into() });
    happen(&daemon, 1);
    assert_eq!(next(&mut client).kind(), Some(EventKind::Plugin));
    client.ask::<_, Done>(0, &Unsubscribe {});
    happen(&daemon, 1);
    client.settle();
    assert!(!client.has::<Event>());
    let unknown = client.refused(0, &Subscribe { session: Some(Target::Name("none".into())), ..wanted });
    assert_eq!(unknown.code, ErrorCode::NoSuchSession);
}

#[test]
fn who_comes_back_hears_what_has_happened_meanwhile() {
    let daemon = TestDaemon::start();
    happen(&daemon, 5);
    let mut client = daemon.connect();
    assert_eq!(subscribe(&mut client, &[], Some(3)), Subscribed { oldest: 1, next: 6 });
    assert_eq!((next(&mut client).number, next(&mut client).number), (4, 5));
    // A number of another daemon's life is no number here.
    subscribe(&mut client, &[], Some(1000));
    happen(&daemon, 1);
    assert_eq!(next(&mut client).number, 6);
    // What is not kept any more is counted.
    client.ask::<_, Done>(0, &Unsubscribe {});
    happen(&daemon, 5000);
    let Subscribed { oldest, next: last } = subscribe(&mut client, &[], Some(2));
    assert_eq!(last, 5007);
    assert!(oldest > 3);
    assert_eq!(client.expect::<Lagged>().1.missed, oldest - 3);
    assert_eq!(next(&mut client).number, oldest);
}

#[test]
fn what_a_program_wants_the_user_told_is_an_event_and_a_progress_bar_is_none() {
    let daemon = TestDaemon::start();
    let (mut watcher, mut client) = (daemon.connect(), daemon.connect());
    subscribe(&mut watcher, &[EventKind::Notification], None);
    let script = r"printf '\033]9;4;1;50\007\033]9;done\007\033]777;notify;build;failed; see the log\033\\'; exec cat";
    let info = client.create(script);
    let told = [("done", ""), ("build", "failed; see the log")];
    for (title, body) in told {
        let event = next(&mut watcher);
        assert_eq!((event.session, event.text_of("plugin")), (Some(info.id), None));
        assert_eq!((event.text_of("title"), event.text_of("body")), (Some(title), Some(body)));
    }
}

#[test]
fn a_flood_of_notifications_is_told_at_the_pace_of_a_reader() {
    let daemon = TestDaemon::start();
    let (mut watcher, mut client) = (daemon.connect(), daemon.connect());
    subscribe(&mut watcher, &[EventKind::Notification, EventKind::Title], None);
    let start = Instant::now();
    client.create(
        r"for x in a b c d e f g h i j k l m n o p q r s t u v w x y z; do printf '\033]9;%s\007' $x; done
        printf '\033]2;over\007'; exec cat",
    );
    let told = std::iter::from_fn(|| Some(next(&mut watcher)).filter(|event| event.kind() != Some(EventKind::Title)));
    let told = u64::try_from(told.count()).expect("few");
    // Five at once, and one for each second that this has taken.
    assert!((5..=6 + start.elapsed().as_secs()).contains(&told), "{told} were told in {:?}", start.elapsed());
}

#[test]
fn a_subscriber_that_does_not_read_is_told_exactly_how_many_it_has_missed() {
    const COUNT: u64 = 30_000;
    let daemon = TestDaemon::start();
    let (mut stopped, mut other) = (daemon.connect(), daemon.connect());
    subscribe(&mut stopped, &[EventKind::Plugin], None);
    subscribe(&mut other, &[EventKind::Notification], None);
    let reading = stopped.reading.clone();
    let held = reading.lock().expect("no panic");
    happen(&daemon, COUNT);
    daemon.daemon().events.publish(EventKind::Notification, None, vec![]);
    // It slows nobody.
    assert_eq!(next(&mut other).number, COUNT + 1);
    drop(held);
    let (mut expected, mut missed) = (1, 0);
    while expected <= COUNT {
        let received = stopped.expect_one_of(&[Kind::Event, Kind::Lagged]).frame;
        match received.read::<Lagged>() {
            Ok(lagged) => {
                assert!(lagged.missed > 0);
                missed += lagged.missed;
                expected += lagged.missed;
            }
            Err(_) => {
                assert_eq!(received.read::<Event>().expect("an event").number, expected);
                expected += 1;
            }
        }
    }
    assert_eq!(expected, COUNT + 1);
    assert!(missed > 0, "nothing was missed: the test shows nothing");
    stopped.settle();
    assert!(!stopped.has::<Event>() && !stopped.has::<Lagged>());
}

#[test]
fn a_churn_of_many_threads_is_told_once_and_in_order_to_all() {
    const THREADS: u64 = 4;
    const EACH: u64 = 500;
    let daemon = TestDaemon::start();
    let mut watchers: Vec<_> = (0..3).map(|_| daemon.connect()).collect();
    for watcher in &mut watchers {
        subscribe(watcher, &[], None);
    }
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| happen(&daemon, EACH));
        }
    });
    for watcher in &mut watchers {
        for expected in 1..=THREADS * EACH {
            assert_eq!(next_of(watcher, EventKind::Plugin).number, expected);
        }
    }
}

#[test]
fn texts_are_cut_and_lose_their_control_characters() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    subscribe(&mut client, &[], None);
    let text = format!("a\x1b[31m{}", "é".repeat(5000));
    daemon.daemon().events.publish(EventKind::Plugin, None, vec![EventField::new("event", text)]);
    let event = next(&mut client);
    let told = event.text_of("event").expect("a text");
    assert!(told.starts_with("a[31mé") && told.len() <= 4096 && told.len() > 4000, "{} bytes", told.len());
}
